/* GeoJSON areas: what is read and refused, and that filling them is even-odd by pixel centres. */
#include "base/error.h"
#include "base/rng.h"
#include "pictures.h"
#include "store/geojson.h"
#include "tiling/judge/area.h"
#include "tiling/judge/judge.h"

#include <math.h>

#define SQUARE "[[0,0],[4,0],[4,4],[0,4],[0,0]]"
#define POLYGON "{\"type\":\"Polygon\",\"coordinates\":[" SQUARE "]}"

static TsGeojson *
parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    TsGeojson *drawn = ts_geojson_parse(text, strlen(text), "a.geojson", &error);
    ck_assert_msg(drawn != NULL, "%s", message(error));
    return drawn;
}

START_TEST(features_of_qupath_are_read)
{
    g_autoptr(TsGeojson) drawn = parse(
        "{\"type\":\"FeatureCollection\",\"features\":["
        "{\"type\":\"Feature\",\"id\":\"x\",\"geometry\":{\"type\":\"Polygon\",\"coordinates\":["
        "[[0,0],[9.5,0],[9,9,7],[0,0]],[[1,1],[2,1],[2,2]]]},\"properties\":{\"objectType\":"
        "\"annotation\",\"classification\":{\"name\":\"Tumour\",\"color\":[200,0,0]}}},"
        "{\"type\":\"Feature\",\"geometry\":{\"type\":\"MultiPolygon\",\"coordinates\":["
        "[" SQUARE "],[[[10,10],[12,10],[12,13]]]]},\"properties\":{\"classification\":{\"names\":"
        "[\"Stroma\",\"inner\"]}}},"
        "{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[1,2]}},"
        "{\"type\":\"Feature\",\"geometry\":null,\"properties\":null},"
        "{\"type\":\"Feature\",\"geometry\":" POLYGON ",\"properties\":{}}]}");
    ck_assert_uint_eq(ts_geojson_n(drawn), 4);
    ck_assert_uint_eq(ts_geojson_n_passed(drawn), 2);
    const TsArea *area = ts_geojson_get(drawn, 0);
    ck_assert_str_eq(area->name, "Tumour");
    ck_assert_uint_eq(area->n_rings, 2);
    ck_assert_uint_eq(area->rings[0].n, 3);
    ck_assert(area->rings[0].points[1].x == 9.5 && area->rings[1].points[2].y == 2);
    ck_assert(area->left == 0 && area->top == 0 && area->right == 9.5 && area->bottom == 9);
    ck_assert_str_eq(ts_geojson_get(drawn, 1)->name, "Stroma: inner");
    ck_assert_uint_eq(ts_geojson_get(drawn, 2)->feature, 2);
    ck_assert(ts_geojson_get(drawn, 2)->bottom == 13);
    ck_assert_ptr_null(ts_geojson_get(drawn, 3)->name);
}
END_TEST

static const struct {
    const char *text;
    int n;
    const char *class;
} shapes[] = {
    {POLYGON, 1, NULL},
    {"{\"type\":\"Feature\",\"geometry\":" POLYGON ",\"properties\":{\"classification\":\"a\"}}", 1,
     "a"},
    {"[{\"type\":\"Feature\",\"geometry\":" POLYGON ",\"properties\":{\"class\":\"b\"}}]", 1, "b"},
    {"[{\"type\":\"Feature\",\"geometry\":" POLYGON ",\"properties\":{\"label\":\"c\"}}]", 1, "c"},
    {"[{\"type\":\"Feature\",\"geometry\":" POLYGON ",\"properties\":{\"label\":\"\"}}]", 1, NULL},
    {"{\"type\":\"FeatureCollection\",\"features\":[]}", 0, NULL},
    {"{\"type\":\"LineString\",\"coordinates\":[[1,2],[3,4]]}", 0, NULL},
};

START_TEST(other_roots_and_names_of_classes_are_read)
{
    g_autoptr(TsGeojson) drawn = parse(shapes[_i].text);
    ck_assert_uint_eq(ts_geojson_n(drawn), shapes[_i].n);
    if (shapes[_i].n > 0)
        ck_assert_pstr_eq(ts_geojson_get(drawn, 0)->name, shapes[_i].class);
}
END_TEST

#define FEATURE(geometry) "[{\"type\":\"Feature\",\"geometry\":" geometry "}]"
#define RINGS(rings) FEATURE("{\"type\":\"Polygon\",\"coordinates\":" rings "}")

static const struct {
    const char *text, *message;
} malformed[] = {
    {"", "a.geojson:1: is no JSON"},
    {"{\n\"type\":", "a.geojson:2: is no JSON"},
    {"{\"type\":\"Topology\"}", "a.geojson: is no GeoJSON"},
    {"{\"type\":\"FeatureCollection\",\"features\":{}}", "a.geojson: is no GeoJSON"},
    {"3", "a.geojson:1: is no JSON"},
    {"[3]", "a.geojson: feature 1: expected an object of type Feature"},
    {"[{\"type\":\"Feature\"}]", "a.geojson: feature 1: expected a geometry of type"},
    {FEATURE("{\"type\":\"GeometryCollection\",\"geometries\":[]}"),
     "a.geojson: feature 1: expected a geometry of type"},
    {RINGS("[]"), "a.geojson: feature 1: expected coordinates of one ring"},
    {RINGS("7"), "a.geojson: feature 1: expected coordinates of one ring"},
    {RINGS("[" SQUARE ",[[0,0],[1,1]]]"), "a.geojson: feature 1, ring 2: expected a ring of three"},
    {RINGS("[[[0,0],[1,1],[\"2\",3]]]"), "a.geojson: feature 1, ring 1: expected points of two"},
    {RINGS("[[[0,0],[1,1],[2]]]"), "a.geojson: feature 1, ring 1: expected points of two"},
    {RINGS("[[[0,0],[1,1],[2,1e30]]]"), "a.geojson: feature 1, ring 1: a coordinate is beyond"},
    {FEATURE("{\"type\":\"MultiPolygon\",\"coordinates\":[[" SQUARE "],[3]]}"),
     "a.geojson: feature 1, polygon 2, ring 1: expected a ring"},
};

START_TEST(malformed_files_are_refused_with_the_feature)
{
    g_autoptr(GError) error = NULL;
    const char *text = malformed[_i].text;
    ck_assert_ptr_null(ts_geojson_parse(text, strlen(text), "a.geojson", &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
    ck_assert_msg(g_str_has_prefix(error->message, malformed[_i].message), "%s", error->message);
}
END_TEST

START_TEST(deep_nesting_is_an_error_and_no_crash)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strnfill(1 << 20, '[');
    ck_assert_ptr_null(ts_geojson_parse(text, 1 << 20, "a.geojson", &error));
    ck_assert_ptr_nonnull(strstr(error->message, "is no JSON"));
}
END_TEST

enum { MAX_RINGS = 4, MAX_POINTS = 12 };

typedef struct {
    TsArea area;
    TsRing rings[MAX_RINGS];
    TsPoint points[MAX_RINGS][MAX_POINTS];
} Drawing;

/* Any rings: crossing themselves and each other, with points on pixel centres and equal ones. */
static void
draw(Drawing *drawing, TsRng *rng)
{
    *drawing = (Drawing){.area = {.n_rings = 1 + ts_rng_below(rng, MAX_RINGS)}};
    TsArea *area = &drawing->area;
    area->rings = drawing->rings;
    area->left = area->top = INFINITY;
    area->right = area->bottom = -INFINITY;
    for (gsize r = 0; r < area->n_rings; r++) {
        drawing->rings[r] = (TsRing){drawing->points[r], 3 + ts_rng_below(rng, MAX_POINTS - 2)};
        for (gsize i = 0; i < drawing->rings[r].n; i++) {
            TsPoint point = {ts_rng_uniform(rng) * 60 - 15, ts_rng_uniform(rng) * 60 - 15};
            if (ts_rng_below(rng, 3) == 0)
                point = (TsPoint){floor(point.x) + 0.5, floor(point.y) + 0.5};
            if (ts_rng_below(rng, 4) == 0)
                point.y = floor(point.y);
            drawing->points[r][i] = point;
            area->left = MIN(area->left, point.x);
            area->right = MAX(area->right, point.x);
            area->top = MIN(area->top, point.y);
            area->bottom = MAX(area->bottom, point.y);
        }
    }
}

/* The definition: count the edges left of the point. */
static gboolean
is_inside(const TsArea *area, double x, double y)
{
    gboolean inside = FALSE;
    for (gsize r = 0; r < area->n_rings; r++)
        for (gsize i = 0; i < area->rings[r].n; i++) {
            TsPoint a = area->rings[r].points[i];
            TsPoint b = area->rings[r].points[(i + 1) % area->rings[r].n];
            TsPoint top = a.y <= b.y ? a : b, bottom = a.y <= b.y ? b : a;
            if (y >= top.y && y < bottom.y &&
                x >= top.x + (y - top.y) * (bottom.x - top.x) / (bottom.y - top.y))
                inside = !inside;
        }
    return inside;
}

START_TEST(filling_is_even_odd_by_pixel_centres)
{
    TsRng rng;
    ts_rng_init(&rng, (guint64) _i, "draw", 0);
    Drawing drawing;
    draw(&drawing, &rng);
    TsRaster raster = {.x = (double) ts_rng_below(&rng, 9) - 3,
                       .y = (double) ts_rng_below(&rng, 9) - 3,
                       .step_x = _i % 3 == 0 ? 2.5 : 1,
                       .step_y = _i % 4 == 0 ? 1.75 : 1,
                       .width = 1 + (int) ts_rng_below(&rng, 31),
                       .height = 1 + (int) ts_rng_below(&rng, 31)};
    g_autofree guint16 *out = g_new0(guint16, (gsize) (raster.width * raster.height));
    ck_assert(ts_area_fill(&drawing.area, &raster, 7, out, NULL));
    for (int y = 0; y < raster.height; y++)
        for (int x = 0; x < raster.width; x++) {
            gboolean want = is_inside(&drawing.area, raster.x + (x + 0.5) * raster.step_x,
                                      raster.y + (y + 0.5) * raster.step_y);
            ck_assert_msg((out[y * raster.width + x] == 7) == want, "%d, %d", x, y);
        }
}
END_TEST

/* Triangles from a point to the sides of a square: each pixel is in one of them. */
START_TEST(areas_that_touch_share_no_pixel_and_leave_none_out)
{
    static const TsPoint corners[] = {{0, 0}, {40, 0}, {40, 30}, {0, 30}};
    TsRng rng;
    ts_rng_init(&rng, (guint64) _i, "fan", 0);
    TsPoint centre = {ts_rng_uniform(&rng) * 40, ts_rng_uniform(&rng) * 30};
    TsRaster raster = {.step_x = 1, .step_y = 1, .width = 40, .height = 30};
    int sums[40 * 30] = {0};
    for (int i = 0; i < 4; i++) {
        guint16 out[40 * 30] = {0};
        TsPoint points[] = {corners[i], centre, corners[(i + 1) % 4]};
        TsRing ring = {points, 3};
        TsArea area = {.rings = &ring, .n_rings = 1, .right = 40, .bottom = 30};
        ck_assert(ts_area_fill(&area, &raster, 1, out, NULL));
        for (int k = 0; k < 40 * 30; k++)
            sums[k] += out[k];
    }
    for (int k = 0; k < 40 * 30; k++)
        ck_assert_int_eq(sums[k], 1);
}
END_TEST

static const char two_classes[] =
    "{\"type\":\"FeatureCollection\",\"features\":["
    "{\"type\":\"Feature\",\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[2,2],[30,2],"
    "[30,20],[2,20]],[[10,10],[14,10],[14,14],[10,14]]]},\"properties\":{\"classification\":"
    "{\"name\":\"tumour\"}}},"
    "{\"type\":\"Feature\",\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[20,0],[40,0],"
    "[40,40],[20,40]]]},\"properties\":{\"classification\":{\"name\":\"fat\"}}}]}";

static TsJudge *
make_judge(const TsJudgeOptions *wanted, GError **error)
{
    TsJudgeOptions options = *wanted;
    TsImageInfo info = {.width = 50, .height = 30, .bands = 1, .type = TS_U8};
    TsJudgeInput input = {.path = "image.png", .info = &info};
    g_autofree char *path = scratch("image.geojson");
    ck_assert(g_file_set_contents(path, two_classes, -1, NULL));
    options.annotations = folder;
    return ts_judge_new(&options, &input, 1, error);
}

static void
look_at(const TsJudge *judge, TsTileView view, gint64 *counts, guint n, char **label)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsJudgeImage) state = NULL;
    g_auto(TsVerdict) verdict = {0};
    ck_assert_msg(ts_judge_begin_image(judge, 0, &state, &error), "%s", message(error));
    ck_assert_msg(ts_judge_look(judge, state, &view, &verdict, &error), "%s", message(error));
    ck_assert_uint_eq(verdict.n_values, n + 1);
    *label = g_strdup(verdict.values[0]);
    for (guint i = 0; i < n; i++)
        counts[i] = g_ascii_strtoll(verdict.values[i + 1], NULL, 10);
}

START_TEST(annotations_are_counted_exactly_and_the_later_lies_on_top)
{
    const char *labels[] = {"tumour>0.5", "any:fat", NULL};
    TsJudgeOptions options = {.labels = labels};
    g_autoptr(GError) error = NULL;
    g_autoptr(TsJudge) judge = make_judge(&options, &error);
    ck_assert_msg(judge != NULL, "%s", message(error));
    g_autofree char *columns = g_strjoinv(" ", (char **) ts_judge_columns(judge));
    ck_assert_str_eq(columns, "label n_background n_fat n_tumour");
    ck_assert(!ts_judge_needs_pixels(judge));
    gint64 sums[3] = {0}, counts[3];
    for (int y = 0; y < 30; y += 10)
        for (int x = 0; x < 50; x += 10) {
            g_autofree char *label = NULL;
            TsTileView view = {.x = x, .y = y, .width = 10, .height = 10};
            look_at(judge, view, counts, 3, &label);
            for (int i = 0; i < 3; i++)
                sums[i] += counts[i];
            ck_assert_pstr_eq(label, x == 20 || x == 30                   ? "fat"
                                     : x < 20 && y < 20 && counts[2] > 50 ? "tumour"
                                                                          : NULL);
        }
    ck_assert_int_eq(sums[1], 20 * 30);
    ck_assert_int_eq(sums[2], 18 * 18 - 4 * 4);
    ck_assert_int_eq(sums[0] + sums[1] + sums[2], 50 * 30);
    /* At half the scale: a pixel is two by two, its centre decides. */
    g_autofree char *label = NULL;
    TsTileView half = {.width = 25, .height = 15, .source_width = 50, .source_height = 30};
    look_at(judge, half, counts, 3, &label);
    ck_assert_int_eq(counts[1], 10 * 15);
    ck_assert_int_eq(counts[2], 9 * 9 - 2 * 2);
}
END_TEST

START_TEST(a_file_of_classes_numbers_annotations)
{
    g_autofree char *path = scratch("classes");
    TsJudgeOptions options = {.classes = path};
    g_autoptr(GError) error = NULL;
    ck_assert(g_file_set_contents(path, "9 fat\n4 tumour\n5 more\n", -1, NULL));
    g_autoptr(TsJudge) judge = make_judge(&options, &error);
    ck_assert_msg(judge != NULL, "%s", message(error));
    g_autofree char *columns = g_strjoinv(" ", (char **) ts_judge_columns(judge));
    ck_assert_str_eq(columns, "n_background n_tumour n_more n_fat");
    ck_assert(g_file_set_contents(path, "9 fat\n", -1, NULL));
    ck_assert_ptr_null(make_judge(&options, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "feature 1: the class 'tumour' is not in"));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, features_of_qupath_are_read);
    tcase_add_loop_test(tests, other_roots_and_names_of_classes_are_read, 0, G_N_ELEMENTS(shapes));
    tcase_add_loop_test(tests, malformed_files_are_refused_with_the_feature, 0,
                        G_N_ELEMENTS(malformed));
    tcase_add_test(tests, deep_nesting_is_an_error_and_no_crash);
    tcase_add_loop_test(tests, filling_is_even_odd_by_pixel_centres, 0, 200);
    tcase_add_loop_test(tests, areas_that_touch_share_no_pixel_and_leave_none_out, 0, 20);
    tcase_add_test(tests, annotations_are_counted_exactly_and_the_later_lies_on_top);
    tcase_add_test(tests, a_file_of_classes_numbers_annotations);
}

int
main(void)
{
    return pictures_run("geojson", add_tests);
}

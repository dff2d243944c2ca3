/* Putting tiles back: the round trip as a law over random grids, and each rule of merging. */
#include "base/error.h"
#include "base/rng.h"
#include "base/threads.h"
#include "image/grid.h"
#include "sample/payload.h"
#include "store/npy.h"
#include "tiling/stitch/argmax.h"
#include "tiling/stitch/stitch.h"
#include "tiling/stitch/sweep.h"
#include "tiling/stitch/write.h"

#include "geotiff.h"
#include "pictures.h"

#include <math.h>
#include <sys/resource.h>

/* A folder with tiles and the text of their manifest. */
typedef struct {
    GString *text;
    TsManifest *manifest;
} Tiles;

static void
tiles_begin(Tiles *tiles, const char *more_columns)
{
    tiles->manifest = NULL;
    tiles->text = g_string_new("file_name\tsource\tsrc_x\tsrc_y\tsrc_width\tsrc_height\t"
                               "source_width\tsource_height");
    g_string_append(tiles->text, more_columns);
    g_string_append_c(tiles->text, '\n');
}

static void
tiles_add(Tiles *tiles, const char *name, const TsTile *tile, int width, int height,
          const char *more)
{
    g_string_append_printf(tiles->text, "%s\tsource.png\t%d\t%d\t%d\t%d\t%d\t%d%s\n", name, tile->x,
                           tile->y, tile->width, tile->height, width, height, more);
}

static void
tiles_end(Tiles *tiles)
{
    g_autoptr(GError) error = NULL;
    gsize n = tiles->text->len;
    tiles->manifest =
        ts_manifest_parse(g_string_free(tiles->text, FALSE), n, "m.tsv", folder, &error);
    ck_assert_msg(tiles->manifest != NULL, "%s", message(error));
}

/* Cut `image` as tile does, into .tif files or others; what lies outside is 0. */
static void
cut_to(const TsImage *image, const TsGridOptions *options, const char *suffix, Tiles *tiles)
{
    TsGrid grid;
    gboolean raw = strcmp(suffix, ".raw") == 0;
    ck_assert(ts_grid_init(&grid, options, image->width, image->height, NULL));
    tiles_begin(tiles, raw ? "\traw" : "");
    for (guint64 i = 0; i < ts_grid_n_tiles(&grid); i++) {
        TsTile tile;
        ts_grid_get_tile(&grid, i % grid.n_columns, i / grid.n_columns, &tile);
        const TsRaw shape = {tile.full_width, tile.full_height, image->bands, image->type};
        g_autofree char *shape_text = ts_raw_format(&shape);
        g_autofree char *more = g_strconcat("\t", shape_text, NULL);
        g_autoptr(TsImage) part = ts_image_new_like(image, tile.full_width, tile.full_height, NULL);
        ts_image_copy_region(image, tile.x, tile.y, tile.width, tile.height, part, 0, 0);
        g_autofree char *name = g_strdup_printf("t%" G_GUINT64_FORMAT "%s", i, suffix);
        g_autofree char *path = scratch(name);
        TsEncodeOptions how = {.unsynced = TRUE, .compression = TS_COMPRESSION_NONE};
        ck_assert(ts_image_write(part, path, &how, TRUE, NULL));
        tiles_add(tiles, name, &tile, image->width, image->height, raw ? more : "");
    }
    tiles_end(tiles);
}

static void
cut(const TsImage *image, const TsGridOptions *options, Tiles *tiles)
{
    cut_to(image, options, ".tif", tiles);
}

/* Stripes as one image. */
static gboolean
collect(const TsImage *stripe, int y, gpointer data, GError **error)
{
    TsImage *whole = data;
    ts_image_copy_region(stripe, 0, 0, stripe->width, stripe->height, whole, 0, y);
    return TRUE;
}

/* What comes of all tiles; `job` has window, merge, fill and opacity. */
static TsImage *
put_back(const TsManifest *manifest, TsPayload *payload, TsStitch job, GError **error)
{
    g_autoptr(TsCanvas) canvas = ts_canvas_new(manifest, NULL, 0, 0, error);
    int across, down;
    if (canvas == NULL)
        return NULL;
    if (job.window.shape == TS_WINDOW_CROP) {
        ts_canvas_compute_margin(canvas, &across, &down);
        if (!ts_canvas_crop(canvas, across, down, error))
            return NULL;
    }
    job.canvas = canvas;
    job.payload = payload;
    g_autoptr(TsImage) kind = ts_stitch_new_kind(&job, error);
    if (kind == NULL)
        return NULL;
    g_autoptr(TsImage) whole = ts_image_new_like(kind, canvas->width, canvas->height, error);
    return whole != NULL && ts_stitch(&job, collect, whole, error) ? g_steal_pointer(&whole) : NULL;
}

static TsImage *
put_images_back(const TsManifest *manifest, TsStitch job, GError **error)
{
    g_autoptr(TsPayload) payload = ts_payload_new_images(manifest, "file_name", 0, error);
    return payload != NULL ? put_back(manifest, payload, job, error) : NULL;
}

static int
draw(TsRng *rng, int least, int most)
{
    return least + (int) ts_rng_below(rng, (guint64) (most - least) + 1);
}

/* All windows with the mean, and all merges, give the source back. */
static void
check_identity(const TsImage *image, const TsManifest *manifest, const char *what)
{
    static const char *const windows[] = {"constant", "crop", "hann", "gaussian", "triangle"};
    for (guint w = 0; w < G_N_ELEMENTS(windows); w++) {
        for (int merge = TS_MERGE_MEAN; merge <= TS_MERGE_VOTE; merge++) {
            g_autoptr(GError) error = NULL;
            TsStitch job = {.merge = (TsMerge) merge};
            gboolean floats = image->type == TS_F32 || image->type == TS_F64;
            if ((w > 0 && merge != TS_MERGE_MEAN) ||
                (merge == TS_MERGE_VOTE && (image->bands > 1 || floats)))
                continue;
            ck_assert(ts_window_parse(windows[w], &job.window, NULL));
            g_autoptr(TsImage) again = put_images_back(manifest, job, &error);
            ck_assert_msg(again != NULL, "%s: %s", what, message(error));
            ck_assert_msg(same_pixels(image, again), "%s, window %s, merge %d", what, windows[w],
                          merge);
        }
    }
}

START_TEST(untile_of_tile_is_the_identity)
{
    static const TsGridEdge edges[] = {TS_EDGE_SHIFT, TS_EDGE_PARTIAL, TS_EDGE_PAD, TS_EDGE_SPREAD};
    static const TsSampleType types[] = {TS_U8, TS_U16, TS_I16, TS_F32, TS_I32};
    TsRng rng;
    ts_rng_init(&rng, (guint64) _i, "stitch", 0);
    TsGridOptions how = {.edge = edges[_i % 4], .count = draw(&rng, 0, 1)};
    int width = draw(&rng, 1, 90), height = draw(&rng, 1, 90), bands = draw(&rng, 1, 5);
    TsSampleType type = types[draw(&rng, 0, 4)];
    how.tile_width = draw(&rng, 4, 40);
    how.tile_height = draw(&rng, 4, 40);
    how.stride_x = draw(&rng, (how.tile_width + 2) / 3, how.tile_width);
    how.stride_y = draw(&rng, (how.tile_height + 2) / 3, how.tile_height);
    g_autofree char *what = g_strdup_printf(
        "%d: %dx%d of %d bands, type %d, tiles %dx%d, strides %dx%d, edge %d, count %d", _i, width,
        height, bands, type, how.tile_width, how.tile_height, how.stride_x, how.stride_y, how.edge,
        how.count);
    g_autoptr(TsImage) image = pattern(width, height, bands, type);
    for (guint i = 0; i < 3; i++) {
        static const char *const suffixes[] = {".tif", ".npy", ".raw"};
        Tiles tiles;
        cut_to(image, &how, suffixes[i], &tiles);
        check_identity(image, tiles.manifest, what);
        ts_manifest_free(tiles.manifest);
    }
}
END_TEST

START_TEST(threads_and_the_order_of_rows_change_no_bit)
{
    g_autoptr(TsImage) image = pattern(90, 70, 3, TS_F32);
    TsGridOptions how = {.tile_width = 16, .tile_height = 16, .stride_x = 7, .stride_y = 5};
    Tiles tiles;
    cut(image, &how, &tiles);
    /* Tiles that disagree: each is numbered differently when its neighbours' files are mixed up. */
    GString *text = g_string_new(NULL), *turned = g_string_new(NULL);
    for (guint64 i = 0; i < ts_manifest_n_rows(tiles.manifest); i++) {
        TsCell raw = ts_manifest_raw_row(tiles.manifest, i);
        g_autofree char *rest = g_strndup(memchr(raw.text, '\t', raw.length), raw.length);
        *strchr(rest, '\n') = '\0';
        g_autofree char *row = g_strdup_printf(
            "t%d.tif%s\n", (int) (i * 7 % ts_manifest_n_rows(tiles.manifest)), rest);
        g_string_append(text, row);
        g_string_prepend(turned, row);
    }
    const char *head = "file_name\tsource\tsrc_x\tsrc_y\tsrc_width\tsrc_height\tsource_width\t"
                       "source_height\n";
    g_string_prepend(text, head);
    g_string_prepend(turned, head);
    gsize n = text->len;
    g_autoptr(TsManifest) one =
        ts_manifest_parse(g_string_free(text, FALSE), n, "one", folder, NULL);
    g_autoptr(TsManifest) two =
        ts_manifest_parse(g_string_free(turned, FALSE), n, "two", folder, NULL);
    TsStitch job = {.window.shape = TS_WINDOW_HANN};
    ts_threads_set(1);
    g_autoptr(TsImage) a = put_images_back(one, job, NULL);
    ts_threads_set(5);
    g_autoptr(TsImage) b = put_images_back(two, job, NULL);
    ts_threads_set(0);
    ck_assert(!same_pixels(a, image));
    ck_assert(same_pixels(a, b));
    ts_manifest_free(tiles.manifest);
}
END_TEST

/* One pixel wide tiles of the given values all over a canvas of one pixel. */
static TsImage *
merge_values(TsMerge merge, TsSampleType type, const double *values, guint n)
{
    Tiles tiles;
    TsTile tile = {.width = 1, .height = 1};
    tiles_begin(&tiles, "");
    for (guint i = 0; i < n; i++) {
        g_autofree char *name = g_strdup_printf("v%u.tif", i), *path = scratch(name);
        g_autoptr(TsImage) image = ts_image_new(1, 1, 1, type, NULL);
        ck_assert(ts_merge_fill(image, values[i], image->data));
        ck_assert(ts_image_write(image, path, NULL, TRUE, NULL));
        tiles_add(&tiles, name, &tile, 1, 1, "");
    }
    tiles_end(&tiles);
    g_autoptr(GError) error = NULL;
    TsImage *out = put_images_back(tiles.manifest, (TsStitch){.merge = merge}, &error);
    ck_assert_msg(out != NULL, "%s", message(error));
    ts_manifest_free(tiles.manifest);
    return out;
}

static double
merged(TsMerge merge, TsSampleType type, const double *values, guint n)
{
    g_autoptr(TsImage) out = merge_values(merge, type, values, n);
    return ts_merge_value(type, out->data);
}

START_TEST(each_merge_does_what_it_says)
{
    const double v[] = {7, 3, 9, 3, 9, 4};
    ck_assert_double_eq(merged(TS_MERGE_MEAN, TS_F32, v, 6), (float) (35.0 / 6));
    ck_assert_double_eq(merged(TS_MERGE_MAX, TS_U8, v, 6), 9);
    ck_assert_double_eq(merged(TS_MERGE_MIN, TS_I16, v, 6), 3);
    ck_assert_double_eq(merged(TS_MERGE_LAST, TS_U16, v, 6), 4);
    ck_assert_double_eq(merged(TS_MERGE_VOTE, TS_U8, v, 6), 3); /* 3 and 9 twice: the lower */
    ck_assert_double_eq(merged(TS_MERGE_VOTE, TS_U8, v + 2, 3), 9);
}
END_TEST

START_TEST(means_of_integers_are_rounded_half_to_even_once)
{
    ck_assert_double_eq(merged(TS_MERGE_MEAN, TS_U8, (double[]){10, 11}, 2), 10);
    ck_assert_double_eq(merged(TS_MERGE_MEAN, TS_U8, (double[]){11, 12}, 2), 12);
    ck_assert_double_eq(merged(TS_MERGE_MEAN, TS_U8, (double[]){1, 2, 2, 1}, 4), 2);
    ck_assert_double_eq(merged(TS_MERGE_MEAN, TS_I16, (double[]){-3, -2}, 2), -2);
    ck_assert_double_eq(merged(TS_MERGE_MEAN, TS_U16, (double[]){65535, 65535, 65534}, 3), 65535);
}
END_TEST

START_TEST(nan_does_not_win_and_is_not_hidden)
{
    const double v[] = {NAN, 2, 1};
    ck_assert_double_eq(merged(TS_MERGE_MAX, TS_F32, v, 3), 2);
    ck_assert_double_eq(merged(TS_MERGE_MIN, TS_F32, v, 3), 1);
    ck_assert(isnan(merged(TS_MERGE_MEAN, TS_F32, v, 3)));
    ck_assert_double_eq(merged(TS_MERGE_MEAN, TS_F32, (double[]){INFINITY, INFINITY}, 2), INFINITY);
}
END_TEST

START_TEST(windows_have_their_definitions)
{
    TsWindow window;
    double w[8], other[5];
    ck_assert(ts_window_parse("hann", &window, NULL));
    ts_window_fill(&window, 8, w);
    for (int i = 0; i < 4; i++) {
        ck_assert_double_gt(w[i], 0);
        ck_assert_double_eq_tol(w[i] + w[i + 4], 1, 1e-15);
        ck_assert_double_eq_tol(w[i], 0.5 * (1 - cos(2 * G_PI * (i + 0.5) / 8)), 1e-15);
    }
    ck_assert(ts_window_parse("triangle", &window, NULL));
    ts_window_fill(&window, 8, w);
    ck_assert_double_eq(w[0], 0.125);
    ck_assert_double_eq(w[1] + w[5], 1);
    /* monai.data.utils.compute_importance_map((8, 5), mode="gaussian", sigma_scale=0.125). */
    ck_assert(ts_window_parse("gaussian", &window, NULL));
    ts_window_fill(&window, 8, w);
    ts_window_fill(&window, 5, other);
    ck_assert_double_eq_tol(w[3], exp(-0.125), 1e-15);
    ck_assert_double_eq_tol(other[1], exp(-0.5 / 0.390625), 1e-15);
    ck_assert_double_eq(ts_window_floor(&window, w, 8, other, 5), 1e-3);
}
END_TEST

START_TEST(windows_that_are_none_are_refused)
{
    static const char *const bad[] = {"",         "hamming",    "crop:-1",      "crop:x", "hann:3",
                                      "crop:1.5", "gaussian:0", "gaussian:abc", "cro"};
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        TsWindow window;
        ck_assert_msg(!ts_window_parse(bad[i], &window, &error), "%s", bad[i]);
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    }
}
END_TEST

/* Two tiles of a row, 8 pixels that overlap by 4, one all 0 and one all 100. */
static TsImage *
blend_two(const char *window)
{
    Tiles tiles;
    g_autoptr(GError) error = NULL;
    TsStitch job = {0};
    tiles_begin(&tiles, "");
    for (int i = 0; i < 2; i++) {
        g_autofree char *name = g_strdup_printf("b%d.tif", i), *path = scratch(name);
        g_autoptr(TsImage) image = ts_image_new(8, 2, 1, TS_F32, NULL);
        for (int k = 0; k < 16; k++)
            ((float *) image->data)[k] = 100.0f * (float) i;
        ck_assert(ts_image_write(image, path, NULL, TRUE, NULL));
        tiles_add(&tiles, name, &(TsTile){.x = 4 * i, .width = 8, .height = 2}, 12, 2, "");
    }
    tiles_end(&tiles);
    ck_assert(ts_window_parse(window, &job.window, NULL));
    job.merge = job.window.shape == TS_WINDOW_CROP ? TS_MERGE_LAST : TS_MERGE_MEAN;
    TsImage *out = put_images_back(tiles.manifest, job, &error);
    ck_assert_msg(out != NULL, "%s", message(error));
    ts_manifest_free(tiles.manifest);
    return out;
}

START_TEST(windows_blend_the_overlap_alone)
{
    g_autoptr(TsImage) smooth = blend_two("hann");
    g_autoptr(TsImage) cropped = blend_two("crop");
    const float *s = (const float *) smooth->data, *c = (const float *) cropped->data;
    for (int x = 0; x < 12; x++) {
        double a = x < 8 ? 0.5 * (1 - cos(2 * G_PI * (x + 0.5) / 8)) : 0;
        double b = x >= 4 ? 0.5 * (1 - cos(2 * G_PI * (x - 4 + 0.5) / 8)) : 0;
        ck_assert_double_eq_tol(s[x], 100 * b / (a + b), 1e-4);
        ck_assert_double_eq(c[x], x < 6 ? 0 : 100);
    }
}
END_TEST

static TsManifest *
manifest_of(const char *text)
{
    return ts_manifest_parse(g_strdup(text), strlen(text), "m.tsv", folder, NULL);
}

START_TEST(holes_are_counted_and_the_first_is_named)
{
    g_autoptr(TsManifest) manifest = manifest_of(
        "file_name\tsource\tsrc_x\tsrc_y\tsrc_width\tsrc_height\tsource_width\tsource_height\n"
        "a\ts\t0\t0\t10\t4\t20\t10\nb\ts\t10\t0\t10\t4\t20\t10\nc\ts\t0\t4\t10\t4\t20\t10\n"
        "d\ts\t5\t2\t10\t4\t20\t10\n");
    g_autoptr(TsCanvas) canvas = ts_canvas_new(manifest, NULL, 0, 0, NULL);
    TsHoles holes;
    ck_assert(ts_canvas_find_holes(canvas, &holes, NULL));
    ck_assert_uint_eq(holes.n_pixels, 5 * 2 + 10 * 2 + 20 * 2);
    ck_assert_int_eq(holes.x, 15);
    ck_assert_int_eq(holes.y, 4);
    ck_assert_int_eq(holes.width, 5);
    ck_assert_int_eq(holes.height, 2);
    ck_assert_uint_eq(holes.most, 2);
    g_autoptr(TsImage) map = ts_image_new(20, 10, 1, TS_U8, NULL);
    ck_assert(ts_stitch_coverage(canvas, collect, map, NULL));
    ck_assert_int_eq(map->data[0], 1);
    ck_assert_int_eq(map->data[3 * 20 + 5], 2);
    ck_assert_int_eq(map->data[4 * 20 + 15], 0);
}
END_TEST

START_TEST(holes_are_filled_or_transparent)
{
    g_autoptr(TsManifest) manifest = manifest_of(
        "file_name\tx\ty\twidth\theight\tpred\na\t0\t0\t2\t2\tcat\na\t4\t1\t2\t1\tdog\n");
    g_autoptr(TsPayload) payload = ts_payload_new_classes(manifest, "pred", NULL, NULL);
    g_autoptr(TsCanvas) canvas = ts_canvas_new(manifest, NULL, 6, 2, NULL);
    TsStitch job = {.canvas = canvas, .payload = payload, .merge = TS_MERGE_VOTE, .fill = 9};
    g_autoptr(TsImage) filled = ts_image_new(6, 2, 1, TS_U8, NULL);
    ck_assert(ts_stitch(&job, collect, filled, NULL));
    ck_assert_mem_eq(filled->data, ((guint8[]){0, 0, 9, 9, 9, 9, 0, 0, 9, 9, 1, 1}), 12);
    job.add_opacity = TRUE;
    g_autoptr(TsImage) kind = ts_stitch_new_kind(&job, NULL);
    ck_assert_int_eq(kind->bands, 2);
    g_autoptr(TsImage) clear = ts_image_new_like(kind, 6, 2, NULL);
    ck_assert(ts_stitch(&job, collect, clear, NULL));
    ck_assert_mem_eq(clear->data, ((guint8[]){0, 255, 0, 255, 9, 0}), 6);
    job.fill = 256;
    ck_assert_ptr_null(ts_stitch_new_kind(&job, NULL));
}
END_TEST

START_TEST(probabilities_are_blended_before_the_largest_is_taken)
{
    g_autoptr(TsManifest) manifest =
        manifest_of("file_name\tx\ty\twidth\theight\tp_a\tp_b\tp_c\n"
                    "s\t0\t0\t4\t1\t0.5\t0.4\t0.1\ns\t2\t0\t4\t1\t0\t0.4\t0.6\n"
                    "s\t6\t0\t1\t1\t0.2\t0.4\t0.4\n"); /* the lower of equals */
    char *columns[] = {"p_a", "p_b", "p_c", NULL};
    g_autoptr(TsPayload) payload = ts_payload_new_numbers(manifest, columns, NULL);
    g_autoptr(TsCanvas) canvas = ts_canvas_new(manifest, NULL, 7, 1, NULL);
    TsStitch job = {.canvas = canvas, .payload = payload};
    g_autoptr(TsImage) labels = ts_image_new(7, 1, 1, TS_U8, NULL);
    g_auto(TsArgmax) argmax = {.put = collect, .data = labels};
    g_autoptr(TsImage) kind = ts_stitch_new_kind(&job, NULL);
    ck_assert(ts_argmax_init(&argmax, kind, NULL));
    ck_assert(ts_stitch(&job, ts_argmax_put, &argmax, NULL));
    ck_assert_mem_eq(labels->data, ((guint8[]){0, 0, 1, 1, 2, 2, 1}), 7);
}
END_TEST

START_TEST(arrays_stand_for_rows)
{
    g_autofree char *path = scratch("a.npy"), *short_path = scratch("short.npy");
    const gint64 labels[] = {5, 70000, -1};
    TsTensor vector = {
        .dtype = TS_DTYPE_I64, .rank = 1, .shape = {3}, .data = labels, .n_bytes = 24};
    ck_assert(ts_npy_write(path, &vector, TRUE, NULL));
    g_autoptr(TsManifest) manifest = manifest_of("file_name\tx\ty\twidth\theight\n"
                                                 "s\t0\t0\t1\t1\ns\t1\t0\t1\t1\ns\t2\t0\t1\t1\n");
    g_autoptr(TsPayload) payload = ts_payload_new_array(manifest, path, NULL);
    g_autoptr(TsCanvas) canvas = ts_canvas_new(manifest, NULL, 3, 1, NULL);
    TsStitch job = {.canvas = canvas, .payload = payload};
    g_autoptr(TsImage) out = ts_image_new(3, 1, 1, TS_I32, NULL);
    ck_assert(ts_stitch(&job, collect, out, NULL));
    ck_assert_mem_eq(out->data, ((gint32[]){5, 70000, -1}), 12);
    vector.shape[0] = 2;
    vector.n_bytes = 16;
    ck_assert(ts_npy_write(short_path, &vector, TRUE, NULL));
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(ts_payload_new_array(manifest, short_path, &error));
    ck_assert_msg(strstr(error->message, "the first of 3, the rows of m.tsv") != NULL, "%s",
                  error->message);
}
END_TEST

START_TEST(bad_manifests_are_named)
{
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"file_name\na\n", "says not where its rows lie"},
        {"file_name\tx\ty\twidth\theight\na\t0\t0\t5\t4\n", "m.tsv:2: 5 x 4 pixels at 0,0 are not"},
        {"file_name\tx\ty\twidth\theight\na\t-1\t0\t4\t4\n", "m.tsv:2: x is '-1'"},
        {"file_name\tx\ty\twidth\theight\na\t0\t0\t0\t4\n", "m.tsv:2: width is '0'"},
        {"file_name\tx\ty\twidth\theight\tsize\na\t0\t0\t2\t4\t2x4\na\t2\t0\t2\t4\t4x4\n",
         "m.tsv:3: size is 4x4, others before it are 2x4"},
        {"file_name\tsource\tsrc_x\tsrc_y\tsrc_width\tsrc_height\tsource_width\tsource_height\n"
         "a\ts\t0\t0\t2\t2\t4\t4\nb\ts\t2\t0\t2\t2\t5\t4\n",
         "m.tsv:3: is of an image of 5 x 4 pixels, others before it of one of 4 x 4"},
        {"file_name\tx\ty\twidth\theight\n", "m.tsv: has no rows"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(TsManifest) manifest = manifest_of(bad[i].text);
        ck_assert_ptr_null(ts_canvas_new(manifest, NULL, 4, 4, &error));
        ck_assert_msg(strstr(message(error), bad[i].message) != NULL, "%s", message(error));
    }
}
END_TEST

START_TEST(a_tile_of_another_size_or_kind_is_named)
{
    g_autoptr(TsImage) small = pattern(4, 4, 1, TS_U8);
    g_autoptr(TsImage) large = pattern(5, 4, 1, TS_U8);
    g_autoptr(TsImage) other = pattern(4, 4, 3, TS_U8);
    g_autoptr(TsImage) deep = pattern(4, 4, 1, TS_U16);
    const TsImage *wrong[] = {large, other, deep};
    static const char *const messages[] = {"is 5 x 4 pixels, the manifest says 4 x 4",
                                           "has 3 8-bit bands", "has 1 16-bit bands"};
    g_autofree char *good = scratch("good.tif"), *bad = scratch("bad.tif");
    ck_assert(ts_image_write(small, good, NULL, TRUE, NULL));
    g_autoptr(TsManifest) manifest = manifest_of(
        "file_name\tsource\tsrc_x\tsrc_y\tsrc_width\tsrc_height\tsource_width\tsource_height\n"
        "good.tif\ts\t0\t0\t4\t4\t12\t8\nbad.tif\ts\t4\t0\t4\t4\t12\t8\n");
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        ck_assert(ts_image_write(wrong[i], bad, NULL, TRUE, NULL));
        ck_assert_ptr_null(put_images_back(manifest, (TsStitch){0}, &error));
        ck_assert_msg(strstr(message(error), messages[i]) != NULL &&
                          g_str_has_prefix(message(error), "m.tsv:3: "),
                      "%s", message(error));
    }
}
END_TEST

START_TEST(place_on_the_earth_and_colour_profile_are_restored)
{
    g_autofree char *source = scratch("source.tif"), *out = scratch("earth.tif");
    const double scale[] = {10, 10, 0}, point[] = {0, 0, 0, 5000, 7000, 0};
    GeoFile file = geo_file_new(1);
    geo_file_put(&file, 33550, GEO_DOUBLE, 3, scale);
    geo_file_put(&file, 33922, GEO_DOUBLE, 6, point);
    file_write(source, geo_file_end(&file));
    g_autofree char *tile = scratch("earth-tile.tif");
    g_autoptr(TsImage) image = pattern(15, 10, 3, TS_U8);
    image->icc = g_bytes_new_static("profile", 7);
    ck_assert(ts_image_write(image, tile, NULL, TRUE, NULL));
    /* Cut at half the scale: the canvas is 15 x 10, a pixel of it 20 x 20 units. */
    g_autoptr(TsManifest) manifest =
        manifest_of("file_name\tsource\tsrc_x\tsrc_y\tsrc_width\tsrc_height\tscale\tgrid_x\tgrid_"
                    "y\tgrid_width\t"
                    "grid_height\nearth-tile.tif\tsource.tif\t0\t0\t30\t20\t0.5\t0\t0\t15\t10\n");
    g_autoptr(GError) error = NULL;
    g_autoptr(TsCanvas) canvas = ts_canvas_new(manifest, NULL, 0, 0, &error);
    ck_assert_msg(canvas != NULL, "%s", message(error));
    g_autoptr(TsPayload) payload = ts_payload_new_images(manifest, "file_name", 0, &error);
    TsStitchWrite job = {.stitch = {.canvas = canvas, .payload = payload}, .output = out};
    ck_assert_msg(payload != NULL && ts_stitch_write(&job, &error), "%s", message(error));
    g_autoptr(TsGeo) geo = ts_geo_read(out, &error);
    double east, north;
    ck_assert(geo != NULL && ts_geo_map(geo, 1, 2, &east, &north));
    ck_assert_double_eq(east, 5020);
    ck_assert_double_eq(north, 6960);
    g_autoptr(TsImage) back = ts_image_read(out, NULL);
    ck_assert(same_pixels(image, back));
    ck_assert(back->icc != NULL && g_bytes_equal(back->icc, image->icc));
}
END_TEST

START_TEST(colours_of_heat_are_lighter_for_more)
{
    double before = -1;
    for (int i = 0; i <= 255; i++) {
        guint8 rgb[3];
        ts_heat_colour(i / 255.0, rgb);
        double luma = 0.2126 * pow(rgb[0] / 255.0, 2.2) + 0.7152 * pow(rgb[1] / 255.0, 2.2) +
                      0.0722 * pow(rgb[2] / 255.0, 2.2);
        ck_assert_double_gt(luma, before);
        before = luma;
    }
    guint8 first[3], last[3];
    ts_heat_colour(-1, first);
    ts_heat_colour(2, last);
    ck_assert(first[2] > first[1] && first[0] > first[1]);      /* violet */
    ck_assert(last[0] > 200 && last[1] > 200 && last[2] < 190); /* yellow */
}
END_TEST

START_TEST(heat_is_averaged_over_the_picture_and_spares_what_has_no_value)
{
    g_autofree char *path = scratch("white.tif");
    g_autoptr(TsImage) white = ts_image_new(8, 4, 1, TS_U16, NULL);
    memset(white->data, 0xff, 64);
    ck_assert(ts_image_write(white, path, NULL, TRUE, NULL));
    TsHeatmapOptions how = {.width = 8, .height = 4, .side = 4, .band = 1, .high = 2, .opacity = 1};
    g_autoptr(TsHeatmap) heatmap = ts_heatmap_new(&how, NULL);
    g_autoptr(TsImage) stripe = ts_image_new(8, 4, 2, TS_F32, NULL);
    float *values = (float *) stripe->data;
    for (int i = 0; i < 32; i++)
        values[2 * i + 1] = i % 8 < 4 ? NAN : i % 2 ? 2 : 0; /* no value; 1 in the mean */
    ck_assert(ts_heatmap_put(stripe, 0, heatmap, NULL));
    g_autoptr(TsImage) picture = ts_heatmap_finish(heatmap, path, NULL);
    guint8 middle[3];
    ts_heat_colour(128 / 255.0, middle);
    ck_assert(picture->width == 4 && picture->height == 2 && picture->bands == 3);
    const guint8 plain[] = {255, 255, 255};
    for (int i = 0; i < 8; i++)
        ck_assert_mem_eq(picture->data + 3 * i, i % 4 < 2 ? plain : middle, 3);
}
END_TEST

#ifndef __SANITIZE_ADDRESS__ /* which holds on to what is freed */
static gboolean
drop(const TsImage *stripe, int y, gpointer data, GError **error)
{
    ck_assert_int_le(stripe->height, 64);
    return TRUE;
}

static long
peak_kilobytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* Four tiles across and `n_down` down, half of each over the next. */
static void
stitch_tower(int n_down)
{
    Tiles tiles;
    tiles_begin(&tiles, "");
    for (int i = 0; i < 4 * n_down; i++)
        tiles_add(&tiles, "tall.tif",
                  &(TsTile){.x = i % 4 * 128, .y = i / 4 * 128, .width = 256, .height = 256}, 640,
                  n_down * 128 + 128, "");
    tiles_end(&tiles);
    g_autoptr(TsPayload) payload = ts_payload_new_images(tiles.manifest, "file_name", 0, NULL);
    g_autoptr(TsCanvas) canvas = ts_canvas_new(tiles.manifest, NULL, 0, 0, NULL);
    TsStitch job = {.canvas = canvas, .payload = payload, .merge = TS_MERGE_MAX};
    ck_assert(ts_stitch(&job, drop, NULL, NULL));
    ts_manifest_free(tiles.manifest);
}

START_TEST(memory_does_not_grow_with_the_height)
{
    g_autoptr(TsImage) image = pattern(256, 256, 3, TS_U16);
    g_autofree char *path = scratch("tall.tif");
    TsEncodeOptions how = {.compression = TS_COMPRESSION_NONE};
    ck_assert(ts_image_write(image, path, &how, TRUE, NULL));
    stitch_tower(10);
    long before = peak_kilobytes();
    stitch_tower(150); /* 640 x 19328 x 3 of 16 bits: 72 MB; 236 MB of tiles */
    ck_assert_int_lt(peak_kilobytes() - before, 12 * 1024);
}
END_TEST
#endif

static void
add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, untile_of_tile_is_the_identity, 0, 40);
    tcase_add_test(tests, threads_and_the_order_of_rows_change_no_bit);
    tcase_add_test(tests, each_merge_does_what_it_says);
    tcase_add_test(tests, means_of_integers_are_rounded_half_to_even_once);
    tcase_add_test(tests, nan_does_not_win_and_is_not_hidden);
    tcase_add_test(tests, windows_have_their_definitions);
    tcase_add_test(tests, windows_that_are_none_are_refused);
    tcase_add_test(tests, windows_blend_the_overlap_alone);
    tcase_add_test(tests, holes_are_counted_and_the_first_is_named);
    tcase_add_test(tests, holes_are_filled_or_transparent);
    tcase_add_test(tests, probabilities_are_blended_before_the_largest_is_taken);
    tcase_add_test(tests, arrays_stand_for_rows);
    tcase_add_test(tests, bad_manifests_are_named);
    tcase_add_test(tests, a_tile_of_another_size_or_kind_is_named);
    tcase_add_test(tests, place_on_the_earth_and_colour_profile_are_restored);
    tcase_add_test(tests, colours_of_heat_are_lighter_for_more);
    tcase_add_test(tests, heat_is_averaged_over_the_picture_and_spares_what_has_no_value);
#ifndef __SANITIZE_ADDRESS__
    tcase_add_test(tests, memory_does_not_grow_with_the_height);
#endif
}

int
main(void)
{
    return pictures_run("stitch", add_tests);
}

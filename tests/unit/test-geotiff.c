/* GeoTIFF tags: what is read, how it moves with a part of an image, what is refused. */
#include "base/error.h"
#include "geotiff.h"
#include "image/encoder.h"
#include "image/tiff.h"
#include "image/tiff_geo_tags.h"
#include "pictures.h"

#include <math.h>

static const double scale[] = {0.5, 0.25, 1};
static const double tie[] = {3, 4, 0, 500000, 5400000, 7};
static const double ties[] = {0, 0, 0, 10, 20, 0, 30, 0, 0, 40, 21, 0, 0, 20, 0, 11, 2, 0};
static const double matrix[] = {0.5, 0.1, 0, 100, 0.2, -0.4, 0, 200, 0, 0, 1, 0, 0, 0, 0, 1};
/* Version, revision, number of keys; raster type; a text of 4 bytes; a double. */
static const guint16 area_keys[] = {1,    1,     0, 3, 1025, 0,     1, 1,
                                    1026, 34737, 4, 0, 2057, 34736, 1, 1};
static const guint16 point_keys[] = {1,    1,     0, 3, 1025, 0,     1, 2,
                                     1026, 34737, 4, 0, 2057, 34736, 1, 1};
static const double key_values[] = {6356752, 6378137};

typedef enum { FORM_SCALE, FORM_MATRIX, FORM_BOTH, FORM_TIES, N_FORMS } Form;

static GByteArray *
make_file(Form form, gboolean is_point, int orientation)
{
    GeoFile file = geo_file_new((guint32) orientation);
    if (form == FORM_SCALE || form == FORM_BOTH)
        geo_file_put(&file, 33550, GEO_DOUBLE, 3, scale);
    if (form == FORM_TIES)
        geo_file_put(&file, 33922, GEO_DOUBLE, 18, ties);
    else if (form != FORM_MATRIX)
        geo_file_put(&file, 33922, GEO_DOUBLE, 6, tie);
    if (form == FORM_MATRIX || form == FORM_BOTH)
        geo_file_put(&file, 34264, GEO_DOUBLE, 16, matrix);
    geo_file_put(&file, 34735, GEO_SHORT, 16, is_point ? point_keys : area_keys);
    geo_file_put(&file, 34736, GEO_DOUBLE, 2, key_values);
    geo_file_put(&file, 34737, GEO_ASCII, 5, "UTM|");
    geo_file_put(&file, 42113, GEO_ASCII, 6, "-9999");
    return geo_file_end(&file);
}

static TsGeo *
read_form(Form form, gboolean is_point, int orientation)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) bytes = make_file(form, is_point, orientation);
    TsGeo *geo = ts_geo_read_bytes(bytes->data, bytes->len, "made", &error);
    ck_assert_msg(geo != NULL, "%s", message(error));
    return geo;
}

/* Write a small image with the tags and read them from there. */
static TsGeo *
write_and_read(const TsGeo *geo)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsImage) image = pattern(20, 20, 1, TS_U8);
    g_autoptr(GByteArray) file = g_byte_array_new();
    TsTiffTags tags = {.geo = geo};
    ck_assert_msg(ts_tiff_encode(image, image->data, 20, 20, 20, &tags, file, &error), "%s",
                  message(error));
    TsGeo *back = ts_geo_read_bytes(file->data, file->len, "written", &error);
    ck_assert_msg(back != NULL, "%s", message(error));
    return back;
}

static void
check_same_place(const TsGeo *a, double x, double y, const TsGeo *b, double u, double v)
{
    double ax, ay, bx, by;
    ck_assert(ts_geo_map(a, x, y, &ax, &ay) && ts_geo_map(b, u, v, &bx, &by));
    ck_assert_double_eq_tol(ax, bx, 1e-8);
    ck_assert_double_eq_tol(ay, by, 1e-8);
}

START_TEST(tags_are_read)
{
    double east, north;
    g_autoptr(TsGeo) area = read_form(FORM_SCALE, FALSE, 1), point = read_form(FORM_SCALE, TRUE, 1);
    ck_assert(ts_geo_map(area, 3, 4, &east, &north));
    ck_assert_double_eq(east, 500000);
    ck_assert_double_eq(north, 5400000);
    ck_assert(ts_geo_map(point, 3.5, 4.5, &east, &north));
    ck_assert_double_eq(east, 500000);
    ck_assert_double_eq(north, 5400000);
    ck_assert_str_eq(ts_geo_nodata(area), "-9999");
    g_autoptr(TsGeo) turned = read_form(FORM_MATRIX, FALSE, 1);
    ck_assert(ts_geo_map(turned, 10, 20, &east, &north));
    ck_assert_double_eq(east, 107);
    ck_assert_double_eq(north, 194);
}
END_TEST

START_TEST(a_part_lies_where_it_lay_in_the_image)
{
    const double steps[] = {1, 2, 0.5, 3};
    for (int form = FORM_SCALE; form <= FORM_BOTH; form++)
        for (int is_point = 0; is_point <= 1; is_point++)
            for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
                g_autoptr(TsGeo) geo = read_form((Form) form, is_point != 0, 1);
                double across = steps[i], down = steps[i] * 1.25;
                g_autoptr(TsGeo) part = ts_geo_translate(geo, 7, 11, across, down);
                g_autoptr(TsGeo) back = write_and_read(part);
                check_same_place(geo, 7, 11, back, 0, 0);
                check_same_place(geo, 7 + 5 * across, 11 + 3 * down, back, 5, 3);
            }
}
END_TEST

START_TEST(scale_and_matrix_are_never_written_both)
{
    for (int form = 0; form < N_FORMS; form++) {
        g_autoptr(TsGeo) geo = read_form((Form) form, FALSE, 1);
        g_autoptr(TsGeo) back = write_and_read(geo);
        ck_assert_int_eq(back->has_matrix, form == FORM_MATRIX);
        ck_assert_int_eq(back->has_scale, form == FORM_SCALE || form == FORM_BOTH);
        ck_assert_uint_eq(back->ties->len, form == FORM_MATRIX ? 0 : form == FORM_TIES ? 18 : 6);
    }
}
END_TEST

START_TEST(keys_and_nodata_are_copied)
{
    g_autoptr(TsGeo) geo = read_form(FORM_SCALE, TRUE, 1);
    g_autoptr(TsGeo) part = ts_geo_translate(geo, 1, 1, 1, 1);
    g_autoptr(TsGeo) back = write_and_read(part);
    ck_assert_uint_eq(back->keys->len, 16);
    ck_assert_mem_eq(back->keys->data, point_keys, sizeof point_keys);
    ck_assert_uint_eq(back->doubles->len, 2);
    ck_assert_mem_eq(back->doubles->data, key_values, sizeof key_values);
    ck_assert_str_eq(back->text, "UTM|");
    ck_assert_str_eq(back->nodata, "-9999");
}
END_TEST

START_TEST(points_of_control_move_by_their_pixels)
{
    g_autoptr(TsGeo) geo = read_form(FORM_TIES, FALSE, 1);
    g_autoptr(TsGeo) part = ts_geo_translate(geo, 10, 4, 2, 2);
    const double *moved = (const double *) (gpointer) part->ties->data;
    double east, north;
    ck_assert(!ts_geo_map(part, 0, 0, &east, &north));
    ck_assert_double_eq(moved[6], 10);
    ck_assert_double_eq(moved[7], -2);
    ck_assert_double_eq(moved[9], 40);
}
END_TEST

START_TEST(orientation_turns_the_place_along)
{
    /* Where the corner of the turned image lies among the stored 30 x 20 pixels, and a step along
     * its rows from there. */
    const int corners[9][4] = {{0},           {0, 0, 1, 0}, {30, 0, -1, 0}, {30, 20, -1, 0},
                               {0, 20, 1, 0}, {0, 0, 0, 1}, {0, 20, 0, -1}, {30, 20, 0, -1},
                               {30, 0, 0, 1}};
    for (int form = FORM_SCALE; form <= FORM_MATRIX; form++)
        for (int is_point = 0; is_point <= 1; is_point++)
            for (int k = 1; k <= 8; k++) {
                g_autoptr(TsGeo) stored = read_form((Form) form, is_point != 0, 1);
                g_autoptr(TsGeo) turned = read_form((Form) form, is_point != 0, k);
                const int *at = corners[k];
                check_same_place(turned, 0, 0, stored, at[0], at[1]);
                check_same_place(turned, 5, 0, stored, at[0] + 5 * at[2], at[1] + 5 * at[3]);
            }
}
END_TEST

START_TEST(a_large_file_has_them_too)
{
    g_autofree char *path = scratch("geo.tif");
    g_autoptr(TsGeo) geo = read_form(FORM_SCALE, FALSE, 1);
    g_autoptr(TsImage) image = pattern(60, 40, 1, TS_U16);
    TsTiffWriterOptions options = {.width = 60,
                                   .height = 40,
                                   .like = image,
                                   .tile_width = 16,
                                   .tile_height = 16,
                                   .pyramid = TS_TIFF_SUBIFD,
                                   .tags.geo = geo};
    g_autoptr(TsTiffWriter) writer = ts_tiff_writer_new(path, &options, TRUE, NULL);
    ck_assert(ts_tiff_writer_put_rows(writer, image, NULL));
    ck_assert(ts_tiff_writer_commit(writer, NULL));
    g_autoptr(TsGeo) back = ts_geo_read(path, NULL);
    ck_assert_ptr_nonnull(back);
    check_same_place(geo, 13, 17, back, 13, 17);
}
END_TEST

START_TEST(an_encoder_says_where_its_tiles_lie)
{
    g_autoptr(TsGeo) geo = read_form(FORM_MATRIX, TRUE, 1);
    g_autoptr(TsImage) image = pattern(40, 30, 3, TS_U16);
    g_autoptr(TsEncoder) encoder = ts_encoder_new(".tif", NULL, NULL);
    g_autofree char *path = scratch("e.tif");
    for (int x = 0; x < 2; x++) {
        const guint8 *bytes;
        gsize n;
        g_autoptr(TsGeo) part = ts_geo_translate(geo, 20 * x, 0, 1, 1);
        ts_encoder_set_place(encoder, part, 0.5, 0.25);
        ck_assert(ts_encoder_encode(encoder, image, image->data + 20 * x * 6,
                                    ts_image_row_size(image), 20, 30, &bytes, &n, NULL));
        g_autoptr(TsGeo) back = ts_geo_read_bytes(bytes, n, "encoded", NULL);
        check_same_place(geo, 20 * x + 3, 4, back, 3, 4);
        ck_assert(g_file_set_contents(path, (const char *) bytes, (gssize) n, NULL));
        g_autoptr(TsImageSource) source = ts_image_source_open(path, NULL);
        ck_assert_double_eq_tol(ts_image_source_info(source)->mpp_x, 0.5, 1e-6);
        ck_assert_double_eq_tol(ts_image_source_info(source)->mpp_y, 0.25, 1e-6);
    }
    ts_encoder_set_place(encoder, NULL, 0, 0);
}
END_TEST

START_TEST(files_without_them_are_no_error)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *png = scratch("none.png"), *tiff = scratch("none.tif"),
                    *no = scratch("no.tif");
    g_autoptr(TsImage) image = pattern(5, 5, 1, TS_U8);
    ck_assert(ts_image_write(image, png, NULL, TRUE, NULL));
    ck_assert(ts_image_write(image, tiff, NULL, TRUE, NULL));
    ck_assert(ts_geo_read(png, &error) == NULL && error == NULL);
    ck_assert(ts_geo_read(tiff, &error) == NULL && error == NULL);
    ck_assert(ts_geo_read(no, &error) == NULL);
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_IO));
}
END_TEST

START_TEST(tags_that_cannot_be_right_are_refused)
{
    const double bad_tie[] = {0, 0, 0, NAN, 0, 0};
    const guint16 shorts[] = {1, 1, 1};
    const guint16 short_keys[] = {1, 1, 0, 9, 1025, 0, 1, 1};
    const guint16 far_keys[] = {1, 1, 0, 1, 2057, 34736, 3, 1};
    const guint16 far_text[] = {1, 1, 0, 1, 1026, 34737, 9, 0};
    const struct {
        guint32 tag;
        GeoType type;
        guint32 n;
        const void *values;
        const char *says;
    } cases[] = {
        {33550, GEO_SHORT, 3, shorts, "not of its type"},
        {33550, GEO_DOUBLE, 1, scale, "has 1 numbers, 3 were expected"},
        {33922, GEO_DOUBLE, 5, tie, "no whole sets"},
        {33922, GEO_DOUBLE, 6, bad_tie, "no whole sets"},
        {34264, GEO_DOUBLE, 12, matrix, "16 were expected"},
        {34735, GEO_SHORT, 8, short_keys, "shorter than the keys"},
        {34735, GEO_SHORT, 8, far_keys, "key 2057 points outside"},
        {34735, GEO_SHORT, 8, far_text, "key 1026 points outside"},
        {34735, GEO_SHORT, 3, shorts, "shorter than the keys"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        GeoFile file = geo_file_new(1);
        geo_file_put(&file, cases[i].tag, cases[i].type, cases[i].n, cases[i].values);
        g_autoptr(GByteArray) bytes = geo_file_end(&file);
        ck_assert(ts_geo_read_bytes(bytes->data, bytes->len, "made", &error) == NULL);
        ck_assert_msg(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT), "case %u", i);
        ck_assert_msg(strstr(error->message, cases[i].says) != NULL, "%s", error->message);
    }
}
END_TEST

static void
add_all(TCase *tests)
{
    tcase_add_test(tests, tags_are_read);
    tcase_add_test(tests, a_part_lies_where_it_lay_in_the_image);
    tcase_add_test(tests, scale_and_matrix_are_never_written_both);
    tcase_add_test(tests, keys_and_nodata_are_copied);
    tcase_add_test(tests, points_of_control_move_by_their_pixels);
    tcase_add_test(tests, orientation_turns_the_place_along);
    tcase_add_test(tests, a_large_file_has_them_too);
    tcase_add_test(tests, an_encoder_says_where_its_tiles_lie);
    tcase_add_test(tests, files_without_them_are_no_error);
    tcase_add_test(tests, tags_that_cannot_be_right_are_refused);
}

int
main(void)
{
    return pictures_run("geotiff", add_all);
}

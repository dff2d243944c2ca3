/* Pixels: orientation, bands, scaling and mixing, each against its definition. */
#include "base/error.h"
#include "image/orient.h"
#include "pictures.h"

#include <math.h>

/* EXIF 2.3, tag 274: which sides of the picture row 0 and column 0 of the file are. */
static void
stored_position(int orientation, int x, int y, int width, int height, int *column, int *row)
{
    int right = width - 1 - x, down = height - 1 - y; /* distances from the far sides */
    switch (orientation) {
    case 1:
        *column = x, *row = y;
        break; /* row 0 top, column 0 left */
    case 2:
        *column = right, *row = y;
        break; /* top, right */
    case 3:
        *column = right, *row = down;
        break; /* bottom, right */
    case 4:
        *column = x, *row = down;
        break; /* bottom, left */
    case 5:
        *row = x, *column = y;
        break; /* left, top */
    case 6:
        *row = right, *column = y;
        break; /* right, top */
    case 7:
        *row = right, *column = down;
        break; /* right, bottom */
    default:
        *row = x, *column = down;
        break; /* left, bottom */
    }
}

START_TEST(orientation_is_applied_to_whole_reads_and_regions)
{
    g_autoptr(TsImage) stored = pattern(29, 43, 3, TS_U8);
    for (int orientation = 1; orientation <= 8; orientation++)
        for (int tiled = FALSE; tiled <= TRUE; tiled++) {
            g_autofree char *path = scratch("o.tif");
            write_tiff(stored, path, tiled, orientation);
            g_autoptr(TsImage) whole = ts_image_read(path, NULL);
            ck_assert_ptr_nonnull(whole);
            ck_assert_int_eq(whole->width, orientation < 5 ? 29 : 43);
            for (int y = 0; y < whole->height; y++)
                for (int x = 0; x < whole->width; x++) {
                    int column, row;
                    stored_position(orientation, x, y, whole->width, whole->height, &column, &row);
                    ck_assert_mem_eq(whole->data + 3 * (y * whole->width + x),
                                     stored->data + 3 * (row * 29 + column), 3);
                }
            check_regions(path, whole, G_MAXUINT64);
            g_autoptr(TsImageSource) source = ts_image_source_open(path, NULL);
            ck_assert_int_eq(ts_image_source_info(source)->orientation, orientation);
            ck_assert_int_eq(ts_image_source_info(source)->width, whole->width);
        }
}
END_TEST

START_TEST(orientation_of_a_jpeg_is_applied)
{
    g_autoptr(TsImage) image = ramp(32, 16, 3);
    g_autoptr(GBytes) plain = ts_image_encode(image, ".jpg", "a", NULL, NULL);
    gsize n;
    const guint8 *bytes = g_bytes_get_data(plain, &n);
    /* APP1 with a one-entry Exif directory: orientation 6. */
    const guint8 exif[] = "\xff\xe1\0\x22"
                          "Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    GByteArray *turned = g_byte_array_new();
    file_put(turned, bytes, 2);
    file_put(turned, exif, sizeof exif - 1);
    file_put(turned, bytes + 2, n - 2);
    g_autofree char *path = scratch("exif.jpg");
    file_write(path, turned);
    g_autoptr(TsImage) back = ts_image_read(path, NULL);
    ck_assert_ptr_nonnull(back);
    ck_assert_int_eq(back->width, 16);
    ck_assert_int_eq(back->height, 32);
    g_autoptr(TsImage) expected = ts_image_orient(image, 6, NULL);
    ck_assert_double_lt(mean_difference(expected, back), 3);
}
END_TEST

START_TEST(turned_images_have_to_fit_in_memory)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsImage) stored = pattern(29, 43, 3, TS_U8);
    g_autofree char *path = scratch("o3.tif");
    write_tiff(stored, path, FALSE, 3);
    g_autoptr(TsImageSource) source = ts_image_source_open(path, NULL);
    ts_image_source_set_memory(source, 100);
    ck_assert_ptr_null(ts_image_source_read_region(source, 0, 0, 5, 5, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_RANGE));
    ck_assert_msg(strstr(error->message, "orientation 3") != NULL, "%s", error->message);
}
END_TEST

START_TEST(bands_convert_by_the_documented_rule)
{
    TsImage *rgb = ts_image_new(2, 1, 3, TS_U8, NULL);
    memcpy(rgb->data, ((guint8[]){100, 150, 200, 255, 0, 0}), 6);
    g_autoptr(TsImage) grey = ts_image_convert_bands(rgb, 1, NULL);
    ck_assert_int_eq(grey->data[0], 141); /* 29.9 + 88.05 + 22.8 = 140.75 */
    ck_assert_int_eq(grey->data[1], 76);  /* 76.245 */
    g_autoptr(TsImage) back = ts_image_convert_bands(grey, 3, NULL);
    ck_assert_mem_eq(back->data, ((guint8[]){141, 141, 141, 76, 76, 76}), 6);
    ts_image_free(rgb);
    g_autoptr(TsImage) clear = ts_image_new(3, 1, 4, TS_U16, NULL);
    clear->has_alpha = TRUE;
    memcpy(clear->data,
           ((guint16[]){1000, 2000, 3000, 0, 1000, 2000, 3000, 65535, 1000, 2000, 3000, 13107}),
           24);
    g_autoptr(TsImage) flat = ts_image_convert_bands(clear, 3, NULL);
    ck_assert(!flat->has_alpha && flat->type == TS_U16);
    ck_assert_mem_eq(flat->data,
                     ((guint16[]){65535, 65535, 65535, 1000, 2000, 3000, 52628, 52828, 53028}),
                     18); /* opacity of 0, 1 and 0.2 over white */
    g_autoptr(GError) error = NULL;
    g_autoptr(TsImage) many = pattern(2, 2, 7, TS_U8);
    ck_assert_ptr_null(ts_image_convert_bands(many, 3, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
    g_autoptr(TsImage) copy = ts_image_convert_bands(many, 7, NULL);
    ck_assert(same_pixels(copy, many));
}
END_TEST

/* Weight of input `k` in output `i`, straight from the definition; not normalised. */
static double
triangle(int k, int i, int n_in, int n_out)
{
    double scale = (double) n_in / n_out, support = fmax(scale, 1);
    return fmax(0, 1 - fabs(k + 0.5 - (i + 0.5) * scale) / support);
}

static double
resized_sample(const TsImage *in, int width, int height, int x, int y, int band)
{
    double sum = 0, weights = 0;
    for (int v = 0; v < in->height; v++)
        for (int u = 0; u < in->width; u++) {
            double w = triangle(u, x, in->width, width) * triangle(v, y, in->height, height);
            sum += w * in->data[(v * in->width + u) * in->bands + band];
            weights += w;
        }
    return sum / weights;
}

START_TEST(resize_is_the_triangle_filter)
{
    const int sizes[][2] = {{20, 30}, {5, 7}, {28, 28}, {1, 1}, {61, 3}, {13, 90}};
    g_autoptr(TsImage) image = pattern(20, 30, 2, TS_U8);
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        int width = sizes[i][0], height = sizes[i][1];
        g_autoptr(TsImage) out = ts_image_resize(image, width, height, NULL);
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                for (int b = 0; b < 2; b++) {
                    double exact = resized_sample(image, width, height, x, y, b);
                    ck_assert_double_le(fabs(out->data[(y * width + x) * 2 + b] - exact),
                                        0.5 + 1e-9);
                }
    }
    g_autoptr(TsImage) same = ts_image_resize(image, 20, 30, NULL);
    ck_assert(same_pixels(same, image));
}
END_TEST

START_TEST(resize_keeps_constants_of_every_type)
{
    for (int type = TS_U8; type <= TS_F64; type++) {
        g_autoptr(TsImage) image = ts_image_new(9, 11, 1, (TsSampleType) type, NULL);
        gsize size = ts_sample_type_size((TsSampleType) type);
        const guint8 values[8] = {0x5a, 0x25, 0x1a, 0x44, 0x5a, 0x25, 0x1a, 0x40};
        for (int i = 0; i < 99; i++)
            memcpy(image->data + (gsize) i * size, values + 8 - size, size);
        g_autoptr(TsImage) out = ts_image_resize(image, 4, 30, NULL);
        for (int i = 0; i < 120; i++) {
            if (type == TS_F64)
                ck_assert_double_eq_tol(((double *) out->data)[i], ((double *) image->data)[0],
                                        1e-12);
            else
                ck_assert_mem_eq(out->data + (gsize) i * size, values + 8 - size, size);
        }
    }
}
END_TEST

START_TEST(mixing_rounds_half_to_even)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsImage) a = ts_image_new(4, 1, 1, TS_U8, NULL),
                       b = ts_image_new(4, 1, 1, TS_U8, NULL);
    memcpy(a->data, ((guint8[]){0, 1, 200, 10}), 4);
    memcpy(b->data, ((guint8[]){1, 2, 100, 255}), 4);
    g_autoptr(TsImage) half = ts_image_mix(a, b, 0.5, NULL);
    ck_assert_mem_eq(half->data, ((guint8[]){0, 2, 150, 132}), 4); /* 0.5, 1.5, 150, 132.5 */
    g_autoptr(TsImage) none = ts_image_mix(a, b, 0, NULL), all = ts_image_mix(a, b, 1, NULL);
    ck_assert(same_pixels(none, a) && same_pixels(all, b));
    g_autoptr(TsImage) beyond = ts_image_mix(a, b, 3, NULL);
    ck_assert_mem_eq(beyond->data, ((guint8[]){3, 4, 0, 255}), 4); /* clamped */
    g_autoptr(TsImage) other = pattern(5, 1, 1, TS_U8);
    ck_assert_ptr_null(ts_image_mix(a, other, 0.5, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
}
END_TEST

static void
add_all(TCase *tests)
{
    tcase_add_test(tests, orientation_is_applied_to_whole_reads_and_regions);
    tcase_add_test(tests, orientation_of_a_jpeg_is_applied);
    tcase_add_test(tests, turned_images_have_to_fit_in_memory);
    tcase_add_test(tests, bands_convert_by_the_documented_rule);
    tcase_add_test(tests, resize_is_the_triangle_filter);
    tcase_add_test(tests, resize_keeps_constants_of_every_type);
    tcase_add_test(tests, mixing_rounds_half_to_even);
}

int
main(void)
{
    return pictures_run("pixels", add_all);
}

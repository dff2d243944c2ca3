/* PNG: our reader against libvips on whole, damaged and truncated files of every plain kind. */
#include "base/error.h"
#include "image/png_read.h"
#include "pictures.h"
#include "same-pixels.h"

#include <vips/vips.h>

static int
load(const void *bytes, gsize n, VipsImage **image)
{
    return vips_pngload_buffer((void *) bytes, n, image, "fail_on", VIPS_FAIL_ON_ERROR, NULL);
}

static gboolean
check_same(const guint8 *bytes, gsize n, const char *what)
{
    return check_same_pixels(load, "a.png", bytes, n, what);
}

/* libvips from 8.16 on writes an eXIf chunk, which is left to libvips: it may turn the picture. */
static GBytes *
take_without_exif(guint8 *bytes, gsize n)
{
    for (gsize at = 8; at + 12 <= n;) {
        gsize chunk = 12 + ((gsize) bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 |
                            bytes[at + 3]);
        if (memcmp(bytes + at + 4, "eXIf", 4) == 0) {
            memmove(bytes + at, bytes + at + chunk, n - at - chunk);
            n -= chunk;
        } else
            at += chunk;
    }
    return g_bytes_new_take(bytes, n);
}

/* A file of libvips' own making. */
static GBytes *
save(const TsImage *image, const char *options)
{
    static const VipsInterpretation kinds[2][2] = {
        {VIPS_INTERPRETATION_B_W, VIPS_INTERPRETATION_sRGB},
        {VIPS_INTERPRETATION_GREY16, VIPS_INTERPRETATION_RGB16}};
    g_autofree char *suffix = g_strdup_printf(".png[%s]", options);
    gboolean wide = image->type == TS_U16;
    VipsImage *memory = vips_image_new_from_memory(
        image->data, (gsize) image->height * ts_image_row_size(image), image->width, image->height,
        image->bands, wide ? VIPS_FORMAT_USHORT : VIPS_FORMAT_UCHAR);
    VipsImage *named = NULL;
    void *bytes;
    size_t n;
    ck_assert_int_eq(
        vips_copy(memory, &named, "interpretation", kinds[wide][image->bands >= 3], NULL), 0);
    ck_assert_int_eq(vips_image_write_to_buffer(named, suffix, &bytes, &n, NULL), 0);
    g_object_unref(memory);
    g_object_unref(named);
    return take_without_exif(bytes, n);
}

static gboolean
is_taken(const guint8 *bytes, gsize n)
{
    g_autoptr(TsPngReader) reader = ts_png_reader_open_bytes(bytes, n, "a.png");
    return reader != NULL;
}

START_TEST(every_kind_and_filter_gives_the_pixels_of_libvips)
{
    static const char *const filters[] = {"none", "sub", "up", "avg", "paeth", "all"};
    for (int bands = 1; bands <= 4; bands++)
        for (int wide = 0; wide < 2; wide++)
            for (guint f = 0; f < G_N_ELEMENTS(filters); f++)
                for (int width = 1; width <= 70; width += 23) {
                    g_autoptr(TsImage) image = pattern(width, 41, bands, wide ? TS_U16 : TS_U8);
                    g_autofree char *options = g_strdup_printf("filter=%s", filters[f]);
                    g_autoptr(GBytes) file = save(image, options);
                    gsize n;
                    const guint8 *bytes = g_bytes_get_data(file, &n);
                    ck_assert(is_taken(bytes, n));
                    ck_assert(check_same(bytes, n, options));
                }
}
END_TEST

START_TEST(other_kinds_are_left_to_libvips)
{
    static const char *const options[] = {"interlace", "palette", "bitdepth=1", "bitdepth=4"};
    g_autoptr(TsImage) image = pattern(50, 40, 1, TS_U8);
    for (guint i = 0; i < G_N_ELEMENTS(options); i++) {
        g_autoptr(GBytes) file = save(image, options[i]);
        gsize n;
        const guint8 *bytes = g_bytes_get_data(file, &n);
        ck_assert_msg(!is_taken(bytes, n), "%s", options[i]);
        ck_assert(check_same(bytes, n, options[i]));
    }
}
END_TEST

START_TEST(what_ends_early_fails_where_libvips_fails)
{
    g_autoptr(TsImage) image = pattern(300, 200, 3, TS_U8);
    g_autoptr(GBytes) file = save(image, "filter=all");
    gsize size;
    const guint8 *bytes = g_bytes_get_data(file, &size);
    for (gsize n = 1; n < size; n += n < 200 || n > size - 100 ? 1 : 1009) {
        g_autofree char *what = g_strdup_printf("%" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT, n, size);
        g_autofree guint8 *part = g_memdup2(bytes, n); /* so that a sanitizer sees its end */
        check_same(part, n, what);
    }
}
END_TEST

START_TEST(damage_is_never_taken_for_pixels)
{
    g_autoptr(TsImage) image = pattern(60, 50, 3, TS_U8);
    g_autoptr(GBytes) file = save(image, "filter=all");
    gsize n;
    const guint8 *bytes = g_bytes_get_data(file, &n);
    for (gsize i = 0; i < n - 12; i += i < 100 ? 1 : 37) { /* IEND is not looked at */
        g_autofree guint8 *damaged = g_memdup2(bytes, n);
        damaged[i] ^= 0x10;
        g_autoptr(TsPngReader) reader = ts_png_reader_open_bytes(damaged, n, "a.png");
        g_autofree guint8 *pixels = g_malloc(60 * 50 * 3);
        g_autoptr(GError) error = NULL;
        ck_assert_msg(reader == NULL || !ts_png_reader_read(reader, 0, 50, pixels, &error),
                      "byte %" G_GSIZE_FORMAT, i);
    }
}
END_TEST

/* A picture with a profile and a resolution, in parts. */
START_TEST(profile_and_resolution_are_kept_and_rows_come_in_any_parts)
{
    g_autoptr(TsImage) image = pattern(33, 29, 3, TS_U16);
    g_autoptr(GBytes) file = save(image, "profile=srgb,filter=paeth");
    gsize n;
    const guint8 *bytes = g_bytes_get_data(file, &n);
    g_autoptr(TsPngReader) reader = ts_png_reader_open_bytes(bytes, n, "a.png");
    TsImageInfo info;
    GBytes *icc;
    ck_assert_ptr_nonnull(reader);
    ts_png_reader_info(reader, &info, &icc);
    ck_assert(icc != NULL && g_bytes_get_size(icc) > 132);
    ck_assert(info.mpp_x > 0);
    gsize row = ts_image_row_size(image);
    g_autofree guint8 *rows = g_malloc(29 * row);
    for (int y = 0; y < 29; y += 5)
        ck_assert(ts_png_reader_read(reader, y, MIN(5, 29 - y), rows + (gsize) y * row, NULL));
    ck_assert_int_eq(memcmp(rows, image->data, 29 * row), 0);
}
END_TEST

static void
add_all(TCase *tests)
{
    tcase_add_test(tests, every_kind_and_filter_gives_the_pixels_of_libvips);
    tcase_add_test(tests, other_kinds_are_left_to_libvips);
    tcase_add_test(tests, what_ends_early_fails_where_libvips_fails);
    tcase_add_test(tests, damage_is_never_taken_for_pixels);
    tcase_add_test(tests, profile_and_resolution_are_kept_and_rows_come_in_any_parts);
}

int
main(void)
{
    return pictures_run("png", add_all);
}

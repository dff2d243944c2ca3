/* JPEG: our reader against libvips on whole, damaged and truncated files. */
#include "base/error.h"
#include "pictures.h"

#include <vips/vips.h>

/* Something like a photograph: slow colours and some noise. */
static TsImage *
picture(int width, int height, int bands)
{
    TsImage *image = ramp(width, height, bands);
    g_autoptr(TsImage) noise = pattern(width, height, bands, TS_U8);
    for (int i = 0; i < width * height * bands; i++)
        image->data[i] = (guint8) (image->data[i] + noise->data[i] % 32);
    return image;
}

/* The pixels as libvips reads them with our choice of what is an error, or NULL. */
static guint8 *
read_by_libvips(const void *bytes, gsize n, gsize *n_pixels)
{
    VipsImage *image = NULL;
    guint8 *pixels = NULL;
    if (vips_jpegload_buffer((void *) bytes, n, &image, "autorotate", TRUE, "fail_on",
                             VIPS_FAIL_ON_ERROR, NULL) == 0) {
        pixels = vips_image_write_to_memory(image, n_pixels);
        g_object_unref(image);
    }
    vips_error_clear();
    return pixels;
}

/* Both fail, or both give the same pixels. */
static gboolean
check_same(const guint8 *bytes, gsize n, const char *what)
{
    gsize n_pixels;
    g_autofree guint8 *theirs = read_by_libvips(bytes, n, &n_pixels);
    g_autoptr(GError) error = NULL;
    g_autoptr(TsImage) ours = ts_image_read_bytes(bytes, n, "a.jpg", &error);
    ck_assert_msg((ours != NULL) == (theirs != NULL), "%s: libvips %s, ours says: %s", what,
                  theirs != NULL ? "reads it" : "refuses it", message(error));
    if (ours != NULL) {
        ck_assert_uint_eq(n_pixels, (gsize) ours->height * ts_image_row_size(ours));
        ck_assert_msg(memcmp(ours->data, theirs, n_pixels) == 0, "%s: other pixels", what);
    }
    return ours != NULL;
}

/* A file of libvips' own making, in any of its variants. */
static GBytes *
save(const TsImage *image, const char *options)
{
    g_autofree char *suffix = g_strdup_printf(".jpg[%s]", options);
    VipsImage *memory =
        vips_image_new_from_memory(image->data, (gsize) image->height * ts_image_row_size(image),
                                   image->width, image->height, image->bands, VIPS_FORMAT_UCHAR);
    VipsImage *coloured = NULL;
    void *bytes = NULL;
    size_t n = 0;
    vips_copy(memory, &coloured, "interpretation",
              image->bands == 4   ? VIPS_INTERPRETATION_CMYK
              : image->bands == 3 ? VIPS_INTERPRETATION_sRGB
                                  : VIPS_INTERPRETATION_B_W,
              NULL);
    ck_assert_msg(vips_image_write_to_buffer(coloured, suffix, &bytes, &n, NULL) == 0, "%s",
                  vips_error_buffer());
    g_object_unref(coloured);
    g_object_unref(memory);
    return g_bytes_new_take(bytes, n);
}

static const char *const variants[] = {"Q=75",
                                       "Q=95",
                                       "Q=80,subsample-mode=off",
                                       "Q=80,restart-interval=1",
                                       "Q=80,restart-interval=5",
                                       "Q=80,optimize-coding=true",
                                       "Q=80,interlace=true",
                                       "Q=95,subsample-mode=on"};

START_TEST(pixels_are_those_of_libvips)
{
    ck_assert_int_eq(VIPS_INIT("test-jpeg"), 0);
    const int sizes[][2] = {{1, 1}, {8, 8}, {16, 16}, {17, 33}, {131, 77}, {300, 5}, {5, 300}};
    for (guint v = 0; v < G_N_ELEMENTS(variants); v++)
        for (guint i = 0; i < G_N_ELEMENTS(sizes); i++)
            for (int bands = 1; bands <= 3; bands += 2) {
                g_autoptr(TsImage) image = picture(sizes[i][0], sizes[i][1], bands);
                g_autoptr(GBytes) file = save(image, variants[v]);
                gsize n;
                const guint8 *bytes = g_bytes_get_data(file, &n);
                ck_assert(check_same(bytes, n, variants[v]));
            }
}
END_TEST

START_TEST(damaged_files_are_read_or_refused_as_by_libvips)
{
    ck_assert_int_eq(VIPS_INIT("test-jpeg"), 0);
    g_autoptr(TsImage) image = picture(131, 97, 3);
    guint32 state = 7;
    int n_read = 0, n_refused = 0;
    for (guint v = 0; v < G_N_ELEMENTS(variants); v++) {
        g_autoptr(GBytes) file = save(image, variants[v]);
        gsize n;
        const guint8 *bytes = g_bytes_get_data(file, &n);
        for (int i = 0; i < 250; i++) {
            g_autofree guint8 *copy = g_memdup2(bytes, n);
            for (int k = 0; k <= i % 3; k++) {
                state = state * 1664525 + 1013904223;
                copy[(i % 2 ? (state >> 8) % n : (state >> 8) % 700)] = (guint8) (state >> 3);
            }
            g_autofree char *what = g_strdup_printf("%s, damage %d", variants[v], i);
            *(check_same(copy, n, what) ? &n_read : &n_refused) += 1;
        }
    }
    ck_assert_int_gt(n_read, 100);
    ck_assert_int_gt(n_refused, 100);
}
END_TEST

START_TEST(truncated_files_are_refused_as_by_libvips)
{
    ck_assert_int_eq(VIPS_INIT("test-jpeg"), 0);
    g_autoptr(TsImage) image = picture(90, 70, 3);
    g_autoptr(GBytes) file = save(image, "Q=80");
    gsize n;
    const guint8 *bytes = g_bytes_get_data(file, &n);
    for (gsize length = 1; length < n; length += length < n - 60 ? 37 : 1) {
        g_autofree char *what = g_strdup_printf("%zu of %zu bytes", length, n);
        g_autofree guint8 *copy = g_memdup2(bytes, length); /* so that tools see reads beyond */
        check_same(copy, length, what);
    }
}
END_TEST

static void
add_all(TCase *tests)
{
    tcase_add_test(tests, pixels_are_those_of_libvips);
    tcase_add_test(tests, damaged_files_are_read_or_refused_as_by_libvips);
    tcase_add_test(tests, truncated_files_are_refused_as_by_libvips);
}

int
main(void)
{
    return pictures_run("jpeg", add_all);
}

/* Images for tests: patterns, comparisons, TIFF files of any layout, and a folder for them all.
 *
 *     g_autofree char *path = scratch("a.tif");
 *     g_autoptr(TsImage) image = pattern(30, 20, 3, TS_U16);
 *     write_tiff(image, path, TRUE, 6);
 */
#pragma once

#include "files.h"
#include "image/image.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char *folder; /* of all files that the tests make */

static inline char *
scratch(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static inline const char *
message(GError *error)
{
    return error != NULL ? error->message : "no error";
}

/* Arbitrary bytes, the same for the same arguments; floats stay finite. */
static inline TsImage *
pattern(int width, int height, int bands, TsSampleType type)
{
    TsImage *image = ts_image_new(width, height, bands, type, NULL);
    gsize n = (gsize) width * (gsize) height * (gsize) bands;
    guint32 state = 12345;
    for (gsize i = 0; i < n * ts_sample_type_size(type); i++) {
        state = state * 1664525 + 1013904223;
        image->data[i] = (guint8) (state >> 24);
    }
    for (gsize i = 0; i < n; i++) {
        if (type == TS_F32)
            ((float *) image->data)[i] = (float) i / 7 - 100;
        if (type == TS_F64)
            ((double *) image->data)[i] = (double) i / 7 - 100;
    }
    return image;
}

static inline gboolean
same_pixels(const TsImage *a, const TsImage *b)
{
    return a->width == b->width && a->height == b->height && a->bands == b->bands &&
           a->type == b->type &&
           memcmp(a->data, b->data, (gsize) a->height * ts_image_row_size(a)) == 0;
}

static inline double
mean_difference(const TsImage *a, const TsImage *b)
{
    gsize n = (gsize) a->height * ts_image_row_size(a);
    double sum = 0;
    for (gsize i = 0; i < n; i++)
        sum += abs(a->data[i] - b->data[i]);
    return sum / (double) n;
}

static inline TsImage *
ramp(int width, int height, int bands)
{
    TsImage *image = ts_image_new(width, height, bands, TS_U8, NULL);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int b = 0; b < bands; b++)
                image->data[(y * width + x) * bands + b] =
                    (guint8) (40 + x * 100 / width + y * 60 / height + 10 * b);
    return image;
}

/* As large as one that a camera embeds, so that it takes several markers of a JPEG. */
static inline GBytes *
profile(void)
{
    g_autoptr(TsImage) noise = pattern(300, 250, 1, TS_U8);
    guint8 *bytes = noise->data;
    memset(bytes, 0, 132);
    memcpy(bytes, "\x00\x01\x24\xf8\0\0\0\0\x02\x40\0\0mntrRGB XYZ ", 24);
    memcpy(bytes + 36, "acsp", 4);
    memcpy(bytes + 68, "\0\0\xf6\xd6\0\1\0\0\0\0\xd3\x2d", 12); /* illuminant D50 */
    return g_bytes_new(bytes, 300 * 250);
}

/* Tiles of `side` with the pixels of `image`, zero beyond its edges. */
static inline GByteArray *
cut_pieces(const TsImage *image, int side)
{
    GByteArray *pieces = g_byte_array_new();
    gsize pixel = ts_image_pixel_size(image);
    g_autofree guint8 *zero = g_malloc0(pixel);
    for (int ty = 0; ty < image->height; ty += side)
        for (int tx = 0; tx < image->width; tx += side)
            for (int y = ty; y < ty + side; y++)
                for (int x = tx; x < tx + side; x++)
                    file_put(pieces,
                             x < image->width && y < image->height
                                 ? image->data +
                                       ((gsize) y * (gsize) image->width + (gsize) x) * pixel
                                 : zero,
                             pixel);
    return pieces;
}

/* Write 8- or 16-bit `image` as TIFF: in tiles of 16, or in strips of 3 rows. */
static inline void
write_tiff(const TsImage *image, const char *path, gboolean tiled, int orientation)
{
    FileTiff head = {.width = (guint32) image->width,
                     .height = (guint32) image->height,
                     .bands = image->bands,
                     .bits = (int) (8 * ts_sample_type_size(image->type)),
                     .photometric = image->bands < 3 ? 1 : 2,
                     .orientation = orientation,
                     .tile = tiled ? 16 : 0,
                     .n_strip = 3};
    gsize n = (gsize) image->height * ts_image_row_size(image);
    g_autoptr(GByteArray) pieces = tiled ? cut_pieces(image, 16) : g_byte_array_new();
    if (!tiled)
        file_put(pieces, image->data, n);
    gsize piece = tiled ? 256 * ts_image_pixel_size(image) : 3 * ts_image_row_size(image);
    file_write(path, file_tiff(&head, pieces->data, pieces->len, piece));
}

/* Compare 60 pseudo-random regions of `path` with crops of `whole`. */
static inline void
check_regions(const char *path, const TsImage *whole, guint64 memory)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsImageSource) source = ts_image_source_open(path, &error);
    ck_assert_msg(source != NULL, "%s", message(error));
    ts_image_source_set_memory(source, memory);
    guint32 state = 99;
    for (int i = 0; i < 60; i++) {
        int at[4];
        for (int k = 0; k < 4; k++)
            at[k] = (int) ((state = state * 1664525 + 1013904223) >> 16);
        int x = at[0] % whole->width, y = at[1] % whole->height;
        int width = 1 + at[2] % (whole->width - x), height = 1 + at[3] % (whole->height - y);
        g_autoptr(TsImage) part = ts_image_source_read_region(source, x, y, width, height, &error);
        ck_assert_msg(part != NULL, "%s", message(error));
        g_autoptr(TsImage) crop = ts_image_crop(whole, x, y, width, height, NULL);
        ck_assert_msg(same_pixels(part, crop), "%s: %d,%d %dx%d", path, x, y, width, height);
    }
}

/* libvips warns of what it then reports as an error. */
static inline GLogWriterOutput
discard(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
    return G_LOG_WRITER_HANDLED;
}

static inline void
remove_folder(void)
{
    g_autoptr(GDir) list = g_dir_open(folder, 0, NULL);
    for (const char *name; list != NULL && (name = g_dir_read_name(list)) != NULL;) {
        g_autofree char *path = scratch(name);
        unlink(path);
    }
    rmdir(folder);
    g_free(folder);
}

/* Run the tests that `add_all` adds, with a folder for their files. */
static inline int
pictures_run(const char *name, void (*add_tests)(TCase *tests))
{
    g_log_set_writer_func(discard, NULL, NULL);
    folder = g_dir_make_tmp("tessera-XXXXXX", NULL);
    Suite *suite = suite_create(name);
    TCase *tests = tcase_create(name);
    tcase_set_timeout(tests, 60);
    add_tests(tests);
    suite_add_tcase(suite, tests);
    int status = unit_run(suite);
    remove_folder();
    return status;
}

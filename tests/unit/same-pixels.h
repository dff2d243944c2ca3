/* Whether our reader of a format and libvips' see the same picture in the same bytes. */
#pragma once

#include "base/error.h"
#include "pictures.h"

#include <vips/vips.h>

/* libvips' loader of one format, with our choice of what is an error; 0, or a failure. */
typedef int (*VipsLoader)(const void *bytes, gsize n, VipsImage **image);

static inline guint8 *
read_by_libvips(VipsLoader load, const void *bytes, gsize n, gsize *n_pixels)
{
    VipsImage *image = NULL;
    guint8 *pixels = NULL;
    if (load(bytes, n, &image) == 0) {
        pixels = vips_image_write_to_memory(image, n_pixels);
        g_object_unref(image);
    }
    vips_error_clear();
    return pixels;
}

/* Both fail, or both give the same pixels; whether they did. `name` tells our reader the format. */
static inline gboolean
check_same_pixels(VipsLoader load, const char *name, const guint8 *bytes, gsize n, const char *what)
{
    gsize n_pixels;
    g_autofree guint8 *theirs = read_by_libvips(load, bytes, n, &n_pixels);
    g_autoptr(GError) error = NULL;
    g_autoptr(TsImage) ours = ts_image_read_bytes(bytes, n, name, &error);
    ck_assert_msg((ours != NULL) == (theirs != NULL), "%s: libvips %s, ours says: %s", what,
                  theirs != NULL ? "reads it" : "refuses it", message(error));
    if (ours != NULL) {
        ck_assert_uint_eq(n_pixels, (gsize) ours->height * ts_image_row_size(ours));
        ck_assert_msg(memcmp(ours->data, theirs, n_pixels) == 0, "%s: other pixels", what);
    }
    return ours != NULL;
}

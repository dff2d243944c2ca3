/* Any image as 8-bit grey or RGB, as measures and hashes are defined on: inside of lib/check.
 *
 * 16 bits are scaled to 8, opacity is laid over white, of other numbers of bands the first three
 * (or the first) are taken, floats outside of 0 .. 1 are stretched from their smallest to their
 * largest value.
 */
#pragma once

#include "image/image.h"

G_BEGIN_DECLS

typedef struct {
    const guint8 *data; /* (height, width, bands) */
    const guint8 *grey; /* (height, width) */
    int width, height, bands;
    guint8 *owned, *owned_grey; /* where they are not the image's own */
} TsPlain;

/* Look at `image`, which must outlive the pixels. TS_ERROR_NO_MEMORY. */
gboolean ts_plain_init(TsPlain *pixels, const TsImage *image, GError **error);
void ts_plain_clear(TsPlain *pixels);

static inline gsize
ts_plain_n(const TsPlain *pixels)
{
    return (gsize) pixels->width * (gsize) pixels->height;
}

/* 0.299 R + 0.587 G + 0.114 B of `n` pixels of RGB, as Pillow rounds it. */
void ts_plain_make_grey(const guint8 *rgb, gsize n, guint8 *grey);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsPlain, ts_plain_clear)

G_END_DECLS

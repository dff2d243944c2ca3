/* JPEG tables and an abbreviated stream put together, inside of lib/image.
 *
 * Source: ITU-T T.81, annex B (markers) and B.4 (abbreviated formats); TIFF Technical Note 2;
 * T.871 (JFIF); the marker APP14 as Adobe's Technical Note 5116 has it. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    GByteArray *start;            /* what every file begins with */
    guint32 quantizers, huffmans; /* bit i: table i is defined; of Huffman's 4 to 7 are for AC */
    int width, height, bands;     /* what a stream has to declare */
} TsTiffJpeg;

/* Set up for streams of width x height pixels. `tables`, or NULL, is a stream of tables alone;
 * `icc` a colour profile or NULL. TS_ERROR_FORMAT; `name` stands in messages. */
gboolean
ts_tiff_jpeg_init(TsTiffJpeg *jpeg, int width, int height, int bands, gboolean is_rgb,
                  const guint8 *tables, gsize n, GBytes *icc, const char *name, GError **error);

/* Let the files say their resolution, in pixels a centimetre, up to 65535. JFIF has room for it;
 * files of RGB, which have Adobe's marker, have none. */
void ts_tiff_jpeg_set_resolution(TsTiffJpeg *jpeg, double x, double y);

/* Put a stream behind the start, into `out`, which is emptied first. */
gboolean ts_tiff_jpeg_merge(const TsTiffJpeg *jpeg, const guint8 *stream, gsize n, GByteArray *out,
                            const char *name, GError **error);

/* Free what it holds. Safe on zeroed memory. */
void ts_tiff_jpeg_clear(TsTiffJpeg *jpeg);

G_END_DECLS

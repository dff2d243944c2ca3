/* Where libjpeg gets its bytes from, inside of the fence: a file, in pieces, or memory.
 *
 * Running out of bytes is an error of libjpeg ("Premature end of input file"), never an end that is
 * made up: half a file must not look like a whole one.
 */
#pragma once

#include "image/jpeg_fence.h"

G_BEGIN_DECLS

typedef struct {
    struct jpeg_source_mgr base; /* first: libjpeg's `src` points here */
    int fd;                      /* -1: memory */
    guint8 *buffer;              /* of a file's piece */
    gboolean suspends;           /* give nothing more by itself, see ts_jpeg_input_append() */
} TsJpegInput;

/* Open a file. TS_ERROR_IO. */
gboolean ts_jpeg_input_open(TsJpegInput *input, const char *path, GError **error);

/* Take bytes, which have to stay. */
void ts_jpeg_input_open_bytes(TsJpegInput *input, gconstpointer bytes, gsize n);

/* Read one more piece of a file behind the bytes that are left. With `suspends` this is the only
 * way to more of them: libjpeg returns in between. Fatal errors leave through `jpeg`. */
void ts_jpeg_input_append(TsJpegInput *input, j_decompress_ptr jpeg);

/* Close; safe on zeroed memory where fd is -1, and twice. */
void ts_jpeg_input_close(TsJpegInput *input);

/* The number of EXIF's orientation tag in the APP1 markers that libjpeg saved; 1 without. */
int ts_jpeg_find_orientation(const struct jpeg_decompress_struct *jpeg);

/* The colour profile in the APP2 markers that libjpeg saved, or NULL. */
GBytes *ts_jpeg_find_profile(struct jpeg_decompress_struct *jpeg);

G_END_DECLS

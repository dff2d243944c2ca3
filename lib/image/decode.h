/* Decoding, through libvips or for plain JPEG and PNG readers of ours: an opened file, its header,
 * rectangles of its stored pixels.
 *
 * Inside of lib/image: source.c decides when to decode what, and turns pixels by the orientation.
 */
#pragma once

#include "image/jpeg_read.h"
#include "image/orient.h"
#include "image/png_read.h"
#include "image/vips_module.h"

G_BEGIN_DECLS

typedef struct {
    const char *path;   /* borrowed, for messages */
    TsJpegReader *jpeg; /* decodes plain JPEG; else NULL */
    TsPngReader *png;   /* decodes plain PNG; else NULL */
    const TsVips *vips; /* once it was needed */
    TsVipsImage *image; /* decodes the rest, lazily; else NULL */
    const char *loader; /* libvips' name of what decodes, or NULL */
    int level;          /* of a pyramid; 0: the image itself */
    gboolean is_random; /* any rectangle at any time; else from the top, once */
    TsImageInfo info;   /* of the stored pixels; `orientation` is still to be applied */
    GBytes *icc;        /* or NULL */
} TsDecoder;

/* Open `path` and read its header. */
gboolean ts_decoder_open(TsDecoder *decoder, const char *path, GError **error);

/* The same for a level of a pyramid; 0 is the image itself. TS_ERROR_ARGUMENT if there is none. */
gboolean ts_decoder_open_level(TsDecoder *decoder, const char *path, int level, GError **error);

/* The same for the bytes of a file, which have to stay until the decoder is closed. */
gboolean ts_decoder_open_bytes(TsDecoder *decoder, gconstpointer bytes, gsize n, const char *name,
                               GError **error);

/* Free what a decoder holds. Safe on zeroed memory, and twice. */
void ts_decoder_close(TsDecoder *decoder);

/* Make an image of the stored pixels' kind. */
TsImage *ts_decoder_new_image(const TsDecoder *decoder, int width, int height, GError **error);

/* Decode `rect` to the rows of `to` from `to_y` on; `to` is `rect.width` wide. Several threads may
 * call it on a random decoder; on others one at a time, going down and in full width. */
gboolean
ts_decoder_read(const TsDecoder *decoder, TsRect rect, TsImage *to, int to_y, GError **error);

G_END_DECLS

/* Where libjpeg puts its bytes, inside of the fence: a buffer that grows and is used again. */
#pragma once

#include "image/jpeg_fence.h"

G_BEGIN_DECLS

typedef struct {
    struct jpeg_destination_mgr base; /* first: libjpeg's `dest` points here */
    guint8 *buffer;
    gsize size;
} TsJpegOutput;

/* Prepare; assign &output->base to the `dest` of a created libjpeg struct. */
void ts_jpeg_output_init(TsJpegOutput *output);

/* Bytes of the file that was finished last, or of one in work since the last restart; they begin at
 * `buffer`. */
gsize ts_jpeg_output_size(const TsJpegOutput *output);

/* Go on at the front of the buffer, whose bytes were taken. */
void ts_jpeg_output_restart(TsJpegOutput *output);

/* Free the buffer. Safe on zeroed memory, and twice. */
void ts_jpeg_output_clear(TsJpegOutput *output);

G_END_DECLS

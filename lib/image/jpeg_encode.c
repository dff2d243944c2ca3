/* Baseline JPEG with libjpeg's standard tables, as libvips' jpegsave writes it by default: the same
 * quality gives the same coefficients. */
#include "image/jpeg_encode.h"

#include "image/jpeg_output.h"

enum {
    FULL_COLOUR_QUALITY = 90, /* from here on chroma is not subsampled, as in libvips */
    ROWS_AT_ONCE = 16
};

struct _TsJpegEncoder {
    struct jpeg_compress_struct jpeg;
    TsJpegErrors errors;
    TsJpegOutput output;
    int quality;
};

static gboolean
create(TsJpegEncoder *self)
{
    self->jpeg.err = ts_jpeg_errors_init(&self->errors);
    if (setjmp(self->errors.out) != 0)
        return FALSE;
    jpeg_create_compress(&self->jpeg);
    self->jpeg.dest = &self->output.base;
    return TRUE;
}

TsJpegEncoder *
ts_jpeg_encoder_new(int quality, GError **error)
{
    TsJpegEncoder *self = g_new0(TsJpegEncoder, 1);
    ts_jpeg_output_init(&self->output);
    self->quality = quality;
    if (create(self))
        return self;
    ts_error_set(error, TS_ERROR_DEPENDENCY, "libjpeg does not start: %s", self->errors.text);
    ts_jpeg_encoder_free(self);
    return NULL;
}

void
ts_jpeg_encoder_free(TsJpegEncoder *self)
{
    if (self == NULL)
        return;
    jpeg_destroy_compress(&self->jpeg);
    ts_jpeg_output_clear(&self->output);
    g_free(self);
}

static void
set_parameters(TsJpegEncoder *self, int bands, int width, int height)
{
    struct jpeg_compress_struct *jpeg = &self->jpeg;
    jpeg->image_width = (JDIMENSION) width;
    jpeg->image_height = (JDIMENSION) height;
    jpeg->input_components = bands;
    jpeg->in_color_space = bands == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, self->quality, TRUE);
    for (int c = 0; c < jpeg->num_components && self->quality >= FULL_COLOUR_QUALITY; c++)
        jpeg->comp_info[c].h_samp_factor = jpeg->comp_info[c].v_samp_factor = 1;
}

static void
write_rows(struct jpeg_compress_struct *jpeg, const guint8 *pixels, gsize stride, JDIMENSION n)
{
    JSAMPROW rows[ROWS_AT_ONCE];
    for (JDIMENSION done = 0; done < n;) {
        JDIMENSION n_now = MIN(ROWS_AT_ONCE, n - done);
        for (JDIMENSION i = 0; i < n_now; i++) /* libjpeg does not write to its input */
            rows[i] = (guint8 *) pixels + (done + i) * stride;
        done += jpeg_write_scanlines(jpeg, rows, n_now);
    }
}

static void
start(TsJpegEncoder *self, const TsImage *like, int width, int height)
{
    struct jpeg_compress_struct *jpeg = &self->jpeg;
    set_parameters(self, like->bands, width, height);
    jpeg_start_compress(jpeg, TRUE);
    if (like->icc != NULL) {
        gsize n;
        const guint8 *profile = g_bytes_get_data(like->icc, &n);
        jpeg_write_icc_profile(jpeg, profile, (unsigned) n);
    }
}

static gboolean
compress(TsJpegEncoder *self, const TsImage *like, const guint8 *pixels, gsize stride, int width,
         int height)
{
    struct jpeg_compress_struct *jpeg = &self->jpeg;
    if (setjmp(self->errors.out) != 0) {
        jpeg_abort_compress(jpeg);
        return FALSE;
    }
    start(self, like, width, height);
    write_rows(jpeg, pixels, stride, jpeg->image_height);
    jpeg_finish_compress(jpeg);
    return TRUE;
}

gboolean
ts_jpeg_encoder_encode(TsJpegEncoder *self, const TsImage *like, const guint8 *pixels, gsize stride,
                       int width, int height, const guint8 **bytes, gsize *n, GError **error)
{
    g_assert(like->type == TS_U8 && (like->bands == 1 || like->bands == 3));
    if (!compress(self, like, pixels, stride, width, height))
        return ts_error_set(error, TS_ERROR_DEPENDENCY, "cannot be encoded: %s", self->errors.text);
    *bytes = self->output.buffer;
    *n = ts_jpeg_output_size(&self->output);
    return TRUE;
}

/* --- rows as they come --- */

static gboolean
put_rows(TsJpegEncoder *self, const TsImage *rows, int width, int height)
{
    struct jpeg_compress_struct *jpeg = &self->jpeg;
    if (setjmp(self->errors.out) != 0) {
        jpeg_abort_compress(jpeg);
        return FALSE;
    }
    if (height > 0)
        start(self, rows, width, height);
    if (rows != NULL)
        write_rows(jpeg, rows->data, ts_image_row_size(rows), (JDIMENSION) rows->height);
    else
        jpeg_finish_compress(jpeg);
    return TRUE;
}

/* The bytes by now; the next ones begin at the front of the buffer again. */
static gboolean
take_bytes(TsJpegEncoder *self, gboolean done, const guint8 **bytes, gsize *n, GError **error)
{
    if (!done)
        return ts_error_set(error, TS_ERROR_DEPENDENCY, "cannot be encoded: %s", self->errors.text);
    *bytes = self->output.buffer;
    *n = ts_jpeg_output_size(&self->output);
    ts_jpeg_output_restart(&self->output);
    return TRUE;
}

gboolean
ts_jpeg_encoder_put_rows(TsJpegEncoder *self, const TsImage *rows, int y, int height,
                         const guint8 **bytes, gsize *n, GError **error)
{
    g_assert(rows->type == TS_U8 && (rows->bands == 1 || rows->bands == 3));
    return take_bytes(self, put_rows(self, rows, rows->width, y == 0 ? height : 0), bytes, n,
                      error);
}

gboolean
ts_jpeg_encoder_finish(TsJpegEncoder *self, const guint8 **bytes, gsize *n, GError **error)
{
    return take_bytes(self, put_rows(self, NULL, 0, 0), bytes, n, error);
}

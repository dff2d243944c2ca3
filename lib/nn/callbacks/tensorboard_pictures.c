/* Pictures for TensorBoard: samples side by side, and the confusion matrix. */
#include "nn/callbacks/tensorboard.h"

#include "image/encoder.h"

#include <math.h>
#include <string.h>

enum { MATRIX_SIDE = 512 }; /* pixels that a confusion matrix is scaled up to, if it is smaller */

static int
shown_channels(const TsPreprocess *how)
{
    return how->channels >= 3 ? 3 : 1;
}

static gsize
sample_size(const TsPreprocess *how)
{
    return (gsize) how->width * how->height * shown_channels(how);
}

TsMosaic *
ts_mosaic_new(const TsPreprocess *how)
{
    TsMosaic *self = g_new0(TsMosaic, 1);
    self->how = *how;
    self->pixels = g_byte_array_new();
    return self;
}

void
ts_mosaic_free(TsMosaic *self)
{
    if (self == NULL)
        return;
    g_byte_array_unref(self->pixels);
    g_free(self);
}

void
ts_mosaic_clear(TsMosaic *self)
{
    self->n = 0;
    g_byte_array_set_size(self->pixels, 0);
}

gboolean
ts_mosaic_add(TsMosaic *self, const float *sample)
{
    if (self->n == TS_MOSAIC_MAX)
        return FALSE;
    const TsPreprocess *how = &self->how;
    const int shown = shown_channels(how);
    const gsize plane = (gsize) how->width * how->height;
    g_byte_array_set_size(self->pixels, (guint) (sample_size(how) * (self->n + 1)));
    guint8 *out = self->pixels->data + sample_size(how) * self->n;
    for (gsize i = 0; i < plane; i++)
        for (int c = 0; c < shown; c++) {
            float value = sample[c * plane + i] * how->std[c] + how->mean[c];
            out[i * shown + c] = (guint8) CLAMP(lrintf(255 * value), 0, 255);
        }
    self->n++;
    return TRUE;
}

static gboolean
write_picture(TsEventWriter *writer, const char *tag, gint64 step, const TsImage *picture,
              GError **error)
{
    const guint8 *png;
    gsize n;
    g_autoptr(TsEncoder) encoder = ts_encoder_new(".png", NULL, error);
    return encoder != NULL &&
           ts_encoder_encode(encoder, picture, picture->data,
                             (gsize) picture->width * picture->bands, picture->width,
                             picture->height, &png, &n, error) &&
           ts_event_writer_add_image(writer, tag, step, picture->width, picture->height,
                                     picture->bands, png, n, error);
}

gboolean
ts_mosaic_write(const TsMosaic *self, TsEventWriter *writer, const char *tag, gint64 step,
                GError **error)
{
    const TsPreprocess *how = &self->how;
    const int columns = (int) ceil(sqrt(self->n));
    const int shown = shown_channels(how);
    if (self->n == 0)
        return TRUE;
    const int rows = ((int) self->n + columns - 1) / columns;
    g_autoptr(TsImage) picture =
        ts_image_new(columns * how->width, rows * how->height, shown, TS_U8, error);
    if (picture == NULL)
        return FALSE;
    const gsize line = (gsize) how->width * shown;
    for (guint i = 0; i < self->n; i++)
        for (int y = 0; y < how->height; y++)
            memcpy(picture->data +
                       (((gsize) (i / columns) * how->height + y) * columns + i % columns) * line,
                   self->pixels->data + sample_size(how) * i + y * line, line);
    return write_picture(writer, tag, step, picture, error);
}

gboolean
ts_tensorboard_add_confusion(TsEventWriter *writer, const char *tag, gint64 step,
                             const TsConfusion *confusion, GError **error)
{
    const int n = (int) ts_confusion_n_classes(confusion);
    const int cell = MAX(MATRIX_SIDE / n, 1);
    g_autoptr(TsImage) picture = ts_image_new(n * cell, n * cell, 3, TS_U8, error);
    if (picture == NULL)
        return FALSE;
    for (int y = 0; y < picture->height; y++) {
        double support = ts_confusion_compute_support(confusion, (guint) (y / cell));
        for (int x = 0; x < picture->width; x++) {
            double count = ts_confusion_get(confusion, (guint) (y / cell), (guint) (x / cell));
            double share = support > 0 ? count / support : 0;
            guint8 *pixel = picture->data + ((gsize) y * picture->width + x) * 3;
            pixel[0] = (guint8) lrint(255 - 247 * share);
            pixel[1] = (guint8) lrint(255 - 207 * share);
            pixel[2] = (guint8) lrint(255 - 148 * share);
        }
    }
    return write_picture(writer, tag, step, picture, error);
}

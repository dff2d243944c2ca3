/* Samples of any type to floats and back. */
#include "image/transform/pixels.h"

#include "base/error.h"
#include "image/samples.h"

#include <math.h>

gboolean
ts_pixels_has_type(TsSampleType type)
{
    return type == TS_U8 || type == TS_U16 || type == TS_I16 || type == TS_F32;
}

#define LOAD(T)                                                                                    \
    for (gsize i = 0; i < n; i++)                                                                  \
        for (int b = 0; b < self->bands; b++)                                                      \
            to[i * (gsize) self->bands + (gsize) b] =                                              \
                (float) ((const T *) in)[i * (gsize) self->stride + (gsize) b];                    \
    break

#define LOAD_ALL(T)                                                                                \
    for (gsize i = 0; i < self->n; i++)                                                            \
        to[i] = (float) ((const T *) in)[i];                                                       \
    return

static void
load_all(TsPixels *self, const void *restrict in)
{
    float *restrict to = self->data;
    switch (self->type) {
    case TS_U8:
        LOAD_ALL(guint8);
    case TS_U16:
        LOAD_ALL(guint16);
    case TS_I16:
        LOAD_ALL(gint16);
    default:
        LOAD_ALL(float);
    }
}

static void
load_colours(TsPixels *self, const void *in)
{
    const gsize n = (gsize) self->width * (gsize) self->height;
    float *to = self->data;
    switch (self->type) {
    case TS_U8:
        LOAD(guint8);
    case TS_U16:
        LOAD(guint16);
    case TS_I16:
        LOAD(gint16);
    default:
        LOAD(float);
    }
}

gboolean
ts_pixels_load(TsPixels *self, const TsImage *image, GError **error)
{
    if (!ts_pixels_has_type(image->type))
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s samples cannot be changed; 8-bit, 16-bit, signed 16-bit and float "
                            "ones can",
                            ts_sample_type_name(image->type));
    const gboolean is_float = image->type == TS_F32;
    const float white = (float) ts_sample_type_white(image->type);
    *self = (TsPixels){.width = image->width,
                       .height = image->height,
                       .bands = image->bands - (image->has_alpha ? 1 : 0),
                       .stride = image->bands,
                       .white = white,
                       .low = is_float                ? -INFINITY
                              : image->type == TS_I16 ? -32768
                                                      : 0,
                       .high = is_float ? INFINITY : white,
                       .type = image->type,
                       .is_whole = !is_float};
    self->n = (gsize) image->width * (gsize) image->height * (gsize) self->bands;
    self->data = g_try_new(float, self->n);
    if (self->data == NULL)
        return ts_error_set(error, TS_ERROR_NO_MEMORY, "no memory for %d x %d pixels of %d bands",
                            image->width, image->height, self->bands);
    if (self->bands == self->stride)
        load_all(self, image->data);
    else
        load_colours(self, image->data);
    return TRUE;
}

/* Every change has clamped its samples, so only rounding is left. The offset makes all of them
 * positive, where cutting off is rounding down. */
#define STORE(T, OFFSET)                                                                           \
    for (gsize i = 0; i < n; i++)                                                                  \
        for (int b = 0; b < bands; b++)                                                            \
            ((T *) out)[i * (gsize) stride + (gsize) b] =                                          \
                (T) ((int) (from[i * (gsize) bands + (gsize) b] + (OFFSET + 0.5f)) - OFFSET);      \
    break

static inline void
store(TsSampleType type, const float *restrict from, gsize n, int bands, int stride,
      void *restrict out)
{
    switch (type) {
    case TS_U8:
        STORE(guint8, 0);
    case TS_U16:
        STORE(guint16, 0);
    case TS_I16:
        STORE(gint16, 32768);
    default:
        for (gsize i = 0; i < n; i++)
            for (int b = 0; b < bands; b++)
                ((float *) out)[i * (gsize) stride + (gsize) b] =
                    from[i * (gsize) bands + (gsize) b];
    }
}

void
ts_pixels_store(const TsPixels *self, TsImage *image)
{
    /* Without opacity all samples are one row of single ones, which compiles to vectors. */
    if (self->bands == self->stride)
        store(self->type, self->data, self->n, 1, 1, image->data);
    else
        store(self->type, self->data, self->n / (gsize) self->bands, self->bands, self->stride,
              image->data);
}

void
ts_pixels_clear(TsPixels *self)
{
    g_clear_pointer(&self->data, g_free);
}

void
ts_pixels_clamp(TsPixels *self)
{
    const float low = self->low, high = self->high;
    float *restrict data = self->data;
    if (self->type == TS_F32)
        return;
    for (gsize i = 0; i < self->n; i++) {
        float value = data[i] < low ? low : data[i];
        data[i] = value > high ? high : value;
    }
}

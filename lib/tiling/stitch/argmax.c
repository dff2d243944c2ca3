/* The largest band of each pixel. */
#include "tiling/stitch/argmax.h"

#include "base/error.h"

gboolean
ts_argmax_init(TsArgmax *self, const TsImage *kind, GError **error)
{
    if (kind->bands < 2 || kind->bands > G_MAXUINT16)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--argmax: wants a band for each class, there %s %d",
                            kind->bands == 1 ? "is" : "are", kind->bands);
    self->kind = ts_image_new(1, 1, 1, kind->bands <= G_MAXUINT8 ? TS_U8 : TS_U16, error);
    return self->kind != NULL;
}

void
ts_argmax_clear(TsArgmax *self)
{
    g_clear_pointer(&self->kind, ts_image_free);
}

static guint
find_largest(const TsImage *stripe, const guint8 *pixel)
{
    const gsize sample = ts_sample_type_size(stripe->type);
    guint best = 0;
    double largest = ts_merge_value(stripe->type, pixel);
    for (guint b = 1; b < (guint) stripe->bands; b++) {
        double value = ts_merge_value(stripe->type, pixel + b * sample);
        if (value > largest || largest != largest) {
            largest = value;
            best = b;
        }
    }
    return best;
}

gboolean
ts_argmax_put(const TsImage *stripe, int y, gpointer argmax, GError **error)
{
    TsArgmax *self = argmax;
    const gsize step = ts_image_pixel_size(stripe);
    g_autoptr(TsImage) labels = ts_image_new_like(self->kind, stripe->width, stripe->height, error);
    if (labels == NULL)
        return FALSE;
    const gsize n = (gsize) stripe->width * (gsize) stripe->height;
    for (gsize i = 0; i < n; i++) {
        guint best = find_largest(stripe, stripe->data + i * step);
        if (labels->type == TS_U8)
            labels->data[i] = (guint8) best;
        else
            ((guint16 *) (void *) labels->data)[i] = (guint16) best;
    }
    return self->put(labels, y, self->data, error);
}

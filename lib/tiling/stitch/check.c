/* A canvas against the image that it should be, as stripes pass. */
#include "base/error.h"
#include "tiling/stitch/merge.h"
#include "tiling/stitch/out.h"

#include <string.h>

struct _TsCanvasCheck {
    TsImageSource *source;
    TsImage *rows; /* as high as the highest stripe */
    guint64 n_pixels, n_different;
    int x, y, band; /* the first difference */
    double there, here;
};

TsCanvasCheck *
ts_canvas_check_new(const char *path, int width, int height, gboolean scaled, const TsImage *kind,
                    GError **error)
{
    g_autoptr(TsCanvasCheck) self = g_new0(TsCanvasCheck, 1);
    self->source = scaled
                       ? ts_image_source_open_scaled(path, width, height, TS_FILTER_LANCZOS, error)
                       : ts_image_source_open(path, error);
    if (self->source == NULL)
        return NULL;
    const TsImageInfo *info = ts_image_source_info(self->source);
    if (info->width != width || info->height != height || info->bands != kind->bands ||
        info->type != kind->type) {
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s: is %d x %d pixels of %d %s bands, the tiles make %d x %d of %d %s bands",
                     path, info->width, info->height, info->bands, ts_sample_type_name(info->type),
                     width, height, kind->bands, ts_sample_type_name(kind->type));
        return NULL;
    }
    /* Rows come in order, so that upright images need no more than a stripe. */
    if (info->orientation < 3)
        ts_image_source_set_memory(self->source, 0);
    return g_steal_pointer(&self);
}

/* Keep where the pixels at `there` (the image's) and `here` differ. */
static void
keep_first(TsCanvasCheck *self, const TsImage *kind, const guint8 *there, const guint8 *here, int x,
           int y)
{
    const gsize sample = ts_sample_type_size(kind->type);
    self->x = x;
    self->y = y;
    while (memcmp(there, here, sample) == 0) {
        self->band++;
        there += sample;
        here += sample;
    }
    self->there = ts_merge_value(kind->type, there);
    self->here = ts_merge_value(kind->type, here);
}

static void
compare_row(TsCanvasCheck *self, const TsImage *stripe, const guint8 *there, const guint8 *here,
            int y)
{
    const gsize pixel = ts_image_pixel_size(stripe);
    if (memcmp(there, here, ts_image_row_size(stripe)) == 0)
        return;
    for (int x = 0; x < stripe->width; x++, there += pixel, here += pixel) {
        if (memcmp(there, here, pixel) == 0)
            continue;
        if (self->n_different++ == 0)
            keep_first(self, stripe, there, here, x, y);
    }
}

gboolean
ts_canvas_check_put(const TsImage *stripe, int y, gpointer check, GError **error)
{
    TsCanvasCheck *self = check;
    const gsize n = ts_image_row_size(stripe);
    if (self->rows == NULL || self->rows->height < stripe->height) {
        ts_image_free(self->rows);
        self->rows = ts_image_source_new_image(self->source, stripe->width, stripe->height, error);
    }
    if (self->rows == NULL ||
        !ts_image_source_read_rows(self->source, y, stripe->height, self->rows, 0, error))
        return FALSE;
    for (int row = 0; row < stripe->height; row++)
        compare_row(self, stripe, self->rows->data + (gsize) row * n,
                    stripe->data + (gsize) row * n, y + row);
    self->n_pixels += (guint64) stripe->width * (guint64) stripe->height;
    return TRUE;
}

gboolean
ts_canvas_check_finish(const TsCanvasCheck *self, GError **error)
{
    if (self->n_different == 0)
        return TRUE;
    return ts_error_set(error, TS_ERROR_FORMAT,
                        "%s: differs from the tiles in %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                        " pixels, first at %d,%d in band %d: it has %g, the tiles make %g",
                        ts_image_source_path(self->source), self->n_different, self->n_pixels,
                        self->x, self->y, self->band, self->there, self->here);
}

void
ts_canvas_check_free(TsCanvasCheck *self)
{
    if (self == NULL)
        return;
    ts_image_source_free(self->source);
    ts_image_free(self->rows);
    g_free(self);
}

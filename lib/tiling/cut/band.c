/* Bands of rows: decoded going down, the rows that two bands share copied. */
#include "tiling/cut/band.h"

struct _TsBandReader {
    TsImageSource **sources;
    guint n;
    int max_height;
    TsBand *last; /* held for the rows that the next one shares with it */
    GMutex lock;  /* guards `free` */
    GSList *free; /* bands that nobody looks at, for their memory */
};

TsBandReader *
ts_band_reader_new(TsImageSource *const *sources, guint n, int max_height)
{
    TsBandReader *self = g_new0(TsBandReader, 1);
    self->sources = g_memdup2(sources, n * sizeof *sources);
    self->n = n;
    self->max_height = max_height;
    g_mutex_init(&self->lock);
    return self;
}

static void
band_free(gpointer data)
{
    TsBand *band = data;
    for (guint i = 0; i < band->reader->n; i++)
        ts_image_free(band->images[i]);
    g_free(band->images);
    g_free(band);
}

void
ts_band_reader_free(TsBandReader *self)
{
    if (self == NULL)
        return;
    ts_band_unref(self->last);
    g_slist_free_full(self->free, band_free);
    g_mutex_clear(&self->lock);
    g_free(self->sources);
    g_free(self);
}

void
ts_band_unref(TsBand *band)
{
    if (band == NULL || !g_atomic_int_dec_and_test(&band->n_refs))
        return;
    g_mutex_lock(&band->reader->lock);
    band->reader->free = g_slist_prepend(band->reader->free, band);
    g_mutex_unlock(&band->reader->lock);
}

/* The memory of a band that was given back, or new memory. */
static TsBand *
take_band(TsBandReader *self, GError **error)
{
    g_mutex_lock(&self->lock);
    TsBand *band = self->free != NULL ? self->free->data : NULL;
    if (band != NULL)
        self->free = g_slist_delete_link(self->free, self->free);
    g_mutex_unlock(&self->lock);
    if (band == NULL) {
        band = g_new0(TsBand, 1);
        band->reader = self;
        band->images = g_new0(TsImage *, self->n);
    }
    band->n_refs = 1;
    for (guint i = 0; i < self->n; i++) {
        if (band->images[i] == NULL)
            band->images[i] = ts_image_source_new_image(
                self->sources[i], ts_image_source_info(self->sources[i])->width, self->max_height,
                error);
        if (band->images[i] == NULL) {
            band_free(band);
            return NULL;
        }
    }
    return band;
}

static gboolean
read_rows(TsBandReader *self, TsBand *band, GError **error)
{
    const TsBand *last = self->last;
    int n_old = last != NULL ? CLAMP(last->y + last->height - band->y, 0, band->height) : 0;
    for (guint i = 0; i < self->n; i++) {
        TsImage *to = band->images[i];
        if (n_old > 0)
            ts_image_copy_region(last->images[i], 0, band->y - last->y, to->width, n_old, to, 0, 0);
        if (band->height > n_old &&
            !ts_image_source_read_rows(self->sources[i], band->y + n_old, band->height - n_old, to,
                                       n_old, error))
            return FALSE;
    }
    return TRUE;
}

TsBand *
ts_band_reader_next(TsBandReader *self, int y, int height, GError **error)
{
    g_assert(height <= self->max_height && (self->last == NULL || y >= self->last->y));
    TsBand *band = take_band(self, error);
    if (band == NULL)
        return NULL;
    band->y = y;
    band->height = height;
    if (!read_rows(self, band, error)) {
        ts_band_unref(band);
        return NULL;
    }
    ts_band_unref(self->last);
    self->last = band;
    g_atomic_int_inc(&band->n_refs);
    return band;
}

guint64
ts_band_bytes(const TsImageInfo *info, int height)
{
    return (guint64) info->width * (guint64) height * (guint64) info->bands *
           ts_sample_type_size(info->type);
}

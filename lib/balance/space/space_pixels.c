/* Features that are the pixels of pictures. */
#include "balance/space/space_private.h"

#include "base/error.h"
#include "base/progress.h"
#include "base/threads.h"
#include "image/samples.h"
#include "sample/render.h"

/* All pictures have the size and the kind of the first. */
typedef struct {
    const TsSpaceSource *source;
    TsDataset *dataset;
    TsProgress *progress;
    TsImage *first;
    gsize d;
    const TsPoints *points;
    gboolean as_double; /* samples that single precision cannot hold */
    float *f32;         /* (n, d) */
    double *f64;
} Rendering;

static gboolean
check_kind(const Rendering *self, guint64 i, const TsImage *image, GError **error)
{
    const TsImage *first = self->first;
    if (image->width == first->width && image->height == first->height &&
        image->bands == first->bands && image->type == first->type)
        return TRUE;
    g_autofree char *where =
        ts_manifest_where(self->source->manifest, ts_space_row(self->source, i));
    return ts_error_set(error, TS_ERROR_FORMAT,
                        "%s: %d x %d pixels of %d %s bands, the first picture has %d x %d of %d %s "
                        "ones; pixels can only be compared between pictures of one size and kind "
                        "(tile or augment make them so, or take --space FILE.npy)",
                        where, image->width, image->height, image->bands,
                        ts_sample_type_name(image->type), first->width, first->height, first->bands,
                        ts_sample_type_name(first->type));
}

static void
store(Rendering *self, guint64 i, const TsImage *image)
{
    gsize n = (gsize) image->width * (gsize) image->bands;
    g_autofree double *row = g_new(double, n);
    for (int y = 0; y < image->height; y++) {
        gsize at = i * self->d + (gsize) y * n;
        for (gsize j = 0; j < n; j++)
            row[j] = 0;
        ts_samples_add(image->type, image->data + (gsize) y * ts_image_row_size(image), n, 1, row);
        for (gsize j = 0; j < n; j++) {
            if (self->as_double)
                self->f64[at + j] = row[j];
            else
                self->f32[at + j] = (float) row[j];
        }
    }
}

static gboolean
render(guint64 i, gpointer data, GError **error)
{
    Rendering *self = data;
    g_autoptr(TsImage) image = ts_sample_render(self->dataset, i, error);
    if (image == NULL || !check_kind(self, i, image, error))
        return FALSE;
    store(self, i, image);
    ts_points_release(self->points, i, i + 1);
    ts_progress_add(self->progress, 1);
    return TRUE;
}

static TsDataset *
choose_rows(const TsSpaceSource *source, GError **error)
{
    g_autofree guint64 *all = NULL;
    if (source->rows == NULL) {
        all = ts_try_alloc(source->n, sizeof *all, "rows", error);
        if (all == NULL)
            return NULL;
        for (gsize i = 0; i < source->n; i++)
            all[i] = i;
    }
    return ts_dataset_new(source->manifest, all != NULL ? all : source->rows, source->n, NULL,
                          error);
}

gboolean
ts_space_read_pixels(const TsSpaceSource *source, TsSpace *space, GError **error)
{
    g_autoptr(TsDataset) dataset = choose_rows(source, error);
    g_autoptr(TsImage) first = dataset != NULL ? ts_sample_render(dataset, 0, error) : NULL;
    if (first == NULL)
        return FALSE;
    TsSampleType type = first->type;
    Rendering self = {.source = source, .dataset = dataset, .first = first};
    self.as_double = type == TS_U32 || type == TS_I32 || type == TS_F64;
    self.d = (gsize) first->width * (gsize) first->height * (gsize) first->bands;
    gsize size = self.as_double ? sizeof(double) : sizeof(float);
    if (!ts_scratch_alloc(&space->values, source->n, self.d * size, "pixels", error))
        return FALSE;
    self.f32 = self.as_double ? NULL : space->values.data;
    self.f64 = self.as_double ? space->values.data : NULL;
    space->points = (TsPoints){.n = source->n,
                               .d = self.d,
                               .f32 = self.f32,
                               .f64 = self.f64,
                               .mapped = space->values.in_file};
    self.points = &space->points;
    g_autoptr(TsProgress) progress = ts_progress_new("pixels", source->n, "samples");
    self.progress = progress;
    return ts_parallel_for(source->n, render, &self, error) &&
           ts_points_check(&space->points, ts_manifest_name(source->manifest), error);
}

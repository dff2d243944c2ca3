/* Features of a frozen network: computed, written, mapped. */
#include "nn/features.h"

#include "base/error.h"
#include "base/outfile.h"
#include "base/progress.h"
#include "nn/predict.h"

#include <stdio.h>
#include <string.h>

enum { HEADER_BYTES = 128, BATCH_SIZE = 32 };

struct _TsFeatures {
    GMappedFile *file;
    gsize n_numbers;
    guint64 *place; /* (rows of the manifest) of its numbers in the file */
};

static guint64
count_rows(const TsFeaturesOptions *options)
{
    return ts_dataset_n(options->train_set) +
           (options->val_set != NULL ? ts_dataset_n(options->val_set) : 0);
}

static gsize
count_numbers(const TsFeaturesOptions *options)
{
    const TsShape shape = ts_graph_node(options->model->graph, options->layer)->shape;
    return (gsize) (shape.c * shape.h * shape.w);
}

static void
make_header(const char *key, char header[HEADER_BYTES])
{
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, key, -1);
    memset(header, 0, HEADER_BYTES);
    g_snprintf(header, HEADER_BYTES, "tessera features 1\n%s\n", sum);
}

/* ---- the file is made ---- */

static gboolean
write_rows(const TsFeaturesOptions *options, TsDataset *dataset, TsPredictor *predictor,
           TsOutFile *out, TsProgress *progress, GError **error)
{
    const TsFeedOptions how = {.batch_size = BATCH_SIZE};
    const gsize row_bytes = count_numbers(options) * sizeof(float);
    g_autoptr(TsFeed) feed = ts_feed_new_dataset(dataset, &options->model->preprocess, &how, error);
    const TsAnswers *answers;
    while (feed != NULL && ts_predict_next(feed, predictor, &answers, error)) {
        if (answers == NULL)
            return TRUE;
        if (!ts_out_file_write(out, answers->features, answers->n * row_bytes, error))
            return FALSE;
        ts_progress_add(progress, answers->n);
    }
    return FALSE;
}

static gboolean
make_file(const TsFeaturesOptions *options, GError **error)
{
    const TsPredictorOptions how = {.batch_size = BATCH_SIZE,
                                    .n_views = 1,
                                    .features = TS_FEATURES_WHOLE,
                                    .layer = options->layer,
                                    .temperature = 1};
    char header[HEADER_BYTES];
    make_header(options->key, header);
    g_autoptr(TsPredictor) predictor = ts_predictor_new(options->model, &how, error);
    g_autoptr(TsOutFile) out =
        predictor != NULL ? ts_out_file_new(options->path, TRUE, error) : NULL;
    g_autoptr(TsProgress) progress = ts_progress_new("features", count_rows(options), "samples");
    return out != NULL && ts_out_file_write(out, header, sizeof header, error) &&
           write_rows(options, options->train_set, predictor, out, progress, error) &&
           (options->val_set == NULL ||
            write_rows(options, options->val_set, predictor, out, progress, error)) &&
           ts_out_file_commit(out, error);
}

/* ---- and mapped ---- */

/* NULL without an error where there is no file of this key. */
static GMappedFile *
map_file(const TsFeaturesOptions *options)
{
    char header[HEADER_BYTES];
    gsize row_bytes = count_numbers(options) * sizeof(float), bytes;
    GMappedFile *file = g_mapped_file_new(options->path, FALSE, NULL);
    make_header(options->key, header);
    if (file != NULL && g_size_checked_mul(&bytes, row_bytes, count_rows(options)) &&
        g_mapped_file_get_length(file) == bytes + HEADER_BYTES &&
        memcmp(g_mapped_file_get_contents(file), header, HEADER_BYTES) == 0)
        return file;
    g_clear_pointer(&file, g_mapped_file_unref);
    return NULL;
}

static void
place_rows(TsFeatures *self, const TsDataset *dataset, guint64 *next)
{
    for (guint64 i = 0; dataset != NULL && i < ts_dataset_n(dataset); i++)
        self->place[ts_dataset_row(dataset, i)] = (*next)++;
}

TsFeatures *
ts_features_open(const TsFeaturesOptions *options, GError **error)
{
    g_autoptr(TsFeatures) self = g_new0(TsFeatures, 1);
    guint64 next = 0;
    self->n_numbers = count_numbers(options);
    self->place = ts_try_alloc(options->n_manifest_rows, sizeof *self->place, "features", error);
    if (self->place == NULL)
        return NULL;
    place_rows(self, options->train_set, &next);
    place_rows(self, options->val_set, &next);
    self->file = map_file(options);
    if (self->file != NULL)
        return g_steal_pointer(&self);
    if (!make_file(options, error))
        return NULL;
    self->file = map_file(options);
    if (self->file == NULL)
        ts_error_set(error, TS_ERROR_IO, "%s: cannot be read back", options->path);
    return self->file != NULL ? g_steal_pointer(&self) : NULL;
}

void
ts_features_free(TsFeatures *self)
{
    if (self == NULL)
        return;
    g_clear_pointer(&self->file, g_mapped_file_unref);
    g_free(self->place);
    g_free(self);
}

gsize
ts_features_n_numbers(const TsFeatures *self)
{
    return self->n_numbers;
}

const float *
ts_features_get(const TsFeatures *self, guint64 row)
{
    const char *contents = g_mapped_file_get_contents(self->file);
    return (const float *) (const void *) (contents + HEADER_BYTES) +
           self->place[row] * self->n_numbers;
}

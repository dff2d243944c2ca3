/* Batches of normalised samples, made ahead of time in threads.
 *
 * The order of an epoch is a function of (seed, epoch) alone, and a batch a function of the order:
 * neither the number of threads nor stopping and starting again changes a byte. Preprocessed
 * samples stay in memory, 8 bits each, as far as the budget allows; which ones is a matter of their
 * place in the dataset (the first that fit), not of chance. With a budget for all of them, only the
 * first epoch opens files. Where parts are cut out at random, they are cut out of the pictures as
 * the files have them, and these are what is kept (sample/crops.h).
 *
 *     TsLoaderOptions options = {.batch_size = 64, .shuffle = TRUE, .cache_bytes = 1 << 30};
 *     g_autoptr(TsLoader) loader = ts_loader_new(train, &how, &options, error);
 *     if (loader == NULL || !ts_loader_begin_epoch(loader, epoch, 0, error))
 *         return FALSE;
 *     while ((batch = ts_loader_next(loader, &step_error)) != NULL)
 *         step(batch->images, batch->labels, batch->n);
 *     return step_error == NULL;
 */
#pragma once

#include "sample/augment.h"
#include "sample/costs.h"
#include "sample/dataset.h"
#include "sample/mix.h"
#include "sample/preprocess.h"
#include "sample/sampler.h"

G_BEGIN_DECLS

typedef struct _TsLoader TsLoader;

typedef struct {
    guint batch_size;   /* at least 1 */
    gboolean shuffle;   /* else the order of the dataset */
    gboolean drop_last; /* leave out a last batch that is not full */
    guint64 seed;
    gsize cache_bytes;        /* for preprocessed samples; 0: keep none */
    guint n_threads;          /* 0: ts_threads_get() */
    guint n_prefetch;         /* batches made ahead; 0: one for each thread, and one */
    TsAugment augment;        /* random changes, drawn anew in each epoch; also for each time that a
                                 sampler brings a sample */
    const TsSampler *sampler; /* of the dataset's samples; copied by reference, so it must outlive
                                 the loader. NULL: each sample once */
    gboolean equal_weights;   /* 1 for all, whatever the rows' weights are */
    TsMix mix;                /* of the samples of a batch with each other, after normalisation */
    const guint64 *counts;    /* rows of each class, for remix; must outlive the loader */
} TsLoaderOptions;

typedef struct {
    guint n;         /* samples: batch_size, or fewer in the last batch */
    float *images;   /* (N, C, H, W) = (pixel / 255 - mean) / std; ts_loader_picture() */
    gint32 *labels;  /* (N), -1: unlabelled */
    float *weights;  /* (N) */
    guint64 *rows;   /* (N), rows of the manifest */
    guint n_targets; /* classes of samples with several labels, or 0 */
    float *targets;  /* (N, n_targets), 1 for each label; of a mixture the mean of both by what they
                        count, and its weight is what both count together; NULL without label sets */
    /* What sample k is mixed with, where each has one label; NULL where the loader does not mix: */
    float *shares;        /* (N) of its own label, 1: all of it */
    gint32 *other_labels; /* (N) */
    float *other_weights; /* (N) */
} TsBatch;

/* Make a loader and start its threads. `dataset` must outlive it; the rest is copied.
 * TS_ERROR_ARGUMENT for settings that cannot be, TS_ERROR_NO_MEMORY. */
TsLoader *ts_loader_new(TsDataset *dataset, const TsPreprocess *how, const TsLoaderOptions *options,
                        GError **error);

/* Stop the threads and free, at any time. NULL is allowed. */
void ts_loader_free(TsLoader *loader);

/* Batches in an epoch; 0 for an empty dataset, or one of less than a batch with drop_last. */
guint64 ts_loader_n_batches(const TsLoader *loader);

/* Begin `epoch` with its batch `first_batch`, counted from 0; a number above 0 goes on in the
 * middle of an epoch. May be called at any time, also in the middle of another epoch; the batch in
 * hand becomes invalid. TS_ERROR_RANGE if `first_batch` is above ts_loader_n_batches(). */
gboolean
ts_loader_begin_epoch(TsLoader *loader, guint64 epoch, guint64 first_batch, GError **error);

/* Return the next batch, borrowed until the next call of this or ts_loader_begin_epoch(). NULL
 * without an error: the epoch is over. NULL with an error: a sample cannot be made (its row stands
 * in front), or TS_ERROR_INTERRUPTED. */
const TsBatch *ts_loader_next(TsLoader *loader, GError **error);

/* Whether batches come with their pictures, as they do at first; without, `images` is memory whose
 * contents do not matter. For a reader that knows by the rows what it needs, of a loader that
 * neither augments nor mixes. Ends an epoch that is running. */
void ts_loader_set_pictures(TsLoader *loader, gboolean wanted);

/* The picture of sample `k` of the batch in hand, (C, H, W), in `images`; made now where batches
 * come without. */
const float *ts_loader_picture(TsLoader *loader, guint k, GError **error);

/* What it has cost so far; differences of two calls are the costs of what lies between. Batches in
 * work count when they are done. */
TsLoaderCosts ts_loader_costs(TsLoader *loader);

/* How many samples were rendered so far, that is, not found in the cache. */
guint64 ts_loader_n_decoded(TsLoader *loader);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsLoader, ts_loader_free)

G_END_DECLS

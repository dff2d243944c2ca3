/* The rows of a run, and the loaders that bring them. */
#include "nn/run_private.h"

#include "base/error.h"
#include "base/log.h"
#include "layout/layout.h"

/* Count the classes; how many of the `n` rows are learned from, which is the first batches' with
 * overfit_batches. */
static guint64
settle_training_rows(TsRun *run, const guint64 *rows, guint64 n)
{
    const TsRunOptions *options = &run->options;
    g_autofree double *sums = g_new0(double, run->classes->n);
    run->counts = g_new0(guint64, run->classes->n);
    for (guint64 i = 0; i < n; i++)
        ts_run_count_labels(run, rows[i], 1, sums);
    for (guint c = 0; c < run->classes->n; c++)
        run->counts[c] = (guint64) sums[c];
    if (options->overfit_batches == 0)
        return n;
    const guint64 first = MIN(n, (guint64) options->overfit_batches * options->batch_size *
                                     MAX(options->accumulate, 1));
    guint n_seen = 0;
    memset(sums, 0, run->classes->n * sizeof *sums);
    for (guint64 i = 0; i < first; i++)
        ts_run_count_labels(run, rows[i], 1, sums);
    for (guint c = 0; c < run->classes->n; c++)
        n_seen += sums[c] > 0;
    if (n_seen < run->classes->n)
        ts_warning("the first %" G_GUINT64_FORMAT " rows have %u of %u classes; shuffle the rows, "
                   "as with (sed -u 1q; shuf), to see more",
                   first, n_seen, run->classes->n);
    return first;
}

/* Rows of a split that have a label. Without a split column all rows are training rows. */
static TsDataset *
choose_rows(TsRun *run, const char *split, gboolean is_train, GError **error)
{
    gboolean has_splits = ts_manifest_find_column(run->manifest, "split") >= 0;
    if (!has_splits && !is_train)
        return NULL;
    guint64 n, n_labelled = 0;
    g_autofree guint64 *rows =
        ts_manifest_select(run->manifest, "split", has_splits ? split : NULL, &n);
    for (guint64 i = 0; i < n; i++)
        if (ts_run_is_labelled(run, rows[i]))
            rows[n_labelled++] = rows[i];
    if (n_labelled < n)
        ts_warning("%" G_GUINT64_FORMAT " rows of %s have no label and are left out",
                   n - n_labelled, split);
    if (n_labelled == 0 && is_train) {
        g_autofree char *hint = ts_manifest_values_hint(run->manifest, "split");
        ts_error_set(error, TS_ERROR_FORMAT, "%s: there are no labelled rows with split '%s'%s",
                     ts_manifest_name(run->manifest), split, n == 0 ? hint : "");
    }
    if (n_labelled == 0)
        return NULL;
    if (is_train)
        n_labelled = settle_training_rows(run, rows, n_labelled);
    TsDataset *dataset = ts_dataset_new(run->manifest, rows, n_labelled, run->classes, error);
    if (dataset != NULL && run->sets != NULL)
        ts_dataset_set_label_sets(dataset, run->sets);
    return dataset;
}

static void
add_rows(GChecksum *checksum, const TsManifest *manifest, const TsDataset *dataset)
{
    for (guint64 i = 0; dataset != NULL && i < ts_dataset_n(dataset); i++) {
        TsCell row = ts_manifest_raw_row(manifest, ts_dataset_row(dataset, i));
        g_checksum_update(checksum, (const guchar *) row.text, (gssize) row.length);
        g_checksum_update(checksum, (const guchar *) "\n", 1);
    }
}

/* SHA-256 of the rows that are used: a checkpoint goes with one data set. */
static char *
fingerprint_of(const TsRun *run)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    add_rows(checksum, run->manifest, run->train_set);
    g_checksum_update(checksum, (const guchar *) "\n", 1);
    add_rows(checksum, run->manifest, run->val_set);
    return g_strdup(g_checksum_get_string(checksum));
}

gboolean
ts_run_open_data(TsRun *run, GError **error)
{
    const TsRunOptions *options = &run->options;
    run->manifest = ts_layout_read(options->dataset, error);
    if (run->manifest == NULL)
        return FALSE;
    if (options->root != NULL)
        ts_manifest_set_folder(run->manifest, options->root);
    if (!ts_run_open_labels(run, error))
        return FALSE;
    GError *failure = NULL;
    run->train_set = choose_rows(run, options->train_split, TRUE, &failure);
    if (failure == NULL && options->val_split != NULL)
        run->val_set = choose_rows(run, options->val_split, FALSE, &failure);
    if (failure != NULL) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    if (run->val_set == NULL && options->val_split != NULL &&
        strcmp(options->val_split, "val") != 0)
        ts_warning("%s: there are no labelled rows with split '%s', nothing is validated",
                   ts_manifest_name(run->manifest), options->val_split);
    run->fingerprint = fingerprint_of(run);
    return TRUE;
}

static TsLoader *
open_loader(const TsRun *run, TsDataset *dataset, gboolean training, gsize cache_bytes,
            GError **error)
{
    const guint n_batches = training ? MAX(run->options.accumulate, 1) : 1;
    TsLoaderOptions options = {.batch_size = run->options.batch_size * n_batches,
                               .shuffle = training && run->options.overfit_batches == 0,
                               .seed = run->options.seed,
                               .cache_bytes = cache_bytes};
    if (training && run->options.overfit_batches == 0) {
        options.augment = run->options.augment;
        options.mix = run->options.mix;
        options.counts = run->counts;
        options.sampler = run->sampler;
        options.equal_weights = run->equal_weights;
    }
    return ts_loader_new(dataset, &run->model->preprocess, &options, error);
}

/* The cache is shared out by the number of samples. */
gboolean
ts_run_open_loaders(TsRun *run, GError **error)
{
    guint64 n_train = ts_dataset_n(run->train_set);
    guint64 n_val = run->val_set != NULL ? ts_dataset_n(run->val_set) : 0;
    gsize for_val =
        (gsize) ((double) run->options.cache_bytes * n_val / (double) (n_train + n_val));
    run->train = open_loader(run, run->train_set, TRUE, run->options.cache_bytes - for_val, error);
    if (run->train == NULL)
        return FALSE;
    if (run->val_set != NULL)
        run->val = open_loader(run, run->val_set, FALSE, for_val, error);
    return run->val != NULL || run->val_set == NULL;
}

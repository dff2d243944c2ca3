/* Chosen rows of a manifest, checked and ready to be turned into pixels.
 *
 * Everything a row says about its sample is checked here, so that a training run does not stop an
 * hour later on a malformed cell: region and lambda are numbers, parent_b names a row, weight is
 * not negative. Files are not opened yet. A dataset does not change; threads may share it.
 *
 *     g_autofree guint64 *rows = ts_manifest_select(manifest, "split", "train", &n);
 *     g_autoptr(TsDataset) train = ts_dataset_new(manifest, rows, n, classes, error);
 *     if (train == NULL)
 *         return FALSE;
 *     g_autoptr(TsImage) first = ts_sample_render(train, 0, error);
 */
#pragma once

#include "manifest/classes.h"
#include "manifest/manifest.h"
#include "stats/label_sets.h"

G_BEGIN_DECLS

typedef struct _TsDataset TsDataset;

/* Choose `rows` (n_rows numbers, copied; any order) of `manifest`, which must outlive the dataset.
 * Labels are those of `classes` (read now, not kept); NULL: all unlabelled. TS_ERROR_FORMAT naming
 * the line of a row that is no sound recipe. */
TsDataset *ts_dataset_new(const TsManifest *manifest, const guint64 *rows, guint64 n_rows,
                          const TsClasses *classes, GError **error);

/* Give the samples several labels each, those of `sets` (of the same manifest; must outlive the
 * dataset), instead of one. */
void ts_dataset_set_label_sets(TsDataset *dataset, const TsLabelSets *sets);

/* The classes of the sets; 0 without them. */
guint ts_dataset_n_targets(const TsDataset *dataset);

/* targets (n_targets): 1 for each label of sample `i`, 0 for the other classes. */
void ts_dataset_get_targets(const TsDataset *dataset, guint64 i, float *targets);

/* Free. NULL is allowed. */
void ts_dataset_free(TsDataset *dataset);

/* Number of samples. */
guint64 ts_dataset_n(const TsDataset *dataset);

/* Of sample `i`, below n: class number or -1; loss weight (column weight, 1 without it); row of the
 * manifest. */
gint32 ts_dataset_label(const TsDataset *dataset, guint64 i);
float ts_dataset_weight(const TsDataset *dataset, guint64 i);
guint64 ts_dataset_row(const TsDataset *dataset, guint64 i);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsDataset, ts_dataset_free)

G_END_DECLS

/* What the frozen part of a network makes of each row of a run, computed once and kept in a file.
 *
 * While nothing below a node of the graph is trained (ts_graph_find_cut()) and samples are the same
 * in each epoch, so is the output of that node. The layers above can then be trained from it alone:
 * ts_trainer_use_features(). It is computed by the folded network (fold.h), so it differs from what
 * an unfolded one computes by rounding.
 *
 * The file is mapped, so what there is memory for is read once. It begins with a line that names
 * the format, and the SHA-256 of a text that says what it was made of; then, from byte 128, 32-bit
 * floats (rows, C, H, W) as this machine has them.
 *
 *     g_autoptr(TsFeatures) features = ts_features_open(&options, error);
 *     const float *numbers = ts_features_get(features, batch->rows[k]);
 */
#pragma once

#include "nn/model.h"
#include "sample/dataset.h"

G_BEGIN_DECLS

typedef struct _TsFeatures TsFeatures;

typedef struct {
    TsModel *model;
    guint layer;          /* the node of the graph whose output is kept */
    TsDataset *train_set; /* of one manifest; val_set may be NULL */
    TsDataset *val_set;
    guint64 n_manifest_rows;
    const char *path; /* of the file */
    const char *key;  /* a file that was made with another text is made anew */
} TsFeaturesOptions;

/* Map the file of the options, or make it if there is none with this key. */
TsFeatures *ts_features_open(const TsFeaturesOptions *options, GError **error);

/* Unmap; the file stays. */
void ts_features_free(TsFeatures *features);

/* Numbers of a row. */
gsize ts_features_n_numbers(const TsFeatures *features);

/* Those of row `row` of the manifest, which one of the datasets has; borrowed. */
const float *ts_features_get(const TsFeatures *features, guint64 row);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsFeatures, ts_features_free)

G_END_DECLS

/* How many rows of each class a manifest has, over all and in each split.
 *
 *     g_autoptr(TsClassCounts) counts = ts_class_counts_new(manifest, &columns, error);
 *     if (counts == NULL)
 *         return FALSE;
 *     const guint64 *train = ts_class_counts_of(counts, ts_class_counts_find(counts, "train"));
 */
#pragma once

#include "manifest/classes.h"
#include "stats/interval.h"
#include "stats/label_sets.h"

G_BEGIN_DECLS

/* Which columns to read. */
typedef struct {
    const char *label; /* of the classes */
    const char *split; /* of the splits, or NULL to count all rows together */
    gboolean is_multi; /* several labels in a cell, see label_sets.h */
} TsClassColumns;

typedef struct {
    guint n;      /* classes */
    char **names; /* n names, borrowed from `classes` or `sets` */
    guint n_splits;
    guint n_parts;       /* all rows; each split; and, if there are any, rows without a split */
    const char **parts;  /* n_parts names: "all", the splits, "(none)" */
    guint64 *counts;     /* (n_parts, n) */
    guint64 *labelled;   /* (n_parts): rows; with several labels, fewer than the sum of counts */
    guint64 *unlabelled; /* (n_parts) */
    TsClasses *classes;  /* NULL with several labels */
    TsLabelSets *sets;   /* NULL with one label */
    TsClasses *splits;   /* NULL without them */
} TsClassCounts;

/* Count. Errors are those of ts_classes_new() and ts_label_sets_new(). */
TsClassCounts *
ts_class_counts_new(const TsManifest *manifest, const TsClassColumns *columns, GError **error);

/* The counts (n) of part `part`. */
const guint64 *ts_class_counts_of(const TsClassCounts *self, guint part);

/* The part that is the split `name`, -1 if there is none. */
int ts_class_counts_find(const TsClassCounts *self, const char *name);

/* The part that class weights come from: the split "train" if there is one, else all rows (0). */
guint ts_class_counts_train(const TsClassCounts *self);

/* The samples of part `part` by the groups `groups`, a numbering of the same rows; NULL: each row
 * is a group. With several labels a row has one sample a label and one more of class n, so that the
 * counts of replicates have room for n + 1 classes and tell how many rows were drawn.
 * TS_ERROR_NO_MEMORY; TS_ERROR_RANGE for 2^31 rows with several labels. */
TsSampleGroups *ts_class_counts_group(const TsClassCounts *self, guint part,
                                      const TsClasses *groups, guint64 n_rows, GError **error);

/* NULL is allowed. */
void ts_class_counts_free(TsClassCounts *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsClassCounts, ts_class_counts_free)

G_END_DECLS

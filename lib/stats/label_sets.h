/* Rows with several labels each: "cat;dog" in one cell.
 *
 * The names of a cell are separated by ';' and each counts once. \N is a row that nobody has
 * labelled, an empty cell one that was looked at and has none of the classes. Class numbers follow
 * the byte order of the names, or classes.txt beside the manifest.
 *
 *     g_autoptr(TsLabelSets) sets = ts_label_sets_new(manifest, "labels", error);
 *     if (sets == NULL)
 *         return FALSE;
 *     for (guint64 i = sets->first[row]; i < sets->first[row + 1]; i++)
 *         puts(sets->names[sets->labels[i]]);
 */
#pragma once

#include "manifest/classes.h"

G_BEGIN_DECLS

typedef struct {
    guint n;      /* classes */
    char **names; /* n names, NULL-terminated */
    guint64 n_rows;
    guint64 *first;      /* (n_rows + 1): where the labels of a row begin */
    guint32 *labels;     /* class numbers, ascending within a row */
    guint8 *is_labelled; /* (n_rows) */
} TsLabelSets;

/* Numbers that say how labels go together. NaN where there is nothing to divide by. */
typedef struct {
    guint64 n_sets;     /* different ones, the empty one included */
    guint64 n_single;   /* of these, how many are of one row */
    double cardinality; /* labels of a labelled row, mean */
    double density;     /* cardinality / classes */
    double mean_ir;     /* mean of irlbl over the classes that have rows */
    double cvir;        /* standard deviation (n - 1) of irlbl over mean_ir */
    double scumble;     /* how far frequent and rare labels stand in the same rows, 0 to 1 */
} TsLabelSetStats;

/* Read the sets of `column`. TS_ERROR_FORMAT if there is no such column, a name is empty, or it is
 * not in classes.txt; TS_ERROR_NO_MEMORY. */
TsLabelSets *ts_label_sets_new(const TsManifest *manifest, const char *column, GError **error);

/* The same with the classes of a model, `names` (NULL-terminated, copied): another name is an
 * error.
 */
TsLabelSets *ts_label_sets_new_with(const TsManifest *manifest, const char *column,
                                    const char *const *names, GError **error);

/* The classes of the sets for what counts by class: names, rows with each label, rows without
 * labels. A row has no class of its own in it, of_row is -1. TS_ERROR_NO_MEMORY. */
TsClasses *ts_label_sets_get_classes(const TsLabelSets *sets, GError **error);

/* Compute `irlbl` (n): the count of the most frequent class over that of each, NaN for a class
 * without rows; and `stats`. Formulas: Charte et al., "Addressing imbalance in multilabel
 * classification", Neurocomputing 163, 2015 (IRLbl, MeanIR, CVIR), and "Dealing with difficult
 * minority labels", Neurocomputing 326, 2019 (SCUMBLE: the mean over rows that have a label of 1 -
 * geometric mean / arithmetic mean of their irlbl). */
void ts_label_sets_compute(const TsLabelSets *sets, double *irlbl, TsLabelSetStats *stats);

/* Count in how many rows two classes stand together: (n, n), with the count of a class on the
 * diagonal. TS_ERROR_NO_MEMORY. Free with g_free(). */
guint64 *ts_label_sets_count_pairs(const TsLabelSets *sets, GError **error);

/* NULL is allowed. */
void ts_label_sets_free(TsLabelSets *sets);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsLabelSets, ts_label_sets_free)

G_END_DECLS

/* How a classifier's answers compare with the truth: confusion matrix and what follows from it.
 *
 * Definitions are scikit-learn's; with C[t][p] the weight of all rows of class t that were
 * predicted as p, over classes t, p = 0 .. n - 1:
 *
 *     support(t)   = sum over p of C[t][p]
 *     predicted(p) = sum over t of C[t][p]
 *     accuracy     = sum of C[t][t] / sum of all C
 *     precision(p) = C[p][p] / predicted(p)
 *     recall(t)    = C[t][t] / support(t)
 *     F1(t)        = 2 C[t][t] / (support(t) + predicted(t))
 *     balanced accuracy = mean recall over the classes with support
 *     macro average     = plain mean over the classes with support or predictions
 *     weighted average  = mean weighted by support
 *
 * A division by zero gives 0 (scikit-learn's zero_division=0), so no result is NaN, and that of an
 * empty matrix is 0.
 *
 *     g_autoptr(TsConfusion) confusion = ts_confusion_new(3, names, error);
 *     if (confusion == NULL)
 *         return FALSE;
 *     ts_confusion_add(confusion, 0, 2, 1);        // a row of class 0, predicted as class 2
 *     double accuracy = ts_confusion_compute_accuracy(confusion);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TsConfusion TsConfusion;

typedef struct {
    double precision, recall, f1;
} TsScores;

typedef enum { TS_AVERAGE_MACRO, TS_AVERAGE_WEIGHTED } TsAverage;

/* Make an empty matrix of n_classes x n_classes. `names` (n_classes of them) are copied; NULL: the
 * classes are called by their number. TS_ERROR_NO_MEMORY if there are too many classes. */
TsConfusion *ts_confusion_new(guint n_classes, const char *const *names, GError **error);

/* NULL is allowed. */
void ts_confusion_free(TsConfusion *self);

/* Add a row of class `truth` that was predicted as class `predicted`; both below n_classes.
 * `weight` is 1 for counting. */
void ts_confusion_add(TsConfusion *self, guint truth, guint predicted, double weight);

/* Back to the empty matrix. */
void ts_confusion_reset(TsConfusion *self);

guint ts_confusion_n_classes(const TsConfusion *self);

/* The name of a class; borrowed. */
const char *ts_confusion_name(const TsConfusion *self, guint i);

/* C[truth][predicted]. */
double ts_confusion_get(const TsConfusion *self, guint truth, guint predicted);

double ts_confusion_compute_total(const TsConfusion *self);
double ts_confusion_compute_support(const TsConfusion *self, guint i);
double ts_confusion_compute_predicted(const TsConfusion *self, guint i);

double ts_confusion_compute_accuracy(const TsConfusion *self);
double ts_confusion_compute_balanced_accuracy(const TsConfusion *self);

/* Precision, recall and F1 of one class. */
TsScores ts_confusion_compute_scores(const TsConfusion *self, guint i);

/* Their means over the classes. */
TsScores ts_confusion_compute_average(const TsConfusion *self, TsAverage average);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsConfusion, ts_confusion_free)

G_END_DECLS

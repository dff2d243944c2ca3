/* What a classifier said about rows whose class is known: the data that every metric is made of.
 *
 * Rows have one class each (truth and pred are numbers of classes) or, with several labels, a set
 * (truth_sets and pred_sets are 0 or 1 for each class). Probabilities p may be missing; then only
 * what follows from pred can be computed, and from score, the probability of pred. A class that
 * stands only in pred or in the list of classes counts as one too.
 *
 *     TsPredictionColumns columns = {.label = "label", .pred = "pred", .score = "score"};
 *     g_autoptr(TsPredictions) p = ts_predictions_read(manifest, &columns, error);
 *     if (p == NULL || !ts_predictions_prepare(p, error))
 *         return FALSE;
 */
#pragma once

#include "manifest/manifest.h"
#include "stats/class_tree.h"

G_BEGIN_DECLS

typedef struct {
    const char *label, *pred;
    const char *score;    /* used if there is such a column, and no probabilities */
    const char *weight;   /* of rows; NULL: all count once */
    const char *split;    /* only rows of this split; NULL: all */
    gboolean is_multi;    /* several labels in a cell, see label_sets.h */
    const char *positive; /* of two classes: the one that auroc and ap are about; NULL: the last */
} TsPredictionColumns;

/* A row among those of a class in order of probability. */
typedef struct {
    guint32 row : 30;
    guint32 is_positive : 1; /* the row is of the class */
    guint32 ends : 1;        /* the next row's probability is a lower one */
} TsRanked;

typedef struct {
    guint n_classes;
    char **names; /* n_classes, NULL-terminated */
    guint positive;
    guint n_bins;                   /* of ECE and MCE: see calibration.h */
    guint64 n;                      /* rows that have a label */
    gint32 *truth, *pred;           /* (n); NULL with several labels */
    guint8 *truth_sets, *pred_sets; /* (n, n_classes); NULL with one label */
    double *p;                      /* (n, n_classes), or NULL */
    double *score;        /* (n): probability of pred; NULL where p is not, or no column */
    double *weight;       /* (n), or NULL: 1 */
    double *cost;         /* (n_classes, n_classes): truth, pred; or NULL: see cost.h */
    TsClassTree *tree;    /* of the classes, or NULL */
    guint64 *rows;        /* (n): of the manifest */
    guint64 n_unlabelled; /* rows left out */
    guint64 n_uneven;     /* rows whose probabilities do not sum to 1 within 0.001 */
    TsRanked *ranked;     /* (n_classes, n), highest p first, after the preparation */
    double *values;       /* (n_row_values, n) of row_values.h, after the preparation */
} TsPredictions;

/* Make room for `n` rows of the classes `names` (NULL-terminated, copied): truth and pred, or their
 * sets, and p if `with_p`; all 0. TS_ERROR_RANGE for 2^30 rows and more; TS_ERROR_NO_MEMORY. */
TsPredictions *ts_predictions_new(guint64 n, const char *const *names, gboolean is_multi,
                                  gboolean with_p, GError **error);

/* Read the columns of `manifest`. Probabilities are its columns p_CLASS, if one of them is that of
 * a class; then their order is that of the classes, and without a column pred the class of the
 * highest (with several labels: all of 0.5 and more) is predicted. Rows without a label (\N) are
 * left out and counted. TS_ERROR_FORMAT for a row with a label and no prediction, a class without
 * its column p_CLASS, what is no probability, no rows at all; TS_ERROR_ARGUMENT if `positive` is no
 * class or there are not two. */
TsPredictions *
ts_predictions_read(const TsManifest *manifest, const TsPredictionColumns *columns, GError **error);

/* Compute what the metrics of probabilities need: ranks and row values. Without p, the latter. */
gboolean ts_predictions_prepare(TsPredictions *self, GError **error);

/* Copy the `n` rows `which`, unprepared. NULL and an error if there is not the memory. */
TsPredictions *
ts_predictions_select(const TsPredictions *self, const guint64 *which, guint64 n, GError **error);

/* Set pred to the class of the highest probability, the first of equals. */
void ts_predictions_choose(TsPredictions *self);

/* The number of the class `name`, -1 if there is none. */
int ts_predictions_find(const TsPredictions *self, const char *name);

/* Choose the class that auroc and ap are about: see TsPredictionColumns. */
gboolean ts_predictions_set_positive(TsPredictions *self, const char *name, GError **error);

/* Whether row `i` is of class `c`. */
static inline gboolean
ts_predictions_is(const TsPredictions *self, guint64 i, guint c)
{
    return self->truth_sets != NULL ? self->truth_sets[i * self->n_classes + c]
                                    : self->truth[i] == (gint32) c;
}

/* NULL is allowed. */
void ts_predictions_free(TsPredictions *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsPredictions, ts_predictions_free)

G_END_DECLS

/* All metrics of one set of predictions under one set of row weights.
 *
 * What is asked for is computed once and kept: counts of the classes at the beginning, curves and
 * bins when they are wanted. Weights other than the rows' own make replicates: a row that a
 * bootstrap drew twice has twice its weight, a row that it did not draw none.
 *
 *     g_autoptr(TsScorecard) card = ts_scorecard_new(predictions, NULL);
 *     double auroc = ts_scorecard_auroc(card, class);
 *
 * Sources: scikit-learn's definitions with zero_division=0, where it has one; specificity, G-mean
 * and IBA are imbalanced-learn's. A metric that has no value is NaN: AUROC and average precision
 * of a class without rows or, AUROC, with nothing else.
 */
#pragma once

#include "stats/predictions.h"

G_BEGIN_DECLS

typedef struct {
    const TsPredictions *predictions;
    const double *weight; /* (n), or NULL: 1 */
    double total;         /* weight of all rows */
    /* (n_classes): weights of the rows of a class, predicted as it, and both. */
    double *support, *predicted, *right;
    double *auroc, *ap;    /* (n_classes); NULL before they are asked for */
    double calibration[2]; /* ECE and MCE; NaN before */
} TsScorecard;

/* Begin with `weight` (n, borrowed); NULL: the predictions' own. */
TsScorecard *ts_scorecard_new(const TsPredictions *predictions, const double *weight);

/* Precision, recall and others of one class against the rest. */
typedef enum {
    TS_SCORE_PRECISION,   /* right / predicted */
    TS_SCORE_RECALL,      /* right / support: sensitivity */
    TS_SCORE_F1,          /* 2 right / (support + predicted) */
    TS_SCORE_SPECIFICITY, /* recall of the rest */
    TS_SCORE_GMEAN,       /* sqrt(recall * specificity) */
    TS_SCORE_IBA,         /* (1 + 0.1 (recall - specificity)) * recall * specificity */
    TS_SCORE_JACCARD,     /* right / (support + predicted - right) */
    TS_SCORE_AUROC,       /* area under the ROC curve; needs the preparation, as AP does */
    TS_SCORE_AP,          /* average precision: sum of (R[i] - R[i-1]) P[i] */
    TS_SCORE_SUPPORT,
    TS_SCORE_PREDICTED,
} TsClassScore;

double ts_scorecard_of_class(TsScorecard *card, TsClassScore score, guint c);

/* Mean over the classes, plain or weighted by support. With one label those count that are in truth
 * or predictions, with several all; of areas those that have one. */
double ts_scorecard_average(TsScorecard *card, TsClassScore score, gboolean is_weighted);

/* One of the first, of all classes taken together. */
double ts_scorecard_micro(const TsScorecard *card, TsClassScore score);

/* One label. */
double ts_scorecard_accuracy(const TsScorecard *card);
double ts_scorecard_balanced_accuracy(const TsScorecard *card); /* of classes with support */
double ts_scorecard_gmean(const TsScorecard *card); /* of the recalls: geometric_mean_score */
double ts_scorecard_kappa(const TsScorecard *card); /* NaN where there is one class only */
double ts_scorecard_mcc(const TsScorecard *card);
double ts_scorecard_cost(const TsScorecard *card); /* mean of a row: see cost.h */
double ts_scorecard_top(const TsScorecard *card, guint k);

/* Hierarchical errors, where the predictions have a tree; definitions in class_tree.h. */
typedef enum {
    TS_TREE_LCA_HEIGHT,     /* mean over the rows */
    TS_TREE_MISTAKE_HEIGHT, /* the same over the mistakes alone; NaN if there are none */
    TS_TREE_DISTANCE,       /* mean */
    TS_TREE_PRECISION,      /* sum of common / sum of depth(pred) */
    TS_TREE_RECALL,         /* sum of common / sum of depth(truth) */
    TS_TREE_F1,             /* their harmonic mean */
} TsTreeScore;

double ts_scorecard_tree(const TsScorecard *card, TsTreeScore score);

/* Mean of a value of row_values.h. */
double ts_scorecard_mean(const TsScorecard *card, guint row_value);

/* Expected and maximum calibration error: see calibration.h. */
double ts_scorecard_ece(TsScorecard *card);
double ts_scorecard_mce(TsScorecard *card);

/* NULL is allowed. */
void ts_scorecard_free(TsScorecard *card);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsScorecard, ts_scorecard_free)

G_END_DECLS

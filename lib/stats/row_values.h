/* Numbers of one row of predictions whose (weighted) mean over the rows is a metric.
 *
 * The definitions are scikit-learn's, given with each; n classes, truth t, probabilities p.
 */
#pragma once

#include "stats/predictions.h"

G_BEGIN_DECLS

typedef enum {
    /* One label. */
    TS_ROW_LOG_LOSS, /* -ln p[t], p within [2^-52, 1 - 2^-52]; log_loss */
    TS_ROW_BRIER,    /* sum of (p[c] - [c = t])^2, half of it for two classes; brier_score_loss */
    TS_ROW_RANK,     /* classes before t by probability, later ones first among equals: below k it
                        is a hit of top_k_accuracy_score */
    TS_N_ROW_VALUES,
    /* One label, and the classes form a tree: see class_tree.h. */
    TS_ROW_LCA_HEIGHT = TS_N_ROW_VALUES,
    TS_ROW_COMMON_DEPTH, /* of the LCA */
    TS_ROW_TRUTH_DEPTH,
    TS_ROW_PRED_DEPTH,
    TS_N_TREE_VALUES,
    /* Several labels. */
    TS_ROW_SET_LOG_LOSS = 0, /* mean over the classes of the binary log loss */
    TS_ROW_COVERAGE,         /* classes that are at least as probable as the last true one;
                                coverage_error */
    TS_ROW_LRAP,             /* label_ranking_average_precision_score */
    TS_ROW_RANKING_LOSS,     /* label_ranking_loss */
    TS_ROW_EXACT,            /* 1 where both sets are the same; accuracy_score */
    TS_ROW_HAMMING,          /* share of classes that are in one of the two; hamming_loss */
    TS_ROW_PRECISION,        /* of the sets: average='samples' */
    TS_ROW_RECALL,
    TS_ROW_F1,
    TS_ROW_JACCARD,
    TS_N_SET_VALUES,
} TsRowValue;

/* Compute all values of row `i` into `values` (TS_N_ROW_VALUES, with a tree TS_N_TREE_VALUES, or
 * TS_N_SET_VALUES); NaN where there are no probabilities. */
void ts_row_values(const TsPredictions *predictions, guint64 i, double *values);

/* How many that are. */
guint ts_n_row_values(const TsPredictions *predictions);

G_END_DECLS

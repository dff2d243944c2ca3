/* Metrics of single rows. */
#include "stats/row_values.h"

#include <float.h>
#include <math.h>

guint
ts_n_row_values(const TsPredictions *predictions)
{
    if (predictions->truth_sets != NULL)
        return TS_N_SET_VALUES;
    return predictions->tree != NULL ? TS_N_TREE_VALUES : TS_N_ROW_VALUES;
}

static double
minus_log(double p)
{
    return -log(CLAMP(p, DBL_EPSILON, 1 - DBL_EPSILON));
}

static void
compute_class_values(const TsPredictions *predictions, guint64 i, double *values)
{
    const guint n = predictions->n_classes, t = (guint) predictions->truth[i];
    const double *p = predictions->p + i * n, p_true = p[t];
    double squares = 0;
    guint before = 0;
    for (guint c = 0; c < n; c++) {
        double off = p[c] - (c == t);
        squares += off * off;
        before += p[c] > p_true || (p[c] == p_true && c > t);
    }
    values[TS_ROW_LOG_LOSS] = minus_log(p_true);
    values[TS_ROW_BRIER] = n == 2 ? squares / 2 : squares;
    values[TS_ROW_RANK] = before;
}

static void
compare_in_tree(const TsPredictions *predictions, guint64 i, double *values)
{
    const TsTreeRelation relation = ts_class_tree_relate(
        predictions->tree, (guint) predictions->truth[i], (guint) predictions->pred[i]);
    values[TS_ROW_LCA_HEIGHT] = relation.height;
    values[TS_ROW_COMMON_DEPTH] = relation.common;
    values[TS_ROW_TRUTH_DEPTH] = relation.truth_depth;
    values[TS_ROW_PRED_DEPTH] = relation.pred_depth;
}

static double
divide(double a, double b)
{
    return b > 0 ? a / b : 0;
}

static void
compare_sets(const guint8 *truth, const guint8 *pred, guint n, double *values)
{
    guint both = 0, n_truth = 0, n_pred = 0;
    for (guint c = 0; c < n; c++) {
        both += truth[c] && pred[c];
        n_truth += truth[c];
        n_pred += pred[c];
    }
    guint either = n_truth + n_pred - both;
    values[TS_ROW_EXACT] = both == either;
    values[TS_ROW_HAMMING] = divide(either - both, n);
    values[TS_ROW_PRECISION] = divide(both, n_pred);
    values[TS_ROW_RECALL] = divide(both, n_truth);
    values[TS_ROW_F1] = divide(2. * both, n_truth + n_pred);
    values[TS_ROW_JACCARD] = divide(both, either);
}

/* How the true classes stand among all by probability: one pass over pairs. */
static void
rank_sets(const guint8 *truth, const double *p, guint n, double *values)
{
    double coverage = 0, precision = 0, loss = 0, wrong_pairs = 0;
    guint n_truth = 0;
    for (guint t = 0; t < n; t++) {
        loss += minus_log(truth[t] ? p[t] : 1 - p[t]);
        if (!truth[t])
            continue;
        n_truth++;
        guint above = 0, true_above = 0; /* or equal, itself included */
        for (guint c = 0; c < n; c++) {
            above += p[c] >= p[t];
            true_above += p[c] >= p[t] && truth[c];
        }
        coverage = MAX(coverage, above);
        precision += (double) true_above / above;
        wrong_pairs += above - true_above;
    }
    gboolean is_mixed = n_truth > 0 && n_truth < n;
    values[TS_ROW_SET_LOG_LOSS] = divide(loss, n);
    values[TS_ROW_COVERAGE] = coverage;
    values[TS_ROW_LRAP] = is_mixed ? precision / n_truth : 1;
    values[TS_ROW_RANKING_LOSS] = is_mixed ? wrong_pairs / ((double) n_truth * (n - n_truth)) : 0;
}

void
ts_row_values(const TsPredictions *predictions, guint64 i, double *values)
{
    const guint n = predictions->n_classes;
    for (guint k = 0; k < ts_n_row_values(predictions); k++)
        values[k] = NAN;
    if (predictions->truth_sets == NULL) {
        if (predictions->p != NULL)
            compute_class_values(predictions, i, values);
        if (predictions->tree != NULL)
            compare_in_tree(predictions, i, values);
        return;
    }
    const guint8 *truth = predictions->truth_sets + i * n;
    compare_sets(truth, predictions->pred_sets + i * n, n, values);
    if (predictions->p != NULL)
        rank_sets(truth, predictions->p + i * n, n, values);
}

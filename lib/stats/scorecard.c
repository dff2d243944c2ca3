/* Metrics of weighted predictions. */
#include "stats/scorecard.h"

#include "stats/calibration.h"
#include "stats/curves.h"
#include "stats/row_values.h"

#include <math.h>

static double
weight_of(const TsScorecard *card, guint64 i)
{
    return card->weight != NULL ? card->weight[i] : 1;
}

static void
count_classes(TsScorecard *card)
{
    const TsPredictions *p = card->predictions;
    for (guint64 i = 0; i < p->n; i++) {
        double w = weight_of(card, i);
        card->total += w;
        card->support[p->truth[i]] += w;
        card->predicted[p->pred[i]] += w;
        if (p->truth[i] == p->pred[i])
            card->right[p->truth[i]] += w;
    }
}

static void
count_sets(TsScorecard *card)
{
    const TsPredictions *p = card->predictions;
    const guint n = p->n_classes;
    for (guint64 i = 0; i < p->n; i++) {
        double w = weight_of(card, i);
        const guint8 *truth = p->truth_sets + i * n, *pred = p->pred_sets + i * n;
        card->total += w;
        for (guint c = 0; c < n; c++) {
            card->support[c] += truth[c] ? w : 0;
            card->predicted[c] += pred[c] ? w : 0;
            card->right[c] += truth[c] && pred[c] ? w : 0;
        }
    }
}

TsScorecard *
ts_scorecard_new(const TsPredictions *predictions, const double *weight)
{
    TsScorecard *card = g_new0(TsScorecard, 1);
    card->predictions = predictions;
    card->weight = weight != NULL ? weight : predictions->weight;
    card->support = g_new0(double, (gsize) predictions->n_classes + 1);
    card->predicted = g_new0(double, (gsize) predictions->n_classes + 1);
    card->right = g_new0(double, (gsize) predictions->n_classes + 1);
    card->calibration[0] = card->calibration[1] = NAN;
    if (predictions->truth_sets != NULL)
        count_sets(card);
    else
        count_classes(card);
    return card;
}

static double
divide(double a, double b)
{
    return b > 0 ? a / b : 0;
}

static void
compute_areas(TsScorecard *card)
{
    const TsPredictions *p = card->predictions;
    if (card->auroc != NULL)
        return;
    card->auroc = g_new(double, (gsize) p->n_classes + 1);
    card->ap = g_new(double, (gsize) p->n_classes + 1);
    for (guint c = 0; c < p->n_classes; c++) {
        if (p->ranked != NULL)
            ts_curve_areas(p, c, card->weight, &card->auroc[c], &card->ap[c]);
        else
            card->auroc[c] = card->ap[c] = NAN;
    }
}

/* A score of what is right, predicted and true, among `total`. */
static double
score_counts(TsClassScore score, double right, double predicted, double support, double total)
{
    double recall = divide(right, support);
    double wrong = predicted - right, others = total - support;
    double specificity = divide(MAX(0, others - wrong), others);
    switch (score) {
    case TS_SCORE_PRECISION:
        return divide(right, predicted);
    case TS_SCORE_RECALL:
        return recall;
    case TS_SCORE_F1:
        return divide(2 * right, support + predicted);
    case TS_SCORE_SPECIFICITY:
        return specificity;
    case TS_SCORE_GMEAN:
        return sqrt(recall * specificity);
    case TS_SCORE_IBA:
        return (1 + 0.1 * (recall - specificity)) * recall * specificity;
    case TS_SCORE_JACCARD:
        return divide(right, support + predicted - right);
    case TS_SCORE_SUPPORT:
        return support;
    default:
        return predicted;
    }
}

double
ts_scorecard_of_class(TsScorecard *card, TsClassScore score, guint c)
{
    if (score == TS_SCORE_AUROC || score == TS_SCORE_AP) {
        compute_areas(card);
        return score == TS_SCORE_AUROC ? card->auroc[c] : card->ap[c];
    }
    return score_counts(score, card->right[c], card->predicted[c], card->support[c], card->total);
}

double
ts_scorecard_average(TsScorecard *card, TsClassScore score, gboolean is_weighted)
{
    double sum = 0, weights = 0;
    gboolean is_area = score == TS_SCORE_AUROC || score == TS_SCORE_AP;
    for (guint c = 0; c < card->predictions->n_classes; c++) {
        double value = ts_scorecard_of_class(card, score, c);
        gboolean counts = is_area ? !isnan(value)
                                  : card->support[c] > 0 || card->predicted[c] > 0 ||
                                        card->predictions->truth_sets != NULL;
        double weight = !counts ? 0 : is_weighted ? card->support[c] : 1;
        sum += weight > 0 ? weight * value : 0;
        weights += weight;
    }
    return weights > 0 ? sum / weights : is_area ? NAN : 0;
}

double
ts_scorecard_micro(const TsScorecard *card, TsClassScore score)
{
    double right = 0, predicted = 0, support = 0;
    for (guint c = 0; c < card->predictions->n_classes; c++) {
        right += card->right[c];
        predicted += card->predicted[c];
        support += card->support[c];
    }
    return score_counts(score, right, predicted, support,
                        card->total * card->predictions->n_classes);
}

double
ts_scorecard_accuracy(const TsScorecard *card)
{
    double right = 0;
    for (guint c = 0; c < card->predictions->n_classes; c++)
        right += card->right[c];
    return divide(right, card->total);
}

double
ts_scorecard_balanced_accuracy(const TsScorecard *card)
{
    double sum = 0, n = 0;
    for (guint c = 0; c < card->predictions->n_classes; c++) {
        sum += divide(card->right[c], card->support[c]);
        n += card->support[c] > 0;
    }
    return divide(sum, n);
}

double
ts_scorecard_gmean(const TsScorecard *card)
{
    double logs = 0, n = 0;
    for (guint c = 0; c < card->predictions->n_classes; c++) {
        if (!(card->support[c] > 0 || card->predicted[c] > 0))
            continue;
        logs += log(divide(card->right[c], card->support[c]));
        n++;
    }
    return n > 0 ? exp(logs / n) : 0;
}

/* What both of the next are made of: shares of agreement, by chance too, and of both margins. */
typedef struct {
    double right, chance, truth, predicted;
} Agreement;

static Agreement
compute_agreement(const TsScorecard *card)
{
    Agreement sum = {0};
    double total = card->total;
    for (guint c = 0; c < card->predictions->n_classes; c++) {
        double s = divide(card->support[c], total), p = divide(card->predicted[c], total);
        sum.right += divide(card->right[c], total);
        sum.chance += s * p;
        sum.truth += s * s;
        sum.predicted += p * p;
    }
    return sum;
}

double
ts_scorecard_kappa(const TsScorecard *card)
{
    Agreement share = compute_agreement(card);
    return 1 - share.chance > 1e-15 ? 1 - (1 - share.right) / (1 - share.chance) : NAN;
}

double
ts_scorecard_mcc(const TsScorecard *card)
{
    Agreement share = compute_agreement(card);
    double spread = (1 - share.truth) * (1 - share.predicted);
    return spread > 1e-30 ? (share.right - share.chance) / sqrt(spread) : 0;
}

double
ts_scorecard_top(const TsScorecard *card, guint k)
{
    const TsPredictions *p = card->predictions;
    const double *rank = p->values + TS_ROW_RANK * p->n;
    double hits = 0;
    if (p->p == NULL)
        return NAN;
    for (guint64 i = 0; i < p->n; i++)
        hits += rank[i] < k ? weight_of(card, i) : 0;
    return divide(hits, card->total);
}

double
ts_scorecard_cost(const TsScorecard *card)
{
    const TsPredictions *p = card->predictions;
    double sum = 0;
    if (p->cost == NULL)
        return NAN;
    for (guint64 i = 0; i < p->n; i++)
        sum +=
            weight_of(card, i) * p->cost[(gsize) p->truth[i] * p->n_classes + (gsize) p->pred[i]];
    return card->total > 0 ? sum / card->total : NAN;
}

double
ts_scorecard_mean(const TsScorecard *card, guint row_value)
{
    const TsPredictions *p = card->predictions;
    const double *values = p->values + row_value * p->n;
    double sum = 0;
    for (guint64 i = 0; i < p->n; i++)
        sum += values[i] * weight_of(card, i);
    return card->total > 0 ? sum / card->total : NAN;
}

double
ts_scorecard_tree(const TsScorecard *card, TsTreeScore score)
{
    if (card->predictions->tree == NULL)
        return NAN;
    const double height = ts_scorecard_mean(card, TS_ROW_LCA_HEIGHT);
    const double common = ts_scorecard_mean(card, TS_ROW_COMMON_DEPTH);
    const double truth = ts_scorecard_mean(card, TS_ROW_TRUTH_DEPTH);
    const double pred = ts_scorecard_mean(card, TS_ROW_PRED_DEPTH);
    const double wrong = 1 - ts_scorecard_accuracy(card);
    switch (score) {
    case TS_TREE_LCA_HEIGHT:
        return height;
    case TS_TREE_MISTAKE_HEIGHT:
        return wrong > 1e-12 ? height / wrong : NAN; /* sums of weights may be rounded */
    case TS_TREE_DISTANCE:
        return truth + pred - 2 * common;
    case TS_TREE_PRECISION:
        return common / pred;
    case TS_TREE_RECALL:
        return common / truth;
    default:
        return 2 * common / (truth + pred);
    }
}

static void
compute_calibration(TsScorecard *card)
{
    if (!isnan(card->calibration[0]))
        return;
    g_autofree TsCalibrationBin *bins = g_new(TsCalibrationBin, card->predictions->n_bins);
    if (ts_calibration_bins(card->predictions, card->weight, card->predictions->n_bins, bins))
        ts_calibration_errors(bins, card->predictions->n_bins, &card->calibration[0],
                              &card->calibration[1]);
}

double
ts_scorecard_ece(TsScorecard *card)
{
    compute_calibration(card);
    return card->calibration[0];
}

double
ts_scorecard_mce(TsScorecard *card)
{
    compute_calibration(card);
    return card->calibration[1];
}

void
ts_scorecard_free(TsScorecard *card)
{
    if (card == NULL)
        return;
    g_free(card->support);
    g_free(card->predicted);
    g_free(card->right);
    g_free(card->auroc);
    g_free(card->ap);
    g_free(card);
}

/* Metrics of a classifier by name, as --metrics and conditions such as 'recall[cat]<0.8' want them.
 *
 * Of all rows: accuracy, top5, log_loss and so on, see the table in metric.c. Of a class:
 * precision, recall (or sensitivity), f1, specificity, gmean, iba, jaccard, auroc, ap, support and
 * predicted, as recall[cat] or recall:cat; macro_recall and weighted_recall are their means. With
 * several labels there are also micro_ and samples_ means. All are defined in scorecard.h and
 * row_values.h.
 *
 *     g_autoptr(TsMetric) metric = ts_metric_parse("recall[cat]", FALSE, error);
 *     if (metric == NULL || !ts_metric_bind(metric, predictions, error))
 *         return FALSE;
 *     double value = ts_metric_compute(metric, card);
 */
#pragma once

#include "stats/scorecard.h"

G_BEGIN_DECLS

typedef struct _TsMetric TsMetric;

/* Read a name; `is_multi`: of several labels. TS_ERROR_ARGUMENT, with the nearest, if it is no
 * metric; whether there is such a class is seen in ts_metric_bind(). */
TsMetric *ts_metric_parse(const char *name, gboolean is_multi, GError **error);

/* As it was given; borrowed. */
const char *ts_metric_name(const TsMetric *metric);

/* Look the class up. TS_ERROR_ARGUMENT if there is none of that name, or the metric needs
 * probabilities, two classes or costs that the predictions do not have. */
gboolean ts_metric_bind(TsMetric *metric, const TsPredictions *predictions, GError **error);

/* The metrics that need no class and that these predictions have, bound: an array of TsMetric. */
GPtrArray *ts_metric_defaults(const TsPredictions *predictions);

/* The value, NaN where it has none. The predictions are prepared and those that it is bound to. */
double ts_metric_compute(const TsMetric *metric, TsScorecard *card);

/* Losses and errors: less is better. */
gboolean ts_metric_is_loss(const TsMetric *metric);

/* How many decimals a table shows. */
int ts_metric_decimals(const TsMetric *metric);

/* NULL is allowed. */
void ts_metric_free(TsMetric *metric);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsMetric, ts_metric_free)

G_END_DECLS

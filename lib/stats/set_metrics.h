/* How good scores of label sets are: numbers over rows that each have any of n labels.
 *
 *     g_autoptr(TsSetMetrics) metrics = ts_set_metrics_new(n_classes);
 *     ts_set_metrics_add(metrics, logits, targets, n, 0);
 *     ts_set_metrics_compute(metrics, &scores);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TsSetMetrics TsSetMetrics;

/* As scikit-learn's f1_score, accuracy_score and average_precision_score. NaN without rows. */
typedef struct {
    double exact_match; /* share of rows whose set is right as a whole */
    double micro_f1;    /* of all decisions together */
    double macro_f1;    /* mean over the classes; 0 for one that is neither there nor predicted */
    double mean_precision; /* average precision, mean over the classes that have rows (mAP) */
} TsSetScores;

TsSetMetrics *ts_set_metrics_new(guint n_classes);

/* NULL is allowed. */
void ts_set_metrics_free(TsSetMetrics *self);

/* Forget all rows. */
void ts_set_metrics_reset(TsSetMetrics *self);

/* Add n rows: scores (n, classes), of which those of `threshold` or more predict the label; targets
 * (n, classes), a label from 1/2. */
void ts_set_metrics_add(TsSetMetrics *self, const float *scores, const float *targets, guint n,
                        float threshold);

void ts_set_metrics_compute(const TsSetMetrics *self, TsSetScores *scores);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsSetMetrics, ts_set_metrics_free)

G_END_DECLS

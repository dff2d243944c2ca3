/* Metrics of a classifier by name, as conditions such as 'recall:cat<0.8' want them.
 *
 * Names: accuracy, balanced_accuracy; macro_ and weighted_ precision, recall and f1; and of one
 * class precision:NAME, recall:NAME, f1:NAME, support:NAME, predicted:NAME. All are defined in
 * confusion.h.
 *
 *     double value;
 *     if (!ts_metric_compute(confusion, "recall:cat", &value, error))
 *         return FALSE;
 */
#pragma once

#include "stats/confusion.h"

G_BEGIN_DECLS

/* The names of the metrics that need no class, NULL-terminated. */
const char *const *ts_metric_names(void);

/* Check what can be checked before there is a confusion matrix: that it is one of those names, or
 * one of the five of a class. TS_ERROR_ARGUMENT otherwise. */
gboolean ts_metric_check_name(const char *name, GError **error);

/* Compute the metric `name`. TS_ERROR_ARGUMENT for a name or a class that there is not. */
gboolean
ts_metric_compute(const TsConfusion *confusion, const char *name, double *value, GError **error);

G_END_DECLS

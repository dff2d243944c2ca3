/* Metrics of a classifier by name, and conditions on them such as 'recall:cat<0.8'.
 *
 * Names: accuracy, balanced_accuracy; macro_ and weighted_ precision, recall and f1; and of one
 * class precision:NAME, recall:NAME, f1:NAME, support:NAME, predicted:NAME. All are defined in
 * confusion.h.
 *
 *     g_autoptr(TsCondition) condition = ts_condition_parse("balanced_accuracy<0.9", error);
 *     gboolean holds;
 *     if (condition == NULL || !ts_condition_check(condition, confusion, &holds, NULL, error))
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

typedef struct _TsCondition TsCondition;

/* Read METRIC, one of < <= > >=, and a number; spaces around them are allowed. A class name may
 * hold such a sign: the last one counts. TS_ERROR_ARGUMENT. */
TsCondition *ts_condition_parse(const char *text, GError **error);

/* Set `holds`, and `value` (unless NULL) to that of the metric. TS_ERROR_ARGUMENT for a class that
 * there is not. */
gboolean ts_condition_check(const TsCondition *self, const TsConfusion *confusion, gboolean *holds,
                            double *value, GError **error);

/* The metric's name; borrowed. */
const char *ts_condition_metric(const TsCondition *self);

/* NULL is allowed. */
void ts_condition_free(TsCondition *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsCondition, ts_condition_free)

G_END_DECLS

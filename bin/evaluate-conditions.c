/* evaluate --fail-if: conditions that set the exit status. */
#include "base/log.h"
#include "base/number.h"
#include "base/tool.h"
#include "evaluate.h"
#include "stats/condition.h"

#include <math.h>

struct _Conditions {
    char **texts;          /* borrowed */
    GPtrArray *conditions; /* of TsCondition */
    GPtrArray *metrics;    /* of TsMetric, one for each */
};

Conditions *
evaluate_parse_conditions(char **texts, GError **error)
{
    g_autoptr(Conditions) self = g_new0(Conditions, 1);
    self->texts = texts;
    self->conditions = g_ptr_array_new_with_free_func((GDestroyNotify) ts_condition_free);
    self->metrics = g_ptr_array_new_with_free_func((GDestroyNotify) ts_metric_free);
    for (guint i = 0; texts != NULL && texts[i] != NULL; i++) {
        TsCondition *condition = ts_condition_parse(texts[i], error);
        TsMetric *metric = NULL;
        if (condition != NULL) {
            g_ptr_array_add(self->conditions, condition);
            metric = ts_metric_parse(ts_condition_name(condition), evaluate_is_multi(), error);
        }
        if (metric == NULL) {
            g_prefix_error(error, "--fail-if: ");
            return NULL;
        }
        g_ptr_array_add(self->metrics, metric);
    }
    return g_steal_pointer(&self);
}

gboolean
evaluate_bind_conditions(Conditions *self, const TsPredictions *predictions, GError **error)
{
    for (guint i = 0; i < self->metrics->len; i++)
        if (!ts_metric_bind(self->metrics->pdata[i], predictions, error)) {
            g_prefix_error(error, "--fail-if: ");
            return FALSE;
        }
    return TRUE;
}

/* Say which conditions hold, and let the tool end with status 1 if one does. A metric that has no
 * value cannot be good enough. */
void
evaluate_check_conditions(const Conditions *self, TsScorecard *card)
{
    for (guint i = 0; i < self->conditions->len; i++) {
        const TsMetric *metric = self->metrics->pdata[i];
        double value = ts_metric_compute(metric, card);
        char text[TS_NUMBER_MAX];
        if (isnan(value))
            ts_log(TS_LOG_ERROR, "%s is not defined here: --fail-if '%s'", ts_metric_name(metric),
                   self->texts[i]);
        else if (ts_condition_holds(self->conditions->pdata[i], value))
            ts_log(TS_LOG_ERROR, "%s is %s: --fail-if '%s' holds", ts_metric_name(metric),
                   ts_format_double(text, value), self->texts[i]);
        else
            continue;
        ts_tool_set_status(1);
    }
}

void
evaluate_free_conditions(Conditions *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->conditions);
    g_ptr_array_unref(self->metrics);
    g_free(self);
}

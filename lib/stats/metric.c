/* Metrics by name and conditions on them. */
#include "stats/metric.h"

#include "base/error.h"
#include "base/number.h"

#include <float.h>
#include <string.h>

static const char *const names[] = {
    "accuracy",           "balanced_accuracy", "macro_precision", "macro_recall", "macro_f1",
    "weighted_precision", "weighted_recall",   "weighted_f1",     NULL,
};

static const char *const class_metrics[] = {"precision", "recall",    "f1",
                                            "support",   "predicted", NULL};

const char *const *
ts_metric_names(void)
{
    return names;
}

/* Split "recall:cat" into the place of "recall" among class_metrics, and "cat". */
static gboolean
split_class_metric(const char *name, guint *which, const char **class_name)
{
    for (guint i = 0; class_metrics[i] != NULL; i++) {
        gsize n = strlen(class_metrics[i]);
        if (strncmp(name, class_metrics[i], n) == 0 && name[n] == ':') {
            *which = i;
            *class_name = name + n + 1;
            return TRUE;
        }
    }
    return FALSE;
}

gboolean
ts_metric_check_name(const char *name, GError **error)
{
    guint which;
    const char *class_name;
    if (g_strv_contains(names, name) || split_class_metric(name, &which, &class_name))
        return TRUE;
    g_autofree char *known = g_strjoinv(", ", (char **) names);
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "'%s' is no metric; there are %s, and precision, recall, f1, support and "
                        "predicted of a class, such as recall:cat",
                        name, known);
}

static gboolean
find_class(const TsConfusion *confusion, const char *name, guint *i, GError **error)
{
    for (*i = 0; *i < ts_confusion_n_classes(confusion); (*i)++)
        if (strcmp(ts_confusion_name(confusion, *i), name) == 0)
            return TRUE;
    return ts_error_set(error, TS_ERROR_ARGUMENT, "there is no class '%s'", name);
}

static double
compute_class_metric(const TsConfusion *confusion, guint which, guint i)
{
    TsScores scores = ts_confusion_compute_scores(confusion, i);
    switch (which) {
    case 0:
        return scores.precision;
    case 1:
        return scores.recall;
    case 2:
        return scores.f1;
    case 3:
        return ts_confusion_compute_support(confusion, i);
    default:
        return ts_confusion_compute_predicted(confusion, i);
    }
}

gboolean
ts_metric_compute(const TsConfusion *confusion, const char *name, double *value, GError **error)
{
    guint which, i;
    const char *class_name;
    if (!ts_metric_check_name(name, error))
        return FALSE;
    if (split_class_metric(name, &which, &class_name)) {
        if (!find_class(confusion, class_name, &i, error))
            return FALSE;
        *value = compute_class_metric(confusion, which, i);
        return TRUE;
    }
    TsAverage average = g_str_has_prefix(name, "macro_") ? TS_AVERAGE_MACRO : TS_AVERAGE_WEIGHTED;
    TsScores scores = ts_confusion_compute_average(confusion, average);
    if (strcmp(name, "accuracy") == 0)
        *value = ts_confusion_compute_accuracy(confusion);
    else if (strcmp(name, "balanced_accuracy") == 0)
        *value = ts_confusion_compute_balanced_accuracy(confusion);
    else if (g_str_has_suffix(name, "_precision"))
        *value = scores.precision;
    else if (g_str_has_suffix(name, "_recall"))
        *value = scores.recall;
    else
        *value = scores.f1;
    return TRUE;
}

struct _TsCondition {
    char *metric;
    gboolean less;     /* < or <= */
    gboolean or_equal; /* <= or >= */
    double limit;
};

/* The last '<' or '>'. */
static const char *
find_sign(const char *text)
{
    const char *less = strrchr(text, '<'), *more = strrchr(text, '>');
    return less == NULL || (more != NULL && more > less) ? more : less;
}

TsCondition *
ts_condition_parse(const char *text, GError **error)
{
    const char *sign = find_sign(text);
    if (sign == NULL) {
        ts_error_set(error, TS_ERROR_ARGUMENT, "'%s' is not a condition such as 'accuracy<0.9'",
                     text);
        return NULL;
    }
    g_autoptr(TsCondition) self = g_new0(TsCondition, 1);
    self->less = *sign == '<';
    self->or_equal = sign[1] == '=';
    self->metric = g_strstrip(g_strndup(text, sign - text));
    g_autofree char *limit = g_strstrip(g_strdup(sign + 1 + self->or_equal));
    g_autofree char *what = g_strdup_printf("'%s'", text);
    if (!ts_metric_check_name(self->metric, error))
        return NULL;
    if (!ts_parse_double(limit, -DBL_MAX, DBL_MAX, what, &self->limit, error))
        return NULL;
    return g_steal_pointer(&self);
}

gboolean
ts_condition_check(const TsCondition *self, const TsConfusion *confusion, gboolean *holds,
                   double *value, GError **error)
{
    double metric;
    if (!ts_metric_compute(confusion, self->metric, &metric, error))
        return FALSE;
    *holds = (self->less ? metric < self->limit : metric > self->limit) ||
             (self->or_equal && metric == self->limit);
    if (value != NULL)
        *value = metric;
    return TRUE;
}

const char *
ts_condition_metric(const TsCondition *self)
{
    return self->metric;
}

void
ts_condition_free(TsCondition *self)
{
    if (self == NULL)
        return;
    g_free(self->metric);
    g_free(self);
}

/* Metrics by name. */
#include "stats/metric.h"

#include "base/error.h"

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

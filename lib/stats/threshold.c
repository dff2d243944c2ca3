/* Thresholds by rules, found on the points of a curve. */
#include "stats/threshold.h"

#include "base/error.h"
#include "base/nearest.h"
#include "base/spec.h"
#include "stats/curves.h"

#include <math.h>
#include <string.h>

static const char *const names[] = {"f1", "youden", "cost", "recall", "precision", NULL};

const char *const ts_threshold_help = "f1, youden, cost:fp=X,fn=Y, recall:at=X or precision:at=X";

static gboolean
read_keys(TsSpec *spec, TsThresholdRule *rule, GError **error)
{
    switch (rule->kind) {
    case TS_THRESHOLD_COST:
        return ts_spec_double(spec, "fp", 0, 1e12, 1, &rule->fp, error) &&
               ts_spec_double(spec, "fn", 0, 1e12, 1, &rule->fn, error);
    case TS_THRESHOLD_RECALL:
    case TS_THRESHOLD_PRECISION:
        return ts_spec_double(spec, "at", 0, 1, 0.95, &rule->at, error);
    default:
        return TRUE;
    }
}

gboolean
ts_threshold_parse(const char *text, TsThresholdRule *rule, GError **error)
{
    g_autoptr(TsSpec) spec = ts_spec_parse(text, "threshold", error);
    if (spec == NULL)
        return FALSE;
    *rule = (TsThresholdRule){0};
    guint kind = 0;
    while (names[kind] != NULL && strcmp(names[kind], ts_spec_name(spec)) != 0)
        kind++;
    if (names[kind] == NULL) {
        g_autofree char *hint = ts_nearest_hint(ts_spec_name(spec), names);
        return ts_error_set(error, TS_ERROR_ARGUMENT, "'%s' is no rule%s; there are %s",
                            ts_spec_name(spec), hint, ts_threshold_help);
    }
    rule->kind = (TsThresholdKind) kind;
    return read_keys(spec, rule, error) && ts_spec_finish(spec, error);
}

static double
divide(double a, double b)
{
    return b > 0 ? a / b : 0;
}

/* The point as a threshold; its value is what the rule looks at. */
static TsThreshold
describe(const TsThresholdRule *rule, const TsCurvePoint *point, double positive, double negative)
{
    TsThreshold t = {.threshold = point->threshold,
                     .precision = divide(point->tp, point->tp + point->fp),
                     .recall = point->tp / positive,
                     .specificity = 1 - point->fp / negative,
                     .f1 = 2 * point->tp / (point->tp + point->fp + positive)};
    const double values[] = {t.f1, t.recall + t.specificity - 1,
                             (rule->fp * point->fp + rule->fn * (positive - point->tp)) /
                                 (positive + negative),
                             t.recall, t.precision};
    t.value = values[rule->kind];
    return t;
}

/* Whether `t`, a lower threshold, is to be taken instead of `best`. */
static gboolean
is_better(const TsThresholdRule *rule, const TsThreshold *t, const TsThreshold *best)
{
    switch (rule->kind) {
    case TS_THRESHOLD_COST:
        return t->value < best->value;
    case TS_THRESHOLD_RECALL:
        return best->recall < rule->at && t->recall >= rule->at;
    case TS_THRESHOLD_PRECISION:
        return t->precision >= rule->at && (isnan(best->threshold) || t->recall > best->recall);
    default:
        return t->value > best->value;
    }
}

void
ts_threshold_choose(const TsThresholdRule *rule, const TsPredictions *predictions, guint c,
                    const double *weight, TsThreshold *best)
{
    double positive, negative;
    g_autoptr(GArray) points = ts_curve_points(predictions, c, weight, &positive, &negative);
    *best = (TsThreshold){NAN, NAN, NAN, NAN, NAN, NAN};
    if (!(positive > 0 && negative > 0))
        return;
    const TsCurvePoint never = {NAN, 0, 0};
    *best = describe(rule, &never, positive, negative);
    for (guint i = 0; i < points->len; i++) {
        TsThreshold t = describe(rule, &g_array_index(points, TsCurvePoint, i), positive, negative);
        if (is_better(rule, &t, best))
            *best = t;
    }
}

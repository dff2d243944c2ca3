/* How many rows each class is to have, by the name of a strategy of imbalanced-learn. */
#include "balance/resample/class_values.h"
#include "balance/resample/resample.h"
#include "base/error.h"
#include "base/number.h"

#include <math.h>
#include <string.h>

/* The first largest and the first smallest of the classes that have rows. */
typedef struct {
    guint largest, smallest, n_present;
} Extremes;

static gboolean
find_extremes(const guint64 *counts, guint n, Extremes *extremes, GError **error)
{
    *extremes = (Extremes){0};
    for (guint c = 0; c < n; c++) {
        if (counts[c] == 0)
            continue;
        if (extremes->n_present++ == 0)
            extremes->largest = extremes->smallest = c;
        if (counts[c] > counts[extremes->largest])
            extremes->largest = c;
        if (counts[c] < counts[extremes->smallest])
            extremes->smallest = c;
    }
    return extremes->n_present >= 2 ||
           ts_error_set(error, TS_ERROR_FORMAT,
                        "%u class%s with rows, a strategy needs two or more; "
                        "if others are in another column, name it with --label, or say with "
                        "--target CLASS=N how many rows there are to be",
                        extremes->n_present, extremes->n_present == 1 ? "" : "es");
}

/* Which classes a strategy with a name is about. */
static gboolean
strategy_takes(const char *strategy, TsResampleMethod method, const Extremes *extremes, guint class)
{
    if (strcmp(strategy, "all") == 0)
        return TRUE;
    if (strcmp(strategy, "majority") == 0)
        return class == extremes->largest;
    if (strcmp(strategy, "minority") == 0)
        return class == extremes->smallest;
    if (strcmp(strategy, "not majority") == 0)
        return class != extremes->largest;
    if (strcmp(strategy, "not minority") == 0)
        return class != extremes->smallest;
    return class != (method == TS_RESAMPLE_OVER ? extremes->largest : extremes->smallest);
}

static gboolean
check_strategy(const char *strategy, TsResampleMethod method, GError **error)
{
    static const char *const known[] = {"auto",     "all",          "majority",
                                        "minority", "not majority", "not minority"};
    gboolean over = method == TS_RESAMPLE_OVER;
    if (strcmp(strategy, over ? "majority" : "minority") == 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "the %s cannot %s: it is the %s class",
                            strategy, over ? "grow" : "shrink", over ? "largest" : "smallest");
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++)
        if (strcmp(strategy, known[i]) == 0)
            return TRUE;
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "unknown strategy '%s': auto, all, minority, not minority, majority, not "
                        "majority, a ratio in (0, 1], or a rule such as power:0.5 or median*2 "
                        "was expected",
                        strategy);
}

/* Rounded down, as imbalanced-learn does. */
static gboolean
ratio_target(double ratio, TsResampleMethod method, const guint64 *counts, const Extremes *extremes,
             guint64 *targets, GError **error)
{
    guint64 large = counts[extremes->largest], small = counts[extremes->smallest];
    if (!(ratio > 0 && ratio <= 1))
        return ts_error_set(error, TS_ERROR_ARGUMENT, "ratio %g is outside of (0, 1]", ratio);
    if (extremes->n_present != 2)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "a ratio is for two classes, %u have rows; name a strategy or targets",
                            extremes->n_present);
    double wanted =
        method == TS_RESAMPLE_OVER ? floor((double) large * ratio) : floor((double) small / ratio);
    if (method == TS_RESAMPLE_OVER ? wanted <= (double) small : wanted > (double) large)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "ratio %g is reached already: %" G_GUINT64_FORMAT
                            " rows to %" G_GUINT64_FORMAT,
                            ratio, small, large);
    targets[method == TS_RESAMPLE_OVER ? extremes->smallest : extremes->largest] = (guint64) wanted;
    return TRUE;
}

gboolean
ts_resample_strategy(const char *strategy, TsResampleMethod method, const guint64 *counts, guint n,
                     guint64 *targets, GError **error)
{
    g_assert(method != TS_RESAMPLE_ANY);
    double ratio;
    gboolean is_ratio = ts_parse_double(strategy, -G_MAXDOUBLE, G_MAXDOUBLE, "", &ratio, NULL);
    Extremes extremes;
    if ((!is_ratio && !check_strategy(strategy, method, error)) ||
        !find_extremes(counts, n, &extremes, error))
        return FALSE;
    memcpy(targets, counts, n * sizeof *targets);
    if (is_ratio)
        return ratio_target(ratio, method, counts, &extremes, targets, error);
    guint64 goal = counts[method == TS_RESAMPLE_OVER ? extremes.largest : extremes.smallest];
    for (guint c = 0; c < n; c++)
        if (counts[c] > 0 && strategy_takes(strategy, method, &extremes, c))
            targets[c] = goal;
    return TRUE;
}

gboolean
ts_resample_targeted(const char *strategy, char *const *names, const guint64 *counts, guint n,
                     gboolean *targeted, GError **error)
{
    Extremes extremes;
    if (g_str_has_prefix(strategy, "list:"))
        return ts_class_list_parse(strategy + strlen("list:"), names, n, targeted, error);
    if (!check_strategy(strategy, TS_RESAMPLE_UNDER, error) ||
        !find_extremes(counts, n, &extremes, error))
        return FALSE;
    for (guint c = 0; c < n; c++)
        targeted[c] = counts[c] > 0 && strategy_takes(strategy, TS_RESAMPLE_UNDER, &extremes, c);
    return TRUE;
}

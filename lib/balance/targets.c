/* How many rows each class is to have: strategies by name, and explicit numbers. */
#include "balance/resample.h"

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
                        "%u class%s with rows, a strategy needs two or more", extremes->n_present,
                        extremes->n_present == 1 ? "" : "es");
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
                        "majority, or a ratio in (0, 1] were expected",
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

/* One "CLASS=VALUE", read from `at` on; returns where the next begins. */
static const char *
next_item(const char *at, GString *item, gsize *name_length)
{
    g_string_truncate(item, 0);
    *name_length = G_MAXSIZE;
    for (; *at != '\0' && *at != ','; at++) {
        if (*at == '\\' && at[1] != '\0')
            at++;
        else if (*at == '=')
            *name_length = item->len;
        g_string_append_c(item, *at);
    }
    return *at == ',' ? at + 1 : at;
}

/* VALUE for a class of `count` rows. */
static gboolean
parse_value(const char *text, guint64 count, guint64 *target, GError **error)
{
    gsize n = strlen(text);
    if (n == 0 || text[n - 1] != '%') {
        gint64 rows;
        if (!ts_parse_int(text, G_MININT64, G_MAXINT64, "target", &rows, error))
            return FALSE;
        *target = (guint64) rows;
        return rows >= 0 || ts_error_set(error, TS_ERROR_ARGUMENT, "target %s is below 0", text);
    }
    g_autofree char *number = g_strndup(text, n - 1);
    double percent;
    if (!ts_parse_double(number, -G_MAXDOUBLE, G_MAXDOUBLE, "target", &percent, error))
        return FALSE;
    double rows = floor((double) count * percent / 100 + 0.5);
    if (percent < 0 || rows > 1e15)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "target %s is out of range", text);
    *target = percent > 0 && count > 0 ? MAX(1, (guint64) rows) : (guint64) rows;
    return TRUE;
}

static gboolean
check_target(const char *name, guint64 count, guint64 target, TsResampleMethod method,
             GError **error)
{
    if (count == 0 && target > 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "class '%s' has no row that could be repeated", name);
    if ((method == TS_RESAMPLE_OVER && target < count) ||
        (method == TS_RESAMPLE_UNDER && target > count))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "class '%s' has %" G_GUINT64_FORMAT
                            " rows, its target %" G_GUINT64_FORMAT
                            " is %s; leave out --method to allow both",
                            name, count, target, target < count ? "less" : "more");
    return TRUE;
}

typedef struct {
    TsResampleMethod method;
    char *const *names;
    const guint64 *counts;
    guint n;
    guint64 *targets;
    gboolean *listed;
} Targets;

static gboolean
set_target(Targets *self, guint class, const char *value, GError **error)
{
    guint64 target = 0;
    if (!parse_value(value, self->counts[class], &target, error) ||
        !check_target(self->names[class], self->counts[class], target, self->method, error))
        return FALSE;
    self->targets[class] = target;
    return TRUE;
}

static gboolean
apply_item(Targets *self, const char *name, const char *value, GError **error)
{
    for (guint c = 0; c < self->n; c++) {
        if (strcmp(self->names[c], name) != 0)
            continue;
        if (self->listed[c])
            return ts_error_set(error, TS_ERROR_ARGUMENT, "class '%s' is there twice", name);
        self->listed[c] = TRUE;
        return set_target(self, c, value, error);
    }
    g_autofree char *known = g_strjoinv(", ", (char **) self->names);
    return ts_error_set(error, TS_ERROR_ARGUMENT, "no class '%s', there are: %.400s", name, known);
}

/* The value of `*`, for the classes that have rows and are not listed. */
static gboolean
apply_rest(Targets *self, const char *value, GError **error)
{
    for (guint c = 0; c < self->n; c++)
        if (!self->listed[c] && self->counts[c] > 0 && !set_target(self, c, value, error))
            return FALSE;
    return TRUE;
}

gboolean
ts_resample_targets(const char *text, TsResampleMethod method, char *const *names,
                    const guint64 *counts, guint n, guint64 *targets, GError **error)
{
    g_autofree gboolean *listed = g_new0(gboolean, n + 1);
    g_autofree char *rest = NULL;
    g_autoptr(GString) item = g_string_new(NULL);
    Targets self = {method, names, counts, n, targets, listed};
    memcpy(targets, counts, n * sizeof *targets);
    do {
        gsize length;
        const char *from = text;
        text = next_item(text, item, &length);
        if (length == G_MAXSIZE || length == 0)
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "'%s': CLASS=ROWS or CLASS=PERCENT%% was expected", item->str);
        g_autofree char *name = g_strndup(item->str, length);
        const char *value = item->str + length + 1;
        gboolean is_rest = from[0] == '*' && length == 1;
        if (is_rest && rest != NULL)
            return ts_error_set(error, TS_ERROR_ARGUMENT, "class '*' is there twice");
        if (is_rest)
            rest = g_strdup(value);
        else if (!apply_item(&self, name, value, error))
            return FALSE;
    } while (*text != '\0');
    return rest == NULL || apply_rest(&self, rest, error);
}

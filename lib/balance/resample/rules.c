/* How many rows each class is to have, by rules that know every class's size. */
#include "balance/resample/class_values.h"
#include "balance/resample/resample.h"
#include "base/error.h"
#include "base/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    TsResampleMethod method;
    char *const *names;
    const guint64 *counts;
    guint n;
    double *wanted;
} Classes;

static int
compare_counts(const void *a, const void *b)
{
    guint64 x = *(const guint64 *) a, y = *(const guint64 *) b;
    return (x > y) - (x < y);
}

/* max, min, mean or median of the classes that have rows; NaN for another name. */
static double
statistic(const char *name, gsize length, const guint64 *counts, guint n)
{
    static const char *const known[] = {"max", "min", "mean", "median"};
    gsize which = 0;
    while (which < G_N_ELEMENTS(known) &&
           (strlen(known[which]) != length || memcmp(known[which], name, length) != 0))
        which++;
    g_autofree guint64 *sorted = g_new(guint64, MAX(n, 1));
    guint n_present = 0;
    double sum = 0;
    for (guint c = 0; c < n; c++)
        if (counts[c] > 0) {
            sorted[n_present++] = counts[c];
            sum += (double) counts[c];
        }
    if (which == G_N_ELEMENTS(known) || n_present == 0)
        return which == G_N_ELEMENTS(known) ? NAN : 0;
    qsort(sorted, n_present, sizeof *sorted, compare_counts);
    double half = ((double) sorted[(n_present - 1) / 2] + (double) sorted[n_present / 2]) / 2;
    const double value[] = {(double) sorted[n_present - 1], (double) sorted[0], sum / n_present,
                            half};
    return value[which];
}

/* "STATISTIC" or "STATISTIC*FACTOR"; `known` says whether it is one at all. */
static gboolean
parse_statistic(const char *text, const guint64 *counts, guint n, gboolean *known, double *value,
                GError **error)
{
    gsize length = strcspn(text, "*");
    double factor = 1;
    *value = statistic(text, length, counts, n);
    *known = !isnan(*value);
    if (*known && text[length] == '*' &&
        !ts_parse_double(text + length + 1, 0, 1e9, "factor", &factor, error))
        return FALSE;
    *value *= factor;
    return TRUE;
}

gboolean
ts_resample_amount(const char *text, const guint64 *counts, guint n, guint64 *rows, GError **error)
{
    double value;
    gboolean known;
    if (!parse_statistic(text, counts, n, &known, &value, error))
        return FALSE;
    gint64 number = 0;
    if (!known &&
        !ts_parse_int(text, 0, G_GINT64_CONSTANT(1000000000000000), "rows", &number, NULL))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "'%s' is neither a number of rows nor max, min, mean or median, with "
                            "or without a factor such as median*2",
                            text);
    *rows = known ? (guint64) floor(value + 0.5) : (guint64) number;
    return TRUE;
}

static gboolean
apply_statistic(const Classes *self, double value)
{
    value = floor(value + 0.5);
    for (guint c = 0; c < self->n; c++) {
        double count = (double) self->counts[c];
        self->wanted[c] = self->method == TS_RESAMPLE_OVER    ? fmax(count, value)
                          : self->method == TS_RESAMPLE_UNDER ? fmin(count, value)
                                                              : value;
    }
    return TRUE;
}

static gboolean
apply_as_is(const char *text, Classes *self, GError **error)
{
    (void) text;
    (void) error;
    for (guint c = 0; c < self->n; c++)
        self->wanted[c] = (double) self->counts[c];
    return TRUE;
}

static gboolean
apply_power(const char *text, Classes *self, GError **error)
{
    double power;
    if (!ts_parse_double(text, -10, 10, "power", &power, error))
        return FALSE;
    for (guint c = 0; c < self->n; c++)
        self->wanted[c] = self->counts[c] > 0 ? pow((double) self->counts[c], power) : 0;
    return TRUE;
}

static gboolean
apply_effective_numbers(const char *text, Classes *self, GError **error)
{
    double beta;
    if (!ts_parse_double(text, 0, 1, "effnum", &beta, error))
        return FALSE;
    for (guint c = 0; c < self->n; c++)
        self->wanted[c] = self->counts[c] == 0 ? 0
                          : beta == 1          ? (double) self->counts[c]
                          : beta == 0          ? 1
                                      : expm1((double) self->counts[c] * log(beta)) / (beta - 1);
    return TRUE;
}

gboolean
ts_resample_repeat_factors(const char *text, char *const *names, const guint64 *counts, guint n,
                           guint64 n_rows, double *factors, GError **error)
{
    const char *comma = strchr(text, ',');
    g_autofree char *common =
        g_strndup(text, comma != NULL ? (gsize) (comma - text) : strlen(text));
    g_autoptr(GPtrArray) own =
        comma != NULL ? ts_class_values_parse(comma + 1, names, counts, n, error) : NULL;
    double threshold;
    if ((comma != NULL && own == NULL) ||
        !ts_parse_double(common, 0, 1, "repeat-factor", &threshold, error))
        return FALSE;
    for (guint c = 0; c < n; c++) {
        double t = threshold, count = (double) counts[c];
        const char *value = own != NULL ? own->pdata[c] : NULL;
        if (value != NULL && !ts_parse_double(value, 0, 1, "repeat-factor", &t, error))
            return FALSE;
        factors[c] = count > 0 ? fmax(1, sqrt(t * (double) n_rows / count)) : 0;
    }
    return TRUE;
}

static gboolean
apply_repeat_factors(const char *text, Classes *self, GError **error)
{
    guint64 n_rows = 0;
    for (guint c = 0; c < self->n; c++)
        n_rows += self->counts[c];
    if (!ts_resample_repeat_factors(text, self->names, self->counts, self->n, n_rows, self->wanted,
                                    error))
        return FALSE;
    for (guint c = 0; c < self->n; c++)
        self->wanted[c] = floor((double) self->counts[c] * self->wanted[c] + 0.5);
    return self->method != TS_RESAMPLE_UNDER ||
           ts_error_set(error, TS_ERROR_ARGUMENT, "repeat-factor repeats rows, under does not");
}

static gboolean
apply_list(const char *text, Classes *self, GError **error)
{
    g_autofree gboolean *listed = g_new0(gboolean, MAX(self->n, 1));
    gboolean under = self->method == TS_RESAMPLE_UNDER;
    if (!ts_class_list_parse(text, self->names, self->n, listed, error))
        return FALSE;
    double goal = statistic(under ? "min" : "max", 3, self->counts, self->n);
    for (guint c = 0; c < self->n; c++)
        self->wanted[c] = listed[c] ? goal : (double) self->counts[c];
    return TRUE;
}

/* Every class keeps the least (under), has the most (over) or changes in place. */
static void
scale_shares(const Classes *self)
{
    double scale = 0, sum = 0, total = 0;
    for (guint c = 0; c < self->n; c++) {
        if (self->counts[c] == 0)
            continue;
        double factor = (double) self->counts[c] / self->wanted[c];
        scale = scale == 0                          ? factor
                : self->method == TS_RESAMPLE_UNDER ? fmin(scale, factor)
                                                    : fmax(scale, factor);
        sum += self->wanted[c];
        total += (double) self->counts[c];
    }
    if (self->method == TS_RESAMPLE_ANY)
        scale = sum > 0 ? total / sum : 0;
    for (guint c = 0; c < self->n; c++)
        self->wanted[c] *= scale;
}

static const struct {
    const char *prefix;
    gboolean (*apply)(const char *text, Classes *self, GError **error);
    gboolean shares;
} rules[] = {
    {"as-is", apply_as_is, FALSE},
    {"list:", apply_list, FALSE},
    {"power:", apply_power, TRUE},
    {"effnum:", apply_effective_numbers, TRUE},
    {"repeat-factor:", apply_repeat_factors, FALSE},
};

gboolean
ts_resample_rule(const char *rule, TsResampleMethod method, char *const *names,
                 const guint64 *counts, guint n, double *wanted, gboolean *known, GError **error)
{
    Classes self = {method, names, counts, n, wanted};
    double value;
    if (!parse_statistic(rule, counts, n, known, &value, error))
        return FALSE;
    if (*known)
        return apply_statistic(&self, value);
    for (gsize i = 0; i < G_N_ELEMENTS(rules); i++) {
        const char *prefix = rules[i].prefix;
        *known = g_str_has_suffix(prefix, ":") ? g_str_has_prefix(rule, prefix)
                                               : strcmp(rule, prefix) == 0;
        if (!*known)
            continue;
        if (!rules[i].apply(rule + strlen(prefix), &self, error))
            return FALSE;
        if (rules[i].shares)
            scale_shares(&self);
        return TRUE;
    }
    return TRUE;
}

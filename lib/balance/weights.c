/* Formulas for the weights of classes, and for other numbers that make up for their sizes. */
#include "balance/weights.h"

#include "base/error.h"
#include "base/number.h"
#include "manifest/cell.h"
#include "manifest/manifest.h"

#include <math.h>
#include <string.h>

/* What the formulas take beside the count. */
typedef struct {
    double total;     /* samples */
    double n_present; /* classes that have any */
    double min;       /* count of the smallest of these */
    double parameter; /* behind the colon */
} TermContext;

typedef double (*TermFunc)(double count, const TermContext *context);

static double
balanced(double count, const TermContext *context)
{
    return context->total / (context->n_present * count);
}

/* expm1 and log1p keep the digits that 1 - B^n loses when B is near 1. */
static double
effective_number(double count, const TermContext *context)
{
    double beta = context->parameter;
    return beta > 0 ? (1 - beta) / -expm1(count * log1p(beta - 1)) : 1;
}

static double
inverse(double count, const TermContext *context)
{
    return 1 / count;
}

static double
inverse_sqrt(double count, const TermContext *context)
{
    return 1 / sqrt(count);
}

static double
inverse_log(double count, const TermContext *context)
{
    return 1 / log(1.02 + count / context->total);
}

static double
positive(double count, const TermContext *context)
{
    return (context->total - count) / count;
}

static double
power(double count, const TermContext *context)
{
    return pow(count, context->parameter);
}

static double
repeat_factor(double count, const TermContext *context)
{
    return fmax(1, sqrt(context->parameter * context->total / count));
}

static double
margin(double count, const TermContext *context)
{
    return context->parameter * pow(context->min / count, 0.25);
}

static double
log_prior(double count, const TermContext *context)
{
    return context->parameter * log(count / context->total);
}

typedef enum { SCALE_NONE, SCALE_MEAN_1, SCALE_SUM_1 } Scale;

static const struct {
    const char *name;
    const char *parameter; /* its letter, or NULL for none */
    double low, high;      /* low <= parameter < high */
    TermFunc func;
    Scale scale;        /* over the classes that have samples */
    gboolean is_weight; /* of a loss */
    double empty;       /* for a class without samples */
} terms[] = {
    {"balanced", NULL, 0, 0, balanced, SCALE_NONE, TRUE, 0},
    {"effnum", "B", 0, 1, effective_number, SCALE_MEAN_1, TRUE, 0},
    {"class-balanced", "B", 0, 1, effective_number, SCALE_MEAN_1, TRUE, 0},
    {"inverse", NULL, 0, 0, inverse, SCALE_MEAN_1, TRUE, 0},
    {"sqrt", NULL, 0, 0, inverse_sqrt, SCALE_MEAN_1, TRUE, 0},
    {"log", NULL, 0, 0, inverse_log, SCALE_MEAN_1, TRUE, 0},
    {"positive", NULL, 0, 0, positive, SCALE_NONE, FALSE, NAN},
    {"sampling", "Q", -100, 100, power, SCALE_SUM_1, FALSE, 0},
    {"repeat", "T", 0, 1e300, repeat_factor, SCALE_NONE, FALSE, NAN},
    {"margin", "M", 0, 1e300, margin, SCALE_NONE, FALSE, NAN},
    {"logit", "TAU", -1e300, 1e300, log_prior, SCALE_NONE, FALSE, NAN},
};

/* The names, with their parameters, of all terms or of the weights. */
static char *
list_names(gboolean only_weights)
{
    GString *out = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(terms); i++) {
        if (only_weights && !terms[i].is_weight)
            continue;
        g_string_append_printf(out, "%s%s", out->len > 0 ? ", " : "", terms[i].name);
        if (terms[i].parameter != NULL)
            g_string_append_printf(out, ":%s", terms[i].parameter);
    }
    return g_string_free(out, FALSE);
}

static gboolean
parse_parameter(gsize which, const char *text, double *parameter, GError **error)
{
    const char *name = terms[which].name, *letter = terms[which].parameter;
    double low = terms[which].low, high = terms[which].high;
    if (!ts_parse_double(text, -G_MAXDOUBLE, G_MAXDOUBLE, name, parameter, error))
        return FALSE;
    if (*parameter < low || *parameter >= high)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: %s is %s, %g <= %s < %g was expected",
                            name, letter, text, low, letter, high);
    return TRUE;
}

static gboolean
parse_term(const char *text, gboolean only_weights, gsize *which, double *parameter, GError **error)
{
    gsize n = strcspn(text, ":");
    for (gsize i = 0; i < G_N_ELEMENTS(terms); i++) {
        if (strlen(terms[i].name) != n || strncmp(terms[i].name, text, n) != 0 ||
            (only_weights && !terms[i].is_weight) ||
            (terms[i].parameter != NULL) != (text[n] == ':'))
            continue;
        *which = i;
        return terms[i].parameter == NULL || parse_parameter(i, text + n + 1, parameter, error);
    }
    g_autofree char *known = list_names(only_weights);
    return ts_error_set(error, TS_ERROR_ARGUMENT, "unknown weights '%s', there are: %s", text,
                        known);
}

static void
scale_to(double *values, const guint64 *counts, guint n, double total)
{
    double sum = 0;
    for (guint i = 0; i < n; i++)
        sum += counts[i] > 0 ? values[i] : 0;
    for (guint i = 0; sum > 0 && i < n; i++)
        values[i] *= total / sum;
}

static gboolean
compute(const char *text, gboolean only_weights, const guint64 *counts, guint n, guint64 n_samples,
        double *values, GError **error)
{
    TermContext context = {.total = (double) n_samples, .min = INFINITY};
    gsize which = 0;
    if (!parse_term(text, only_weights, &which, &context.parameter, error))
        return FALSE;
    for (guint i = 0; i < n; i++) {
        context.n_present += counts[i] > 0;
        context.min = counts[i] > 0 ? fmin(context.min, (double) counts[i]) : context.min;
    }
    for (guint i = 0; i < n; i++)
        values[i] =
            counts[i] > 0 ? terms[which].func((double) counts[i], &context) : terms[which].empty;
    if (terms[which].scale != SCALE_NONE)
        scale_to(values, counts, n, terms[which].scale == SCALE_SUM_1 ? 1 : context.n_present);
    return TRUE;
}

gboolean
ts_class_weights(const char *scheme, const guint64 *counts, guint n, double *weights,
                 GError **error)
{
    guint64 n_samples = 0;
    for (guint i = 0; i < n; i++)
        n_samples += counts[i];
    return compute(scheme, TRUE, counts, n, n_samples, weights, error);
}

gboolean
ts_class_terms(const char *name, const guint64 *counts, guint n, guint64 n_samples, double *values,
               GError **error)
{
    return compute(name, FALSE, counts, n, n_samples, values, error);
}

gboolean
ts_class_weights_read(const char *path, const TsClasses *classes, double *weights, GError **error)
{
    guint of_class, of_weight;
    g_autoptr(TsManifest) table = ts_manifest_read(path, error);
    if (table == NULL || !ts_manifest_require_column(table, "class", &of_class, error) ||
        !ts_manifest_require_column(table, "weight", &of_weight, error))
        return FALSE;
    for (guint c = 0; c < classes->n; c++)
        weights[c] = NAN;
    for (guint64 row = 0; row < ts_manifest_n_rows(table); row++) {
        g_autofree char *name = ts_cell_unescape(ts_manifest_cell(table, row, of_class));
        int c = ts_classes_find(classes, name);
        double weight;
        if (c < 0)
            continue;
        if (!ts_cell_to_double(ts_manifest_cell(table, row, of_weight), &weight) || weight < 0)
            return ts_error_set(error, TS_ERROR_FORMAT,
                                "%s:%" G_GUINT64_FORMAT
                                ": the weight of class '%s' is not a number of 0 or more",
                                path, ts_manifest_line(table, row), name);
        weights[c] = weight;
    }
    for (guint c = 0; c < classes->n; c++)
        if (isnan(weights[c]))
            return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: there is no weight of class '%s'",
                                path, classes->names[c]);
    return TRUE;
}

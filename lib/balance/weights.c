/* Formulas for the weights of classes. */
#include "balance/weights.h"

#include "base/error.h"
#include "base/number.h"

#include <math.h>
#include <string.h>

typedef struct {
    double total;     /* samples */
    double n_present; /* classes that have any */
    double beta;      /* of effnum */
} WeightContext;

typedef double (*WeightFunc)(double count, const WeightContext *context);

static double
balanced(double count, const WeightContext *context)
{
    return context->total / (context->n_present * count);
}

/* expm1 and log1p keep the digits that 1 - B^n loses when B is near 1. */
static double
effective_number(double count, const WeightContext *context)
{
    double beta = context->beta;
    return beta > 0 ? (1 - beta) / -expm1(count * log1p(beta - 1)) : 1;
}

static double
inverse(double count, const WeightContext *context)
{
    return 1 / count;
}

static double
inverse_sqrt(double count, const WeightContext *context)
{
    return 1 / sqrt(count);
}

static double
inverse_log(double count, const WeightContext *context)
{
    return 1 / log(1.02 + count / context->total);
}

static const struct {
    const char *name;
    WeightFunc func;
    gboolean scaled; /* to mean 1 over the classes that have samples, which is also sum C */
} schemes[] = {
    {"balanced", balanced, FALSE}, {"effnum", effective_number, TRUE}, {"inverse", inverse, TRUE},
    {"sqrt", inverse_sqrt, TRUE},  {"log", inverse_log, TRUE},
};

/* Find the scheme; read B of effnum:B, which no other scheme has. */
static gboolean
parse_scheme(const char *scheme, gsize *which, WeightContext *context, GError **error)
{
    gsize n = strcspn(scheme, ":");
    for (gsize i = 0; i < G_N_ELEMENTS(schemes); i++) {
        gboolean needs_beta = schemes[i].func == effective_number;
        if (strlen(schemes[i].name) != n || strncmp(schemes[i].name, scheme, n) != 0 ||
            needs_beta != (scheme[n] == ':'))
            continue;
        *which = i;
        if (!needs_beta)
            return TRUE;
        if (!ts_parse_double(scheme + n + 1, -G_MAXDOUBLE, G_MAXDOUBLE, "effnum", &context->beta,
                             error))
            return FALSE;
        return (context->beta >= 0 && context->beta < 1) ||
               ts_error_set(error, TS_ERROR_ARGUMENT, "effnum: B is %s, 0 <= B < 1 was expected",
                            scheme + n + 1);
    }
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "unknown weights '%s': balanced, effnum:B, inverse, sqrt and log are known",
                        scheme);
}

gboolean
ts_class_weights(const char *scheme, const guint64 *counts, guint n, double *weights,
                 GError **error)
{
    WeightContext context = {0};
    gsize which = 0;
    if (!parse_scheme(scheme, &which, &context, error))
        return FALSE;
    for (guint i = 0; i < n; i++) {
        context.total += (double) counts[i];
        context.n_present += counts[i] > 0;
    }
    double sum = 0;
    for (guint i = 0; i < n; i++) {
        weights[i] = counts[i] > 0 ? schemes[which].func((double) counts[i], &context) : 0;
        sum += weights[i];
    }
    for (guint i = 0; schemes[which].scaled && sum > 0 && i < n; i++)
        weights[i] *= context.n_present / sum;
    return TRUE;
}

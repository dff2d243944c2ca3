/* Clipping by norm, by value, and adaptively by unit. */
#include "nn/clip.h"

#include "base/error.h"
#include "base/number.h"
#include "nn/optimizers/rules.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RUN = 4096 }; /* terms that are summed before they join the others */

static const char *const kinds[] = {"none", "norm", "value", "agc"};

gboolean
ts_clip_parse(const char *text, TsClip *clip, GError **error)
{
    const char *colon = strchr(text, ':');
    for (gsize k = TS_CLIP_NORM; colon != NULL && k < G_N_ELEMENTS(kinds); k++)
        if (strlen(kinds[k]) == (gsize) (colon - text) &&
            strncmp(kinds[k], text, (gsize) (colon - text)) == 0) {
            clip->kind = (TsClipKind) k;
            return ts_parse_double(colon + 1, 1e-12, 1e12, "--clip", &clip->limit, error);
        }
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "--clip: '%s' is not norm:C, value:C or agc:C, such as norm:1", text);
}

double
ts_sum_in_order(TsSumOfRun sum_of_run, const void *data, gsize n)
{
    const gsize n_runs = (n + RUN - 1) / RUN;
    g_autofree double *sums = g_new(double, n_runs + 1);
#pragma omp parallel for if (n >= TS_OPTIMIZER_PARALLEL_FROM)
    for (gsize run = 0; run < n_runs; run++)
        sums[run] = sum_of_run(data, run * RUN, MIN(n, (run + 1) * RUN));
    double total = 0;
    for (gsize run = 0; run < n_runs; run++)
        total += sums[run];
    return total;
}

static double
sum_of_squares(const void *data, gsize begin, gsize end)
{
    const float *x = data;
    double sum = 0;
    for (gsize i = begin; i < end; i++)
        sum += (double) x[i] * x[i];
    return sum;
}

double
ts_sum_of_squares(const float *x, gsize n)
{
    return ts_sum_in_order(sum_of_squares, x, n);
}

double
ts_gradient_norm(const TsParams *params)
{
    double total = 0;
    for (guint i = 0; i < params->n; i++)
        if (ts_param_is_trained(&params->param[i]))
            total += ts_sum_of_squares(params->param[i].grad, params->param[i].n_stored);
    return sqrt(total);
}

static void
scale_gradients(TsParams *params, float by)
{
    for (guint i = 0; i < params->n; i++) {
        TsParam *param = &params->param[i];
        if (ts_param_is_trained(param))
            for (gsize k = 0; k < param->n_stored; k++)
                param->grad[k] *= by;
    }
}

static void
clip_values(TsParams *params, float limit)
{
    for (guint i = 0; i < params->n; i++) {
        TsParam *param = &params->param[i];
        if (ts_param_is_trained(param))
            for (gsize k = 0; k < param->n_stored; k++)
                param->grad[k] = CLAMP(param->grad[k], -limit, limit);
    }
}

/* Units of `n` numbers each, plain. */
static void
clip_units(const float *weight, float *grad, gsize n_units, gsize n, double limit)
{
    for (gsize unit = 0; unit < n_units; unit++, weight += n, grad += n) {
        double most = limit * MAX(sqrt(ts_sum_of_squares(weight, n)), 1e-3);
        double length = sqrt(ts_sum_of_squares(grad, n));
        if (length > most)
            for (gsize k = 0; k < n; k++)
                grad[k] = (float) (grad[k] * (most / length));
    }
}

/* Units are known in plain form alone. */
static gboolean
clip_adaptively(TsParam *param, double limit, GError **error)
{
    gsize n_units = param->spec->rank > 1 ? (gsize) param->spec->shape[0] : 1;
    float *weight = ts_aligned_floats(param->n, error);
    float *grad = weight != NULL ? ts_aligned_floats(param->n, error) : NULL;
    gboolean ok = grad != NULL && ts_param_get_plain(param, param->data, weight, error) &&
                  ts_param_get_plain(param, param->grad, grad, error);
    if (ok) {
        clip_units(weight, grad, n_units, param->n / n_units, limit);
        ok = ts_param_set_plain(param, grad, param->grad, error);
    }
    free(weight);
    free(grad);
    return ok;
}

/* The last weight and what follows it (its bias) are the head. */
static guint
find_head(const TsParams *params)
{
    guint head = params->n;
    for (guint i = 0; i < params->n; i++)
        if (ts_param_is_learned(&params->param[i]) && params->param[i].spec->rank > 1)
            head = i;
    return head;
}

gboolean
ts_clip_gradients(const TsClip *clip, TsParams *params, double *norm, GError **error)
{
    *norm = ts_gradient_norm(params);
    if (clip->kind == TS_CLIP_NORM && *norm + 1e-6 > clip->limit)
        scale_gradients(params, (float) (clip->limit / (*norm + 1e-6)));
    if (clip->kind == TS_CLIP_VALUE)
        clip_values(params, (float) clip->limit);
    if (clip->kind != TS_CLIP_AGC)
        return TRUE;
    guint head = find_head(params);
    for (guint i = 0; i < head; i++)
        if (ts_param_is_trained(&params->param[i]) &&
            !clip_adaptively(&params->param[i], clip->limit, error))
            return FALSE;
    return TRUE;
}

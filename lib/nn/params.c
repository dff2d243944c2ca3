/* Parameters: storage, random start, plain and stored form. */
#include "nn/params.h"

#include "base/error.h"
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Large blocks lie on huge pages where the system has them: fewer faults, fewer misses. */
enum { ALIGNMENT = 64, HUGE_PAGE = 2 << 20 };

static const char *const kernels_names[] = {
    [TS_KERNELS_AUTO] = "auto",
    [TS_KERNELS_DIRECT] = "direct",
    [TS_KERNELS_WINOGRAD] = "winograd",
    [TS_KERNELS_TIMED] = "timed",
};

gboolean
ts_conv_kernels_parse(const char *name, TsConvKernels *kernels, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(kernels_names); i++)
        if (strcmp(name, kernels_names[i]) == 0) {
            *kernels = (TsConvKernels) i;
            return TRUE;
        }
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "kernels '%s' are not known: auto, direct, winograd or timed", name);
}

const char *
ts_conv_kernels_name(TsConvKernels kernels)
{
    return kernels_names[kernels];
}

static const char *const precision_names[] = {
    [TS_PRECISION_F32] = "f32",
    [TS_PRECISION_BF16] = "bf16",
};

gboolean
ts_precision_parse(const char *name, TsPrecision *precision, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(precision_names); i++)
        if (strcmp(name, precision_names[i]) == 0) {
            *precision = (TsPrecision) i;
            return TRUE;
        }
    return ts_error_set(error, TS_ERROR_ARGUMENT, "precision '%s' is not known: f32 or bf16", name);
}

const char *
ts_precision_name(TsPrecision precision)
{
    return precision_names[precision];
}

void
ts_advise_huge_pages(void *memory, gsize bytes)
{
#ifdef MADV_HUGEPAGE
    madvise(memory, bytes, MADV_HUGEPAGE); /* a wish: nothing depends on it */
#endif
}

/* Only what lies behind the numbers is set. */
static float *
aligned_floats_unset(gsize n, GError **error)
{
    gsize bytes;
    void *block = NULL;
    /* Not g_aligned_alloc(), which aborts where there is no memory. */
    if (!g_size_checked_mul(&bytes, n, sizeof(float)) || bytes >= G_MAXSSIZE ||
        posix_memalign(&block, bytes < 2 * HUGE_PAGE ? ALIGNMENT : HUGE_PAGE, bytes + ALIGNMENT) !=
            0) {
        ts_error_set(error, TS_ERROR_NO_MEMORY, "no memory for %" G_GSIZE_FORMAT " numbers", n);
        return NULL;
    }
    if (bytes >= 2 * HUGE_PAGE)
        ts_advise_huge_pages(block, bytes);
    memset((char *) block + bytes, 0, ALIGNMENT);
    return block;
}

float *
ts_aligned_floats(gsize n, GError **error)
{
    float *floats = aligned_floats_unset(n, error);
    return floats != NULL ? memset(floats, 0, n * sizeof *floats) : NULL;
}

gboolean
ts_param_is_learned(const TsParam *param)
{
    return param->spec->role != TS_PARAM_RUNNING_MEAN &&
           param->spec->role != TS_PARAM_RUNNING_VARIANCE;
}

gboolean
ts_param_is_trained(const TsParam *param)
{
    return ts_param_is_learned(param) && !param->frozen;
}

static void
fill(float *data, gsize n, float value)
{
    for (gsize i = 0; i < n; i++)
        data[i] = value;
}

gboolean
ts_param_allocate(TsParam *param, GError **error)
{
    param->data = aligned_floats_unset(param->n_stored, error);
    if (param->data != NULL && param->n_stored > param->n) /* padding */
        fill(param->data, param->n_stored, 0.0f);
    return param->data != NULL;
}

void
ts_param_drop(TsParam *param)
{
    if (!param->borrowed)
        free(param->data);
    param->data = NULL;
    param->borrowed = FALSE;
}

gboolean
ts_params_add_gradients(TsParams *params, GError **error)
{
    for (guint i = 0; i < params->n; i++) {
        TsParam *param = &params->param[i];
        if (param->grad == NULL && ts_param_is_learned(param) &&
            (param->grad = ts_aligned_floats(param->n_stored, error)) == NULL)
            return FALSE;
    }
    return TRUE;
}

TsParams *
ts_params_new_outline(const TsGraph *graph, GError **error)
{
    g_autoptr(TsParams) params = g_new0(TsParams, 1);
    params->n = graph->params->len;
    params->param = g_new0(TsParam, params->n);
    for (guint i = 0; i < params->n; i++) {
        TsParam *param = &params->param[i];
        param->spec = ts_graph_param(graph, i);
        param->n = 1;
        param->rate_scale = 1;
        for (guint d = 0; d < param->spec->rank; d++)
            if (!g_size_checked_mul(&param->n, param->n, (gsize) param->spec->shape[d])) {
                ts_error_set(error, TS_ERROR_NO_MEMORY, "%s: too many numbers", param->spec->name);
                return NULL;
            }
        param->n_stored = param->n;
    }
    return g_steal_pointer(&params);
}

TsParams *
ts_params_new(const TsGraph *graph, GError **error)
{
    g_autoptr(TsParams) params = ts_params_new_outline(graph, error);
    for (guint i = 0; params != NULL && i < params->n; i++) {
        TsParam *param = &params->param[i];
        if (!ts_param_allocate(param, error))
            return NULL;
        const gboolean of_ones =
            param->spec->role == TS_PARAM_SCALE || param->spec->role == TS_PARAM_RUNNING_VARIANCE;
        fill(param->data, param->n, of_ones ? 1.0f : 0.0f);
    }
    return g_steal_pointer(&params);
}

static void
clear_data(TsParam *param)
{
    ts_param_drop(param);
    g_clear_pointer(&param->grad, free);
}

void
ts_params_free(TsParams *params)
{
    if (params == NULL)
        return;
    for (guint i = 0; i < params->n; i++) {
        clear_data(&params->param[i]);
        ts_layout_free(params->param[i].plain);
        ts_layout_free(params->param[i].layout);
    }
    g_free(params->param);
    g_free(params);
}

/* The width of the distribution: standard deviation, or bound. */
static double
scale_of(const TsParamSpec *spec, TsInit init)
{
    switch (init) {
    case TS_INIT_HE_IN:
        return sqrt(2.0 / spec->fan_in);
    case TS_INIT_HE_OUT:
        return sqrt(2.0 / spec->fan_out);
    case TS_INIT_UNIFORM_IN:
        return 1 / sqrt((double) spec->fan_in);
    case TS_INIT_UNIFORM_OUT:
        return 1 / sqrt((double) spec->fan_out);
    default:
        return 0.01;
    }
}

void
ts_param_draw(const TsParam *param, TsInit init, guint64 seed, float *plain)
{
    const TsParamSpec *spec = param->spec;
    if (init == TS_INIT_ZERO || init == TS_INIT_ONE) {
        fill(plain, param->n, init == TS_INIT_ONE ? 1.0f : 0.0f);
        return;
    }
    const gboolean uniform = init == TS_INIT_UNIFORM_IN || init == TS_INIT_UNIFORM_OUT;
    const double scale = scale_of(spec, init);
    TsRng rng;
    ts_rng_init(&rng, seed, spec->name, 0);
    for (gsize k = 0; k < param->n; k++)
        plain[k] = (float) (scale * (uniform ? 2 * ts_rng_uniform(&rng) - 1 : ts_rng_normal(&rng)));
}

void
ts_params_init(TsParams *params, guint64 seed)
{
    g_assert(!params->locked);
    for (guint i = 0; i < params->n; i++)
        ts_param_draw(&params->param[i], params->param[i].spec->init, seed, params->param[i].data);
}

static gboolean
reorder(const TsLayout *from, const TsLayout *to, const float *src, float *dst, GError **error)
{
    g_autoptr(TsKernel) kernel = ts_kernel_reorder(from, to, error);
    if (kernel == NULL)
        return FALSE;
    ts_kernel_bind(kernel, TS_ARG_SRC, (void *) src);
    ts_kernel_bind(kernel, TS_ARG_DST, dst);
    return ts_kernel_run(kernel, error);
}

gboolean
ts_param_get_plain(const TsParam *param, const float *stored, float *plain, GError **error)
{
    if (param->layout != NULL)
        return reorder(param->layout, param->plain, stored, plain, error);
    memcpy(plain, stored, param->n * sizeof *plain);
    return TRUE;
}

gboolean
ts_param_set_plain(const TsParam *param, const float *plain, float *stored, GError **error)
{
    if (param->layout != NULL)
        return reorder(param->plain, param->layout, plain, stored, error);
    memcpy(stored, plain, param->n * sizeof *plain);
    return TRUE;
}

gboolean
ts_param_adopt_layout(TsParam *param, const TsLayout *plain, const TsLayout *layout, GError **error)
{
    g_assert(param->layout == NULL);
    TsParam stored = {.spec = param->spec,
                      .n = param->n,
                      .n_stored = ts_layout_bytes(layout) / sizeof(float),
                      .frozen = param->frozen,
                      .anchored = param->anchored,
                      .rate_scale = param->rate_scale};
    if (param->grad != NULL && (stored.grad = ts_aligned_floats(stored.n_stored, error)) == NULL)
        return FALSE;
    if (!ts_param_allocate(&stored, error) ||
        !reorder(plain, layout, param->data, stored.data, error)) {
        clear_data(&stored);
        return FALSE;
    }
    clear_data(param);
    *param = stored;
    param->plain = ts_layout_copy(plain);
    param->layout = ts_layout_copy(layout);
    return TRUE;
}

/* The oneDNN fence: the engine, kernels and their arguments. Errors become GErrors here. */
#include "nn/dnnl_fence.h"

#include "base/error.h"

#include <oneapi/dnnl/dnnl_debug.h>

struct _TsKernel {
    dnnl_primitive_desc_t desc;
    dnnl_primitive_t primitive;
    TsLayout *layout[TS_N_ARGS]; /* NULL: no such argument */
    dnnl_memory_t memory[TS_N_ARGS];
    int n_args;
    dnnl_exec_arg_t arg[TS_N_ARGS];
};

static const int dnnl_arg[TS_N_ARGS] = {
    [TS_ARG_SRC] = DNNL_ARG_SRC,
    [TS_ARG_DST] = DNNL_ARG_DST,
    [TS_ARG_WEIGHTS] = DNNL_ARG_WEIGHTS,
    [TS_ARG_BIAS] = DNNL_ARG_BIAS,
    [TS_ARG_MEAN] = DNNL_ARG_MEAN,
    [TS_ARG_VARIANCE] = DNNL_ARG_VARIANCE,
    [TS_ARG_SCALE] = DNNL_ARG_SCALE,
    [TS_ARG_SHIFT] = DNNL_ARG_SHIFT,
    [TS_ARG_WORKSPACE] = DNNL_ARG_WORKSPACE,
    [TS_ARG_DIFF_SRC] = DNNL_ARG_DIFF_SRC,
    [TS_ARG_DIFF_DST] = DNNL_ARG_DIFF_DST,
    [TS_ARG_DIFF_WEIGHTS] = DNNL_ARG_DIFF_WEIGHTS,
    [TS_ARG_DIFF_BIAS] = DNNL_ARG_DIFF_BIAS,
    [TS_ARG_DIFF_SCALE] = DNNL_ARG_DIFF_SCALE,
    [TS_ARG_DIFF_SHIFT] = DNNL_ARG_DIFF_SHIFT,
};

gboolean
ts_dnnl_check(dnnl_status_t status, const char *what, GError **error)
{
    if (status == dnnl_success)
        return TRUE;
    TsError code = status == dnnl_out_of_memory ? TS_ERROR_NO_MEMORY : TS_ERROR_DEPENDENCY;
    return ts_error_set(error, code, "oneDNN: %s: %s", what, dnnl_status2str(status));
}

/* One engine and one stream for the process; both live as long as it does. */
static gboolean
get_engine(dnnl_engine_t *engine, dnnl_stream_t *stream, GError **error)
{
    static GMutex lock;
    static dnnl_engine_t the_engine;
    static dnnl_stream_t the_stream;
    g_mutex_lock(&lock);
    gboolean ready =
        the_stream != NULL ||
        (ts_dnnl_check(dnnl_engine_create(&the_engine, dnnl_cpu, 0), "engine", error) &&
         ts_dnnl_check(dnnl_stream_create(&the_stream, the_engine, dnnl_stream_default_flags),
                       "stream", error));
    g_mutex_unlock(&lock);
    *engine = the_engine;
    *stream = the_stream;
    return ready;
}

const char *
ts_dnnl_version(void)
{
    static char text[64];
    const dnnl_version_t *version = dnnl_version();
    g_snprintf(text, sizeof text, "oneDNN %d.%d.%d", version->major, version->minor,
               version->patch);
    return text;
}

/* ---- layouts ---- */

TsLayout *
ts_layout_plain(guint rank, const gint64 *dims, GError **error)
{
    static const dnnl_format_tag_t tags[] = {dnnl_a, dnnl_ab, dnnl_abc, dnnl_abcd, dnnl_abcde};
    g_assert(rank >= 1 && rank <= G_N_ELEMENTS(tags));
    return ts_dnnl_layout(rank, dims, dnnl_f32, tags[rank - 1], error);
}

TsLayout *
ts_layout_channel_blocks(const gint64 dims[4], int block, GError **error)
{
    return ts_dnnl_layout(4, dims, dnnl_f32, block == 16 ? dnnl_nChw16c : dnnl_nChw8c, error);
}

int
ts_layout_find_block(const TsLayout *layout, const gint64 dims[4])
{
    for (int block = 8; block <= 16; block += 8) {
        g_autoptr(TsLayout) blocked = ts_layout_channel_blocks(dims, block, NULL);
        if (blocked != NULL && ts_layout_equal(blocked, layout))
            return block;
    }
    return 0;
}

/* ---- kernels ---- */

/* Ask the primitive descriptor which arguments it has, and make an unbound memory for each. */
static gboolean
find_arguments(TsKernel *kernel, dnnl_engine_t engine, GError **error)
{
    for (int i = 0; i < TS_N_ARGS; i++) {
        kernel->layout[i] = ts_dnnl_argument(kernel->desc, dnnl_arg[i]);
        if (kernel->layout[i] == NULL)
            continue;
        if (!ts_dnnl_check(ts_dnnl_memory(&kernel->memory[i], kernel->layout[i], engine), "memory",
                           error))
            return FALSE;
        kernel->arg[kernel->n_args++] = (dnnl_exec_arg_t){dnnl_arg[i], kernel->memory[i]};
    }
    return TRUE;
}

/* Takes *desc, which is set if `status` says so. */
static TsKernel *
kernel_new(dnnl_status_t status, const dnnl_primitive_desc_t *desc, const TsDnnlHow *how,
           const char *what, GError **error)
{
    if (!ts_dnnl_check(status, what, error))
        return NULL;
    g_autoptr(TsKernel) kernel = g_new0(TsKernel, 1);
    kernel->desc = *desc;
    if (!ts_dnnl_check(dnnl_primitive_create(&kernel->primitive, *desc), what, error) ||
        !find_arguments(kernel, how->engine, error))
        return NULL;
    return g_steal_pointer(&kernel);
}

void
ts_kernel_free(TsKernel *kernel)
{
    if (kernel == NULL)
        return;
    for (int i = 0; i < TS_N_ARGS; i++) {
        if (kernel->memory[i] != NULL)
            dnnl_memory_destroy(kernel->memory[i]);
        ts_layout_free(kernel->layout[i]);
    }
    if (kernel->primitive != NULL)
        dnnl_primitive_destroy(kernel->primitive);
    if (kernel->desc != NULL)
        dnnl_primitive_desc_destroy(kernel->desc);
    g_free(kernel);
}

const TsLayout *
ts_kernel_layout(const TsKernel *kernel, TsArg arg)
{
    return kernel->layout[arg];
}

void
ts_kernel_bind(TsKernel *kernel, TsArg arg, void *data)
{
    g_assert(kernel->memory[arg] != NULL);
    dnnl_status_t status = dnnl_memory_set_data_handle(kernel->memory[arg], data);
    g_assert(status == dnnl_success);
}

gboolean
ts_kernel_run(TsKernel *kernel, GError **error)
{
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    return get_engine(&engine, &stream, error) &&
           ts_dnnl_check(
               dnnl_primitive_execute(kernel->primitive, stream, kernel->n_args, kernel->arg),
               "execution", error) &&
           ts_dnnl_check(dnnl_stream_wait(stream), "execution", error);
}

const char *
ts_kernel_implementation(const TsKernel *kernel)
{
    const char *name = NULL;
    if (dnnl_primitive_desc_query(kernel->desc, dnnl_query_impl_info_str, 0, (void *) &name) !=
        dnnl_success)
        return "unknown";
    return name;
}

/* What a forward primitive descriptor is made with, and a backward one. */
static gboolean
forward(TsDnnlHow *how, gboolean training, GError **error)
{
    dnnl_stream_t stream;
    *how = (TsDnnlHow){.pass = training ? dnnl_forward_training : dnnl_forward_inference};
    return get_engine(&how->engine, &stream, error);
}

static gboolean
backward(TsDnnlHow *how, const TsKernel *hint, GError **error)
{
    dnnl_stream_t stream;
    *how = (TsDnnlHow){.pass = dnnl_backward, .hint = hint->desc};
    return get_engine(&how->engine, &stream, error);
}

/* ---- convolution ---- */

static void
window_clear(TsDnnlWindow *window)
{
    ts_layout_free(window->src);
    ts_layout_free(window->weights);
    ts_layout_free(window->bias);
    ts_layout_free(window->dst);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsDnnlWindow, window_clear)

static guint
conv_weight_dims(const TsWindowSpec *spec, gint64 dims[5])
{
    guint rank = 0;
    if (spec->groups > 1)
        dims[rank++] = spec->groups;
    dims[rank++] = spec->out_channels / spec->groups;
    dims[rank++] = spec->in_channels / spec->groups;
    dims[rank++] = spec->kernel_height;
    dims[rank++] = spec->kernel_width;
    return rank;
}

TsLayout *
ts_layout_conv_weights(const TsWindowSpec *spec, GError **error)
{
    gint64 dims[5];
    guint rank = conv_weight_dims(spec, dims);
    return ts_layout_plain(rank, dims, error);
}

/* The types of what a pass reads and writes. In bf16 it reads bf16, and writes f32. */
typedef struct {
    dnnl_data_type_t src, weights, dst;
} Types;

static const Types all_f32 = {dnnl_f32, dnnl_f32, dnnl_f32};

static const Types *
forward_types(const TsWindowSpec *spec)
{
    static const Types bf16 = {dnnl_bf16, dnnl_bf16, dnnl_f32};
    return spec->bf16 ? &bf16 : &all_f32;
}

static const Types *
backward_data_types(const TsWindowSpec *spec)
{
    static const Types bf16 = {dnnl_f32, dnnl_bf16, dnnl_bf16};
    return spec->bf16 ? &bf16 : &all_f32;
}

static const Types *
backward_weights_types(const TsWindowSpec *spec)
{
    static const Types bf16 = {dnnl_bf16, dnnl_f32, dnnl_bf16};
    return spec->bf16 ? &bf16 : &all_f32;
}

/* Source, destination, strides and padding; `src` may be given. */
static gboolean
describe_window(TsDnnlWindow *window, const TsWindowSpec *spec, const Types *types,
                const TsLayout *src, GError **error)
{
    const gint64 in[] = {spec->batch, spec->in_channels, spec->in_height, spec->in_width};
    const gint64 out[] = {spec->batch, spec->out_channels, spec->out_height, spec->out_width};
    window->strides[0] = window->strides[1] = spec->stride;
    window->kernel[0] = spec->kernel_height;
    window->kernel[1] = spec->kernel_width;
    window->pad[0] = spec->pad_top;
    window->pad[1] = spec->pad_left;
    window->pad_end[0] = spec->pad_bottom;
    window->pad_end[1] = spec->pad_right;
    window->src = src != NULL ? ts_layout_copy(src)
                              : ts_dnnl_layout(4, in, types->src, dnnl_format_tag_any, error);
    if (window->src != NULL)
        window->dst = ts_dnnl_layout(4, out, types->dst, dnnl_format_tag_any, error);
    return window->dst != NULL;
}

static gboolean
describe_conv(TsDnnlWindow *window, const TsWindowSpec *spec, const Types *types,
              const TsLayout *weights, GError **error)
{
    gint64 dims[5];
    const guint rank = conv_weight_dims(spec, dims);
    window->algorithm = dnnl_convolution_direct;
    if (!describe_window(window, spec, types, NULL, error))
        return FALSE;
    window->weights = weights != NULL
                          ? ts_layout_copy(weights)
                          : ts_dnnl_layout(rank, dims, types->weights, dnnl_format_tag_any, error);
    if (window->weights != NULL && spec->bias)
        window->bias = ts_layout_plain(1, &spec->out_channels, error);
    return window->weights != NULL && (window->bias != NULL || !spec->bias);
}

static dnnl_status_t
append_ops(dnnl_post_ops_t ops, const TsWindowSpec *spec)
{
    dnnl_status_t status = spec->adds ? ts_dnnl_append_sum(ops) : dnnl_success;
    if (status != dnnl_success || spec->limit == TS_LIMIT_NONE)
        return status;
    return spec->limit == TS_LIMIT_RELU ? ts_dnnl_append_eltwise(ops, dnnl_eltwise_relu, 0, 0)
                                        : ts_dnnl_append_eltwise(ops, dnnl_eltwise_clip, 0, 6);
}

/* *attr for what is done with the result; destroy it. */
static gboolean
describe_finish(dnnl_primitive_attr_t *attr, const TsWindowSpec *spec, GError **error)
{
    dnnl_post_ops_t ops = NULL;
    dnnl_status_t status = dnnl_primitive_attr_create(attr);
    if (status == dnnl_success)
        status = dnnl_post_ops_create(&ops);
    if (status == dnnl_success)
        status = append_ops(ops, spec);
    if (status == dnnl_success)
        status = dnnl_primitive_attr_set_post_ops(*attr, ops);
    if (ops != NULL)
        dnnl_post_ops_destroy(ops);
    return ts_dnnl_check(status, "post-operations", error);
}

TsKernel *
ts_kernel_conv_forward(const TsWindowSpec *spec, gboolean training, const TsLayout *weights,
                       GError **error)
{
    g_auto(TsDnnlWindow) window = {0};
    TsDnnlHow how;
    dnnl_primitive_desc_t desc = NULL;
    dnnl_primitive_attr_t attr = NULL;
    TsKernel *kernel = NULL;
    if (describe_conv(&window, spec, forward_types(spec), weights, error) &&
        forward(&how, training, error) && describe_finish(&attr, spec, error)) {
        how.attr = attr;
        kernel = kernel_new(ts_dnnl_conv_forward(&desc, &how, &window), &desc, &how, "convolution",
                            error);
    }
    if (attr != NULL)
        dnnl_primitive_attr_destroy(attr);
    return kernel;
}

TsKernel *
ts_kernel_conv_backward_data(const TsWindowSpec *spec, const TsKernel *hint, GError **error)
{
    g_auto(TsDnnlWindow) window = {0};
    TsDnnlHow how;
    dnnl_primitive_desc_t desc = NULL;
    if (!describe_conv(&window, spec, backward_data_types(spec), NULL, error) ||
        !backward(&how, hint, error))
        return NULL;
    return kernel_new(ts_dnnl_conv_backward_data(&desc, &how, &window), &desc, &how,
                      "convolution backward data", error);
}

TsKernel *
ts_kernel_conv_backward_weights(const TsWindowSpec *spec, const TsKernel *hint, GError **error)
{
    g_auto(TsDnnlWindow) window = {0};
    TsDnnlHow how;
    dnnl_primitive_desc_t desc = NULL;
    if (!describe_conv(&window, spec, backward_weights_types(spec), NULL, error) ||
        !backward(&how, hint, error))
        return NULL;
    return kernel_new(ts_dnnl_conv_backward_weights(&desc, &how, &window), &desc, &how,
                      "convolution backward weights", error);
}

gboolean
ts_kernel_has_bf16(void)
{
    const TsWindowSpec spec = {.batch = 1,
                               .in_channels = 16,
                               .in_height = 8,
                               .in_width = 8,
                               .out_channels = 16,
                               .out_height = 8,
                               .out_width = 8,
                               .kernel_height = 3,
                               .kernel_width = 3,
                               .stride = 1,
                               .pad_top = 1,
                               .pad_left = 1,
                               .pad_bottom = 1,
                               .pad_right = 1,
                               .groups = 1,
                               .bf16 = TRUE};
    g_autoptr(TsKernel) kernel = ts_kernel_conv_forward(&spec, TRUE, NULL, NULL);
    return kernel != NULL;
}

static gboolean
has_instructions(dnnl_cpu_isa_t wanted)
{
    return (dnnl_get_effective_cpu_isa() & wanted) == wanted;
}

gboolean
ts_kernel_has_avx512_bf16(void)
{
    return has_instructions(dnnl_cpu_isa_avx512_core_bf16);
}

gboolean
ts_kernel_has_amx(void)
{
    return has_instructions(dnnl_cpu_isa_avx512_core_amx);
}

int
ts_kernel_lanes(void)
{
    return has_instructions(dnnl_cpu_isa_avx512_core) ? 16 : 8;
}

/* ---- batch normalisation ---- */

static unsigned
norm_flags(gboolean relu, TsNormStatistics statistics)
{
    return dnnl_use_scale | dnnl_use_shift | (relu ? dnnl_fuse_norm_relu : 0) |
           (statistics != TS_NORM_MEASURED ? dnnl_use_global_stats : 0);
}

TsKernel *
ts_kernel_norm_forward(const TsLayout *data, float epsilon, gboolean relu,
                       TsNormStatistics statistics, GError **error)
{
    TsDnnlHow how;
    dnnl_primitive_desc_t desc = NULL;
    if (!forward(&how, statistics != TS_NORM_INFERENCE, error))
        return NULL;
    return kernel_new(
        ts_dnnl_norm_forward(&desc, &how, data, epsilon, norm_flags(relu, statistics)), &desc, &how,
        "batch normalisation", error);
}

TsKernel *
ts_kernel_norm_backward(const TsLayout *data, float epsilon, gboolean relu,
                        TsNormStatistics statistics, const TsKernel *hint, GError **error)
{
    TsDnnlHow how;
    dnnl_primitive_desc_t desc = NULL;
    if (!backward(&how, hint, error))
        return NULL;
    return kernel_new(
        ts_dnnl_norm_backward(&desc, &how, data, epsilon, norm_flags(relu, statistics)), &desc,
        &how, "batch normalisation backward", error);
}

/* ---- ReLU ---- */

TsKernel *
ts_kernel_relu_forward(const TsLayout *data, gboolean training, GError **error)
{
    TsDnnlHow how;
    dnnl_primitive_desc_t desc = NULL;
    if (!forward(&how, training, error))
        return NULL;
    return kernel_new(ts_dnnl_eltwise_forward(&desc, &how, dnnl_eltwise_relu_use_dst_for_bwd, data),
                      &desc, &how, "ReLU", error);
}

TsKernel *
ts_kernel_relu_backward(const TsLayout *data, const TsKernel *hint, GError **error)
{
    TsDnnlHow how;
    dnnl_primitive_desc_t desc = NULL;
    if (!backward(&how, hint, error))
        return NULL;
    return kernel_new(
        ts_dnnl_eltwise_backward(&desc, &how, dnnl_eltwise_relu_use_dst_for_bwd, data), &desc, &how,
        "ReLU backward", error);
}

/* ---- pooling ---- */

static gboolean
describe_pool(TsDnnlWindow *window, const TsWindowSpec *spec, TsPoolKind kind, const TsLayout *src,
              GError **error)
{
    window->algorithm = kind == TS_POOL_MAX ? dnnl_pooling_max : dnnl_pooling_avg_exclude_padding;
    return describe_window(window, spec, &all_f32, src, error);
}

TsKernel *
ts_kernel_pool_forward(const TsWindowSpec *spec, TsPoolKind kind, gboolean training,
                       const TsLayout *src, GError **error)
{
    g_auto(TsDnnlWindow) window = {0};
    TsDnnlHow how;
    dnnl_primitive_desc_t desc = NULL;
    if (!describe_pool(&window, spec, kind, src, error) || !forward(&how, training, error))
        return NULL;
    return kernel_new(ts_dnnl_pool_forward(&desc, &how, &window), &desc, &how, "pooling", error);
}

TsKernel *
ts_kernel_pool_backward(const TsWindowSpec *spec, TsPoolKind kind, const TsKernel *hint,
                        GError **error)
{
    g_auto(TsDnnlWindow) window = {0};
    TsDnnlHow how;
    dnnl_primitive_desc_t desc = NULL;
    /* Left to itself, oneDNN may choose a layout that it has no kernel for but the reference. */
    if (!describe_pool(&window, spec, kind, ts_kernel_layout(hint, TS_ARG_SRC), error) ||
        !backward(&how, hint, error))
        return NULL;
    return kernel_new(ts_dnnl_pool_backward(&desc, &how, &window), &desc, &how, "pooling backward",
                      error);
}

/* ---- reorder ---- */

TsKernel *
ts_kernel_reorder(const TsLayout *from, const TsLayout *to, GError **error)
{
    TsDnnlHow how;
    dnnl_primitive_desc_t desc = NULL;
    if (!forward(&how, FALSE, error))
        return NULL;
    return kernel_new(ts_dnnl_reorder(&desc, &how, from, to), &desc, &how, "reorder", error);
}

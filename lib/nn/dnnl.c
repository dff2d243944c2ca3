/* The oneDNN fence. oneDNN 2's C interface: describe the operation, make a primitive descriptor,
 * make the primitive. Errors become GErrors here. */
#include "nn/dnnl.h"

#include "base/error.h"

#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl_debug.h>

struct _TsLayout {
    dnnl_memory_desc_t desc;
};

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

static gboolean
check(dnnl_status_t status, const char *what, GError **error)
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
    gboolean ready = the_stream != NULL ||
                     (check(dnnl_engine_create(&the_engine, dnnl_cpu, 0), "engine", error) &&
                      check(dnnl_stream_create(&the_stream, the_engine, dnnl_stream_default_flags),
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

static TsLayout *
layout_from(const dnnl_memory_desc_t *desc)
{
    TsLayout *layout = g_new(TsLayout, 1);
    layout->desc = *desc;
    return layout;
}

/* Row-major, or left to oneDNN where `any`. */
static gboolean
describe(dnnl_memory_desc_t *desc, guint rank, const gint64 *dims, gboolean any, GError **error)
{
    static const dnnl_format_tag_t tags[] = {dnnl_a, dnnl_ab, dnnl_abc, dnnl_abcd, dnnl_abcde};
    g_assert(rank >= 1 && rank <= G_N_ELEMENTS(tags));
    dnnl_dims_t sizes = {0};
    for (guint i = 0; i < rank; i++)
        sizes[i] = dims[i];
    return check(dnnl_memory_desc_init_by_tag(desc, (int) rank, sizes, dnnl_f32,
                                              any ? dnnl_format_tag_any : tags[rank - 1]),
                 "memory descriptor", error);
}

TsLayout *
ts_layout_plain(guint rank, const gint64 *dims, GError **error)
{
    dnnl_memory_desc_t desc;
    return describe(&desc, rank, dims, FALSE, error) ? layout_from(&desc) : NULL;
}

TsLayout *
ts_layout_channel_blocks(const gint64 dims[4], int block, GError **error)
{
    dnnl_memory_desc_t desc;
    const dnnl_dims_t sizes = {dims[0], dims[1], dims[2], dims[3]};
    const dnnl_format_tag_t tag = block == 16 ? dnnl_nChw16c : dnnl_nChw8c;
    return check(dnnl_memory_desc_init_by_tag(&desc, 4, sizes, dnnl_f32, tag), "memory descriptor",
                 error)
               ? layout_from(&desc)
               : NULL;
}

TsLayout *
ts_layout_copy(const TsLayout *layout)
{
    return layout_from(&layout->desc);
}

void
ts_layout_free(TsLayout *layout)
{
    g_free(layout);
}

gboolean
ts_layout_equal(const TsLayout *a, const TsLayout *b)
{
    return dnnl_memory_desc_equal(&a->desc, &b->desc) != 0;
}

gsize
ts_layout_bytes(const TsLayout *layout)
{
    return dnnl_memory_desc_get_size(&layout->desc);
}

/* ---- kernels ---- */

/* Ask the primitive descriptor which arguments it has, and make an unbound memory for each. */
static gboolean
find_arguments(TsKernel *kernel, dnnl_engine_t engine, GError **error)
{
    for (int i = 0; i < TS_N_ARGS; i++) {
        const dnnl_memory_desc_t *desc =
            dnnl_primitive_desc_query_md(kernel->desc, dnnl_query_exec_arg_md, dnnl_arg[i]);
        if (desc == NULL || desc->ndims == 0)
            continue;
        kernel->layout[i] = layout_from(desc);
        if (!check(dnnl_memory_create(&kernel->memory[i], desc, engine, DNNL_MEMORY_NONE), "memory",
                   error))
            return FALSE;
        kernel->arg[kernel->n_args++] = (dnnl_exec_arg_t){dnnl_arg[i], kernel->memory[i]};
    }
    return TRUE;
}

/* Takes `desc`. */
static TsKernel *
kernel_new(dnnl_primitive_desc_t desc, dnnl_engine_t engine, GError **error)
{
    g_autoptr(TsKernel) kernel = g_new0(TsKernel, 1);
    kernel->desc = desc;
    if (!check(dnnl_primitive_create(&kernel->primitive, desc), "primitive", error) ||
        !find_arguments(kernel, engine, error))
        return NULL;
    return g_steal_pointer(&kernel);
}

static TsKernel *
kernel_from_op(const_dnnl_op_desc_t op, const TsKernel *hint, const char *what, GError **error)
{
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_desc_t desc;
    if (!get_engine(&engine, &stream, error) ||
        !check(
            dnnl_primitive_desc_create(&desc, op, NULL, engine, hint != NULL ? hint->desc : NULL),
            what, error))
        return NULL;
    return kernel_new(desc, engine, error);
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
           check(dnnl_primitive_execute(kernel->primitive, stream, kernel->n_args, kernel->arg),
                 "execution", error) &&
           check(dnnl_stream_wait(stream), "execution", error);
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

/* ---- convolution ---- */

typedef struct {
    dnnl_memory_desc_t src, weights, bias, dst;
    dnnl_dims_t strides, pad, pad_end;
} ConvDescs;

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

static void
set_pads(const TsWindowSpec *spec, dnnl_dims_t pad, dnnl_dims_t pad_end)
{
    pad[0] = spec->pad_top;
    pad[1] = spec->pad_left;
    pad_end[0] = spec->pad_bottom;
    pad_end[1] = spec->pad_right;
}

static gboolean
describe_conv(const TsWindowSpec *spec, ConvDescs *descs, GError **error)
{
    const gint64 src[] = {spec->batch, spec->in_channels, spec->in_height, spec->in_width};
    const gint64 dst[] = {spec->batch, spec->out_channels, spec->out_height, spec->out_width};
    gint64 weights[5];
    guint rank = conv_weight_dims(spec, weights);
    descs->strides[0] = descs->strides[1] = spec->stride;
    set_pads(spec, descs->pad, descs->pad_end);
    return describe(&descs->src, 4, src, TRUE, error) &&
           describe(&descs->weights, rank, weights, TRUE, error) &&
           describe(&descs->bias, 1, &spec->out_channels, FALSE, error) &&
           describe(&descs->dst, 4, dst, TRUE, error);
}

TsKernel *
ts_kernel_conv_forward(const TsWindowSpec *spec, gboolean training, const TsLayout *weights,
                       GError **error)
{
    ConvDescs descs;
    dnnl_convolution_desc_t op;
    if (!describe_conv(spec, &descs, error))
        return NULL;
    if (weights != NULL)
        descs.weights = weights->desc;
    if (!check(dnnl_convolution_forward_desc_init(
                   &op, training ? dnnl_forward_training : dnnl_forward_inference,
                   dnnl_convolution_direct, &descs.src, &descs.weights,
                   spec->bias ? &descs.bias : NULL, &descs.dst, descs.strides, descs.pad,
                   descs.pad_end),
               "convolution", error))
        return NULL;
    return kernel_from_op(&op, NULL, "convolution", error);
}

TsKernel *
ts_kernel_conv_backward_data(const TsWindowSpec *spec, const TsKernel *forward, GError **error)
{
    ConvDescs descs;
    dnnl_convolution_desc_t op;
    if (!describe_conv(spec, &descs, error) ||
        !check(dnnl_convolution_backward_data_desc_init(&op, dnnl_convolution_direct, &descs.src,
                                                        &descs.weights, &descs.dst, descs.strides,
                                                        descs.pad, descs.pad_end),
               "convolution backward data", error))
        return NULL;
    return kernel_from_op(&op, forward, "convolution backward data", error);
}

TsKernel *
ts_kernel_conv_backward_weights(const TsWindowSpec *spec, const TsKernel *forward, GError **error)
{
    ConvDescs descs;
    dnnl_convolution_desc_t op;
    if (!describe_conv(spec, &descs, error) ||
        !check(dnnl_convolution_backward_weights_desc_init(
                   &op, dnnl_convolution_direct, &descs.src, &descs.weights,
                   spec->bias ? &descs.bias : NULL, &descs.dst, descs.strides, descs.pad,
                   descs.pad_end),
               "convolution backward weights", error))
        return NULL;
    return kernel_from_op(&op, forward, "convolution backward weights", error);
}

/* ---- batch normalisation ---- */

TsKernel *
ts_kernel_norm_forward(const TsLayout *data, float epsilon, gboolean training, GError **error)
{
    dnnl_batch_normalization_desc_t op;
    unsigned flags = dnnl_use_scale | dnnl_use_shift;
    if (!training)
        flags |= dnnl_use_global_stats;
    if (!check(dnnl_batch_normalization_forward_desc_init(
                   &op, training ? dnnl_forward_training : dnnl_forward_inference, &data->desc,
                   epsilon, flags),
               "batch normalisation", error))
        return NULL;
    return kernel_from_op(&op, NULL, "batch normalisation", error);
}

TsKernel *
ts_kernel_norm_backward(const TsLayout *data, float epsilon, const TsKernel *forward,
                        GError **error)
{
    dnnl_batch_normalization_desc_t op;
    if (!check(dnnl_batch_normalization_backward_desc_init(&op, dnnl_backward, &data->desc,
                                                           &data->desc, epsilon,
                                                           dnnl_use_scale | dnnl_use_shift),
               "batch normalisation backward", error))
        return NULL;
    return kernel_from_op(&op, forward, "batch normalisation backward", error);
}

/* ---- ReLU ---- */

TsKernel *
ts_kernel_relu_forward(const TsLayout *data, gboolean training, GError **error)
{
    dnnl_eltwise_desc_t op;
    if (!check(dnnl_eltwise_forward_desc_init(
                   &op, training ? dnnl_forward_training : dnnl_forward_inference,
                   dnnl_eltwise_relu_use_dst_for_bwd, &data->desc, 0, 0),
               "ReLU", error))
        return NULL;
    return kernel_from_op(&op, NULL, "ReLU", error);
}

TsKernel *
ts_kernel_relu_backward(const TsLayout *data, const TsKernel *forward, GError **error)
{
    dnnl_eltwise_desc_t op;
    if (!check(dnnl_eltwise_backward_desc_init(&op, dnnl_eltwise_relu_use_dst_for_bwd, &data->desc,
                                               &data->desc, 0, 0),
               "ReLU backward", error))
        return NULL;
    return kernel_from_op(&op, forward, "ReLU backward", error);
}

/* ---- pooling ---- */

typedef struct {
    dnnl_alg_kind_t kind;
    dnnl_memory_desc_t src, dst;
    dnnl_dims_t strides, kernel, pad, pad_end;
} PoolDescs;

static gboolean
describe_pool(const TsWindowSpec *spec, TsPoolKind kind, PoolDescs *descs, GError **error)
{
    const gint64 src[] = {spec->batch, spec->in_channels, spec->in_height, spec->in_width};
    const gint64 dst[] = {spec->batch, spec->out_channels, spec->out_height, spec->out_width};
    descs->kind = kind == TS_POOL_MAX ? dnnl_pooling_max : dnnl_pooling_avg_exclude_padding;
    descs->strides[0] = descs->strides[1] = spec->stride;
    descs->kernel[0] = spec->kernel_height;
    descs->kernel[1] = spec->kernel_width;
    set_pads(spec, descs->pad, descs->pad_end);
    return describe(&descs->src, 4, src, TRUE, error) && describe(&descs->dst, 4, dst, TRUE, error);
}

TsKernel *
ts_kernel_pool_forward(const TsWindowSpec *spec, TsPoolKind kind, gboolean training,
                       const TsLayout *src, GError **error)
{
    PoolDescs descs;
    dnnl_pooling_desc_t op;
    if (!describe_pool(spec, kind, &descs, error) ||
        !check(dnnl_pooling_forward_desc_init(
                   &op, training ? dnnl_forward_training : dnnl_forward_inference, descs.kind,
                   &src->desc, &descs.dst, descs.strides, descs.kernel, descs.pad, descs.pad_end),
               "pooling", error))
        return NULL;
    return kernel_from_op(&op, NULL, "pooling", error);
}

TsKernel *
ts_kernel_pool_backward(const TsWindowSpec *spec, TsPoolKind kind, const TsKernel *forward,
                        GError **error)
{
    PoolDescs descs;
    dnnl_pooling_desc_t op;
    if (!describe_pool(spec, kind, &descs, error) ||
        !check(dnnl_pooling_backward_desc_init(&op, descs.kind, &descs.src, &descs.dst,
                                               descs.strides, descs.kernel, descs.pad,
                                               descs.pad_end),
               "pooling backward", error))
        return NULL;
    return kernel_from_op(&op, forward, "pooling backward", error);
}

/* ---- reorder ---- */

TsKernel *
ts_kernel_reorder(const TsLayout *from, const TsLayout *to, GError **error)
{
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_desc_t desc;
    if (!get_engine(&engine, &stream, error) ||
        !check(
            dnnl_reorder_primitive_desc_create(&desc, &from->desc, engine, &to->desc, engine, NULL),
            "reorder", error))
        return NULL;
    return kernel_new(desc, engine, error);
}

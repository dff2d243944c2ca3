/* oneDNN 2: memory descriptors are values; an operation is described, then its primitive descriptor
 * is made. */
#include "nn/dnnl_fence.h"

struct _TsLayout {
    dnnl_memory_desc_t desc;
};

static const dnnl_memory_desc_t *
desc_of(const TsLayout *layout)
{
    return layout != NULL ? &layout->desc : NULL;
}

static TsLayout *
layout_from(const dnnl_memory_desc_t *desc)
{
    TsLayout *layout = g_new(TsLayout, 1);
    layout->desc = *desc;
    return layout;
}

TsLayout *
ts_dnnl_layout(guint rank, const gint64 *dims, dnnl_data_type_t type, dnnl_format_tag_t tag,
               GError **error)
{
    dnnl_memory_desc_t desc;
    dnnl_dims_t sizes = {0};
    for (guint i = 0; i < rank; i++)
        sizes[i] = dims[i];
    if (!ts_dnnl_check(dnnl_memory_desc_init_by_tag(&desc, (int) rank, sizes, type, tag),
                       "memory descriptor", error))
        return NULL;
    return layout_from(&desc);
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

gboolean
ts_layout_is_bf16(const TsLayout *layout)
{
    return layout->desc.data_type == dnnl_bf16;
}

gsize
ts_layout_bytes(const TsLayout *layout)
{
    return dnnl_memory_desc_get_size(&layout->desc);
}

TsLayout *
ts_dnnl_argument(const_dnnl_primitive_desc_t desc, int arg)
{
    const dnnl_memory_desc_t *found =
        dnnl_primitive_desc_query_md(desc, dnnl_query_exec_arg_md, arg);
    return found != NULL && found->ndims > 0 ? layout_from(found) : NULL;
}

dnnl_status_t
ts_dnnl_memory(dnnl_memory_t *memory, const TsLayout *layout, dnnl_engine_t engine)
{
    return dnnl_memory_create(memory, &layout->desc, engine, DNNL_MEMORY_NONE);
}

dnnl_status_t
ts_dnnl_append_sum(dnnl_post_ops_t ops)
{
    return dnnl_post_ops_append_sum(ops, 1);
}

dnnl_status_t
ts_dnnl_append_eltwise(dnnl_post_ops_t ops, dnnl_alg_kind_t algorithm, float alpha, float beta)
{
    return dnnl_post_ops_append_eltwise(ops, 1, algorithm, alpha, beta);
}

/* `described` is the status of the description `op`. */
static dnnl_status_t
create(dnnl_primitive_desc_t *desc, const TsDnnlHow *how, const_dnnl_op_desc_t op,
       dnnl_status_t described)
{
    return described == dnnl_success
               ? dnnl_primitive_desc_create(desc, op, how->attr, how->engine, how->hint)
               : described;
}

dnnl_status_t
ts_dnnl_conv_forward(dnnl_primitive_desc_t *desc, const TsDnnlHow *how, const TsDnnlWindow *window)
{
    dnnl_convolution_desc_t op;
    return create(desc, how, &op,
                  dnnl_convolution_forward_desc_init(
                      &op, how->pass, window->algorithm, &window->src->desc, &window->weights->desc,
                      desc_of(window->bias), &window->dst->desc, window->strides, window->pad,
                      window->pad_end));
}

dnnl_status_t
ts_dnnl_conv_backward_data(dnnl_primitive_desc_t *desc, const TsDnnlHow *how,
                           const TsDnnlWindow *window)
{
    dnnl_convolution_desc_t op;
    return create(desc, how, &op,
                  dnnl_convolution_backward_data_desc_init(
                      &op, window->algorithm, &window->src->desc, &window->weights->desc,
                      &window->dst->desc, window->strides, window->pad, window->pad_end));
}

dnnl_status_t
ts_dnnl_conv_backward_weights(dnnl_primitive_desc_t *desc, const TsDnnlHow *how,
                              const TsDnnlWindow *window)
{
    dnnl_convolution_desc_t op;
    return create(desc, how, &op,
                  dnnl_convolution_backward_weights_desc_init(
                      &op, window->algorithm, &window->src->desc, &window->weights->desc,
                      desc_of(window->bias), &window->dst->desc, window->strides, window->pad,
                      window->pad_end));
}

dnnl_status_t
ts_dnnl_norm_forward(dnnl_primitive_desc_t *desc, const TsDnnlHow *how, const TsLayout *data,
                     float epsilon, unsigned flags)
{
    dnnl_batch_normalization_desc_t op;
    return create(
        desc, how, &op,
        dnnl_batch_normalization_forward_desc_init(&op, how->pass, &data->desc, epsilon, flags));
}

dnnl_status_t
ts_dnnl_norm_backward(dnnl_primitive_desc_t *desc, const TsDnnlHow *how, const TsLayout *data,
                      float epsilon, unsigned flags)
{
    dnnl_batch_normalization_desc_t op;
    return create(desc, how, &op,
                  dnnl_batch_normalization_backward_desc_init(&op, how->pass, &data->desc,
                                                              &data->desc, epsilon, flags));
}

dnnl_status_t
ts_dnnl_eltwise_forward(dnnl_primitive_desc_t *desc, const TsDnnlHow *how,
                        dnnl_alg_kind_t algorithm, const TsLayout *data)
{
    dnnl_eltwise_desc_t op;
    return create(desc, how, &op,
                  dnnl_eltwise_forward_desc_init(&op, how->pass, algorithm, &data->desc, 0, 0));
}

dnnl_status_t
ts_dnnl_eltwise_backward(dnnl_primitive_desc_t *desc, const TsDnnlHow *how,
                         dnnl_alg_kind_t algorithm, const TsLayout *data)
{
    dnnl_eltwise_desc_t op;
    return create(desc, how, &op,
                  dnnl_eltwise_backward_desc_init(&op, algorithm, &data->desc, &data->desc, 0, 0));
}

dnnl_status_t
ts_dnnl_pool_forward(dnnl_primitive_desc_t *desc, const TsDnnlHow *how, const TsDnnlWindow *window)
{
    dnnl_pooling_desc_t op;
    return create(desc, how, &op,
                  dnnl_pooling_forward_desc_init(
                      &op, how->pass, window->algorithm, &window->src->desc, &window->dst->desc,
                      window->strides, window->kernel, window->pad, window->pad_end));
}

dnnl_status_t
ts_dnnl_pool_backward(dnnl_primitive_desc_t *desc, const TsDnnlHow *how, const TsDnnlWindow *window)
{
    dnnl_pooling_desc_t op;
    return create(desc, how, &op,
                  dnnl_pooling_backward_desc_init(&op, window->algorithm, &window->src->desc,
                                                  &window->dst->desc, window->strides,
                                                  window->kernel, window->pad, window->pad_end));
}

dnnl_status_t
ts_dnnl_reorder(dnnl_primitive_desc_t *desc, const TsDnnlHow *how, const TsLayout *from,
                const TsLayout *to)
{
    return dnnl_reorder_primitive_desc_create(desc, &from->desc, how->engine, &to->desc,
                                              how->engine, how->attr);
}

/* oneDNN 3: memory descriptors are objects; a primitive descriptor is made in one call. */
#include "nn/dnnl_fence.h"

struct _TsLayout {
    dnnl_memory_desc_t desc; /* owned */
};

static const_dnnl_memory_desc_t
desc_of(const TsLayout *layout)
{
    return layout != NULL ? layout->desc : NULL;
}

static TsLayout *
layout_take(dnnl_memory_desc_t desc)
{
    TsLayout *layout = g_new(TsLayout, 1);
    layout->desc = desc;
    return layout;
}

/* Copies of a few words; out of memory ends the process, as with every g_new(). */
static TsLayout *
layout_from(const_dnnl_memory_desc_t desc)
{
    dnnl_memory_desc_t copy;
    dnnl_status_t status = dnnl_memory_desc_clone(&copy, desc);
    g_assert(status == dnnl_success);
    return layout_take(copy);
}

TsLayout *
ts_dnnl_layout(guint rank, const gint64 *dims, dnnl_data_type_t type, dnnl_format_tag_t tag,
               GError **error)
{
    dnnl_memory_desc_t desc;
    dnnl_dims_t sizes = {0};
    for (guint i = 0; i < rank; i++)
        sizes[i] = dims[i];
    if (!ts_dnnl_check(dnnl_memory_desc_create_with_tag(&desc, (int) rank, sizes, type, tag),
                       "memory descriptor", error))
        return NULL;
    return layout_take(desc);
}

TsLayout *
ts_layout_copy(const TsLayout *layout)
{
    return layout_from(layout->desc);
}

void
ts_layout_free(TsLayout *layout)
{
    if (layout == NULL)
        return;
    dnnl_memory_desc_destroy(layout->desc);
    g_free(layout);
}

gboolean
ts_layout_equal(const TsLayout *a, const TsLayout *b)
{
    return dnnl_memory_desc_equal(a->desc, b->desc) != 0;
}

gboolean
ts_layout_is_bf16(const TsLayout *layout)
{
    dnnl_data_type_t type = dnnl_data_type_undef;
    return dnnl_memory_desc_query(layout->desc, dnnl_query_data_type, &type) == dnnl_success &&
           type == dnnl_bf16;
}

gsize
ts_layout_bytes(const TsLayout *layout)
{
    return dnnl_memory_desc_get_size(layout->desc);
}

/* A batch norm describes its shift in the backward pass too, but does not take it there. */
static gboolean
is_taken(const_dnnl_primitive_desc_t desc, int arg)
{
    dnnl_prop_kind_t pass = dnnl_prop_kind_undef;
    return arg != DNNL_ARG_SHIFT ||
           dnnl_primitive_desc_query(desc, dnnl_query_prop_kind, 0, &pass) != dnnl_success ||
           pass != dnnl_backward;
}

TsLayout *
ts_dnnl_argument(const_dnnl_primitive_desc_t desc, int arg)
{
    const_dnnl_memory_desc_t found =
        dnnl_primitive_desc_query_md(desc, dnnl_query_exec_arg_md, arg);
    return found != NULL && dnnl_memory_desc_get_size(found) > 0 && is_taken(desc, arg)
               ? layout_from(found)
               : NULL;
}

dnnl_status_t
ts_dnnl_memory(dnnl_memory_t *memory, const TsLayout *layout, dnnl_engine_t engine)
{
    return dnnl_memory_create(memory, layout->desc, engine, DNNL_MEMORY_NONE);
}

dnnl_status_t
ts_dnnl_append_sum(dnnl_post_ops_t ops)
{
    return dnnl_post_ops_append_sum(ops, 1, 0, dnnl_data_type_undef);
}

dnnl_status_t
ts_dnnl_append_eltwise(dnnl_post_ops_t ops, dnnl_alg_kind_t algorithm, float alpha, float beta)
{
    return dnnl_post_ops_append_eltwise(ops, algorithm, alpha, beta);
}

dnnl_status_t
ts_dnnl_conv_forward(dnnl_primitive_desc_t *desc, const TsDnnlHow *how, const TsDnnlWindow *window)
{
    return dnnl_convolution_forward_primitive_desc_create(
        desc, how->engine, how->pass, window->algorithm, window->src->desc, window->weights->desc,
        desc_of(window->bias), window->dst->desc, window->strides, window->dilation, window->pad,
        window->pad_end, how->attr);
}

dnnl_status_t
ts_dnnl_conv_backward_data(dnnl_primitive_desc_t *desc, const TsDnnlHow *how,
                           const TsDnnlWindow *window)
{
    return dnnl_convolution_backward_data_primitive_desc_create(
        desc, how->engine, window->algorithm, window->src->desc, window->weights->desc,
        window->dst->desc, window->strides, window->dilation, window->pad, window->pad_end,
        how->hint, how->attr);
}

dnnl_status_t
ts_dnnl_conv_backward_weights(dnnl_primitive_desc_t *desc, const TsDnnlHow *how,
                              const TsDnnlWindow *window)
{
    return dnnl_convolution_backward_weights_primitive_desc_create(
        desc, how->engine, window->algorithm, window->src->desc, window->weights->desc,
        desc_of(window->bias), window->dst->desc, window->strides, window->dilation, window->pad,
        window->pad_end, how->hint, how->attr);
}

dnnl_status_t
ts_dnnl_norm_forward(dnnl_primitive_desc_t *desc, const TsDnnlHow *how, const TsLayout *data,
                     float epsilon, unsigned flags)
{
    return dnnl_batch_normalization_forward_primitive_desc_create(
        desc, how->engine, how->pass, data->desc, data->desc, epsilon, flags, how->attr);
}

dnnl_status_t
ts_dnnl_norm_backward(dnnl_primitive_desc_t *desc, const TsDnnlHow *how, const TsLayout *data,
                      float epsilon, unsigned flags)
{
    return dnnl_batch_normalization_backward_primitive_desc_create(
        desc, how->engine, how->pass, data->desc, data->desc, data->desc, epsilon, flags, how->hint,
        how->attr);
}

dnnl_status_t
ts_dnnl_eltwise_forward(dnnl_primitive_desc_t *desc, const TsDnnlHow *how,
                        dnnl_alg_kind_t algorithm, const TsLayout *data)
{
    return dnnl_eltwise_forward_primitive_desc_create(desc, how->engine, how->pass, algorithm,
                                                      data->desc, data->desc, 0, 0, how->attr);
}

dnnl_status_t
ts_dnnl_eltwise_backward(dnnl_primitive_desc_t *desc, const TsDnnlHow *how,
                         dnnl_alg_kind_t algorithm, const TsLayout *data)
{
    return dnnl_eltwise_backward_primitive_desc_create(desc, how->engine, algorithm, data->desc,
                                                       data->desc, data->desc, 0, 0, how->hint,
                                                       how->attr);
}

dnnl_status_t
ts_dnnl_pool_forward(dnnl_primitive_desc_t *desc, const TsDnnlHow *how, const TsDnnlWindow *window)
{
    return dnnl_pooling_forward_primitive_desc_create(
        desc, how->engine, how->pass, window->algorithm, window->src->desc, window->dst->desc,
        window->strides, window->kernel, window->dilation, window->pad, window->pad_end, how->attr);
}

dnnl_status_t
ts_dnnl_pool_backward(dnnl_primitive_desc_t *desc, const TsDnnlHow *how, const TsDnnlWindow *window)
{
    return dnnl_pooling_backward_primitive_desc_create(
        desc, how->engine, window->algorithm, window->src->desc, window->dst->desc, window->strides,
        window->kernel, window->dilation, window->pad, window->pad_end, how->hint, how->attr);
}

dnnl_status_t
ts_dnnl_reorder(dnnl_primitive_desc_t *desc, const TsDnnlHow *how, const TsLayout *from,
                const TsLayout *to)
{
    return dnnl_reorder_primitive_desc_create(desc, from->desc, how->engine, to->desc, how->engine,
                                              how->attr);
}

/* Inside of the oneDNN fence: what differs between the C interfaces of oneDNN 2 and 3.
 *
 * Version 2 has memory descriptors by value and makes a primitive descriptor from the description
 * of an operation; version 3 has opaque memory descriptors and makes it in one call. dnnl_v2.c and
 * dnnl_v3.c both define what is declared here, meson takes the one that fits the installed header.
 * Everything else is the same and stands in dnnl.c.
 */
#pragma once

#include "nn/dnnl.h"

#include <oneapi/dnnl/dnnl.h>

G_BEGIN_DECLS

/* A convolution or a pooling in oneDNN's words. */
typedef struct {
    TsLayout *src, *weights, *bias, *dst; /* owned; pooling has no weights; bias NULL: none */
    dnnl_alg_kind_t algorithm;
    dnnl_dims_t strides, kernel, dilation, pad, pad_end; /* kernel: pooling only */
} TsDnnlWindow;

/* What every primitive descriptor is made with. */
typedef struct {
    dnnl_engine_t engine;
    dnnl_prop_kind_t pass;
    const_dnnl_primitive_desc_t hint; /* the forward one, for backward ones */
    const_dnnl_primitive_attr_t attr; /* NULL: none */
} TsDnnlHow;

/* Turn a status into a GError. */
gboolean ts_dnnl_check(dnnl_status_t status, const char *what, GError **error);

/* In the order that `tag` says; dnnl_format_tag_any leaves it to oneDNN. */
TsLayout *ts_dnnl_layout(guint rank, const gint64 *dims, dnnl_data_type_t type,
                         dnnl_format_tag_t tag, GError **error);

/* The layout of argument `arg` (DNNL_ARG_...); NULL if the primitive has no such argument. */
TsLayout *ts_dnnl_argument(const_dnnl_primitive_desc_t desc, int arg);

/* An unbound memory. */
dnnl_status_t ts_dnnl_memory(dnnl_memory_t *memory, const TsLayout *layout, dnnl_engine_t engine);

/* What a primitive does with its result: add it to dst, apply a function. */
dnnl_status_t ts_dnnl_append_sum(dnnl_post_ops_t ops);
dnnl_status_t
ts_dnnl_append_eltwise(dnnl_post_ops_t ops, dnnl_alg_kind_t algorithm, float alpha, float beta);

/* Primitive descriptors; each sets *desc. */
dnnl_status_t
ts_dnnl_conv_forward(dnnl_primitive_desc_t *desc, const TsDnnlHow *how, const TsDnnlWindow *window);
dnnl_status_t ts_dnnl_conv_backward_data(dnnl_primitive_desc_t *desc, const TsDnnlHow *how,
                                         const TsDnnlWindow *window);
dnnl_status_t ts_dnnl_conv_backward_weights(dnnl_primitive_desc_t *desc, const TsDnnlHow *how,
                                            const TsDnnlWindow *window);
dnnl_status_t ts_dnnl_norm_forward(dnnl_primitive_desc_t *desc, const TsDnnlHow *how,
                                   const TsLayout *data, float epsilon, unsigned flags);
dnnl_status_t ts_dnnl_norm_backward(dnnl_primitive_desc_t *desc, const TsDnnlHow *how,
                                    const TsLayout *data, float epsilon, unsigned flags);
dnnl_status_t ts_dnnl_eltwise_forward(dnnl_primitive_desc_t *desc, const TsDnnlHow *how,
                                      dnnl_alg_kind_t algorithm, const TsLayout *data);
dnnl_status_t ts_dnnl_eltwise_backward(dnnl_primitive_desc_t *desc, const TsDnnlHow *how,
                                       dnnl_alg_kind_t algorithm, const TsLayout *data);
dnnl_status_t
ts_dnnl_pool_forward(dnnl_primitive_desc_t *desc, const TsDnnlHow *how, const TsDnnlWindow *window);
dnnl_status_t ts_dnnl_pool_backward(dnnl_primitive_desc_t *desc, const TsDnnlHow *how,
                                    const TsDnnlWindow *window);
dnnl_status_t ts_dnnl_reorder(dnnl_primitive_desc_t *desc, const TsDnnlHow *how,
                              const TsLayout *from, const TsLayout *to);

G_END_DECLS

/* What convolutions read in training with bf16. */
#include "nn/ops/conv.h"

#include <string.h>

/* Round to the nearest bf16, to an even one if two are as near; NaN stays NaN. */
static inline float
round_to_bf16(float value)
{
    guint32 bits;
    memcpy(&bits, &value, sizeof bits);
    const gboolean is_nan = (bits & 0x7fffffff) > 0x7f800000;
    const guint32 rounded = bits + 0x7fff + (bits >> 16 & 1);
    bits = (is_nan ? bits : rounded) & 0xffff0000;
    bits |= is_nan ? 0x400000 : 0;
    memcpy(&value, &bits, sizeof bits);
    return value;
}

static gboolean
run_round(TsNet *net, TsLayer *layer, GError **error)
{
    const TsBuffer *from = ts_net_bound(net, TS_ARG_SRC), *to = ts_net_bound(net, TS_ARG_DST);
    const float *in = from->storage->data;
    float *out = to->storage->data;
    const gsize n = to->bytes / sizeof(float);
#pragma omp parallel for simd
    for (gsize i = 0; i < n; i++)
        out[i] = round_to_bf16(in[i]);
    return TRUE;
}

TsBuffer *
ts_conv_operand(TsNet *net, TsLayer *layer, TsBuffer *buffer, const TsLayout *layout,
                GError **error)
{
    TsBuffer *read = ts_net_convert(net, layer, buffer, layout, error);
    if (read == NULL || !ts_net_is_bf16(net) || ts_layout_is_bf16(layout))
        return read;
    TsBuffer *rounded = ts_net_buffer(net, layout);
    TsStep *step = ts_net_add_func(net, layer, run_round, "rounding to bf16");
    ts_net_bind(net, step, TS_ARG_SRC, read);
    ts_net_bind(net, step, TS_ARG_DST, rounded);
    return rounded;
}

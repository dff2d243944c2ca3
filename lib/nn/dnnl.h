/* The oneDNN fence: layouts and kernels, without a oneDNN type.
 *
 * A layout says how the numbers of one tensor lie in memory; oneDNN picks blocked ones that suit
 * its kernels. A kernel is one compiled primitive with named arguments; each argument has the
 * layout that the kernel wants. Binding says once where the arguments lie, running does the work:
 *
 *     TsKernel *conv = ts_kernel_conv_forward(&spec, TRUE, NULL, error);
 *     const TsLayout *wanted = ts_kernel_layout(conv, TS_ARG_WEIGHTS);
 *     ts_kernel_bind(conv, TS_ARG_SRC, x);  ...
 *     ts_kernel_run(conv, error);
 *
 * Everything is f32, but for what convolutions read if they are asked for bf16. Kernels run on
 * OpenMP's threads; a kernel is run by one caller at a time.
 * Only dnnl*.c include oneDNN's header, because versions 2 and 3 differ in their C interface.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TsLayout TsLayout;
typedef struct _TsKernel TsKernel;

typedef enum {
    TS_ARG_SRC,
    TS_ARG_DST,
    TS_ARG_WEIGHTS,
    TS_ARG_BIAS,
    TS_ARG_MEAN,
    TS_ARG_VARIANCE,
    TS_ARG_SCALE,
    TS_ARG_SHIFT,
    TS_ARG_WORKSPACE,
    TS_ARG_DIFF_SRC,
    TS_ARG_DIFF_DST,
    TS_ARG_DIFF_WEIGHTS,
    TS_ARG_DIFF_BIAS,
    TS_ARG_DIFF_SCALE,
    TS_ARG_DIFF_SHIFT,
    TS_N_ARGS,
} TsArg;

/* Limits of an activation: none, max(0, x), min(max(0, x), 6). */
typedef enum { TS_LIMIT_NONE, TS_LIMIT_RELU, TS_LIMIT_RELU6 } TsLimit;

/* A 2-D convolution or pooling over a batch. */
typedef struct {
    gint64 batch;
    gint64 in_channels, in_height, in_width;
    gint64 out_channels, out_height, out_width;
    gint64 kernel_height, kernel_width;
    gint64 stride;
    gint64 pad_top, pad_left, pad_bottom, pad_right; /* zeros on each side */
    gint64 groups;                                   /* convolution only */
    gboolean bias;                                   /* convolution only */
    gboolean adds; /* convolution in inference: the result is added to what stands in dst, */
    TsLimit limit; /* then limited */
    gboolean bf16; /* convolution in training: src, weights and diff_dst are bf16, sums and what is
                    * written f32. TS_ERROR_DEPENDENCY where the processor has no such kernels. */
} TsWindowSpec;

typedef enum { TS_POOL_MAX, TS_POOL_AVG } TsPoolKind;

/* A dense row-major layout of `rank` (1 to 5) dimensions; NULL and TS_ERROR_DEPENDENCY on failure.
 * Free with ts_layout_free(). */
TsLayout *ts_layout_plain(guint rank, const gint64 *dims, GError **error);
/* TRUE if the numbers are bf16 (the upper half of an f32), FALSE if they are f32. */
gboolean ts_layout_is_bf16(const TsLayout *layout);
/* (N, C, H, W) in blocks of 8 or 16 channels: (N, C / block, H, W, block), C rounded up. */
TsLayout *ts_layout_channel_blocks(const gint64 dims[4], int block, GError **error);
/* The channels in a block, if `layout` is one of these for these dimensions; else 0. */
int ts_layout_find_block(const TsLayout *layout, const gint64 dims[4]);
TsLayout *ts_layout_copy(const TsLayout *layout);
void ts_layout_free(TsLayout *layout);
gboolean ts_layout_equal(const TsLayout *a, const TsLayout *b);
/* Bytes that a tensor takes, padding of blocked layouts included. */
gsize ts_layout_bytes(const TsLayout *layout);

/* Convolution: src (N, C, H, W), weights (O, C / groups, kh, kw), bias (O), dst (N, O, H', W').
 * `weights` fixes the layout of the weights; NULL lets oneDNN choose. `src` likewise. The backward
 * kernels take the forward one as a hint. */
TsKernel *ts_kernel_conv_forward(const TsWindowSpec *spec, gboolean training,
                                 const TsLayout *weights, GError **error);
TsKernel *
ts_kernel_conv_backward_data(const TsWindowSpec *spec, const TsKernel *hint, GError **error);
TsKernel *
ts_kernel_conv_backward_weights(const TsWindowSpec *spec, const TsKernel *hint, GError **error);

/* The plain layout of a convolution's weights: rank 4, or 5 with the groups in front. */
TsLayout *ts_layout_conv_weights(const TsWindowSpec *spec, GError **error);

/* TRUE if this processor and oneDNN have convolutions for bf16. */
gboolean ts_kernel_has_bf16(void);

/* TRUE if this processor has AVX-512's instructions for bf16, and oneDNN may use them. */
gboolean ts_kernel_has_avx512_bf16(void);

/* TRUE if they have matrix instructions for bf16, which make bf16 some ten times as fast as f32. */
gboolean ts_kernel_has_amx(void);

/* Channels in a block of activations as oneDNN likes them on this processor: 16 with AVX-512, else
 * 8. Limited by the environment's ONEDNN_MAX_CPU_ISA, as all its kernels. */
int ts_kernel_lanes(void);

/* Batch normalisation with scale and shift over `data` (N, C, H, W), and max(0, .) of it with
 * `relu`. Measured, mean and variance (population) are results; otherwise they are given. But in
 * inference, with `relu` there is a workspace too. */
typedef enum {
    TS_NORM_MEASURED,  /* training: of the batch */
    TS_NORM_GIVEN,     /* training, with statistics that stay */
    TS_NORM_INFERENCE, /* the same, with nothing to go backwards */
} TsNormStatistics;

TsKernel *ts_kernel_norm_forward(const TsLayout *data, float epsilon, gboolean relu,
                                 TsNormStatistics statistics, GError **error);
TsKernel *
ts_kernel_norm_backward(const TsLayout *data, float epsilon, gboolean relu,
                        TsNormStatistics statistics, const TsKernel *hint, GError **error);

/* max(0, x). May run in place. The backward kernel takes dst, not src. */
TsKernel *ts_kernel_relu_forward(const TsLayout *data, gboolean training, GError **error);
TsKernel *ts_kernel_relu_backward(const TsLayout *data, const TsKernel *hint, GError **error);

/* Pooling; the average leaves padding out of the count. */
TsKernel *ts_kernel_pool_forward(const TsWindowSpec *spec, TsPoolKind kind, gboolean training,
                                 const TsLayout *src, GError **error);
TsKernel *ts_kernel_pool_backward(const TsWindowSpec *spec, TsPoolKind kind, const TsKernel *hint,
                                  GError **error);

/* Copy from one layout into another: TS_ARG_SRC to TS_ARG_DST. */
TsKernel *ts_kernel_reorder(const TsLayout *from, const TsLayout *to, GError **error);

/* The layout of an argument; NULL if the kernel has no such argument. Borrowed. */
const TsLayout *ts_kernel_layout(const TsKernel *kernel, TsArg arg);

/* Say where an argument lies; the kernel must have it. */
void ts_kernel_bind(TsKernel *kernel, TsArg arg, void *data);

/* Do the work; all arguments must be bound. */
gboolean ts_kernel_run(TsKernel *kernel, GError **error);

/* oneDNN's name of the implementation, such as "jit:avx2"; borrowed. */
const char *ts_kernel_implementation(const TsKernel *kernel);

void ts_kernel_free(TsKernel *kernel);

/* "oneDNN 2.6.3", for reports. */
const char *ts_dnnl_version(void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsLayout, ts_layout_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsKernel, ts_kernel_free)

G_END_DECLS

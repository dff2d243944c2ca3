/* Winograd convolution: 3x3 kernels, stride 1 (Lavin and Gray, "Fast algorithms for convolutional
 * neural networks", 2015). In f32 it is F(4x4, 3x3), with a quarter of the multiplications. With
 * `bf16` in the spec, if the processor has AVX-512's instructions for that, it is F(2x2, 3x3), with
 * 4/9 of the multiplications, each at half the price: of factors rounded to bf16, summed in f32.
 *
 *     const gsize n = ts_winograd_floats(&spec, TS_WINOGRAD_FORWARD, threads);
 *     float *work = ts_aligned_floats(n, error);
 *     ts_winograd_forward(&spec, threads, src, weights, bias, dst, work);
 *
 * Activations and their gradients lie in blocks of ts_winograd_lanes() channels (N, C / lanes, H,
 * W, lanes), channels beyond C zero; weights and their gradients are plain (O, C, 3, 3). Results
 * are the same bits for any number of threads. Relative to direct summation the rounding error of
 * F(4x4, 3x3) is about five times as large, that of F(2x2, 3x3) with bf16 1.7 times;
 * tests/num/test-winograd.c states the bounds.
 */
#pragma once

#include "nn/dnnl.h"

G_BEGIN_DECLS

typedef enum {
    TS_WINOGRAD_FORWARD,
    TS_WINOGRAD_BACKWARD_DATA,
    TS_WINOGRAD_BACKWARD_WEIGHTS,
    TS_WINOGRAD_FORWARD_FILTERED, /* weights are transformed already */
} TsWinogradPass;

/* TRUE if the convolution is one that this module can compute here, in bf16 if the spec says so. */
gboolean ts_winograd_can(const TsWindowSpec *spec);

/* Of one that it can: TRUE if it is expected to be faster than direct kernels. A rule by shape and
 * instruction set, fitted to measurements (see winograd.c): the same in every run on a machine. */
gboolean ts_winograd_pays(const TsWindowSpec *spec);

/* Channels in a block of activations: 8, or 16 with AVX-512. */
int ts_winograd_lanes(void);

/* Instruction set in use for f32, such as "avx2"; borrowed. */
const char *ts_winograd_kernels(void);

/* Floats of working memory that a pass needs with `threads` threads. */
gsize ts_winograd_floats(const TsWindowSpec *spec, TsWinogradPass pass, int threads);

/* dst = src * weights + bias, added and clipped as the spec says; bias may be NULL. */
void ts_winograd_forward(const TsWindowSpec *spec, int threads, const float *src,
                         const float *weights, const float *bias, float *dst, float *work);

/* The same in two steps, for weights that stay: the first transforms them into
 * ts_winograd_filter_floats() numbers, the second uses these. */
gsize ts_winograd_filter_floats(const TsWindowSpec *spec);
void
ts_winograd_filters(const TsWindowSpec *spec, int threads, const float *weights, float *filters);
void ts_winograd_forward_filtered(const TsWindowSpec *spec, int threads, const float *src,
                                  const float *filters, const float *bias, float *dst, float *work);

/* diff_src from diff_dst. */
void ts_winograd_backward_data(const TsWindowSpec *spec, int threads, const float *diff_dst,
                               const float *weights, float *diff_src, float *work);

/* diff_weights and diff_bias (NULL: not wanted) from src and diff_dst. */
void ts_winograd_backward_weights(const TsWindowSpec *spec, int threads, const float *src,
                                  const float *diff_dst, float *diff_weights, float *diff_bias,
                                  float *work);

G_END_DECLS

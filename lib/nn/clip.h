/* Gradients kept short: what is done to them between the backward pass and the optimizer's step.
 *
 *     norm:C    all gradients together are scaled by min(1, C / (|g| + 1e-6)), as PyTorch's
 *               clip_grad_norm_ does it
 *     value:C   each number is brought within -C to C
 *     agc:C     adaptive (Brock et al., 2021): the gradient of each output unit (row of a linear
 *               layer, filter of a convolution, a bias or norm as one) is scaled down where it is
 *               longer than C max(|w|, 1e-3), w the unit's weights; the last layer is left alone
 *
 * Sums are in double and in a fixed order, so that they do not depend on the number of threads.
 */
#pragma once

#include "nn/params.h"

G_BEGIN_DECLS

typedef enum { TS_CLIP_NONE, TS_CLIP_NORM, TS_CLIP_VALUE, TS_CLIP_AGC } TsClipKind;

typedef struct {
    TsClipKind kind;
    double limit;
} TsClip;

/* "norm:1", "value:0.5", "agc:0.01". TS_ERROR_ARGUMENT for anything else. */
gboolean ts_clip_parse(const char *text, TsClip *clip, GError **error);

/* Clip the gradients of all learned parameters. *norm is the length of all gradients together
 * before that (for logs). TS_ERROR_NO_MEMORY. */
gboolean ts_clip_gradients(const TsClip *clip, TsParams *params, double *norm, GError **error);

/* The length of all learned parameters' gradients together. */
double ts_gradient_norm(const TsParams *params);

/* The sum over 0 .. n - 1 of what sum_of_run() says of each run of 4096, runs in order. */
typedef double (*TsSumOfRun)(const void *data, gsize begin, gsize end);
double ts_sum_in_order(TsSumOfRun sum_of_run, const void *data, gsize n);
double ts_sum_of_squares(const float *x, gsize n);

G_END_DECLS

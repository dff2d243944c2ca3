/* Filters that scale along one axis: which pixels an output pixel is made of, and how much of each;
 * inside of lib/image.
 *
 * Positions are Pillow's: pixels are squares, and output pixel i of `to` is centred at
 * (i + 0.5) * from / to. When shrinking, the filter is widened by the factor, so that every pixel
 * counts (antialias). The weights of an output pixel depend on nothing but i, from and to, so parts
 * of an image and the whole come out the same, bit for bit.
 */
#pragma once

#include "image/image.h"

G_BEGIN_DECLS

/* An axis of `from` pixels that is to have `to`. */
typedef struct {
    TsFilter filter;
    int from, to; /* at least 1 */
} TsAxis;

/* The most pixels that any output pixel is made of. */
gsize ts_axis_max_taps(const TsAxis *axis);

/* The pixels *first .. *first + n - 1 that output pixel `i` is made of; n, at least 1, is returned.
 * `weights`, if it is not NULL, gets those of them, at most ts_axis_max_taps(); they sum to 1. */
int ts_axis_taps(const TsAxis *axis, int i, int *first, double *weights);

/* The taps of several output pixels. */
typedef struct {
    int n;           /* output pixels */
    gsize n_taps;    /* room for each */
    int *first;      /* (n) */
    int *count;      /* (n) */
    double *weights; /* (n, n_taps) */
} TsKernel;

/* Those of output pixels i .. i + n - 1. TS_ERROR_NO_MEMORY, TS_ERROR_RANGE. */
gboolean ts_kernel_init(TsKernel *kernel, const TsAxis *axis, int i, int n, GError **error);
void ts_kernel_clear(TsKernel *kernel);

/* Combine pixels of a row into `out`, (n, bands). `row` begins with input pixel `row_x`. */
void
ts_kernel_apply(const TsKernel *kernel, const double *row, int row_x, gsize bands, double *out);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsKernel, ts_kernel_clear)

G_END_DECLS

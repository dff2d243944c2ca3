/* Weight gradients of convolutions on grey pictures: each number of a gradient's row is multiplied
 * with the pixels of its window, eight output channels at a time. */
#include "nn/grey_conv.h"

#include "base/wide.h"

#include <string.h>

enum {
    LANES = 8,
    MAX_WIDTH = 8,
    SHARES = 16, /* of the batch, each with sums of its own; not by threads, for the same bits */
};

typedef float Vec __attribute__((vector_size(LANES * sizeof(float)), may_alias));

gboolean
ts_grey_conv_can(const TsWindowSpec *spec)
{
    return spec->in_channels == 1 && spec->kernel_width <= MAX_WIDTH && !spec->bias;
}

/* ---- memory: for each share its sums, (block of 8 outputs, kh, kw, 8), and a picture with the
 * zeros around it ---- */

static gint64
count_vectors(const TsWindowSpec *spec, int block)
{
    return (spec->out_channels + block - 1) / block * (block / LANES);
}

static gint64
count_taps(const TsWindowSpec *spec)
{
    return spec->kernel_height * spec->kernel_width;
}

static gint64
padded_height(const TsWindowSpec *spec)
{
    return spec->in_height + spec->pad_top + spec->pad_bottom;
}

static gint64
padded_width(const TsWindowSpec *spec)
{
    return spec->in_width + spec->pad_left + spec->pad_right;
}

static gint64
sum_floats(const TsWindowSpec *spec, int block)
{
    return count_vectors(spec, block) * count_taps(spec) * LANES;
}

/* Whole vectors, so that the next share's begin at an address for vectors too. */
static gint64
share_floats(const TsWindowSpec *spec, int block)
{
    const gint64 picture = padded_height(spec) * padded_width(spec);
    return sum_floats(spec, block) + (picture + LANES - 1) / LANES * LANES;
}

gsize
ts_grey_conv_floats(const TsWindowSpec *spec, int block)
{
    return (gsize) (SHARES * share_floats(spec, block));
}

static void
pad_picture(const TsWindowSpec *spec, const float *picture, float *padded)
{
    for (gint64 y = 0; y < spec->in_height; y++)
        memcpy(padded + (y + spec->pad_top) * padded_width(spec) + spec->pad_left,
               picture + y * spec->in_width, (gsize) spec->in_width * sizeof(float));
}

/* ---- sums ---- */

/* Add to `height` x `width` sums what one row of the gradient, `n` numbers each `block` apart, and
 * the rows of pixels at `pixels`, `pitch` apart, give. Both sizes are known to the compiler. */
static inline __attribute__((always_inline)) void
add_row(const float *gradient, gint64 n, int block, const float *pixels, gint64 pitch,
        gint64 stride, int height, int width, Vec *sums)
{
    Vec sum[MAX_WIDTH + 1];
    for (int i = 0; i < height * width; i++)
        sum[i] = sums[i];
    for (gint64 x = 0; x < n; x++) {
        const Vec g = *(const Vec *) (gradient + x * block);
        const float *pixel = pixels + x * stride;
        for (int ky = 0; ky < height; ky++)
            for (int kx = 0; kx < width; kx++)
                sum[ky * width + kx] += g * pixel[ky * pitch + kx];
    }
    for (int i = 0; i < height * width; i++)
        sums[i] = sum[i];
}

/* All windows' rows at once where 3x3 sums find room in registers, else row by row. */
static inline __attribute__((always_inline)) void
add_windows(const TsWindowSpec *spec, const float *gradient, int block, const float *pixels,
            Vec *sums)
{
    const gint64 pitch = padded_width(spec), n = spec->out_width;
    if (spec->kernel_height == 3 && spec->kernel_width == 3) {
        add_row(gradient, n, block, pixels, pitch, spec->stride, 3, 3, sums);
        return;
    }
    for (gint64 ky = 0; ky < spec->kernel_height; ky++, pixels += pitch, sums += spec->kernel_width)
        switch (spec->kernel_width) {
#define ROW(width)                                                                                 \
    case width:                                                                                    \
        add_row(gradient, n, block, pixels, pitch, spec->stride, 1, width, sums);                  \
        break;
            ROW(1) ROW(2) ROW(3) ROW(4) ROW(5) ROW(6) ROW(7) ROW(8)
#undef ROW
        }
}

/* One picture: `padded`, and its gradient in blocks. */
TS_WIDE static void
add_picture(const TsWindowSpec *spec, int block, const float *padded, const float *gradient,
            float *sums)
{
    const gint64 size = spec->out_height * spec->out_width * block;
    for (gint64 v = 0; v < count_vectors(spec, block); v++) {
        const float *row = gradient + v * LANES / block * size + v * LANES % block;
        for (gint64 y = 0; y < spec->out_height; y++, row += spec->out_width * block)
            add_windows(spec, row, block, padded + y * spec->stride * padded_width(spec),
                        (Vec *) sums + v * count_taps(spec));
    }
}

static void
add_share(const TsWindowSpec *spec, int block, gint64 share, const float *src,
          const float *diff_dst, float *work)
{
    const gint64 n_sums = sum_floats(spec, block);
    const gint64 picture = spec->in_height * spec->in_width;
    const gint64 result = count_vectors(spec, block) * LANES * spec->out_height * spec->out_width;
    memset(work, 0, (gsize) share_floats(spec, block) * sizeof(float));
    for (gint64 i = share * spec->batch / SHARES; i < (share + 1) * spec->batch / SHARES; i++) {
        pad_picture(spec, src + i * picture, work + n_sums);
        add_picture(spec, block, work + n_sums, diff_dst + i * result, work);
    }
}

void
ts_grey_conv_backward_weights(const TsWindowSpec *spec, int block, const float *src,
                              const float *diff_dst, float *diff_weights, float *work)
{
    const gint64 taps = count_taps(spec), each = share_floats(spec, block);
#pragma omp parallel for schedule(dynamic)
    for (gint64 share = 0; share < SHARES; share++)
        add_share(spec, block, share, src, diff_dst, work + share * each);
    for (gint64 o = 0; o < spec->out_channels; o++)
        for (gint64 t = 0; t < taps; t++) {
            const float *at = work + (o / LANES * taps + t) * LANES + o % LANES;
            float sum = 0;
            for (gint64 share = 0; share < SHARES; share++)
                sum += at[share * each];
            diff_weights[o * taps + t] = sum;
        }
}

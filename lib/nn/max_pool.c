/* Max pooling in vectors of 8 channels; all of a block's while its pixel is at hand. */
#include "nn/max_pool.h"

#include "base/wide.h"

#include <string.h>

enum { LANES = 8 };

typedef float Vec __attribute__((vector_size(LANES * sizeof(float)), may_alias));
typedef gint32 Mask __attribute__((vector_size(LANES * sizeof(gint32)), may_alias));
typedef guint8 Bytes __attribute__((vector_size(LANES), may_alias));

/* A window within the picture: pixels from `top`, `left` to before `bottom`, `right`. The first of
 * them is number `first` of the window, which may begin outside. */
typedef struct {
    gint64 top, left, bottom, right, first;
} Window;

gboolean
ts_max_pool_can(const TsWindowSpec *spec)
{
    const gint64 pad_y = MAX(spec->pad_top, spec->pad_bottom);
    const gint64 pad_x = MAX(spec->pad_left, spec->pad_right);
    return pad_y < spec->kernel_height && pad_x < spec->kernel_width &&
           spec->kernel_height * spec->kernel_width <= G_MAXUINT8 + 1;
}

static gint64
count_planes(const TsWindowSpec *spec, int block)
{
    return spec->batch * ((spec->in_channels + block - 1) / block);
}

gsize
ts_max_pool_outputs(const TsWindowSpec *spec, int block)
{
    return (gsize) (count_planes(spec, block) * spec->out_height * spec->out_width * block);
}

static inline __attribute__((always_inline)) Window
find_window(const TsWindowSpec *spec, gint64 row, gint64 column, gint64 side)
{
    const gint64 y = row * spec->stride - spec->pad_top, x = column * spec->stride - spec->pad_left;
    if (side > 0)
        return (Window){y, x, y + side, x + side, 0};
    const gint64 top = MAX(y, 0), left = MAX(x, 0);
    return (Window){top, left, MIN(y + spec->kernel_height, spec->in_height),
                    MIN(x + spec->kernel_width, spec->in_width),
                    (top - y) * spec->kernel_width + left - x};
}

/* The largest pixels of a window, and their numbers unless `where` is NULL. */
static inline __attribute__((always_inline)) void
find_most(const TsWindowSpec *spec, Window w, gint64 width, int block, const float *src, float *dst,
          guint8 *where)
{
    Vec most = *(const Vec *) (src + (w.top * spec->in_width + w.left) * block);
    Mask place = {0};
    place += (gint32) w.first;
    for (gint64 y = w.top; y < w.bottom; y++)
        for (gint64 x = w.left; x < w.right; x++) {
            const Vec v = *(const Vec *) (src + (y * spec->in_width + x) * block);
            const Mask more = (v > most) | (v != v);
            const gint32 number = (gint32) (w.first + (y - w.top) * width + x - w.left);
            most = (Vec) ((more & (Mask) v) | (~more & (Mask) most));
            place = (more & number) | (~more & place);
        }
    *(Vec *) dst = most;
    if (where != NULL)
        *(Bytes *) where = __builtin_convertvector(place, Bytes);
}

/* `side`: that of windows which all lie within the picture, known to the compiler; 0: any. */
static inline __attribute__((always_inline)) void
forward_plane(const TsWindowSpec *spec, gint64 side, int block, const float *src, float *dst,
              guint8 *where)
{
    const gint64 width = side > 0 ? side : spec->kernel_width;
    for (gint64 i = 0; i < spec->out_height * spec->out_width; i++) {
        const Window w = find_window(spec, i / spec->out_width, i % spec->out_width, side);
        for (int c = 0; c < block; c += LANES)
            find_most(spec, w, width, block, src + c, dst + i * block + c,
                      where != NULL ? where + i * block + c : NULL);
    }
}

/* The gradient of a window to its largest pixels. `apart`: no pixel is in two windows. */
static inline __attribute__((always_inline)) void
spread_gradient(const TsWindowSpec *spec, Window w, gint64 width, gboolean apart, int block,
                const float *diff_dst, const guint8 *where, float *diff_src)
{
    const Vec gradient = *(const Vec *) diff_dst;
    const Mask place = __builtin_convertvector(*(const Bytes *) where, Mask);
    for (gint64 y = w.top; y < w.bottom; y++)
        for (gint64 x = w.left; x < w.right; x++) {
            Vec *pixel = (Vec *) (diff_src + (y * spec->in_width + x) * block);
            const gint32 number = (gint32) (w.first + (y - w.top) * width + x - w.left);
            const Vec part = (Vec) ((place == number) & (Mask) gradient);
            if (apart)
                *pixel = part;
            else
                *pixel += part;
        }
}

static inline __attribute__((always_inline)) void
backward_plane(const TsWindowSpec *spec, gint64 side, gboolean apart, int block,
               const float *diff_dst, const guint8 *where, float *diff_src)
{
    const gint64 width = side > 0 ? side : spec->kernel_width;
    for (gint64 i = 0; i < spec->out_height * spec->out_width; i++) {
        const Window w = find_window(spec, i / spec->out_width, i % spec->out_width, side);
        for (int c = 0; c < block; c += LANES)
            spread_gradient(spec, w, width, apart, block, diff_dst + i * block + c,
                            where + i * block + c, diff_src + c);
    }
}

/* 2 or 3 if the windows are squares of that side and need no padding, else 0. */
static gint64
plain_side(const TsWindowSpec *spec)
{
    const gint64 side = spec->kernel_width;
    const gboolean inside = (spec->out_height - 1) * spec->stride + side <= spec->in_height &&
                            (spec->out_width - 1) * spec->stride + side <= spec->in_width;
    const gboolean padded = spec->pad_top != 0 || spec->pad_left != 0;
    return spec->kernel_height == side && (side == 2 || side == 3) && inside && !padded ? side : 0;
}

TS_WIDE static void
forward_channels(const TsWindowSpec *spec, int block, const float *src, float *dst, guint8 *where)
{
    switch (plain_side(spec)) {
    case 2:
        forward_plane(spec, 2, block, src, dst, where);
        break;
    case 3:
        forward_plane(spec, 3, block, src, dst, where);
        break;
    default:
        forward_plane(spec, 0, block, src, dst, where);
    }
}

TS_WIDE static void
backward_channels(const TsWindowSpec *spec, int block, const float *diff_dst, const guint8 *where,
                  float *diff_src)
{
    if (plain_side(spec) == 2 && spec->stride >= 2)
        backward_plane(spec, 2, TRUE, block, diff_dst, where, diff_src);
    else if (plain_side(spec) == 3)
        backward_plane(spec, 3, FALSE, block, diff_dst, where, diff_src);
    else
        backward_plane(spec, 0, FALSE, block, diff_dst, where, diff_src);
}

void
ts_max_pool_forward(const TsWindowSpec *spec, int block, const float *src, float *dst,
                    guint8 *where)
{
    const gint64 n = count_planes(spec, block);
    const gint64 in = spec->in_height * spec->in_width * block;
    const gint64 out = spec->out_height * spec->out_width * block;
#pragma omp parallel for
    for (gint64 plane = 0; plane < n; plane++)
        forward_channels(spec, block, src + plane * in, dst + plane * out,
                         where != NULL ? where + plane * out : NULL);
}

void
ts_max_pool_backward(const TsWindowSpec *spec, int block, const float *diff_dst,
                     const guint8 *where, float *diff_src)
{
    const gint64 n = count_planes(spec, block);
    const gint64 in = spec->in_height * spec->in_width * block;
    const gint64 out = spec->out_height * spec->out_width * block;
#pragma omp parallel for
    for (gint64 plane = 0; plane < n; plane++) {
        memset(diff_src + plane * in, 0, (gsize) in * sizeof(float));
        backward_channels(spec, block, diff_dst + plane * out, where + plane * out,
                          diff_src + plane * in);
    }
}

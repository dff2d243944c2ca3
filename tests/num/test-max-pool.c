/* Max pooling in blocks of channels against plain loops, there and back. */
#include "unit.h"

#include "base/rng.h"
#include "base/threads.h"
#include "nn/max_pool.h"
#include "nn/params.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 2, CHANNELS = 19 };

typedef struct {
    gint64 height, width, kernel, stride, pad;
} Case;

static const Case cases[] = {
    {8, 6, 2, 2, 0}, {7, 9, 2, 2, 0}, {9, 8, 3, 2, 0}, {9, 8, 3, 2, 1}, {5, 6, 2, 1, 0},
    {6, 6, 2, 3, 0}, {7, 7, 3, 1, 1}, {6, 9, 2, 2, 1}, {8, 8, 5, 3, 2}, {4, 5, 4, 1, 3},
};

static TsWindowSpec
spec_of(const Case *c)
{
    return (TsWindowSpec){
        .batch = BATCH,
        .in_channels = CHANNELS,
        .in_height = c->height,
        .in_width = c->width,
        .out_channels = CHANNELS,
        .out_height = (c->height + 2 * c->pad - c->kernel) / c->stride + 1,
        .out_width = (c->width + 2 * c->pad - c->kernel) / c->stride + 1,
        .kernel_height = c->kernel,
        .kernel_width = c->kernel,
        .stride = c->stride,
        .pad_top = c->pad,
        .pad_left = c->pad,
        .pad_bottom = c->pad,
        .pad_right = c->pad,
    };
}

/* Whole numbers, so that many are equal and sums are exact; a few are none. */
static float *
draw(gsize n, gboolean with_nan)
{
    TsRng rng;
    float *values = ts_aligned_floats(n, NULL);
    ts_rng_init(&rng, 5, "max-pool", n);
    for (gsize i = 0; i < n; i++)
        values[i] = with_nan && ts_rng_below(&rng, 40) == 0 ? NAN : (float) ts_rng_below(&rng, 6);
    return values;
}

/* The first of the largest pixels of window `out` of a picture, whose pixels are `block` apart. */
static gint64
find_largest(const TsWindowSpec *s, int block, const float *picture, gint64 out)
{
    const gint64 y0 = out / s->out_width * s->stride - s->pad_top;
    const gint64 x0 = out % s->out_width * s->stride - s->pad_left;
    gint64 best = -1;
    for (gint64 y = MAX(y0, 0); y < MIN(y0 + s->kernel_height, s->in_height); y++)
        for (gint64 x = MAX(x0, 0); x < MIN(x0 + s->kernel_width, s->in_width); x++) {
            const gint64 i = y * s->in_width + x;
            if (best < 0 || picture[i * block] > picture[best * block] || isnan(picture[i * block]))
                best = i;
        }
    return best;
}

static void
check_case(const Case *c, int block, guint threads)
{
    const TsWindowSpec s = spec_of(c);
    const gint64 planes = BATCH * ((CHANNELS + block - 1) / block);
    const gint64 in = c->height * c->width, out = s.out_height * s.out_width;
    const gsize n = ts_max_pool_outputs(&s, block), n_in = (gsize) (planes * in * block);
    ck_assert(ts_max_pool_can(&s) && n == (gsize) (planes * out * block));
    float *src = draw(n_in, TRUE), *gradient = draw(n, FALSE);
    float *dst = draw(n, FALSE), *plain = draw(n, FALSE), *back = draw(n_in, FALSE);
    g_autofree guint8 *where = g_malloc(n);
    g_autofree float *expected = g_new0(float, n_in);
    ts_threads_set(threads);
    ts_max_pool_forward(&s, block, src, dst, where);
    ts_max_pool_forward(&s, block, src, plain, NULL);
    ts_max_pool_backward(&s, block, gradient, where, back);
    for (gint64 i = 0; i < (gint64) n; i++) {
        const gint64 plane = i / (out * block), lane = i % block;
        const gint64 at = find_largest(&s, block, src + plane * in * block + lane, i / block % out);
        const gint64 pixel = (plane * in + at) * block + lane;
        ck_assert(memcmp(&dst[i], &src[pixel], sizeof(float)) == 0);
        expected[pixel] += gradient[i];
    }
    ck_assert_mem_eq(plain, dst, n * sizeof(float));
    ck_assert_mem_eq(back, expected, n_in * sizeof(float));
    float *all[] = {src, gradient, dst, plain, back};
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        free(all[i]);
}

START_TEST(equals_plain_loops)
{
    for (int block = 8; block <= 16; block += 8)
        for (guint threads = 1; threads <= 2; threads++)
            check_case(&cases[_i], block, threads);
}
END_TEST

START_TEST(refuses_windows_of_padding)
{
    TsWindowSpec spec = spec_of(&cases[3]);
    spec.pad_bottom = 3;
    ck_assert(!ts_max_pool_can(&spec));
    spec = spec_of(&cases[0]);
    spec.kernel_height = spec.kernel_width = 17;
    ck_assert(!ts_max_pool_can(&spec));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("max-pool");
    TCase *all = tcase_create("max-pool");
    tcase_add_loop_test(all, equals_plain_loops, 0, G_N_ELEMENTS(cases));
    tcase_add_test(all, refuses_windows_of_padding);
    suite_add_tcase(suite, all);
    return unit_run(suite);
}

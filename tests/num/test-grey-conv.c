/* Weight gradients of convolutions on grey pictures against plain loops. */
#include "unit.h"

#include "base/rng.h"
#include "base/threads.h"
#include "nn/grey_conv.h"
#include "nn/params.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    gint64 batch, height, width, outputs, kernel_height, kernel_width, stride;
    gint64 top, left, bottom, right;
} Case;

static const Case cases[] = {
    {3, 8, 7, 16, 3, 3, 1, 1, 1, 1, 1},  {20, 9, 8, 19, 3, 3, 2, 1, 1, 1, 1},
    {2, 17, 16, 8, 7, 7, 2, 3, 3, 3, 3}, {1, 6, 6, 5, 5, 5, 1, 0, 0, 0, 0},
    {5, 8, 8, 24, 3, 3, 2, 0, 0, 1, 1},  {2, 9, 9, 9, 1, 1, 1, 0, 0, 0, 0},
    {2, 12, 11, 3, 2, 8, 1, 1, 4, 0, 3}, {2, 12, 12, 7, 4, 4, 4, 0, 0, 0, 0},
    {2, 9, 9, 8, 6, 6, 1, 2, 2, 3, 3},   {4, 5, 5, 8, 2, 2, 3, 0, 0, 0, 0},
};

static TsWindowSpec
spec_of(const Case *c)
{
    return (TsWindowSpec){
        .batch = c->batch,
        .in_channels = 1,
        .in_height = c->height,
        .in_width = c->width,
        .out_channels = c->outputs,
        .out_height = (c->height + c->top + c->bottom - c->kernel_height) / c->stride + 1,
        .out_width = (c->width + c->left + c->right - c->kernel_width) / c->stride + 1,
        .kernel_height = c->kernel_height,
        .kernel_width = c->kernel_width,
        .stride = c->stride,
        .pad_top = c->top,
        .pad_left = c->left,
        .pad_bottom = c->bottom,
        .pad_right = c->right,
        .groups = 1,
    };
}

static float *
draw(gsize n)
{
    TsRng rng;
    float *values = ts_aligned_floats(n, NULL);
    ts_rng_init(&rng, 5, "grey-conv", n);
    for (gsize i = 0; i < n; i++)
        values[i] = (float) ts_rng_uniform(&rng) - 0.3f;
    return values;
}

/* One weight's gradient, and the sum of the sizes of its terms. */
static double
plain_sum(const TsWindowSpec *s, int block, const float *src, const float *diff_dst, gint64 weight,
          double *size)
{
    const gint64 kx = weight % s->kernel_width, ky = weight / s->kernel_width % s->kernel_height;
    const gint64 o = weight / s->kernel_width / s->kernel_height;
    const gint64 blocks = (s->out_channels + block - 1) / block;
    double sum = 0;
    *size = 0;
    for (gint64 i = 0; i < s->batch * s->out_height * s->out_width; i++) {
        const gint64 image = i / s->out_width / s->out_height;
        const gint64 y = i / s->out_width % s->out_height, x = i % s->out_width;
        const gint64 py = y * s->stride + ky - s->pad_top, px = x * s->stride + kx - s->pad_left;
        if (py < 0 || py >= s->in_height || px < 0 || px >= s->in_width)
            continue;
        const gint64 row = (image * blocks + o / block) * s->out_height + y;
        const double term = (double) src[(image * s->in_height + py) * s->in_width + px] *
                            (double) diff_dst[(row * s->out_width + x) * block + o % block];
        sum += term;
        *size += fabs(term);
    }
    return sum;
}

static void
check_case(const Case *c, int block)
{
    const TsWindowSpec s = spec_of(c);
    const gint64 blocks = (c->outputs + block - 1) / block;
    const gsize n_src = (gsize) (c->batch * c->height * c->width);
    const gsize n_dst = (gsize) (c->batch * blocks * block * s.out_height * s.out_width);
    const gsize n = (gsize) (c->outputs * c->kernel_height * c->kernel_width);
    float *src = draw(n_src), *diff_dst = draw(n_dst), *one = draw(n), *two = draw(n);
    float *work = draw(ts_grey_conv_floats(&s, block));
    ck_assert(ts_grey_conv_can(&s));
    ts_threads_set(1);
    ts_grey_conv_backward_weights(&s, block, src, diff_dst, one, work);
    ts_threads_set(2);
    ts_grey_conv_backward_weights(&s, block, src, diff_dst, two, work);
    ck_assert_mem_eq(one, two, n * sizeof(float));
    for (gsize i = 0; i < n; i++) {
        double size;
        const double expected = plain_sum(&s, block, src, diff_dst, (gint64) i, &size);
        ck_assert_double_le(fabs(one[i] - expected), 1e-6 * size);
    }
    float *all[] = {src, diff_dst, one, two, work};
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        free(all[i]);
}

START_TEST(equals_plain_loops)
{
    for (int block = 8; block <= 16; block += 8)
        check_case(&cases[_i], block);
}
END_TEST

START_TEST(leaves_others_alone)
{
    TsWindowSpec spec = spec_of(&cases[0]);
    spec.in_channels = 2;
    ck_assert(!ts_grey_conv_can(&spec));
    spec = spec_of(&cases[0]);
    spec.kernel_width = 9;
    ck_assert(!ts_grey_conv_can(&spec));
    spec = spec_of(&cases[0]);
    spec.bias = TRUE;
    ck_assert(!ts_grey_conv_can(&spec));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("grey-conv");
    TCase *all = tcase_create("grey-conv");
    tcase_add_loop_test(all, equals_plain_loops, 0, G_N_ELEMENTS(cases));
    tcase_add_test(all, leaves_others_alone);
    suite_add_tcase(suite, all);
    return unit_run(suite);
}

/* Winograd convolution against plain loops in double, against oneDNN's direct kernels, and against
 * itself on other numbers of threads.
 *
 * Bounds. The error is the norm of the difference over the norm of the result. Rounding of one sum
 * in f32 is about 1e-7; the transforms of F(4x4, 3x3) add numbers up to 10 times larger than their
 * sum, so 5e-6 is allowed to a single pass and 2e-5 to the gradients of a whole net. Two
 * factors rounded to bf16 make an error of 2.4e-3, and the transforms of F(2x2, 3x3) 4e-3 of it:
 * 5e-3 is allowed. */
#include "unit.h"

#include "base/rng.h"
#include "base/threads.h"
#include "nn/loss.h"
#include "nn/models/models.h"
#include "nn/net.h"
#include "nn/winograd/winograd.h"

#include <math.h>
#include <string.h>

static const double pass_bound = 5e-6, net_bound = 2e-5, bf16_bound = 5e-3;

typedef struct {
    gint64 batch, in_channels, out_channels, height, width;
    gint64 pads[4]; /* top, left, bottom, right */
} Case;

static const Case cases[] = {
    {1, 8, 8, 4, 4, {1, 1, 1, 1}},
    {1, 8, 16, 3, 3, {0, 0, 0, 0}},
    {2, 5, 3, 7, 9, {1, 1, 1, 1}},
    {3, 24, 20, 11, 6, {0, 0, 0, 0}},
    {2, 33, 40, 13, 13, {1, 1, 1, 1}},
    {2, 16, 17, 8, 5, {2, 2, 2, 2}},
    {1, 64, 48, 1, 10, {1, 1, 1, 1}},
    {2, 9, 8, 10, 10, {0, 1, 2, 0}},
    {7, 32, 32, 28, 28, {1, 1, 1, 1}},
    {4, 100, 130, 7, 7, {1, 1, 1, 1}},
    /* More channels, and more tiles, than are worked on at once. */
    {1, 530, 8, 5, 5, {1, 1, 1, 1}},
    {9, 40, 48, 15, 15, {1, 1, 1, 1}},
    {17, 16, 24, 29, 29, {1, 1, 1, 1}},
};

static TsWindowSpec
spec_of(const Case *c)
{
    return (TsWindowSpec){
        .batch = c->batch,
        .in_channels = c->in_channels,
        .in_height = c->height,
        .in_width = c->width,
        .out_channels = c->out_channels,
        .out_height = c->height + c->pads[0] + c->pads[2] - 2,
        .out_width = c->width + c->pads[1] + c->pads[3] - 2,
        .kernel_height = 3,
        .kernel_width = 3,
        .stride = 1,
        .pad_top = c->pads[0],
        .pad_left = c->pads[1],
        .pad_bottom = c->pads[2],
        .pad_right = c->pads[3],
        .groups = 1,
        .bias = TRUE,
    };
}

static float *
random_floats(gsize n, const char *purpose)
{
    TsRng rng;
    ts_rng_init(&rng, 4, purpose, 0);
    float *data = ts_aligned_floats(n, NULL);
    for (gsize i = 0; i < n; i++)
        data[i] = (float) ts_rng_normal(&rng);
    return data;
}

/* A copy of (N, C, H, W) in blocks of channels. */
static float *
to_blocks(const float *plain, gint64 n, gint64 c, gint64 area)
{
    const gint64 lanes = ts_winograd_lanes(), blocks = (c + lanes - 1) / lanes;
    float *out = ts_aligned_floats((gsize) (n * blocks * lanes * area), NULL);
    for (gint64 i = 0; i < n * c * area; i++) {
        const gint64 image = i / (c * area), channel = i / area % c, pixel = i % area;
        out[((image * blocks + channel / lanes) * area + pixel) * lanes + channel % lanes] =
            plain[i];
    }
    return out;
}

static void
check_equal(const char *what, const double *expected, const float *got, gsize n, double bound)
{
    double norm = 0, error = 0;
    for (gsize i = 0; i < n; i++) {
        norm += expected[i] * expected[i];
        error += pow(expected[i] - got[i], 2);
    }
    ck_assert_msg(sqrt(error / norm) <= bound, "%s: error %g", what, sqrt(error / norm));
}

/* As check_equal() for blocks; channels that do not exist must be zero. */
static void
check_blocks(const char *what, const double *expected, const float *blocks, gint64 n, gint64 c,
             gint64 area, double bound)
{
    const gint64 lanes = ts_winograd_lanes(), padded = (c + lanes - 1) / lanes * lanes;
    g_autofree float *plain = g_new(float, n *c *area);
    for (gint64 i = 0; i < n * padded * area; i++) {
        const gint64 image = i / (padded * area), lane = i % lanes, pixel = i / lanes % area;
        const gint64 channel = i / (lanes * area) % (padded / lanes) * lanes + lane;
        if (channel < c)
            plain[(image * c + channel) * area + pixel] = blocks[i];
        else
            ck_assert_msg(blocks[i] == 0, "%s: padding is %g", what, blocks[i]);
    }
    check_equal(what, expected, plain, (gsize) (n * c * area), bound);
}

/* Arguments of convolve_plainly(); results are added to. */
typedef struct {
    const float *x, *w, *dy;
    double *y, *dx, *dw;
} Plain;

static void
convolve_plainly(const TsWindowSpec *s, const Plain *p)
{
    const gint64 c_out = s->out_channels, c_in = s->in_channels;
    for (gint64 i = 0; i < s->batch * c_out * s->out_height * s->out_width; i++) {
        const gint64 ox = i % s->out_width, oy = i / s->out_width % s->out_height;
        const gint64 o = i / (s->out_width * s->out_height) % c_out;
        const gint64 image = i / (s->out_width * s->out_height * c_out);
        for (gint64 j = 0; j < c_in * 9; j++) {
            const gint64 y = oy + j / 3 % 3 - s->pad_top, x = ox + j % 3 - s->pad_left;
            if (y < 0 || y >= s->in_height || x < 0 || x >= s->in_width)
                continue;
            const gint64 in = ((image * c_in + j / 9) * s->in_height + y) * s->in_width + x;
            const gint64 weight = o * c_in * 9 + j;
            p->y[i] += (double) p->x[in] * p->w[weight];
            p->dx[in] += (double) p->dy[i] * p->w[weight];
            p->dw[weight] += (double) p->dy[i] * p->x[in];
        }
    }
}

typedef struct {
    TsWindowSpec spec;
    gint64 n_x, n_y, n_w, in_area, out_area;
    float *x, *w, *bias, *dy;    /* plain */
    float *x_blocks, *dy_blocks; /* the same in blocks */
    float *y, *dx, *dw, *db;     /* results; y and dx in blocks */
    gint64 y_blocks, dx_blocks;  /* numbers in them */
} Fixture;

static void
fixture_init(Fixture *f, const Case *c, gboolean bf16)
{
    f->spec = spec_of(c);
    f->spec.bf16 = bf16;
    const TsWindowSpec s = f->spec;
    ts_threads_set(2); /* not in main(): OpenMP's threads do not live through fork() */
    const gint64 lanes = ts_winograd_lanes();
    ck_assert(ts_winograd_can(&s));
    f->in_area = s.in_height * s.in_width;
    f->out_area = s.out_height * s.out_width;
    f->n_x = s.batch * s.in_channels * f->in_area;
    f->n_y = s.batch * s.out_channels * f->out_area;
    f->n_w = s.out_channels * s.in_channels * 9;
    f->x = random_floats(f->n_x, "x");
    f->w = random_floats(f->n_w, "w");
    f->bias = random_floats(s.out_channels, "bias");
    f->dy = random_floats(f->n_y, "dy");
    f->x_blocks = to_blocks(f->x, s.batch, s.in_channels, f->in_area);
    f->dy_blocks = to_blocks(f->dy, s.batch, s.out_channels, f->out_area);
    f->y_blocks = s.batch * f->out_area * ((s.out_channels + lanes - 1) / lanes * lanes);
    f->dx_blocks = s.batch * f->in_area * ((s.in_channels + lanes - 1) / lanes * lanes);
    f->y = random_floats(f->y_blocks, "junk");
    f->dx = random_floats(f->dx_blocks, "junk");
    f->dw = random_floats(f->n_w, "junk");
    f->db = random_floats(s.out_channels, "junk");
}

static void
fixture_clear(Fixture *f)
{
    float *all[] = {f->x,         f->w, f->bias, f->dy, f->x_blocks,
                    f->dy_blocks, f->y, f->dx,   f->dw, f->db};
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        free(all[i]);
}

/* All three passes; the working memory is full of NaN at first, so none of it may be read before
 * it is written. */
static void
fixture_run(Fixture *f, int threads)
{
    for (int pass = 0; pass <= TS_WINOGRAD_BACKWARD_WEIGHTS; pass++) {
        const gsize n = ts_winograd_floats(&f->spec, (TsWinogradPass) pass, threads);
        float *work = ts_aligned_floats(n, NULL);
        for (gsize i = 0; i < n; i++)
            work[i] = NAN;
        if (pass == TS_WINOGRAD_FORWARD)
            ts_winograd_forward(&f->spec, threads, f->x_blocks, f->w, f->bias, f->y, work);
        else if (pass == TS_WINOGRAD_BACKWARD_DATA)
            ts_winograd_backward_data(&f->spec, threads, f->dy_blocks, f->w, f->dx, work);
        else
            ts_winograd_backward_weights(&f->spec, threads, f->x_blocks, f->dy_blocks, f->dw, f->db,
                                         work);
        free(work);
    }
}

static void
check_passes(const Case *c, gboolean bf16, double bound)
{
    Fixture f;
    fixture_init(&f, c, bf16);
    const TsWindowSpec *s = &f.spec;
    g_autofree double *y = g_new0(double, f.n_y), *dx = g_new0(double, f.n_x);
    g_autofree double *dw = g_new0(double, f.n_w), *db = g_new0(double, s->out_channels);
    convolve_plainly(s, &(Plain){f.x, f.w, f.dy, y, dx, dw});
    for (gint64 i = 0; i < f.n_y; i++) {
        const gint64 o = i / f.out_area % s->out_channels;
        y[i] += f.bias[o];
        db[o] += f.dy[i];
    }
    fixture_run(&f, 2);
    check_blocks("forward", y, f.y, s->batch, s->out_channels, f.out_area, bound);
    check_blocks("by data", dx, f.dx, s->batch, s->in_channels, f.in_area, bound);
    check_equal("by weights", dw, f.dw, (gsize) f.n_w, bound);
    check_equal("by bias", db, f.db, (gsize) s->out_channels, pass_bound);
    fixture_clear(&f);
}

START_TEST(passes_equal_plain_loops)
{
    check_passes(&cases[_i], FALSE, pass_bound);
}
END_TEST

START_TEST(passes_of_bf16_equal_plain_loops)
{
    if (ts_kernel_has_avx512_bf16())
        check_passes(&cases[_i], TRUE, bf16_bound);
}
END_TEST

static void
check_threads(const Case *c, gboolean bf16)
{
    Fixture one, many;
    fixture_init(&one, c, bf16);
    fixture_init(&many, c, bf16);
    fixture_run(&one, 1);
    fixture_run(&many, 5);
    ck_assert_int_eq(memcmp(one.y, many.y, one.y_blocks * sizeof(float)), 0);
    ck_assert_int_eq(memcmp(one.dx, many.dx, one.dx_blocks * sizeof(float)), 0);
    ck_assert_int_eq(memcmp(one.dw, many.dw, one.n_w * sizeof(float)), 0);
    ck_assert_int_eq(memcmp(one.db, many.db, one.spec.out_channels * sizeof(float)), 0);
    fixture_clear(&one);
    fixture_clear(&many);
}

START_TEST(threads_do_not_change_a_bit)
{
    check_threads(&cases[_i], FALSE);
    if (ts_kernel_has_avx512_bf16())
        check_threads(&cases[_i], TRUE);
}
END_TEST

/* ---- whole nets ---- */

enum { BATCH = 12, CLASSES = 3 };

/* A step of the small network; returns its parameters, with gradients. */
static TsParams *
step_of_cnn(const TsGraph *graph, TsConvKernels kernels, TsPrecision precision, float *logits,
            char **program)
{
    GError *error = NULL;
    TsParams *params = ts_params_new(graph, &error);
    ts_params_init(params, 3);
    params->kernels = kernels;
    params->precision = precision;
    g_autoptr(TsNet) net = ts_net_new(graph, params, BATCH, TS_NET_TRAIN, &error);
    ck_assert_msg(net != NULL, "%s", error != NULL ? error->message : "");
    float *images = random_floats(BATCH * 3 * 20 * 20, "images");
    memcpy(ts_net_input(net), images, BATCH * 3 * 20 * 20 * sizeof *images);
    free(images);
    gint32 labels[BATCH];
    for (int i = 0; i < BATCH; i++)
        labels[i] = i % CLASSES;
    TsLossSums sums = {0};
    ck_assert(ts_net_forward(net, 1, &error));
    memcpy(logits, ts_net_logits(net), BATCH * CLASSES * sizeof *logits);
    ts_loss_compute(NULL, logits, labels, NULL, BATCH, CLASSES, BATCH, ts_net_grad_logits(net),
                    &sums);
    ck_assert(ts_net_backward(net, &error));
    *program = ts_net_describe(net);
    return params;
}

static double
relative_error(const float *a, const float *b, gsize n)
{
    double norm = 0, error = 0;
    for (gsize i = 0; i < n; i++) {
        norm += (double) a[i] * a[i];
        error += pow((double) a[i] - b[i], 2);
    }
    return sqrt(error / norm);
}

static float *
plain_gradient(const TsParam *param)
{
    float *plain = g_new(float, param->n);
    ck_assert(ts_param_get_plain(param, param->grad, plain, NULL));
    return plain;
}

START_TEST(a_net_equals_that_of_direct_kernels)
{
    ts_threads_set(2);
    g_autoptr(GError) error = NULL;
    g_autoptr(TsGraph) graph = ts_model_graph_new("cnn:dropout=0", 3, 20, 20, CLASSES, &error);
    g_autofree char *direct_program = NULL, *program = NULL;
    float direct_logits[BATCH * CLASSES], logits[BATCH * CLASSES];
    g_autoptr(TsParams) direct =
        step_of_cnn(graph, TS_KERNELS_DIRECT, TS_PRECISION_F32, direct_logits, &direct_program);
    g_autoptr(TsParams) winograd =
        step_of_cnn(graph, TS_KERNELS_WINOGRAD, TS_PRECISION_F32, logits, &program);
    ck_assert(strstr(direct_program, "Winograd") == NULL);
    ck_assert(strstr(program, "Winograd") != NULL);
    ck_assert_double_le(relative_error(direct_logits, logits, BATCH * CLASSES), net_bound);
    for (guint i = 0; i < direct->n; i++) {
        if (!ts_param_is_learned(&direct->param[i]))
            continue;
        g_autofree float *expected = plain_gradient(&direct->param[i]);
        g_autofree float *got = plain_gradient(&winograd->param[i]);
        const double e = relative_error(expected, got, direct->param[i].n);
        ck_assert_msg(e <= net_bound, "%s: %g", direct->param[i].spec->name, e);
    }
}
END_TEST

/* The norm of the difference of all gradients over their norm. */
static double
error_of_gradients(const TsParams *a, const TsParams *b)
{
    double norm = 0, error = 0;
    for (guint i = 0; i < a->n; i++) {
        if (!ts_param_is_learned(&a->param[i]))
            continue;
        g_autofree float *x = plain_gradient(&a->param[i]), *y = plain_gradient(&b->param[i]);
        for (gsize k = 0; k < a->param[i].n; k++) {
            norm += (double) x[k] * x[k];
            error += pow((double) x[k] - y[k], 2);
        }
    }
    return sqrt(error / norm);
}

/* Batch norms make the error of a net's gradients larger than that of a convolution: the measure is
 * what direct kernels of bf16 do. */
START_TEST(a_net_of_bf16_is_as_exact_as_with_direct_kernels)
{
    ts_threads_set(2);
    g_autoptr(GError) error = NULL;
    g_autoptr(TsGraph) graph = ts_model_graph_new("cnn:dropout=0", 3, 20, 20, CLASSES, &error);
    static const TsConvKernels kernels[] = {TS_KERNELS_DIRECT, TS_KERNELS_WINOGRAD};
    double errors[2];
    float logits[BATCH * CLASSES];
    g_autofree char *exact_program = NULL;
    g_autoptr(TsParams) exact =
        step_of_cnn(graph, TS_KERNELS_DIRECT, TS_PRECISION_F32, logits, &exact_program);
    for (int i = 0; i < 2; i++) {
        g_autofree char *program = NULL;
        g_autoptr(TsParams) params =
            step_of_cnn(graph, kernels[i], TS_PRECISION_BF16, logits, &program);
        errors[i] = error_of_gradients(exact, params);
    }
    ck_assert_double_le(errors[1], 2 * errors[0]);
    ck_assert_double_gt(errors[1], 10 * net_bound);
}
END_TEST

/* The nets that share parameters may choose differently: the weights are converted. */
START_TEST(nets_of_both_kinds_share_weights)
{
    static const TsConvKernels kinds[] = {TS_KERNELS_DIRECT, TS_KERNELS_WINOGRAD};
    ts_threads_set(2);
    g_autoptr(GError) error = NULL;
    g_autoptr(TsGraph) graph = ts_model_graph_new("cnn:dropout=0", 3, 20, 20, CLASSES, &error);
    g_autoptr(TsParams) params = ts_params_new(graph, &error);
    float *images = random_floats(BATCH * 3 * 20 * 20, "images");
    float logits[2][BATCH * CLASSES];
    ts_params_init(params, 3);
    for (int i = 0; i < 2; i++) {
        params->kernels = kinds[(i + _i) % 2];
        g_autoptr(TsNet) net = ts_net_new(graph, params, BATCH, TS_NET_INFER, &error);
        ck_assert(net != NULL);
        memcpy(ts_net_input(net), images, BATCH * 3 * 20 * 20 * sizeof *images);
        ck_assert(ts_net_forward(net, 0, &error));
        memcpy(logits[i], ts_net_logits(net), sizeof logits[i]);
    }
    ck_assert_double_le(relative_error(logits[0], logits[1], BATCH * CLASSES), net_bound);
    free(images);
}
END_TEST

START_TEST(the_rule_is_by_shape)
{
    TsWindowSpec s = spec_of(&cases[8]);
    const gboolean pays = strcmp(ts_winograd_kernels(), "plain") != 0;
    ck_assert(ts_winograd_pays(&s) == pays);
    s.bf16 = TRUE;
    ck_assert(ts_winograd_can(&s) == ts_kernel_has_avx512_bf16());
    ck_assert(!ts_winograd_pays(&s));
    s.in_channels = s.out_channels = 64;
    ck_assert(ts_winograd_pays(&s) == !ts_kernel_has_amx());
    s.bf16 = FALSE;
    ck_assert(ts_winograd_pays(&s) == pays);
    s.batch = 1;
    s.out_height = s.out_width = 7;
    ck_assert(!ts_winograd_pays(&s));
    s = spec_of(&cases[8]);
    s.in_channels = 3;
    ck_assert(!ts_winograd_pays(&s));
    s.stride = 2;
    ck_assert(!ts_winograd_can(&s));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("winograd");
    TCase *all = tcase_create("winograd");
    const int n = G_N_ELEMENTS(cases);
    tcase_add_loop_test(all, passes_equal_plain_loops, 0, n);
    tcase_add_loop_test(all, passes_of_bf16_equal_plain_loops, 0, n);
    tcase_add_loop_test(all, threads_do_not_change_a_bit, 0, n);
    tcase_add_test(all, a_net_equals_that_of_direct_kernels);
    tcase_add_test(all, a_net_of_bf16_is_as_exact_as_with_direct_kernels);
    tcase_add_loop_test(all, nets_of_both_kinds_share_weights, 0, 2);
    tcase_add_test(all, the_rule_is_by_shape);
    suite_add_tcase(suite, all);
    return unit_run(suite);
}

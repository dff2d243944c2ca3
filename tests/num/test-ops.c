/* Forward passes against plain loops in double, in training and in inference. */
#include "unit.h"

#include "base/rng.h"
#include "base/threads.h"
#include "nn/net.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BATCH = 3 };

typedef struct {
    TsGraph *graph;
    TsParams *params;
    float *in;  /* (N, C, H, W) */
    float *out; /* flat output */
    TsShape in_shape;
    gsize n_in, n_out; /* numbers a sample */
} Fixture;

static void
fill_random(float *data, gsize n, const char *purpose)
{
    TsRng rng;
    ts_rng_init(&rng, 2, purpose, 0);
    for (gsize i = 0; i < n; i++)
        data[i] = (float) ts_rng_normal(&rng);
}

/* Parameters are random, variances positive. */
static void
fixture_run(Fixture *f, TsGraph *graph, guint last, TsNetMode mode)
{
    GError *error = NULL;
    ts_threads_set(2);
    ts_graph_flatten(graph, last);
    ck_assert_msg(ts_graph_finish(graph, &error), "%s", error != NULL ? error->message : "");
    f->graph = graph;
    f->in_shape = ts_graph_node(graph, 0)->shape;
    f->n_in = f->in_shape.c * f->in_shape.h * f->in_shape.w;
    f->n_out = ts_graph_node(graph, graph->nodes->len - 1)->shape.c;
    f->params = ts_params_new(graph, &error);
    for (guint i = 0; i < f->params->n; i++) {
        TsParam *param = &f->params->param[i];
        fill_random(param->data, param->n, param->spec->name);
        if (param->spec->role == TS_PARAM_RUNNING_VARIANCE)
            for (gsize k = 0; k < param->n; k++)
                param->data[k] = 0.5f + fabsf(param->data[k]);
    }
    TsNet *net = ts_net_new(graph, f->params, BATCH, mode, &error);
    ck_assert_msg(net != NULL, "%s", error != NULL ? error->message : "");
    f->in = g_new(float, BATCH * f->n_in);
    fill_random(f->in, BATCH * f->n_in, "input");
    memcpy(ts_net_input(net), f->in, BATCH * f->n_in * sizeof(float));
    ck_assert(ts_net_forward(net, 5, &error));
    f->out = g_memdup2(ts_net_logits(net), BATCH * f->n_out * sizeof(float));
    ts_net_free(net);
}

static void
fixture_clear(Fixture *f)
{
    ts_params_free(f->params);
    ts_graph_free(f->graph);
    g_free(f->in);
    g_free(f->out);
}

/* A parameter in plain form. */
static float *
plain_of(const Fixture *f, guint i)
{
    const TsParam *param = &f->params->param[i];
    float *plain = g_new(float, param->n);
    ck_assert(ts_param_get_plain(param, param->data, plain, NULL));
    return plain;
}

static float
at(const Fixture *f, int n, gint64 c, gint64 y, gint64 x)
{
    const TsShape s = f->in_shape;
    return f->in[((n * s.c + c) * s.h + y) * s.w + x];
}

static void
check_close(double expected, float got)
{
    ck_assert_msg(fabs(expected - got) <= 1e-4 * (1 + fabs(expected)), "expected %g, got %g",
                  expected, got);
}

START_TEST(convolution)
{
    static const TsConvOptions all[] = {
        {.channels = 8, .kernel = 3, .stride = 1, .pad = 1, .groups = 1, .bias = TRUE},
        {.channels = 16, .kernel = 3, .stride = 2, .pad = 1, .groups = 1},
        {.channels = 6, .kernel = 5, .stride = 2, .pad = 0, .groups = 2, .bias = TRUE},
        {.channels = 4, .kernel = 3, .stride = 1, .pad = 1, .groups = 4},
        {.channels = 9, .kernel = 1, .stride = 1, .pad = 0, .groups = 1, .bias = TRUE},
        /* TensorFlow's SAME, an odd number of zeros: one before, two after. */
        {.channels = 8, .kernel = 4, .stride = 2, .pad = 1, .groups = 1, .same = TRUE},
        {.channels = 4, .kernel = 4, .stride = 1, .pad = 1, .groups = 4, .same = TRUE},
    };
    const TsConvOptions o = all[_i];
    Fixture f;
    TsGraph *graph = ts_graph_new();
    guint x = ts_graph_conv(graph, "c", ts_graph_input(graph, 4, 11, 9), &o);
    const TsShape out = ts_graph_node(graph, x)->shape;
    ck_assert(!o.same || (out.h == (11 + o.stride - 1) / o.stride));
    fixture_run(&f, graph, x, TS_NET_TRAIN);
    g_autofree float *w = plain_of(&f, 0);
    g_autofree float *b = o.bias ? plain_of(&f, 1) : NULL;
    const int ig = 4 / o.groups, og = o.channels / o.groups;
    for (int n = 0; n < BATCH; n++)
        for (int c = 0; c < o.channels; c++)
            for (int p = 0; p < out.h * out.w; p++) {
                double sum = b != NULL ? b[c] : 0;
                for (int i = 0; i < ig * o.kernel * o.kernel; i++) {
                    gint64 ic = i / (o.kernel * o.kernel);
                    gint64 y = p / out.w * o.stride - o.pad + i / o.kernel % o.kernel;
                    gint64 xx = p % out.w * o.stride - o.pad + i % o.kernel;
                    if (y >= 0 && y < 11 && xx >= 0 && xx < 9)
                        sum += (double) w[c * ig * o.kernel * o.kernel + i] *
                               at(&f, n, c / og * ig + ic, y, xx);
                }
                check_close(sum, f.out[(n * o.channels + c) * out.h * out.w + p]);
            }
    fixture_clear(&f);
}
END_TEST

START_TEST(pooling)
{
    const TsPoolKind kind = _i % 2 == 0 ? TS_POOL_MAX : TS_POOL_AVG;
    const int pad = _i / 2 % 2, kernel = 3, stride = 2;
    Fixture f;
    TsGraph *graph = ts_graph_new();
    guint x = ts_graph_pool(graph, kind, ts_graph_input(graph, 8, 9, 8), kernel, stride, pad);
    const TsShape out = ts_graph_node(graph, x)->shape;
    fixture_run(&f, graph, x, _i < 4 ? TS_NET_TRAIN : TS_NET_INFER);
    for (int i = 0; i < BATCH * out.c * out.h * out.w; i++) {
        int n = i / (out.c * out.h * out.w), c = i / (out.h * out.w) % out.c;
        int y0 = i / out.w % out.h * stride - pad, x0 = i % out.w * stride - pad;
        double largest = -INFINITY, sum = 0;
        int count = 0;
        for (int y = MAX(y0, 0); y < MIN(y0 + kernel, 9); y++)
            for (int xx = MAX(x0, 0); xx < MIN(x0 + kernel, 8); xx++, count++) {
                largest = MAX(largest, at(&f, n, c, y, xx));
                sum += at(&f, n, c, y, xx);
            }
        check_close(kind == TS_POOL_MAX ? largest : sum / count, f.out[i]);
    }
    fixture_clear(&f);
}
END_TEST

START_TEST(global_pooling)
{
    Fixture f;
    TsGraph *graph = ts_graph_new();
    fixture_run(&f, graph, ts_graph_global_pool(graph, ts_graph_input(graph, 5, 7, 6)),
                TS_NET_TRAIN);
    for (int i = 0; i < BATCH * 5; i++) {
        double sum = 0;
        for (int p = 0; p < 42; p++)
            sum += f.in[i * 42 + p];
        check_close(sum / 42, f.out[i]);
    }
    fixture_clear(&f);
}
END_TEST

/* Mean and unbiased variance of a channel over the batch. */
static void
channel_moments(const Fixture *f, int c, double *mean, double *variance)
{
    const int area = (int) (f->in_shape.h * f->in_shape.w), n = BATCH * area;
    double sum = 0, squares = 0;
    for (int i = 0; i < n; i++)
        sum += at(f, i / area, c, 0, i % area);
    *mean = sum / n;
    for (int i = 0; i < n; i++)
        squares += pow(at(f, i / area, c, 0, i % area) - *mean, 2);
    *variance = squares / (n - 1);
}

START_TEST(batch_norm)
{
    enum { SCALE, SHIFT, MEAN, VARIANCE };
    const gboolean training = _i % 2 == 0, relu = _i >= 2;
    Fixture f;
    TsGraph *graph = ts_graph_new();
    guint x = ts_graph_norm(graph, "n", ts_graph_input(graph, 6, 5, 4));
    if (relu)
        x = ts_graph_relu(graph, x);
    fixture_run(&f, graph, x, training ? TS_NET_TRAIN : TS_NET_INFER);
    g_autofree float *scale = plain_of(&f, SCALE), *shift = plain_of(&f, SHIFT);
    g_autofree float *mean = plain_of(&f, MEAN), *variance = plain_of(&f, VARIANCE);
    g_autofree float *old_mean = g_new(float, 6), *old_variance = g_new(float, 6);
    fill_random(old_mean, 6, "n.running_mean");
    fill_random(old_variance, 6, "n.running_var");
    const int n = BATCH * 20;
    for (int c = 0; c < 6; c++) {
        double m = mean[c], v = variance[c];
        if (training) {
            channel_moments(&f, c, &m, &v);
            check_close(0.9 * old_mean[c] + 0.1 * m, mean[c]);
            check_close(0.9 * (0.5 + fabs(old_variance[c])) + 0.1 * v, variance[c]);
            v *= (n - 1.0) / n;
        }
        for (int i = 0; i < n; i++) {
            double y = (at(&f, i / 20, c, 0, i % 20) - m) / sqrt(v + 1e-5) * scale[c] + shift[c];
            check_close(relu ? MAX(y, 0) : y, f.out[(i / 20 * 6 + c) * 20 + i % 20]);
        }
    }
    fixture_clear(&f);
}
END_TEST

START_TEST(linear_relu_add)
{
    Fixture f;
    TsGraph *graph = ts_graph_new();
    guint in = ts_graph_flatten(graph, ts_graph_input(graph, 2, 3, 4));
    guint a = ts_graph_linear(graph, "a", in, 7);
    guint b = ts_graph_relu(graph, ts_graph_linear(graph, "b", in, 7));
    fixture_run(&f, graph, ts_graph_add(graph, a, b), TS_NET_TRAIN);
    g_autofree float *wa = plain_of(&f, 0), *ba = plain_of(&f, 1);
    g_autofree float *wb = plain_of(&f, 2), *bb = plain_of(&f, 3);
    for (int i = 0; i < BATCH * 7; i++) {
        int n = i / 7, o = i % 7;
        double ya = ba[o], yb = bb[o];
        for (int k = 0; k < 24; k++) {
            ya += (double) wa[o * 24 + k] * f.in[n * 24 + k];
            yb += (double) wb[o * 24 + k] * f.in[n * 24 + k];
        }
        check_close(ya + MAX(yb, 0), f.out[i]);
    }
    fixture_clear(&f);
}
END_TEST

/* Inference adds each product up by itself: 0 to 3 and the rest of vectors, all sizes of blocks. */
START_TEST(linear_in_inference_has_the_same_bits_anywhere)
{
    enum { IN = 29, OUT = 11 };
    for (guint n = 1; n < 6; n++) {
        g_autoptr(TsGraph) graph = ts_graph_new();
        const guint in = ts_graph_flatten(graph, ts_graph_input(graph, IN + _i, 1, 1));
        ts_graph_linear(graph, "a", in, OUT);
        ck_assert(ts_graph_finish(graph, NULL));
        g_autoptr(TsParams) params = ts_params_new(graph, NULL);
        fill_random(params->param[0].data, params->param[0].n, "weight");
        fill_random(params->param[1].data, params->param[1].n, "bias");
        g_autoptr(TsNet) net = ts_net_new(graph, params, n, TS_NET_INFER, NULL);
        ck_assert(net != NULL);
        float *x = ts_net_input(net);
        for (guint i = 0; i < n; i++)
            fill_random(x + (gsize) i * (IN + _i), IN + _i, "input"); /* each the same */
        ck_assert(ts_net_forward(net, 0, NULL));
        for (guint o = 0; o < OUT; o++) {
            double y = params->param[1].data[o];
            for (int k = 0; k < IN + _i; k++)
                y += (double) params->param[0].data[o * (IN + _i) + k] * x[k];
            for (guint i = 0; i < n; i++) {
                ck_assert(ts_net_logits(net)[i * OUT + o] == ts_net_logits(net)[o]);
                ck_assert_double_eq_tol(ts_net_logits(net)[o], y, 1e-5);
            }
        }
    }
}
END_TEST

/* A norm with a ReLU, and a sum with a ReLU: no step is a ReLU alone, except of what is read twice.
 */
START_TEST(relu_is_computed_with_the_step_below)
{
    TsGraph *graph = ts_graph_new();
    guint x = ts_graph_norm(graph, "n", ts_graph_input(graph, 8, 5, 4));
    if (_i == 0)
        x = ts_graph_add(graph, ts_graph_relu(graph, x), x); /* the norm is read twice */
    else
        x = ts_graph_add(graph, ts_graph_relu(graph, x), ts_graph_norm(graph, "m", 0));
    ts_graph_flatten(graph, ts_graph_relu(graph, x));
    ck_assert(ts_graph_finish(graph, NULL));
    TsParams *params = ts_params_new(graph, NULL);
    TsNet *net = ts_net_new(graph, params, BATCH, TS_NET_TRAIN, NULL);
    g_autofree char *text = ts_net_describe(net);
    ck_assert_ptr_nonnull(strstr(text, "\tadd, ReLU\t"));
    ck_assert((strstr(text, "\tbatch norm, ReLU\t") != NULL) == (_i == 1));
    ck_assert((strstr(text, "\tReLU\t") != NULL) == (_i == 0));
    ts_net_free(net);
    ts_params_free(params);
    ts_graph_free(graph);
}
END_TEST

START_TEST(activations)
{
    Fixture f;
    TsGraph *graph = ts_graph_new();
    guint x = ts_graph_norm(graph, "wide", ts_graph_input(graph, 5, 9, 8));
    fixture_run(&f, graph, ts_graph_activation(graph, (TsActivation) _i, x), TS_NET_INFER);
    g_autofree float *w = plain_of(&f, 0), *b = plain_of(&f, 1), *m = plain_of(&f, 2),
                     *v = plain_of(&f, 3);
    for (int i = 0; i < BATCH * 5 * 72; i++) {
        const int c = i / 72 % 5;
        const double y = (f.in[i] - m[c]) / sqrt(v[c] + 1e-5) * w[c] + b[c];
        const double expected[] = {
            [TS_RELU] = fmax(y, 0),
            [TS_RELU6] = fmin(fmax(y, 0), 6),
            [TS_SILU] = y / (1 + exp(-y)),
            [TS_HARDSWISH] = y * fmin(fmax(y + 3, 0), 6) / 6,
        };
        check_close(expected[_i], f.out[i]);
    }
    fixture_clear(&f);
}
END_TEST

START_TEST(concat)
{
    Fixture f;
    TsGraph *graph = ts_graph_new();
    guint x = ts_graph_input(graph, 3, 4, 5);
    fixture_run(&f, graph, ts_graph_concat(graph, x, ts_graph_relu(graph, x)), TS_NET_TRAIN);
    for (int i = 0; i < BATCH * 60; i++) {
        check_close(f.in[i], f.out[i / 60 * 120 + i % 60]);
        check_close(fmax(f.in[i], 0), f.out[i / 60 * 120 + 60 + i % 60]);
    }
    fixture_clear(&f);
}
END_TEST

/* Whole samples are left out, in training only, as often as was asked. */
START_TEST(drop_path)
{
    int dropped = 0;
    for (int k = 0; k < 40; k++) {
        Fixture f;
        TsGraph *graph = ts_graph_new();
        guint x = ts_graph_input(graph, 2, 3, 3);
        for (int unused = 0; unused < k; unused++) /* another name, another stream */
            x = ts_graph_dropout(graph, x, 0);
        fixture_run(&f, graph, ts_graph_drop_path(graph, x, 0.3),
                    _i == 0 ? TS_NET_TRAIN : TS_NET_INFER);
        for (int n = 0; n < BATCH; n++) {
            const gboolean is_zero = f.out[n * 18] == 0;
            dropped += is_zero;
            for (int i = n * 18; i < (n + 1) * 18; i++)
                check_close(is_zero ? 0 : _i == 0 ? f.in[i] / 0.7 : f.in[i], f.out[i]);
        }
        fixture_clear(&f);
    }
    const double expected = _i == 0 ? 0.3 : 0, deviation = sqrt(0.21 / (40 * BATCH));
    ck_assert_msg(fabs(dropped / (40.0 * BATCH) - expected) <= 4 * deviation, "%d", dropped);
}
END_TEST

START_TEST(dropout)
{
    Fixture f;
    TsGraph *graph = ts_graph_new();
    guint x = ts_graph_dropout(graph, ts_graph_input(graph, 8, 40, 40), 0.3);
    fixture_run(&f, graph, x, _i == 0 ? TS_NET_TRAIN : TS_NET_INFER);
    int n = (int) (BATCH * f.n_in), n_zero = 0;
    for (int i = 0; i < n; i++) {
        n_zero += f.out[i] == 0;
        if (f.out[i] != 0)
            check_close(_i == 0 ? f.in[i] / 0.7 : f.in[i], f.out[i]);
    }
    double expected = _i == 0 ? 0.3 : 0, deviation = sqrt(0.21 / n);
    ck_assert_msg(fabs((double) n_zero / n - expected) <= 4 * deviation, "%d of %d are zero",
                  n_zero, n);
    fixture_clear(&f);
}
END_TEST

START_TEST(graphs_that_cannot_be_are_refused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsGraph) graph = ts_graph_new();
    guint x = ts_graph_input(graph, 3, 4, 4);
    ts_graph_conv(graph, "c", x, &(TsConvOptions){.channels = 4, .kernel = 7});
    ck_assert(!ts_graph_finish(graph, &error));
    ck_assert_str_eq(error->message, "c: a 7x7 kernel does not fit into 4x4 pixels");
}
END_TEST

/* Which kernels OpenBLAS chose: with AVX-512 none of the AVX2 ones (threads.h says why). Nothing is
 * asserted of other processors; the name stands in the log. */
START_TEST(openblas_uses_the_widest_vectors)
{
    const char *core = openblas_get_corename();
    printf("# OpenBLAS core type: %s\n", core);
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl"))
        ck_assert_msg(strcmp(core, "Haswell") != 0 && strcmp(core, "Zen") != 0, "%s", core);
#endif
}
END_TEST

int
main(int argc, char **argv)
{
    ts_threads_prepare_environment(argv);
    Suite *suite = suite_create("ops");
    TCase *forward = tcase_create("equal_plain_loops");
    tcase_add_loop_test(forward, convolution, 0, 7);
    tcase_add_loop_test(forward, pooling, 0, 8);
    tcase_add_test(forward, global_pooling);
    tcase_add_loop_test(forward, batch_norm, 0, 4);
    tcase_add_test(forward, linear_relu_add);
    tcase_add_loop_test(forward, linear_in_inference_has_the_same_bits_anywhere, 0, 4);
    tcase_add_loop_test(forward, relu_is_computed_with_the_step_below, 0, 2);
    tcase_add_loop_test(forward, dropout, 0, 2);
    tcase_add_loop_test(forward, activations, 0, 4);
    tcase_add_test(forward, concat);
    tcase_add_loop_test(forward, drop_path, 0, 2);
    tcase_add_test(forward, graphs_that_cannot_be_are_refused);
    tcase_add_test(forward, openblas_uses_the_widest_vectors);
    suite_add_tcase(suite, forward);
    return unit_run(suite);
}

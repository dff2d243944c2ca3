/* Gradients of every op against central differences of the loss.
 *
 * For each graph, each parameter tensor and a few random directions d:
 *     (L(w + e d) - L(w - e d)) / 2e  =  <dL/dw, d>
 * A parameter at the bottom sees the backward pass by data of everything above it.
 */
#include "unit.h"

#include "base/rng.h"
#include "base/threads.h"
#include "nn/loss.h"
#include "nn/net.h"

#include <math.h>
#include <string.h>

enum { BATCH = 5, CLASSES = 3, DIRECTIONS = 3 };

typedef struct {
    TsGraph *graph;
    TsParams *params;
    TsNet *net;
    gint32 labels[BATCH];
    float *images;
    gsize n_images;
} Fixture;

/* Norms that are called "given" keep the statistics that they begin with. */
static void
freeze_statistics(TsParams *params)
{
    for (guint i = 0; i < params->n; i++) {
        TsParam *param = &params->param[i];
        if (!g_str_has_prefix(param->spec->name, "given.") || ts_param_is_learned(param))
            continue;
        param->frozen = TRUE;
        for (gsize k = 0; k < param->n; k++)
            param->data[k] = 0.5f + 0.1f * (float) k;
    }
}

static void
fixture_init(Fixture *f, TsGraph *graph, TsConvKernels kernels)
{
    GError *error = NULL;
    ts_threads_set(2);
    ck_assert_msg(ts_graph_finish(graph, &error), "%s", error != NULL ? error->message : "");
    f->graph = graph;
    f->params = ts_params_new(graph, &error);
    ts_params_init(f->params, 7);
    freeze_statistics(f->params);
    f->params->kernels = kernels;
    f->net = ts_net_new(graph, f->params, BATCH, TS_NET_TRAIN, &error);
    ck_assert_msg(f->net != NULL, "%s", error != NULL ? error->message : "");
    const TsShape in = ts_graph_node(graph, 0)->shape;
    f->n_images = BATCH * in.c * in.h * in.w;
    f->images = g_new(float, f->n_images);
    TsRng rng;
    ts_rng_init(&rng, 1, "images", 0);
    for (gsize i = 0; i < f->n_images; i++)
        f->images[i] = (float) ts_rng_normal(&rng);
    for (int i = 0; i < BATCH; i++)
        f->labels[i] = (gint32) ts_rng_below(&rng, CLASSES);
}

static void
fixture_clear(Fixture *f)
{
    ts_net_free(f->net);
    ts_params_free(f->params);
    ts_graph_free(f->graph);
    g_free(f->images);
}

static double
loss_of(Fixture *f, gboolean with_gradient)
{
    static const float weights[BATCH] = {1, 0.5f, 2, 1, 3};
    GError *error = NULL;
    TsLossSums sums = {0};
    memcpy(ts_net_input(f->net), f->images, f->n_images * sizeof *f->images);
    ck_assert(ts_net_forward(f->net, 11, &error));
    ts_loss_compute(NULL, ts_net_logits(f->net), f->labels, weights, BATCH, CLASSES, BATCH,
                    ts_net_grad_logits(f->net), &sums);
    if (with_gradient)
        ck_assert(ts_net_backward(f->net, &error));
    return ts_loss_mean(&sums);
}

/* A random direction in the space of the plain numbers; its padding is zero. */
static float *
random_direction(const TsParam *param, guint64 item)
{
    GError *error = NULL;
    TsRng rng;
    ts_rng_init(&rng, 3, param->spec->name, item);
    g_autofree float *plain = g_new(float, param->n);
    for (gsize i = 0; i < param->n; i++)
        plain[i] = (float) (ts_rng_normal(&rng) / sqrt((double) param->n));
    float *stored = g_new0(float, param->n_stored);
    ck_assert(ts_param_set_plain(param, plain, stored, &error));
    return stored;
}

static double
loss_along(Fixture *f, TsParam *param, const float *direction, double e)
{
    g_autofree float *before = g_memdup2(param->data, param->n_stored * sizeof(float));
    for (gsize i = 0; i < param->n_stored; i++)
        param->data[i] += (float) e * direction[i];
    double loss = loss_of(f, FALSE);
    memcpy(param->data, before, param->n_stored * sizeof(float));
    return loss;
}

/* The error of a difference across a kink (ReLU, max) shrinks with e, that of rounding grows, so
 * several e are tried; a wrong gradient agrees with none. */
static double
nearest_difference(Fixture *f, TsParam *param, const float *direction, double analytic)
{
    static const double steps[] = {8e-3, 4e-3, 2e-3, 1e-3, 5e-4, 2e-4};
    double nearest = INFINITY;
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        const double e = steps[i];
        double numeric =
            (loss_along(f, param, direction, e) - loss_along(f, param, direction, -e)) / (2 * e);
        if (fabs(numeric - analytic) < fabs(nearest - analytic))
            nearest = numeric;
    }
    return nearest;
}

static void
check_gradients(TsGraph *graph, TsConvKernels kernels)
{
    Fixture f;
    fixture_init(&f, graph, kernels);
    for (guint i = 0; i < f.params->n; i++) {
        TsParam *param = &f.params->param[i];
        if (!ts_param_is_learned(param))
            continue;
        loss_of(&f, TRUE);
        g_autofree float *grad = g_memdup2(param->grad, param->n_stored * sizeof(float));
        for (int k = 0; k < DIRECTIONS; k++) {
            g_autofree float *direction = random_direction(param, k);
            double analytic = 0;
            for (gsize j = 0; j < param->n_stored; j++)
                analytic += (double) grad[j] * direction[j];
            double numeric = nearest_difference(&f, param, direction, analytic);
            ck_assert_msg(fabs(analytic - numeric) <= 1e-4 + 5e-3 * fabs(numeric),
                          "%s: backward says %g, differences say %g", param->spec->name, analytic,
                          numeric);
        }
    }
    fixture_clear(&f);
}

/* Every graph ends in the same head, and starts with a convolution that sees the gradient by data.
 */
static guint
start(TsGraph *graph, int channels)
{
    guint x = ts_graph_input(graph, 2, 9, 8);
    TsConvOptions conv = {.channels = channels, .kernel = 3, .pad = 1, .bias = TRUE};
    return ts_graph_conv(graph, "first", x, &conv);
}

static void
finish_with(TsGraph *graph, guint x, TsConvKernels kernels)
{
    x = ts_graph_flatten(graph, x);
    ts_graph_linear(graph, "head", x, CLASSES);
    check_gradients(graph, kernels);
}

static void
finish(TsGraph *graph, guint x)
{
    finish_with(graph, x, TS_KERNELS_DIRECT);
}

START_TEST(of_conv)
{
    static const TsConvOptions options[] = {
        {.channels = 4, .kernel = 3, .pad = 1},
        {.channels = 16, .kernel = 3, .pad = 1, .bias = TRUE},
        {.channels = 8, .kernel = 3, .stride = 2, .pad = 1},
        {.channels = 8, .kernel = 1},
        {.channels = 12, .kernel = 5, .stride = 2, .bias = TRUE},
        {.channels = 8, .kernel = 3, .pad = 1, .groups = 8},
        {.channels = 16, .kernel = 3, .pad = 1, .groups = 2, .bias = TRUE},
        {.channels = 8, .kernel = 3, .stride = 2, .groups = 8, .same = TRUE},
        {.channels = 8, .kernel = 4, .same = TRUE, .bias = TRUE},
    };
    const int n = G_N_ELEMENTS(options);
    const TsConvKernels kernels = _i < n ? TS_KERNELS_DIRECT : TS_KERNELS_WINOGRAD;
    TsGraph *graph = ts_graph_new();
    finish_with(graph, ts_graph_conv(graph, "second", start(graph, 8), &options[_i % n]), kernels);
}
END_TEST

START_TEST(of_norm)
{
    TsGraph *graph = ts_graph_new();
    finish(graph, ts_graph_norm(graph, "norm", start(graph, 8)));
}
END_TEST

START_TEST(of_norm_with_given_statistics)
{
    TsGraph *graph = ts_graph_new();
    guint x = ts_graph_norm(graph, "given", start(graph, 8));
    finish(graph, _i == 0 ? x : ts_graph_relu(graph, x));
}
END_TEST

START_TEST(of_relu)
{
    TsGraph *graph = ts_graph_new();
    finish(graph, ts_graph_relu(graph, start(graph, 8)));
}
END_TEST

START_TEST(of_pool)
{
    TsGraph *graph = ts_graph_new();
    TsPoolKind kind = _i % 2 == 0 ? TS_POOL_MAX : TS_POOL_AVG;
    int pad = _i / 2;
    finish(graph, ts_graph_pool(graph, kind, start(graph, 8), 3, 2, pad));
}
END_TEST

START_TEST(of_global_pool)
{
    TsGraph *graph = ts_graph_new();
    finish(graph, ts_graph_global_pool(graph, start(graph, 8)));
}
END_TEST

START_TEST(of_linear)
{
    TsGraph *graph = ts_graph_new();
    guint x = ts_graph_flatten(graph, start(graph, 4));
    x = ts_graph_linear(graph, "hidden", x, 20);
    finish(graph, ts_graph_relu(graph, x));
}
END_TEST

/* The sum's gradient reaches both branches, and a node that is used twice sums two gradients. */
START_TEST(of_add)
{
    TsGraph *graph = ts_graph_new();
    guint x = start(graph, 8);
    TsConvOptions conv = {.channels = 8, .kernel = 3, .pad = 1};
    guint y = ts_graph_relu(graph, ts_graph_norm(graph, "norm", x));
    y = ts_graph_conv(graph, "branch", y, &conv);
    finish(graph, ts_graph_relu(graph, ts_graph_add(graph, x, y)));
}
END_TEST

/* Channels in blocks, and not: 12 is no multiple of 8. */
START_TEST(of_concat)
{
    TsGraph *graph = ts_graph_new();
    const int channels = _i == 0 ? 16 : 12;
    guint x = start(graph, 8);
    TsConvOptions conv = {.channels = channels, .kernel = 3, .pad = 1};
    guint y = ts_graph_concat(graph, x, ts_graph_conv(graph, "branch", x, &conv));
    conv.channels = 5;
    finish(graph, ts_graph_conv(graph, "after", ts_graph_concat(graph, y, x), &conv));
}
END_TEST

START_TEST(of_activation)
{
    TsGraph *graph = ts_graph_new();
    finish(graph, ts_graph_activation(graph, (TsActivation) _i, start(graph, 8)));
}
END_TEST

START_TEST(of_adaptive_pool)
{
    static const int sizes[][2] = {{4, 3}, {1, 8}, {12, 11}};
    TsGraph *graph = ts_graph_new();
    finish(graph, ts_graph_adaptive_pool(graph, start(graph, 8), sizes[_i][0], sizes[_i][1]));
}
END_TEST

START_TEST(of_drop_path)
{
    TsGraph *graph = ts_graph_new();
    finish(graph, ts_graph_drop_path(graph, start(graph, 8), 0.4));
}
END_TEST

/* The gradient of the last sum goes on to `u` as it is, after that of `v` was added up. */
START_TEST(of_sums_that_share_a_gradient)
{
    TsGraph *graph = ts_graph_new();
    TsConvOptions conv = {.channels = 8, .kernel = 3, .pad = 1};
    guint x = start(graph, 8);
    guint u = ts_graph_conv(graph, "u", x, &conv);
    guint v = ts_graph_norm(graph, "v", x);
    guint w = ts_graph_conv(graph, "w", v, &conv);
    finish(graph, ts_graph_add(graph, ts_graph_add(graph, u, v), w));
}
END_TEST

START_TEST(of_dropout)
{
    TsGraph *graph = ts_graph_new();
    finish(graph, ts_graph_dropout(graph, start(graph, 8), 0.4));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("gradients");
    TCase *ops = tcase_create("equal_central_differences");
    tcase_set_timeout(ops, 60);
    tcase_add_loop_test(ops, of_conv, 0, 18);
    tcase_add_test(ops, of_norm);
    tcase_add_loop_test(ops, of_norm_with_given_statistics, 0, 2);
    tcase_add_test(ops, of_relu);
    tcase_add_loop_test(ops, of_pool, 0, 4);
    tcase_add_test(ops, of_global_pool);
    tcase_add_test(ops, of_linear);
    tcase_add_test(ops, of_add);
    tcase_add_test(ops, of_sums_that_share_a_gradient);
    tcase_add_test(ops, of_dropout);
    tcase_add_loop_test(ops, of_concat, 0, 2);
    tcase_add_loop_test(ops, of_activation, 0, 4);
    tcase_add_loop_test(ops, of_adaptive_pool, 0, 3);
    tcase_add_test(ops, of_drop_path);
    suite_add_tcase(suite, ops);
    return unit_run(suite);
}

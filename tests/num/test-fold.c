/* Frozen nets: folded norms, and ReLUs and sums computed by convolutions, change nothing but
 * roundings. */
#include "unit.h"

#include "base/error.h"
#include "base/rng.h"
#include "base/threads.h"
#include "nn/fold.h"
#include "nn/models/models.h"
#include "nn/net.h"

#include <math.h>
#include <string.h>

enum { BATCH = 3, CLASSES = 7 };

static void
fill_random(float *data, gsize n, double mean, double deviation, const char *purpose)
{
    TsRng rng;
    ts_rng_init(&rng, 3, purpose, 0);
    for (gsize i = 0; i < n; i++)
        data[i] = (float) (mean + deviation * ts_rng_normal(&rng));
}

/* Every number of the norms is unlike that of an untrained net. */
static TsParams *
trained_params(const TsGraph *graph)
{
    TsParams *params = ts_params_new(graph, NULL);
    ts_params_init(params, 1);
    for (guint i = 0; i < params->n; i++) {
        TsParam *param = &params->param[i];
        const TsParamRole role = param->spec->role;
        if (role == TS_PARAM_WEIGHT)
            continue;
        const gboolean scale = role == TS_PARAM_SCALE || role == TS_PARAM_RUNNING_VARIANCE;
        fill_random(param->data, param->n, scale ? 1 : 0.1, 0.15, param->spec->name);
    }
    return params;
}

/* The logits of one random batch; free with g_free(). */
static float *
run_net(const TsGraph *graph, TsParams *params, TsNetMode mode, gsize *n)
{
    GError *error = NULL;
    const TsShape in = ts_graph_node(graph, 0)->shape;
    g_autoptr(TsNet) net = ts_net_new(graph, params, BATCH, mode, &error);
    ck_assert_msg(net != NULL, "%s", error != NULL ? error->message : "");
    *n = BATCH * (gsize) ts_graph_node(graph, graph->nodes->len - 1)->shape.c;
    for (int pass = 0; pass < 2; pass++) { /* what is computed once stays in the second pass */
        fill_random(ts_net_input(net), BATCH * in.c * in.h * in.w, 0, 1, "input");
        ck_assert(ts_net_forward(net, 0, &error));
    }
    return g_memdup2(ts_net_logits(net), *n * sizeof(float));
}

/* Root of the mean square of the difference, relative to that of `a`. */
static double
difference(const float *a, const float *b, gsize n)
{
    double squares = 0, differences = 0;
    for (gsize i = 0; i < n; i++) {
        squares += (double) a[i] * a[i];
        differences += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
    }
    ck_assert(squares > 0);
    return sqrt(differences / squares);
}

static void
check_frozen(const TsGraph *graph, TsConvKernels kernels, double bound)
{
    gsize n;
    g_autoptr(TsParams) params = trained_params(graph);
    params->kernels = kernels;
    g_autofree float *plain = run_net(graph, params, TS_NET_INFER, &n);
    g_autofree float *frozen = run_net(graph, params, TS_NET_FROZEN, &n);
    const double found = difference(plain, frozen, n);
    ck_assert_msg(found < bound, "relative difference %g, bound %g", found, bound);
}

static const struct {
    const char *name;
    int channels, side;
} models[] = {
    {"resnet18:width=16", 3, 64},
    {"resnet50:stem=small,width=16", 3, 32},
    {"mobilenetv2:width=0.5", 3, 64},
    {"efficientnet_lite0:width=0.5", 3, 64},
    {"wrn-10-2", 3, 16},
    {"cnn:width=16", 1, 28},
    {"lenet", 1, 28},
    {"mlp", 1, 28},
};

/* Direct kernels: 1e-5. Winograd's rounding error is larger, see test-winograd. */
START_TEST(frozen_nets_give_the_logits_of_unfolded_ones)
{
    GError *error = NULL;
    g_autoptr(TsGraph) graph = ts_model_graph_new(
        models[_i].name, models[_i].channels, models[_i].side, models[_i].side, CLASSES, &error);
    ck_assert_msg(graph != NULL, "%s", error != NULL ? error->message : "");
    ts_threads_set(2);
    check_frozen(graph, TS_KERNELS_DIRECT, 1e-5);
    check_frozen(graph, TS_KERNELS_WINOGRAD, 1e-4);
}
END_TEST

/* Sums whose parts are read again, by the convolution that adds to them or later. */
START_TEST(sums_leave_alone_what_is_read_again)
{
    const TsConvOptions conv = {.channels = 8, .kernel = 3, .pad = 1};
    g_autoptr(TsGraph) graph = ts_graph_new();
    const guint in = ts_graph_input(graph, 8, 12, 12);
    const guint first = ts_graph_add(graph, ts_graph_conv(graph, "a", in, &conv), in);
    const guint x = ts_graph_norm(graph, "bn", ts_graph_conv(graph, "b", first, &conv));
    const guint own = ts_graph_add(graph, x, ts_graph_conv(graph, "c", x, &conv));
    const guint late = ts_graph_add(graph, x, ts_graph_conv(graph, "d", own, &conv));
    const guint sum = ts_graph_relu(graph, ts_graph_add(graph, late, first));
    const guint twice = ts_graph_add(graph, ts_graph_add(graph, sum, sum), x);
    ts_graph_linear(graph, "fc", ts_graph_flatten(graph, twice), CLASSES);
    ck_assert(ts_graph_finish(graph, NULL));
    ts_threads_set(2);
    check_frozen(graph, TS_KERNELS_DIRECT, 1e-5);
    check_frozen(graph, TS_KERNELS_WINOGRAD, 1e-4);
}
END_TEST

START_TEST(the_folded_graph_has_no_norm_of_a_convolution_and_the_same_logits)
{
    gsize n;
    GError *error = NULL;
    g_autoptr(TsGraph) graph = ts_model_graph_new("efficientnet_lite0", 3, 64, 64, CLASSES, NULL);
    g_autoptr(TsParams) params = trained_params(graph);
    g_autoptr(TsFolded) folded = ts_fold(graph, params, -1, &error);
    ck_assert_msg(folded != NULL, "%s", error != NULL ? error->message : "");
    for (guint i = 0; i < folded->graph->nodes->len; i++) {
        const char *operation = ts_node_operation(ts_graph_node(folded->graph, i));
        ck_assert_str_ne(operation, "norm");
        ck_assert_str_ne(operation, "dropout");
    }
    for (guint i = 0; i < graph->nodes->len; i++)
        ck_assert_int_eq(folded->node[i] < 0,
                         strcmp(ts_node_operation(ts_graph_node(graph, i)), "conv") == 0);
    ck_assert_str_eq(ts_graph_param(folded->graph, 0)->name, "conv_stem.weight");
    ck_assert_str_eq(ts_graph_param(folded->graph, 1)->name, "conv_stem.bias");
    ck_assert_int_eq(ts_graph_multiply_adds(folded->graph), ts_graph_multiply_adds(graph));
    g_autofree float *plain = run_net(graph, params, TS_NET_INFER, &n);
    g_autofree float *other = run_net(folded->graph, folded->params, TS_NET_INFER, &n);
    ck_assert(difference(plain, other, n) < 1e-5);
}
END_TEST

START_TEST(a_kept_node_is_not_folded)
{
    const TsConvOptions conv = {.channels = 4, .kernel = 1};
    g_autoptr(TsGraph) graph = ts_graph_new();
    const guint kept = ts_graph_conv(graph, "a", ts_graph_input(graph, 3, 1, 1), &conv);
    ts_graph_norm(graph, "bn", kept);
    ck_assert(ts_graph_finish(graph, NULL));
    g_autoptr(TsParams) params = trained_params(graph);
    g_autoptr(TsFolded) all = ts_fold(graph, params, -1, NULL);
    g_autoptr(TsFolded) without = ts_fold(graph, params, (int) kept, NULL);
    ck_assert_int_eq(all->node[kept], -1);
    ck_assert_uint_eq(all->graph->nodes->len, 2);
    ck_assert_int_eq(without->node[kept], (int) kept);
    ck_assert_uint_eq(without->graph->nodes->len, 3);
}
END_TEST

START_TEST(numbers_that_are_none_are_named)
{
    static const char *const names[] = {"conv1.weight", "bn1.running_mean", "fc.bias"};
    g_autoptr(GError) error = NULL;
    g_autoptr(TsGraph) graph = ts_model_graph_new("resnet18", 3, 32, 32, CLASSES, NULL);
    g_autoptr(TsParams) params = trained_params(graph);
    for (guint i = 0; i < params->n; i++)
        if (strcmp(params->param[i].spec->name, names[_i]) == 0)
            params->param[i].data[params->param[i].n - 1] = _i == 1 ? INFINITY : NAN;
    ck_assert_ptr_null(ts_net_new(graph, params, BATCH, TS_NET_FROZEN, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_RANGE));
    ck_assert(g_str_has_prefix(error->message, names[_i]));
}
END_TEST

/* The net has numbers of its own. */
START_TEST(a_frozen_net_keeps_its_answers_when_the_parameters_change)
{
    g_autoptr(TsGraph) graph = ts_model_graph_new("cnn:width=16", 1, 28, 28, CLASSES, NULL);
    g_autoptr(TsParams) params = trained_params(graph);
    g_autoptr(TsNet) net = ts_net_new(graph, params, BATCH, TS_NET_FROZEN, NULL);
    fill_random(ts_net_input(net), BATCH * 28 * 28, 0, 1, "input");
    ck_assert(ts_net_forward(net, 0, NULL));
    const float before = ts_net_logits(net)[0];
    for (guint i = 0; i < params->n; i++)
        memset(params->param[i].data, 0, params->param[i].n * sizeof(float));
    fill_random(ts_net_input(net), BATCH * 28 * 28, 0, 1, "input");
    ck_assert(ts_net_forward(net, 0, NULL));
    ck_assert(before != 0 && before == ts_net_logits(net)[0]);
}
END_TEST

START_TEST(same_bits_for_any_number_of_threads)
{
    gsize n;
    g_autoptr(TsGraph) graph = ts_model_graph_new(models[_i].name, models[_i].channels,
                                                  models[_i].side, models[_i].side, CLASSES, NULL);
    g_autoptr(TsParams) params = trained_params(graph);
    ts_threads_set(1);
    g_autofree float *one = run_net(graph, params, TS_NET_FROZEN, &n);
    ts_threads_set(2);
    g_autofree float *two = run_net(graph, params, TS_NET_FROZEN, &n);
    ck_assert_mem_eq(one, two, n * sizeof(float));
}
END_TEST

int
main(void)
{
    TCase *t = tcase_create("fold");
    ts_denormals_off();
    tcase_add_loop_test(t, frozen_nets_give_the_logits_of_unfolded_ones, 0, G_N_ELEMENTS(models));
    tcase_add_test(t, sums_leave_alone_what_is_read_again);
    tcase_add_test(t, the_folded_graph_has_no_norm_of_a_convolution_and_the_same_logits);
    tcase_add_test(t, a_kept_node_is_not_folded);
    tcase_add_loop_test(t, numbers_that_are_none_are_named, 0, 3);
    tcase_add_test(t, a_frozen_net_keeps_its_answers_when_the_parameters_change);
    tcase_add_loop_test(t, same_bits_for_any_number_of_threads, 0, 4);
    Suite *suite = suite_create("fold");
    suite_add_tcase(suite, t);
    return unit_run(suite);
}

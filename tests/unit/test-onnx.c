/* Our own networks through ONNX and back: the same layers, the same numbers out. */
#include "scratch.h"
#include "unit.h"

#include "base/error.h"
#include "nn/net.h"
#include "nn/onnx/onnx.h"

#include <math.h>

enum { BATCH = 2 };

static const char *const classes[] = {"a", "b", "c", NULL};

static TsModel *
make_model(const char *architecture, int channels, int side)
{
    const TsPreprocess how = {
        .width = side, .height = side, .channels = channels, .crop_pct = 1, .std = {1, 1, 1, 1}};
    GError *error = NULL;
    TsModel *model = ts_model_new(architecture, classes, &how, &error);
    ck_assert_msg(model != NULL, "%s", error != NULL ? error->message : "");
    ts_params_init(model->params, 3);
    return model;
}

/* The logits for a batch of made-up pictures; g_free(). */
static float *
run(const TsGraph *graph, TsParams *params)
{
    const TsShape in = ts_graph_node(graph, 0)->shape;
    g_autoptr(TsNet) net = ts_net_new(graph, params, BATCH, TS_NET_INFER, NULL);
    ck_assert_ptr_nonnull(net);
    for (gint64 i = 0; i < BATCH * in.c * in.h * in.w; i++)
        ts_net_input(net)[i] = (float) sin((double) i);
    ck_assert(ts_net_forward(net, 0, NULL));
    return g_memdup2(ts_net_logits(net), BATCH * 3 * sizeof(float));
}

/* Write, read and compare; the graph that was read is freed by the caller. */
static TsGraph *
check_round_trip(const TsGraph *graph, TsParams *params)
{
    GError *error = NULL;
    TsGraph *read = NULL;
    g_autoptr(TsParams) numbers = NULL;
    ck_assert(ts_onnx_export(graph, params, NULL, "model.onnx", TRUE, &error));
    g_autoptr(TsOnnx) onnx = ts_onnx_read("model.onnx", &error);
    ck_assert_ptr_nonnull(onnx);
    ck_assert_msg(ts_onnx_import(onnx, "model.onnx", &read, &numbers, &error), "%s",
                  error != NULL ? error->message : "");
    ck_assert_uint_eq(read->params->len, graph->params->len);
    for (guint i = 0; i < graph->params->len; i++)
        ck_assert_str_eq(ts_graph_param(read, i)->name, ts_graph_param(graph, i)->name);
    ck_assert_int_eq(ts_graph_multiply_adds(read), ts_graph_multiply_adds(graph));
    g_autofree float *ours = run(graph, params), *theirs = run(read, numbers);
    for (guint i = 0; i < BATCH * 3; i++)
        ck_assert_float_eq_tol(ours[i], theirs[i], 1e-6f * fabsf(ours[i]) + 1e-7f);
    g_clear_pointer(&numbers, ts_params_free);
    return read;
}

START_TEST(models_come_back)
{
    static const struct {
        const char *architecture;
        int channels, side;
    } models[] = {
        {"mlp", 1, 8},
        {"lenet", 1, 28},
        {"cnn:width=4", 3, 16},
        {"tf_efficientnet_lite0", 3, 33},
        {"densenet-bc:depth=22,growth=4", 3, 16},
    };
    g_autoptr(TsModel) model =
        make_model(models[_i].architecture, models[_i].channels, models[_i].side);
    ts_graph_free(check_round_trip(model->graph, model->params));
}
END_TEST

/* What no model of ours has in it, each once. */
START_TEST(every_operation_comes_back)
{
    g_autoptr(TsGraph) graph = ts_graph_new();
    guint x = ts_graph_input(graph, 2, 12, 12);
    x = ts_graph_conv(graph, "stem", x,
                      &(TsConvOptions){.channels = 4, .kernel = 3, .stride = 2, .same = TRUE});
    x = ts_graph_activation(graph, TS_SILU, x);
    x = ts_graph_conv(
        graph, "groups", x,
        &(TsConvOptions){.channels = 8, .kernel = 3, .pad = 1, .groups = 2, .bias = TRUE});
    x = ts_graph_activation(graph, TS_HARDSWISH, ts_graph_norm_with(graph, "bn", x, 1e-3, 0.01));
    x = ts_graph_activation(graph, TS_RELU6, ts_graph_drop_path(graph, x, 0.1));
    x = ts_graph_add(graph, x, ts_graph_relu(graph, x));
    x = ts_graph_pool(graph, TS_POOL_AVG, ts_graph_concat(graph, x, x), 3, 1, 1);
    x = ts_graph_adaptive_pool(graph, ts_graph_pool(graph, TS_POOL_MAX, x, 2, 1, 1), 1, 1);
    x = ts_graph_linear(graph, "fc", ts_graph_dropout(graph, x, 0.5), 3);
    ck_assert(ts_graph_finish(graph, NULL));
    g_autoptr(TsParams) params = ts_params_new(graph, NULL);
    ts_params_init(params, 5);
    g_autoptr(TsGraph) read = check_round_trip(graph, params);
    for (guint i = 0; i < read->nodes->len; i++)
        if (strcmp(ts_graph_node(read, i)->name, "bn") == 0) {
            ck_assert_float_eq_tol(ts_graph_node(read, i)->epsilon, 1e-3, 1e-9);
            ck_assert_double_eq(ts_graph_node(read, i)->rate, 0.01);
        }
}
END_TEST

START_TEST(an_output_of_pixels_is_flattened)
{
    g_autoptr(TsGraph) graph = ts_graph_new();
    guint x = ts_graph_input(graph, 1, 8, 8);
    x = ts_graph_conv(graph, "conv", x, &(TsConvOptions){.channels = 3, .kernel = 3});
    x = ts_graph_global_pool(graph, x);
    ck_assert(ts_graph_finish(graph, NULL));
    g_autoptr(TsParams) params = ts_params_new(graph, NULL);
    ts_params_init(params, 5);
    ts_graph_free(check_round_trip(graph, params));
    g_autoptr(TsOnnx) onnx = ts_onnx_read("model.onnx", NULL);
    ck_assert_uint_eq(onnx->outputs[0].rank, 2);
    ck_assert_str_eq(onnx->nodes[onnx->n_nodes - 1].op, "Flatten");
}
END_TEST

START_TEST(what_onnx_lacks_is_refused)
{
    g_autoptr(TsGraph) graph = ts_graph_new();
    g_autoptr(GError) error = NULL;
    guint x = ts_graph_adaptive_pool(graph, ts_graph_input(graph, 1, 8, 8), 3, 3);
    x = ts_graph_linear(graph, "fc", ts_graph_flatten(graph, x), 3);
    ck_assert(ts_graph_finish(graph, NULL));
    g_autoptr(TsParams) params = ts_params_new(graph, NULL);
    ck_assert(!ts_onnx_export(graph, params, NULL, "model.onnx", TRUE, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    ck_assert_ptr_nonnull(strstr(error->message, "8x8 to 3x3"));
    ck_assert(!g_file_test("model.onnx", G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(metadata_comes_back)
{
    static const char *metadata[] = {"classes", "a\tb", "mean", "0.5", NULL};
    g_autoptr(TsModel) model = make_model("mlp", 1, 4);
    ck_assert(ts_onnx_export(model->graph, model->params, metadata, "m.onnx", FALSE, NULL));
    g_autoptr(TsOnnx) onnx = ts_onnx_read("m.onnx", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(metadata); i++)
        ck_assert_pstr_eq(onnx->metadata[i], metadata[i]);
    ck_assert(g_str_has_prefix(onnx->producer, "tessera "));
}
END_TEST

int
main(void)
{
    TCase *tests = tcase_create("onnx");
    tcase_add_checked_fixture(tests, scratch_enter, scratch_leave);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, models_come_back, 0, 5);
    tcase_add_test(tests, every_operation_comes_back);
    tcase_add_test(tests, an_output_of_pixels_is_flattened);
    tcase_add_test(tests, what_onnx_lacks_is_refused);
    tcase_add_test(tests, metadata_comes_back);
    Suite *suite = suite_create("onnx");
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}

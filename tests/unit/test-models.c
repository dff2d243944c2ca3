/* Models against the literature: parameters and multiply-adds; names and options. */
#include "unit.h"

#include "base/nearest.h"
#include "nn/footprint.h"
#include "nn/models/models.h"

#include <math.h>
#include <string.h>

typedef struct {
    const char *description;
    int channels, side, classes;
    gint64 parameters;
    double giga; /* multiply-adds / 10^9 as published, to its last digit; 0: not published */
    double digit;
} Published;

/* torchvision's weights' "num_params" and "_ops"; others as said. */
static const Published published[] = {
    {"resnet18", 3, 224, 1000, 11689512, 1.814, 1e-3},
    {"resnet34", 3, 224, 1000, 21797672, 3.664, 1e-3},
    {"resnet50", 3, 224, 1000, 25557032, 4.089, 1e-3},
    {"resnet101", 3, 224, 1000, 44549160, 7.801, 1e-3},
    {"resnet152", 3, 224, 1000, 60192808, 11.514, 1e-3},
    {"wide_resnet50_2", 3, 224, 1000, 68883240, 11.398, 1e-3},
    {"wide_resnet101_2", 3, 224, 1000, 126886696, 22.753, 1e-3},
    {"vgg11", 3, 224, 1000, 132863336, 7.609, 1e-3},
    {"vgg11_bn", 3, 224, 1000, 132868840, 7.609, 1e-3},
    {"vgg13_bn", 3, 224, 1000, 133053736, 11.308, 1e-3},
    {"vgg16", 3, 224, 1000, 138357544, 15.470, 1e-3},
    {"vgg16_bn", 3, 224, 1000, 138365992, 15.470, 1e-3},
    {"vgg19_bn", 3, 224, 1000, 143678248, 19.632, 1e-3},
    {"mobilenetv2", 3, 224, 1000, 3504872, 0.301, 1e-3},
    {"densenet121", 3, 224, 1000, 7978856, 2.834, 1e-3},
    {"densenet161", 3, 224, 1000, 28681000, 7.728, 1e-3},
    {"densenet169", 3, 224, 1000, 14149480, 3.360, 1e-3},
    {"densenet201", 3, 224, 1000, 20013928, 4.291, 1e-3},
    /* timm: 4.65 M. The paper's B0, whose convolutions these are: 0.39 G (TensorFlow's table counts
     * more than convolutions and the classifier: 407 M). */
    {"efficientnet_lite0", 3, 224, 1000, 4652008, 0.39, 1e-2},
    {"tf_efficientnet_lite0", 3, 224, 1000, 4652008, 0.39, 1e-2},
    /* The papers: 36.5 M, 8.9 M and 2.2 M; 5.2 G (wrn-28-10). */
    {"wrn-28-10", 3, 32, 10, 36479194, 5.2, 1e-1},
    {"wrn-40-4", 3, 32, 10, 8949210, 0, 1},
    {"wrn-40-2", 3, 32, 10, 2243546, 0, 1},
    /* The paper: 0.8 M, 15.3 M, 25.6 M. */
    {"densenet-bc", 3, 32, 10, 769162, 0, 1},
    {"densenet-bc:depth=250,growth=24", 3, 32, 10, 15324406, 0, 1},
    {"densenet-bc:depth=190,growth=40", 3, 32, 10, 25624430, 0, 1},
    /* 6 (25 + 1) + 16 (150 + 1) + 120 (400 + 1) + 84 (120 + 1) + 10 (84 + 1); 416,520. */
    {"lenet", 1, 28, 10, 61706, 0.00041652, 1e-8},
    /* github.com/kuangliu/pytorch-cifar: 11.17 M; 0.56 G. */
    {"resnet18:stem=small", 3, 32, 10, 11173962, 0.56, 1e-2},
};

START_TEST(counts_are_the_published_ones)
{
    const Published *p = &published[_i];
    g_autoptr(GError) error = NULL;
    g_autoptr(TsGraph) graph =
        ts_model_graph_new(p->description, p->channels, p->side, p->side, p->classes, &error);
    ck_assert_msg(graph != NULL, "%s: %s", p->description, error != NULL ? error->message : "");
    ck_assert_msg(ts_graph_n_parameters(graph) == p->parameters, "%s: %" G_GINT64_FORMAT,
                  p->description, ts_graph_n_parameters(graph));
    const double giga = (double) ts_graph_multiply_adds(graph) / 1e9;
    ck_assert_msg(p->giga == 0 || fabs(giga - p->giga) <= 0.5001 * p->digit, "%s: %.6f G",
                  p->description, giga);
}
END_TEST

/* A tall and a wide picture: every model takes both. */
START_TEST(rectangles_are_taken)
{
    for (int k = 0; k < 2; k++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(TsGraph) graph =
            ts_model_graph_new(published[_i].description, 1, 64 + 32 * k, 96 - 32 * k, 7, &error);
        ck_assert_msg(graph != NULL, "%s: %s", published[_i].description,
                      error != NULL ? error->message : "");
        ck_assert(ts_graph_node(graph, graph->nodes->len - 1)->shape.c == 7);
    }
}
END_TEST

START_TEST(wrong_descriptions_say_what_is_known)
{
    static const struct {
        const char *description, *message;
    } bad[] = {
        {"resent18", "there is no model 'resent18' (nearest: resnet18); there are: cnn, mlp, "},
        {"zebra", "there is no model 'zebra'; there are: cnn, mlp, "},
        {"wrn-28", "model wrn-28: wrn-N-k is expected, N one of 10, 16, 22, 28, "},
        {"wrn-28-1x", "model wrn-28-1x: wrn-N-k is expected"},
        {"wrn-27-10", "model wrn-27-10: wrn-N-k is expected"},
        {"densenet-bc:depth=99", "model densenet-bc: depth 99 is none of 10, 16, "},
        {"resnet18:stem=tiny", "model resnet18: stem 'tiny' is none of: imagenet, small"},
        {"resnet18:depth=3", "model resnet18 has no option 'depth', only: stem, width, "},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        ck_assert_ptr_null(ts_model_graph_new(bad[i].description, 3, 64, 64, 3, &error));
        ck_assert_msg(g_str_has_prefix(error->message, bad[i].message), "%s", error->message);
    }
}
END_TEST

START_TEST(help_names_every_model)
{
    g_autofree char *help = ts_model_graph_help();
    for (gsize i = 0; i < G_N_ELEMENTS(published); i++) {
        g_auto(GStrv) parts = g_strsplit(published[i].description, ":", 2);
        const char *name = g_str_has_prefix(parts[0], "wrn-") ? "wrn-N-k" : parts[0];
        ck_assert_msg(strstr(help, name) != NULL, "%s", name);
    }
}
END_TEST

/* What the layers make is what the net asked for, and the plan has room for what is in use. */
START_TEST(footprints_are_those_of_the_plan)
{
    static const char *const models[] = {"cnn:width=4", "resnet18:stem=small,width=4",
                                         "mobilenetv2:stem=small", "densenet-bc:depth=10"};
    static const TsNetMode modes[] = {TS_NET_TRAIN, TS_NET_INFER, TS_NET_FROZEN};
    const TsNetMode mode = modes[_i % 3];
    GError *error = NULL;
    g_autoptr(TsGraph) graph = ts_model_graph_new(models[_i / 3], 3, 32, 32, 5, &error);
    ck_assert_ptr_nonnull(graph);
    g_autoptr(TsParams) params = ts_params_new(graph, &error);
    ck_assert_ptr_nonnull(params);
    ts_params_init(params, 1);
    g_autoptr(TsNet) net = ts_net_new(graph, params, 6, mode, &error);
    ck_assert_ptr_nonnull(net);
    g_autofree TsFootprint *layers = ts_net_measure_layers(net, graph->nodes->len);
    gsize made = 0, gradients = 0, most = 0;
    for (guint i = 0; i < graph->nodes->len; i++) {
        made += layers[i].made;
        gradients += layers[i].gradients;
        most = MAX(most, layers[i].in_use);
        ck_assert_uint_le(layers[i].made, ts_net_unplanned_bytes(net));
    }
    ck_assert_uint_eq(made + gradients, ts_net_unplanned_bytes(net));
    ck_assert_int_eq(gradients > 0, mode == TS_NET_TRAIN);
    /* The first layer makes the input. */
    ck_assert_uint_ge(layers[0].made + layers[1].made, 6 * 3 * 32 * 32 * sizeof(float));
    ck_assert_uint_ge(ts_net_planned_bytes(net), most);
    ck_assert_uint_le(ts_net_planned_bytes(net), most + most / 2);
    ck_assert_uint_lt(most, ts_net_unplanned_bytes(net));
}
END_TEST

START_TEST(nearest_names)
{
    static const char *const known[] = {"cnn", "mlp", "resnet18", "resnet34", NULL};
    ck_assert_str_eq(ts_nearest("resnet3", known), "resnet34");
    ck_assert_str_eq(ts_nearest("renset18", known), "resnet18");
    ck_assert_str_eq(ts_nearest("cn", known), "cnn");
    ck_assert_ptr_null(ts_nearest("", known));
    ck_assert_ptr_null(ts_nearest("transformer", known));
    g_autofree char *longer = g_strnfill(1000, 'x');
    ck_assert_ptr_null(ts_nearest(longer, known));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("models");
    TCase *models = tcase_create("models");
    tcase_add_loop_test(models, counts_are_the_published_ones, 0, G_N_ELEMENTS(published));
    tcase_add_loop_test(models, rectangles_are_taken, 0, G_N_ELEMENTS(published));
    tcase_add_test(models, wrong_descriptions_say_what_is_known);
    tcase_add_test(models, help_names_every_model);
    tcase_add_loop_test(models, footprints_are_those_of_the_plan, 0, 12);
    tcase_add_test(models, nearest_names);
    suite_add_tcase(suite, models);
    return unit_run(suite);
}

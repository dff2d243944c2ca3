/* Networks as text: what is printed is read again as the same graph, what people write is what they
 * mean, and what is wrong is said with its line. */
#include "unit.h"

#include "nn/arch/arch.h"
#include "nn/models/models.h"

#include <string.h>

enum { CLASSES = 10, SIDE = 64 };

static const char *const more[] = {
    "cnn:width=8",
    "resnet18:stem=small,zero_init=1,dropout=0.3",
    "wrn-10-2:dropout=0.1",
    "mobilenetv2:stem=small,drop_path=0.1",
    "densenet-bc:depth=16,dropout=0.2",
    "vgg11_bn:head=small",
    NULL,
};

/* "resnet18" for 0 and so on; wrn-N-k becomes wrn-28-10. NULL behind the last. */
static const char *
model_name(guint i)
{
    g_autofree const char **names = ts_model_graph_names();
    const guint n = g_strv_length((char **) names);
    if (i >= n)
        return more[i - n];
    return strcmp(names[i], "wrn-N-k") == 0 ? "wrn-28-10" : names[i];
}

static void
check_same_node(const TsNode *a, const TsNode *b)
{
    ck_assert_str_eq(ts_node_operation(a), ts_node_operation(b));
    ck_assert_str_eq(a->name, b->name);
    ck_assert_uint_eq(a->n_inputs, b->n_inputs);
    for (guint k = 0; k < a->n_inputs; k++)
        ck_assert_uint_eq(a->input[k], b->input[k]);
    ck_assert(a->shape.c == b->shape.c && a->shape.h == b->shape.h && a->shape.w == b->shape.w);
    ck_assert(a->conv.channels == b->conv.channels && a->conv.kernel == b->conv.kernel &&
              a->conv.stride == b->conv.stride && a->conv.groups == b->conv.groups &&
              a->conv.bias == b->conv.bias && a->conv.same == b->conv.same);
    ck_assert(a->conv.same || a->conv.pad == b->conv.pad);
    ck_assert(a->pool == b->pool && a->activation == b->activation);
    ck_assert(a->rate == b->rate && a->epsilon == b->epsilon);
    ck_assert_int_eq(a->multiply_adds, b->multiply_adds);
    ck_assert_mem_eq(a->param, b->param, sizeof a->param);
}

static void
check_same_graph(const TsGraph *a, const TsGraph *b)
{
    ck_assert_uint_eq(a->nodes->len, b->nodes->len);
    for (guint i = 0; i < a->nodes->len; i++)
        check_same_node(ts_graph_node(a, i), ts_graph_node(b, i));
    ck_assert_uint_eq(a->params->len, b->params->len);
    for (guint i = 0; i < a->params->len; i++) {
        const TsParamSpec *p = ts_graph_param(a, i), *q = ts_graph_param(b, i);
        ck_assert_str_eq(p->name, q->name);
        ck_assert(p->role == q->role && p->init == q->init && p->rank == q->rank &&
                  p->fan_in == q->fan_in && p->fan_out == q->fan_out);
        ck_assert_mem_eq(p->shape, q->shape, sizeof p->shape);
    }
}

START_TEST(every_model_is_read_as_it_was_printed)
{
    for (guint i = 0; model_name(i) != NULL; i++) {
        GError *error = NULL;
        g_autoptr(TsGraph) graph =
            ts_model_graph_new(model_name(i), 3, SIDE, SIDE, CLASSES, &error);
        ck_assert_msg(graph != NULL, "%s: %s", model_name(i), error != NULL ? error->message : "");
        g_autofree char *text = ts_arch_print(graph);
        g_autofree char *description = ts_arch_describe(model_name(i), text);
        g_autoptr(TsGraph) again = ts_model_graph_new(description, 3, SIDE, SIDE, CLASSES, &error);
        ck_assert_msg(again != NULL, "%s\n%s", error != NULL ? error->message : "", text);
        check_same_graph(graph, again);
        g_autofree char *text_again = ts_arch_print(again);
        ck_assert_str_eq(text, text_again);
    }
}
END_TEST

static TsGraph *
graph_of(const char *text, GError **error)
{
    g_autofree char *description = ts_arch_describe("x", text);
    return ts_model_graph_new(description, 1, 16, 16, CLASSES, error);
}

START_TEST(a_network_by_hand_is_the_family_s)
{
    static const char text[] = "init conv=he_out # as torchvision\n"
                               "conv1: conv 4 3x3\nbn1: bn\nrelu\n"
                               "layer1: repeat 2 {\n"
                               "  residual {\n"
                               "    conv1: conv 4 3x3\n    bn1: bn\n    relu\n"
                               "    conv2: conv 4 3x3\n    bn2: bn\n  }\n  relu\n}\n"
                               "layer2.0: residual {\n"
                               "  conv1: conv 8 3x3 stride=2\n  bn1: bn\n  relu\n"
                               "  conv2: conv 8 3x3\n  bn2: bn\n"
                               "} shortcut {\n"
                               "  downsample.0: conv 8 1x1 stride=2\n  downsample.1: bn\n}\n"
                               "relu\n";
    GError *error = NULL;
    g_autofree char *whole = g_strconcat(text, "globalpool\nflatten\nfc: linear classes\n", NULL);
    g_autoptr(TsGraph) own = graph_of(whole, &error);
    ck_assert_msg(own != NULL, "%s", error != NULL ? error->message : "");
    g_autoptr(TsGraph) resnet =
        ts_model_graph_new("resnet18:stem=small,width=4", 1, 16, 16, CLASSES, &error);
    for (guint i = 0; i + 3 < own->nodes->len; i++)
        ck_assert_str_eq(ts_node_operation(ts_graph_node(own, i)),
                         ts_node_operation(ts_graph_node(resnet, i)));
    for (guint i = 0; i + 2 < own->params->len; i++) {
        ck_assert_str_eq(ts_graph_param(own, i)->name, ts_graph_param(resnet, i)->name);
        ck_assert_int_eq((int) ts_graph_param(own, i)->init, (int) ts_graph_param(resnet, i)->init);
    }
}
END_TEST

START_TEST(branches_begin_at_one_node)
{
    g_autoptr(TsGraph) graph = graph_of("stem: conv 8 3x3\n"
                                        "wide: concat {\n"
                                        "  branch {\n    conv 4 1x1\n  }\n"
                                        "  right: branch {\n    maxpool 3x3 stride=1 pad=1\n"
                                        "    conv 6 5x5\n  }\n"
                                        "  branch {\n  }\n"
                                        "}\n"
                                        "from stem\nconv 18 1x1\nadd wide\n"
                                        "globalpool\nlinear classes\n",
                                        NULL);
    ck_assert_ptr_nonnull(graph);
    const TsNode *sum = NULL;
    for (guint i = 0; i < graph->nodes->len; i++)
        if (strcmp(ts_node_operation(ts_graph_node(graph, i)), "add") == 0)
            sum = ts_graph_node(graph, i);
    ck_assert_int_eq(sum->shape.c, 4 + 6 + 8);
    ck_assert_str_eq(ts_graph_param(graph, 2)->name, "wide.right.conv1.weight");
}
END_TEST

typedef struct {
    const char *text, *message;
} Wrong;

static const Wrong wrong[] = {
    {"covn 8 3x3", "x:1: there is no layer 'covn' (nearest: conv); there are: conv, bn"},
    {"\n# a\nconv 8 3", "x:3: conv: '3' is no size such as 3x3"},
    {"conv 8 3x5", "windows are square"},
    {"conv 8", "x:1: expected: conv CHANNELS KxK"},
    {"conv 8 3x3 strid=2", "has no option 'strid', only: pad, stride, groups, bias"},
    {"conv 8 3x3 stride=0", "stride"},
    {"conv 99999 3x3", "channels"},
    {"conv 3 3x3 groups=2", "groups"},
    {"maxpool 20x20", "x:1: pooling: a 20x20 window does not fit into 16x16 pixels"},
    {"linear classes", "needs flat features"},
    {"a: conv 8 3x3\na: bn\n", "x:2: the name 'a' is taken"},
    {"stem: conv 8 3x3\nadd stme", "x:2: no layer before this one is named 'stme' (nearest: stem)"},
    {"a: conv 8 3x3\nconv 4 3x3\nadd a", "x:3: add: (4, 16, 16) and (8, 16, 16)"},
    {"residual {\n conv 8 3x3\n}", "x:1: add:"},
    {"repeat 0 {\n}", "x:1: repeat: '0' is no number from 1 to 1000"},
    {"repeat 2 {\nrelu\n", "x:1: the block is not closed"},
    {"relu\n}", "x:2: } closes nothing"},
    {"relu }", "x:1: '}': { ends a line"},
    {"repaet 2 {\n}", "'repaet' begins no block (nearest: repeat)"},
    {"repeat 2", "repeat is a block: { is expected"},
    {"add {\n branch {\n }\n}", "two branches are expected"},
    {"add {\n relu\n}", "x:2: branch { is expected in add"},
    {"residual {\n} shortct {\n}", "x:2: shortcut is expected behind }, not 'shortct'"},
    {"repeat 2 {\n} shortcut {\n}", "x:2: nothing may follow the } of repeat"},
    {"dropout 1.5", "x:1: dropout: rate"},
    {"init conv=he", "conv 'he' is none of: zero"},
    {"a/b: relu", "'a/b' is no name"},
    {"", "the network ends with (1, 16, 16) numbers; one for each of 10 classes"},
    {"flatten\nlinear 12", "x:2: the network ends with (12, 1, 1)"},
    {"flatten\nlinear classes\nfrom input", "the network ends with (1, 16, 16)"},
    {"repeat 1000 {\nrepeat 1000 {\nrepeat 1000 {\nrelu\n}\n}\n}", "more than 20000 layers"},
    {"repeat 1000 {\nrepeat 1000 {\n}\n}", "more than 20000 layers"},
    {"conv 60000 1x1\nconv 60000 1x1", "x:2: more than 1000000000 parameters"},
    {"adaptivepool 4096x4096\nconv 64 1x1\n", "numbers are too many for a layer"},
};

START_TEST(what_is_wrong_is_said_with_its_line)
{
    GError *error = NULL;
    g_autoptr(TsGraph) graph = graph_of(wrong[_i].text, &error);
    ck_assert_msg(graph == NULL, "%s: is taken", wrong[_i].text);
    ck_assert_msg(strstr(error->message, wrong[_i].message) != NULL, "'%s' is not in '%s'",
                  wrong[_i].message, error->message);
    g_error_free(error);
}
END_TEST

START_TEST(nesting_is_limited)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < 17; i++)
        g_string_append(text, "block {\n");
    for (int i = 0; i < 17; i++)
        g_string_append(text, "}\n");
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(graph_of(text->str, &error));
    ck_assert_str_eq(error->message, "x:17: more than 16 blocks in each other");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("arch");
    TCase *arch = tcase_create("arch");
    tcase_set_timeout(arch, 60);
    tcase_add_test(arch, every_model_is_read_as_it_was_printed);
    tcase_add_test(arch, a_network_by_hand_is_the_family_s);
    tcase_add_test(arch, branches_begin_at_one_node);
    tcase_add_loop_test(arch, what_is_wrong_is_said_with_its_line, 0, G_N_ELEMENTS(wrong));
    tcase_add_test(arch, nesting_is_limited);
    suite_add_tcase(suite, arch);
    return unit_run(suite);
}

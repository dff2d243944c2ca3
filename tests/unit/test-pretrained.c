/* Loading weights: names of others, new heads, other channels; what does not fit is refused whole.
 */
#include "scratch.h"
#include "unit.h"

#include "base/error.h"
#include "nn/net.h"
#include "nn/pretrained/names.h"
#include "nn/pretrained/pretrained.h"
#include "nn/weights.h"
#include "store/safetensors.h"

#include <math.h>

static const char *const two[] = {"a", "b", NULL};
static const char *const five[] = {"p", "q", "r", "s", "t", NULL};

static TsPreprocess
input_of(int channels, int side)
{
    return (TsPreprocess){.width = side,
                          .height = side,
                          .channels = channels,
                          .crop_pct = 1,
                          .mean = {0.4f, 0.4f, 0.4f, 0.4f},
                          .std = {0.2f, 0.2f, 0.2f, 0.2f}};
}

/* A model with numbers of its own everywhere, running statistics too. */
static TsModel *
make_model(const char *architecture, const char *const *classes, int channels, int side)
{
    const TsPreprocess how = input_of(channels, side);
    GError *error = NULL;
    TsModel *model = ts_model_new(architecture, classes, &how, &error);
    ck_assert_msg(model != NULL, "%s", error != NULL ? error->message : "");
    for (guint i = 0; i < model->params->n; i++)
        for (gsize k = 0; k < model->params->param[i].n; k++)
            model->params->param[i].data[k] = 0.05f + (float) ((i * 31 + k * 7) % 97) / 100;
    return model;
}

typedef gboolean (*EditFunc)(TsTensor *tensor); /* FALSE: leave it out */

/* Write the model as somebody else would: other names, no metadata, something before each name. */
static void
write_as(const TsModel *model, const char *library, const char *prefix, EditFunc edit,
         const char *path)
{
    g_autoptr(GHashTable) map = ts_names_map(library, model->architecture, model->graph, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autofree TsTensor *tensors = g_new0(TsTensor, model->params->n);
    guint n = 0;
    ck_assert_ptr_nonnull(map);
    for (guint i = 0; i < model->params->n; i++) {
        const TsParam *param = &model->params->param[i];
        g_autofree char *theirs = ts_names_translate(map, param->spec->name);
        g_ptr_array_add(names, g_strconcat(prefix, theirs, NULL));
        TsTensor tensor = {.name = g_ptr_array_index(names, i),
                           .dtype = TS_DTYPE_F32,
                           .rank = param->spec->rank,
                           .data = param->data,
                           .n_bytes = param->n * sizeof(float)};
        memcpy(tensor.shape, param->spec->shape, sizeof param->spec->shape);
        if (edit == NULL || edit(&tensor))
            tensors[n++] = tensor;
    }
    ck_assert(ts_safetensors_write(path, NULL, tensors, n, TRUE, NULL));
}

static void
check_same(const TsModel *a, const TsModel *b)
{
    ck_assert_uint_eq(a->params->n, b->params->n);
    for (guint i = 0; i < a->params->n; i++)
        ck_assert_mem_eq(a->params->param[i].data, b->params->param[i].data,
                         a->params->param[i].n * sizeof(float));
}

static const TsParam *
find_param(const TsModel *model, const char *name)
{
    for (guint i = 0; i < model->params->n; i++)
        if (strcmp(model->params->param[i].spec->name, name) == 0)
            return &model->params->param[i];
    ck_abort_msg("no parameter %s", name);
    return NULL;
}

/* ---- what fits ---- */

START_TEST(every_dialect_of_every_family_comes_back)
{
    static const struct {
        const char *architecture, *library, *name;
    } cases[] = {
        {"resnet18", "timm", "layer4.1.bn2.running_var"},
        {"resnet18", "torchvision", "layer4.1.bn2.running_var"},
        {"mobilenetv2", "timm", "blocks.0.0.conv_dw.weight"},
        {"mobilenetv2", "torchvision", "features.17.conv.2.weight"},
        {"tf_efficientnet_lite0", "efficientnet-pytorch", "_blocks.15._project_conv.weight"},
        {"densenet121", "torchvision-0.2", "features.denseblock1.denselayer1.norm.1.weight"},
        {"vgg11_bn:hidden=8", "timm", "pre_logits.fc1.weight"},
        {"cnn:width=4", "tessera", "stage1.conv1.weight"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TsModel) model = make_model(cases[i].architecture, two, 3, 32);
        const TsPreprocess how = input_of(3, 32);
        write_as(model, cases[i].library, "model.", NULL, "w.safetensors");
        g_autoptr(TsWeightFile) file = ts_weight_file_read("w.safetensors", NULL);
        g_autofree char *name = g_strconcat("model.", cases[i].name, NULL);
        ck_assert_msg(ts_weight_file_find(file, name) != NULL, "%s", name);
        const TsPretrainedOptions options = {.architecture = cases[i].architecture,
                                             .preprocess = &how};
        g_autoptr(TsLoadReport) report = NULL;
        g_autoptr(GError) error = NULL;
        g_autoptr(TsModel) back = ts_pretrained_read("w.safetensors", &options, &report, &error);
        ck_assert_msg(back != NULL, "%s", error != NULL ? error->message : "");
        ck_assert_str_eq(report->prefix, "model.");
        ck_assert_uint_eq(report->n[TS_LOAD_RENAMED], model->params->n);
        check_same(model, back);
    }
}
END_TEST

START_TEST(an_architecture_is_found_by_its_tensors)
{
    static const struct {
        const char *architecture, *library;
    } cases[] = {{"resnet18", "timm"},
                 {"resnet18:stem=small", "timm"},
                 {"wrn-10-2", "tessera"},
                 {"mobilenetv2:width=0.5", "torchvision"},
                 {"densenet121", "torchvision-0.2"},
                 {"tf_efficientnet_lite0", "efficientnet-pytorch"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TsModel) model = make_model(cases[i].architecture, two, 1, 32);
        write_as(model, cases[i].library, "", NULL, "w.safetensors");
        g_autoptr(TsWeightFile) file = ts_weight_file_read("w.safetensors", NULL);
        g_autofree char *found = ts_pretrained_detect(file, NULL);
        ck_assert_str_eq(found, cases[i].architecture);
    }
    g_autoptr(TsModel) model = make_model("efficientnet_lite0", two, 3, 32);
    write_as(model, "timm", "", NULL, "w.safetensors");
    g_autoptr(TsWeightFile) file = ts_weight_file_read("w.safetensors", NULL);
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(ts_pretrained_detect(file, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "efficientnet_lite0 or tf_efficientnet_lite0"));
}
END_TEST

START_TEST(a_new_head_starts_as_the_family_does_and_by_the_seed)
{
    g_autoptr(TsModel) model = make_model("resnet18:width=8", two, 3, 32);
    ck_assert(ts_model_write(model, "m.safetensors", NULL, NULL));
    const TsPretrainedOptions options = {.classes = five,
                                         .load = {.head = TS_HEAD_IF_NEEDED, .seed = 7}};
    g_autoptr(TsLoadReport) report = NULL;
    g_autoptr(TsModel) back = ts_pretrained_read("m.safetensors", &options, &report, NULL);
    ck_assert_ptr_nonnull(back);
    ck_assert_str_eq(back->architecture, "resnet18:width=8");
    ck_assert(back->preprocess.mean[0] == 0.4f && g_strv_length(back->classes) == 5);
    ck_assert_uint_eq(report->n[TS_LOAD_FRESH], 2);
    ck_assert_uint_eq(report->n[TS_LOAD_MATCHED], model->params->n - 2);
    g_autoptr(TsModel) random = make_model("resnet18:width=8", five, 3, 32);
    ts_params_init(random->params, 7);
    ck_assert_mem_eq(find_param(back, "fc.weight")->data, find_param(random, "fc.weight")->data,
                     5 * 8 * sizeof(float));
    ck_assert_mem_eq(find_param(back, "layer1.0.bn1.running_mean")->data,
                     find_param(model, "layer1.0.bn1.running_mean")->data, 8 * sizeof(float));

    const TsPretrainedOptions same = {.load = {.head = TS_HEAD_IF_NEEDED}};
    g_autoptr(TsModel) whole = ts_pretrained_read("m.safetensors", &same, NULL, NULL);
    check_same(model, whole);
    const TsPretrainedOptions fresh = {.load = {.head = TS_HEAD_FRESH}};
    g_autoptr(TsModel) other = ts_pretrained_read("m.safetensors", &fresh, NULL, NULL);
    ck_assert(find_param(other, "fc.bias")->data[0] != find_param(model, "fc.bias")->data[0]);
}
END_TEST

/* Its family draws linear layers within 1 / sqrt(outputs), far more here. */
START_TEST(a_new_head_starts_as_pytorchs_linear)
{
    g_autoptr(TsModel) model = make_model("efficientnet_lite0", two, 3, 32);
    write_as(model, "timm", "", NULL, "e.safetensors");
    const TsPreprocess how = input_of(3, 32);
    const TsPretrainedOptions options = {.architecture = model->architecture,
                                         .classes = five,
                                         .preprocess = &how,
                                         .load = {.head = TS_HEAD_FRESH}};
    g_autoptr(TsModel) back = ts_pretrained_read("e.safetensors", &options, NULL, NULL);
    ck_assert_ptr_nonnull(back);
    const TsParam *weight = find_param(back, "classifier.weight");
    float largest = 0;
    for (gsize k = 0; k < weight->n; k++)
        largest = fmaxf(largest, fabsf(weight->data[k]));
    ck_assert_float_le(largest, 1 / sqrtf(1280));
    ck_assert_float_gt(largest, 0.99f / sqrtf(1280));
}
END_TEST

/* The logits of one picture; the model may be compiled once. */
static void
compute_logits(TsModel *model, const float *image, float *logits)
{
    const gsize n = ts_preprocess_n_bytes(&model->preprocess);
    g_autoptr(TsNet) net = ts_net_new(model->graph, model->params, 1, TS_NET_INFER, NULL);
    ck_assert_ptr_nonnull(net);
    memcpy(ts_net_input(net), image, n * sizeof *image);
    ck_assert(ts_net_forward(net, 0, NULL));
    memcpy(logits, ts_net_logits(net), 2 * sizeof *logits);
}

START_TEST(a_grey_picture_gives_what_it_gave_in_colours)
{
    enum { SIDE = 16, N = SIDE * SIDE };
    static float image[4 * N];
    for (int k = 0; k < N; k++)
        for (int c = 0; c < 4; c++)
            image[c * N + k] = (float) (k * 37 % 101) / 50 - 1;
    g_autoptr(TsModel) model = make_model("cnn:width=4", two, 3, SIDE);
    ck_assert(ts_model_write(model, "m.safetensors", NULL, NULL));
    float expected[2], got[2];
    compute_logits(model, image, expected);
    static const int channels[] = {1, 3, 4};
    for (gsize i = 0; i < G_N_ELEMENTS(channels); i++) {
        const TsPreprocess how = input_of(channels[i], SIDE);
        const TsPretrainedOptions options = {.preprocess = &how, .load = {.adapt_input = TRUE}};
        g_autoptr(TsLoadReport) report = NULL;
        g_autoptr(TsModel) back = ts_pretrained_read("m.safetensors", &options, &report, NULL);
        ck_assert_ptr_nonnull(back);
        ck_assert_uint_eq(report->n[TS_LOAD_ADAPTED], channels[i] != 3);
        if (channels[i] == 4) /* 3/4 of w0 + w1 + w2 + w0, as timm does: no equality */
            continue;
        compute_logits(back, image, got);
        for (int c = 0; c < 2; c++)
            ck_assert_msg(fabsf(got[c] - expected[c]) <= 1e-4f * fabsf(expected[c]), "%g, not %g",
                          (double) got[c], (double) expected[c]);
    }
    const TsPreprocess how = input_of(4, SIDE);
    const TsPretrainedOptions options = {.preprocess = &how, .load = {.adapt_input = TRUE}};
    g_autoptr(TsModel) back = ts_pretrained_read("m.safetensors", &options, NULL, NULL);
    g_autoptr(TsModel) start = make_model("cnn:width=4", two, 3, SIDE);
    const float *four = find_param(back, "stage1.conv1.weight")->data;
    const float *three = find_param(start, "stage1.conv1.weight")->data;
    ck_assert_float_eq(four[0], 0.75f * three[0]);
    ck_assert_float_eq(four[3 * 9], 0.75f * three[0]);
    ck_assert_float_eq(four[4 * 9 + 9], 0.75f * three[3 * 9 + 9]);
}
END_TEST

/* ---- what does not ---- */

static gboolean
drop_running(TsTensor *tensor)
{
    return !g_str_has_suffix(tensor->name, "layer1.0.bn1.running_mean");
}

static gboolean
rename_one(TsTensor *tensor)
{
    if (strcmp(tensor->name, "bn1.weight") == 0)
        tensor->name = g_intern_string("layer9.weight");
    return TRUE;
}

static gboolean
cut_one(TsTensor *tensor)
{
    if (strcmp(tensor->name, "layer1.0.conv1.weight") == 0) {
        tensor->shape[0] = 4;
        tensor->n_bytes /= 2;
    }
    return TRUE;
}

static gboolean
make_integer(TsTensor *tensor)
{
    if (strcmp(tensor->name, "fc.bias") == 0)
        tensor->dtype = TS_DTYPE_I32;
    return TRUE;
}

static gboolean
make_nan(TsTensor *tensor)
{
    static float numbers[2];
    numbers[0] = NAN;
    if (strcmp(tensor->name, "fc.bias") == 0)
        tensor->data = numbers;
    return TRUE;
}

static gboolean
make_negative(TsTensor *tensor)
{
    static float numbers[64];
    numbers[5] = -1;
    if (strcmp(tensor->name, "bn1.running_var") == 0)
        tensor->data = numbers;
    return TRUE;
}

START_TEST(what_does_not_fit_is_named_and_nothing_is_loaded)
{
    static const struct {
        EditFunc edit;
        const char *message;
    } cases[] = {
        {drop_running, "1 missing ('layer1.0.bn1.running_mean')"},
        {rename_one, "not of this architecture ('layer9.weight')"},
        {cut_one, "1 of another shape ('layer1.0.conv1.weight': 4x8x3x3 in the file, 8x8x3x3"},
        {make_integer, "1 damaged ('fc.bias': its type is no floating point)"},
        {make_nan, "1 damaged ('fc.bias': a number is not finite)"},
        {make_negative, "1 damaged ('bn1.running_var': a variance is below 0)"},
    };
    g_autoptr(TsModel) model = make_model("resnet18:width=8", two, 3, 32);
    g_autoptr(TsModel) target = make_model("resnet18:width=8", two, 3, 32);
    ts_params_init(target->params, 3);
    g_autoptr(TsWeights) before = ts_weights_new(target->params, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        write_as(model, "timm", "", cases[i].edit, "w.safetensors");
        g_autoptr(TsWeightFile) file = ts_weight_file_read("w.safetensors", NULL);
        g_autoptr(TsLoadReport) report = NULL;
        g_autoptr(GError) error = NULL;
        const TsLoadOptions options = {0};
        ck_assert(!ts_pretrained_load(target, file, &options, &report, &error));
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
        ck_assert_msg(strstr(error->message, cases[i].message) != NULL, "%s", error->message);
        ck_assert_ptr_nonnull(report);
        for (guint k = 0; k < before->n; k++)
            ck_assert_mem_eq(before->data[k], target->params->param[k].data,
                             target->params->param[k].n * sizeof(float));
    }
}
END_TEST

START_TEST(weights_of_another_architecture_are_refused)
{
    g_autoptr(TsModel) model = make_model("resnet18:width=8", two, 3, 32);
    write_as(model, "timm", "", NULL, "w.safetensors");
    static const char *const others[] = {"resnet34", "vgg11", "efficientnet_lite0", "cnn", NULL};
    const TsPreprocess how = input_of(3, 32);
    for (guint i = 0; others[i] != NULL; i++) {
        const TsPretrainedOptions options = {
            .architecture = others[i],
            .classes = five,
            .preprocess = &how,
            .load = {.head = TS_HEAD_IF_NEEDED, .adapt_input = TRUE}};
        g_autoptr(GError) error = NULL;
        ck_assert_ptr_null(ts_pretrained_read("w.safetensors", &options, NULL, &error));
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
    }
    /* Nor is the head, or the input, changed unasked. */
    const TsPretrainedOptions head = {
        .architecture = "resnet18:width=8", .classes = five, .preprocess = &how};
    ck_assert_ptr_null(ts_pretrained_read("w.safetensors", &head, NULL, NULL));
    const TsPreprocess grey = input_of(1, 32);
    const TsPretrainedOptions input = {.architecture = "resnet18:width=8", .preprocess = &grey};
    ck_assert_ptr_null(ts_pretrained_read("w.safetensors", &input, NULL, NULL));
    g_autoptr(GError) error = NULL;
    const TsPretrainedOptions nothing = {.architecture = "resnet18:width=8"};
    ck_assert_ptr_null(ts_pretrained_read("w.safetensors", &nothing, NULL, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
}
END_TEST

START_TEST(patterns_say_what_may_be_missing_and_what_may_be_too_much)
{
    g_autoptr(TsModel) model = make_model("resnet18:width=8", two, 3, 32);
    write_as(model, "timm", "", rename_one, "w.safetensors");
    static const char *const ignore[] = {"layer9.*", "*bn1.weight", NULL};
    const TsPreprocess how = input_of(3, 32);
    const TsPretrainedOptions options = {
        .architecture = "resnet18:width=8", .preprocess = &how, .load = {.ignore = ignore}};
    g_autoptr(TsLoadReport) report = NULL;
    g_autoptr(TsModel) back = ts_pretrained_read("w.safetensors", &options, &report, NULL);
    ck_assert_ptr_nonnull(back);
    ck_assert_uint_eq(report->n[TS_LOAD_FRESH], 9);
    ck_assert_uint_eq(report->n[TS_LOAD_IGNORED], 1);
    ck_assert_float_eq(find_param(back, "bn1.weight")->data[0], 1);
}
END_TEST

START_TEST(the_report_prints_and_has_the_hash_of_the_file)
{
    g_autoptr(TsModel) model = make_model("resnet18:width=8", two, 3, 32);
    write_as(model, "timm", "", NULL, "w.safetensors");
    const TsPreprocess how = input_of(3, 32);
    const TsPretrainedOptions options = {.architecture = model->architecture,
                                         .classes = five,
                                         .preprocess = &how,
                                         .load = {.head = TS_HEAD_IF_NEEDED}};
    g_autoptr(TsLoadReport) report = NULL;
    g_autoptr(TsModel) back = ts_pretrained_read("w.safetensors", &options, &report, NULL);
    ck_assert_ptr_nonnull(back);
    g_autofree char *content = NULL;
    gsize n;
    ck_assert(g_file_get_contents("w.safetensors", &content, &n, NULL));
    g_autofree char *hash = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (guchar *) content, n);
    ck_assert_str_eq(report->sha256, hash);
    g_autofree char *summary = ts_load_report_summary(report);
    ck_assert_str_eq(summary,
                     "100 of 102 parameters from w.safetensors (names of tessera), 2 fresh");
    g_autoptr(TsReport) table = ts_report_new();
    ts_load_report_add(report, FALSE, table);
    g_autofree char *text = ts_report_render(table, TS_FORMAT_TSV);
    ck_assert_ptr_nonnull(strstr(text, "matched\t100\n"));
    ck_assert_ptr_nonnull(
        strstr(text, "fc.bias\tfresh\tfc.bias\t5\t2\tanother number of outputs\n"));
    ck_assert_ptr_null(strstr(text, "conv1.weight"));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("pretrained");
    TCase *tests = tcase_create("load");
    tcase_add_checked_fixture(tests, scratch_enter, scratch_leave);
    tcase_add_test(tests, every_dialect_of_every_family_comes_back);
    tcase_add_test(tests, an_architecture_is_found_by_its_tensors);
    tcase_add_test(tests, a_new_head_starts_as_the_family_does_and_by_the_seed);
    tcase_add_test(tests, a_new_head_starts_as_pytorchs_linear);
    tcase_add_test(tests, a_grey_picture_gives_what_it_gave_in_colours);
    tcase_add_test(tests, what_does_not_fit_is_named_and_nothing_is_loaded);
    tcase_add_test(tests, weights_of_another_architecture_are_refused);
    tcase_add_test(tests, patterns_say_what_may_be_missing_and_what_may_be_too_much);
    tcase_add_test(tests, the_report_prints_and_has_the_hash_of_the_file);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}

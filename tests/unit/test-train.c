/* The parts around the loop: memory plan, states, logs, model files. */
#include "unit.h"

#include "base/error.h"
#include "base/rng.h"
#include "nn/models/models.h"
#include "nn/plan.h"
#include "nn/trainer.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

/* ---- memory plan ---- */

START_TEST(buffers_alive_together_never_overlap)
{
    enum { N = 120 };
    TsRng rng;
    for (int round = 0; round < 50; round++) {
        TsPlanItem items[N];
        gsize sum = 0, peak = 0;
        ts_rng_init(&rng, 1, "plan", round);
        for (int i = 0; i < N; i++) {
            int first = (int) ts_rng_below(&rng, 60);
            items[i] = (TsPlanItem){ts_rng_below(&rng, 5000), first,
                                    first + (int) ts_rng_below(&rng, 15), 0};
            sum += items[i].bytes + 64;
        }
        gsize total = ts_plan_memory(items, N);
        for (int i = 0; i < N; i++) {
            ck_assert(items[i].offset % 64 == 0 && items[i].offset + items[i].bytes <= total);
            for (int j = 0; j < i; j++)
                ck_assert(items[i].first > items[j].last || items[j].first > items[i].last ||
                          items[i].offset + items[i].bytes <= items[j].offset ||
                          items[j].offset + items[j].bytes <= items[i].offset);
        }
        for (int step = 0; step < 80; step++) {
            gsize alive = 0;
            for (int i = 0; i < N; i++)
                alive += items[i].first <= step && step <= items[i].last ? items[i].bytes : 0;
            peak = MAX(peak, alive);
        }
        ck_assert(total >= peak && total < sum);
        ck_assert_msg((double) total < 1.5 * (double) peak, "%d bytes for a peak of %d",
                      (int) total, (int) peak);
    }
}
END_TEST

/* ---- states, logs, models ---- */

START_TEST(a_state_reads_back_the_same)
{
    g_autofree char *path = g_strdup_printf("%s/tessera-state-%d", g_get_tmp_dir(), getpid());
    static const double numbers[] = {0.1, -1e-300, 12345678.9, INFINITY};
    g_autoptr(TsState) out = ts_state_new();
    ts_state_set(out, "text", "first");
    ts_state_set(out, "text", "tab\tand \"quotes\"");
    ts_state_set_int(out, "int", G_MININT64);
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_autofree char *key = g_strdup_printf("number%d", (int) i);
        ts_state_set_double(out, key, numbers[i]);
    }
    ck_assert(ts_state_write(out, path, NULL));
    g_autoptr(TsState) in = ts_state_read(path, NULL);
    ck_assert_str_eq(ts_state_get(in, "text"), "tab\tand \"quotes\"");
    gint64 number = 0;
    ck_assert(ts_state_get_int(in, "int", &number, NULL) && number == G_MININT64);
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_autofree char *key = g_strdup_printf("number%d", (int) i);
        double value = 0;
        ck_assert(ts_state_get_double(in, key, &value, NULL) && value == numbers[i]);
    }
    ck_assert(!ts_state_get_int(in, "text", &number, NULL));
    ck_assert(!ts_state_get_int(in, "absent", &number, NULL));
    g_remove(path);
}
END_TEST

START_TEST(logs_read_back_the_same)
{
    g_autoptr(TsLogs) logs = ts_logs_new();
    ts_logs_set(logs, "loss", 0.1);
    ts_logs_set(logs, "val_loss", 1e-17);
    ts_logs_set(logs, "loss", 0.3);
    g_autofree char *text = ts_logs_to_text(logs);
    g_autoptr(TsLogs) back = ts_logs_from_text(text, NULL);
    double value = 0;
    ck_assert_uint_eq(ts_logs_n(back), 2);
    ck_assert(ts_logs_get(back, "loss", &value) && value == 0.3);
    ck_assert(ts_logs_get(back, "val_loss", &value) && value == 1e-17);
    ck_assert(!ts_logs_get(back, "accuracy", &value));
    static const char *const bad[] = {"loss", "loss=", "loss=x", "loss=1\tx"};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        ck_assert_ptr_null(ts_logs_from_text(bad[i], NULL));
}
END_TEST

START_TEST(a_model_reads_back_the_same)
{
    g_autofree char *path = g_strdup_printf("%s/tessera-model-%d", g_get_tmp_dir(), getpid());
    static const char *const classes[] = {"a\tb", "new\nline", "\\N", "", NULL};
    const TsPreprocess how = {.width = 12,
                              .height = 14,
                              .channels = 3,
                              .crop_pct = 0.875,
                              .mean = {0.1f, 0.2f, 0.3f},
                              .std = {1, 2, 3}};
    g_autoptr(GError) error = NULL;
    g_autoptr(TsModel) model = ts_model_new("cnn:width=4,dropout=0", classes, &how, &error);
    ck_assert_msg(model != NULL, "%s", error != NULL ? error->message : "");
    ts_params_init(model->params, 3);
    /* The layouts of a compiled net do not show in the file. */
    g_autoptr(TsNet) net = ts_net_new(model->graph, model->params, 2, TS_NET_TRAIN, NULL);
    ck_assert(net != NULL);
    static const char *const summary[] = {"epoch", "7", NULL};
    ck_assert(ts_model_write(model, path, summary, NULL));
    g_autoptr(TsModel) back = ts_model_read(path, &error);
    ck_assert_msg(back != NULL, "%s", error != NULL ? error->message : "");
    ck_assert_str_eq(back->architecture, "cnn:width=4,dropout=0");
    for (int i = 0; i < 4; i++)
        ck_assert_str_eq(back->classes[i], classes[i]);
    ck_assert_mem_eq(&back->preprocess.mean, &how.mean, 3 * sizeof(float));
    ck_assert(back->preprocess.crop_pct == 0.875 && back->preprocess.height == 14);
    for (guint i = 0; i < model->params->n; i++) {
        const TsParam *param = &model->params->param[i];
        g_autofree float *plain = g_new(float, param->n);
        ck_assert(ts_param_get_plain(param, param->data, plain, NULL));
        ck_assert_mem_eq(plain, back->params->param[i].data, param->n * sizeof(float));
    }
    g_remove(path);
}
END_TEST

/* Move the numbers by a byte: a space more at the end of the header. */
static void
misalign(const char *path)
{
    g_autofree char *bytes = NULL;
    gsize n;
    guint64 length;
    ck_assert(g_file_get_contents(path, &bytes, &n, NULL));
    memcpy(&length, bytes, sizeof length);
    g_autoptr(GString) moved = g_string_new_len(bytes, n);
    g_string_insert_c(moved, (gssize) (sizeof length + GUINT64_FROM_LE(length)), ' ');
    length = GUINT64_TO_LE(GUINT64_FROM_LE(length) + 1);
    memcpy(moved->str, &length, sizeof length);
    ck_assert(g_file_set_contents(path, moved->str, (gssize) moved->len, NULL));
}

static void
check_same_logits(const TsModel *a, const TsModel *b)
{
    g_autoptr(TsNet) one = ts_net_new(a->graph, a->params, 1, TS_NET_FROZEN, NULL);
    g_autoptr(TsNet) other = ts_net_new(b->graph, b->params, 1, TS_NET_FROZEN, NULL);
    ck_assert(one != NULL && other != NULL);
    for (int i = 0; i < 3 * 32 * 32; i++)
        ts_net_input(one)[i] = ts_net_input(other)[i] = (float) sin(i);
    ck_assert(ts_net_forward(one, 0, NULL) && ts_net_forward(other, 0, NULL));
    ck_assert_mem_eq(ts_net_logits(one), ts_net_logits(other), 2 * sizeof(float));
}

START_TEST(a_mapped_model_answers_as_one_that_is_read)
{
    g_autofree char *path = g_strdup_printf("%s/tessera-mapped-%d", g_get_tmp_dir(), getpid());
    static const char *const classes[] = {"a", "b", NULL};
    const TsPreprocess how = {
        .width = 32, .height = 32, .channels = 3, .crop_pct = 1, .std = {1, 1, 1}};
    g_autoptr(TsModel) model = ts_model_new("cnn:width=8", classes, &how, NULL);
    ts_params_init(model->params, 3);
    ck_assert(ts_model_write(model, path, NULL, NULL));
    g_autoptr(TsModel) mapped = ts_model_map(path, NULL);
    ck_assert(mapped->params->param[0].borrowed);
    check_same_logits(model, mapped);
    misalign(path);
    g_autoptr(TsModel) copied = ts_model_map(path, NULL);
    ck_assert(!copied->params->param[0].borrowed);
    check_same_logits(model, copied);
    g_remove(path);
}
END_TEST

/* What the file describes is looked for before memory is asked for. */
START_TEST(a_hostile_model_file_is_refused)
{
    static const struct {
        const char *key, *value, *message;
    } cases[] = {
        {"architecture", "cnn:width=4096", "there is no tensor"},
        {"architecture", "mlp:hidden=1048576", "there is no tensor"},
        {"architecture", "vgg", "vgg"},
        {"input", "4x1048576x1048576", "too large"},
        {"input", "1x0x5", "CxHxW"},
        {"std", "0", "deviation"},
        {"crop_pct", "nan", "crop"},
        {"classes", "", "no classes"},
        {"classes", "a\tb\ta", "two classes are named 'a'"},
    };
    g_autofree char *path = g_strdup_printf("%s/tessera-hostile-%d", g_get_tmp_dir(), getpid());
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        static const char *const good[][2] = {
            {"format", "tessera 1"}, {"architecture", "mlp"}, {"classes", "a\tb"},
            {"input", "1x20x20"},    {"mean", "0"},           {"std", "1"},
            {"crop_pct", "1"},
        };
        g_autoptr(TsState) state = ts_state_new();
        g_autoptr(GError) error = NULL;
        for (gsize k = 0; k < G_N_ELEMENTS(good); k++)
            ts_state_set(state, good[k][0], good[k][1]);
        if (strcmp(cases[i].key, "input") == 0 && cases[i].value[0] == '4') {
            ts_state_set(state, "mean", "0,0,0,0");
            ts_state_set(state, "std", "1,1,1,1");
        }
        ts_state_set(state, cases[i].key, cases[i].value);
        ck_assert(ts_state_write(state, path, NULL));
        ck_assert_ptr_null((i % 2 ? ts_model_map : ts_model_read)(path, &error));
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
        ck_assert_msg(strstr(error->message, cases[i].message) != NULL, "%s", error->message);
        ck_assert(g_str_has_prefix(error->message, path));
    }
    g_remove(path);
}
END_TEST

START_TEST(no_memory_is_an_error)
{
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(ts_aligned_floats(G_MAXSSIZE / 8, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_NO_MEMORY));
}
END_TEST

START_TEST(descriptions_of_models_are_checked)
{
    static const char *const bad[] = {"",
                                      "vgg",
                                      "cnn:",
                                      "cnn:width",
                                      "cnn:width=0",
                                      "cnn:width=x",
                                      "cnn:depth=1",
                                      "cnn:dropout=1",
                                      "mlp:hidden=-1"};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        ck_assert_msg(ts_model_graph_new(bad[i], 1, 20, 20, 3, &error) == NULL, "'%s'", bad[i]);
        ck_assert(error != NULL);
    }
    ck_assert_ptr_null(ts_model_graph_new("cnn", 1, 2, 2, 3, NULL));
    ck_assert_ptr_null(ts_model_graph_new("cnn", 4, 4096, 4097, 3, NULL));
    ck_assert_ptr_null(ts_model_graph_new("mlp", 4, G_MAXINT, G_MAXINT, 3, NULL));
    ck_assert_ptr_null(ts_model_graph_new("mlp:hidden=1", 1, 50000, 50000, 3, NULL));
    g_autoptr(TsGraph) mlp = ts_model_graph_new("mlp:hidden=5", 2, 3, 4, 3, NULL);
    ck_assert_int_eq(ts_graph_n_parameters(mlp), 24 * 5 + 5 + 5 * 3 + 3);
    ck_assert_int_eq(ts_graph_multiply_adds(mlp), 24 * 5 + 5 * 3);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("train");
    TCase *memory = tcase_create("plan");
    tcase_add_test(memory, buffers_alive_together_never_overlap);
    suite_add_tcase(suite, memory);
    TCase *files = tcase_create("files");
    tcase_add_test(files, a_state_reads_back_the_same);
    tcase_add_test(files, logs_read_back_the_same);
    tcase_add_test(files, a_model_reads_back_the_same);
    tcase_add_test(files, a_mapped_model_answers_as_one_that_is_read);
    tcase_add_test(files, descriptions_of_models_are_checked);
    tcase_add_test(files, a_hostile_model_file_is_refused);
    tcase_add_test(files, no_memory_is_an_error);
    suite_add_tcase(suite, files);
    return unit_run(suite);
}

/* Callbacks, driven by hand: what they do with given numbers, by the rules of Keras, PyTorch and
 * timm.
 */
#include "unit.h"

#include "base/error.h"
#include "nn/callbacks/callbacks.h"
#include "nn/trainer.h"
#include "nn/weights.h"
#include "scratch.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

/* ---- callbacks, driven by hand ---- */

typedef struct {
    TsTrainer trainer;
    TsModel *model;
} Bench;

static void
bench_init(Bench *bench)
{
    static const char *const classes[] = {"a", "b", NULL};
    const TsPreprocess how = {
        .width = 2, .height = 1, .channels = 1, .crop_pct = 1, .mean = {0}, .std = {1}};
    *bench = (Bench){0};
    bench->model = ts_model_new("mlp:hidden=2", classes, &how, NULL);
    ck_assert(bench->model != NULL);
    bench->trainer.model = bench->model;
    bench->trainer.logs = ts_logs_new();
    bench->trainer.history = g_ptr_array_new();
    bench->trainer.learning_rate = bench->trainer.rate_scale = 1;
    for (int i = 0; i < 20; i++)
        g_ptr_array_add(bench->trainer.history, bench->trainer.logs);
}

static void
bench_clear(Bench *bench)
{
    ts_logs_free(bench->trainer.logs);
    g_ptr_array_unref(bench->trainer.history);
    ts_model_free(bench->model);
    g_free(bench->trainer.stop_reason);
}

static const TsCallbackContext context = {
    .folder = "/nowhere", .monitor = "val_loss", .has_validation = TRUE, .epochs = 8};

static TsCallback *
parse(const char *text)
{
    GError *error = NULL;
    TsCallback *callback = ts_callback_parse(text, &context, &error);
    ck_assert_msg(callback != NULL, "%s: %s", text, error != NULL ? error->message : "");
    return callback;
}

/* Feed the callback a value an epoch until it stops; the number of epochs run. The first weight is
 * the number of the epoch, so that it tells which weights are there at the end. */
static guint
run_epochs(Bench *bench, TsCallback *callback, const char *name, const double *values, guint n)
{
    ck_assert(callback->train_begin(callback, &bench->trainer, NULL));
    for (guint epoch = (guint) bench->trainer.epoch; epoch < n && !bench->trainer.stop; epoch++) {
        bench->trainer.epoch = epoch;
        bench->model->params->param[0].data[0] = (float) epoch;
        ts_logs_set(bench->trainer.logs, name, values[epoch]);
        ck_assert(callback->epoch_end(callback, &bench->trainer, NULL));
    }
    if (callback->train_end != NULL)
        ck_assert(callback->train_end(callback, &bench->trainer, NULL));
    return (guint) bench->trainer.epoch + 1;
}

/* What Keras 3's EarlyStopping does with the same numbers, worked out by its rules. */
START_TEST(early_stopping_follows_keras)
{
    static const struct {
        const char *monitor;
        double values[8];
        guint patience, start_from;
        double min_delta, baseline; /* baseline NAN: none */
        guint epochs_run;
    } cases[] = {
        {"val_loss", {5, 4, 3, 3, 3, 2, 1, 1}, 2, 0, 0, NAN, 5},
        {"val_loss", {5, 4, 3, 3, 2.9, 3, 3, 1}, 2, 0, 0, NAN, 7},
        {"val_loss", {5, 4.9, 4.8, 4.7, 4.6, 4.5, 4.4, 4.3}, 3, 0, 1, NAN, 4},
        {"val_accuracy", {0.5, 0.6, 0.6, 0.7, 0.7, 0.7, 0.9, 0.9}, 2, 0, 0, NAN, 6},
        {"val_loss", {5, 5, 5, 5, 5, 5, 5, 5}, 1, 4, 0, NAN, 6},
        {"val_loss", {5, 4, 3, 2, 1, 0.5, 0.4, 0.3}, 3, 0, 0, 2.5, 8},
        {"val_loss", {5, 4.9, 4.8, 4.7, 4.7, 0.5, 0.4, 0.3}, 3, 0, 0, 2.5, 5},
        {"val_loss", {5, NAN, NAN, 1, 1, 1, 1, 1}, 2, 0, 0, NAN, 3},
        {"val_loss", {5, 5, 1, 1, 1, 1, 1, 1}, 0, 0, 0, NAN, 2},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Bench bench;
        bench_init(&bench);
        const TsEarlyStop options = {
            .monitor = {.name = cases[i].monitor, .min_delta = cases[i].min_delta},
            .patience = cases[i].patience,
            .start_from_epoch = cases[i].start_from,
            .has_baseline = !isnan(cases[i].baseline),
            .baseline = cases[i].baseline};
        TsCallback *callback = ts_early_stop_new(&options);
        guint n = run_epochs(&bench, callback, cases[i].monitor, cases[i].values, 8);
        ck_assert_msg(n == cases[i].epochs_run, "case %d ran %u epochs, not %u", (int) i, n,
                      cases[i].epochs_run);
        ts_callback_free(callback);
        bench_clear(&bench);
    }
}
END_TEST

START_TEST(early_stopping_puts_the_best_weights_back)
{
    static const double values[] = {5, 3, 4, 4, 4, 4};
    Bench bench;
    bench_init(&bench);
    const TsEarlyStop options = {
        .monitor = {.name = "val_loss"}, .patience = 2, .restore_best = TRUE};
    TsCallback *callback = ts_early_stop_new(&options);
    ck_assert_uint_eq(run_epochs(&bench, callback, "val_loss", values, 6), 4);
    ck_assert(bench.model->params->param[0].data[0] == 1);
    ts_callback_free(callback);
    bench_clear(&bench);
}
END_TEST

/* Stopped after any epoch and gone on from the checkpoint, it ends as if it had not been. */
START_TEST(early_stopping_remembers_in_a_checkpoint)
{
    static const double values[] = {5, 3, 4, 3.5, 2, 4, 4, 4, 4, 4};
    for (guint cut = 1; cut < 7; cut++) {
        Bench bench;
        bench_init(&bench);
        const TsEarlyStop options = {
            .monitor = {.name = "val_loss"}, .patience = 3, .restore_best = TRUE};
        TsCallback *first = ts_early_stop_new(&options), *second = ts_early_stop_new(&options);
        first->train_end = NULL;
        run_epochs(&bench, first, "val_loss", values, cut);
        g_autoptr(TsState) state = ts_state_new();
        ck_assert(first->save(first, &bench.trainer, state, NULL));
        ck_assert(second->load(second, &bench.trainer, state, NULL));
        bench.trainer.epoch = cut;
        ck_assert_uint_eq(run_epochs(&bench, second, "val_loss", values, 10), 8);
        ck_assert(bench.model->params->param[0].data[0] == 4);
        ts_callback_free(first);
        ts_callback_free(second);
        bench_clear(&bench);
    }
}
END_TEST

/* What Keras 3's ReduceLROnPlateau and PyTorch's do with the same numbers, worked out by their
 * rules: the rates of the epochs, times 8. */
START_TEST(plateaus_follow_keras_and_pytorch)
{
    static const struct {
        const char *schedule, *monitor;
        double values[8], rates[8];
    } cases[] = {
        {"plateau:factor=0.5,patience=2",
         "val_loss",
         {5, 4, 4, 4, 4, 4, 4, 4},
         {8, 8, 8, 8, 4, 4, 2, 2}},
        {"plateau:factor=0.5,patience=2,rule=pytorch",
         "val_loss",
         {5, 4, 4, 4, 4, 4, 4, 4},
         {8, 8, 8, 8, 8, 4, 4, 4}},
        /* An improvement by delta or less is none. */
        {"plateau:factor=0.5,patience=1,delta=1",
         "val_loss",
         {5, 4, 3, 2, 2, 0.5, 0, 0},
         {8, 8, 4, 4, 2, 1, 1, 0.5}},
        /* The epochs of a cool-down are not counted; the one in which it ends is. */
        {"plateau:factor=0.5,patience=1,cooldown=2",
         "val_loss",
         {5, 5, 5, 5, 5, 5, 5, 5},
         {8, 8, 4, 4, 2, 2, 1, 1}},
        {"plateau:factor=0.5,patience=1,min=0.4",
         "val_accuracy",
         {5, 4, 4, 4, 4, 4, 4, 4},
         {8, 8, 4, 3.2, 3.2, 3.2, 3.2, 3.2}},
        {"plateau:factor=0.5,patience=1",
         "val_loss",
         {5, NAN, NAN, 1, 1, 1, 1, 1},
         {8, 8, 4, 2, 2, 1, 0.5, 0.25}},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Bench bench;
        bench_init(&bench);
        TsSchedule schedule = {.rate = 1, .epochs = 8, .steps_per_epoch = 1};
        const TsMonitor monitor = {.name = cases[i].monitor};
        ck_assert(ts_schedule_parse(cases[i].schedule, &schedule, NULL));
        TsCallback *callback = ts_plateau_new(&schedule, &monitor);
        ck_assert(callback->train_begin(callback, &bench.trainer, NULL));
        for (guint epoch = 0; epoch < 8; epoch++) {
            bench.trainer.epoch = epoch;
            ck_assert(callback->epoch_begin(callback, &bench.trainer, NULL));
            ck_assert_msg(fabs(8 * bench.trainer.learning_rate - cases[i].rates[epoch]) < 1e-12,
                          "case %d, epoch %u: %g", (int) i, epoch, 8 * bench.trainer.learning_rate);
            ts_logs_set(bench.trainer.logs, cases[i].monitor, cases[i].values[epoch]);
            ck_assert(callback->epoch_end(callback, &bench.trainer, NULL));
        }
        ts_callback_free(callback);
        bench_clear(&bench);
    }
}
END_TEST

/* A watched number that is not in the logs: Keras warns, trains on, and writes the model. */
START_TEST(a_number_that_is_missing_stops_nothing)
{
    static const double values[] = {5, 5, 5, 5, 5, 5};
    static const char *const cases[] = {"early-stopping:patience=1", "reduce-lr:patience=1",
                                        "checkpoint:best=1,file=%s/{epoch}",
                                        "checkpoint:top=2,file=%s/{epoch}"};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Bench bench;
        bench_init(&bench);
        g_auto(GStrv) parts = g_strsplit(cases[i], "%s", 2);
        g_autofree char *text = g_strjoinv(scratch_folder, parts);
        TsCallback *callback = parse(text);
        /* val_loss is watched. */
        ck_assert_uint_eq(run_epochs(&bench, callback, "loss", values, 6), 6);
        ck_assert(bench.trainer.rate_scale == 1);
        for (int epoch = 1; epoch <= 6; epoch++) {
            g_autofree char *path = g_strdup_printf("%d", epoch);
            ck_assert_int_eq(g_unlink(path) == 0, i >= 2);
        }
        ts_callback_free(callback);
        bench_clear(&bench);
    }
}
END_TEST

START_TEST(an_unknown_monitor_is_refused)
{
    g_autoptr(GError) error = NULL;
    TsMonitor monitor = {.name = "speed"};
    ck_assert(!ts_monitor_settle(&monitor, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    monitor.mode = TS_MONITOR_MAX;
    ck_assert(ts_monitor_settle(&monitor, NULL));
}
END_TEST

/* Every option of Keras' EarlyStopping by its name on the command line. */
START_TEST(early_stopping_takes_keras_options_by_name)
{
    static const struct {
        const char *text;
        double values[8];
        guint epochs_run;
        float first_weight; /* at the end: that of the last epoch, or of the best */
    } cases[] = {
        {"early-stopping", {5, 4, 4, 4, 4, 4, 4, 4}, 3, 2},
        {"early-stopping:patience=2", {5, 4, 4, 4, 4, 4, 4, 4}, 4, 3},
        {"early-stopping:patience=2,restore_best=1", {5, 4, 4, 4, 4, 4, 4, 4}, 4, 1},
        /* Restored without an early stop too, as Keras 3 does. */
        {"early-stopping:patience=9,restore_best=1", {5, 4, 3, 9, 9, 9, 9, 9}, 8, 2},
        {"early-stopping:patience=1,min_delta=1", {5, 4.5, 3, 3, 3, 3, 3, 3}, 2, 1},
        {"early-stopping:patience=1,mode=max", {1, 2, 3, 4, 4, 4, 4, 4}, 5, 4},
        {"early-stopping:patience=1,mode=min", {5, 6, 1, 1, 1, 1, 1, 1}, 2, 1},
        {"early-stopping:patience=2,baseline=1", {5, 4, 3, 3, 2, 2, 2, 2}, 4, 3},
        {"early-stopping:patience=1,start_from_epoch=3", {1, 2, 3, 4, 4, 4, 4, 4}, 5, 4},
        {"early-stopping:patience=1,start_from_epoch=2,restore_best=1",
         {1, 2, 4, 3, 5, 5, 5, 5},
         5,
         3},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Bench bench;
        bench_init(&bench);
        TsCallback *callback = parse(cases[i].text);
        TsCallbackFunc restore = callback->train_end;
        callback->train_end = NULL;
        guint n = run_epochs(&bench, callback, "val_loss", cases[i].values, 8);
        ck_assert_msg(n == cases[i].epochs_run, "%s ran %u epochs", cases[i].text, n);
        g_autoptr(GError) error = NULL;
        gboolean restores = strstr(cases[i].text, "restore") != NULL;
        /* The folder is nowhere: what is restored stands in the model, and writing it fails. */
        ck_assert(restore(callback, &bench.trainer, &error) == !restores);
        ck_assert_msg(bench.model->params->param[0].data[0] == cases[i].first_weight, "%s: %g",
                      cases[i].text, bench.model->params->param[0].data[0]);
        ts_callback_free(callback);
        bench_clear(&bench);
    }
}
END_TEST

/* Beside a schedule that goes on: the scale, times 8. */
START_TEST(reduce_lr_scales_the_rate_of_another_schedule)
{
    static const struct {
        const char *text;
        double values[6], scales[6];
    } cases[] = {
        {"reduce-lr:factor=0.5,patience=2", {5, 4, 4, 4, 4, 4}, {8, 8, 8, 4, 4, 2}},
        {"reduce-lr:factor=0.5,patience=1,mode=max", {1, 2, 3, 3, 4, 4}, {8, 8, 8, 4, 4, 2}},
        {"reduce-lr:factor=0.5,patience=1,cooldown=2", {5, 5, 5, 5, 5, 5}, {8, 4, 4, 2, 2, 1}},
        {"reduce-lr:factor=0.1,patience=1,min=0.5", {5, 5, 5, 5, 5, 5}, {8, 4, 4, 4, 4, 4}},
        {"reduce-lr:factor=0.5,patience=1,delta=1", {5, 4, 3, 1, 0.5, 0.5}, {8, 4, 4, 4, 2, 1}},
        {"reduce-lr:factor=0.5,patience=1,rule=pytorch,delta=0",
         {5, 5, 5, 5, 5, 5},
         {8, 8, 4, 4, 2, 2}},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Bench bench;
        bench_init(&bench);
        TsCallback *callback = parse(cases[i].text);
        ck_assert(callback->train_begin(callback, &bench.trainer, NULL));
        for (guint epoch = 0; epoch < 6; epoch++) {
            ts_logs_set(bench.trainer.logs, "val_loss", cases[i].values[epoch]);
            ck_assert(callback->epoch_end(callback, &bench.trainer, NULL));
            ck_assert_msg(fabs(8 * bench.trainer.rate_scale - cases[i].scales[epoch]) < 1e-12,
                          "%s, epoch %u: %g", cases[i].text, epoch, 8 * bench.trainer.rate_scale);
        }
        ts_callback_free(callback);
        bench_clear(&bench);
    }
}
END_TEST

/* Which epochs' models lie in the folder at the end. */
START_TEST(checkpoints_follow_keras)
{
    static const struct {
        const char *keys, *files;
        double values[6];
    } cases[] = {
        {"", "1 2 3 4 5 6 ", {5, 4, 4, 3, 9, 2}},
        {"best=1", "1 2 4 6 ", {5, 4, 4, 3, 9, 2}},
        {"best=1,min_delta=1", "1 4 ", {5, 4.5, 4, 3, 9, 2}},
        {"best=1,mode=max", "1 5 ", {5, 4, 4, 3, 9, 2}},
        {"best=1,initial=4", "4 6 ", {5, 4, 4, 3, 9, 2}},
        {"best=1,every=2", "2 4 6 ", {1, 4, 1, 3, 1, 2}},
        {"every=4", "4 ", {5, 4, 4, 3, 9, 2}},
        /* No number is no improvement, but there is a model. */
        {"best=1", "1 2 3 ", {NAN, NAN, 4, NAN, 9, 4}},
        {"top=2", "4 6 ", {5, 4, 4, 3, 9, 2}},
        {"top=3", "2 4 6 ", {5, 4, 4, 3, 9, 2}},
        {"top=2,mode=max", "1 5 ", {5, 4, 4, 3, 9, 2}},
        {"top=2,every=3", "3 6 ", {1, 1, 4, 1, 1, 5}},
        {"top=2", "3 5 ", {NAN, NAN, 4, NAN, 9, NAN}},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Bench bench;
        bench_init(&bench);
        g_autofree char *text = g_strdup_printf("checkpoint:file=%s/case%d/{epoch},%s",
                                                scratch_folder, (int) i, cases[i].keys);
        g_autofree char *folder = g_strdup_printf("case%d", (int) i);
        if (g_str_has_suffix(text, ","))
            text[strlen(text) - 1] = '\0';
        ck_assert_int_eq(g_mkdir(folder, 0777), 0);
        TsCallback *callback = parse(text);
        run_epochs(&bench, callback, "val_loss", cases[i].values, 6);
        g_autoptr(GString) files = g_string_new(NULL);
        for (guint epoch = 1; epoch <= 6; epoch++) {
            g_autofree char *path = g_strdup_printf("case%d/%u", (int) i, epoch);
            if (g_file_test(path, G_FILE_TEST_EXISTS))
                g_string_append_printf(files, "%u ", epoch);
        }
        ck_assert_msg(strcmp(files->str, cases[i].files) == 0, "%s: %s", cases[i].keys, files->str);
        ts_callback_free(callback);
        bench_clear(&bench);
    }
}
END_TEST

/* The list of the best comes back from a state, as do patience and the watched best. */
START_TEST(the_best_few_are_remembered_in_a_checkpoint)
{
    static const double values[] = {3, 4, 5, 1, 2, 9};
    Bench bench;
    bench_init(&bench);
    g_autofree char *text = g_strdup_printf("checkpoint:top=2,file=%s/{epoch}", scratch_folder);
    TsCallback *first = parse(text), *second = parse(text);
    run_epochs(&bench, first, "val_loss", values, 3);
    g_autoptr(TsState) state = ts_state_new();
    ck_assert(first->save(first, &bench.trainer, state, NULL));
    ck_assert(second->load(second, &bench.trainer, state, NULL));
    bench.trainer.epoch = 3;
    run_epochs(&bench, second, "val_loss", values, 6);
    for (guint epoch = 1; epoch <= 6; epoch++) {
        g_autofree char *path = g_strdup_printf("%u", epoch);
        ck_assert_int_eq(g_file_test(path, G_FILE_TEST_EXISTS), epoch == 4 || epoch == 5);
    }
    ts_callback_free(first);
    ts_callback_free(second);
    bench_clear(&bench);
}
END_TEST

START_TEST(names_of_checkpoints_hold_numbers)
{
    static const struct {
        const char *pattern, *name; /* NULL: refused */
    } cases[] = {
        {"a/b.safetensors", "a/b.safetensors"},
        {"{epoch}", "7"},
        {"{epoch:03d}-{batch:d}", "007-12"},
        {"{val_loss:.2f}", "0.25"},
        {"{val_loss}", "0.25"},
        {"{val_loss:6.1e}", "2.5e-01"},
        {"run{1}/{epoch}", "run{1}/7"},
        {"{epoch", "{epoch"},
        {"{accuracy}", NULL},
        {"{epoch:s}", NULL},
        {"{epoch:%n}", NULL},
        {"{epoch:.2d}", NULL},
        {"{val_loss:d}", NULL},
        {"{epoch:9999d}", NULL},
        {"{val_loss:.999f}", NULL},
        {"{val_loss:1.1.1f}", NULL},
        {"{}", NULL},
    };
    g_autoptr(TsLogs) logs = ts_logs_new();
    ts_logs_set(logs, "val_loss", 0.25);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *path = ts_model_checkpoint_path(cases[i].pattern, 7, 12, logs, &error);
        ck_assert_msg(g_strcmp0(path, cases[i].name) == 0, "%s: %s", cases[i].pattern, path);
        ck_assert(path != NULL || g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    }
}
END_TEST

/* Columns of the first epoch; what is missing later is NA. */
START_TEST(csv_logs_follow_keras)
{
    Bench bench;
    bench_init(&bench);
    g_autoptr(TsLogs) first = ts_logs_new(), second = ts_logs_new();
    ts_logs_set(first, "loss", 0.5);
    ts_logs_set(first, "accuracy", 0.25);
    ts_logs_set(second, "accuracy", 1);
    ts_logs_set(second, "late", 3);
    g_ptr_array_set_size(bench.trainer.history, 0);
    g_ptr_array_add(bench.trainer.history, first);
    g_ptr_array_add(bench.trainer.history, second);
    static const struct {
        const char *keys, *text;
    } cases[] = {{"file=", "epoch,loss,accuracy\n1,0.5,0.25\n2,NA,1\n"},
                 {"separator=;,file=", "epoch;loss;accuracy\n1;0.5;0.25\n2;NA;1\n"},
                 {"separator=tab,file=", "epoch\tloss\taccuracy\n1\t0.5\t0.25\n2\tNA\t1\n"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf("csv:%s%s/log", cases[i].keys, scratch_folder);
        TsCallback *callback = parse(text);
        ck_assert(callback->epoch_end(callback, &bench.trainer, NULL));
        g_autofree char *written = NULL;
        ck_assert(g_file_get_contents("log", &written, NULL, NULL));
        ck_assert_str_eq(written, cases[i].text);
        ts_callback_free(callback);
    }
    bench_clear(&bench);
}
END_TEST

START_TEST(terminate_on_nan_stops_only_there)
{
    Bench bench;
    bench_init(&bench);
    TsCallback *callback = parse("terminate-on-nan");
    ck_assert(callback->batch_end(callback, &bench.trainer, NULL) && !bench.trainer.stop);
    bench.trainer.diverged = TRUE;
    ck_assert(callback->batch_end(callback, &bench.trainer, NULL) && bench.trainer.stop);
    ts_callback_free(callback);
    bench_clear(&bench);
}
END_TEST

/* ---- averages ---- */

/* timm's ModelEmaV3.get_decay() and lerp, in double. */
START_TEST(ema_follows_timm)
{
    static const struct {
        const char *text;
        double decay, min;
        int warmup, after;
        double gamma, power;
    } cases[] = {{"ema:decay=0.9", 0.9, 0, 0, 0, 1, 2.0 / 3},
                 {"ema:decay=0.9,warmup=1", 0.9, 0, 1, 0, 1, 2.0 / 3},
                 {"ema:decay=0.9,after=3", 0.9, 0, 0, 3, 1, 2.0 / 3},
                 {"ema:decay=0.9,warmup=1,min=0.5", 0.9, 0.5, 1, 0, 1, 2.0 / 3},
                 {"ema:decay=0.9,warmup=1,gamma=5", 0.9, 0, 1, 0, 5, 2.0 / 3},
                 {"ema:decay=0.9,warmup=1,gamma=0.5,power=0.4", 0.9, 0, 1, 0, 0.5, 0.4}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Bench bench;
        bench_init(&bench);
        TsCallback *callback = parse(cases[i].text);
        ck_assert(callback->train_begin(callback, &bench.trainer, NULL));
        float *weight = &bench.model->params->param[0].data[0];
        double average = 0;
        for (int step = 1; step <= 40; step++) {
            double decay = 0, t = MAX(0, step - cases[i].after - 1);
            if (t > 0)
                decay = MAX(MIN(cases[i].decay,
                                cases[i].warmup ? 1 - pow(1 + t / cases[i].gamma, -cases[i].power)
                                                : cases[i].decay),
                            cases[i].min);
            *weight = (float) sin(step);
            average += (1 - decay) * (*weight - average);
            ck_assert(callback->batch_end(callback, &bench.trainer, NULL));
            ck_assert(callback->evaluation_begin(callback, &bench.trainer, NULL));
            ck_assert_msg(fabs(*weight - average) < 1e-6, "%s, step %d: %g, not %g", cases[i].text,
                          step, *weight, average);
            ck_assert(callback->evaluation_end(callback, &bench.trainer, NULL));
            ck_assert(*weight == (float) sin(step));
        }
        ts_callback_free(callback);
        bench_clear(&bench);
    }
}
END_TEST

/* PyTorch's SWALR: from the rate that is there to lr within `anneal` epochs; AveragedModel: the
 * mean of the epochs' weights. An epoch that is not complete is not averaged. */
START_TEST(swa_follows_pytorch)
{
    static const struct {
        const char *text;
        double rates[6];
    } cases[] = {
        {"swa:from=2", {1, 1, 1, 1, 1, 1}},
        {"swa:from=2,lr=0.5,anneal=0", {1, 1, 0.5, 0.5, 0.5, 0.5}},
        {"swa:from=2,lr=0.5,anneal=2", {1, 1, 1, 0.75, 0.5, 0.5}},
        {"swa:from=1,lr=0.2,anneal=4,shape=linear", {1, 1, 0.8, 0.6, 0.4, 0.2}},
        {"swa:from=1,lr=0,anneal=3", {1, 1, 0.75, 0.25, 0, 0}},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Bench bench;
        bench_init(&bench);
        TsCallback *callback = parse(cases[i].text);
        double sum = 0;
        int n = 0;
        for (guint epoch = 0; epoch < 6; epoch++) {
            bench.trainer.epoch = epoch;
            bench.trainer.learning_rate = 1;
            ck_assert(callback->epoch_begin(callback, &bench.trainer, NULL));
            ck_assert_msg(fabs(bench.trainer.learning_rate - cases[i].rates[epoch]) < 1e-12,
                          "%s, epoch %u: %g", cases[i].text, epoch, bench.trainer.learning_rate);
            bench.model->params->param[0].data[0] = (float) (epoch * epoch);
            bench.trainer.epoch_complete = FALSE;
            ck_assert(callback->evaluation_end(callback, &bench.trainer, NULL));
            bench.trainer.epoch_complete = TRUE;
            ck_assert(callback->evaluation_end(callback, &bench.trainer, NULL));
            if (epoch >= (i < 3 ? 2 : 1)) {
                sum += epoch * epoch;
                n++;
            }
        }
        g_autoptr(TsState) state = ts_state_new();
        g_autoptr(TsWeights) average = ts_weights_new(bench.model->params, NULL);
        ck_assert(callback->save(callback, &bench.trainer, state, NULL));
        ck_assert(ts_weights_load(average, bench.model->params, "swa.", state, NULL));
        ck_assert(fabs(average->data[0][0] - sum / n) < 1e-5);
        gint64 n_saved;
        ck_assert(ts_state_get_int(state, "swa.n", &n_saved, NULL));
        ck_assert_int_eq(n_saved, n);
        ts_callback_free(callback);
        bench_clear(&bench);
    }
}
END_TEST

/* Class weights that join change what the training loss means: nothing before compares. */
START_TEST(a_loss_of_another_definition_is_compared_anew)
{
    static const double weights[] = {1, 2};
    static const struct {
        const char *monitor;
        guint epochs_run;
    } cases[] = {{"loss", 8}, {"val_loss", 5}};
    static const double values[] = {1, 1.5, 2, 9, 8, 7, 6, 5};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Bench bench;
        bench_init(&bench);
        bench.trainer.options.loss.class_weights = weights;
        bench.trainer.options.class_weights_from = 3;
        g_autofree char *text =
            g_strdup_printf("early-stopping:patience=4,monitor=%s", cases[i].monitor);
        TsCallback *callback = parse(text);
        ck_assert_uint_eq(run_epochs(&bench, callback, cases[i].monitor, values, 8),
                          cases[i].epochs_run);
        ts_callback_free(callback);
        bench_clear(&bench);
    }
}
END_TEST

/* ---- samples ---- */

static TsManifest *
three_rows(void)
{
    static const char text[] = "file_name\tlabel\tsplit\n"
                               "a.png\ta\ttrain\nb.png\ta\tval\nc.png\tb\ttrain\n";
    char *copy = g_strdup(text);
    GError *error = NULL;
    TsManifest *manifest = ts_manifest_parse(copy, strlen(copy), "rows.tsv", ".", &error);
    ck_assert_msg(manifest != NULL, "%s", error != NULL ? error->message : "");
    return manifest;
}

/* Show the callback a batch of one: row, label and logits. */
static gboolean
show(Bench *bench, TsCallback *callback, guint64 row, gint32 label, const float logits[2],
     const TsBatch *like)
{
    TsBatch batch = *like;
    batch.n = 1;
    batch.rows = &row;
    batch.labels = &label;
    bench->trainer.batch_in_hand = &batch;
    bench->trainer.logits_in_hand = logits;
    return callback->batch_end(callback, &bench->trainer, NULL);
}

/* Row 0 is right, wrong, right, wrong; row 2 comes once, and in batches that do not count; row 1,
 * which is validated on, never. After two of the times the rest is done by a second callback that
 * was loaded from the first one's checkpoint. */
START_TEST(samples_are_described_by_all_the_times_they_came)
{
    static const float logits[][2] = {{3, 1}, {-1, 1.5f}, {2, 0}, {0.5f, 0.75f}};
    static const TsBatch plain = {0};
    float half = 0.5f, *targets = &half;
    Bench bench;
    bench_init(&bench);
    g_autoptr(TsManifest) manifest = three_rows();
    g_autoptr(TsState) state = ts_state_new();
    TsCallback *first = ts_samples_new(manifest, "samples.tsv");
    TsCallback *second = ts_samples_new(manifest, "samples.tsv");
    ck_assert(first->train_begin(first, &bench.trainer, NULL));
    ck_assert(show(&bench, first, 0, 0, logits[0], &plain));
    ck_assert(show(&bench, first, 0, 0, logits[1], &plain));
    ck_assert(first->save(first, &bench.trainer, state, NULL));
    ck_assert(second->load(second, &bench.trainer, state, NULL));
    ck_assert(second->train_begin(second, &bench.trainer, NULL));
    ck_assert(show(&bench, second, 0, 0, logits[2], &plain));
    ck_assert(show(&bench, second, 0, 0, logits[3], &plain));
    ck_assert(show(&bench, second, 2, 1, logits[3], &plain));
    ck_assert(show(&bench, second, 2, 1, logits[0], &(TsBatch){.shares = &half}));
    bench.trainer.batch_loss = NAN;
    ck_assert(show(&bench, second, 2, 1, logits[0], &plain));
    ck_assert(!show(&bench, second, 2, 1, logits[0], &(TsBatch){.targets = targets}));
    ck_assert(second->epoch_end(second, &bench.trainer, NULL));

    double loss = 0, p = 0, p2 = 0, margin = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(logits); i++) {
        const double m = logits[i][0] - logits[i][1], q = 1 / (1 + exp(-m));
        loss -= log(q) / 4;
        p += q / 4;
        p2 += q * q / 4;
        margin += m / 4;
    }
    g_autofree char *text = NULL;
    ck_assert(g_file_get_contents("samples.tsv", &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    ck_assert_uint_eq(g_strv_length(lines), 4);
    ck_assert_str_eq(lines[0], "line\tid\tlabel\tseen\tright\tforgotten\tloss\tconfidence\t"
                               "variability\tmargin");
    ck_assert_msg(g_str_has_prefix(lines[1], "2\ta.png\ta\t4\t2\t2\t"), "%s", lines[1]);
    ck_assert_msg(g_str_has_prefix(lines[2], "4\tc.png\tb\t1\t1\t0\t"), "%s", lines[2]);
    g_auto(GStrv) cells = g_strsplit(lines[1], "\t", -1);
    ck_assert_double_eq_tol(g_ascii_strtod(cells[6], NULL), loss, 1e-6);
    ck_assert_double_eq_tol(g_ascii_strtod(cells[7], NULL), p, 1e-6);
    ck_assert_double_eq_tol(g_ascii_strtod(cells[8], NULL), sqrt(p2 - p * p), 1e-6);
    ck_assert_double_eq_tol(g_ascii_strtod(cells[9], NULL), margin, 1e-6);
    ck_assert_msg(g_str_has_suffix(lines[2], "\t0\t0.25"), "%s", lines[2]);
    ts_callback_free(first);
    ts_callback_free(second);
    bench_clear(&bench);
}
END_TEST

START_TEST(samples_of_a_checkpoint_are_checked)
{
    enum { ROWS = 3, NUMBERS = 9 };
    static const struct {
        guint place;
        float value;
    } wrong[] = {{0, 2}, {0, -1}, {0, NAN}, {NUMBERS + 1, -1}, {1, INFINITY}};
    Bench bench;
    bench_init(&bench);
    g_autoptr(TsManifest) manifest = three_rows();
    for (gsize i = 0; i <= G_N_ELEMENTS(wrong); i++) {
        float table[ROWS * NUMBERS] = {0};
        const gboolean is_wrong = i < G_N_ELEMENTS(wrong);
        if (is_wrong)
            table[wrong[i].place] = wrong[i].value;
        g_autoptr(GError) error = NULL;
        g_autoptr(TsState) state = ts_state_new(), narrow = ts_state_new();
        ck_assert(ts_state_add_table(state, "samples", table, ROWS, NUMBERS, NULL));
        ck_assert(ts_state_add_table(narrow, "samples", table, NUMBERS, ROWS, NULL));
        TsCallback *callback = ts_samples_new(manifest, "samples.tsv");
        ck_assert_int_eq(callback->load(callback, &bench.trainer, state, &error), !is_wrong);
        ck_assert(!is_wrong || g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
        ck_assert(!callback->load(callback, &bench.trainer, narrow, NULL));
        ts_callback_free(callback);
    }
    bench_clear(&bench);
}
END_TEST

START_TEST(wrong_callbacks_are_refused)
{
    static const char *const cases[][2] = {
        {"confetti", "there is no callback 'confetti'"},
        {"early-stopping:patience=-1", "patience"},
        {"early-stopping:patience=x", "patience"},
        {"early-stopping:mode=best", "mode"},
        {"early-stopping:monitor=speed", "speed"},
        {"early-stopping:restore_best=2", "restore_best"},
        {"early-stopping:pace=3", "pace"},
        {"reduce-lr:factor=1", "factor"},
        {"reduce-lr:rule=mine", "rule"},
        {"checkpoint:unit=year", "unit"},
        {"checkpoint:every=0", "every"},
        {"checkpoint:top=2,unit=batch", "epochs"},
        {"checkpoint:top=2,file=same", "names"},
        {"ema:decay=1", "decay"},
        {"ema:warmup=yes", "warmup"},
        {"swa:shape=round", "shape"},
        {"swa:lr=-1", "lr"},
        {"backup:every=0", "every"},
        {"csv:separator=::", "separator"},
        {"samples:table=x", "table"},
        {"terminate-on-nan:now=1", "now"},
        {"time-limit", "TIME"},
        {"exec", "COMMAND"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        ck_assert_msg(ts_callback_parse(cases[i][0], &context, &error) == NULL, "%s", cases[i][0]);
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
        ck_assert_msg(strstr(error->message, cases[i][1]) != NULL, "%s: %s", cases[i][0],
                      error->message);
    }
    const TsCallbackContext blind = {.folder = "/nowhere", .monitor = "loss"};
    ck_assert_ptr_null(ts_callback_parse("early-stopping:monitor=val_loss", &blind, NULL));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("callbacks");
    TCase *keras = tcase_create("keras");
    tcase_add_checked_fixture(keras, scratch_enter, scratch_leave);
    tcase_add_test(keras, early_stopping_follows_keras);
    tcase_add_test(keras, early_stopping_puts_the_best_weights_back);
    tcase_add_test(keras, early_stopping_remembers_in_a_checkpoint);
    tcase_add_test(keras, early_stopping_takes_keras_options_by_name);
    tcase_add_test(keras, plateaus_follow_keras_and_pytorch);
    tcase_add_test(keras, reduce_lr_scales_the_rate_of_another_schedule);
    tcase_add_test(keras, checkpoints_follow_keras);
    tcase_add_test(keras, the_best_few_are_remembered_in_a_checkpoint);
    tcase_add_test(keras, names_of_checkpoints_hold_numbers);
    tcase_add_test(keras, csv_logs_follow_keras);
    tcase_add_test(keras, terminate_on_nan_stops_only_there);
    tcase_add_test(keras, a_number_that_is_missing_stops_nothing);
    tcase_add_test(keras, an_unknown_monitor_is_refused);
    tcase_add_test(keras, a_loss_of_another_definition_is_compared_anew);
    tcase_add_test(keras, wrong_callbacks_are_refused);
    tcase_add_test(keras, samples_are_described_by_all_the_times_they_came);
    tcase_add_test(keras, samples_of_a_checkpoint_are_checked);
    suite_add_tcase(suite, keras);
    TCase *averages = tcase_create("averages");
    tcase_add_test(averages, ema_follows_timm);
    tcase_add_test(averages, swa_follows_pytorch);
    suite_add_tcase(suite, averages);
    return unit_run(suite);
}

/* The callbacks that --callback names. */
#include "nn/callbacks/callbacks.h"

#include "base/error.h"
#include "base/nearest.h"
#include "base/number.h"

#include <string.h>

/* "90", "90s", "30m", "2h" */
static gboolean
parse_time(const char *text, double *seconds, GError **error)
{
    static const struct {
        char unit;
        double seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    g_autofree char *number = g_strdup(text);
    gsize n = strlen(number);
    double factor = 1;
    for (gsize i = 0; i < G_N_ELEMENTS(units); i++)
        if (n > 0 && number[n - 1] == units[i].unit) {
            factor = units[i].seconds;
            number[n - 1] = '\0';
            break;
        }
    if (!ts_parse_double(number, 0, 1e9, "callback time-limit", seconds, error))
        return FALSE;
    *seconds *= factor;
    return TRUE;
}

gboolean
ts_monitor_parse(TsSpec *spec, const TsCallbackContext *context, TsMonitor *monitor, GError **error)
{
    static const char *const modes[] = {"auto", "min", "max", NULL};
    const char *name = ts_spec_text(spec, "monitor"), *mode = ts_spec_text(spec, "mode");
    monitor->name = name != NULL ? name : context->monitor;
    if (!context->has_validation && g_str_has_prefix(monitor->name, "val_"))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "callback %s: monitor '%s' needs validation rows, there are none",
                            ts_spec_name(spec), monitor->name);
    if (mode != NULL && !g_strv_contains(modes, mode))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "callback %s: mode: '%s' is not auto, min or max", ts_spec_name(spec),
                            mode);
    if (mode != NULL)
        monitor->mode = g_str_equal(mode, "min")   ? TS_MONITOR_MIN
                        : g_str_equal(mode, "max") ? TS_MONITOR_MAX
                                                   : TS_MONITOR_AUTO;
    return ts_monitor_settle(monitor, error);
}

char *
ts_callback_file(TsSpec *spec, const TsCallbackContext *context, const char *fallback)
{
    const char *file = ts_spec_text(spec, "file");
    if (file == NULL)
        file = fallback;
    return g_path_is_absolute(file) ? g_strdup(file)
                                    : g_build_filename(context->folder, file, NULL);
}

/* ---- names ---- */

static TsCallback *
new_time_limit(const char *argument, const TsCallbackContext *context, GError **error)
{
    double seconds;
    return parse_time(argument, &seconds, error) ? ts_time_limit_new(seconds) : NULL;
}

static TsCallback *
new_exec(const char *argument, const TsCallbackContext *context, GError **error)
{
    return ts_exec_new(argument, context->folder);
}

static TsCallback *
new_plugin(const char *argument, const TsCallbackContext *context, GError **error)
{
    return ts_plugin_parse(argument, error);
}

static TsCallback *
new_progress(TsSpec *spec, const TsCallbackContext *context, GError **error)
{
    return ts_progress_callback_new();
}

static TsCallback *
new_terminate_on_nan(TsSpec *spec, const TsCallbackContext *context, GError **error)
{
    return ts_terminate_on_nan_new();
}

/* One of the two: with an argument that is taken as it is, or with KEY=VALUE,... */
static const struct {
    const char *name, *argument;
    TsCallback *(*make)(const char *argument, const TsCallbackContext *context, GError **error);
    TsCallback *(*parse)(TsSpec *spec, const TsCallbackContext *context, GError **error);
} names[] = {{.name = "early-stopping", .parse = ts_early_stop_parse},
             {.name = "reduce-lr", .parse = ts_reduce_rate_parse},
             {.name = "checkpoint", .parse = ts_model_checkpoint_parse},
             {.name = "ema", .parse = ts_ema_parse},
             {.name = "swa", .parse = ts_swa_parse},
             {.name = "terminate-on-nan", .parse = new_terminate_on_nan},
             {.name = "rollback", .parse = ts_rollback_parse},
             {.name = "samples", .parse = ts_samples_parse},
             {.name = "backup", .parse = ts_backup_parse},
             {.name = "csv", .parse = ts_csv_log_parse},
             {.name = "jsonl", .parse = ts_json_lines_parse},
             {.name = "tensorboard", .parse = ts_tensorboard_parse},
             {.name = "progress", .parse = new_progress},
             {.name = "time-limit", .argument = "TIME", .make = new_time_limit},
             {.name = "exec", .argument = "COMMAND", .make = new_exec},
             {.name = "plugin", .argument = "FILE.so[:ARGUMENTS]", .make = new_plugin}};

const char *
ts_callback_help(void)
{
    return "  "
           "early-stopping[:patience=0,min_delta=0,baseline=X,start_from_epoch=0,restore_best=0]\n"
           "                       as Keras; these and the next two take monitor= and mode= too\n"
           "  reduce-lr[:factor=0.1,patience=10,cooldown=0,delta=0.0001,min=0,rule=keras|pytorch]\n"
           "  checkpoint[:best=0,top=0,every=1,unit=epoch|batch,file=NAME,min_delta=0,initial=X]\n"
           "                       model files; file may hold {epoch:03d}, {val_loss:.2f}\n"
           "  ema[:decay=0.9998,warmup=0,gamma=1,power=0.667,min=0,after=0]\n"
           "  swa[:from=EPOCH,lr=X,anneal=10,shape=cosine|linear]\n"
           "  terminate-on-nan     stop, without an error, where the loss is no finite number\n"
           "  rollback[:window=128,z=6,threshold=0,factor=0.5,every=50,max=3,file=spikes.tsv]\n"
           "                       a loss spike: go back, lower the rate, name the samples\n"
           "  samples[:file=samples.tsv]  how each row was learned: loss, margin, forgotten, ...\n"
           "  backup[:every=1000]  last.ckpt every so many batches too\n"
           "  csv[:file=history.csv,separator=C], jsonl[:file=history.jsonl], progress\n"
           "  tensorboard[:histograms=1,pr_curves=1]  each so many epochs; 0: never\n"
           "  time-limit:TIME      90s, 30m, 2h: save the run then and end with status 3\n"
           "  exec:COMMAND         run by the shell at train_begin, epoch_end and train_end, with\n"
           "                       TESSERA_EVENT, TESSERA_VAL_LOSS, ...; status 3 ends training\n"
           "  plugin:FILE.so[:ARGUMENTS]  a callback of one's own in C";
}

static TsCallback *
parse_keys(const char *text, gsize i, const TsCallbackContext *context, GError **error)
{
    g_autoptr(TsSpec) spec = ts_spec_parse(text, "callback", error);
    TsCallback *callback = spec != NULL ? names[i].parse(spec, context, error) : NULL;
    if (callback != NULL && !ts_spec_finish(spec, error))
        g_clear_pointer(&callback, ts_callback_free);
    return callback;
}

TsCallback *
ts_callback_parse(const char *text, const TsCallbackContext *context, GError **error)
{
    const char *colon = strchr(text, ':');
    g_autofree char *name =
        colon != NULL ? g_strndup(text, (gsize) (colon - text)) : g_strdup(text);
    const char *known[G_N_ELEMENTS(names) + 1] = {NULL};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        known[i] = names[i].name;
        if (strcmp(known[i], name) != 0)
            continue;
        if (names[i].parse != NULL)
            return parse_keys(text, i, context, error);
        if (colon != NULL)
            return names[i].make(colon + 1, context, error);
        ts_error_set(error, TS_ERROR_ARGUMENT, "callback '%s': %s:%s is expected", text, name,
                     names[i].argument);
        return NULL;
    }
    g_autofree char *hint = ts_nearest_hint(name, known);
    ts_error_set(error, TS_ERROR_ARGUMENT, "there is no callback '%s'%s; there are:\n%s", name,
                 hint, ts_callback_help());
    return NULL;
}

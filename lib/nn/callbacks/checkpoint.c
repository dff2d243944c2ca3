/* ModelCheckpoint: model files of the best epoch, of the best few, or every so often. */
#include "nn/callbacks/callbacks.h"

#include "base/error.h"
#include "base/log.h"
#include "base/number.h"
#include "nn/trainer.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

typedef struct {
    double value;
    char *path;
} Kept;

typedef struct {
    TsCallback callback;
    TsModelCheckpoint options;
    char *path, *monitor_name;
    GPtrArray *kept; /* of Kept, best first: with options.top */
} Checkpoint;

/* ---- files ---- */

gboolean
ts_model_checkpoint_write(const TsTrainer *trainer, guint64 epoch, const TsLogs *logs,
                          const char *path, GError **error)
{
    g_autoptr(GPtrArray) summary = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(summary, g_strdup("epoch"));
    g_ptr_array_add(summary, g_strdup_printf("%" G_GUINT64_FORMAT, epoch + 1));
    for (guint i = 0; i < ts_logs_n(logs); i++) {
        char number[TS_NUMBER_MAX];
        g_ptr_array_add(summary, g_strdup(ts_logs_name(logs, i)));
        g_ptr_array_add(summary, g_strdup(ts_format_double(number, ts_logs_value(logs, i))));
    }
    g_ptr_array_add(summary, NULL);
    return ts_model_write(trainer->model, path, (const char *const *) summary->pdata, error);
}

/* "03d", ".2f", "8.3e", "" */
static gboolean
append_number(GString *out, const char *format, double value)
{
    char number[TS_NUMBER_MAX], wanted[16];
    if (*format == '\0') {
        g_string_append(out, ts_format_double(number, value));
        return TRUE;
    }
    const gsize n = strlen(format);
    const char kind = format[n - 1];
    if (n > 7 || strspn(format, "0123456789.") != n - 1 || strchr("dfeg", kind) == NULL ||
        strchr(format, '.') != strrchr(format, '.') ||
        (kind == 'd' && (strchr(format, '.') != NULL || value != floor(value))))
        return FALSE;
    /* More digits than a file's name may have are no format either. */
    for (const char *p = format; *p != '\0'; p += strspn(p, "0123456789"), p += *p != '\0')
        if (strspn(p, "0123456789") > 2)
            return FALSE;
    if (kind == 'd')
        g_snprintf(wanted, sizeof wanted, "%%%.*s.0f", (int) (n - 1), format);
    else
        g_snprintf(wanted, sizeof wanted, "%%%s", format);
    char text[512];
    g_string_append(out, g_ascii_formatd(text, sizeof text, wanted, value));
    return TRUE;
}

/* What stands between braces: NAME or NAME:FORMAT. */
static gboolean
append_placeholder(GString *out, const char *inner, guint64 epoch, guint64 batch,
                   const TsLogs *logs, GError **error)
{
    const char *colon = strchr(inner, ':');
    g_autofree char *name =
        colon != NULL ? g_strndup(inner, (gsize) (colon - inner)) : g_strdup(inner);
    double value;
    if (strcmp(name, "epoch") == 0)
        value = (double) epoch;
    else if (strcmp(name, "batch") == 0)
        value = (double) batch;
    else if (!ts_logs_get(logs, name, &value))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "callback checkpoint: file: there is no '%s' in the logs", name);
    return append_number(out, colon != NULL ? colon + 1 : "", value) ||
           ts_error_set(error, TS_ERROR_ARGUMENT,
                        "callback checkpoint: file: '{%s}' is no format, such as {epoch:03d} or "
                        "{val_loss:.2f}",
                        inner);
}

char *
ts_model_checkpoint_path(const char *path, guint64 epoch, guint64 batch, const TsLogs *logs,
                         GError **error)
{
    /* Braces in a folder's name are its own. */
    const char *slash = strrchr(path, '/');
    const char *file = slash != NULL ? slash + 1 : path;
    g_autoptr(GString) out = g_string_new_len(path, file - path);
    for (const char *p = file; *p != '\0';) {
        const char *close = *p == '{' ? strchr(p, '}') : NULL;
        if (close == NULL) {
            g_string_append_c(out, *p++);
            continue;
        }
        g_autofree char *inner = g_strndup(p + 1, (gsize) (close - p - 1));
        if (!append_placeholder(out, inner, epoch, batch, logs, error))
            return NULL;
        p = close + 1;
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* ---- the best few ---- */

static void
free_kept(gpointer pointer)
{
    Kept *kept = pointer;
    g_free(kept->path);
    g_free(kept);
}

/* A file that is not there any more is gone all the same: a killed run may have come this far. */
static gboolean
remove_kept(Checkpoint *self, guint first, GError **error)
{
    while (self->kept->len > first) {
        const Kept *last = g_ptr_array_index(self->kept, self->kept->len - 1);
        if (g_unlink(last->path) != 0 && errno != ENOENT)
            return ts_error_set_errno(error, errno, "%s: cannot be removed", last->path);
        g_ptr_array_set_size(self->kept, (gint) self->kept->len - 1);
    }
    return TRUE;
}

/* Where `value` belongs among those kept: behind its equals, which were first. */
static guint
place_of(const Checkpoint *self, double value)
{
    guint place = 0;
    while (place < self->kept->len &&
           !ts_monitor_is_better(&self->options.monitor, value,
                                 ((Kept *) g_ptr_array_index(self->kept, place))->value))
        place++;
    return place;
}

static gboolean
keep_top(Checkpoint *self, TsTrainer *trainer, const char *path, double value, GError **error)
{
    guint place = place_of(self, value);
    if (isnan(value) || place >= self->options.top)
        return TRUE;
    if (!ts_model_checkpoint_write(trainer, trainer->epoch, trainer->logs, path, error))
        return FALSE;
    Kept *kept = g_new0(Kept, 1);
    kept->value = value;
    kept->path = g_strdup(path);
    g_ptr_array_insert(self->kept, (gint) place, kept);
    return remove_kept(self, self->options.top, error);
}

/* ---- the callback ---- */

static gboolean
train_begin(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    return ts_monitor_settle(&((Checkpoint *) callback)->options.monitor, error);
}

/* TRUE if the model of this epoch is to be written although others are not. */
static gboolean
is_wanted(Checkpoint *self, gboolean is_there, double value)
{
    TsMonitor *monitor = &self->options.monitor;
    if (!is_there)
        ts_warning("model checkpoint: there is no '%s' in the logs; the model is written anyway",
                   monitor->name);
    else if (!ts_monitor_update(monitor, value)) {
        if (monitor->has_best)
            return FALSE;
        ts_warning("model checkpoint: %s is no number; the model is written anyway", monitor->name);
    }
    return TRUE;
}

static gboolean
epoch_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    Checkpoint *self = (Checkpoint *) callback;
    double value = NAN;
    gboolean there = ts_logs_get(trainer->logs, self->options.monitor.name, &value);
    if (ts_monitor_renew(&self->options.monitor, trainer) && !remove_kept(self, 0, error))
        return FALSE;
    if ((trainer->epoch + 1) % self->options.every != 0)
        return TRUE;
    g_autofree char *path = ts_model_checkpoint_path(self->path, trainer->epoch + 1, trainer->batch,
                                                     trainer->logs, error);
    if (path == NULL)
        return FALSE;
    if (self->options.top > 0 && there)
        return keep_top(self, trainer, path, value, error);
    if ((self->options.best_only || self->options.top > 0) && !is_wanted(self, there, value))
        return TRUE;
    return ts_model_checkpoint_write(trainer, trainer->epoch, trainer->logs, path, error);
}

/* The numbers of the epoch so far. */
static gboolean
batch_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    const Checkpoint *self = (const Checkpoint *) callback;
    if (trainer->diverged || trainer->iteration % self->options.every != 0)
        return TRUE;
    g_autoptr(TsLogs) logs = ts_logs_new();
    ts_logs_set(logs, "loss", ts_loss_mean(&trainer->sums));
    ts_logs_set(logs, "accuracy", ts_loss_accuracy(&trainer->sums));
    g_autofree char *path =
        ts_model_checkpoint_path(self->path, trainer->epoch + 1, trainer->batch, logs, error);
    return path != NULL && ts_model_checkpoint_write(trainer, trainer->epoch, logs, path, error);
}

static gboolean
save(const TsCallback *callback, TsTrainer *trainer, TsState *state, GError **error)
{
    const Checkpoint *self = (const Checkpoint *) callback;
    const char *key = ts_callback_key(callback);
    ts_monitor_save(&self->options.monitor, key, state);
    for (guint i = 0; i < self->kept->len; i++) {
        const Kept *kept = g_ptr_array_index(self->kept, i);
        g_autofree char *value = g_strdup_printf("%s.value.%u", key, i);
        g_autofree char *path = g_strdup_printf("%s.path.%u", key, i);
        g_autofree char *name = g_path_get_basename(kept->path);
        ts_state_set_double(state, value, kept->value);
        ts_state_set(state, path, name);
    }
    return TRUE;
}

/* Names of files come back without their folder: a checkpoint cannot remove what lies elsewhere. */
static gboolean
load_kept(Checkpoint *self, const char *key, const TsState *state, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(self->path);
    for (guint i = 0; i < self->options.top; i++) {
        g_autofree char *value = g_strdup_printf("%s.value.%u", key, i);
        g_autofree char *path = g_strdup_printf("%s.path.%u", key, i);
        const char *text = ts_state_get(state, path);
        double number;
        if (text == NULL)
            return TRUE;
        if (!ts_state_get_double(state, value, &number, error))
            return FALSE;
        g_autofree char *name = g_path_get_basename(text);
        Kept *kept = g_new0(Kept, 1);
        kept->value = number;
        kept->path = g_build_filename(folder, name, NULL);
        g_ptr_array_add(self->kept, kept);
    }
    return TRUE;
}

static gboolean
load(TsCallback *callback, TsTrainer *trainer, const TsState *state, GError **error)
{
    Checkpoint *self = (Checkpoint *) callback;
    const char *key = ts_callback_key(callback);
    if (!ts_monitor_is_saved(&self->options.monitor, key, state))
        return TRUE; /* another number was watched so far */
    return ts_monitor_load(&self->options.monitor, key, state, error) &&
           load_kept(self, key, state, error);
}

static void
free_checkpoint(TsCallback *callback)
{
    Checkpoint *self = (Checkpoint *) callback;
    g_ptr_array_unref(self->kept);
    g_free(self->path);
    g_free(self->monitor_name);
    g_free(self);
}

TsCallback *
ts_model_checkpoint_new(const TsModelCheckpoint *options)
{
    Checkpoint *self = g_new0(Checkpoint, 1);
    self->options = *options;
    self->path = g_strdup(options->path);
    self->monitor_name = g_strdup(options->monitor.name);
    self->options.monitor.name = self->monitor_name;
    self->kept = g_ptr_array_new_with_free_func(free_kept);
    self->callback = (TsCallback){.name = "checkpoint",
                                  .train_begin = train_begin,
                                  .batch_end = options->by_batch ? batch_end : NULL,
                                  .epoch_end = options->by_batch ? NULL : epoch_end,
                                  .save = save,
                                  .load = load,
                                  .free = free_checkpoint};
    return &self->callback;
}

/* ---- on the command line ---- */

static gboolean
read_unit(TsSpec *spec, TsModelCheckpoint *options, GError **error)
{
    const char *unit = ts_spec_text(spec, "unit");
    options->by_batch = g_strcmp0(unit, "batch") == 0;
    if (unit != NULL && !options->by_batch && strcmp(unit, "epoch") != 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "callback checkpoint: unit: '%s' is not epoch or batch", unit);
    if (options->by_batch && (options->best_only || options->top > 0))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "callback checkpoint: best and top go by epochs, not by batches");
    return TRUE;
}

TsCallback *
ts_model_checkpoint_parse(TsSpec *spec, const TsCallbackContext *context, GError **error)
{
    TsModelCheckpoint options = {0};
    int top, every;
    if (!ts_monitor_parse(spec, context, &options.monitor, error) ||
        !ts_spec_double(spec, "min_delta", 0, 1e9, 0, &options.monitor.min_delta, error) ||
        !ts_spec_int(spec, "best", 0, 1, 0, &options.best_only, error) ||
        !ts_spec_int(spec, "top", 0, 1 << 20, 0, &top, error) ||
        !ts_spec_int(spec, "every", 1, G_MAXINT, 1, &every, error) ||
        !ts_spec_double(spec, "initial", -1e18, 1e18, 0, &options.monitor.best, error))
        return NULL;
    options.top = (guint) top;
    options.every = (guint) every;
    options.monitor.has_best = ts_spec_text(spec, "initial") != NULL;
    if (!read_unit(spec, &options, error))
        return NULL;
    g_autofree char *path =
        ts_callback_file(spec, context,
                         options.by_batch ? "epoch-{epoch:03d}-batch-{batch:06d}.safetensors"
                                          : "epoch-{epoch:03d}.safetensors");
    g_autofree char *name = g_path_get_basename(path);
    if (options.top > 1 && strchr(name, '{') == NULL) {
        ts_error_set(error, TS_ERROR_ARGUMENT,
                     "callback checkpoint: %d files need different names, such as "
                     "file=best-{epoch:03d}.safetensors",
                     top);
        return NULL;
    }
    options.path = path;
    return ts_model_checkpoint_new(&options);
}

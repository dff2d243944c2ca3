/* JSON lines: history.jsonl, an object for each epoch. */
#include "nn/callbacks/callbacks.h"

#include "base/number.h"
#include "base/outfile.h"
#include "nn/trainer.h"
#include "store/json.h"

#include <math.h>

typedef struct {
    TsCallback callback;
    char *path;
} JsonLines;

/* {"epoch": 1, "loss": 0.5, ...}; numbers that are not finite are null. */
static void
append_epoch(GString *out, guint64 epoch, const TsLogs *logs)
{
    g_string_append_printf(out, "{\"epoch\": %" G_GUINT64_FORMAT, epoch);
    for (guint i = 0; i < ts_logs_n(logs); i++) {
        char number[TS_NUMBER_MAX];
        double value = ts_logs_value(logs, i);
        g_string_append(out, ", ");
        ts_json_append_string(out, ts_logs_name(logs, i));
        g_string_append(out, ": ");
        g_string_append(out, isfinite(value) ? ts_format_double(number, value) : "null");
    }
    g_string_append(out, "}\n");
}

static gboolean
epoch_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    const JsonLines *self = (const JsonLines *) callback;
    const GPtrArray *history = trainer->history;
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < history->len; i++)
        append_epoch(text, i + 1, g_ptr_array_index(history, i));
    return ts_write_file(self->path, text->str, text->len, TRUE, error);
}

static void
free_json_lines(TsCallback *callback)
{
    g_free(((JsonLines *) callback)->path);
    g_free(callback);
}

TsCallback *
ts_json_lines_new(const char *path)
{
    JsonLines *self = g_new0(JsonLines, 1);
    self->path = g_strdup(path);
    self->callback = (TsCallback){.name = "jsonl", .epoch_end = epoch_end, .free = free_json_lines};
    return &self->callback;
}

TsCallback *
ts_json_lines_parse(TsSpec *spec, const TsCallbackContext *context, GError **error)
{
    g_autofree char *path = ts_callback_file(spec, context, "history.jsonl");
    return ts_json_lines_new(path);
}

/* JSON lines: history.jsonl, an object for each epoch. */
#include "nn/callbacks/callbacks.h"

#include "base/outfile.h"
#include "nn/trainer.h"

typedef struct {
    TsCallback callback;
    char *path;
} JsonLines;

static gboolean
epoch_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    const JsonLines *self = (const JsonLines *) callback;
    const GPtrArray *history = trainer->history;
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < history->len; i++) {
        g_string_append_printf(text, "{\"epoch\": %u", i + 1);
        ts_logs_append_json(g_ptr_array_index(history, i), text);
        g_string_append(text, "}\n");
    }
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

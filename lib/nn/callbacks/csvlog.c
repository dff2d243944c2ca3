/* CSVLogger: history.csv, columns as in the first epoch's logs, a line an epoch. */
#include "nn/callbacks/callbacks.h"

#include "base/error.h"
#include "base/number.h"
#include "base/outfile.h"
#include "nn/trainer.h"

#include <string.h>

typedef struct {
    TsCallback callback;
    char *path;
    char separator;
} CsvLog;

static void
print_epoch(FILE *out, char separator, guint epoch, const TsLogs *logs, const TsLogs *columns)
{
    fprintf(out, "%u", epoch);
    for (guint i = 0; i < ts_logs_n(columns); i++) {
        char number[TS_NUMBER_MAX];
        double value;
        gboolean there = ts_logs_get(logs, ts_logs_name(columns, i), &value);
        fprintf(out, "%c%s", separator, there ? ts_format_double(number, value) : "NA");
    }
    fputc('\n', out);
}

static gboolean
epoch_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    const CsvLog *self = (const CsvLog *) callback;
    const GPtrArray *history = trainer->history;
    const TsLogs *columns = g_ptr_array_index(history, 0);
    g_autoptr(TsOutFile) out = ts_out_file_new(self->path, TRUE, error);
    if (out == NULL)
        return FALSE;
    FILE *stream = ts_out_file_stream(out);
    fputs("epoch", stream);
    for (guint i = 0; i < ts_logs_n(columns); i++)
        fprintf(stream, "%c%s", self->separator, ts_logs_name(columns, i));
    fputc('\n', stream);
    for (guint i = 0; i < history->len; i++)
        print_epoch(stream, self->separator, i + 1, g_ptr_array_index(history, i), columns);
    return ts_out_file_commit(out, error);
}

static void
free_csv_log(TsCallback *callback)
{
    g_free(((CsvLog *) callback)->path);
    g_free(callback);
}

TsCallback *
ts_csv_log_new(const char *path, char separator)
{
    CsvLog *self = g_new0(CsvLog, 1);
    self->path = g_strdup(path);
    self->separator = separator;
    self->callback = (TsCallback){.name = "csvlog", .epoch_end = epoch_end, .free = free_csv_log};
    return &self->callback;
}

/* A comma divides keys, so the tab has a name. */
TsCallback *
ts_csv_log_parse(TsSpec *spec, const TsCallbackContext *context, GError **error)
{
    const char *separator = ts_spec_text(spec, "separator");
    g_autofree char *path = ts_callback_file(spec, context, "history.csv");
    if (separator == NULL)
        return ts_csv_log_new(path, ',');
    if (g_str_equal(separator, "tab"))
        return ts_csv_log_new(path, '\t');
    if (strlen(separator) == 1)
        return ts_csv_log_new(path, *separator);
    ts_error_set(error, TS_ERROR_ARGUMENT,
                 "callback csv: separator: '%s' is not one character, or tab", separator);
    return NULL;
}

/* The named numbers of one epoch: "loss", "val_accuracy", "learning_rate".
 *
 * Small and ordered by first setting; callbacks read and add to them.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TsLogs TsLogs;

TsLogs *ts_logs_new(void);
void ts_logs_free(TsLogs *logs);

void ts_logs_set(TsLogs *logs, const char *name, double value);

/* FALSE if there is no such number. */
gboolean ts_logs_get(const TsLogs *logs, const char *name, double *value);

guint ts_logs_n(const TsLogs *logs);
const char *ts_logs_name(const TsLogs *logs, guint i);
double ts_logs_value(const TsLogs *logs, guint i);

/* "loss=0.5\tval_loss=0.25" and back; numbers read back the same. Free the text with g_free();
 * NULL and TS_ERROR_FORMAT for a text that is none. */
char *ts_logs_to_text(const TsLogs *logs);
TsLogs *ts_logs_from_text(const char *text, GError **error);

/* Append ", "loss": 0.5, ..." for the members of a JSON object; numbers that are not finite are
 * null. */
void ts_logs_append_json(const TsLogs *logs, GString *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsLogs, ts_logs_free)

G_END_DECLS

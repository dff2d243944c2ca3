/* A JSON object written value by value, for reports and run.json.
 *
 *     g_autoptr(TsJson) json = ts_json_new();
 *     ts_json_set_string(json, "tessera", "0.1.0");
 *     ts_json_set_int(json, "seed", 7);
 *     ts_json_write(json, "run/run.json", TRUE, error);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TsJson TsJson;

TsJson *ts_json_new(void);
void ts_json_free(TsJson *json);

/* Set a member; a text that is not UTF-8 has its wrong bytes replaced by U+FFFD, a number that is
 * not finite becomes null. */
void ts_json_set_string(TsJson *json, const char *key, const char *value);
void ts_json_set_strings(TsJson *json, const char *key, const char *const *values);
void ts_json_set_int(TsJson *json, const char *key, gint64 value);
void ts_json_set_double(TsJson *json, const char *key, double value);

/* The object as indented text with a final LF. Free with g_free(). */
char *ts_json_to_text(const TsJson *json);

/* Write it to `path`, which appears whole or not at all. */
gboolean ts_json_write(const TsJson *json, const char *path, gboolean replace, GError **error);

/* Append `text` as a JSON string, quotes and escapes included, for writers of large files that do
 * not keep a whole object. */
void ts_json_append_string(GString *out, const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsJson, ts_json_free)

G_END_DECLS

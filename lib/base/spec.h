/* What an option names and how it is set: NAME or NAME:KEY=VALUE,...
 *
 * --model cnn:width=24, --optimizer adam:beta1=0.8 and their like are read the same way. Whoever
 * knows the name asks for the keys that belong to it, then says that it is done: a key that nobody
 * asked for is an error, which lists those that were.
 *
 *     g_autoptr(TsSpec) spec = ts_spec_parse("cnn:width=24", "model", error);
 *     if (spec == NULL || !ts_spec_int(spec, "width", 1, 4096, 16, &width, error) ||
 *         !ts_spec_finish(spec, error))
 *         return FALSE;
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TsSpec TsSpec;

/* TRUE if `text` is NAME or NAME:..., whatever stands behind. */
gboolean ts_spec_is_named(const char *text, const char *name);

/* Divide `text`; `what` ("model") begins every message. TS_ERROR_ARGUMENT for what is not of that
 * form, or a key that is given twice. */
TsSpec *ts_spec_parse(const char *text, const char *what, GError **error);
void ts_spec_free(TsSpec *spec);

/* Borrowed. */
const char *ts_spec_name(const TsSpec *spec);

/* The text given for `key`, borrowed, or NULL. */
const char *ts_spec_text(TsSpec *spec, const char *key);

/* Read a key as a number within [min, max]; `fallback` where it is not given. TS_ERROR_ARGUMENT. */
gboolean ts_spec_int(TsSpec *spec, const char *key, int min, int max, int fallback, int *value,
                     GError **error);
gboolean ts_spec_double(TsSpec *spec, const char *key, double min, double max, double fallback,
                        double *value, GError **error);

/* Read a key that is one of the NULL-terminated `names`; `value` becomes its number in the list.
 * TS_ERROR_ARGUMENT, with the names. */
gboolean ts_spec_choice(TsSpec *spec, const char *key, const char *const *names, int fallback,
                        int *value, GError **error);

/* All keys have been asked for. TS_ERROR_ARGUMENT if more are there. */
gboolean ts_spec_finish(const TsSpec *spec, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsSpec, ts_spec_free)

G_END_DECLS

/* The known name that a mistyped one is nearest to, for messages.
 *
 *     const char *near = ts_nearest("resent18", known);      // "resnet18"
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The name of the NULL-terminated list `known` that the fewest edits (letters inserted, removed,
 * replaced; Levenshtein, 1966) turn `name` into, the first of equals. NULL if that takes more
 * edits than a third of the letters, and one. Borrowed from `known`. */
const char *ts_nearest(const char *name, const char *const *known);

/* " (nearest: resnet18)" to append to a message, or "". Free with g_free(). */
char *ts_nearest_hint(const char *name, const char *const *known);

G_END_DECLS

/* The error domain of tessera.
 *
 * Every function that can fail takes a GError ** and sets one of these codes. The one who detects
 * writes the message ("path:line: what is wrong, what was expected", lower case, no full stop);
 * others pass it on. Codes say what the caller can do about it, not where it came from:
 *
 *     if (!ts_manifest_read(path, &error) && g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT))
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define TS_ERROR (ts_error_quark())

typedef enum {
    TS_ERROR_IO,          /* the system refused: open, read, write, rename, disk full */
    TS_ERROR_FORMAT,      /* a file is not what its kind of file has to be */
    TS_ERROR_ARGUMENT,    /* the user asked for what cannot be; a tool exits with 2 */
    TS_ERROR_RANGE,       /* a number is outside of what is allowed or can be held */
    TS_ERROR_NO_MEMORY,   /* an allocation failed */
    TS_ERROR_DEPENDENCY,  /* a library failed in a way that is not the input's fault */
    TS_ERROR_INTERRUPTED, /* SIGINT or SIGTERM arrived; see interrupt.h */
} TsError;

GQuark ts_error_quark(void);

/* Set `error` to TS_ERROR_IO with the text of `errnum` behind the message: "MESSAGE: No space left
 * on device". Always returns FALSE, so that callers can `return ts_error_set_errno(...)`. */
gboolean
ts_error_set_errno(GError **error, int errnum, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Set `error` with `code` and a message. Always returns FALSE. */
gboolean ts_error_set(GError **error, TsError code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Allocate n * size zeroed bytes for a count that came from a file or an option. NULL and
 * TS_ERROR_NO_MEMORY when the product overflows or the memory is not there; `what` names it in the
 * message. Free with g_free(). */
gpointer ts_try_alloc(gsize n, gsize size, const char *what, GError **error);

G_END_DECLS

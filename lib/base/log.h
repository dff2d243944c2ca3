/* Messages of a tool, on standard error: "tile: 12 tiles dropped".
 *
 * For programs in bin/ and for callbacks, which speak to the user. Other library code returns a
 * GError and prints nothing. Each message is one write, so lines of threads do not mix, and a
 * progress bar on the same terminal is cleared first.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    TS_LOG_ERROR,   /* always shown */
    TS_LOG_WARNING, /* always shown, with "warning: " in front */
    TS_LOG_INFO,    /* hidden by --quiet */
    TS_LOG_VERBOSE, /* shown by --verbose */
} TsLogLevel;

/* Set the program's name (borrowed) and the highest level that is shown. */
void ts_log_set(const char *program, TsLogLevel highest);

void ts_log(TsLogLevel level, const char *format, ...) G_GNUC_PRINTF(2, 3);

#define ts_warning(...) ts_log(TS_LOG_WARNING, __VA_ARGS__)
#define ts_info(...) ts_log(TS_LOG_INFO, __VA_ARGS__)
#define ts_verbose(...) ts_log(TS_LOG_VERBOSE, __VA_ARGS__)

G_END_DECLS

/* Messages of a tool: one line, one write, on standard error. */
#include "base/log.h"

#include "base/progress.h"

#include <stdio.h>

static const char *log_program = "tessera";
static TsLogLevel log_highest = TS_LOG_INFO;

void
ts_log_set(const char *program, TsLogLevel highest)
{
    log_program = program;
    log_highest = highest;
}

void
ts_log(TsLogLevel level, const char *format, ...)
{
    if (level > log_highest && level > TS_LOG_WARNING)
        return;
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    ts_progress_clear_line();
    g_autofree char *line = g_strdup_printf("%s: %s%s\n", log_program,
                                            level == TS_LOG_WARNING ? "warning: " : "", message);
    fputs(line, stderr);
    fflush(stderr);
}

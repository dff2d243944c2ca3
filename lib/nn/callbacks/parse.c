/* The callbacks that --callback names. */
#include "nn/callbacks/callbacks.h"

#include "base/error.h"
#include "base/number.h"

#include <string.h>

/* "90", "90s", "30m", "2h" */
static gboolean
parse_time(const char *text, double *seconds, GError **error)
{
    static const struct {
        char unit;
        double seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    g_autofree char *number = g_strdup(text);
    gsize n = strlen(number);
    double factor = 1;
    for (gsize i = 0; i < G_N_ELEMENTS(units); i++)
        if (n > 0 && number[n - 1] == units[i].unit) {
            factor = units[i].seconds;
            number[n - 1] = '\0';
            break;
        }
    if (!ts_parse_double(number, 0, 1e9, "callback time-limit", seconds, error))
        return FALSE;
    *seconds *= factor;
    return TRUE;
}

static TsCallback *
new_json_lines(const char *argument, const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "history.jsonl", NULL);
    return ts_json_lines_new(path);
}

static TsCallback *
new_time_limit(const char *argument, const char *folder, GError **error)
{
    double seconds;
    return parse_time(argument, &seconds, error) ? ts_time_limit_new(seconds) : NULL;
}

static TsCallback *
new_exec(const char *argument, const char *folder, GError **error)
{
    return ts_exec_new(argument, folder);
}

static const struct {
    const char *name, *argument; /* NULL: it takes none */
    TsCallback *(*make)(const char *argument, const char *folder, GError **error);
} names[] = {{"jsonl", NULL, new_json_lines},
             {"time-limit", "TIME", new_time_limit},
             {"exec", "COMMAND", new_exec}};

const char *
ts_callback_help(void)
{
    return "  jsonl                an object for each epoch in RUN/history.jsonl\n"
           "  time-limit:TIME      90s, 30m, 2h: save the run then and end with status 3\n"
           "  exec:COMMAND         run by the shell at train_begin, epoch_end and train_end, with\n"
           "                       TESSERA_EVENT, TESSERA_VAL_LOSS, ...; status 3 ends training";
}

TsCallback *
ts_callback_parse(const char *text, const char *folder, GError **error)
{
    const char *colon = strchr(text, ':');
    g_autofree char *name =
        colon != NULL ? g_strndup(text, (gsize) (colon - text)) : g_strdup(text);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(names[i].name, name) != 0)
            continue;
        if ((names[i].argument == NULL) == (colon == NULL))
            return names[i].make(colon != NULL ? colon + 1 : NULL, folder, error);
        ts_error_set(error, TS_ERROR_ARGUMENT, "callback '%s': %s%s%s is expected", text, name,
                     names[i].argument != NULL ? ":" : " alone",
                     names[i].argument != NULL ? names[i].argument : "");
        return NULL;
    }
    ts_error_set(error, TS_ERROR_ARGUMENT, "there is no callback '%s'; there are:\n%s", name,
                 ts_callback_help());
    return NULL;
}

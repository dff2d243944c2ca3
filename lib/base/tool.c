/* Begin and end of every program: descriptors, locale, signals, options, help, exit status. */
#include "base/tool.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "base/number.h"
#include "base/outfile.h"
#include "base/progress.h"
#include "base/threads.h"

#include <errno.h>
#include <fcntl.h>
#include <gsl/gsl_errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
    gboolean help, version, quiet, verbose, progress, no_progress, force;
    int threads;
    gint64 seed;
    char *format, *memory;
    char **argv;
    TsReportFormat report;
    int status;
    int stdout_errno;
} common;

/* A closed descriptor would be given to the next file that is opened, and messages would end up in
 * it. Fill the hole with one that fails on use. */
static void
fill_closed_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void) !open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* Libraries' own remarks are for -v; an error of theirs comes to us as a return value. */
static GLogWriterOutput
write_library_log(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
    if (level & (G_LOG_FLAG_FATAL | G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
        return g_log_writer_standard_streams(level, fields, n_fields, data);
    for (gsize i = 0; i < n_fields; i++)
        if (strcmp(fields[i].key, "MESSAGE") == 0)
            ts_verbose("%s", (const char *) fields[i].value);
    return G_LOG_WRITER_HANDLED;
}

static void
begin(const TsTool *tool)
{
    fill_closed_descriptors();
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C");
    g_set_prgname(tool->name);
    g_log_set_writer_func(write_library_log, NULL, NULL);
    gsl_set_error_handler_off();
    ts_denormals_off();
}

static const struct {
    TsToolFlags needs;
    GOptionEntry entry;
} common_options[] = {
    {TS_TOOL_THREADS,
     {"threads", 'j', 0, G_OPTION_ARG_INT, &common.threads,
      "Work with N threads (default: all processors)", "N"}},
    {TS_TOOL_MEMORY,
     {"mem", 0, 0, G_OPTION_ARG_STRING, &common.memory,
      "Memory for features and distances, such as 512M (default: half of the machine's)", "SIZE"}},
    {TS_TOOL_SEED,
     {"seed", 0, 0, G_OPTION_ARG_INT64, &common.seed, "Seed of every random choice (default: 0)",
      "N"}},
    {TS_TOOL_FORMAT,
     {"format", 0, 0, G_OPTION_ARG_STRING, &common.format,
      "table, tsv or json (default: table on a terminal, else tsv)", "FORMAT"}},
    {TS_TOOL_FORCE,
     {"force", 0, 0, G_OPTION_ARG_NONE, &common.force, "Replace existing output files", NULL}},
    {TS_TOOL_PROGRESS,
     {"progress", 0, 0, G_OPTION_ARG_NONE, &common.progress,
      "Show progress even if standard error is no terminal", NULL}},
    {TS_TOOL_PROGRESS,
     {"no-progress", 0, 0, G_OPTION_ARG_NONE, &common.no_progress, "Never show progress", NULL}},
    {0, {"quiet", 'q', 0, G_OPTION_ARG_NONE, &common.quiet, "Say only what is wrong", NULL}},
    {0, {"verbose", 'v', 0, G_OPTION_ARG_NONE, &common.verbose, "Say more", NULL}},
    {0, {"help", 'h', 0, G_OPTION_ARG_NONE, &common.help, "Show this help and end", NULL}},
    {0, {"version", 0, 0, G_OPTION_ARG_NONE, &common.version, "Show the version and end", NULL}},
};

static gboolean
has_common_option(const TsTool *tool, gsize i)
{
    return (common_options[i].needs & ~tool->flags) == 0;
}

static void
add_common_options(const TsTool *tool, GOptionContext *context)
{
    GOptionEntry entries[G_N_ELEMENTS(common_options) + 1] = {0};
    gsize n = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(common_options); i++)
        if (has_common_option(tool, i))
            entries[n++] = common_options[i].entry;
    g_option_context_add_main_entries(context, entries, NULL);
}

static void
add_parts(const TsTool *tool, GOptionContext *context)
{
    for (const TsToolPart *part = tool->parts; part != NULL && part->title != NULL; part++) {
        GOptionGroup *group = g_option_group_new(part->title, part->title, "", NULL, NULL);
        g_option_group_add_entries(group, part->options);
        g_option_context_add_group(context, group);
    }
}

static GOptionContext *
new_option_context(const TsTool *tool)
{
    GOptionContext *context = g_option_context_new(tool->arguments);
    g_option_context_set_help_enabled(context, FALSE);
    g_autofree char *summary = tool->description != NULL
                                   ? g_strdup_printf("%s\n\n%s", tool->summary, tool->description)
                                   : g_strdup(tool->summary);
    g_option_context_set_summary(context, summary);
    if (tool->examples != NULL) {
        g_autofree char *examples = g_strdup_printf("Examples:\n%s\n\nMore: man %s, man tessera",
                                                    tool->examples, tool->name);
        g_option_context_set_description(context, examples);
    }
    if (tool->options != NULL)
        g_option_context_add_main_entries(context, tool->options, NULL);
    add_parts(tool, context);
    add_common_options(tool, context);
    return context;
}

static gboolean
choose_format(GError **error)
{
    common.report = isatty(STDOUT_FILENO) ? TS_FORMAT_TABLE : TS_FORMAT_TSV;
    if (common.format == NULL)
        return TRUE;
    static const char *const names[] = {"table", "tsv", "json"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(common.format, names[i]) == 0) {
            common.report = (TsReportFormat) i;
            return TRUE;
        }
    return ts_error_set(error, TS_ERROR_ARGUMENT, "--format: '%s' is not table, tsv or json",
                        common.format);
}

static gboolean
apply_common_options(const TsTool *tool, char *const *args, GError **error)
{
    const int n_args = (int) g_strv_length((char **) args);
    ts_log_set(tool->name, common.quiet     ? TS_LOG_WARNING
                           : common.verbose ? TS_LOG_VERBOSE
                                            : TS_LOG_INFO);
    if (common.progress && common.no_progress)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--progress and --no-progress exclude each other");
    ts_progress_set_mode(common.progress                      ? TS_PROGRESS_ALWAYS
                         : common.no_progress || common.quiet ? TS_PROGRESS_NEVER
                                                              : TS_PROGRESS_AUTO);
    if (common.threads < 0 || common.threads > 1024)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--threads: %d is outside of 1 to 1024",
                            common.threads);
    if (n_args < tool->min_args)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "missing argument: %s", tool->arguments);
    if (tool->max_args >= 0 && n_args > tool->max_args)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "too many arguments: '%s', %s was expected",
                            args[tool->max_args], tool->max_args == 0 ? "none" : tool->arguments);
    guint64 memory = 0;
    if (common.memory != NULL && !ts_parse_bytes(common.memory, "--mem", &memory, error))
        return FALSE;
    ts_memory_set(memory);
    return choose_format(error);
}

/* 2 for wrong usage, 1 for anything else. */
static int
report_error(const TsTool *tool, const GError *error)
{
    gboolean usage = g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT);
    ts_log(TS_LOG_ERROR, "%s", error->message);
    if (usage)
        ts_log(TS_LOG_ERROR, "try '%s --help'", tool->name);
    return usage ? 2 : 1;
}

/* Print text and keep the reason if that fails: once stdio has noted an error, it is gone. */
static void
print(const char *text)
{
    if (fputs(text, stdout) < 0 || fflush(stdout) != 0)
        common.stdout_errno = errno;
}

/* The last chance to learn that what was printed did not arrive; `told`: the user knows already why
 * the tool ends. */
static int
close_stdout(int status, gboolean told)
{
    gboolean failed = ferror(stdout) != 0;
    errno = 0;
    if ((fclose(stdout) != 0 || failed) && !told) {
        int reason = common.stdout_errno != 0 ? common.stdout_errno : errno != 0 ? errno : EIO;
        ts_log(TS_LOG_ERROR, "standard output: cannot be written: %s", g_strerror(reason));
        return status != 0 ? status : 1;
    }
    return status;
}

static gboolean
table_takes_value(const GOptionEntry *entry, char short_name)
{
    for (; entry != NULL && entry->long_name != NULL; entry++)
        if (entry->short_name == short_name)
            return entry->arg != G_OPTION_ARG_NONE && entry->arg != G_OPTION_ARG_CALLBACK;
    return FALSE;
}

static gboolean
takes_value(const TsTool *tool, char short_name)
{
    for (const TsToolPart *part = tool->parts; part != NULL && part->title != NULL; part++)
        if (table_takes_value(part->options, short_name))
            return TRUE;
    return table_takes_value(tool->options, short_name) ||
           (short_name == 'j' && (tool->flags & TS_TOOL_THREADS));
}

/* GOption does not know -j4, which people type for -j 4: split such words. */
static char **
split_attached_values(const TsTool *tool, int argc, char **argv)
{
    GPtrArray *words = g_ptr_array_new();
    gboolean options_end = FALSE;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        options_end |= strcmp(word, "--") == 0;
        gboolean attached = i > 0 && !options_end && word[0] == '-' && word[1] != '-' &&
                            word[1] != '\0' && word[2] != '\0' && takes_value(tool, word[1]);
        if (attached)
            g_ptr_array_add(words, g_strndup(word, 2));
        g_ptr_array_add(words, g_strdup(attached ? word + 2 : word));
    }
    g_ptr_array_add(words, NULL);
    return (char **) g_ptr_array_free(words, FALSE);
}

static void
add_names(const GOptionEntry *entry, GPtrArray *names)
{
    for (; entry != NULL && entry->long_name != NULL; entry++)
        g_ptr_array_add(names, (char *) entry->long_name);
}

/* " (nearest: --size)" for the unknown --option that `message` ends with, or "". */
static char *
hint_at_option(const TsTool *tool, const char *message)
{
    const char *option = strstr(message, "--");
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    add_names(tool->options, names);
    for (const TsToolPart *part = tool->parts; part != NULL && part->title != NULL; part++)
        add_names(part->options, names);
    for (gsize i = 0; i < G_N_ELEMENTS(common_options); i++)
        if (has_common_option(tool, i))
            g_ptr_array_add(names, (char *) common_options[i].entry.long_name);
    g_ptr_array_add(names, NULL);
    g_autofree char *name =
        option != NULL ? g_strndup(option + 2, strcspn(option + 2, "=")) : g_strdup("");
    const char *near = ts_nearest(name, (const char *const *) names->pdata);
    return near != NULL && name[0] != '\0' ? g_strdup_printf(" (nearest: --%s)", near)
                                           : g_strdup("");
}

/* Take the options out of `words`; `args` is set to what is left behind the program's name. */
static gboolean
parse(const TsTool *tool, GOptionContext *context, char ***words, char ***args, GError **error)
{
    GError *parse_error = NULL;
    if (!g_option_context_parse_strv(context, words, &parse_error)) {
        const gboolean unknown =
            g_error_matches(parse_error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION);
        g_autofree char *hint = unknown ? hint_at_option(tool, parse_error->message) : g_strdup("");
        ts_error_set(error, TS_ERROR_ARGUMENT, "%s%s", parse_error->message, hint);
        g_error_free(parse_error);
        return FALSE;
    }
    if (common.help || common.version)
        return TRUE;
    *args = *words + 1;
    /* GOption leaves the "--" that ends options in place. */
    if (**args != NULL && strcmp(**args, "--") == 0)
        (*args)++;
    return apply_common_options(tool, *args, error);
}

int
ts_tool_main(const TsTool *tool, int argc, char **argv)
{
    common.argv = argv;
    begin(tool);
    ts_log_set(tool->name, TS_LOG_INFO);
    g_autoptr(GOptionContext) context = new_option_context(tool);
    g_auto(GStrv) words = split_attached_values(tool, argc, argv);
    char **args = NULL;
    g_autoptr(GError) error = NULL;
    if (!parse(tool, context, &words, &args, &error))
        return report_error(tool, error);
    if (common.help) {
        g_autofree char *help = g_option_context_get_help(context, FALSE, NULL);
        print(help);
        return close_stdout(0, FALSE);
    }
    if (common.version) {
        g_autofree char *version = g_strdup_printf("%s (tessera) %s\n", tool->name, TS_VERSION);
        print(version);
        return close_stdout(0, FALSE);
    }
    /* This may start the program once more, which help and wrong usage need not wait for; a signal
     * that was noted before would be forgotten. */
    if (tool->flags & TS_TOOL_COMPUTE)
        ts_threads_prepare_environment(argv);
    ts_interrupt_install();
    ts_threads_set((guint) common.threads);
    gboolean done = tool->run((int) g_strv_length(args), args, &error);
    if (done)
        return close_stdout(common.status, FALSE);
    int status = report_error(tool, error);
    if (ts_interrupt_signal() != 0) /* whatever it was that it broke off */
        ts_interrupt_raise();
    return close_stdout(status, TRUE);
}

void
ts_tool_use_kernels(void)
{
    ts_threads_prepare_environment(common.argv);
}

guint64
ts_tool_seed(void)
{
    return (guint64) common.seed;
}

gboolean
ts_tool_force(void)
{
    return common.force;
}

gboolean
ts_tool_check_output(const char *path, GError **error)
{
    return path == NULL || ts_out_file_check(path, common.force, error);
}

gboolean
ts_tool_quiet(void)
{
    return common.quiet;
}

TsReportFormat
ts_tool_format(void)
{
    return common.report;
}

void
ts_tool_set_status(int status)
{
    common.status = status;
}

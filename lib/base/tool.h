/* What all programs of tessera have in common: begin, options, help, end.
 *
 * A program in bin/ fills in a TsTool and gives main() away:
 *
 *     static gboolean run(int n_args, char **args, GError **error) { ... }
 *
 *     int main(int argc, char **argv)
 *     {
 *         static const TsTool tool = {.name = "tile", .run = run, ...};
 *         return ts_tool_main(&tool, argc, argv);
 *     }
 *
 * Exit status: 0 done, 1 failed, 2 wrong usage (TS_ERROR_ARGUMENT); a signal ends the program as if
 * it had never been caught, after temporary files are gone. Standard output carries data only and
 * its close is checked, so a full disk behind a pipe is an error too.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Which of the common options a tool has; each is offered only where it has an effect. */
typedef enum {
    TS_TOOL_THREADS = 1 << 0,  /* -j, --threads */
    TS_TOOL_SEED = 1 << 1,     /* --seed */
    TS_TOOL_PROGRESS = 1 << 2, /* --progress, --no-progress */
    TS_TOOL_FORMAT = 1 << 3,   /* --format table|tsv|json */
    TS_TOOL_FORCE = 1 << 4,    /* --force */
    TS_TOOL_COMPUTE = 1 << 5,  /* no option: kernels run, see threads.h */
    TS_TOOL_MEMORY = 1 << 6,   /* --mem, see memory.h */
} TsToolFlags;

/* Options that --help shows together under a title, such as "Optimizer:". */
typedef struct {
    const char *title;
    const GOptionEntry *options;
} TsToolPart;

typedef struct {
    const char *name;
    const char *arguments;   /* as shown after [OPTIONS], such as "IMAGE..." */
    const char *summary;     /* one line; `tessera` lists it */
    const char *description; /* what it does, for --help; NULL for none */
    const char *examples;    /* lines of "  command", for --help */
    TsToolFlags flags;
    int min_args;
    int max_args;                /* -1: any number */
    const GOptionEntry *options; /* or NULL */
    const TsToolPart *parts;     /* of a tool with many options: the last has no title; or NULL */
    gboolean (*run)(int n_args, char **args, GError **error);
} TsTool;

typedef enum { TS_FORMAT_TABLE, TS_FORMAT_TSV, TS_FORMAT_JSON } TsReportFormat;

/* Parse the options, run the tool, report its error, close standard output. Returns the exit
 * status. */
int ts_tool_main(const TsTool *tool, int argc, char **argv);

/* --seed, 0 by default. */
guint64 ts_tool_seed(void);

/* --force: replace existing files. */
gboolean ts_tool_force(void);

/* FALSE if an output file is there already and --force is not given: before the work instead of
 * after it. `path` may be NULL or "-". */
gboolean ts_tool_check_output(const char *path, GError **error);

/* Kernels run from here on: what TS_TOOL_COMPUTE says from the beginning, for a tool that knows by
 * its options alone. It may start the program again: call it before anything is read or written. */
void ts_tool_use_kernels(void);

/* --quiet. */
gboolean ts_tool_quiet(void);

/* --format; without it, a table on a terminal and TSV elsewhere. */
TsReportFormat ts_tool_format(void);

/* End with `status` instead of 0 although run() returns TRUE: for documented statuses such as
 * `evaluate --fail-if` or an interrupted, saved training. */
void ts_tool_set_status(int status);

G_END_DECLS

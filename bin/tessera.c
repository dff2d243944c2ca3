/* tessera: list the tools; run one of them; show its manual. */
#include "base/error.h"
#include "base/log.h"
#include "base/tool.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* In the order in which a job goes through them. */
static const struct {
    const char *name;
    const char *line;
} tools[] = {
    {"tile", "cut large images into tiles, or into rows that name them"},
    {"texture", "measure the texture of every sample: co-occurrence, patterns, filters"},
    {"dataconv", "write a data set in another layout"},
    {"datacheck", "find pictures that are broken, odd, or there twice"},
    {"classstats", "count the classes of a data set and measure its imbalance"},
    {"datasplit", "divide a data set into training, validation and test rows"},
    {"rebalance", "repeat or leave out rows so that classes count alike"},
    {"smote", "make small classes larger by synthetic rows between neighbours"},
    {"augment", "change samples at random, as files or as rows that say how"},
    {"lrfind", "look for a learning rate by a short training"},
    {"train", "learn a classifier from a data set"},
    {"finetune", "bring a trained model to a new task"},
    {"predict", "classify images with a trained model"},
    {"evaluate", "judge predictions: metrics, intervals, slices, calibration, two models compared"},
    {"modelinfo", "show, check, compare and convert model files"},
    {"untile", "put tiles, or what was predicted of them, back to where they were cut"},
};

static gboolean
is_tool(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(tools); i++)
        if (strcmp(tools[i].name, name) == 0)
            return TRUE;
    return FALSE;
}

/* The folder that this program lies in; the tools lie beside it. */
static char *
own_folder(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    return self != NULL ? g_path_get_dirname(self) : g_strdup(".");
}

/* Replace this process by `argv`, whose program lies beside this one or in PATH. Comes back only
 * with the exit status of a failure. */
static int
execute(char **argv)
{
    g_autofree char *folder = own_folder();
    g_autofree char *beside = g_build_filename(folder, argv[0], NULL);
    execv(beside, argv);
    execvp(argv[0], argv);
    ts_log(TS_LOG_ERROR, "%s: cannot be run, neither from %s nor from PATH: %s", argv[0], folder,
           g_strerror(errno));
    return 1;
}

static int
refuse(const char *name)
{
    ts_log(TS_LOG_ERROR, "'%s' is not a tool of tessera; 'tessera' alone lists them", name);
    return 2;
}

/* The manual page where `man` and the installed page are found, else --help. */
static int
show_manual(char *name)
{
    g_autofree char *folder = own_folder();
    g_autofree char *page = g_strdup_printf("%s/../share/man/man1/%s.1", folder, name);
    g_autofree char *packed = g_strconcat(page, ".gz", NULL);
    g_autofree char *man = g_find_program_in_path("man");
    char *found = g_file_test(page, G_FILE_TEST_EXISTS)     ? page
                  : g_file_test(packed, G_FILE_TEST_EXISTS) ? packed
                                                            : NULL;
    if (man != NULL && found != NULL)
        execv(man, (char *[]){man, found, NULL});
    return execute((char *[]){name, "--help", NULL});
}

static gboolean
list_tools(int n_args, char **args, GError **error)
{
    puts("tessera turns large images into trained classifiers from the shell.\n\nTools:");
    for (gsize i = 0; i < G_N_ELEMENTS(tools); i++)
        printf("  %-11s %s\n", tools[i].name, tools[i].line);
    puts("\n'tessera help TOOL' explains one, 'man 7 tessera' shows how they work together.");
    return TRUE;
}

int
main(int argc, char **argv)
{
    static const TsTool tool = {
        .name = "tessera",
        .arguments = "[TOOL [ARGUMENTS...]]",
        .summary = "List the tools, or run one of them",
        .description = "'tessera TOOL ...' is the same as 'TOOL ...', for where only one name is "
                       "in PATH.\n'tessera help TOOL' shows the manual page of a tool.",
        .examples = "  tessera\n  tessera classstats photos/\n  tessera help tile",
        .max_args = 0,
        .run = list_tools,
    };
    ts_log_set(tool.name, TS_LOG_INFO);
    if (argc >= 2 && is_tool(argv[1]))
        return execute(argv + 1);
    if (argc == 2 && strcmp(argv[1], "help") == 0)
        return ts_tool_main(&tool, 1, argv);
    if (argc == 3 && strcmp(argv[1], "help") == 0)
        return is_tool(argv[2]) ? show_manual(argv[2]) : refuse(argv[2]);
    if (argc >= 2 && argv[1][0] != '-')
        return refuse(argv[1]);
    return ts_tool_main(&tool, argc, argv);
}

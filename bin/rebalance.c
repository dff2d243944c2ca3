/* rebalance: rows of small classes repeated, rows of large classes left out. */
#include "rebalance.h"

#include "base/tool.h"

static void
job_clear(RebalanceJob *self)
{
    g_clear_pointer(&self->manifest, ts_manifest_free);
    g_clear_pointer(&self->array, ts_space_free);
    g_clear_pointer(&self->space, ts_space_free);
    g_clear_pointer(&self->classes, ts_classes_free);
    g_clear_pointer(&self->factors, g_free);
    g_clear_pointer(&self->targeted, g_free);
    g_clear_pointer(&self->requested, g_free);
    g_clear_pointer(&self->targets, g_free);
    g_clear_pointer(&self->delivered, g_free);
    g_clear_pointer(&self->repeats, g_free);
    g_clear_pointer(&self->rows, g_free);
    g_clear_pointer(&self->class_of_point, g_free);
    g_clear_pointer(&self->new_values, g_free);
    g_clear_pointer(&self->new_classes, g_free);
    g_clear_pointer(&self->new_bases, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RebalanceJob, job_clear)

/* Distances and components are products of matrices; chance needs none. */
static gboolean
uses_kernels(const RebalanceOptions *how)
{
    Approach approach = how->method->approach;
    return approach == BY_NEARMISS || approach == BY_CENTROIDS || approach == BY_CLEANING ||
           (how->space.space != NULL && g_str_has_prefix(how->space.space, "pca"));
}

static gboolean
run(int n_args, char **args, GError **error)
{
    RebalanceOptions how;
    g_auto(RebalanceJob) job = {.how = &how};
    if (!rebalance_read_options(n_args, args, &how, error))
        return FALSE;
    if (uses_kernels(&how))
        ts_tool_use_kernels();
    if (!rebalance_read(&job, error) || !rebalance_plan(&job, error) ||
        !rebalance_choose(&job, error))
        return FALSE;
    gboolean written = how.dry_run      ? rebalance_print_plan(&job, error)
                       : how.from_array ? rebalance_write_array(&job, error)
                                        : rebalance_write_table(&job, error);
    if (written)
        rebalance_report_counts(&job);
    return written;
}

int
main(int argc, char **argv)
{
    const TsTool tool = {
        .name = "rebalance",
        .arguments = "[DATASET]",
        .summary = "Repeat rows of small classes or leave out rows of large ones.",
        .description =
            "By default every class grows to the size of the largest one, and all its rows are\n"
            "used evenly. Methods other than random, over and under look at features to say which\n"
            "rows of large classes go. Where there is a split column only training rows change.\n"
            "DATASET is a manifest (.tsv), a folder, another layout of tessera-manifest(5), - \n"
            "(default) for a manifest on standard input, or a feature table .npy; the rows that\n"
            "are kept go to standard output, then the repeated ones.",
        .examples =
            "  datasplit photos/ | rebalance > train.tsv\n"
            "  rebalance --method under -o even.tsv split.tsv\n"
            "  rebalance --target 'cat=500,dog=20%' --dry-run split.tsv\n"
            "  rebalance --strategy power:0.5 --total 20000 --max-repeats 10 split.tsv\n"
            "  rebalance --strategy repeat-factor:0.01 --as repeat split.tsv\n"
            "  rebalance --method nearmiss-2 --space pca:50 split.tsv > small.tsv\n"
            "  rebalance --method enn --strategy all x.npy --labels y.npy -o x2.npy --labels-out "
            "y2.npy",
        .flags = TS_TOOL_SEED | TS_TOOL_FORCE | TS_TOOL_FORMAT | TS_TOOL_THREADS |
                 TS_TOOL_PROGRESS | TS_TOOL_MEMORY,
        .max_args = 1,
        .options = rebalance_option_entries(),
        .run = run,
    };
    return ts_tool_main(&tool, argc, argv);
}

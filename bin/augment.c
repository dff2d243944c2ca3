/* augment: samples changed at random, as files or as rows that say how. */
#include "augment.h"

#include "base/error.h"
#include "base/log.h"
#include "base/threads.h"
#include "base/tool.h"
#include "layout/layout.h"
#include "sample/augment_sheet.h"
#include "sample/render.h"

#include <string.h>

static struct {
    char *list, *folder, *format, *sheet, *label, *split;
    int per_sample, quality;
    gboolean as_rows, keep, balance, all_splits;
} opt = {.per_sample = -1, .quality = -1};

static const GOptionEntry options[] = {
    {"ops", 0, 0, G_OPTION_ARG_STRING, &opt.list,
     "What may change, such as rotate=15,hflip,brightness=0.2@0.5; see augment(1)", "LIST"},
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &opt.folder,
     "Write changed pictures and manifest.tsv into DIR", "DIR"},
    {"virtual", 0, 0, G_OPTION_ARG_NONE, &opt.as_rows,
     "Write no pixels, but a manifest with a column op to standard output", NULL},
    {"show", 0, 0, G_OPTION_ARG_FILENAME, &opt.sheet,
     "Write a picture of some samples and what may become of them", "FILE"},
    {"per-sample", 'n', 0, G_OPTION_ARG_INT, &opt.per_sample, "Copies of each sample (default: 1)",
     "N"},
    {"keep", 0, 0, G_OPTION_ARG_NONE, &opt.keep, "Keep the samples themselves too", NULL},
    {"balance", 0, 0, G_OPTION_ARG_NONE, &opt.balance,
     "Keep the samples and add copies until all classes are as large as the largest", NULL},
    {"label", 0, 0, G_OPTION_ARG_STRING, &opt.label,
     "Column of the classes, for --balance (default: label)", "COLUMN"},
    {"split", 0, 0, G_OPTION_ARG_STRING, &opt.split,
     "Change rows of this split alone (default: train, if there is a split column)", "NAME"},
    {"all-splits", 0, 0, G_OPTION_ARG_NONE, &opt.all_splits,
     "Change rows of all splits, test rows too", NULL},
    {"format", 0, 0, G_OPTION_ARG_STRING, &opt.format,
     "Of the files: png, jpeg, tiff or webp (default: png)", "FORMAT"},
    {"quality", 0, 0, G_OPTION_ARG_INT, &opt.quality,
     "Of JPEG and WebP files, 1 to 100 (default: 90)", "N"},
    {NULL},
};

static void
job_clear(AugmentJob *job)
{
    for (guint64 i = 0; job->steps != NULL && i < job->plan.n; i++)
        g_free(job->steps[i]);
    g_free(job->steps);
    ts_augment_plan_clear(&job->plan);
    ts_dataset_free(job->dataset);
    ts_classes_free(job->classes);
    ts_manifest_free(job->manifest);
    g_free(job->chosen);
    g_free(job->old_folder);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AugmentJob, job_clear)

static gboolean
check_exclusions(GError **error)
{
    if (opt.list == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "change what? --ops rotate=15,hflip for one; see augment --help");
    if (opt.folder == NULL && !opt.as_rows && opt.sheet == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "where to? -o DIR writes pictures, --virtual a manifest, --show a "
                            "sheet to look at");
    if (opt.folder != NULL && opt.as_rows)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "-o and --virtual exclude each other");
    if (opt.folder == NULL && (opt.format != NULL || opt.quality != -1))
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--format and --quality are for -o");
    if (opt.balance && opt.per_sample != -1)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--balance and --per-sample exclude each other");
    if (opt.per_sample != -1 && opt.per_sample < 1)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--per-sample: %d is less than 1",
                            opt.per_sample);
    if (opt.label != NULL && !opt.balance)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--label is for --balance");
    if (opt.split != NULL && opt.all_splits)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--split and --all-splits exclude each other");
    return TRUE;
}

static gboolean
parse_format(AugmentJob *job, GError **error)
{
    static const struct {
        const char *name, *suffix;
        gboolean is_lossy;
    } formats[] = {{"png", ".png", FALSE},
                   {"jpeg", ".jpg", TRUE},
                   {"tiff", ".tif", FALSE},
                   {"webp", ".webp", TRUE}};
    const char *name = opt.format != NULL ? opt.format : "png";
    guint i = 0;
    while (i < G_N_ELEMENTS(formats) && strcmp(name, formats[i].name) != 0)
        i++;
    if (i == G_N_ELEMENTS(formats))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--format: '%s' is none of png, jpeg, tiff, webp", name);
    if (opt.quality != -1 && !formats[i].is_lossy)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--quality: %s files have no quality", name);
    if (opt.quality != -1 && (opt.quality < 1 || opt.quality > 100))
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--quality: %d is outside of 1 to 100",
                            opt.quality);
    job->suffix = formats[i].suffix;
    job->encode = (TsEncodeOptions){.quality = MAX(opt.quality, 0), .level = 1, .unsynced = TRUE};
    return TRUE;
}

/* Rows of other splits stay as they are. */
static gboolean
choose_rows(AugmentJob *job, GError **error)
{
    const char *split = opt.split != NULL ? opt.split : "train";
    const guint64 n = ts_manifest_n_rows(job->manifest);
    guint64 n_chosen = 0;
    guint required;
    if (opt.split != NULL && !ts_manifest_require_column(job->manifest, "split", &required, error))
        return FALSE;
    int column = opt.all_splits ? -1 : ts_manifest_find_column(job->manifest, "split");
    job->chosen = ts_try_alloc(n, 1, "rows", error);
    if (job->chosen == NULL)
        return FALSE;
    for (guint64 row = 0; row < n; row++) {
        job->chosen[row] =
            column < 0 ||
            ts_cell_equal(ts_manifest_cell(job->manifest, row, (guint) column), split);
        n_chosen += job->chosen[row];
    }
    return n_chosen > 0 ||
           ts_error_set(error, TS_ERROR_FORMAT, "%s: no row%s%s%s%s",
                        ts_manifest_name(job->manifest), column >= 0 ? " has the split '" : "",
                        column >= 0 ? split : "",
                        column >= 0 ? "'; --split NAME chooses another one, " : "",
                        column >= 0 ? "--all-splits all" : "");
}

static gboolean
read_dataset(AugmentJob *job, const char *dataset, GError **error)
{
    job->manifest = ts_layout_read(dataset, error);
    if (job->manifest == NULL || !choose_rows(job, error))
        return FALSE;
    if (opt.balance) {
        job->classes =
            ts_classes_new(job->manifest, opt.label != NULL ? opt.label : "label", error);
        if (job->classes == NULL)
            return FALSE;
    }
    guint64 n;
    g_autofree guint64 *rows = ts_manifest_select(job->manifest, NULL, NULL, &n);
    job->dataset = ts_dataset_new(job->manifest, rows, n, job->classes, error);
    return job->dataset != NULL;
}

/* What cannot be done with pictures of this kind is known before any work. */
static gboolean
check_first(const AugmentJob *job, GError **error)
{
    guint64 first = 0;
    while (!job->chosen[first])
        first++;
    g_autoptr(TsImage) image = ts_sample_render(job->dataset, first, error);
    if (image == NULL)
        return FALSE;
    if (opt.folder != NULL && !ts_image_check_format(job->suffix, image->bands, image->type, error))
        return FALSE;
    return ts_augment_check(&job->how, image->bands - (image->has_alpha ? 1 : 0), image->type, 0, 0,
                            error);
}

static gboolean
draw_one(guint64 i, gpointer data, GError **error)
{
    AugmentJob *job = data;
    job->steps[i] = ts_augment_plan_draw(&job->plan, i, &job->how, ts_tool_seed(), error);
    return job->steps[i] != NULL;
}

static gboolean
plan(AugmentJob *job, GError **error)
{
    TsAugmentOptions how_many = {.per_sample = (guint) (opt.per_sample != -1 ? opt.per_sample : 1),
                                 .keep = opt.keep,
                                 .balance = opt.balance};
    if (!ts_augment_plan_init(&job->plan, job->dataset, job->chosen, &how_many, error))
        return FALSE;
    job->steps = ts_try_alloc(job->plan.n, sizeof *job->steps, "changes", error);
    return job->steps != NULL && ts_parallel_for(job->plan.n, draw_one, job, error);
}

static gboolean
write_sheet(const AugmentJob *job, GError **error)
{
    g_autoptr(TsImage) sheet =
        ts_augment_sheet(job->dataset, job->chosen, &job->how, ts_tool_seed(), error);
    return sheet != NULL && ts_image_write(sheet, opt.sheet, NULL, ts_tool_force(), error);
}

static gboolean
run(int n_args, char **args, GError **error)
{
    g_auto(AugmentJob) job = {0};
    if (!check_exclusions(error) || !parse_format(&job, error))
        return FALSE;
    if (!ts_augment_parse(opt.list, &job.how, error)) {
        g_prefix_error(error, "--ops: ");
        return FALSE;
    }
    if (!read_dataset(&job, n_args > 0 ? args[0] : "-", error) || !check_first(&job, error) ||
        (opt.sheet != NULL && !write_sheet(&job, error)))
        return FALSE;
    if (opt.folder == NULL && !opt.as_rows)
        return TRUE;
    if (!plan(&job, error) || !(opt.as_rows ? augment_write_rows(&job, error)
                                            : augment_write_files(&job, opt.folder, error)))
        return FALSE;
    ts_info("%" G_GUINT64_FORMAT " samples -> %" G_GUINT64_FORMAT, ts_dataset_n(job.dataset),
            job.plan.n);
    if (job.old_folder != NULL)
        ts_warning("%s: files that came into the replaced folder meanwhile are kept here",
                   job.old_folder);
    return TRUE;
}

int
main(int argc, char **argv)
{
    static const TsTool tool = {
        .name = "augment",
        .arguments = "--ops LIST [DATASET]",
        .summary = "change samples at random, as files or as rows that say how",
        .description =
            "Draws changes from LIST for each sample, and writes pictures (-o), or rows whose\n"
            "column op says exactly what is to be done (--virtual), which train and predict do\n"
            "when they read them. The same seed gives the same pixels. Where there is a split\n"
            "column only training rows change.",
        .examples = "  augment --ops rotate=15,hflip,brightness=0.2@0.5 --show look.png photos/\n"
                    "  augment --ops d4,elastic=30:4 -n 3 --keep -o more tiles/manifest.tsv\n"
                    "  augment --ops rotate=10,gamma=0.2 --balance --virtual train.tsv > even.tsv",
        .flags = TS_TOOL_THREADS | TS_TOOL_SEED | TS_TOOL_PROGRESS | TS_TOOL_FORCE,
        .max_args = 1,
        .options = options,
        .run = run,
    };
    return ts_tool_main(&tool, argc, argv);
}

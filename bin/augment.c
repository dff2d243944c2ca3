/* augment: samples changed at random, as files or as rows that say how. */
#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/outfile.h"
#include "base/progress.h"
#include "base/threads.h"
#include "base/tool.h"
#include "layout/layout.h"
#include "manifest/classes.h"
#include "manifest/writer.h"
#include "sample/augment_plan.h"
#include "sample/augment_sheet.h"
#include "sample/mask.h"
#include "sample/render.h"

#include <errno.h>
#include <glib/gstdio.h>
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

typedef struct {
    TsAugment how;
    const char *suffix;
    TsEncodeOptions encode;
    TsManifest *manifest;
    TsClasses *classes;
    TsDataset *dataset; /* all rows */
    guint8 *chosen;     /* (rows) */
    TsAugmentPlan plan;
    char **steps; /* (plan.n) */
    TsProgress *progress;
} Job;

static void
job_clear(Job *job)
{
    for (guint64 i = 0; job->steps != NULL && i < job->plan.n; i++)
        g_free(job->steps[i]);
    g_free(job->steps);
    ts_augment_plan_clear(&job->plan);
    ts_dataset_free(job->dataset);
    ts_classes_free(job->classes);
    ts_manifest_free(job->manifest);
    g_free(job->chosen);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Job, job_clear)

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
parse_format(Job *job, GError **error)
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
choose_rows(Job *job, GError **error)
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
read_dataset(Job *job, const char *dataset, GError **error)
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
check_first(const Job *job, GError **error)
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
check_rows(const Job *job, GError **error)
{
    int column = ts_manifest_find_column(job->manifest, "parent_b");
    for (guint64 row = 0; column >= 0 && row < ts_manifest_n_rows(job->manifest); row++) {
        if (!job->chosen[row] ||
            ts_cell_is_null(ts_manifest_cell(job->manifest, row, (guint) column)))
            continue;
        g_autofree char *where = ts_manifest_where(job->manifest, row);
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: is a mixture, whose column op would change one part alone; "
                            "-o DIR writes it as a file",
                            where);
    }
    return TRUE;
}

static gboolean
draw_one(guint64 i, gpointer data, GError **error)
{
    Job *job = data;
    job->steps[i] = ts_augment_plan_draw(&job->plan, i, &job->how, ts_tool_seed(), error);
    return job->steps[i] != NULL;
}

static gboolean
plan(Job *job, GError **error)
{
    TsAugmentOptions how_many = {.per_sample = (guint) (opt.per_sample != -1 ? opt.per_sample : 1),
                                 .keep = opt.keep,
                                 .balance = opt.balance};
    if (!ts_augment_plan_init(&job->plan, job->dataset, job->chosen, &how_many, error))
        return FALSE;
    job->steps = ts_try_alloc(job->plan.n, sizeof *job->steps, "changes", error);
    return job->steps != NULL && ts_parallel_for(job->plan.n, draw_one, job, error);
}

/* "stem_0012_1.png": file, row and copy; masks, which have to be lossless, in a folder below. */
static char *
file_name(const Job *job, guint64 i, gboolean is_mask)
{
    const TsAugmentEntry *entry = &job->plan.entries[i];
    guint64 row = ts_dataset_row(job->dataset, entry->sample);
    g_autofree char *path = ts_manifest_path(job->manifest, row);
    g_autofree char *name = g_path_get_basename(path);
    char *dot = strrchr(name, '.');
    if (dot != NULL && dot != name)
        *dot = '\0';
    int digits = 1;
    for (guint64 rest = ts_manifest_n_rows(job->manifest); rest >= 10; rest /= 10)
        digits++;
    return g_strdup_printf("%s%s_%0*" G_GUINT64_FORMAT "_%u%s", is_mask ? "masks/" : "", name,
                           digits, row, entry->copy, is_mask ? ".png" : job->suffix);
}

static gboolean
write_image(const Job *job, const TsImage *image, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(opt.folder, name, NULL);
    return ts_image_write(image, path, &job->encode, ts_tool_force(), error);
}

static gboolean
write_one(guint64 i, gpointer data, GError **error)
{
    Job *job = data;
    const guint64 sample = job->plan.entries[i].sample;
    g_autofree char *name = file_name(job, i, FALSE);
    g_autoptr(TsImage) image = ts_sample_render_changed(job->dataset, sample, job->steps[i], error);
    if (image == NULL || !write_image(job, image, name, error))
        return FALSE;
    if (ts_sample_has_mask(job->dataset, sample)) {
        g_autofree char *mask_name = file_name(job, i, TRUE);
        g_autoptr(TsImage) mask =
            ts_sample_render_changed_mask(job->dataset, sample, job->steps[i], error);
        if (mask == NULL || !write_image(job, mask, mask_name, error))
            return FALSE;
    }
    ts_progress_add(job->progress, 1);
    return TRUE;
}

/* A manifest in the folder says that all is there: an old one goes first, the new one comes last.
 */
static gboolean
begin_folder(const char *manifest, const TsManifest *of, GError **error)
{
    g_autofree char *masks = g_build_filename(opt.folder, "masks", NULL);
    if (!ts_make_folder(ts_manifest_find_column(of, "mask") >= 0 ? masks : opt.folder, error))
        return FALSE;
    if (g_file_test(manifest, G_FILE_TEST_EXISTS)) {
        if (!ts_tool_force())
            return ts_error_set(error, TS_ERROR_IO, "%s: exists already; --force replaces it",
                                manifest);
        if (g_unlink(manifest) != 0)
            return ts_error_set_errno(error, errno, "%s: cannot be replaced", manifest);
    }
    return TRUE;
}

/* A column of the manifest that is written, and its value in one row. */
typedef char *(*Value)(const Job *job, guint64 i);

static char *
value_none(const Job *job, guint64 i)
{
    return NULL;
}

static char *
value_file(const Job *job, guint64 i)
{
    return file_name(job, i, FALSE);
}

static char *
value_mask(const Job *job, guint64 i)
{
    return ts_sample_has_mask(job->dataset, job->plan.entries[i].sample) ? file_name(job, i, TRUE)
                                                                         : NULL;
}

static guint64
row_of(const Job *job, guint64 i)
{
    return ts_dataset_row(job->dataset, job->plan.entries[i].sample);
}

static char *
value_from(const Job *job, guint64 i)
{
    return ts_manifest_id(job->manifest, row_of(job, i));
}

/* The sample's id, with the number of the copy behind it: "cell-12~1". */
static char *
value_id(const Job *job, guint64 i)
{
    g_autofree char *id = ts_manifest_id(job->manifest, row_of(job, i));
    guint copy = job->plan.entries[i].copy;
    return copy == 0 || id == NULL ? g_steal_pointer(&id) : g_strdup_printf("%s~%u", id, copy);
}

static char *
value_step(const Job *job, guint64 i)
{
    return *job->steps[i] != '\0' ? g_strdup(job->steps[i]) : NULL;
}

/* The changes that the row has, and the new ones as a further step. */
static char *
value_op(const Job *job, guint64 i)
{
    int column = ts_manifest_find_column(job->manifest, "op");
    g_autofree char *before =
        column >= 0
            ? ts_cell_unescape(ts_manifest_cell(job->manifest, row_of(job, i), (guint) column))
            : NULL;
    if (before == NULL || *job->steps[i] == '\0')
        return before != NULL ? g_steal_pointer(&before) : value_step(job, i);
    return g_strdup_printf("%s|%s", before, job->steps[i]);
}

typedef struct {
    const char *name;
    Value value;
    gboolean is_added; /* also where the manifest that was read lacks it */
} Column;

static gboolean
write_rows(const Job *job, TsManifestWriter *out, const Column *const *columns, guint n,
           GError **error)
{
    g_autofree char **values = g_new0(char *, n + 1);
    for (guint64 i = 0; i < job->plan.n; i++) {
        if (ts_interrupt_check(error))
            return FALSE;
        for (guint k = 0; k < n; k++)
            values[k] = columns[k]->value(job, i);
        gboolean written = ts_manifest_writer_copy_row(out, job->manifest, row_of(job, i),
                                                       (const char *const *) values, error);
        for (guint k = 0; k < n; k++)
            g_clear_pointer(&values[k], g_free);
        if (!written)
            return FALSE;
    }
    return ts_manifest_writer_commit(out, error);
}

/* Copies of a sample have to stay in its split, so rows that have neither split nor group get one.
 */
static gboolean
is_written(const Job *job, const Column *column)
{
    if (strcmp(column->name, "group") == 0)
        return ts_manifest_find_column(job->manifest, "group") < 0 &&
               ts_manifest_find_column(job->manifest, "split") < 0;
    return column->is_added || ts_manifest_find_column(job->manifest, column->name) >= 0;
}

static gboolean
write_manifest(const Job *job, const char *path, const Column *all, guint n_all, GError **error)
{
    g_autofree const Column **columns = g_new0(const Column *, n_all + 1);
    g_autofree const char **names = g_new0(const char *, n_all + 1);
    guint n = 0;
    for (guint i = 0; i < n_all; i++)
        if (is_written(job, &all[i])) {
            names[n] = all[i].name;
            columns[n++] = &all[i];
        }
    g_autoptr(TsManifestWriter) out =
        ts_manifest_writer_new_like(path, job->manifest, names, ts_tool_force(), error);
    return out != NULL && write_rows(job, out, columns, n, error);
}

static gboolean
write_virtual(const Job *job, GError **error)
{
    static const Column columns[] = {
        {"op", value_op, TRUE}, {"id", value_id, FALSE}, {"group", value_from, TRUE}};
    return check_rows(job, error) &&
           write_manifest(job, "-", columns, G_N_ELEMENTS(columns), error);
}

static gboolean
write_files(Job *job, GError **error)
{
    static const Column columns[] = {{"file_name", value_file, TRUE},
                                     {"x", value_none, FALSE},
                                     {"y", value_none, FALSE},
                                     {"width", value_none, FALSE},
                                     {"height", value_none, FALSE},
                                     {"offset", value_none, FALSE},
                                     {"length", value_none, FALSE},
                                     {"raw", value_none, FALSE},
                                     {"parent_b", value_none, FALSE},
                                     {"lambda", value_none, FALSE},
                                     {"op", value_none, FALSE},
                                     {"mask", value_mask, FALSE},
                                     {"id", value_id, FALSE},
                                     {"augmented_from", value_from, TRUE},
                                     {"augmented_by", value_step, TRUE},
                                     {"group", value_from, TRUE}};
    g_autofree char *manifest = g_build_filename(opt.folder, "manifest.tsv", NULL);
    if (!begin_folder(manifest, job->manifest, error))
        return FALSE;
    g_autoptr(TsProgress) progress = ts_progress_new("augment", job->plan.n, "samples");
    job->progress = progress;
    return ts_parallel_for(job->plan.n, write_one, job, error) &&
           ts_sync_folder(opt.folder, error) &&
           write_manifest(job, manifest, columns, G_N_ELEMENTS(columns), error);
}

static gboolean
write_sheet(const Job *job, GError **error)
{
    g_autoptr(TsImage) sheet =
        ts_augment_sheet(job->dataset, job->chosen, &job->how, ts_tool_seed(), error);
    return sheet != NULL && ts_image_write(sheet, opt.sheet, NULL, ts_tool_force(), error);
}

static gboolean
run(int n_args, char **args, GError **error)
{
    g_auto(Job) job = {0};
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
    if (!plan(&job, error) ||
        !(opt.as_rows ? write_virtual(&job, error) : write_files(&job, error)))
        return FALSE;
    ts_info("%" G_GUINT64_FORMAT " samples -> %" G_GUINT64_FORMAT, ts_dataset_n(job.dataset),
            job.plan.n);
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

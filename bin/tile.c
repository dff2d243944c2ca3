/* tile: cut images into tiles, as files, in tars, or as rows of a manifest. */
#include "tile.h"

#include "base/error.h"
#include "base/log.h"
#include "base/threads.h"
#include "base/tool.h"
#include "manifest/writer.h"
#include "tiling/cut/lossless.h"

#include <stdio.h>
#include <string.h>

static const TsToolPart parts[] = {{"Inputs:", tile_input_options},
                                   {"Where tiles lie:", tile_layout_options},
                                   {"Labels and filters:", tile_judge_options},
                                   {"Output:", tile_output_options},
                                   {NULL, NULL}};

typedef struct {
    TileLayout layout;
    TileOutput output;
    TsManifest *dataset; /* whose rows are cut, or NULL, */
    GPtrArray *masks;    /* and the masks that it names, char * or NULL, one for each image */
    TsPlan *plan;
    TsJudge *judge;
    TsNames *names;
} Job;

static void
job_clear(Job *job)
{
    ts_names_free(job->names);
    ts_judge_free(job->judge);
    ts_plan_free(job->plan);
    g_clear_pointer(&job->masks, g_ptr_array_unref);
    ts_manifest_free(job->dataset);
    tile_layout_clear(&job->layout);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Job, job_clear)

static gboolean
check_options(const Job *job, GError **error)
{
    const TsGridOptions *size = &job->layout.options.sizes[0];
    if (job->output.kind == TS_CUT_ROWS && !job->output.plan_only && size->edge == TS_EDGE_PAD)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--virtual: a region lies inside of its image, --edge pad is for -o");
    return TRUE;
}

/* What cannot be is known before any work. */
static gboolean
check_input(const Job *job, const TsPlanInput *input, GError **error)
{
    guint8 sample[8];
    const TsGridOptions *size = &job->layout.options.sizes[0];
    const TsImageInfo *info = &input->info;
    if (input->n_tiles == 0 && job->layout.place_images != NULL)
        ts_warning("%s: --points has no place in it", input->path);
    else if (input->n_tiles == 0)
        ts_warning("%s: %d x %d pixels hold no tile of %d x %d, with edges dropped", input->path,
                   info->width, info->height, size->tile_width, size->tile_height);
    if (info->width > input->width)
        ts_warning("%s: is enlarged from %d x %d to %d x %d pixels", input->path, input->width,
                   input->height, info->width, info->height);
    if (job->output.kind == TS_CUT_ROWS)
        return TRUE;
    if (job->output.lossless) {
        g_autoptr(TsLossless) lossless = ts_lossless_open(input, error);
        return lossless != NULL;
    }
    if (!ts_image_check_format(job->output.suffix, info->bands, info->type, error) ||
        !ts_pad_sample(job->layout.padding.value, info->type, sample, error)) {
        g_prefix_error(error, "%s: ", input->path);
        return FALSE;
    }
    return TRUE;
}

/* Read all headers. */
static gboolean
read_inputs(Job *job, int n_args, char **args, GError **error)
{
    job->plan = ts_plan_new(&job->layout.options);
    job->masks = g_ptr_array_new_with_free_func(g_free);
    if (!tile_inputs_add(job->plan, n_args, args, &job->dataset, job->masks, error) ||
        !tile_layout_check_images(&job->layout, job->plan, error))
        return FALSE;
    for (guint i = 0; i < job->plan->inputs->len; i++)
        if (!check_input(job, ts_plan_get_input(job->plan, i), error))
            return FALSE;
    return TRUE;
}

/* Milliseconds that one core takes for a megapixel; rough, of one machine. */
static double
estimate_cost(const Job *job)
{
    static const struct {
        const char *suffix;
        double cost;
    } costs[] = {{".png", 12},  {".jpg", 5},   {".tif", 40},
                 {".webp", 60}, {".npy", 3.5}, {".raw", 3.5}};
    for (guint i = 0; i < G_N_ELEMENTS(costs); i++)
        if (job->output.makes_files && strcmp(costs[i].suffix, job->output.suffix) == 0)
            return costs[i].cost;
    return 0;
}

/* The same for the pixels that are scaled, once. */
static double
estimate_scaling(const Job *job, const TsPlanInput *input)
{
    gboolean scales = input->is_scaled && job->output.makes_files;
    return scales ? 15 * (double) input->width * input->height : 0;
}

/* Columns and rows, where there is one grid. */
static void
put_grid(TsManifestWriter *out, const TsPlanInput *input)
{
    const TsPlanLayout *layout = &g_array_index(input->layouts, TsPlanLayout, 0);
    if (input->layouts->len > 1 || layout->places != NULL) {
        ts_manifest_writer_put(out, NULL);
        ts_manifest_writer_put(out, NULL);
        return;
    }
    ts_manifest_writer_put_int(out, (gint64) layout->grid.n_columns);
    ts_manifest_writer_put_int(out, (gint64) layout->grid.n_rows);
}

static gboolean
print_plan(const Job *job, GError **error)
{
    static const char *const columns[] = {"file_name",   "width",        "height",  "bands",
                                          "type",        "columns",      "rows",    "tiles",
                                          "pixel_bytes", "memory_bytes", "seconds", NULL};
    g_autoptr(TsManifestWriter) out = ts_manifest_writer_new("-", columns, FALSE, error);
    double cost = estimate_cost(job), n_cores = MIN(ts_threads_get(), g_get_num_processors());
    guint64 memory = ts_cut_memory(job->plan, ts_threads_get());
    for (guint i = 0; out != NULL && i < job->plan->inputs->len; i++) {
        const TsPlanInput *input = ts_plan_get_input(job->plan, i);
        guint64 n_bytes = ts_plan_input_bytes(input);
        gsize pixel = (gsize) input->info.bands * ts_sample_type_size(input->info.type);
        ts_manifest_writer_put(out, input->path);
        ts_manifest_writer_put_int(out, input->info.width);
        ts_manifest_writer_put_int(out, input->info.height);
        ts_manifest_writer_put_int(out, input->info.bands);
        ts_manifest_writer_put(out, ts_sample_type_name(input->info.type));
        put_grid(out, input);
        ts_manifest_writer_put_int(out, (gint64) input->n_tiles);
        ts_manifest_writer_put_int(out, (gint64) n_bytes);
        ts_manifest_writer_put_int(out, job->output.makes_files ? (gint64) memory : 0);
        double work = cost * (double) n_bytes / pixel + estimate_scaling(job, input);
        ts_manifest_writer_put_int(out, (gint64) (work / 1e6 / 1e3 / n_cores + 0.5));
        if (!ts_manifest_writer_end_row(out, error))
            return FALSE;
    }
    return out != NULL && ts_manifest_writer_commit(out, error);
}

static void
report_drops(const TsCutReport *report)
{
    g_autoptr(GList) reasons =
        g_list_sort(g_hash_table_get_keys(report->reasons), (GCompareFunc) (void (*)(void)) strcmp);
    for (const GList *at = reasons; at != NULL; at = at->next)
        ts_info("dropped %" G_GUINT64_FORMAT " tiles: %s",
                *(const guint64 *) g_hash_table_lookup(report->reasons, at->data),
                (const char *) at->data);
    if (report->n_resumed > 0)
        ts_info("%" G_GUINT64_FORMAT " tiles were there already", report->n_resumed);
    if (report->old_folder != NULL)
        ts_warning("%s: files that came into the replaced folder meanwhile are kept here",
                   report->old_folder);
}

/* All options that bytes depend on, for the journal. */
static char *
describe_options(const Job *job)
{
    GString *line = g_string_new("tessera\t" TS_VERSION "\n");
    for (guint i = 0; parts[i].title != NULL; i++) {
        g_autofree char *text = tile_describe_options(parts[i].options);
        g_string_append(line, text);
    }
    g_autofree char *files = job->judge != NULL ? ts_judge_checksum(job->judge) : g_strdup("none");
    g_string_append_printf(line, "checksum of masks and labels\t%s\n", files);
    g_string_append_printf(line, "--seed\t%" G_GUINT64_FORMAT "\n", ts_tool_seed());
    return g_string_free(line, FALSE);
}

static gboolean
cut(const Job *job, GError **error)
{
    const TileOutput *output = &job->output;
    g_auto(TsCutReport) report = {0};
    g_autofree char *text = describe_options(job);
    g_autoptr(TsProgress) progress = ts_progress_new("tile", job->plan->n_tiles, "tiles");
    gboolean quick = output->kind == TS_CUT_ROWS && job->judge == NULL && !output->check;
    TsCut cut = {.kind = output->kind,
                 .plan = job->plan,
                 .names = job->names,
                 .judge = job->judge,
                 .dataset = job->dataset,
                 .output = output->path,
                 .encode = output->encode,
                 .padding = job->layout.padding,
                 .lossless = output->lossless,
                 .check = output->check,
                 .options = text,
                 .replace = ts_tool_force(),
                 .shard_tiles = output->shard_tiles,
                 .shard_bytes = output->shard_bytes,
                 .rejects = output->rejects,
                 .progress = quick ? NULL : progress};
    if (!ts_cut_run(&cut, &report, error))
        return FALSE;
    report_drops(&report);
    return TRUE;
}

static gboolean
check_label(const Job *job, GError **error)
{
    const char *first = job->judge != NULL ? ts_judge_columns(job->judge)[0] : NULL;
    if (ts_names_uses_label(job->names) && g_strcmp0(first, "label") != 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--name: there is no {label} without rules of --label");
    return TRUE;
}

static gboolean
run(int n_args, char **args, GError **error)
{
    g_auto(Job) job = {0};
    if (!tile_inputs_init(error) || !tile_layout_init(&job.layout, error) ||
        !tile_output_init(&job.output, error) || !check_options(&job, error) ||
        !read_inputs(&job, n_args, args, error))
        return FALSE;
    if (job.output.plan_only)
        return print_plan(&job, error);
    if (!tile_judge_new(job.plan, job.masks, job.output.rejects, job.output.kind == TS_CUT_ROWS,
                        &job.judge, error))
        return FALSE;
    if (job.output.kind != TS_CUT_ROWS) {
        job.names = ts_names_new(job.output.name, job.plan, job.output.suffix, job.output.fan_out,
                                 job.output.kind == TS_CUT_TAR, error);
        if (job.names == NULL || !check_label(&job, error))
            return FALSE;
    }
    return cut(&job, error);
}

int
main(int argc, char **argv)
{
    TsTool tool = {
        .name = "tile",
        .arguments = "IMAGE... | DATASET",
        .summary = "cut images into tiles, as files, in tars, or as rows of a manifest",
        .description =
            "Lays a grid over each IMAGE and writes one row a tile: with --virtual a manifest of\n"
            "regions, which needs no pixel and no disk; with -o a folder of image files and their\n"
            "manifest.tsv; with --tar the same in a few large files. A run that was stopped goes "
            "on\n"
            "with the same command line.",
        .examples = "  tile -s 20 --virtual sheet.png > cells.tsv\n"
                    "  tile -s 512 --overlap 64 --edge pad -o tiles slide.tif\n"
                    "  tile -s 256 --format jpeg --tar shards/train *.jpg\n"
                    "  tile -s 256 --mask masks --label majority --virtual images/*.png > m.tsv\n"
                    "  tile -s 256 --keep 'tissue>=0.5' --drop 'focus<20' -o tiles slide.tif\n"
                    "  tile -s 32 -o tiles cells.tsv\n"
                    "  tile -s 256 --plan *.jpg",
        .flags = TS_TOOL_THREADS | TS_TOOL_PROGRESS | TS_TOOL_FORCE | TS_TOOL_SEED,
        .min_args = 1,
        .max_args = -1,
        .parts = parts,
        .run = run,
    };
    return ts_tool_main(&tool, argc, argv);
}

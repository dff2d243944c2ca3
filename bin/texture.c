/* texture: add numbers that describe the texture of every sample of a data set. */
#include "image/texture/texture.h"
#include "base/error.h"
#include "base/number.h"
#include "base/progress.h"
#include "base/threads.h"
#include "base/tool.h"
#include "layout/layout.h"
#include "manifest/writer.h"
#include "sample/mask.h"
#include "sample/render.h"
#include "store/npy.h"

#include <math.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdio.h>
#include <string.h>

static struct {
    char *features, *grey, *percentiles, *convention, *properties, *range, *directions, *distances,
        *angles, *lbp, *radius, *frequencies, *bandwidth, *format, *output, *root, *split;
    char **offsets;
    int band, levels, points, orientations;
    gint64 mask_class;
    gboolean symmetric, mask, columns;
} opt = {.band = -1, .levels = 256, .points = 8, .orientations = 4, .mask_class = -1};

static const GOptionEntry entries[] = {
    {"features", 'f', 0, G_OPTION_ARG_STRING, &opt.features,
     "Families of features (default: first_order,entropy,laplacian,glcm,lbp)", "LIST"},
    {"grey", 0, 0, G_OPTION_ARG_STRING, &opt.grey,
     "Grey of RGB: skimage or bt601 (default: skimage)", "RULE"},
    {"band", 0, 0, G_OPTION_ARG_INT, &opt.band, "Take band N, from 0, as grey", "N"},
    {"percentiles", 0, 0, G_OPTION_ARG_STRING, &opt.percentiles,
     "Of first_order (default: 10,25,50,75,90)", "LIST"},
    {"convention", 0, 0, G_OPTION_ARG_STRING, &opt.convention,
     "Of glcm: skimage, mahotas or ibsi (default: skimage)", "NAME"},
    {"properties", 0, 0, G_OPTION_ARG_STRING, &opt.properties,
     "Of glcm: names of the convention, or all", "LIST"},
    {"levels", 0, 0, G_OPTION_ARG_INT, &opt.levels, "Of glcm (default: 256)", "N"},
    {"range", 0, 0, G_OPTION_ARG_STRING, &opt.range,
     "Values that are divided into levels (default: all that the type can hold)", "LO,HI"},
    {"symmetric", 0, 0, G_OPTION_ARG_NONE, &opt.symmetric, "Count each pair of pixels both ways",
     NULL},
    {"distances", 0, 0, G_OPTION_ARG_STRING, &opt.distances, "Of glcm, in pixels (default: 1)",
     "LIST"},
    {"angles", 0, 0, G_OPTION_ARG_STRING, &opt.angles, "Of glcm, in degrees (default: 0,45,90,135)",
     "LIST"},
    {"offset", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt.offsets,
     "Instead: pixels to the right and down; can be repeated", "DX,DY"},
    {"directions", 0, 0, G_OPTION_ARG_STRING, &opt.directions,
     "Of glcm: each, their mean, or merge their matrices (default: each)", "RULE"},
    {"lbp", 0, 0, G_OPTION_ARG_STRING, &opt.lbp,
     "default, ror, uniform, nri_uniform or var (default: uniform)", "METHOD"},
    {"lbp-points", 0, 0, G_OPTION_ARG_INT, &opt.points, "Neighbours on the circle (default: 8)",
     "N"},
    {"lbp-radius", 0, 0, G_OPTION_ARG_STRING, &opt.radius, "Of the circle, in pixels (default: 1)",
     "R"},
    {"frequencies", 0, 0, G_OPTION_ARG_STRING, &opt.frequencies,
     "Of gabor, in cycles a pixel (default: 0.1,0.2,0.4)", "LIST"},
    {"orientations", 0, 0, G_OPTION_ARG_INT, &opt.orientations,
     "Of gabor, even over 180 degrees (default: 4)", "N"},
    {"bandwidth", 0, 0, G_OPTION_ARG_STRING, &opt.bandwidth, "Of gabor, in octaves (default: 1)",
     "B"},
    {"mask", 0, 0, G_OPTION_ARG_NONE, &opt.mask,
     "Only pixels where the picture of column mask is not 0", NULL},
    {"mask-class", 0, 0, G_OPTION_ARG_INT64, &opt.mask_class, "Only pixels where it is N", "N"},
    {"split", 0, 0, G_OPTION_ARG_STRING, &opt.split, "Only rows with this value of column split",
     "NAME"},
    {"root", 0, 0, G_OPTION_ARG_FILENAME, &opt.root, "Where relative file names start", "DIR"},
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &opt.output,
     "Write to FILE (default: standard output)", "FILE"},
    {"format", 0, 0, G_OPTION_ARG_STRING, &opt.format,
     "tsv: rows with columns added; npy: the numbers alone, with -o (default: tsv)", "FORMAT"},
    {"columns", 0, 0, G_OPTION_ARG_NONE, &opt.columns,
     "Print the names of the columns that would be added", NULL},
    G_OPTION_ENTRY_NULL,
};

enum { MAX_LISTS = 8 };

/* Options, and the lists that they point to. */
typedef struct {
    TsTextureOptions how;
    GArray *lists[MAX_LISTS];
    guint n_lists;
} Choice;

static void
choice_clear(Choice *choice)
{
    for (guint i = 0; i < choice->n_lists; i++)
        g_array_unref(choice->lists[i]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Choice, choice_clear)

/* The position of `text` in `words`; `value` stays if it was not given. */
static gboolean
parse_word(const char *text, const char *option, const char *const *words, int *value,
           GError **error)
{
    if (text == NULL)
        return TRUE;
    for (*value = 0; words[*value] != NULL; (*value)++)
        if (strcmp(text, words[*value]) == 0)
            return TRUE;
    g_autofree char *all = g_strjoinv(", ", (char **) words);
    return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: '%s' is none of %s", option, text, all);
}

static GArray *
new_list(Choice *choice, gsize size)
{
    g_assert(choice->n_lists < MAX_LISTS);
    return choice->lists[choice->n_lists++] = g_array_new(FALSE, FALSE, (guint) size);
}

/* Read "0.5,1" into `values`; they stay if `text` is NULL. */
static gboolean
parse_doubles(Choice *choice, const char *text, const char *option, const double **values, guint *n,
              GError **error)
{
    if (text == NULL)
        return TRUE;
    GArray *list = new_list(choice, sizeof(double));
    g_auto(GStrv) parts = g_strsplit(text[0] != '\0' ? text : " ", ",", -1);
    for (char **part = parts; *part != NULL; part++) {
        double value;
        if (!ts_parse_double(*part, -1e300, 1e300, option, &value, error))
            return FALSE;
        g_array_append_val(list, value);
    }
    *values = (const double *) (void *) list->data;
    *n = list->len;
    return TRUE;
}

/* Append the whole numbers of "1,2" to `list`. */
static gboolean
parse_ints(const char *text, const char *option, GArray *list, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text[0] != '\0' ? text : " ", ",", -1);
    for (char **part = parts; *part != NULL; part++) {
        gint64 number;
        if (!ts_parse_int(*part, -G_MAXINT16, G_MAXINT16, option, &number, error))
            return FALSE;
        int value = (int) number;
        g_array_append_val(list, value);
    }
    return TRUE;
}

static gboolean
parse_range(Choice *choice, GError **error)
{
    const double *ends = NULL;
    guint n = 2;
    if (opt.range == NULL)
        return TRUE;
    if (!parse_doubles(choice, opt.range, "--range", &ends, &n, error))
        return FALSE;
    if (n != 2)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--range: '%s' is not two numbers such as 0,4095", opt.range);
    choice->how.has_range = TRUE;
    choice->how.low = ends[0];
    choice->how.high = ends[1];
    return TRUE;
}

static gboolean
parse_offsets(Choice *choice, GError **error)
{
    if (opt.offsets == NULL)
        return TRUE;
    if (opt.distances != NULL || opt.angles != NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--offset and --distances or --angles exclude each other");
    GArray *list = new_list(choice, sizeof(int));
    for (guint i = 0; opt.offsets[i] != NULL; i++) {
        if (!parse_ints(opt.offsets[i], "--offset", list, error))
            return FALSE;
        if (list->len != 2 * (i + 1))
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "--offset: '%s' is not two numbers such as 1,0", opt.offsets[i]);
    }
    choice->how.offsets = (const int *) (void *) list->data;
    choice->how.n_offsets = list->len / 2;
    return TRUE;
}

static gboolean
parse_lists(Choice *choice, GError **error)
{
    TsTextureOptions *how = &choice->how;
    if (opt.distances != NULL) {
        GArray *list = new_list(choice, sizeof(int));
        if (!parse_ints(opt.distances, "--distances", list, error))
            return FALSE;
        how->distances = (const int *) (void *) list->data;
        how->n_distances = list->len;
    }
    return parse_doubles(choice, opt.percentiles, "--percentiles", &how->percentiles,
                         &how->n_percentiles, error) &&
           parse_doubles(choice, opt.angles, "--angles", &how->angles, &how->n_angles, error) &&
           parse_doubles(choice, opt.frequencies, "--frequencies", &how->frequencies,
                         &how->n_frequencies, error) &&
           parse_range(choice, error) && parse_offsets(choice, error);
}

static gboolean
parse_words(TsTextureOptions *how, GError **error)
{
    static const char *const greys[] = {"skimage", "bt601", NULL};
    static const char *const conventions[] = {"skimage", "mahotas", "ibsi", NULL};
    static const char *const directions[] = {"each", "mean", "merge", NULL};
    int grey = (int) how->grey, convention = (int) how->convention;
    static const char *const methods[] = {"default", "ror", "uniform", "nri_uniform", "var", NULL};
    int direction = (int) how->directions, method = (int) how->lbp;
    if (!parse_word(opt.grey, "--grey", greys, &grey, error) ||
        !parse_word(opt.convention, "--convention", conventions, &convention, error) ||
        !parse_word(opt.directions, "--directions", directions, &direction, error) ||
        !parse_word(opt.lbp, "--lbp", methods, &method, error))
        return FALSE;
    how->grey = (TsGreyRule) grey;
    how->convention = (TsGlcmConvention) convention;
    how->directions = (TsDirections) direction;
    how->lbp = (TsLbpMethod) method;
    return TRUE;
}

/* Options that are one number. */
static gboolean
parse_numbers(TsTextureOptions *how, GError **error)
{
    how->band = opt.band;
    how->mask_class = opt.mask_class;
    how->levels = opt.levels;
    how->lbp_points = opt.points;
    how->orientations = opt.orientations;
    if (opt.band < -1)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--band: %d is below 0", opt.band);
    if (opt.mask_class < -1)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--mask-class: %" G_GINT64_FORMAT " is below 0", opt.mask_class);
    return (opt.radius == NULL ||
            ts_parse_double(opt.radius, 0, 1e300, "--lbp-radius", &how->lbp_radius, error)) &&
           (opt.bandwidth == NULL ||
            ts_parse_double(opt.bandwidth, 0, 1e300, "--bandwidth", &how->gabor_bandwidth, error));
}

static gboolean
parse_options(Choice *choice, GError **error)
{
    TsTextureOptions *how = &choice->how;
    *how = ts_texture_defaults();
    if (opt.features != NULL)
        how->features = opt.features;
    how->properties = opt.properties;
    how->symmetric = opt.symmetric;
    return parse_numbers(how, error) && parse_words(how, error) && parse_lists(choice, error);
}

static gboolean
check_output(gboolean *as_npy, GError **error)
{
    static const char *const formats[] = {"tsv", "npy", NULL};
    int format = 0;
    if (!parse_word(opt.format, "--format", formats, &format, error))
        return FALSE;
    *as_npy = format == 1;
    if (*as_npy && opt.output == NULL && !opt.columns)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--format npy needs a file: -o FILE.npy");
    return opt.columns || ts_tool_check_output(opt.output, error);
}

enum { ROWS_AT_ONCE = 256 };

typedef struct {
    const TsTexture *texture;
    const TsManifest *manifest;
    TsDataset *dataset;
    TsProgress *progress;
    guint64 first;  /* row that is worked on as item 0 */
    double *values; /* (rows, columns) of them */
} Job;

static gboolean
compute_row(guint64 item, gpointer data, GError **error)
{
    Job *job = data;
    const guint64 i = job->first + item;
    g_autoptr(TsImage) image = ts_sample_render(job->dataset, i, error);
    g_autoptr(TsImage) mask = NULL;
    gboolean with_mask = opt.mask || opt.mask_class >= 0;
    if (image != NULL && with_mask)
        mask = ts_sample_render_mask(job->dataset, i, error);
    if (image == NULL || (with_mask && mask == NULL))
        return FALSE;
    double *values = job->values + item * ts_texture_n(job->texture);
    if (!ts_texture_compute(job->texture, image, mask, values, error)) {
        g_autofree char *where = ts_manifest_where(job->manifest, ts_dataset_row(job->dataset, i));
        g_prefix_error(error, "%s: ", where);
        return FALSE;
    }
    ts_progress_add(job->progress, 1);
    return TRUE;
}

static gboolean
write_row(TsManifestWriter *out, const Job *job, guint64 item, GError **error)
{
    const guint n = ts_texture_n(job->texture);
    g_autofree char *text = g_malloc((gsize) MAX(n, 1) * TS_NUMBER_MAX);
    g_autofree const char **cells = g_new0(const char *, n + 1);
    for (guint c = 0; c < n; c++) {
        double value = job->values[item * n + c];
        if (isfinite(value))
            cells[c] = ts_format_double(text + (gsize) c * TS_NUMBER_MAX, value);
    }
    return ts_manifest_writer_copy_row(
        out, job->manifest, ts_dataset_row(job->dataset, job->first + item), cells, error);
}

static gboolean
write_tsv(Job *job, GError **error)
{
    const guint64 n = ts_dataset_n(job->dataset), n_columns = ts_texture_n(job->texture);
    g_autoptr(TsManifestWriter) out =
        ts_manifest_writer_new_like(opt.output != NULL ? opt.output : "-", job->manifest,
                                    ts_texture_columns(job->texture), ts_tool_force(), error);
    g_autofree double *values =
        out != NULL ? ts_try_alloc(ROWS_AT_ONCE * n_columns + 1, sizeof *values, "features", error)
                    : NULL;
    job->values = values;
    if (values == NULL)
        return FALSE;
    for (job->first = 0; job->first < n; job->first += ROWS_AT_ONCE) {
        guint64 n_now = MIN(ROWS_AT_ONCE, n - job->first);
        if (!ts_parallel_for(n_now, compute_row, job, error))
            return FALSE;
        for (guint64 i = 0; i < n_now; i++)
            if (!write_row(out, job, i, error))
                return FALSE;
    }
    return ts_manifest_writer_commit(out, error);
}

static gboolean
write_npy(Job *job, GError **error)
{
    const guint64 n = ts_dataset_n(job->dataset), n_columns = ts_texture_n(job->texture);
    gsize n_values;
    if (!g_size_checked_mul(&n_values, n, n_columns))
        return ts_error_set(error, TS_ERROR_NO_MEMORY, "too many features");
    g_autofree double *values = ts_try_alloc(MAX(n_values, 1), sizeof *values, "features", error);
    job->values = values;
    if (values == NULL || !ts_parallel_for(n, compute_row, job, error))
        return FALSE;
    TsTensor array = {.dtype = TS_DTYPE_F64,
                      .rank = 2,
                      .shape = {(gint64) n, (gint64) n_columns},
                      .data = values,
                      .n_bytes = n_values * sizeof *values};
    return ts_npy_write(opt.output, &array, ts_tool_force(), error);
}

/* Features of each band need to know how many there are: as many as in the first row. */
static gboolean
look_at_bands(Choice *choice, TsDataset *dataset, TsTexture **texture, GError **error)
{
    if (!ts_texture_needs_bands(*texture) || ts_dataset_n(dataset) == 0)
        return TRUE;
    g_autoptr(TsImage) image = ts_sample_render(dataset, 0, error);
    if (image == NULL)
        return FALSE;
    choice->how.bands = image->bands - (image->has_alpha && image->bands > 1 ? 1 : 0);
    ts_texture_free(*texture);
    *texture = ts_texture_new(&choice->how, error);
    return *texture != NULL;
}

static gboolean
print_columns(const TsTexture *texture)
{
    for (guint i = 0; i < ts_texture_n(texture); i++)
        printf("%s\n", ts_texture_columns(texture)[i]);
    return TRUE;
}

static TsDataset *
read_dataset(const TsManifest *manifest, GError **error)
{
    guint64 n;
    g_autofree guint64 *rows = ts_manifest_select(manifest, "split", opt.split, &n);
    if (opt.split != NULL && n == 0) {
        ts_error_set(error, TS_ERROR_FORMAT, "%s: no row has split '%s'",
                     ts_manifest_name(manifest), opt.split);
        return NULL;
    }
    return ts_dataset_new(manifest, rows, n, NULL, error);
}

/* Buffers are as large as images and live as long as one: memory that was freed is kept for the
 * next, as getting it anew from the system costs a quarter of the time of a quick feature. */
static void
keep_freed_memory(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 128 << 20);
#endif
}

static gboolean
run(int n_args, char **args, GError **error)
{
    gboolean as_npy = FALSE;
    g_auto(Choice) choice = {0};
    keep_freed_memory();
    if (!parse_options(&choice, error) || !check_output(&as_npy, error))
        return FALSE;
    g_autoptr(TsTexture) texture = ts_texture_new(&choice.how, error);
    if (texture == NULL)
        return FALSE;
    if (opt.columns && !ts_texture_needs_bands(texture))
        return print_columns(texture);
    g_autoptr(TsManifest) manifest = ts_layout_read(n_args > 0 ? args[0] : "-", error);
    if (manifest == NULL)
        return FALSE;
    if (opt.root != NULL)
        ts_manifest_set_folder(manifest, opt.root);
    g_autoptr(TsDataset) dataset = read_dataset(manifest, error);
    if (dataset == NULL || !look_at_bands(&choice, dataset, &texture, error))
        return FALSE;
    if (opt.columns)
        return print_columns(texture);
    g_autoptr(TsProgress) progress = ts_progress_new("texture", ts_dataset_n(dataset), "samples");
    Job job = {.texture = texture, .manifest = manifest, .dataset = dataset, .progress = progress};
    return as_npy ? write_npy(&job, error) : write_tsv(&job, error);
}

int
main(int argc, char **argv)
{
    static const TsTool tool = {
        .name = "texture",
        .arguments = "[DATASET]",
        .summary = "Add numbers that describe the texture of every sample of a data set.",
        .description =
            "DATASET is a manifest (.tsv), a folder of pictures, or - for a manifest on standard\n"
            "input (the default). Its rows come out with a column for each feature; names carry\n"
            "parameters: glcm_contrast_d1_a0 is at distance 1, 0 degrees.\n\n"
            "Families of features:\n"
            "  first_order  mean, deviation, skewness, kurtosis, minimum, maximum, percentiles\n"
            "  entropy      Shannon entropy of the grey values, in bits\n"
            "  laplacian    variance of the Laplacian: how sharp the image is\n"
            "  moments      colour moments: mean, deviation, skew of each band\n"
            "  glcm         co-occurrence of grey levels: contrast, correlation, ...\n"
            "  lbp          local binary patterns: the share of pixels with each\n"
            "  gabor        Gabor filters: mean and variance of the magnitude of each response",
        .examples =
            "  texture tiles.tsv >features.tsv\n"
            "  tile --virtual -s 256 slide.tif | texture --levels 32 --directions mean - >t.tsv\n"
            "  texture -f glcm --convention mahotas --format npy -o haralick.npy pictures/",
        .flags = TS_TOOL_THREADS | TS_TOOL_PROGRESS | TS_TOOL_FORCE,
        .min_args = 0,
        .max_args = 1,
        .options = entries,
        .run = run,
    };
    return ts_tool_main(&tool, argc, argv);
}

/* From stripes to files, with names, places on the earth, comparison and colours. */
#include "tiling/stitch/write.h"

#include "base/error.h"
#include "base/outfile.h"
#include "tiling/stitch/argmax.h"

#include <math.h>
#include <string.h>

/* Beside IMAGE.png: IMAGE.classes.txt. */
static char *
path_of_names(const char *output)
{
    const char *dot = strrchr(output, '.');
    g_autofree char *stem = dot != NULL ? g_strndup(output, (gsize) (dot - output)) : NULL;
    return g_strconcat(stem != NULL ? stem : output, ".classes.txt", NULL);
}

/* A file that is there already is noticed before the work, not after it. */
static gboolean
check_absent(const char *path, gboolean replace, GError **error)
{
    if (replace || !g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return TRUE;
    return ts_error_set(error, TS_ERROR_IO, "%s: exists already; --force replaces it", path);
}

/* A name a line, in the order of labels or bands. */
static gboolean
write_names(const TsStitchWrite *job, char **names, GError **error)
{
    g_autofree char *path = path_of_names(job->output);
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; names[i] != NULL; i++) {
        gboolean starts = job->name_start != NULL && g_str_has_prefix(names[i], job->name_start);
        g_autofree char *escaped = ts_escape(names[i] + (starts ? strlen(job->name_start) : 0));
        g_string_append_printf(text, "%s\n", escaped);
    }
    return ts_write_file(path, text->str, text->len, job->replace, error);
}

/* Pixels of the source that one of the canvas is wide and high. Sides are whole numbers, so both
 * differ a little from 1 / scale; the source says how much. */
static void
find_factors(const TsCanvas *canvas, double *across, double *down)
{
    *across = *down = 1 / canvas->scale;
    g_autoptr(TsImageSource) source =
        canvas->scale != 1 ? ts_image_source_open(canvas->source, NULL) : NULL;
    const TsImageInfo *info = source != NULL ? ts_image_source_info(source) : NULL;
    if (info == NULL || fabs(canvas->scale * info->width / canvas->width - 1) > 1e-9)
        return;
    *across = (double) info->width / canvas->width;
    *down = (double) info->height / canvas->height;
}

/* The source's place on the earth at the canvas' scale; NULL without an error if it has none or is
 * not there any more. */
static TsGeo *
read_geo(const TsCanvas *canvas, GError **error)
{
    if (!g_file_test(canvas->source, G_FILE_TEST_IS_REGULAR))
        return NULL;
    g_autoptr(TsGeo) geo = ts_geo_read(canvas->source, error);
    double across, down;
    find_factors(canvas, &across, &down);
    return geo != NULL ? ts_geo_translate(geo, 0, 0, across, down) : NULL;
}

/* Where stripes go; either may be NULL. */
typedef struct {
    TsCanvasFile *file;
    TsCanvasCheck *check;
} Ends;

static void
ends_clear(Ends *ends)
{
    ts_canvas_file_free(ends->file);
    ts_canvas_check_free(ends->check);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Ends, ends_clear)

static gboolean
put_both(const TsImage *stripe, int y, gpointer data, GError **error)
{
    Ends *ends = data;
    return (ends->file == NULL || ts_canvas_file_put(stripe, y, ends->file, error)) &&
           (ends->check == NULL || ts_canvas_check_put(stripe, y, ends->check, error));
}

static gboolean
begin_ends(const TsStitchWrite *job, const TsImage *kind, Ends *ends, GError **error)
{
    const TsCanvas *canvas = job->stitch.canvas;
    GError *geo_error = NULL;
    g_autoptr(TsGeo) geo = job->output != NULL ? read_geo(canvas, &geo_error) : NULL;
    TsCanvasOptions how = job->how;
    if (geo_error != NULL) {
        g_propagate_error(error, geo_error);
        return FALSE;
    }
    how.tiff.width = canvas->width;
    how.tiff.height = canvas->height;
    how.tiff.like = kind;
    how.tiff.tags.geo = geo;
    if (job->output != NULL &&
        (ends->file = ts_canvas_file_new(job->output, &how, job->replace, error)) == NULL)
        return FALSE;
    if (job->verify != NULL)
        ends->check = ts_canvas_check_new(job->verify, canvas->width, canvas->height,
                                          canvas->scale != 1, kind, error);
    return job->verify == NULL || ends->check != NULL;
}

static gboolean
write_image(const TsStitchWrite *job, const TsImage *kind, GError **error)
{
    g_auto(Ends) ends = {0};
    g_auto(TsArgmax) argmax = {.put = put_both, .data = &ends};
    if (job->argmax && !ts_argmax_init(&argmax, kind, error))
        return FALSE;
    if (!begin_ends(job, job->argmax ? argmax.kind : kind, &ends, error))
        return FALSE;
    gboolean done = job->argmax ? ts_stitch(&job->stitch, ts_argmax_put, &argmax, error)
                                : ts_stitch(&job->stitch, put_both, &ends, error);
    return done && (ends.check == NULL || ts_canvas_check_finish(ends.check, error)) &&
           (ends.file == NULL || ts_canvas_file_commit(ends.file, error));
}

static gboolean
write_heatmap(const TsStitchWrite *job, GError **error)
{
    const TsCanvas *canvas = job->stitch.canvas;
    TsHeatmapOptions how = job->heat;
    how.width = canvas->width;
    how.height = canvas->height;
    const char *suffix = strrchr(job->output, '.');
    if (!ts_image_check_format(suffix != NULL ? suffix : "", 3, TS_U8, error)) {
        g_prefix_error(error, "%s: ", job->output);
        return FALSE;
    }
    g_autoptr(TsHeatmap) heatmap = ts_heatmap_new(&how, error);
    if (heatmap == NULL || !ts_stitch(&job->stitch, ts_heatmap_put, heatmap, error))
        return FALSE;
    g_autoptr(TsImage) picture = ts_heatmap_finish(heatmap, canvas->source, error);
    return picture != NULL &&
           ts_image_write(picture, job->output, &job->how.encode, job->replace, error);
}

gboolean
ts_stitch_write(const TsStitchWrite *job, GError **error)
{
    char **names =
        job->heat.side == 0 && job->output != NULL ? ts_payload_names(job->stitch.payload) : NULL;
    g_autofree char *beside = names != NULL ? path_of_names(job->output) : NULL;
    g_autoptr(TsImage) kind = ts_stitch_new_kind(&job->stitch, error);
    if (kind == NULL || (job->output != NULL && !check_absent(job->output, job->replace, error)) ||
        (beside != NULL && !check_absent(beside, job->replace, error)))
        return FALSE;
    if (job->heat.side > 0)
        return write_heatmap(job, error);
    return write_image(job, kind, error) && (names == NULL || write_names(job, names, error));
}

gboolean
ts_stitch_write_coverage(const TsCanvas *canvas, const char *path, gboolean replace, GError **error)
{
    TsImage kind = {.width = 1, .height = 1, .bands = 1, .type = TS_U8};
    TsCanvasOptions how = {.tiff = {.width = canvas->width, .height = canvas->height}};
    how.tiff.like = &kind;
    g_autoptr(TsCanvasFile) file = ts_canvas_file_new(path, &how, replace, error);
    return file != NULL && ts_stitch_coverage(canvas, ts_canvas_file_put, file, error) &&
           ts_canvas_file_commit(file, error);
}

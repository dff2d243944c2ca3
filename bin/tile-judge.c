/* The options of tile about what is said of each tile: masks, labels, scores, and which stay. */
#include "tile.h"

#include "base/error.h"
#include "base/number.h"

#include <string.h>

static struct {
    char **masks, **labels, **keep, **drop;
    gboolean paint;
    char *annotations, *classes, *ignore, *scores, *ink, *ink_tolerance, *nodata, *white;
} opt;

const GOptionEntry tile_judge_options[] = {
    {"mask", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt.masks,
     "Cut the label image along: a file, a folder or a pattern; may be repeated", "[NAME=]WHERE"},
    {"annotations", 0, 0, G_OPTION_ARG_STRING, &opt.annotations,
     "Take classes from polygons in GeoJSON: a file, a folder or a pattern", "WHERE"},
    {"paint", 0, 0, G_OPTION_ARG_NONE, &opt.paint, "Write the annotations as masks of the tiles",
     NULL},
    {"classes", 0, 0, G_OPTION_ARG_FILENAME, &opt.classes,
     "Names of classes: lines of a value (or #rrggbb) and a name", "FILE"},
    {"ignore", 0, 0, G_OPTION_ARG_STRING, &opt.ignore, "Classes that are no data, as 255",
     "CLASS,..."},
    {"label", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt.labels,
     "How classes make a label: majority, any:CLASS, CLASS>=0.5, centre or =NAME", "RULE"},
    {"score", 0, 0, G_OPTION_ARG_STRING, &opt.scores,
     "Columns to measure: range, ink, nodata, transparent, tissue, saturation, greyspace, "
     "whitespace, brightness, contrast, focus, entropy",
     "NAME,..."},
    {"keep", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt.keep,
     "Keep only tiles such as 'tissue>=0.5'; may be repeated", "RULE"},
    {"drop", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt.drop,
     "Leave out tiles such as 'entropy<3'; may be repeated", "RULE"},
    {"ink", 0, 0, G_OPTION_ARG_STRING, &opt.ink,
     "What the score ink counts: white, black or a value for each band (default: white)", "COLOUR"},
    {"ink-tolerance", 0, 0, G_OPTION_ARG_STRING, &opt.ink_tolerance,
     "How far from ink is ink, as a part of full scale (default: 0.02)", "PART"},
    {"nodata", 0, 0, G_OPTION_ARG_STRING, &opt.nodata,
     "Value of pixels that scores leave out, or none (default: what a GDAL TIFF says)", "VALUE"},
    {"white", 0, 0, G_OPTION_ARG_STRING, &opt.white,
     "Full scale for scores, such as 4095 (default: the largest of the type)", "VALUE"},
    {NULL},
};

static gboolean
parse_numbers(TsJudgeOptions *options, GError **error)
{
    options->tolerance = -1;
    if (opt.ink_tolerance != NULL &&
        !ts_parse_double(opt.ink_tolerance, 0, 1, "--ink-tolerance", &options->tolerance, error))
        return FALSE;
    return opt.white == NULL ||
           ts_parse_double(opt.white, 1e-300, 1e300, "--white", &options->white, error);
}

/* Options that would have no effect. */
static gboolean
check_use(const TsJudge *judge, GError **error)
{
    gboolean has_ink = FALSE;
    for (const char *const *column = ts_judge_columns(judge); *column != NULL; column++)
        has_ink = has_ink || strcmp(*column, "ink") == 0;
    if (!has_ink && (opt.ink != NULL || opt.ink_tolerance != NULL))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "%s is for the score ink, as in "
                            "--score ink or --drop 'ink>0.9'",
                            opt.ink != NULL ? "--ink" : "--ink-tolerance");
    if (!ts_judge_needs_pixels(judge) && (opt.nodata != NULL || opt.white != NULL))
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s is for scores, and there are none",
                            opt.nodata != NULL ? "--nodata" : "--white");
    return TRUE;
}

gboolean
tile_judge_new(const TsPlan *plan, const GPtrArray *masks, const char *rejects, gboolean as_rows,
               TsJudge **judge, GError **error)
{
    TsJudgeOptions options = {.scores = opt.scores,
                              .keep = (const char *const *) opt.keep,
                              .drop = (const char *const *) opt.drop,
                              .ink = opt.ink,
                              .nodata = opt.nodata,
                              .masks = (const char *const *) opt.masks,
                              .annotations = opt.annotations,
                              .paint = opt.paint,
                              .classes = opt.classes,
                              .labels = (const char *const *) opt.labels,
                              .ignore = opt.ignore};
    if (!parse_numbers(&options, error))
        return FALSE;
    if (opt.paint && as_rows)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--paint writes masks of tiles, it is for -o and --tar");
    guint n = plan->inputs->len;
    g_autofree TsJudgeInput *inputs = g_new0(TsJudgeInput, n + 1);
    for (guint i = 0; i < n; i++) {
        const TsPlanInput *input = ts_plan_get_input(plan, i);
        inputs[i] = (TsJudgeInput){.path = input->path,
                                   .info = &input->info,
                                   .width = input->width,
                                   .height = input->height,
                                   .mask = masks->len > 0 ? g_ptr_array_index(masks, i) : NULL};
    }
    g_autoptr(TsJudge) made = ts_judge_new(&options, inputs, n, error);
    if (made == NULL || !check_use(made, error))
        return FALSE;
    if (rejects != NULL && !ts_judge_may_drop(made))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--rejects: no rule drops tiles; see --keep and --drop");
    gboolean says_something = ts_judge_columns(made)[0] != NULL || ts_judge_n_layers(made) > 0;
    *judge = says_something ? g_steal_pointer(&made) : NULL;
    return TRUE;
}

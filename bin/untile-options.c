/* untile's options, and what of them goes together. */
#include "untile.h"

#include "base/error.h"
#include "base/number.h"

#include <math.h>
#include <string.h>

UntileArguments opt = {.quality = -1, .level = -1, .thumbnail = 1024, .opacity = 0.5};

const GOptionEntry untile_options[] = {
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &opt.output,
     "Write the image to FILE; with several sources to DIR/ or a name with {stem}", "FILE"},
    {"window", 'w', 0, G_OPTION_ARG_STRING, &opt.window,
     "Weights of a tile's pixels: constant, crop[:PIXELS], hann, gaussian[:SIGMA] or triangle "
     "(default: constant)",
     "WINDOW"},
    {"merge", 'm', 0, G_OPTION_ARG_STRING, &opt.merge,
     "Where tiles overlap: mean, max, min, last or vote (default: mean; last with crop, vote of "
     "classes)",
     "HOW"},
    {"missing", 0, 0, G_OPTION_ARG_STRING, &opt.missing,
     "Pixels without a tile: fail, fill:V or transparent (default: fail)", "RULE"},
    {"class", 'c', 0, G_OPTION_ARG_STRING, &opt.class_column,
     "Put back the class in COLUMN, such as pred: a label image", "COLUMN"},
    {"class-list", 0, 0, G_OPTION_ARG_FILENAME, &opt.class_list,
     "With --class: number the classes as FILE lists them, one a line", "FILE"},
    {"probability", 'p', 0, G_OPTION_ARG_NONE, &opt.probability,
     "Put back the columns p_CLASS that predict -p wrote, a float band each", NULL},
    {"values", 0, 0, G_OPTION_ARG_STRING, &opt.values,
     "Put back the numbers in these columns, a float band each", "COLUMN,..."},
    {"array", 0, 0, G_OPTION_ARG_FILENAME, &opt.array,
     "Put back FILE, a .npy array with the rows as its first axis", "FILE"},
    {"files", 0, 0, G_OPTION_ARG_STRING, &opt.files,
     "Put back the files that COLUMN names (default: file_name)", "COLUMN"},
    {"argmax", 0, 0, G_OPTION_ARG_NONE, &opt.argmax,
     "Blend, then write the number of the largest band: a label image", NULL},
    {"heatmap", 0, 0, G_OPTION_ARG_STRING, &opt.heatmap,
     "Lay the probability of CLASS, the values of a column, or a band as colours over a small "
     "picture of the source",
     "CLASS"},
    {"range", 0, 0, G_OPTION_ARG_STRING, &opt.range,
     "Values of the first and last colour (default: 0,1)", "LOW,HIGH"},
    {"opacity", 0, 0, G_OPTION_ARG_DOUBLE, &opt.opacity, "Of the colours (default: 0.5)", "PART"},
    {"thumbnail", 0, 0, G_OPTION_ARG_INT, &opt.thumbnail,
     "Longer side of the heat map (default: 1024)", "N"},
    {"source", 0, 0, G_OPTION_ARG_STRING, &opt.source, "Only tiles of this image", "NAME"},
    {"size", 0, 0, G_OPTION_ARG_STRING, &opt.size, "Of the image (default: as the manifest says)",
     "WxH"},
    {"root", 0, 0, G_OPTION_ARG_FILENAME, &opt.root, "Where relative file names start", "DIR"},
    {"verify", 0, 0, G_OPTION_ARG_FILENAME, &opt.verify,
     "Compare with SOURCE, bit by bit; end with 1 if a pixel differs", "SOURCE"},
    {"coverage", 0, 0, G_OPTION_ARG_FILENAME, &opt.coverage,
     "Write to FILE how many tiles each pixel has", "FILE"},
    {"compression", 0, 0, G_OPTION_ARG_STRING, &opt.compression,
     "Of TIFF: deflate, lzw, none or jpeg (default: deflate)", "NAME"},
    {"quality", 0, 0, G_OPTION_ARG_INT, &opt.quality, "Of JPEG and WebP, 1 to 100 (default: 90)",
     "N"},
    {"level", 0, 0, G_OPTION_ARG_INT, &opt.level,
     "Of PNG and of TIFF's deflate, 1 (fast) to 9 (small) (default: 1; TIFF: 6)", "N"},
    {"pyramid", 0, 0, G_OPTION_ARG_STRING, &opt.pyramid,
     "Write TIFF with smaller levels: chain or subifd", "KIND"},
    {NULL},
};

static gboolean
parse_missing(UntileSettings *settings, GError **error)
{
    const char *text = opt.missing != NULL ? opt.missing : "fail";
    settings->must_cover = strcmp(text, "fail") == 0;
    settings->transparent = strcmp(text, "transparent") == 0;
    if (g_str_has_prefix(text, "fill:"))
        return ts_parse_double(text + strlen("fill:"), -G_MAXDOUBLE, G_MAXDOUBLE, "--missing fill",
                               &settings->fill, error);
    if (settings->must_cover || settings->transparent)
        return TRUE;
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "--missing: '%s' is none of fail, fill:V, transparent", text);
}

/* The position of `text` in `words`; 0 if it was not given. */
static gboolean
parse_word(const char *text, const char *option, const char *const *words, int *value,
           GError **error)
{
    for (*value = 0; text != NULL && words[*value] != NULL; (*value)++)
        if (strcmp(text, words[*value]) == 0)
            return TRUE;
    if (text == NULL)
        return TRUE;
    g_autofree char *all = g_strjoinv(", ", (char **) words);
    return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: '%s' is none of %s", option, text, all);
}

static gboolean
parse_format(UntileSettings *settings, GError **error)
{
    static const char *const compressions[] = {"deflate", "none", "lzw", "jpeg", NULL};
    static const char *const pyramids[] = {"flat", "chain", "subifd", NULL};
    int compression, pyramid;
    if (!parse_word(opt.compression, "--compression", compressions, &compression, error) ||
        !parse_word(opt.pyramid, "--pyramid", pyramids, &pyramid, error))
        return FALSE;
    settings->compression = (TsTiffCompression) compression;
    settings->pyramid = (TsTiffPyramid) pyramid;
    if (opt.quality == -1 || (opt.quality >= 1 && opt.quality <= 100))
        return TRUE;
    return ts_error_set(error, TS_ERROR_ARGUMENT, "--quality: %d is outside of 1 to 100",
                        opt.quality);
}

/* Whether the output, as it is named, is packed by deflate. */
static gboolean
is_deflated(void)
{
    static const char *const suffixes[] = {".tif", ".tiff", ".png"};
    const char *name = opt.output != NULL ? strrchr(opt.output, '/') : NULL;
    const char *dot = opt.output != NULL ? strrchr(name != NULL ? name : opt.output, '.') : NULL;
    gboolean deflates = opt.compression == NULL || strcmp(opt.compression, "deflate") == 0;
    for (guint i = 0; dot != NULL && i < G_N_ELEMENTS(suffixes); i++)
        if (g_ascii_strcasecmp(dot, suffixes[i]) == 0)
            return deflates || i == 2;
    return dot == NULL && deflates; /* a folder gets TIFF */
}

static gboolean
parse_level(UntileSettings *settings, GError **error)
{
    settings->level = MAX(opt.level, 0);
    if (opt.level == -1)
        return TRUE;
    if (opt.level < 1 || opt.level > 9)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--level: %d is outside of 1 to 9",
                            opt.level);
    if (!is_deflated())
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--level is for -o FILE.png, and for -o FILE.tif with --compression "
                            "deflate");
    return TRUE;
}

static gboolean
parse_merge(UntileSettings *settings, GError **error)
{
    settings->merge = opt.class_column != NULL                   ? TS_MERGE_VOTE
                      : settings->window.shape == TS_WINDOW_CROP ? TS_MERGE_LAST
                                                                 : TS_MERGE_MEAN;
    if (opt.merge != NULL && !ts_merge_parse(opt.merge, &settings->merge, error))
        return FALSE;
    if (opt.class_column != NULL && settings->merge != TS_MERGE_VOTE &&
        settings->merge != TS_MERGE_LAST)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--merge %s: classes can only vote, or be the last; --probability "
                            "--argmax blends and then decides",
                            opt.merge);
    return TRUE;
}

static gboolean
parse_heatmap(UntileSettings *settings, GError **error)
{
    TsHeatmapOptions *heat = &settings->heat;
    g_auto(GStrv) ends = g_strsplit(opt.range != NULL ? opt.range : "0,1", ",", -1);
    if (opt.heatmap == NULL)
        return TRUE;
    if (g_strv_length(ends) != 2 ||
        !ts_parse_double(ends[0], -G_MAXDOUBLE, G_MAXDOUBLE, "--range", &heat->low, NULL) ||
        !ts_parse_double(ends[1], -G_MAXDOUBLE, G_MAXDOUBLE, "--range", &heat->high, NULL) ||
        heat->low >= heat->high)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--range: '%s' is not LOW,HIGH, two numbers that ascend", opt.range);
    if (!(opt.opacity >= 0 && opt.opacity <= 1))
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--opacity: %g is outside of 0 to 1",
                            opt.opacity);
    if (opt.thumbnail < 1 || opt.thumbnail > 65500)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--thumbnail: %d is outside of 1 to 65500",
                            opt.thumbnail);
    heat->side = opt.thumbnail;
    heat->opacity = opt.opacity;
    /* What has no tile keeps the colours of the picture. */
    if (settings->transparent)
        settings->fill = NAN;
    settings->transparent = FALSE;
    return TRUE;
}

/* What --heatmap does not go with. */
static gboolean
check_heatmap(GError **error)
{
    if (opt.heatmap == NULL && (opt.range != NULL || opt.thumbnail != 1024 || opt.opacity != 0.5))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--range, --opacity and --thumbnail are for --heatmap");
    if (opt.heatmap == NULL)
        return TRUE;
    if (opt.output == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--heatmap: where to? give -o FILE");
    if (opt.verify != NULL || opt.argmax || opt.class_column != NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--heatmap shows values; it does not go with --class, --argmax or "
                            "--verify");
    return TRUE;
}

static gboolean
check_options(GError **error)
{
    int n = (opt.class_column != NULL) + opt.probability + (opt.values != NULL) +
            (opt.array != NULL) + (opt.files != NULL);
    if (opt.output == NULL && opt.verify == NULL && opt.coverage == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "where to? -o FILE writes the image, --verify SOURCE compares it");
    if (n > 1)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--class, --probability, --values, --array and --files exclude each "
                            "other");
    if (opt.class_list != NULL && opt.class_column == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--class-list numbers the classes of --class");
    if (opt.argmax && opt.class_column != NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--argmax: --class puts back classes already");
    if (opt.argmax && opt.missing != NULL && strcmp(opt.missing, "transparent") == 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--missing transparent: labels have no opacity");
    return TRUE;
}

gboolean
untile_parse_options(UntileSettings *settings, GError **error)
{
    return check_options(error) && check_heatmap(error) &&
           ts_window_parse(opt.window != NULL ? opt.window : "constant", &settings->window,
                           error) &&
           parse_merge(settings, error) && parse_missing(settings, error) &&
           parse_format(settings, error) && parse_level(settings, error) &&
           parse_heatmap(settings, error) &&
           (opt.size == NULL ||
            ts_parse_size(opt.size, "--size", &settings->width, &settings->height, error));
}

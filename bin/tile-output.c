/* What is written: the options of files, names, tars and lists. */
#include "tile.h"

#include "base/error.h"
#include "base/number.h"
#include "manifest/cell.h"

#include <string.h>

static struct {
    char *folder, *tar, *format, *name, *rejects;
    int quality, fan_out;
    gboolean as_rows, plan, lossless, check;
    gint64 shard_tiles, shard_bytes;
} opt = {.quality = -1, .fan_out = -1, .shard_tiles = 10000, .shard_bytes = 1000000000};

const GOptionEntry tile_output_options[] = {
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &opt.folder,
     "Write tile files and manifest.tsv into DIR", "DIR"},
    {"tar", 0, 0, G_OPTION_ARG_FILENAME, &opt.tar,
     "Write tiles into PREFIX-000000.tar, ..., and their manifest PREFIX.tsv", "PREFIX"},
    {"virtual", 0, 0, G_OPTION_ARG_NONE, &opt.as_rows,
     "Write no pixels, but a manifest of regions to standard output", NULL},
    {"check", 0, 0, G_OPTION_ARG_NONE, &opt.check,
     "With --virtual: decode the regions all the same, to find damaged images", NULL},
    {"plan", 0, 0, G_OPTION_ARG_NONE, &opt.plan,
     "Only say how many tiles and bytes it would be, how much memory and time", NULL},
    {"format", 0, 0, G_OPTION_ARG_STRING, &opt.format,
     "Of tile files: png, jpeg, tiff, webp, npy or raw (default: png)", "FORMAT"},
    {"quality", 0, 0, G_OPTION_ARG_INT, &opt.quality,
     "Of JPEG and WebP files, 1 to 100 (default: 90)", "N"},
    {"lossless", 0, 0, G_OPTION_ARG_NONE, &opt.lossless,
     "Copy JPEG tiles of a TIFF, or blocks of a JPEG, without decoding", NULL},
    {"name", 0, 0, G_OPTION_ARG_STRING, &opt.name,
     "Of tile files, without suffix (default: {stem}_{y}_{x})", "TEMPLATE"},
    {"fan-out", 0, 0, G_OPTION_ARG_INT, &opt.fan_out,
     "Tiles in one folder; 0: all (default: 10000 where there are more)", "N"},
    {"shard-tiles", 0, 0, G_OPTION_ARG_INT64, &opt.shard_tiles,
     "Tiles in one tar at most (default: 10000)", "N"},
    {"shard-bytes", 0, 0, G_OPTION_ARG_INT64, &opt.shard_bytes,
     "Bytes of one tar at most (default: 1000000000)", "N"},
    {"rejects", 0, 0, G_OPTION_ARG_FILENAME, &opt.rejects,
     "List the tiles that are dropped, with the reason, in FILE", "FILE"},
    {NULL},
};

gboolean
tile_parse_word(const char *text, const char *option, const char *const *words, int otherwise,
                int *value, GError **error)
{
    *value = otherwise;
    if (text == NULL)
        return TRUE;
    for (*value = 0; words[*value] != NULL; (*value)++)
        if (strcmp(text, words[*value]) == 0)
            return TRUE;
    g_autofree char *all = g_strjoinv(", ", (char **) words);
    return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: '%s' is none of %s", option, text, all);
}

static gboolean
parse_format(TileOutput *output, GError **error)
{
    static const char *const formats[] = {"png", "jpeg", "tiff", "webp", "npy", "raw", NULL};
    static const char *const suffixes[] = {".png", ".jpg", ".tif", ".webp", ".npy", ".raw"};
    int format;
    const char *name = g_strcmp0(opt.format, "jpg") == 0   ? "jpeg"
                       : g_strcmp0(opt.format, "tif") == 0 ? "tiff"
                                                           : opt.format;
    if (!tile_parse_word(name, "--format", formats, 0, &format, error))
        return FALSE;
    if (opt.lossless && opt.format == NULL)
        format = 1;
    if (opt.lossless && (format != 1 || opt.quality != -1))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--lossless copies JPEG as it is, without --quality or another "
                            "--format");
    gboolean lossy = strcmp(formats[format], "jpeg") == 0 || strcmp(formats[format], "webp") == 0;
    if (opt.quality != -1 && !lossy)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--quality: %s files have no quality",
                            formats[format]);
    if (opt.quality != -1 && (opt.quality < 1 || opt.quality > 100))
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--quality: %d is outside of 1 to 100",
                            opt.quality);
    output->suffix = suffixes[format];
    /* Level 1: several times faster than 6, for a tenth more bytes. */
    output->encode = (TsEncodeOptions){.quality = MAX(opt.quality, 0), .level = 1};
    return TRUE;
}

static gboolean
check_kind(GError **error)
{
    int n = (opt.folder != NULL) + (opt.tar != NULL) + opt.as_rows;
    if (n == 0 && !opt.plan)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "where to? -o DIR writes tile files, --tar PREFIX tars of them, "
                            "--virtual a manifest of regions");
    if (opt.check && !opt.as_rows)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--check is for --virtual; what writes tiles decodes them anyway");
    if (n > 1)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "-o, --tar and --virtual exclude each other");
    if (opt.as_rows && (opt.format != NULL || opt.quality != -1 || opt.name != NULL))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--virtual writes no images, --format, --quality and --name are for -o "
                            "and --tar");
    return TRUE;
}

gboolean
tile_output_init(TileOutput *output, GError **error)
{
    if (!check_kind(error) || !parse_format(output, error))
        return FALSE;
    if (opt.fan_out < -1)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--fan-out: %d is below 0", opt.fan_out);
    if (opt.fan_out > 0 && opt.folder == NULL && !opt.plan)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--fan-out is for -o");
    if (opt.shard_tiles < 1 || opt.shard_bytes < 1)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--shard-tiles and --shard-bytes are to be at least 1");
    if (opt.lossless && opt.as_rows)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--lossless is for -o and --tar");
    output->plan_only = opt.plan;
    output->makes_files = !opt.as_rows;
    output->lossless = opt.lossless;
    output->check = opt.check;
    output->kind = opt.folder != NULL ? TS_CUT_FOLDER : opt.tar != NULL ? TS_CUT_TAR : TS_CUT_ROWS;
    output->path = opt.folder != NULL ? opt.folder : opt.tar != NULL ? opt.tar : "-";
    output->name = opt.name;
    output->rejects = opt.rejects;
    output->fan_out = opt.tar != NULL ? 0 : opt.fan_out;
    output->shard_tiles = (guint64) opt.shard_tiles;
    output->shard_bytes = (guint64) opt.shard_bytes;
    return TRUE;
}

/* The value of an option as text, NULL if it is not set. */
static char *
describe_value(const GOptionEntry *option)
{
    char number[TS_NUMBER_MAX];
    char **list;
    switch (option->arg) {
    case G_OPTION_ARG_NONE:
        return *(gboolean *) option->arg_data ? g_strdup("1") : NULL;
    case G_OPTION_ARG_INT:
        return *(int *) option->arg_data != -1 ? g_strdup_printf("%d", *(int *) option->arg_data)
                                               : NULL;
    case G_OPTION_ARG_INT64:
        return g_strdup_printf("%" G_GINT64_FORMAT, *(gint64 *) option->arg_data);
    case G_OPTION_ARG_DOUBLE:
        return g_strdup(ts_format_double(number, *(double *) option->arg_data));
    case G_OPTION_ARG_STRING_ARRAY:
    case G_OPTION_ARG_FILENAME_ARRAY:
        list = *(char ***) option->arg_data;
        return list != NULL ? g_strjoinv(" ", list) : NULL;
    default:
        return g_strdup(*(char **) option->arg_data);
    }
}

char *
tile_describe_options(const GOptionEntry *options)
{
    GString *line = g_string_new(NULL);
    for (const GOptionEntry *option = options; option->long_name != NULL; option++) {
        g_autofree char *value = describe_value(option);
        g_autofree char *escaped = value != NULL ? ts_escape(value) : NULL;
        if (value != NULL)
            g_string_append_printf(line, "--%s\t%s\n", option->long_name, escaped);
    }
    return g_string_free(line, FALSE);
}

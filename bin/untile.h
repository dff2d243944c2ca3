/* The parts of untile's command line: untile-options.c reads and checks it, untile.c does the work.
 */
#pragma once

#include "tiling/stitch/write.h"

G_BEGIN_DECLS

/* As they were given. */
typedef struct {
    char *output, *root, *source, *size, *window, *merge, *missing, *coverage, *verify;
    char *class_column, *values, *array, *files, *compression, *pyramid, *heatmap, *range;
    char *class_list;
    int quality, level, thumbnail;
    double opacity;
    gboolean probability, argmax;
} UntileArguments;

extern UntileArguments opt;
extern const GOptionEntry untile_options[];

/* What the library takes. */
typedef struct {
    TsWindow window;
    TsMerge merge;
    gboolean must_cover, transparent;
    double fill;
    int width, height; /* 0: as the manifest says */
    TsTiffCompression compression;
    TsTiffPyramid pyramid;
    int level; /* of deflate; 0: the format's own */
    TsHeatmapOptions heat;
} UntileSettings;

/* Check all arguments and fill in the settings. TS_ERROR_ARGUMENT. */
gboolean untile_parse_options(UntileSettings *settings, GError **error);

G_END_DECLS

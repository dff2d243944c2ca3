/* One canvas to its file: an image, a label image, a heat map, or only a comparison.
 *
 * Beside IMAGE.png, IMAGE.classes.txt lists what the payload's numbers or bands are called, one a
 * line. Files that exist already are refused before any work. If the comparison finds a difference,
 * nothing is written.
 *
 *     TsStitchWrite job = {.stitch = {.canvas = canvas, .payload = payload}, .output = "map.tif"};
 *     if (!ts_stitch_write(&job, error))
 *         return FALSE;
 */
#pragma once

#include "tiling/stitch/heatmap.h"
#include "tiling/stitch/out.h"
#include "tiling/stitch/stitch.h"

G_BEGIN_DECLS

typedef struct {
    TsStitch stitch;
    const char *output;     /* NULL: none */
    const char *verify;     /* image to compare with, or NULL */
    TsCanvasOptions how;    /* size, kind and geo are filled in */
    gboolean argmax;        /* write the number of the largest band */
    const char *name_start; /* left out of names, such as "p_"; or NULL */
    TsHeatmapOptions heat;  /* side 0: no heat map; width and height are filled in */
    gboolean replace;
} TsStitchWrite;

/* Stitch and write. GeoTIFF tags of the source, if it is there, go into a .tif file. */
gboolean ts_stitch_write(const TsStitchWrite *job, GError **error);

/* Write the number of tiles over each pixel. */
gboolean ts_stitch_write_coverage(const TsCanvas *canvas, const char *path, gboolean replace,
                                  GError **error);

G_END_DECLS

/* Annotations as a label image that is never whole: painted tile by tile; inside of lib/tiling.
 *
 * What nobody has drawn on is "background", value 0. The classes of annotations are numbered from 1
 * by the byte order of their names, or have the values of the file of classes. Where areas overlap,
 * the later one in the file lies on top. An area without a class is "unclassified".
 */
#pragma once

#include "image/image.h"
#include "store/geojson.h"
#include "tiling/judge/area.h"
#include "tiling/judge/label_class.h"

G_BEGIN_DECLS

typedef struct _TsLabelDrawn TsLabelDrawn;

/* Add the classes of all files `paths` to `classes`, which is not finished; a closed one has to
 * have them. TS_ERROR_FORMAT, TS_ERROR_IO. */
gboolean ts_label_drawn_collect(const GPtrArray *paths, TsLabelClasses *classes, GError **error);

/* Read the annotations of an image, with finished classes. */
TsLabelDrawn *ts_label_drawn_read(const char *path, const TsLabelClasses *classes, GError **error);
void ts_label_drawn_free(TsLabelDrawn *drawn);

/* A new mask of the raster's pixels. */
TsImage *ts_label_drawn_paint(const TsLabelDrawn *drawn, const TsRaster *raster, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsLabelDrawn, ts_label_drawn_free)

G_END_DECLS

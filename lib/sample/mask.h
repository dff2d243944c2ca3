/* The label picture of a sample: what its row names in column mask, cut like the picture itself. */
#pragma once

#include "image/image.h"
#include "sample/dataset.h"

G_BEGIN_DECLS

/* Read the mask of sample `i`: the row's region of it, or all of it if the row has no region, with
 * the geometric changes of the row's column op; nearest pixels, 255 where they lie outside.
 * TS_ERROR_FORMAT with the row in front if there is no mask; other errors are those of lib/image.
 * Free with ts_image_free(). Threads may call it at the same time. */
TsImage *ts_sample_render_mask(TsDataset *dataset, guint64 i, GError **error);

/* The same with the changes of `step` (sample/edits.h) made on top. */
TsImage *
ts_sample_render_changed_mask(TsDataset *dataset, guint64 i, const char *step, GError **error);

/* TRUE if the row of sample `i` names a mask. */
gboolean ts_sample_has_mask(TsDataset *dataset, guint64 i);

G_END_DECLS

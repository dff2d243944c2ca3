/* The label picture of a sample: what its row names in column mask, cut like the picture itself. */
#pragma once

#include "image/image.h"
#include "sample/dataset.h"

G_BEGIN_DECLS

/* Read the mask of sample `i`: the row's region of it, or all of it if the row has no region.
 * TS_ERROR_FORMAT with the row in front if there is no mask; other errors are those of lib/image.
 * Free with ts_image_free(). Threads may call it at the same time. */
TsImage *ts_sample_render_mask(TsDataset *dataset, guint64 i, GError **error);

G_END_DECLS

/* What a dataset knows of a row: for lib/sample, and for lib/layout, which may copy a sample's file
 * instead of making its pixels. */
#pragma once

#include "sample/bytes.h"
#include "sample/dataset.h"
#include "sample/payload.h"
#include "sample/pool.h"

G_BEGIN_DECLS

typedef struct {
    gboolean has_region;
    int x, y, width, height;
    gboolean is_scaled; /* the pixels are those at grid_x, grid_y of the image scaled to grid_width
                         * x grid_height, scaled_width x scaled_height of them */
    int grid_x, grid_y, scaled_width, scaled_height, grid_width, grid_height;
    gboolean has_range; /* the sample's file is only these bytes of file_name */
    guint64 offset, length;
    gboolean has_raw;
    TsRaw raw;
} TsRecipe;

#define TS_NO_PARENT G_MAXUINT64

/* Pools as a dataset has them by itself. */
TsSourcePool *ts_dataset_source_pool_new(void);
TsBytesPool *ts_dataset_bytes_pool_new(void);

/* Read region, byte range and shape of a row. TS_ERROR_FORMAT with the row in front. */
gboolean
ts_dataset_read_recipe(const TsDataset *dataset, guint64 row, TsRecipe *recipe, GError **error);

/* Read the region of an image file; `filter` scales what is scaled. */
TsImage *ts_recipe_read_region(TsDataset *dataset, const char *path, const TsRecipe *recipe,
                               TsFilter filter, GError **error);

/* The row's changes (column op), checked; the path of its mask. NULL: none. Free with g_free(). */
char *ts_dataset_read_ops(const TsDataset *dataset, guint64 row);
char *ts_dataset_read_mask(const TsDataset *dataset, guint64 row);

/* The manifest row that sample `i` is mixed with, and how far; TS_NO_PARENT if it is not mixed. */
guint64 ts_dataset_parent(const TsDataset *dataset, guint64 i, double *lambda);

const TsManifest *ts_dataset_manifest(const TsDataset *dataset);

/* Open image files, shared by all threads that render. */
TsSourcePool *ts_dataset_pool(TsDataset *dataset);

/* Files of which rows are parts, shared likewise. */
TsBytesPool *ts_dataset_bytes(TsDataset *dataset);

/* Open files through these pools from now on, which must outlive the dataset, instead of pools of
 * its own: for datasets of parts of one table. */
void ts_dataset_borrow_pools(TsDataset *dataset, TsSourcePool *pool, TsBytesPool *bytes);

/* Put the row (path:line) before the message, unless it begins so already. */
void ts_dataset_prefix_error(const TsDataset *dataset, guint64 row, GError **error);

G_END_DECLS

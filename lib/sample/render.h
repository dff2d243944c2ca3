/* From a row's recipe to its pixels: the one place where that happens.
 *
 * A row's pixels are its region of its file (the whole file without a region), orientation applied,
 * then changed as its column op says (sample/edits.h). A row with parent_b is a mixture, (1 -
 * lambda)
 * * a + lambda * b, of its own pixels and those of the row it names; integers are rounded half to
 * even and clamped. Where many rows are regions of one file, the file is opened, and where its
 * format wants it decoded, once: up to 64 files stay open and up to 2 GiB of their pixels are kept,
 * but no more than half of the budget (base/memory.h), least recently used ones going first.
 *
 *     g_autoptr(TsImage) image = ts_sample_render(dataset, i, error);
 *     if (image == NULL)
 *         return FALSE;
 *     printf("%d x %d pixels\n", image->width, image->height);
 */
#pragma once

#include "image/image.h"
#include "sample/dataset.h"

G_BEGIN_DECLS

/* Make the pixels of sample `i`. Errors are those of lib/image, or TS_ERROR_FORMAT where parents do
 * not fit together; the row (path:line) stands in front. Free with ts_image_free(). Threads may
 * call it at the same time. */
TsImage *ts_sample_render(TsDataset *dataset, guint64 i, GError **error);

/* The size of those pixels, from the row alone where it is a region, else from the file's header.
 * Errors as above. */
gboolean ts_sample_get_size(TsDataset *dataset, guint64 i, int *width, int *height, GError **error);

/* The same pixels with the changes of `step` (sample/edits.h) made on top. */
TsImage *ts_sample_render_changed(TsDataset *dataset, guint64 i, const char *step, GError **error);

/* The bytes of the file of sample `i` (the part of file_name that is its file), whatever region of
 * it the sample is. g_bytes_unref(). */
GBytes *ts_sample_read_file(TsDataset *dataset, guint64 i, GError **error);

G_END_DECLS

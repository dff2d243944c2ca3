/* Label images: finding the one of an image, its values, and counting classes in a part of it.
 *
 * A mask has one band of whole numbers (8, 16 or 32 bits), or is 8-bit RGB, whose colours are the
 * values; opacity is passed over.
 */
#pragma once

#include "image/image.h"
#include "tiling/judge/label_class.h"

G_BEGIN_DECLS

/* Find the file that `where` means for the image `path`: `where` itself, if it is a file and there
 * is one image; {stem} in it replaced by the image's name without folder and suffix; or, in the
 * folder `where`, the file of that stem with one of `suffixes` (NULL-terminated). `option` begins
 * messages. TS_ERROR_IO if there is none or more than one, TS_ERROR_ARGUMENT. Free with g_free().
 */
char *ts_label_find_file(const char *where, const char *path, guint n_images,
                         const char *const *suffixes, const char *option, GError **error);

/* Whether images of this kind can be masks, and whether their values are colours;
 * TS_ERROR_FORMAT with `path`. */
gboolean
ts_label_mask_check(const char *path, const TsImageInfo *info, gboolean *colours, GError **error);

/* The value of each pixel of row `y` to `values` (width). Negative ones become G_MAXUINT32. */
void ts_label_mask_row(const TsImage *mask, int y, guint32 *values);

/* Add all values of the mask in the file `path` to `seen`, a set of GUINT_TO_POINTER(value), top to
 * bottom in flat memory. TS_ERROR_FORMAT over TS_MAX_LABEL_CLASSES. */
gboolean ts_label_mask_scan(const char *path, GHashTable *seen, GError **error);

/* Add the pixels of each class to `counts` (n classes), and set `centre` to the class of the pixel
 * at (width / 2, height / 2). TS_ERROR_FORMAT for a value without a class. */
gboolean ts_label_mask_count(const TsImage *mask, const TsLabelClasses *classes, guint64 *counts,
                             int *centre, GError **error);

G_END_DECLS

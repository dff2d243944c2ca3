/* One grey value a pixel, and which pixels count; inside of lib/image/texture. */
#pragma once

#include "image/texture/texture.h"

G_BEGIN_DECLS

/* A copy of the image without opacity, laid over white; NULL, without an error, if it has none. */
gboolean ts_grey_flatten(const TsImage *image, TsImage **flat, GError **error);

/* The grey values (height, width) of an image without opacity; infinite ones and not-a-number are
 * not-a-number. Free with g_free(). */
double *ts_grey_compute(const TsImage *image, TsGreyRule rule, int band, GError **error);

/* Which pixels count: 1, else 0; `counts` stays NULL if all do. `n` is set to how many. */
gboolean ts_grey_count(const double *grey, const TsImage *image, const TsImage *mask,
                       gint64 mask_class, guint8 **counts, guint64 *n, GError **error);

G_END_DECLS

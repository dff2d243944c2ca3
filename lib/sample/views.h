/* Test-time augmentation: a sample seen several times, so that answers can be averaged.
 *
 * A view is a crop of the scaled image, then one of the eight elements of D4. Views are the product
 * of the crops and the elements that were asked for; without any, the one that the model is used
 * to. Nothing is random.
 *
 *     TsViews views;
 *     if (!ts_views_parse(texts, &how, &views, error) ||
 *         !ts_views_make_u8(image, &how, &views, bytes, error))
 *         return FALSE;
 */
#pragma once

#include "sample/preprocess.h"

G_BEGIN_DECLS

enum { TS_MAX_CROPS = 5, TS_MAX_ELEMENTS = 8 };

typedef struct {
    guint n_crops, n_elements; /* views: their product */
    double crop_pct;           /* of the crops */
    double x[TS_MAX_CROPS], y[TS_MAX_CROPS];
    guint elements[TS_MAX_ELEMENTS]; /* 1: left and right swapped, 2: top and bottom, 4: transposed
                                        before that */
} TsViews;

/* Read `texts` (NULL-terminated; NULL: none), each NAME or NAME:KEY=VALUE (base/spec.h):
 *     hflip    flips    d4    five-crop[:scale=0.875]
 * TS_ERROR_ARGUMENT, also where quarter turns do not fit the input's shape. */
gboolean
ts_views_parse(const char *const *texts, const TsPreprocess *how, TsViews *views, GError **error);

guint ts_views_n(const TsViews *views);

/* What there is, for --help. */
const char *ts_views_help(void);

/* Preprocess `in` to `out`, (views, height, width, channels). Errors of ts_preprocess_u8(). */
gboolean ts_views_make_u8(const TsImage *in, const TsPreprocess *how, const TsViews *views,
                          guint8 *out, GError **error);

G_END_DECLS

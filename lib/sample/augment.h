/* Random geometric changes of training samples, so that a network sees each a little different in
 * every epoch.
 *
 * All changes of a sample are one affine map, and so one bilinear resample; what comes from outside
 * of the picture repeats its edge. The numbers are drawn from a stream keyed by (seed, epoch,
 * sample), so neither threads nor resumption change a pixel.
 *
 *     TsAugment how;
 *     if (!ts_augment_parse("rotate=10,scale=0.1,shift=0.1", &how, error))
 *         return FALSE;
 *     ts_augment_u8(bytes, width, height, channels, &how, &rng, changed);
 */
#pragma once

#include "base/rng.h"

#include <glib.h>

G_BEGIN_DECLS

/* Each number is the largest change; the change is uniform between minus and plus that. All zero:
 * nothing changes. */
typedef struct {
    double rotate;         /* degrees */
    double scale;          /* factor exp(+-log(1 + scale)): 0.1 makes 1/1.1 to 1.1 */
    double shear;          /* degrees, along x */
    double shift;          /* share of width and height */
    gboolean hflip, vflip; /* mirror one sample of two */
} TsAugment;

/* Read "rotate=10,scale=0.1,shear=5,shift=0.1,hflip,vflip", any of them; "none" is none.
 * TS_ERROR_ARGUMENT for anything else. */
gboolean ts_augment_parse(const char *text, TsAugment *how, GError **error);

/* TRUE if something may change. */
gboolean ts_augment_is_active(const TsAugment *how);

/* Change `in` to `out`, both (height, width, channels), by numbers drawn from `rng`. */
void ts_augment_u8(const guint8 *in, int width, int height, int channels, const TsAugment *how,
                   TsRng *rng, guint8 *out);

G_END_DECLS

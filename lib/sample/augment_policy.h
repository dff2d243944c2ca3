/* Lists of changes of which a few are drawn: RandAugment (Cubuk et al., 2020) and TrivialAugment
 * (Mueller and Hutter, 2021), with the changes and ranges of torchvision's RandAugment and
 * TrivialAugmentWide; inside of lib/sample.
 *
 * They draw from: nothing, shear along x and y, shift along x and y, rotate, brightness, saturation
 * (Color), contrast, sharpness, posterize, solarize, autocontrast, equalize, each as likely. Where
 * a change goes either way a coin decides. As in every list the geometric ones come first, in one
 * resample; they turn and shear about the middle, and the edge repeats.
 */
#pragma once

#include "base/rng.h"
#include "sample/augment.h"

G_BEGIN_DECLS

/* The most changes of one sample; the largest magnitude. */
enum { TS_POLICY_MAX = 8, TS_POLICY_MAGNITUDE = 30 };

/* Add what is drawn for a picture of width x height pixels. */
gboolean ts_policy_draw(const TsAugmentItem *item, int width, int height, TsRng *rng,
                        TsEdits *edits, GError **error);

/* Check that all of them can be made, as ts_edit_check(). */
gboolean ts_policy_check(int colours, TsSampleType type, GError **error);

G_END_DECLS

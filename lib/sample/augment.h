/* Random changes of samples, as the user asks for them: "rotate=12,hflip,brightness=0.2@0.5".
 *
 * A list names changes and how far each may go; drawing from it gives the changes of one sample
 * (sample/edits.h). What is drawn is a matter of (seed, item, change) alone: neither threads, nor
 * order, nor the other changes of the list have a part in it.
 *
 *     TsAugment how;
 *     TsEdits edits;
 *     if (!ts_augment_parse("rotate=10,scale=0.1,shift=0.1", &how, error) ||
 *         !ts_augment_draw(&how, seed, item, image->width, image->height, &edits, error))
 *         return FALSE;
 *     g_autoptr(TsImage) changed = ts_edits_apply(image, &edits, error);
 */
#pragma once

#include "sample/edits.h"

#include <glib.h>

G_BEGIN_DECLS

/* Beside the single changes: several that are drawn from a list (sample/augment_policy.h). */
enum { TS_AUGMENT_RANDAUGMENT = TS_N_EDITS, TS_AUGMENT_TRIVIAL, TS_N_AUGMENTS };

typedef struct {
    int kind;            /* TsEditKind, or one of those above */
    double middle, half; /* drawn uniformly within middle +- half; logarithms where is_factor */
    gboolean is_factor;
    double extra; /* of elastic: sigma; of clahe: parts along a side; of padded-crop: TsPadding;
                     of randaugment: how many changes, middle being their magnitude */
    int width, height;  /* of crop and resized-crop; 0: as the picture */
    double probability; /* of the change being made at all */
} TsAugmentItem;

/* A list; none changes nothing. */
typedef struct {
    guint n;
    TsAugmentItem item[TS_N_AUGMENTS];
} TsAugment;

/* Read a comma-separated list of NAME[=VALUE][@PROBABILITY]; "none" is none. TS_ERROR_ARGUMENT for
 * anything else, and for a name that stands twice. augment(1) lists names and values. */
gboolean ts_augment_parse(const char *text, TsAugment *how, GError **error);

/* The name of an item's kind. */
const char *ts_augment_name(int kind);

/* TRUE if something may change. */
gboolean ts_augment_is_active(const TsAugment *how);

/* Check that all changes can be made of pictures with `colours` bands of `type`; with `side`
 * arguments above 0, that they keep pictures of width x height at that size, as the input of a
 * network has to be. TS_ERROR_ARGUMENT naming the change. */
gboolean ts_augment_check(const TsAugment *how, int colours, TsSampleType type, int width,
                          int height, GError **error);

/* TRUE if what is drawn depends on the size of the picture. */
gboolean ts_augment_needs_size(const TsAugment *how);

/* TRUE if parts are cut out, whose pixels are to come from pictures as large as they are. */
gboolean ts_augment_crops(const TsAugment *how);

/* Let resized crops make width x height pixels. Crops that only flips stand before are put before
 * these, which changes nothing but the cost. */
void ts_augment_set_size(TsAugment *how, int width, int height);

/* Draw the changes of one sample of width x height pixels. TS_ERROR_RANGE if it is too small for
 * what is to be cut out. */
gboolean ts_augment_draw(const TsAugment *how, guint64 seed, guint64 item, int width, int height,
                         TsEdits *edits, GError **error);

/* Draw, and change `in` to `out`, both (height, width, channels) of 8 bits. */
gboolean ts_augment_u8(const guint8 *in, int width, int height, int channels, const TsAugment *how,
                       guint64 seed, guint64 item, guint8 *out, GError **error);

G_END_DECLS

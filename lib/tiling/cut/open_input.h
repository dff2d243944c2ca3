/* An input while it is cut: its image and masks open, and what they need beside; inside of
 * lib/tiling. */
#pragma once

#include "image/tiff_geo.h"
#include "tiling/cut/band.h"
#include "tiling/cut/cut.h"
#include "tiling/cut/lossless.h"

G_BEGIN_DECLS

/* An input that is open. */
typedef struct {
    const TsPlanInput *input;
    guint index;             /* in the plan */
    TsImageSource **sources; /* the image and its masks */
    guint n_sources;
    guint first_read;     /* the first source that is decoded: 1, if nobody looks at the image */
    TsJudgeImage *judged; /* NULL without a judge */
    TsLossless *lossless; /* NULL: tiles are decoded */
    TsGeo *geo;           /* where the image lies on earth, for TIFF; or NULL */
    TsImage *first_rows;  /* for padding that wraps around, where rows are read in order: the */
    TsImage *last_rows;   /* outermost ones of the image; or NULL */
} TsOpenInput;

/* Open the image and masks of an input and make what it needs before its first tile. */
TsOpenInput *ts_open_input_new(const TsCut *cut, guint index, GError **error);

/* NULL is allowed. */
void ts_open_input_free(TsOpenInput *open);

/* Whether tiles have to be cut from bands; else each can be decoded alone. */
gboolean ts_open_input_wants_bands(const TsOpenInput *open);

G_END_DECLS

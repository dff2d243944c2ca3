/* A contact sheet of pairs of pictures, to be looked at: five pairs a row, each with a frame whose
 * colour says what kind of pair it is.
 */
#pragma once

#include "image/image.h"
#include "sample/dataset.h"

G_BEGIN_DECLS

enum { TS_SHEET_MAX = 5000 }; /* pairs */

typedef struct {
    guint64 a, b;     /* samples; the first stands left */
    guint8 colour[3]; /* RGB of the frame */
} TsSheetPair;

/* Draw `n` pairs, 1 to TS_SHEET_MAX, in order. 8-bit RGB. Errors are those of rendering. */
TsImage *ts_check_sheet(TsDataset *dataset, const TsSheetPair *pairs, guint n, GError **error);

G_END_DECLS

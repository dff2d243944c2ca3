/* A contact sheet of random changes: what a list does to some samples, to look at before using it.
 *
 * A row for each of up to eight chosen samples, evenly out of all: the sample itself, then seven
 * drawn from it, each fitted into a square of 128 pixels on white. 8 bits, grey or RGB.
 */
#pragma once

#include "sample/augment.h"
#include "sample/dataset.h"

G_BEGIN_DECLS

/* Draw the sheet of the samples whose `chosen` is not 0. Errors are those of rendering. */
TsImage *ts_augment_sheet(TsDataset *dataset, const guint8 *chosen, const TsAugment *how,
                          guint64 seed, GError **error);

G_END_DECLS

/* Samples that are cut out of pictures at random; inside of lib/sample.
 *
 * A crop is scaled to the input from the pixels of the source, not from a picture that was shrunk
 * to the input's size before: so it is as sharp as its file. Of a plain JPEG only the part that the
 * crop needs is decoded, at a reduced size where that has enough pixels (image/crop.h).
 *
 * Under the byte budget these are kept: the bytes of plain JPEG files, and the decoded pixels, 8
 * bits each, of everything else (other formats, regions, rows with changes or parents). What fits
 * first stays.
 *
 * The other changes are made in their order of what has been cut out; a picture that ends in
 * another size than the input (a crop that chance left out) is preprocessed to it.
 */
#pragma once

#include "sample/augment.h"
#include "sample/costs.h"
#include "sample/dataset.h"
#include "sample/preprocess.h"

G_BEGIN_DECLS

typedef struct _TsCropSource TsCropSource;

/* `dataset` and `how` must outlive it; `augment`, checked for the input's size, is copied. */
TsCropSource *
ts_crop_source_new(TsDataset *dataset, const TsPreprocess *how, const TsAugment *augment,
                   guint64 seed, gsize cache_bytes, GError **error);
void ts_crop_source_free(TsCropSource *source);

/* Make sample `i` with the changes of `key` to `out`, ts_preprocess_n_bytes(). Several threads may
 * call it. Errors have the row in front. */
gboolean ts_crop_source_make(TsCropSource *source, guint64 i, guint64 key, guint8 *out,
                             TsLoaderCosts *costs, GError **error);

G_END_DECLS

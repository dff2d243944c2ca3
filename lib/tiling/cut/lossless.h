/* Tiles that are copied as they are compressed: no pixel is decoded, none changes.
 *
 * Two kinds of inputs allow it. A TIFF of JPEG tiles, where the grid is that of its tiles: each
 * becomes a JPEG file, those at the right and lower edge in full size (--edge pad), with what the
 * writer put beyond the edge. A JPEG, where the origin of every tile lies on the grid of its MCUs
 * (8 or 16 pixels): the coefficients of the blocks are copied. Anything else is refused with the
 * reason, before any work.
 *
 *     g_autoptr(TsLossless) lossless = ts_lossless_open(input, error);
 *     if (lossless == NULL || !ts_lossless_copy(lossless, &tile, bytes, error))
 *         return FALSE;
 */
#pragma once

#include "tiling/cut/plan.h"

G_BEGIN_DECLS

typedef struct _TsLossless TsLossless;

/* Open the file of `input` and check that all its tiles can be copied. TS_ERROR_ARGUMENT, saying
 * why, if not; errors of reading. */
TsLossless *ts_lossless_open(const TsPlanInput *input, GError **error);

/* NULL is allowed. */
void ts_lossless_free(TsLossless *lossless);

/* Whether one thread at a time has to copy, and tiles in their order. */
gboolean ts_lossless_is_serial(const TsLossless *lossless);

/* Make the JPEG file of a tile; `bytes` is emptied first. */
gboolean
ts_lossless_copy(TsLossless *lossless, const TsTile *tile, GByteArray *bytes, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsLossless, ts_lossless_free)

G_END_DECLS

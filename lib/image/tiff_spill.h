/* Compressed tiles that wait on disk, inside of lib/image: a file without a name beside the output,
 * which is gone when the process is. */
#pragma once

#include "base/error.h"

G_BEGIN_DECLS

typedef struct {
    guint64 at;
    guint32 n; /* bytes */
} TsTiffPiece;

typedef struct _TsTiffSpill TsTiffSpill;

/* Make an empty one in the folder of `path`. */
TsTiffSpill *ts_tiff_spill_new(const char *path, GError **error);

/* Append bytes; where they lie goes to *piece. */
gboolean ts_tiff_spill_put(TsTiffSpill *spill, const void *bytes, gsize n, TsTiffPiece *piece,
                           GError **error);

/* Get a piece back; borrowed until the next call. */
const void *ts_tiff_spill_get(TsTiffSpill *spill, const TsTiffPiece *piece, GError **error);

/* Free. NULL is allowed. */
void ts_tiff_spill_free(TsTiffSpill *spill);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsTiffSpill, ts_tiff_spill_free)

G_END_DECLS

/* The parts of balance/space/space.h. */
#pragma once

#include "balance/space/space.h"

G_BEGIN_DECLS

/* What space.c hands to the reader of each kind. */
typedef struct {
    const TsManifest *manifest;
    const guint64 *rows; /* NULL: all */
    gsize n;
    const TsSpaceOptions *how;
} TsSpaceSource;

static inline guint64
ts_space_row(const TsSpaceSource *source, gsize i)
{
    return source->rows != NULL ? source->rows[i] : i;
}

/* Each fills `space`, which is empty. */
gboolean ts_space_read_columns(const TsSpaceSource *source, TsSpace *space, GError **error);
gboolean ts_space_read_pixels(const TsSpaceSource *source, TsSpace *space, GError **error);
gboolean ts_space_read_rows_of_npy(const TsSpaceSource *source, TsSpace *space, GError **error);

G_END_DECLS

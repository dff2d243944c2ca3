/* What a TIFF says beside its pixels, inside of lib/image: profile, resolution, place; and the
 * layout that the options ask for. */
#pragma once

#include "image/tiff.h"
#include "image/tiff_handle.h"

G_BEGIN_DECLS

/* The layout of images like `like`; strips and tile sizes are left to the caller. */
TsTiffLayout ts_tiff_make_layout(const TsImage *like, const TsTiffTags *tags);

/* Set the tags of the current directory. `icc` may be NULL. */
gboolean
ts_tiff_set_tags(TsTiffHandle *handle, const TsTiffTags *tags, GBytes *icc, GError **error);

G_END_DECLS

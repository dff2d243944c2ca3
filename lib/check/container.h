/* What a file is by its first bytes, against what its name says; and whether its end is there. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Kinds of image file that can be told by their first bytes. */
typedef enum {
    TS_CONTAINER_UNKNOWN,
    TS_CONTAINER_JPEG,
    TS_CONTAINER_PNG,
    TS_CONTAINER_GIF,
    TS_CONTAINER_TIFF,
    TS_CONTAINER_WEBP,
    TS_CONTAINER_BMP,
    TS_CONTAINER_NPY,
    TS_CONTAINER_HEIF,
    TS_CONTAINERS
} TsContainer;

/* "JPEG", "PNG", ...; "unknown". */
const char *ts_container_name(TsContainer container);

/* The kind of a file that begins with these bytes; 16 are enough. */
TsContainer ts_container_detect(const guint8 *bytes, gsize n);

/* Whether the suffix of `path` promises another kind than `container`. Names without a suffix, or
 * with one that is none of these kinds', promise nothing; nothing is known of unknown bytes. */
gboolean ts_container_contradicts(TsContainer container, const char *path);

/* Whether the file of these bytes ends before it says it does: JPEG and PNG without their end
 * marker, GIF without its trailer, WebP and BMP shorter than their header says, TIFF whose
 * directory lies behind its end, nothing at all. It is asked where decoding failed, to tell a cut
 * file from a damaged one. */
gboolean ts_container_is_cut(const guint8 *bytes, gsize n);

G_END_DECLS

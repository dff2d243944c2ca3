/* The fence around libtiff: handles on files and on memory, with errors of their own.
 *
 * libvips sets libtiff's process-wide handlers; each handle here has its own, so neither hears what
 * the other's files say. A handle is used by one thread at a time. Only files lib/image/tiff*.c
 * include this header.
 */
#pragma once

#include "base/error.h"
#include "image/image.h"

G_BEGIN_DECLS

typedef struct tiff TIFF; /* libtiff's */

/* A file in memory. Writing extends `data`; reading leaves it alone. */
typedef struct {
    guint8 *data;
    gsize size, capacity, at;
} TsTiffMemory;

typedef struct {
    TIFF *tiff;
    char *name; /* for messages */
    char *said; /* the first thing that libtiff complained of, or NULL */
    int errnum; /* of that moment */
} TsTiffHandle;

/* Open a file: "rm" (to read; not mapped, as a file that shrinks would end the process), "wl"
 * (little-endian), "wl8" (the same, BigTIFF). `name` stands in messages. TS_ERROR_IO,
 * TS_ERROR_FORMAT if it is no TIFF. */
TsTiffHandle *
ts_tiff_handle_open(const char *path, const char *name, const char *mode, GError **error);

/* Open `memory`, which stays where it is until the handle is closed. */
TsTiffHandle *ts_tiff_handle_open_memory(TsTiffMemory *memory, const char *name, const char *mode,
                                         GError **error);

/* Set `error` to "NAME: WHAT: what libtiff said", or with the system's reason, then TS_ERROR_IO,
 * if there was one. Forgets what was said. Always FALSE. */
gboolean ts_tiff_handle_fail(TsTiffHandle *handle, TsError code, const char *what, GError **error);

/* Close and free. NULL is allowed. */
void ts_tiff_handle_free(TsTiffHandle *handle);

/* How samples lie in a file. */
typedef struct {
    int bands;
    TsSampleType type;
    gboolean has_alpha;
    int compression; /* a TsTiffCompression */
    int quality, level;
    gboolean strips;
    int tile_width, tile_height; /* of strips: the image's width, rows a strip */
} TsTiffLayout;

/* Set the tags that say it, for an image of width x height pixels. */
gboolean ts_tiff_set_layout(TsTiffHandle *handle, const TsTiffLayout *layout, int width, int height,
                            GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsTiffHandle, ts_tiff_handle_free)

G_END_DECLS

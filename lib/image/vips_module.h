/* libvips behind a table of functions, so that only those pictures wait for it that need it.
 *
 * libvips comes with a hundred libraries, whose loading and start take some 50 ms of processor
 * time: more than most tools need for all they do. So libtessera is not linked with it. What calls
 * libvips is a module of its own, libtessera-vips.so (lib/image/vips/), which lies beside
 * libtessera.so, in the build tree as installed, and is loaded when the first picture asks for it.
 * Plain JPEG and PNG never do. Nothing but the table below passes between the two.
 *
 *     const TsVips *vips = ts_vips_get(error);
 *     TsVipsImage *image = vips != NULL ? vips->open(&input, &header, error) : NULL;
 *     if (image == NULL || !vips->read(image, path, rect, to, 0, error))
 *         return FALSE;
 *     vips->free(image);
 */
#pragma once

#include "image/encode.h"
#include "image/orient.h"

G_BEGIN_DECLS

/* An opened picture, which is decoded as its pixels are asked for. */
typedef struct _VipsImage TsVipsImage;

typedef struct {
    const char *path;    /* the file, or what to call `bytes` in messages; borrowed */
    gconstpointer bytes; /* a file's bytes, which stay until the image is freed; or NULL */
    gsize n;
    int level; /* of a pyramid; 0: the image itself */
} TsVipsInput;

typedef struct {
    TsImageInfo info;   /* of the stored pixels; `orientation` is still to be applied */
    const char *loader; /* libvips' name of what decodes; never freed */
    gboolean is_random; /* any rectangle at any time, by any thread; else from the top, once */
    GBytes *icc;        /* or NULL; the caller unrefs */
} TsVipsHeader;

typedef struct {
    const char *version; /* of the tessera that this module belongs to */

    /* Start libvips, once: no cache of operations, threads as ts_threads_get(), untrusted loaders
     * blocked but for those that TESSERA_ALLOW_LOADERS names. TS_ERROR_DEPENDENCY;
     * TS_ERROR_ARGUMENT for names there that are none. ts_vips_get() has called it. */
    gboolean (*start)(GError **error);

    /* As ts_image_allow_loader(). */
    gboolean (*allow_loader)(const char *name, GError **error);

    /* Open a picture and read its header; `header` is set on success. */
    TsVipsImage *(*open)(const TsVipsInput *input, TsVipsHeader *header, GError **error);
    void (*free)(TsVipsImage *image);

    /* Decode `rect` to the rows of `to`, which is as wide, from `to_y` on. */
    gboolean (*read)(const TsVipsImage *image, const char *path, TsRect rect, TsImage *to, int to_y,
                     GError **error);

    /* Append the TsLevelPlace of each level but the first of a slide that OpenSlide reads. */
    void (*find_slide_levels)(const TsVipsImage *image, GArray *levels);

    /* Encode WebP. */
    GBytes *(*encode)(const TsFormat *format, const TsImage *like, const guint8 *pixels,
                      gsize stride, int width, int height, const TsEncodeOptions *options,
                      GError **error);
} TsVips;

/* Load the module and start libvips, at the first call. NULL with TS_ERROR_DEPENDENCY if the module
 * is not there or is another version's, or with an error of start(). */
const TsVips *ts_vips_get(GError **error);

/* The module's file, and the name under which it exports a TsVips. */
#define TS_VIPS_MODULE "libtessera-vips.so"
#define TS_VIPS_TABLE "ts_vips_table"

G_END_DECLS

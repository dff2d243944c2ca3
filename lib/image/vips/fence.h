/* The fence around libvips: its start, its names for sample types, its errors as ours; and what the
 * files of this folder say to each other. They make a module, see image/vips_module.h.
 */
#pragma once

#include "base/error.h"
#include "image/vips_module.h"

#include <vips/vips.h>

G_BEGIN_DECLS

#ifndef TS_VIPS_HAS_AUTOPTR
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VipsRegion, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VipsSource, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VipsImage, g_object_unref)
#endif

extern const TsVips ts_vips_table; /* the name is TS_VIPS_TABLE */

/* As the functions of TsVips. */
gboolean ts_vips_start(GError **error);
gboolean ts_vips_allow_loader(const char *name, GError **error);
TsVipsImage *ts_vips_open(const TsVipsInput *input, TsVipsHeader *header, GError **error);
void ts_vips_free(TsVipsImage *image);
gboolean ts_vips_read(const TsVipsImage *image, const char *path, TsRect rect, TsImage *to,
                      int to_y, GError **error);
void ts_vips_find_slide_levels(const TsVipsImage *image, GArray *levels);
GBytes *
ts_vips_encode(const TsFormat *format, const TsImage *like, const guint8 *pixels, gsize stride,
               int width, int height, const TsEncodeOptions *options, GError **error);

/* Let libvips' `loader` load level `level`, not 0, of `source`. TS_ERROR_ARGUMENT if there is none.
 */
gboolean ts_vips_load_level(const char *path, const char *loader, VipsSource *source, int level,
                            VipsImage **image, VipsForeignFlags *flags, GError **error);

/* Micrometres a pixel of level 0, as stored; zero where the file does not say. */
void ts_vips_read_mpp(const VipsImage *image, double *mpp_x, double *mpp_y);

/* Whether a loader, by the name of its class, is blocked; *name is what ts_image_allow_loader()
 * calls it, or NULL. */
gboolean ts_vips_loader_is_blocked(const char *loader, const char **name);

/* The user's name of the loader, of those that can be allowed, that reads `source`; NULL: none. */
const char *ts_vips_find_blocked(VipsSource *source);

/* Set `error` to "PATH: WHAT: what libvips says" and empty libvips' error buffer. Always FALSE. */
gboolean ts_vips_set_error(GError **error, TsError code, const char *path, const char *what);

/* Sample type of a band format; FALSE for complex numbers. */
gboolean ts_sample_type_from_vips(VipsBandFormat format, TsSampleType *type);
VipsBandFormat ts_sample_type_to_vips(TsSampleType type);

G_END_DECLS

/* The fence around libvips: its start, its names for sample types, its errors as ours.
 *
 * Only files of lib/image include this header, and with it vips/vips.h.
 */
#pragma once

#include "base/error.h"
#include "image/image.h"

#include <vips/vips.h>

G_BEGIN_DECLS

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VipsRegion, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VipsSource, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VipsImage, g_object_unref)

/* Start libvips, once: no cache of operations, threads as ts_threads_get(), untrusted loaders
 * blocked but for those that TESSERA_ALLOW_LOADERS names. TS_ERROR_DEPENDENCY; TS_ERROR_ARGUMENT
 * for names there that are none. */
gboolean ts_image_init(GError **error);

/* Whether a loader, by the name of its class, is blocked; *name is what ts_image_allow_loader()
 * calls it, or NULL. */
gboolean ts_image_loader_is_blocked(const char *loader, const char **name);

/* Set `error` to "PATH: WHAT: what libvips says" and empty libvips' error buffer. Always FALSE. */
gboolean ts_image_set_vips_error(GError **error, TsError code, const char *path, const char *what);

/* Sample type of a band format; FALSE for complex numbers. */
gboolean ts_sample_type_from_vips(VipsBandFormat format, TsSampleType *type);
VipsBandFormat ts_sample_type_to_vips(TsSampleType type);

G_END_DECLS

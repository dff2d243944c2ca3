/* Levels of what libvips opened, and how large its pixels are. */
#include "image/levels.h"

#include "image/tiff_levels.h"
#include "image/vips/fence.h"

#include <string.h>

static gboolean
get_number(const VipsImage *image, const char *name, double *value)
{
    const char *text;
    if (vips_image_get_typeof(image, name) == 0 || vips_image_get_string(image, name, &text) != 0)
        return FALSE;
    *value = g_ascii_strtod(text, NULL);
    return TRUE;
}

/* OpenSlide gives its levels as properties, largest first. */
void
ts_vips_find_slide_levels(const VipsImage *image, GArray *levels)
{
    double n = 1, width, height;
    get_number(image, "openslide.level-count", &n);
    for (int i = 1; i < MIN(n, 100); i++) {
        g_autofree char *name = g_strdup_printf("openslide.level[%d].width", i);
        g_autofree char *other = g_strdup_printf("openslide.level[%d].height", i);
        if (!get_number(image, name, &width) || !get_number(image, other, &height) || width < 1 ||
            height < 1 || width > G_MAXINT || height > G_MAXINT)
            return;
        ts_levels_add(levels, (int) width, (int) height, i, -1);
    }
}

static gboolean
load_tiff(const char *path, const char *loader, VipsSource *source, int level, VipsImage **image,
          VipsForeignFlags *flags, GError **error)
{
    g_autoptr(TsTiffHandle) handle = ts_tiff_handle_open(path, path, "rm", error);
    g_autoptr(GArray) levels = handle != NULL ? ts_tiff_find_levels(handle, error) : NULL;
    if (levels == NULL)
        return FALSE;
    if ((guint) level >= levels->len)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: has no level %d, only 0 to %u", path,
                            level, levels->len - 1);
    const TsTiffLevel *found = &g_array_index(levels, TsTiffLevel, level);
    if (vips_call(loader, source, image, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on",
                  VIPS_FAIL_ON_ERROR, "flags", flags, "page", found->page, "subifd", found->subifd,
                  NULL) != 0)
        return ts_vips_set_error(error, TS_ERROR_FORMAT, path, "level is damaged");
    return TRUE;
}

gboolean
ts_vips_load_level(const char *path, const char *loader, VipsSource *source, int level,
                   VipsImage **image, VipsForeignFlags *flags, GError **error)
{
    if (strstr(loader, "Tiff") != NULL)
        return load_tiff(path, loader, source, level, image, flags, error);
    if (strstr(loader, "Openslide") == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: has no levels but the image itself",
                            path);
    if (vips_call(loader, source, image, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on",
                  VIPS_FAIL_ON_ERROR, "flags", flags, "rgb", TRUE, "level", level, NULL) != 0)
        return ts_vips_set_error(error, TS_ERROR_ARGUMENT, path, "level cannot be read");
    return TRUE;
}

/* The number behind `key` in free text. */
static double
find_number(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    return at != NULL ? g_ascii_strtod(at + strlen(key), NULL) : 0;
}

/* OME-XML: PhysicalSizeX="0.25" PhysicalSizeXUnit="µm", the unit that is meant if none is named. */
static double
find_physical_size(const char *text, const char *key, const char *unit_key)
{
    double size = find_number(text, key);
    const char *unit = strstr(text, unit_key);
    if (unit == NULL)
        return size;
    unit += strlen(unit_key);
    return g_str_has_prefix(unit, "nm\"")                                            ? size / 1000
           : g_str_has_prefix(unit, "mm\"")                                          ? size * 1000
           : g_str_has_prefix(unit, "\xc2\xb5m\"") || g_str_has_prefix(unit, "um\"") ? size
                                                                                     : 0;
}

static void
read_description(const VipsImage *image, double *mpp_x, double *mpp_y)
{
    const char *text;
    if (vips_image_get_typeof(image, "image-description") == 0 ||
        vips_image_get_string(image, "image-description", &text) != 0)
        return;
    if (g_str_has_prefix(text, "Aperio")) {
        *mpp_x = *mpp_y = find_number(text, "MPP = ");
        return;
    }
    *mpp_x = find_physical_size(text, "PhysicalSizeX=\"", "PhysicalSizeXUnit=\"");
    *mpp_y = find_physical_size(text, "PhysicalSizeY=\"", "PhysicalSizeYUnit=\"");
}

void
ts_vips_read_mpp(const VipsImage *image, double *mpp_x, double *mpp_y)
{
    *mpp_x = *mpp_y = 0;
    if (!get_number(image, "openslide.mpp-x", mpp_x) ||
        !get_number(image, "openslide.mpp-y", mpp_y))
        read_description(image, mpp_x, mpp_y);
    ts_levels_check_mpp(mpp_x, mpp_y);
    if (*mpp_x > 0)
        return;
    *mpp_x = 1000 / vips_image_get_xres(image); /* pixels a millimetre */
    *mpp_y = 1000 / vips_image_get_yres(image);
    ts_levels_check_mpp(mpp_x, mpp_y);
}

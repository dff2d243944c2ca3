/* Levels of an opened image, and how large its pixels are. */
#include "image/levels.h"

#include "image/tiff_levels.h"

#include <string.h>

/* Coarser than 80 micrometres (317 dpi) is what programs write when they know nothing: 72, 300. */
static const double coarsest = 80;

static gboolean
is_slide(const char *loader)
{
    return loader != NULL && strstr(loader, "Openslide") != NULL;
}

static gboolean
is_tiff(const char *loader)
{
    return loader != NULL && strstr(loader, "Tiff") != NULL;
}

void
ts_levels_add(GArray *levels, int width, int height, int page, int subifd)
{
    TsLevelPlace place = {{.width = width, .height = height, .downsample = 1}, page, subifd};
    if (levels->len > 0)
        place.size.downsample =
            (double) g_array_index(levels, TsLevelPlace, 0).size.width / (double) width;
    g_array_append_val(levels, place);
}

static void
find_in_slide(const TsDecoder *decoder, GArray *levels)
{
    const TsVips *vips = ts_vips_get(NULL);
    if (vips != NULL)
        vips->find_slide_levels(decoder->image, levels);
}

static gboolean
find_in_tiff(const char *path, GArray *levels, GError **error)
{
    g_autoptr(TsTiffHandle) handle = ts_tiff_handle_open(path, path, "rm", error);
    g_autoptr(GArray) found = handle != NULL ? ts_tiff_find_levels(handle, error) : NULL;
    if (found == NULL)
        return FALSE;
    for (guint i = 1; i < found->len; i++) {
        const TsTiffLevel *level = &g_array_index(found, TsTiffLevel, i);
        ts_levels_add(levels, level->width, level->height, level->page, level->subifd);
    }
    return TRUE;
}

GArray *
ts_levels_find(const char *path, const char *loader, const TsDecoder *decoder, GError **error)
{
    g_autoptr(GArray) levels = g_array_new(FALSE, FALSE, sizeof(TsLevelPlace));
    ts_levels_add(levels, decoder->info.width, decoder->info.height, 0, -1);
    if (is_slide(loader))
        find_in_slide(decoder, levels);
    else if (is_tiff(loader) && !find_in_tiff(path, levels, error))
        return NULL;
    return g_steal_pointer(&levels);
}

static gboolean
is_size(double mpp)
{
    return mpp > 0 && mpp <= coarsest;
}

void
ts_levels_check_mpp(double *mpp_x, double *mpp_y)
{
    if (!is_size(*mpp_x) || !is_size(*mpp_y))
        *mpp_x = *mpp_y = 0;
}

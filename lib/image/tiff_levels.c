/* The levels of a TIFF, found by what directories say of their size.
 *
 * Writers differ: SubIFDs of the first page (OME-TIFF), or further pages (libvips, Aperio), some of
 * which are other pictures, a label or a thumbnail. A level is tiled if the first page is, has its
 * samples and its proportions, and is smaller.
 */
#include "image/tiff_levels.h"

#include <stdlib.h>
#include <tiffio.h>

enum { MAX_DIRECTORIES = 1024 };

typedef struct {
    guint32 width, height;
    guint16 bands, bits, format;
    gboolean tiled;
} Kind;

static gboolean
get_kind(TIFF *tiff, Kind *kind)
{
    *kind = (Kind){.tiled = TIFFIsTiled(tiff) != 0};
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &kind->bands);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &kind->bits);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &kind->format);
    return TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &kind->width) == 1 &&
           TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &kind->height) == 1 && kind->width > 0 &&
           kind->height > 0 && kind->width <= G_MAXINT && kind->height <= G_MAXINT;
}

/* Sides may be rounded up or down, once a level: a pixel and a half of tolerance. */
static gboolean
is_level_of(const Kind *first, const Kind *other)
{
    double factor = (double) first->width / other->width;
    double off = first->height / factor - other->height;
    return other->width < first->width && other->height <= first->height &&
           off < 1.5 + factor / 8 && off > -1.5 - factor / 8 && other->tiled == first->tiled &&
           other->bands == first->bands && other->bits == first->bits &&
           other->format == first->format;
}

static void
add_level(GArray *levels, TIFF *tiff, const Kind *kind, int page, int subifd)
{
    TsTiffLevel level = {.width = (int) kind->width,
                         .height = (int) kind->height,
                         .directory = TIFFCurrentDirOffset(tiff),
                         .page = page,
                         .subifd = subifd};
    g_array_append_val(levels, level);
}

static void
find_subifds(TIFF *tiff, const Kind *first, GArray *levels)
{
    guint16 n = 0;
    const guint64 *offsets;
    if (TIFFGetField(tiff, TIFFTAG_SUBIFD, &n, &offsets) != 1)
        return;
    n = MIN(n, MAX_DIRECTORIES);
    g_autofree guint64 *kept = g_memdup2(offsets, n * sizeof *offsets);
    for (int i = 0; i < n; i++) {
        Kind kind;
        if (TIFFSetSubDirectory(tiff, kept[i]) == 1 && get_kind(tiff, &kind) &&
            is_level_of(first, &kind))
            add_level(levels, tiff, &kind, 0, i);
    }
}

static void
find_pages(TIFF *tiff, const Kind *first, GArray *levels)
{
    for (int page = 1; page < MAX_DIRECTORIES && TIFFReadDirectory(tiff) == 1; page++) {
        Kind kind;
        if (get_kind(tiff, &kind) && is_level_of(first, &kind))
            add_level(levels, tiff, &kind, page, -1);
    }
}

static int
by_size(gconstpointer a, gconstpointer b)
{
    return ((const TsTiffLevel *) b)->width - ((const TsTiffLevel *) a)->width;
}

GArray *
ts_tiff_find_levels(TsTiffHandle *handle, GError **error)
{
    TIFF *tiff = handle->tiff;
    Kind first;
    if (TIFFSetDirectory(tiff, 0) != 1 || !get_kind(tiff, &first)) {
        ts_tiff_handle_fail(handle, TS_ERROR_FORMAT, "first page is damaged", error);
        return NULL;
    }
    GArray *levels = g_array_new(FALSE, FALSE, sizeof(TsTiffLevel));
    add_level(levels, tiff, &first, 0, -1);
    find_subifds(tiff, &first, levels);
    /* SubIFDs have moved the handle; the pages go on from the first. */
    if (levels->len == 1 && TIFFSetDirectory(tiff, 0) == 1)
        find_pages(tiff, &first, levels);
    g_array_sort(levels, by_size);
    return levels;
}

/* Padding around tiles: one value, or other parts of the image. */
#include "tiling/cut/pad_tile.h"

#include <string.h>

const guint8 *
ts_tile_pixel_at(const TsImage *image, int x, int y)
{
    return image->data + (gsize) y * ts_image_row_size(image) +
           (gsize) x * ts_image_pixel_size(image);
}

/* Row `y` of the image: in the band, or among the outermost ones. */
static const guint8 *
find_row(const TsOpenInput *open, const TsBand *band, guint source, int y)
{
    if (y >= band->y && y < band->y + band->height)
        return ts_tile_pixel_at(band->images[source], 0, y - band->y);
    if (open->first_rows != NULL && y < open->first_rows->height)
        return ts_tile_pixel_at(open->first_rows, 0, y);
    g_assert(open->last_rows != NULL);
    return ts_tile_pixel_at(open->last_rows, 0,
                            y - (open->input->info.height - open->last_rows->height));
}

/* The kept image for padded tiles, of the kind of `like`. */
static TsImage *
take_padded(TsImage **kept, const TsImage *like, const TsTile *tile, GError **error)
{
    const TsImage *old = *kept;
    if (old == NULL || old->width != tile->full_width || old->height != tile->full_height ||
        old->bands != like->bands || old->type != like->type || old->icc != like->icc) {
        g_clear_pointer(kept, ts_image_free);
        *kept = ts_image_new_like(like, tile->full_width, tile->full_height, error);
    }
    return *kept;
}

static void
fill_constant(TsImage *image, const guint8 sample[8])
{
    gsize size = ts_sample_type_size(image->type);
    gsize n = (gsize) image->height * ts_image_row_size(image);
    for (gsize i = 0; i < n; i += size)
        memcpy(image->data + i, sample, size);
}

gboolean
ts_pad_tile_constant(TsImage *to, const TsTilePixels *from, const TsTile *tile, double value,
                     GError **error)
{
    guint8 sample[8];
    gsize pixel = ts_image_pixel_size(to);
    if (!ts_pad_sample(value, to->type, sample, error))
        return FALSE;
    fill_constant(to, sample);
    for (int y = 0; y < tile->height; y++)
        memcpy((guint8 *) ts_tile_pixel_at(to, tile->pad_left, tile->pad_top + y),
               from->pixels + (gsize) y * from->stride, (gsize) tile->width * pixel);
    return TRUE;
}

/* One row of the tile, from a full row of the image. */
static void
pad_row(guint8 *to, const guint8 *row, gsize pixel, const TsTile *tile, TsPadMode mode, int width)
{
    int before = tile->pad_left, after = tile->pad_left + tile->width;
    memcpy(to + (gsize) before * pixel, row + (gsize) tile->x * pixel, (gsize) tile->width * pixel);
    for (int i = 0; i < tile->full_width; i++) {
        if (i == before)
            i = after;
        if (i >= tile->full_width)
            break;
        int x = ts_pad_index(mode, (gint64) tile->x - before + i, width);
        memcpy(to + (gsize) i * pixel, row + (gsize) x * pixel, pixel);
    }
}

/* The tile with other parts of the image around its valid part. */
static void
pad_from_band(TsPadMode mode, TsImage *to, const TsOpenInput *open, const TsBand *band,
              const TsTile *tile)
{
    const TsImageInfo *info = &open->input->info;
    gsize pixel = ts_image_pixel_size(to);
    for (int i = 0; i < tile->full_height; i++) {
        int y = ts_pad_index(mode, (gint64) tile->y - tile->pad_top + i, info->height);
        pad_row((guint8 *) ts_tile_pixel_at(to, 0, i), find_row(open, band, 0, y), pixel, tile,
                mode, info->width);
    }
}

/* How many of the `n` places from `from` on show neighbours, one after the other, up or down. */
static int
run_length(TsPadMode mode, gint64 from, int n, int length)
{
    int start = ts_pad_index(mode, from, length), step = 0, i = 1;
    for (int last = start; i < n; i++) {
        int next = ts_pad_index(mode, from + i, length);
        if (i == 1)
            step = next - last;
        if (next - last != step || ABS(step) > 1)
            break;
        last = next;
    }
    return i;
}

/* The same where regions are decoded alone: in pieces that are regions, perhaps mirrored. */
static gboolean
pad_from_source(TsPadMode mode, TsImage *to, const TsOpenInput *open, const TsTile *tile,
                GError **error)
{
    const TsImageInfo *info = &open->input->info;
    gint64 x0 = (gint64) tile->x - tile->pad_left, y0 = (gint64) tile->y - tile->pad_top;
    gsize pixel = ts_image_pixel_size(to);
    for (int i = 0, h; i < tile->full_height; i += h) {
        h = run_length(mode, y0 + i, tile->full_height - i, info->height);
        for (int k = 0, w; k < tile->full_width; k += w) {
            int left, right, top, bottom;
            w = run_length(mode, x0 + k, tile->full_width - k, info->width);
            ts_pad_range(mode, x0 + k, w, info->width, &left, &right);
            ts_pad_range(mode, y0 + i, h, info->height, &top, &bottom);
            g_autoptr(TsImage) part = ts_image_source_read_region(
                open->sources[0], left, top, right - left + 1, bottom - top + 1, error);
            if (part == NULL)
                return FALSE;
            for (int y = 0; y < h; y++)
                for (int x = 0; x < w; x++)
                    memcpy((guint8 *) ts_tile_pixel_at(to, k + x, i + y),
                           ts_tile_pixel_at(part,
                                            ts_pad_index(mode, x0 + k + x, info->width) - left,
                                            ts_pad_index(mode, y0 + i + y, info->height) - top),
                           pixel);
        }
    }
    return TRUE;
}

gboolean
ts_pad_tile(const TsPadding *padding, const TsOpenInput *open, const TsBand *band,
            const TsTile *tile, TsTilePixels *pixels, TsImage **kept, GError **error)
{
    if (tile->full_width == tile->width && tile->full_height == tile->height)
        return TRUE;
    TsImage *padded = take_padded(kept, pixels->like, tile, error);
    if (padded == NULL)
        return FALSE;
    if (padding->mode == TS_PAD_CONSTANT) {
        if (!ts_pad_tile_constant(padded, pixels, tile, padding->value, error))
            return FALSE;
    } else if (band != NULL) {
        pad_from_band(padding->mode, padded, open, band, tile);
    } else if (!pad_from_source(padding->mode, padded, open, tile, error)) {
        return FALSE;
    }
    *pixels = (TsTilePixels){padded, padded->data, ts_image_row_size(padded)};
    return TRUE;
}

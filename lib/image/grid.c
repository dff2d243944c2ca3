/* Tile grids: counts and origins along each axis. */
#include "image/grid.h"

#include "base/error.h"

/* Whole tiles only. */
static guint64
count_inside(gint64 length, gint64 size, gint64 stride)
{
    return length < size ? 0 : (guint64) ((length - size) / stride + 1);
}

/* Origins inside of the image. */
static guint64
count_starts(gint64 length, gint64 stride)
{
    return (guint64) ((length + stride - 1) / stride);
}

guint64
ts_grid_axis_count(int length, int size, int stride, TsGridCount count, TsGridEdge edge)
{
    if (count == TS_COUNT_DROP || edge == TS_EDGE_DROP)
        return count_inside(length, size, stride);
    /* Shifted or spread, tiles of "start" beyond those of "cover" would lie on one another. */
    if (count == TS_COUNT_START && (edge == TS_EDGE_PARTIAL || edge == TS_EDGE_PAD))
        return count_starts(length, stride);
    if (length <= size)
        return 1;
    guint64 cover = count_starts((gint64) length - size, stride) + 1;
    /* With gaps between tiles (stride > size) the image may end in a gap. */
    return MIN(cover, count_starts(length, stride));
}

int
ts_grid_axis_origin(int length, int size, int stride, TsGridEdge edge, guint64 n, guint64 i)
{
    gint64 last = MAX(0, (gint64) length - size);
    if (edge == TS_EDGE_SPREAD)
        return n < 2 ? 0 : (int) ((2 * i * (guint64) last + (n - 1)) / (2 * (n - 1)));
    gint64 origin = (gint64) i * stride;
    return (int) (edge == TS_EDGE_SHIFT ? MIN(origin, last) : origin);
}

gboolean
ts_grid_init(TsGrid *self, const TsGridOptions *options, int width, int height, GError **error)
{
    TsGridOptions o = *options;
    o.stride_x = o.stride_x != 0 ? o.stride_x : o.tile_width;
    o.stride_y = o.stride_y != 0 ? o.stride_y : o.tile_height;
    if (o.tile_width < 1 || o.tile_height < 1)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "tiles of %d x %d pixels have no pixels",
                            o.tile_width, o.tile_height);
    if (o.stride_x < 1 || o.stride_y < 1)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "a stride of %d x %d does not move on, at least 1 was expected",
                            o.stride_x, o.stride_y);
    *self = (TsGrid){.options = o, .width = width, .height = height};
    self->n_columns = ts_grid_axis_count(width, o.tile_width, o.stride_x, o.count, o.edge);
    self->n_rows = ts_grid_axis_count(height, o.tile_height, o.stride_y, o.count, o.edge);
    return TRUE;
}

guint64
ts_grid_n_tiles(const TsGrid *self)
{
    return self->n_columns * self->n_rows;
}

/* Move an origin so that half of what reaches over the end lies before the start; of what then lies
 * outside, `pad` pixels, nothing is left in the origin. */
static void
centre_axis(int length, int size, int stride, guint64 n, int *origin, int *pad)
{
    gint64 excess = MAX(0, (gint64) (n - 1) * stride + size - length);
    gint64 moved = *origin - excess / 2;
    *pad = (int) MAX(0, -moved);
    *origin = (int) MAX(0, moved);
}

void
ts_grid_get_tile(const TsGrid *self, guint64 column, guint64 row, TsTile *tile)
{
    const TsGridOptions *o = &self->options;
    g_assert(column < self->n_columns && row < self->n_rows);
    *tile = (TsTile){.column = column, .row = row};
    tile->x = ts_grid_axis_origin(self->width, o->tile_width, o->stride_x, o->edge, self->n_columns,
                                  column);
    tile->y =
        ts_grid_axis_origin(self->height, o->tile_height, o->stride_y, o->edge, self->n_rows, row);
    gboolean pads = o->edge == TS_EDGE_PAD;
    if (pads && o->centred) {
        centre_axis(self->width, o->tile_width, o->stride_x, self->n_columns, &tile->x,
                    &tile->pad_left);
        centre_axis(self->height, o->tile_height, o->stride_y, self->n_rows, &tile->y,
                    &tile->pad_top);
    }
    tile->width = MIN(o->tile_width - tile->pad_left, self->width - tile->x);
    tile->height = MIN(o->tile_height - tile->pad_top, self->height - tile->y);
    tile->full_width = pads ? o->tile_width : tile->width;
    tile->full_height = pads ? o->tile_height : tile->height;
}

/* Blocks of pictures, found through a hash table, and the guard between splits. */
#include "balance/split/split_blocks.h"

#include "base/error.h"

/* Coordinates are doubled, so that half a gap and a centre are whole numbers. */
#define LARGEST_COORDINATE ((gint64) 1 << 40)

typedef struct {
    gint32 picture;
    gint64 column, row;
} Place;

typedef struct {
    gint32 picture;
    gint64 x, y, width, height;
    gint32 block;
} Tile;

struct _TsBlocks {
    gint64 width, height, gap;
    GArray *tiles;      /* Tile, one a row */
    GHashTable *number; /* Place * (owned) -> number of the block */
    guint n_with_tiles;
};

static guint
place_hash(gconstpointer key)
{
    const Place *place = key;
    guint64 h = (guint64) place->picture * 0x9e3779b97f4a7c15u;
    h = (h ^ (guint64) place->column) * 0xbf58476d1ce4e5b9u;
    h = (h ^ (h >> 29) ^ (guint64) place->row) * 0x94d049bb133111ebu;
    return (guint) (h >> 32);
}

static gboolean
place_equal(gconstpointer a, gconstpointer b)
{
    const Place *x = a, *y = b;
    return x->picture == y->picture && x->column == y->column && x->row == y->row;
}

TsBlocks *
ts_blocks_new(gint64 width, gint64 height, gint64 gap)
{
    TsBlocks *self = g_new0(TsBlocks, 1);
    self->width = width;
    self->height = height;
    self->gap = gap;
    self->tiles = g_array_new(FALSE, FALSE, sizeof(Tile));
    self->number = g_hash_table_new_full(place_hash, place_equal, g_free, NULL);
    return self;
}

void
ts_blocks_free(TsBlocks *self)
{
    if (self == NULL)
        return;
    g_array_unref(self->tiles);
    g_hash_table_unref(self->number);
    g_free(self);
}

guint
ts_blocks_n(const TsBlocks *self)
{
    return self->n_with_tiles;
}

/* Number of the block at that place; a new one is numbered behind the others. */
static guint
number_of(TsBlocks *self, gint32 picture, gint64 column, gint64 row)
{
    const Place place = {picture, column, row};
    gpointer number;
    if (!g_hash_table_lookup_extended(self->number, &place, NULL, &number)) {
        number = GUINT_TO_POINTER(g_hash_table_size(self->number));
        g_hash_table_insert(self->number, g_memdup2(&place, sizeof place), number);
    }
    return GPOINTER_TO_UINT(number);
}

/* Rounds down, below zero too. */
static gint64
divide(gint64 a, gint64 b)
{
    return a / b - (a % b < 0);
}

gboolean
ts_blocks_add(TsBlocks *self, gint32 picture, gint64 x, gint64 y, gint64 width, gint64 height,
              gint32 *block, GError **error)
{
    if (width < 1 || height < 1)
        return ts_error_set(error, TS_ERROR_RANGE, "an empty region");
    if (x < -LARGEST_COORDINATE || x > LARGEST_COORDINATE || y < -LARGEST_COORDINATE ||
        y > LARGEST_COORDINATE)
        return ts_error_set(error, TS_ERROR_RANGE, "a region that is too far out");
    if (width > self->width - self->gap || height > self->height - self->gap)
        return ts_error_set(error, TS_ERROR_RANGE,
                            "a region of %" G_GINT64_FORMAT "x%" G_GINT64_FORMAT
                            ", larger than a block less the gap",
                            width, height);
    guint number = number_of(self, picture, divide(2 * x + width, 2 * self->width),
                             divide(2 * y + height, 2 * self->height));
    self->n_with_tiles = g_hash_table_size(self->number);
    g_array_append_vals(self->tiles, &(Tile){picture, x, y, width, height, (gint32) number}, 1);
    *block = (gint32) number;
    return TRUE;
}

/* The blocks that the tile with `margin` half pixels around it reaches into, four at most; their
 * number. */
static guint
blocks_around(TsBlocks *self, const Tile *tile, gint64 margin, guint *blocks)
{
    gint64 left = divide(2 * tile->x - margin, 2 * self->width);
    gint64 right = divide(2 * (tile->x + tile->width) + margin - 1, 2 * self->width);
    gint64 top = divide(2 * tile->y - margin, 2 * self->height);
    gint64 bottom = divide(2 * (tile->y + tile->height) + margin - 1, 2 * self->height);
    guint n = 0;
    for (gint64 row = top; row <= bottom; row++)
        for (gint64 column = left; column <= right; column++)
            blocks[n++] = number_of(self, tile->picture, column, row);
    return n;
}

/* TRUE if all blocks around are of the split, or of none yet. */
static gboolean
is_among_its_own(TsBlocks *self, const Tile *tile, gint64 margin, GArray *owner, guint32 split)
{
    guint blocks[4], n = blocks_around(self, tile, margin, blocks);
    const guint32 none = TS_SPLIT_NONE;
    while (owner->len < g_hash_table_size(self->number))
        g_array_append_val(owner, none);
    for (guint i = 0; i < n; i++) {
        guint32 other = g_array_index(owner, guint32, blocks[i]);
        if (other != split && other != TS_SPLIT_NONE)
            return FALSE;
    }
    return TRUE;
}

static void
claim(TsBlocks *self, const Tile *tile, GArray *owner, guint32 split)
{
    guint blocks[4], n = blocks_around(self, tile, self->gap, blocks);
    for (guint i = 0; i < n; i++)
        g_array_index(owner, guint32, blocks[i]) = split;
}

void
ts_blocks_guard(TsBlocks *self, guint32 *split_of_row, guint64 *n_across, guint64 *n_near)
{
    g_autoptr(GArray) owner = g_array_new(FALSE, FALSE, sizeof(guint32));
    const guint32 none = TS_SPLIT_NONE;
    *n_across = *n_near = 0;
    for (guint i = 0; i < g_hash_table_size(self->number); i++)
        g_array_append_val(owner, none);
    for (guint i = 0; i < self->tiles->len; i++)
        g_array_index(owner, guint32, g_array_index(self->tiles, Tile, i).block) = split_of_row[i];
    for (guint i = 0; i < self->tiles->len; i++) {
        const Tile *tile = &g_array_index(self->tiles, Tile, i);
        if (is_among_its_own(self, tile, self->gap, owner, split_of_row[i])) {
            claim(self, tile, owner, split_of_row[i]);
            continue;
        }
        gboolean across = !is_among_its_own(self, tile, 0, owner, split_of_row[i]);
        *n_across += across;
        *n_near += !across;
        split_of_row[i] = TS_SPLIT_NONE;
    }
}

/* The inner loops of Winograd convolution, in vectors of LANES floats.
 *
 * Compiled several times: LANES, ROWS (of a micro-kernel: ROWS x 2 sums, 2 factors and a broadcast
 * one must fit into the registers), TILE, PACK (factors in a word, see kernels.h) and KERNELS, the
 * name of the table, come from meson.build together with the compiler's -m flags. */
#include "nn/winograd/kernels.h"

#include <string.h>

typedef float Vec __attribute__((vector_size(LANES * sizeof(float)), may_alias));

typedef gint32 Mask __attribute__((vector_size(LANES * sizeof(gint32)), may_alias));

#if TILE == 4
#include "nn/winograd/transforms4.h"
#else
#include "nn/winograd/transforms2.h"
#endif
#include "nn/winograd/words.h"

enum { REACH = TILE + 2, PANEL = 2 * LANES, POSITIONS = REACH * REACH };

/* Where the vector of channel block `block` of row `row` stands in one matrix, where no numbers are
 * packed. */
static inline gint64
panel_at(gint64 block, gint64 blocks, gint64 row, gint64 rows)
{
    const gint64 panel = block / 2;
    const gint64 width = 2 * panel + 1 < blocks ? PANEL : LANES;
    return panel * PANEL * rows + row * width + block % 2 * LANES;
}

/* The same where they are packed, by channels and by rows. */
static inline gint64
channels_at(gint64 block, gint64 blocks, gint64 row, gint64 rows)
{
    return panel_at(block, blocks, row, rows) / PACK;
}

static inline gint64
row_at(gint64 block, gint64 blocks, gint64 row, gint64 rows)
{
    return panel_at(block, blocks, row / PACK, rows / PACK);
}

/* ---- pictures to panels and back ---- */

typedef struct {
    gint64 image, y, x; /* upper left pixel; may lie outside */
} Tile;

static inline Tile
find_tile(const TsWinogradPictures *p, gint64 tile)
{
    const gint64 area = p->tiles_y * p->tiles_x;
    return (Tile){tile / area, tile % area / p->tiles_x * TILE - p->pad_y,
                  tile % p->tiles_x * TILE - p->pad_x};
}

static inline Tile
next_tile(const TsWinogradPictures *p, Tile tile)
{
    tile.x += TILE;
    if (tile.x + p->pad_x < p->tiles_x * TILE)
        return tile;
    tile.x = -p->pad_x;
    tile.y += TILE;
    if (tile.y + p->pad_y < p->tiles_y * TILE)
        return tile;
    return (Tile){tile.image + 1, -p->pad_y, -p->pad_x};
}

static inline const Vec *
picture_block(const TsWinogradPictures *p, const float *pictures, gint64 image, gint64 block)
{
    return (const Vec *) pictures + (image * p->blocks + block) * p->height * p->width;
}

/* `side` x `side` pixels at `tile`; what lies outside the picture is zero. */
static inline void
load_pixels(const TsWinogradPictures *p, const Vec *picture, Tile tile, int side, Vec *pixels)
{
    const gint64 top = MAX(tile.y, 0), bottom = MIN(tile.y + side, p->height);
    const gint64 left = MAX(tile.x, 0), right = MIN(tile.x + side, p->width);
    memset(pixels, 0, (gsize) (side * side) * sizeof *pixels);
    for (gint64 y = top; y < bottom; y++)
        for (gint64 x = left; x < right; x++)
            pixels[(y - tile.y) * side + x - tile.x] = picture[y * p->width + x];
}

static inline gboolean
is_inside(const TsWinogradPictures *p, Tile tile, int side)
{
    return tile.y >= 0 && tile.x >= 0 && tile.y + side <= p->height && tile.x + side <= p->width;
}

/* The pixels at `tile`, in the picture itself where they all lie in it, else in a copy; `pitch` is
 * the distance of two rows. */
static inline const Vec *
find_pixels(const TsWinogradPictures *p, const Vec *picture, Tile tile, int side, Vec *copy,
            gint64 *pitch)
{
    const gboolean inside = is_inside(p, tile, side);
    *pitch = inside ? p->width : side;
    if (inside)
        return picture + tile.y * p->width + tile.x;
    load_pixels(p, picture, tile, side, copy);
    return copy;
}

/* The numbers of rows r and of vectors v, and the flags, are constants where this is expanded, so
 * that sums stay in registers and no jumps are left. */
#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* One block of channels after the other, so that pictures are read in a row. */
ALWAYS_INLINE void
transform_inputs(const TsWinogradPictures *p, const float *pictures, const TsWinogradTiles *tiles,
                 float *panels, const gboolean by_rows)
{
    Vec copy[POSITIONS], half[POSITIONS], line[REACH];
    for (gint64 block = 0; block < p->blocks; block++) {
        Tile tile = find_tile(p, tiles->first);
        for (gint64 row = tiles->row; row < tiles->row + tiles->n; row++) {
            gint64 pitch;
            const Vec *d = find_pixels(p, picture_block(p, pictures, tile.image, block), tile,
                                       REACH, copy, &pitch);
            float *to = panels + (by_rows ? row_at(block, p->blocks, row, tiles->rows)
                                          : channels_at(block, p->blocks, row, tiles->rows));
            for (int x = 0; x < REACH; x++)
                transform_input(d + x, pitch, half + x, REACH);
            for (int y = 0; y < REACH; y++, to += REACH * tiles->stride) {
                transform_input(half + y * REACH, 1, line, 1);
                for (int x = 0; x < REACH; x++)
                    if (by_rows)
                        store_row(line[x], row, to + x * tiles->stride);
                    else
                        store_channels(line[x], to + x * tiles->stride);
            }
            tile = next_tile(p, tile);
        }
    }
}

static void
input(const TsWinogradPictures *p, const float *pictures, const TsWinogradTiles *tiles,
      float *panels)
{
    transform_inputs(p, pictures, tiles, panels, FALSE);
}

static void
input_by_rows(const TsWinogradPictures *p, const float *pictures, const TsWinogradTiles *tiles,
              float *panels)
{
    transform_inputs(p, pictures, tiles, panels, TRUE);
}

static void
output_gradient(const TsWinogradPictures *p, const float *pictures, const TsWinogradTiles *tiles,
                float *panels)
{
    Vec copy[TILE * TILE], half[REACH * TILE], line[REACH];
    for (gint64 block = 0; block < p->blocks; block++) {
        Tile tile = find_tile(p, tiles->first);
        for (gint64 row = tiles->row; row < tiles->row + tiles->n; row++) {
            gint64 pitch;
            const Vec *dy = find_pixels(p, picture_block(p, pictures, tile.image, block), tile,
                                        TILE, copy, &pitch);
            float *to = panels + row_at(block, p->blocks, row, tiles->rows);
            for (int x = 0; x < TILE; x++)
                transform_output_gradient(dy + x, pitch, half + x, TILE);
            for (int y = 0; y < REACH; y++, to += REACH * tiles->stride) {
                transform_output_gradient(half + y * TILE, 1, line, 1);
                for (int x = 0; x < REACH; x++)
                    store_row(line[x], row, to + x * tiles->stride);
            }
            tile = next_tile(p, tile);
        }
    }
}

static inline Vec
load_bias(const float *bias, gint64 n_bias, gint64 block)
{
    Vec lanes = {0};
    for (int i = 0; bias != NULL && i < LANES && block * LANES + i < n_bias; i++)
        lanes[i] = bias[block * LANES + i];
    return lanes;
}

/* A number that is none stays so. */
static inline Vec
clip(Vec x, float low, float high)
{
    const Vec zero = {0}, least = zero + low, most = zero + high;
    const Mask below = x<least, above = x> most;
    return (Vec) ((~(below | above) & (Mask) x) | (below & (Mask) least) | (above & (Mask) most));
}

/* `height` x `width` pixels of a tile to their places, finished. */
static inline void
store_pixels(const Vec *pixels, int height, int width, const TsWinogradFinish *finish, Vec *to,
             gint64 pitch)
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            Vec *at = to + y * pitch + x;
            Vec sum = pixels[y * TILE + x];
            if (finish->adds)
                sum += *at;
            *at = finish->clips ? clip(sum, finish->low, finish->high) : sum;
        }
}

static void
output(const TsWinogradPictures *p, const float *products, const TsWinogradTiles *tiles,
       const TsWinogradFinish *finish, float *pictures)
{
    const gboolean only_stored = !finish->adds && !finish->clips;
    const gint64 step = tiles->stride / LANES;
    Vec half[TILE * REACH], pixels[TILE * TILE];
    for (gint64 block = 0; block < p->blocks; block++) {
        const Vec shift = load_bias(finish->bias, finish->n_bias, block);
        Tile tile = find_tile(p, tiles->first);
        for (gint64 row = tiles->row; row < tiles->row + tiles->n; row++) {
            const int height = (int) MIN(TILE, p->height - tile.y);
            const int width = (int) MIN(TILE, p->width - tile.x);
            const Vec *from =
                (const Vec *) (products + panel_at(block, p->blocks, row, tiles->rows));
            Vec *to =
                (Vec *) picture_block(p, pictures, tile.image, block) + tile.y * p->width + tile.x;
            for (int x = 0; x < REACH; x++)
                transform_output(from + x * step, REACH * step, half + x, REACH);
            for (int y = 0; y < TILE; y++)
                transform_output(half + y * REACH, 1, pixels + y * TILE, 1);
            for (int i = 0; i < TILE * TILE; i++)
                pixels[i] += shift;
            if (only_stored && height == TILE && width == TILE)
                store_pixels(pixels, TILE, TILE, &(TsWinogradFinish){0}, to, p->width);
            else
                store_pixels(pixels, height, width, finish, to, p->width);
            tile = next_tile(p, tile);
        }
    }
}

/* ---- filters to panels and back ---- */

static void
filter(const float *weights, gint64 column_step, gint64 n_columns, gboolean rotated, gint64 columns,
       gint64 row, gint64 rows, gint64 stride, float *panels)
{
    Vec taps[9], half[REACH * 3], line[REACH];
    for (gint64 block = 0; block < columns / LANES; block++) {
        const int used = (int) CLAMP(n_columns - block * LANES, 0, LANES);
        memset(taps, 0, sizeof taps);
        for (int lane = 0; lane < used; lane++) {
            const float *from = weights + (block * LANES + lane) * column_step;
            for (int tap = 0; tap < 9; tap++)
                taps[tap][lane] = from[rotated ? 8 - tap : tap];
        }
        for (int x = 0; x < 3; x++)
            transform_filter(taps + x, 3, half + x, 3);
        float *to = panels + row_at(block, columns / LANES, row, rows);
        for (int y = 0; y < REACH; y++, to += REACH * stride) {
            transform_filter(half + y * 3, 1, line, 1);
            for (int x = 0; x < REACH; x++)
                store_row(line[x], row, to + x * stride);
        }
    }
}

static void
filter_gradient(const float *panels, gint64 row, gint64 rows, gint64 stride, gint64 column_step,
                gint64 n_columns, gint64 columns, float *weights)
{
    const gint64 step = stride / LANES;
    Vec half[3 * REACH], taps[9];
    for (gint64 block = 0; block < columns / LANES; block++) {
        const int used = (int) CLAMP(n_columns - block * LANES, 0, LANES);
        const Vec *from = (const Vec *) (panels + panel_at(block, columns / LANES, row, rows));
        for (int x = 0; x < REACH; x++)
            transform_filter_gradient(from + x * step, REACH * step, half + x, REACH);
        for (int y = 0; y < 3; y++)
            transform_filter_gradient(half + y * REACH, 1, taps + y * 3, 1);
        for (int lane = 0; lane < used; lane++)
            for (int tap = 0; tap < 9; tap++)
                weights[(block * LANES + lane) * column_step + tap] = taps[tap][lane];
    }
}

/* ---- matrix products ---- */

/* Adds the products of a panel of `a`, whose rows are `width` words wide. */
ALWAYS_INLINE void
multiply_panel(const float *a, const int width, const float *b, Vec sum[ROWS][2], const int v)
{
    for (int k = 0; k < width; k++, b += v * LANES)
        for (int i = 0; i < ROWS; i++)
            for (int j = 0; j < v; j++)
                sum[i][j] = multiply_add(a[i * width + k], ((const Vec *) b)[j], sum[i][j]);
}

/* ROWS rows of the product over columns of words from .. end - 1 of `a`, added to those before. */
ALWAYS_INLINE void
multiply_rows(const float *a, gint64 row, gint64 rows, const float *b, gint64 from, gint64 end,
              Vec *product, const int v)
{
    Vec sum[ROWS][2] = {0};
    for (int i = 0; from > 0 && i < ROWS; i++)
        for (int j = 0; j < v; j++)
            sum[i][j] = product[i * v + j];
    b += from * v * LANES;
    for (gint64 k0 = from; k0 < end; k0 += PANEL / PACK) {
        const gint64 width = MIN(end - k0, PANEL / PACK);
        const float *column = a + k0 * rows + row * width;
        if (width == PANEL / PACK)
            multiply_panel(column, PANEL / PACK, b, sum, v);
        else
            multiply_panel(column, LANES / PACK, b, sum, v);
        b += width * v * LANES;
    }
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < v; j++)
            product[i * v + j] = sum[i][j];
}

/* Words of a panel of `b` that stay in the first cache while all rows of `a` pass. */
enum { INNER_PART = 256 };

static void
multiply(const float *a, const float *b, gint64 n, gint64 rows, gint64 inner, gint64 columns,
         float *product)
{
    const gint64 words = inner / PACK;
    for (gint64 column = 0; column < columns; column += PANEL) {
        const gboolean whole = columns - column >= PANEL;
        const float *panel = b + column * words;
        Vec *to = (Vec *) (product + column * rows);
        for (gint64 from = 0; from < words; from += INNER_PART) {
            const gint64 end = MIN(from + INNER_PART, words);
            for (gint64 row = 0; row < n; row += ROWS)
                if (whole)
                    multiply_rows(a, row, rows, panel, from, end, to + row * 2, 2);
                else
                    multiply_rows(a, row, rows, panel, from, end, to + row, 1);
        }
    }
}

/* r rows of the sum, from column `first` of the panel of `a` on, whose n rows of words are `width`
 * wide. */
ALWAYS_INLINE void
add_transposed(const float *a, int width, const float *b, gint64 n, int first, gboolean anew,
               Vec *to, const int r, const int v)
{
    Vec sum[ROWS][2] = {0};
    for (int i = 0; !anew && i < r; i++)
        for (int j = 0; j < v; j++)
            sum[i][j] = to[(first + i) * v + j];
    a += first;
    for (gint64 row = 0; row < n; row++, a += width, b += v * LANES)
        for (int i = 0; i < r; i++)
            for (int j = 0; j < v; j++)
                sum[i][j] = multiply_add(a[i], ((const Vec *) b)[j], sum[i][j]);
    for (int i = 0; i < r; i++)
        for (int j = 0; j < v; j++)
            to[(first + i) * v + j] = sum[i][j];
}

/* A panel of `a` in three parts, a half one in two. */
ALWAYS_INLINE void
add_panel(const float *a, int width, const float *b, gint64 n, gboolean anew, Vec *to, const int v)
{
    enum { PART1 = (PANEL + 2) / 3, PART2 = (PANEL + 1) / 3, PART3 = PANEL / 3 };
    if (width == PANEL) {
        add_transposed(a, PANEL, b, n, 0, anew, to, PART1, v);
        add_transposed(a, PANEL, b, n, PART1, anew, to, PART2, v);
        add_transposed(a, PANEL, b, n, PART1 + PART2, anew, to, PART3, v);
    } else {
        add_transposed(a, LANES, b, n, 0, anew, to, LANES / 2, v);
        add_transposed(a, LANES, b, n, LANES / 2, anew, to, LANES / 2, v);
    }
}

static void
multiply_transposed(const float *a, const float *b, gint64 n, gint64 rows, gint64 a_columns,
                    gint64 from, gint64 end, gint64 columns, gboolean anew, float *sum)
{
    const gint64 used = (n + PACK - 1) / PACK, all = rows / PACK;
    for (gint64 column = 0; column < columns; column += PANEL) {
        const gboolean whole = columns - column >= PANEL;
        const float *factor = b + column * all;
        Vec *to = (Vec *) (sum + column * a_columns);
        for (gint64 first = from; first < end; first += PANEL) {
            const int width = (int) MIN(a_columns - first, PANEL);
            if (whole)
                add_panel(a + first * all, width, factor, used, anew, to + first * 2, 2);
            else
                add_panel(a + first * all, width, factor, used, anew, to + first, 1);
        }
    }
}

const TsWinogradKernels KERNELS = {
    .name = NAME,
    .lanes = LANES,
    .rows = ROWS,
    .tile = TILE,
    .pack = PACK,
    .input = input,
    .input_by_rows = input_by_rows,
    .output_gradient = output_gradient,
    .output = output,
    .filter = filter,
    .filter_gradient = filter_gradient,
    .multiply = multiply,
    .multiply_transposed = multiply_transposed,
};

/* Splits by blocks of a picture: overlapping tiles on two sides of a border. */
#include "balance/split/split_blocks.h"
#include "base/error.h"
#include "base/rng.h"
#include "unit.h"

#include <string.h>

/* Overlapping tiles of a few pictures: on a grid, or anywhere, some left and above of the origin.
 */
enum { N_TILES = 700, BLOCK_WIDTH = 90, BLOCK_HEIGHT = 70 };

typedef struct {
    gint32 picture;
    gint64 x, y, width, height;
} Rectangle;

static void
make_tiles(Rectangle *tiles, guint64 item)
{
    TsRng rng;
    ts_rng_init(&rng, 21, "tiles", item);
    for (guint i = 0; i < N_TILES; i++) {
        gboolean on_grid = item % 2 == 0;
        tiles[i] = (Rectangle){
            .picture = (gint32) (i * 3 / N_TILES),
            .x = on_grid ? i % 20 * 16 : (gint64) ts_rng_below(&rng, 400) - 100,
            .y = on_grid ? i % 233 / 20 * 16 : (gint64) ts_rng_below(&rng, 400) - 100,
            .width = on_grid ? 32 : 1 + (gint64) ts_rng_below(&rng, 40),
            .height = on_grid ? 32 : 1 + (gint64) ts_rng_below(&rng, 40),
        };
    }
}

/* Pixels between two intervals, below 0 where they overlap. */
static gint64
distance(gint64 a, gint64 a_size, gint64 b, gint64 b_size)
{
    return MAX(a, b) - MIN(a + a_size, b + b_size);
}

static gboolean
is_inside(gint64 at, gint64 size, gint64 block, gint64 gap)
{
    gint64 place = (at % block + block) % block;
    return 2 * place >= gap && 2 * (place + size) + gap <= 2 * block;
}

START_TEST(tiles_of_two_splits_are_apart_by_the_gap)
{
    static const gint64 gaps[] = {0, 1, 7, 24};
    gint64 gap = gaps[_i % 4];
    Rectangle tiles[N_TILES];
    gint32 block_of_row[N_TILES];
    guint32 split[N_TILES], dealt[N_TILES];
    guint64 n_across, n_near, n_out = 0;
    g_autoptr(TsBlocks) blocks = ts_blocks_new(BLOCK_WIDTH, BLOCK_HEIGHT, gap);
    g_autoptr(TsSplitShares) shares = ts_split_shares_parse("a=0.5,b=0.3,c=0.2", NULL);
    make_tiles(tiles, (guint64) _i);
    for (guint i = 0; i < N_TILES; i++)
        ck_assert(ts_blocks_add(blocks, tiles[i].picture, tiles[i].x, tiles[i].y, tiles[i].width,
                                tiles[i].height, &block_of_row[i], NULL));
    const TsSplitRows rows = {
        .n = N_TILES, .groups = block_of_row, .n_groups = ts_blocks_n(blocks)};
    ck_assert(ts_split_by_groups(shares, &rows, (guint64) _i, split, NULL));
    memcpy(dealt, split, sizeof split);
    ts_blocks_guard(blocks, split, &n_across, &n_near);
    for (guint i = 0; i < N_TILES; i++) {
        n_out += split[i] == TS_SPLIT_NONE;
        if (is_inside(tiles[i].x, tiles[i].width, BLOCK_WIDTH, gap) &&
            is_inside(tiles[i].y, tiles[i].height, BLOCK_HEIGHT, gap))
            ck_assert_uint_eq(split[i], dealt[i]);
        for (guint j = 0; j < i; j++) {
            gint64 dx = distance(tiles[i].x, tiles[i].width, tiles[j].x, tiles[j].width);
            gint64 dy = distance(tiles[i].y, tiles[i].height, tiles[j].y, tiles[j].height);
            if (tiles[i].picture == tiles[j].picture && split[i] != split[j] &&
                split[i] != TS_SPLIT_NONE && split[j] != TS_SPLIT_NONE)
                ck_assert_msg(MAX(dx, dy) >= gap, "tiles %u and %u", i, j);
        }
    }
    ck_assert_uint_eq(n_across + n_near, n_out);
    ck_assert(n_out > 0 && n_out < N_TILES * 4 / 5 && (gap > 0 || n_near == 0));
}
END_TEST

START_TEST(tiles_that_fit_no_block_are_refused)
{
    g_autoptr(TsBlocks) blocks = ts_blocks_new(100, 80, 10);
    gint32 block;
    ck_assert(ts_blocks_add(blocks, 0, 5, 5, 90, 70, &block, NULL));
    ck_assert(!ts_blocks_add(blocks, 0, 5, 5, 91, 70, &block, NULL));
    ck_assert(!ts_blocks_add(blocks, 0, 5, 5, 90, 71, &block, NULL));
    ck_assert(!ts_blocks_add(blocks, 0, 5, 5, 0, 1, &block, NULL));
    ck_assert(!ts_blocks_add(blocks, 0, G_MAXINT64, 5, 1, 1, &block, NULL));
    ck_assert(!ts_blocks_add(blocks, 0, 5, G_MININT64, 1, 1, &block, NULL));
    ck_assert(!ts_blocks_add(blocks, 0, 5, 5, G_MAXINT64, 1, &block, NULL));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("split by blocks");
    TCase *blocks = tcase_create("blocks");
    tcase_add_loop_test(blocks, tiles_of_two_splits_are_apart_by_the_gap, 0, 16);
    tcase_add_test(blocks, tiles_that_fit_no_block_are_refused);
    suite_add_tcase(suite, blocks);
    return unit_run(suite);
}

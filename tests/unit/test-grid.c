/* Tile grids: counts against brute force, coverage, and each edge rule's promise. */
#include "base/error.h"
#include "image/grid.h"
#include "unit.h"

#include <string.h>

enum { LONGEST = 26, N_EDGES = TS_EDGE_SPREAD + 1 };

/* Call `check` for every small axis; vertical and horizontal are the same arithmetic. */
static void
for_all_grids(void (*check)(const TsGrid *grid))
{
    for (int width = 1; width <= LONGEST; width++)
        for (int size = 1; size <= 9; size++)
            for (int stride = 1; stride <= 11; stride++)
                for (int count = 0; count <= TS_COUNT_DROP; count++)
                    for (int edge = 0; edge < N_EDGES; edge++) {
                        TsGridOptions options = {
                            size, 3, stride, 2, (TsGridCount) count, (TsGridEdge) edge};
                        TsGrid grid;
                        if (ts_grid_init(&grid, &options, width, 7, NULL))
                            check(&grid);
                        else
                            ck_abort();
                    }
}

/* Check's own assertions write to a file each time; here they would be millions. */
static void
require(gboolean holds, const TsGrid *grid, const char *what)
{
    const TsGridOptions *o = &grid->options;
    if (!holds)
        ck_abort_msg("%d: %d / %d, count %d, edge %d: %s", grid->width, o->tile_width, o->stride_x,
                     o->count, o->edge, what);
}

/* Number of tiles by walking along the axis. */
static guint64
walk(const TsGrid *grid)
{
    const TsGridOptions *o = &grid->options;
    TsGridCount count = o->edge == TS_EDGE_DROP ? TS_COUNT_DROP : o->count;
    if (count == TS_COUNT_START && (o->edge == TS_EDGE_SHIFT || o->edge == TS_EDGE_SPREAD))
        count = TS_COUNT_COVER;
    guint64 n = 0;
    for (int x = 0; x < grid->width; x += o->stride_x) {
        if (count == TS_COUNT_DROP && x + o->tile_width > grid->width)
            break;
        if (count == TS_COUNT_COVER && n > 0 && x - o->stride_x + o->tile_width >= grid->width)
            break;
        n++;
    }
    return n;
}

static void
check_count(const TsGrid *grid)
{
    require(grid->n_columns == walk(grid), grid, "as many as a walk finds");
}

START_TEST(counts_equal_a_walk_along_the_axis)
{
    for_all_grids(check_count);
}
END_TEST

static void
check_tiles(const TsGrid *grid)
{
    const TsGridOptions *o = &grid->options;
    gboolean moves = o->edge == TS_EDGE_SHIFT || o->edge == TS_EDGE_SPREAD;
    int last_x = -1;
    for (guint64 i = 0; i < grid->n_columns; i++) {
        TsTile tile;
        ts_grid_get_tile(grid, i, 0, &tile);
        require(tile.x > last_x, grid, "in order, none twice");
        last_x = tile.x;
        require(tile.width >= 1 && tile.x + tile.width <= grid->width, grid, "inside");
        if (o->edge == TS_EDGE_DROP || o->edge == TS_EDGE_PAD)
            require(tile.full_width == o->tile_width, grid, "full size");
        if (moves && grid->width >= o->tile_width)
            require(tile.width == o->tile_width, grid, "full size, moved");
        if (o->edge == TS_EDGE_PAD)
            require(tile.width <= tile.full_width, grid, "padded");
        else
            require(tile.full_width == tile.width, grid, "not padded");
        if (!moves)
            require(tile.x == (int) i * o->stride_x, grid, "in place");
    }
}

START_TEST(tiles_lie_inside_in_order_and_have_their_size)
{
    for_all_grids(check_tiles);
}
END_TEST

static void
check_coverage(const TsGrid *grid)
{
    const TsGridOptions *o = &grid->options;
    gboolean covers =
        o->count != TS_COUNT_DROP && o->edge != TS_EDGE_DROP && o->stride_x <= o->tile_width;
    guint8 seen[LONGEST] = {0};
    for (guint64 i = 0; i < grid->n_columns; i++) {
        TsTile tile;
        ts_grid_get_tile(grid, i, 0, &tile);
        memset(seen + tile.x, 1, (size_t) tile.width);
    }
    for (int x = 0; covers && x < grid->width; x++)
        require(seen[x], grid, "covers every pixel");
}

START_TEST(every_pixel_is_in_a_tile_unless_dropped)
{
    for_all_grids(check_coverage);
}
END_TEST

START_TEST(the_example_of_the_specification_holds)
{
    ck_assert_uint_eq(ts_grid_axis_count(10, 4, 2, TS_COUNT_COVER, TS_EDGE_PARTIAL), 4);
    ck_assert_uint_eq(ts_grid_axis_count(10, 4, 2, TS_COUNT_START, TS_EDGE_PARTIAL), 5);
    ck_assert_uint_eq(ts_grid_axis_count(3, 4, 2, TS_COUNT_DROP, TS_EDGE_PARTIAL), 0);
    ck_assert_uint_eq(ts_grid_axis_count(3, 4, 2, TS_COUNT_COVER, TS_EDGE_SHIFT), 1);
    ck_assert_int_eq(ts_grid_axis_origin(10, 4, 4, TS_EDGE_SHIFT, 3, 2), 6);
    ck_assert_int_eq(ts_grid_axis_origin(11, 4, 4, TS_EDGE_SPREAD, 3, 1), 4); /* 3.5 */
}
END_TEST

START_TEST(largest_images_do_not_overflow)
{
    ck_assert_uint_eq(ts_grid_axis_count(G_MAXINT, 1, 1, TS_COUNT_COVER, TS_EDGE_SHIFT), G_MAXINT);
    ck_assert_uint_eq(ts_grid_axis_count(G_MAXINT, 2, G_MAXINT, TS_COUNT_START, TS_EDGE_PAD), 1);
    TsGridOptions options = {.tile_width = 1, .tile_height = 1, .edge = TS_EDGE_SPREAD};
    TsGrid grid;
    ck_assert(ts_grid_init(&grid, &options, G_MAXINT, G_MAXINT, NULL));
    ck_assert_uint_eq(ts_grid_n_tiles(&grid), (guint64) G_MAXINT * G_MAXINT);
    TsTile tile;
    ts_grid_get_tile(&grid, G_MAXINT - 1, G_MAXINT - 1, &tile);
    ck_assert_int_eq(tile.x, G_MAXINT - 1);
}
END_TEST

START_TEST(sizes_that_are_not_positive_are_refused)
{
    const TsGridOptions bad[] = {{0, 4, 1, 1}, {4, -1, 1, 1}, {4, 4, -1, 1}, {4, 4, 1, -7}};
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        TsGrid grid;
        ck_assert(!ts_grid_init(&grid, &bad[i], 10, 10, &error));
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("grid");
    TCase *tests = tcase_create("grid");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, counts_equal_a_walk_along_the_axis);
    tcase_add_test(tests, tiles_lie_inside_in_order_and_have_their_size);
    tcase_add_test(tests, every_pixel_is_in_a_tile_unless_dropped);
    tcase_add_test(tests, the_example_of_the_specification_holds);
    tcase_add_test(tests, largest_images_do_not_overflow);
    tcase_add_test(tests, sizes_that_are_not_positive_are_refused);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}

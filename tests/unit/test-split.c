/* Splits: laws that hold for every table of strata and groups. */
#include "balance/split/row_groups.h"
#include "balance/split/split_blocks.h"
#include "base/error.h"
#include "base/rng.h"
#include "base/threads.h"
#include "unit.h"

#include <math.h>
#include <string.h>

static const char *const shares_texts[] = {
    "train=0.7,val=0.15,test=0.15",
    "a=0.5,b=0.5",
    "a=1",
    "a=60,b=20,c=20",
    "a=0.25,b=0.25,c=0.25,d=0.25",
    "a=0.9,b=0.05,c=0.03,d=0.02",
    "a=33.3,b=33.3,c=33.4",
};

enum { N_SHARES = G_N_ELEMENTS(shares_texts), N_ROWS_MAX = 3000, N_STRATA_MAX = 40 };

/* Rows of random strata, few of them unlabelled; sizes differ widely. */
typedef struct {
    TsSplitShares *shares;
    guint n_strata;
    guint64 n_rows;
    gint32 strata[N_ROWS_MAX];
    gint32 groups[N_ROWS_MAX];
    guint n_groups;
    guint32 split[N_ROWS_MAX];
} Case;

static void
make_case(Case *c, guint64 item)
{
    TsRng rng;
    ts_rng_init(&rng, 11, "test", item);
    c->shares = ts_split_shares_parse(shares_texts[item % N_SHARES], NULL);
    ck_assert_ptr_nonnull(c->shares);
    c->n_strata = 1 + (guint) ts_rng_below(&rng, N_STRATA_MAX);
    c->n_rows = ts_rng_below(&rng, item % 3 == 0 ? 60 : N_ROWS_MAX);
    c->n_groups = 1 + (guint) ts_rng_below(&rng, 200);
    for (guint64 row = 0; row < c->n_rows; row++) {
        double u = ts_rng_uniform(&rng);
        c->strata[row] = (gint32) (u * u * u * (c->n_strata + 0.999)) - (u > 0.99);
        c->strata[row] = MIN(c->strata[row], (gint32) c->n_strata - 1);
        c->groups[row] = (gint32) ts_rng_below(&rng, c->n_groups + 1) - 1;
    }
}

static gboolean
deal_by_strata(const Case *c, guint64 seed, guint32 *split)
{
    const TsSplitRows rows = {.n = c->n_rows, .strata = c->strata, .n_strata = c->n_strata};
    return ts_split_by_strata(c->shares, &rows, seed, split, NULL);
}

static gboolean
deal_by_totals(const Case *c, guint64 seed, guint32 *split)
{
    return ts_split_by_strata(c->shares, &(TsSplitRows){.n = c->n_rows}, seed, split, NULL);
}

static gboolean
deal_by_groups(const Case *c, guint64 seed, guint32 *split)
{
    const TsSplitRows rows = {.n = c->n_rows,
                              .strata = c->strata,
                              .n_strata = c->n_strata,
                              .groups = c->groups,
                              .n_groups = c->n_groups};
    return ts_split_by_groups(c->shares, &rows, seed, split, NULL);
}

static void
count_cells(const Case *c, guint64 *cells)
{
    memset(cells, 0, sizeof *cells * (c->n_strata + 1) * TS_SPLITS_MAX);
    for (guint64 row = 0; row < c->n_rows; row++) {
        ck_assert_uint_lt(c->split[row], c->shares->n);
        guint stratum = c->strata[row] < 0 ? c->n_strata : (guint) c->strata[row];
        cells[stratum * TS_SPLITS_MAX + c->split[row]]++;
    }
}

START_TEST(totals_are_exact_and_every_stratum_is_within_one_row)
{
    Case c;
    make_case(&c, (guint64) _i);
    ck_assert(deal_by_strata(&c, 5, c.split));
    guint64 cells[(N_STRATA_MAX + 1) * TS_SPLITS_MAX], totals[TS_SPLITS_MAX];
    guint64 sums[TS_SPLITS_MAX] = {0};
    count_cells(&c, cells);
    for (guint stratum = 0; stratum <= c.n_strata; stratum++) {
        guint64 size = 0;
        for (guint s = 0; s < c.shares->n; s++)
            size += cells[stratum * TS_SPLITS_MAX + s];
        for (guint s = 0; s < c.shares->n; s++) {
            double exact = (double) size * c.shares->shares[s];
            guint64 got = cells[stratum * TS_SPLITS_MAX + s];
            sums[s] += got;
            ck_assert_msg(fabs((double) got - exact) < 1,
                          "stratum %u of %" G_GUINT64_FORMAT " rows, split %u: %" G_GUINT64_FORMAT,
                          stratum, size, s, got);
        }
    }
    ts_split_totals(c.shares, c.n_rows, totals);
    for (guint s = 0; s < c.shares->n; s++) {
        ck_assert_uint_eq(sums[s], totals[s]);
        ck_assert(fabs((double) totals[s] - (double) c.n_rows * c.shares->shares[s]) < 1);
    }
    ts_split_shares_free(c.shares);
}
END_TEST

/* Many strata of one and two rows: there the greedy choice alone is not enough. */
START_TEST(totals_are_exact_for_strata_of_one_row)
{
    Case c;
    make_case(&c, (guint64) _i);
    c.n_strata = 37;
    c.n_rows = 37 + (guint64) _i % 37;
    for (guint64 row = 0; row < c.n_rows; row++)
        c.strata[row] = (gint32) (row % 37);
    ck_assert(deal_by_strata(&c, 1, c.split));
    guint64 totals[TS_SPLITS_MAX], sums[TS_SPLITS_MAX] = {0};
    guint64 cells[(N_STRATA_MAX + 1) * TS_SPLITS_MAX];
    count_cells(&c, cells);
    ts_split_totals(c.shares, c.n_rows, totals);
    for (guint s = 0; s < c.shares->n; s++) {
        for (guint stratum = 0; stratum < 37; stratum++) {
            double size = stratum < (guint) _i % 37 ? 2 : 1;
            guint64 got = cells[stratum * TS_SPLITS_MAX + s];
            ck_assert(fabs((double) got - size * c.shares->shares[s]) < 1);
            sums[s] += got;
        }
        ck_assert_uint_eq(sums[s], totals[s]);
    }
    ts_split_shares_free(c.shares);
}
END_TEST

/* Found by search: strata and shares where the greedy choice ends in a table that needs an
 * augmenting path (the first four) or that does not exist with these totals (the others). */
static const struct {
    guint n_splits, n_strata;
    double parts[5];
    guint64 sizes[3];
    gboolean exists;
} hard[] = {
    {4, 3, {2, 3, 3, 4}, {3, 16, 6}, TRUE},     {4, 3, {4, 3, 2, 3}, {21, 8, 18}, TRUE},
    {5, 3, {4, 2, 3, 4, 3}, {4, 24, 22}, TRUE}, {5, 3, {4, 4, 3, 4, 3}, {21, 6, 9}, TRUE},
    {5, 2, {3, 4, 3, 4, 4}, {12, 9, 0}, FALSE}, {5, 3, {2, 2, 3, 2, 3}, {28, 4, 6}, FALSE},
};

START_TEST(hard_tables_have_exact_totals)
{
    char *names[] = {(char *) "a", (char *) "b", (char *) "c", (char *) "d", (char *) "e", NULL};
    double share[5], whole = 0;
    for (guint s = 0; s < hard[_i].n_splits; s++)
        whole += hard[_i].parts[s];
    for (guint s = 0; s < hard[_i].n_splits; s++)
        share[s] = hard[_i].parts[s] / whole;
    TsSplitShares shares = {.n = hard[_i].n_splits, .names = names, .shares = share};
    gint32 strata[60];
    guint64 n_rows = 0, totals[TS_SPLITS_MAX];
    for (guint c = 0; c < hard[_i].n_strata; c++)
        for (guint64 k = 0; k < hard[_i].sizes[c]; k++)
            strata[n_rows++] = (gint32) c;
    ts_split_totals(&shares, n_rows, totals);
    double worst = 0;
    for (guint64 seed = 0; seed < 30; seed++) {
        guint32 split[60];
        guint64 cells[3][5] = {{0}}, sums[5] = {0};
        const TsSplitRows rows = {.n = n_rows, .strata = strata, .n_strata = hard[_i].n_strata};
        ck_assert(ts_split_by_strata(&shares, &rows, seed, split, NULL));
        for (guint64 row = 0; row < n_rows; row++) {
            cells[strata[row]][split[row]]++;
            sums[split[row]]++;
        }
        for (guint s = 0; s < shares.n; s++) {
            ck_assert_uint_eq(sums[s], totals[s]);
            for (guint c = 0; c < hard[_i].n_strata; c++)
                worst =
                    MAX(worst, fabs((double) cells[c][s] - (double) hard[_i].sizes[c] * share[s]));
        }
    }
    ck_assert(worst < 2 && (worst < 1) == hard[_i].exists);
}
END_TEST

START_TEST(the_seed_decides_and_threads_do_not)
{
    Case c;
    make_case(&c, 1);
    c.n_rows = 1000;
    for (guint64 row = 0; row < c.n_rows; row++)
        c.strata[row] = (gint32) (row % c.n_strata);
    guint32 again[N_ROWS_MAX], other[N_ROWS_MAX];
    ts_threads_set(1);
    ck_assert(deal_by_strata(&c, 7, c.split));
    ts_threads_set(4);
    ck_assert(deal_by_strata(&c, 7, again));
    ck_assert(deal_by_strata(&c, 8, other));
    ck_assert_mem_eq(c.split, again, 1000 * sizeof *again);
    ck_assert_mem_ne(c.split, other, 1000 * sizeof *again);
    /* One stratum: the table is the same for every seed, only the rows can differ. */
    ck_assert(deal_by_totals(&c, 7, again));
    ck_assert(deal_by_totals(&c, 8, other));
    ck_assert_mem_ne(again, other, 1000 * sizeof *again);
    ts_split_shares_free(c.shares);
}
END_TEST

START_TEST(without_strata_only_totals_count)
{
    Case c;
    make_case(&c, (guint64) _i);
    ck_assert(deal_by_totals(&c, 5, c.split));
    guint64 totals[TS_SPLITS_MAX], sums[TS_SPLITS_MAX] = {0};
    for (guint64 row = 0; row < c.n_rows; row++)
        sums[c.split[row]]++;
    ts_split_totals(c.shares, c.n_rows, totals);
    ck_assert_mem_eq(sums, totals, sizeof *sums * c.shares->n);
    ts_split_shares_free(c.shares);
}
END_TEST

START_TEST(groups_never_straddle)
{
    Case c;
    make_case(&c, (guint64) _i);
    ck_assert(deal_by_groups(&c, 3, c.split));
    gint64 split_of_group[256];
    memset(split_of_group, -1, sizeof split_of_group);
    for (guint64 row = 0; row < c.n_rows; row++) {
        ck_assert_uint_lt(c.split[row], c.shares->n);
        if (c.groups[row] < 0)
            continue;
        gint64 *split = &split_of_group[c.groups[row]];
        ck_assert(*split < 0 || *split == c.split[row]);
        *split = c.split[row];
    }
    guint32 again[N_ROWS_MAX];
    ck_assert(deal_by_groups(&c, 3, again));
    ck_assert_mem_eq(c.split, again, c.n_rows * sizeof *again);
    ts_split_shares_free(c.shares);
}
END_TEST

/* With groups that are small beside the splits, shares are met to about one group. */
START_TEST(small_groups_come_near_the_shares)
{
    Case c;
    make_case(&c, 0);
    c.n_rows = 3000;
    c.n_strata = 3;
    c.n_groups = 300;
    for (guint64 row = 0; row < c.n_rows; row++) {
        c.groups[row] = (gint32) (row / 10);
        c.strata[row] = row < 1500 ? 0 : row < 2500 ? 1 : 2;
    }
    ck_assert(deal_by_groups(&c, (guint64) _i, c.split));
    guint64 cells[(N_STRATA_MAX + 1) * TS_SPLITS_MAX];
    count_cells(&c, cells);
    const double size[] = {1500, 1000, 500};
    for (guint stratum = 0; stratum < 3; stratum++)
        for (guint s = 0; s < c.shares->n; s++)
            ck_assert(fabs((double) cells[stratum * TS_SPLITS_MAX + s] -
                           size[stratum] * c.shares->shares[s]) <= 10);
    ts_split_shares_free(c.shares);
}
END_TEST

/* The largest first gives 7 and 5, and no single group can mend that. */
START_TEST(groups_are_exchanged_where_moves_do_not_help)
{
    g_autoptr(TsSplitShares) shares = ts_split_shares_parse("a=0.5,b=0.5", NULL);
    const gint32 groups[] = {0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 4};
    const TsSplitRows rows = {.n = 12, .groups = groups, .n_groups = 5};
    guint32 split[12];
    guint in_a = 0;
    ck_assert(ts_split_by_groups(shares, &rows, (guint64) _i, split, NULL));
    for (guint row = 0; row < 12; row++)
        in_a += split[row] == 0;
    ck_assert_uint_eq(in_a, 6);
}
END_TEST

START_TEST(locked_rows_stay_and_take_their_groups_along)
{
    Case c;
    make_case(&c, 7 + (guint64) _i);
    gint32 locked[N_ROWS_MAX];
    guint32 split[N_ROWS_MAX];
    ck_assert(deal_by_groups(&c, 3, c.split));
    for (guint64 row = 0; row < c.n_rows; row++)
        locked[row] = row % 3 == 0 ? (gint32) c.split[row] : -1;
    TsSplitRows rows = {.n = c.n_rows,
                        .strata = c.strata,
                        .n_strata = c.n_strata,
                        .groups = c.groups,
                        .n_groups = c.n_groups,
                        .locked = locked};
    ck_assert(ts_split_by_groups(c.shares, &rows, 4, split, NULL));
    for (guint64 row = 0; row < c.n_rows; row++)
        for (guint64 other = 0; other < c.n_rows; other += 3)
            if (row == other || (c.groups[row] >= 0 && c.groups[row] == c.groups[other]))
                ck_assert_uint_eq(split[row], c.split[other]);
    ts_split_shares_free(c.shares);
}
END_TEST

/* Labels that come together in many ways: each is shared out to about two rows, and all
 * rows, which count as much as one label does, to a few. */
START_TEST(every_label_of_a_row_counts)
{
    enum { N = 2000, N_LABELS = 12 };
    g_autoptr(TsSplitShares) shares = ts_split_shares_parse("a=0.6,b=0.3,c=0.1", NULL);
    guint64 begin[N + 1] = {0}, total[N_LABELS + 1] = {0}, cells[N_LABELS + 1][3] = {{0}};
    guint32 labels[N * N_LABELS], split[N];
    TsRng rng;
    ts_rng_init(&rng, 3, "labels", (guint64) _i);
    for (guint row = 0; row < N; row++) {
        begin[row + 1] = begin[row];
        for (guint32 label = 0; label < N_LABELS; label++)
            if (ts_rng_uniform(&rng) < 0.5 / (label + 1))
                labels[begin[row + 1]++] = label;
    }
    const TsSplitRows rows = {.n = N, .label_begin = begin, .labels = labels, .n_strata = N_LABELS};
    ck_assert(ts_split_by_groups(shares, &rows, 5, split, NULL));
    for (guint row = 0; row < N; row++) {
        cells[N_LABELS][split[row]]++;
        total[N_LABELS]++;
        for (guint64 i = begin[row]; i < begin[row + 1]; i++) {
            cells[labels[i]][split[row]]++;
            total[labels[i]]++;
        }
    }
    for (guint label = 0; label <= N_LABELS; label++)
        for (guint s = 0; s < 3; s++)
            ck_assert_msg(
                fabs((double) cells[label][s] - (double) total[label] * shares->shares[s]) <=
                    (label < N_LABELS ? 2.5 : 8),
                "label %u, split %u", label, s);
}
END_TEST

START_TEST(a_group_locked_to_two_splits_is_refused)
{
    g_autoptr(TsSplitShares) shares = ts_split_shares_parse("a=0.5,b=0.5", NULL);
    const gint32 groups[] = {0, 1, 0}, locked[] = {0, -1, 1};
    const TsSplitRows rows = {.n = 3, .groups = groups, .n_groups = 2, .locked = locked};
    guint32 split[3];
    g_autoptr(GError) error = NULL;
    ck_assert(!ts_split_by_groups(shares, &rows, 0, split, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
}
END_TEST

START_TEST(one_group_goes_to_the_largest_split)
{
    g_autoptr(TsSplitShares) shares = ts_split_shares_parse("a=0.2,b=0.8", NULL);
    const gint32 groups[] = {0, 0, 0};
    guint32 split[3];
    const TsSplitRows rows = {.n = 3, .groups = groups, .n_groups = 1};
    ck_assert(ts_split_by_groups(shares, &rows, 0, split, NULL));
    ck_assert(split[0] == 1 && split[1] == 1 && split[2] == 1);
}
END_TEST

START_TEST(wrong_shares_are_wrong_usage)
{
    static const char *const wrong[] = {
        "",         "a",         "a=",      "=1",        "a=0.5",      "a=0.6,b=.6", "a=0,b=1",
        "a=-1,b=2", "a=.5,a=.5", "a=x,b=1", "a=nan,b=1", "a=.5,b=.5,", "a=inf,b=.5", "a=50,b=40"};
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        ck_assert_msg(ts_split_shares_parse(wrong[i], &error) == NULL, "'%s'", wrong[i]);
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    }
}
END_TEST

START_TEST(totals_by_largest_remainder)
{
    g_autoptr(TsSplitShares) s = ts_split_shares_parse("a=0.7,b=0.15,c=0.15", NULL);
    guint64 totals[3];
    ts_split_totals(s, 10, totals);
    ck_assert(totals[0] == 7 && totals[1] == 2 && totals[2] == 1);
    ts_split_totals(s, 100, totals);
    ck_assert(totals[0] == 70 && totals[1] == 15 && totals[2] == 15);
    ts_split_totals(s, 1, totals);
    ck_assert(totals[0] == 1 && totals[1] == 0 && totals[2] == 0);
    ts_split_totals(s, 0, totals);
    ck_assert(totals[0] + totals[1] + totals[2] == 0);
}
END_TEST

START_TEST(counts_are_met)
{
    g_autoptr(TsSplitShares) s = ts_split_counts_parse("a=3,b=rest,c=11", NULL);
    guint32 split[40];
    guint64 sums[3] = {0};
    ck_assert(ts_split_shares_fit(s, 40, NULL));
    gint32 strata[40];
    for (gint32 row = 0; row < 40; row++)
        strata[row] = row % 3;
    const TsSplitRows rows = {.n = 40, .strata = strata, .n_strata = 3};
    ck_assert(ts_split_by_strata(s, &rows, 1, split, NULL));
    for (guint row = 0; row < 40; row++)
        sums[split[row]]++;
    ck_assert(sums[0] == 3 && sums[1] == 26 && sums[2] == 11);
    ck_assert(ts_split_shares_fit(s, 14, NULL) && s->totals[1] == 0);
    g_autoptr(GError) error = NULL;
    ck_assert(!ts_split_shares_fit(s, 13, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_RANGE));
}
END_TEST

START_TEST(wrong_counts_are_wrong_usage)
{
    static const char *const wrong[] = {"a",           "a=0",           "a=-1",
                                        "a=.5,b=rest", "a=rest,b=rest", "a=1,a=2"};
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        ck_assert_msg(ts_split_counts_parse(wrong[i], &error) == NULL, "'%s'", wrong[i]);
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    }
}
END_TEST

START_TEST(relations_are_joined_through_chains)
{
    const gint32 patient[] = {0, 1, 2, -1, -1, 3, 2};
    const gint32 twin[] = {-1, 1, 0, 1, -1, -1, -1};
    const gint32 slide[] = {0, -1, -1, 0, -1, -1, -1};
    const TsRowRelation relations[] = {{patient, 4}, {twin, 2}, {slide, 1}};
    const gint32 want[] = {0, 0, 1, 0, -1, 2, 1};
    gint32 group[7];
    guint n_groups;
    ck_assert(ts_row_groups_merge(relations, 3, 7, group, &n_groups, NULL));
    ck_assert_uint_eq(n_groups, 3);
    ck_assert_mem_eq(group, want, sizeof want);
}
END_TEST

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
    Suite *suite = suite_create("split");
    TCase *strata = tcase_create("strata");
    tcase_add_loop_test(strata, totals_are_exact_and_every_stratum_is_within_one_row, 0, 42);
    tcase_add_loop_test(strata, totals_are_exact_for_strata_of_one_row, 0, 42);
    tcase_add_loop_test(strata, hard_tables_have_exact_totals, 0, (int) G_N_ELEMENTS(hard));
    tcase_add_test(strata, the_seed_decides_and_threads_do_not);
    tcase_add_loop_test(strata, without_strata_only_totals_count, 0, 14);
    tcase_add_test(strata, totals_by_largest_remainder);
    tcase_add_test(strata, wrong_shares_are_wrong_usage);
    tcase_add_test(strata, counts_are_met);
    tcase_add_test(strata, wrong_counts_are_wrong_usage);
    suite_add_tcase(suite, strata);
    TCase *groups = tcase_create("groups");
    tcase_add_loop_test(groups, groups_never_straddle, 0, 28);
    tcase_add_loop_test(groups, small_groups_come_near_the_shares, 0, 10);
    tcase_add_loop_test(groups, groups_are_exchanged_where_moves_do_not_help, 0, 5);
    tcase_add_loop_test(groups, locked_rows_stay_and_take_their_groups_along, 0, 7);
    tcase_add_loop_test(groups, every_label_of_a_row_counts, 0, 5);
    tcase_add_test(groups, a_group_locked_to_two_splits_is_refused);
    tcase_add_test(groups, one_group_goes_to_the_largest_split);
    tcase_add_test(groups, relations_are_joined_through_chains);
    suite_add_tcase(suite, groups);
    TCase *blocks = tcase_create("blocks");
    tcase_add_loop_test(blocks, tiles_of_two_splits_are_apart_by_the_gap, 0, 16);
    tcase_add_test(blocks, tiles_that_fit_no_block_are_refused);
    suite_add_tcase(suite, blocks);
    return unit_run(suite);
}

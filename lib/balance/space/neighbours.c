/* Exact k nearest neighbours: blocks of products choose, doubles decide. */
#include "balance/space/neighbours.h"

#include "balance/space/panel.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/memory.h"

#include <cblas.h>
#include <float.h>
#include <math.h>
#include <omp.h>

enum {
    MAX_BLOCK = 512, /* rows; products of two blocks stay in a processor's cache */
    MIN_BLOCK = 16,
    STRIP = 64,              /* products that are looked at together */
    SMALL_BUDGET = 48 << 20, /* bytes of panels, where all rows are in memory anyway */
    BASE_PANEL = 3,          /* one part in three of that is for base rows, two for queries */
};

/* What all blocks share. `limit` is what |b|^2 - 2 a.b has to stay below to matter to query a: the
 * squared distance of its farthest neighbour so far, less |a|^2, plus what rounding may do. It and
 * `n_found` stand in the order of the queries' list, results in that of the rows. */
typedef struct {
    const TsPoints *points;
    TsRowList base;
    TsRowList other; /* the queries, if they are not the base */
    const TsRowList *query;
    TsFrame frame;
    TsPanel outer;    /* of queries */
    TsPanel inner;    /* of base rows */
    gsize block;      /* rows of a panel that are worked on together */
    gsize outer_rows; /* that a panel of queries holds: whole windows */
    double rounding;  /* error in units of the sum of two norms */
    float *limit;     /* (n) */
    guint *n_found;   /* (n), of k */
    TsNeighbours *found;
    float **tile; /* of each thread, (block, block) */
    int n_tiles;
} Search;

static void
search_clear(Search *search)
{
    ts_row_list_clear(&search->base);
    ts_row_list_clear(&search->other);
    ts_frame_clear(&search->frame);
    ts_panel_clear(&search->outer);
    ts_panel_clear(&search->inner);
    g_free(search->limit);
    g_free(search->n_found);
    for (int i = 0; i < search->n_tiles; i++)
        g_free(search->tile[i]);
    g_free(search->tile);
    ts_neighbours_free(search->found);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Search, search_clear)

/* Panels as large as the budget allows, for the rows are read again for every panel of queries;
 * where they are in memory already, such as fit into caches. */
static void
choose_panels(Search *search, gsize n_base, gsize n_query)
{
    const TsPoints *points = search->points;
    gsize row_bytes = ts_panel_row_bytes(points), n_threads = (gsize) omp_get_max_threads();
    guint64 budget = ts_memory_get() / 2;
    if (!points->mapped || !ts_memory_is_large(points->n * ts_points_row_bytes(points)))
        budget = MIN(budget, SMALL_BUDGET);
    gsize window = CLAMP(budget / BASE_PANEL / row_bytes, 1, n_base);
    search->block = CLAMP(window / (4 * n_threads), MIN_BLOCK, MAX_BLOCK);
    while (search->block > MIN_BLOCK &&
           search->block * search->block * sizeof(float) * n_threads > budget / 4)
        search->block /= 2;
    if (window > search->block)
        window -= window % search->block;
    search->base.window = window;
    search->outer_rows = (BASE_PANEL - 1) * window;
    if (n_query > 0) /* queries are taken in their order: any number */
        search->outer_rows = MIN(search->outer_rows, n_query);
}

/* A sum of d products of rounded values, |a|^2 and |b|^2: at most d + 8 roundings of each, with
 * |a.b| <= (|a|^2 + |b|^2) / 2. Twice that, since it enters on both sides of a comparison. */
static float
allowance(const Search *search, float norm)
{
    return (float) (search->rounding * ((double) norm + search->frame.largest_norm));
}

static gboolean
allocate(Search *search, guint k, GError **error)
{
    gsize n = search->query->n, n_base = search->base.n;
    search->found = g_new0(TsNeighbours, 1);
    *search->found = (TsNeighbours){.n = n, .k = k};
    search->limit = ts_try_alloc(n, sizeof *search->limit, "neighbours", error);
    search->n_found =
        search->limit ? ts_try_alloc(n, sizeof *search->n_found, "neighbours", error) : NULL;
    if (search->n_found == NULL)
        return FALSE;
    for (gsize i = 0; i < n; i++)
        search->limit[i] = INFINITY;
    search->found->index = ts_try_alloc(n, k * sizeof(guint32), "neighbours", error);
    if (search->found->index == NULL)
        return FALSE;
    search->found->distance2 = ts_try_alloc(n, k * sizeof(double), "neighbours", error);
    search->n_tiles = omp_get_max_threads();
    search->tile = g_new0(float *, search->n_tiles);
    for (int i = 0; i < search->n_tiles; i++)
        search->tile[i] = g_new(float, search->block * search->block);
    gboolean is_one_panel = search->query == &search->base && n_base <= search->outer_rows;
    return search->found->distance2 != NULL &&
           ts_panel_init(&search->outer, search->points, MIN(search->outer_rows, n), error) &&
           ts_panel_init(&search->inner, search->points, is_one_panel ? 0 : search->base.window,
                         error);
}

/* Row j of `other` to query i of `panel`. Rows that are worse than what it has are not kept; the
 * order is by (distance, row). */
static void
offer(Search *search, const TsPanel *panel, gsize i, const TsPanel *other, gsize j)
{
    guint32 row = other->row[j];
    if (row == panel->row[i])
        return;
    gsize query = panel->begin + i, place = panel->place[i];
    guint k = search->found->k, n = search->n_found[query];
    guint32 *index = search->found->index + place * k;
    double *distance2 = search->found->distance2 + place * k;
    double d2 = ts_points_distance2_between(&panel->exact, i, &other->exact, j);
    guint at = n;
    while (at > 0 && (d2 < distance2[at - 1] || (d2 == distance2[at - 1] && row < index[at - 1]))) {
        at--;
        if (at + 1 < k) {
            distance2[at + 1] = distance2[at];
            index[at + 1] = index[at];
        }
    }
    if (at == k)
        return;
    distance2[at] = d2;
    index[at] = row;
    search->n_found[query] = n = MIN(n + 1, k);
    if (n == k) {
        double farthest = distance2[k - 1] * search->frame.scale * search->frame.scale;
        search->limit[query] = (float) (farthest * (1 + 2 * (double) FLT_EPSILON)) -
                               panel->norm[i] + allowance(search, panel->norm[i]);
    }
}

/* products[j] = -2 a.b: whether any of n is small enough for row a, or for row b. */
static gboolean
any_below(const float *products, gsize n, float limit, const float *b_norm, const float *b_limit,
          float a_norm)
{
    gint any = 0;
    if (b_limit == NULL) {
        for (gsize j = 0; j < n; j++)
            any |= products[j] <= limit - b_norm[j];
        return any;
    }
    for (gsize j = 0; j < n; j++) {
        float of_a = limit - b_norm[j], of_b = b_limit[j] - a_norm;
        any |= products[j] <= (of_a > of_b ? of_a : of_b);
    }
    return any;
}

/* Two blocks that meet: rows from a on of the queries, from b on of the base. */
typedef struct {
    const TsPanel *query, *base;
    gsize a, n_a, b, n_b;
    gboolean both; /* the base is the queries, and each pair is met once, so that b may gain too */
} Meeting;

/* Offer what is close enough in a row of products: b to a, and where `both`, a to b. */
static void
look_closely(Search *search, const Meeting *meeting, gsize a, gsize b, gsize n,
             const float *products)
{
    const TsPanel *query = meeting->query, *base = meeting->base;
    const float *limit_a = search->limit + query->begin + a;
    const float *limit_b = search->limit + base->begin + b;
    for (gsize j = 0; j < n; j++) {
        if (products[j] + base->norm[b + j] <= *limit_a)
            offer(search, query, a, base, b + j);
        if (meeting->both && products[j] + query->norm[a] <= limit_b[j])
            offer(search, base, b + j, query, a);
    }
}

static void
search_block(Search *search, const Meeting *meeting)
{
    const TsPanel *query = meeting->query, *base = meeting->base;
    float *tile = search->tile[omp_get_thread_num()];
    gsize d = search->points->d, a = meeting->a, b = meeting->b, n_b = meeting->n_b;
    gboolean same = query == base && a == b;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int) meeting->n_a, (int) n_b, (int) d, -2,
                query->value + a * d, (int) d, base->value + b * d, (int) d, 0, tile, (int) n_b);
    for (gsize i = 0; i < meeting->n_a; i++) {
        const float *products = tile + i * n_b;
        for (gsize j = same ? i + 1 : 0; j < n_b; j += STRIP) {
            gsize n = MIN(STRIP, n_b - j);
            if (any_below(products + j, n, search->limit[query->begin + a + i], base->norm + b + j,
                          meeting->both ? search->limit + base->begin + b + j : NULL,
                          query->norm[a + i]))
                look_closely(search, meeting, a + i, b + j, n, products + j);
        }
    }
}

/* Block number `i` of the queries meets block number `j` of the base. */
static void
meet(Search *search, const TsPanel *query, gsize i, const TsPanel *base, gsize j, gboolean both)
{
    gsize block = search->block;
    Meeting meeting = {query, base, i * block, 0, j * block, 0, both};
    meeting.n_a = MIN(block, query->n - meeting.a);
    meeting.n_b = MIN(block, base->n - meeting.b);
    search_block(search, &meeting);
}

static gsize
count_blocks(const Search *search, const TsPanel *panel)
{
    return (panel->n + search->block - 1) / search->block;
}

/* Queries on their own. */
static gboolean
search_others(Search *search, GError **error)
{
    TsPanel *outer = &search->outer, *inner = &search->inner;
    gsize n = search->query->n, window = search->base.window;
    for (gsize a = 0; a < n; a += search->outer_rows) {
        ts_panel_fill(outer, search->query, &search->frame, a, MIN(search->outer_rows, n - a));
        for (gsize b = 0; b < search->base.n; b += window) {
            ts_panel_fill(inner, &search->base, &search->frame, b, MIN(window, search->base.n - b));
            gsize n_outer = count_blocks(search, outer), n_inner = count_blocks(search, inner);
            for (gsize j = 0; j < n_inner; j++) {
                if (ts_interrupt_check(error))
                    return FALSE;
#pragma omp parallel for schedule(dynamic)
                for (gsize i = 0; i < n_outer; i++)
                    meet(search, outer, i, inner, j, FALSE);
            }
        }
    }
    return TRUE;
}

/* Every pair of blocks of a panel once, in rounds in which no block is in two pairs, as in a
 * tournament: block m - 1 stays, the others move on around a circle. */
static gboolean
search_within(Search *search, const TsPanel *panel, GError **error)
{
    gsize n_blocks = count_blocks(search, panel);
#pragma omp parallel for schedule(dynamic)
    for (gsize i = 0; i < n_blocks; i++)
        meet(search, panel, i, panel, i, TRUE);
    gsize m = n_blocks + n_blocks % 2; /* an odd one out rests */
    for (gsize round = 0; round + 1 < m; round++) {
        if (ts_interrupt_check(error))
            return FALSE;
#pragma omp parallel for schedule(dynamic)
        for (gsize i = 0; i < m / 2; i++) {
            gsize first = i == 0 ? m - 1 : (round + i) % (m - 1);
            gsize second = (round + m - 1 - i) % (m - 1);
            if (first < n_blocks && second < n_blocks)
                meet(search, panel, first, panel, second, TRUE);
        }
    }
    return TRUE;
}

/* Every block of one panel with every block of the other, no block twice in a round. */
static gboolean
search_between(Search *search, GError **error)
{
    const TsPanel *outer = &search->outer, *inner = &search->inner;
    gsize n_outer = count_blocks(search, outer), n_inner = count_blocks(search, inner);
    gsize n_rounds = MAX(n_outer, n_inner);
    for (gsize round = 0; round < n_rounds; round++) {
        if (ts_interrupt_check(error))
            return FALSE;
#pragma omp parallel for schedule(dynamic)
        for (gsize j = 0; j < n_inner; j++)
            if ((j + round) % n_rounds < n_outer)
                meet(search, outer, (j + round) % n_rounds, inner, j, TRUE);
    }
    return TRUE;
}

/* All rows look for neighbours among all: each pair is computed once and serves both. */
static gboolean
search_each_other(Search *search, GError **error)
{
    gsize n = search->base.n, window = search->base.window;
    for (gsize a = 0; a < n; a += search->outer_rows) {
        gsize end = MIN(a + search->outer_rows, n);
        ts_panel_fill(&search->outer, &search->base, &search->frame, a, end - a);
        if (!search_within(search, &search->outer, error))
            return FALSE;
        for (gsize b = end; b < n; b += window) {
            ts_panel_fill(&search->inner, &search->base, &search->frame, b, MIN(window, n - b));
            if (!search_between(search, error))
                return FALSE;
        }
    }
    return TRUE;
}

static gboolean
check_k(const TsPoints *points, const guint32 *base, gsize n_base, const guint32 *query,
        gsize n_query, guint k, GError **error)
{
    gboolean shared = query == NULL || (base == NULL && n_query > 0);
    g_autofree guint8 *is_base = shared ? NULL : g_malloc0(points->n);
    for (gsize i = 0; i < n_base && !shared; i++)
        is_base[base != NULL ? base[i] : i] = TRUE;
    for (gsize i = 0; i < n_query && !shared; i++)
        shared = is_base[query[i]];
    gsize most = n_base - (shared && n_base > 0);
    if (k >= 1 && k <= most)
        return TRUE;
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "%u neighbours of each row, among %" G_GSIZE_FORMAT
                        " rows: from 1 to %" G_GSIZE_FORMAT " are possible",
                        k, n_base, most);
}

/* Queries that are the base share its order; others are taken as they come. */
static gboolean
set_up(Search *search, const guint32 *base, gsize n_base, const guint32 *query, gsize n_query,
       guint k, GError **error)
{
    const TsPoints *points = search->points;
    choose_panels(search, n_base, query != NULL ? n_query : 0);
    search->rounding = 2 * ((double) points->d + 8) * FLT_EPSILON;
    search->query = query != NULL ? &search->other : &search->base;
    return ts_row_list_init(&search->base, points, base, n_base, search->base.window, TRUE,
                            error) &&
           (query == NULL || ts_row_list_init(&search->other, points, query, n_query,
                                              search->outer_rows, FALSE, error)) &&
           ts_frame_init(&search->frame, points, &search->base, search->query, error) &&
           allocate(search, k, error);
}

TsNeighbours *
ts_neighbours_new(const TsPoints *points, const guint32 *base, gsize n_base, const guint32 *query,
                  gsize n_query, guint k, GError **error)
{
    if (points->n > G_MAXUINT32 || points->d > G_MAXINT) {
        ts_error_set(error, TS_ERROR_RANGE, "%" G_GSIZE_FORMAT " rows are too many", points->n);
        return NULL;
    }
    n_base = base != NULL ? n_base : points->n;
    if (!check_k(points, base, n_base, query, n_query, k, error))
        return NULL;
    g_auto(Search) search = {.points = points};
    if (!set_up(&search, base, n_base, query, n_query, k, error))
        return NULL;
    if (query == NULL ? !search_each_other(&search, error) : !search_others(&search, error))
        return NULL;
    return g_steal_pointer(&search.found);
}

void
ts_neighbours_free(TsNeighbours *neighbours)
{
    if (neighbours == NULL)
        return;
    g_free(neighbours->index);
    g_free(neighbours->distance2);
    g_free(neighbours);
}

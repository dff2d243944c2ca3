/* Exact k nearest neighbours: blocks of products choose, doubles decide. */
#include "balance/space/neighbours.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "base/rng.h"

#include <cblas.h>
#include <float.h>
#include <math.h>
#include <omp.h>
#include <string.h>

enum {
    BLOCK = 512, /* rows; BLOCK x BLOCK products stay in a processor's cache */
    STRIP = 64,  /* products that are looked at together */
};

/* Rows in single precision, centred and scaled to at most 1, in a random order: where the order of
 * the file follows the values, ever nearer rows would come one after the other, and each be
 * measured. */
typedef struct {
    gsize n;
    guint32 *row; /* (n), number of each in the points */
    float *value; /* (n, d) */
    float *norm;  /* (n), squared */
    float largest_norm;
} Packed;

/* What all blocks share. `limit` is what |b|^2 - 2 a.b has to stay below to matter to row a: the
 * squared distance of its farthest neighbour so far, less |a|^2, plus what rounding may do. */
typedef struct {
    const TsPoints *points;
    Packed base;
    Packed other; /* the queries, if they are not the base */
    const Packed *query;
    double *center; /* (d) */
    double scale;
    guint32 *place;   /* (n), of the packed queries in the result */
    float *limit;     /* (n) */
    float *allowance; /* (n), rounding error in units of the packed values */
    TsNeighbours *found;
    guint *n_found; /* (n), of k */
    float **tile;   /* of each thread, (BLOCK, BLOCK) */
    int n_tiles;
} Search;

static void
packed_clear(Packed *packed)
{
    g_free(packed->row);
    g_free(packed->value);
    g_free(packed->norm);
}

static void
search_clear(Search *search)
{
    packed_clear(&search->base);
    packed_clear(&search->other);
    g_free(search->center);
    g_free(search->place);
    g_free(search->limit);
    g_free(search->allowance);
    g_free(search->n_found);
    for (int i = 0; i < search->n_tiles; i++)
        g_free(search->tile[i]);
    g_free(search->tile);
    ts_neighbours_free(search->found);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Search, search_clear)

static guint32
row_of(const guint32 *rows, gsize i)
{
    return rows != NULL ? rows[i] : (guint32) i;
}

/* The mean of the base, and a scale under which no square can overflow. */
static gboolean
choose_scale(Search *search, const guint32 *base, gsize n, GError **error)
{
    const TsPoints *points = search->points;
    search->center = ts_try_alloc(MAX(points->d, 1), sizeof *search->center, "neighbours", error);
    if (search->center == NULL)
        return FALSE;
    for (gsize i = 0; i < n; i++)
        for (gsize j = 0; j < points->d; j++)
            search->center[j] += ts_points_get(points, row_of(base, i), j) / (double) n;
    double largest = 0;
    for (gsize i = 0; i < points->n; i++)
        for (gsize j = 0; j < points->d; j++)
            largest = MAX(largest, fabs(ts_points_get(points, i, j) - search->center[j]));
    search->scale = largest > 0 ? 1 / largest : 1;
    return TRUE;
}

static void
pack_row(const Search *search, Packed *packed, gsize at)
{
    gsize d = search->points->d;
    float *to = packed->value + at * d;
    double norm = 0;
    for (gsize j = 0; j < d; j++) {
        double value = ts_points_get(search->points, packed->row[at], j);
        to[j] = (float) ((value - search->center[j]) * search->scale);
        norm += (double) to[j] * (double) to[j];
    }
    packed->norm[at] = (float) norm;
}

/* `order`: which of `rows` stands at each place. */
static gboolean
pack(const Search *search, Packed *packed, const guint32 *rows, gsize n, const guint32 *order,
     GError **error)
{
    packed->n = n;
    packed->row = ts_try_alloc(n, sizeof *packed->row, "neighbours", error);
    packed->norm = packed->row ? ts_try_alloc(n, sizeof *packed->norm, "neighbours", error) : NULL;
    gsize d = MAX(search->points->d, 1) * sizeof *packed->value;
    packed->value = packed->norm ? ts_try_alloc(n, d, "neighbours", error) : NULL;
    if (packed->value == NULL)
        return FALSE;
    for (gsize i = 0; i < n; i++)
        packed->row[i] = row_of(rows, order[i]);
#pragma omp parallel for
    for (gsize i = 0; i < n; i++)
        pack_row(search, packed, i);
    for (gsize i = 0; i < n; i++)
        packed->largest_norm = MAX(packed->largest_norm, packed->norm[i]);
    return TRUE;
}

static guint32 *
random_order(gsize n, GError **error)
{
    guint32 *order = ts_try_alloc(n, sizeof *order, "neighbours", error);
    if (order == NULL)
        return NULL;
    TsRng rng;
    ts_rng_init(&rng, 0, "neighbours", n);
    for (gsize i = 0; i < n; i++) { /* Fisher-Yates, inside out */
        gsize j = ts_rng_below(&rng, i + 1);
        order[i] = order[j];
        order[j] = (guint32) i;
    }
    return order;
}

/* A sum of d products of rounded values, |a|^2 and |b|^2: at most d + 8 roundings of each, with
 * |a.b| <= (|a|^2 + |b|^2) / 2. Twice that, since it enters on both sides of a comparison. */
static void
allow_for_rounding(Search *search)
{
    double roundings = 2 * ((double) search->points->d + 8) * FLT_EPSILON;
    for (gsize i = 0; i < search->query->n; i++) {
        double norms = (double) search->query->norm[i] + (double) search->base.largest_norm;
        search->allowance[i] = (float) (roundings * norms);
        search->limit[i] = INFINITY;
    }
}

static gboolean
allocate(Search *search, guint k, GError **error)
{
    gsize n = search->query->n;
    search->found = g_new0(TsNeighbours, 1);
    *search->found = (TsNeighbours){.n = n, .k = k};
    search->limit = ts_try_alloc(n, sizeof *search->limit, "neighbours", error);
    search->allowance =
        search->limit ? ts_try_alloc(n, sizeof *search->allowance, "neighbours", error) : NULL;
    search->n_found =
        search->allowance ? ts_try_alloc(n, sizeof *search->n_found, "neighbours", error) : NULL;
    if (search->n_found == NULL)
        return FALSE;
    search->found->index = ts_try_alloc(n, k * sizeof(guint32), "neighbours", error);
    if (search->found->index == NULL)
        return FALSE;
    search->found->distance2 = ts_try_alloc(n, k * sizeof(double), "neighbours", error);
    search->n_tiles = omp_get_max_threads();
    search->tile = g_new0(float *, search->n_tiles);
    for (int i = 0; i < search->n_tiles; i++)
        search->tile[i] = g_new(float, BLOCK *BLOCK);
    return search->found->distance2 != NULL;
}

/* Rows that are worse than what query `i` has are not kept; the order is by (distance, row). */
static void
offer(Search *search, gsize i, guint32 row)
{
    const TsPoints *points = search->points;
    guint32 self = search->query->row[i];
    if (row == self)
        return;
    guint k = search->found->k, n = search->n_found[i];
    guint32 *index = search->found->index + (gsize) search->place[i] * k;
    double *distance2 = search->found->distance2 + (gsize) search->place[i] * k;
    double d2 = ts_points_distance2(points, self, row);
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
    search->n_found[i] = n = MIN(n + 1, k);
    if (n == k) {
        double farthest = distance2[k - 1] * search->scale * search->scale;
        search->limit[i] = (float) (farthest * (1 + 2 * (double) FLT_EPSILON)) -
                           search->query->norm[i] + search->allowance[i];
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

/* Offer what is close enough in a row of products: b to a, and where `both`, a to b. */
static void
look_closely(Search *search, gsize a, gsize b, gsize n, const float *products, gboolean both)
{
    const Packed *base = &search->base;
    for (gsize j = 0; j < n; j++) {
        if (products[j] + base->norm[b + j] <= search->limit[a])
            offer(search, a, base->row[b + j]);
        if (both && products[j] + search->query->norm[a] <= search->limit[b + j])
            offer(search, b + j, search->query->row[a]);
    }
}

/* Queries from a on against base rows from b on. `both`: the base is the queries, and each pair is
 * met once, so that b may gain too. */
static void
search_block(Search *search, gsize a, gsize b, gboolean both)
{
    const Packed *query = search->query, *base = &search->base;
    float *tile = search->tile[omp_get_thread_num()];
    gsize d = search->points->d, n_a = MIN(BLOCK, query->n - a), n_b = MIN(BLOCK, base->n - b);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int) n_a, (int) n_b, (int) d, -2,
                query->value + a * d, (int) d, base->value + b * d, (int) d, 0, tile, (int) n_b);
    for (gsize i = 0; i < n_a; i++) {
        const float *products = tile + i * n_b;
        for (gsize j = both && a == b ? i + 1 : 0; j < n_b; j += STRIP) {
            gsize n = MIN(STRIP, n_b - j);
            if (any_below(products + j, n, search->limit[a + i], base->norm + b + j,
                          both ? search->limit + b + j : NULL, query->norm[a + i]))
                look_closely(search, a + i, b + j, n, products + j, both);
        }
    }
}

static gboolean
search_others(Search *search, GError **error)
{
    gsize n_blocks = (search->query->n + BLOCK - 1) / BLOCK;
    for (gsize b = 0; b < search->base.n; b += BLOCK) {
        if (ts_interrupt_check(error))
            return FALSE;
#pragma omp parallel for schedule(dynamic)
        for (gsize i = 0; i < n_blocks; i++)
            search_block(search, i * BLOCK, b, FALSE);
    }
    return TRUE;
}

/* Every pair of blocks once, in rounds in which no block is in two pairs, as in a tournament: block
 * m - 1 stays, the others move on around a circle. */
static gboolean
search_each_other(Search *search, GError **error)
{
    gsize n_blocks = (search->base.n + BLOCK - 1) / BLOCK;
#pragma omp parallel for schedule(dynamic)
    for (gsize i = 0; i < n_blocks; i++)
        search_block(search, i * BLOCK, i * BLOCK, TRUE);
    gsize m = n_blocks + n_blocks % 2; /* an odd one out rests */
    for (gsize round = 0; round + 1 < m; round++) {
        if (ts_interrupt_check(error))
            return FALSE;
#pragma omp parallel for schedule(dynamic)
        for (gsize i = 0; i < m / 2; i++) {
            gsize first = i == 0 ? m - 1 : (round + i) % (m - 1);
            gsize second = (round + m - 1 - i) % (m - 1);
            if (first < n_blocks && second < n_blocks)
                search_block(search, first * BLOCK, second * BLOCK, TRUE);
        }
    }
    return TRUE;
}

static gboolean
check_k(const TsPoints *points, const guint32 *base, gsize n_base, const guint32 *query,
        gsize n_query, guint k, GError **error)
{
    gboolean shared = query == NULL;
    g_autofree guint8 *is_base = g_malloc0(points->n);
    for (gsize i = 0; i < n_base; i++)
        is_base[row_of(base, i)] = TRUE;
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

/* Pack base and queries. Queries that are the base share its order. */
static gboolean
set_up(Search *search, const guint32 *base, gsize n_base, const guint32 *query, gsize n_query,
       guint k, GError **error)
{
    g_autofree guint32 *order = random_order(n_base, error);
    if (order == NULL || !choose_scale(search, base, n_base, error) ||
        !pack(search, &search->base, base, n_base, order, error))
        return FALSE;
    search->query = &search->base;
    search->place = g_steal_pointer(&order);
    if (query != NULL) {
        g_free(search->place);
        search->place = ts_try_alloc(n_query, sizeof *search->place, "neighbours", error);
        for (gsize i = 0; search->place != NULL && i < n_query; i++)
            search->place[i] = (guint32) i;
        if (search->place == NULL ||
            !pack(search, &search->other, query, n_query, search->place, error))
            return FALSE;
        search->query = &search->other;
    }
    if (!allocate(search, k, error))
        return FALSE;
    allow_for_rounding(search);
    return TRUE;
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

/* Safe-level SMOTE and EOS, which look at the classes around both ends. */
#include "balance/smote/smote_private.h"

#include <string.h>

/* What may be mixed: for each base, in order, the neighbours that it may be mixed with. */
typedef struct {
    guint32 *base;  /* (n) rows */
    guint32 *other; /* (n, k) rows, `count` of them in use */
    guint *count;   /* (n) */
    gsize n;
    guint k;
} Pairs;

static void
pairs_clear(Pairs *self)
{
    g_free(self->base);
    g_free(self->other);
    g_free(self->count);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pairs, pairs_clear)

static void
pairs_init(Pairs *self, gsize n, guint k)
{
    *self = (Pairs){.base = g_new(guint32, n),
                    .other = g_new(guint32, n * k),
                    .count = g_new0(guint, n),
                    .k = k};
}

/* Every base as often as the others; `mix` adds a row. */
static void
draw_pairs(TsSmoteClass *self, const Pairs *pairs, const char *purpose,
           void (*mix)(TsSmoteClass *, guint32 a, guint32 b, TsRng *, gconstpointer),
           gconstpointer data)
{
    TsRng rng;
    ts_rng_init(&rng, self->how->seed, purpose, (guint64) self->number);
    g_autofree guint64 *order = g_new(guint64, pairs->n + 1);
    for (gsize i = 0; i < pairs->n; i++)
        order[i] = i;
    ts_rng_shuffle(&rng, order, pairs->n);
    for (guint64 i = 0; pairs->n > 0 && i < self->add; i++) {
        guint64 at = order[i % pairs->n];
        guint32 b = pairs->other[at * pairs->k + ts_rng_below(&rng, pairs->count[at])];
        mix(self, pairs->base[at], b, &rng, data);
    }
}

/* The more rows of its class an end has around it, the nearer to it: lambda is drawn from [0, 1]
 * where both have as many, from [0, level b / level a] where a has more, and from the last level
 * a / level b of the way where b has more. */
static void
mix_by_level(TsSmoteClass *self, guint32 a, guint32 b, TsRng *rng, gconstpointer data)
{
    const guint *level = data;
    double of_a = level[a], of_b = level[b], draw = ts_rng_uniform(rng);
    ts_smote_add(self, a, b, of_a >= of_b ? draw * (of_b / of_a) : 1 - draw * (of_a / of_b));
}

/* level[row] = rows of the class among its k nearest, for rows of the class. */
static guint *
find_levels(const TsSmoteClass *self, GError **error)
{
    guint k = (guint) MIN(self->how->k, self->points->n - 1);
    g_autoptr(TsNeighbours) near =
        ts_neighbours_new(self->points, NULL, 0, self->rows, self->n_rows, k, error);
    guint *level =
        near != NULL ? ts_try_alloc(self->points->n, sizeof *level, "levels", error) : NULL;
    for (gsize i = 0; level != NULL && i < self->n_rows; i++)
        level[self->rows[i]] = k - ts_smote_count_others(self, near, i);
    return level;
}

gboolean
ts_smote_make_safe_level(TsSmoteClass *self, GError **error)
{
    g_autofree guint *level = find_levels(self, error);
    g_autoptr(TsNeighbours) near =
        level != NULL ? ts_smote_neighbours_within(self, NULL, 0, error) : NULL;
    if (near == NULL)
        return FALSE;
    g_auto(Pairs) pairs;
    pairs_init(&pairs, near->n, near->k);
    for (gsize i = 0; i < near->n; i++) {
        guint32 a = self->rows[i], *other = pairs.other + pairs.n * near->k;
        guint n = 0;
        for (guint j = 0; j < near->k; j++) {
            guint32 b = near->index[i * near->k + j];
            if (level[a] > 0 || level[b] > 0)
                other[n++] = b;
        }
        pairs.base[pairs.n] = a;
        pairs.count[pairs.n] = n;
        pairs.n += n > 0;
    }
    draw_pairs(self, &pairs, "smote, safe level", mix_by_level, level);
    return TRUE;
}

static void
mix_anywhere(TsSmoteClass *self, guint32 a, guint32 b, TsRng *rng, gconstpointer data)
{
    ts_smote_add(self, a, b, ts_rng_uniform(rng));
}

gboolean
ts_smote_make_eos(TsSmoteClass *self, GError **error)
{
    g_autoptr(TsNeighbours) near =
        ts_neighbours_new(self->points, NULL, 0, self->rows, self->n_rows, self->how->m, error);
    if (near == NULL)
        return FALSE;
    g_auto(Pairs) pairs;
    pairs_init(&pairs, near->n, near->k);
    for (gsize i = 0; i < near->n; i++) {
        guint32 *other = pairs.other + pairs.n * near->k;
        guint n = 0;
        for (guint j = 0; j < near->k; j++) {
            guint32 b = near->index[i * near->k + j];
            if (self->class_of_row[b] != self->number)
                other[n++] = b;
        }
        pairs.base[pairs.n] = self->rows[i];
        pairs.count[pairs.n] = n;
        pairs.n += n > 0;
    }
    draw_pairs(self, &pairs, "smote, enemies", mix_anywhere, NULL);
    return TRUE;
}

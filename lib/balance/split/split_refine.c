/* Groups moved and exchanged between splits until that no longer helps. */
#include "balance/split/split_groups.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "base/rng.h"

enum {
    PASSES_MAX = 20,
    WORK_MAX = 20000000, /* parts of groups that are looked at to try pairs, in one pass */
};

/* A pass that lowers the cost by a smaller part of it is the last. */
#define LEAST_PROGRESS 0.02

/* Costs that differ by less are equal. */
#define LEAST_GAIN 1e-15

/* The change of (have / whole - share)^2 when `more` is added to `have`. */
static double
change(guint64 have, guint64 more, guint64 whole, double share)
{
    double step = (double) more / (double) whole;
    return step * (step + 2 * ((double) have / (double) whole - share));
}

double
ts_group_table_cost(const TsGroupTable *self, guint group, guint split)
{
    double share = self->shares->shares[split];
    double cost = change(self->split_size[split], self->group_size[group], self->n_rows, share);
    for (gsize i = self->begin[group]; i < self->begin[group + 1]; i++) {
        const TsGroupPart *part = &self->parts[i];
        guint64 have = self->filled[(gsize) part->stratum * self->shares->n + split];
        cost += change(have, part->count, self->sizes[part->stratum], share);
    }
    return cost;
}

void
ts_group_table_count(TsGroupTable *self, guint group, guint split, gboolean add)
{
    guint64 sign = add ? 1 : (guint64) -1;
    self->split_size[split] += sign * self->group_size[group];
    for (gsize i = self->begin[group]; i < self->begin[group + 1]; i++)
        self->filled[(gsize) self->parts[i].stratum * self->shares->n + split] +=
            sign * self->parts[i].count;
}

guint
ts_group_table_cheapest(const TsGroupTable *self, guint group, guint preferred)
{
    guint best = preferred;
    double best_cost = ts_group_table_cost(self, group, preferred);
    for (guint s = 0; s < self->shares->n; s++) {
        double cost = ts_group_table_cost(self, group, s);
        if (cost < best_cost - LEAST_GAIN) {
            best = s;
            best_cost = cost;
        }
    }
    return best;
}

/* Move single groups; TRUE if one was moved. */
static gboolean
move_groups(TsGroupTable *self, const guint *order)
{
    gboolean moved = FALSE;
    for (guint i = 0; i < self->n_groups; i++) {
        guint group = order[i], old = self->split_of_group[group];
        if (self->locked[group])
            continue;
        ts_group_table_count(self, group, old, FALSE);
        guint split = ts_group_table_cheapest(self, group, old);
        ts_group_table_count(self, group, split, TRUE);
        self->split_of_group[group] = split;
        moved = moved || split != old;
    }
    return moved;
}

/* Exchange two groups if that lowers the cost. */
static void
exchange(TsGroupTable *self, guint a, guint b)
{
    guint split_a = self->split_of_group[a], split_b = self->split_of_group[b];
    if (split_a == split_b || self->locked[a] || self->locked[b])
        return;
    ts_group_table_count(self, a, split_a, FALSE);
    ts_group_table_count(self, b, split_b, FALSE);
    double as_it_is = ts_group_table_cost(self, a, split_a) + ts_group_table_cost(self, b, split_b);
    double exchanged =
        ts_group_table_cost(self, a, split_b) + ts_group_table_cost(self, b, split_a);
    gboolean better = exchanged < as_it_is - LEAST_GAIN;
    self->split_of_group[a] = better ? split_b : split_a;
    self->split_of_group[b] = better ? split_a : split_b;
    ts_group_table_count(self, a, self->split_of_group[a], TRUE);
    ts_group_table_count(self, b, self->split_of_group[b], TRUE);
}

/* Try every pair, or, where they are too many, a number of random partners for every group. */
static gboolean
exchange_groups(TsGroupTable *self, const guint *order, guint64 seed, guint pass, GError **error)
{
    guint n = self->n_groups;
    double parts = 2 * (double) self->begin[n] / n, pairs = WORK_MAX / parts;
    gboolean all = (double) n * n / 2 <= pairs;
    guint n_partners = all ? 0 : (guint) (pairs / n);
    TsRng rng;
    ts_rng_init(&rng, seed, "split exchanges", pass);
    for (guint i = 0; i < n; i++) {
        if (i % 1024 == 0 && ts_interrupt_check(error))
            return FALSE;
        for (guint j = i + 1; all && j < n; j++)
            exchange(self, order[i], order[j]);
        for (guint j = 0; j < n_partners; j++)
            exchange(self, order[i], (guint) ts_rng_below(&rng, n));
    }
    return TRUE;
}

static double
deviation(guint64 have, guint64 whole, double share)
{
    double d = whole > 0 ? (double) have / (double) whole - share : 0;
    return d * d;
}

static double
whole_cost(const TsGroupTable *self)
{
    double cost = 0;
    for (guint s = 0; s < self->shares->n; s++) {
        double share = self->shares->shares[s];
        cost += deviation(self->split_size[s], self->n_rows, share);
        for (gsize c = 0; c < self->n_strata; c++)
            cost += deviation(self->filled[c * self->shares->n + s], self->sizes[c], share);
    }
    return cost;
}

gboolean
ts_group_table_refine(TsGroupTable *self, const guint *order, guint64 seed, GError **error)
{
    double before = G_MAXDOUBLE, cost = whole_cost(self);
    for (guint pass = 0;
         pass < PASSES_MAX && self->n_groups > 0 && before - cost > LEAST_PROGRESS * before;
         pass++) {
        for (guint i = 0; i < PASSES_MAX && move_groups(self, order); i++)
            if (ts_interrupt_check(error))
                return FALSE;
        if (!exchange_groups(self, order, seed, pass, error))
            return FALSE;
        before = cost;
        cost = whole_cost(self);
    }
    return TRUE;
}

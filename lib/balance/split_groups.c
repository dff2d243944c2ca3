/* Whole groups dealt to splits: greedy by size, then moves of single groups while they help. */
#include "balance/split.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "base/rng.h"

#include <stdlib.h>
#include <string.h>

enum { PASSES_MAX = 20 };

/* How many rows of one stratum a group has. */
typedef struct {
    guint group, stratum;
    guint64 count;
} Part;

typedef struct {
    const TsSplitShares *shares;
    guint n_strata, n_groups;
    guint64 n_rows;
    Part *parts;         /* sorted by group, then stratum */
    gsize *begin;        /* n_groups + 1: parts of each group */
    guint64 *group_size; /* rows of each group */
    guint64 *sizes;      /* rows of each stratum */
    guint64 *filled;     /* (n_strata, n_splits): rows dealt so far */
    guint64 split_size[TS_SPLITS_MAX];
    guint32 *split_of_group;
} Groups;

static void
groups_clear(Groups *self)
{
    g_free(self->parts);
    g_free(self->begin);
    g_free(self->group_size);
    g_free(self->sizes);
    g_free(self->filled);
    g_free(self->split_of_group);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Groups, groups_clear)

static int
compare_parts(const void *a, const void *b)
{
    const Part *x = a, *y = b;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    return (x->stratum > y->stratum) - (x->stratum < y->stratum);
}

/* One part a row at first, then equal ones are added up. */
static void
merge_parts(Groups *self)
{
    gsize n = 0;
    qsort(self->parts, self->n_rows, sizeof *self->parts, compare_parts);
    for (guint64 i = 0; i < self->n_rows; i++) {
        if (n > 0 && compare_parts(&self->parts[n - 1], &self->parts[i]) == 0)
            self->parts[n - 1].count++;
        else
            self->parts[n++] = self->parts[i];
    }
    for (gsize i = 0; i < n; i++) {
        self->begin[self->parts[i].group + 1] = i + 1;
        self->group_size[self->parts[i].group] += self->parts[i].count;
        self->sizes[self->parts[i].stratum] += self->parts[i].count;
    }
    for (guint g = 0; g < self->n_groups; g++)
        self->begin[g + 1] = MAX(self->begin[g + 1], self->begin[g]);
}

static gboolean
groups_alloc(Groups *self, GError **error)
{
    const char *what = "groups";
    gsize n_cells;
    if (!g_size_checked_mul(&n_cells, self->n_strata, self->shares->n))
        return ts_error_set(error, TS_ERROR_NO_MEMORY, "%s: too many", what);
    self->parts = ts_try_alloc(self->n_rows, sizeof *self->parts, what, error);
    if (self->parts == NULL)
        return FALSE;
    self->begin = ts_try_alloc((gsize) self->n_groups + 1, sizeof *self->begin, what, error);
    if (self->begin == NULL)
        return FALSE;
    self->group_size = ts_try_alloc(self->n_groups, sizeof *self->group_size, what, error);
    if (self->group_size == NULL)
        return FALSE;
    self->sizes = ts_try_alloc(self->n_strata, sizeof *self->sizes, what, error);
    if (self->sizes == NULL)
        return FALSE;
    self->filled = ts_try_alloc(n_cells, sizeof *self->filled, what, error);
    if (self->filled == NULL)
        return FALSE;
    self->split_of_group = ts_try_alloc(self->n_groups, sizeof *self->split_of_group, what, error);
    return self->split_of_group != NULL;
}

/* The change of (have / whole - share)^2 when `more` is added to `have`. */
static double
change(guint64 have, guint64 more, guint64 whole, double share)
{
    double step = (double) more / (double) whole;
    return step * (step + 2 * ((double) have / (double) whole - share));
}

/* How the sum of squared deviations changes if the group joins the split: of every stratum it has
 * rows of, and of all rows. */
static double
cost_of_joining(const Groups *self, guint group, guint split)
{
    double share = self->shares->shares[split];
    double cost = change(self->split_size[split], self->group_size[group], self->n_rows, share);
    for (gsize i = self->begin[group]; i < self->begin[group + 1]; i++) {
        const Part *part = &self->parts[i];
        guint64 have = self->filled[(gsize) part->stratum * self->shares->n + split];
        cost += change(have, part->count, self->sizes[part->stratum], share);
    }
    return cost;
}

/* Add the group to the split (or take it out). */
static void
count_group(Groups *self, guint group, guint split, gboolean add)
{
    guint64 sign = add ? 1 : (guint64) -1;
    self->split_size[split] += sign * self->group_size[group];
    for (gsize i = self->begin[group]; i < self->begin[group + 1]; i++)
        self->filled[(gsize) self->parts[i].stratum * self->shares->n + split] +=
            sign * self->parts[i].count;
}

/* The cheapest split; among equals the one that `preferred` is, else the first. */
static guint
cheapest_split(const Groups *self, guint group, guint preferred)
{
    guint best = preferred;
    double best_cost = cost_of_joining(self, group, preferred);
    for (guint s = 0; s < self->shares->n; s++) {
        double cost = cost_of_joining(self, group, s);
        if (cost < best_cost - 1e-15) {
            best = s;
            best_cost = cost;
        }
    }
    return best;
}

typedef struct {
    guint64 size;
    guint64 rank; /* place in a random order */
    guint group;
} OrderedGroup;

static int
compare_ordered(const void *a, const void *b)
{
    const OrderedGroup *x = a, *y = b;
    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

static OrderedGroup *
order_groups(const Groups *self, guint64 seed, GError **error)
{
    g_autofree guint64 *random = ts_try_alloc(self->n_groups, sizeof *random, "groups", error);
    OrderedGroup *order =
        random != NULL ? ts_try_alloc(self->n_groups, sizeof *order, "groups", error) : NULL;
    if (order == NULL)
        return NULL;
    for (guint g = 0; g < self->n_groups; g++)
        random[g] = g;
    TsRng rng;
    ts_rng_init(&rng, seed, "split groups", 0);
    ts_rng_shuffle(&rng, random, self->n_groups);
    for (guint i = 0; i < self->n_groups; i++)
        order[i] = (OrderedGroup){self->group_size[random[i]], i, (guint) random[i]};
    qsort(order, self->n_groups, sizeof *order, compare_ordered);
    return order;
}

static gboolean
deal_groups(Groups *self, const OrderedGroup *order, GError **error)
{
    for (guint i = 0; i < self->n_groups; i++) {
        guint group = order[i].group;
        guint split = cheapest_split(self, group, 0);
        count_group(self, group, split, TRUE);
        self->split_of_group[group] = split;
    }
    gboolean moved = TRUE;
    for (guint pass = 0; moved && pass < PASSES_MAX; pass++) {
        moved = FALSE;
        if (ts_interrupt_check(error))
            return FALSE;
        for (guint i = 0; i < self->n_groups; i++) {
            guint group = order[i].group, old = self->split_of_group[group];
            count_group(self, group, old, FALSE);
            guint split = cheapest_split(self, group, old);
            count_group(self, group, split, TRUE);
            self->split_of_group[group] = split;
            moved = moved || split != old;
        }
    }
    return TRUE;
}

/* Rows without a group get numbers behind the last group. */
static gboolean
number_groups(const TsSplitRows *rows, guint *numbers, guint *n_numbers, GError **error)
{
    guint64 next = rows->groups != NULL ? rows->n_groups : 0;
    for (guint64 row = 0; row < rows->n; row++) {
        gboolean grouped = rows->groups != NULL && rows->groups[row] >= 0;
        if (!grouped && next >= G_MAXUINT - 1)
            return ts_error_set(error, TS_ERROR_RANGE, "too many groups");
        numbers[row] = grouped ? (guint) rows->groups[row] : (guint) next++;
    }
    *n_numbers = (guint) next;
    return TRUE;
}

gboolean
ts_split_by_groups(const TsSplitShares *shares, const TsSplitRows *rows, guint64 seed,
                   guint32 *split_of_row, GError **error)
{
    guint none = rows->strata != NULL ? rows->n_strata : 0;
    g_auto(Groups) self = {.shares = shares, .n_strata = none + 1, .n_rows = rows->n};
    g_autofree guint *numbers = ts_try_alloc(rows->n, sizeof *numbers, "groups", error);
    if (numbers == NULL || !number_groups(rows, numbers, &self.n_groups, error) ||
        !groups_alloc(&self, error))
        return FALSE;
    for (guint64 row = 0; row < rows->n; row++) {
        guint stratum =
            rows->strata != NULL && rows->strata[row] >= 0 ? (guint) rows->strata[row] : none;
        self.parts[row] = (Part){numbers[row], stratum, 1};
    }
    merge_parts(&self);
    g_autofree OrderedGroup *order = order_groups(&self, seed, error);
    if (order == NULL || !deal_groups(&self, order, error))
        return FALSE;
    for (guint64 row = 0; row < rows->n; row++)
        split_of_row[row] = self.split_of_group[numbers[row]];
    return TRUE;
}

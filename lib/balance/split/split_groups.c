/* Whole groups dealt to splits, the largest first. */
#include "balance/split/split_groups.h"

#include "base/error.h"
#include "base/rng.h"

#include <stdlib.h>

static void
groups_clear(TsGroupTable *self)
{
    g_free(self->parts);
    g_free(self->begin);
    g_free(self->group_size);
    g_free(self->sizes);
    g_free(self->filled);
    g_free(self->split_of_group);
    g_free(self->locked);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsGroupTable, groups_clear)

static int
compare_parts(const void *a, const void *b)
{
    const TsGroupPart *x = a, *y = b;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    return (x->stratum > y->stratum) - (x->stratum < y->stratum);
}

/* One part for every stratum of a row. */
static void
list_parts(TsGroupTable *self, const TsSplitRows *rows, const guint *numbers)
{
    guint none = self->n_strata - 1;
    TsGroupPart *part = self->parts;
    for (guint64 row = 0; row < rows->n; row++) {
        guint64 begin = rows->label_begin != NULL ? rows->label_begin[row] : 0;
        guint64 end = rows->label_begin != NULL ? rows->label_begin[row + 1] : 0;
        gboolean has_stratum = rows->strata != NULL && rows->strata[row] >= 0;
        for (guint64 i = begin; i < end; i++)
            *part++ = (TsGroupPart){numbers[row], rows->labels[i], 1};
        if (begin == end)
            *part++ =
                (TsGroupPart){numbers[row], has_stratum ? (guint) rows->strata[row] : none, 1};
        self->group_size[numbers[row]]++;
    }
    self->n_parts = (gsize) (part - self->parts);
}

/* Add up equal parts. */
static void
merge_parts(TsGroupTable *self)
{
    gsize n = 0;
    qsort(self->parts, self->n_parts, sizeof *self->parts, compare_parts);
    for (gsize i = 0; i < self->n_parts; i++) {
        if (n > 0 && compare_parts(&self->parts[n - 1], &self->parts[i]) == 0)
            self->parts[n - 1].count++;
        else
            self->parts[n++] = self->parts[i];
    }
    for (gsize i = 0; i < n; i++) {
        self->begin[self->parts[i].group + 1] = i + 1;
        self->sizes[self->parts[i].stratum] += self->parts[i].count;
    }
    for (guint g = 0; g < self->n_groups; g++)
        self->begin[g + 1] = MAX(self->begin[g + 1], self->begin[g]);
}

static gboolean
groups_alloc(TsGroupTable *self, GError **error)
{
    const char *what = "groups";
    gsize n_cells;
    if (!g_size_checked_mul(&n_cells, self->n_strata, self->shares->n))
        return ts_error_set(error, TS_ERROR_NO_MEMORY, "%s: too many", what);
    self->parts = ts_try_alloc(self->n_parts, sizeof *self->parts, what, error);
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
    if (self->split_of_group == NULL)
        return FALSE;
    self->locked = ts_try_alloc(self->n_groups, 1, what, error);
    return self->locked != NULL;
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

/* All groups, largest first. */
static guint *
order_groups(const TsGroupTable *self, guint64 seed, GError **error)
{
    guint n = self->n_groups;
    g_autofree guint64 *random = ts_try_alloc(n, sizeof *random, "groups", error);
    g_autofree OrderedGroup *sorted =
        random != NULL ? ts_try_alloc(n, sizeof *sorted, "groups", error) : NULL;
    guint *order = sorted != NULL ? ts_try_alloc(n, sizeof *order, "groups", error) : NULL;
    if (order == NULL)
        return NULL;
    for (guint g = 0; g < n; g++)
        random[g] = g;
    TsRng rng;
    ts_rng_init(&rng, seed, "split groups", 0);
    ts_rng_shuffle(&rng, random, n);
    for (guint i = 0; i < n; i++)
        sorted[i] = (OrderedGroup){self->group_size[random[i]], i, (guint) random[i]};
    qsort(sorted, n, sizeof *sorted, compare_ordered);
    for (guint i = 0; i < n; i++)
        order[i] = sorted[i].group;
    return order;
}

/* Groups of locked rows go where those are. */
static gboolean
lock_groups(TsGroupTable *self, const TsSplitRows *rows, const guint *numbers, GError **error)
{
    for (guint64 row = 0; rows->locked != NULL && row < rows->n; row++) {
        guint group = numbers[row];
        if (rows->locked[row] < 0)
            continue;
        if (self->locked[group] && self->split_of_group[group] != (guint) rows->locked[row])
            return ts_error_set(error, TS_ERROR_FORMAT,
                                "rows of one group are locked to '%s' and to '%s'",
                                self->shares->names[self->split_of_group[group]],
                                self->shares->names[rows->locked[row]]);
        if (!self->locked[group])
            ts_group_table_count(self, group, (guint) rows->locked[row], TRUE);
        self->locked[group] = 1;
        self->split_of_group[group] = (guint) rows->locked[row];
    }
    return TRUE;
}

static void
deal_groups(TsGroupTable *self, const guint *order)
{
    for (guint i = 0; i < self->n_groups; i++) {
        guint group = order[i];
        if (self->locked[group])
            continue;
        guint split = ts_group_table_cheapest(self, group, 0);
        ts_group_table_count(self, group, split, TRUE);
        self->split_of_group[group] = split;
    }
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
    /* The last stratum is that of the rows that have none. */
    guint n_strata = rows->strata != NULL || rows->label_begin != NULL ? rows->n_strata + 1 : 1;
    g_auto(TsGroupTable) self = {.shares = shares, .n_strata = n_strata, .n_rows = rows->n};
    g_autofree guint *numbers = ts_try_alloc(rows->n, sizeof *numbers, "groups", error);
    self.n_parts = rows->n + (rows->label_begin != NULL ? rows->label_begin[rows->n] : 0);
    if (numbers == NULL || !number_groups(rows, numbers, &self.n_groups, error) ||
        !groups_alloc(&self, error))
        return FALSE;
    list_parts(&self, rows, numbers);
    merge_parts(&self);
    g_autofree guint *order = order_groups(&self, seed, error);
    if (order == NULL || !lock_groups(&self, rows, numbers, error))
        return FALSE;
    deal_groups(&self, order);
    if (!ts_group_table_refine(&self, order, seed, error))
        return FALSE;
    for (guint64 row = 0; row < rows->n; row++)
        split_of_row[row] = self.split_of_group[numbers[row]];
    return TRUE;
}

/* The table of groups, classes and splits behind ts_split_by_groups(): what each group has, what
 * each split has got so far, and what a move costs. Inside lib/balance only.
 *
 * The cost of a table is the sum over splits of the squared deviation of its share of all rows, and
 * of every stratum, from the share asked for.
 *
 *     guint split = ts_group_table_cheapest(&table, group, 0);
 *     ts_group_table_count(&table, group, split, TRUE);
 *     table.split_of_group[group] = split;
 */
#pragma once

#include "balance/split/split.h"

G_BEGIN_DECLS

/* How many rows of one stratum a group has. */
typedef struct {
    guint group, stratum;
    guint64 count;
} TsGroupPart;

typedef struct {
    const TsSplitShares *shares;
    guint n_strata, n_groups;
    guint64 n_rows;
    gsize n_parts;       /* before equal ones are added up; more than rows where they have labels */
    TsGroupPart *parts;  /* sorted by group, then stratum */
    gsize *begin;        /* n_groups + 1: parts of each group */
    guint64 *group_size; /* rows of each group */
    guint64 *sizes;      /* rows of each stratum */
    guint64 *filled;     /* (n_strata, n_splits): rows dealt so far */
    guint64 split_size[TS_SPLITS_MAX];
    guint32 *split_of_group;
    guint8 *locked; /* groups that stay in their split */
} TsGroupTable;

/* How the cost changes if the group, which is in no split, joins this one. */
double ts_group_table_cost(const TsGroupTable *self, guint group, guint split);

/* The cheapest split for a group that is in none; among equals `preferred`, else the first. */
guint ts_group_table_cheapest(const TsGroupTable *self, guint group, guint preferred);

/* Count the group as one of the split, or no longer. */
void ts_group_table_count(TsGroupTable *self, guint group, guint split, gboolean add);

/* Move single groups, then exchange pairs of them, for as long as the cost falls. `order` is the
 * order in which groups are tried. TS_ERROR_NO_MEMORY, TS_ERROR_INTERRUPTED. */
gboolean
ts_group_table_refine(TsGroupTable *self, const guint *order, guint64 seed, GError **error);

G_END_DECLS

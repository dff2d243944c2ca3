/* Random tables of strata and groups, for the tests of splits.
 *
 *     Case c;
 *     make_case(&c, (guint64) _i);
 *     ck_assert(deal_by_strata(&c, 1, c.split));
 */
#pragma once

#include "balance/split/split.h"
#include "base/rng.h"
#include "unit.h"

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

static inline void
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

static inline gboolean
deal_by_strata(const Case *c, guint64 seed, guint32 *split)
{
    const TsSplitRows rows = {.n = c->n_rows, .strata = c->strata, .n_strata = c->n_strata};
    return ts_split_by_strata(c->shares, &rows, seed, split, NULL);
}

static inline gboolean
deal_by_totals(const Case *c, guint64 seed, guint32 *split)
{
    return ts_split_by_strata(c->shares, &(TsSplitRows){.n = c->n_rows}, seed, split, NULL);
}

static inline gboolean
deal_by_groups(const Case *c, guint64 seed, guint32 *split)
{
    const TsSplitRows rows = {.n = c->n_rows,
                              .strata = c->strata,
                              .n_strata = c->n_strata,
                              .groups = c->groups,
                              .n_groups = c->n_groups};
    return ts_split_by_groups(c->shares, &rows, seed, split, NULL);
}

static inline void
count_cells(const Case *c, guint64 *cells)
{
    memset(cells, 0, sizeof *cells * (c->n_strata + 1) * TS_SPLITS_MAX);
    for (guint64 row = 0; row < c->n_rows; row++) {
        ck_assert_uint_lt(c->split[row], c->shares->n);
        guint stratum = c->strata[row] < 0 ? c->n_strata : (guint) c->strata[row];
        cells[stratum * TS_SPLITS_MAX + c->split[row]]++;
    }
}

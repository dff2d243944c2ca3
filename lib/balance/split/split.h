/* Rows dealt to splits or folds: exact totals, every class in proportion, groups kept whole.
 *
 * Functions work on numbers, not on manifests, and give every row the number of a split. Results
 * depend on the seed and on the order of the rows, and on nothing else.
 *
 *     g_autoptr(TsSplitShares) shares = ts_split_shares_parse("train=0.8,test=0.2", error);
 *     const TsSplitRows rows = {.n = n, .strata = classes->of_row, .n_strata = classes->n};
 *     if (shares == NULL || !ts_split_by_strata(shares, &rows, seed, split_of_row, error))
 *         return FALSE;
 *     puts(shares->names[split_of_row[0]]);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

enum { TS_SPLITS_MAX = 64 };

/* In place of the number of a split: a row that is in none. */
#define TS_SPLIT_NONE G_MAXUINT32

typedef struct {
    guint n;
    char **names;    /* n names, NULL-terminated, distinct */
    double *shares;  /* their sum is 1 */
    guint64 *totals; /* rows of each split, where counts were asked for; else NULL */
    int rest;        /* the split that gets the rows the others leave, -1: none */
} TsSplitShares;

/* The rows that are dealt. */
typedef struct {
    guint64 n;
    const gint32 *strata; /* class of a row, 0 .. n_strata - 1; -1: a stratum of their own, the
                             unlabelled. NULL: all rows are one stratum */
    guint n_strata;
    const guint64 *label_begin; /* rows with several strata each: those of a row are
                                   labels[label_begin[row]] .. labels[label_begin[row + 1] - 1].
                                   NULL: strata */
    const guint32 *labels;      /* 0 .. n_strata - 1 */
    const gint32 *groups; /* group of a row, 0 .. n_groups - 1; -1: a group of its own. NULL: no
                             groups */
    guint n_groups;
    const gint32 *locked; /* split that a row stays in, -1: any. NULL: all rows are free */
} TsSplitRows;

/* Read "NAME=SHARE,NAME=SHARE,...", whose shares are above 0 and add up to 1 or to 100.
 * TS_ERROR_ARGUMENT. */
TsSplitShares *ts_split_shares_parse(const char *text, GError **error);

/* Read "NAME=COUNT,...", where one COUNT may be "rest". TS_ERROR_ARGUMENT. */
TsSplitShares *ts_split_counts_parse(const char *text, GError **error);

/* `n` equal shares, named 1 .. n. TS_ERROR_ARGUMENT if there are too many. */
TsSplitShares *ts_split_folds_new(guint n, GError **error);

/* Turn counts into totals and shares of `n_rows` rows; nothing is done where shares were asked for.
 * TS_ERROR_RANGE if the counts are not those of so many rows. */
gboolean ts_split_shares_fit(TsSplitShares *shares, guint64 n_rows, GError **error);

void ts_split_shares_free(TsSplitShares *shares);

/* Share `total` rows by largest remainder: totals[s] is total * share rounded up or down, and their
 * sum is `total`. Ties go to the earlier split. Counts that were asked for are what they are. */
void ts_split_totals(const TsSplitShares *shares, guint64 total, guint64 *totals);

/* Whole part and remainder of a share of `count`. Products that are whole but for the error of
 * doubles count as whole. */
guint64 ts_split_whole_part(double share, guint64 count, double *remainder);

/* Deal rows so that split s gets exactly totals[s] rows, and within every stratum its share rounded
 * up or down (controlled rounding, Cox, "A constructive procedure for unbiased controlled
 * rounding", JASA 1987; here by greedy choice and augmenting paths). Should no such table exist,
 * totals stay exact and a stratum may be off by more. Which rows of a stratum go where is random.
 * Groups, locks and labels are not looked at. TS_ERROR_NO_MEMORY. */
gboolean ts_split_by_strata(const TsSplitShares *shares, const TsSplitRows *rows, guint64 seed,
                            guint32 *split_of_row, GError **error);

/* Deal whole groups so that splits come near their share of all rows and of every stratum: largest
 * group first, each to the split where it lowers the sum of squared deviations of shares most, then
 * single groups are moved and pairs of them exchanged for as long as that lowers it. Groups of one
 * size are taken in random order; every label of a row counts as one of its strata; a group with a
 * locked row stays in its split. TS_ERROR_FORMAT if rows of one group are locked to two splits,
 * TS_ERROR_NO_MEMORY. */
gboolean ts_split_by_groups(const TsSplitShares *shares, const TsSplitRows *rows, guint64 seed,
                            guint32 *split_of_row, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsSplitShares, ts_split_shares_free)

G_END_DECLS

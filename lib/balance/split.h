/* Rows dealt to splits: exact totals, every class in proportion, groups kept whole.
 *
 * Functions work on numbers, not on manifests: strata[row] is the class of a row (0 .. n_strata -
 * 1, -1: a stratum of its own, the unlabelled), and the result is a split number for every row.
 * Results depend on the seed and on the order of the rows, and on nothing else.
 *
 *     g_autoptr(TsSplitShares) shares = ts_split_shares_parse("train=0.8,test=0.2", error);
 *     if (shares == NULL || !ts_split_by_strata(shares, classes->of_row, classes->n, n_rows, seed,
 *                                               split_of_row, error))
 *         return FALSE;
 *     puts(shares->names[split_of_row[0]]);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

enum { TS_SPLITS_MAX = 64 };

typedef struct {
    guint n;
    char **names;   /* n names, NULL-terminated, distinct */
    double *shares; /* each above 0; their sum is 1 */
} TsSplitShares;

/* Read "NAME=SHARE,NAME=SHARE,...", whose shares add up to 1 or to 100. TS_ERROR_ARGUMENT. */
TsSplitShares *ts_split_shares_parse(const char *text, GError **error);
void ts_split_shares_free(TsSplitShares *shares);

/* Share `total` by largest remainder: totals[s] is total * share rounded up or down, and their sum
 * is `total`. Ties go to the earlier split. */
void ts_split_totals(const TsSplitShares *shares, guint64 total, guint64 *totals);

/* Deal rows so that split s gets exactly totals[s] rows, and within every stratum its share rounded
 * up or down (controlled rounding, Cox, "A constructive procedure for unbiased controlled
 * rounding", JASA 1987; here by greedy choice and augmenting paths). Should no such table exist,
 * totals stay exact and a stratum may be off by more. Which rows of a stratum go where is random.
 * `strata` NULL: all rows are one stratum. TS_ERROR_NO_MEMORY. */
gboolean ts_split_by_strata(const TsSplitShares *shares, const gint32 *strata, guint n_strata,
                            guint64 n_rows, guint64 seed, guint8 *split_of_row, GError **error);

/* Deal whole groups (group_of_row: 0 .. n_groups - 1; -1: a group of its own) so that splits come
 * near their share of all rows and of every stratum: largest group first, each to the split where
 * it lowers the sum of squared deviations of shares most, then single groups are moved for as long
 * as that lowers it. Groups of one size are taken in random order. TS_ERROR_NO_MEMORY. */
gboolean ts_split_by_groups(const TsSplitShares *shares, const gint32 *strata, guint n_strata,
                            const gint32 *group_of_row, guint n_groups, guint64 n_rows,
                            guint64 seed, guint8 *split_of_row, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsSplitShares, ts_split_shares_free)

G_END_DECLS

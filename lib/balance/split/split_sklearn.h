/* scikit-learn's splitters, index for index, for the same integer random_state.
 *
 * Which of them is taken follows from what the rows have, as in this table; strata are y, numbered
 * in the order in which np.unique() sorts the labels, groups are numbered in the same way.
 *
 *                    train and test           k folds
 *     (neither)      ShuffleSplit             KFold
 *     strata         StratifiedShuffleSplit   StratifiedKFold
 *     groups         GroupShuffleSplit        GroupKFold
 *     both           (there is none)          StratifiedGroupKFold
 *
 * train_test_split() is the first of one of the shuffle splits. Calls that go on with one random
 * state are those of n_splits and of RepeatedKFold and RepeatedStratifiedKFold. The versions meant
 * are 1.9 and those with the same splits: StratifiedGroupKFold with shuffle was another one before
 * 1.8 or so.
 *
 *     TsRandomState random;
 *     ts_random_state_init(&random, 42);
 *     if (!ts_sklearn_k_fold(&rows, 5, &random, fold_of_row, error))
 *         return FALSE;
 */
#pragma once

#include "balance/random_state.h"
#include "balance/split/split.h"

G_BEGIN_DECLS

/* Every row gets 0 (train) or 1 (test): `n_test` of the rows, or of the groups where there are, are
 * for testing. `random` NULL: shuffle=False, the last rows are for testing. TS_ERROR_ARGUMENT for
 * what scikit-learn does not have, TS_ERROR_RANGE where it refuses the data (a class of one row,
 * fewer training or test rows than classes, an empty side). */
gboolean ts_sklearn_train_test(const TsSplitRows *rows, guint64 n_test, TsRandomState *random,
                               guint32 *split_of_row, GError **error);

/* Every row gets the number of the fold that tests it, 0 .. k - 1. `random` NULL: shuffle=False.
 * TS_ERROR_RANGE for fewer rows or groups than folds, or where no class has k rows. */
gboolean ts_sklearn_k_fold(const TsSplitRows *rows, guint k, TsRandomState *random,
                           guint32 *fold_of_row, GError **error);

G_END_DECLS

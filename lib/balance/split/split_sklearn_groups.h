/* scikit-learn's folds of whole groups; see split_sklearn.h, which checks what is given here: every
 * row has a group, every group has a row, and there are at least k groups. `random` NULL:
 * shuffle=False. TS_ERROR_NO_MEMORY.
 *
 *     if (!ts_sklearn_group_folds(&rows, 5, &random, fold_of_row, error))
 *         return FALSE;
 */
#pragma once

#include "balance/random_state.h"
#include "balance/split/split.h"

G_BEGIN_DECLS

/* GroupKFold: shuffled groups in k runs; without shuffling largest group first into the lightest
 * fold. */
gboolean ts_sklearn_group_folds(const TsSplitRows *rows, guint k, TsRandomState *random,
                                guint32 *fold_of_row, GError **error);

/* StratifiedGroupKFold: groups by the spread of their class counts, widest first, each into the
 * fold that makes the shares of classes most alike. */
gboolean ts_sklearn_stratified_group_folds(const TsSplitRows *rows, guint k, TsRandomState *random,
                                           guint32 *fold_of_row, GError **error);

G_END_DECLS

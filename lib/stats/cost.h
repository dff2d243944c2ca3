/* What mistakes cost: a table with a row for each true class and a column for each predicted one.
 *
 * The table is TSV as evaluate shows a confusion matrix: the first column holds the true classes,
 * the names of the others are the predicted ones.
 *
 *     predictions->cost = ts_cost_read("cost.tsv", predictions, error);
 */
#pragma once

#include "stats/predictions.h"

G_BEGIN_DECLS

/* Read a table of the classes of `predictions`: (n_classes, n_classes), free with g_free(). Rows
 * and columns of other classes are passed over. TS_ERROR_FORMAT if one of a class is missing or
 * there twice, or a cost is no finite number. */
double *ts_cost_read(const char *path, const TsPredictions *predictions, GError **error);

/* A copy of the costs of `predictions`; NULL: it has none. Free with g_free(). */
double *ts_predictions_copy_cost(const TsPredictions *predictions);

G_END_DECLS

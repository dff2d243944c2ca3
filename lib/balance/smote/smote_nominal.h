/* SMOTE of tables with categories (Chawla et al., 2002, sections 6.1 and 6.2).
 *
 *   nc   numbers and categories: two rows that differ in a category are as far apart as the median
 *        deviation of the numbers in the class. A new row lies between two rows in its numbers, and
 *        has in each category the value that is most frequent among the neighbours of its base
 *   n    categories alone: values are the nearer, the more alike the classes of the rows that have
 *        them (value difference metric, Stanfill & Waltz, 1986: the sum over columns of (sum over
 *        classes |p - q|)^2). A new row has the values that are most frequent in the base and its
 *        neighbours, of equally frequent ones the first
 *
 *     guint32 *codes;
 *     GArray *blends = ts_smote_nominal(&numbers, nominal, classes, 2, add, &how, made, &codes,
 *                                       error);
 *     // new row i has category codes[i * nominal->n_columns + f] in column f
 */
#pragma once

#include "balance/smote/nominal.h"
#include "balance/smote/smote.h"

G_BEGIN_DECLS

/* Plan new rows as ts_smote() does; `numbers` are the numeric columns, NULL for kind n, whose
 * blends are the bases alone (a = b). how->kind is not looked at. `codes` becomes (new rows,
 * n_columns), free with g_free(). Errors as ts_smote(). */
GArray *ts_smote_nominal(const TsPoints *numbers, const TsNominal *nominal,
                         const gint32 *class_of_row, guint n_classes, const guint64 *add,
                         const TsSmoteOptions *how, guint64 *made, guint32 **codes, GError **error);

G_END_DECLS

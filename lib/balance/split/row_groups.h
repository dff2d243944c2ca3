/* Groups of rows out of several relations: rows that share a value in any of them belong together,
 * and so do rows that a chain of such pairs connects (tiles of one source, sources of one patient,
 * near-duplicates).
 *
 *     const TsRowRelation relations[] = {{patients->of_row, patients->n}, {doubles->of_row,
 *                                                                          doubles->n}};
 *     if (!ts_row_groups_merge(relations, 2, n_rows, group_of_row, &n_groups, error))
 *         return FALSE;
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    const gint32 *of_row; /* one value per row, 0 .. n - 1, -1: none */
    guint n;
} TsRowRelation;

/* Number the connected components: group_of_row[row] is 0 .. n_groups - 1, or -1 for a row that has
 * a value in no relation. Groups are numbered in the order of their lowest value in the first
 * relation, then the second and so on. `group_of_row` has room for n_rows numbers.
 * TS_ERROR_NO_MEMORY. */
gboolean ts_row_groups_merge(const TsRowRelation *relations, guint n_relations, guint64 n_rows,
                             gint32 *group_of_row, guint *n_groups, GError **error);

G_END_DECLS

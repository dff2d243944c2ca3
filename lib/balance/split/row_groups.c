/* Union-find over the values of relations. */
#include "balance/split/row_groups.h"

#include "base/error.h"

/* The lowest value that `value` is connected with; halves the path to it. */
static guint32
find_root(guint32 *parent, guint32 value)
{
    while (parent[value] != value)
        value = parent[value] = parent[parent[value]];
    return value;
}

static void
join(guint32 *parent, guint32 a, guint32 b)
{
    a = find_root(parent, a);
    b = find_root(parent, b);
    parent[MAX(a, b)] = MIN(a, b);
}

/* Join the values of the row; the first of them, -1 if it has none. */
static gint64
join_row(guint32 *parent, const TsRowRelation *relations, guint n_relations, guint64 row)
{
    gint64 first = -1;
    guint32 offset = 0;
    for (guint r = 0; r < n_relations; r++) {
        gint32 value = relations[r].of_row[row];
        if (value >= 0 && first < 0)
            first = offset + value;
        else if (value >= 0)
            join(parent, (guint32) first, offset + (guint32) value);
        offset += relations[r].n;
    }
    return first;
}

gboolean
ts_row_groups_merge(const TsRowRelation *relations, guint n_relations, guint64 n_rows,
                    gint32 *group_of_row, guint *n_groups, GError **error)
{
    guint64 n_values = 0;
    for (guint r = 0; r < n_relations; r++)
        n_values += relations[r].n;
    if (n_values > G_MAXINT32)
        return ts_error_set(error, TS_ERROR_RANGE, "too many groups");
    g_autofree guint32 *parent = ts_try_alloc(n_values, sizeof *parent, "groups", error);
    g_autofree gint32 *number =
        parent != NULL ? ts_try_alloc(n_values, sizeof *number, "groups", error) : NULL;
    if (number == NULL)
        return FALSE;
    for (guint32 value = 0; value < n_values; value++) {
        parent[value] = value;
        number[value] = -1;
    }
    for (guint64 row = 0; row < n_rows; row++)
        group_of_row[row] = (gint32) join_row(parent, relations, n_relations, row);
    for (guint64 row = 0; row < n_rows; row++)
        if (group_of_row[row] >= 0) {
            guint32 root = find_root(parent, (guint32) group_of_row[row]);
            group_of_row[row] = (gint32) root;
            number[root] = 0;
        }
    *n_groups = 0;
    for (guint64 value = 0; value < n_values; value++)
        if (number[value] == 0)
            number[value] = (gint32) (*n_groups)++;
    for (guint64 row = 0; row < n_rows; row++)
        if (group_of_row[row] >= 0)
            group_of_row[row] = number[group_of_row[row]];
    return TRUE;
}

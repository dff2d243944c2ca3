/* Where neighbours of an array's rows are looked for, when that is not the array itself. */
#include "balance/space/space.h"

#include "balance/space/pca.h"
#include "base/error.h"
#include "base/number.h"

#include <string.h>

enum { COMPONENTS = 50, MAX_COMPONENTS = 65536 };

static gboolean
is_file(const char *text)
{
    return g_str_has_suffix(text, ".npy");
}

/* "pca" or "pca:K". */
static gboolean
parse_components(const char *text, guint *n, GError **error)
{
    gint64 value = COMPONENTS;
    if (text[3] == ':' && !ts_parse_int(text + 4, 1, MAX_COMPONENTS, "--space pca", &value, error))
        return FALSE;
    *n = (guint) value;
    return TRUE;
}

static gboolean
is_components(const char *text)
{
    return g_str_has_prefix(text, "pca") && (text[3] == '\0' || text[3] == ':');
}

/* "A" or "A-B", columns counted from 0. */
static gboolean
parse_range(const char *text, gint64 *first, gint64 *last, GError **error)
{
    const char *dash = strchr(text, '-');
    g_autofree char *head = dash != NULL ? g_strndup(text, (gsize) (dash - text)) : g_strdup(text);
    if (!ts_parse_int(head, 0, G_MAXINT32, "--space columns", first, error))
        return FALSE;
    *last = *first;
    return dash == NULL ||
           ts_parse_int(dash + 1, *first, G_MAXINT32, "--space columns", last, error);
}

/* The numbers of "columns:A,B-C", of guint; `d` columns there are. Free with g_array_unref(). */
static GArray *
parse_columns(const char *text, gsize d, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text + strlen("columns:"), ",", -1);
    g_autoptr(GArray) columns = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 0; parts[i] != NULL; i++) {
        gint64 first, last;
        if (!parse_range(parts[i], &first, &last, error))
            return NULL;
        if ((gsize) last >= d) {
            ts_error_set(error, TS_ERROR_ARGUMENT,
                         "--space columns: %" G_GINT64_FORMAT
                         " is none of the array's %" G_GSIZE_FORMAT " columns, which count from 0",
                         last, d);
            return NULL;
        }
        for (guint column = (guint) first; column <= (guint) last; column++)
            g_array_append_val(columns, column);
    }
    if (columns->len == 0)
        ts_error_set(error, TS_ERROR_ARGUMENT, "--space columns: none named, as in columns:0-15");
    return columns->len > 0 ? g_steal_pointer(&columns) : NULL;
}

gboolean
ts_space_check_array(const char *text, GError **error)
{
    guint n;
    if (text == NULL || is_file(text))
        return TRUE;
    if (is_components(text))
        return parse_components(text, &n, error);
    if (g_str_has_prefix(text, "columns:")) {
        g_autoptr(GArray) columns = parse_columns(text, G_MAXSIZE, error);
        return columns != NULL;
    }
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "--space: '%s' is not pca, pca:K, columns:LIST (such as columns:0-15) or a "
                        "FILE.npy; for a DATASET.npy there are no others",
                        text);
}

static gboolean
take_columns(const TsPoints *points, const char *text, TsSpace *space, GError **error)
{
    g_autoptr(GArray) columns = parse_columns(text, points->d, error);
    gsize size = points->f32 != NULL ? sizeof(float) : sizeof(double);
    if (columns == NULL ||
        !ts_scratch_alloc(&space->values, points->n, columns->len * size, "columns", error))
        return FALSE;
    guint8 *to = space->values.data;
    const guint8 *from =
        points->f32 != NULL ? (const guint8 *) points->f32 : (const guint8 *) points->f64;
    for (gsize i = 0; i < points->n; i++)
        for (guint j = 0; j < columns->len; j++, to += size)
            memcpy(to, from + (i * points->d + g_array_index(columns, guint, j)) * size, size);
    gboolean single = points->f32 != NULL;
    space->points = (TsPoints){.n = points->n,
                               .d = columns->len,
                               .f32 = single ? space->values.data : NULL,
                               .f64 = single ? NULL : space->values.data,
                               .mapped = space->values.in_file};
    return TRUE;
}

static gboolean
take_components(const TsPoints *points, const char *text, TsSpace *space, GError **error)
{
    guint n;
    if (!parse_components(text, &n, error))
        return FALSE;
    n = (guint) MIN(n, MIN(points->n, points->d));
    double *values = ts_pca_project(points, n, error);
    space->values.data = values;
    space->points = (TsPoints){.n = points->n, .d = n, .f64 = values};
    return values != NULL;
}

static TsSpace *
read_other_array(const TsPoints *points, const char *name, const char *path, GError **error)
{
    g_autoptr(TsSpace) space = ts_space_read_npy(path, error);
    if (space == NULL)
        return NULL;
    if (space->points.n != points->n) {
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s: has %" G_GSIZE_FORMAT " lines, %s has %" G_GSIZE_FORMAT
                     "; one line a row was expected",
                     path, space->points.n, name, points->n);
        return NULL;
    }
    return g_steal_pointer(&space);
}

TsSpace *
ts_space_new_of_array(const TsPoints *points, const char *name, const char *text, GError **error)
{
    if (!ts_space_check_array(text, error))
        return NULL;
    if (is_file(text))
        return read_other_array(points, name, text, error);
    g_autoptr(TsSpace) space = g_new0(TsSpace, 1);
    if (is_components(text) ? !take_components(points, text, space, error)
                            : !take_columns(points, text, space, error))
        return NULL;
    return g_steal_pointer(&space);
}

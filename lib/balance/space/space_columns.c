/* Features that stand in columns of a table. */
#include "balance/space/space_private.h"

#include "base/error.h"
#include "base/log.h"
#include "base/threads.h"

#include <math.h>
#include <string.h>

/* What columns say about the row, not about its features: always, and where rows are pictures. */
static const char *const of_row[] = {"file_name", "label",    "split",  "group",  "id",
                                     "weight",    "parent_b", "lambda", "repeat", NULL};
static const char *const of_picture[] = {"x",      "y",     "width", "height", "offset",
                                         "length", "src_x", "src_y", "bytes",  NULL};

/* What a column was seen to hold so far, as bits. */
enum { HAS_NUMBER = 1, HAS_TEXT = 2 };

typedef struct {
    const TsSpaceSource *source;
    GArray *columns; /* of guint */
    gboolean named;  /* by the user: texts are errors */
    gint *state;     /* of each column */
    double *values;  /* (n, columns) */
} Reading;

/* NaN and infinities in any of their usual forms; empty and \N are values that are missing. */
static gboolean
is_no_finite_number(TsCell cell)
{
    static const char *const forms[] = {"nan", "inf", "infinity", "na", "null", "none", ""};
    gsize skip = cell.length > 0 && (cell.text[0] == '-' || cell.text[0] == '+');
    if (ts_cell_is_null(cell))
        return TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS(forms); i++)
        if (strlen(forms[i]) == cell.length - skip &&
            g_ascii_strncasecmp(cell.text + skip, forms[i], cell.length - skip) == 0)
            return TRUE;
    return FALSE;
}

/* Whether a column may be a feature without being named. */
static gboolean
may_be_feature(const TsSpaceSource *source, guint column)
{
    const char *name = ts_manifest_column_name(source->manifest, column);
    const char *label = source->how->label != NULL ? source->how->label : "label";
    gboolean pictures = ts_manifest_find_column(source->manifest, "file_name") >= 0;
    return strcmp(name, label) != 0 && !g_strv_contains(of_row, name) &&
           !(pictures && g_strv_contains(of_picture, name));
}

/* The next name of a list; a backslash takes the next character as it is. */
static const char *
next_name(const char *at, GString *name)
{
    g_string_truncate(name, 0);
    for (; *at != '\0' && *at != ','; at++) {
        if (*at == '\\' && at[1] != '\0')
            at++;
        g_string_append_c(name, *at);
    }
    return *at == ',' ? at + 1 : at;
}

/* The columns of a list of names; `option` stands in messages. */
static gboolean
choose_named(const TsManifest *manifest, const char *names, const char *option, GArray *columns,
             GError **error)
{
    g_autoptr(GString) name = g_string_new(NULL);
    do {
        names = next_name(names, name);
        guint column;
        if (!ts_manifest_require_column(manifest, name->str, &column, error))
            return FALSE;
        for (guint i = 0; i < columns->len; i++)
            if (g_array_index(columns, guint, i) == column)
                return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: '%s' is there twice", option,
                                    name->str);
        g_array_append_val(columns, column);
    } while (*names != '\0');
    return TRUE;
}

static gboolean
contains(const guint *columns, gsize n, guint column)
{
    for (gsize i = 0; i < n; i++)
        if (columns[i] == column)
            return TRUE;
    return FALSE;
}

/* All that may be features; those that turn out to hold texts are left out while reading. */
static gboolean
choose_all(const TsSpaceSource *source, GArray *columns, GError **error)
{
    const TsManifest *manifest = source->manifest;
    g_autoptr(GArray) nominal = g_array_new(FALSE, FALSE, sizeof(guint));
    const char *names = source->how->nominal;
    if (names != NULL && !choose_named(manifest, names, "--categorical", nominal, error))
        return FALSE;
    for (guint c = 0; c < ts_manifest_n_columns(manifest); c++)
        if (may_be_feature(source, c) &&
            !contains((const guint *) (void *) nominal->data, nominal->len, c))
            g_array_append_val(columns, c);
    return TRUE;
}

GArray *
ts_space_find_nominal(const TsManifest *manifest, const TsSpaceOptions *how,
                      const TsSpace *features, GError **error)
{
    const TsSpaceSource source = {.manifest = manifest, .how = how};
    g_autoptr(GArray) columns = g_array_new(FALSE, FALSE, sizeof(guint));
    if (how->nominal != NULL)
        return choose_named(manifest, how->nominal, "--categorical", columns, error)
                   ? g_steal_pointer(&columns)
                   : NULL;
    gsize d = features != NULL && features->columns != NULL ? features->points.d : 0;
    for (guint c = 0; c < ts_manifest_n_columns(manifest); c++)
        if (may_be_feature(&source, c) && !contains(d > 0 ? features->columns : NULL, d, c))
            g_array_append_val(columns, c);
    return g_steal_pointer(&columns);
}

static gboolean
bad_value(const Reading *self, gsize i, guint j, GError **error)
{
    const TsManifest *manifest = self->source->manifest;
    guint64 row = ts_space_row(self->source, i);
    guint column = g_array_index(self->columns, guint, j);
    TsCell cell = ts_manifest_cell(manifest, row, column);
    g_autofree char *where = ts_manifest_where(manifest, row);
    return ts_error_set(error, TS_ERROR_FORMAT,
                        "%s: column '%s': '%.*s' is not a finite number, and neighbours of it are "
                        "not defined; fill it in, drop the row, or name other --columns",
                        where, ts_manifest_column_name(manifest, column),
                        (int) MIN(cell.length, 60), cell.text);
}

/* Values that are no finite numbers become NaN for now. */
static gboolean
read_row(guint64 i, gpointer data, GError **error)
{
    Reading *self = data;
    const TsManifest *manifest = self->source->manifest;
    g_autofree TsCell *cells = g_new(TsCell, ts_manifest_n_columns(manifest));
    ts_manifest_row(manifest, ts_space_row(self->source, i), cells);
    for (guint j = 0; j < self->columns->len; j++) {
        double *value = &self->values[i * self->columns->len + j];
        TsCell cell = cells[g_array_index(self->columns, guint, j)];
        const gint seen = g_atomic_int_get(&self->state[j]);
        if (seen == (HAS_NUMBER | HAS_TEXT))
            continue;
        if (ts_cell_to_double(cell, value)) {
            if ((seen & HAS_NUMBER) == 0)
                g_atomic_int_or((guint *) &self->state[j], HAS_NUMBER);
            continue;
        }
        *value = NAN;
        if (self->named)
            return bad_value(self, i, j, error);
        if (!is_no_finite_number(cell))
            g_atomic_int_or((guint *) &self->state[j], HAS_TEXT);
    }
    return TRUE;
}

/* A column of numbers with a slip in it is not to be lost in silence. */
static void
warn_of_mixed(const Reading *self, guint j)
{
    const TsManifest *manifest = self->source->manifest;
    const guint column = g_array_index(self->columns, guint, j);
    for (gsize i = 0; i < self->source->n; i++) {
        const guint64 row = ts_space_row(self->source, i);
        const TsCell cell = ts_manifest_cell(manifest, row, column);
        double value;
        if (ts_cell_to_double(cell, &value) || is_no_finite_number(cell))
            continue;
        g_autofree char *where = ts_manifest_where(manifest, row);
        ts_warning("%s: column '%s' holds numbers, but '%.*s' here, and is not taken for a "
                   "feature; mend the cell, or name the features with --columns",
                   where, ts_manifest_column_name(manifest, column), (int) MIN(cell.length, 60),
                   cell.text);
        return;
    }
}

/* Keep the columns that hold numbers: move their values together. */
static gboolean
drop_others(Reading *self, GError **error)
{
    gsize n_before = self->columns->len, n_kept = 0;
    g_autofree guint *kept = g_new(guint, n_before + 1);
    for (guint j = 0; j < n_before; j++) {
        if (self->state[j] == HAS_NUMBER)
            kept[n_kept++] = j;
        if (self->state[j] == (HAS_NUMBER | HAS_TEXT))
            warn_of_mixed(self, j);
    }
    if (n_kept == 0)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: no column holds numbers that could be features; texture makes "
                            "some of pictures, or name a space: pixels, FILE.npy",
                            ts_manifest_name(self->source->manifest));
    for (gsize i = 0; i < self->source->n; i++)
        for (gsize j = 0; j < n_kept; j++)
            self->values[i * n_kept + j] = self->values[i * n_before + kept[j]];
    for (gsize j = 0; j < n_kept; j++)
        g_array_index(self->columns, guint, j) = g_array_index(self->columns, guint, kept[j]);
    g_array_set_size(self->columns, (guint) n_kept);
    return TRUE;
}

static gboolean
check_values(const Reading *self, GError **error)
{
    guint d = self->columns->len;
    for (gsize i = 0; i < self->source->n; i++)
        for (guint j = 0; j < d; j++)
            if (!isfinite(self->values[i * d + j]))
                return bad_value(self, i, j, error);
    return TRUE;
}

gboolean
ts_space_read_columns(const TsSpaceSource *source, TsSpace *space, GError **error)
{
    g_autoptr(GArray) columns = g_array_new(FALSE, FALSE, sizeof(guint));
    gboolean named = source->how->columns != NULL;
    if (named ? !choose_named(source->manifest, source->how->columns, "--columns", columns, error)
              : !choose_all(source, columns, error))
        return FALSE;
    g_autofree gint *state = g_new0(gint, columns->len + 1);
    gsize size = MAX(columns->len, 1) * sizeof(double);
    if (!ts_scratch_alloc(&space->values, source->n, size, "features", error))
        return FALSE;
    Reading reading = {source, columns, named, state, space->values.data};
    if (!ts_parallel_for(source->n, read_row, &reading, error) || !drop_others(&reading, error) ||
        !check_values(&reading, error))
        return FALSE;
    space->points = (TsPoints){.n = source->n,
                               .d = columns->len,
                               .f64 = space->values.data,
                               .mapped = space->values.in_file};
    ts_points_release(&space->points, 0, source->n);
    space->columns = g_memdup2(columns->data, columns->len * sizeof(guint));
    return TRUE;
}

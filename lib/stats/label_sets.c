/* Several labels in a cell, numbered, and the statistics of their sets. */
#include "stats/label_sets.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>

/* What reading needs beside the result. */
typedef struct {
    TsLabelSets *sets;
    const TsManifest *manifest;
    const char *column;
    const char *list;    /* what fixes the names, "in classes.txt"; NULL: any name is one */
    GHashTable *numbers; /* name -> its number */
    GPtrArray *names;    /* in order of appearance */
    GArray *labels;      /* of guint32 */
} Reader;

static void
reader_clear(Reader *reader)
{
    g_clear_pointer(&reader->numbers, g_hash_table_unref);
    g_clear_pointer(&reader->names, g_ptr_array_unref);
    g_clear_pointer(&reader->labels, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reader, reader_clear)

static guint32
add_name(Reader *reader, const char *name)
{
    char *copy = g_strdup(name);
    guint32 number = reader->names->len;
    g_ptr_array_add(reader->names, copy);
    g_hash_table_insert(reader->numbers, copy, GUINT_TO_POINTER(number));
    return number;
}

/* Add one name of a row, unless the row has it already. */
static gboolean
read_name(Reader *reader, guint64 row, TsCell cell, GError **error)
{
    g_autofree char *name = ts_cell_unescape(cell);
    gpointer found;
    guint32 number;
    if (g_hash_table_lookup_extended(reader->numbers, name, NULL, &found)) {
        number = GPOINTER_TO_UINT(found);
    } else if (reader->list != NULL || cell.length == 0) {
        g_autofree char *where = ts_manifest_where(reader->manifest, row);
        if (cell.length == 0)
            return ts_error_set(error, TS_ERROR_FORMAT,
                                "%s: empty name in %s, names are separated by one ';'", where,
                                reader->column);
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: %s '%s' is not %s", where, reader->column,
                            name, reader->list);
    } else {
        number = add_name(reader, name);
    }
    for (guint64 i = reader->sets->first[row]; i < reader->labels->len; i++)
        if (g_array_index(reader->labels, guint32, i) == number)
            return TRUE;
    g_array_append_val(reader->labels, number);
    return reader->labels->len < G_MAXUINT32 / 2 ||
           ts_error_set(error, TS_ERROR_RANGE, "%s: too many labels",
                        ts_manifest_name(reader->manifest));
}

static gboolean
read_row(Reader *reader, guint64 row, TsCell cell, GError **error)
{
    reader->sets->is_labelled[row] = !ts_cell_is_null(cell);
    if (ts_cell_is_null(cell) || cell.length == 0)
        return TRUE;
    const char *end = cell.text + cell.length;
    for (const char *at = cell.text;;) {
        const char *next = memchr(at, ';', (gsize) (end - at));
        TsCell part = {at, (gsize) ((next != NULL ? next : end) - at)};
        if (!read_name(reader, row, part, error))
            return FALSE;
        if (next == NULL)
            return TRUE;
        at = next + 1;
    }
}

static int
compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

static int
compare_numbers(const void *a, const void *b)
{
    guint32 x = *(const guint32 *) a, y = *(const guint32 *) b;
    return (x > y) - (x < y);
}

/* Renumber from order of appearance to byte order, unless a list has fixed the numbers. */
static void
finish(Reader *reader)
{
    TsLabelSets *sets = reader->sets;
    guint n = sets->n = reader->names->len;
    sets->names = g_new0(char *, (gsize) n + 1);
    for (guint i = 0; i < n; i++)
        sets->names[i] = reader->names->pdata[i];
    if (reader->list == NULL)
        qsort(sets->names, n, sizeof *sets->names, compare_names);
    g_autofree guint32 *number = g_new(guint32, (gsize) n + 1);
    for (guint i = 0; i < n; i++)
        number[GPOINTER_TO_UINT(g_hash_table_lookup(reader->numbers, sets->names[i]))] = i;
    guint64 n_labels = reader->labels->len;
    sets->labels = (guint32 *) (void *) g_array_free(g_steal_pointer(&reader->labels), FALSE);
    for (guint64 i = 0; i < n_labels; i++)
        sets->labels[i] = number[sets->labels[i]];
    for (guint64 row = 0; row < sets->n_rows; row++)
        qsort(sets->labels + sets->first[row], sets->first[row + 1] - sets->first[row],
              sizeof *sets->labels, compare_numbers);
}

static TsLabelSets *
sets_alloc(const TsManifest *manifest, GError **error)
{
    g_autoptr(TsLabelSets) sets = g_new0(TsLabelSets, 1);
    sets->n_rows = ts_manifest_n_rows(manifest);
    sets->first = ts_try_alloc(sets->n_rows + 1, sizeof *sets->first, "labels", error);
    if (sets->first == NULL)
        return NULL;
    sets->is_labelled = ts_try_alloc(sets->n_rows + 1, 1, "labels", error);
    return sets->is_labelled != NULL ? g_steal_pointer(&sets) : NULL;
}

static TsLabelSets *
read_sets(const TsManifest *manifest, const char *column, const char *const *list,
          const char *list_name, GError **error)
{
    guint at;
    g_autoptr(TsLabelSets) sets = NULL;
    if (!ts_manifest_require_column(manifest, column, &at, error) ||
        (sets = sets_alloc(manifest, error)) == NULL)
        return NULL;
    g_auto(Reader) reader = {
        .sets = sets,
        .manifest = manifest,
        .column = column,
        .list = list != NULL ? list_name : NULL,
        .numbers = g_hash_table_new(g_str_hash, g_str_equal),
        .names = g_ptr_array_new(),
        .labels = g_array_new(FALSE, FALSE, sizeof(guint32)),
    };
    for (guint i = 0; list != NULL && list[i] != NULL; i++)
        add_name(&reader, list[i]);
    for (guint64 row = 0; row < sets->n_rows; row++) {
        if (!read_row(&reader, row, ts_manifest_cell(manifest, row, at), error)) {
            g_ptr_array_set_free_func(reader.names, g_free);
            return NULL;
        }
        sets->first[row + 1] = reader.labels->len;
    }
    finish(&reader);
    return g_steal_pointer(&sets);
}

TsLabelSets *
ts_label_sets_new(const TsManifest *manifest, const char *column, GError **error)
{
    return read_sets(manifest, column, ts_manifest_class_list(manifest), "in classes.txt", error);
}

TsLabelSets *
ts_label_sets_new_with(const TsManifest *manifest, const char *column, const char *const *names,
                       GError **error)
{
    return read_sets(manifest, column, names, "among the classes of the model", error);
}

static guint64
set_size(const TsLabelSets *sets, guint64 row)
{
    return sets->first[row + 1] - sets->first[row];
}

static void
compute_irlbl(const TsLabelSets *sets, double *irlbl, TsLabelSetStats *stats)
{
    g_autofree guint64 *counts = g_new0(guint64, (gsize) sets->n + 1);
    guint64 most = 0;
    for (guint64 i = 0; i < sets->first[sets->n_rows]; i++)
        counts[sets->labels[i]]++;
    for (guint c = 0; c < sets->n; c++)
        most = MAX(most, counts[c]);
    double sum = 0, squares = 0, n = 0;
    for (guint c = 0; c < sets->n; c++) {
        irlbl[c] = counts[c] > 0 ? (double) most / (double) counts[c] : NAN;
        sum += counts[c] > 0 ? irlbl[c] : 0;
        n += counts[c] > 0;
    }
    stats->mean_ir = n > 0 ? sum / n : NAN;
    for (guint c = 0; c < sets->n; c++)
        if (counts[c] > 0)
            squares += (irlbl[c] - stats->mean_ir) * (irlbl[c] - stats->mean_ir);
    stats->cvir = n > 1 ? sqrt(squares / (n - 1)) / stats->mean_ir : NAN;
}

/* 1 - geometric / arithmetic mean of the irlbl of a row that has labels. */
static double
scumble_of_row(const TsLabelSets *sets, const double *irlbl, guint64 row)
{
    double n = (double) set_size(sets, row), sum = 0, logs = 0;
    for (guint64 i = sets->first[row]; i < sets->first[row + 1]; i++) {
        sum += irlbl[sets->labels[i]];
        logs += log(irlbl[sets->labels[i]]);
    }
    return fmax(0, 1 - exp(logs / n) / (sum / n));
}

/* Sets as keys of a hash table: the bytes of their sorted numbers. */
static void
count_sets(const TsLabelSets *sets, TsLabelSetStats *stats)
{
    g_autoptr(GHashTable) seen =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
    for (guint64 row = 0; row < sets->n_rows; row++) {
        if (!sets->is_labelled[row])
            continue;
        GBytes *key = g_bytes_new_static(sets->labels + sets->first[row],
                                         set_size(sets, row) * sizeof *sets->labels);
        guint times = GPOINTER_TO_UINT(g_hash_table_lookup(seen, key));
        stats->n_sets += times == 0;
        stats->n_single += times == 0;
        stats->n_single -= times == 1;
        if (times < 2)
            g_hash_table_replace(seen, key, GUINT_TO_POINTER(times + 1));
        else
            g_bytes_unref(key);
    }
}

TsClasses *
ts_label_sets_get_classes(const TsLabelSets *sets, GError **error)
{
    g_autoptr(TsClasses) classes = g_new0(TsClasses, 1);
    classes->n = sets->n;
    classes->names = g_strdupv(sets->names);
    classes->counts = g_new0(guint64, MAX(sets->n, 1));
    classes->of_row = ts_try_alloc(sets->n_rows, sizeof *classes->of_row, "classes", error);
    if (classes->of_row == NULL)
        return NULL;
    for (guint64 row = 0; row < sets->n_rows; row++) {
        classes->of_row[row] = -1;
        classes->n_unlabelled += !sets->is_labelled[row];
        for (guint64 i = sets->first[row]; i < sets->first[row + 1]; i++)
            classes->counts[sets->labels[i]]++;
    }
    return g_steal_pointer(&classes);
}

void
ts_label_sets_compute(const TsLabelSets *sets, double *irlbl, TsLabelSetStats *stats)
{
    *stats = (TsLabelSetStats){0};
    compute_irlbl(sets, irlbl, stats);
    count_sets(sets, stats);
    double labelled = 0, with_labels = 0, scumble = 0;
    for (guint64 row = 0; row < sets->n_rows; row++) {
        labelled += sets->is_labelled[row];
        if (set_size(sets, row) == 0)
            continue;
        with_labels++;
        scumble += scumble_of_row(sets, irlbl, row);
    }
    stats->cardinality = labelled > 0 ? (double) sets->first[sets->n_rows] / labelled : NAN;
    stats->density = sets->n > 0 ? stats->cardinality / sets->n : NAN;
    stats->scumble = with_labels > 0 ? scumble / with_labels : NAN;
}

guint64 *
ts_label_sets_count_pairs(const TsLabelSets *sets, GError **error)
{
    gsize n = sets->n;
    guint64 *pairs = ts_try_alloc(n * n + 1, sizeof *pairs, "table of pairs of classes", error);
    for (guint64 row = 0; pairs != NULL && row < sets->n_rows; row++)
        for (guint64 i = sets->first[row]; i < sets->first[row + 1]; i++)
            for (guint64 j = sets->first[row]; j < sets->first[row + 1]; j++)
                pairs[sets->labels[i] * n + sets->labels[j]]++;
    return pairs;
}

void
ts_label_sets_free(TsLabelSets *sets)
{
    if (sets == NULL)
        return;
    g_strfreev(sets->names);
    g_free(sets->first);
    g_free(sets->labels);
    g_free(sets->is_labelled);
    g_free(sets);
}

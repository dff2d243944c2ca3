/* Tables of predictions from the columns of a manifest. */
#include "stats/predictions.h"

#include "base/error.h"
#include "base/nearest.h"
#include "base/threads.h"
#include "manifest/classes.h"
#include "stats/label_sets.h"

#include <math.h>

enum { BLOCK = 4096 }; /* rows that are read together */

static const char PREFIX[] = "p_";

/* What reading needs beside the result. */
typedef struct {
    const TsManifest *manifest;
    const TsPredictionColumns *columns;
    TsClasses *truth, *pred;          /* one label; pred may be NULL */
    TsLabelSets *true_set, *pred_set; /* several; pred_set may be NULL */
    GPtrArray *names;                 /* of all classes, borrowed; NULL-terminated when done */
    GHashTable *numbers;              /* name -> its place in names */
    guint *p_columns;                 /* (classes) of the manifest; NULL: no probabilities */
    guint64 *rows;                    /* labelled rows of the split */
    guint64 n_rows, n_unlabelled;
    TsPredictions *out;
    guint8 *is_uneven; /* (n_rows) */
} Reader;

static void
reader_clear(Reader *reader)
{
    g_clear_pointer(&reader->truth, ts_classes_free);
    g_clear_pointer(&reader->pred, ts_classes_free);
    g_clear_pointer(&reader->true_set, ts_label_sets_free);
    g_clear_pointer(&reader->pred_set, ts_label_sets_free);
    g_clear_pointer(&reader->names, g_ptr_array_unref);
    g_clear_pointer(&reader->numbers, g_hash_table_unref);
    g_clear_pointer(&reader->p_columns, g_free);
    g_clear_pointer(&reader->rows, g_free);
    g_clear_pointer(&reader->out, ts_predictions_free);
    g_clear_pointer(&reader->is_uneven, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reader, reader_clear)

static char **
true_names(const Reader *reader)
{
    return reader->truth != NULL ? reader->truth->names : reader->true_set->names;
}

/* NULL: there is no column of predictions. */
static char **
predicted_names(const Reader *reader)
{
    return reader->pred != NULL       ? reader->pred->names
           : reader->pred_set != NULL ? reader->pred_set->names
                                      : NULL;
}

static gboolean
has_probabilities(const TsManifest *manifest)
{
    for (guint k = 0; k < ts_manifest_n_columns(manifest); k++)
        if (g_str_has_prefix(ts_manifest_column_name(manifest, k), PREFIX))
            return TRUE;
    return FALSE;
}

/* Read truth and predictions, the latter only if they are there or needed. */
static gboolean
read_columns(Reader *reader, GError **error)
{
    const TsManifest *manifest = reader->manifest;
    const TsPredictionColumns *columns = reader->columns;
    gboolean with_pred =
        ts_manifest_find_column(manifest, columns->pred) >= 0 || !has_probabilities(manifest);
    if (columns->is_multi)
        reader->true_set = ts_label_sets_new(manifest, columns->label, error);
    else
        reader->truth = ts_classes_new(manifest, columns->label, error);
    if (reader->true_set == NULL && reader->truth == NULL)
        return FALSE;
    if (with_pred && columns->is_multi)
        reader->pred_set = ts_label_sets_new(manifest, columns->pred, error);
    else if (with_pred)
        reader->pred = ts_classes_new(manifest, columns->pred, error);
    if (!with_pred || reader->pred_set != NULL || reader->pred != NULL)
        return TRUE;
    g_prefix_error(error, "predictions (see predict): ");
    return FALSE;
}

static void
add_name(Reader *reader, char *name)
{
    if (g_hash_table_contains(reader->numbers, name))
        return;
    g_hash_table_insert(reader->numbers, name, GUINT_TO_POINTER(reader->names->len));
    g_ptr_array_add(reader->names, name);
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* All names that stand in truth or predictions: in byte order, or in that of the class list with
 * predictions of other names behind it. */
static void
name_by_answers(Reader *reader)
{
    char **lists[] = {true_names(reader), predicted_names(reader)};
    for (guint k = 0; k < G_N_ELEMENTS(lists); k++)
        for (guint c = 0; lists[k] != NULL && lists[k][c] != NULL; c++)
            add_name(reader, lists[k][c]);
    gboolean is_listed =
        ts_manifest_class_list(reader->manifest) != NULL &&
        (reader->columns->is_multi || strcmp(reader->columns->label, "label") == 0);
    if (is_listed)
        return;
    g_ptr_array_sort(reader->names, compare_names);
    for (guint c = 0; c < reader->names->len; c++)
        g_hash_table_insert(reader->numbers, reader->names->pdata[c], GUINT_TO_POINTER(c));
}

/* Fails for a name of `list` that has no probability. */
static gboolean
check_names(const Reader *reader, char **list, const char *column, GError **error)
{
    for (guint c = 0; list != NULL && list[c] != NULL; c++) {
        if (g_hash_table_contains(reader->numbers, list[c]))
            continue;
        g_autofree char *hint =
            ts_nearest_hint(list[c], (const char *const *) reader->names->pdata);
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: there is '%s' in column '%s', and no column p_%s%s",
                            ts_manifest_name(reader->manifest), list[c], column, list[c], hint);
    }
    return TRUE;
}

/* Columns p_CLASS, if one of them is that of a class: the model's classes in its order. */
static gboolean
name_by_probabilities(Reader *reader, GError **error)
{
    const TsManifest *manifest = reader->manifest;
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(guint));
    char **truth = true_names(reader), **pred = predicted_names(reader);
    gboolean is_known = pred == NULL;
    for (guint k = 0; k < ts_manifest_n_columns(manifest); k++) {
        const char *name = ts_manifest_column_name(manifest, k);
        if (!g_str_has_prefix(name, PREFIX))
            continue;
        name += strlen(PREFIX);
        is_known = is_known || g_strv_contains((const char *const *) truth, name) ||
                   g_strv_contains((const char *const *) pred, name);
        g_array_append_val(found, k);
        add_name(reader, (char *) name);
    }
    if (!is_known) { /* such as p_value: of somebody else */
        g_hash_table_remove_all(reader->numbers);
        g_ptr_array_set_size(reader->names, 0);
        return TRUE;
    }
    g_ptr_array_add(reader->names, NULL);
    gboolean ok = check_names(reader, truth, reader->columns->label, error) &&
                  check_names(reader, pred, reader->columns->pred, error);
    g_ptr_array_set_size(reader->names, (gint) reader->names->len - 1);
    reader->p_columns = (guint *) (void *) g_array_free(g_steal_pointer(&found), FALSE);
    return ok;
}

static gboolean
is_labelled(const Reader *reader, guint64 row)
{
    return reader->truth != NULL ? reader->truth->of_row[row] >= 0
                                 : reader->true_set->is_labelled[row];
}

static gboolean
choose_rows(Reader *reader, GError **error)
{
    const char *name = ts_manifest_name(reader->manifest), *split = reader->columns->split;
    guint column;
    guint64 n;
    if (split != NULL && !ts_manifest_require_column(reader->manifest, "split", &column, error))
        return FALSE;
    reader->rows = ts_manifest_select(reader->manifest, "split", split, &n);
    if (split != NULL && n == 0) {
        g_autofree char *hint = ts_manifest_values_hint(reader->manifest, "split");
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: no row is of split '%s'%s", name, split,
                            hint);
    }
    for (guint64 i = 0; i < n; i++)
        if (is_labelled(reader, reader->rows[i]))
            reader->rows[reader->n_rows++] = reader->rows[i];
    reader->n_unlabelled = n - reader->n_rows;
    return reader->n_rows > 0 ||
           ts_error_set(error, TS_ERROR_FORMAT, "%s: no row has a label to compare with", name);
}

/* The number that each class of the NULL-terminated `names` has among all. Free with g_free(). */
static gint32 *
renumber(const Reader *reader, char **names)
{
    gint32 *numbers = g_new0(gint32, (gsize) g_strv_length(names) + 1);
    for (guint c = 0; names[c] != NULL; c++)
        numbers[c] = (gint32) GPOINTER_TO_UINT(g_hash_table_lookup(reader->numbers, names[c]));
    return numbers;
}

static void
fill_sets(const Reader *reader, const TsLabelSets *sets, guint8 *out)
{
    g_autofree gint32 *numbers = renumber(reader, sets->names);
    for (guint64 i = 0; i < reader->n_rows; i++) {
        guint64 row = reader->rows[i];
        for (guint64 k = sets->first[row]; k < sets->first[row + 1]; k++)
            out[i * reader->out->n_classes + (guint) numbers[sets->labels[k]]] = 1;
    }
}

static void
fill_classes(const Reader *reader, const TsClasses *classes, gint32 *out)
{
    g_autofree gint32 *numbers = renumber(reader, classes->names);
    for (guint64 i = 0; i < reader->n_rows; i++)
        out[i] = numbers[classes->of_row[reader->rows[i]]];
}

static gboolean
check_predicted(const Reader *reader, GError **error)
{
    for (guint64 i = 0; i < reader->n_rows; i++) {
        guint64 row = reader->rows[i];
        if (reader->pred != NULL ? reader->pred->of_row[row] >= 0
                                 : reader->pred_set == NULL || reader->pred_set->is_labelled[row])
            continue;
        g_autofree char *where = ts_manifest_where(reader->manifest, row);
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: has a label and no prediction; predict it or drop the row", where);
    }
    return TRUE;
}

static gboolean
set_bad_cell(const Reader *reader, guint64 row, guint column, const char *expected, GError **error)
{
    TsCell cell = ts_manifest_cell(reader->manifest, row, column);
    g_autofree char *where = ts_manifest_where(reader->manifest, row);
    return ts_error_set(error, TS_ERROR_FORMAT, "%s: %s '%.*s' is not %s", where,
                        ts_manifest_column_name(reader->manifest, column),
                        (int) MIN(cell.length, 60), cell.text, expected);
}

/* Probabilities of a block of rows. */
static gboolean
read_block(guint64 block, gpointer data, GError **error)
{
    Reader *reader = data;
    const guint n = reader->out->n_classes;
    g_autofree TsCell *cells = g_new(TsCell, ts_manifest_n_columns(reader->manifest));
    for (guint64 i = block * BLOCK; i < MIN(reader->n_rows, (block + 1) * BLOCK); i++) {
        double *p = reader->out->p + i * n, sum = 0;
        ts_manifest_row(reader->manifest, reader->rows[i], cells);
        for (guint c = 0; c < n; c++) {
            if (!ts_cell_to_double(cells[reader->p_columns[c]], &p[c]) || p[c] < 0 ||
                p[c] > 1 + 1e-6)
                return set_bad_cell(reader, reader->rows[i], reader->p_columns[c],
                                    "a probability, 0 to 1", error);
            sum += p[c];
        }
        reader->is_uneven[i] = !reader->columns->is_multi && fabs(sum - 1) > 1e-3;
    }
    return TRUE;
}

static gboolean
read_probabilities(Reader *reader, GError **error)
{
    reader->is_uneven = ts_try_alloc(reader->n_rows + 1, 1, "predictions", error);
    if (reader->is_uneven == NULL ||
        !ts_parallel_for((reader->n_rows + BLOCK - 1) / BLOCK, read_block, reader, error))
        return FALSE;
    for (guint64 i = 0; i < reader->n_rows; i++)
        reader->out->n_uneven += reader->is_uneven[i];
    return TRUE;
}

/* A column of numbers from 0 to `max` into a new array of the rows; `expected` names them. */
static double *
read_numbers(const Reader *reader, guint column, double max, double fallback, const char *expected,
             GError **error)
{
    g_autofree double *values = ts_try_alloc(reader->n_rows + 1, sizeof *values, expected, error);
    for (guint64 i = 0; values != NULL && i < reader->n_rows; i++) {
        TsCell cell = ts_manifest_cell(reader->manifest, reader->rows[i], column);
        if (ts_cell_is_null(cell) && !isnan(fallback)) {
            values[i] = fallback;
        } else if (!ts_cell_to_double(cell, &values[i]) || values[i] < 0 || values[i] > max) {
            set_bad_cell(reader, reader->rows[i], column, expected, error);
            return NULL;
        }
    }
    return g_steal_pointer(&values);
}

static gboolean
read_weights(Reader *reader, GError **error)
{
    const char *name = reader->columns->weight;
    guint column;
    if (name == NULL)
        return TRUE;
    if (!ts_manifest_require_column(reader->manifest, name, &column, error))
        return FALSE;
    reader->out->weight =
        read_numbers(reader, column, G_MAXDOUBLE, 1, "a weight, 0 or more", error);
    double sum = 0;
    for (guint64 i = 0; reader->out->weight != NULL && i < reader->n_rows; i++)
        sum += reader->out->weight[i];
    return reader->out->weight != NULL &&
           (sum > 0 || ts_error_set(error, TS_ERROR_FORMAT, "%s: all weights are 0",
                                    ts_manifest_name(reader->manifest)));
}

/* The column of scores may hold anything where it is not ours; it is used where it can be. */
static void
read_score(Reader *reader)
{
    const char *name = reader->columns->score;
    int column = name != NULL && !reader->columns->is_multi && reader->p_columns == NULL
                     ? ts_manifest_find_column(reader->manifest, name)
                     : -1;
    if (column >= 0)
        reader->out->score =
            read_numbers(reader, (guint) column, 1 + 1e-6, NAN, "a probability", NULL);
}

static gboolean
fill(Reader *reader, GError **error)
{
    TsPredictions *out = reader->out;
    memcpy(out->rows, reader->rows, reader->n_rows * sizeof *out->rows);
    out->n_unlabelled = reader->n_unlabelled;
    if (!check_predicted(reader, error) ||
        (reader->p_columns != NULL && !read_probabilities(reader, error)))
        return FALSE;
    if (reader->pred == NULL && reader->pred_set == NULL)
        ts_predictions_choose(out);
    if (reader->truth != NULL)
        fill_classes(reader, reader->truth, out->truth);
    else
        fill_sets(reader, reader->true_set, out->truth_sets);
    if (reader->pred != NULL)
        fill_classes(reader, reader->pred, out->pred);
    if (reader->pred_set != NULL)
        fill_sets(reader, reader->pred_set, out->pred_sets);
    read_score(reader);
    return read_weights(reader, error) &&
           (reader->columns->positive == NULL ||
            ts_predictions_set_positive(out, reader->columns->positive, error));
}

TsPredictions *
ts_predictions_read(const TsManifest *manifest, const TsPredictionColumns *columns, GError **error)
{
    g_auto(Reader) reader = {
        .manifest = manifest,
        .columns = columns,
        .names = g_ptr_array_new(),
        .numbers = g_hash_table_new(g_str_hash, g_str_equal),
    };
    if (!read_columns(&reader, error) || !choose_rows(&reader, error) ||
        (has_probabilities(manifest) && !name_by_probabilities(&reader, error)))
        return NULL;
    if (reader.p_columns == NULL)
        name_by_answers(&reader);
    g_ptr_array_add(reader.names, NULL);
    reader.out = ts_predictions_new(reader.n_rows, (const char *const *) reader.names->pdata,
                                    columns->is_multi, reader.p_columns != NULL, error);
    if (reader.out == NULL || !fill(&reader, error))
        return NULL;
    return g_steal_pointer(&reader.out);
}

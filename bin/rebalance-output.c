/* rebalance: its manifest, its plan, and what it says. */
#include "base/error.h"
#include "base/log.h"
#include "base/number.h"
#include "base/tool.h"
#include "manifest/writer.h"
#include "rebalance.h"
#include "stats/report.h"

gboolean
rebalance_print_plan(const RebalanceJob *job, GError **error)
{
    static const char *const columns[] = {"class",     "before", "requested",
                                          "delivered", "change", NULL};
    const TsClasses *classes = job->classes;
    g_autoptr(TsReport) report = ts_report_new();
    ts_report_begin(report, "plan", columns);
    for (guint c = 0; c < classes->n; c++) {
        ts_report_text(report, classes->names[c]);
        ts_report_int(report, (gint64) classes->counts[c]);
        if (job->requested != NULL)
            ts_report_int(report, (gint64) job->requested[c]);
        else
            ts_report_text(report, NULL);
        ts_report_int(report, (gint64) job->delivered[c]);
        ts_report_int(report, (gint64) (job->delivered[c] - classes->counts[c]));
    }
    return ts_report_print(report, ts_tool_format(), error);
}

/* Rows that are repeated, class by class; `n` is how many. */
static guint64 *
sort_repeated(const RebalanceJob *job, guint64 *n, GError **error)
{
    const TsClasses *classes = job->classes;
    g_autofree guint64 *begin = g_new0(guint64, classes->n + 2);
    for (guint64 row = 0; row < job->n_rows; row++)
        if (job->repeats[row] > 1)
            begin[classes->of_row[row] + 1]++;
    for (guint c = 0; c < classes->n; c++)
        begin[c + 1] += begin[c];
    *n = begin[classes->n];
    guint64 *rows = ts_try_alloc(*n, sizeof *rows, "rows to repeat", error);
    for (guint64 row = 0; rows != NULL && row < job->n_rows; row++)
        if (job->repeats[row] > 1)
            rows[begin[classes->of_row[row]]++] = row;
    return rows;
}

gboolean
rebalance_each_row(const RebalanceJob *job, RebalanceRowFunc func, gpointer data, GError **error)
{
    guint64 n;
    g_autofree guint64 *repeated = sort_repeated(job, &n, error);
    if (repeated == NULL)
        return FALSE;
    for (guint64 row = 0; row < job->n_rows; row++)
        if (job->repeats[row] > 0 && !func(job, row, data, error))
            return FALSE;
    for (guint64 i = 0; i < n; i++)
        for (guint32 k = 1; k < job->repeats[repeated[i]]; k++)
            if (!func(job, repeated[i], data, error))
                return FALSE;
    return TRUE;
}

static gboolean
write_row(const RebalanceJob *job, guint64 row, gpointer data, GError **error)
{
    return ts_manifest_writer_copy_row(data, job->manifest, row, NULL, error);
}

/* The weight that the row has already, 1 without one. */
static gboolean
read_weight(const TsManifest *manifest, guint64 row, int column, double *weight, GError **error)
{
    *weight = 1;
    if (column < 0)
        return TRUE;
    TsCell cell = ts_manifest_cell(manifest, row, (guint) column);
    if (ts_cell_is_null(cell) || ts_cell_to_double(cell, weight))
        return TRUE;
    g_autofree char *where = ts_manifest_where(manifest, row);
    return ts_error_set(error, TS_ERROR_FORMAT, "%s: weight '%.*s' is not a number", where,
                        (int) MIN(cell.length, 80), cell.text);
}

/* The factor of each class, as text; g_free() each. */
static char **
write_factors(const RebalanceJob *job)
{
    const TsClasses *classes = job->classes;
    char **factors = g_new0(char *, classes->n + 1);
    for (guint c = 0; c < classes->n; c++) {
        char text[TS_NUMBER_MAX];
        double count = (double) MAX(classes->counts[c], 1);
        factors[c] = g_strdup(ts_format_double(text, (double) job->targets[c] / count));
    }
    return factors;
}

/* The weight of a row: its class's, times what it has already. */
static gboolean
put_weight(const RebalanceJob *job, guint64 row, int column, char *const *factors, char *text,
           GError **error)
{
    const TsClasses *classes = job->classes;
    gint32 class = classes->of_row[row];
    double weight;
    if (column < 0) {
        g_strlcpy(text, class >= 0 ? factors[class] : "1", TS_NUMBER_MAX);
        return TRUE;
    }
    if (!read_weight(job->manifest, row, column, &weight, error))
        return FALSE;
    if (class >= 0)
        weight *= (double) job->targets[class] / (double) classes->counts[class];
    ts_format_double(text, weight);
    return TRUE;
}

/* Each row that is used, once, with its number. */
static gboolean
write_numbered(const RebalanceJob *job, TsManifestWriter *writer, GError **error)
{
    gboolean is_repeat = job->how->form == AS_REPEAT;
    int column = ts_manifest_find_column(job->manifest, "weight");
    g_auto(GStrv) factors = write_factors(job);
    for (guint64 row = 0; row < job->n_rows; row++) {
        gint32 class = job->classes->of_row[row];
        char text[TS_NUMBER_MAX];
        const char *const values[] = {text, NULL};
        if (class >= 0 && (is_repeat ? job->repeats[row] : job->targets[class]) == 0)
            continue;
        if (is_repeat)
            g_snprintf(text, sizeof text, "%u", job->repeats[row]);
        else if (!put_weight(job, row, column, factors, text, error))
            return FALSE;
        if (!ts_manifest_writer_copy_row(writer, job->manifest, row, values, error))
            return FALSE;
    }
    return TRUE;
}

/* The columns that new rows fill in. */
typedef struct {
    double *const *value; /* where each column's value is kept, NULL: it is no feature */
    int label, split, id;
} NewColumns;

/* A row like the one it starts from, or, a centroid, one of its own. */
static void
put_cell(const RebalanceJob *job, TsManifestWriter *writer, const NewColumns *columns, guint64 i,
         guint column)
{
    guint64 base = job->new_bases != NULL ? job->rows[job->new_bases[i]] : G_MAXUINT64;
    TsCell cell =
        base != G_MAXUINT64 ? ts_manifest_cell(job->manifest, base, column) : (TsCell){"\\N", 2};
    const char *class = job->classes->names[job->new_classes[i]];
    if (columns->value[column] != NULL) {
        ts_manifest_writer_put_double(writer, columns->value[column][0]);
    } else if ((int) column == columns->label) {
        ts_manifest_writer_put(writer, class);
    } else if ((int) column == columns->id) {
        g_autofree char *id = ts_cell_is_null(cell) ? g_strdup(class) : ts_cell_unescape(cell);
        g_autofree char *own = g_strdup_printf("%s~%" G_GUINT64_FORMAT, id, i + 1);
        ts_manifest_writer_put(writer, own);
    } else if ((int) column == columns->split && base == G_MAXUINT64 && !job->how->all_splits) {
        ts_manifest_writer_put(writer, job->how->split != NULL ? job->how->split : "train");
    } else {
        ts_manifest_writer_put_cell(writer, cell);
    }
}

static gboolean
write_new_rows(const RebalanceJob *job, TsManifestWriter *writer, GError **error)
{
    guint n_columns = ts_manifest_n_columns(job->manifest);
    gsize d = job->n_new > 0 ? job->space->points.d : 0;
    g_autofree double **value = g_new0(double *, n_columns + 1);
    NewColumns columns = {.value = value,
                          .label = ts_manifest_find_column(job->manifest, job->how->label),
                          .split = ts_manifest_find_column(job->manifest, "split"),
                          .id = ts_manifest_find_column(job->manifest, "id")};
    for (guint64 i = 0; i < job->n_new; i++) {
        for (gsize j = 0; j < d; j++)
            value[job->space->columns[j]] = &job->new_values[i * d + j];
        for (guint column = 0; column < n_columns; column++)
            put_cell(job, writer, &columns, i, column);
        if (!ts_manifest_writer_end_row(writer, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
rebalance_write_table(const RebalanceJob *job, GError **error)
{
    OutputForm form = job->how->form;
    const char *const extra[] = {form == AS_REPEAT ? "repeat" : "weight", NULL};
    g_autoptr(TsManifestWriter) writer = ts_manifest_writer_new_like(
        job->how->output, job->manifest, form == AS_ROWS ? NULL : extra, ts_tool_force(), error);
    if (writer == NULL)
        return FALSE;
    gboolean written = form == AS_ROWS ? rebalance_each_row(job, write_row, writer, error) &&
                                             write_new_rows(job, writer, error)
                                       : write_numbered(job, writer, error);
    return written && ts_manifest_writer_commit(writer, error);
}

/* "rows 2450 -> 3500 (zero 35 -> 350, one 350, ...); 1050 of other splits ... kept" */
void
rebalance_report_counts(const RebalanceJob *job)
{
    enum { CLASSES_SHOWN = 20 };
    const TsClasses *classes = job->classes;
    guint64 before = 0, after = 0, requested = 0;
    g_autoptr(GString) list = g_string_new(NULL);
    for (guint c = 0; c < classes->n; c++) {
        before += classes->counts[c];
        after += job->delivered[c];
        if (classes->counts[c] > 0 && job->delivered[c] == 0)
            ts_warning(
                "class '%s' has no row left; --strategy 'list:...' without it keeps its rows",
                classes->names[c]);
        requested += job->requested != NULL ? job->requested[c] : job->delivered[c];
        if (c < CLASSES_SHOWN)
            g_string_append_printf(list, "%s%s %" G_GUINT64_FORMAT, c > 0 ? ", " : "",
                                   classes->names[c], classes->counts[c]);
        if (c < CLASSES_SHOWN && job->delivered[c] != classes->counts[c])
            g_string_append_printf(list, " -> %" G_GUINT64_FORMAT, job->delivered[c]);
    }
    if (classes->n > CLASSES_SHOWN)
        g_string_append_printf(list, ", and %u more classes", classes->n - CLASSES_SHOWN);
    if (requested != after)
        g_string_append_printf(list, "; %" G_GUINT64_FORMAT " were requested", requested);
    g_autofree char *untouched =
        job->n_untouched > 0
            ? g_strdup_printf("; %" G_GUINT64_FORMAT " of other splits or without a class kept",
                              job->n_untouched)
            : g_strdup("");
    ts_info("rows %" G_GUINT64_FORMAT " -> %" G_GUINT64_FORMAT " (%s)%s", before, after, list->str,
            untouched);
}

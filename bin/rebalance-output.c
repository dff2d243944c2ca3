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
        ts_report_int(report, (gint64) job->requested[c]);
        ts_report_int(report, (gint64) job->targets[c]);
        ts_report_int(report, (gint64) (job->targets[c] - classes->counts[c]));
    }
    return ts_report_print(report, ts_tool_format(), error);
}

/* Rows whose class grows are written once in their place; these are the others: what is repeated,
 * class by class. */
static gboolean
write_repeated(const RebalanceJob *job, TsManifestWriter *writer, GError **error)
{
    const TsClasses *classes = job->classes;
    g_autofree guint64 *begin = g_new0(guint64, classes->n + 2);
    guint64 n_rows = ts_manifest_n_rows(job->manifest);
    for (guint64 row = 0; row < n_rows; row++)
        if (job->repeats[row] > 1)
            begin[classes->of_row[row] + 1]++;
    for (guint c = 0; c < classes->n; c++)
        begin[c + 1] += begin[c];
    guint64 n = begin[classes->n];
    g_autofree guint64 *rows = ts_try_alloc(n, sizeof *rows, "rows to repeat", error);
    for (guint64 row = 0; rows != NULL && row < n_rows; row++)
        if (job->repeats[row] > 1)
            rows[begin[classes->of_row[row]]++] = row;
    for (guint64 i = 0; rows != NULL && i < n; i++)
        for (guint32 k = 1; k < job->repeats[rows[i]]; k++)
            if (!ts_manifest_writer_copy_row(writer, job->manifest, rows[i], NULL, error))
                return FALSE;
    return rows != NULL;
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

/* Each row that is used, once, with its number. */
static gboolean
write_numbered(const RebalanceJob *job, TsManifestWriter *writer, GError **error)
{
    const TsClasses *classes = job->classes;
    int column = ts_manifest_find_column(job->manifest, "weight");
    for (guint64 row = 0; row < ts_manifest_n_rows(job->manifest); row++) {
        gint32 class = classes->of_row[row];
        char text[TS_NUMBER_MAX];
        const char *const values[] = {text, NULL};
        if (class >= 0 && (job->form == AS_REPEAT ? job->repeats[row] : job->targets[class]) == 0)
            continue;
        if (job->form == AS_REPEAT) {
            g_snprintf(text, sizeof text, "%u", job->repeats[row]);
        } else {
            double weight;
            if (!read_weight(job->manifest, row, column, &weight, error))
                return FALSE;
            if (class >= 0)
                weight *= (double) job->targets[class] / (double) classes->counts[class];
            ts_format_double(text, weight);
        }
        if (!ts_manifest_writer_copy_row(writer, job->manifest, row, values, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
write_rows(const RebalanceJob *job, TsManifestWriter *writer, GError **error)
{
    for (guint64 row = 0; row < ts_manifest_n_rows(job->manifest); row++)
        if (job->repeats[row] > 0 &&
            !ts_manifest_writer_copy_row(writer, job->manifest, row, NULL, error))
            return FALSE;
    return write_repeated(job, writer, error);
}

gboolean
rebalance_write(const RebalanceJob *job, const char *output, GError **error)
{
    const char *const extra[] = {job->form == AS_REPEAT ? "repeat" : "weight", NULL};
    g_autoptr(TsManifestWriter) writer = ts_manifest_writer_new_like(
        output, job->manifest, job->form == AS_ROWS ? NULL : extra, ts_tool_force(), error);
    if (writer == NULL)
        return FALSE;
    gboolean written =
        job->form == AS_ROWS ? write_rows(job, writer, error) : write_numbered(job, writer, error);
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
        after += job->targets[c];
        requested += job->requested[c];
        if (c < CLASSES_SHOWN)
            g_string_append_printf(list, "%s%s %" G_GUINT64_FORMAT, c > 0 ? ", " : "",
                                   classes->names[c], classes->counts[c]);
        if (c < CLASSES_SHOWN && job->targets[c] != classes->counts[c])
            g_string_append_printf(list, " -> %" G_GUINT64_FORMAT, job->targets[c]);
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

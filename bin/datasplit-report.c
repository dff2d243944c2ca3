/* datasplit's report: how large the parts are, which classes they lack, how far from their shares
 * they are. */
#include "base/error.h"
#include "base/log.h"
#include "base/tool.h"
#include "datasplit.h"
#include "manifest/writer.h"

#include <math.h>

static void
append_size(GString *text, const char *name, guint64 size, guint64 n)
{
    g_string_append_printf(text, "%s%s %" G_GUINT64_FORMAT " rows (%.1f %%)",
                           text->len > 0 ? ", " : "", name, size,
                           n > 0 ? 100.0 * (double) size / (double) n : 0);
}

static void
append_fold_sizes(GString *text, const guint64 *sizes, guint n)
{
    guint64 least = G_MAXUINT64, most = 0;
    for (guint p = 0; p < n; p++) {
        least = MIN(least, sizes[p]);
        most = MAX(most, sizes[p]);
    }
    g_string_append_printf(text, "%u folds of %" G_GUINT64_FORMAT, n, n > 0 ? least : 0);
    if (least < most)
        g_string_append_printf(text, " to %" G_GUINT64_FORMAT, most);
    g_string_append(text, " rows");
}

/* "train 29 rows (69.0 %), val 7 rows (16.7 %), ..." or "5 folds of 40 to 41 rows". */
static gboolean
report_sizes(const SplitJob *job, guint repeat, GError **error)
{
    g_autofree guint64 *sizes =
        ts_try_alloc((gsize) job->n_parts + 1, sizeof *sizes, "sizes", error);
    g_autoptr(GString) text = g_string_new(NULL);
    if (sizes == NULL)
        return FALSE;
    for (guint64 i = 0; i < job->n; i++)
        if (job->part_of_row[repeat][i] != TS_SPLIT_NONE)
            sizes[job->part_of_row[repeat][i]]++;
    for (guint p = 0; job->names != NULL && p < job->n_parts; p++)
        if (sizes[p] == 0)
            ts_warning("%s '%s' has no row", split_job_has_folds(job) ? "fold" : "split",
                       job->names[p]);
    if (split_job_has_folds(job))
        append_fold_sizes(text, sizes, job->n_parts);
    for (guint p = 0; !split_job_has_folds(job) && p < job->n_parts; p++)
        append_size(text, job->names[p], sizes[p], job->n);
    if (job->groups != NULL && job->blocks == NULL)
        g_string_append_printf(text, "; %u groups kept together", job->n_groups);
    if (split_options.only != NULL)
        g_string_append_printf(text, "; %" G_GUINT64_FORMAT " rows of other splits as they were",
                               ts_manifest_n_rows(job->manifest) - job->n);
    if (job->n_repeats > 1)
        ts_info("repeat %u: %s", repeat + 1, text->str);
    else
        ts_info("%s", text->str);
    return TRUE;
}

static guint
n_classes(const SplitJob *job)
{
    return job->classes != NULL ? job->classes->n : job->sets != NULL ? job->sets->n : 0;
}

static const char *
class_name(const SplitJob *job, guint class)
{
    return job->classes != NULL ? job->classes->names[class] : job->sets->names[class];
}

/* Rows by class and part: (n_classes + 2, n_parts). Behind the classes come the rows that have
 * none, and all rows. */
static guint64 *
count_cells(const SplitJob *job, guint repeat, GError **error)
{
    guint n = n_classes(job);
    gsize n_cells, n_parts = job->n_parts;
    if (!g_size_checked_mul(&n_cells, (gsize) n + 2, n_parts)) {
        ts_error_set(error, TS_ERROR_NO_MEMORY, "table of classes: too large");
        return NULL;
    }
    guint64 *cells = ts_try_alloc(n_cells + 1, sizeof *cells, "table of classes", error);
    for (guint64 i = 0; cells != NULL && i < job->n; i++) {
        guint32 part = job->part_of_row[repeat][i];
        if (part == TS_SPLIT_NONE)
            continue;
        guint64 begin = job->sets != NULL ? job->sets->first[i] : 0;
        guint64 end = job->sets != NULL ? job->sets->first[i + 1] : 0;
        gint32 class = job->classes != NULL ? job->classes->of_row[i] : -1;
        for (guint64 k = begin; k < end; k++)
            cells[job->sets->labels[k] * n_parts + part]++;
        if (begin == end)
            cells[(class >= 0 ? (guint) class : n) * n_parts + part]++;
        cells[((gsize) n + 1) * n_parts + part]++;
    }
    return cells;
}

/* A class without a row in some split cannot be learned or judged there. */
static void
warn_of_absent_classes(const SplitJob *job, const guint64 *cells)
{
    gsize n_parts = job->n_parts;
    for (guint p = 0; p < n_parts; p++) {
        guint n_absent = 0, first = 0;
        guint64 n_rows = 0, n_present = 0;
        for (guint c = n_classes(job); c-- > 0;) {
            guint64 n_of_class = 0;
            for (guint q = 0; q < n_parts; q++)
                n_of_class += cells[c * n_parts + q];
            n_present += cells[c * n_parts + p];
            if (n_of_class == 0 || cells[c * n_parts + p] > 0)
                continue;
            n_absent++;
            first = c;
            n_rows = n_of_class;
        }
        if (n_absent > 0 && n_present > 0)
            ts_warning("%s '%s' has no row of %u class%s, such as '%s' (%" G_GUINT64_FORMAT
                       " row%s in all)",
                       split_job_has_folds(job) ? "fold" : "split", job->names[p], n_absent,
                       n_absent == 1 ? "" : "es", class_name(job, first), n_rows,
                       n_rows == 1 ? "" : "s");
    }
}

/* One class in one part, and what it was to be. */
typedef struct {
    guint repeat, part;
    const char *class;
    guint64 rows;
    double wanted;
} Residual;

typedef gboolean (*UseResidual)(const SplitJob *job, const Residual *residual, gpointer data,
                                GError **error);

/* Give a row of the table to `use`. */
static gboolean
use_row(const SplitJob *job, guint repeat, const char *class, const guint64 *row, UseResidual use,
        gpointer data, GError **error)
{
    guint64 total = 0;
    for (guint p = 0; p < job->n_parts; p++)
        total += row[p];
    for (guint p = 0; total > 0 && p < job->n_parts; p++) {
        double wanted = (double) total * job->shares->shares[p];
        if (!use(job, &(Residual){repeat, p, class, row[p], wanted}, data, error))
            return FALSE;
    }
    return TRUE;
}

/* Give every row of the table to `use`: all rows first, then class by class. */
static gboolean
for_each_residual(const SplitJob *job, const guint64 *cells, guint repeat, UseResidual use,
                  gpointer data, GError **error)
{
    guint n = n_classes(job);
    gsize n_parts = job->n_parts;
    gboolean stratified = job->classes != NULL || job->sets != NULL;
    if (!use_row(job, repeat, "(all)", cells + (n + 1) * n_parts, use, data, error))
        return FALSE;
    for (guint c = 0; c < n; c++)
        if (!use_row(job, repeat, class_name(job, c), cells + c * n_parts, use, data, error))
            return FALSE;
    return !stratified || use_row(job, repeat, job->sets != NULL ? "(no label)" : "(unlabelled)",
                                  cells + n * n_parts, use, data, error);
}

static gboolean
keep_largest(const SplitJob *job, const Residual *residual, gpointer data, GError **error)
{
    Residual *largest = data;
    (void) job;
    (void) error;
    if (fabs((double) residual->rows - residual->wanted) >
        fabs((double) largest->rows - largest->wanted) + 1e-9)
        *largest = *residual;
    return TRUE;
}

/* Where groups (or what was locked, or a hash) do not allow the shares that were asked for. */
static gboolean
report_largest_residual(const SplitJob *job, const guint64 *cells, guint repeat, GError **error)
{
    Residual largest = {0};
    if (!for_each_residual(job, cells, repeat, keep_largest, &largest, error))
        return FALSE;
    if (fabs((double) largest.rows - largest.wanted) >= 1)
        ts_info("furthest from its share: %s '%s' has %" G_GUINT64_FORMAT
                " rows of %s, %.1f are its share",
                split_job_has_folds(job) ? "fold" : "split", job->names[largest.part], largest.rows,
                largest.class, largest.wanted);
    return TRUE;
}

static gboolean
write_residual(const SplitJob *job, const Residual *residual, gpointer data, GError **error)
{
    TsManifestWriter *writer = data;
    if (job->n_repeats > 1)
        ts_manifest_writer_put_int(writer, residual->repeat + 1);
    ts_manifest_writer_put(writer, job->names[residual->part]);
    ts_manifest_writer_put(writer, residual->class);
    ts_manifest_writer_put_int(writer, (gint64) residual->rows);
    ts_manifest_writer_put_double(writer, residual->wanted);
    ts_manifest_writer_put_double(writer, (double) residual->rows - residual->wanted);
    return ts_manifest_writer_end_row(writer, error);
}

static TsManifestWriter *
residuals_writer(const SplitJob *job, GError **error)
{
    const char *part = split_job_has_folds(job) ? "fold" : "split";
    const char *const columns[] = {"repeat", part, "class", "rows", "wanted", "deviation", NULL};
    return ts_manifest_writer_new(split_options.residuals, columns + (job->n_repeats == 1),
                                  ts_tool_force(), error);
}

static gboolean
report_repeat(const SplitJob *job, guint repeat, TsManifestWriter *writer, GError **error)
{
    if (!report_sizes(job, repeat, error))
        return FALSE;
    if (job->names == NULL) /* every group a fold: it lacks classes by its nature */
        return TRUE;
    g_autofree guint64 *cells = count_cells(job, repeat, error);
    if (cells == NULL)
        return FALSE;
    if (job->classes != NULL || job->sets != NULL)
        warn_of_absent_classes(job, cells);
    if (job->shares != NULL && job->shares->n == job->n_parts && split_options.fold == 0 &&
        !report_largest_residual(job, cells, repeat, error))
        return FALSE;
    return writer == NULL || for_each_residual(job, cells, repeat, write_residual, writer, error);
}

gboolean
split_job_report(const SplitJob *job, GError **error)
{
    g_autoptr(TsManifestWriter) writer = NULL;
    if (split_options.residuals != NULL && (writer = residuals_writer(job, error)) == NULL)
        return FALSE;
    for (guint r = 0; r < job->n_repeats; r++)
        if (!report_repeat(job, r, writer, error))
            return FALSE;
    return writer == NULL || ts_manifest_writer_commit(writer, error);
}

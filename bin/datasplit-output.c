/* datasplit's output: the manifest with its new columns, and what is said about them. */
#include "base/error.h"
#include "base/log.h"
#include "base/tool.h"
#include "datasplit.h"
#include "manifest/writer.h"

gboolean
split_job_has_folds(const SplitJob *job)
{
    (void) job;
    return split_options.fold == 0 &&
           (split_options.folds > 0 || split_options.leave_one_group_out);
}

/* split, or fold_1, fold_2, ... NULL-terminated; free with g_strfreev(). */
static char **
column_names(const SplitJob *job)
{
    const char *name = split_job_has_folds(job) ? "fold" : "split";
    char **names = g_new0(char *, job->n_repeats + 1);
    for (guint r = 0; r < job->n_repeats; r++)
        names[r] = job->n_repeats == 1 ? g_strdup(name) : g_strdup_printf("%s_%u", name, r + 1);
    return names;
}

/* The names of all parts, NULL-terminated; free with g_strfreev(). */
static char **
part_names(const SplitJob *job)
{
    char **names = g_new0(char *, (gsize) job->n_parts + 1);
    for (guint p = 0; p < job->n_parts; p++)
        names[p] = job->names != NULL ? g_strdup(job->names[p]) : g_strdup_printf("%u", p + 1);
    return names;
}

/* What a row that is not dealt keeps. Free with g_free(). */
static char *
kept_split(const SplitJob *job, guint64 row)
{
    if (split_job_has_folds(job) || job->split_column < 0)
        return NULL;
    return ts_cell_unescape(ts_manifest_cell(job->manifest, row, (guint) job->split_column));
}

static gboolean
write_rows(const SplitJob *job, TsManifestWriter *writer, GError **error)
{
    g_auto(GStrv) names = part_names(job);
    g_autofree const char **values = g_new0(const char *, job->n_repeats);
    for (guint64 row = 0, i = 0; row < ts_manifest_n_rows(job->manifest); row++) {
        gboolean dealt = i < job->n && job->rows[i] == row;
        g_autofree char *kept = dealt ? NULL : kept_split(job, row);
        for (guint r = 0; r < job->n_repeats; r++)
            values[r] = dealt ? names[job->part_of_row[r][i]] : kept;
        i += dealt;
        if (!ts_manifest_writer_copy_row(writer, job->manifest, row, values, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
split_job_write(const SplitJob *job, GError **error)
{
    g_auto(GStrv) columns = column_names(job);
    g_autoptr(TsManifestWriter) writer = ts_manifest_writer_new_like(
        split_options.output != NULL ? split_options.output : "-", job->manifest,
        (const char *const *) columns, ts_tool_force(), error);
    return writer != NULL && write_rows(job, writer, error) &&
           ts_manifest_writer_commit(writer, error);
}

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
        sizes[job->part_of_row[repeat][i]]++;
    if (split_job_has_folds(job))
        append_fold_sizes(text, sizes, job->n_parts);
    for (guint p = 0; !split_job_has_folds(job) && p < job->n_parts; p++)
        append_size(text, job->names[p], sizes[p], job->n);
    if (job->groups != NULL)
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

/* A class without a row in some split cannot be learned or judged there. */
static gboolean
warn_of_absent_classes(const SplitJob *job, guint repeat, GError **error)
{
    guint n = job->classes->n, n_parts = job->n_parts;
    gsize n_cells;
    if (!g_size_checked_mul(&n_cells, n, n_parts))
        return ts_error_set(error, TS_ERROR_NO_MEMORY, "table of classes: too large");
    g_autofree guint64 *cells = ts_try_alloc(n_cells, sizeof *cells, "table of classes", error);
    if (cells == NULL)
        return FALSE;
    for (guint64 i = 0; i < job->n; i++)
        if (job->classes->of_row[i] >= 0)
            cells[(gsize) job->classes->of_row[i] * n_parts + job->part_of_row[repeat][i]]++;
    for (guint p = 0; p < n_parts; p++) {
        guint n_absent = 0, first = 0;
        for (guint c = n; c-- > 0;)
            if (job->classes->counts[c] > 0 && cells[(gsize) c * n_parts + p] == 0) {
                n_absent++;
                first = c;
            }
        if (n_absent > 0)
            ts_warning("%s '%s' has no row of %u class%s, such as '%s' (%" G_GUINT64_FORMAT
                       " row%s in all)",
                       split_job_has_folds(job) ? "fold" : "split", job->names[p], n_absent,
                       n_absent == 1 ? "" : "es", job->classes->names[first],
                       job->classes->counts[first], job->classes->counts[first] == 1 ? "" : "s");
    }
    return TRUE;
}

gboolean
split_job_report(const SplitJob *job, GError **error)
{
    for (guint r = 0; r < job->n_repeats; r++)
        if (!report_sizes(job, r, error) ||
            /* A group left out lacks classes by its nature. */
            (job->classes != NULL && job->names != NULL && !warn_of_absent_classes(job, r, error)))
            return FALSE;
    return TRUE;
}

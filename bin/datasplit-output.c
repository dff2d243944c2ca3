/* datasplit's output: the manifest with its new columns. */
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

/* What stands for the part of a row; NULL for a fold that there is none of. */
static const char *
name_of_part(const SplitJob *job, char *const *names, guint32 part)
{
    if (part != TS_SPLIT_NONE)
        return names[part];
    return split_job_has_folds(job) ? NULL : "gap";
}

/* A row of which every repeat says that it lies in a gap. */
static gboolean
is_dropped(const SplitJob *job, guint64 i)
{
    for (guint r = 0; split_options.drop_gap && r < job->n_repeats; r++)
        if (job->part_of_row[r][i] != TS_SPLIT_NONE)
            return FALSE;
    return split_options.drop_gap;
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
            values[r] = dealt ? name_of_part(job, names, job->part_of_row[r][i]) : kept;
        gboolean dropped = dealt && is_dropped(job, i);
        i += dealt;
        if (!dropped && !ts_manifest_writer_copy_row(writer, job->manifest, row, values, error))
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

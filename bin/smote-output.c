/* smote: the rows, the plan, and what it says. */
#include "balance/smote/synthetic.h"
#include "base/error.h"
#include "base/log.h"
#include "base/tool.h"
#include "smote.h"
#include "stats/report.h"

#include <string.h>

guint64
smote_neighbours_of(const SmoteJob *job, guint64 n)
{
    guint64 n_around = job->how.kind == TS_SMOTE_BORDERLINE_2 ? job->n : n;
    return MIN(job->how.k, n_around > 0 ? n_around - 1 : 0);
}

gboolean
smote_print_plan(const SmoteJob *job, GError **error)
{
    static const char *const columns[] = {"class", "before",     "requested", "delivered",
                                          "new",   "neighbours", NULL};
    const TsClasses *classes = job->classes;
    g_autoptr(TsReport) report = ts_report_new();
    ts_report_begin(report, "plan", columns);
    for (guint c = 0; c < classes->n; c++) {
        ts_report_text(report, classes->names[c]);
        ts_report_int(report, (gint64) classes->counts[c]);
        ts_report_int(report, (gint64) job->requested[c]);
        ts_report_int(report, (gint64) job->targets[c]);
        ts_report_int(report, (gint64) job->add[c]);
        ts_report_int(report, (gint64) smote_neighbours_of(job, classes->counts[c]));
    }
    return ts_report_print(report, ts_tool_format(), error);
}

gboolean
smote_write(const SmoteJob *job, const SmoteOutput *to, GError **error)
{
    const TsSpace *table = job->table != NULL ? job->table : job->space;
    gboolean force = ts_tool_force(), in_columns = table != NULL && table->columns != NULL;
    TsSynthetic made = {.manifest = job->manifest,
                        .rows = job->rows,
                        .n = job->n,
                        .values = in_columns || job->manifest == NULL ? &table->points : NULL,
                        .columns = in_columns ? table->columns : NULL,
                        .has_pictures = smote_has_pictures(job),
                        .blends = job->blends,
                        .nominal = job->nominal,
                        .codes = job->codes,
                        .keep = job->keep};
    const char *path = to->path != NULL ? to->path : "-";
    if (to->parents != NULL && !ts_synthetic_write_parents(&made, to->parents, force, error))
        return FALSE;
    if (job->manifest == NULL)
        return ts_synthetic_write_labels(&made, job->classes, to->labels, force, error) &&
               ts_synthetic_write_npy(&made, ts_npy_get(table->file), path, force, error);
    if (strcmp(path, "-") == 0 || g_str_has_suffix(path, ".tsv"))
        return ts_synthetic_write_table(&made, path, force, error);
    g_autofree char *kept = NULL;
    gboolean written = ts_synthetic_write_pictures(&made, path, force, &kept, error);
    if (kept != NULL)
        ts_warning("%s: files that came into the replaced folder meanwhile are kept here", kept);
    return written;
}

/* Why a class may get no row at all, and what then. */
static const char *
reason_for_none(TsSmoteKind kind)
{
    switch (kind) {
    case TS_SMOTE_BORDERLINE_1:
    case TS_SMOTE_BORDERLINE_2:
        return ": no row of it is in danger; take --kind smote or another -m";
    case TS_SMOTE_SAFE_LEVEL:
        return ": no row of it has one of its own among its nearest; take --kind smote or a larger "
               "-k";
    case TS_SMOTE_EOS:
        return ": no row of it has one of another class among its nearest; take a larger -m";
    case TS_SMOTE_ADASYN:
        return ": the share of each of its rows is below one half; ask for more or take --kind "
               "smote";
    default:
        return "";
    }
}

/* "rows 43 -> 72 (disc 24, square 12 + 12 of 12, triangle 6 + 18 of 18)": made of asked for. */
static void
report_counts(const SmoteJob *job)
{
    enum { CLASSES_SHOWN = 20 };
    const TsClasses *classes = job->classes;
    guint64 before = 0, made = 0;
    g_autoptr(GString) list = g_string_new(NULL);
    for (guint c = 0; c < classes->n; c++) {
        before += classes->counts[c];
        made += job->made[c];
        if (job->made[c] != job->add[c])
            ts_warning("class '%s': %" G_GUINT64_FORMAT
                       " new rows were asked for, %" G_GUINT64_FORMAT " were made%s",
                       classes->names[c], job->add[c], job->made[c],
                       job->made[c] == 0 ? reason_for_none(job->how.kind) : "");
        if (c >= CLASSES_SHOWN)
            continue;
        g_string_append_printf(list, "%s%s %" G_GUINT64_FORMAT, c > 0 ? ", " : "",
                               classes->names[c], classes->counts[c]);
        if (job->add[c] > 0)
            g_string_append_printf(list, " + %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT,
                                   job->made[c], job->add[c]);
    }
    if (classes->n > CLASSES_SHOWN)
        g_string_append_printf(list, ", and %u more classes", classes->n - CLASSES_SHOWN);
    ts_info("rows %" G_GUINT64_FORMAT " -> %" G_GUINT64_FORMAT " (%s)", before, before + made,
            list->str);
}

/* New rows whose parents are of two groups belong to neither: without splits yet, that is for the
 * user to know. */
static void
report_groups(const SmoteJob *job)
{
    gboolean may_leak =
        job->manifest != NULL && ts_manifest_find_column(job->manifest, "split") < 0;
    int column = may_leak ? ts_manifest_find_column(job->manifest, "group") : -1;
    guint n_between = 0;
    for (guint i = 0; column >= 0 && i < job->blends->len; i++) {
        const TsBlend *blend = &g_array_index(job->blends, TsBlend, i);
        TsCell a = ts_manifest_cell(job->manifest, job->rows[blend->a], (guint) column);
        TsCell b = ts_manifest_cell(job->manifest, job->rows[blend->b], (guint) column);
        n_between += !ts_cell_same(a, b);
    }
    if (n_between > 0)
        ts_info("%u new rows have parents of two groups, and the group of the first one; split "
                "before, not after",
                n_between);
}

/* The kinds enn and tomek take rows out again, old and new ones. */
static void
report_cleaning(const SmoteJob *job)
{
    guint64 n_old = 0, n_new = 0;
    for (gsize i = 0; job->keep != NULL && i < job->n; i++)
        n_old += !job->keep[i];
    for (gsize i = 0; job->keep != NULL && i < job->blends->len; i++)
        n_new += !job->keep[job->n + i];
    if (job->keep != NULL)
        ts_info("%" G_GUINT64_FORMAT " of the rows that there were and %" G_GUINT64_FORMAT
                " of the new ones left out again: %" G_GUINT64_FORMAT " rows remain",
                n_old, n_new, job->n + job->blends->len - n_old - n_new);
}

void
smote_report(const SmoteJob *job)
{
    report_counts(job);
    report_groups(job);
    report_cleaning(job);
}

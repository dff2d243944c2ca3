/* datacheck: the tables of its report. */
#include "datacheck.h"

#include "base/log.h"

#include <math.h>
#include <stdlib.h>

static int
compare_pairs(const void *x, const void *y)
{
    const DataCheckPair *a = x, *b = y;
    if (a->distance != b->distance)
        return a->distance < b->distance ? -1 : 1;
    if (a->a != b->a)
        return a->a < b->a ? -1 : 1;
    return (a->b > b->b) - (a->b < b->b);
}

GArray *
datacheck_pairs(const TsNearest *nearest, guint32 n)
{
    GArray *pairs = g_array_new(FALSE, FALSE, sizeof(DataCheckPair));
    for (guint32 i = 0; i < n; i++) {
        const guint32 other = nearest[i].partner;
        if (other == TS_NO_PARTNER || (other < i && nearest[other].partner == i))
            continue;
        const DataCheckPair pair = {i, other, nearest[i].distance};
        g_array_append_val(pairs, pair);
    }
    if (pairs->len > 0)
        qsort(pairs->data, pairs->len, sizeof(DataCheckPair), compare_pairs);
    return pairs;
}

GArray *
datacheck_copies(const TsDuplicates *duplicates)
{
    /* first by counting: where the copies of each group begin */
    GArray *pairs = g_array_new(FALSE, FALSE, sizeof(DataCheckPair));
    g_autofree guint32 *starts = g_new0(guint32, (gsize) duplicates->n_groups + 1);
    guint32 n_copies = 0;
    for (guint32 i = 0; i < duplicates->n; i++)
        if (duplicates->group[i] != TS_NO_GROUP && duplicates->kept[duplicates->group[i]] != i) {
            starts[duplicates->group[i] + 1]++;
            n_copies++;
        }
    for (guint32 g = 0; g < duplicates->n_groups; g++)
        starts[g + 1] += starts[g];
    g_array_set_size(pairs, n_copies);
    for (guint32 i = 0; i < duplicates->n; i++) {
        const guint32 group = duplicates->group[i];
        if (group == TS_NO_GROUP || duplicates->kept[group] == i)
            continue;
        g_array_index(pairs, DataCheckPair, starts[group]++) =
            (DataCheckPair){i, duplicates->kept[group], duplicates->distance[i]};
    }
    return pairs;
}

char *
datacheck_group_name(const DataCheck *check, guint32 group)
{
    guint64 name = 0;
    const guint8 *digest = check->seen->measures[check->duplicates->kept[group]].digest;
    for (int i = 0; i < 8; i++)
        name = name << 8 | digest[i];
    return g_strdup_printf("%016" G_GINT64_MODIFIER "x", name);
}

guint32
datacheck_count(const DataCheck *check, TsIssue issue)
{
    guint32 n = 0;
    for (guint32 i = 0; i < check->seen->n; i++)
        n += (check->issues[i] & 1u << issue) != 0;
    return n;
}

static void
add_name(const DataCheck *check, TsReport *report, guint32 i)
{
    g_autofree char *id = ts_manifest_id(check->manifest, ts_dataset_row(check->dataset, i));
    ts_report_text(report, id);
}

static void
add_value(TsReport *report, const TsClasses *classes, guint32 i)
{
    const gint32 value = classes != NULL ? classes->of_row[i] : -1;
    ts_report_text(report, value >= 0 ? classes->names[value] : NULL);
}

static void
add_kind(TsReport *report, gint32 distance)
{
    ts_report_text(report, distance < 0 ? "exact" : "near");
    ts_report_int(report, MAX(distance, 0));
}

static guint
shown(const char *table, gsize n, gint64 limit)
{
    if (limit > 0 && n > (gsize) limit)
        ts_info("%s: %" G_GINT64_FORMAT " of %" G_GSIZE_FORMAT " rows shown; --limit 0 shows all",
                table, limit, n);
    return (guint) (limit > 0 ? MIN(n, (gsize) limit) : n);
}

/* Pairs with what they differ in: leaks with their splits, conflicts with their labels. */
static void
add_pairs(const DataCheck *check, const char *name, const char *column, const TsClasses *classes,
          const TsNearest *nearest, gint64 limit, TsReport *report)
{
    g_autofree char *other = g_strconcat("other_", column, NULL);
    const char *const columns[] = {"kind", "bits", column, other, "picture", "other", NULL};
    ts_report_begin(report, name, columns);
    g_autoptr(GArray) pairs = datacheck_pairs(nearest, check->seen->n);
    const guint n = shown(name, pairs->len, limit);
    for (guint k = 0; k < n; k++) {
        const DataCheckPair pair = g_array_index(pairs, DataCheckPair, k);
        add_kind(report, pair.distance);
        add_value(report, classes, pair.a);
        add_value(report, classes, pair.b);
        add_name(check, report, pair.a);
        add_name(check, report, pair.b);
    }
}

static void
add_duplicates(const DataCheck *check, gint64 limit, TsReport *report)
{
    static const char *const columns[] = {"group", "kind", "bits", "picture", "kept", NULL};
    ts_report_begin(report, "duplicates", columns);
    g_autoptr(GArray) copies = datacheck_copies(check->duplicates);
    const guint n = shown("duplicates", copies->len, limit);
    for (guint k = 0; k < n; k++) {
        const DataCheckPair pair = g_array_index(copies, DataCheckPair, k);
        g_autofree char *name = datacheck_group_name(check, check->duplicates->group[pair.a]);
        ts_report_text(report, name);
        add_kind(report, pair.distance);
        add_name(check, report, pair.a);
        add_name(check, report, pair.b);
    }
}

/* What was measured for an issue, and what it was compared with. */
static void
get_values(const DataCheck *check, TsIssue issue, guint32 i, const double fences[2], double *value,
           double *limit)
{
    const TsMeasures *m = &check->seen->measures[i];
    const TsThresholds *t = &check->thresholds;
    *value = *limit = NAN;
    switch (issue) {
    case TS_ISSUE_DARK:
        *value = ts_measures_darkness(m);
        *limit = t->dark;
        break;
    case TS_ISSUE_LIGHT:
        *value = ts_measures_lightness(m);
        *limit = t->light;
        break;
    case TS_ISSUE_BLURRY:
        *value = ts_measures_sharpness(m);
        *limit = t->blurry;
        break;
    case TS_ISSUE_LOW_INFORMATION:
        *value = ts_measures_information(m);
        *limit = t->low_information;
        break;
    case TS_ISSUE_ODD_ASPECT:
        *value = ts_measures_aspect(m);
        *limit = t->odd_aspect;
        break;
    case TS_ISSUE_ODD_SIZE:
        *value = ts_measures_size(m);
        *limit = *value < fences[0] ? fences[0] : fences[1];
        break;
    default:
        break;
    }
}

static void
add_picture(const DataCheck *check, TsIssue issue, guint32 i, const double fences[2],
            TsReport *report)
{
    double value, limit;
    const TsMeasures *measures = &check->seen->measures[i];
    g_autofree char *kind = g_strconcat("is ", ts_container_name(measures->container), NULL);
    get_values(check, issue, i, fences, &value, &limit);
    ts_report_text(report, ts_issue_name(issue));
    add_name(check, report, i);
    ts_report_double(report, value, 4);
    ts_report_double(report, limit, 4);
    ts_report_text(report, issue == TS_ISSUE_EXTENSION ? kind
                           : isnan(value)              ? measures->message
                                                       : NULL);
}

static gboolean
add_pictures(const DataCheck *check, gint64 limit, TsReport *report, GError **error)
{
    static const char *const columns[] = {"issue", "picture", "value", "limit", "note", NULL};
    double fences[2];
    gint64 n = 0, n_shown = 0;
    if (!ts_size_fences(check->seen->measures, check->seen->n, check->thresholds.odd_size, fences,
                        error))
        return FALSE;
    ts_report_begin(report, "pictures", columns);
    for (int issue = TS_ISSUE_MISSING; issue <= TS_ISSUE_ODD_SIZE; issue++)
        for (guint32 i = 0; i < check->seen->n; i++) {
            if ((check->issues[i] & 1u << issue) == 0)
                continue;
            if (limit == 0 || n < limit) {
                add_picture(check, (TsIssue) issue, i, fences, report);
                n_shown++;
            }
            n++;
        }
    shown("pictures", (gsize) n, n > n_shown ? limit : 0);
    return TRUE;
}

static void
add_summary(const DataCheck *check, TsReport *report)
{
    guint32 n_read = 0, n_sound = 0, n_copies = 0;
    const TsDuplicates *duplicates = check->duplicates;
    for (guint32 i = 0; i < check->seen->n; i++) {
        n_read += check->seen->measures[i].look == TS_LOOK_OK;
        n_sound += check->issues[i] == 0;
        n_copies += duplicates->group[i] != TS_NO_GROUP;
    }
    ts_report_begin_values(report, "summary");
    ts_report_value_int(report, "pictures", check->seen->n);
    ts_report_value_int(report, "read", n_read);
    ts_report_value_int(report, "without_issue", n_sound);
    for (int issue = 0; issue < TS_ISSUES; issue++)
        if (check->checks & 1u << issue)
            ts_report_value_int(report, ts_issue_name((TsIssue) issue),
                                datacheck_count(check, (TsIssue) issue));
    ts_report_value_int(report, "groups", duplicates->n_groups);
    ts_report_value_int(report, "copies", n_copies - duplicates->n_groups);
    ts_report_value_int(report, "near_pairs_across_groups", (gint64) duplicates->n_cut);
}

gboolean
datacheck_add_tables(const DataCheck *check, guint show, gint64 limit, TsReport *report,
                     GError **error)
{
    if (show & SHOW_LEAKS && check->splits != NULL && check->checks & 1u << TS_ISSUE_LEAK)
        add_pairs(check, "leaks", "split", check->splits, check->duplicates->leak, limit, report);
    if (show & SHOW_CONFLICTS && check->labels != NULL &&
        check->checks & 1u << TS_ISSUE_LABEL_CONFLICT)
        add_pairs(check, "conflicts", "label", check->labels, check->duplicates->clash, limit,
                  report);
    if (show & SHOW_DUPLICATES)
        add_duplicates(check, limit, report);
    if (show & SHOW_PICTURES && !add_pictures(check, limit, report, error))
        return FALSE;
    if (show & SHOW_SUMMARY)
        add_summary(check, report);
    return TRUE;
}

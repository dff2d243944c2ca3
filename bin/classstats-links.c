/* classstats --images: what each property of the images says about the label. */
#include "base/error.h"
#include "base/interrupt.h"
#include "classstats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NAMES = 200 };

/* A property of the rows: numbers, or names. */
typedef struct {
    const double *values; /* NULL: names */
    gint32 *name_of;
    guint n_names;
    guint64 n_rows;
} Property;

static int
compare_counts(const void *a, const void *b)
{
    const guint64 *x = a, *y = b; /* count, number */
    if (x[0] != y[0])
        return x[0] < y[0] ? 1 : -1;
    return (x[1] > y[1]) - (x[1] < y[1]);
}

/* The most frequent MAX_NAMES names of rows keep numbers of their own, the others share one: a
 * table with a row for each of a million sizes would say nothing. */
static void
merge_rare(gint32 *of_row, guint64 n_rows, guint *n_names)
{
    if (*n_names <= MAX_NAMES)
        return;
    g_autofree guint64 *order = g_new0(guint64, 2 * (gsize) *n_names);
    for (guint i = 0; i < *n_names; i++)
        order[2 * (gsize) i + 1] = i;
    for (guint64 row = 0; row < n_rows; row++)
        if (of_row[row] >= 0)
            order[2 * (gsize) of_row[row]]++;
    qsort(order, *n_names, 2 * sizeof *order, compare_counts);
    g_autofree gint32 *number = g_new(gint32, *n_names);
    for (guint i = 0; i < *n_names; i++)
        number[order[2 * (gsize) i + 1]] = (gint32) MIN(i, MAX_NAMES);
    for (guint64 row = 0; row < n_rows; row++)
        if (of_row[row] >= 0)
            of_row[row] = number[of_row[row]];
    *n_names = MAX_NAMES + 1;
}

/* Number the rows by `name_of`, a text or NULL. */
static gint32 *
number_rows(const ClassStats *stats, char *(*name_of)(const ClassStats *, guint64), guint *n_names,
            GError **error)
{
    guint64 n_rows = ts_manifest_n_rows(stats->manifest);
    gint32 *of_row = ts_try_alloc(n_rows + 1, sizeof *of_row, "property", error);
    g_autoptr(GHashTable) numbers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint64 row = 0; of_row != NULL && row < n_rows; row++) {
        g_autofree char *name = name_of(stats, row);
        gpointer number;
        of_row[row] = -1;
        if (name == NULL)
            continue;
        if (!g_hash_table_lookup_extended(numbers, name, NULL, &number)) {
            number = GUINT_TO_POINTER(g_hash_table_size(numbers));
            g_hash_table_insert(numbers, g_steal_pointer(&name), number);
        }
        of_row[row] = (gint32) GPOINTER_TO_UINT(number);
    }
    *n_names = g_hash_table_size(numbers);
    if (of_row != NULL)
        merge_rare(of_row, n_rows, n_names);
    return of_row;
}

static char *
size_of(const ClassStats *stats, guint64 row)
{
    const TsSurvey *survey = stats->survey;
    if (survey->formats_of[row] < 0)
        return NULL;
    return g_strdup_printf("%.0fx%.0f", survey->values[TS_PROPERTY_WIDTH][row],
                           survey->values[TS_PROPERTY_HEIGHT][row]);
}

static char *
format_of(const ClassStats *stats, guint64 row)
{
    gint32 format = stats->survey->formats_of[row];
    return format >= 0 ? g_strdup_printf("%d", format) : NULL;
}

/* What stands behind the last dot of the file name, in lower case. */
static char *
suffix_of(const ClassStats *stats, guint64 row)
{
    int column = ts_manifest_find_column(stats->manifest, "file_name");
    if (column < 0 || stats->survey->formats_of[row] < 0)
        return NULL;
    g_autofree char *name =
        ts_cell_unescape(ts_manifest_cell(stats->manifest, row, (guint) column));
    g_autofree char *base = name != NULL ? g_path_get_basename(name) : NULL;
    const char *dot = base != NULL ? strrchr(base, '.') : NULL;
    return g_ascii_strdown(dot != NULL ? dot + 1 : "", -1);
}

const PropertyLink *
find_link(const ClassStats *stats, const char *name)
{
    for (guint i = 0; i < N_LINKS; i++)
        if (strcmp(stats->links[i].name, name) == 0)
            return &stats->links[i];
    return NULL;
}

const double *
property_values(const TsSurvey *survey, guint which)
{
    return which < TS_N_PROPERTIES ? survey->values[which] : survey->bytes;
}

static gboolean
associate(const Property *of, const gint32 *class_of_row, guint n_classes, TsAssociation *link,
          GError **error)
{
    if (of->values == NULL)
        return ts_association_of_names(link, of->name_of, of->n_names, class_of_row, of->n_rows,
                                       n_classes, error);
    ts_association_of_numbers(link, of->values, class_of_row, of->n_rows, n_classes);
    return TRUE;
}

/* 1 for the rows that have the label, 0 for the others, -1 for those that nobody has labelled. */
static void
mark_rows(const TsLabelSets *sets, guint label, gint32 *has)
{
    for (guint64 row = 0; row < sets->n_rows; row++) {
        has[row] = sets->is_labelled[row] ? 0 : -1;
        for (guint64 i = sets->first[row]; i < sets->first[row + 1]; i++)
            if (sets->labels[i] == label)
                has[row] = 1;
    }
}

/* Of the labels the one that the property says most about; its p is that of as many tests as there
 * are labels (Bonferroni). */
static gboolean
associate_labels(const Property *of, const TsLabelSets *sets, PropertyLink *best, GError **error)
{
    g_autofree gint32 *has = ts_try_alloc(of->n_rows + 1, sizeof *has, "labels", error);
    if (has == NULL)
        return FALSE;
    best->link = (TsAssociation){.strength = NAN, .corrected = NAN, .p = NAN};
    for (guint label = 0; label < sets->n; label++) {
        TsAssociation link;
        mark_rows(sets, label, has);
        if (ts_interrupt_check(error) || !associate(of, has, 2, &link, error))
            return FALSE;
        if (isnan(link.strength) || link.strength <= best->link.strength)
            continue;
        best->link = link;
        best->label = label;
    }
    best->link.p = fmin(1, best->link.p * sets->n);
    return TRUE;
}

static gboolean
link_property(ClassStats *stats, const Property *of, PropertyLink *link, GError **error)
{
    const TsClasses *classes = stats->counts->classes;
    return classes != NULL ? associate(of, classes->of_row, classes->n, &link->link, error)
                           : associate_labels(of, stats->counts->sets, link, error);
}

gboolean
link_properties(ClassStats *stats, GError **error)
{
    static char *(*const names_of[])(const ClassStats *, guint64) = {size_of, format_of, suffix_of};
    static const char *const names[] = {"size", "format", "suffix"};
    guint64 n = stats->survey->n;
    for (guint i = 0; i < N_NUMERIC; i++) {
        Property of = {.values = property_values(stats->survey, i), .n_rows = n};
        stats->links[i].name = i < TS_N_PROPERTIES ? ts_property_names[i] : "bytes";
        if (!link_property(stats, &of, &stats->links[i], error))
            return FALSE;
    }
    for (guint i = 0; i < N_LINKS - N_NUMERIC; i++) {
        Property of = {.n_rows = n};
        g_autofree gint32 *name_of = number_rows(stats, names_of[i], &of.n_names, error);
        of.name_of = name_of;
        stats->links[N_NUMERIC + i].name = names[i];
        if (name_of == NULL || !link_property(stats, &of, &stats->links[N_NUMERIC + i], error))
            return FALSE;
    }
    return TRUE;
}

/* The moments of property `i` over all images. */
static TsMoments
moments_of_all(const ClassStats *stats, guint i)
{
    TsMoments moments = {0};
    const double *values = i < N_NUMERIC ? property_values(stats->survey, i) : NULL;
    for (guint64 row = 0; values != NULL && row < stats->survey->n; row++) {
        TsMoments one = {1, values[row], 0, values[row], values[row]};
        if (!isnan(values[row]))
            ts_moments_add(&moments, &one);
    }
    return moments;
}

void
add_links(const ClassStats *stats, TsReport *report)
{
    const TsLabelSets *sets = stats->counts->sets;
    const char *const columns[] = {"property",
                                   "measure",
                                   "association",
                                   "corrected",
                                   "p",
                                   "images",
                                   "mean",
                                   "std",
                                   "min",
                                   "max",
                                   sets != NULL ? "label" : NULL,
                                   NULL};
    ts_report_begin(report, "properties", columns);
    for (guint i = 0; i < N_LINKS; i++) {
        const TsAssociation *link = &stats->links[i].link;
        TsMoments moments = moments_of_all(stats, i);
        gboolean is_known = moments.n > 0;
        ts_report_text(report, stats->links[i].name);
        ts_report_text(report, i < N_NUMERIC ? "eta" : "cramers_v");
        ts_report_double(report, link->strength, 4);
        ts_report_double(report, link->corrected, 4);
        ts_report_double(report, link->p, 4);
        ts_report_int(report, (gint64) link->n);
        ts_report_double(report, is_known ? moments.mean : NAN, 4);
        ts_report_double(report, ts_moments_sd(&moments), 4);
        ts_report_double(report, is_known ? moments.min : NAN, 4);
        ts_report_double(report, is_known ? moments.max : NAN, 4);
        if (sets != NULL)
            ts_report_text(report,
                           isnan(link->strength) ? NULL : sets->names[stats->links[i].label]);
    }
}

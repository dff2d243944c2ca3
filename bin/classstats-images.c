/* classstats --images: sizes, formats, channels, and properties against labels. */
#include "base/error.h"
#include "base/log.h"
#include "base/tool.h"
#include "classstats.h"
#include "manifest/writer.h"

#include <math.h>

typedef struct {
    ClassStats *stats;
    TsManifestWriter *rejects; /* or NULL */
    GError *error;             /* of writing them */
} Survey;

/* Groups are the parts of the counts, "all" being the first, and the classes behind them. */
static guint
n_groups(const ClassStats *stats)
{
    return stats->counts->n_parts + stats->counts->n;
}

static void
groups_of(guint64 row, GArray *groups, gpointer data)
{
    const TsClassCounts *counts = ((Survey *) data)->stats->counts;
    guint group;
    if (counts->splits != NULL) {
        gint32 split = counts->splits->of_row[row];
        group = split >= 0 ? 1 + (guint) split : counts->n_parts - 1;
        g_array_append_val(groups, group);
    }
    if (counts->classes != NULL && counts->classes->of_row[row] >= 0) {
        group = counts->n_parts + (guint) counts->classes->of_row[row];
        g_array_append_val(groups, group);
    }
    for (guint64 i = counts->sets != NULL ? counts->sets->first[row] : 0;
         counts->sets != NULL && i < counts->sets->first[row + 1]; i++) {
        group = counts->n_parts + counts->sets->labels[i];
        g_array_append_val(groups, group);
    }
}

static void
pass_over(guint64 row, const GError *error, gpointer data)
{
    Survey *survey = data;
    ts_warning("%s", error->message);
    if (survey->rejects != NULL && survey->error == NULL)
        ts_manifest_writer_copy_row(survey->rejects, survey->stats->manifest, row, NULL,
                                    &survey->error);
}

static TsSurvey *
look(ClassStats *stats, Survey *survey, gboolean keep_going, GError **error)
{
    guint64 n;
    g_autofree guint64 *rows = ts_manifest_select(stats->manifest, NULL, NULL, &n);
    g_autoptr(TsDataset) dataset = ts_dataset_new(stats->manifest, rows, n, NULL, error);
    TsSurveyOptions how = {.n_groups = n_groups(stats),
                           .groups_of = groups_of,
                           .reject = keep_going ? pass_over : NULL,
                           .data = survey};
    return dataset != NULL ? ts_survey_new(dataset, &how, error) : NULL;
}

gboolean
survey_images(ClassStats *stats, gboolean keep_going, const char *rejects, GError **error)
{
    g_autoptr(TsManifestWriter) writer = NULL;
    if (rejects != NULL && (writer = ts_manifest_writer_new_like(rejects, stats->manifest, NULL,
                                                                 ts_tool_force(), error)) == NULL)
        return FALSE;
    Survey survey = {.stats = stats, .rejects = writer};
    stats->survey = look(stats, &survey, keep_going, error);
    if (survey.error != NULL) {
        g_clear_error(error);
        g_propagate_error(error, survey.error);
        return FALSE;
    }
    if (stats->survey == NULL || (writer != NULL && !ts_manifest_writer_commit(writer, error)))
        return FALSE;
    if (stats->survey->n_rejected > 0) {
        ts_log(TS_LOG_ERROR, "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " images passed over",
               stats->survey->n_rejected, stats->survey->n);
        ts_tool_set_status(1);
    }
    return link_properties(stats, error);
}

/* The rows of each group: those of group g are rows[first[g]] to rows[first[g + 1] - 1]. */
typedef struct {
    guint64 *first, *rows;
} GroupRows;

static void
group_rows_clear(GroupRows *self)
{
    g_free(self->first);
    g_free(self->rows);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(GroupRows, group_rows_clear)

/* Visit (group, row) for all rows that could be read: count them, or put them down. */
static void
visit_groups(ClassStats *stats, guint64 *next, guint64 *rows)
{
    Survey survey = {.stats = stats};
    g_autoptr(GArray) groups = g_array_new(FALSE, FALSE, sizeof(guint));
    const guint all = 0;
    for (guint64 row = 0; row < stats->survey->n; row++) {
        if (stats->survey->formats_of[row] < 0)
            continue;
        g_array_set_size(groups, 0);
        g_array_append_val(groups, all);
        groups_of(row, groups, &survey);
        for (guint i = 0; i < groups->len; i++) {
            guint64 *at = &next[g_array_index(groups, guint, i)];
            if (rows != NULL)
                rows[*at] = row;
            (*at)++;
        }
    }
}

static gboolean
group_rows_init(GroupRows *self, ClassStats *stats, GError **error)
{
    guint n = n_groups(stats);
    self->first = g_new0(guint64, (gsize) n + 2);
    visit_groups(stats, self->first + 2, NULL);
    for (guint g = 0; g < n; g++)
        self->first[g + 2] += self->first[g + 1];
    self->rows = ts_try_alloc(self->first[n + 1] + 1, sizeof *self->rows, "rows", error);
    if (self->rows == NULL)
        return FALSE;
    visit_groups(stats, self->first + 1, self->rows);
    return TRUE;
}

static void
add_group_name(const ClassStats *stats, guint group, TsReport *report)
{
    const TsClassCounts *counts = stats->counts;
    gboolean is_class = group >= counts->n_parts;
    ts_report_text(report, group == 0 ? "all" : is_class ? "class" : "split");
    ts_report_text(report, is_class ? counts->names[group - counts->n_parts]
                                    : (group == 0 ? NULL : counts->parts[group]));
}

static int
compare_doubles(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

/* Least, median and greatest of a property; `values` has room for the group. */
static void
add_range(const ClassStats *stats, const guint64 *rows, guint64 n, TsProperty which, int decimals,
          double *values, TsReport *report)
{
    for (guint64 i = 0; i < n; i++)
        values[i] = stats->survey->values[which][rows[i]];
    qsort(values, n, sizeof *values, compare_doubles);
    ts_report_double(report, n > 0 ? values[0] : NAN, decimals);
    ts_report_double(report, n > 0 ? (values[(n - 1) / 2] + values[n / 2]) / 2 : NAN, decimals);
    ts_report_double(report, n > 0 ? values[n - 1] : NAN, decimals);
}

/* How many sizes there are, the most common one, and how many have it. */
static void
add_common_size(const ClassStats *stats, const guint64 *rows, guint64 n, double *values,
                TsReport *report)
{
    const double side = 1U << 31;
    guint64 n_sizes = 0, most = 0, run = 0;
    double common = 0;
    for (guint64 i = 0; i < n; i++)
        values[i] = stats->survey->values[TS_PROPERTY_WIDTH][rows[i]] * side +
                    stats->survey->values[TS_PROPERTY_HEIGHT][rows[i]];
    qsort(values, n, sizeof *values, compare_doubles);
    for (guint64 i = 0; i < n; i++) {
        run = i > 0 && values[i] == values[i - 1] ? run + 1 : 1;
        n_sizes += run == 1;
        if (run > most) {
            most = run;
            common = values[i];
        }
    }
    guint64 width = (guint64) (common / side);
    g_autofree char *name =
        g_strdup_printf("%" G_GUINT64_FORMAT "x%.0f", width, common - (double) width * side);
    ts_report_int(report, (gint64) n_sizes);
    ts_report_text(report, n > 0 ? name : NULL);
    ts_report_double(report, n > 0 ? (double) most / (double) n : NAN, 3);
}

gboolean
add_sizes(ClassStats *stats, TsReport *report, GError **error)
{
    static const char *const columns[] = {
        "by",         "name",          "images",       "width_min",  "width_median",  "width_max",
        "height_min", "height_median", "height_max",   "aspect_min", "aspect_median", "aspect_max",
        "sizes",      "common",        "common_share", NULL};
    g_auto(GroupRows) groups = {0};
    if (!group_rows_init(&groups, stats, error))
        return FALSE;
    g_autofree double *values = ts_try_alloc(stats->survey->n + 1, sizeof *values, "sizes", error);
    if (values == NULL)
        return FALSE;
    ts_report_begin(report, "sizes", columns);
    for (guint g = 0; g < n_groups(stats); g++) {
        const guint64 *rows = groups.rows + groups.first[g];
        guint64 n = groups.first[g + 1] - groups.first[g];
        add_group_name(stats, g, report);
        ts_report_int(report, (gint64) n);
        add_range(stats, rows, n, TS_PROPERTY_WIDTH, 0, values, report);
        add_range(stats, rows, n, TS_PROPERTY_HEIGHT, 0, values, report);
        add_range(stats, rows, n, TS_PROPERTY_ASPECT, 3, values, report);
        add_common_size(stats, rows, n, values, report);
    }
    return TRUE;
}

void
add_formats(const ClassStats *stats, TsReport *report)
{
    static const char *const columns[] = {"channels", "alpha", "depth", "images", "share", NULL};
    const TsSurvey *survey = stats->survey;
    g_autofree guint64 *counts = g_new0(guint64, (gsize) survey->n_formats + 1);
    for (guint64 row = 0; row < survey->n; row++)
        if (survey->formats_of[row] >= 0)
            counts[survey->formats_of[row]]++;
    ts_report_begin(report, "formats", columns);
    for (guint i = 0; i < survey->n_formats; i++) {
        const TsPixelFormat *format = &survey->formats[i];
        ts_report_int(report, format->n_channels);
        ts_report_text(report, format->has_alpha ? "yes" : "no");
        ts_report_text(report, ts_sample_type_name(format->type));
        ts_report_int(report, (gint64) counts[i]);
        ts_report_double(report, (double) counts[i] / (double) (survey->n - survey->n_rejected), 4);
    }
}

static void
add_channel_name(int n_channels, int channel, TsReport *report)
{
    static const char *const colours[] = {"red", "green", "blue"};
    char number[16];
    g_snprintf(number, sizeof number, "%d", channel);
    ts_report_text(report, n_channels == 3 ? colours[channel] : n_channels == 1 ? "grey" : number);
}

void
add_channels(const ClassStats *stats, TsReport *report)
{
    static const char *const columns[] = {"by",   "name", "channels", "channel", "images", "pixels",
                                          "mean", "std",  "min",      "max",     NULL};
    const TsSurvey *survey = stats->survey;
    ts_report_begin(report, "channels", columns);
    for (guint g = 0; g < survey->n_groups; g++)
        for (guint i = 0; i < survey->channels[g]->len; i++) {
            const TsGroupChannels *group = &g_array_index(survey->channels[g], TsGroupChannels, i);
            for (int c = 0; c < group->n_channels; c++) {
                const TsMoments *moments = &group->channels[c];
                add_group_name(stats, g, report);
                ts_report_int(report, group->n_channels);
                add_channel_name(group->n_channels, c, report);
                ts_report_int(report, (gint64) group->n_images);
                ts_report_int(report, (gint64) moments->n);
                ts_report_double(report, moments->mean, 4);
                ts_report_double(report, ts_moments_sd(moments), 4);
                ts_report_double(report, moments->min, 4);
                ts_report_double(report, moments->max, 4);
            }
        }
}

static TsMoments
moments_of(const double *values, const guint64 *rows, guint64 n)
{
    TsMoments moments = {0};
    for (guint64 i = 0; i < n; i++) {
        double value = values[rows[i]];
        TsMoments one = {1, value, 0, value, value};
        if (!isnan(value))
            ts_moments_add(&moments, &one);
    }
    return moments;
}

/* The mean of each property in each class. */
static void
add_means(const ClassStats *stats, const GroupRows *groups, TsReport *report)
{
    const char *columns[N_NUMERIC + 3] = {"class", "images"};
    for (guint i = 0; i < N_NUMERIC; i++)
        columns[2 + i] = stats->links[i].name;
    ts_report_begin(report, "means", columns);
    for (guint c = 0; c < stats->counts->n; c++) {
        const guint64 *first = groups->first + stats->counts->n_parts + c;
        ts_report_text(report, stats->counts->names[c]);
        ts_report_int(report, (gint64) (first[1] - first[0]));
        for (guint i = 0; i < N_NUMERIC; i++) {
            TsMoments moments = moments_of(property_values(stats->survey, i),
                                           groups->rows + first[0], first[1] - first[0]);
            ts_report_double(report, moments.n > 0 ? moments.mean : NAN, 3);
        }
    }
}

gboolean
add_properties(ClassStats *stats, TsReport *report, GError **error)
{
    g_auto(GroupRows) groups = {0};
    if (!group_rows_init(&groups, stats, error))
        return FALSE;
    if ((stats->show & SHOW_PROPERTIES) != 0)
        add_links(stats, report);
    if ((stats->show & SHOW_MEANS) != 0)
        add_means(stats, &groups, report);
    return TRUE;
}

/* classstats: conditions that set the exit status. */
#include "base/error.h"
#include "base/log.h"
#include "base/number.h"
#include "base/tool.h"
#include "classstats.h"
#include "stats/condition.h"

#include <math.h>
#include <string.h>

/* Of the table of drift: the worst of all comparisons. */
static const char *const drift_numbers[] = {"drift_l_inf",     "drift_jsd", "drift_psi",
                                            "drift_cramers_v", "drift_p",   NULL};
/* Of the table of labels. */
static const char *const label_numbers[] = {"label_sets", "cardinality", "density", "mean_ir",
                                            "cvir",       "scumble",     NULL};

static int
find_name(const char *const *names, guint n, const char *name, gsize length)
{
    for (guint i = 0; i < n && names[i] != NULL; i++)
        if (strlen(names[i]) == length && strncmp(names[i], name, length) == 0)
            return (int) i;
    return -1;
}

static gboolean
is_class_number(const char *name)
{
    return g_str_has_prefix(name, "count:") || g_str_has_prefix(name, "share:");
}

static gboolean
is_image_number(const char *name)
{
    return strcmp(name, "unreadable") == 0 || strcmp(name, "max_association") == 0 ||
           g_str_has_prefix(name, "association:");
}

/* What can be known before the data is: that it is a name at all. */
static gboolean
check_name(const ClassStats *stats, const char *name, gboolean with_images, GError **error)
{
    if (is_image_number(name))
        return with_images || ts_error_set(error, TS_ERROR_ARGUMENT, "'%s' needs --images", name);
    gsize length = strcspn(name, "@");
    if (is_class_number(name) || find_name(part_numbers, N_NUMBERS, name, length) >= 0 ||
        find_name(drift_numbers, G_MAXUINT, name, strlen(name)) >= 0)
        return TRUE;
    if (find_name(label_numbers, G_MAXUINT, name, strlen(name)) >= 0)
        return stats->columns.is_multi ||
               ts_error_set(error, TS_ERROR_ARGUMENT, "'%s' needs --multi-label", name);
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "there is no number '%s', see CHECKS in classstats(1)", name);
}

gboolean
parse_checks(ClassStats *stats, char **texts, gboolean with_images, GError **error)
{
    stats->checks = g_ptr_array_new_with_free_func((GDestroyNotify) ts_condition_free);
    for (guint i = 0; texts != NULL && texts[i] != NULL; i++) {
        TsCondition *condition = ts_condition_parse(texts[i], error);
        if (condition != NULL)
            g_ptr_array_add(stats->checks, condition);
        if (condition == NULL ||
            !check_name(stats, ts_condition_name(condition), with_images, error)) {
            g_prefix_error(error, "--check: ");
            return FALSE;
        }
    }
    return TRUE;
}

/* Cut "@SPLIT" off `name` (in place) and find that part; without it, part 0. */
static gboolean
find_part(const ClassStats *stats, char *name, guint *part, GError **error)
{
    char *at = strrchr(name, '@');
    int found = at != NULL ? ts_class_counts_find(stats->counts, at + 1) : 0;
    *part = (guint) MAX(found, 0);
    if (at != NULL && found >= 0)
        *at = '\0';
    return found >= 0 || is_class_number(name) ||
           ts_error_set(error, TS_ERROR_ARGUMENT, "'%s': there is no split '%s'", name, at + 1);
}

static gboolean
compute_class_number(const ClassStats *stats, const char *name, guint part, double *value,
                     GError **error)
{
    const TsClassCounts *counts = stats->counts;
    const char *class = strchr(name, ':') + 1;
    for (guint c = 0; c < counts->n; c++) {
        if (strcmp(counts->names[c], class) != 0)
            continue;
        *value = (double) ts_class_counts_of(counts, part)[c];
        if (name[0] == 's')
            *value /= (double) counts->labelled[part];
        return TRUE;
    }
    return ts_error_set(error, TS_ERROR_ARGUMENT, "'%s': there is no class '%s'", name, class);
}

static gboolean
compute_drift_number(const ClassStats *stats, guint which, double *value, GError **error)
{
    if (stats->comparisons->len == 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "'%s' needs two splits or --against, there is nothing to compare",
                            drift_numbers[which]);
    gboolean is_p = strcmp(drift_numbers[which], "drift_p") == 0;
    *value = NAN;
    for (guint i = 0; i < stats->comparisons->len; i++) {
        const TsDrift *drift = &((const Comparison *) stats->comparisons->pdata[i])->drift;
        const double numbers[] = {drift->l_inf, drift->jsd, drift->psi, drift->cramers_v, drift->p};
        double number = numbers[which];
        if (isnan(*value) || (is_p ? number < *value : number > *value))
            *value = number;
    }
    return TRUE;
}

static double
compute_label_number(const ClassStats *stats, guint which)
{
    TsLabelSetStats labels;
    g_autofree double *irlbl = g_new(double, (gsize) stats->counts->n + 1);
    ts_label_sets_compute(stats->counts->sets, irlbl, &labels);
    const double numbers[] = {(double) labels.n_sets, labels.cardinality, labels.density,
                              labels.mean_ir,         labels.cvir,        labels.scumble};
    return numbers[which];
}

static gboolean
compute_image_number(const ClassStats *stats, const char *name, double *value, GError **error)
{
    *value = NAN;
    if (strcmp(name, "unreadable") == 0) {
        *value = (double) stats->survey->n_rejected;
        return TRUE;
    }
    if (strcmp(name, "max_association") == 0) {
        for (guint i = 0; i < N_LINKS; i++)
            if (isnan(*value) || stats->links[i].link.corrected > *value)
                *value = stats->links[i].link.corrected;
        return TRUE;
    }
    const PropertyLink *link = find_link(stats, strchr(name, ':') + 1);
    if (link != NULL)
        *value = link->link.strength;
    return link != NULL ||
           ts_error_set(error, TS_ERROR_ARGUMENT, "'%s': there is no such property", name);
}

static gboolean
compute_number(const ClassStats *stats, const char *name, double *value, GError **error)
{
    if (is_image_number(name))
        return compute_image_number(stats, name, value, error);
    int which = find_name(drift_numbers, G_MAXUINT, name, strlen(name));
    if (which >= 0)
        return compute_drift_number(stats, (guint) which, value, error);
    which = find_name(label_numbers, G_MAXUINT, name, strlen(name));
    if (which >= 0) {
        *value = compute_label_number(stats, (guint) which);
        return TRUE;
    }
    guint part;
    g_autofree char *base = g_strdup(name);
    if (!find_part(stats, base, &part, error))
        return FALSE;
    if (is_class_number(base))
        return compute_class_number(stats, base, part, value, error);
    double numbers[N_NUMBERS];
    compute_numbers(stats, ts_class_counts_of(stats->counts, part), part, numbers);
    *value = numbers[find_name(part_numbers, N_NUMBERS, base, strlen(base))];
    return TRUE;
}

gboolean
run_checks(const ClassStats *stats, char **texts, TsReport *report, GError **error)
{
    static const char *const columns[] = {"check", "value", "result", NULL};
    if (stats->checks->len > 0)
        ts_report_begin(report, "checks", columns);
    for (guint i = 0; i < stats->checks->len; i++) {
        const TsCondition *condition = stats->checks->pdata[i];
        double value = NAN;
        char text[TS_NUMBER_MAX];
        if (!compute_number(stats, ts_condition_name(condition), &value, error)) {
            g_prefix_error(error, "--check: ");
            return FALSE;
        }
        gboolean holds = ts_condition_holds(condition, value);
        ts_report_text(report, texts[i]);
        ts_report_double(report, value, 4);
        ts_report_text(report, holds ? "holds" : "fails");
        if (holds)
            continue;
        ts_log(TS_LOG_ERROR, "--check '%s' fails: %s is %s", texts[i], ts_condition_name(condition),
               isnan(value) ? "not defined here" : ts_format_double(text, value));
        ts_tool_set_status(1);
    }
    return TRUE;
}

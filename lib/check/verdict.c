/* Which measures are odd. */
#include "check/verdict.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const NAMES[TS_ISSUES + 1] = {
    /* NULL at the end */
    [TS_ISSUE_LEAK] = "leak",
    [TS_ISSUE_LABEL_CONFLICT] = "label-conflict",
    [TS_ISSUE_MISSING] = "missing",
    [TS_ISSUE_UNREADABLE] = "unreadable",
    [TS_ISSUE_TRUNCATED] = "truncated",
    [TS_ISSUE_EXTENSION] = "wrong-extension",
    [TS_ISSUE_CONSTANT] = "constant",
    [TS_ISSUE_DARK] = "dark",
    [TS_ISSUE_LIGHT] = "light",
    [TS_ISSUE_BLURRY] = "blurry",
    [TS_ISSUE_LOW_INFORMATION] = "low-information",
    [TS_ISSUE_ODD_ASPECT] = "odd-aspect",
    [TS_ISSUE_ODD_SIZE] = "odd-size",
    [TS_ISSUE_EXACT_DUPLICATE] = "exact-duplicate",
    [TS_ISSUE_NEAR_DUPLICATE] = "near-duplicate",
};

TsThresholds
ts_thresholds_defaults(void)
{
    return (TsThresholds){.dark = 0.32,
                          .light = 0.05,
                          .blurry = 0.29,
                          .low_information = 0.3,
                          .odd_aspect = 0.35,
                          .odd_size = 3};
}

const char *
ts_issue_name(TsIssue issue)
{
    return NAMES[issue];
}

gboolean
ts_issues_parse(const char *text, const char *what, guint32 *set, GError **error)
{
    g_auto(GStrv) words = g_strsplit(text, ",", -1);
    *set = 0;
    for (guint w = 0; words[w] != NULL; w++) {
        guint32 found = strcmp(words[w], "all") == 0 ? TS_ISSUES_ALL : 0;
        for (int i = 0; i < TS_ISSUES; i++)
            found |= strcmp(words[w], NAMES[i]) == 0 ? 1u << i : 0;
        if (found == 0) {
            g_autofree char *names = g_strjoinv(", ", (char **) (gpointer) NAMES);
            return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: '%s' is not one of all, %s", what,
                                words[w], names);
        }
        *set |= found;
    }
    return *set != 0 || ts_error_set(error, TS_ERROR_ARGUMENT, "%s: names nothing", what);
}

static int
compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

static double
percentile(const double *sorted, gsize n, double share)
{
    const double position = share * (double) (n - 1);
    const gsize rank = (gsize) position;
    const double above = sorted[MIN(rank + 1, n - 1)];
    return sorted[rank] + (above - sorted[rank]) * (position - (double) rank);
}

gboolean
ts_size_fences(const TsMeasures *measures, guint32 n, double factor, double fences[2],
               GError **error)
{
    gsize n_sizes = 0;
    g_autofree double *sizes = ts_try_alloc((gsize) n + 1, sizeof *sizes, "sizes", error);
    if (sizes == NULL)
        return FALSE;
    for (guint32 i = 0; i < n; i++)
        if (measures[i].look == TS_LOOK_OK)
            sizes[n_sizes++] = ts_measures_size(&measures[i]);
    fences[0] = fences[1] = NAN;
    if (n_sizes == 0)
        return TRUE;
    qsort(sizes, n_sizes, sizeof *sizes, compare_doubles);
    const double low = percentile(sizes, n_sizes, 0.25), high = percentile(sizes, n_sizes, 0.75);
    fences[0] = low - factor * (high - low);
    fences[1] = high + factor * (high - low);
    return TRUE;
}

static guint32
judge_pixels(const TsMeasures *m, const TsThresholds *t, const double fences[2])
{
    guint32 set = 0;
    set |= (m->constant ? 1u : 0) << TS_ISSUE_CONSTANT;
    set |= (ts_measures_darkness(m) < t->dark ? 1u : 0) << TS_ISSUE_DARK;
    set |= (ts_measures_lightness(m) < t->light ? 1u : 0) << TS_ISSUE_LIGHT;
    set |= (ts_measures_sharpness(m) < t->blurry ? 1u : 0) << TS_ISSUE_BLURRY;
    set |= (ts_measures_information(m) < t->low_information ? 1u : 0) << TS_ISSUE_LOW_INFORMATION;
    set |= (ts_measures_aspect(m) < t->odd_aspect ? 1u : 0) << TS_ISSUE_ODD_ASPECT;
    const double size = ts_measures_size(m);
    set |= (size < fences[0] || size > fences[1] ? 1u : 0) << TS_ISSUE_ODD_SIZE;
    return set;
}

static guint32
judge_duplicates(const TsDuplicates *d, guint32 i)
{
    guint32 set = 0;
    set |= (d->leak[i].partner != TS_NO_PARTNER ? 1u : 0) << TS_ISSUE_LEAK;
    set |= (d->clash[i].partner != TS_NO_PARTNER ? 1u : 0) << TS_ISSUE_LABEL_CONFLICT;
    set |= (d->exact[i].partner != TS_NO_PARTNER ? 1u : 0) << TS_ISSUE_EXACT_DUPLICATE;
    set |= (d->near[i].partner != TS_NO_PARTNER ? 1u : 0) << TS_ISSUE_NEAR_DUPLICATE;
    return set;
}

guint32 *
ts_verdicts_compute(const TsMeasures *measures, guint32 n, const TsDuplicates *duplicates,
                    const TsThresholds *thresholds, guint32 checks, GError **error)
{
    static const guint32 of_look[] = {[TS_LOOK_OK] = 0,
                                      [TS_LOOK_MISSING] = 1u << TS_ISSUE_MISSING,
                                      [TS_LOOK_UNREADABLE] = 1u << TS_ISSUE_UNREADABLE,
                                      [TS_LOOK_TRUNCATED] = 1u << TS_ISSUE_TRUNCATED};
    double fences[2];
    g_autofree guint32 *sets = ts_try_alloc((gsize) n + 1, sizeof *sets, "verdicts", error);
    if (sets == NULL || !ts_size_fences(measures, n, thresholds->odd_size, fences, error))
        return NULL;
    for (guint32 i = 0; i < n; i++) {
        sets[i] = of_look[measures[i].look] | judge_duplicates(duplicates, i);
        sets[i] |= (measures[i].wrong_suffix ? 1u : 0) << TS_ISSUE_EXTENSION;
        if (measures[i].look == TS_LOOK_OK)
            sets[i] |= judge_pixels(&measures[i], thresholds, fences);
        sets[i] &= checks;
    }
    return g_steal_pointer(&sets);
}

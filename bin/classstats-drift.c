/* classstats: splits and data sets compared, and bootstrap intervals. */
#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "classstats.h"

#include <string.h>

enum { MAX_SPLITS = 20, AGAINST_ITEM = 1 << 20 };

void
comparison_free(gpointer data)
{
    Comparison *comparison = data;
    g_free(comparison->a);
    g_free(comparison->b);
    g_free(comparison->counts);
    ts_sample_groups_free(comparison->groups[0]);
    ts_sample_groups_free(comparison->groups[1]);
    g_free(comparison);
}

/* The classes of this data set, and behind them those that only `against` has; `at` gets the place
 * of each class of `against`. */
static void
name_compared(ClassStats *stats, const TsClassCounts *against, guint *at)
{
    const TsClassCounts *counts = stats->counts;
    g_autoptr(GHashTable) places = g_hash_table_new(g_str_hash, g_str_equal);
    guint n = counts->n, n_more = against != NULL ? against->n : 0;
    stats->compared = g_new0(char *, (gsize) n + n_more + 1);
    for (guint c = 0; c < n; c++) {
        stats->compared[c] = g_strdup(counts->names[c]);
        g_hash_table_insert(places, counts->names[c], GUINT_TO_POINTER(c));
    }
    for (guint c = 0; c < n_more; c++) {
        gpointer place;
        if (!g_hash_table_lookup_extended(places, against->names[c], NULL, &place)) {
            place = GUINT_TO_POINTER(n);
            stats->compared[n++] = g_strdup(against->names[c]);
        }
        at[c] = GPOINTER_TO_UINT(place);
    }
    stats->n_compared = n;
}

static Comparison *
add_comparison(ClassStats *stats, guint part_a, const char *name_b)
{
    Comparison *comparison = g_new0(Comparison, 1);
    comparison->a = g_strdup(stats->counts->parts[part_a]);
    comparison->b = g_strdup(name_b);
    comparison->counts = g_new0(guint64, 2 * (gsize) stats->n_compared + 1);
    memcpy(comparison->counts, ts_class_counts_of(stats->counts, part_a),
           stats->counts->n * sizeof(guint64));
    comparison->item_a = part_a;
    g_ptr_array_add(stats->comparisons, comparison);
    return comparison;
}

static void
finish(const ClassStats *stats, Comparison *comparison)
{
    ts_drift_init(&comparison->drift, comparison->counts, comparison->counts + stats->n_compared,
                  stats->n_compared);
}

static void
compare_two_splits(ClassStats *stats, guint a, guint b)
{
    Comparison *comparison = add_comparison(stats, a, stats->counts->parts[b]);
    memcpy(comparison->counts + stats->n_compared, ts_class_counts_of(stats->counts, b),
           stats->counts->n * sizeof(guint64));
    comparison->item_b = b;
    finish(stats, comparison);
}

/* Each with each, `train` first. */
static void
compare_splits(ClassStats *stats)
{
    guint n = stats->counts->n_splits, train = ts_class_counts_train(stats->counts);
    if (n > MAX_SPLITS) {
        ts_warning("%u splits: they are not compared with each other, that is done for up to %d", n,
                   MAX_SPLITS);
        return;
    }
    for (guint b = 1; train > 0 && b <= n; b++)
        if (b != train)
            compare_two_splits(stats, train, b);
    for (guint a = 1; a <= n; a++)
        for (guint b = a + 1; b <= n; b++)
            if (a != train && b != train)
                compare_two_splits(stats, a, b);
}

/* All with all, and each split with the one of the same name. */
static void
compare_with(ClassStats *stats, const TsClassCounts *against, const guint *at)
{
    for (guint a = 0; a <= stats->counts->n_splits; a++) {
        int b = a == 0 ? 0 : ts_class_counts_find(against, stats->counts->parts[a]);
        if (b < 0)
            continue;
        g_autofree char *name = g_strdup_printf("against:%s", against->parts[b]);
        Comparison *comparison = add_comparison(stats, a, name);
        for (guint c = 0; c < against->n; c++)
            comparison->counts[stats->n_compared + at[c]] =
                ts_class_counts_of(against, (guint) b)[c];
        comparison->item_b = AGAINST_ITEM + (guint) b;
        finish(stats, comparison);
    }
}

void
compare_parts(ClassStats *stats, const TsClassCounts *against)
{
    g_autofree guint *at = g_new(guint, (gsize) (against != NULL ? against->n : 0) + 1);
    stats->comparisons = g_ptr_array_new_with_free_func(comparison_free);
    name_compared(stats, against, at);
    if (against != NULL)
        compare_with(stats, against, at);
    else
        compare_splits(stats);
}

void
add_drift(const ClassStats *stats, TsReport *report)
{
    static const char *const columns[] = {"a",      "b",         "samples_a",    "samples_b",
                                          "only_a", "only_b",    "l_inf",        "l_inf_class",
                                          "jsd",    "psi",       "chi2",         "df",
                                          "p",      "cramers_v", "min_expected", NULL};
    ts_report_begin(report, "drift", columns);
    for (guint i = 0; i < stats->comparisons->len; i++) {
        const Comparison *comparison = stats->comparisons->pdata[i];
        const TsDrift *drift = &comparison->drift;
        ts_report_text(report, comparison->a);
        ts_report_text(report, comparison->b);
        ts_report_int(report, (gint64) drift->n_a);
        ts_report_int(report, (gint64) drift->n_b);
        ts_report_int(report, drift->only_a);
        ts_report_int(report, drift->only_b);
        ts_report_double(report, drift->l_inf, 4);
        ts_report_text(report, drift->l_inf > 0 ? stats->compared[drift->l_inf_class] : NULL);
        ts_report_double(report, drift->jsd, 4);
        ts_report_double(report, drift->psi, 4);
        ts_report_double(report, drift->chi_square, 2);
        ts_report_int(report, drift->df);
        ts_report_double(report, drift->p, 4);
        ts_report_double(report, drift->cramers_v, 4);
        ts_report_double(report, drift->min_expected, 1);
    }
}

/* The groups of each part, of `column` or, if that is NULL, single rows. */
static gboolean
group_parts(const TsClassCounts *counts, const TsManifest *manifest, const char *column,
            TsSampleGroups **groups, GError **error)
{
    g_autoptr(TsClasses) numbered = column != NULL ? ts_classes_new(manifest, column, error) : NULL;
    if (column != NULL && numbered == NULL)
        return FALSE;
    for (guint part = 0; part < counts->n_parts; part++) {
        groups[part] =
            ts_class_counts_group(counts, part, numbered, ts_manifest_n_rows(manifest), error);
        if (groups[part] == NULL)
            return FALSE;
    }
    return TRUE;
}

/* The groups of one side of a comparison, with its n classes where the comparison has them, and
 * without the samples that stand for whole rows. */
static TsSampleGroups *
renumber(const ClassStats *stats, const TsSampleGroups *groups, char **names, guint n)
{
    TsSampleGroups *copy = g_new0(TsSampleGroups, 1);
    guint64 n_samples = groups->first[groups->n];
    copy->n = groups->n;
    copy->first = g_memdup2(groups->first, (groups->n + 1) * sizeof *groups->first);
    copy->classes = g_new(guint32, n_samples + 1);
    g_autoptr(GHashTable) places = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint c = 0; c < stats->n_compared; c++)
        g_hash_table_insert(places, stats->compared[c], GUINT_TO_POINTER(c));
    g_autofree guint *place = g_new0(guint, (gsize) n + 1);
    for (guint c = 0; c < n; c++)
        place[c] = GPOINTER_TO_UINT(g_hash_table_lookup(places, names[c]));
    guint64 at = 0;
    for (guint64 g = 0; g < groups->n; g++) {
        for (guint64 i = groups->first[g]; i < groups->first[g + 1]; i++)
            if (groups->classes[i] < n)
                copy->classes[at++] = place[groups->classes[i]];
        copy->first[g + 1] = at;
    }
    return copy;
}

gboolean
group_rows(ClassStats *stats, const char *column, const TsManifest *other,
           const TsClassCounts *against, GError **error)
{
    const TsClassCounts *counts = stats->counts;
    g_autoptr(GPtrArray) theirs =
        g_ptr_array_new_with_free_func((GDestroyNotify) ts_sample_groups_free);
    stats->groups = g_new0(TsSampleGroups *, (gsize) counts->n_parts + 1);
    if (!group_parts(counts, stats->manifest, column, stats->groups, error))
        return FALSE;
    if (against != NULL) {
        g_ptr_array_set_size(theirs, (int) against->n_parts);
        if (!group_parts(against, other, column, (TsSampleGroups **) theirs->pdata, error))
            return FALSE;
    }
    for (guint i = 0; i < stats->comparisons->len; i++) {
        Comparison *comparison = stats->comparisons->pdata[i];
        comparison->groups[0] =
            renumber(stats, stats->groups[comparison->item_a], counts->names, counts->n);
        comparison->groups[1] =
            against != NULL
                ? renumber(stats, theirs->pdata[comparison->item_b - AGAINST_ITEM], against->names,
                           against->n)
                : renumber(stats, stats->groups[comparison->item_b], counts->names, counts->n);
    }
    return TRUE;
}

/* One replicate of `counts`, by group where there are groups. */
static void
draw(const ClassStats *stats, guint item, guint replicate, const TsSampleGroups *groups,
     const guint64 *counts, guint n, guint64 *drawn)
{
    if (groups != NULL)
        ts_bootstrap_draw_groups(&stats->bootstrap, item, replicate, groups, n, drawn);
    else
        ts_bootstrap_draw(&stats->bootstrap, item, replicate, counts, n, drawn);
}

/* Counts of a replicate of a part into `drawn` (n + 1), and how many samples, or rows of several
 * labels, those are. */
static double
draw_part(const ClassStats *stats, guint part, guint replicate, guint64 *drawn)
{
    const TsClassCounts *counts = stats->counts;
    gboolean is_multi = counts->sets != NULL;
    double sum = 0;
    draw(stats, part, replicate, stats->groups != NULL ? stats->groups[part] : NULL,
         ts_class_counts_of(counts, part), counts->n + is_multi, drawn);
    for (guint c = 0; c < counts->n; c++)
        sum += (double) drawn[c];
    return is_multi ? (double) drawn[counts->n] : sum;
}

gboolean
check_bootstrap(const ClassStats *stats, GError **error)
{
    if (stats->bootstrap.n_replicates == 0)
        return TRUE;
    if (stats->counts->labelled[0] >= G_MAXUINT32)
        return ts_error_set(error, TS_ERROR_RANGE, "--bootstrap: more than 2^32 rows");
    return TRUE;
}

TsInterval *
compute_share_intervals(const ClassStats *stats, guint part, GError **error)
{
    const TsClassCounts *counts = stats->counts;
    const TsBootstrap *how = &stats->bootstrap;
    gsize n = counts->n, n_replicates = how->n_replicates;
    g_autofree double *shares =
        ts_try_alloc(n_replicates, (n + 1) * sizeof *shares, "replicates of shares", error);
    if (shares == NULL)
        return NULL;
    g_autofree guint64 *drawn = g_new(guint64, n + 1);
    for (guint r = 0; r < n_replicates; r++) {
        if (ts_interrupt_check(error))
            return NULL;
        double total = draw_part(stats, part, r, drawn);
        for (gsize c = 0; c < n; c++)
            shares[c * n_replicates + r] = (double) drawn[c] / total;
    }
    TsInterval *intervals = g_new0(TsInterval, n + 1);
    for (gsize c = 0; c < n; c++)
        intervals[c] = ts_bootstrap_interval(how, shares + c * n_replicates);
    return intervals;
}

static void
add_interval(const ClassStats *stats, TsReport *report, const char *split, const char *metric,
             double value, double *values)
{
    double sum = 0;
    for (guint i = 0; i < stats->bootstrap.n_replicates; i++)
        sum += values[i];
    TsInterval interval = ts_bootstrap_interval(&stats->bootstrap, values);
    ts_report_text(report, split);
    ts_report_text(report, metric);
    ts_report_double(report, value, 4);
    ts_report_double(report, interval.low, 4);
    ts_report_double(report, interval.high, 4);
    ts_report_double(report, sum / stats->bootstrap.n_replicates - value, 4);
}

/* Those of the summary that are estimates and no counts: ratio to impurity. */
enum { FIRST_ESTIMATE = 6, N_ESTIMATES = 6 };

/* And those of rows with several labels, of what counts alone say: see label_sets.h. */
enum { N_SET_ESTIMATES = 3 };

static const char *const set_numbers[N_SET_ESTIMATES] = {"cardinality", "density", "mean_ir"};

/* Into values[(N_ESTIMATES + i) * step + at], for the counts of n_rows rows. */
static void
compute_set_numbers(const TsClassCounts *counts, const guint64 *of_class, double n_rows,
                    double *values, gsize step, gsize at)
{
    guint64 max = 0;
    double sum = 0, irlbl = 0;
    guint n_used = 0;
    for (guint c = 0; c < counts->n; c++) {
        max = MAX(max, of_class[c]);
        sum += (double) of_class[c];
    }
    for (guint c = 0; c < counts->n; c++)
        if (of_class[c] > 0) {
            irlbl += (double) max / (double) of_class[c];
            n_used++;
        }
    double *to = values + N_ESTIMATES * step + at;
    to[0] = sum / n_rows;
    to[step] = sum / n_rows / counts->n;
    to[2 * step] = irlbl / n_used;
}

static gboolean
add_part_intervals(const ClassStats *stats, guint part, TsReport *report, GError **error)
{
    const TsClassCounts *counts = stats->counts;
    guint n_replicates = stats->bootstrap.n_replicates;
    gsize n_values = N_ESTIMATES + N_SET_ESTIMATES;
    g_autofree double *values = g_new(double, n_values *n_replicates);
    g_autofree guint64 *drawn = g_new(guint64, (gsize) counts->n + 1);
    double numbers[N_NUMBERS], of_sets[N_ESTIMATES + N_SET_ESTIMATES];
    for (guint r = 0; r < n_replicates; r++) {
        if (ts_interrupt_check(error))
            return FALSE;
        double n_rows = draw_part(stats, part, r, drawn);
        compute_numbers(stats, drawn, part, numbers);
        for (guint i = 0; i < N_ESTIMATES; i++)
            values[(gsize) i * n_replicates + r] = numbers[FIRST_ESTIMATE + i];
        compute_set_numbers(counts, drawn, n_rows, values, n_replicates, r);
    }
    compute_numbers(stats, ts_class_counts_of(counts, part), part, numbers);
    for (guint i = 0; i < N_ESTIMATES; i++)
        add_interval(stats, report, counts->parts[part], part_numbers[FIRST_ESTIMATE + i],
                     numbers[FIRST_ESTIMATE + i], values + (gsize) i * n_replicates);
    compute_set_numbers(counts, ts_class_counts_of(counts, part), (double) counts->labelled[part],
                        of_sets, 1, 0);
    for (gsize i = N_ESTIMATES; i < n_values && counts->sets != NULL; i++)
        add_interval(stats, report, counts->parts[part], set_numbers[i - N_ESTIMATES], of_sets[i],
                     values + i * n_replicates);
    return TRUE;
}

static gboolean
add_comparison_intervals(const ClassStats *stats, const Comparison *comparison, TsReport *report,
                         GError **error)
{
    guint n = stats->n_compared, n_replicates = stats->bootstrap.n_replicates;
    g_autofree double *values = g_new(double, 3 * (gsize) n_replicates);
    g_autofree guint64 *drawn = g_new(guint64, 2 * (gsize) n + 1);
    g_autofree char *name = g_strdup_printf("%s %s", comparison->a, comparison->b);
    for (guint r = 0; r < n_replicates; r++) {
        TsDrift drift;
        if (ts_interrupt_check(error))
            return FALSE;
        draw(stats, comparison->item_a, r, comparison->groups[0], comparison->counts, n, drawn);
        draw(stats, comparison->item_b, r, comparison->groups[1], comparison->counts + n, n,
             drawn + n);
        ts_drift_init(&drift, drawn, drawn + n, n);
        values[r] = drift.l_inf;
        values[n_replicates + r] = drift.jsd;
        values[2 * (gsize) n_replicates + r] = drift.psi;
    }
    add_interval(stats, report, name, "l_inf", comparison->drift.l_inf, values);
    add_interval(stats, report, name, "jsd", comparison->drift.jsd, values + n_replicates);
    add_interval(stats, report, name, "psi", comparison->drift.psi,
                 values + 2 * (gsize) n_replicates);
    return TRUE;
}

gboolean
add_intervals(const ClassStats *stats, TsReport *report, GError **error)
{
    static const char *const columns[] = {"split", "metric", "value", "low", "high", "bias", NULL};
    ts_report_begin(report, "intervals", columns);
    for (guint part = 0; part < stats->counts->n_parts; part++)
        if (!add_part_intervals(stats, part, report, error))
            return FALSE;
    for (guint i = 0; i < stats->comparisons->len; i++)
        if (!add_comparison_intervals(stats, stats->comparisons->pdata[i], report, error))
            return FALSE;
    return TRUE;
}

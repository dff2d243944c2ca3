/* evaluate --against: is this model better than another on the same rows? */
#include "base/error.h"
#include "evaluate.h"
#include "stats/compare.h"

static struct {
    char *against;
    int permutations;
} opt = {.permutations = -1};

enum { USUAL_PERMUTATIONS = 1000 };

const GOptionEntry evaluate_compare_options[] = {
    {"against", 0, 0, G_OPTION_ARG_FILENAME, &opt.against,
     "Compare with the predictions of another model for the same rows", "DATASET"},
    {"permutations", 0, 0, G_OPTION_ARG_INT, &opt.permutations,
     "Permutations of the paired test (default: 1000)", "N"},
    G_OPTION_ENTRY_NULL,
};

gboolean
evaluate_has_comparison(void)
{
    return opt.against != NULL;
}

gboolean
evaluate_check_compare(GError **error)
{
    if (opt.permutations == -1)
        opt.permutations = USUAL_PERMUTATIONS;
    else if (opt.against == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--permutations needs --against");
    return (opt.permutations >= 0 && opt.permutations <= 10000000) ||
           ts_error_set(error, TS_ERROR_ARGUMENT, "--permutations: %d is not 0 to 10000000",
                        opt.permutations);
}

/* Where each id stands among the rows of `predictions`. NULL without an error where rows have no
 * names. */
static GHashTable *
index_rows(const TsManifest *manifest, const TsPredictions *predictions, GError **error)
{
    g_autoptr(GHashTable) places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint64 i = 0; i < predictions->n; i++) {
        char *id = ts_manifest_id(manifest, predictions->rows[i]);
        if (id == NULL)
            return NULL;
        if (!g_hash_table_contains(places, id)) {
            g_hash_table_insert(places, id, GUINT_TO_POINTER((guint) i));
            continue;
        }
        g_autofree char *where = ts_manifest_where(manifest, predictions->rows[i]);
        ts_error_set(error, TS_ERROR_FORMAT, "%s: '%s' is there twice, rows cannot be paired",
                     where, id);
        g_free(id);
        return NULL;
    }
    return g_steal_pointer(&places);
}

/* The row of the other predictions for each of ours: by id, or in order where there are none. */
static guint64 *
pair_rows(const Evaluation *self, const TsManifest *manifest, const TsPredictions *other,
          GError **error)
{
    GError *failure = NULL;
    const TsPredictions *ours = self->predictions;
    g_autoptr(GHashTable) places = index_rows(manifest, other, &failure);
    g_autofree guint64 *which = ts_try_alloc(ours->n + 1, sizeof *which, "pairs", error);
    if (failure != NULL || which == NULL) {
        if (failure != NULL)
            g_propagate_error(error, failure);
        return NULL;
    }
    if (other->n != ours->n) {
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s has %" G_GUINT64_FORMAT " labelled rows, %s %" G_GUINT64_FORMAT
                     "; both models have to be judged by the same ones",
                     ts_manifest_name(self->manifest), ours->n, ts_manifest_name(manifest),
                     other->n);
        return NULL;
    }
    for (guint64 i = 0; i < ours->n; i++) {
        g_autofree char *id = ts_manifest_id(self->manifest, ours->rows[i]);
        gpointer place = GUINT_TO_POINTER((guint) i);
        if (places != NULL && id != NULL &&
            !g_hash_table_lookup_extended(places, id, NULL, &place)) {
            ts_error_set(error, TS_ERROR_FORMAT, "%s: has no row '%s'", ts_manifest_name(manifest),
                         id);
            return NULL;
        }
        which[i] = GPOINTER_TO_UINT(place);
    }
    return g_steal_pointer(&which);
}

static gboolean
has_same_truth(const TsPredictions *both, guint64 i)
{
    const guint n = both->n_classes;
    guint64 j = both->n / 2 + i;
    if (both->truth != NULL)
        return both->truth[i] == both->truth[j];
    return memcmp(both->truth_sets + i * n, both->truth_sets + j * n, n) == 0;
}

/* Read the other predictions in the order of ours. */
static TsPredictions *
read_other(const Evaluation *self, GError **error)
{
    g_autoptr(TsManifest) manifest = NULL;
    g_autoptr(TsPredictions) other = NULL;
    if (!evaluate_read_table(opt.against, &manifest, &other, error))
        return NULL;
    g_autofree guint64 *which = pair_rows(self, manifest, other, error);
    return which != NULL ? ts_predictions_select(other, which, self->predictions->n, error) : NULL;
}

static TsPredictions *
pool(const Evaluation *self, const TsPredictions *other, GError **error)
{
    g_autoptr(TsPredictions) both = ts_predictions_pool(self->predictions, other, error);
    for (guint64 i = 0; both != NULL && i < self->predictions->n; i++)
        if (!has_same_truth(both, i)) {
            g_autofree char *where = ts_manifest_where(self->manifest, self->predictions->rows[i]);
            ts_error_set(error, TS_ERROR_FORMAT, "%s: has another label in %s", where, opt.against);
            return NULL;
        }
    return both != NULL && ts_predictions_prepare(both, error) ? g_steal_pointer(&both) : NULL;
}

static void
add_mcnemar(const TsMcNemar *test, TsReport *report)
{
    ts_report_begin_values(report, "mcnemar");
    ts_report_value_int(report, "both_right", (gint64) test->both);
    ts_report_value_int(report, "only_this_right", (gint64) test->only_a);
    ts_report_value_int(report, "only_against_right", (gint64) test->only_b);
    ts_report_value_int(report, "both_wrong", (gint64) test->neither);
    ts_report_value_double(report, "p_exact", test->p_exact, 6);
    ts_report_value_double(report, "chi_square", test->chi_square, 4);
    ts_report_value_double(report, "p_chi_square", test->p_chi_square, 6);
}

/* The metrics that both models have. */
static GPtrArray *
choose_metrics(const Evaluation *self, const TsPredictions *both)
{
    GPtrArray *metrics = g_ptr_array_new_with_free_func((GDestroyNotify) ts_metric_free);
    for (guint i = 0; i < self->metrics->len; i++) {
        TsMetric *metric =
            ts_metric_parse(ts_metric_name(self->metrics->pdata[i]), evaluate_is_multi(), NULL);
        if (ts_metric_bind(metric, both, NULL))
            g_ptr_array_add(metrics, metric);
        else
            ts_metric_free(metric);
    }
    return metrics;
}

static gboolean
add_differences(const Evaluation *self, const TsPredictions *both, TsReport *report, GError **error)
{
    static const char *const columns[] = {"metric", "this", "against", "difference",
                                          "low",    "high", "p",       NULL};
    const gboolean has_intervals = self->bootstrap.n_replicates > 0;
    static const char *const without[] = {"metric", "this", "against", "difference", "p", NULL};
    g_autoptr(GPtrArray) metrics = choose_metrics(self, both);
    g_autofree TsDifference *found = g_new(TsDifference, metrics->len + 1);
    g_autoptr(TsRowDraw) draw = evaluate_draw_of(self, self->predictions, error);
    g_autoptr(TsProgress) progress = ts_progress_new(
        "compare", (guint64) opt.permutations + self->bootstrap.n_replicates, "replicates");
    if (draw == NULL || !ts_compare(both, draw, metrics, &self->bootstrap, (guint) opt.permutations,
                                    progress, found, error))
        return FALSE;
    ts_report_begin(report, "comparison", has_intervals ? columns : without);
    for (guint i = 0; i < metrics->len; i++) {
        ts_report_text(report, ts_metric_name(metrics->pdata[i]));
        ts_report_double(report, found[i].a, 4);
        ts_report_double(report, found[i].b, 4);
        ts_report_double(report, found[i].a - found[i].b, 4);
        if (has_intervals) {
            ts_report_double(report, found[i].change.low, 4);
            ts_report_double(report, found[i].change.high, 4);
        }
        ts_report_double(report, found[i].p, 4);
    }
    return TRUE;
}

gboolean
evaluate_add_comparison(const Evaluation *self, TsReport *report, GError **error)
{
    TsMcNemar test;
    g_autoptr(TsPredictions) other = read_other(self, error);
    g_autoptr(TsPredictions) both = other != NULL ? pool(self, other, error) : NULL;
    if (both == NULL) {
        g_prefix_error(error, "--against: ");
        return FALSE;
    }
    ts_mcnemar_init(&test, self->predictions, other);
    add_mcnemar(&test, report);
    return add_differences(self, both, report, error);
}

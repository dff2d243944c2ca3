/* Which training rows make up an epoch: the column repeat, and --sampler. */
#include "nn/run_private.h"

#include "balance/weights.h"
#include "base/error.h"
#include "base/nearest.h"
#include "base/number.h"
#include "base/spec.h"

#include <math.h>
#include <string.h>

/* More of one row is a mistake. */
static const double MOST_REPEATS = 1e6;

const char *
ts_sampler_help(void)
{
    return "  shuffle                       each row once, or as the column repeat says\n"
           "  class-balanced                draws with replacement, each class equally likely\n"
           "  weighted                      draws with replacement, by the column weight\n"
           "  repeat-factor[:t=0.001]       rows of rare classes sqrt(t / share) times";
}

/* The column repeat of the training rows into `repeats`, ones without it. */
static gboolean
read_repeats(const TsRun *run, double *repeats, GError **error)
{
    const int column = ts_manifest_find_column(run->manifest, "repeat");
    for (guint64 i = 0; i < ts_dataset_n(run->train_set); i++) {
        const guint64 row = ts_dataset_row(run->train_set, i);
        repeats[i] = 1;
        if (column < 0)
            continue;
        TsCell cell = ts_manifest_cell(run->manifest, row, (guint) column);
        if (ts_cell_is_null(cell))
            continue;
        if (ts_cell_to_double(cell, &repeats[i]) && repeats[i] >= 0 && repeats[i] <= MOST_REPEATS)
            continue;
        g_autofree char *where = ts_manifest_where(run->manifest, row);
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: repeat is '%.*s', a number of 0 to %g was expected", where,
                            (int) MIN(cell.length, 200), cell.text, MOST_REPEATS);
    }
    return TRUE;
}

/* Rows of each class, as often as they are repeated; by-hand runs of some batches keep the counts
 * of all rows, once each. */
static void
count_classes(TsRun *run, const double *repeats)
{
    g_autofree double *sums = g_new0(double, run->classes->n);
    if (run->options.overfit_batches > 0)
        return;
    for (guint64 i = 0; i < ts_dataset_n(run->train_set); i++)
        ts_run_count_labels(run, ts_dataset_row(run->train_set, i), repeats[i], sums);
    for (guint c = 0; c < run->classes->n; c++)
        run->counts[c] = (guint64) rint(sums[c]);
}

static guint
class_of(const TsRun *run, guint64 i)
{
    return ts_run_rarest_label(run, ts_dataset_row(run->train_set, i));
}

/* Each class as a whole weighs the same, its rows share that in proportion to their repeats. A
 * label set is of the class of its rarest label; empty ones are a class of their own. */
static void
balance(const TsRun *run, double *weights)
{
    g_autofree double *sums = g_new0(double, (gsize) run->classes->n + 1);
    for (guint64 i = 0; i < ts_dataset_n(run->train_set); i++)
        sums[class_of(run, i)] += weights[i];
    for (guint64 i = 0; i < ts_dataset_n(run->train_set); i++)
        if (weights[i] > 0)
            weights[i] /= sums[class_of(run, i)];
}

/* The largest factor of a row's labels; 1 for an empty set. */
static double
factor_of(const TsRun *run, guint64 i, const double *factors)
{
    const guint64 row = ts_dataset_row(run->train_set, i);
    double largest = 1;
    if (run->sets == NULL)
        return factors[run->classes->of_row[row]];
    for (guint64 at = run->sets->first[row]; at < run->sets->first[row + 1]; at++)
        largest = MAX(largest, factors[run->sets->labels[at]]);
    return largest;
}

static gboolean
apply_factors(TsRun *run, TsSpec *spec, double *repeats, GError **error)
{
    double t;
    char number[TS_NUMBER_MAX];
    const guint n = run->classes->n;
    guint64 total = 0;
    double rows = 0;
    if (!ts_spec_double(spec, "t", 1e-9, 1, 0.001, &t, error))
        return FALSE;
    for (guint c = 0; run->sets == NULL && c < n; c++)
        total += run->counts[c];
    for (guint64 i = 0; run->sets != NULL && i < ts_dataset_n(run->train_set); i++)
        rows += repeats[i];
    total += (guint64) rint(rows);
    g_autofree double *factors = g_new0(double, n);
    g_autofree char *term = g_strconcat("repeat:", ts_format_double(number, t), NULL);
    if (!ts_class_terms(term, run->counts, n, total, factors, error))
        return FALSE;
    for (guint64 i = 0; i < ts_dataset_n(run->train_set); i++)
        if (repeats[i] > 0)
            repeats[i] *= factor_of(run, i, factors);
    return TRUE;
}

static gboolean
apply_weights(TsRun *run, double *weights, GError **error)
{
    if (ts_manifest_find_column(run->manifest, "weight") < 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--sampler weighted: %s has no column weight",
                            ts_manifest_name(run->manifest));
    for (guint64 i = 0; i < ts_dataset_n(run->train_set); i++)
        weights[i] *= (double) ts_dataset_weight(run->train_set, i);
    run->equal_weights = TRUE;
    return TRUE;
}

static gboolean
refuse_sampler(const char *name, GError **error)
{
    static const char *const known[] = {"shuffle", "class-balanced", "weighted", "repeat-factor",
                                        NULL};
    g_autofree char *hint = ts_nearest_hint(name, known);
    return ts_error_set(error, TS_ERROR_ARGUMENT, "there is no sampler '%s'%s; there are:\n%s",
                        name, hint, ts_sampler_help());
}

/* Read the name with its keys and make `amounts`, now the repeats, what it needs. */
static gboolean
apply_sampler(TsRun *run, TsSpec *spec, double *amounts, gboolean *draws, GError **error)
{
    const char *name = ts_spec_name(spec);
    *draws = g_str_equal(name, "class-balanced") || g_str_equal(name, "weighted");
    if (g_str_equal(name, "class-balanced"))
        balance(run, amounts);
    else if (g_str_equal(name, "weighted"))
        return apply_weights(run, amounts, error);
    else if (g_str_equal(name, "repeat-factor"))
        return apply_factors(run, spec, amounts, error);
    else if (!g_str_equal(name, "shuffle"))
        return refuse_sampler(name, error);
    return TRUE;
}

gboolean
ts_run_open_sampler(TsRun *run, GError **error)
{
    const guint64 n = ts_dataset_n(run->train_set);
    const char *name = run->options.sampler != NULL ? run->options.sampler : "shuffle";
    gboolean draws = FALSE, each_once = TRUE;
    g_autofree double *amounts = ts_try_alloc(n, sizeof *amounts, "sampler", error);
    g_autoptr(TsSpec) spec = amounts != NULL ? ts_spec_parse(name, "sampler", error) : NULL;
    if (spec == NULL || !read_repeats(run, amounts, error))
        return FALSE;
    count_classes(run, amounts);
    if (!apply_sampler(run, spec, amounts, &draws, error) || !ts_spec_finish(spec, error))
        return FALSE;
    for (guint64 i = 0; i < n && each_once; i++)
        each_once = amounts[i] == 1;
    if (each_once && !draws)
        return TRUE;
    run->sampler =
        draws ? ts_sampler_new_draws(amounts, n, error) : ts_sampler_new_repeats(amounts, n, error);
    return run->sampler != NULL;
}

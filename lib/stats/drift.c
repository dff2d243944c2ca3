/* Distances and tests between two columns of counts. */
#include "stats/drift.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

static double
psi_term(double p, double q)
{
    p = p > 0 ? p : TS_DRIFT_EPSILON;
    q = q > 0 ? q : TS_DRIFT_EPSILON;
    return (p - q) * log(p / q);
}

/* p log2(p / m), whose limit at 0 is 0. */
static double
divergence_term(double p, double m)
{
    return p > 0 ? p * log2(p / m) : 0;
}

static void
compute_distances(TsDrift *drift, const guint64 *a, const guint64 *b, guint n)
{
    drift->l_inf = drift->jsd = drift->psi = 0;
    for (guint i = 0; i < n; i++) {
        double p = (double) a[i] / (double) drift->n_a, q = (double) b[i] / (double) drift->n_b;
        if (p == 0 && q == 0)
            continue;
        double middle = (p + q) / 2;
        if (fabs(p - q) > drift->l_inf) {
            drift->l_inf = fabs(p - q);
            drift->l_inf_class = i;
        }
        drift->jsd += (divergence_term(p, middle) + divergence_term(q, middle)) / 2;
        drift->psi += psi_term(p, q);
    }
    drift->jsd = fmin(fmax(drift->jsd, 0), 1);
}

void
ts_drift_init(TsDrift *drift, const guint64 *a, const guint64 *b, guint n)
{
    *drift = (TsDrift){.l_inf = NAN,
                       .jsd = NAN,
                       .psi = NAN,
                       .chi_square = NAN,
                       .p = NAN,
                       .cramers_v = NAN,
                       .min_expected = NAN};
    g_autofree guint64 *table = g_new(guint64, 2 * (gsize) n + 1);
    for (guint i = 0; i < n; i++) {
        drift->n_a += table[i] = a[i];
        drift->n_b += table[n + i] = b[i];
        drift->only_a += a[i] > 0 && b[i] == 0;
        drift->only_b += a[i] == 0 && b[i] > 0;
    }
    if (drift->n_a == 0 || drift->n_b == 0)
        return;
    compute_distances(drift, a, b, n);
    drift->chi_square = ts_chi_square(table, 2, n, &drift->df, &drift->min_expected);
    drift->p = ts_chi_square_p(drift->chi_square, drift->df);
    drift->cramers_v = ts_cramers_v(table, 2, n);
}

/* Sums of the rows and columns of a table. */
typedef struct {
    double *rows, *columns, total;
    guint n_rows, n_columns; /* those that are not 0 */
} Margins;

static void
margins_init(Margins *margins, const guint64 *table, guint n_rows, guint n_columns)
{
    *margins = (Margins){.rows = g_new0(double, (gsize) n_rows + 1),
                         .columns = g_new0(double, (gsize) n_columns + 1)};
    for (guint i = 0; i < n_rows; i++)
        for (guint j = 0; j < n_columns; j++) {
            double count = (double) table[(gsize) i * n_columns + j];
            margins->rows[i] += count;
            margins->columns[j] += count;
            margins->total += count;
        }
    for (guint i = 0; i < n_rows; i++)
        margins->n_rows += margins->rows[i] > 0;
    for (guint j = 0; j < n_columns; j++)
        margins->n_columns += margins->columns[j] > 0;
}

static void
margins_clear(Margins *margins)
{
    g_free(margins->rows);
    g_free(margins->columns);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Margins, margins_clear)

double
ts_chi_square(const guint64 *table, guint n_rows, guint n_columns, guint *df, double *min_expected)
{
    g_auto(Margins) margins;
    margins_init(&margins, table, n_rows, n_columns);
    double sum = 0, smallest = INFINITY;
    for (guint i = 0; i < n_rows; i++)
        for (guint j = 0; j < n_columns; j++) {
            double expected = margins.rows[i] / margins.total * margins.columns[j];
            if (!(expected > 0))
                continue;
            double off = (double) table[(gsize) i * n_columns + j] - expected;
            sum += off * off / expected;
            smallest = fmin(smallest, expected);
        }
    gboolean is_empty = margins.n_rows == 0;
    *df = is_empty ? 0 : (margins.n_rows - 1) * (margins.n_columns - 1);
    if (min_expected != NULL)
        *min_expected = is_empty ? NAN : smallest;
    return is_empty ? NAN : sum;
}

double
ts_chi_square_p(double chi_square, guint df)
{
    return df > 0 ? gsl_cdf_chisq_Q(chi_square, df) : NAN;
}

double
ts_cramers_v(const guint64 *table, guint n_rows, guint n_columns)
{
    g_auto(Margins) margins;
    guint df;
    margins_init(&margins, table, n_rows, n_columns);
    double chi_square = ts_chi_square(table, n_rows, n_columns, &df, NULL);
    if (df == 0)
        return NAN;
    double smaller = MIN(margins.n_rows, margins.n_columns);
    return fmin(1, sqrt(chi_square / (margins.total * (smaller - 1))));
}

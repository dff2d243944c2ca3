/* How far two distributions over classes lie apart: two splits, or a data set and a later one.
 *
 *     TsDrift drift;
 *     ts_drift_init(&drift, train, test, n_classes);
 *     printf("chi-square %g, p %g\n", drift.chi_square, drift.p);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    guint64 n_a, n_b;     /* samples */
    guint only_a, only_b; /* classes with samples in one of the two only */
    double l_inf;         /* largest difference of two shares */
    guint l_inf_class;    /* whose it is, the first if there are several */
    double jsd;           /* Jensen-Shannon divergence in bits, 0 to 1 (the square of the distance
                             that SciPy calls jensenshannon with base 2) */
    double psi;          /* population stability index, sum (p - q) ln(p / q); a share of 0 is taken
                            as TS_DRIFT_EPSILON */
    double chi_square;   /* Pearson's test that both are draws from one distribution, over classes
                            with samples in either */
    guint df;            /* degrees of freedom: those classes less one */
    double p;            /* upper tail of the chi-square distribution; NaN if df is 0 */
    double cramers_v;    /* sqrt(chi_square / (n_a + n_b)), 0 to 1; NaN if df is 0 */
    double min_expected; /* smallest expected count; p is rough where it is below 5 */
} TsDrift;

#define TS_DRIFT_EPSILON 1e-4

/* Compare `a` with `b`, n counts each. All numbers but counts are NaN if one of the two is empty.
 */
void ts_drift_init(TsDrift *drift, const guint64 *a, const guint64 *b, guint n);

/* Pearson's chi-square of a table (n_rows, n_columns) of counts and its degrees of freedom, rows
 * and columns of zeros left out; NaN without samples. `min_expected` may be NULL. */
double
ts_chi_square(const guint64 *table, guint n_rows, guint n_columns, guint *df, double *min_expected);

/* Upper tail of the chi-square distribution; NaN if df is 0. */
double ts_chi_square_p(double chi_square, guint df);

/* Cramer's V of such a table, sqrt(chi_square / (n (min(rows, columns) - 1))), 0 to 1; NaN if one
 * of rows or columns is the only one. */
double ts_cramers_v(const guint64 *table, guint n_rows, guint n_columns);

G_END_DECLS

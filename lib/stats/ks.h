/* Do two samples of a number come from one distribution?
 *
 *     TsKs test;
 *     ts_ks_init(&test, a, n_a, b, n_b);
 *     printf("D %g, p %g\n", test.d, test.p);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    double d; /* largest distance of the two empirical distribution functions, 0 to 1; NaN if one of
                 the samples is empty */
    double p; /* of Kolmogorov's limiting distribution at d sqrt(n m / (n + m)): close from some 20
                 values each on, too large where values repeat */
} TsKs;

/* The two-sample test of Kolmogorov and Smirnov. `a` and `b` are put in order. */
void ts_ks_init(TsKs *test, double *a, gsize n_a, double *b, gsize n_b);

/* Upper tail of Kolmogorov's distribution, 2 sum (-1)^(k-1) exp(-2 k^2 x^2). */
double ts_kolmogorov_q(double x);

G_END_DECLS

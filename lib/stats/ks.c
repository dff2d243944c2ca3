/* The test of Kolmogorov and Smirnov for two samples. */
#include "stats/ks.h"

#include <math.h>
#include <stdlib.h>

static int
compare_doubles(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

double
ts_kolmogorov_q(double x)
{
    if (x < 0.2)
        return 1; /* to 16 digits; the series below would need many terms */
    double sum = 0;
    for (int k = 1; k <= 100; k++) {
        double term = exp(-2.0 * k * k * x * x);
        sum += k % 2 == 1 ? term : -term;
        if (term < 1e-18 * sum)
            break;
    }
    return fmin(fmax(2 * sum, 0), 1);
}

void
ts_ks_init(TsKs *test, double *a, gsize n_a, double *b, gsize n_b)
{
    *test = (TsKs){NAN, NAN};
    if (n_a == 0 || n_b == 0)
        return;
    qsort(a, n_a, sizeof *a, compare_doubles);
    qsort(b, n_b, sizeof *b, compare_doubles);
    test->d = 0;
    for (gsize i = 0, j = 0; i < n_a && j < n_b;) {
        double value = fmin(a[i], b[j]);
        while (i < n_a && a[i] == value)
            i++;
        while (j < n_b && b[j] == value)
            j++;
        test->d = fmax(test->d, fabs((double) i / (double) n_a - (double) j / (double) n_b));
    }
    double n = (double) n_a, m = (double) n_b;
    test->p = ts_kolmogorov_q(test->d * sqrt(n * m / (n + m)));
}

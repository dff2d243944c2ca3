/* Haralick's 13 features as mahotas has them: pairs both ways, binary logarithms. Difference
 * variance is the variance of the vector of probabilities of |i - j|, which has an entry for each
 * level up to the highest in the image: it is not comparable between images of different
 * brightness. R. M. Haralick et al., Textural features for image classification, 1973. */
#include "image/texture/glcm.h"

#include <math.h>

static double
inverse_difference_moment(const TsCooccurrence *m)
{
    double sum = 0;
    for (int d = 0; d < m->n_levels; d++)
        sum += (double) m->difference[d] / (1 + (double) d * d);
    return sum / (double) m->n;
}

static double
difference_variance(const TsCooccurrence *m)
{
    double entries = m->highest + 1, sum = 0;
    for (int d = 0; d <= m->highest; d++) {
        double apart = (double) m->difference[d] / (double) m->n - 1 / entries;
        sum += apart * apart;
    }
    return sum / entries;
}

static void
derive(const TsCooccurrence *m, double *values)
{
    const gsize n = (gsize) m->n_levels, n_sums = 2 * n - 1;
    double mean = ts_counts_mean(m->row, n, m->n);
    double sum_mean = ts_counts_mean(m->sum, n_sums, m->n);
    double margin = ts_counts_entropy(m->row, n, m->n) / G_LN2;
    double entropy = ts_cooccurrence_entropy(m) / G_LN2;
    double apart = 2 * margin - entropy; /* from independence */
    *values++ = ts_cooccurrence_asm(m);
    *values++ = ts_cooccurrence_contrast(m);
    *values++ = ts_cooccurrence_correlation(m);
    *values++ = ts_counts_variance(m->row, n, m->n, mean);
    *values++ = inverse_difference_moment(m);
    *values++ = sum_mean;
    *values++ = ts_counts_variance(m->sum, n_sums, m->n, sum_mean);
    *values++ = ts_counts_entropy(m->sum, n_sums, m->n) / G_LN2;
    *values++ = entropy;
    *values++ = difference_variance(m);
    *values++ = ts_counts_entropy(m->difference, n, m->n) / G_LN2;
    *values++ = margin > 0 ? -apart / margin : -apart;
    *values++ = sqrt(fmax(0, 1 - exp(-2 * apart)));
}

static const char *const names[] = {"asm",
                                    "contrast",
                                    "correlation",
                                    "variance",
                                    "inverse_difference_moment",
                                    "sum_average",
                                    "sum_variance",
                                    "sum_entropy",
                                    "entropy",
                                    "difference_variance",
                                    "difference_entropy",
                                    "imc1",
                                    "imc2",
                                    NULL};

const TsGlcmRules ts_glcm_mahotas = {
    .prefix = "glcm_mahotas_",
    .symmetric = TRUE,
    .chessboard = TRUE,
    .names = names,
    .usual = "all",
    .derive = derive,
};

/* Co-occurrence features as the Image Biomarker Standardisation Initiative defines them: pairs both
 * ways, levels count from 1, binary logarithms. A. Zwanenburg et al., Image biomarker
 * standardisation initiative, reference manual, section 3.6. */
#include "image/texture/glcm.h"

#include <math.h>

/* sum over d of p(|i - j| = d) * weight */
typedef double (*Weight)(double d, double n_levels);

static double
weigh_differences(const TsCooccurrence *m, Weight weight)
{
    double sum = 0;
    for (int d = 0; d < m->n_levels; d++)
        sum += (double) m->difference[d] * weight(d, m->n_levels);
    return sum / (double) m->n;
}

static double
inverse(double d, double n_levels)
{
    return 1 / (1 + d);
}

static double
inverse_normalised(double d, double n_levels)
{
    return 1 / (1 + d / n_levels);
}

static double
inverse_moment(double d, double n_levels)
{
    return 1 / (1 + d * d);
}

static double
inverse_moment_normalised(double d, double n_levels)
{
    return 1 / (1 + d * d / (n_levels * n_levels));
}

static double
inverse_square(double d, double n_levels)
{
    return d > 0 ? 1 / (d * d) : 0;
}

/* The mean of (i + j - its mean)^power. */
static double
cluster(const TsCooccurrence *m, double mean, int power)
{
    double sum = 0;
    for (int k = 0; k < 2 * m->n_levels - 1; k++)
        sum += pow(k - mean, power) * (double) m->sum[k];
    return sum / (double) m->n;
}

static double *
derive_differences(const TsCooccurrence *m, double *values)
{
    const gsize n = (gsize) m->n_levels;
    double mean = ts_counts_mean(m->difference, n, m->n);
    *values++ = mean;
    *values++ = ts_counts_variance(m->difference, n, m->n, mean);
    *values++ = ts_counts_entropy(m->difference, n, m->n) / G_LN2;
    *values++ = ts_cooccurrence_contrast(m);
    *values++ = mean; /* dissimilarity is the difference average */
    *values++ = weigh_differences(m, inverse);
    *values++ = weigh_differences(m, inverse_normalised);
    *values++ = weigh_differences(m, inverse_moment);
    *values++ = weigh_differences(m, inverse_moment_normalised);
    *values++ = weigh_differences(m, inverse_square);
    return values;
}

static double *
derive_sums(const TsCooccurrence *m, double *values)
{
    const gsize n = 2 * (gsize) m->n_levels - 1;
    double mean = ts_counts_mean(m->sum, n, m->n);
    *values++ = mean + 2; /* levels from 1 */
    *values++ = ts_counts_variance(m->sum, n, m->n, mean);
    *values++ = ts_counts_entropy(m->sum, n, m->n) / G_LN2;
    *values++ = cluster(m, mean, 2);
    *values++ = cluster(m, mean, 3);
    *values++ = cluster(m, mean, 4);
    return values;
}

static void
derive(const TsCooccurrence *m, double *values)
{
    const gsize n = (gsize) m->n_levels;
    double mean = ts_counts_mean(m->row, n, m->n);
    double variance = ts_counts_variance(m->row, n, m->n, mean);
    double margin = ts_counts_entropy(m->row, n, m->n) / G_LN2;
    double entropy = ts_cooccurrence_entropy(m) / G_LN2;
    double apart = 2 * margin - entropy; /* from independence */
    *values++ = (double) m->most / (double) m->n;
    *values++ = mean + 1;
    *values++ = variance;
    *values++ = entropy;
    values = derive_differences(m, values);
    values = derive_sums(m, values);
    *values++ = ts_cooccurrence_asm(m);
    *values++ = ts_cooccurrence_correlation(m);
    /* sum p_ij i j: the mean square of i - j says how far i j is from i^2. */
    *values++ = variance + (mean + 1) * (mean + 1) - ts_cooccurrence_contrast(m) / 2;
    *values++ = margin > 0 ? -apart / margin : 0;
    *values++ = sqrt(fmax(0, 1 - exp(-2 * apart)));
}

static const char *const names[] = {"joint_maximum",
                                    "joint_average",
                                    "joint_variance",
                                    "joint_entropy",
                                    "difference_average",
                                    "difference_variance",
                                    "difference_entropy",
                                    "contrast",
                                    "dissimilarity",
                                    "inverse_difference",
                                    "inverse_difference_normalised",
                                    "inverse_difference_moment",
                                    "inverse_difference_moment_normalised",
                                    "inverse_variance",
                                    "sum_average",
                                    "sum_variance",
                                    "sum_entropy",
                                    "cluster_tendency",
                                    "cluster_shade",
                                    "cluster_prominence",
                                    "asm",
                                    "correlation",
                                    "autocorrelation",
                                    "imc1",
                                    "imc2",
                                    NULL};

const TsGlcmRules ts_glcm_ibsi = {
    .prefix = "glcm_ibsi_",
    .symmetric = TRUE,
    .chessboard = TRUE,
    .names = names,
    .usual = "all",
    .derive = derive,
};

/* Co-occurrence features as scikit-image's graycoprops() has them: levels count from 0, logarithms
 * are natural, mean and variance are those of the reference pixel i. */
#include "image/texture/glcm.h"

#include <math.h>

static double
homogeneity(const TsCooccurrence *m)
{
    double sum = 0;
    for (int d = 0; d < m->n_levels; d++)
        sum += (double) m->difference[d] / (1 + (double) d * d);
    return sum / (double) m->n;
}

static void
derive(const TsCooccurrence *m, double *values)
{
    const gsize n = (gsize) m->n_levels;
    double mean = ts_counts_mean(m->row, n, m->n);
    double variance = ts_counts_variance(m->row, n, m->n, mean);
    *values++ = ts_cooccurrence_contrast(m);
    *values++ = ts_counts_mean(m->difference, n, m->n);
    *values++ = homogeneity(m);
    *values++ = ts_cooccurrence_asm(m);
    *values++ = sqrt(ts_cooccurrence_asm(m));
    *values++ = ts_cooccurrence_correlation(m);
    *values++ = mean;
    *values++ = variance;
    *values++ = sqrt(variance);
    *values++ = ts_cooccurrence_entropy(m);
}

static const char *const names[] = {"contrast", "dissimilarity", "homogeneity", "ASM",
                                    "energy",   "correlation",   "mean",        "variance",
                                    "std",      "entropy",       NULL};

const TsGlcmRules ts_glcm_skimage = {
    .prefix = "glcm_",
    .names = names,
    .usual = "contrast,dissimilarity,homogeneity,ASM,energy,correlation",
    .derive = derive,
};

/* First-order statistics: how grey values are spread, wherever they stand. Population moments;
 * skewness and kurtosis (0 for a normal distribution) as in scipy.stats. */
#include "image/texture/family.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

typedef struct {
    guint n_percentiles;
    double percentiles[];
} Plan;

static gboolean
prepare(const TsTextureOptions *options, GPtrArray *columns, gpointer *plan, GError **error)
{
    static const char *const names[] = {"mean", "std", "skewness", "kurtosis", "min", "max"};
    Plan *self = g_malloc(sizeof *self + options->n_percentiles * sizeof(double));
    *plan = self;
    self->n_percentiles = options->n_percentiles;
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        g_ptr_array_add(columns, g_strconcat("first_order_", names[i], NULL));
    for (guint i = 0; i < options->n_percentiles; i++) {
        double percent = self->percentiles[i] = options->percentiles[i];
        g_autofree char *number = ts_texture_number(percent);
        if (!(percent >= 0 && percent <= 100))
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "--percentiles: %s is outside of 0 to 100", number);
        g_ptr_array_add(columns, g_strconcat("first_order_p", number, NULL));
    }
    return TRUE;
}

/* Whether a variance is only what rounding left of a constant; scipy's rule. */
static gboolean
is_constant(const TsMoments *m)
{
    double least = 1e-15 * m->mean;
    return !(m->variance > least * least);
}

static gboolean
compute(gconstpointer plan, const TsTextureImage *image, double *values, GError **error)
{
    const Plan *self = plan;
    const TsDistribution *d = image->distribution;
    TsMoments m = ts_distribution_moments(d);
    double none = ts_texture_none();
    *values++ = m.mean;
    *values++ = sqrt(m.variance);
    *values++ = is_constant(&m) ? none : m.third / pow(m.variance, 1.5);
    *values++ = is_constant(&m) ? none : m.fourth / (m.variance * m.variance) - 3;
    *values++ = d->n > 0 ? d->values[0] : none;
    *values++ = d->n > 0 ? d->values[d->n_values - 1] : none;
    for (guint i = 0; i < self->n_percentiles; i++)
        *values++ = ts_distribution_percentile(d, self->percentiles[i]);
    return TRUE;
}

const TsTextureFamily ts_texture_first_order = {
    .name = "first_order",
    .summary = "mean, deviation, skewness, kurtosis, minimum, maximum, percentiles",
    .prepare = prepare,
    .compute = compute,
    .free_plan = g_free,
};

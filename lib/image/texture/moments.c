/* Colour moments of each band: mean, deviation, and the cube root of the third central moment.
 * M. Stricker, M. Orengo, Similarity of color images, 1995. */
#include "image/texture/family.h"

#include "base/error.h"
#include "image/samples.h"

#include <math.h>
#include <string.h>

static gboolean
prepare(const TsTextureOptions *options, GPtrArray *columns, gpointer *plan, GError **error)
{
    static const char *const names[] = {"mean", "std", "skew"};
    *plan = g_memdup2(&options->bands, sizeof options->bands);
    for (int band = 0; band < options->bands; band++)
        for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
            g_ptr_array_add(columns, g_strdup_printf("moments_%s_b%d", names[i], band));
    return TRUE;
}

/* All samples of an image as doubles, not-a-number where they are not finite. */
static double *
read_samples(const TsImage *image, gsize n, GError **error)
{
    double *samples = ts_try_alloc(n, sizeof *samples, "bands", error);
    if (samples == NULL)
        return NULL;
    ts_samples_add(image->type, image->data, n, 1, samples);
    for (gsize i = 0; i < n; i++)
        if (!isfinite(samples[i]))
            samples[i] = ts_texture_none();
    return samples;
}

static gboolean
compute(gconstpointer plan, const TsTextureImage *image, double *values, GError **error)
{
    const int bands = *(const int *) plan;
    if (image->image->bands != bands)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "has %d colour bands, the first row has %d: moments of each band need "
                            "images of as many",
                            image->image->bands, bands);
    gsize n = (gsize) image->width * (gsize) image->height;
    g_autofree double *samples = read_samples(image->image, n * (gsize) bands, error);
    if (samples == NULL)
        return FALSE;
    for (int band = 0; band < bands; band++) {
        g_auto(TsDistribution) d = {0};
        if (!ts_distribution_init(&d, image->type, samples + band, n, (gsize) bands, image->counts,
                                  error))
            return FALSE;
        TsMoments m = ts_distribution_moments(&d);
        *values++ = m.mean;
        *values++ = sqrt(m.variance);
        *values++ = cbrt(m.third);
    }
    return TRUE;
}

const TsTextureFamily ts_texture_moments = {
    .name = "moments",
    .summary = "colour moments: mean, deviation, skew of each band",
    .by_band = TRUE,
    .prepare = prepare,
    .compute = compute,
    .free_plan = g_free,
};

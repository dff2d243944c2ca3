/* Shannon entropy of the grey values, in bits. */
#include "image/texture/family.h"

static gboolean
prepare(const TsTextureOptions *options, GPtrArray *columns, gpointer *plan, GError **error)
{
    g_ptr_array_add(columns, g_strdup("entropy"));
    return TRUE;
}

static gboolean
compute(gconstpointer plan, const TsTextureImage *image, double *values, GError **error)
{
    *values = ts_distribution_entropy(image->distribution);
    return TRUE;
}

const TsTextureFamily ts_texture_entropy = {
    .name = "entropy",
    .summary = "Shannon entropy of the grey values, in bits",
    .prepare = prepare,
    .compute = compute,
};

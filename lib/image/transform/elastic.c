/* Elastic displacements. */
#include "base/error.h"
#include "base/rng.h"
#include "image/transform/blur.h"
#include "image/transform/map.h"

/* Uniform in -1 .. 1, one number after the other. */
static void
fill_uniform(float *to, gsize n, TsRng *rng)
{
    for (gsize i = 0; i < n; i++)
        to[i] = (float) ts_rng_next(rng) / 2147483648.0f - 1;
}

static float *
make_component(const TsMap *map, double alpha, double sigma, TsRng *rng, GError **error)
{
    const gsize n = (gsize) map->width * (gsize) map->height;
    g_autofree float *field = ts_try_alloc(n, sizeof *field, "elastic displacements", error);
    if (field == NULL)
        return NULL;
    fill_uniform(field, n, rng);
    if (!ts_smooth_gaussian(field, map->width, map->height, 1, sigma, error))
        return NULL;
    for (gsize i = 0; i < n; i++)
        field[i] *= (float) alpha;
    return g_steal_pointer(&field);
}

gboolean
ts_map_elastic(TsMap *self, double alpha, double sigma, guint64 seed, GError **error)
{
    TsRng rng;
    if (alpha == 0)
        return TRUE;
    ts_rng_init(&rng, seed, "elastic", 0);
    g_autofree float *dx = make_component(self, alpha, sigma, &rng, error);
    g_autofree float *dy = dx != NULL ? make_component(self, alpha, sigma, &rng, error) : NULL;
    if (dy == NULL)
        return FALSE;
    TsMapField *field = g_new0(TsMapField, 1);
    field->width = self->width;
    field->height = self->height;
    field->dx = g_steal_pointer(&dx);
    field->dy = g_steal_pointer(&dy);
    field->after = self->matrix;
    field->next = self->fields;
    self->fields = field;
    self->matrix = (TsMatrix){{1, 0, 0, 0, 1, 0, 0, 0, 1}};
    return TRUE;
}

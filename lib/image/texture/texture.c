/* The registry of families, and the choice of some of them: names, plans, one pass an image. */
#include "image/texture/texture.h"

#include "base/error.h"
#include "base/number.h"
#include "image/texture/family.h"
#include "image/texture/grey.h"

#include <string.h>

static const TsTextureFamily *const families[] = {
    &ts_texture_first_order, &ts_texture_entropy, &ts_texture_laplacian, &ts_texture_moments,
    &ts_texture_glcm,        &ts_texture_lbp,     &ts_texture_gabor,
};

typedef struct {
    const TsTextureFamily *family;
    gpointer plan;
    guint first; /* of its columns */
} Part;

struct _TsTexture {
    TsGreyRule grey;
    int band;
    gint64 mask_class;
    GPtrArray *columns;
    guint n_parts;
    Part parts[G_N_ELEMENTS(families)];
};

char *
ts_texture_number(double value)
{
    char text[TS_NUMBER_MAX];
    return g_strdup(ts_format_double(text, value));
}

TsTextureOptions
ts_texture_defaults(void)
{
    static const double percentiles[] = {10, 25, 50, 75, 90};
    static const double angles[] = {0, 45, 90, 135};
    static const double frequencies[] = {0.1, 0.2, 0.4};
    static const int distances[] = {1};
    return (TsTextureOptions){
        .features = "first_order,entropy,laplacian,glcm,lbp",
        .band = -1,
        .mask_class = -1,
        .percentiles = percentiles,
        .n_percentiles = G_N_ELEMENTS(percentiles),
        .levels = 256,
        .distances = distances,
        .n_distances = G_N_ELEMENTS(distances),
        .angles = angles,
        .n_angles = G_N_ELEMENTS(angles),
        .lbp = TS_LBP_UNIFORM,
        .lbp_points = 8,
        .lbp_radius = 1,
        .frequencies = frequencies,
        .n_frequencies = G_N_ELEMENTS(frequencies),
        .orientations = 4,
        .gabor_bandwidth = 1,
    };
}

const char *const *
ts_texture_families(void)
{
    static const char *list[2 * G_N_ELEMENTS(families) + 1];
    static gsize done;
    if (g_once_init_enter(&done)) {
        for (gsize i = 0; i < G_N_ELEMENTS(families); i++) {
            list[2 * i] = families[i]->name;
            list[2 * i + 1] = families[i]->summary;
        }
        g_once_init_leave(&done, 1);
    }
    return list;
}

static const TsTextureFamily *
find_family(const char *name, GError **error)
{
    g_autoptr(GString) all = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(families); i++) {
        if (strcmp(name, families[i]->name) == 0)
            return families[i];
        g_string_append_printf(all, "%s%s", i > 0 ? ", " : "", families[i]->name);
    }
    ts_error_set(error, TS_ERROR_ARGUMENT, "--features: '%s' is none of %s", name, all->str);
    return NULL;
}

static gboolean
add_part(TsTexture *self, const TsTextureFamily *family, const TsTextureOptions *options,
         GError **error)
{
    for (guint i = 0; i < self->n_parts; i++)
        if (self->parts[i].family == family)
            return ts_error_set(error, TS_ERROR_ARGUMENT, "--features: '%s' is there twice",
                                family->name);
    Part *part = &self->parts[self->n_parts++];
    part->family = family;
    part->first = self->columns->len;
    return family->prepare(options, self->columns, &part->plan, error);
}

/* A parameter that was given twice makes a column twice, which no manifest can have. */
static gboolean
check_columns(const TsTexture *self, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < self->columns->len; i++)
        if (!g_hash_table_add(seen, self->columns->pdata[i]))
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "column %s would be there twice: a parameter is repeated",
                                (const char *) self->columns->pdata[i]);
    return TRUE;
}

TsTexture *
ts_texture_new(const TsTextureOptions *options, GError **error)
{
    g_autoptr(TsTexture) self = g_new0(TsTexture, 1);
    self->grey = options->grey;
    self->band = options->band;
    self->mask_class = options->mask_class;
    self->columns = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) names = g_strsplit(options->features, ",", -1);
    for (char **name = names; *name != NULL; name++) {
        const TsTextureFamily *family = find_family(*name, error);
        if (family == NULL || !add_part(self, family, options, error))
            return NULL;
    }
    if (!check_columns(self, error))
        return NULL;
    g_ptr_array_add(self->columns, NULL);
    return g_steal_pointer(&self);
}

void
ts_texture_free(TsTexture *self)
{
    if (self == NULL)
        return;
    for (guint i = 0; i < self->n_parts; i++)
        if (self->parts[i].family->free_plan != NULL)
            self->parts[i].family->free_plan(self->parts[i].plan);
    g_ptr_array_unref(self->columns);
    g_free(self);
}

guint
ts_texture_n(const TsTexture *self)
{
    return self->columns->len - 1;
}

const char *const *
ts_texture_columns(const TsTexture *self)
{
    return (const char *const *) self->columns->pdata;
}

gboolean
ts_texture_needs_bands(const TsTexture *self)
{
    for (guint i = 0; i < self->n_parts; i++)
        if (self->parts[i].family->by_band)
            return TRUE;
    return FALSE;
}

static gboolean
compute_parts(const TsTexture *self, const TsTextureImage *image, double *values, GError **error)
{
    for (guint i = 0; i < self->n_parts; i++) {
        const Part *part = &self->parts[i];
        if (!part->family->compute(part->plan, image, values + part->first, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
ts_texture_compute(const TsTexture *self, const TsImage *image, const TsImage *mask, double *values,
                   GError **error)
{
    g_autoptr(TsImage) flat = NULL;
    g_auto(TsDistribution) distribution = {0};
    g_autofree guint8 *counts = NULL;
    if (!ts_grey_flatten(image, &flat, error))
        return FALSE;
    TsTextureImage seen = {.image = flat != NULL ? flat : image, .distribution = &distribution};
    seen.width = image->width;
    seen.height = image->height;
    seen.type = image->type;
    g_autofree double *grey = ts_grey_compute(seen.image, self->grey, self->band, error);
    if (grey == NULL ||
        !ts_grey_count(grey, seen.image, mask, self->mask_class, &counts, &seen.n_counts, error))
        return FALSE;
    seen.grey = grey;
    seen.counts = counts;
    if (!ts_distribution_init(&distribution, image->type, grey,
                              (gsize) image->width * (gsize) image->height, 1, counts, error))
        return FALSE;
    return compute_parts(self, &seen, values, error);
}

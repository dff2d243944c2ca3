/* Co-occurrence features: from options to offsets and columns, from an image to levels, matrices
 * and the features that a convention derives from them. */
#include "image/texture/glcm.h"

#include "base/error.h"
#include "base/wide.h"
#include "image/texture/family.h"

#include <math.h>
#include <string.h>

typedef struct {
    const TsGlcmRules *rules;
    int n_levels;
    gboolean has_range;
    double low, high;
    gboolean symmetric;
    TsDirections directions;
    guint n_chosen;
    guint chosen[TS_GLCM_MAX_FEATURES]; /* of the convention's features */
    guint n_groups, group;              /* of that many offsets each, merged or averaged together */
    TsOffset *offsets;                  /* (n_groups, group) */
} Plan;

static void
free_plan(gpointer plan)
{
    Plan *self = plan;
    g_free(self->offsets);
    g_free(self);
}

/* scikit-image's rounding: half away from zero, with the error of the addition. */
static int
round_away(double value)
{
    return (int) (value > 0 ? value + 0.5 : value - 0.5);
}

static TsOffset
offset_of(const TsGlcmRules *rules, int distance, double degrees)
{
    double angle = degrees * (G_PI / 180), length = rules->chessboard ? 1 : distance;
    int times = rules->chessboard ? distance : 1;
    return (TsOffset){.dx = times * round_away(cos(angle) * length),
                      .dy = times * round_away(sin(angle) * length)};
}

/* Column names of one group of offsets. */
static void
name_group(const Plan *self, const char *suffix, GPtrArray *columns)
{
    g_autofree char *levels =
        self->n_levels != 256 ? g_strdup_printf("_l%d", self->n_levels) : g_strdup("");
    for (guint i = 0; i < self->n_chosen; i++)
        g_ptr_array_add(columns,
                        g_strconcat(self->rules->prefix, self->rules->names[self->chosen[i]],
                                    levels, suffix, NULL));
}

static const char *
name_of_group(TsDirections directions)
{
    return directions == TS_DIRECTIONS_MEAN ? "_mean" : "_merged";
}

static gboolean
plan_angles(Plan *self, const TsTextureOptions *options, GPtrArray *columns, GError **error)
{
    gboolean each = options->directions == TS_DIRECTIONS_EACH;
    self->group = each ? 1 : options->n_angles;
    self->n_groups = options->n_distances * (each ? options->n_angles : 1);
    self->offsets = g_new(TsOffset, MAX(1, options->n_distances * options->n_angles));
    TsOffset *offset = self->offsets;
    for (guint d = 0; d < options->n_distances; d++) {
        int distance = options->distances[d];
        for (guint a = 0; a < options->n_angles; a++) {
            double angle = options->angles[a];
            g_autofree char *number = ts_texture_number(angle);
            g_autofree char *suffix = g_strdup_printf("_d%d_a%s", distance, number);
            if (self->rules->chessboard && fmod(angle, 45) != 0)
                return ts_error_set(error, TS_ERROR_ARGUMENT,
                                    "--angles: %s is no multiple of 45, as this convention needs",
                                    number);
            *offset++ = offset_of(self->rules, distance, angle);
            if (each)
                name_group(self, suffix, columns);
        }
        g_autofree char *suffix =
            g_strdup_printf("_d%d%s", distance, name_of_group(options->directions));
        if (!each)
            name_group(self, suffix, columns);
    }
    return TRUE;
}

static gboolean
plan_offsets(Plan *self, const TsTextureOptions *options, GPtrArray *columns, GError **error)
{
    gboolean each = options->directions == TS_DIRECTIONS_EACH;
    self->group = each ? 1 : options->n_offsets;
    self->n_groups = each ? options->n_offsets : 1;
    self->offsets = g_new(TsOffset, options->n_offsets);
    for (guint i = 0; i < options->n_offsets; i++) {
        TsOffset offset = {options->offsets[2 * i], options->offsets[2 * i + 1]};
        g_autofree char *suffix = g_strdup_printf("_x%d_y%d", offset.dx, offset.dy);
        if (offset.dx == 0 && offset.dy == 0)
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "--offset: 0,0 pairs pixels with "
                                "themselves");
        self->offsets[i] = offset;
        if (each)
            name_group(self, suffix, columns);
    }
    if (!each)
        name_group(self, name_of_group(options->directions), columns);
    return TRUE;
}

static gboolean
choose_one(Plan *self, const char *name, GError **error)
{
    for (guint i = 0; self->rules->names[i] != NULL; i++)
        if (strcmp(name, self->rules->names[i]) == 0) {
            if (self->n_chosen == TS_GLCM_MAX_FEATURES)
                return ts_error_set(error, TS_ERROR_ARGUMENT, "--properties: too many");
            self->chosen[self->n_chosen++] = i;
            return TRUE;
        }
    g_autofree char *all = g_strjoinv(", ", (char **) self->rules->names);
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "--properties: '%s' is none of this convention: %s", name, all);
}

static gboolean
choose_properties(Plan *self, const char *properties, GError **error)
{
    const char *list = properties != NULL ? properties : self->rules->usual;
    if (strcmp(list, "all") == 0) {
        while (self->rules->names[self->n_chosen] != NULL) {
            self->chosen[self->n_chosen] = self->n_chosen;
            self->n_chosen++;
        }
        return TRUE;
    }
    g_auto(GStrv) names = g_strsplit(list, ",", -1);
    for (char **name = names; *name != NULL; name++)
        if (!choose_one(self, *name, error))
            return FALSE;
    return TRUE;
}

static gboolean
check_options(const TsTextureOptions *options, GError **error)
{
    if (options->levels < 2 || options->levels > TS_TEXTURE_MAX_LEVELS)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--levels: %d is outside of 2 to %d",
                            options->levels, TS_TEXTURE_MAX_LEVELS);
    if (options->has_range && !(options->low < options->high))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--range: %g,%g is empty, the lower end comes first", options->low,
                            options->high);
    for (guint i = 0; i < options->n_distances; i++)
        if (options->distances[i] < 1)
            return ts_error_set(error, TS_ERROR_ARGUMENT, "--distances: %d is below 1",
                                options->distances[i]);
    return TRUE;
}

static gboolean
prepare(const TsTextureOptions *options, GPtrArray *columns, gpointer *plan, GError **error)
{
    static const TsGlcmRules *const rules[] = {&ts_glcm_skimage, &ts_glcm_mahotas, &ts_glcm_ibsi};
    Plan *self = g_new0(Plan, 1);
    *plan = self;
    self->rules = rules[options->convention];
    self->n_levels = options->levels;
    self->has_range = options->has_range;
    self->low = options->low;
    self->high = options->high;
    self->symmetric = options->symmetric || self->rules->symmetric;
    self->directions = options->directions;
    if (!check_options(options, error) || !choose_properties(self, options->properties, error))
        return FALSE;
    return options->n_offsets > 0 ? plan_offsets(self, options, columns, error)
                                  : plan_angles(self, options, columns, error);
}

/* The range that is divided into levels: from `low`, `span` wide. */
static gboolean
find_range(const Plan *self, TsSampleType type, double *low, double *span, GError **error)
{
    static const double lowest[] = {0, G_MININT8, 0, G_MININT16, 0, G_MININT32};
    gboolean whole = type != TS_F32 && type != TS_F64;
    if (!whole && !self->has_range)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "co-occurrence needs levels, and floats have no fixed range: give it "
                            "with --range LO,HI");
    *low = self->has_range ? self->low : lowest[type];
    *span = self->has_range ? self->high - self->low + (whole ? 1 : 0)
                            : exp2(8 * (double) ts_sample_type_size(type));
    return TRUE;
}

/* levels[i] = floor((values[i] - low) * n_levels / span), cut off at both ends. Where the quotient
 * is a power of two, multiplying by it is as exact as dividing. */
TS_WIDE static void
quantise_values(const double *restrict values, gsize n, double low, double span, int n_levels,
                guint16 *restrict levels)
{
    const double scale = n_levels / span, last = n_levels - 1;
    int exponent;
    if (frexp(scale, &exponent) == 0.5)
        for (gsize i = 0; i < n; i++) {
            double level = (values[i] - low) * scale;
            level = level > 0 ? level : 0;
            levels[i] = (guint16) (int) (level < last ? level : last);
        }
    else
        for (gsize i = 0; i < n; i++) {
            double level = (values[i] - low) * n_levels / span;
            level = level > 0 ? level : 0;
            levels[i] = (guint16) (int) (level < last ? level : last);
        }
}

/* Levels (height, width); pixels that do not count have the level n_levels. */
static guint16 *
quantise(const Plan *self, const TsTextureImage *image, int *highest, GError **error)
{
    const gsize n = (gsize) image->width * (gsize) image->height;
    const TsDistribution *d = image->distribution;
    guint16 top = 0;
    double low = 0, span = 1;
    if (!find_range(self, image->type, &low, &span, error))
        return NULL;
    guint16 *levels = ts_try_alloc(n, sizeof *levels, "levels", error);
    if (levels == NULL)
        return NULL;
    quantise_values(image->grey, n, low, span, self->n_levels, levels);
    for (gsize i = 0; image->counts != NULL && i < n; i++)
        levels[i] = image->counts[i] ? levels[i] : (guint16) self->n_levels;
    if (d->n > 0)
        quantise_values(&d->values[d->n_values - 1], 1, low, span, self->n_levels, &top);
    *highest = top;
    return levels;
}

typedef struct {
    const guint16 *levels;
    int width, height;
    gsize n_cells;
    guint32 *cells;
    TsCooccurrence sums;
} Work;

/* All features of the matrix of `n` offsets; not-a-number if no two pixels stand so. */
static void
compute_matrix(const Plan *self, Work *work, const TsOffset *offsets, guint n, double *features)
{
    memset(work->cells, 0, work->n_cells * sizeof *work->cells);
    for (guint i = 0; i < n; i++)
        ts_cooccurrence_count(work->levels, work->width, work->height, offsets[i], self->n_levels,
                              work->cells);
    ts_cooccurrence_summarise(&work->sums, work->cells, self->symmetric);
    if (work->sums.n > 0)
        self->rules->derive(&work->sums, features);
    else
        for (guint i = 0; i < TS_GLCM_MAX_FEATURES; i++)
            features[i] = ts_texture_none();
}

static void
compute_group(const Plan *self, Work *work, const TsOffset *offsets, double *values)
{
    double features[TS_GLCM_MAX_FEATURES];
    gboolean mean = self->directions == TS_DIRECTIONS_MEAN;
    guint n_matrices = mean ? self->group : 1;
    for (guint i = 0; i < self->n_chosen; i++)
        values[i] = 0;
    for (guint k = 0; k < n_matrices; k++) {
        compute_matrix(self, work, offsets + k, mean ? 1 : self->group, features);
        for (guint i = 0; i < self->n_chosen; i++)
            values[i] += features[self->chosen[i]] / n_matrices;
    }
}

static gboolean
compute(gconstpointer plan, const TsTextureImage *image, double *values, GError **error)
{
    const Plan *self = plan;
    const guint64 n_pairs = 2 * (guint64) image->width * (guint64) image->height * self->group;
    if (n_pairs > G_MAXUINT32)
        return ts_error_set(error, TS_ERROR_RANGE, "%d x %d pixels are too many to count pairs of",
                            image->width, image->height);
    Work work = {.width = image->width, .height = image->height};
    int highest;
    g_autofree guint16 *levels = quantise(self, image, &highest, error);
    work.levels = levels;
    work.n_cells = ts_cooccurrence_n_cells(self->n_levels);
    g_autofree guint32 *cells =
        levels != NULL ? ts_try_alloc(work.n_cells, sizeof *cells, "matrix", error) : NULL;
    work.cells = cells;
    if (cells == NULL || !ts_cooccurrence_init(&work.sums, self->n_levels, error))
        return FALSE;
    work.sums.highest = highest;
    for (guint g = 0; g < self->n_groups; g++)
        compute_group(self, &work, self->offsets + (gsize) g * self->group,
                      values + (gsize) g * self->n_chosen);
    ts_cooccurrence_clear(&work.sums);
    return TRUE;
}

const TsTextureFamily ts_texture_glcm = {
    .name = "glcm",
    .summary = "co-occurrence of grey levels: contrast, correlation, ...",
    .prepare = prepare,
    .compute = compute,
    .free_plan = free_plan,
};

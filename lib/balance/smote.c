/* Which rows to mix, and how far, so that classes grow. */
#include "balance/smote.h"

#include "balance/neighbours.h"
#include "balance/random_state.h"
#include "base/error.h"
#include "base/rng.h"

#include <math.h>

/* One class on its way to more rows. */
typedef struct {
    const TsPoints *points;
    const gint32 *class_of_row;
    const TsSmoteOptions *how;
    gint32 number;
    guint64 add;
    guint32 *rows; /* of the class */
    gsize n_rows;
    TsRandomState *random; /* with compat */
    GArray *blends;
} Class;

static guint32 *
rows_of_class(const TsPoints *points, const gint32 *class_of_row, gint32 number, gsize *n)
{
    *n = 0;
    for (gsize i = 0; i < points->n; i++)
        *n += class_of_row[i] == number;
    guint32 *rows = g_new(guint32, MAX(*n, 1)), *at = rows;
    for (gsize i = 0; i < points->n; i++)
        if (class_of_row[i] == number)
            *at++ = (guint32) i;
    return rows;
}

static gboolean
class_error(const Class *self, TsError code, const char *message, GError **error)
{
    if (self->how->names != NULL)
        return ts_error_set(error, code, "class '%s': %s", self->how->names[self->number], message);
    return ts_error_set(error, code, "class %d: %s", self->number, message);
}

static void
add_blend(Class *self, guint32 a, guint32 b, double lambda)
{
    TsBlend blend = {a, b, lambda, 1};
    g_array_append_val(self->blends, blend);
}

/* From bases[i] towards one of its neighbours; near->index has a line for each base. As
 * imbalanced-learn: first all pairs of base and neighbour, then all steps. */
static void
draw_as_imblearn(Class *self, const guint32 *bases, const TsNeighbours *near)
{
    gsize first = self->blends->len;
    for (guint64 i = 0; i < self->add; i++) {
        guint64 pair = ts_random_state_below(self->random, near->n * near->k);
        add_blend(self, bases[pair / near->k], near->index[pair], 0);
    }
    for (gsize i = first; i < self->blends->len; i++)
        g_array_index(self->blends, TsBlend, i).lambda = ts_random_state_uniform(self->random);
}

/* Each base as often as the others; those that are once more are drawn. */
static void
draw_evenly(Class *self, const guint32 *bases, const TsNeighbours *near)
{
    TsRng rng;
    ts_rng_init(&rng, self->how->seed, "smote", (guint64) self->number);
    g_autofree guint64 *order = g_new(guint64, near->n);
    for (gsize i = 0; i < near->n; i++)
        order[i] = i;
    ts_rng_shuffle(&rng, order, near->n);
    for (guint64 i = 0; i < self->add; i++) {
        guint64 base = order[i % near->n];
        guint32 b = near->index[base * near->k + ts_rng_below(&rng, near->k)];
        add_blend(self, bases[base], b, ts_rng_uniform(&rng));
    }
}

static void
draw(Class *self, const guint32 *bases, const TsNeighbours *near)
{
    if (self->how->compat)
        draw_as_imblearn(self, bases, near);
    else
        draw_evenly(self, bases, near);
}

static gboolean
make_plain(Class *self, GError **error)
{
    guint k = (guint) MIN(self->how->k, self->n_rows - 1);
    g_autoptr(TsNeighbours) near =
        ts_neighbours_new(self->points, self->rows, self->n_rows, NULL, 0, k, error);
    if (near == NULL)
        return FALSE;
    draw(self, self->rows, near);
    return TRUE;
}

/* How many of the neighbours of query `i` are of other classes. */
static guint
count_others(const Class *self, const TsNeighbours *near, gsize i)
{
    guint others = 0;
    for (guint j = 0; j < near->k; j++)
        others += self->class_of_row[near->index[i * near->k + j]] != self->number;
    return others;
}

/* The rows of the class that are in danger; their number may be 0. */
static guint32 *
rows_in_danger(const Class *self, gsize *n, GError **error)
{
    guint m = self->how->m;
    g_autoptr(TsNeighbours) near =
        ts_neighbours_new(self->points, NULL, 0, self->rows, self->n_rows, m, error);
    if (near == NULL)
        return NULL;
    guint32 *danger = g_new(guint32, self->n_rows);
    *n = 0;
    for (gsize i = 0; i < near->n; i++) {
        guint others = count_others(self, near, i);
        if (2 * others >= m && others < m)
            danger[(*n)++] = self->rows[i];
    }
    return danger;
}

/* At most half the way to rows of other classes: drawn anew from the seed, as imbalanced-learn. */
static void
shorten_ways_to_others(Class *self, gsize first)
{
    TsRandomState again;
    TsRng rng;
    ts_random_state_init(&again, (guint32) self->how->seed);
    ts_rng_init(&rng, self->how->seed, "smote, others", (guint64) self->number);
    for (gsize i = first; i < self->blends->len; i++) {
        TsBlend *blend = &g_array_index(self->blends, TsBlend, i);
        if (self->class_of_row[blend->b] != self->number)
            blend->scale =
                0.5 * (self->how->compat ? ts_random_state_uniform(&again) : ts_rng_uniform(&rng));
    }
}

static gboolean
make_borderline(Class *self, GError **error)
{
    gsize n_danger, first = self->blends->len;
    g_autofree guint32 *danger = rows_in_danger(self, &n_danger, error);
    if (danger == NULL)
        return FALSE;
    if (n_danger == 0)
        return TRUE;
    gboolean to_all = self->how->kind == TS_SMOTE_BORDERLINE_2;
    gsize n_base = to_all ? self->points->n : self->n_rows;
    g_autoptr(TsNeighbours) near =
        ts_neighbours_new(self->points, to_all ? NULL : self->rows, n_base, danger, n_danger,
                          (guint) MIN(self->how->k, n_base - 1), error);
    if (near == NULL)
        return FALSE;
    draw(self, danger, near);
    if (to_all)
        shorten_ways_to_others(self, first);
    return TRUE;
}

/* NumPy's sum, whose rounding decides where a share is near a half: pairwise, eight lanes. */
static double
numpy_sum(const double *values, gsize n)
{
    if (n > 128) {
        gsize half = n / 2 - n / 2 % 8;
        return numpy_sum(values, half) + numpy_sum(values + half, n - half);
    }
    double sum = 0;
    gsize i = 0;
    if (n >= 8) {
        double lane[8];
        for (; i < 8; i++)
            lane[i] = values[i];
        for (; i + 8 <= n; i += 8)
            for (gsize l = 0; l < 8; l++)
                lane[l] += values[i + l];
        sum = ((lane[0] + lane[1]) + (lane[2] + lane[3])) +
              ((lane[4] + lane[5]) + (lane[6] + lane[7]));
    }
    for (; i < n; i++)
        sum += values[i];
    return sum;
}

/* How many new rows start at each row of the class: shares by the others around it. */
static guint64 *
count_for_each_row(const Class *self, guint64 *total, GError **error)
{
    guint k = (guint) MIN(self->how->k, self->points->n - 1);
    g_autoptr(TsNeighbours) near =
        ts_neighbours_new(self->points, NULL, 0, self->rows, self->n_rows, k, error);
    if (near == NULL)
        return NULL;
    g_autofree double *share = g_new(double, self->n_rows);
    for (gsize i = 0; i < near->n; i++)
        share[i] = (double) count_others(self, near, i) / k;
    double sum = numpy_sum(share, near->n);
    if (!(sum > 0)) {
        class_error(self, TS_ERROR_FORMAT,
                    "no row has a neighbour of another class, and ADASYN starts from those; take "
                    "--kind smote",
                    error);
        return NULL;
    }
    guint64 *counts = g_new(guint64, self->n_rows);
    *total = 0;
    for (gsize i = 0; i < near->n; i++) {
        counts[i] = (guint64) rint(share[i] / sum * (double) self->add);
        *total += counts[i];
    }
    return counts;
}

/* Neighbours are drawn for all new rows, then steps. */
static void
draw_adaptively(Class *self, const guint64 *counts, const TsNeighbours *near)
{
    TsRng rng;
    gsize first = self->blends->len;
    ts_rng_init(&rng, self->how->seed, "adasyn", (guint64) self->number);
    for (gsize i = 0; i < near->n; i++)
        for (guint64 j = 0; j < counts[i]; j++) {
            guint64 which = self->how->compat ? ts_random_state_below(self->random, near->k)
                                              : ts_rng_below(&rng, near->k);
            add_blend(self, self->rows[i], near->index[i * near->k + which], 0);
        }
    for (gsize i = first; i < self->blends->len; i++)
        g_array_index(self->blends, TsBlend, i).lambda =
            self->how->compat ? ts_random_state_uniform(self->random) : ts_rng_uniform(&rng);
}

static gboolean
make_adaptive(Class *self, GError **error)
{
    guint64 total;
    g_autofree guint64 *counts = count_for_each_row(self, &total, error);
    if (counts == NULL)
        return FALSE;
    guint k = (guint) MIN(self->how->k, self->n_rows - 1);
    g_autoptr(TsNeighbours) near =
        ts_neighbours_new(self->points, self->rows, self->n_rows, NULL, 0, k, error);
    if (near == NULL)
        return FALSE;
    draw_adaptively(self, counts, near);
    return TRUE;
}

static gboolean
make_class(Class *self, GError **error)
{
    if (self->n_rows == 0)
        return class_error(self, TS_ERROR_ARGUMENT, "has no rows to start from", error);
    if (self->n_rows == 1) {
        for (guint64 i = 0; i < self->add; i++)
            add_blend(self, self->rows[0], self->rows[0], 0);
        return TRUE;
    }
    switch (self->how->kind) {
    case TS_SMOTE_PLAIN:
        return make_plain(self, error);
    case TS_SMOTE_ADASYN:
        return make_adaptive(self, error);
    default:
        return make_borderline(self, error);
    }
}

static gboolean
check_options(const TsSmoteOptions *how, GError **error)
{
    if (how->k == 0 || how->m == 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "0 neighbours: at least 1 is needed");
    if (how->compat && how->seed > G_MAXUINT32)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "seed %" G_GUINT64_FORMAT ": imbalanced-learn takes 0 to 4294967295",
                            how->seed);
    return TRUE;
}

/* Before any work: room for all recipes. */
static gboolean
check_total(const guint64 *add, guint n_classes, GError **error)
{
    guint64 total = 0;
    for (guint c = 0; c < n_classes; c++) {
        if (add[c] > G_MAXINT32 - total)
            return ts_error_set(error, TS_ERROR_RANGE,
                                "more than %d new rows are too many for one table", G_MAXINT32);
        total += add[c];
    }
    g_autofree void *room = ts_try_alloc(total, sizeof(TsBlend), "new rows", error);
    return room != NULL;
}

GArray *
ts_smote(const TsPoints *points, const gint32 *class_of_row, guint n_classes, const guint64 *add,
         const TsSmoteOptions *how, guint64 *made, GError **error)
{
    if (!check_options(how, error) || !check_total(add, n_classes, error))
        return NULL;
    g_autoptr(GArray) blends = g_array_new(FALSE, FALSE, sizeof(TsBlend));
    TsRandomState random;
    ts_random_state_init(&random, (guint32) how->seed);
    for (guint c = 0; c < n_classes; c++) {
        guint before = blends->len;
        made[c] = 0;
        if (add[c] == 0)
            continue;
        if (how->kind != TS_SMOTE_ADASYN)
            ts_random_state_init(&random, (guint32) how->seed);
        Class one = {.points = points,
                     .class_of_row = class_of_row,
                     .how = how,
                     .number = (gint32) c,
                     .add = add[c],
                     .random = &random,
                     .blends = blends};
        g_autofree guint32 *rows = rows_of_class(points, class_of_row, (gint32) c, &one.n_rows);
        one.rows = rows;
        if (!make_class(&one, error))
            return NULL;
        made[c] = blends->len - before;
    }
    return g_steal_pointer(&blends);
}

void
ts_blend_f32(const TsPoints *points, const TsBlend *blend, float *out)
{
    const float *a = points->f32 + (gsize) blend->a * points->d;
    const float *b = points->f32 + (gsize) blend->b * points->d;
    for (gsize j = 0; j < points->d; j++) {
        float way = (float) ((double) (b[j] - a[j]) * blend->scale);
        out[j] = (float) ((double) a[j] + blend->lambda * (double) way);
    }
}

void
ts_blend_f64(const TsPoints *points, const TsBlend *blend, double *out)
{
    const double *a = points->f64 + (gsize) blend->a * points->d;
    const double *b = points->f64 + (gsize) blend->b * points->d;
    for (gsize j = 0; j < points->d; j++)
        out[j] = a[j] + blend->lambda * ((b[j] - a[j]) * blend->scale);
}

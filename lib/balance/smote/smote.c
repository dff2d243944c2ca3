/* Which rows to mix, and how far, so that classes grow. */
#include "balance/smote/smote_private.h"

#include "base/memory.h"

#include <math.h>

guint32 *
ts_smote_rows_of_class(const TsPoints *points, const gint32 *class_of_row, gint32 number, gsize *n)
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

gboolean
ts_smote_class_error(const TsSmoteClass *self, TsError code, const char *message, GError **error)
{
    if (self->how->names != NULL)
        return ts_error_set(error, code, "class '%s': %s", self->how->names[self->number], message);
    return ts_error_set(error, code, "class %d: %s", self->number, message);
}

void
ts_smote_add(TsSmoteClass *self, guint32 a, guint32 b, double lambda)
{
    TsBlend blend = {a, b, lambda, 1};
    g_array_append_val(self->blends, blend);
}

guint
ts_smote_count_others(const TsSmoteClass *self, const TsNeighbours *near, gsize i)
{
    guint others = 0;
    for (guint j = 0; j < near->k; j++)
        others += self->class_of_row[near->index[i * near->k + j]] != self->number;
    return others;
}

TsNeighbours *
ts_smote_neighbours_within(const TsSmoteClass *self, const guint32 *query, gsize n, GError **error)
{
    guint k = (guint) MIN(self->how->k, self->n_rows - 1);
    return ts_neighbours_new(self->points, self->rows, self->n_rows, query, n, k, error);
}

/* As imbalanced-learn: first all pairs of base and neighbour, then all steps. */
static void
draw_as_imblearn(TsSmoteClass *self, const guint32 *bases, const TsNeighbours *near, guint64 n,
                 double step)
{
    TsRandomState random;
    gsize first = self->blends->len;
    ts_random_state_init(&random, (guint32) self->how->seed);
    for (guint64 i = 0; i < n; i++) {
        guint64 pair = ts_random_state_below(&random, near->n * near->k);
        ts_smote_add(self, bases[pair / near->k], near->index[pair], 0);
    }
    for (gsize i = first; i < self->blends->len; i++)
        g_array_index(self->blends, TsBlend, i).lambda = step * ts_random_state_uniform(&random);
}

/* Each base as often as the others; those that are once more are drawn. */
static void
draw_evenly(TsSmoteClass *self, const guint32 *bases, const TsNeighbours *near, guint64 n,
            double step, const char *purpose)
{
    TsRng rng;
    ts_rng_init(&rng, self->how->seed, purpose, (guint64) self->number);
    g_autofree guint64 *order = g_new(guint64, near->n);
    for (gsize i = 0; i < near->n; i++)
        order[i] = i;
    ts_rng_shuffle(&rng, order, near->n);
    for (guint64 i = 0; i < n; i++) {
        guint64 base = order[i % near->n];
        guint32 b = near->index[base * near->k + ts_rng_below(&rng, near->k)];
        ts_smote_add(self, bases[base], b, step * ts_rng_uniform(&rng));
    }
}

void
ts_smote_draw(TsSmoteClass *self, const guint32 *bases, const TsNeighbours *near, guint64 n,
              double step, const char *purpose)
{
    if (self->how->compat)
        draw_as_imblearn(self, bases, near, n, step);
    else
        draw_evenly(self, bases, near, n, step, purpose);
}

static gboolean
make_plain(TsSmoteClass *self, GError **error)
{
    g_autoptr(TsNeighbours) near = ts_smote_neighbours_within(self, NULL, 0, error);
    if (near == NULL)
        return FALSE;
    ts_smote_draw(self, self->rows, near, self->add, 1, "smote");
    return TRUE;
}

static gboolean
make_class(TsSmoteClass *self, GError **error)
{
    if (self->n_rows == 0)
        return ts_smote_class_error(self, TS_ERROR_ARGUMENT, "has no rows to start from", error);
    if (self->n_rows == 1) {
        for (guint64 i = 0; i < self->add; i++)
            ts_smote_add(self, self->rows[0], self->rows[0], 0);
        return TRUE;
    }
    switch (self->how->kind) {
    case TS_SMOTE_ADASYN:
        return ts_smote_make_adasyn(self, error);
    case TS_SMOTE_BORDERLINE_1:
    case TS_SMOTE_BORDERLINE_2:
        return ts_smote_make_borderline(self, error);
    case TS_SMOTE_SVM:
        return ts_smote_make_svm(self, error);
    case TS_SMOTE_CLUSTERS:
        return ts_smote_make_clusters(self, error);
    case TS_SMOTE_SAFE_LEVEL:
        return ts_smote_make_safe_level(self, error);
    case TS_SMOTE_EOS:
        return ts_smote_make_eos(self, error);
    default:
        return make_plain(self, error);
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
check_total(const guint64 *add, guint n_classes, gsize n_columns, GError **error)
{
    guint64 total = 0;
    for (guint c = 0; c < n_classes; c++) {
        if (add[c] > G_MAXINT32 - total)
            return ts_error_set(error, TS_ERROR_RANGE,
                                "more than %d new rows are too many for one table", G_MAXINT32);
        total += add[c];
    }
    if (n_columns > 0 && total > G_MAXINT32 / n_columns)
        return ts_error_set(error, TS_ERROR_RANGE, "too many new rows for their categories");
    g_autofree void *room = ts_try_alloc(total, sizeof(TsBlend), "new rows", error);
    return room != NULL;
}

gboolean
ts_smote_check(const TsSmoteOptions *how, const guint64 *add, guint n_classes, gsize n_columns,
               GError **error)
{
    return check_options(how, error) && check_total(add, n_classes, n_columns, error);
}

static guint64
sum(const guint64 *add, guint n)
{
    guint64 total = 0;
    for (guint c = 0; c < n; c++)
        total += add[c];
    return total;
}

GArray *
ts_smote(const TsPoints *points, const gint32 *class_of_row, guint n_classes, const guint64 *add,
         const TsSmoteOptions *how, guint64 *made, GError **error)
{
    if (!ts_smote_check(how, add, n_classes, 0, error))
        return NULL;
    g_autoptr(GArray) blends = g_array_new(FALSE, FALSE, sizeof(TsBlend));
    g_autofree guint8 *is_support = NULL;
    TsRandomState random;
    ts_random_state_init(&random, (guint32) how->seed);
    if (how->kind == TS_SMOTE_SVM && sum(add, n_classes) > 0) {
        is_support = ts_smote_find_support(points, class_of_row, n_classes, error);
        if (is_support == NULL)
            return NULL;
    }
    for (guint c = 0; c < n_classes; c++) {
        guint before = blends->len;
        made[c] = 0;
        if (add[c] == 0)
            continue;
        TsSmoteClass one = {.points = points,
                            .class_of_row = class_of_row,
                            .how = how,
                            .number = (gint32) c,
                            .add = add[c],
                            .add_all = sum(add, n_classes),
                            .random = &random,
                            .is_support = is_support,
                            .blends = blends};
        g_autofree guint32 *rows =
            ts_smote_rows_of_class(points, class_of_row, (gint32) c, &one.n_rows);
        one.rows = rows;
        if (!make_class(&one, error))
            return NULL;
        made[c] = blends->len - before;
    }
    return g_steal_pointer(&blends);
}

gsize
ts_blend_release_step(const TsPoints *points)
{
    enum { READ_AHEAD = 1 << 16 }; /* bytes that come into memory with each parent */
    return MAX(1, ts_memory_get() / 8 / (2 * (READ_AHEAD + ts_points_row_bytes(points))));
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

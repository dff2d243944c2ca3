/* Rows kept by their scores: NearMiss, and probabilities of a classifier. */
#include "balance/undersample/undersample.h"

#include "balance/space/neighbours.h"
#include "base/error.h"
#include "base/threads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

gint32
ts_smallest_class(const gint32 *class_of_row, gsize n, guint n_classes)
{
    g_autofree guint64 *counts = g_new0(guint64, MAX(n_classes, 1));
    gint32 smallest = -1;
    for (gsize i = 0; i < n; i++)
        if (class_of_row[i] >= 0)
            counts[class_of_row[i]]++;
    for (gsize i = 0; i < n; i++) {
        gint32 c = class_of_row[i];
        if (c >= 0 && (smallest < 0 || counts[c] < counts[smallest]))
            smallest = c;
    }
    return smallest;
}

guint32 *
ts_rows_of_class(const gint32 *class_of_row, gsize n, gint32 class, gsize *n_found, GError **error)
{
    *n_found = 0;
    for (gsize i = 0; i < n; i++)
        *n_found += class_of_row[i] == class;
    guint32 *rows = ts_try_alloc(*n_found, sizeof *rows, "rows of a class", error);
    for (gsize i = 0, at = 0; rows != NULL && i < n; i++)
        if (class_of_row[i] == class)
            rows[at++] = (guint32) i;
    return rows;
}

typedef struct {
    double score;
    guint32 row;
} Scored;

static int
compare_ascending(const void *a, const void *b)
{
    const Scored *x = a, *y = b;
    if (x->score != y->score)
        return x->score < y->score ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static int
compare_descending(const void *a, const void *b)
{
    const Scored *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* The first `wanted` of the rows stay. */
static void
keep_first(Scored *rows, gsize n, guint64 wanted, gboolean largest, guint8 *keep)
{
    qsort(rows, n, sizeof *rows, largest ? compare_descending : compare_ascending);
    for (gsize i = 0; i < n; i++)
        keep[rows[i].row] = i < wanted;
}

/* The sums of distances that rows of a class are judged by. */
typedef struct {
    const TsPoints *points;
    const guint32 *smallest; /* (n_smallest) rows of the smallest class */
    gsize n_smallest;
    guint k;
    Scored *rows;
} Misses;

/* Sum of the distances to the k farthest, from the nearest of them on. */
static gboolean
sum_farthest(guint64 item, gpointer data, GError **error)
{
    const Misses *self = data;
    Scored *scored = &self->rows[item];
    g_autofree double *farthest = g_new0(double, self->k); /* ascending */
    gsize step = ts_points_release_step(self->points), first = 0;
    (void) error;
    for (gsize i = 0; i < self->n_smallest; i++) {
        double d2 = ts_points_distance2(self->points, scored->row, self->smallest[i]);
        guint at = 0;
        if (i + 1 == self->n_smallest || self->smallest[i] - self->smallest[first] >= step) {
            ts_points_release(self->points, self->smallest[first], self->smallest[i] + 1);
            first = i;
        }
        if (i >= self->k && d2 <= farthest[0])
            continue;
        for (; at + 1 < self->k && farthest[at + 1] < d2; at++)
            farthest[at] = farthest[at + 1];
        farthest[at] = d2;
    }
    ts_points_release(self->points, scored->row, scored->row + 1);
    scored->score = 0;
    for (guint j = 0; j < self->k; j++)
        scored->score += sqrt(farthest[j]);
    return TRUE;
}

/* `rows` are those of a class; where it is the smallest itself, a row is the nearest to itself. */
static gboolean
sum_nearest(const Misses *self, const guint32 *rows, gsize n, gboolean is_smallest, GError **error)
{
    guint k = self->k - is_smallest;
    for (gsize i = 0; i < n; i++)
        self->rows[i].score = 0;
    if (k == 0)
        return TRUE;
    g_autoptr(TsNeighbours) near =
        ts_neighbours_new(self->points, self->smallest, self->n_smallest, rows, n, k, error);
    for (gsize i = 0; near != NULL && i < n; i++)
        for (guint j = 0; j < k; j++)
            self->rows[i].score += sqrt(near->distance2[i * k + j]);
    return near != NULL;
}

/* Of `rows`, leave those that are among the k nearest of a row of the smallest class. */
static gboolean
choose_near(const Misses *self, guint32 *rows, gsize *n, guint k, guint8 *keep, GError **error)
{
    g_autoptr(TsNeighbours) near =
        ts_neighbours_new(self->points, rows, *n, self->smallest, self->n_smallest, k, error);
    if (near == NULL)
        return FALSE;
    for (gsize i = 0; i < *n; i++)
        keep[rows[i]] = FALSE;
    for (gsize i = 0; i < near->n * near->k; i++)
        keep[near->index[i]] = TRUE;
    gsize n_near = 0;
    for (gsize i = 0; i < *n; i++)
        if (keep[rows[i]])
            rows[n_near++] = rows[i];
    *n = n_near;
    return TRUE;
}

static gboolean
keep_near_misses(const TsUndersample *what, Misses *self, gint32 class, guint version, guint k3,
                 guint8 *keep, GError **error)
{
    gboolean is_smallest = self->n_smallest > 0 && class == what->class_of_row[self->smallest[0]];
    gsize n;
    g_autofree guint32 *rows =
        ts_rows_of_class(what->class_of_row, what->points->n, class, &n, error);
    if (rows == NULL || n == 0)
        return rows != NULL;
    if (version == 3 && !is_smallest && !choose_near(self, rows, &n, k3, keep, error))
        return FALSE;
    g_autofree Scored *scored = ts_try_alloc(n, sizeof *scored, "distances", error);
    if (scored == NULL)
        return FALSE;
    for (gsize i = 0; i < n; i++)
        scored[i].row = rows[i];
    self->rows = scored;
    if (version == 2 ? !ts_parallel_for(n, sum_farthest, self, error)
                     : !sum_nearest(self, rows, n, is_smallest, error))
        return FALSE;
    keep_first(scored, n, what->targets[class], version == 3, keep);
    return TRUE;
}

gboolean
ts_nearmiss(const TsUndersample *what, guint version, guint k, guint k3, guint8 *keep,
            GError **error)
{
    gint32 smallest = ts_smallest_class(what->class_of_row, what->points->n, what->n_classes);
    Misses self = {.points = what->points, .k = k};
    memset(keep, TRUE, what->points->n);
    if (smallest < 0)
        return TRUE;
    g_autofree guint32 *rows =
        ts_rows_of_class(what->class_of_row, what->points->n, smallest, &self.n_smallest, error);
    self.smallest = rows;
    if (rows == NULL)
        return FALSE;
    if (k < 1 || k > self.n_smallest)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "%u neighbours among the %" G_GSIZE_FORMAT
                            " rows of the smallest class: from 1 to that are possible",
                            k, self.n_smallest);
    for (guint c = 0; c < what->n_classes; c++)
        if (what->targeted[c] &&
            !keep_near_misses(what, &self, (gint32) c, version, k3, keep, error))
            return FALSE;
    return TRUE;
}

gboolean
ts_keep_easiest(const TsUndersample *what, const double *score, guint8 *keep, GError **error)
{
    memset(keep, TRUE, what->points->n);
    for (guint c = 0; c < what->n_classes; c++) {
        gsize n;
        g_autofree guint32 *rows =
            ts_rows_of_class(what->class_of_row, what->points->n, (gint32) c, &n, error);
        g_autofree Scored *scored =
            rows != NULL ? ts_try_alloc(n, sizeof *scored, "scores", error) : NULL;
        if (scored == NULL)
            return FALSE;
        for (gsize i = 0; i < n; i++)
            scored[i] = (Scored){.score = score[rows[i]], .row = rows[i]};
        if (what->targeted[c])
            keep_first(scored, n, what->targets[c], TRUE, keep);
    }
    return TRUE;
}

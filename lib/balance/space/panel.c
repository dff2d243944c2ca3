/* Panels of rows: in which order, how scaled, and packed. */
#include "balance/space/panel.h"

#include "base/error.h"
#include "base/rng.h"

#include <math.h>
#include <string.h>

enum { CHUNK_BYTES = 1 << 16 }; /* of the points, that are read together */

static gsize
chunk_rows(const TsPoints *points)
{
    return MAX(1, CHUNK_BYTES / MAX(ts_points_row_bytes(points), 1));
}

gsize
ts_panel_row_bytes(const TsPoints *points)
{
    return points->d * sizeof(float) + ts_points_row_bytes(points) + 2 * sizeof(guint32) +
           sizeof(float);
}

/* Call for each row of a list, whose rows go from memory behind it where they have to. */
typedef void (*RowFunc)(TsFrame *self, const TsPoints *points, gsize row, gsize n);

static void
each_row(TsFrame *self, const TsPoints *points, const TsRowList *list, RowFunc func)
{
    gsize step = ts_points_release_step(points), first = 0;
    for (gsize i = 0; i < list->n; i++) {
        gsize row = ts_row_list_get(list, i);
        first = MIN(first, row);
        func(self, points, row, list->n);
        if (row - first < step && i + 1 < list->n)
            continue;
        ts_points_release(points, first, row + 1);
        first = row;
    }
}

static void
add_to_mean(TsFrame *self, const TsPoints *points, gsize row, gsize n)
{
    double share = 1 / (double) n;
    for (gsize j = 0; j < points->d; j++)
        self->center[j] += ts_points_get(points, row, j) * share;
}

/* `scale` is the largest difference so far. */
static void
measure_extent(TsFrame *self, const TsPoints *points, gsize row, gsize n)
{
    (void) n;
    for (gsize j = 0; j < points->d; j++)
        self->scale = fmax(self->scale, fabs(ts_points_get(points, row, j) - self->center[j]));
}

static void
measure_norm(TsFrame *self, const TsPoints *points, gsize row, gsize n)
{
    double norm = 0;
    (void) n;
    for (gsize j = 0; j < points->d; j++) {
        double value = (ts_points_get(points, row, j) - self->center[j]) * self->scale;
        norm += value * value;
    }
    self->largest_norm = fmax(self->largest_norm, norm);
}

gboolean
ts_frame_init(TsFrame *self, const TsPoints *points, const TsRowList *base, const TsRowList *query,
              GError **error)
{
    self->center = ts_try_alloc(MAX(points->d, 1), sizeof *self->center, "neighbours", error);
    if (self->center == NULL)
        return FALSE;
    each_row(self, points, base, add_to_mean);
    each_row(self, points, base, measure_extent);
    if (query != base)
        each_row(self, points, query, measure_extent);
    self->scale = self->scale > 0 ? 1 / self->scale : 1;
    each_row(self, points, base, measure_norm);
    self->largest_norm *= 1 + 1e-6; /* packed values are rounded */
    return TRUE;
}

void
ts_frame_clear(TsFrame *self)
{
    g_free(self->center);
}

/* 0 to n - 1 in random order (Fisher-Yates, inside out). */
static void
draw_order(guint32 *order, gsize n, TsRng *rng)
{
    for (gsize i = 0; i < n; i++) {
        gsize j = ts_rng_below(rng, i + 1);
        order[i] = order[j];
        order[j] = (guint32) i;
    }
}

static gboolean
shuffle_rows(TsRowList *self, gsize chunk, GError **error)
{
    TsRng rng;
    ts_rng_init(&rng, 0, "neighbours", self->n);
    gsize n_chunks = (self->n + chunk - 1) / chunk, at = 0;
    self->order = ts_try_alloc(self->n, sizeof *self->order, "neighbours", error);
    self->slot =
        self->order ? ts_try_alloc(self->n, sizeof *self->slot, "neighbours", error) : NULL;
    g_autofree guint32 *chunks =
        self->slot ? ts_try_alloc(n_chunks, sizeof *chunks, "neighbours", error) : NULL;
    if (chunks == NULL)
        return FALSE;
    draw_order(chunks, n_chunks, &rng);
    for (gsize c = 0; c < n_chunks; c++)
        for (gsize i = chunks[c] * chunk; i < MIN((chunks[c] + 1) * chunk, self->n); i++)
            self->order[at++] = (guint32) i;
    for (gsize begin = 0; begin < self->n; begin += self->window)
        draw_order(self->slot + begin, MIN(self->window, self->n - begin), &rng);
    return TRUE;
}

gboolean
ts_row_list_init(TsRowList *self, const TsPoints *points, const guint32 *rows, gsize n,
                 gsize window, gboolean shuffle, GError **error)
{
    *self = (TsRowList){.rows = rows, .n = n, .window = MAX(window, 1)};
    return !shuffle || shuffle_rows(self, chunk_rows(points), error);
}

void
ts_row_list_clear(TsRowList *self)
{
    g_free(self->order);
    g_free(self->slot);
}

gboolean
ts_panel_init(TsPanel *self, const TsPoints *points, gsize n, GError **error)
{
    gsize d = MAX(points->d, 1);
    *self = (TsPanel){.points = points};
    self->row = ts_try_alloc(n, sizeof *self->row, "neighbours", error);
    self->place = self->row ? ts_try_alloc(n, sizeof *self->place, "neighbours", error) : NULL;
    self->norm = self->place ? ts_try_alloc(n, sizeof *self->norm, "neighbours", error) : NULL;
    self->value = self->norm ? ts_try_alloc(n, d * sizeof(float), "neighbours", error) : NULL;
    gsize row_bytes = MAX(ts_points_row_bytes(points), 1);
    self->copy = self->value ? ts_try_alloc(n, row_bytes, "neighbours", error) : NULL;
    self->exact = (TsPoints){.n = n,
                             .d = points->d,
                             .f32 = points->f32 != NULL ? self->copy : NULL,
                             .f64 = points->f32 != NULL ? NULL : self->copy};
    return self->copy != NULL;
}

void
ts_panel_clear(TsPanel *self)
{
    g_free(self->row);
    g_free(self->place);
    g_free(self->norm);
    g_free(self->value);
    g_free(self->copy);
}

/* Row `place` of the list becomes row `at`. */
static void
pack_row(TsPanel *self, const TsRowList *list, const TsFrame *frame, guint32 place, gsize at)
{
    const TsPoints *points = self->points;
    gsize d = points->d, row = ts_row_list_get(list, place),
          row_bytes = ts_points_row_bytes(points);
    gconstpointer from =
        points->f32 != NULL ? (gconstpointer) (points->f32 + row * d) : points->f64 + row * d;
    float *to = self->value + at * d;
    double norm = 0;
    memcpy((guint8 *) self->copy + at * row_bytes, from, row_bytes);
    for (gsize j = 0; j < d; j++) {
        double value = ts_points_get(&self->exact, at, j);
        to[j] = (float) ((value - frame->center[j]) * frame->scale);
        norm += (double) to[j] * (double) to[j];
    }
    self->norm[at] = (float) norm;
    self->row[at] = (guint32) row;
    self->place[at] = place;
}

/* Rows [first, last) of the list, which lie in one window. */
static void
pack_chunk(TsPanel *self, const TsRowList *list, const TsFrame *frame, gsize first, gsize last)
{
    gsize window = first / list->window * list->window, least = G_MAXSIZE, most = 0;
    for (gsize i = first; i < last; i++) {
        guint32 place = list->order != NULL ? list->order[i] : (guint32) i;
        gsize at = list->order != NULL ? window + list->slot[i] : i;
        pack_row(self, list, frame, place, at - self->begin);
        least = MIN(least, ts_row_list_get(list, place));
        most = MAX(most, ts_row_list_get(list, place));
    }
    ts_points_release(self->points, least, most + 1);
}

void
ts_panel_fill(TsPanel *self, const TsRowList *list, const TsFrame *frame, gsize begin, gsize n)
{
    if (self->n == n && self->begin == begin)
        return;
    self->begin = begin;
    self->n = n;
    gsize chunk = MIN(chunk_rows(self->points), list->window);
    for (gsize window = begin; window < begin + n; window += list->window) {
        gsize end = MIN(window + list->window, begin + n);
#pragma omp parallel for schedule(dynamic)
        for (gsize first = window; first < end; first += chunk)
            pack_chunk(self, list, frame, first, MIN(first + chunk, end));
    }
}

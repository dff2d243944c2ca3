/* Tomek links, and neighbours that disagree. */
#include "balance/clean.h"

#include "balance/neighbours.h"
#include "base/error.h"

#include <string.h>

enum { MAX_ROUNDS = 100 };

typedef struct {
    const TsPoints *points;
    const gint32 *class_of_row;
    guint n_classes;
    const gboolean *targeted;
    gboolean by_mode;
    guint8 *keep;
    guint32 *rows; /* (n) labelled and still there, in order */
    gsize n;
    guint64 *counts; /* (n_classes) of them */
    gint32 smallest; /* class at the beginning, the first seen of the smallest */
    guint64 smallest_count;
} Cleaning;

static void
cleaning_clear(Cleaning *self)
{
    g_free(self->rows);
    g_free(self->counts);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Cleaning, cleaning_clear)

static void
collect_rows(Cleaning *self)
{
    self->n = 0;
    memset(self->counts, 0, self->n_classes * sizeof *self->counts);
    for (gsize i = 0; i < self->points->n; i++) {
        if (self->class_of_row[i] < 0 || !self->keep[i])
            continue;
        self->rows[self->n++] = (guint32) i;
        self->counts[self->class_of_row[i]]++;
    }
}

static void
find_smallest(Cleaning *self)
{
    self->smallest = -1;
    for (gsize i = 0; i < self->n; i++) {
        gint32 c = self->class_of_row[self->rows[i]];
        if (self->smallest < 0 || self->counts[c] < self->smallest_count) {
            self->smallest = c;
            self->smallest_count = self->counts[c];
        }
    }
}

static gint32
class_of_neighbour(const Cleaning *self, const TsNeighbours *near, gsize i, guint j)
{
    return self->class_of_row[near->index[i * near->k + j]];
}

static gboolean
all_agree(const Cleaning *self, const TsNeighbours *near, gsize i, gint32 own)
{
    for (guint j = 0; j < near->k; j++)
        if (class_of_neighbour(self, near, i, j) != own)
            return FALSE;
    return TRUE;
}

/* The most frequent class among the neighbours; of equal ones the lowest number. */
static gint32
most_frequent(const Cleaning *self, const TsNeighbours *near, gsize i)
{
    gint32 best = -1;
    guint best_count = 0;
    for (guint j = 0; j < near->k; j++) {
        gint32 c = class_of_neighbour(self, near, i, j);
        guint count = 0;
        for (guint l = 0; l < near->k; l++)
            count += class_of_neighbour(self, near, i, l) == c;
        if (count > best_count || (count == best_count && c < best)) {
            best = c;
            best_count = count;
        }
    }
    return best;
}

/* One round of enn; how many rows went. */
static gboolean
edit(Cleaning *self, guint k, gsize *n_gone, GError **error)
{
    g_autoptr(TsNeighbours) near =
        ts_neighbours_new(self->points, self->rows, self->n, NULL, 0, k, error);
    if (near == NULL)
        return FALSE;
    *n_gone = 0;
    for (gsize i = 0; i < self->n; i++) {
        gint32 own = self->class_of_row[self->rows[i]];
        gboolean agrees =
            self->by_mode ? most_frequent(self, near, i) == own : all_agree(self, near, i, own);
        if (self->targeted[own] && !agrees) {
            self->keep[self->rows[i]] = FALSE;
            (*n_gone)++;
        }
    }
    guint32 before = (guint32) self->n;
    collect_rows(self);
    g_assert(before - self->n == *n_gone);
    return TRUE;
}

/* A class but the smallest has become smaller than that was, or any class has gone. */
static gboolean
has_gone_far(const Cleaning *self, const guint64 *counts_before)
{
    for (guint c = 0; c < self->n_classes; c++) {
        gboolean gone = counts_before[c] > 0 && self->counts[c] == 0;
        gboolean smaller = (gint32) c != self->smallest && self->counts[c] > 0 &&
                           self->counts[c] < self->smallest_count;
        if (gone || smaller)
            return TRUE;
    }
    return FALSE;
}

static gboolean
edit_again_and_again(Cleaning *self, const TsCleanOptions *how, GError **error)
{
    g_autofree guint64 *before = g_memdup2(self->counts, self->n_classes * sizeof(guint64));
    gboolean by_k = how->method == TS_CLEAN_ALLKNN;
    guint rounds = by_k ? how->k : how->max_rounds > 0 ? how->max_rounds : MAX_ROUNDS;
    for (guint round = 1; round <= rounds; round++) {
        gsize n_gone;
        if (!edit(self, by_k ? round : how->k, &n_gone, error))
            return FALSE;
        if ((n_gone == 0 && !by_k) || has_gone_far(self, before))
            return TRUE;
    }
    return TRUE;
}

static gboolean
cut_links(Cleaning *self, GError **error)
{
    g_autoptr(TsNeighbours) near =
        ts_neighbours_new(self->points, self->rows, self->n, NULL, 0, 1, error);
    if (near == NULL)
        return FALSE;
    g_autofree guint32 *nearest = g_new(guint32, self->points->n);
    for (gsize i = 0; i < self->n; i++)
        nearest[self->rows[i]] = near->index[i];
    for (gsize i = 0; i < self->n; i++) {
        guint32 row = self->rows[i], other = nearest[row];
        gint32 own = self->class_of_row[row];
        if (self->targeted[own] && self->class_of_row[other] != own && nearest[other] == row)
            self->keep[row] = FALSE;
    }
    return TRUE;
}

gboolean
ts_clean(const TsPoints *points, const gint32 *class_of_row, guint n_classes,
         const gboolean *targeted, const TsCleanOptions *how, guint8 *keep, GError **error)
{
    g_auto(Cleaning) self = {.points = points,
                             .class_of_row = class_of_row,
                             .n_classes = n_classes,
                             .targeted = targeted,
                             .by_mode = how->by_mode,
                             .keep = keep};
    memset(keep, TRUE, points->n);
    self.counts = g_new0(guint64, MAX(n_classes, 1));
    self.rows = ts_try_alloc(points->n, sizeof *self.rows, "rows", error);
    if (self.rows == NULL)
        return FALSE;
    collect_rows(&self);
    find_smallest(&self);
    gsize n_gone;
    switch (how->method) {
    case TS_CLEAN_TOMEK:
        return cut_links(&self, error);
    case TS_CLEAN_ENN:
        return edit(&self, how->k, &n_gone, error);
    default:
        return edit_again_and_again(&self, how, error);
    }
}

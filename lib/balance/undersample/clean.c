/* Tomek links, and neighbours that disagree. */
#include "balance/undersample/clean_private.h"

#include "balance/resample/resample.h"
#include "balance/space/neighbours.h"
#include "balance/undersample/undersample.h"
#include "base/error.h"

#include <string.h>

enum { MAX_ROUNDS = 100 };

static void
cleaning_clear(TsCleaning *self)
{
    g_free(self->rows);
    g_free(self->counts);
    g_free(self->targeted);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsCleaning, cleaning_clear)

void
ts_cleaning_collect(TsCleaning *self)
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

static gint32
class_of_neighbour(const TsCleaning *self, const TsNeighbours *near, gsize i, guint j)
{
    return self->class_of_row[near->index[i * near->k + j]];
}

static gboolean
all_agree(const TsCleaning *self, const TsNeighbours *near, gsize i, gint32 own)
{
    for (guint j = 0; j < near->k; j++)
        if (class_of_neighbour(self, near, i, j) != own)
            return FALSE;
    return TRUE;
}

/* The most frequent class among the neighbours; of equal ones the lowest number. */
static gint32
most_frequent(const TsCleaning *self, const TsNeighbours *near, gsize i)
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
edit(TsCleaning *self, guint k, gsize *n_gone, GError **error)
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
    ts_cleaning_collect(self);
    g_assert(before - self->n == *n_gone);
    return TRUE;
}

/* The class that the row and its k - 1 nearest vote for; of equal ones the lowest number. */
static gint32
vote(const TsCleaning *self, const TsNeighbours *near, gsize i, gint32 own)
{
    gint32 best = own;
    guint best_count = 0;
    for (guint j = 0; j < near->k; j++) {
        gint32 c = j == 0 ? own : class_of_neighbour(self, near, i, j - 1);
        guint count = c == own;
        for (guint l = 0; l + 1 < near->k; l++)
            count += class_of_neighbour(self, near, i, l) == c;
        if (count > best_count || (count == best_count && c < best)) {
            best = c;
            best_count = count;
        }
    }
    return best;
}

/* The neighbourhood cleaning rule: enn by mode, and from the same rows the neighbours of rows of
 * the smallest class that are voted out of it. */
static gboolean
clean_neighbourhoods(TsCleaning *self, const TsCleanOptions *how, GError **error)
{
    g_autoptr(TsNeighbours) near =
        ts_neighbours_new(self->points, self->rows, self->n, NULL, 0, how->k, error);
    if (near == NULL)
        return FALSE;
    for (gsize i = 0; i < self->n; i++) {
        gint32 own = self->class_of_row[self->rows[i]];
        if (self->targeted[own] && most_frequent(self, near, i) != own)
            self->keep[self->rows[i]] = FALSE;
        if (own != self->smallest || vote(self, near, i, own) == own)
            continue;
        for (guint j = 0; j < near->k; j++) {
            gint32 other = class_of_neighbour(self, near, i, j);
            if (self->targeted[other] &&
                (double) self->counts[other] > (double) self->smallest_count * how->threshold)
                self->keep[near->index[i * near->k + j]] = FALSE;
        }
    }
    return TRUE;
}

/* A class but the smallest has become smaller than that was, or any class has gone. */
static gboolean
has_gone_far(const TsCleaning *self, const guint64 *counts_before)
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

/* Classes have other sizes now, so the strategy may be about others; where too few are left it
 * stays about the same. */
static void
ask_strategy(TsCleaning *self, const char *strategy)
{
    g_autofree gboolean *targeted = g_new0(gboolean, MAX(self->n_classes, 1));
    if (strategy != NULL && !g_str_has_prefix(strategy, "list:") &&
        ts_resample_targeted(strategy, NULL, self->counts, self->n_classes, targeted, NULL))
        memcpy(self->targeted, targeted, self->n_classes * sizeof *targeted);
}

static gboolean
edit_again_and_again(TsCleaning *self, const TsCleanOptions *how, GError **error)
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
        ask_strategy(self, how->strategy);
    }
    return TRUE;
}

gboolean
ts_cleaning_cut_links(TsCleaning *self, GError **error)
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
    g_auto(TsCleaning) self = {.points = points,
                               .class_of_row = class_of_row,
                               .n_classes = n_classes,
                               .targeted = g_memdup2(targeted, n_classes * sizeof *targeted),
                               .by_mode = how->by_mode,
                               .keep = keep};
    memset(keep, TRUE, points->n);
    self.counts = g_new0(guint64, MAX(n_classes, 1));
    self.rows = ts_try_alloc(points->n, sizeof *self.rows, "rows", error);
    if (self.rows == NULL)
        return FALSE;
    ts_cleaning_collect(&self);
    self.smallest = ts_smallest_class(class_of_row, points->n, n_classes);
    self.smallest_count = self.smallest >= 0 ? self.counts[self.smallest] : 0;
    gsize n_gone;
    switch (how->method) {
    case TS_CLEAN_TOMEK:
        return ts_cleaning_cut_links(&self, error);
    case TS_CLEAN_ENN:
        return edit(&self, how->k, &n_gone, error);
    case TS_CLEAN_NCR:
        return clean_neighbourhoods(&self, how, error);
    case TS_CLEAN_CNN:
        return ts_cleaning_condense(&self, how, error);
    case TS_CLEAN_OSS:
        return ts_cleaning_select_one_side(&self, how, error);
    default:
        return edit_again_and_again(&self, how, error);
    }
}

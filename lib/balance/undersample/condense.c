/* Rows of large classes that the others of their class do not stand for: condensed nearest
 * neighbours and one-sided selection. */
#include "balance/undersample/clean_private.h"

#include "balance/random_state.h"
#include "balance/space/neighbours.h"
#include "balance/undersample/undersample.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/threads.h"

#include <math.h>

enum { CHUNK = 256 };

/* One class, and the nearest of the rows that stand for it. */
typedef struct {
    const TsCleaning *cleaning;
    const TsNeighbours *enemies; /* the nearest of the smallest class, of each row */
    const guint32 *rows;         /* (n), of the class, in order */
    gsize n;
    double *own2; /* (n) squared distance to the nearest row that stays */
    guint32 *own; /* (n) and which it is */
    gsize from;   /* rows from here on are told of `added` */
    guint32 added;
} Side;

static void
see_added(Side *self, gsize i)
{
    double d2 = ts_points_distance2(self->cleaning->points, self->rows[i], self->added);
    if (d2 < self->own2[i] || (d2 == self->own2[i] && self->added < self->own[i])) {
        self->own2[i] = d2;
        self->own[i] = self->added;
    }
}

static gboolean
see_added_of_chunk(guint64 chunk, gpointer data, GError **error)
{
    Side *self = data;
    gsize begin = self->from + chunk * CHUNK, end = MIN(begin + CHUNK, self->n);
    (void) error;
    for (gsize i = begin; i < end; i++)
        see_added(self, i);
    ts_points_release(self->cleaning->points, self->rows[begin], self->rows[end - 1] + 1);
    return TRUE;
}

/* `row` stays, and rows from number `from` of the class on know it. */
static gboolean
add_row(Side *self, guint32 row, gsize from, GError **error)
{
    self->added = row;
    self->from = from;
    self->cleaning->keep[row] = TRUE;
    gsize n = self->n - from;
    if (n * self->cleaning->points->d > 1 << 16)
        return ts_parallel_for((n + CHUNK - 1) / CHUNK, see_added_of_chunk, self, error);
    for (gsize i = from; i < self->n; i++)
        see_added(self, i);
    return TRUE;
}

/* The nearest row is of the smallest class. */
static gboolean
is_misjudged(const Side *self, gsize i)
{
    double enemy2 = self->enemies->distance2[i];
    return enemy2 < self->own2[i] ||
           (enemy2 == self->own2[i] && self->enemies->index[i] < self->own[i]);
}

/* imbalanced-learn keeps numbers in the data and in the class in one list. */
static gboolean
is_passed_over(const Side *self, gsize i, const TsCleanOptions *how)
{
    if (!how->compat || i >= self->cleaning->points->n)
        return FALSE;
    gboolean is_of_class =
        self->cleaning->class_of_row[i] == self->cleaning->class_of_row[self->rows[0]];
    return is_of_class && self->cleaning->keep[i];
}

/* Rows that are drawn stay, all others of the class go for now. */
static gboolean
draw_seeds(Side *self, const TsCleanOptions *how, TsRandomState *random, GError **error)
{
    for (gsize i = 0; i < self->n; i++) {
        self->cleaning->keep[self->rows[i]] = FALSE;
        self->own2[i] = INFINITY;
    }
    for (guint seed = 0; seed < MAX(how->n_seeds, 1); seed++)
        if (!add_row(self, self->rows[ts_random_state_below(random, self->n)], 0, error))
            return FALSE;
    return TRUE;
}

typedef gboolean (*SideFunc)(Side *side, const TsCleanOptions *how, GError **error);

static gboolean
condense(Side *self, const TsCleanOptions *how, GError **error)
{
    for (gsize i = 0; i < self->n; i++) {
        if (self->cleaning->keep[self->rows[i]] || !is_misjudged(self, i) ||
            is_passed_over(self, i, how))
            continue;
        if (ts_interrupt_check(error) || !add_row(self, self->rows[i], i + 1, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
keep_misjudged(Side *self, const TsCleanOptions *how, GError **error)
{
    (void) how;
    (void) error;
    for (gsize i = 0; i < self->n; i++)
        if (is_misjudged(self, i))
            self->cleaning->keep[self->rows[i]] = TRUE;
    return TRUE;
}

static gboolean
work_on_class(TsCleaning *cleaning, gint32 class, const guint32 *smallest,
              const TsCleanOptions *how, SideFunc work, TsRandomState *random, GError **error)
{
    gsize n;
    g_autofree guint32 *rows =
        ts_rows_of_class(cleaning->class_of_row, cleaning->points->n, class, &n, error);
    g_autofree double *own2 = ts_try_alloc(n, sizeof *own2, "distances", error);
    g_autofree guint32 *own = own2 != NULL ? ts_try_alloc(n, sizeof *own, "rows", error) : NULL;
    if (rows == NULL || own == NULL)
        return FALSE;
    g_autoptr(TsNeighbours) enemies =
        ts_neighbours_new(cleaning->points, smallest, cleaning->smallest_count, rows, n, 1, error);
    Side side = {
        .cleaning = cleaning, .enemies = enemies, .rows = rows, .n = n, .own2 = own2, .own = own};
    return enemies != NULL && draw_seeds(&side, how, random, error) && work(&side, how, error);
}

/* Classes one after the other, from one stream. The smallest stays as it is, also where it is
 * targeted: it has no enemies, and in imbalanced-learn a single row is left of it. */
static gboolean
work_on_classes(TsCleaning *self, const TsCleanOptions *how, SideFunc work, GError **error)
{
    TsRandomState random;
    ts_random_state_init(&random, (guint32) how->seed);
    if (self->smallest < 0)
        return TRUE;
    gsize n;
    g_autofree guint32 *smallest =
        ts_rows_of_class(self->class_of_row, self->points->n, self->smallest, &n, error);
    if (smallest == NULL)
        return FALSE;
    for (guint c = 0; c < self->n_classes; c++)
        if (self->targeted[c] && (gint32) c != self->smallest && self->counts[c] > 0 &&
            !work_on_class(self, (gint32) c, smallest, how, work, &random, error))
            return FALSE;
    return TRUE;
}

gboolean
ts_cleaning_condense(TsCleaning *self, const TsCleanOptions *how, GError **error)
{
    return work_on_classes(self, how, condense, error);
}

gboolean
ts_cleaning_select_one_side(TsCleaning *self, const TsCleanOptions *how, GError **error)
{
    if (!work_on_classes(self, how, keep_misjudged, error))
        return FALSE;
    ts_cleaning_collect(self);
    return ts_cleaning_cut_links(self, error);
}

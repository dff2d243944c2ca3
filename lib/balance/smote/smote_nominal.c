/* SMOTE-NC and SMOTE-N. */
#include "balance/smote/smote_nominal.h"

#include "balance/smote/smote_private.h"
#include "base/interrupt.h"
#include "base/threads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What both kinds share while they work on one class. */
typedef struct {
    TsSmoteClass class;
    const TsNominal *nominal;
    GArray *codes; /* of guint32, (new rows, n_columns) */
} NominalClass;

static guint32
code_of(const NominalClass *self, guint32 row, guint f)
{
    return self->nominal->column[f].code[row];
}

static int
compare_doubles(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

/* The median over the numbers of their deviation in the class. */
static double
median_deviation(const TsSmoteClass *class)
{
    gsize d = class->points->d;
    g_autofree double *deviation = g_new(double, d);
    for (gsize j = 0; j < d; j++) {
        double mean = 0, m2 = 0;
        for (gsize i = 0; i < class->n_rows; i++) {
            double value = ts_points_get(class->points, class->rows[i], j), before = value - mean;
            mean += before / (double) (i + 1);
            m2 += before * (value - mean);
        }
        deviation[j] = sqrt(m2 / (double) class->n_rows);
    }
    qsort(deviation, d, sizeof *deviation, compare_doubles);
    return d % 2 == 1 ? deviation[d / 2] : (deviation[d / 2 - 1] + deviation[d / 2]) / 2;
}

/* The rows of the class, (n_rows, d + categories): numbers, and for each category a column that is
 * 0 or the median over the square root of 2, so that two rows that differ are the median apart. */
static double *
encode(const NominalClass *self, gsize *width, GError **error)
{
    const TsSmoteClass *class = &self->class;
    gsize d = class->points->d, at = d;
    *width = d;
    for (guint f = 0; f < self->nominal->n_columns; f++)
        *width += self->nominal->column[f].n_categories;
    double *values = ts_try_alloc(class->n_rows, *width * sizeof *values, "categories", error);
    double mark = median_deviation(class) / sqrt(2);
    for (gsize i = 0; values != NULL && i < class->n_rows; i++, at = d) {
        double *row = values + i * *width;
        for (gsize j = 0; j < d; j++)
            row[j] = ts_points_get(class->points, class->rows[i], j);
        for (guint f = 0; f < self->nominal->n_columns; f++) {
            row[at + code_of(self, class->rows[i], f)] = mark;
            at += self->nominal->column[f].n_categories;
        }
    }
    return values;
}

/* The neighbours of the rows of the class, as rows of the table. */
static TsNeighbours *
find_neighbours(const NominalClass *self, GError **error)
{
    gsize width;
    const TsSmoteClass *class = &self->class;
    g_autofree double *values = encode(self, &width, error);
    if (values == NULL)
        return NULL;
    TsPoints points = {.n = class->n_rows, .d = width, .f64 = values};
    guint k = (guint) MIN(class->how->k, class->n_rows - 1);
    TsNeighbours *near = ts_neighbours_new(&points, NULL, 0, NULL, 0, k, error);
    for (gsize i = 0; near != NULL && i < near->n * near->k; i++)
        near->index[i] = class->rows[near->index[i]];
    return near;
}

/* A category of column f that is among the most frequent ones of a new row. */
typedef struct {
    guint32 new_row, category;
} Vote;

/* All of them, in order of rows and categories. `line[i]` is where in `near` new row i starts. */
static GArray *
count_votes(const NominalClass *self, const TsNeighbours *near, const guint32 *line, gsize n,
            guint f)
{
    guint n_categories = self->nominal->column[f].n_categories;
    GArray *votes = g_array_new(FALSE, FALSE, sizeof(Vote));
    g_autofree guint *count = g_new(guint, n_categories);
    for (gsize i = 0; i < n; i++) {
        guint most = 0;
        memset(count, 0, n_categories * sizeof *count);
        for (guint j = 0; j < near->k; j++) {
            guint32 code = code_of(self, near->index[line[i] * near->k + j], f);
            count[code]++;
            most = MAX(most, count[code]);
        }
        for (guint c = 0; c < n_categories; c++) {
            Vote vote = {(guint32) i, c};
            if (count[c] == most)
                g_array_append_val(votes, vote);
        }
    }
    return votes;
}

/* Of the votes for a row the one that comes first in a random order. */
static void
choose_categories(NominalClass *self, const GArray *votes, guint32 *codes, gsize n, guint f,
                  TsRandomState *random)
{
    guint n_columns = self->nominal->n_columns;
    g_autofree guint32 *order = g_new(guint32, votes->len + 1);
    for (gsize i = 0; i < n; i++)
        codes[i * n_columns + f] = G_MAXUINT32;
    ts_random_state_permutation(random, order, votes->len);
    for (guint i = 0; i < votes->len; i++) {
        const Vote *vote = &g_array_index(votes, Vote, order[i]);
        guint32 *code = &codes[vote->new_row * n_columns + f];
        if (*code == G_MAXUINT32)
            *code = vote->category;
    }
}

/* As imbalanced-learn: column after column from a stream that begins at the seed; without compat a
 * stream of the class. */
static gboolean
vote(NominalClass *self, const TsNeighbours *near, guint first, GError **error)
{
    TsSmoteClass *class = &self->class;
    gsize n = class->blends->len - first;
    guint n_columns = self->nominal->n_columns;
    g_autofree guint32 *line = ts_try_alloc(n, sizeof *line, "votes", error);
    g_autofree guint32 *place =
        line != NULL ? ts_try_alloc(class->points->n, sizeof *place, "votes", error) : NULL;
    if (place == NULL)
        return FALSE;
    TsRng rng;
    TsRandomState random;
    ts_rng_init(&rng, class->how->seed, "smote, votes", (guint64) class->number);
    ts_random_state_init(&random,
                         class->how->compat ? (guint32) class->how->seed : ts_rng_next(&rng));
    for (gsize i = 0; i < class->n_rows; i++)
        place[class->rows[i]] = (guint32) i;
    for (gsize i = 0; i < n; i++)
        line[i] = place[g_array_index(class->blends, TsBlend, first + i).a];
    gsize before = self->codes->len;
    g_array_set_size(self->codes, (guint) (before + n * n_columns));
    guint32 *codes = &g_array_index(self->codes, guint32, before);
    for (guint f = 0; f < n_columns; f++) {
        g_autoptr(GArray) votes = count_votes(self, near, line, n, f);
        if (ts_interrupt_check(error))
            return FALSE;
        choose_categories(self, votes, codes, n, f, &random);
    }
    return TRUE;
}

static gboolean
make_nc(NominalClass *self, GError **error)
{
    TsSmoteClass *class = &self->class;
    guint first = class->blends->len;
    g_autoptr(TsNeighbours) near = find_neighbours(self, error);
    if (near == NULL)
        return FALSE;
    ts_smote_draw(class, class->rows, near, class->add, 1, "smote");
    return vote(self, near, first, error);
}

/* p[f][category * n_classes + class]: how the rows with a category divide into the classes. */
static double **
class_shares(const TsNominal *nominal, const gint32 *class_of_row, guint n_classes)
{
    double **p = g_new0(double *, nominal->n_columns + 1);
    for (guint f = 0; f < nominal->n_columns; f++) {
        const TsNominalColumn *column = &nominal->column[f];
        p[f] = g_new0(double, (gsize) column->n_categories *n_classes);
        g_autofree double *sum = g_new0(double, column->n_categories);
        for (gsize i = 0; i < nominal->n; i++)
            if (class_of_row[i] >= 0) {
                p[f][column->code[i] * n_classes + (guint) class_of_row[i]]++;
                sum[column->code[i]]++;
            }
        for (gsize c = 0; c < (gsize) column->n_categories * n_classes; c++)
            p[f][c] /= MAX(sum[c / n_classes], 1);
    }
    return p;
}

static void
free_shares(double **p, guint n)
{
    for (guint f = 0; f < n; f++)
        g_free(p[f]);
    g_free(p);
}

typedef struct {
    const NominalClass *self;
    double **p;
    guint n_classes, k;
    guint32 *mode; /* (n_rows, n_columns) of the class: what a new row from each row has */
} Metric;

static double
value_difference(const Metric *metric, guint32 a, guint32 b)
{
    double sum = 0;
    for (guint f = 0; f < metric->self->nominal->n_columns; f++) {
        const double *p = metric->p[f] + (gsize) code_of(metric->self, a, f) * metric->n_classes;
        const double *q = metric->p[f] + (gsize) code_of(metric->self, b, f) * metric->n_classes;
        double difference = 0;
        for (guint c = 0; c < metric->n_classes; c++)
            difference += fabs(p[c] - q[c]);
        sum += difference * difference;
    }
    return sum;
}

/* The k nearest to row i of the class by (distance, row); it is the first itself. */
static void
nearest_by_metric(const Metric *metric, gsize i, guint32 *nearest, double *distance)
{
    const TsSmoteClass *class = &metric->self->class;
    guint n = 1;
    nearest[0] = class->rows[i];
    for (gsize j = 0; j < class->n_rows; j++) {
        if (j == i)
            continue;
        double d = value_difference(metric, class->rows[i], class->rows[j]);
        guint at = n;
        while (at > 1 && d < distance[at - 1])
            at--;
        if (at > metric->k)
            continue;
        n = MIN(n + 1, metric->k + 1);
        memmove(nearest + at + 1, nearest + at, (n - 1 - at) * sizeof *nearest);
        memmove(distance + at + 1, distance + at, (n - 1 - at) * sizeof *distance);
        nearest[at] = class->rows[j];
        distance[at] = d;
    }
}

static gboolean
find_modes(guint64 i, gpointer data, GError **error)
{
    const Metric *metric = data;
    guint n_columns = metric->self->nominal->n_columns, n = metric->k + 1;
    g_autofree guint32 *nearest = g_new(guint32, n + 1);
    g_autofree double *distance = g_new(double, n + 1);
    nearest_by_metric(metric, i, nearest, distance);
    for (guint f = 0; f < n_columns; f++) {
        guint most = 0;
        guint32 best = 0;
        for (guint a = 0; a < n; a++) {
            guint32 code = code_of(metric->self, nearest[a], f);
            guint count = 0;
            for (guint b = 0; b < n; b++)
                count += code_of(metric->self, nearest[b], f) == code;
            if (count > most || (count == most && code < best)) {
                most = count;
                best = code;
            }
        }
        metric->mode[i * n_columns + f] = best;
    }
    return TRUE;
}

/* Bases in the order in which imbalanced-learn draws them, or evenly. */
static gsize
next_base(const TsSmoteClass *class, guint64 i, const guint64 *order, TsRandomState *random)
{
    return class->how->compat ? ts_random_state_below(random, class->n_rows)
                              : order[i % class->n_rows];
}

static gboolean
make_n(NominalClass *self, Metric *metric, GError **error)
{
    TsSmoteClass *class = &self->class;
    guint n_columns = self->nominal->n_columns;
    metric->self = self;
    metric->k = (guint) MIN(class->how->k, class->n_rows - 1);
    g_autofree guint32 *mode =
        ts_try_alloc(class->n_rows, n_columns * sizeof *mode, "categories", error);
    metric->mode = mode;
    if (mode == NULL || !ts_parallel_for(class->n_rows, find_modes, metric, error))
        return FALSE;
    TsRng rng;
    TsRandomState random;
    ts_rng_init(&rng, class->how->seed, "smote", (guint64) class->number);
    ts_random_state_init(&random, (guint32) class->how->seed);
    g_autofree guint64 *order = g_new(guint64, class->n_rows);
    for (gsize i = 0; i < class->n_rows; i++)
        order[i] = i;
    ts_rng_shuffle(&rng, order, class->n_rows);
    for (guint64 i = 0; i < class->add; i++) {
        gsize base = next_base(class, i, order, &random);
        ts_smote_add(class, class->rows[base], class->rows[base], 0);
        g_array_append_vals(self->codes, mode + base * n_columns, n_columns);
    }
    return TRUE;
}

static void
repeat_row(NominalClass *self)
{
    guint32 row = self->class.rows[0];
    for (guint64 i = 0; i < self->class.add; i++) {
        ts_smote_add(&self->class, row, row, 0);
        for (guint f = 0; f < self->nominal->n_columns; f++) {
            guint32 code = code_of(self, row, f);
            g_array_append_val(self->codes, code);
        }
    }
}

static gboolean
make_class(NominalClass *self, const TsPoints *numbers, Metric *metric, GError **error)
{
    if (self->class.n_rows == 0)
        return ts_smote_class_error(&self->class, TS_ERROR_ARGUMENT, "has no rows to start from",
                                    error);
    if (self->class.n_rows == 1) {
        repeat_row(self);
        return TRUE;
    }
    return numbers != NULL ? make_nc(self, error) : make_n(self, metric, error);
}

GArray *
ts_smote_nominal(const TsPoints *numbers, const TsNominal *nominal, const gint32 *class_of_row,
                 guint n_classes, const guint64 *add, const TsSmoteOptions *how, guint64 *made,
                 guint32 **codes, GError **error)
{
    const TsPoints none = {.n = nominal->n};
    if (!ts_smote_check(how, add, n_classes, nominal->n_columns, error))
        return NULL;
    g_autoptr(GArray) blends = g_array_new(FALSE, FALSE, sizeof(TsBlend));
    NominalClass self = {.nominal = nominal, .codes = g_array_new(FALSE, FALSE, sizeof(guint32))};
    double **p = numbers == NULL ? class_shares(nominal, class_of_row, n_classes) : NULL;
    Metric metric = {.p = p, .n_classes = n_classes};
    gboolean fine = TRUE;
    for (guint c = 0; fine && c < n_classes; c++) {
        made[c] = add[c];
        if (add[c] == 0)
            continue;
        self.class = (TsSmoteClass){.points = numbers != NULL ? numbers : &none,
                                    .class_of_row = class_of_row,
                                    .how = how,
                                    .number = (gint32) c,
                                    .add = add[c],
                                    .blends = blends};
        g_autofree guint32 *rows =
            ts_smote_rows_of_class(self.class.points, class_of_row, (gint32) c, &self.class.n_rows);
        self.class.rows = rows;
        fine = make_class(&self, numbers, &metric, error);
    }
    if (p != NULL)
        free_shares(p, nominal->n_columns);
    *codes = (guint32 *) (void *) g_array_free(self.codes, !fine);
    return fine ? g_steal_pointer(&blends) : NULL;
}

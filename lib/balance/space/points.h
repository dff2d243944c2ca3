/* Feature vectors: a table of numbers, one row a sample, as the neighbour search and the samplers
 * take it.
 *
 * Values are single or double precision, whichever the file holds, (n, d) in C order, borrowed. All
 * have to be finite: ts_points_check() says which row is not.
 *
 *     TsPoints points = {.n = rows, .d = 64, .f32 = values};
 *     if (!ts_points_check(&points, "features.npy", error))
 *         return FALSE;
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    gsize n, d;
    const float *f32;  /* (n, d), or NULL */
    const double *f64; /* (n, d), if f32 is NULL */
    gboolean mapped;   /* they are those of a file, whose pages may be let go (base/memory.h) */
} TsPoints;

/* Value `j` of row `i`, both inside (not checked). */
static inline double
ts_points_get(const TsPoints *points, gsize i, gsize j)
{
    return points->f32 != NULL ? (double) points->f32[i * points->d + j]
                               : points->f64[i * points->d + j];
}

/* Check that every value is a finite number. TS_ERROR_FORMAT naming row and column, both counted
 * from 1, with `name` in front. */
gboolean ts_points_check(const TsPoints *points, const char *name, GError **error);

/* Squared Euclidean distance of rows `a` and `b`, of differences in double precision; the order of
 * the sum depends on d alone. */
double ts_points_distance2(const TsPoints *points, gsize a, gsize b);

/* The same between row `a` of one table and row `b` of another, of the same d and precision. */
double ts_points_distance2_between(const TsPoints *one, gsize a, const TsPoints *other, gsize b);

/* How many bytes a row has. */
static inline gsize
ts_points_row_bytes(const TsPoints *points)
{
    return points->d * (points->f32 != NULL ? sizeof(float) : sizeof(double));
}

/* Let the rows from `begin` to `end`, not included, go from memory if they are mapped and the table
 * is large (base/memory.h); for the end of a pass over them. */
void ts_points_release(const TsPoints *points, gsize begin, gsize end);

/* How many rows to pass over before they are released. */
gsize ts_points_release_step(const TsPoints *points);

G_END_DECLS

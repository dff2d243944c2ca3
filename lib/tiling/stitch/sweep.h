/* A walk down a canvas, in slabs that are covered alike all the way down.
 *
 * A slab begins and ends where a piece does, or after `max_rows`. It is divided into patches from
 * left to right: each is covered as a whole by the same pieces, or by none. So whoever works on a
 * patch knows all that lies there and needs to look at no edge again.
 *
 *     g_auto(TsSweep) sweep;
 *     ts_sweep_init(&sweep, canvas, 64);
 *     while (ts_sweep_next(&sweep))
 *         for (guint i = 0; i < sweep.patches->len; i++)
 *             use(&g_array_index(sweep.patches, TsPatch, i));
 */
#pragma once

#include "tiling/stitch/canvas.h"

G_BEGIN_DECLS

typedef struct {
    int x, width;
    guint first, n; /* its pieces: n numbers of `covers` from `first` on, ascending */
} TsPatch;

typedef struct {
    const TsCanvas *canvas;
    int max_rows;
    int y, height;   /* the slab */
    guint64 n_begun; /* pieces above this number begin below the slab */
    GArray *active;  /* guint64: pieces in the slab, ordered by x */
    GArray *patches; /* TsPatch, from left to right, without gaps */
    GArray *covers;  /* guint64: pieces of the patches */
    GArray *edges;   /* int: where patches begin and end */
} TsSweep;

/* Begin above the first row. `canvas` must outlive the sweep. */
void ts_sweep_init(TsSweep *sweep, const TsCanvas *canvas, int max_rows);
void ts_sweep_clear(TsSweep *sweep);

/* Go on to the next slab; FALSE behind the last row. */
gboolean ts_sweep_next(TsSweep *sweep);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsSweep, ts_sweep_clear)

G_END_DECLS

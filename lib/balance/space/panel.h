/* Rows brought together for the neighbour search: a panel of them at a time, in single precision,
 * centred and scaled to at most 1, for products, and beside them as they are, for exact distances.
 *
 * A TsRowList says in which order rows are met. It is random, for where the order of a file follows
 * its values, ever nearer rows would come one after the other, and each be measured. Yet it is made
 * of chunks that lie together in the file, so that little more is read than is needed: chunks in
 * random order fill one window after the other, and within its window each row has a random place.
 *
 *     g_auto(TsRowList) list = {0};
 *     g_auto(TsPanel) panel = {0};
 *     if (!ts_row_list_init(&list, &points, rows, n, window, TRUE, error) ||
 *         !ts_panel_init(&panel, &points, window, error))
 *         return FALSE;
 *     ts_panel_fill(&panel, &list, &frame, 0, window);
 */
#pragma once

#include "balance/space/points.h"

G_BEGIN_DECLS

/* What is subtracted from values, and what they are multiplied by. */
typedef struct {
    double *center;      /* (d) the mean of the base */
    double scale;        /* under which no square can overflow */
    double largest_norm; /* squared, of a base row in units of the packed values */
} TsFrame;

typedef struct {
    const guint32 *rows; /* (n) numbers of points; NULL: all, in order */
    gsize n;
    gsize window;
    guint32 *order; /* (n) places in `rows`, window by window; NULL: as they are */
    guint32 *slot;  /* (n) where each goes within its window */
} TsRowList;

typedef struct {
    const TsPoints *points;
    gsize begin, n; /* which of the list it holds */
    guint32 *row;   /* (n) numbers of the points */
    guint32 *place; /* (n) in the list's `rows` */
    float *value;   /* (n, d) */
    float *norm;    /* (n), squared */
    TsPoints exact; /* (n, d) */
    gpointer copy;  /* what `exact` borrows */
} TsPanel;

/* Point `i` of a list. */
static inline guint32
ts_row_list_get(const TsRowList *list, gsize i)
{
    return list->rows != NULL ? list->rows[i] : (guint32) i;
}

/* Bytes of one row of a panel. */
gsize ts_panel_row_bytes(const TsPoints *points);

/* Measure the rows of `base`, and of `query` if that is another list. TS_ERROR_NO_MEMORY. */
gboolean ts_frame_init(TsFrame *self, const TsPoints *points, const TsRowList *base,
                       const TsRowList *query, GError **error);
void ts_frame_clear(TsFrame *self);

/* List `n` rows; `rows` is borrowed. TS_ERROR_NO_MEMORY. */
gboolean ts_row_list_init(TsRowList *self, const TsPoints *points, const guint32 *rows, gsize n,
                          gsize window, gboolean shuffle, GError **error);
void ts_row_list_clear(TsRowList *self);

/* Make room for up to `n` rows. TS_ERROR_NO_MEMORY. */
gboolean ts_panel_init(TsPanel *self, const TsPoints *points, gsize n, GError **error);
void ts_panel_clear(TsPanel *self);

/* Take the `n` rows of the list from `begin` on, which is the beginning of a window; nothing is
 * done if they are there already. */
void
ts_panel_fill(TsPanel *self, const TsRowList *list, const TsFrame *frame, gsize begin, gsize n);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsFrame, ts_frame_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsRowList, ts_row_list_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsPanel, ts_panel_clear)

G_END_DECLS

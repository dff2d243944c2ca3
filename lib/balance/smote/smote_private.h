/* One class on its way to more rows: what the kinds of balance/smote/smote.h have in common. */
#pragma once

#include "balance/random_state.h"
#include "balance/smote/smote.h"
#include "balance/space/neighbours.h"
#include "base/error.h"
#include "base/rng.h"

G_BEGIN_DECLS

typedef struct {
    const TsPoints *points;
    const gint32 *class_of_row;
    const TsSmoteOptions *how;
    gint32 number;
    guint64 add;
    guint64 add_all; /* to all classes together */
    guint32 *rows;   /* of the class */
    gsize n_rows;
    TsRandomState *random;    /* with compat: one stream for all classes */
    const guint8 *is_support; /* per row, of svm */
    GArray *blends;
} TsSmoteClass;

/* Check the options and that there is room for the new rows, with n_columns categories each. */
gboolean ts_smote_check(const TsSmoteOptions *how, const guint64 *add, guint n_classes,
                        gsize n_columns, GError **error);

/* The rows of class `number`, ascending; free with g_free(). */
guint32 *
ts_smote_rows_of_class(const TsPoints *points, const gint32 *class_of_row, gint32 number, gsize *n);

/* Set an error that begins with the name of the class. Always FALSE. */
gboolean
ts_smote_class_error(const TsSmoteClass *self, TsError code, const char *message, GError **error);

void ts_smote_add(TsSmoteClass *self, guint32 a, guint32 b, double lambda);

/* The neighbours of `query` (NULL: of all rows of the class) within the class, at most how->k. */
TsNeighbours *
ts_smote_neighbours_within(const TsSmoteClass *self, const guint32 *query, gsize n, GError **error);

/* Add n rows that lie `step` times [0, 1) of the way from bases[i] towards one of its neighbours;
 * near->index has a line for each base. `purpose` names the stream that they are drawn from; with
 * compat it is the one that begins at the seed. */
void ts_smote_draw(TsSmoteClass *self, const guint32 *bases, const TsNeighbours *near, guint64 n,
                   double step, const char *purpose);

/* How many of the neighbours of query `i` are of other classes. */
guint ts_smote_count_others(const TsSmoteClass *self, const TsNeighbours *near, gsize i);

/* Each kind adds its rows of the class, which has two or more. */
gboolean ts_smote_make_borderline(TsSmoteClass *self, GError **error);
gboolean ts_smote_make_adasyn(TsSmoteClass *self, GError **error);
gboolean ts_smote_make_svm(TsSmoteClass *self, GError **error);
gboolean ts_smote_make_clusters(TsSmoteClass *self, GError **error);
gboolean ts_smote_make_safe_level(TsSmoteClass *self, GError **error);
gboolean ts_smote_make_eos(TsSmoteClass *self, GError **error);

/* Say of each row whether it is a support vector (1) or not; free with g_free(). */
guint8 *ts_smote_find_support(const TsPoints *points, const gint32 *class_of_row, guint n_classes,
                              GError **error);

G_END_DECLS

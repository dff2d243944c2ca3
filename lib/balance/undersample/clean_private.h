/* What the files of balance/undersample/clean.h share: the rows of one cleaning. */
#pragma once

#include "balance/undersample/clean.h"

G_BEGIN_DECLS

typedef struct {
    const TsPoints *points;
    const gint32 *class_of_row;
    guint n_classes;
    gboolean *targeted; /* (n_classes) */
    gboolean by_mode;
    guint8 *keep;
    guint32 *rows; /* (n) labelled and still there, in order */
    gsize n;
    guint64 *counts; /* (n_classes) of them */
    gint32 smallest; /* class at the beginning, the first seen of the smallest */
    guint64 smallest_count;
} TsCleaning;

/* Take `rows`, `n` and `counts` from `keep` again. */
void ts_cleaning_collect(TsCleaning *self);

/* Tomek links among the rows. */
gboolean ts_cleaning_cut_links(TsCleaning *self, GError **error);

/* Hart's condensed nearest neighbours, and one-sided selection. */
gboolean ts_cleaning_condense(TsCleaning *self, const TsCleanOptions *how, GError **error);
gboolean ts_cleaning_select_one_side(TsCleaning *self, const TsCleanOptions *how, GError **error);

G_END_DECLS

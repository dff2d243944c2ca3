/* Pictures of how good a classifier is, as SVG documents of their own: see plot.h for what all
 * pictures have in common.
 *
 *     g_autofree char *svg = ts_roc_svg(predictions, "answers.tsv");
 */
#pragma once

#include "stats/confusion.h"
#include "stats/predictions.h"

G_BEGIN_DECLS

/* Most classes of a confusion matrix that can be drawn, and of curves in one picture. */
enum { TS_PLOT_MAX_CLASSES = 200, TS_PLOT_MAX_CURVES = 8 };

/* The matrix: a row for each true class, shaded by its share of the row. Free with g_free(). */
char *ts_confusion_svg(const TsConfusion *confusion, const char *title);

/* Curves of prepared predictions with p: of the positive one of two classes, else of each class; of
 * more than TS_PLOT_MAX_CURVES those with the smallest areas. Free with g_free(). */
char *ts_roc_svg(const TsPredictions *predictions, const char *title);
char *ts_pr_svg(const TsPredictions *predictions, const char *title);

/* Share of right answers over their probability, in the bins of the predictions. NULL where they
 * have neither p nor scores. Free with g_free(). */
char *ts_reliability_svg(const TsPredictions *predictions, const char *title);

G_END_DECLS

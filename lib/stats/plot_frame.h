/* What the pictures of a classifier's quality share: the head of the document, a square with axes
 * from 0 to 1, and lines in it.
 *
 *     g_autoptr(GString) out = ts_plot_begin("answers.tsv", "ROC curves", height);
 *     TsPlotSquare square = {70, 96, 400};
 *     ts_plot_square(out, &square, "false positive rate", "recall");
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

enum { TS_PLOT_WIDTH = 900, TS_PLOT_COLOURS = 8 };

/* The place of a square in the picture: (left, top), and its side. */
typedef struct {
    double left, top, side;
} TsPlotSquare;

/* Begin a document: `what` names the picture, `title` the data. To be ended with
 * ts_plot_end(). */
GString *ts_plot_begin(const char *title, const char *what, double height);
char *ts_plot_end(GString *out);

/* Draw axes, a grid of fifths and what the axes mean. */
void ts_plot_square(GString *out, const TsPlotSquare *square, const char *x, const char *y);

/* Where the point (x, y), 0 to 1, stands. */
double ts_plot_x(const TsPlotSquare *square, double x);
double ts_plot_y(const TsPlotSquare *square, double y);

/* A line through points, made one by one; those that move it by less than a third of a pixel are
 * left out. */
typedef struct {
    const TsPlotSquare *square;
    GString *out;
    double x, y; /* the last one that was drawn */
    gboolean has_begun;
} TsPlotLine;

void ts_plot_line_begin(TsPlotLine *line, GString *out, const TsPlotSquare *square, guint colour);
void ts_plot_line_to(TsPlotLine *line, double x, double y);
void ts_plot_line_end(TsPlotLine *line, double x, double y);

G_END_DECLS

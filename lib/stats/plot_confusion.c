/* A confusion matrix drawn as SVG. */
#include "stats/plot_judge.h"

#include "stats/plot_frame.h"
#include "stats/svg.h"

#include <string.h>

enum { TOP = 110, MAX_NAME = 18, MAX_NUMBERS = 24 };

typedef struct {
    const TsConfusion *confusion;
    GString *out;
    double left, step;
    guint n;
} Matrix;

static void
add_cell(const Matrix *matrix, guint truth, guint predicted, double support)
{
    double value = ts_confusion_get(matrix->confusion, truth, predicted);
    double share = support > 0 ? value / support : 0;
    double x = matrix->left + matrix->step * predicted, y = TOP + matrix->step * truth;
    g_autofree char *from = ts_svg_escape(ts_confusion_name(matrix->confusion, truth), 0);
    g_autofree char *to = ts_svg_escape(ts_confusion_name(matrix->confusion, predicted), 0);
    g_string_append_printf(matrix->out,
                           "<g><title>%s taken for %s: %.6g, %.3g %%</title>"
                           "<rect class=\"cell\" fill-opacity=\"%.3f\" x=\"%.2f\" y=\"%.2f\" "
                           "width=\"%.2f\" height=\"%.2f\"/></g>\n",
                           from, to, value, 100 * share, share, x, y, matrix->step, matrix->step);
    if (matrix->n > MAX_NUMBERS || !(value > 0))
        return;
    ts_svg_text(matrix->out, x + matrix->step / 2, y + matrix->step / 2 + 4,
                share > 0.5 ? "class=\"num light\" text-anchor=\"middle\""
                            : "class=\"num\" text-anchor=\"middle\"",
                matrix->n <= 12 ? "%.6g" : "%.4g", value);
}

static void
add_names(const Matrix *matrix, guint i)
{
    g_autofree char *name = ts_svg_escape(ts_confusion_name(matrix->confusion, i), MAX_NAME);
    double middle = matrix->step * (i + 0.5);
    ts_svg_text(matrix->out, matrix->left - 8, TOP + middle + 4, "text-anchor=\"end\"", "%s", name);
    g_string_append_printf(matrix->out,
                           "<text transform=\"translate(%.2f %.2f) rotate(45)\">%s</text>\n",
                           matrix->left + middle - 4, TOP + matrix->step * matrix->n + 14, name);
}

static void
add_frame(const Matrix *matrix)
{
    double side = matrix->step * matrix->n, right = matrix->left + side, bottom = TOP + side;
    ts_svg_line(matrix->out, "axis", matrix->left, TOP, right, TOP);
    ts_svg_line(matrix->out, "axis", matrix->left, bottom, right, bottom);
    ts_svg_line(matrix->out, "axis", matrix->left, TOP, matrix->left, bottom);
    ts_svg_line(matrix->out, "axis", right, TOP, right, bottom);
}

char *
ts_confusion_svg(const TsConfusion *confusion, const char *title)
{
    Matrix matrix = {.confusion = confusion, .left = 170, .n = ts_confusion_n_classes(confusion)};
    const double room = TS_PLOT_WIDTH - 170. - 110;
    matrix.step = MIN(56, room / MAX(1, matrix.n));
    matrix.out = ts_plot_begin(title,
                               "confusion matrix: rows are the truth, columns what was "
                               "predicted; shaded by the share of the row",
                               TOP + matrix.step * matrix.n + 120);
    ts_svg_text(matrix.out, matrix.left, TOP - 14, "class=\"soft\"",
                "accuracy %.4g, balanced accuracy %.4g", ts_confusion_compute_accuracy(confusion),
                ts_confusion_compute_balanced_accuracy(confusion));
    for (guint truth = 0; truth < matrix.n; truth++) {
        double support = ts_confusion_compute_support(confusion, truth);
        for (guint predicted = 0; predicted < matrix.n; predicted++)
            if (ts_confusion_get(confusion, truth, predicted) > 0)
                add_cell(&matrix, truth, predicted, support);
    }
    for (guint i = 0; i < matrix.n && matrix.step >= 9; i++)
        add_names(&matrix, i);
    add_frame(&matrix);
    return ts_plot_end(matrix.out);
}

/* ROC, precision-recall and reliability drawn as SVG. */
#include "stats/plot_judge.h"

#include "stats/calibration.h"
#include "stats/curves.h"
#include "stats/plot_frame.h"
#include "stats/svg.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_NAME = 30, HEIGHT = 620 };

static const TsPlotSquare SQUARE = {80, 84, 470};

typedef struct {
    guint c;
    double area;
} Curve;

static int
compare_curves(const void *a, const void *b)
{
    const Curve *x = a, *y = b;
    if (x->area != y->area)
        return x->area < y->area ? -1 : 1;
    return (x->c > y->c) - (x->c < y->c);
}

static int
compare_classes(const void *a, const void *b)
{
    const Curve *x = a, *y = b;
    return (x->c > y->c) - (x->c < y->c);
}

/* The classes to draw, in their order; `n` is set to how many. Free with g_free(). */
static Curve *
choose_curves(const TsPredictions *predictions, gboolean is_roc, guint *n)
{
    const gboolean is_binary = predictions->truth != NULL && predictions->n_classes == 2;
    Curve *curves = g_new(Curve, (gsize) predictions->n_classes + 1);
    *n = 0;
    for (guint c = 0; c < predictions->n_classes; c++) {
        double auroc, ap;
        if (is_binary && c != predictions->positive)
            continue;
        ts_curve_areas(predictions, c, predictions->weight, &auroc, &ap);
        if (!isnan(auroc) && !isnan(ap))
            curves[(*n)++] = (Curve){c, is_roc ? auroc : ap};
    }
    qsort(curves, *n, sizeof *curves, compare_curves);
    *n = MIN(*n, TS_PLOT_MAX_CURVES);
    qsort(curves, *n, sizeof *curves, compare_classes);
    return curves;
}

static void
draw_roc(const GArray *points, double positive, double negative, TsPlotLine *line)
{
    ts_plot_line_to(line, 0, 0);
    for (guint i = 0; i < points->len; i++) {
        const TsCurvePoint *point = &g_array_index(points, TsCurvePoint, i);
        ts_plot_line_to(line, point->fp / negative, point->tp / positive);
    }
    ts_plot_line_end(line, 1, 1);
}

/* Steps, as average precision sums them: the precision of a point holds from the recall before. */
static void
draw_pr(const GArray *points, double positive, TsPlotLine *line)
{
    double recall = 0, precision = 1;
    for (guint i = 0; i < points->len; i++) {
        const TsCurvePoint *point = &g_array_index(points, TsCurvePoint, i);
        if (!(point->tp + point->fp > 0))
            continue;
        precision = point->tp / (point->tp + point->fp);
        ts_plot_line_to(line, recall, precision);
        recall = point->tp / positive;
        ts_plot_line_to(line, recall, precision);
    }
    ts_plot_line_end(line, recall, precision);
}

static void
add_legend(const TsPredictions *predictions, const Curve *curve, guint i, const char *area,
           GString *out)
{
    double y = SQUARE.top + 16 + 24 * i, x = SQUARE.left + SQUARE.side + 28;
    g_autofree char *name = ts_svg_escape(predictions->names[curve->c], MAX_NAME);
    g_autofree char *class = g_strdup_printf("line c%u", i);
    ts_svg_line(out, class, x, y - 4, x + 22, y - 4);
    ts_svg_text(out, x + 30, y, "", "%s <tspan class=\"soft\">%s %.4f</tspan>", name, area,
                curve->area);
}

static char *
draw_curves(const TsPredictions *predictions, const char *title, gboolean is_roc)
{
    guint n;
    g_autofree Curve *curves = choose_curves(predictions, is_roc, &n);
    GString *out = ts_plot_begin(title,
                                 is_roc ? "ROC curves, each class against the others"
                                        : "precision and recall, each "
                                          "class against the others",
                                 HEIGHT);
    ts_plot_square(out, &SQUARE, is_roc ? "false positive rate (1 - specificity)" : "recall",
                   is_roc ? "recall (true positive rate)" : "precision");
    if (is_roc)
        ts_svg_line(out, "chance", ts_plot_x(&SQUARE, 0), ts_plot_y(&SQUARE, 0),
                    ts_plot_x(&SQUARE, 1), ts_plot_y(&SQUARE, 1));
    for (guint i = 0; i < n; i++) {
        double positive, negative;
        TsPlotLine line;
        g_autoptr(GArray) points =
            ts_curve_points(predictions, curves[i].c, predictions->weight, &positive, &negative);
        ts_plot_line_begin(&line, out, &SQUARE, i);
        if (is_roc)
            draw_roc(points, positive, negative, &line);
        else
            draw_pr(points, positive, &line);
        add_legend(predictions, &curves[i], i, is_roc ? "AUROC" : "AP", out);
    }
    if (n == TS_PLOT_MAX_CURVES && predictions->n_classes > n)
        ts_svg_text(out, SQUARE.left + SQUARE.side + 28, SQUARE.top + 24 * n + 16, "class=\"soft\"",
                    "the worst %u of %u classes", n, predictions->n_classes);
    return ts_plot_end(out);
}

char *
ts_roc_svg(const TsPredictions *predictions, const char *title)
{
    return draw_curves(predictions, title, TRUE);
}

char *
ts_pr_svg(const TsPredictions *predictions, const char *title)
{
    return draw_curves(predictions, title, FALSE);
}

/* The bar of a bin, what it lacks or has too much, and below how much is in it. */
static void
add_bin(const TsCalibrationBin *bin, guint b, guint n, double most, GString *out)
{
    if (!(bin->weight > 0))
        return;
    double x = ts_plot_x(&SQUARE, (double) b / n), width = SQUARE.side / n;
    double low = MIN(bin->accuracy, bin->confidence), high = MAX(bin->accuracy, bin->confidence);
    double share = 46 * bin->weight / most, floor = SQUARE.top + SQUARE.side + 112;
    g_string_append_printf(
        out,
        "<g><title>probability %.4g: %.4g right, of %.6g</title>"
        "<rect class=\"bar\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"/>"
        "<rect class=\"gap\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"/>"
        "<rect class=\"bar\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"/></g>\n",
        bin->confidence, bin->accuracy, bin->weight, x + 0.5, ts_plot_y(&SQUARE, bin->accuracy),
        width - 1, SQUARE.side * bin->accuracy, x + 0.5, ts_plot_y(&SQUARE, high), width - 1,
        SQUARE.side * (high - low), x + 0.5, floor - share, width - 1, share);
}

char *
ts_reliability_svg(const TsPredictions *predictions, const char *title)
{
    const guint n = predictions->n_bins;
    g_autofree TsCalibrationBin *bins = g_new(TsCalibrationBin, n);
    double ece, mce, most = 0;
    if (!ts_calibration_bins(predictions, predictions->weight, n, bins))
        return NULL;
    ts_calibration_errors(bins, n, &ece, &mce);
    GString *out =
        ts_plot_begin(title, "reliability: are answers right as often as they say?", HEIGHT + 84);
    ts_plot_square(out, &SQUARE, "probability of the answer", "share of right answers");
    for (guint b = 0; b < n; b++)
        most = MAX(most, bins[b].weight);
    for (guint b = 0; b < n; b++)
        add_bin(&bins[b], b, n, most, out);
    ts_svg_line(out, "chance", ts_plot_x(&SQUARE, 0), ts_plot_y(&SQUARE, 0), ts_plot_x(&SQUARE, 1),
                ts_plot_y(&SQUARE, 1));
    double x = SQUARE.left + SQUARE.side + 28;
    ts_svg_text(out, x, SQUARE.top + 16, "", "ECE %.4f <tspan class=\"soft\">mean gap</tspan>",
                ece);
    ts_svg_text(out, x, SQUARE.top + 40, "", "MCE %.4f <tspan class=\"soft\">largest gap</tspan>",
                mce);
    ts_svg_text(out, x, SQUARE.top + SQUARE.side + 108, "class=\"soft\"", "answers in each bin");
    return ts_plot_end(out);
}

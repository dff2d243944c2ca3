/* Class counts drawn as SVG: bars, or a curve over ranks. */
#include "stats/plot.h"

#include "stats/svg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    WIDTH = 900,
    MARGIN = 24,
    TOP = 96, /* of the plot, below title, subtitle and legend */
    BAR_STEP = 22,
    BAR_HEIGHT = 15,
    MAX_NAME = 30, /* characters of a class name */
    CURVE_HEIGHT = 320,
    N_ENDS = 5, /* names at each end of a curve */
    N_COLOURS = 8,
};

static const double CURVE_BASE = 0.7; /* so that a class of one sample can be seen */

static const char *const STYLE =
    "<style>\n"
    "svg{font:13px system-ui,'Segoe UI','Helvetica Neue',Arial,sans-serif;background:#fff}\n"
    "text{fill:#222}.title{font-size:18px;font-weight:600}.soft{fill:#666}.num{fill:#444;"
    "font-variant-numeric:tabular-nums}.grid{stroke:#e2e2e2}.axis{stroke:#888}.tier{stroke:#888;"
    "stroke-dasharray:4 3}.curve{fill:#0072b2;fill-opacity:.25;stroke:#0072b2;stroke-width:1.5}\n"
    ".s0{fill:#0072b2}.s1{fill:#e69f00}.s2{fill:#009e73}.s3{fill:#cc79a7}.s4{fill:#56b4e9}"
    ".s5{fill:#d55e00}.s6{fill:#f0e442}.s7{fill:#999}\n"
    "@media(prefers-color-scheme:dark){svg{background:#1b1b1b}text{fill:#eee}.soft{fill:#aaa}"
    ".num{fill:#ccc}.grid{stroke:#3a3a3a}}\n"
    "</style>\n";

/* A class, its total and its place in the plot's arrays. */
typedef struct {
    guint64 total;
    guint class;
} Ranked;

static int
compare_ranked(const void *a, const void *b)
{
    const Ranked *x = a, *y = b;
    if (x->total != y->total)
        return x->total < y->total ? 1 : -1;
    return (x->class > y->class) - (x->class < y->class);
}

/* Classes by total, largest first. Free with g_free(). */
static Ranked *
rank_classes(const TsClassPlot *plot)
{
    Ranked *ranked = g_new0(Ranked, (gsize) plot->n + 1);
    for (guint c = 0; c < plot->n; c++) {
        ranked[c].class = c;
        for (guint s = 0; s < plot->n_series; s++)
            ranked[c].total += plot->counts[(gsize) s * plot->n + c];
    }
    qsort(ranked, plot->n, sizeof *ranked, compare_ranked);
    return ranked;
}

/* 1234567 as "1,234,567". */
static char *
grouped(guint64 value)
{
    GString *out = g_string_new(NULL);
    g_string_printf(out, "%" G_GUINT64_FORMAT, value);
    for (gssize at = (gssize) out->len - 3; at > 0; at -= 3)
        g_string_insert_c(out, at, ',');
    return g_string_free(out, FALSE);
}

static void
add_head(const TsClassPlot *plot, const Ranked *ranked, double height, GString *out)
{
    TsClassTable table;
    g_autofree guint64 *totals = g_new(guint64, (gsize) plot->n + 1);
    for (guint i = 0; i < plot->n; i++)
        totals[i] = ranked[i].total;
    ts_class_table_init(&table, totals, plot->n);
    g_autofree char *title = ts_svg_escape(plot->title, 70), *samples = grouped(table.total);
    g_string_append_printf(out,
                           "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%g\" "
                           "viewBox=\"0 0 %d %g\" role=\"img\">\n<title>%s: samples of each "
                           "class</title>\n%s",
                           WIDTH, height, WIDTH, height, title, STYLE);
    ts_svg_text(out, MARGIN, 36, "class=\"title\"", "%s", title);
    g_autoptr(GString) line = g_string_new(NULL);
    g_string_append_printf(line, "%s sample%s, %u class%s", samples, table.total == 1 ? "" : "s",
                           plot->n, plot->n == 1 ? "" : "es");
    if (table.n_empty > 0)
        g_string_append_printf(line, " (%u empty)", table.n_empty);
    if (table.total > 0)
        g_string_append_printf(line, ", imbalance ratio %.4g, as even as %.4g equal classes",
                               table.imbalance_ratio, table.effective_classes);
    ts_svg_text(out, MARGIN, 58, "class=\"soft\"", "%s", line->str);
}

static void
add_legend(const TsClassPlot *plot, GString *out)
{
    double x = MARGIN;
    for (guint s = 0; plot->n_series > 1 && s < plot->n_series; s++) {
        g_autofree char *name = ts_svg_escape(plot->series[s], MAX_NAME);
        double width = 34 + 7.5 * (double) g_utf8_strlen(plot->series[s], -1);
        if (x + width > WIDTH - MARGIN) {
            ts_svg_text(out, x, 81, "class=\"soft\"", "\342\200\246");
            return;
        }
        g_string_append_printf(
            out, "<rect class=\"s%u\" x=\"%g\" y=\"70\" width=\"12\" height=\"12\"/>\n",
            s % N_COLOURS, x);
        ts_svg_text(out, x + 17, 81, "", "%s", name);
        x += width;
    }
}

/* A round step that parts 0 .. max into 4 to 8. */
static double
tick_step(double max)
{
    double power = pow(10, floor(log10(MAX(max, 1)))), step = power;
    static const double parts[] = {0.1, 0.2, 0.25, 0.5, 1, 2};
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
        step = power * parts[i];
        if (max / step <= 8 && step >= 1)
            break;
    }
    return step;
}

/* Where bars begin, and the width of the longest. */
typedef struct {
    double left, width, max;
} BarScale;

static void
add_grid(const BarScale *scale, double bottom, GString *out)
{
    double step = tick_step(scale->max);
    for (double value = 0; value <= scale->max; value += step) {
        double x = scale->left + scale->width * value / scale->max;
        g_autofree char *label = grouped((guint64) llround(value));
        ts_svg_line(out, value > 0 ? "grid" : "axis", x, TOP - 4, x, bottom);
        ts_svg_text(out, x, bottom + 16, "class=\"soft\" text-anchor=\"middle\"", "%s", label);
    }
}

static void
add_bar(const TsClassPlot *plot, const BarScale *scale, const Ranked *ranked, double y,
        guint64 total, GString *out)
{
    const char *full_name = plot->names[ranked->class];
    g_autofree char *name = ts_svg_escape(full_name, MAX_NAME), *full = ts_svg_escape(full_name, 0);
    g_autofree char *number = grouped(ranked->total);
    double x = scale->left;
    g_string_append_printf(out, "<g><title>%s: %s", full, number);
    for (guint s = 0; plot->n_series > 1 && s < plot->n_series; s++) {
        g_autofree char *series = ts_svg_escape(plot->series[s], 0);
        g_string_append_printf(out, ", %s %" G_GUINT64_FORMAT, series,
                               plot->counts[(gsize) s * plot->n + ranked->class]);
    }
    g_string_append(out, "</title>\n");
    ts_svg_text(out, scale->left - 8, y + 12, "text-anchor=\"end\"", "%s", name);
    for (guint s = 0; s < plot->n_series; s++) {
        double part = (double) plot->counts[(gsize) s * plot->n + ranked->class];
        double width = scale->width * part / scale->max;
        if (part > 0)
            g_string_append_printf(out,
                                   "<rect class=\"s%u\" x=\"%.2f\" y=\"%g\" width=\"%.2f\" "
                                   "height=\"%d\"/>\n",
                                   s % N_COLOURS, x, y, width, BAR_HEIGHT);
        x += width;
    }
    double share = total > 0 ? 100.0 * (double) ranked->total / (double) total : 0;
    ts_svg_text(out, x + 7, y + 12, "class=\"num\"", "%s <tspan class=\"soft\">%.3g %%</tspan>",
                number, share);
    g_string_append(out, "</g>\n");
}

static void
draw_bars(const TsClassPlot *plot, const Ranked *ranked, guint64 total, GString *out)
{
    glong longest = 0;
    for (guint c = 0; c < plot->n; c++)
        longest = MAX(longest, g_utf8_strlen(plot->names[c], -1));
    BarScale scale = {.left = MARGIN + 14 + 7.6 * (double) MIN(longest, MAX_NAME),
                      .max = plot->n > 0 ? MAX(1, (double) ranked[0].total) : 1};
    scale.width = WIDTH - MARGIN - 118 - scale.left;
    double bottom = TOP + (double) plot->n * BAR_STEP + 2;
    add_head(plot, ranked, bottom + 36, out);
    add_legend(plot, out);
    add_grid(&scale, bottom, out);
    for (guint i = 0; i < plot->n; i++)
        add_bar(plot, &scale, &ranked[i], TOP + (double) i * BAR_STEP, total, out);
}

/* The area of a curve: ranks from left to right, counts from CURVE_BASE on a logarithmic scale. */
typedef struct {
    double left, right, top, bottom, decades;
} CurveScale;

static double
curve_y(const CurveScale *scale, double count)
{
    double up = (log10(count) - log10(CURVE_BASE)) / scale->decades;
    return scale->bottom - (scale->bottom - scale->top) * up;
}

static void
add_curve(const TsClassPlot *plot, const Ranked *ranked, const CurveScale *scale, GString *out)
{
    double step = (scale->right - scale->left) / plot->n;
    g_string_append_printf(out, "<path class=\"curve\" d=\"M%.2f %.2f", scale->left, scale->bottom);
    for (guint i = 0; i < plot->n && ranked[i].total > 0; i++) {
        if (i == 0 || ranked[i].total != ranked[i - 1].total)
            g_string_append_printf(out, "V%.2f", curve_y(scale, (double) ranked[i].total));
        if (i + 1 == plot->n || ranked[i + 1].total != ranked[i].total)
            g_string_append_printf(out, "H%.2f", scale->left + step * (i + 1));
    }
    g_string_append_printf(out, "V%.2fZ\"/>\n", scale->bottom);
}

static void
add_decades(const CurveScale *scale, GString *out)
{
    ts_svg_line(out, "axis", scale->left, scale->bottom, scale->right, scale->bottom);
    for (double power = 0; power <= scale->decades + log10(CURVE_BASE); power++) {
        double y = curve_y(scale, pow(10, power));
        g_autofree char *label = grouped((guint64) llround(pow(10, power)));
        ts_svg_line(out, "grid", scale->left, y, scale->right, y);
        ts_svg_text(out, scale->left - 8, y + 4, "class=\"soft\" text-anchor=\"end\"", "%s", label);
    }
}

/* A dashed line where one tier ends, and below the curve how many classes each has. */
static void
add_tiers(const TsClassPlot *plot, const Ranked *ranked, const CurveScale *scale, GString *out)
{
    g_autoptr(GString) line = g_string_new(NULL);
    double step = (scale->right - scale->left) / plot->n;
    guint begin = 0;
    for (int tier = TS_TIER_HEAD; tier <= TS_TIER_TAIL; tier++) {
        guint end = begin;
        while (end < plot->n && ts_tier(&plot->tiers, ranked[end].total) == (TsTier) tier)
            end++;
        if (end > begin && end < plot->n)
            ts_svg_line(out, "tier", scale->left + step * end, scale->top, scale->left + step * end,
                        scale->bottom);
        g_string_append_printf(line, "%s%s %u", tier > 0 ? ", " : "", ts_tier_name((TsTier) tier),
                               end - begin);
        begin = end;
    }
    ts_svg_text(out, scale->left, scale->bottom + 20, "",
                "%s <tspan class=\"soft\">classes</tspan>", line->str);
    ts_svg_text(out, scale->right, scale->bottom + 20, "class=\"soft\" text-anchor=\"end\"",
                "classes by rank, samples on a logarithmic scale");
}

/* The names at one end, below the curve. */
static void
add_end(const TsClassPlot *plot, const Ranked *ranked, const char *title, double x, double y,
        GString *out)
{
    ts_svg_text(out, x, y, "class=\"soft\"", "%s", title);
    for (guint i = 0; i < N_ENDS; i++) {
        g_autofree char *name = ts_svg_escape(plot->names[ranked[i].class], MAX_NAME);
        g_autofree char *number = grouped(ranked[i].total);
        ts_svg_text(out, x, y + 20 + 18 * i, "", "%s <tspan class=\"soft\">%s</tspan>", name,
                    number);
    }
}

static void
draw_curve(const TsClassPlot *plot, const Ranked *ranked, GString *out)
{
    CurveScale scale = {.left = MARGIN + 70,
                        .right = WIDTH - MARGIN,
                        .top = TOP - 10,
                        .bottom = TOP - 10 + CURVE_HEIGHT,
                        .decades = fmax(1, log10(MAX(1, (double) ranked[0].total)) * 1.02) -
                                   log10(CURVE_BASE)};
    double below = scale.bottom + 58;
    add_head(plot, ranked, below + 30 + 18 * N_ENDS, out);
    add_decades(&scale, out);
    add_curve(plot, ranked, &scale, out);
    add_tiers(plot, ranked, &scale, out);
    add_end(plot, ranked, "largest", scale.left, below, out);
    add_end(plot, ranked + plot->n - N_ENDS, "smallest", (scale.left + scale.right) / 2, below,
            out);
}

char *
ts_class_plot_svg(const TsClassPlot *plot)
{
    GString *out = g_string_new(NULL);
    g_autofree Ranked *ranked = rank_classes(plot);
    guint64 total = 0;
    for (guint i = 0; i < plot->n; i++)
        total += ranked[i].total;
    if (plot->n <= TS_PLOT_MAX_BARS)
        draw_bars(plot, ranked, total, out);
    else
        draw_curve(plot, ranked, out);
    g_string_append(out, "</svg>\n");
    return g_string_free(out, FALSE);
}

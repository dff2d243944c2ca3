/* The frame of pictures in SVG with axes from 0 to 1. */
#include "stats/plot_frame.h"

#include "stats/svg.h"

#include <math.h>

static const char *const STYLE =
    "<style>\n"
    "svg{font:13px system-ui,'Segoe UI','Helvetica Neue',Arial,sans-serif;background:#fff}\n"
    "text{fill:#222}.title{font-size:18px;font-weight:600}.soft{fill:#666}.num{"
    "font-variant-numeric:tabular-nums}.grid{stroke:#e2e2e2}.axis{stroke:#888}.chance{stroke:#888;"
    "stroke-dasharray:4 3}.line{fill:none;stroke-width:2;stroke-linejoin:round}.cell{fill:#0072b2}"
    ".light{fill:#fff}.gap{fill:#d55e00;fill-opacity:.35}.bar{fill:#0072b2}\n"
    ".c0{stroke:#0072b2}.c1{stroke:#e69f00}.c2{stroke:#009e73}.c3{stroke:#cc79a7}"
    ".c4{stroke:#56b4e9}.c5{stroke:#d55e00}.c6{stroke:#b5a800}.c7{stroke:#999}\n"
    "@media(prefers-color-scheme:dark){svg{background:#1b1b1b}text{fill:#eee}.soft{fill:#aaa}"
    ".grid{stroke:#3a3a3a}}\n"
    "</style>\n";

GString *
ts_plot_begin(const char *title, const char *what, double height)
{
    GString *out = g_string_new(NULL);
    g_autofree char *name = ts_svg_escape(title, 70);
    g_string_append_printf(out,
                           "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%g\" "
                           "viewBox=\"0 0 %d %g\" role=\"img\">\n<title>%s: %s</title>\n%s",
                           TS_PLOT_WIDTH, height, TS_PLOT_WIDTH, height, name, what, STYLE);
    ts_svg_text(out, 24, 36, "class=\"title\"", "%s", name);
    ts_svg_text(out, 24, 58, "class=\"soft\"", "%s", what);
    return out;
}

char *
ts_plot_end(GString *out)
{
    g_string_append(out, "</svg>\n");
    return g_string_free(out, FALSE);
}

double
ts_plot_x(const TsPlotSquare *square, double x)
{
    return square->left + square->side * x;
}

double
ts_plot_y(const TsPlotSquare *square, double y)
{
    return square->top + square->side * (1 - y);
}

void
ts_plot_square(GString *out, const TsPlotSquare *square, const char *x, const char *y)
{
    const double left = square->left, bottom = square->top + square->side;
    for (int i = 0; i <= 5; i++) {
        double at = i / 5.;
        const char *kind = i == 0 ? "axis" : "grid";
        ts_svg_line(out, kind, left, ts_plot_y(square, at), left + square->side,
                    ts_plot_y(square, at));
        ts_svg_line(out, kind, ts_plot_x(square, at), square->top, ts_plot_x(square, at), bottom);
        ts_svg_text(out, left - 8, ts_plot_y(square, at) + 4,
                    "class=\"soft num\" text-anchor=\"end\"", "%g", at);
        ts_svg_text(out, ts_plot_x(square, at), bottom + 18,
                    "class=\"soft num\" text-anchor=\"middle\"", "%g", at);
    }
    ts_svg_text(out, left + square->side / 2, bottom + 38, "text-anchor=\"middle\"", "%s", x);
    g_string_append_printf(out,
                           "<text transform=\"translate(%g %g) rotate(-90)\" "
                           "text-anchor=\"middle\">%s</text>\n",
                           left - 42, square->top + square->side / 2, y);
}

void
ts_plot_line_begin(TsPlotLine *line, GString *out, const TsPlotSquare *square, guint colour)
{
    *line = (TsPlotLine){.square = square, .out = out};
    g_string_append_printf(out, "<path class=\"line c%u\" d=\"", colour % TS_PLOT_COLOURS);
}

static void
add_point(TsPlotLine *line, double x, double y)
{
    g_string_append_printf(line->out, "%s%.2f %.2f", line->has_begun ? "L" : "M", x, y);
    line->has_begun = TRUE;
    line->x = x;
    line->y = y;
}

void
ts_plot_line_to(TsPlotLine *line, double x, double y)
{
    double to_x = ts_plot_x(line->square, x), to_y = ts_plot_y(line->square, y);
    if (!line->has_begun || fabs(to_x - line->x) + fabs(to_y - line->y) >= 1. / 3)
        add_point(line, to_x, to_y);
}

void
ts_plot_line_end(TsPlotLine *line, double x, double y)
{
    add_point(line, ts_plot_x(line->square, x), ts_plot_y(line->square, y));
    g_string_append(line->out, "\"/>\n");
}

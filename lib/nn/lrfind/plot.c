/* A band drawn as SVG: loss over the logarithm of the rate. */
#include "nn/lrfind/band.h"

#include "base/number.h"
#include "stats/svg.h"

#include <math.h>

enum { WIDTH = 900, HEIGHT = 470, LEFT = 84, RIGHT = 876, TOP = 96, BOTTOM = 410 };

static const char *const STYLE =
    "<style>\n"
    "svg{font:13px system-ui,'Segoe UI','Helvetica Neue',Arial,sans-serif;background:#fff}\n"
    "text{fill:#222}.title{font-size:18px;font-weight:600}.soft{fill:#666}.grid{stroke:#e2e2e2}\n"
    ".axis{stroke:#888}.band{fill:#0072b2;fill-opacity:.2}.dot{fill:#0072b2;fill-opacity:.35}\n"
    ".mean{fill:none;stroke:#0072b2;stroke-width:2}.mark{stroke-width:1.5;stroke-dasharray:5 3}\n"
    ".s0{stroke:#d55e00}.s1{stroke:#009e73}.s2{stroke:#cc79a7}.s3{stroke:#e69f00}\n"
    "@media(prefers-color-scheme:dark){svg{background:#1b1b1b}text{fill:#eee}.soft{fill:#aaa}"
    ".grid{stroke:#3a3a3a}}\n"
    "</style>\n";

/* Where rates and losses lie on the picture. */
typedef struct {
    guint n; /* points that are drawn */
    double first, last;
    double low, high;
} Scale;

static double
x_of(const Scale *scale, double rate)
{
    return LEFT + (RIGHT - LEFT) * log(rate / scale->first) / log(scale->last / scale->first);
}

static double
y_of(const Scale *scale, double loss)
{
    const double up = (loss - scale->low) / (scale->high - scale->low);
    return BOTTOM - (BOTTOM - TOP) * CLAMP(up, 0.0, 1.0);
}

/* The points before the last ones of the run that came farthest, all if these are too few. */
static Scale
choose_scale(const TsRateBand *band)
{
    Scale scale = {.low = INFINITY, .high = -INFINITY};
    for (guint r = 0; r < band->n_curves; r++)
        scale.n = MAX(scale.n, band->curves[r].last);
    if (scale.n < 2)
        scale.n = ts_rate_band_n(band);
    const TsRateCurve *curve = &band->curves[0];
    scale.first = curve->rates[0];
    scale.last = curve->rates[MAX(scale.n, 2) - 1];
    for (guint i = 0; i < scale.n; i++) {
        const TsRateBandPoint point = ts_rate_band_point(band, i);
        if (!isfinite(point.high))
            continue;
        scale.low = MIN(scale.low, point.low);
        scale.high = MAX(scale.high, point.high);
    }
    if (!(scale.high > scale.low)) {
        scale.low = isfinite(scale.low) ? scale.low - 1 : 0;
        scale.high = scale.low + 2;
    }
    const double margin = (scale.high - scale.low) / 20;
    scale.low -= margin;
    scale.high += margin;
    return scale;
}

static void
add_axes(const Scale *scale, GString *out)
{
    char number[TS_NUMBER_MAX];
    const double range = scale->high - scale->low, power = pow(10, floor(log10(range / 4)));
    const double step = power * (range / power > 20 ? 5 : range / power > 10 ? 2 : 1);
    for (double loss = ceil(scale->low / step) * step; loss <= scale->high; loss += step) {
        ts_svg_line(out, "grid", LEFT, y_of(scale, loss), RIGHT, y_of(scale, loss));
        ts_svg_text(out, LEFT - 8, y_of(scale, loss) + 4, "class=\"soft\" text-anchor=\"end\"",
                    "%.6g", fabs(loss) < step / 2 ? 0 : loss);
    }
    for (double decade = ceil(log10(scale->first) - 1e-9); decade <= log10(scale->last) + 1e-9;
         decade++) {
        const double x = x_of(scale, pow(10, decade));
        ts_format_double(number, pow(10, decade));
        ts_svg_line(out, "grid", x, TOP, x, BOTTOM);
        ts_svg_text(out, x, BOTTOM + 20, "class=\"soft\" text-anchor=\"middle\"", "%s", number);
    }
    ts_svg_line(out, "axis", LEFT, BOTTOM, RIGHT, BOTTOM);
    ts_svg_text(out, RIGHT, BOTTOM + 44, "class=\"soft\" text-anchor=\"end\"",
                "learning rate, on a logarithmic scale");
    ts_svg_text(out, LEFT, TOP - 10, "class=\"soft\"", "smoothed loss");
}

static void
add_point(const Scale *scale, char command, double rate, double loss, GString *out)
{
    g_string_append_printf(out, "%c%.2f %.2f", command, x_of(scale, rate), y_of(scale, loss));
}

static void
add_curve(const TsRateBand *band, const Scale *scale, GString *out)
{
    if (band->n_curves > 1) {
        g_string_append(out, "<path class=\"band\" d=\"");
        for (guint i = 0; i < scale->n; i++) {
            const TsRateBandPoint point = ts_rate_band_point(band, i);
            add_point(scale, i == 0 ? 'M' : 'L', point.rate, point.high, out);
        }
        for (guint i = scale->n; i-- > 0;) {
            const TsRateBandPoint point = ts_rate_band_point(band, i);
            add_point(scale, 'L', point.rate, point.low, out);
        }
        g_string_append(out, "Z\"/>\n");
    }
    for (guint i = 0; band->n_curves == 1 && i < scale->n; i++)
        g_string_append_printf(out, "<circle class=\"dot\" cx=\"%.2f\" cy=\"%.2f\" r=\"2\"/>\n",
                               x_of(scale, band->curves[0].rates[i]),
                               y_of(scale, band->curves[0].losses[i]));
    g_string_append(out, "<path class=\"mean\" d=\"");
    for (guint i = 0; i < scale->n; i++) {
        const TsRateBandPoint point = ts_rate_band_point(band, i);
        add_point(scale, i == 0 ? 'M' : 'L', point.rate, point.smoothed, out);
    }
    g_string_append(out, "\"/>\n");
}

/* A line at each suggestion, its name above in a row of its own, so that names never meet. */
static void
add_suggestions(const TsRateBand *band, const Scale *scale, GString *out)
{
    for (int rule = 0; rule < TS_N_SUGGESTIONS; rule++) {
        double low, high;
        const double rate = ts_rate_band_suggest(band, (TsRateSuggestion) rule, &low, &high);
        if (isnan(rate))
            continue;
        const double x = CLAMP(x_of(scale, rate), LEFT, RIGHT), y = TOP + 16 + 17 * rule;
        const char *anchor = x > (LEFT + RIGHT) / 2.0 ? "text-anchor=\"end\"" : "";
        g_autofree char *class_name = g_strdup_printf("mark s%d", rule);
        ts_svg_line(out, class_name, x, TOP, x, BOTTOM);
        ts_svg_text(out, x + (*anchor != '\0' ? -6 : 6), y, anchor, "%s %.2e",
                    ts_rate_suggestion_name((TsRateSuggestion) rule), rate);
    }
}

char *
ts_rate_band_svg(const TsRateBand *band)
{
    GString *out = g_string_new(NULL);
    const Scale scale = choose_scale(band);
    g_autofree char *title = ts_svg_escape(band->title, 70);
    g_string_append_printf(out,
                           "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                           "viewBox=\"0 0 %d %d\" role=\"img\">\n<title>%s: loss by learning "
                           "rate</title>\n%s",
                           WIDTH, HEIGHT, WIDTH, HEIGHT, title, STYLE);
    ts_svg_text(out, 24, 36, "class=\"title\"", "%s", title);
    ts_svg_text(out, 24, 58, "class=\"soft\"", "%u run%s of at most %u steps", band->n_curves,
                band->n_curves == 1 ? "" : "s, mean and range,", band->curves[0].n_steps);
    add_axes(&scale, out);
    add_curve(band, &scale, out);
    add_suggestions(band, &scale, out);
    g_string_append(out, "</svg>\n");
    return g_string_free(out, FALSE);
}

/* A picture of how many samples each class has, as SVG.
 *
 * Up to TS_PLOT_MAX_BARS classes are horizontal bars, largest first, each with its name, count and
 * share, parted by split; more are a curve of counts over ranks on a logarithmic scale, with the
 * tiers and the names at both ends. The text is one SVG document of its own: no script, no font, no
 * link; the colours follow a viewer's dark mode and are told apart by the colour-blind (Okabe and
 * Ito, "Color Universal Design", 2008).
 *
 *     TsClassPlot plot = {.title = "digits.tsv", .names = names, .n = n, ...};
 *     g_autofree char *svg = ts_class_plot_svg(&plot);
 */
#pragma once

#include "stats/class_table.h"

G_BEGIN_DECLS

enum { TS_PLOT_MAX_BARS = 80 };

typedef struct {
    const char *title;
    char **names; /* (n) of the classes */
    guint n;
    const char *const *series; /* (n_series): what the bars are parted by */
    guint n_series;            /* at least 1 */
    const guint64 *counts;     /* (n_series, n) */
    TsTiers tiers;
} TsClassPlot;

/* Draw. Free with g_free(). */
char *ts_class_plot_svg(const TsClassPlot *plot);

G_END_DECLS

/* classstats --images: do the images of two splits differ? */
#include "base/error.h"
#include "classstats.h"
#include "stats/ks.h"

#include <math.h>

/* The values of a property in the rows of a split, into `out`; returns how many. */
static gsize
gather(const ClassStats *stats, guint which, guint part, double *out)
{
    const double *values = property_values(stats->survey, which);
    gsize n = 0;
    for (guint64 row = 0; row < stats->survey->n; row++)
        if (stats->counts->splits->of_row[row] == (gint32) part - 1 && !isnan(values[row]))
            out[n++] = values[row];
    return n;
}

static double
mean_of(const double *values, gsize n)
{
    double sum = 0;
    for (gsize i = 0; i < n; i++)
        sum += values[i];
    return n > 0 ? sum / (double) n : NAN;
}

gboolean
add_shift(const ClassStats *stats, TsReport *report, GError **error)
{
    static const char *const columns[] = {"a",      "b",  "property", "mean_a",
                                          "mean_b", "ks", "p",        NULL};
    gsize n = stats->survey->n;
    g_autofree double *a = ts_try_alloc(n + 1, sizeof *a, "properties", error);
    g_autofree double *b = a != NULL ? ts_try_alloc(n + 1, sizeof *b, "properties", error) : NULL;
    if (b == NULL)
        return FALSE;
    ts_report_begin(report, "shift", columns);
    for (guint i = 0; i < stats->comparisons->len; i++) {
        const Comparison *comparison = stats->comparisons->pdata[i];
        for (guint k = 0; k < N_NUMERIC; k++) {
            TsKs test;
            gsize n_a = gather(stats, k, comparison->item_a, a);
            gsize n_b = gather(stats, k, comparison->item_b, b);
            ts_report_text(report, comparison->a);
            ts_report_text(report, comparison->b);
            ts_report_text(report, stats->links[k].name);
            ts_report_double(report, mean_of(a, n_a), 4);
            ts_report_double(report, mean_of(b, n_b), 4);
            ts_ks_init(&test, a, n_a, b, n_b);
            ts_report_double(report, test.d, 4);
            ts_report_double(report, test.p, 4);
        }
    }
    return TRUE;
}

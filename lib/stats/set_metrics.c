/* Counts of each class, and all scores for the average precisions. */
#include "stats/set_metrics.h"

#include <math.h>
#include <stdlib.h>

typedef struct {
    guint64 both, predicted, there;
} Counts;

typedef struct {
    float score;
    gboolean is_label;
} Scored;

struct _TsSetMetrics {
    guint n;
    guint64 n_rows, n_exact;
    Counts *counts;  /* (n) */
    GArray **scored; /* (n) of Scored */
};

TsSetMetrics *
ts_set_metrics_new(guint n_classes)
{
    TsSetMetrics *self = g_new0(TsSetMetrics, 1);
    self->n = n_classes;
    self->counts = g_new0(Counts, n_classes);
    self->scored = g_new0(GArray *, n_classes);
    for (guint c = 0; c < n_classes; c++)
        self->scored[c] = g_array_new(FALSE, FALSE, sizeof(Scored));
    return self;
}

void
ts_set_metrics_free(TsSetMetrics *self)
{
    if (self == NULL)
        return;
    for (guint c = 0; c < self->n; c++)
        g_array_unref(self->scored[c]);
    g_free(self->scored);
    g_free(self->counts);
    g_free(self);
}

void
ts_set_metrics_reset(TsSetMetrics *self)
{
    self->n_rows = self->n_exact = 0;
    for (guint c = 0; c < self->n; c++) {
        self->counts[c] = (Counts){0};
        g_array_set_size(self->scored[c], 0);
    }
}

void
ts_set_metrics_add(TsSetMetrics *self, const float *scores, const float *targets, guint n,
                   float threshold)
{
    for (guint i = 0; i < n; i++, scores += self->n, targets += self->n) {
        gboolean is_exact = TRUE;
        for (guint c = 0; c < self->n; c++) {
            const gboolean predicted = scores[c] >= threshold, there = targets[c] >= 0.5f;
            const Scored scored = {scores[c], there};
            self->counts[c].both += predicted && there;
            self->counts[c].predicted += predicted;
            self->counts[c].there += there;
            is_exact = is_exact && predicted == there;
            g_array_append_val(self->scored[c], scored);
        }
        self->n_exact += is_exact;
        self->n_rows++;
    }
}

static double
compute_f1(const Counts *counts)
{
    const guint64 n = counts->predicted + counts->there;
    return n > 0 ? 2 * (double) counts->both / (double) n : 0;
}

static int
compare_descending(gconstpointer a, gconstpointer b)
{
    const float x = ((const Scored *) a)->score, y = ((const Scored *) b)->score;
    return (x < y) - (x > y);
}

/* Sum over thresholds of (recall - recall before) precision; rows of one score come together. */
static double
compute_average_precision(const GArray *scored, guint64 there)
{
    g_autofree Scored *sorted = g_memdup2(scored->data, scored->len * sizeof *sorted);
    double sum = 0;
    guint64 found = 0;
    qsort(sorted, scored->len, sizeof *sorted, compare_descending);
    for (guint i = 0; i < scored->len;) {
        const guint64 before = found;
        guint end = i;
        for (; end < scored->len && sorted[end].score >= sorted[i].score; end++)
            found += sorted[end].is_label ? 1 : 0;
        if (end == i) /* not a number */
            break;
        sum += (double) (found - before) / (double) there * (double) found / (double) end;
        i = end;
    }
    return sum;
}

void
ts_set_metrics_compute(const TsSetMetrics *self, TsSetScores *scores)
{
    Counts all = {0};
    double f1 = 0, precision = 0;
    guint n_there = 0;
    for (guint c = 0; c < self->n; c++) {
        const Counts *counts = &self->counts[c];
        all.both += counts->both;
        all.predicted += counts->predicted;
        all.there += counts->there;
        f1 += compute_f1(counts);
        if (counts->there == 0)
            continue;
        n_there++;
        precision += compute_average_precision(self->scored[c], counts->there);
    }
    *scores = (TsSetScores){NAN, NAN, NAN, NAN};
    if (self->n_rows == 0)
        return;
    scores->exact_match = (double) self->n_exact / (double) self->n_rows;
    scores->micro_f1 = compute_f1(&all);
    scores->macro_f1 = f1 / self->n;
    scores->mean_precision = n_there > 0 ? precision / n_there : NAN;
}

/* Looking for a learning rate: a short training whose rate grows from step to step.
 *
 * The rate of step i is start (end / start)^(i / n_steps). Losses are smoothed as
 * s = 0.98 s + 0.02 loss, divided by 1 - 0.98^(i + 1). The sweep ends after n_steps, or when the
 * smoothed loss is above four times its lowest so far. What rate to take is told from the smoothed
 * losses without the first tenth of the steps and the last five points (Smith, 2017; the rules are
 * those of fastai's lr_find, number for number):
 *
 *     valley    the middle third of the longest falling subsequence, half into it
 *     slide     from the end back, 15 points apart, until both slopes differ by less than 0.005
 *     minimum   a tenth of the rate with the lowest loss
 *     steep     where the loss falls most by the logarithm of the rate
 *
 *     TsRateCurve curve = {0};
 *     if (!ts_run_sweep_rates(run, seed, &sweep, NULL, &curve, error))
 *         return FALSE;
 *     double rate = ts_rate_suggest(&curve, TS_SUGGEST_VALLEY);
 *     ts_rate_curve_clear(&curve);
 */
#pragma once

#include "base/progress.h"
#include "nn/run.h"

G_BEGIN_DECLS

typedef struct {
    double start, end; /* rates */
    guint n_steps;     /* at least TS_SWEEP_LEAST_STEPS */
    gboolean no_stop;  /* go on though the loss diverges */
} TsRateSweep;

enum { TS_SWEEP_LEAST_STEPS = 6 };

typedef struct {
    guint n_steps;          /* that were asked for */
    guint n;                /* points: steps until the loss diverged or was no number any more */
    guint last;             /* point behind the last that suggestions look at */
    double *rates;          /* (n_steps) */
    double *losses;         /* (n_steps) of the batches; the first n are set */
    double *smoothed;       /* (n_steps) likewise */
    double average, lowest; /* before its correction, so far; smoothed, so far */
} TsRateCurve;

typedef enum {
    TS_SUGGEST_VALLEY,
    TS_SUGGEST_SLIDE,
    TS_SUGGEST_MINIMUM,
    TS_SUGGEST_STEEP,
    TS_N_SUGGESTIONS,
} TsRateSuggestion;

/* Train the run's model anew, from the seed's own first numbers (from those of the model file where
 * the run begins with one) and in the seed's own order of samples. Nothing is written. Each step is
 * counted in `progress`, which may be NULL. */
gboolean ts_run_sweep_rates(TsRun *run, guint64 seed, const TsRateSweep *sweep,
                            TsProgress *progress, TsRateCurve *curve, GError **error);

/* Room for the points of a sweep, with the rates filled in. */
void ts_rate_curve_init(TsRateCurve *curve, const TsRateSweep *sweep);
void ts_rate_curve_clear(TsRateCurve *curve);

/* Add the loss of the next step. FALSE if the sweep is over. */
gboolean ts_rate_curve_add(TsRateCurve *curve, double loss, gboolean no_stop);

/* NaN where the curve has too few points for the rule. */
double ts_rate_suggest(const TsRateCurve *curve, TsRateSuggestion rule);

/* "valley" and so on. */
const char *ts_rate_suggestion_name(TsRateSuggestion rule);

G_END_DECLS

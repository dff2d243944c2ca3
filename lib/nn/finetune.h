/* Fine-tuning: how a model that was trained before is brought to a new task.
 *
 * A strategy divides the epochs into phases. In each, so many stages (freeze.h) from the head down
 * learn, each at its own share of the learning rate:
 *
 *   - fixed: one phase; the stages that the options say.
 *   - fine-tune: fastai's Learner.fine_tune(). `freeze_epochs` epochs of the head alone by one
 *     cycle up to lr (pct 0.99, div 25), then all stages by a second one up to lr / 2 (pct_start,
 *     div), with rates from lr / 2 / lr_mult in the first stage to lr / 2 in the head,
 *     geometrically. Momentum goes 0.95, 0.85, 0.95 in each.
 *   - gradual: one stage more every `every` epochs, from those of the options (Howard and Ruder,
 *     2018); the schedule goes over all.
 *   - lp-ft: the head alone for `probe` epochs, then everything, at `scale` times the rate; the
 *     schedule goes over each of the two (Kumar et al., 2022).
 *
 *     g_autoptr(GArray) phases = ts_phases_new(&options, 10, &schedule, stages->n, error);
 */
#pragma once

#include "nn/freeze.h"
#include "nn/schedule.h"

G_BEGIN_DECLS

/* How the learning rate goes down from the head to the input; s counts stages from 0, of n. */
typedef enum {
    TS_SPREAD_NONE,      /* 1 for all */
    TS_SPREAD_GEOMETRIC, /* value^((s - n + 1) / (n - 1)): from 1 / value to 1 */
    TS_SPREAD_DECAY,     /* value^(n - 1 - s) */
    TS_SPREAD_BODY,      /* value for all but the head */
} TsSpreadKind;

typedef struct {
    TsSpreadKind kind;
    double value;
} TsSpread;

double ts_spread_scale(const TsSpread *spread, guint stage, guint n_stages);

typedef struct {
    guint begin, epochs;
    guint n_top; /* stages that learn */
    TsSpread spread;
    gboolean own_rates; /* it has a schedule of its own, whose time begins with the phase */
    TsSchedule schedule;
} TsPhase;

/* Whether the output of layers that do not learn is computed once and kept (features.h). */
typedef enum {
    TS_FEATURE_CACHE_AUTO, /* in phases of several epochs, where it takes less than the samples */
    TS_FEATURE_CACHE_ON,   /* in all phases that have such layers */
    TS_FEATURE_CACHE_OFF,
} TsFeatureCache;

/* "auto", "on", "off". TS_ERROR_ARGUMENT. */
gboolean ts_feature_cache_parse(const char *text, TsFeatureCache *cache, GError **error);

typedef struct {
    const char *from;     /* the model file */
    const char *strategy; /* NAME[:KEY=VALUE,...] */
    TsFreeze freeze;      /* n_top: of fixed; gradual begins with it */
    TsSpread spread;      /* of all strategies but fine-tune */
    gboolean fresh_head;  /* also where the classes are the model's */
    double l2_sp;         /* decay towards the starting weights (Li et al., 2018); 0: none */
    TsFeatureCache feature_cache;
    const char *text; /* all this, as a checkpoint has to agree with it */
} TsFineTuneOptions;

/* The phases of a run of `epochs` epochs (fine-tune and lp-ft: besides those of the head alone), of
 * TsPhase. TS_ERROR_ARGUMENT. */
GArray *ts_phases_new(const TsFineTuneOptions *options, guint epochs, const TsSchedule *schedule,
                      guint n_stages, GError **error);

/* Epochs of all. */
guint ts_phases_n_epochs(const GArray *phases);

/* The one that `epoch` is in. */
const TsPhase *ts_phases_find(const GArray *phases, guint64 epoch);

/* The schedule of a phase with rates of its own, in epochs of so many batches. */
TsSchedule ts_phase_schedule(const TsPhase *phase, double batches);

/* The strategies with their keys and defaults, for --help. Borrowed. */
const char *ts_strategy_help(void);

G_END_DECLS

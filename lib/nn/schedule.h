/* Learning-rate schedules: the rate as a function of the time.
 *
 * t counts epochs from 0, in steps of a whole epoch or, by batch, of 1 / steps_per_epoch. T is the
 * length of the run. After the warm-up (linear from warmup_rate to rate over warmup_epochs, which
 * are part of the run), with the same t:
 *
 *     constant     rate
 *     step         rate gamma^floor(t / every)
 *     multistep    rate gamma^(number of `at` that t has reached)
 *     exponential  rate gamma^t
 *     cosine       min + (rate - min) / 2 (1 + cos(pi t / T))           (Loshchilov, Hutter, 2017)
 *     restarts     the same in cycles of `cycle`, `cycle mult`, ... epochs, each begun at decay
 *                  times the rate of the one before
 *     poly         min + (rate - min) (1 - t / T)^power
 *     onecycle     rate / div up to rate in the first pct of the steps, down to rate / div /
 *                  final_div at the last, both by half a cosine; PyTorch's OneCycleLR, which
 *                  counts T - 1 steps                                              (Smith, 2018)
 *     fastai       rate / div up to rate in the first pct of the run, down to rate / final_div at
 *                  its end, both by half a cosine; fastai's fit_one_cycle(). Momentum goes from
 *                  0.95 to 0.85 and back in the same time
 *     file         rate times the number in a file's line for the epoch, or by batch for the
 *                  batch; beyond its end that of the last line
 *     plateau      rate, which the callback of that name then lowers (nn/callbacks/plateau.c)
 *
 * step, multistep, exponential, cosine, restarts, poly, onecycle and file (LambdaLR) equal
 * PyTorch's schedulers.
 */
#pragma once

#include "base/spec.h"

G_BEGIN_DECLS

typedef enum {
    TS_SCHEDULE_CONSTANT,
    TS_SCHEDULE_STEP,
    TS_SCHEDULE_MULTISTEP,
    TS_SCHEDULE_EXPONENTIAL,
    TS_SCHEDULE_COSINE,
    TS_SCHEDULE_RESTARTS,
    TS_SCHEDULE_POLY,
    TS_SCHEDULE_ONECYCLE,
    TS_SCHEDULE_FASTAI,
    TS_SCHEDULE_FILE,
    TS_SCHEDULE_PLATEAU,
} TsScheduleKind;

enum { TS_SCHEDULE_MAX_MILESTONES = 32 };

typedef struct {
    TsScheduleKind kind;
    double rate;
    double epochs;          /* T */
    double steps_per_epoch; /* 1: the rate changes with the epoch; else with each batch */
    double warmup_epochs;   /* 0: none */
    double warmup_rate;
    double min;                            /* cosine, restarts, poly, plateau */
    double gamma;                          /* step, multistep, exponential */
    double every;                          /* step: epochs */
    double at[TS_SCHEDULE_MAX_MILESTONES]; /* multistep: epochs, rising */
    guint n_at;
    double cycle, mult, decay;  /* restarts */
    double power;               /* poly */
    double pct, div, final_div; /* onecycle, fastai */
    GArray *factors;            /* file: doubles, one a line */
    double factor, delta;       /* plateau */
    int patience, cooldown;     /* plateau: epochs */
    gboolean pytorch;           /* plateau: PyTorch's rule instead of Keras' */
} TsSchedule;

/* Read NAME or NAME:KEY=VALUE,... (base/spec.h) into the fields that belong to the name; rate,
 * epochs, steps_per_epoch and the warm-up stay as they are. Keys are the names of the fields,
 * milestones at=30+60+80, path=FILE of the factors, rule=keras or rule=pytorch. TS_ERROR_ARGUMENT,
 * TS_ERROR_IO, TS_ERROR_FORMAT of a file. What was parsed into it before is freed, so it begins
 * with zeros; at last it is ended by ts_schedule_clear(). Copies borrow its factors. */
gboolean ts_schedule_parse(const char *text, TsSchedule *schedule, GError **error);

/* Frees what a parsed schedule holds. */
void ts_schedule_clear(TsSchedule *schedule);

/* The keys of "plateau" alone, for those that read them under another name. */
gboolean ts_schedule_read_plateau(TsSpec *spec, TsSchedule *schedule, GError **error);

const char *ts_schedule_kind_name(TsScheduleKind kind);

/* The names with their keys and defaults, for --help. Borrowed. */
const char *ts_schedule_help(void);

/* The momentum at time t; NaN where the schedule leaves it alone. */
double ts_schedule_momentum(const TsSchedule *schedule, double t);

/* The rate at time t. */
double ts_schedule_rate(const TsSchedule *schedule, double t);

G_END_DECLS

/* Learning-rate schedules: the rate as a function of the epoch.
 *
 * t counts epochs from 0. After the warm-up (linear from warmup_rate to rate over warmup_epochs,
 * which are part of the run), with the same t:
 *     constant     rate
 *     step         rate * gamma ^ floor(t / step_epochs)
 *     exponential  rate * gamma ^ t
 *     cosine       min + (rate - min) / 2 * (1 + cos(pi t / epochs))    (Loshchilov, Hutter, 2017)
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    TS_SCHEDULE_CONSTANT,
    TS_SCHEDULE_STEP,
    TS_SCHEDULE_EXPONENTIAL,
    TS_SCHEDULE_COSINE,
} TsScheduleKind;

typedef struct {
    TsScheduleKind kind;
    double rate;
    double min_rate;      /* cosine */
    double gamma;         /* step, exponential */
    double step_epochs;   /* step */
    double epochs;        /* cosine: length of the run */
    double warmup_epochs; /* 0: none */
    double warmup_rate;
} TsSchedule;

/* "constant", "step", "exponential", "cosine"; TS_ERROR_ARGUMENT for another name. */
gboolean ts_schedule_kind_parse(const char *name, TsScheduleKind *kind, GError **error);

/* The rate of epoch t. */
double ts_schedule_rate(const TsSchedule *schedule, double t);

G_END_DECLS

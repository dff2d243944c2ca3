/* Learning-rate schedules. */
#include "nn/schedule.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

gboolean
ts_schedule_kind_parse(const char *name, TsScheduleKind *kind, GError **error)
{
    static const char *const names[] = {"constant", "step", "exponential", "cosine"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(name, names[i]) == 0) {
            *kind = (TsScheduleKind) i;
            return TRUE;
        }
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "schedule '%s' is not constant, step, exponential or cosine", name);
}

double
ts_schedule_rate(const TsSchedule *s, double t)
{
    if (t < s->warmup_epochs)
        return s->warmup_rate + (s->rate - s->warmup_rate) * t / s->warmup_epochs;
    switch (s->kind) {
    case TS_SCHEDULE_STEP:
        return s->rate * pow(s->gamma, floor(t / s->step_epochs));
    case TS_SCHEDULE_EXPONENTIAL:
        return s->rate * pow(s->gamma, t);
    case TS_SCHEDULE_COSINE:
        return s->min_rate +
               (s->rate - s->min_rate) / 2 * (1 + cos(G_PI * MIN(t / s->epochs, 1.0)));
    case TS_SCHEDULE_CONSTANT:
        break;
    }
    return s->rate;
}

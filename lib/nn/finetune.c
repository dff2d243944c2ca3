/* The phases of fine-tuning, by strategy, and the rates of stages. */
#include "nn/finetune.h"

#include "base/error.h"
#include "base/nearest.h"

#include <math.h>
#include <string.h>

double
ts_spread_scale(const TsSpread *spread, guint stage, guint n)
{
    switch (spread->kind) {
    case TS_SPREAD_GEOMETRIC:
        return n < 2 ? 1 : pow(spread->value, ((double) stage + 1 - n) / (n - 1));
    case TS_SPREAD_DECAY:
        return pow(spread->value, (double) (n - 1 - stage));
    case TS_SPREAD_BODY:
        return stage + 1 == n ? 1 : spread->value;
    case TS_SPREAD_NONE:
        break;
    }
    return 1;
}

typedef struct {
    const TsFineTuneOptions *options;
    guint epochs;
    const TsSchedule *schedule;
    guint n_stages;
    GArray *phases;
} Plan;

static void
add_phase(const Plan *plan, TsPhase phase)
{
    if (phase.epochs > 0)
        g_array_append_val(plan->phases, phase);
}

static gboolean
plan_fixed(TsSpec *spec, const Plan *plan, GError **error)
{
    add_phase(plan, (TsPhase){.epochs = plan->epochs,
                              .n_top = plan->options->freeze.n_top,
                              .spread = plan->options->spread});
    return TRUE;
}

static gboolean
plan_gradual(TsSpec *spec, const Plan *plan, GError **error)
{
    int every;
    if (!ts_spec_int(spec, "every", 1, G_MAXINT, 1, &every, error))
        return FALSE;
    guint n_top = plan->options->freeze.n_top, begin = 0;
    while (begin < plan->epochs) {
        const gboolean last = n_top >= plan->n_stages;
        const guint left = plan->epochs - begin, epochs = last ? left : MIN((guint) every, left);
        add_phase(plan, (TsPhase){.begin = begin,
                                  .epochs = epochs,
                                  .n_top = n_top,
                                  .spread = plan->options->spread});
        begin += epochs;
        n_top++;
    }
    return TRUE;
}

/* The whole schedule over `epochs` epochs. */
static TsSchedule
schedule_over(const TsSchedule *schedule, guint epochs, double scale)
{
    TsSchedule part = *schedule;
    part.epochs = epochs;
    part.rate *= scale;
    part.min *= scale;
    return part;
}

static gboolean
plan_lp_ft(TsSpec *spec, const Plan *plan, GError **error)
{
    int probe;
    double scale;
    if (!ts_spec_int(spec, "probe", 1, 1 << 20, 5, &probe, error) ||
        !ts_spec_double(spec, "scale", 1e-9, 1e9, 0.1, &scale, error))
        return FALSE;
    if (plan->schedule->kind == TS_SCHEDULE_PLATEAU || plan->schedule->kind == TS_SCHEDULE_FILE)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "strategy lp-ft cannot have the schedule %s",
                            ts_schedule_kind_name(plan->schedule->kind));
    add_phase(plan, (TsPhase){.epochs = (guint) probe,
                              .n_top = 1,
                              .spread = plan->options->spread,
                              .own_rates = TRUE,
                              .schedule = schedule_over(plan->schedule, (guint) probe, 1)});
    add_phase(plan, (TsPhase){.begin = (guint) probe,
                              .epochs = plan->epochs,
                              .n_top = plan->n_stages,
                              .spread = plan->options->spread,
                              .own_rates = TRUE,
                              .schedule = schedule_over(plan->schedule, plan->epochs, scale)});
    return TRUE;
}

static TsSchedule
one_cycle(double rate, guint epochs, double pct, double div)
{
    return (TsSchedule){.kind = TS_SCHEDULE_FASTAI,
                        .rate = rate,
                        .epochs = epochs,
                        .steps_per_epoch = 1,
                        .pct = pct,
                        .div = div,
                        .final_div = 1e5};
}

static gboolean
plan_fine_tune(TsSpec *spec, const Plan *plan, GError **error)
{
    int freeze_epochs;
    double lr_mult, pct_start, div;
    if (!ts_spec_int(spec, "freeze_epochs", 0, 1 << 20, 1, &freeze_epochs, error) ||
        !ts_spec_double(spec, "lr_mult", 1, 1e9, 100, &lr_mult, error) ||
        !ts_spec_double(spec, "pct_start", 0, 1, 0.3, &pct_start, error) ||
        !ts_spec_double(spec, "div", 1, 1e9, 5, &div, error))
        return FALSE;
    if (plan->options->spread.kind != TS_SPREAD_NONE)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "strategy fine-tune has rates of its own, see its lr_mult: leave "
                            "--lr-mult and --layer-decay out");
    const double rate = plan->schedule->rate;
    add_phase(plan, (TsPhase){.epochs = (guint) freeze_epochs,
                              .n_top = 1,
                              .spread = {TS_SPREAD_BODY, 0.1},
                              .own_rates = TRUE,
                              .schedule = one_cycle(rate, (guint) freeze_epochs, 0.99, 25)});
    add_phase(plan, (TsPhase){.begin = (guint) freeze_epochs,
                              .epochs = plan->epochs,
                              .n_top = plan->n_stages,
                              .spread = {TS_SPREAD_GEOMETRIC, lr_mult},
                              .own_rates = TRUE,
                              .schedule = one_cycle(rate / 2, plan->epochs, pct_start, div)});
    return TRUE;
}

static const struct {
    const char *name;
    gboolean (*plan)(TsSpec *spec, const Plan *plan, GError **error);
} strategies[] = {{"fixed", plan_fixed},
                  {"fine-tune", plan_fine_tune},
                  {"gradual", plan_gradual},
                  {"lp-ft", plan_lp_ft}};

const char *
ts_strategy_help(void)
{
    return "  fine-tune[:freeze_epochs=1,lr_mult=100,pct_start=0.3,div=5]\n"
           "  fixed      gradual[:every=1]      lp-ft[:probe=5,scale=0.1]";
}

GArray *
ts_phases_new(const TsFineTuneOptions *options, guint epochs, const TsSchedule *schedule,
              guint n_stages, GError **error)
{
    g_autoptr(GArray) phases = g_array_new(FALSE, TRUE, sizeof(TsPhase));
    g_autoptr(TsSpec) spec = ts_spec_parse(options->strategy, "strategy", error);
    if (spec == NULL)
        return NULL;
    const Plan plan = {options, epochs, schedule, n_stages, phases};
    const char *known[G_N_ELEMENTS(strategies) + 1] = {NULL};
    for (gsize i = 0; i < G_N_ELEMENTS(strategies); i++) {
        known[i] = strategies[i].name;
        if (strcmp(known[i], ts_spec_name(spec)) != 0)
            continue;
        return strategies[i].plan(spec, &plan, error) && ts_spec_finish(spec, error)
                   ? g_steal_pointer(&phases)
                   : NULL;
    }
    g_autofree char *hint = ts_nearest_hint(ts_spec_name(spec), known);
    ts_error_set(error, TS_ERROR_ARGUMENT, "there is no strategy '%s'%s; there are:\n%s",
                 ts_spec_name(spec), hint, ts_strategy_help());
    return NULL;
}

guint
ts_phases_n_epochs(const GArray *phases)
{
    guint n = 0;
    for (guint i = 0; i < phases->len; i++)
        n += g_array_index(phases, TsPhase, i).epochs;
    return n;
}

TsSchedule
ts_phase_schedule(const TsPhase *phase, double batches)
{
    TsSchedule schedule = phase->schedule;
    schedule.steps_per_epoch = batches;
    return schedule;
}

const TsPhase *
ts_phases_find(const GArray *phases, guint64 epoch)
{
    guint i = 0;
    while (i + 1 < phases->len && epoch >= g_array_index(phases, TsPhase, i + 1).begin)
        i++;
    return &g_array_index(phases, TsPhase, i);
}

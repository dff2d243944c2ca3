/* Learning-rate schedules. */
#include "nn/schedule.h"

#include "base/error.h"
#include "base/nearest.h"
#include "base/number.h"

#include <math.h>
#include <string.h>

/* ---- names and keys ---- */

static gboolean
read_gamma(TsSpec *spec, TsSchedule *s, double fallback, GError **error)
{
    return ts_spec_double(spec, "gamma", 1e-9, 1e9, fallback, &s->gamma, error);
}

static gboolean
read_min(TsSpec *spec, TsSchedule *s, GError **error)
{
    return ts_spec_double(spec, "min", 0, 1e9, 0, &s->min, error);
}

static gboolean
read_constant(TsSpec *spec, TsSchedule *s, GError **error)
{
    return TRUE;
}

static gboolean
read_step(TsSpec *spec, TsSchedule *s, GError **error)
{
    return ts_spec_double(spec, "every", 1e-6, 1e9, 10, &s->every, error) &&
           read_gamma(spec, s, 0.1, error);
}

/* "30+60+80" */
static gboolean
read_milestones(const char *text, TsSchedule *s, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, "+", -1);
    for (s->n_at = 0; parts[s->n_at] != NULL; s->n_at++) {
        double least = s->n_at > 0 ? s->at[s->n_at - 1] : 0;
        if (s->n_at == TS_SCHEDULE_MAX_MILESTONES)
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "schedule multistep: at: more than %d milestones",
                                TS_SCHEDULE_MAX_MILESTONES);
        if (!ts_parse_double(parts[s->n_at], least, 1e9, "schedule multistep: at", &s->at[s->n_at],
                             error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
read_multistep(TsSpec *spec, TsSchedule *s, GError **error)
{
    const char *at = ts_spec_text(spec, "at");
    if (at == NULL || *at == '\0')
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "schedule multistep: at which epochs? such as multistep:at=30+60");
    return read_milestones(at, s, error) && read_gamma(spec, s, 0.1, error);
}

static gboolean
read_exponential(TsSpec *spec, TsSchedule *s, GError **error)
{
    return read_gamma(spec, s, 0.95, error);
}

static gboolean
read_cosine(TsSpec *spec, TsSchedule *s, GError **error)
{
    return read_min(spec, s, error);
}

static gboolean
read_restarts(TsSpec *spec, TsSchedule *s, GError **error)
{
    return ts_spec_double(spec, "cycle", 1e-6, 1e9, 10, &s->cycle, error) &&
           ts_spec_double(spec, "mult", 1, 1e6, 1, &s->mult, error) &&
           ts_spec_double(spec, "decay", 1e-9, 1, 1, &s->decay, error) && read_min(spec, s, error);
}

static gboolean
read_poly(TsSpec *spec, TsSchedule *s, GError **error)
{
    return ts_spec_double(spec, "power", 1e-6, 1e3, 1, &s->power, error) &&
           read_min(spec, s, error);
}

static gboolean
read_onecycle(TsSpec *spec, TsSchedule *s, GError **error)
{
    return ts_spec_double(spec, "pct", 0, 1, 0.3, &s->pct, error) &&
           ts_spec_double(spec, "div", 1, 1e9, 25, &s->div, error) &&
           ts_spec_double(spec, "final_div", 1, 1e12, 1e4, &s->final_div, error);
}

static gboolean
read_fastai(TsSpec *spec, TsSchedule *s, GError **error)
{
    return ts_spec_double(spec, "pct", 0, 1, 0.25, &s->pct, error) &&
           ts_spec_double(spec, "div", 1, 1e9, 25, &s->div, error) &&
           ts_spec_double(spec, "final_div", 1, 1e12, 1e5, &s->final_div, error);
}

/* A number a line; blanks around them and empty lines at the end are passed over. */
static GArray *
parse_factors(const char *path, char *text, GError **error)
{
    g_autoptr(GArray) factors = g_array_new(FALSE, FALSE, sizeof(double));
    g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        g_autofree char *where = g_strdup_printf("schedule file: %s:%u", path, i + 1);
        g_autoptr(GError) reason = NULL;
        double factor;
        if (!ts_parse_double(g_strstrip(lines[i]), 0, 1e9, where, &factor, &reason)) {
            ts_error_set(error, TS_ERROR_FORMAT, "%s", reason->message);
            return NULL;
        }
        g_array_append_val(factors, factor);
    }
    if (factors->len > 0)
        return g_steal_pointer(&factors);
    ts_error_set(error, TS_ERROR_FORMAT, "schedule file: %s: no number is there", path);
    return NULL;
}

static gboolean
read_file(TsSpec *spec, TsSchedule *s, GError **error)
{
    const char *path = ts_spec_text(spec, "path");
    if (path == NULL || *path == '\0')
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "schedule file: which one? such as file:path=factors.txt");
    g_autofree char *text = NULL;
    gsize n;
    g_autoptr(GError) reason = NULL;
    if (!g_file_get_contents(path, &text, &n, &reason))
        return ts_error_set(error, TS_ERROR_IO, "schedule file: %s", reason->message);
    if (strlen(text) != n)
        return ts_error_set(error, TS_ERROR_FORMAT, "schedule file: %s: no text", path);
    s->factors = parse_factors(path, text, error);
    return s->factors != NULL;
}

gboolean
ts_schedule_read_plateau(TsSpec *spec, TsSchedule *s, GError **error)
{
    const char *rule = ts_spec_text(spec, "rule");
    if (rule != NULL && strcmp(rule, "keras") != 0 && strcmp(rule, "pytorch") != 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "plateau: rule: '%s' is not keras or pytorch",
                            rule);
    s->pytorch = g_strcmp0(rule, "pytorch") == 0;
    return ts_spec_double(spec, "factor", 1e-9, 1 - 1e-9, 0.1, &s->factor, error) &&
           ts_spec_int(spec, "patience", 0, G_MAXINT, 10, &s->patience, error) &&
           ts_spec_int(spec, "cooldown", 0, G_MAXINT, 0, &s->cooldown, error) &&
           ts_spec_double(spec, "delta", 0, 1e9, 1e-4, &s->delta, error) &&
           read_min(spec, s, error);
}

static const struct {
    const char *name;
    gboolean (*read)(TsSpec *spec, TsSchedule *s, GError **error);
} kinds[] = {
    [TS_SCHEDULE_CONSTANT] = {"constant", read_constant},
    [TS_SCHEDULE_STEP] = {"step", read_step},
    [TS_SCHEDULE_MULTISTEP] = {"multistep", read_multistep},
    [TS_SCHEDULE_EXPONENTIAL] = {"exponential", read_exponential},
    [TS_SCHEDULE_COSINE] = {"cosine", read_cosine},
    [TS_SCHEDULE_RESTARTS] = {"restarts", read_restarts},
    [TS_SCHEDULE_POLY] = {"poly", read_poly},
    [TS_SCHEDULE_ONECYCLE] = {"onecycle", read_onecycle},
    [TS_SCHEDULE_FASTAI] = {"fastai", read_fastai},
    [TS_SCHEDULE_FILE] = {"file", read_file},
    [TS_SCHEDULE_PLATEAU] = {"plateau", ts_schedule_read_plateau},
};

const char *
ts_schedule_kind_name(TsScheduleKind kind)
{
    return kinds[kind].name;
}

const char *
ts_schedule_help(void)
{
    return "  constant\n"
           "  step[:every=10,gamma=0.1]     multistep:at=30+60[,gamma=0.1]\n"
           "  exponential[:gamma=0.95]      poly[:power=1,min=0]\n"
           "  cosine[:min=0]                restarts[:cycle=10,mult=1,decay=1,min=0]\n"
           "  onecycle[:pct=0.3,div=25,final_div=10000]    file:path=FACTORS\n"
           "  fastai[:pct=0.25,div=25,final_div=100000]\n"
           "  plateau[:factor=0.1,patience=10,cooldown=0,delta=0.0001,min=0,rule=keras|pytorch]";
}

gboolean
ts_schedule_parse(const char *text, TsSchedule *schedule, GError **error)
{
    g_autoptr(TsSpec) spec = ts_spec_parse(text, "schedule", error);
    if (spec == NULL)
        return FALSE;
    ts_schedule_clear(schedule);
    const char *known[G_N_ELEMENTS(kinds) + 1] = {NULL};
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        known[i] = kinds[i].name;
        if (strcmp(known[i], ts_spec_name(spec)) != 0)
            continue;
        schedule->kind = (TsScheduleKind) i;
        return kinds[i].read(spec, schedule, error) && ts_spec_finish(spec, error);
    }
    g_autofree char *hint = ts_nearest_hint(ts_spec_name(spec), known);
    return ts_error_set(error, TS_ERROR_ARGUMENT, "there is no schedule '%s'%s; there are:\n%s",
                        ts_spec_name(spec), hint, ts_schedule_help());
}

void
ts_schedule_clear(TsSchedule *schedule)
{
    g_clear_pointer(&schedule->factors, g_array_unref);
}

/* ---- rates ---- */

/* From `from` to `to` by half a cosine, x from 0 to 1. */
static double
half_cosine(double from, double to, double x)
{
    return to + (from - to) / 2 * (1 + cos(G_PI * x));
}

static double
multistep(const TsSchedule *s, double t)
{
    double rate = s->rate;
    for (guint i = 0; i < s->n_at && s->at[i] <= t; i++)
        rate *= s->gamma;
    return rate;
}

/* Cycle n is cycle mult^n long, and begins at cycle (mult^n - 1) / (mult - 1). */
static double
begin_of_cycle(const TsSchedule *s, double n)
{
    return s->cycle * (s->mult == 1 ? n : (pow(s->mult, n) - 1) / (s->mult - 1));
}

static double
restarts(const TsSchedule *s, double t)
{
    double n = s->mult == 1 ? floor(t / s->cycle)
                            : floor(log1p(t / s->cycle * (s->mult - 1)) / log(s->mult));
    /* The logarithm may round to the wrong side. */
    if (begin_of_cycle(s, n) > t)
        n--;
    else if (begin_of_cycle(s, n + 1) <= t)
        n++;
    const double begin = begin_of_cycle(s, n), length = begin_of_cycle(s, n + 1) - begin;
    return half_cosine(s->rate * pow(s->decay, n), s->min, (t - begin) / length);
}

/* In steps, as PyTorch counts them. */
static double
onecycle(const TsSchedule *s, double t)
{
    const double n = s->epochs * s->steps_per_epoch, step = MIN(t * s->steps_per_epoch, n - 1);
    const double top = s->pct * n - 1, last = n - 1, first_rate = s->rate / s->div;
    if (step <= top)
        return half_cosine(first_rate, s->rate, top > 0 ? step / top : 1);
    return half_cosine(s->rate, first_rate / s->final_div,
                       last > top ? (step - top) / (last - top) : 1);
}

/* From `from` over `top` to `to`, by pct of the way. */
static double
rise_and_fall(const TsSchedule *s, double t, double from, double top, double to)
{
    const double x = MIN(t / s->epochs, 1.0);
    return x < s->pct ? half_cosine(from, top, x / s->pct)
                      : half_cosine(top, to, s->pct < 1 ? (x - s->pct) / (1 - s->pct) : 1);
}

static double
of_line(const TsSchedule *s, double t)
{
    const double line = MIN(round(t * s->steps_per_epoch), s->factors->len - 1.0);
    return s->rate * g_array_index(s->factors, double, (guint) line);
}

double
ts_schedule_momentum(const TsSchedule *s, double t)
{
    return s->kind == TS_SCHEDULE_FASTAI ? rise_and_fall(s, t, 0.95, 0.85, 0.95) : NAN;
}

double
ts_schedule_rate(const TsSchedule *s, double t)
{
    if (t < s->warmup_epochs)
        return s->warmup_rate + (s->rate - s->warmup_rate) * t / s->warmup_epochs;
    switch (s->kind) {
    case TS_SCHEDULE_STEP:
        return s->rate * pow(s->gamma, floor(t / s->every));
    case TS_SCHEDULE_MULTISTEP:
        return multistep(s, t);
    case TS_SCHEDULE_EXPONENTIAL:
        return s->rate * pow(s->gamma, t);
    case TS_SCHEDULE_COSINE:
        return half_cosine(s->rate, s->min, MIN(t / s->epochs, 1.0));
    case TS_SCHEDULE_RESTARTS:
        return restarts(s, t);
    case TS_SCHEDULE_POLY:
        return s->min + (s->rate - s->min) * pow(1 - MIN(t / s->epochs, 1.0), s->power);
    case TS_SCHEDULE_ONECYCLE:
        return onecycle(s, t);
    case TS_SCHEDULE_FASTAI:
        return rise_and_fall(s, t, s->rate / s->div, s->rate, s->rate / s->final_div);
    case TS_SCHEDULE_FILE:
        return of_line(s, t);
    case TS_SCHEDULE_PLATEAU:
    case TS_SCHEDULE_CONSTANT:
        break;
    }
    return s->rate;
}

/* lrfind: look for a learning rate by a short training whose rate grows. */
#include "train.h"

#include "base/error.h"
#include "base/log.h"
#include "base/outfile.h"
#include "base/tool.h"
#include "nn/lrfind/band.h"

#include <math.h>
#include <string.h>

static struct {
    double start, end;
    int steps, runs;
    gboolean no_stop;
    char *from, *show, *plot;
} opt = {.start = 1e-7, .end = 10, .steps = 100, .runs = 1};

static const GOptionEntry sweep_options[] = {
    {"start", 0, 0, G_OPTION_ARG_DOUBLE, &opt.start, "Rate of the first step (default: 1e-7)", "X"},
    {"end", 0, 0, G_OPTION_ARG_DOUBLE, &opt.end, "Rate that the steps grow towards (default: 10)",
     "X"},
    {"steps", 0, 0, G_OPTION_ARG_INT, &opt.steps, "Steps from one to the other (default: 100)",
     "N"},
    {"no-stop", 0, 0, G_OPTION_ARG_NONE, &opt.no_stop,
     "Go on where the loss is above four times its lowest", NULL},
    {"runs", 0, 0, G_OPTION_ARG_INT, &opt.runs,
     "Sweep N times, by seeds that follow each other, for a band (default: 1)", "N"},
    {"from", 0, 0, G_OPTION_ARG_FILENAME, &opt.from,
     "Begin with the model of a run, or a model file, instead of random numbers", "RUN"},
    {"show", 0, 0, G_OPTION_ARG_STRING, &opt.show,
     "Which tables: suggestions, curve (default: suggestions)", "LIST"},
    {"plot", 0, 0, G_OPTION_ARG_FILENAME, &opt.plot, "Draw losses and suggestions as SVG", "FILE"},
    G_OPTION_ENTRY_NULL,
};

static const TsToolPart parts[] = {{"Sweep:", sweep_options},
                                   {"Samples:", train_data_options},
                                   {"Model:", train_model_options},
                                   {"Computation:", train_compute_options},
                                   {"Optimizer:", train_optimizer_options},
                                   {"Loss and imbalance:", train_loss_options},
                                   {NULL, NULL}};

enum { SHOW_SUGGESTIONS = 1, SHOW_CURVE = 2 };

static gboolean
choose_tables(guint *show, GError **error)
{
    *show = opt.show == NULL ? SHOW_SUGGESTIONS : 0;
    g_auto(GStrv) names = g_strsplit(opt.show != NULL ? opt.show : "", ",", -1);
    for (char **name = names; *name != NULL; name++) {
        if (strcmp(*name, "suggestions") == 0)
            *show |= SHOW_SUGGESTIONS;
        else if (strcmp(*name, "curve") == 0)
            *show |= SHOW_CURVE;
        else
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "--show: '%s' is not suggestions or curve", *name);
    }
    return TRUE;
}

static gboolean
check_numbers(GError **error)
{
    const TrainBounds checks[] = {{"--start", opt.start, 0, TRAIN_MOST, TRUE},
                                  {"--end", opt.end, opt.start, TRAIN_MOST, TRUE},
                                  {"--steps", opt.steps, TS_SWEEP_LEAST_STEPS, 1e6, FALSE},
                                  {"--runs", opt.runs, 1, 1000, FALSE}};
    return train_check_bounds(checks, G_N_ELEMENTS(checks), error);
}

static void
add_suggestions(const TsRateBand *band, TsReport *report)
{
    static const char *const columns[] = {"suggestion", "rate", "low", "high", NULL};
    ts_report_begin(report, "suggestions", columns);
    for (int rule = 0; rule < TS_N_SUGGESTIONS; rule++) {
        double low, high, rate = ts_rate_band_suggest(band, (TsRateSuggestion) rule, &low, &high);
        ts_report_text(report, ts_rate_suggestion_name((TsRateSuggestion) rule));
        ts_report_double(report, rate, 8);
        ts_report_double(report, low, 8);
        ts_report_double(report, high, 8);
    }
}

static void
add_curve(const TsRateBand *band, TsReport *report)
{
    static const char *const columns[] = {"step",     "rate", "runs", "loss",
                                          "smoothed", "low",  "high", NULL};
    ts_report_begin(report, "curve", columns);
    for (guint i = 0; i < ts_rate_band_n(band); i++) {
        const TsRateBandPoint point = ts_rate_band_point(band, i);
        ts_report_int(report, i + 1);
        ts_report_double(report, point.rate, 10);
        ts_report_int(report, point.n);
        ts_report_double(report, point.loss, 4);
        ts_report_double(report, point.smoothed, 4);
        ts_report_double(report, point.low, 4);
        ts_report_double(report, point.high, 4);
    }
}

/* Without any suggestion there is nothing to go by, which is a failure. */
static gboolean
check_found(const TsRateBand *band, GError **error)
{
    double low, high;
    if (!isnan(ts_rate_band_suggest(band, TS_SUGGEST_MINIMUM, &low, &high)))
        return TRUE;
    return ts_error_set(error, TS_ERROR_RANGE,
                        "the loss diverged after %u of %u steps, too few to suggest anything; "
                        "begin lower than --start %g",
                        ts_rate_band_n(band), band->curves[0].n_steps, opt.start);
}

static gboolean
write_plot(const TsRateBand *band, GError **error)
{
    g_autofree char *svg = ts_rate_band_svg(band);
    return ts_write_file(opt.plot, svg, strlen(svg), ts_tool_force(), error);
}

static gboolean
report(const TsRateBand *band, guint show, GError **error)
{
    g_autoptr(TsReport) tables = ts_report_new();
    if (show & SHOW_SUGGESTIONS)
        add_suggestions(band, tables);
    if (show & SHOW_CURVE)
        add_curve(band, tables);
    return (opt.plot == NULL || write_plot(band, error)) &&
           ts_report_print(tables, ts_tool_format(), error) && check_found(band, error);
}

static void
clear_curve(gpointer curve)
{
    ts_rate_curve_clear(curve);
}

static gboolean
sweep(TsRun *run, const TsRunOptions *options, guint show, GError **error)
{
    const TsRateSweep how = {opt.start, opt.end, (guint) opt.steps, opt.no_stop};
    g_autoptr(GArray) curves = g_array_new(FALSE, TRUE, sizeof(TsRateCurve));
    g_array_set_clear_func(curves, clear_curve);
    g_array_set_size(curves, (guint) opt.runs);
    g_autoptr(TsProgress) progress =
        ts_progress_new("lrfind", (guint64) opt.runs * how.n_steps, "steps");
    for (guint r = 0; r < curves->len; r++)
        if (!ts_run_sweep_rates(run, options->seed + r, &how, progress,
                                &g_array_index(curves, TsRateCurve, r), error))
            return FALSE;
    const TsRateBand band = {.curves = (const TsRateCurve *) (void *) curves->data,
                             .n_curves = curves->len,
                             .title = options->dataset};
    return report(&band, show, error);
}

static gboolean
run(int n_args, char **args, GError **error)
{
    guint show;
    TsRunOptions options = {.dataset = n_args > 0 ? args[0] : "-",
                            .seed = ts_tool_seed(),
                            .epochs = 1,
                            .from = opt.from};
    if (!check_numbers(error) || !choose_tables(&show, error) ||
        !train_model_fill(&options, error) || !train_optimizer_fill(&options, error) ||
        !train_loss_fill(&options, error) || !train_data_fill(&options, error) ||
        !ts_tool_check_output(opt.plot, error))
        return FALSE;
    g_autoptr(TsRun) training = ts_run_new(&options, error);
    return training != NULL && sweep(training, &options, show, error);
}

int
main(int argc, char **argv)
{
    static const TsTool tool = {
        .name = "lrfind",
        .arguments = "[DATASET]",
        .summary = "Look for a learning rate by a short training whose rate grows.",
        .description =
            "DATASET is what train(1) would learn from, the options below are train's, and\n"
            "so are model, samples and steps, but that the rate grows from step to step\n"
            "until the loss explodes. Four rules then suggest a rate: valley (the usual\n"
            "choice), slide, minimum and steep, as fastai's lr_find defines them. Nothing is\n"
            "kept of what was learned, and no run is touched. What the options take is listed by\n"
            "train --help.",
        .examples = "  lrfind tiles.tsv\n"
                    "  lrfind --runs 3 --plot rates.svg --optimizer adam tiles.tsv\n"
                    "  train -o run --lr \"$(lrfind tiles.tsv | awk '$1 == \"valley\" { print $2 "
                    "}')\" tiles.tsv",
        .flags = TS_TOOL_THREADS | TS_TOOL_SEED | TS_TOOL_PROGRESS | TS_TOOL_FORCE |
                 TS_TOOL_FORMAT | TS_TOOL_COMPUTE,
        .min_args = 0,
        .max_args = 1,
        .parts = parts,
        .run = run,
    };
    return ts_tool_main(&tool, argc, argv);
}

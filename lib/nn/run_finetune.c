/* A run that begins with a model: its weights, what learns in each phase, what that looks like. */
#include "nn/run_private.h"

#include "base/error.h"
#include "base/log.h"

#include <string.h>

/* ---- the model ---- */

/* What a file of ours says; FALSE without an error where it is none. */
static gboolean
read_settings(const char *path, TsModelSettings *settings, GError **error)
{
    g_autoptr(TsWeightFile) file = ts_weight_file_read(path, error);
    return file != NULL && ts_pretrained_is_ours(file) &&
           ts_pretrained_read_settings(file, settings, error);
}

/* The file's preprocessing, but for what the options say, which have to say all of it where the
 * file says none. */
static gboolean
settle_preprocess(const TsRunOptions *options, gboolean ours, TsPreprocess *how, GError **error)
{
    if (!ours && (options->width == 0 || options->mean.n == 0 || options->std.n == 0))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "%s: does not say how pictures become its input: give --size, --mean "
                            "and --std, as they stand where the weights are from (for weights of "
                            "ImageNet often --size 224 --mean 0.485,0.456,0.406 --std "
                            "0.229,0.224,0.225); for a crop too, make a model of it with modelinfo "
                            "--load-into",
                            options->finetune->from);
    if (!ours)
        *how = (TsPreprocess){.channels = 3, .crop_pct = 1};
    if (options->width > 0) {
        how->width = options->width;
        how->height = options->height;
    }
    const int before = how->channels;
    how->channels = options->channels > 0 ? options->channels : before;
    for (int c = 0; c < TS_MAX_CHANNELS; c++) {
        const int like = before > 0 ? c % before : 0;
        how->mean[c] = how->mean[like];
        how->std[c] = how->std[like];
    }
    return ts_channel_values_apply(&options->mean, "--mean", how->channels, how->mean, error) &&
           ts_channel_values_apply(&options->std, "--std", how->channels, how->std, error);
}

/* TRUE if the file's classes are those of the data set, in the same order. */
static gboolean
same_classes(const TsRun *run, const TsModelSettings *settings)
{
    return settings->classes != NULL && g_strv_equal((const char *const *) settings->classes,
                                                     (const char *const *) run->classes->names);
}

/* Anchors hold what was loaded, not what starts at random. */
static void
anchor_loaded(TsRun *run)
{
    for (guint i = 0; i < run->loaded->items->len; i++) {
        const TsLoadItem *item = g_ptr_array_index(run->loaded->items, i);
        for (guint k = 0; k < run->model->params->n; k++) {
            TsParam *param = &run->model->params->param[k];
            if (g_strcmp0(param->spec->name, item->parameter) == 0)
                param->anchored = ts_param_is_learned(param) && item->status != TS_LOAD_FRESH;
        }
    }
}

static gboolean
settle_phases(TsRun *run, GError **error)
{
    const TsFineTuneOptions *how = run->options.finetune;
    run->stages = ts_stages_new(run->model->graph);
    run->phases =
        ts_phases_new(how, run->options.epochs, &run->options.schedule, run->stages->n, error);
    if (run->phases == NULL ||
        !ts_freeze_check(&how->freeze, run->stages, run->model->params, error))
        return FALSE;
    if (run->options.steps > 0 && run->phases->len > 1)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--steps goes with strategy fixed; phases are counted in epochs");
    if (run->options.steps == 0)
        run->options.epochs = ts_phases_n_epochs(run->phases);
    run->finetune_text = g_strconcat(how->text, " sha256=", run->loaded->sha256, NULL);
    return ts_run_check_features(run, error);
}

gboolean
ts_run_load_model(TsRun *run, GError **error)
{
    const TsFineTuneOptions *how = run->options.finetune;
    g_auto(TsModelSettings) settings = {0};
    GError *failure = NULL;
    const gboolean ours = read_settings(how->from, &settings, &failure);
    if (failure != NULL) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    if (!settle_preprocess(&run->options, ours, &settings.preprocess, error))
        return FALSE;
    const gboolean fresh = how->fresh_head || !same_classes(run, &settings);
    const TsPretrainedOptions options = {.architecture = run->options.architecture,
                                         .classes = (const char *const *) run->classes->names,
                                         .preprocess = &settings.preprocess,
                                         .load = {.head = fresh ? TS_HEAD_FRESH : TS_HEAD_KEPT,
                                                  .adapt_input = TRUE,
                                                  .seed = run->options.seed}};
    run->model = ts_pretrained_read(how->from, &options, &run->loaded, error);
    if (run->model == NULL)
        return FALSE;
    run->model->multi_label = run->options.multi_label;
    g_autofree char *summary = ts_load_report_summary(run->loaded);
    ts_info("%s", summary);
    anchor_loaded(run);
    return settle_phases(run, error);
}

/* ---- phases ---- */

void
ts_run_set_up_params(TsRun *run, const TsPhase *phase)
{
    TsParams *params = run->model->params;
    TsFreeze freeze = run->options.finetune->freeze;
    freeze.n_top = phase->n_top;
    ts_freeze_apply(&freeze, run->stages, params);
    for (guint i = 0; i < params->n; i++)
        params->param[i].rate_scale =
            ts_spread_scale(&phase->spread, run->stages->of_param[i], run->stages->n);
}

static gboolean
enter(TsTrainer *trainer, const TsPhase *phase, gpointer data, GError **error)
{
    TsRun *run = data;
    ts_run_set_up_params(run, phase);
    ts_trainer_drop_nets(trainer);
    return ts_run_open_features(run, phase, error);
}

/* The layouts of parameters are settled by now. */
gboolean
ts_run_add_phases(TsRun *run, GError **error)
{
    const TsFineTuneOptions *how = run->options.finetune;
    if (how->l2_sp > 0) {
        run->anchor = ts_anchor_new(run->model->params, how->l2_sp, error);
        if (run->anchor == NULL)
            return FALSE;
        run->trainer->anchor = run->anchor;
    }
    ts_trainer_add_callback(run->trainer, ts_phases_callback_new(run->phases, enter, run));
    return TRUE;
}

/* ---- for --dry-run ---- */

static gint64
count_numbers(const TsRun *run, guint stage, gboolean trained)
{
    gint64 n = 0;
    for (guint i = 0; i < run->model->params->n; i++) {
        const TsParam *param = &run->model->params->param[i];
        if (run->stages->of_param[i] == stage &&
            (trained ? ts_param_is_trained(param) : ts_param_is_learned(param)))
            n += (gint64) param->n;
    }
    return n;
}

/* The highest rate of the phase, for the head. */
static double
peak_rate(const TsRun *run, const TsPhase *phase)
{
    return phase->own_rates ? phase->schedule.rate : run->options.schedule.rate;
}

static void
describe_stages(TsRun *run, TsReport *report)
{
    static const char *const columns[] = {"epochs",  "stage",         "parameters",
                                          "trained", "learning_rate", NULL};
    ts_report_begin(report, "stages", columns);
    for (guint p = 0; p < run->phases->len; p++) {
        const TsPhase *phase = &g_array_index(run->phases, TsPhase, p);
        g_autofree char *epochs =
            g_strdup_printf("%u-%u", phase->begin + 1, phase->begin + phase->epochs);
        ts_run_set_up_params(run, phase);
        for (guint s = 0; s < run->stages->n; s++) {
            const gint64 trained = count_numbers(run, s, TRUE);
            const double scale = ts_spread_scale(&phase->spread, s, run->stages->n);
            ts_report_text(report, epochs);
            ts_report_text(report, run->stages->name[s]);
            ts_report_int(report, count_numbers(run, s, FALSE));
            ts_report_int(report, trained);
            ts_report_double(report, trained > 0 ? scale * peak_rate(run, phase) : 0, 8);
        }
    }
}

gboolean
ts_run_describe_phases(TsRun *run, TsReport *report, GError **error)
{
    ts_load_report_add(run->loaded, FALSE, report);
    describe_stages(run, report);
    ts_run_describe_features(run, report);
    return TRUE;
}

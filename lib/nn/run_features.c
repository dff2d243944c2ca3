/* The features of a frozen network in fine-tuning: in which phases they are kept, and where. */
#include "nn/run_private.h"

#include "base/error.h"

#include <glib/gstdio.h>
#include <string.h>

/* What a phase keeps: the output of node `layer`. */
typedef struct {
    guint layer;
    const char *why_not; /* NULL: it is kept */
} Plan;

gboolean
ts_feature_cache_parse(const char *text, TsFeatureCache *cache, GError **error)
{
    static const char *const names[] = {[TS_FEATURE_CACHE_AUTO] = "auto",
                                        [TS_FEATURE_CACHE_ON] = "on",
                                        [TS_FEATURE_CACHE_OFF] = "off"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_str_equal(text, names[i])) {
            *cache = (TsFeatureCache) i;
            return TRUE;
        }
    return ts_error_set(error, TS_ERROR_ARGUMENT, "--feature-cache: '%s' is not auto, on or off",
                        text);
}

static gsize
count_numbers(const TsRun *run, guint layer)
{
    const TsShape shape = ts_graph_node(run->model->graph, layer)->shape;
    return (gsize) (shape.c * shape.h * shape.w);
}

/* Why samples are not the same in each epoch, or NULL. */
static const char *
find_change(const TsRun *run)
{
    return run->options.augment_text != NULL ? "--augment changes the samples"
           : run->options.mix_texts != NULL  ? "--mix changes the samples"
                                             : NULL;
}

/* The parameters are set up for the phase. */
static Plan
plan_phase(const TsRun *run, const TsPhase *phase)
{
    const TsFeatureCache cache = run->options.finetune->feature_cache;
    Plan plan = {.layer = ts_graph_find_cut(run->model->graph, run->model->params),
                 .why_not = find_change(run)};
    const gsize bytes = count_numbers(run, plan.layer) * sizeof(float);
    if (cache == TS_FEATURE_CACHE_OFF)
        plan.why_not = "off";
    else if (plan.why_not == NULL && plan.layer == 0)
        plan.why_not = "the first layers learn";
    else if (plan.why_not == NULL && cache == TS_FEATURE_CACHE_AUTO && phase->epochs < 2)
        plan.why_not = "one epoch";
    else if (plan.why_not == NULL && cache == TS_FEATURE_CACHE_AUTO &&
             bytes > ts_preprocess_n_bytes(&run->model->preprocess))
        plan.why_not = "larger than the samples";
    return plan;
}

gboolean
ts_run_check_features(TsRun *run, GError **error)
{
    const char *change = find_change(run);
    gboolean any = FALSE;
    if (run->options.finetune->feature_cache != TS_FEATURE_CACHE_ON)
        return TRUE;
    if (change != NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--feature-cache on: %s in each epoch, so their features cannot be "
                            "kept",
                            change);
    for (guint p = 0; p < run->phases->len && !any; p++) {
        const TsPhase *phase = &g_array_index(run->phases, TsPhase, p);
        ts_run_set_up_params(run, phase);
        any = plan_phase(run, phase).why_not == NULL;
    }
    ts_freeze_apply(&(TsFreeze){.n_top = G_MAXUINT}, run->stages, run->model->params);
    return any || ts_error_set(error, TS_ERROR_ARGUMENT,
                               "--feature-cache on: the first layers learn in each phase, so there "
                               "are no features to keep; see --unfreeze, --strategy and --bn");
}

/* All that the numbers depend on. g_free(). */
static char *
make_key(const TsRun *run, guint layer)
{
    g_autoptr(TsState) model = ts_state_new();
    ts_model_describe(run->model, model);
    GString *key = g_string_new(NULL);
    static const char *const names[] = {"architecture", "input", "mean", "std", "crop"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *value = ts_state_get(model, names[i]);
        g_string_append_printf(key, "%s\n", value != NULL ? value : "");
    }
    g_string_append_printf(key, "%s\n%s\n%s\n%u\n%" G_GUINT64_FORMAT "\n", run->finetune_text,
                           run->fingerprint, ts_conv_kernels_name(run->options.kernels), layer,
                           run->options.seed);
    return g_string_free(key, FALSE);
}

static char *
make_path(const TsRun *run)
{
    return g_build_filename(run->options.folder, "features", NULL);
}

gboolean
ts_run_open_features(TsRun *run, const TsPhase *phase, GError **error)
{
    TsTrainer *trainer = run->trainer;
    const Plan plan = plan_phase(run, phase);
    ts_trainer_use_features(trainer, NULL, 0);
    g_clear_pointer(&run->features, ts_features_free);
    if (plan.why_not != NULL)
        ts_run_remove_features(run);
    if (plan.why_not != NULL || trainer->watch != NULL)
        return TRUE;
    g_autofree char *path = make_path(run);
    g_autofree char *key = make_key(run, plan.layer);
    const TsFeaturesOptions options = {.model = run->model,
                                       .layer = plan.layer,
                                       .train_set = run->train_set,
                                       .val_set = run->val_set,
                                       .n_manifest_rows = ts_manifest_n_rows(run->manifest),
                                       .path = path,
                                       .key = key};
    run->features = ts_features_open(&options, error);
    if (run->features == NULL)
        return FALSE;
    ts_trainer_use_features(trainer, run->features, plan.layer);
    return TRUE;
}

void
ts_run_remove_features(TsRun *run)
{
    g_autofree char *path = run->options.finetune != NULL ? make_path(run) : NULL;
    if (path != NULL)
        (void) g_unlink(path);
}

/* Of the file; 0 where nothing is kept. */
static gint64
count_bytes(const TsRun *run, const Plan *plan)
{
    const guint64 n =
        ts_dataset_n(run->train_set) + (run->val_set != NULL ? ts_dataset_n(run->val_set) : 0);
    return plan->why_not == NULL ? (gint64) (n * count_numbers(run, plan->layer) * sizeof(float))
                                 : 0;
}

void
ts_run_describe_features(TsRun *run, TsReport *report)
{
    static const char *const columns[] = {"epochs",     "features_of", "numbers",
                                          "file_bytes", "why_not",     NULL};
    ts_report_begin(report, "feature_cache", columns);
    for (guint p = 0; p < run->phases->len; p++) {
        const TsPhase *phase = &g_array_index(run->phases, TsPhase, p);
        g_autofree char *epochs =
            g_strdup_printf("%u-%u", phase->begin + 1, phase->begin + phase->epochs);
        ts_run_set_up_params(run, phase);
        const Plan plan = plan_phase(run, phase);
        const gboolean kept = plan.why_not == NULL;
        ts_report_text(report, epochs);
        ts_report_text(report, kept ? ts_graph_node(run->model->graph, plan.layer)->name : NULL);
        ts_report_int(report, kept ? (gint64) count_numbers(run, plan.layer) : 0);
        ts_report_int(report, count_bytes(run, &plan));
        ts_report_text(report, plan.why_not);
    }
}

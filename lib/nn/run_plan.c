/* What a run is going to do, for --dry-run. */
#include "nn/run_private.h"

static gsize
parameter_bytes(const TsParams *params)
{
    gsize numbers = 0;
    for (guint i = 0; i < params->n; i++)
        numbers += params->param[i].n_stored;
    return numbers * sizeof(float);
}

gboolean
ts_run_describe(TsRun *run, TsReport *report, GError **error)
{
    if (run->trainer == NULL && !ts_run_open_trainer(run, error))
        return FALSE;
    const TsPreprocess *how = &run->model->preprocess;
    const TsGraph *graph = run->model->graph;
    const gint64 iterations = (gint64) ts_loader_n_batches(run->train);
    const gint64 n_val = run->val_set != NULL ? (gint64) ts_dataset_n(run->val_set) : 0;
    const gsize copies =
        2 + ts_optimizer_n_moments(&run->options.optimizer) + ts_run_n_averages(run);
    g_autofree char *input = g_strdup_printf("%dx%dx%d", how->channels, how->height, how->width);
    ts_report_begin_values(report, "plan");
    ts_report_value_text(report, "model", run->model->architecture);
    ts_report_value_int(report, "classes", run->classes->n);
    ts_report_value_text(report, "input", input);
    ts_report_value_int(report, "train_samples", (gint64) ts_dataset_n(run->train_set));
    ts_report_value_int(report, "val_samples", n_val);
    ts_report_value_int(report, "batch_size", run->options.batch_size);
    ts_report_value_int(report, "iterations_per_epoch", iterations);
    ts_report_value_int(report, "epochs", run->options.epochs);
    ts_report_value_int(report, "iterations", iterations * run->options.epochs);
    ts_report_value_int(report, "parameters", ts_graph_n_parameters(graph));
    ts_report_value_int(report, "multiply_adds_per_sample", ts_graph_multiply_adds(graph));
    ts_report_value_int(report, "activation_bytes",
                        (gint64) ts_net_planned_bytes(run->trainer->net));
    ts_report_value_int(report, "activation_bytes_without_sharing",
                        (gint64) ts_net_unplanned_bytes(run->trainer->net));
    /* Data, gradient, the optimizer's moments and averages. */
    ts_report_value_int(report, "weight_bytes",
                        (gint64) (copies * parameter_bytes(run->model->params)));
    return TRUE;
}

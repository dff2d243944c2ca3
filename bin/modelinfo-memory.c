/* modelinfo --batch-size: the memory that using and training the model take. */
#include "modelinfo.h"

#include "nn/footprint.h"
#include "nn/net.h"

/* What one way of running the network takes. */
typedef struct {
    gsize planned, unplanned;
    TsFootprint *layers;
} Use;

static void
clear_use(Use *use)
{
    g_free(use->layers);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Use, clear_use)

static gboolean
measure(const TsModel *model, guint batch, TsNetMode mode, Use *use, GError **error)
{
    g_autoptr(TsNet) net = ts_net_new(model->graph, model->params, batch, mode, error);
    if (net == NULL)
        return FALSE;
    use->planned = ts_net_planned_bytes(net);
    use->unplanned = ts_net_unplanned_bytes(net);
    use->layers = ts_net_measure_layers(net, model->graph->nodes->len);
    return TRUE;
}

static gsize
weight_bytes(const TsParams *params, gboolean gradients)
{
    gsize numbers = 0;
    for (guint i = 0; i < params->n; i++)
        numbers += gradients && params->param[i].grad == NULL ? 0 : params->param[i].n_stored;
    return numbers * sizeof(float);
}

static void
add_values(const TsModel *model, guint batch, const Use *inference, const Use *training,
           TsReport *report)
{
    ts_report_begin_values(report, "memory");
    ts_report_value_int(report, "batch_size", batch);
    ts_report_value_int(report, "weight_bytes", (gint64) weight_bytes(model->params, FALSE));
    ts_report_value_int(report, "inference_activation_bytes", (gint64) inference->planned);
    ts_report_value_int(report, "inference_activation_bytes_without_sharing",
                        (gint64) inference->unplanned);
    ts_report_value_int(report, "training_activation_bytes", (gint64) training->planned);
    ts_report_value_int(report, "training_activation_bytes_without_sharing",
                        (gint64) training->unplanned);
    ts_report_value_int(report, "training_gradient_bytes",
                        (gint64) weight_bytes(model->params, TRUE));
}

static void
add_layers(const TsModel *model, const Use *inference, const Use *training, TsReport *report)
{
    static const char *const columns[] = {"layer",
                                          "inference_bytes",
                                          "inference_used",
                                          "training_bytes",
                                          "gradient_bytes",
                                          "training_used",
                                          NULL};
    ts_report_begin(report, "layer_memory", columns);
    for (guint i = 0; i < model->graph->nodes->len; i++) {
        const TsFootprint *use = &inference->layers[i], *learn = &training->layers[i];
        ts_report_text(report, ts_graph_node(model->graph, i)->name);
        ts_report_int(report, (gint64) use->made);
        ts_report_int(report, (gint64) use->in_use);
        ts_report_int(report, (gint64) learn->made);
        ts_report_int(report, (gint64) learn->gradients);
        ts_report_int(report, (gint64) learn->in_use);
    }
}

gboolean
modelinfo_add_memory(const ModelInfo *info, guint batch, gboolean with_layers, TsReport *report,
                     GError **error)
{
    g_auto(Use) inference = {0};
    g_auto(Use) training = {0};
    if (!measure(info->model, batch, TS_NET_FROZEN, &inference, error) ||
        !measure(info->model, batch, TS_NET_TRAIN, &training, error))
        return FALSE;
    add_values(info->model, batch, &inference, &training, report);
    if (with_layers)
        add_layers(info->model, &inference, &training, report);
    return TRUE;
}

/* What a run is going to do, for --dry-run. */
#include "nn/arch/arch.h"
#include "nn/run_private.h"

enum { MOST_RATES = 12 }; /* rows of the schedule's table */

/* Updates of the weights in the whole run. */
static gint64
n_iterations(const TsRun *run)
{
    const gint64 per_epoch = (gint64) ts_loader_n_batches(run->train);
    return run->options.steps > 0 ? run->options.steps : per_epoch * run->options.epochs;
}

static void
describe_samples(const TsRun *run, TsReport *report)
{
    const gint64 n_val = run->val_set != NULL ? (gint64) ts_dataset_n(run->val_set) : 0;
    ts_report_value_int(report, "train_samples", (gint64) ts_dataset_n(run->train_set));
    ts_report_value_int(report, "val_samples", n_val);
    ts_report_value_int(report, "batch_size", run->options.batch_size);
    ts_report_value_int(report, "accumulate", MAX(run->options.accumulate, 1));
    ts_report_value_int(report, "iterations_per_epoch", (gint64) ts_loader_n_batches(run->train));
    ts_report_value_int(report, "epochs", run->options.epochs);
    ts_report_value_int(report, "iterations", n_iterations(run));
}

/* Numbers of the model as they are stored. */
static gsize
n_stored(const TsParams *params)
{
    gsize numbers = 0;
    for (guint i = 0; i < params->n; i++)
        numbers += params->param[i].n_stored;
    return numbers;
}

/* Decoded samples, 8 bits a number, as far as the cache goes. */
static gsize
cache_bytes(const TsRun *run)
{
    const guint64 n =
        ts_dataset_n(run->train_set) + (run->val_set != NULL ? ts_dataset_n(run->val_set) : 0);
    const double all = (double) n * (double) ts_preprocess_n_bytes(&run->model->preprocess);
    return (gsize) MIN(all, (double) run->options.cache_bytes);
}

static void
describe_cost(const TsRun *run, TsReport *report)
{
    const TsGraph *graph = run->model->graph;
    const TsNet *net = run->trainer->net;
    const gint64 multiply_adds = ts_graph_multiply_adds(graph);
    /* Data, gradient, its sum, the optimizer's moments and averages. */
    const gsize copies = 2 + (run->options.accumulate > 1) +
                         ts_optimizer_n_moments(&run->options.optimizer) + ts_run_n_averages(run);
    const gsize weights = copies * n_stored(run->model->params) * sizeof(float);
    ts_report_value_int(report, "parameters", ts_graph_n_parameters(graph));
    ts_report_value_int(report, "multiply_adds_per_sample", multiply_adds);
    /* Two operations each; backwards twice as many as forwards. */
    ts_report_value_int(report, "flops_per_iteration",
                        multiply_adds * 6 * (gint64) run->options.batch_size *
                            MAX(run->options.accumulate, 1));
    ts_report_value_int(report, "activation_bytes", (gint64) ts_net_planned_bytes(net));
    ts_report_value_int(report, "activation_bytes_without_sharing",
                        (gint64) ts_net_unplanned_bytes(net));
    ts_report_value_int(report, "weight_bytes", (gint64) weights);
    ts_report_value_int(report, "cache_bytes", (gint64) cache_bytes(run));
    ts_report_value_int(report, "memory_bytes",
                        (gint64) (ts_net_planned_bytes(net) + weights + cache_bytes(run)));
}

/* The head's, in a phase with rates of its own. */
static double
rate_at(const TsRun *run, const TsSchedule *schedule, guint64 epoch, double part)
{
    const TsPhase *phase = run->phases != NULL ? ts_phases_find(run->phases, epoch) : NULL;
    if (phase != NULL && phase->own_rates) {
        const TsSchedule own = ts_phase_schedule(phase, (double) ts_loader_n_batches(run->train));
        return ts_schedule_rate(&own, (double) (epoch - phase->begin) + part);
    }
    return ts_schedule_rate(schedule, (double) epoch + (run->options.schedule_by_batch ? part : 0));
}

/* The rate before some iterations, evenly apart, the last among them. */
static void
describe_schedule(const TsRun *run, TsReport *report)
{
    static const char *const columns[] = {"epoch", "iteration", "learning_rate", "", NULL};
    const TsSchedule schedule = ts_run_schedule(run);
    const gint64 n = n_iterations(run), per_epoch = (gint64) ts_loader_n_batches(run->train);
    const gint64 rows = MIN(n, MOST_RATES);
    double rates[MOST_RATES], highest = 0;
    gint64 at[MOST_RATES];
    for (gint64 i = 0; i < rows; i++) {
        at[i] = rows > 1 ? (gint64) ((double) (n - 1) * (double) i / (double) (rows - 1)) : 0;
        const double epoch = (double) (at[i] / per_epoch);
        const double part = (double) (at[i] % per_epoch) / (double) per_epoch;
        rates[i] = rate_at(run, &schedule, (guint64) epoch, part);
        highest = MAX(highest, rates[i]);
    }
    ts_report_begin(report, "schedule", columns);
    for (gint64 i = 0; i < rows; i++) {
        ts_report_int(report, at[i] / per_epoch + 1);
        ts_report_int(report, at[i] + 1);
        ts_report_double(report, rates[i], 6);
        ts_report_bar(report, highest > 0 ? rates[i] / highest : 0);
    }
}

gboolean
ts_run_describe(TsRun *run, TsReport *report, GError **error)
{
    if (run->trainer == NULL && !ts_run_open_trainer(run, error))
        return FALSE;
    /* What the run would refuse is refused now. */
    if (!ts_run_add_callbacks(run, error))
        return FALSE;
    const TsPreprocess *how = &run->model->preprocess;
    g_autofree char *input = g_strdup_printf("%dx%dx%d", how->channels, how->height, how->width);
    if (run->phases != NULL && !ts_run_describe_phases(run, report, error))
        return FALSE;
    ts_report_begin_values(report, "plan");
    g_autofree char *title = ts_arch_title(run->model->architecture);
    ts_report_value_text(report, "model", title);
    ts_report_value_int(report, "classes", run->classes->n);
    ts_report_value_text(report, "input", input);
    describe_samples(run, report);
    describe_cost(run, report);
    describe_schedule(run, report);
    return TRUE;
}

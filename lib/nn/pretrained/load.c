/* A plan of what goes where, made and checked as a whole; then the numbers. */
#include "nn/pretrained/pretrained.h"

#include "base/error.h"
#include "nn/pretrained/items.h"
#include "nn/pretrained/names.h"
#include "nn/pretrained/surgery.h"

#include <math.h>
#include <string.h>

typedef struct {
    TsModel *model;
    const TsWeightFile *file;
    const TsLoadOptions *options;
    TsLoadReport *report;
    GHashTable *map;       /* names of layers */
    const TsNode *head;    /* the last layer, if it is linear */
    const TsNode *input;   /* the convolution of the input, if there is one */
    TsLoadStatus *status;  /* of each parameter */
    const TsTensor **from; /* of each parameter; NULL: not loaded */
    GHashTable *used;      /* names of tensors that have an item */
    float *numbers;        /* room for the largest tensor, */
    float *adapted;        /* and for the adapted one */
} Plan;

static void
clear_plan(Plan *plan)
{
    g_clear_pointer(&plan->map, g_hash_table_unref);
    g_clear_pointer(&plan->used, g_hash_table_unref);
    g_free(plan->status);
    g_free(plan->from);
    g_free(plan->numbers);
    g_free(plan->adapted);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Plan, clear_plan)

/* ---- names ---- */

static guint
count_found(const Plan *plan, GHashTable *map, const char *prefix)
{
    guint n = 0;
    for (guint i = 0; i < plan->model->params->n; i++)
        n += ts_names_find(plan->file, map, prefix, plan->model->params->param[i].spec->name) !=
             NULL;
    return n;
}

/* Whose names the file has: those by which most parameters are found. */
static gboolean
settle_names(Plan *plan, GError **error)
{
    const TsGraph *graph = plan->model->graph;
    const char *libraries[TS_NAMES_MAX];
    const guint n = ts_names_of(plan->model->architecture, libraries);
    guint most = 0;
    for (guint i = 0; i < n; i++) {
        g_autoptr(GHashTable) map =
            ts_names_map(libraries[i], plan->model->architecture, graph, error);
        if (map == NULL)
            return FALSE;
        g_autofree char *prefix =
            ts_names_find_prefix(plan->file, map, ts_graph_param(graph, 0)->name);
        guint found = count_found(plan, map, prefix);
        if (found <= plan->model->params->n / 2 && *prefix != '\0') {
            /* One name of another architecture that ends alike. */
            *prefix = '\0';
            found = count_found(plan, map, prefix);
        }
        if (plan->map != NULL && found <= most)
            continue;
        most = found;
        g_clear_pointer(&plan->map, g_hash_table_unref);
        plan->map = g_steal_pointer(&map);
        plan->report->names = g_intern_string(libraries[i]);
        g_free(plan->report->prefix);
        plan->report->prefix = g_steal_pointer(&prefix);
    }
    return TRUE;
}

static gboolean
is_ignored(const TsLoadOptions *options, const char *name)
{
    for (guint i = 0; name != NULL && options->ignore != NULL && options->ignore[i] != NULL; i++)
        if (g_pattern_match_simple(options->ignore[i], name))
            return TRUE;
    return FALSE;
}

/* ---- what fits ---- */

static gboolean
is_of(const TsNode *node, guint param)
{
    for (gsize k = 0; node != NULL && k < G_N_ELEMENTS(node->param); k++)
        if (node->param[k] == (int) param)
            return TRUE;
    return FALSE;
}

/* TRUE if the dimensions from `from` on are the same. */
static gboolean
same_from(const TsTensor *tensor, const TsParamSpec *spec, guint from)
{
    gboolean same = tensor->rank == spec->rank;
    for (guint d = from; same && d < spec->rank; d++)
        same = tensor->shape[d] == spec->shape[d];
    return same;
}

/* A linear layer that was written as a convolution over all pixels, or the other way round: the
 * same numbers in the same order. */
static gboolean
is_rearranged(const TsTensor *tensor, const TsParam *param)
{
    const TsParamSpec *spec = param->spec;
    return spec->role == TS_PARAM_WEIGHT && tensor->rank != spec->rank && tensor->rank >= 2 &&
           tensor->shape[0] == spec->shape[0] && ts_tensor_n(tensor) == param->n;
}

static TsLoadStatus
judge_shape(const Plan *plan, guint i, const TsTensor *tensor, const char **cause)
{
    const TsParam *param = &plan->model->params->param[i];
    const TsParamSpec *spec = param->spec;
    if (same_from(tensor, spec, 0))
        return strcmp(tensor->name, spec->name) == 0 ? TS_LOAD_MATCHED : TS_LOAD_RENAMED;
    if (is_of(plan->head, i) && plan->options->head == TS_HEAD_IF_NEEDED &&
        same_from(tensor, spec, 1)) {
        *cause = "another number of outputs";
        return TS_LOAD_FRESH;
    }
    if (is_of(plan->input, i) && plan->options->adapt_input && spec->rank == 4 &&
        same_from(tensor, spec, 2) && tensor->shape[0] == spec->shape[0] && tensor->shape[1] > 0) {
        *cause = spec->shape[1] == 1 ? "summed over its channels" : "repeated over the channels";
        return TS_LOAD_ADAPTED;
    }
    if (is_rearranged(tensor, param)) {
        *cause = "other dimensions, the same numbers";
        return TS_LOAD_RENAMED;
    }
    if (is_of(plan->head, i) && same_from(tensor, spec, 1))
        *cause = "another number of outputs, --new-head makes a new classifier";
    return TS_LOAD_SHAPE;
}

static TsLoadStatus
judge_numbers(const Plan *plan, const TsParamSpec *spec, const TsTensor *tensor, const char **cause)
{
    if (!ts_dtype_is_float(tensor->dtype)) {
        *cause = "its type is no floating point";
        return TS_LOAD_DAMAGED;
    }
    if (!ts_tensor_to_f32(tensor, plan->numbers, NULL)) {
        *cause = "its bytes do not fit its shape";
        return TS_LOAD_DAMAGED;
    }
    const gsize n = ts_tensor_n(tensor);
    for (gsize k = 0; k < n; k++) {
        const gboolean below = spec->role == TS_PARAM_RUNNING_VARIANCE && plan->numbers[k] < 0;
        if (isfinite(plan->numbers[k]) && !below)
            continue;
        *cause = below ? "a variance is below 0" : "a number is not finite";
        return TS_LOAD_DAMAGED;
    }
    return TS_LOAD_MATCHED;
}

static gboolean
is_loaded(TsLoadStatus status)
{
    return status == TS_LOAD_MATCHED || status == TS_LOAD_RENAMED || status == TS_LOAD_ADAPTED;
}

static void
settle_param(Plan *plan, guint i)
{
    const TsParamSpec *spec = plan->model->params->param[i].spec;
    const TsTensor *tensor = ts_names_find(plan->file, plan->map, plan->report->prefix, spec->name);
    const gboolean head = is_of(plan->head, i);
    const char *cause = NULL;
    TsLoadStatus status;
    if (is_ignored(plan->options, spec->name) ||
        (tensor != NULL && is_ignored(plan->options, tensor->name))) {
        status = TS_LOAD_FRESH;
        cause = "ignored";
    } else if (head && plan->options->head == TS_HEAD_FRESH) {
        status = TS_LOAD_FRESH;
        cause = "new head";
    } else if (tensor == NULL) {
        status = head && plan->options->head == TS_HEAD_IF_NEEDED ? TS_LOAD_FRESH : TS_LOAD_MISSING;
    } else {
        status = judge_shape(plan, i, tensor, &cause);
        if (is_loaded(status) && judge_numbers(plan, spec, tensor, &cause) == TS_LOAD_DAMAGED)
            status = TS_LOAD_DAMAGED;
    }
    plan->status[i] = status;
    plan->from[i] = is_loaded(status) ? tensor : NULL;
    if (tensor != NULL)
        g_hash_table_add(plan->used, (gpointer) tensor->name);
    ts_load_report_add_item(plan->report, status, spec, tensor, cause);
}

/* What is in the file and was not asked for. */
static void
settle_tensor(Plan *plan, const TsTensor *tensor)
{
    if (g_hash_table_contains(plan->used, tensor->name))
        return;
    const gboolean counter = g_str_has_suffix(tensor->name, ".num_batches_tracked");
    const gboolean beside = ts_pretrained_is_ours(plan->file);
    const gboolean ignored = counter || beside || is_ignored(plan->options, tensor->name);
    ts_load_report_add_item(plan->report, ignored ? TS_LOAD_IGNORED : TS_LOAD_UNUSED, NULL, tensor,
                            counter   ? "counts batches in training"
                            : beside  ? "of a checkpoint"
                            : ignored ? "ignored"
                                      : NULL);
}

static gboolean
prepare(Plan *plan, GError **error)
{
    const TsParams *params = plan->model->params;
    gsize largest = 1, largest_param = 1;
    for (guint i = 0; i < ts_weight_file_n(plan->file); i++)
        largest = MAX(largest, ts_tensor_n(ts_weight_file_get(plan->file, i)));
    for (guint i = 0; i < params->n; i++)
        largest_param = MAX(largest_param, params->param[i].n);
    plan->status = g_new0(TsLoadStatus, params->n);
    plan->from = g_new0(const TsTensor *, params->n);
    plan->used = g_hash_table_new(g_str_hash, g_str_equal);
    plan->numbers =
        ts_try_alloc(MAX(largest, largest_param), sizeof *plan->numbers, "weights", error);
    plan->adapted = plan->numbers != NULL
                        ? ts_try_alloc(largest_param, sizeof *plan->adapted, "weights", error)
                        : NULL;
    return plan->adapted != NULL;
}

/* ---- the numbers ---- */

static gboolean
apply_param(const Plan *plan, guint i, GError **error)
{
    TsParam *param = &plan->model->params->param[i];
    const TsTensor *tensor = plan->from[i];
    const float *plain = plan->numbers;
    if (tensor == NULL) {
        /* A head that is replaced starts as PyTorch's Linear, whatever its family starts from. */
        const TsInit init = is_of(plan->head, i) ? TS_INIT_UNIFORM_IN : param->spec->init;
        ts_param_draw(param, init, plan->options->seed, plan->numbers);
    } else if (!ts_tensor_to_f32(tensor, plan->numbers, error)) {
        return FALSE;
    } else if (plan->status[i] == TS_LOAD_ADAPTED) {
        ts_surgery_input(plan->numbers, tensor->shape, param->spec->shape[1], plan->adapted);
        plain = plan->adapted;
    }
    return ts_param_set_plain(param, plain, param->data, error);
}

static gboolean
load(Plan *plan, GError **error)
{
    plan->head = ts_surgery_find_head(plan->model->graph);
    plan->input = ts_surgery_find_input(plan->model->graph);
    if (!prepare(plan, error) || !settle_names(plan, error))
        return FALSE;
    for (guint i = 0; i < plan->model->params->n; i++)
        settle_param(plan, i);
    for (guint i = 0; i < ts_weight_file_n(plan->file); i++)
        settle_tensor(plan, ts_weight_file_get(plan->file, i));
    if (!ts_load_report_check(plan->report, error))
        return FALSE;
    for (guint i = 0; i < plan->model->params->n; i++)
        if (!apply_param(plan, i, error))
            return FALSE;
    return TRUE;
}

gboolean
ts_pretrained_load(TsModel *model, const TsWeightFile *file, const TsLoadOptions *options,
                   TsLoadReport **report, GError **error)
{
    g_autoptr(TsLoadReport) made = ts_load_report_new(file, model->architecture);
    g_auto(Plan) plan = {.model = model, .file = file, .options = options, .report = made};
    const gboolean done = load(&plan, error);
    if (report != NULL)
        *report = g_steal_pointer(&made);
    return done;
}

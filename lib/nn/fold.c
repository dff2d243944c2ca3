/* Folding: first the graph without the norms, then its numbers from the other graph's. */
#include "nn/fold.h"

#include "base/error.h"
#include "nn/ops/op.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WEIGHT, BIAS }; /* parameter slots of convolutions and linear layers */
enum { SCALE, SHIFT, RUNNING_MEAN, RUNNING_VARIANCE }; /* and of norms */

typedef struct {
    const TsGraph *graph;
    const TsParams *params;
    guint *n_users; /* one a node */
    int *norm;      /* one a node: the norm that is folded into it, or -1 */
    TsFolded *folded;
    GArray *origin; /* of guint: one a node of the folded graph, the node it comes from */
} Fold;

static gboolean
is(const TsNode *node, const char *operation)
{
    return strcmp(ts_node_operation(node), operation) == 0;
}

static void
find_norms(Fold *f, int kept)
{
    const guint n = f->graph->nodes->len;
    f->n_users = g_new0(guint, n);
    f->norm = g_new(int, n);
    for (guint i = 0; i < n; i++) {
        const TsNode *node = ts_graph_node(f->graph, i);
        f->norm[i] = -1;
        for (guint k = 0; k < node->n_inputs; k++)
            f->n_users[node->input[k]]++;
    }
    if (kept >= 0)
        f->n_users[kept]++;
    for (guint i = 0; i < n; i++) {
        const TsNode *node = ts_graph_node(f->graph, i);
        const TsNode *below = is(node, "norm") ? ts_graph_node(f->graph, node->input[0]) : NULL;
        if (below != NULL && (is(below, "conv") || is(below, "linear")) &&
            f->n_users[node->input[0]] == 1)
            f->norm[node->input[0]] = (int) i;
    }
}

/* ---- the graph ---- */

static int
copy_param(TsGraph *to, const TsParamSpec *spec)
{
    TsParamSpec copy = *spec;
    copy.name = g_strdup(spec->name);
    g_array_append_val(to->params, copy);
    return (int) to->params->len - 1;
}

static void
copy_node(Fold *f, guint i)
{
    TsGraph *to = f->folded->graph;
    TsNode node = *ts_graph_node(f->graph, i);
    node.name = g_strdup(node.name);
    for (guint k = 0; k < node.n_inputs; k++)
        node.input[k] = (guint) f->folded->node[node.input[k]];
    for (guint slot = 0; slot < G_N_ELEMENTS(node.param); slot++)
        if (node.param[slot] >= 0)
            node.param[slot] = copy_param(to, ts_graph_param(f->graph, (guint) node.param[slot]));
    if (f->norm[i] >= 0 && node.param[BIAS] < 0) {
        const TsParamSpec *weight = ts_graph_param(to, (guint) node.param[WEIGHT]);
        node.param[BIAS] = ts_graph_add_param(to, node.name, "bias", TS_PARAM_BIAS, 1,
                                              &node.shape.c, weight->fan_in);
        node.conv.bias = TRUE;
    }
    f->folded->node[i] = (int) ts_graph_append(to, node);
    g_array_append_val(f->origin, i);
}

static void
build_graph(Fold *f)
{
    for (guint i = 0; i < f->graph->nodes->len; i++) {
        const TsNode *node = ts_graph_node(f->graph, i);
        const gboolean folds = is(node, "norm") && f->norm[node->input[0]] == (int) i;
        if (folds || is(node, "dropout") || is(node, "drop_path"))
            f->folded->node[i] = f->folded->node[node->input[0]];
        else
            copy_node(f, i);
    }
    for (guint i = 0; i < f->graph->nodes->len; i++)
        if (f->norm[i] >= 0)
            f->folded->node[i] = -1; /* what was there before the norm is nowhere now */
}

/* ---- the numbers ---- */

static gboolean
check_finite(const TsParam *param, const float *data, GError **error)
{
    double sum = 0; /* of zeros, unless a number is infinite or none */
    for (gsize i = 0; i < param->n; i++)
        sum += 0.0 * data[i];
    return sum == 0 || ts_error_set(error, TS_ERROR_RANGE,
                                    "%s holds something infinite or no number: the weights are "
                                    "damaged, or diverged in training",
                                    param->spec->name);
}

/* Set `to`, which is plain, from the parameter of the other graph. */
static gboolean
copy_numbers(const TsParam *from, TsParam *to, GError **error)
{
    return ts_param_get_plain(from, from->data, to->data, error) &&
           check_finite(to, to->data, error);
}

/* The factor and the summand of each channel of a norm. */
static gboolean
norm_numbers(const Fold *f, const TsNode *norm, double *factor, double *summand, GError **error)
{
    const TsParam *param[4];
    for (int slot = SCALE; slot <= RUNNING_VARIANCE; slot++) {
        param[slot] = &f->params->param[norm->param[slot]];
        if (!check_finite(param[slot], param[slot]->data, error))
            return FALSE;
    }
    for (gint64 c = 0; c < norm->shape.c; c++) {
        const double variance = (double) param[RUNNING_VARIANCE]->data[c] + norm->epsilon;
        if (!(variance > 0))
            return ts_error_set(error, TS_ERROR_RANGE, "%s holds a variance below zero",
                                param[RUNNING_VARIANCE]->spec->name);
        factor[c] = param[SCALE]->data[c] / sqrt(variance);
        summand[c] = param[SHIFT]->data[c] - param[RUNNING_MEAN]->data[c] * factor[c];
    }
    return TRUE;
}

static gboolean
fold_numbers(const Fold *f, const TsNode *node, const TsNode *norm, GError **error)
{
    const gint64 channels = norm->shape.c;
    g_autofree double *factor = g_new(double, channels);
    g_autofree double *summand = g_new(double, channels);
    if (!norm_numbers(f, norm, factor, summand, error))
        return FALSE;
    const TsParam *weight = &f->folded->params->param[node->param[WEIGHT]];
    float *bias = f->folded->params->param[node->param[BIAS]].data;
    const gsize each = weight->n / (gsize) channels;
    for (gint64 c = 0; c < channels; c++) {
        for (gsize i = 0; i < each; i++)
            weight->data[c * each + i] = (float) (weight->data[c * each + i] * factor[c]);
        bias[c] = (float) (bias[c] * factor[c] + summand[c]);
    }
    return TRUE;
}

static gboolean
set_numbers(const Fold *f, guint i, GError **error)
{
    const guint origin = g_array_index(f->origin, guint, i);
    const TsNode *node = ts_graph_node(f->folded->graph, i);
    const TsNode *before = ts_graph_node(f->graph, origin);
    for (guint slot = 0; slot < G_N_ELEMENTS(node->param); slot++)
        if (before->param[slot] >= 0 &&
            !copy_numbers(&f->params->param[before->param[slot]],
                          &f->folded->params->param[node->param[slot]], error))
            return FALSE;
    return f->norm[origin] < 0 ||
           fold_numbers(f, node, ts_graph_node(f->graph, (guint) f->norm[origin]), error);
}

static gboolean
fold(Fold *f, int kept, GError **error)
{
    find_norms(f, kept);
    build_graph(f);
    if (!ts_graph_finish(f->folded->graph, error) ||
        (f->folded->params = ts_params_new(f->folded->graph, error)) == NULL)
        return FALSE;
    f->folded->params->kernels = f->params->kernels;
    for (guint i = 0; i < f->folded->graph->nodes->len; i++)
        if (!set_numbers(f, i, error))
            return FALSE;
    return TRUE;
}

TsFolded *
ts_fold(const TsGraph *graph, const TsParams *params, int kept, GError **error)
{
    g_autoptr(TsFolded) folded = g_new0(TsFolded, 1);
    folded->graph = ts_graph_new();
    folded->node = g_new(int, graph->nodes->len);
    Fold f = {.graph = graph,
              .params = params,
              .folded = folded,
              .origin = g_array_new(FALSE, FALSE, sizeof(guint))};
    const gboolean done = fold(&f, kept, error);
    g_free(f.n_users);
    g_free(f.norm);
    g_array_unref(f.origin);
    return done ? g_steal_pointer(&folded) : NULL;
}

void
ts_folded_free(TsFolded *folded)
{
    if (folded == NULL)
        return;
    ts_params_free(folded->params);
    ts_graph_free(folded->graph);
    g_free(folded->node);
    g_free(folded);
}

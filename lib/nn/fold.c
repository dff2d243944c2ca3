/* Folding: first the graph without the norms, then its numbers from the other graph's. */
#include "nn/fold.h"

#include "base/error.h"
#include "nn/ops/op.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WEIGHT, BIAS }; /* parameter slots of convolutions and linear layers */
enum { SCALE, SHIFT, RUNNING_MEAN, RUNNING_VARIANCE }; /* and of norms */

static gboolean
is(const TsNode *node, const char *operation)
{
    return strcmp(ts_node_operation(node), operation) == 0;
}

static void
find_norms(TsFolded *f, int kept)
{
    const guint n = f->from_graph->nodes->len;
    g_autofree guint *n_users = g_new0(guint, n);
    f->norm = g_new(int, n);
    for (guint i = 0; i < n; i++) {
        const TsNode *node = ts_graph_node(f->from_graph, i);
        f->norm[i] = -1;
        for (guint k = 0; k < node->n_inputs; k++)
            n_users[node->input[k]]++;
    }
    if (kept >= 0)
        n_users[kept]++;
    for (guint i = 0; i < n; i++) {
        const TsNode *node = ts_graph_node(f->from_graph, i);
        const TsNode *below =
            is(node, "norm") ? ts_graph_node(f->from_graph, node->input[0]) : NULL;
        if (below != NULL && (is(below, "conv") || is(below, "linear")) &&
            n_users[node->input[0]] == 1)
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
copy_node(TsFolded *f, guint i)
{
    TsGraph *to = f->graph;
    TsNode node = *ts_graph_node(f->from_graph, i);
    node.name = g_strdup(node.name);
    for (guint k = 0; k < node.n_inputs; k++)
        node.input[k] = (guint) f->node[node.input[k]];
    for (guint slot = 0; slot < G_N_ELEMENTS(node.param); slot++)
        if (node.param[slot] >= 0)
            node.param[slot] =
                copy_param(to, ts_graph_param(f->from_graph, (guint) node.param[slot]));
    if (f->norm[i] >= 0 && node.param[BIAS] < 0) {
        const TsParamSpec *weight = ts_graph_param(to, (guint) node.param[WEIGHT]);
        node.param[BIAS] = ts_graph_add_param(to, node.name, "bias", TS_PARAM_BIAS, 1,
                                              &node.shape.c, weight->fan_in);
        node.conv.bias = TRUE;
    }
    f->node[i] = (int) ts_graph_append(to, node);
    g_array_append_val(f->origin, i);
}

static void
build_graph(TsFolded *f)
{
    for (guint i = 0; i < f->from_graph->nodes->len; i++) {
        const TsNode *node = ts_graph_node(f->from_graph, i);
        const gboolean folds = is(node, "norm") && f->norm[node->input[0]] == (int) i;
        if (folds || is(node, "dropout") || is(node, "drop_path"))
            f->node[i] = f->node[node->input[0]];
        else
            copy_node(f, i);
    }
    for (guint i = 0; i < f->from_graph->nodes->len; i++)
        if (f->norm[i] >= 0)
            f->node[i] = -1; /* what was there before the norm is nowhere now */
}

/* ---- the numbers ---- */

/* TRUE if an exponent is all ones. */
static gboolean
has_infinite(const float *data, gsize n)
{
    const guint32 ones = 0x7f800000;
    guint32 found = 0;
    for (gsize i = 0; i < n; i++) {
        guint32 bits;
        memcpy(&bits, &data[i], sizeof bits);
        found |= (bits & ones) == ones;
    }
    return found != 0;
}

static gboolean
check_finite(const TsParam *param, const float *data, GError **error)
{
    return !has_infinite(data, param->n) ||
           ts_error_set(error, TS_ERROR_RANGE,
                        "%s holds something infinite or no number: the weights are damaged, or "
                        "diverged in training",
                        param->spec->name);
}

/* The factor and the summand of each channel of a norm. */
static gboolean
norm_numbers(const TsFolded *f, const TsNode *norm, double *factor, double *summand, GError **error)
{
    const TsParam *param[4];
    for (int slot = SCALE; slot <= RUNNING_VARIANCE; slot++) {
        param[slot] = &f->from_params->param[norm->param[slot]];
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

/* Channel by channel, numbers of the source times its factor. */
static void
scale(const float *from, float *to, gsize channels, gsize each, const double *factor)
{
#pragma omp parallel for
    for (gsize c = 0; c < channels; c++)
        for (gsize i = 0; i < each; i++)
            to[c * each + i] = (float) (from[c * each + i] * factor[c]);
}

/* Weights times the factors of the norm, a bias of its summands. */
static gboolean
fold_numbers(const TsFolded *f, const TsNode *node, const TsNode *norm, const float *plain,
             GError **error)
{
    const gint64 channels = norm->shape.c;
    g_autofree double *factor = g_new(double, channels);
    g_autofree double *summand = g_new(double, channels);
    if (!norm_numbers(f, norm, factor, summand, error))
        return FALSE;
    const TsParam *weight = &f->params->param[node->param[WEIGHT]];
    scale(plain, weight->data, (gsize) channels, weight->n / (gsize) channels, factor);
    float *bias = f->params->param[node->param[BIAS]].data;
    for (gint64 c = 0; c < channels; c++)
        bias[c] = (float) (bias[c] * factor[c] + summand[c]);
    return TRUE;
}

/* Set `to` from the parameter of the other graph. `source` becomes where plain numbers are: those
 * of a plain parameter are only looked at unless they are to be copied. */
static gboolean
take_numbers(const TsParam *from, TsParam *to, gboolean copies, const float **source,
             GError **error)
{
    *source = to->data;
    if (from->layout == NULL && !copies)
        *source = from->data;
    else if (!ts_param_get_plain(from, from->data, to->data, error))
        return FALSE;
    return check_finite(to, *source, error);
}

gboolean
ts_folded_fill(TsFolded *folded, guint i, GError **error)
{
    const guint origin = g_array_index(folded->origin, guint, i);
    const TsNode *node = ts_graph_node(folded->graph, i);
    const TsNode *before = ts_graph_node(folded->from_graph, origin);
    const int norm = folded->norm[origin];
    const float *source[G_N_ELEMENTS(node->param)] = {NULL};
    for (guint slot = 0; slot < G_N_ELEMENTS(node->param); slot++) {
        TsParam *to = node->param[slot] >= 0 ? &folded->params->param[node->param[slot]] : NULL;
        if (to != NULL && !ts_param_allocate(to, error))
            return FALSE;
        if (to != NULL && before->param[slot] < 0) /* the bias that a norm gives */
            memset(to->data, 0, to->n * sizeof *to->data);
        else if (to != NULL && !take_numbers(&folded->from_params->param[before->param[slot]], to,
                                             norm < 0 || slot != WEIGHT, &source[slot], error))
            return FALSE;
    }
    return norm < 0 || fold_numbers(folded, node, ts_graph_node(folded->from_graph, (guint) norm),
                                    source[WEIGHT], error);
}

TsFolded *
ts_fold_outline(const TsGraph *graph, const TsParams *params, int kept, GError **error)
{
    g_autoptr(TsFolded) folded = g_new0(TsFolded, 1);
    folded->graph = ts_graph_new();
    folded->node = g_new(int, graph->nodes->len);
    folded->from_graph = graph;
    folded->from_params = params;
    folded->origin = g_array_new(FALSE, FALSE, sizeof(guint));
    find_norms(folded, kept);
    build_graph(folded);
    if (!ts_graph_finish(folded->graph, error) ||
        (folded->params = ts_params_new_outline(folded->graph, error)) == NULL)
        return NULL;
    folded->params->kernels = params->kernels;
    folded->params->timed = params->timed;
    return g_steal_pointer(&folded);
}

TsFolded *
ts_fold(const TsGraph *graph, const TsParams *params, int kept, GError **error)
{
    g_autoptr(TsFolded) folded = ts_fold_outline(graph, params, kept, error);
    for (guint i = 0; folded != NULL && i < folded->graph->nodes->len; i++)
        if (!ts_folded_fill(folded, i, error))
            return NULL;
    return g_steal_pointer(&folded);
}

void
ts_folded_free(TsFolded *folded)
{
    if (folded == NULL)
        return;
    ts_params_free(folded->params);
    ts_graph_free(folded->graph);
    if (folded->origin != NULL)
        g_array_unref(folded->origin);
    g_free(folded->norm);
    g_free(folded->node);
    g_free(folded);
}

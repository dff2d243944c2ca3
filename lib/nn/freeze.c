/* Stages of a network, what is frozen in them, and where the frozen part ends. */
#include "nn/freeze.h"

#include "base/error.h"

#include <string.h>

/* ---- stages ---- */

static gboolean
is_norm(TsParamRole role)
{
    return role == TS_PARAM_SCALE || role == TS_PARAM_SHIFT || role == TS_PARAM_RUNNING_MEAN ||
           role == TS_PARAM_RUNNING_VARIANCE;
}

/* "layer1" of "layer1.0.conv1.weight", "blocks.3" of "blocks.3.1.bn1.bias". */
static char *
stage_of_name(const char *name)
{
    const char *dot = strchr(name, '.');
    const char *second = dot != NULL ? dot + 1 : NULL;
    if (second == NULL)
        return g_strdup(name);
    const char *end = strchr(second, '.');
    const gboolean counted = dot > name && g_ascii_isdigit(dot[-1]);
    /* Further names below, and the first says no number: the second says which part it is. */
    if (!counted && end != NULL)
        return g_strndup(name, (gsize) (end - name));
    return g_strndup(name, (gsize) (dot - name));
}

/* A stage of a single batch norm ("bn1") is part of what is before. */
static gboolean
starts_stage(const TsParamSpec *spec, const char *stage, GPtrArray *names)
{
    if (names->len == 0)
        return TRUE;
    if (g_str_equal(stage, g_ptr_array_index(names, names->len - 1)))
        return FALSE;
    return !is_norm(spec->role) || strchr(spec->name + strlen(stage) + 1, '.') != NULL;
}

static guint
find_stage(const GPtrArray *names, const char *stage)
{
    for (guint i = 0; i < names->len; i++)
        if (g_str_equal(g_ptr_array_index(names, i), stage))
            return i;
    return names->len;
}

TsStages *
ts_stages_new(const TsGraph *graph)
{
    TsStages *self = g_new0(TsStages, 1);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    self->of_param = g_new0(guint, graph->params->len + 1);
    for (guint i = 0; i < graph->params->len; i++) {
        const TsParamSpec *spec = ts_graph_param(graph, i);
        char *stage = stage_of_name(spec->name);
        const guint known = find_stage(names, stage);
        if (known < names->len || !starts_stage(spec, stage, names)) {
            self->of_param[i] = known < names->len ? known : names->len - 1;
            g_free(stage);
            continue;
        }
        self->of_param[i] = names->len;
        g_ptr_array_add(names, stage);
    }
    self->n = names->len;
    g_ptr_array_add(names, NULL);
    self->name = (char **) g_ptr_array_free(g_steal_pointer(&names), FALSE);
    return self;
}

void
ts_stages_free(TsStages *self)
{
    if (self == NULL)
        return;
    g_strfreev(self->name);
    g_free(self->of_param);
    g_free(self);
}

/* ---- freezing ---- */

gboolean
ts_norm_policy_parse(const char *text, TsNormPolicy *policy, GError **error)
{
    static const char *const names[] = {
        [TS_NORMS_FROZEN] = "frozen", [TS_NORMS_TRAIN] = "train", [TS_NORMS_FIXED] = "fixed"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_str_equal(text, names[i])) {
            *policy = (TsNormPolicy) i;
            return TRUE;
        }
    return ts_error_set(error, TS_ERROR_ARGUMENT, "--bn: '%s' is not frozen, train or fixed", text);
}

static gboolean
matches_any(const char *const *patterns, const char *name)
{
    for (; patterns != NULL && *patterns != NULL; patterns++)
        if (g_pattern_match_simple(*patterns, name))
            return TRUE;
    return FALSE;
}

void
ts_freeze_apply(const TsFreeze *freeze, const TsStages *stages, TsParams *params)
{
    for (guint i = 0; i < params->n; i++) {
        TsParam *param = &params->param[i];
        const gboolean below = stages->n - stages->of_param[i] > freeze->n_top;
        const gboolean norm = is_norm(param->spec->role);
        param->frozen = below || matches_any(freeze->patterns, param->spec->name);
        if (norm && freeze->norms == TS_NORMS_TRAIN)
            param->frozen = FALSE;
        if (norm && freeze->norms == TS_NORMS_FIXED && !ts_param_is_learned(param))
            param->frozen = TRUE;
    }
}

gboolean
ts_freeze_check(const TsFreeze *freeze, const TsStages *stages, const TsParams *params,
                GError **error)
{
    gboolean learns = FALSE;
    for (const char *const *pattern = freeze->patterns; pattern != NULL && *pattern != NULL;
         pattern++) {
        gboolean fits = FALSE;
        for (guint i = 0; i < params->n && !fits; i++)
            fits = g_pattern_match_simple(*pattern, params->param[i].spec->name);
        if (!fits)
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "--freeze: '%s' fits no parameter; modelinfo lists their names",
                                *pattern);
    }
    for (guint i = 0; i < params->n && !learns; i++)
        learns = ts_param_is_learned(&params->param[i]) &&
                 stages->n - stages->of_param[i] <= freeze->n_top &&
                 !matches_any(freeze->patterns, params->param[i].spec->name);
    return learns || ts_error_set(error, TS_ERROR_ARGUMENT,
                                  "everything is frozen, there is nothing to learn");
}

/* ---- the cut ---- */

static gboolean
is_at_work(const TsNode *node, const TsParams *params)
{
    for (guint slot = 0; slot < G_N_ELEMENTS(node->param); slot++)
        if (node->param[slot] >= 0 && !params->param[node->param[slot]].frozen)
            return TRUE;
    return FALSE;
}

/* Dropout just below what is trained is part of the training. */
static gboolean
is_random(const TsNode *node)
{
    const char *operation = ts_node_operation(node);
    return g_str_equal(operation, "dropout") || g_str_equal(operation, "drop_path");
}

static gboolean
is_any_frozen(const TsParams *params)
{
    for (guint i = 0; i < params->n; i++)
        if (params->param[i].frozen)
            return TRUE;
    return FALSE;
}

guint
ts_graph_find_cut(const TsGraph *graph, const TsParams *params)
{
    const guint n = graph->nodes->len;
    guint first = 0, lowest = n;
    if (!is_any_frozen(params))
        return 0;
    while (first < n && !is_at_work(ts_graph_node(graph, first), params))
        first++;
    for (guint k = n; k-- > 0;) {
        const TsNode *node = ts_graph_node(graph, k);
        if (k < first && lowest >= k && !is_random(node))
            return k;
        for (guint i = 0; i < node->n_inputs; i++)
            lowest = MIN(lowest, node->input[i]);
    }
    return 0;
}

/* An architecture by names and shapes: every one that is known is tried. */
#include "nn/pretrained/detect.h"

#include "base/error.h"
#include "nn/models/models.h"
#include "nn/pretrained/names.h"
#include "nn/pretrained/pretrained.h"
#include "nn/pretrained/surgery.h"

#include <string.h>

/* The graph is built for an input that all accept; its size leaves no trace in the weights. */
enum { SIDE = 224, CHANNELS = 3, CLASSES = 2 };

/* Same shape; but for the first convolution's inputs and the classifier's outputs. */
static gboolean
shape_fits(const TsTensor *tensor, const TsParamSpec *spec, gboolean is_input, gboolean is_head)
{
    gint64 n = 1;
    gboolean same = tensor->rank == spec->rank;
    for (guint d = 0; d < spec->rank; d++) {
        n *= spec->shape[d];
        same = same &&
               ((is_input && d == 1) || (is_head && d == 0) || tensor->shape[d] == spec->shape[d]);
    }
    /* A linear layer written as a convolution has the same numbers. */
    return same || (spec->rank == 2 && tensor->rank == 4 && (guint64) n == ts_tensor_n(tensor));
}

static gboolean
is_weight_of(const TsNode *node, guint param)
{
    return node != NULL && node->param[0] == (int) param;
}

static gboolean
is_bias_of(const TsNode *node, guint param)
{
    return node != NULL && node->param[1] == (int) param;
}

static gboolean
match_names(const TsWeightFile *file, const TsGraph *graph, GHashTable *map, int *channels,
            int *classes)
{
    g_autofree char *prefix = ts_names_find_prefix(file, map, ts_graph_param(graph, 0)->name);
    const TsNode *head = ts_surgery_find_head(graph), *input = ts_surgery_find_input(graph);
    gboolean all = TRUE;
    guint n_counters = 0;
    for (guint i = 0; i < graph->params->len; i++) {
        const TsParamSpec *spec = ts_graph_param(graph, i);
        const TsTensor *tensor = ts_names_find(file, map, prefix, spec->name);
        const gboolean is_head = is_weight_of(head, i) || is_bias_of(head, i);
        const gboolean fits =
            tensor != NULL && shape_fits(tensor, spec, is_weight_of(input, i), is_head);
        all = all && fits;
        if (fits && is_weight_of(head, i))
            *classes = (int) MIN(tensor->shape[0], G_MAXINT);
        if (fits && is_weight_of(input, i))
            *channels = (int) MIN(tensor->shape[1], G_MAXINT);
    }
    for (guint i = 0; i < ts_weight_file_n(file); i++)
        n_counters += g_str_has_suffix(ts_weight_file_get(file, i)->name, ".num_batches_tracked");
    return all && ts_weight_file_n(file) == graph->params->len + n_counters;
}

gboolean
ts_detect_match(const TsWeightFile *file, const char *architecture, int *channels, int *classes)
{
    const char *libraries[TS_NAMES_MAX];
    const guint n = ts_names_of(architecture, libraries);
    g_autoptr(TsGraph) graph =
        ts_model_graph_new(architecture, CHANNELS, SIDE, SIDE, CLASSES, NULL);
    for (guint i = 0; graph != NULL && i < n; i++) {
        g_autoptr(GHashTable) map = ts_names_map(libraries[i], architecture, graph, NULL);
        if (match_names(file, graph, map, channels, classes))
            return TRUE;
    }
    return FALSE;
}

/* wrn-N-k, N and k taken from the file; NULL where that cannot be. */
static char *
describe_wrn(const TsWeightFile *file)
{
    const TsTensor *first = ts_weight_file_find(file, "block1.layer.0.conv1.weight");
    int n = 0;
    for (gboolean more = TRUE; more; n += more) {
        g_autofree char *name = g_strdup_printf("block1.layer.%d.conv1.weight", n);
        more = ts_weight_file_find(file, name) != NULL;
    }
    return first != NULL && first->rank > 0
               ? g_strdup_printf("wrn-%d-%" G_GINT64_FORMAT, 6 * n + 4, first->shape[0] / 16)
               : NULL;
}

static GPtrArray *
list_candidates(const TsWeightFile *file)
{
    static const char *const widths[] = {"0.5", "0.75", "1.1", "1.2", "1.4"};
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
    g_autofree const char **names = ts_model_graph_names();
    for (guint i = 0; names[i] != NULL; i++) {
        g_ptr_array_add(list, g_strdup(names[i]));
        if (g_str_has_prefix(names[i], "resnet") || g_str_has_prefix(names[i], "wide_resnet"))
            g_ptr_array_add(list, g_strconcat(names[i], ":stem=small", NULL));
    }
    for (gsize i = 0; i < G_N_ELEMENTS(widths); i++)
        g_ptr_array_add(list, g_strconcat("mobilenetv2:width=", widths[i], NULL));
    char *wrn = describe_wrn(file);
    if (wrn != NULL)
        g_ptr_array_add(list, wrn);
    return list;
}

char *
ts_pretrained_detect(const TsWeightFile *file, GError **error)
{
    g_autoptr(GPtrArray) candidates = list_candidates(file);
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    int channels, classes;
    for (guint i = 0; i < candidates->len; i++)
        if (ts_detect_match(file, g_ptr_array_index(candidates, i), &channels, &classes))
            g_ptr_array_add(found, g_ptr_array_index(candidates, i));
    if (found->len == 1)
        return g_strdup(g_ptr_array_index(found, 0));
    g_ptr_array_add(found, NULL);
    g_autofree char *list = g_strjoinv(" or ", (char **) found->pdata);
    if (found->len == 1)
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s: its names and shapes are those of no architecture that is known; name "
                     "one to see what differs",
                     ts_weight_file_path(file));
    else
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s: names and shapes do not tell whether it is %s; name the architecture",
                     ts_weight_file_path(file), list);
    return NULL;
}

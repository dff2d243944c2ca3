/* A model as ONNX, for other software to run. */
#include "modelinfo.h"

#include "nn/fold.h"
#include "nn/onnx/onnx.h"

#include <string.h>

/* What the model file says beside the numbers: key, value, ..., NULL; the texts are the state's. A
 * folded network is none of our architectures, so the format is left out. */
static const char **
list_metadata(const TsState *state, gboolean folded)
{
    g_autofree const char **all = ts_state_all_values(state);
    GPtrArray *list = g_ptr_array_new();
    for (const char **pair = all; *pair != NULL; pair += 2) {
        if (folded && strcmp(pair[0], "format") == 0)
            continue;
        g_ptr_array_add(list, (gpointer) pair[0]);
        g_ptr_array_add(list, (gpointer) pair[1]);
    }
    g_ptr_array_add(list, NULL);
    return (const char **) g_ptr_array_free(list, FALSE);
}

gboolean
modelinfo_write_onnx(const ModelInfo *info, const char *path, gboolean fold, gboolean replace,
                     GError **error)
{
    const TsModel *model = info->model;
    g_autoptr(TsState) state = ts_state_new();
    g_autoptr(TsFolded) folded = fold ? ts_fold(model->graph, model->params, -1, error) : NULL;
    if (fold && folded == NULL)
        return FALSE;
    ts_model_describe(model, state);
    g_autofree const char **metadata = list_metadata(state, fold);
    return ts_onnx_export(fold ? folded->graph : model->graph,
                          fold ? folded->params : model->params, metadata, path, replace, error);
}

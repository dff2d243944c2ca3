/* A model: an architecture, its numbers, its classes and how pictures become its input.
 *
 * It lives in ONE file, model.safetensors: weights under the field's usual names and, as metadata,
 * everything that prediction needs (see tessera-model(5)). So `predict -m model.safetensors` takes
 * no other option.
 *
 *     g_autoptr(TsModel) model = ts_model_read("run/model.safetensors", error);
 *     g_autoptr(TsNet) net = ts_net_new(model->graph, model->params, 64, TS_NET_INFER, error);
 */
#pragma once

#include "nn/params.h"
#include "nn/state.h"
#include "sample/preprocess.h"

G_BEGIN_DECLS

typedef struct {
    char *architecture;   /* as train --arch takes it */
    char **classes;       /* NULL-terminated; class i is output i */
    gboolean multi_label; /* outputs are logits of labels by themselves, not of one class out of all
                           */
    TsPreprocess preprocess;
    TsGraph *graph;
    TsParams *params;
    TsState *file; /* what lends the numbers, of a model for reading; or NULL */
} TsModel;

/* Names for `n` classes that have none: "0", "1", ... Free with g_strfreev(). */
char **ts_model_number_classes(int n);

/* Build a model with all numbers zero. `classes` are copied. TS_ERROR_ARGUMENT where architecture
 * and input do not fit. */
TsModel *ts_model_new(const char *architecture, const char *const *classes,
                      const TsPreprocess *preprocess, GError **error);
void ts_model_free(TsModel *model);

/* Write the model to `path`, replacing it. `summary`: key, value, ..., NULL, added to the metadata
 * (such as val_accuracy); NULL for none. */
gboolean
ts_model_write(const TsModel *model, const char *path, const char *const *summary, GError **error);

/* Read a model: its file, or the folder of a run. TS_ERROR_FORMAT if the file is none of tessera's
 * or a number is missing. */
TsModel *ts_model_read(const char *path, GError **error);

/* The same for reading only: the numbers stay in the file as far as it has them as they are used,
 * and a frozen net makes its own of them. Training would write them. */
TsModel *ts_model_map(const char *path, GError **error);

/* What a file of ours says beside the numbers. */
typedef struct {
    char *architecture;
    char **classes;
    TsPreprocess preprocess;
} TsModelSettings;

/* Take it from a state that was read; `name` begins messages. TS_ERROR_FORMAT, as ts_model_read().
 */
gboolean ts_model_read_settings(const TsState *state, const char *name, TsModelSettings *settings,
                                GError **error);
void ts_model_settings_clear(TsModelSettings *settings);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsModelSettings, ts_model_settings_clear)

/* Set what the file says beside the numbers: for checkpoints. */
void ts_model_describe(const TsModel *model, TsState *state);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsModel, ts_model_free)

G_END_DECLS

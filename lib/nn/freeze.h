/* Which parameters a training changes: the stages of a network, and what is frozen in them.
 *
 * A stage is a piece of the network as its parameters' names have it, from the input to the head:
 * "conv1", "layer1" ... "layer4", "fc" of a ResNet, "conv_stem", "blocks.0" ... "conv_head",
 * "classifier" of an EfficientNet. A batch norm belongs to the convolution before it.
 *
 * A frozen parameter keeps its numbers: it has no gradient, and no gradient is computed below the
 * lowest one that has. A frozen batch norm uses its running statistics and leaves them alone. The
 * layers up to the cut, below which everything is frozen, run as in inference: dropout and drop
 * path are off in them.
 *
 *     g_autoptr(TsStages) stages = ts_stages_new(model->graph);
 *     ts_freeze_apply(&(TsFreeze){.n_top = 1}, stages, model->params);    // the head alone learns
 *
 * Nets that were compiled before stay as they were: compile them anew.
 */
#pragma once

#include "nn/params.h"

G_BEGIN_DECLS

typedef struct {
    guint n;
    char **name;     /* (n), NULL-terminated; the last is the head */
    guint *of_param; /* (n parameters) */
} TsStages;

TsStages *ts_stages_new(const TsGraph *graph);
void ts_stages_free(TsStages *stages);

/* Batch norm's. */
typedef enum {
    TS_NORMS_FROZEN, /* frozen where the layers around it are */
    TS_NORMS_TRAIN,  /* never frozen, also in frozen stages: scale, shift and statistics */
    TS_NORMS_FIXED,  /* statistics are frozen everywhere, scale and shift where the layers are */
} TsNormPolicy;

typedef struct {
    guint n_top;                 /* stages that learn, counted from the head; more than all: all */
    const char *const *patterns; /* names with * and ? that are frozen besides; or NULL */
    TsNormPolicy norms;
} TsFreeze;

/* "train", "frozen", "fixed". TS_ERROR_ARGUMENT. */
gboolean ts_norm_policy_parse(const char *text, TsNormPolicy *policy, GError **error);

/* Set TsParam.frozen of all parameters. */
void ts_freeze_apply(const TsFreeze *freeze, const TsStages *stages, TsParams *params);

/* TS_ERROR_ARGUMENT for a pattern that fits no parameter, or if nothing is left to learn. */
gboolean ts_freeze_check(const TsFreeze *freeze, const TsStages *stages, const TsParams *params,
                         GError **error);

/* The last node of the frozen part: nothing up to it is trained, and all that comes behind uses
 * what comes before through it alone. 0, the input: there is none, as where nothing is frozen. */
guint ts_graph_find_cut(const TsGraph *graph, const TsParams *params);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsStages, ts_stages_free)

G_END_DECLS

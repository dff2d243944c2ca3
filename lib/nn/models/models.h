/* Architectures by name, each a function that builds a graph. One file per family.
 *
 * A description is NAME or NAME:KEY=VALUE,..., as given to train --model and kept in the model
 * file:
 *     cnn:width=16,dropout=0.2         three stages of two 3x3 convolutions, for small tiles
 *     resnet18:stem=small              ResNet-18 for small pictures
 */
#pragma once

#include "base/spec.h"
#include "nn/graph.h"

G_BEGIN_DECLS

/* What a family may be told; unused options keep their defaults. */
typedef struct {
    int channels, height, width; /* of the input */
    int classes;
    TsSpec *options;
} TsModelSpec;

/* Build `description`, of this form or of arch/arch.h's, for an input (channels, height, width) and
 * so many classes. TS_ERROR_ARGUMENT for an unknown name or option, or an input too small. */
TsGraph *ts_model_graph_new(const char *description, int channels, int height, int width,
                            int classes, GError **error);

/* The names and what they are, for --help. Free with g_free(). */
char *ts_model_graph_help(void);

/* The names, NULL-terminated, as --help lists them. Free with g_free(). */
const char **ts_model_graph_names(void);

/* ---- for the files of the families ---- */

/* The end of most: average over the picture, dropout where its rate is above 0, the classifier. */
void ts_model_head(TsGraph *graph, const char *name, guint x, double dropout, int classes);

gboolean ts_model_cnn(TsGraph *graph, const TsModelSpec *spec, GError **error);
gboolean ts_model_mlp(TsGraph *graph, const TsModelSpec *spec, GError **error);
gboolean ts_model_densenet(TsGraph *graph, const TsModelSpec *spec, GError **error);
gboolean ts_model_efficientnet_lite(TsGraph *graph, const TsModelSpec *spec, GError **error);
gboolean ts_model_lenet(TsGraph *graph, const TsModelSpec *spec, GError **error);
gboolean ts_model_mobilenetv2(TsGraph *graph, const TsModelSpec *spec, GError **error);
gboolean ts_model_resnet(TsGraph *graph, const TsModelSpec *spec, GError **error);
gboolean ts_model_vgg(TsGraph *graph, const TsModelSpec *spec, GError **error);
gboolean ts_model_wrn(TsGraph *graph, const TsModelSpec *spec, GError **error);

G_END_DECLS

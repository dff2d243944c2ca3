/* The body that MobileNetV2 and EfficientNet-Lite share: a table of stages of inverted residual
 * blocks (Sandler et al., 2018), with timm's names.
 *
 * Start as timm's: convolutions HE_OUT, the classifier UNIFORM_OUT, its bias 0. */
#pragma once

#include "nn/models/models.h"

G_BEGIN_DECLS

/* Each first block widens by `expansion`, convolves every channel by itself, narrows to `channels`.
 * Expansion 1: without widening. */
typedef struct {
    int blocks, kernel, stride, expansion, channels;
} TsMbStage;

typedef struct {
    const TsMbStage *stages;
    guint n_stages;
    double width;     /* multiplies all channels, which stay multiples of 8 */
    gboolean same;    /* TensorFlow's padding */
    double epsilon;   /* of batch norms */
    gboolean small;   /* the stem and the next stride keep all pixels */
    double dropout;   /* before the classifier */
    double drop_path; /* of the last block; that of the others rises to it */
} TsMbOptions;

/* Stem of 32 channels, the stages, 1280 channels, classifier. */
void ts_mb_build(TsGraph *graph, const TsModelSpec *spec, const TsMbOptions *options);

/* Read width, stem, dropout and drop_path into `options`, whose values are the defaults. */
gboolean ts_mb_read_options(TsSpec *spec, TsMbOptions *options, GError **error);

G_END_DECLS

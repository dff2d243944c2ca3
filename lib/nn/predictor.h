/* A model asked about samples, batch by batch: probabilities, features, energies.
 *
 * Each sample may be seen in several views (sample/views.h); probabilities, features and energies
 * are then the means over its views. A batch may be smaller than that of the options, at the cost
 * of a whole one: the net is always the same, so an answer does not depend on what else was asked.
 *
 *     g_autoptr(TsPredictor) predictor = ts_predictor_new(model, &options, error);
 *     const TsAnswers *answers =
 *         predictor != NULL ? ts_predictor_run(predictor, batch->pixels, batch->n, error) : NULL;
 */
#pragma once

#include "nn/model.h"

G_BEGIN_DECLS

typedef struct _TsPredictor TsPredictor;

typedef enum {
    TS_FEATURES_NONE,
    TS_FEATURES_MEAN,  /* (C): the mean over height and width */
    TS_FEATURES_MAX,   /* (C): the largest */
    TS_FEATURES_WHOLE, /* (C, H, W) */
} TsFeaturesKind;

typedef struct {
    guint batch_size;        /* images that go through the network together, at least 1 */
    guint n_views;           /* of each sample, at least 1 */
    TsFeaturesKind features; /* of node `layer` */
    guint layer;
    double temperature; /* of the energies; above 0 */
} TsPredictorOptions;

/* What the model says of `n` samples. */
typedef struct {
    guint n;
    const double *probabilities; /* (n, classes), of each label by itself if the model is of sets */
    const double *energies;      /* (n) -T ln sum exp(z / T) (Liu et al., "Energy-based
                                    out-of-distribution detection", 2020); of sets -T sum ln (1 +
                                    exp(z / T)) (Wang et al., "Can multi-label classification
                                    networks know what they don't know?", 2021) */
    const float *features;       /* (n, numbers of the layer), or NULL */
} TsAnswers;

/* The node whose activations are features by default: what the last layer with weights reads. */
guint ts_graph_features_layer(const TsGraph *graph);

/* Find a node by the name that modelinfo --layers shows. TS_ERROR_ARGUMENT. */
gboolean ts_graph_find_layer(const TsGraph *graph, const char *name, guint *node, GError **error);

/* The model must outlive the predictor. */
TsPredictor *ts_predictor_new(TsModel *model, const TsPredictorOptions *options, GError **error);
void ts_predictor_free(TsPredictor *predictor);

/* Shape of the features of one sample: (C), (C, H, W) as dimensions of rank 1 or 3. */
guint ts_predictor_features_shape(const TsPredictor *predictor, gint64 shape[3]);

/* Ask about `n` samples, (n, views, H, W, C) bytes as ts_views_make_u8() makes them; n is at most
 * ts_predictor_max_samples(). The answers are borrowed until the next call. */
const TsAnswers *
ts_predictor_run(TsPredictor *predictor, const guint8 *pixels, guint n, GError **error);

/* Samples of a batch: batch_size / n_views, at least 1. */
guint ts_predictor_samples_of(const TsPredictorOptions *options);
guint ts_predictor_max_samples(const TsPredictor *predictor);

/* Whether the answer to sample `i` is one: with damaged weights it is NaN. */
gboolean ts_answers_are_finite(const TsAnswers *answers, guint n_classes, guint i);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsPredictor, ts_predictor_free)

G_END_DECLS

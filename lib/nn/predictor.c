/* A net in inference mode, and means over the views of a sample. What stands in
 * the rest of a net's input does not matter, as samples do not see each other. */
#include "nn/predictor.h"

#include "base/error.h"
#include "base/nearest.h"
#include "nn/loss_sets.h"
#include "nn/net.h"

#include <math.h>
#include <string.h>

struct _TsPredictor {
    TsModel *model;
    TsPredictorOptions options;
    guint n_classes, max_samples;
    gsize n_features; /* of a sample; 0: none */
    TsNet *net;
    TsAnswers answers;
    double *probabilities, *energies, *one; /* `one`: classes of an image */
    float *features;
};

/* ---- layers ---- */

guint
ts_graph_features_layer(const TsGraph *graph)
{
    for (guint i = graph->nodes->len; i-- > 1;) {
        const TsNode *node = ts_graph_node(graph, i);
        for (guint slot = 0; slot < G_N_ELEMENTS(node->param); slot++)
            if (node->param[slot] >= 0)
                return node->input[0];
    }
    return 0;
}

gboolean
ts_graph_find_layer(const TsGraph *graph, const char *name, guint *node, GError **error)
{
    g_autofree const char **names = g_new0(const char *, graph->nodes->len + 1);
    for (*node = 0; *node < graph->nodes->len; (*node)++) {
        names[*node] = ts_graph_node(graph, *node)->name;
        if (strcmp(names[*node], name) == 0)
            return TRUE;
    }
    g_autofree char *hint = ts_nearest_hint(name, names);
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "the model has no layer '%s'%s; modelinfo --layers shows them", name, hint);
}

/* ---- answers ---- */

/* -T sum ln (1 + exp(z / T)) */
static double
compute_joint_energy(const float *logits, guint n, double temperature)
{
    double sum = 0;
    for (guint c = 0; c < n; c++)
        sum += ts_softplus((double) logits[c] / temperature);
    return -temperature * sum;
}

/* -T ln sum exp(z / T) */
static double
compute_energy(const float *logits, guint n, double temperature)
{
    double largest = (double) logits[0], sum = 0;
    for (guint c = 1; c < n; c++)
        largest = MAX(largest, (double) logits[c]);
    for (guint c = 0; c < n; c++)
        sum += exp(((double) logits[c] - largest) / temperature);
    return -(largest + temperature * log(sum));
}

/* Add the features of an image, (C, H, W), to those of its sample. */
static void
add_features(const TsPredictor *self, const float *from, float *to)
{
    const TsShape shape = ts_graph_node(self->model->graph, self->options.layer)->shape;
    const gsize area = (gsize) (shape.h * shape.w);
    const float share = 1 / (float) self->options.n_views;
    if (self->options.features == TS_FEATURES_WHOLE) {
        for (gsize i = 0; i < self->n_features; i++)
            to[i] += share * from[i];
        return;
    }
    for (gsize c = 0; c < self->n_features; c++, from += area) {
        double sum = 0;
        float largest = from[0];
        for (gsize i = 0; i < area; i++) {
            sum += (double) from[i];
            largest = from[i] > largest ? from[i] : largest;
        }
        to[c] +=
            share *
            (self->options.features == TS_FEATURES_MAX ? largest : (float) (sum / (double) area));
    }
}

/* Add what the net says of its image `k` to the means of sample `i`. */
static void
add_image(TsPredictor *self, guint k, guint i)
{
    const float *logits = ts_net_logits(self->net) + (gsize) k * self->n_classes;
    const double share = 1.0 / self->options.n_views;
    double *sums = self->probabilities + (gsize) i * self->n_classes;
    const gboolean of_sets = self->model->multi_label;
    (of_sets ? ts_sigmoid : ts_softmax)(logits, self->n_classes, self->one);
    for (guint c = 0; c < self->n_classes; c++)
        sums[c] += share * self->one[c];
    self->energies[i] += share * (of_sets ? compute_joint_energy : compute_energy)(
                                     logits, self->n_classes, self->options.temperature);
    if (self->n_features == 0)
        return;
    const TsShape shape = ts_graph_node(self->model->graph, self->options.layer)->shape;
    add_features(self, ts_net_kept(self->net) + (gsize) (k * shape.c * shape.h * shape.w),
                 self->features + i * self->n_features);
}

/* Images `first` to `first + n` of the batch, counted over samples and views. */
static gboolean
run_images(TsPredictor *self, const guint8 *pixels, guint first, guint n, GError **error)
{
    const TsPreprocess *how = &self->model->preprocess;
    const gsize n_image = ts_preprocess_n_bytes(how);
    float *input = ts_net_input(self->net);
#pragma omp parallel for
    for (guint k = 0; k < n; k++)
        ts_preprocess_normalise(pixels + (first + k) * n_image, how, input + k * n_image);
    if (!ts_net_forward(self->net, 0, error))
        return FALSE;
    for (guint k = 0; k < n; k++)
        add_image(self, k, (first + k) / self->options.n_views);
    return TRUE;
}

const TsAnswers *
ts_predictor_run(TsPredictor *self, const guint8 *pixels, guint n, GError **error)
{
    const guint n_images = n * self->options.n_views;
    g_assert(n <= self->max_samples);
    memset(self->probabilities, 0, (gsize) n * self->n_classes * sizeof *self->probabilities);
    memset(self->energies, 0, n * sizeof *self->energies);
    if (self->n_features > 0)
        memset(self->features, 0, n * self->n_features * sizeof *self->features);
    for (guint first = 0; first < n_images; first += self->options.batch_size)
        if (!run_images(self, pixels, first, MIN(self->options.batch_size, n_images - first),
                        error))
            return NULL;
    self->answers = (TsAnswers){n, self->probabilities, self->energies, self->features};
    return &self->answers;
}

gboolean
ts_answers_are_finite(const TsAnswers *answers, guint n_classes, guint i)
{
    for (guint c = 0; c < n_classes; c++)
        if (isnan(answers->probabilities[(gsize) i * n_classes + c]))
            return FALSE;
    return TRUE;
}

/* ---- the predictor ---- */

guint
ts_predictor_features_shape(const TsPredictor *self, gint64 shape[3])
{
    const TsShape layer = ts_graph_node(self->model->graph, self->options.layer)->shape;
    shape[0] = layer.c;
    shape[1] = layer.h;
    shape[2] = layer.w;
    const gboolean is_flat = layer.h == 1 && layer.w == 1;
    return self->options.features == TS_FEATURES_WHOLE && !is_flat ? 3 : 1;
}

guint
ts_predictor_samples_of(const TsPredictorOptions *options)
{
    return MAX(1, options->batch_size / options->n_views);
}

guint
ts_predictor_max_samples(const TsPredictor *self)
{
    return self->max_samples;
}

static gboolean
allocate(TsPredictor *self, GError **error)
{
    gint64 shape[3];
    const guint rank = ts_predictor_features_shape(self, shape);
    if (self->options.features != TS_FEATURES_NONE)
        self->n_features = (gsize) (rank == 3 ? shape[0] * shape[1] * shape[2] : shape[0]);
    self->one = g_new(double, self->n_classes);
    self->energies = ts_try_alloc(self->max_samples, sizeof(double), "answers", error);
    if (self->energies == NULL)
        return FALSE;
    self->probabilities =
        ts_try_alloc(self->max_samples, self->n_classes * sizeof(double), "answers", error);
    if (self->probabilities == NULL || self->n_features == 0)
        return self->probabilities != NULL;
    self->features =
        ts_try_alloc(self->max_samples, self->n_features * sizeof(float), "features", error);
    return self->features != NULL;
}

TsPredictor *
ts_predictor_new(TsModel *model, const TsPredictorOptions *options, GError **error)
{
    g_autoptr(TsPredictor) self = g_new0(TsPredictor, 1);
    self->model = model;
    self->options = *options;
    self->n_classes = g_strv_length(model->classes);
    self->max_samples = ts_predictor_samples_of(options);
    self->net =
        options->features != TS_FEATURES_NONE
            ? ts_net_new_keeping(model->graph, model->params, options->batch_size, options->layer,
                                 error)
            : ts_net_new(model->graph, model->params, options->batch_size, TS_NET_FROZEN, error);
    return self->net != NULL && allocate(self, error) ? g_steal_pointer(&self) : NULL;
}

void
ts_predictor_free(TsPredictor *self)
{
    if (self == NULL)
        return;
    ts_net_free(self->net);
    g_free(self->probabilities);
    g_free(self->energies);
    g_free(self->features);
    g_free(self->one);
    g_free(self);
}

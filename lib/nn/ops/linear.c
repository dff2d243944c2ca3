/* Linear layer: y = x W^T + b; x (N, I), W (O, I), b (O), y (N, O), all row-major.
 *
 * In training on OpenBLAS, whose products add up in another order at the edges of a batch than
 * inside of it. In inference the same sample has the same bits wherever it stands, so there each
 * product of rows is added up by itself, in an order of its own. */
#include "nn/ops/op.h"

#include "base/wide.h"

#include <cblas.h>
#include <string.h>

enum { WEIGHT, BIAS }; /* parameter slots */
enum { SAVED_SRC, SAVED_GRAD, SAVED_GRAD_SRC };

/* ---- products of rows, in one order ---- */

enum { LANES = 8, OUTPUTS = 4, SAMPLES = 2 }; /* of a vector; at a time */

typedef float Vec __attribute__((vector_size(LANES * sizeof(float))));
typedef float VecInRow __attribute__((vector_size(LANES * sizeof(float)), aligned(4), may_alias));

static inline __attribute__((always_inline)) float
sum_of(const Vec *vector)
{
    const Vec v = *vector;
    return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

typedef struct {
    int n, in, out;
    const float *x, *weight, *bias;
    float *y;
} Product;

static Product
product_of(TsNet *net, const TsLayer *layer)
{
    const TsParam *weight = ts_net_param(net, layer, WEIGHT);
    return (Product){.n = (int) ts_net_batch(net),
                     .in = (int) weight->spec->shape[1],
                     .out = (int) layer->node->shape.c,
                     .x = layer->saved[SAVED_SRC]->storage->data,
                     .weight = weight->data,
                     .bias = ts_net_param(net, layer, BIAS)->data,
                     .y = layer->out->storage->data};
}

/* y of `samples` x `outputs`, both known to the compiler, from sample `s` and output `o` on: the
 * sums do not depend on how many they are. */
static inline __attribute__((always_inline)) void
multiply_rows(const Product *p, int s, int o, int samples, int outputs)
{
    const int in = p->in;
    const float *x = p->x + (gsize) s * in, *weight = p->weight + (gsize) o * in;
    Vec sum[SAMPLES][OUTPUTS] = {{{0}}};
    int i = 0;
    for (; i + LANES <= in; i += LANES)
        for (int a = 0; a < samples; a++)
            for (int b = 0; b < outputs; b++)
                sum[a][b] += *(const VecInRow *) (x + (gsize) a * in + i) *
                             *(const VecInRow *) (weight + (gsize) b * in + i);
    for (int a = 0; a < samples; a++)
        for (int b = 0; b < outputs; b++) {
            float rest = 0;
            for (int k = i; k < in; k++)
                rest += x[(gsize) a * in + k] * weight[(gsize) b * in + k];
            p->y[(gsize) (s + a) * p->out + o + b] = p->bias[o + b] + (sum_of(&sum[a][b]) + rest);
        }
}

/* So many outputs of all samples, from `o` on. */
TS_WIDE static void
multiply_outputs(const Product *p, int o, int outputs)
{
    for (int s = 0; s < p->n; s += SAMPLES)
        if (outputs == OUTPUTS && s + SAMPLES <= p->n)
            multiply_rows(p, s, o, SAMPLES, OUTPUTS);
        else if (outputs == OUTPUTS)
            multiply_rows(p, s, o, 1, OUTPUTS); /* the last of an odd number */
        else
            for (int a = s; a < MIN(s + SAMPLES, p->n); a++)
                for (int b = o; b < o + outputs; b++)
                    multiply_rows(p, a, b, 1, 1);
}

static gboolean
run_inference(TsNet *net, TsLayer *layer, GError **error)
{
    const Product p = product_of(net, layer);
#pragma omp parallel for if ((gint64) p.n * p.in * p.out > 1 << 18)
    for (int o = 0; o < p.out; o += OUTPUTS)
        multiply_outputs(&p, o, MIN(OUTPUTS, p.out - o));
    return TRUE;
}

/* ---- the layer ---- */

static gboolean
run_forward(TsNet *net, TsLayer *layer, GError **error)
{
    const Product p = product_of(net, layer);
    for (int i = 0; i < p.n; i++)
        memcpy(p.y + (gsize) i * p.out, p.bias, (gsize) p.out * sizeof *p.y);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, p.n, p.out, p.in, 1, p.x, p.in, p.weight,
                p.in, 1, p.y, p.out);
    return TRUE;
}

static gboolean
run_backward(TsNet *net, TsLayer *layer, GError **error)
{
    const int n = (int) ts_net_batch(net);
    const int in = (int) ts_net_param(net, layer, WEIGHT)->spec->shape[1];
    const int out = (int) layer->node->shape.c;
    const float *x = layer->saved[SAVED_SRC]->storage->data;
    const float *dy = layer->saved[SAVED_GRAD]->storage->data;
    const TsParam *weight = ts_net_param(net, layer, WEIGHT);
    float *dbias = ts_net_param(net, layer, BIAS)->grad;
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, out, in, n, 1, dy, out, x, in, 0,
                weight->grad, in);
    for (int o = 0; o < out; o++) {
        double sum = 0;
        for (int i = 0; i < n; i++)
            sum += dy[(gsize) i * out + o];
        dbias[o] = (float) sum;
    }
    if (layer->saved[SAVED_GRAD_SRC] != NULL)
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, in, out, 1, dy, out, weight->data,
                    in, 0, layer->saved[SAVED_GRAD_SRC]->storage->data, in);
    return TRUE;
}

static gboolean
linear_forward(TsNet *net, TsLayer *layer, GError **error)
{
    TsLayer *below = ts_net_input_layer(net, layer, 0);
    g_autoptr(TsLayout) plain = ts_net_plain_layout(net, below->node->shape, error);
    layer->saved[SAVED_SRC] =
        plain != NULL ? ts_net_convert(net, layer, below->out, plain, error) : NULL;
    layer->out = ts_net_plain_buffer(net, layer->node->shape, error);
    if (layer->saved[SAVED_SRC] == NULL || layer->out == NULL)
        return FALSE;
    ts_net_add_func(net, layer, ts_net_is_training(net) ? run_forward : run_inference, "linear");
    ts_net_use(net, layer->saved[SAVED_SRC]);
    ts_net_use(net, layer->out);
    return TRUE;
}

static gboolean
linear_backward(TsNet *net, TsLayer *layer, GError **error)
{
    TsBuffer *grad = ts_net_convert(net, layer, layer->grad, layer->out->layout, error);
    if (grad == NULL)
        return FALSE;
    layer->saved[SAVED_GRAD] = grad;
    gboolean by_data = ts_net_input_layer(net, layer, 0)->needs_grad;
    if (by_data)
        layer->saved[SAVED_GRAD_SRC] = ts_net_buffer(net, layer->saved[SAVED_SRC]->layout);
    ts_net_add_func(net, layer, run_backward, "linear, backward");
    ts_net_use(net, layer->saved[SAVED_SRC]);
    ts_net_use(net, grad);
    if (by_data) {
        ts_net_use(net, layer->saved[SAVED_GRAD_SRC]);
        ts_net_contribute(net, layer, 0, layer->saved[SAVED_GRAD_SRC]);
    }
    return TRUE;
}

static const TsOp linear_op = {
    .name = "linear", .forward = linear_forward, .backward = linear_backward};

guint
ts_graph_linear(TsGraph *graph, const char *name, guint input, int features)
{
    const TsShape in = ts_graph_node(graph, input)->shape;
    if (in.h != 1 || in.w != 1)
        return ts_graph_fail(graph, "%s: a linear layer needs flat features, not %dx%d pixels",
                             name, (int) in.w, (int) in.h);
    if (in.c > G_MAXINT) /* cblas counts in int */
        return ts_graph_fail(graph, "%s: %" G_GINT64_FORMAT " features are too many", name, in.c);
    const gint64 shape[] = {features, in.c};
    TsNode node = {.op = &linear_op,
                   .name = g_strdup(name),
                   .n_inputs = 1,
                   .input = {input},
                   .shape = {features, 1, 1},
                   .param = TS_NO_PARAMS,
                   .multiply_adds = in.c * features};
    node.param[WEIGHT] = ts_graph_add_param(graph, name, "weight", TS_PARAM_WEIGHT, 2, shape, in.c);
    node.param[BIAS] = ts_graph_add_param(graph, name, "bias", TS_PARAM_BIAS, 1, shape, in.c);
    return ts_graph_append(graph, node);
}

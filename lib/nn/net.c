/* Compilation of a graph into a program of steps, its memory, and running it. */
#include "nn/net.h"

#include "base/error.h"
#include "nn/compile.h"
#include "nn/ops/op.h"
#include "nn/plan.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct _TsNet {
    const TsGraph *graph;
    TsParams *params;
    guint batch;
    TsNetMode mode;
    guint64 seed;
    guint64 step_key;

    TsLayer *layers; /* one a node */
    guint n_layers;
    GPtrArray *steps;     /* of TsStep: the program */
    guint n_forward;      /* so many of them are the forward pass */
    GPtrArray *buffers;   /* of TsBuffer */
    TsBuffer **data;      /* one a parameter */
    TsBuffer **gradients; /* one a parameter, NULL for statistics */

    TsBuffer *input;
    TsBuffer *logits;
    TsBuffer *grad_logits;
    float *arena;
    gsize planned, unplanned;
};

/* ---- buffers ---- */

static TsBuffer *
buffer_new(TsNet *net, const TsLayout *layout, TsBuffer *storage)
{
    TsBuffer *buffer = g_new0(TsBuffer, 1);
    buffer->layout = ts_layout_copy(layout);
    buffer->bytes = ts_layout_bytes(layout);
    buffer->storage = storage != NULL ? storage : buffer;
    buffer->first = buffer->last = -1;
    g_ptr_array_add(net->buffers, buffer);
    return buffer;
}

static void
buffer_free(gpointer data)
{
    TsBuffer *buffer = data;
    ts_layout_free(buffer->layout);
    g_free(buffer);
}

TsBuffer *
ts_net_buffer(TsNet *net, const TsLayout *layout)
{
    return buffer_new(net, layout, NULL);
}

TsBuffer *
ts_net_plain_buffer(TsNet *net, TsShape shape, GError **error)
{
    const gint64 dims[] = {net->batch, shape.c, shape.h, shape.w};
    g_autoptr(TsLayout) layout = ts_layout_plain(4, dims, error);
    return layout != NULL ? buffer_new(net, layout, NULL) : NULL;
}

TsBuffer *
ts_net_view(TsNet *net, TsBuffer *buffer, const TsLayout *layout)
{
    return buffer_new(net, layout, buffer->storage);
}

static void
use_at(TsBuffer *buffer, int step)
{
    TsBuffer *storage = buffer->storage;
    if (storage->first < 0)
        storage->first = step;
    storage->last = MAX(storage->last, step);
}

void
ts_net_use(TsNet *net, TsBuffer *buffer)
{
    use_at(buffer, (int) net->steps->len - 1);
}

/* ---- parameters ---- */

TsParam *
ts_net_param(TsNet *net, const TsLayer *layer, guint slot)
{
    return &net->params->param[layer->node->param[slot]];
}

static TsBuffer *
fixed_buffer(TsNet *net, const TsParam *param, float *data)
{
    g_autoptr(TsLayout) flat = NULL;
    const gint64 n = (gint64) param->n_stored;
    if (param->layout == NULL)
        flat = ts_layout_plain(1, &n, NULL);
    TsBuffer *buffer = buffer_new(net, param->layout != NULL ? param->layout : flat, NULL);
    buffer->fixed = TRUE;
    buffer->data = data;
    return buffer;
}

TsBuffer *
ts_net_param_data(TsNet *net, const TsLayer *layer, guint slot)
{
    TsBuffer **buffer = &net->data[layer->node->param[slot]];
    const TsParam *param = ts_net_param(net, layer, slot);
    if (*buffer == NULL)
        *buffer = fixed_buffer(net, param, param->data);
    return *buffer;
}

TsBuffer *
ts_net_param_grad(TsNet *net, const TsLayer *layer, guint slot)
{
    TsBuffer **buffer = &net->gradients[layer->node->param[slot]];
    const TsParam *param = ts_net_param(net, layer, slot);
    if (*buffer == NULL)
        *buffer = fixed_buffer(net, param, param->grad);
    return *buffer;
}

gboolean
ts_net_layouts_locked(const TsNet *net)
{
    return net->params->locked;
}

/* ---- steps ---- */

static void
step_free(gpointer data)
{
    TsStep *step = data;
    ts_kernel_free(step->kernel);
    g_free(step);
}

static TsStep *
add_step(TsNet *net, TsLayer *layer, const char *what)
{
    TsStep *step = g_new0(TsStep, 1);
    step->layer = layer;
    step->what = what;
    g_ptr_array_add(net->steps, step);
    return step;
}

TsStep *
ts_net_add_kernel(TsNet *net, TsLayer *layer, TsKernel *kernel, const char *what)
{
    TsStep *step = add_step(net, layer, what);
    step->kernel = kernel;
    return step;
}

TsStep *
ts_net_add_func(TsNet *net, TsLayer *layer, TsStepFunc func, const char *what)
{
    TsStep *step = add_step(net, layer, what);
    step->func = func;
    return step;
}

void
ts_net_bind(TsNet *net, TsStep *step, TsArg arg, TsBuffer *buffer)
{
    step->bound[arg] = buffer;
    ts_net_use(net, buffer);
}

gboolean
ts_net_copy(TsNet *net, TsLayer *layer, TsBuffer *from, TsBuffer *to, GError **error)
{
    TsKernel *kernel = ts_kernel_reorder(from->layout, to->layout, error);
    if (kernel == NULL)
        return FALSE;
    TsStep *step = ts_net_add_kernel(net, layer, kernel, "reorder");
    ts_net_bind(net, step, TS_ARG_SRC, from);
    ts_net_bind(net, step, TS_ARG_DST, to);
    return TRUE;
}

TsBuffer *
ts_net_convert(TsNet *net, TsLayer *layer, TsBuffer *buffer, const TsLayout *layout, GError **error)
{
    if (ts_layout_equal(buffer->layout, layout))
        return buffer;
    TsBuffer *converted = ts_net_buffer(net, layout);
    return ts_net_copy(net, layer, buffer, converted, error) ? converted : NULL;
}

/* ---- the layers ---- */

gboolean
ts_net_is_training(const TsNet *net)
{
    return net->mode == TS_NET_TRAIN;
}

guint64
ts_net_seed(const TsNet *net)
{
    return net->seed;
}

guint64
ts_net_step_key(const TsNet *net)
{
    return net->step_key;
}

TsLayer *
ts_net_input_layer(TsNet *net, const TsLayer *layer, guint input)
{
    return &net->layers[layer->node->input[input]];
}

void
ts_net_contribute(TsNet *net, const TsLayer *layer, guint input, TsBuffer *gradient)
{
    g_ptr_array_add(ts_net_input_layer(net, layer, input)->contributions, gradient);
}

static gboolean
node_learns(const TsNet *net, const TsNode *node)
{
    for (guint slot = 0; slot < G_N_ELEMENTS(node->param); slot++)
        if (node->param[slot] >= 0 && ts_param_is_learned(&net->params->param[node->param[slot]]))
            return TRUE;
    return FALSE;
}

static gboolean
compile_forward(TsNet *net, GError **error)
{
    for (guint i = 0; i < net->n_layers; i++) {
        TsLayer *layer = &net->layers[i];
        layer->needs_grad = node_learns(net, layer->node);
        for (guint k = 0; k < layer->node->n_inputs; k++)
            layer->needs_grad |= net->layers[layer->node->input[k]].needs_grad;
        if (!layer->node->op->forward(net, layer, error))
            return FALSE;
    }
    net->input = net->layers[0].out;
    TsLayer *last = &net->layers[net->n_layers - 1];
    const gint64 dims[] = {net->batch, last->node->shape.c, 1, 1};
    g_autoptr(TsLayout) plain = ts_layout_plain(4, dims, error);
    if (plain == NULL || (net->logits = ts_net_convert(net, last, last->out, plain, error)) == NULL)
        return FALSE;
    net->n_forward = net->steps->len;
    /* The input is written before the first step and the logits are read after the last. */
    use_at(net->input, 0);
    use_at(net->logits, ts_net_is_training(net) ? (int) net->n_forward : G_MAXINT);
    return TRUE;
}

/* Both buffers have the layer's layout; sums in the order of the contributions. */
static gboolean
run_accumulate(TsNet *net, TsLayer *layer, GError **error)
{
    float *sum = layer->grad->storage->data;
    const gsize n = layer->grad->bytes / sizeof(float);
    for (guint k = 1; k < layer->contributions->len; k++) {
        const TsBuffer *other = g_ptr_array_index(layer->contributions, k);
        const float *add = other->storage->data;
#pragma omp parallel for simd
        for (gsize i = 0; i < n; i++)
            sum[i] += add[i];
    }
    return TRUE;
}

/* The gradient of a layer is the sum over the nodes that use it. The sum is written into the memory
 * of the first contribution, unless another step still reads that. */
static gboolean
sum_contributions(TsNet *net, TsLayer *layer, GError **error)
{
    GPtrArray *parts = layer->contributions;
    if (parts->len == 0)
        return TRUE;
    if (parts->len == 1) {
        layer->grad = g_ptr_array_index(parts, 0);
        return TRUE;
    }
    TsBuffer *first = g_ptr_array_index(parts, 0);
    layer->grad = ts_net_buffer(net, first->layout);
    if (!ts_net_copy(net, layer, first, layer->grad, error))
        return FALSE;
    for (guint k = 1; k < parts->len; k++) {
        TsBuffer *part = g_ptr_array_index(parts, k);
        parts->pdata[k] = ts_net_convert(net, layer, part, layer->grad->layout, error);
        if (parts->pdata[k] == NULL)
            return FALSE;
    }
    ts_net_add_func(net, layer, run_accumulate, "sum of gradients");
    ts_net_use(net, layer->grad);
    for (guint k = 1; k < parts->len; k++)
        ts_net_use(net, g_ptr_array_index(parts, k));
    return TRUE;
}

static gboolean
compile_backward(TsNet *net, GError **error)
{
    TsLayer *last = &net->layers[net->n_layers - 1];
    net->grad_logits = ts_net_buffer(net, net->logits->layout);
    use_at(net->grad_logits, (int) net->n_forward);
    g_ptr_array_add(last->contributions, net->grad_logits);
    for (guint i = net->n_layers; i-- > 0;) {
        TsLayer *layer = &net->layers[i];
        if (!layer->needs_grad)
            continue;
        if (!sum_contributions(net, layer, error))
            return FALSE;
        if (layer->grad != NULL && layer->node->op->backward != NULL &&
            !layer->node->op->backward(net, layer, error))
            return FALSE;
    }
    return TRUE;
}

/* ---- memory ---- */

/* Pages come into being when they are written, so a net that is only described costs nothing. */
static float *
map_arena(gsize bytes, GError **error)
{
    void *arena =
        mmap(NULL, MAX(bytes, 1), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (arena != MAP_FAILED)
        return arena;
    g_autofree char *size = g_format_size_full(bytes, G_FORMAT_SIZE_IEC_UNITS);
    ts_error_set(error, TS_ERROR_NO_MEMORY, "no memory for %s of activations", size);
    return NULL;
}

static gboolean
place_buffers(TsNet *net, GError **error)
{
    g_autoptr(GPtrArray) owners = g_ptr_array_new();
    for (guint i = 0; i < net->buffers->len; i++) {
        TsBuffer *buffer = g_ptr_array_index(net->buffers, i);
        TsBuffer *storage = buffer->storage;
        storage->bytes = MAX(storage->bytes, buffer->bytes);
        if (storage == buffer && !buffer->fixed && buffer->first >= 0)
            g_ptr_array_add(owners, buffer);
    }
    g_autofree TsPlanItem *items = g_new0(TsPlanItem, owners->len + 1);
    for (guint i = 0; i < owners->len; i++) {
        const TsBuffer *buffer = g_ptr_array_index(owners, i);
        items[i] = (TsPlanItem){buffer->bytes, buffer->first, buffer->last, 0};
        net->unplanned += buffer->bytes;
    }
    net->planned = ts_plan_memory(items, owners->len);
    net->arena = map_arena(net->planned, error);
    if (net->arena == NULL) {
        g_prefix_error(error, "%u samples in a batch, fewer need less memory: ", net->batch);
        return FALSE;
    }
    for (guint i = 0; i < owners->len; i++) {
        TsBuffer *buffer = g_ptr_array_index(owners, i);
        buffer->offset = items[i].offset;
        buffer->data = net->arena + items[i].offset / sizeof(float);
    }
    return TRUE;
}

static void
bind_kernels(TsNet *net)
{
    for (guint i = 0; i < net->steps->len; i++) {
        TsStep *step = g_ptr_array_index(net->steps, i);
        for (int arg = 0; arg < TS_N_ARGS; arg++)
            if (step->bound[arg] != NULL)
                ts_kernel_bind(step->kernel, (TsArg) arg, step->bound[arg]->storage->data);
    }
}

/* ---- the public part ---- */

TsNet *
ts_net_new(const TsGraph *graph, TsParams *params, guint batch, TsNetMode mode, GError **error)
{
    g_autoptr(TsNet) net = g_new0(TsNet, 1);
    net->graph = graph;
    net->params = params;
    net->batch = batch;
    net->mode = mode;
    net->n_layers = graph->nodes->len;
    net->layers = g_new0(TsLayer, net->n_layers);
    net->steps = g_ptr_array_new_with_free_func(step_free);
    net->buffers = g_ptr_array_new_with_free_func(buffer_free);
    net->data = g_new0(TsBuffer *, params->n + 1);
    net->gradients = g_new0(TsBuffer *, params->n + 1);
    for (guint i = 0; i < net->n_layers; i++) {
        net->layers[i].node = ts_graph_node(graph, i);
        net->layers[i].contributions = g_ptr_array_new();
        for (guint k = 0; k < net->layers[i].node->n_inputs; k++)
            net->layers[net->layers[i].node->input[k]].n_users++;
    }
    if (!compile_forward(net, error) || (mode == TS_NET_TRAIN && !compile_backward(net, error)) ||
        !place_buffers(net, error))
        return NULL;
    bind_kernels(net);
    params->locked = TRUE;
    return g_steal_pointer(&net);
}

void
ts_net_free(TsNet *net)
{
    if (net == NULL)
        return;
    for (guint i = 0; i < net->n_layers; i++)
        g_ptr_array_unref(net->layers[i].contributions);
    g_free(net->layers);
    g_ptr_array_unref(net->steps);
    g_ptr_array_unref(net->buffers);
    g_free(net->data);
    g_free(net->gradients);
    if (net->arena != NULL)
        munmap(net->arena, MAX(net->planned, 1));
    g_free(net);
}

void
ts_net_set_seed(TsNet *net, guint64 seed)
{
    net->seed = seed;
}

guint
ts_net_batch(const TsNet *net)
{
    return net->batch;
}

float *
ts_net_input(TsNet *net)
{
    return net->input->storage->data;
}

const float *
ts_net_logits(const TsNet *net)
{
    return net->logits->storage->data;
}

float *
ts_net_grad_logits(TsNet *net)
{
    return net->grad_logits->storage->data;
}

static gboolean
run_steps(TsNet *net, guint from, guint to, GError **error)
{
    for (guint i = from; i < to; i++) {
        TsStep *step = g_ptr_array_index(net->steps, i);
        gboolean done = step->kernel != NULL ? ts_kernel_run(step->kernel, error)
                                             : step->func(net, step->layer, error);
        if (!done) {
            g_prefix_error(error, "%s: ", step->layer->node->name);
            return FALSE;
        }
    }
    return TRUE;
}

gboolean
ts_net_forward(TsNet *net, guint64 step, GError **error)
{
    net->step_key = step;
    return run_steps(net, 0, net->n_forward, error);
}

gboolean
ts_net_backward(TsNet *net, GError **error)
{
    g_assert(ts_net_is_training(net));
    return run_steps(net, net->n_forward, net->steps->len, error);
}

gsize
ts_net_planned_bytes(const TsNet *net)
{
    return net->planned;
}

gsize
ts_net_unplanned_bytes(const TsNet *net)
{
    return net->unplanned;
}

char *
ts_net_describe(const TsNet *net)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < net->steps->len; i++) {
        const TsStep *step = g_ptr_array_index(net->steps, i);
        g_string_append_printf(
            text, "%s\t%s\t%s\t%s\n", i < net->n_forward ? "forward" : "backward",
            step->layer->node->name, step->what,
            step->kernel != NULL ? ts_kernel_implementation(step->kernel) : "tessera");
    }
    return g_string_free(text, FALSE);
}

/* Compilation of a graph into a program of steps, its memory, and running it. */
#include "nn/net.h"

#include "base/error.h"
#include "nn/freeze.h"
#include "nn/ops/op.h"
#include "nn/plan.h"
#include "nn/private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* The output of `layer` in a plain buffer of its own, which lasts. */
static TsBuffer *
keep_output(TsNet *net, TsLayer *layer, GError **error)
{
    g_autoptr(TsLayout) plain = ts_net_plain_layout(net, layer->node->shape, error);
    if (plain == NULL)
        return NULL;
    TsBuffer *copy = ts_net_buffer(net, plain);
    return ts_net_copy(net, layer, layer->out, copy, error) ? copy : NULL;
}

static gboolean
compile_layer_forward(TsNet *net, TsLayer *layer, GError **error)
{
    if (layer == &net->layers[net->first])
        layer->out = net->input = ts_net_plain_buffer(net, layer->node->shape, error);
    else if (layer->host != NULL)
        layer->out = layer->host->out;
    else
        return layer->node->op->forward(net, layer, error);
    return layer->out != NULL;
}

static gboolean
compile_forward(TsNet *net, GError **error)
{
    for (guint i = net->first; i < net->n_layers; i++) {
        TsLayer *layer = &net->layers[i];
        layer->needs_grad = ts_net_layer_learns(net, layer);
        for (guint k = 0; k < layer->node->n_inputs; k++)
            layer->needs_grad |= net->layers[layer->node->input[k]].needs_grad;
        if (net->folded != NULL && !ts_folded_fill(net->folded, i, error))
            return FALSE;
        if (!compile_layer_forward(net, layer, error))
            return FALSE;
        if (layer == net->kept_layer && (net->kept = keep_output(net, layer, error)) == NULL)
            return FALSE;
        layer->out_complete = net->steps->len;
    }
    TsLayer *last = &net->layers[net->n_layers - 1];
    g_autoptr(TsLayout) plain = ts_net_plain_layout(net, last->node->shape, error);
    if (plain == NULL || (net->logits = ts_net_convert(net, last, last->out, plain, error)) == NULL)
        return FALSE;
    net->n_forward = net->steps->len;
    /* The input is written before the first step, and the logits are read after the last, that of
     * the backward pass too: callbacks do. */
    ts_buffer_use_at(net->input, 0);
    ts_buffer_use_at(net->logits, G_MAXINT);
    if (net->kept != NULL)
        ts_buffer_use_at(net->kept, G_MAXINT);
    return TRUE;
}

/* sum = first + second + ...; all have the layer's layout. */
static gboolean
run_accumulate(TsNet *net, TsLayer *layer, GError **error)
{
    float *sum = layer->grad->storage->data;
    const gsize n = layer->grad->bytes / sizeof(float);
    const TsBuffer *first = g_ptr_array_index(layer->contributions, 0);
    const float *left = first->storage->data;
    for (guint k = 1; k < layer->contributions->len; k++) {
        const TsBuffer *other = g_ptr_array_index(layer->contributions, k);
        const float *right = other->storage->data;
#pragma omp parallel for simd
        for (gsize i = 0; i < n; i++)
            sum[i] = left[i] + right[i];
        left = sum;
    }
    return TRUE;
}

/* The gradient of a layer is the sum over the nodes that use it, in their order. The sum is written
 * into the memory of the first contribution, unless the gradient of another node is to be read from
 * that: an addition gives both its inputs one gradient. */
static gboolean
sum_contributions(TsNet *net, TsLayer *layer, GError **error)
{
    GPtrArray *parts = layer->contributions;
    for (guint k = 0; k < parts->len; k++)
        ((TsBuffer *) g_ptr_array_index(parts, k))->storage->n_pending--;
    if (parts->len < 2) {
        layer->grad = parts->len == 1 ? g_ptr_array_index(parts, 0) : NULL;
        return TRUE;
    }
    TsBuffer *first = g_ptr_array_index(parts, 0);
    gboolean first_is_free = first->storage->n_pending == 0;
    for (guint k = 1; k < parts->len; k++) {
        TsBuffer *part = g_ptr_array_index(parts, k);
        first_is_free = first_is_free && part->storage != first->storage;
        parts->pdata[k] = ts_net_convert(net, layer, part, first->layout, error);
        if (parts->pdata[k] == NULL)
            return FALSE;
    }
    layer->grad = first_is_free ? first : ts_net_buffer(net, first->layout);
    ts_net_add_func(net, layer, run_accumulate, "sum of gradients");
    ts_net_use(net, layer->grad);
    for (guint k = 0; k < parts->len; k++)
        ts_net_use(net, g_ptr_array_index(parts, k));
    return TRUE;
}

/* The gradient of a layer, then what its operation does with it. */
static gboolean
compile_layer_backward(TsNet *net, TsLayer *layer, GError **error)
{
    if (!sum_contributions(net, layer, error))
        return FALSE;
    layer->grad_complete = net->steps->len;
    if (layer->grad == NULL || layer->node->op->backward == NULL)
        return TRUE;
    if (layer->host == NULL)
        return layer->node->op->backward(net, layer, error);
    ts_net_contribute(net, layer, 0, layer->grad);
    return TRUE;
}

static gboolean
compile_backward(TsNet *net, GError **error)
{
    TsLayer *last = &net->layers[net->n_layers - 1];
    net->grad_logits = ts_net_buffer(net, net->logits->layout);
    ts_buffer_use_at(net->grad_logits, (int) net->n_forward);
    g_ptr_array_add(last->contributions, net->grad_logits);
    net->grad_logits->n_pending++;
    for (guint i = net->n_layers; i-- > net->first;) {
        TsLayer *layer = &net->layers[i];
        if (layer->needs_grad && !compile_layer_backward(net, layer, error))
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
    if (arena != MAP_FAILED) {
        ts_advise_huge_pages(arena, bytes);
        return arena;
    }
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
            if (step->kernel != NULL && step->bound[arg] != NULL)
                ts_kernel_bind(step->kernel, (TsArg) arg, step->bound[arg]->storage->data);
    }
}

/* ---- the public part ---- */

static TsNet *
net_new(const TsGraph *graph, TsParams *params, guint batch, TsNetMode mode, guint first, int kept,
        GError **error)
{
    g_autoptr(TsNet) net = g_new0(TsNet, 1);
    if (mode == TS_NET_FROZEN) {
        net->folded = ts_fold_outline(graph, params, kept, error);
        if (net->folded == NULL)
            return NULL;
        kept = kept >= 0 ? net->folded->node[kept] : -1;
        graph = net->folded->graph;
        params = net->folded->params;
    }
    if (mode == TS_NET_TRAIN && !ts_params_add_gradients(params, error))
        return NULL;
    net->graph = graph;
    net->params = params;
    net->batch = batch;
    net->mode = mode;
    net->first = first;
    net->n_layers = graph->nodes->len;
    net->layers = g_new0(TsLayer, net->n_layers);
    net->steps = g_ptr_array_new_with_free_func(ts_step_free);
    net->buffers = g_ptr_array_new_with_free_func(ts_buffer_free);
    net->owned = g_ptr_array_new_with_free_func(free);
    net->data = g_new0(TsBuffer *, params->n + 1);
    net->gradients = g_new0(TsBuffer *, params->n + 1);
    for (guint i = 0; i < net->n_layers; i++) {
        net->layers[i].node = ts_graph_node(graph, i);
        net->layers[i].contributions = g_ptr_array_new();
        for (guint k = 0; k < net->layers[i].node->n_inputs; k++)
            net->layers[net->layers[i].node->input[k]].n_users++;
    }
    if (kept >= 0) {
        net->kept_layer = &net->layers[kept];
        net->kept_layer->n_users++; /* its reader */
    }
    net->cut = mode == TS_NET_TRAIN ? ts_graph_find_cut(graph, params) : 0;
    ts_net_fuse(net);
    if (!compile_forward(net, error) || (mode == TS_NET_TRAIN && !compile_backward(net, error)) ||
        !place_buffers(net, error))
        return NULL;
    bind_kernels(net);
    params->locked = TRUE;
    return g_steal_pointer(&net);
}

TsNet *
ts_net_new(const TsGraph *graph, TsParams *params, guint batch, TsNetMode mode, GError **error)
{
    return net_new(graph, params, batch, mode, 0, -1, error);
}

TsNet *
ts_net_new_above(const TsGraph *graph, TsParams *params, guint batch, TsNetMode mode, guint first,
                 GError **error)
{
    g_assert(mode != TS_NET_FROZEN);
    return net_new(graph, params, batch, mode, first, -1, error);
}

TsNet *
ts_net_new_keeping(const TsGraph *graph, TsParams *params, guint batch, guint kept, GError **error)
{
    return net_new(graph, params, batch, TS_NET_FROZEN, 0, (int) kept, error);
}

void
ts_net_free(TsNet *net)
{
    if (net == NULL)
        return;
    for (guint i = 0; i < net->n_layers; i++)
        g_ptr_array_unref(net->layers[i].contributions);
    g_free(net->layers);
    g_clear_pointer(&net->steps, g_ptr_array_unref);
    g_clear_pointer(&net->buffers, g_ptr_array_unref);
    g_clear_pointer(&net->owned, g_ptr_array_unref);
    ts_folded_free(net->folded);
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

const float *
ts_net_kept(const TsNet *net)
{
    return net->kept->storage->data;
}

float *
ts_net_grad_logits(TsNet *net)
{
    return net->grad_logits->storage->data;
}

gboolean
ts_net_run_steps(TsNet *net, guint from, guint to, GError **error)
{
    for (guint i = from; i < to; i++) {
        TsStep *step = g_ptr_array_index(net->steps, i);
        net->running = step;
        ts_profile_layer_begin(net->profile);
        gboolean done = step->kernel != NULL ? ts_kernel_run(step->kernel, error)
                                             : step->func(net, step->layer, error);
        ts_profile_layer_end(net->profile, (guint) (step->layer - net->layers),
                             i >= net->n_forward);
        if (!done) {
            g_prefix_error(error, "%s: ", step->layer->node->name);
            return FALSE;
        }
    }
    return TRUE;
}

/* A layer's backward pass is a product for its weights and one for what stands below. */
static void
count_products(TsNet *net, gboolean backward)
{
    for (guint i = net->first; net->profile != NULL && i < net->n_layers; i++) {
        const TsLayer *layer = &net->layers[i];
        guint products = backward ? ts_net_layer_learns(net, layer) : 1;
        for (guint k = 0; backward && k < layer->node->n_inputs; k++)
            products += net->layers[layer->node->input[k]].needs_grad;
        if (!backward || layer->needs_grad)
            ts_profile_add_products(net->profile, i, backward, products * net->batch);
    }
}

void
ts_net_set_profile(TsNet *net, TsProfile *profile)
{
    net->profile = profile;
}

gboolean
ts_net_forward(TsNet *net, guint64 step, GError **error)
{
    net->step_key = step;
    count_products(net, FALSE);
    return ts_net_run_steps(net, 0, net->n_forward, error);
}

gboolean
ts_net_backward(TsNet *net, GError **error)
{
    g_assert(ts_net_is_training(net));
    count_products(net, TRUE);
    return ts_net_run_steps(net, net->n_forward, net->steps->len, error);
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

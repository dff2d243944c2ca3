/* Trains a model for a few steps on given batches, for comparison with PyTorch.
 *
 *     nn-peer ARCHITECTURE OPTIMIZER LR WEIGHT_DECAY IN OUT [PRECISION]
 *
 * IN is a safetensors file: the model's tensors under their names, images (steps, N, C, H, W) and
 * labels (steps, N) as floats. OUT gets logits.STEP (N, classes) and loss.STEP, of the first step
 * the gradients as grad.NAME, and at the end the model's tensors.
 */
#include "base/error.h"
#include "base/number.h"
#include "base/threads.h"
#include "nn/loss.h"
#include "nn/models/models.h"
#include "nn/net.h"
#include "nn/optimizer.h"
#include "store/safetensors.h"

#include <stdio.h>
#include <string.h>

enum { CLASSES = 4 };

typedef struct {
    guint steps, n;
    int channels, height, width;
    float *images;
    gint32 *labels;
} Batches;

static gboolean
read_batches(const char *path, Batches *batches, GError **error)
{
    g_autoptr(TsSafetensors) file = ts_safetensors_read(path, error);
    if (file == NULL)
        return FALSE;
    const TsTensor *images = ts_safetensors_find(file, "images");
    const TsTensor *labels = ts_safetensors_find(file, "labels");
    gsize n_labels = ts_tensor_n(labels);
    batches->steps = (guint) images->shape[0];
    batches->n = (guint) images->shape[1];
    batches->channels = (int) images->shape[2];
    batches->height = (int) images->shape[3];
    batches->width = (int) images->shape[4];
    batches->images = g_new(float, ts_tensor_n(images));
    batches->labels = g_new(gint32, n_labels);
    g_autofree float *numbers = g_new(float, n_labels);
    if (!ts_tensor_to_f32(images, batches->images, error) ||
        !ts_tensor_to_f32(labels, numbers, error))
        return FALSE;
    for (gsize i = 0; i < n_labels; i++)
        batches->labels[i] = (gint32) numbers[i];
    return TRUE;
}

static void
keep_logits(TsState *state, guint step, const TsNet *net, guint n, double loss)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *key = g_strdup_printf("logits.%u", step);
    g_autofree char *loss_key = g_strdup_printf("loss.%u", step);
    for (guint i = 0; i < n * CLASSES; i++) {
        char number[TS_NUMBER_MAX];
        g_string_append_printf(text, "%s ", ts_format_float(number, ts_net_logits(net)[i]));
    }
    ts_state_set(state, key, text->str);
    ts_state_set_double(state, loss_key, loss);
}

static gboolean
keep_gradients(TsState *state, const TsParams *params, GError **error)
{
    for (guint i = 0; i < params->n; i++)
        if (ts_param_is_learned(&params->param[i]) &&
            !ts_state_add_param(state, "grad.", &params->param[i], params->param[i].grad, error))
            return FALSE;
    return TRUE;
}

static gboolean
run_step(TsNet *net, const Batches *batches, guint step, TsState *state, GError **error)
{
    const gsize n_images =
        (gsize) batches->n * batches->channels * batches->height * batches->width;
    TsLossSums sums = {0};
    memcpy(ts_net_input(net), batches->images + step * n_images, n_images * sizeof(float));
    if (!ts_net_forward(net, step, error))
        return FALSE;
    ts_loss_compute(NULL, ts_net_logits(net), batches->labels + step * batches->n, NULL, batches->n,
                    CLASSES, batches->n, ts_net_grad_logits(net), &sums);
    keep_logits(state, step, net, batches->n, ts_loss_mean(&sums));
    return ts_net_backward(net, error);
}

static gboolean
run(char **args, GError **error)
{
    Batches batches;
    TsOptimizerOptions options;
    double rate, decay;
    if (!read_batches(args[4], &batches, error) || !ts_optimizer_parse(args[1], &options, error) ||
        !ts_parse_double(args[2], 0, 10, "lr", &rate, error) ||
        !ts_parse_double(args[3], 0, 10, "decay", &decay, error))
        return FALSE;
    g_autoptr(TsGraph) graph = ts_model_graph_new(args[0], batches.channels, batches.height,
                                                  batches.width, CLASSES, error);
    g_autoptr(TsParams) params = graph != NULL ? ts_params_new(graph, error) : NULL;
    g_autoptr(TsState) in = params != NULL ? ts_state_read(args[4], error) : NULL;
    if (in == NULL || !ts_state_get_params(in, "", params, error))
        return FALSE;
    if (args[6] != NULL && !ts_precision_parse(args[6], &params->precision, error))
        return FALSE;
    options.weight_decay = decay;
    g_autoptr(TsNet) net = ts_net_new(graph, params, batches.n, TS_NET_TRAIN, error);
    g_autoptr(TsOptimizer) optimizer =
        net != NULL ? ts_optimizer_new(&options, params, error) : NULL;
    g_autoptr(TsState) out = ts_state_new();
    for (guint step = 0; optimizer != NULL && step < batches.steps; step++) {
        if (!run_step(net, &batches, step, out, error) ||
            (step == 0 && !keep_gradients(out, params, error)))
            return FALSE;
        ts_optimizer_step(optimizer, rate);
    }
    g_free(batches.images);
    g_free(batches.labels);
    return optimizer != NULL && ts_state_add_params(out, "", params, error) &&
           ts_state_write(out, args[5], error);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    if (argc != 7 && argc != 8) {
        fprintf(stderr,
                "usage: nn-peer ARCHITECTURE OPTIMIZER LR WEIGHT_DECAY IN OUT [PRECISION]\n");
        return 2;
    }
    ts_threads_prepare_environment(argv);
    ts_threads_set(0);
    if (run(argv + 1, &error))
        return 0;
    fprintf(stderr, "nn-peer: %s\n", error->message);
    return 1;
}

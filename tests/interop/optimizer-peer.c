/* Takes an optimizer through given gradients, for comparison with PyTorch.
 *
 *     optimizer-peer OPTIMIZER WEIGHT_DECAY CLIP IN OUT
 *
 * The model is one linear layer. IN is a safetensors file: fc.weight (classes, inputs), fc.bias
 * (classes), their gradients step by step, steps.weight (steps, classes, inputs) and steps.bias
 * (steps, classes), and the learning rates (steps). CLIP is KIND:LIMIT or none. OUT gets the layer
 * as it is after the last step.
 */
#include "base/error.h"
#include "base/number.h"
#include "base/threads.h"
#include "nn/clip.h"
#include "nn/graph.h"
#include "nn/optimizer.h"
#include "store/safetensors.h"

#include <stdio.h>
#include <string.h>

/* The numbers of a tensor; g_free(). */
static float *
read_numbers(const TsSafetensors *file, const char *name, GError **error)
{
    const TsTensor *tensor = ts_safetensors_find(file, name);
    if (tensor == NULL) {
        ts_error_set(error, TS_ERROR_FORMAT, "there is no %s", name);
        return NULL;
    }
    g_autofree float *numbers = g_new(float, ts_tensor_n(tensor));
    return ts_tensor_to_f32(tensor, numbers, error) ? g_steal_pointer(&numbers) : NULL;
}

static gboolean
run_steps(const TsSafetensors *file, const TsClip *clip, TsParams *params, TsOptimizer *optimizer,
          GError **error)
{
    g_autofree float *weights = read_numbers(file, "steps.weight", error);
    g_autofree float *biases = weights != NULL ? read_numbers(file, "steps.bias", error) : NULL;
    g_autofree float *rates = biases != NULL ? read_numbers(file, "rates", error) : NULL;
    if (rates == NULL)
        return FALSE;
    const gsize n_steps = ts_tensor_n(ts_safetensors_find(file, "rates"));
    for (gsize step = 0; step < n_steps; step++) {
        double norm;
        for (guint i = 0; i < params->n; i++) {
            const TsParam *param = &params->param[i];
            const float *grads = param->spec->rank > 1 ? weights : biases;
            memcpy(param->grad, grads + step * param->n, param->n * sizeof(float));
        }
        if (clip->kind != TS_CLIP_NONE && !ts_clip_gradients(clip, params, &norm, error))
            return FALSE;
        ts_optimizer_step(optimizer, (double) rates[step]);
    }
    return TRUE;
}

static gboolean
run(char **args, GError **error)
{
    TsOptimizerOptions options;
    TsClip clip = {TS_CLIP_NONE, 0};
    g_autoptr(TsSafetensors) file = ts_safetensors_read(args[3], error);
    if (file == NULL || !ts_optimizer_parse(args[0], &options, error) ||
        !ts_parse_double(args[1], 0, 10, "decay", &options.weight_decay, error) ||
        (strcmp(args[2], "none") != 0 && !ts_clip_parse(args[2], &clip, error)))
        return FALSE;
    const TsTensor *weight = ts_safetensors_find(file, "fc.weight");
    g_autoptr(TsGraph) graph = ts_graph_new();
    ts_graph_linear(graph, "fc", ts_graph_input(graph, (int) weight->shape[1], 1, 1),
                    (int) weight->shape[0]);
    g_autoptr(TsState) in = ts_graph_finish(graph, error) ? ts_state_read(args[3], error) : NULL;
    g_autoptr(TsParams) params = in != NULL ? ts_params_new(graph, error) : NULL;
    if (params == NULL || !ts_state_get_params(in, "", params, error))
        return FALSE;
    g_autoptr(TsOptimizer) optimizer = ts_optimizer_new(&options, params, error);
    g_autoptr(TsState) out = ts_state_new();
    return optimizer != NULL && run_steps(file, &clip, params, optimizer, error) &&
           ts_state_add_params(out, "", params, error) && ts_state_write(out, args[4], error);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    if (argc != 6) {
        fprintf(stderr, "usage: optimizer-peer OPTIMIZER WEIGHT_DECAY CLIP IN OUT\n");
        return 2;
    }
    ts_threads_set(0);
    if (run(argv + 1, &error))
        return 0;
    fprintf(stderr, "optimizer-peer: %s\n", error->message);
    return 1;
}

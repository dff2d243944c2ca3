/* Reads an ONNX file, runs it on a batch, and writes it again.
 *
 *     onnx-peer MODEL.onnx IMAGES.npy LOGITS.npy [OUT.onnx]
 *
 * IMAGES is f32 (N, C, H, W), LOGITS gets (N, classes). The layers go to standard output, a line
 * each: name, operation, and its parameters.
 */
#include "base/threads.h"
#include "nn/net.h"
#include "nn/onnx/onnx.h"
#include "store/npy.h"

#include <stdio.h>
#include <string.h>

static void
list_layers(const TsGraph *graph)
{
    for (guint i = 0; i < graph->nodes->len; i++) {
        const TsNode *node = ts_graph_node(graph, i);
        printf("%s %s", node->name, ts_node_operation(node));
        for (guint p = 0; p < G_N_ELEMENTS(node->param) && node->param[p] >= 0; p++)
            printf(" %s", ts_graph_param(graph, (guint) node->param[p])->name);
        printf("\n");
    }
}

static gboolean
run_batch(const TsGraph *graph, TsParams *params, const char *images_path, const char *logits_path,
          GError **error)
{
    g_autoptr(TsNpy) images = ts_npy_read(images_path, error);
    if (images == NULL)
        return FALSE;
    const TsTensor *in = ts_npy_get(images);
    g_autoptr(TsNet) net = ts_net_new(graph, params, (guint) in->shape[0], TS_NET_INFER, error);
    if (net == NULL || !ts_tensor_to_f32(in, ts_net_input(net), error) ||
        !ts_net_forward(net, 0, error))
        return FALSE;
    TsTensor out = {.name = "logits", .dtype = TS_DTYPE_F32, .rank = 2, .data = ts_net_logits(net)};
    out.shape[0] = in->shape[0];
    out.shape[1] = ts_graph_node(graph, graph->nodes->len - 1)->shape.c;
    out.n_bytes = (gsize) (out.shape[0] * out.shape[1]) * sizeof(float);
    return ts_npy_write(logits_path, &out, TRUE, error);
}

static gboolean
run(int argc, char **argv, GError **error)
{
    g_autoptr(TsOnnx) onnx = ts_onnx_read(argv[1], error);
    g_autoptr(TsGraph) graph = NULL;
    g_autoptr(TsParams) params = NULL;
    if (onnx == NULL || !ts_onnx_import(onnx, argv[1], &graph, &params, error))
        return FALSE;
    list_layers(graph);
    return (argc < 5 || ts_onnx_export(graph, params, NULL, argv[4], TRUE, error)) &&
           run_batch(graph, params, argv[2], argv[3], error);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    ts_threads_set(0);
    if (argc < 4 || !run(argc, argv, &error)) {
        fprintf(stderr, "onnx-peer: %s\n", error != NULL ? error->message : "wrong usage");
        return 1;
    }
    return 0;
}

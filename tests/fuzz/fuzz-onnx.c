/* Any bytes as an ONNX file: an error, or tensors that can be read whole; and if it is a network,
 * its graph and numbers. */
#include "nn/onnx/onnx.h"

int LLVMFuzzerTestOneInput(const guint8 *input, gsize n);

enum { MAX_NUMBERS = 1 << 16 };

int
LLVMFuzzerTestOneInput(const guint8 *input, gsize n)
{
    static float numbers[MAX_NUMBERS];
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = g_bytes_new(input, n);
    g_autoptr(TsOnnx) onnx = ts_onnx_parse(bytes, "input", NULL, &error);
    g_assert((onnx == NULL) == (error != NULL));
    if (onnx == NULL)
        return 0;
    for (guint i = 0; i < onnx->n_tensors; i++)
        if (ts_tensor_n(&onnx->tensors[i]) <= MAX_NUMBERS)
            g_assert(ts_tensor_to_f32(&onnx->tensors[i], numbers, NULL));
    g_autoptr(TsGraph) graph = NULL;
    g_autoptr(TsParams) params = NULL;
    gboolean imported = ts_onnx_import(onnx, "input", &graph, &params, &error);
    g_assert(imported == (error == NULL) && imported == (graph != NULL && params != NULL));
    g_clear_pointer(&params, ts_params_free);
    return 0;
}

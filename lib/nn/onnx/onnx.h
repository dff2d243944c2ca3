/* Networks from ONNX files, and into them.
 *
 * Read are the classifiers that PyTorch's exporters and most others write: one picture in, one row
 * of logits out, built of the operations that import_layers.c lists. What comes out is a graph that
 * can be trained, with the names of the layers kept: from the names of the weights where they were
 * kept, else from those of the nodes. Convolutions into which batch norms were folded stay so.
 *
 *     g_autoptr(TsOnnx) onnx = ts_onnx_read("resnet18.onnx", error);
 *     g_autoptr(TsGraph) graph = NULL;
 *     g_autoptr(TsParams) params = NULL;
 *     if (onnx == NULL || !ts_onnx_import(onnx, "resnet18.onnx", &graph, &params, error))
 *         return FALSE;
 */
#pragma once

#include "nn/model.h"
#include "store/onnx.h"

G_BEGIN_DECLS

/* Build the network of `onnx` and fill in its numbers. `name` begins messages. The caller frees
 * both results, the parameters first. TS_ERROR_FORMAT names the node that cannot be had. */
gboolean ts_onnx_import(const TsOnnx *onnx, const char *name, TsGraph **graph, TsParams **params,
                        GError **error);

/* The same as a model that is complete: its architecture is the network as text (tessera-arch(5)),
 * so that nothing of the ONNX file is needed any more. `classes` are the names of its outputs,
 * NULL: "0", "1", ...; size and channels of `how` have to be the file's. TS_ERROR_FORMAT,
 * TS_ERROR_ARGUMENT. */
TsModel *ts_onnx_model_new(const TsOnnx *onnx, const char *name, const char *const *classes,
                           const TsPreprocess *how, GError **error);

/* Write `graph` with the numbers of `params` as ONNX (version 17 of its operations): input "input"
 * (N, C, H, W), output "logits" (N, classes), N free. Nodes and weights keep their names; dropout
 * and stochastic depth, which do nothing in use, are left out. `metadata`: key, value, ..., NULL;
 * may be NULL. */
gboolean ts_onnx_export(const TsGraph *graph, const TsParams *params, const char **metadata,
                        const char *path, gboolean replace, GError **error);

G_END_DECLS

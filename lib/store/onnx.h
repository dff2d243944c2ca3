/* ONNX files: a network as nodes over named values, and its numbers.
 *
 * What is here is the format alone: what a node means is for lib/nn/onnx. Everything that is
 * checked by itself is checked when a file is read: names, shapes against the bytes that there are,
 * and that numbers kept in other files ("external data") lie in the model's own folder.
 *
 *     g_autoptr(TsOnnx) onnx = ts_onnx_read("resnet18.onnx", error);
 *     for (guint i = 0; onnx != NULL && i < onnx->n_nodes; i++)
 *         g_print("%s\n", onnx->nodes[i].op);
 *
 * The same structures describe a file to be written; the writer fills in the arrays, from memory
 * of its own, and calls ts_onnx_write().
 */
#pragma once

#include "store/tensor.h"

G_BEGIN_DECLS

typedef enum {
    TS_ONNX_FLOAT = 1, /* f; the numbers are the format's */
    TS_ONNX_INT = 2,   /* i */
    TS_ONNX_TEXT = 3,  /* text */
    TS_ONNX_TENSOR = 4,
    TS_ONNX_FLOATS = 6,
    TS_ONNX_INTS = 7,
} TsOnnxKind;

typedef struct {
    const char *name;
    int kind; /* TsOnnxKind; others, such as graphs, are kept as their number without a value */
    float f;
    gint64 i;
    const char *text;
    guint n; /* of ints or floats */
    const gint64 *ints;
    const float *floats;
    const TsTensor *tensor;
} TsOnnxAttribute;

typedef struct {
    const char *name;   /* "" if it has none */
    const char *op;     /* "Conv" */
    const char *domain; /* "": ONNX's own operations */
    guint n_inputs, n_outputs, n_attributes;
    const char *const *inputs; /* names of values; "": left out */
    const char *const *outputs;
    const TsOnnxAttribute *attributes;
} TsOnnxNode;

/* An input or output of the network. */
typedef struct {
    const char *name;
    guint rank;
    gint64 shape[TS_TENSOR_MAX_RANK]; /* -1: not fixed, such as the batch */
} TsOnnxValue;

typedef struct {
    gint64 opset;          /* version of ONNX's own operations */
    const char *producer;  /* "pytorch 2.13.0"; "" if it does not say */
    const char **metadata; /* key, value, ..., NULL */
    guint n_nodes, n_tensors, n_inputs, n_outputs;
    TsOnnxNode *nodes;   /* in an order in which they can be computed */
    TsTensor *tensors;   /* the initializers: weights and other constants */
    TsOnnxValue *inputs; /* those that are no initializers */
    TsOnnxValue *outputs;
    gpointer memory; /* of what was read: private */
} TsOnnx;

/* Read `path`, with external data from its folder. TS_ERROR_IO, TS_ERROR_FORMAT. */
TsOnnx *ts_onnx_read(const char *path, GError **error);

/* The same of bytes in memory, which are not needed afterwards; `name` begins messages. `folder`
 * holds external data; NULL: a file that wants some is refused. */
TsOnnx *ts_onnx_parse(GBytes *bytes, const char *name, const char *folder, GError **error);

/* Whether a file of these bytes may be ONNX: its first fields look like a model's. */
gboolean ts_onnx_looks_like(GBytes *bytes);

/* For what was read. NULL is allowed. */
void ts_onnx_free(TsOnnx *onnx);

/* Write `onnx` as a file of IR version 8, numbers inside; at most 2 GB, which is protobuf's limit.
 * The same bytes for the same content. */
gboolean ts_onnx_write(const TsOnnx *onnx, const char *path, gboolean replace, GError **error);

/* The attribute of that name; NULL if there is none. Borrowed. */
const TsOnnxAttribute *ts_onnx_attribute(const TsOnnxNode *node, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsOnnx, ts_onnx_free)

G_END_DECLS

/* What the files of the ONNX importer share: the values of the file and what became of them. */
#pragma once

#include "nn/onnx/onnx.h"

G_BEGIN_DECLS

/* Half of an activation that ONNX writes as x * gate(x). */
typedef enum { TS_GATE_NONE, TS_GATE_SIGMOID, TS_GATE_HARD_SIGMOID } TsOnnxGate;

/* A value of the file: either a constant, or the output of a node of the graph. */
typedef struct {
    const TsTensor *constant; /* NULL: a node's */
    guint node;
    gboolean flat; /* two dimensions, not four */
    gint64 pad[4]; /* zeros that a Pad put around it: top, left, bottom, right */
    TsOnnxGate gate;
    gint64 bias; /* of a MatMul whose bias has not come: 1 + its number in `fills`; else 0 */
} TsOnnxResult;

/* A parameter of the graph and where its numbers are. */
typedef struct {
    char *param;
    const TsTensor *tensor; /* NULL: zeros */
    gboolean transpose;
    gboolean settled; /* the layer's output is used: no bias can come any more */
} TsOnnxFill;

typedef struct {
    const TsOnnx *onnx;
    const char *name; /* of the file, for messages */
    TsGraph *graph;
    GHashTable *results; /* name of a value -> TsOnnxResult */
    GHashTable *layers;  /* names of layers that are taken */
    GArray *fills;       /* of TsOnnxFill */
    GPtrArray *blocks;   /* constants made here; g_free() */
} TsOnnxImport;

/* One operation: from the node's inputs to its outputs. */
typedef gboolean (*TsOnnxRule)(TsOnnxImport *self, const TsOnnxNode *node, GError **error);

typedef struct {
    const char *op;
    TsOnnxRule rule;
} TsOnnxEntry;

/* The rule of `op` among `n`; NULL if there is none. */
TsOnnxRule ts_onnx_find_rule(const TsOnnxEntry *rules, gsize n, const char *op);

/* The rule of a layer, of a layer with windows, or of a computation with constants alone. */
TsOnnxRule ts_onnx_layer_rule(const char *op);
TsOnnxRule ts_onnx_window_rule(const char *op);
TsOnnxRule ts_onnx_constant_rule(const char *op);

/* Set an error that names the node. Always FALSE. */
gboolean ts_onnx_refuse(const TsOnnxImport *self, const TsOnnxNode *node, GError **error,
                        const char *format, ...) G_GNUC_PRINTF(4, 5);

/* Input `i`; NULL if it is left out. Inputs that no node before computes are found earlier. */
const TsOnnxResult *ts_onnx_input(const TsOnnxImport *self, const TsOnnxNode *node, guint i);

/* The same, but it has to be the output of a layer, as it is. */
const TsOnnxResult *
ts_onnx_input_layer(const TsOnnxImport *self, const TsOnnxNode *node, guint i, GError **error);

/* Input `i` as a constant of `rank` dimensions, none of them empty; NULL with an error. */
const TsTensor *ts_onnx_get_weights(const TsOnnxImport *self, const TsOnnxNode *node, guint i,
                                    guint rank, GError **error);

/* Whether a list is of `n` channels. */
gboolean ts_onnx_check_length(const TsOnnxImport *self, const TsOnnxNode *node,
                              const TsTensor *tensor, gint64 n, GError **error);

/* Let parameter `suffix` of `layer` be filled from `tensor` (NULL: zeros). */
void ts_onnx_add_fill(TsOnnxImport *self, const char *layer, const char *suffix,
                      const TsTensor *tensor, gboolean transpose);

/* What a layer puts out. */
TsShape ts_onnx_shape_of(const TsOnnxImport *self, const TsOnnxResult *result);

/* Let the first output be that of node `made` of the graph. Always TRUE. */
gboolean ts_onnx_set_node(TsOnnxImport *self, const TsOnnxNode *node, guint made, gboolean flat);

/* Let the first output be `result`. */
void ts_onnx_set_result(TsOnnxImport *self, const TsOnnxNode *node, TsOnnxResult result);

/* A constant of the importer's own; `data` is taken. */
void ts_onnx_set_constant(TsOnnxImport *self, const TsOnnxNode *node, TsDtype dtype, guint rank,
                          const gint64 *shape, gpointer data);

/* Number `i` of a constant. */
double ts_onnx_number(const TsTensor *tensor, gsize i);

/* The attribute, or what it is by default. */
gint64 ts_onnx_get_int(const TsOnnxNode *node, const char *name, gint64 otherwise);
float ts_onnx_get_float(const TsOnnxNode *node, const char *name, float otherwise);
const char *ts_onnx_get_text(const TsOnnxNode *node, const char *name, const char *otherwise);

/* Up to `max` whole numbers from an attribute, or from input `i` where later versions have them.
 * FALSE if there are none. */
gboolean ts_onnx_get_ints(const TsOnnxImport *self, const TsOnnxNode *node, const char *name,
                          guint i, guint max, gint64 *ints, guint *n);

/* A name for the layer of `node`, not taken before: that of its weights without ".weight", else
 * made of the node's own. Borrowed. */
const char *ts_onnx_name_layer(TsOnnxImport *self, const TsOnnxNode *node, const TsTensor *weights);

G_END_DECLS

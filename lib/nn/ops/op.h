/* One operation: how its node is compiled. Its shape rule is in its ts_graph_...() function. */
#pragma once

#include "nn/compile.h"

G_BEGIN_DECLS

struct _TsOp {
    const char *name;
    /* Append the steps of the forward pass and set layer->out. */
    gboolean (*forward)(TsNet *net, TsLayer *layer, GError **error);
    /* Append the steps of the backward pass, given layer->grad. NULL: nothing to do. */
    gboolean (*backward)(TsNet *net, TsLayer *layer, GError **error);
    /* The backward pass reads layer->out, so a ReLU above may not overwrite it. */
    gboolean keeps_output;
    /* TRUE if it can compute the ReLU above it with it, where layer->limit says so. NULL: never. */
    gboolean (*takes_limit)(const TsNet *net, TsLimit limit);
    /* Can add to the output of layer->addend in a frozen net. */
    gboolean takes_addend;
};

/* Marks the parameter slots that a node has not. */
#define TS_NO_PARAMS                                                                               \
    {                                                                                              \
        -1, -1, -1, -1                                                                             \
    }

G_END_DECLS

/* The net itself, shared by net.c, which compiles and runs it, and compile.c, which operations call
 * meanwhile. */
#pragma once

#include "nn/compile.h"
#include "nn/fold.h"
#include "nn/net.h"

G_BEGIN_DECLS

struct _TsNet {
    const TsGraph *graph;
    TsParams *params;
    guint batch;
    TsNetMode mode;
    guint64 seed;
    guint64 step_key;
    const TsStep *running;

    TsLayer *layers; /* one a node */
    guint n_layers;
    guint first;          /* the layer that is the input; those below are not compiled */
    guint cut;            /* layers up to this one are frozen (freeze.h) and run as in inference */
    GPtrArray *steps;     /* of TsStep: the program */
    guint n_forward;      /* so many of them are the forward pass */
    GPtrArray *buffers;   /* of TsBuffer */
    TsBuffer **data;      /* one a parameter */
    TsBuffer **gradients; /* one a parameter, NULL for statistics */

    GPtrArray *owned; /* of float *: what is computed once */
    TsFolded *folded; /* TS_NET_FROZEN: its graph and parameters */

    TsBuffer *input;
    TsBuffer *logits;
    TsBuffer *grad_logits;
    TsLayer *kept_layer; /* its output stays to the end; or NULL */
    TsBuffer *kept;      /* that output, plain */
    TsProfile *profile;  /* borrowed; or NULL */
    float *arena;
    gsize planned, unplanned;
};

/* For GPtrArrays of TsBuffer and of TsStep. */
void ts_buffer_free(gpointer buffer);
void ts_step_free(gpointer step);

/* Find the layers that are computed with others: sets clip, addend and host. */
void ts_net_fuse(TsNet *net);

/* Run the steps from `from` to before `to`. */
gboolean ts_net_run_steps(TsNet *net, guint from, guint to, GError **error);

/* The buffer is needed in step `step` too. */
void ts_buffer_use_at(TsBuffer *buffer, int step);

G_END_DECLS

/* What an operation needs to compile itself: buffers, steps, conversions. For net.c and ops/ only.
 *
 * The forward part of an op reads its input buffers, appends steps and sets layer->out. The
 * backward part finds the gradient of its output in layer->grad, appends steps, and contributes a
 * gradient for each input. A buffer asked for in another layout is converted by a step of its own:
 *
 *     TsBuffer *x = ts_net_convert(net, layer, input, ts_kernel_layout(conv, TS_ARG_SRC), error);
 */
#pragma once

#include "nn/net.h"

G_BEGIN_DECLS

/* Memory of one tensor. Buffers of activations and gradients are placed by the memory plan. */
typedef struct _TsBuffer TsBuffer;
struct _TsBuffer {
    TsLayout *layout;
    TsBuffer *storage; /* the buffer that owns the memory: itself, or the one it is a view of */
    gsize bytes;
    int first, last; /* steps that use it first and last; -1: none yet */
    gsize offset;    /* in the arena, set by the plan */
    float *data;     /* set by the plan; from the start for parameters */
    gboolean fixed;  /* memory of a parameter: not planned */
    guint n_pending; /* sums of gradients that it is still to be read for */
};

typedef struct _TsLayer TsLayer;
typedef gboolean (*TsStepFunc)(TsNet *net, TsLayer *layer, GError **error);

/* One node of the graph while and after it is compiled. */
struct _TsLayer {
    const TsNode *node;
    TsBuffer *out;
    TsBuffer *grad;     /* of the output; NULL where nothing below learns */
    TsKernel *forward;  /* hint for the backward kernels; owned by its step */
    TsBuffer *saved[8]; /* what the forward part keeps for the backward part or its functions */
    float *constant;    /* computed once, in a frozen net; owned by the net */
    GPtrArray *contributions; /* gradients from the nodes that use the output */
    gboolean needs_grad;      /* the node or one below it learns */
    guint n_users;            /* nodes that read the output */
    TsLimit limit;            /* computes the ReLU above it too, */
    TsLayer *addend;          /* and before that the sum with this layer; NULL: none */
    TsLayer *host;            /* the layer that computes this one with its own; NULL: none */
    guint out_complete;       /* step before which the output is there, */
    guint grad_complete;      /* and its gradient */
};

typedef struct {
    TsLayer *layer;
    TsKernel *kernel; /* either a kernel with its arguments, */
    TsStepFunc func;  /* or a function, which may ask for some by ts_net_bound() */
    TsBuffer *bound[TS_N_ARGS];
    const char *what;
} TsStep;

gboolean ts_net_is_training(const TsNet *net);
gboolean ts_net_is_frozen(const TsNet *net);
/* FALSE too for a layer of a training net that lies in its frozen part. */
gboolean ts_net_trains_layer(const TsNet *net, const TsLayer *layer);
/* TRUE if a parameter of the layer's own is trained. */
gboolean ts_net_layer_learns(const TsNet *net, const TsLayer *layer);
guint64 ts_net_seed(const TsNet *net);
TsConvKernels ts_net_conv_kernels(const TsNet *net);
/* NULL where nothing is timed; so in inference beside bf16, which is f32. */
TsTimedKernels *ts_net_timed_kernels(const TsNet *net);

/* TRUE if convolutions multiply numbers in bf16: a training net of such parameters. */
gboolean ts_net_is_bf16(const TsNet *net);
guint64 ts_net_step_key(const TsNet *net); /* `step` of the running forward pass */
/* The buffer that was bound to the running step, for its function. */
const TsBuffer *ts_net_bound(const TsNet *net, TsArg arg);

/* The layer of an input of `layer`. */
TsLayer *ts_net_input_layer(TsNet *net, const TsLayer *layer, guint input);

/* Plain (N, C, H, W) for the net's batch. */
TsLayout *ts_net_plain_layout(const TsNet *net, TsShape shape, GError **error);

/* New memory in a copy of `layout`, or in the plain one. */
TsBuffer *ts_net_buffer(TsNet *net, const TsLayout *layout);
TsBuffer *ts_net_plain_buffer(TsNet *net, TsShape shape, GError **error);

/* The same memory seen in another layout. */
TsBuffer *ts_net_view(TsNet *net, TsBuffer *buffer, const TsLayout *layout);

/* Data and gradient of parameter `slot` of the layer's node. */
TsParam *ts_net_param(TsNet *net, const TsLayer *layer, guint slot);
TsBuffer *ts_net_param_data(TsNet *net, const TsLayer *layer, guint slot);
TsBuffer *ts_net_param_grad(TsNet *net, const TsLayer *layer, guint slot);

/* Append a step. The kernel is taken; what it uses is bound with ts_net_bind(), what a function
 * uses is declared with ts_net_use(). */
TsStep *ts_net_add_kernel(TsNet *net, TsLayer *layer, TsKernel *kernel, const char *what);
TsStep *ts_net_add_func(TsNet *net, TsLayer *layer, TsStepFunc func, const char *what);
void ts_net_bind(TsNet *net, TsStep *step, TsArg arg, TsBuffer *buffer);
void ts_net_use(TsNet *net, TsBuffer *buffer);

/* Memory for `n` floats that lives as long as the net, for what is computed once; NULL and
 * TS_ERROR_NO_MEMORY where there is none. */
float *ts_net_own_floats(TsNet *net, gsize n, GError **error);

/* Memory in `layout` with the output of layer->addend, to be added to: that output itself if nobody
 * needs it later, else a copy. */
TsBuffer *ts_net_addend(TsNet *net, TsLayer *layer, const TsLayout *layout, GError **error);

/* `buffer` in `layout`: itself, or a new buffer filled by a reorder step. */
TsBuffer *ts_net_convert(TsNet *net, TsLayer *layer, TsBuffer *buffer, const TsLayout *layout,
                         GError **error);

/* Fill `to` from `from` by a reorder step. */
gboolean ts_net_copy(TsNet *net, TsLayer *layer, TsBuffer *from, TsBuffer *to, GError **error);

/* Add `gradient` to the sum that becomes the gradient of the layer's input. */
void ts_net_contribute(TsNet *net, const TsLayer *layer, guint input, TsBuffer *gradient);

G_END_DECLS

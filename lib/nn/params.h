/* The numbers that a model learns, shared by all nets compiled from one graph.
 *
 * A parameter is stored in the layout that its kernel likes best, chosen by the first net that is
 * compiled, so that no step reorders it. Files and other software see the plain form: row-major, in
 * the shape of its TsParamSpec. Element-wise work (optimizers) goes over all `n_stored` numbers;
 * those beyond the plain ones are padding, zero in data and gradient alike.
 */
#pragma once

#include "nn/graph.h"

G_BEGIN_DECLS

typedef struct {
    const TsParamSpec *spec; /* borrowed from the graph */
    gsize n;                 /* numbers in plain form */
    gsize n_stored;          /* numbers as stored */
    TsLayout *plain;         /* NULL while data is plain */
    TsLayout *layout;        /* NULL while data is plain */
    float *data;             /* n_stored, 64-byte aligned */
    float *grad;       /* likewise; NULL for statistics, and before ts_params_add_gradients() */
    gboolean borrowed; /* data are another's, to be read only */
    gboolean frozen;   /* stays as it is in training; a statistic: is used, not measured */
    gboolean anchored; /* decays towards where it began (anchor.h), not towards 0 */
    double rate_scale; /* times the learning rate; 1 by default */
} TsParam;

/* How convolutions are computed. The rounding errors differ, so the choice is part of what makes
 * two runs equal. */
typedef enum {
    TS_KERNELS_AUTO,     /* for each convolution by a rule on its shape */
    TS_KERNELS_DIRECT,   /* oneDNN's direct kernels */
    TS_KERNELS_WINOGRAD, /* Winograd's F(4x4, 3x3) wherever it can be used */
    TS_KERNELS_TIMED,    /* what is faster on this machine, see nn/timed_kernels.h */
} TsConvKernels;

typedef struct _TsTimedKernels TsTimedKernels;

/* From "auto", "direct", "winograd" or "timed", and back. TS_ERROR_ARGUMENT for another name. */
gboolean ts_conv_kernels_parse(const char *name, TsConvKernels *kernels, GError **error);
const char *ts_conv_kernels_name(TsConvKernels kernels);

/* What direct convolutions multiply in training: f32, or numbers rounded to bf16, whose products
 * are summed in f32. Winograd's kernels multiply f32 in both. Parameters, gradients, optimizers,
 * and all other operations are f32 in both, and so is inference. Micikevicius et al., Mixed
 * precision training, 2018; with the range of f32, bf16 needs no scaling of the loss (Kalamkar et
 * al., 2019). */
typedef enum { TS_PRECISION_F32, TS_PRECISION_BF16 } TsPrecision;

/* From "f32" or "bf16", and back. TS_ERROR_ARGUMENT for another name. */
gboolean ts_precision_parse(const char *name, TsPrecision *precision, GError **error);
const char *ts_precision_name(TsPrecision precision);

typedef struct {
    guint n;
    TsParam *param;
    TsConvKernels kernels; /* set before the first net is compiled */
    TsTimedKernels *timed; /* likewise, of TS_KERNELS_TIMED; borrowed; NULL: as TS_KERNELS_AUTO */
    TsPrecision precision; /* likewise */
    gboolean locked;       /* a net is compiled: layouts stay */
} TsParams;

/* All zero (running variances and scales one), without gradients. The graph must outlive it. */
TsParams *ts_params_new(const TsGraph *graph, GError **error);
void ts_params_free(TsParams *params);

/* The same without memory: every data is NULL. */
TsParams *ts_params_new_outline(const TsGraph *graph, GError **error);

/* Memory for the numbers of a parameter without any, which are to be written; and away with it
 * where nothing reads it again. */
gboolean ts_param_allocate(TsParam *param, GError **error);
void ts_param_drop(TsParam *param);

/* Memory for gradients, where there is none yet: for nets that train, and optimizers. */
gboolean ts_params_add_gradients(TsParams *params, GError **error);

/* Random start as the graph says (TsInit), a stream for each parameter's name. */
void ts_params_init(TsParams *params, guint64 seed);

/* The same for one parameter, as `init` says, into `plain` of its n numbers in plain form. */
void ts_param_draw(const TsParam *param, TsInit init, guint64 seed, float *plain);

/* Copy between stored and plain form. */
gboolean
ts_param_get_plain(const TsParam *param, const float *stored, float *plain, GError **error);
gboolean
ts_param_set_plain(const TsParam *param, const float *plain, float *stored, GError **error);

/* Store in `layout` from now on, `plain` being its row-major form. For compilation only. */
gboolean ts_param_adopt_layout(TsParam *param, const TsLayout *plain, const TsLayout *layout,
                               GError **error);

/* Ask the system for huge pages below `bytes` of memory, where it gives them on request. */
void ts_advise_huge_pages(void *memory, gsize bytes);

/* Zeroed floats for a parameter-sized array, 64-byte aligned; free(). */
float *ts_aligned_floats(gsize n, GError **error);

/* TRUE if the parameter is no statistic: it has a gradient. */
gboolean ts_param_is_learned(const TsParam *param);

/* TRUE if it is one, and not frozen. */
gboolean ts_param_is_trained(const TsParam *param);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsParams, ts_params_free)

G_END_DECLS

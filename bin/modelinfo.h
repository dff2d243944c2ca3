/* The parts of modelinfo.
 *
 * modelinfo-tables.c: what a model is; modelinfo-memory.c: what it takes; modelinfo-diff.c: how two
 * differ; modelinfo-convert.c: other forms of it; modelinfo-load.c: into an architecture.
 */
#pragma once

#include "nn/pretrained/pretrained.h"
#include "stats/report.h"
#include "store/weight_file.h"

G_BEGIN_DECLS

/* A file of weights, and the model that it describes if tessera wrote it or that it was loaded into
 * (else NULL). */
typedef struct {
    const char *path;
    TsWeightFile *weights;
    TsModel *model;
    TsLoadReport *loaded; /* how, with --load-into; else NULL */
    gboolean made;        /* the model was made by --load-into, it is not the file's own */
} ModelInfo;

/* What --load-into and the options that go with it say; texts as given, NULL where they are not. */
typedef struct {
    char *architecture; /* "auto": as the file says, or found */
    char *classes;      /* a file */
    char *size, *mean, *std, *interpolation;
    double crop;  /* NaN: not given */
    int channels; /* 0: not given */
    char **ignore;
    gboolean new_head;
} ModelInfoLoad;

/* Load the weights into the architecture, or take the network of an ONNX file ("onnx"):
 * info->model and, but for the latter, info->loaded. The latter is there too
 * where they do not fit. `complete`: the model will be written, so the file or the options have to
 * say how pictures become input. */
gboolean
modelinfo_load(ModelInfo *info, const ModelInfoLoad *load, gboolean complete, GError **error);

/* All finite numbers of a tensor. NaN where there is none. */
typedef struct {
    guint64 n, n_not_finite;
    double min, max, mean, std;
} TensorMoments;

gboolean modelinfo_compute_moments(const TsTensor *tensor, TensorMoments *moments, GError **error);

/* "64x3x7x7"; "1" for a single number. Free with g_free(). */
char *modelinfo_shape_text(const TsTensor *tensor);

void modelinfo_add_summary(const ModelInfo *info, TsReport *report);
void modelinfo_add_layers(const ModelInfo *info, TsReport *report);

/* What the model takes in batches of `batch`: bytes of its weights, and of activations and
 * gradients as they are planned, `with_layers` also where they go. */
gboolean modelinfo_add_memory(const ModelInfo *info, guint batch, gboolean with_layers,
                              TsReport *report, GError **error);

gboolean modelinfo_add_tensors(const ModelInfo *info, TsReport *report, GError **error);

/* One row for each tensor with a number that is not finite, or a variance below zero; `n_wrong` is
 * how many there are. */
gboolean
modelinfo_add_problems(const ModelInfo *info, TsReport *report, guint *n_wrong, GError **error);

/* One row for each tensor that only one file has, or whose numbers differ by more than `tolerance`,
 * and for each setting (classes, input, normalisation) that the files say differently;
 * `n_different` is how many there are. */
gboolean modelinfo_add_differences(const TsWeightFile *a, const TsWeightFile *b, double tolerance,
                                   TsReport *report, guint *n_different, GError **error);

/* Write the weights as safetensors, floating-point numbers as `dtype` (f32, f16, bf16; NULL: as
 * they are), or as a folder of .npy files: with the names that the library `names` has for the
 * layers of the model, or NULL: as in the file, or, where it was loaded, as tessera's. */
gboolean modelinfo_write_safetensors(const ModelInfo *info, const char *path, const char *names,
                                     const char *dtype, gboolean replace, GError **error);
gboolean modelinfo_write_arrays(const ModelInfo *info, const char *folder, const char *names,
                                gboolean replace, GError **error);

/* Write the network as text of tessera-arch(5). */
gboolean
modelinfo_write_arch(const ModelInfo *info, const char *path, gboolean replace, GError **error);

/* Write the network of info->model as ONNX, batch norms folded into convolutions with `fold`. */
gboolean modelinfo_write_onnx(const ModelInfo *info, const char *path, gboolean fold,
                              gboolean replace, GError **error);

/* Write the graph as .dot, or as .svg by graphviz' dot. */
gboolean
modelinfo_write_graph(const ModelInfo *info, const char *path, gboolean replace, GError **error);

G_END_DECLS

/* Weights from any file into a model's parameters: by name, with a report, and whole or not at all.
 *
 * A parameter is matched with a tensor of its own name, or of the name that another library gives
 * the same layer (names.h). Loading is strict: a parameter without a tensor, a tensor that nothing
 * asks for, another shape, a type that is no floating point, a number that is not finite: each is
 * an error unless an option allows it, and the parameters are as before. What happened to each is
 * in the report, which is made in either case.
 *
 *     const TsPretrainedOptions options = {.classes = names, .head = TS_HEAD_FRESH, .seed = 1};
 *     g_autoptr(TsLoadReport) loaded = NULL;
 *     g_autoptr(TsModel) model = ts_pretrained_read("resnet18.pth", &options, &loaded, error);
 *     if (model == NULL) ...
 *     ts_load_report_add(loaded, report);   // as a table, TSV or JSON
 */
#pragma once

#include "nn/model.h"
#include "stats/report.h"
#include "store/weight_file.h"

G_BEGIN_DECLS

/* What became of a parameter or a tensor. */
typedef enum {
    TS_LOAD_MATCHED, /* loaded under its own name */
    TS_LOAD_RENAMED, /* loaded from another name, or from another arrangement of the same numbers */
    TS_LOAD_ADAPTED, /* loaded into another number of input channels */
    TS_LOAD_FRESH,   /* not loaded, starts at random: the new head, or what `ignore` names */
    TS_LOAD_IGNORED, /* a tensor that is not wanted: num_batches_tracked, what `ignore` names,
                        what a checkpoint of ours has beside the model */
    TS_LOAD_MISSING, /* there is no tensor for the parameter */
    TS_LOAD_UNUSED,  /* there is no parameter for the tensor */
    TS_LOAD_SHAPE,   /* the tensor has another shape */
    TS_LOAD_DAMAGED, /* the tensor has no floating-point type, or a number that is not finite */
} TsLoadStatus;

enum { TS_LOAD_N = TS_LOAD_DAMAGED + 1 };

typedef struct {
    TsLoadStatus status;
    char *parameter;   /* NULL: there is none */
    char *tensor;      /* its name in the file; NULL: there is none */
    char *shape;       /* of the parameter, "64x3x7x7" */
    char *file_shape;  /* of the tensor */
    const char *cause; /* more about it, or NULL */
} TsLoadItem;

typedef struct {
    char *source;       /* path of the file */
    char *format;       /* "safetensors", "PyTorch, state_dict" */
    char *sha256;       /* of the file, hexadecimal */
    char *architecture; /* of the model */
    const char *names;  /* whose names of layers the file has: "tessera", "timm", "torchvision" */
    char *prefix;       /* that all names of the file begin with beside these, or "" */
    GPtrArray *items;   /* of TsLoadItem: the parameters in their order, then the other tensors */
    guint n[TS_LOAD_N]; /* items of each status */
} TsLoadReport;

/* When the classifier, the last linear layer, starts at random. */
typedef enum {
    TS_HEAD_KEPT,      /* never: the file has to have it */
    TS_HEAD_IF_NEEDED, /* where the file's has another number of outputs, or there is none */
    TS_HEAD_FRESH,     /* always */
} TsHead;

typedef struct {
    TsHead head;
    gboolean adapt_input; /* the first convolution may get another number of input channels. From C
                             to 1: the sum over them, so that a grey picture gives what it gave as
                             colours. From C to N: the C repeated, cut at N, times C / N, so that
                             sums keep their size (as timm's adapt_input_conv) */
    const char *const *ignore; /* patterns with * and ? of names, ours or the file's: parameters
                                  that start at random, tensors that are not wanted; or NULL */
    guint64 seed;              /* of what starts at random */
} TsLoadOptions;

/* Load `file` into the parameters of `model`, which may be compiled already. `report`, if not NULL,
 * is set unless memory is lacking. TS_ERROR_FORMAT with the numbers and first names of what does
 * not fit. */
gboolean ts_pretrained_load(TsModel *model, const TsWeightFile *file, const TsLoadOptions *options,
                            TsLoadReport **report, GError **error);

typedef struct {
    const char *architecture;   /* NULL: as the file's metadata says, or else found from names and
                                   shapes */
    const char *const *classes; /* NULL: the file's, of one class or several labels as
                                        there; "0", "1", ... where it does not say */
    const TsPreprocess *preprocess; /* NULL: the file's */
    TsLoadOptions load;
} TsPretrainedOptions;

/* Make a model from `path`: a model of tessera, the folder of a run, or anybody's weights. Fields
 * of `options` that are NULL are taken from the file; where `preprocess` has another number of
 * channels than the file's, load.adapt_input is needed. TS_ERROR_ARGUMENT for what neither says;
 * otherwise as ts_pretrained_load(). */
TsModel *ts_pretrained_read(const char *path, const TsPretrainedOptions *options,
                            TsLoadReport **report, GError **error);

/* TRUE if tessera wrote the file, whose metadata then says everything. */
gboolean ts_pretrained_is_ours(const TsWeightFile *file);

/* What such a file says. TS_ERROR_FORMAT as ts_model_read_settings(). */
gboolean
ts_pretrained_read_settings(const TsWeightFile *file, TsModelSettings *settings, GError **error);

/* The architecture whose parameters are the tensors of `file`, as train --model takes it, by names
 * and shapes alone. g_free(). TS_ERROR_FORMAT if there is none, or more than one: the message names
 * them. */
char *ts_pretrained_detect(const TsWeightFile *file, GError **error);

/* Add a list "loading" (file, hash, counts) and a table "weights" with a row for each item to
 * `report`; without `all` only the rows that are not simply matched or renamed. */
void ts_load_report_add(const TsLoadReport *self, gboolean all, TsReport *report);

/* "120 of 122 parameters from resnet18.pth (timm's names), 2 fresh"; g_free(). */
char *ts_load_report_summary(const TsLoadReport *self);

void ts_load_report_free(TsLoadReport *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsLoadReport, ts_load_report_free)

G_END_DECLS

/* The parts of predict: predict.c is the command line and the loop, predict-options.c what the
 * options mean, predict-output.c what is said of each row. */
#pragma once

#include "manifest/writer.h"
#include "nn/predictor.h"
#include "nn/reference.h"
#include "sample/feed.h"
#include "store/npy.h"

G_BEGIN_DECLS

/* What is asked for beside pred and score. */
typedef struct {
    int top_k; /* at least 1 */
    gboolean probabilities;
    gboolean energy;
    const double *thresholds;     /* of label sets: one a class; NULL: the model is of classes */
    const TsReference *reference; /* for knn_distance, or NULL */
    const char *rejects;          /* path, or NULL: a sample that cannot be made is an error */
    gboolean keep_going;
    const char *features; /* path of the .npy, or NULL */
} AnswerOptions;

typedef struct _Answers Answers;

/* Begin the table at `path`, with the columns of `head` and what is asked for. */
Answers *answers_new(const char *path, const TsManifest *head, const TsModel *model,
                     const TsPredictor *predictor, const AnswerOptions *options, GError **error);

/* Add the rows of a batch, which whoever reads a pipe then has. */
gboolean
answers_add(Answers *self, const TsFeedBatch *batch, const TsAnswers *answers, GError **error);

/* Rows so far, those that were passed over included. */
guint64 answers_n_rows(const Answers *self);

/* Make the files appear. Samples that were passed over end the tool with 1. */
gboolean answers_commit(Answers *self, GError **error);
void answers_free(Answers *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Answers, answers_free)

/* Set which layer's activations are asked for, and how they are pooled; `layer` and `pool` may be
 * NULL. `is_wanted`: something asks for them. TS_ERROR_ARGUMENT. */
gboolean predict_parse_layer(const TsModel *model, const char *layer, const char *pool,
                             gboolean is_wanted, TsPredictorOptions *options, GError **error);

/* Where the features go. g_free(); NULL and TS_ERROR_ARGUMENT if nothing says so. */
char *predict_features_path(const char *given, const char *output, GError **error);

/* Read --open-set; `scores` may be NULL. A reference is read too; free it. */
gboolean predict_parse_scores(char **scores, gboolean *energy, double *temperature,
                              TsReference **reference, GError **error);

/* Read --threshold, a number or a table with the columns class and threshold: one a class. NULL
 * means 1/2. g_free(); NULL without an error if the model answers with one class. */
double *predict_read_thresholds(const TsModel *model, const char *text, GError **error);

/* Check that the model's classes are those of the file, in its order. TS_ERROR_FORMAT. */
gboolean predict_check_classes(const TsModel *model, const char *path, GError **error);

/* Say so if a data set has a class list of its own that is another. */
void predict_warn_of_classes(const TsModel *model, const TsManifest *manifest);

G_END_DECLS

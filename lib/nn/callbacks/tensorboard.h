/* What the TensorBoard callback draws: for its own files. */
#pragma once

#include "image/image.h"
#include "nn/graph.h"
#include "sample/loader.h"
#include "sample/preprocess.h"
#include "stats/confusion.h"
#include "store/tfevents.h"

G_BEGIN_DECLS

/* Add the graph: a node for each of ours, layers grouped by the dots in their names. */
gboolean ts_tensorboard_add_graph(TsEventWriter *writer, const TsGraph *graph, GError **error);

/* Samples as the network sees them, side by side, at most TS_MOSAIC_MAX. */
typedef struct {
    TsPreprocess how;
    guint n;
    GByteArray *pixels; /* n samples, (height, width, 1 or 3), 8 bits */
} TsMosaic;

enum { TS_MOSAIC_MAX = 36 };

TsMosaic *ts_mosaic_new(const TsPreprocess *how);
void ts_mosaic_free(TsMosaic *mosaic);

/* Add a normalised sample, (channels, height, width). FALSE if it is full. */
gboolean ts_mosaic_add(TsMosaic *mosaic, const float *sample);

/* Empty it. */
void ts_mosaic_clear(TsMosaic *mosaic);

/* Add it as a picture `tag`; nothing if it is empty. */
gboolean ts_mosaic_write(const TsMosaic *mosaic, TsEventWriter *writer, const char *tag,
                         gint64 step, GError **error);

/* Add a confusion matrix as a picture: rows are the true classes, each row's shares from white (0)
 * to dark blue (1). */
gboolean ts_tensorboard_add_confusion(TsEventWriter *writer, const char *tag, gint64 step,
                                      const TsConfusion *confusion, GError **error);

/* Counts of the samples of a validation by class and score, for a precision-recall curve of each
 * class. */
typedef struct _TsPrCurves TsPrCurves;

/* NULL for more than 100 classes: nobody reads as many charts. */
TsPrCurves *ts_pr_curves_new(const char *const *classes);
void ts_pr_curves_free(TsPrCurves *curves);

/* logits (n, classes) of the samples of a batch; labels below 0 are left out. */
void ts_pr_curves_add(TsPrCurves *curves, const float *logits, const TsBatch *batch);
void ts_pr_curves_clear(TsPrCurves *curves);

/* Write a curve for each class, as pr/CLASS. */
gboolean
ts_pr_curves_write(const TsPrCurves *curves, TsEventWriter *writer, gint64 step, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsMosaic, ts_mosaic_free)

G_END_DECLS

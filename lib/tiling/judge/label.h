/* Labels and class counts of tiles, from masks or annotations; inside of lib/tiling, see judge.h.
 */
#pragma once

#include "tiling/judge/judge.h"
#include "tiling/judge/label_class.h"

G_BEGIN_DECLS

typedef struct _TsLabels TsLabels;
typedef struct _TsLabelImage TsLabelImage;

/* As ts_judge_new(). Without masks, annotations and rules there is nothing to count. */
TsLabels *ts_labels_new(const TsJudgeOptions *options, const TsJudgeInput *inputs, guint n_inputs,
                        GError **error);
void ts_labels_free(TsLabels *labels);

/* Whether there is a label, and whether there are counts; NULL if not. */
gboolean ts_labels_has_rules(const TsLabels *labels);
const TsLabelClasses *ts_labels_classes(const TsLabels *labels);
gboolean ts_labels_has_ignored(const TsLabels *labels);

guint ts_labels_n_layers(const TsLabels *labels);
const char *ts_labels_layer_column(const TsLabels *labels, guint layer);
const char *ts_labels_layer_path(const TsLabels *labels, guint layer, guint input);

/* Whether annotations are painted as a mask. */
gboolean ts_labels_paints(const TsLabels *labels);

/* See ts_judge_checksum(). */
char *ts_labels_checksum(const TsLabels *labels);

/* What an input needs: its annotations. */
gboolean
ts_labels_begin_image(const TsLabels *labels, guint input, TsLabelImage **state, GError **error);
void ts_label_image_free(TsLabelImage *state);

/* Add the pixels of each class in a tile to `counts` (n classes + 1) and set `label` to its label,
 * borrowed, or NULL. `*painted` becomes the mask of annotations, if they are painted: values of
 * classes in 8 bits, or in 16 where there is one above 254. */
gboolean ts_labels_look(const TsLabels *labels, const TsLabelImage *state, const TsTileView *view,
                        guint64 *counts, const char **label, TsImage **painted, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsLabels, ts_labels_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsLabelImage, ts_label_image_free)

G_END_DECLS

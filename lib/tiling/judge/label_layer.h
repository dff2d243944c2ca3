/* Masks that are cut along with images: their columns and files; inside of lib/tiling. */
#pragma once

#include "tiling/judge/judge.h"

G_BEGIN_DECLS

typedef struct {
    char *column;     /* "mask", "mask_NAME" */
    GPtrArray *paths; /* one an input */
} TsLabelLayer;

/* Read the --mask options and find all files: TsLabelLayer each, in their order. Without the
 * option, masks that manifests name are the one layer. Each is opened, and has to be of its image's
 * size. TS_ERROR_ARGUMENT, TS_ERROR_IO, TS_ERROR_FORMAT. Free with g_array_unref(). */
GArray *ts_label_layers_new(const char *const *masks, const TsJudgeInput *inputs, guint n_inputs,
                            GError **error);

G_END_DECLS

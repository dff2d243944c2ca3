/* Named values and named tensors that together are a state: what a checkpoint holds.
 *
 * A state is written as a safetensors file: values become its metadata, tensors its tensors, so any
 * software that reads safetensors can look into a checkpoint. Doubles are written so that they read
 * back the same.
 *
 *     g_autoptr(TsState) state = ts_state_new();
 *     ts_state_set_double(state, "earlystop.best", 0.25);
 *     ts_state_add_param(state, "model.", param, param->data, error);
 *     ts_state_write(state, "run/last.ckpt", error);
 */
#pragma once

#include "nn/params.h"

G_BEGIN_DECLS

typedef struct _TsState TsState;

TsState *ts_state_new(void);
void ts_state_free(TsState *state);

void ts_state_set(TsState *state, const char *key, const char *value);
void ts_state_set_int(TsState *state, const char *key, gint64 value);
void ts_state_set_double(TsState *state, const char *key, double value); /* NaN and inf too */

/* The value of `key`; NULL if absent. Borrowed. */
const char *ts_state_get(const TsState *state, const char *key);

/* All that was set: key, value, key, value, NULL. Free with g_free(); the texts are borrowed. For
 * states that were made here, not read. */
const char **ts_state_all_values(const TsState *state);

/* TS_ERROR_FORMAT if absent or not a number. */
gboolean ts_state_get_int(const TsState *state, const char *key, gint64 *value, GError **error);
gboolean ts_state_get_double(const TsState *state, const char *key, double *value, GError **error);

/* Add PREFIX + the parameter's name: `stored` (its data, or an optimizer's array of the same
 * layout) in plain form. */
gboolean ts_state_add_param(TsState *state, const char *prefix, const TsParam *param,
                            const float *stored, GError **error);

/* The way back: TS_ERROR_FORMAT if it is absent or has another shape. */
gboolean ts_state_get_param(const TsState *state, const char *prefix, const TsParam *param,
                            float *stored, GError **error);

/* TRUE if the tensors of all the graph's parameters are there, in their shapes; TS_ERROR_FORMAT. */
gboolean ts_state_check_params(const TsState *state, const TsGraph *graph, GError **error);

/* TRUE if tensor PREFIX + the parameter's name is there. */
gboolean ts_state_has_param(const TsState *state, const char *prefix, const TsParam *param);

/* All parameters at once. */
gboolean
ts_state_add_params(TsState *state, const char *prefix, const TsParams *params, GError **error);
gboolean
ts_state_get_params(const TsState *state, const char *prefix, TsParams *params, GError **error);

/* A table (rows, columns) of floats that belong to no parameter, row by row, under a name of its
 * own; and back, where it has to have the same form: TS_ERROR_FORMAT. */
gboolean ts_state_add_table(TsState *state, const char *name, const float *table, gsize rows,
                            gsize columns, GError **error);
gboolean ts_state_has_table(const TsState *state, const char *name);
gboolean ts_state_get_table(const TsState *state, const char *name, float *table, gsize rows,
                            gsize columns, GError **error);

/* The same for parameters without memory, which must not outlive the state: what it has in their
 * form is borrowed, the rest copied. */
gboolean ts_state_lend_params(const TsState *state, TsParams *params, GError **error);

/* Put a copy of all of `part`, which was made here and not read, into `state` with PREFIX before
 * every name; and take such a part out again, as a copy. TS_ERROR_FORMAT if it is not there. */
gboolean ts_state_add_all(TsState *state, const char *prefix, const TsState *part, GError **error);
TsState *ts_state_get_all(const TsState *state, const char *prefix, GError **error);

/* TRUE if a part was added with that prefix. */
gboolean ts_state_has_all(const TsState *state, const char *prefix);

/* Write to `path` (whole or not at all, replacing what is there), read from it. */
gboolean ts_state_write(const TsState *state, const char *path, GError **error);
TsState *ts_state_read(const char *path, GError **error);

/* The same from bytes, of which a reference is kept; `name` begins messages. */
TsState *ts_state_parse(GBytes *bytes, const char *name, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsState, ts_state_free)

G_END_DECLS

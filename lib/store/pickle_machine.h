/* The pickle machine, shared by pickle.c, which runs it, pickle_data.c and pickle_call.c, which
 * have a function for each kind of opcode. */
#pragma once

#include "store/pickle.h"

G_BEGIN_DECLS

struct _TsPickle {
    GPtrArray *values;     /* of TsPickleValue, owned */
    GStringChunk *names;   /* of globals */
    GPtrArray *persistent; /* those of `values` of that kind */
    TsPickleValue *root;
    gsize n_used;
};

typedef struct {
    const guint8 *data;
    gsize n, at;
    guint8 opcode;
    GPtrArray *stack;
    GArray *marks;    /* of guint: lengths of the stack */
    GHashTable *memo; /* index -> value */
    const char *const *callables;
    const char *name;
    TsPickle *pickle;
    gboolean stopped;
} TsPickleMachine;

/* Set a TS_ERROR_FORMAT that names opcode and place; returns FALSE. */
gboolean ts_pickle_fail(const TsPickleMachine *machine, GError **error, const char *what);

/* A value of the pickle's, without and with a place on the stack. */
TsPickleValue *ts_pickle_new_value(TsPickleMachine *machine, TsPickleKind kind);
TsPickleValue *ts_pickle_push(TsPickleMachine *machine, TsPickleKind kind);
void ts_pickle_add_item(TsPickleValue *value, TsPickleValue *item);

/* The stack's top, taken off or not; NULL with an error if there is none above the last mark. */
TsPickleValue *ts_pickle_pop(TsPickleMachine *machine, GError **error);
TsPickleValue *ts_pickle_top(TsPickleMachine *machine, GError **error);

/* What a mark protects cannot be taken from above it. */
guint ts_pickle_n_above_mark(const TsPickleMachine *machine);

/* Move all that is above the topmost mark into `value`, and drop the mark. */
gboolean ts_pickle_move_above_mark(TsPickleMachine *machine, TsPickleValue *value, GError **error);

/* The next `n` bytes of the program; NULL with an error if it ends before. */
const guint8 *ts_pickle_take(TsPickleMachine *machine, guint64 n, GError **error);

/* A little-endian number of 1, 2, 4 or 8 bytes, not negative. */
gboolean
ts_pickle_take_number(TsPickleMachine *machine, guint n_bytes, guint64 *number, GError **error);

/* The parameter is that of the table in pickle.c. */
typedef gboolean (*TsPickleOp)(TsPickleMachine *machine, int parameter, GError **error);

gboolean ts_pickle_op_constant(TsPickleMachine *machine, int parameter, GError **error);
gboolean ts_pickle_op_bool(TsPickleMachine *machine, int parameter, GError **error);
gboolean ts_pickle_op_int(TsPickleMachine *machine, int parameter, GError **error);
gboolean ts_pickle_op_long(TsPickleMachine *machine, int parameter, GError **error);
gboolean ts_pickle_op_float(TsPickleMachine *machine, int parameter, GError **error);
gboolean ts_pickle_op_text(TsPickleMachine *machine, int parameter, GError **error);
gboolean ts_pickle_op_bytes(TsPickleMachine *machine, int parameter, GError **error);
gboolean ts_pickle_op_mark(TsPickleMachine *machine, int parameter, GError **error);
gboolean ts_pickle_op_tuple(TsPickleMachine *machine, int parameter, GError **error);
gboolean ts_pickle_op_container(TsPickleMachine *machine, int parameter, GError **error);
gboolean ts_pickle_op_fill(TsPickleMachine *machine, int parameter, GError **error);
gboolean ts_pickle_op_append(TsPickleMachine *machine, int parameter, GError **error);
gboolean ts_pickle_op_set_item(TsPickleMachine *machine, int parameter, GError **error);
gboolean ts_pickle_op_pop(TsPickleMachine *machine, int parameter, GError **error);
gboolean ts_pickle_op_pop_mark(TsPickleMachine *machine, int parameter, GError **error);
gboolean ts_pickle_op_dup(TsPickleMachine *machine, int parameter, GError **error);
gboolean ts_pickle_op_put(TsPickleMachine *machine, int parameter, GError **error);
gboolean ts_pickle_op_get(TsPickleMachine *machine, int parameter, GError **error);
gboolean ts_pickle_op_global(TsPickleMachine *machine, int parameter, GError **error);
gboolean ts_pickle_op_stack_global(TsPickleMachine *machine, int parameter, GError **error);
gboolean ts_pickle_op_call(TsPickleMachine *machine, int parameter, GError **error);
gboolean ts_pickle_op_instance(TsPickleMachine *machine, int parameter, GError **error);
gboolean ts_pickle_op_build(TsPickleMachine *machine, int parameter, GError **error);
gboolean ts_pickle_op_persistent(TsPickleMachine *machine, int parameter, GError **error);

G_END_DECLS

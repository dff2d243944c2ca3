/* The pickle machine: the stack, the table of opcodes, the run; and what a pickle tells. */
#include "store/pickle_machine.h"

#include "base/error.h"

#include <string.h>

/* A value takes some 100 bytes here and may take one there; no file of weights has a tenth of so
 * many. */
enum { HIGHEST_PROTOCOL = 5, MAX_VALUES = 1 << 22 };

static void
free_value(gpointer data)
{
    TsPickleValue *value = data;
    if (value->items != NULL)
        g_ptr_array_unref(value->items);
    g_free(value);
}

/* ---- stack and program, for the opcodes ---- */

gboolean
ts_pickle_fail(const TsPickleMachine *machine, GError **error, const char *what)
{
    return ts_error_set(error, TS_ERROR_FORMAT,
                        "%s: opcode 0x%02x before byte %" G_GSIZE_FORMAT ": %s", machine->name,
                        machine->opcode, machine->at, what);
}

TsPickleValue *
ts_pickle_new_value(TsPickleMachine *machine, TsPickleKind kind)
{
    TsPickleValue *value = g_new0(TsPickleValue, 1);
    value->kind = kind;
    g_ptr_array_add(machine->pickle->values, value);
    return value;
}

TsPickleValue *
ts_pickle_push(TsPickleMachine *machine, TsPickleKind kind)
{
    TsPickleValue *value = ts_pickle_new_value(machine, kind);
    g_ptr_array_add(machine->stack, value);
    return value;
}

guint
ts_pickle_n_above_mark(const TsPickleMachine *machine)
{
    guint bottom =
        machine->marks->len > 0 ? g_array_index(machine->marks, guint, machine->marks->len - 1) : 0;
    return machine->stack->len - bottom;
}

TsPickleValue *
ts_pickle_pop(TsPickleMachine *machine, GError **error)
{
    if (ts_pickle_n_above_mark(machine) == 0) {
        ts_pickle_fail(machine, error, "the stack is empty");
        return NULL;
    }
    return g_ptr_array_steal_index(machine->stack, machine->stack->len - 1);
}

TsPickleValue *
ts_pickle_top(TsPickleMachine *machine, GError **error)
{
    if (ts_pickle_n_above_mark(machine) > 0)
        return g_ptr_array_index(machine->stack, machine->stack->len - 1);
    ts_pickle_fail(machine, error, "the stack is empty");
    return NULL;
}

const guint8 *
ts_pickle_take(TsPickleMachine *machine, guint64 n, GError **error)
{
    if (n > machine->n - machine->at) {
        ts_error_set(error, TS_ERROR_FORMAT, "%s: the pickle is cut off at byte %" G_GSIZE_FORMAT,
                     machine->name, machine->n);
        return NULL;
    }
    const guint8 *bytes = machine->data + machine->at;
    machine->at += n;
    return bytes;
}

gboolean
ts_pickle_take_number(TsPickleMachine *machine, guint n_bytes, guint64 *number, GError **error)
{
    const guint8 *bytes = ts_pickle_take(machine, n_bytes, error);
    *number = 0;
    for (guint i = 0; bytes != NULL && i < n_bytes; i++)
        *number |= (guint64) bytes[i] << (8 * i);
    return bytes != NULL;
}

void
ts_pickle_add_item(TsPickleValue *value, TsPickleValue *item)
{
    if (value->items == NULL)
        value->items = g_ptr_array_new();
    g_ptr_array_add(value->items, item);
}

gboolean
ts_pickle_move_above_mark(TsPickleMachine *machine, TsPickleValue *value, GError **error)
{
    if (machine->marks->len == 0)
        return ts_pickle_fail(machine, error, "there is no mark");
    guint n = ts_pickle_n_above_mark(machine), bottom = machine->stack->len - n;
    for (guint i = 0; i < n; i++)
        ts_pickle_add_item(value, g_ptr_array_index(machine->stack, bottom + i));
    g_ptr_array_set_size(machine->stack, (gint) bottom);
    g_array_set_size(machine->marks, machine->marks->len - 1);
    return TRUE;
}

/* ---- the run ---- */

static gboolean
op_protocol(TsPickleMachine *machine, int parameter, GError **error)
{
    guint64 protocol;
    return ts_pickle_take_number(machine, 1, &protocol, error) &&
           ((protocol >= 2 && protocol <= HIGHEST_PROTOCOL) ||
            ts_pickle_fail(machine, error, "a protocol outside of 2 to 5 is declared"));
}

/* Frames are for readers that read piece by piece. */
static gboolean
op_frame(TsPickleMachine *machine, int parameter, GError **error)
{
    return ts_pickle_take(machine, 8, error) != NULL;
}

static gboolean
op_stop(TsPickleMachine *machine, int parameter, GError **error)
{
    machine->pickle->root = ts_pickle_pop(machine, error);
    machine->stopped = TRUE;
    return machine->pickle->root != NULL;
}

/* After Python's Lib/pickletools.py, which describes each opcode. */
static const struct {
    TsPickleOp func;
    int parameter;
} ops[256] = {
    [0x80] = {op_protocol, 0},
    [0x95] = {op_frame, 0},
    ['.'] = {op_stop, 0},
    ['('] = {ts_pickle_op_mark, 0},
    ['0'] = {ts_pickle_op_pop, 0},
    ['1'] = {ts_pickle_op_pop_mark, 0},
    ['2'] = {ts_pickle_op_dup, 0},
    ['N'] = {ts_pickle_op_constant, TS_PICKLE_NONE},
    [']'] = {ts_pickle_op_constant, TS_PICKLE_LIST},
    ['}'] = {ts_pickle_op_constant, TS_PICKLE_DICT},
    [0x8f] = {ts_pickle_op_constant, TS_PICKLE_SET},
    [0x88] = {ts_pickle_op_bool, 1},
    [0x89] = {ts_pickle_op_bool, 0},
    ['K'] = {ts_pickle_op_int, 1},
    ['M'] = {ts_pickle_op_int, 2},
    ['J'] = {ts_pickle_op_int, 4},
    [0x8a] = {ts_pickle_op_long, 1},
    [0x8b] = {ts_pickle_op_long, 4},
    ['G'] = {ts_pickle_op_float, 0},
    [0x8c] = {ts_pickle_op_text, 1},
    ['X'] = {ts_pickle_op_text, 4},
    [0x8d] = {ts_pickle_op_text, 8},
    ['C'] = {ts_pickle_op_bytes, 1},
    ['B'] = {ts_pickle_op_bytes, 4},
    [0x8e] = {ts_pickle_op_bytes, 8},
    [0x96] = {ts_pickle_op_bytes, 8},
    ['U'] = {ts_pickle_op_bytes, 1}, /* Python 2's str */
    ['T'] = {ts_pickle_op_bytes, 4},
    [')'] = {ts_pickle_op_tuple, 0},
    [0x85] = {ts_pickle_op_tuple, 1},
    [0x86] = {ts_pickle_op_tuple, 2},
    [0x87] = {ts_pickle_op_tuple, 3},
    ['t'] = {ts_pickle_op_tuple, -1},
    ['l'] = {ts_pickle_op_container, TS_PICKLE_LIST},
    ['d'] = {ts_pickle_op_container, TS_PICKLE_DICT},
    [0x91] = {ts_pickle_op_container, TS_PICKLE_SET},
    ['e'] = {ts_pickle_op_fill, TS_PICKLE_LIST},
    ['u'] = {ts_pickle_op_fill, TS_PICKLE_DICT},
    [0x90] = {ts_pickle_op_fill, TS_PICKLE_SET},
    ['a'] = {ts_pickle_op_append, 0},
    ['s'] = {ts_pickle_op_set_item, 0},
    ['q'] = {ts_pickle_op_put, 1},
    ['r'] = {ts_pickle_op_put, 4},
    [0x94] = {ts_pickle_op_put, 0},
    ['h'] = {ts_pickle_op_get, 1},
    ['j'] = {ts_pickle_op_get, 4},
    ['c'] = {ts_pickle_op_global, 0},
    [0x93] = {ts_pickle_op_stack_global, 0},
    ['R'] = {ts_pickle_op_call, 0},
    [0x81] = {ts_pickle_op_instance, 1},
    [0x92] = {ts_pickle_op_instance, 2},
    ['b'] = {ts_pickle_op_build, 0},
    ['Q'] = {ts_pickle_op_persistent, 0},
};

static gboolean
run(TsPickleMachine *machine, GError **error)
{
    while (!machine->stopped) {
        const guint8 *opcode = ts_pickle_take(machine, 1, error);
        if (opcode == NULL)
            return FALSE;
        machine->opcode = *opcode;
        if (ops[*opcode].func == NULL)
            return ts_pickle_fail(machine, error, "is none that PyTorch writes");
        if (!ops[*opcode].func(machine, ops[*opcode].parameter, error))
            return FALSE;
        if (machine->pickle->values->len > MAX_VALUES)
            return ts_pickle_fail(machine, error, "there are more values than any weights need");
    }
    return TRUE;
}

TsPickle *
ts_pickle_parse(const guint8 *data, gsize n, const char *const *callables, const char *name,
                GError **error)
{
    g_autoptr(TsPickle) pickle = g_new0(TsPickle, 1);
    pickle->values = g_ptr_array_new_with_free_func(free_value);
    pickle->names = g_string_chunk_new(4096);
    pickle->persistent = g_ptr_array_new();
    g_autoptr(GPtrArray) stack = g_ptr_array_new();
    g_autoptr(GArray) marks = g_array_new(FALSE, FALSE, sizeof(guint));
    g_autoptr(GHashTable) memo = g_hash_table_new(NULL, NULL);
    TsPickleMachine machine = {.data = data,
                               .n = n,
                               .stack = stack,
                               .marks = marks,
                               .memo = memo,
                               .callables = callables,
                               .name = name,
                               .pickle = pickle};
    if (!run(&machine, error))
        return NULL;
    pickle->n_used = machine.at;
    return g_steal_pointer(&pickle);
}

void
ts_pickle_free(TsPickle *pickle)
{
    if (pickle == NULL)
        return;
    g_ptr_array_unref(pickle->persistent);
    g_ptr_array_unref(pickle->values);
    g_string_chunk_free(pickle->names);
    g_free(pickle);
}

const TsPickleValue *
ts_pickle_root(const TsPickle *pickle)
{
    return pickle->root;
}

gsize
ts_pickle_n_used(const TsPickle *pickle)
{
    return pickle->n_used;
}

const TsPickleValue *
ts_pickle_persistent(const TsPickle *pickle, guint i)
{
    return i < pickle->persistent->len ? g_ptr_array_index(pickle->persistent, i) : NULL;
}

guint
ts_pickle_n_items(const TsPickleValue *value)
{
    return value != NULL && value->items != NULL ? value->items->len : 0;
}

const TsPickleValue *
ts_pickle_item(const TsPickleValue *value, guint i)
{
    return i < ts_pickle_n_items(value) ? g_ptr_array_index(value->items, i) : NULL;
}

gboolean
ts_pickle_is_text(const TsPickleValue *value, const char *text)
{
    return value != NULL && value->kind == TS_PICKLE_TEXT && value->length == strlen(text) &&
           memcmp(value->text, text, value->length) == 0;
}

gboolean
ts_pickle_is_global(const TsPickleValue *value, const char *name)
{
    return value != NULL && value->kind == TS_PICKLE_GLOBAL && strcmp(value->text, name) == 0;
}

const TsPickleValue *
ts_pickle_lookup(const TsPickleValue *value, const char *key)
{
    if (value == NULL || value->kind != TS_PICKLE_DICT)
        return NULL;
    for (guint i = ts_pickle_n_items(value); i >= 2; i -= 2)
        if (ts_pickle_is_text(ts_pickle_item(value, i - 2), key))
            return ts_pickle_item(value, i - 1);
    return NULL;
}

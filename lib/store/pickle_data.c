/* Opcodes that build values: constants, containers, the stack and the memo. */
#include "store/pickle_machine.h"

#include <string.h>

/* ---- constants; the parameter is a kind, or bytes of a length ---- */

gboolean
ts_pickle_op_constant(TsPickleMachine *machine, int kind, GError **error)
{
    ts_pickle_push(machine, (TsPickleKind) kind);
    return TRUE;
}

gboolean
ts_pickle_op_bool(TsPickleMachine *machine, int truth, GError **error)
{
    ts_pickle_push(machine, TS_PICKLE_BOOL)->integer = truth;
    return TRUE;
}

/* 1 and 2 bytes are not negative, 4 are signed. */
gboolean
ts_pickle_op_int(TsPickleMachine *machine, int n_bytes, GError **error)
{
    guint64 number;
    if (!ts_pickle_take_number(machine, (guint) n_bytes, &number, error))
        return FALSE;
    ts_pickle_push(machine, TS_PICKLE_INT)->integer =
        n_bytes == 4 ? (gint32) number : (gint64) number;
    return TRUE;
}

/* Two's complement of any length. */
gboolean
ts_pickle_op_long(TsPickleMachine *machine, int n_bytes, GError **error)
{
    guint64 n;
    if (!ts_pickle_take_number(machine, (guint) n_bytes, &n, error))
        return FALSE;
    const guint8 *bytes = ts_pickle_take(machine, n, error);
    if (bytes == NULL)
        return FALSE;
    guint64 number = n > 0 && (bytes[n - 1] & 0x80) ? ~(guint64) 0 : 0;
    for (guint64 i = MIN(n, 8); i > 0; i--)
        number = (number << 8) | bytes[i - 1];
    ts_pickle_push(machine, n <= 8 ? TS_PICKLE_INT : TS_PICKLE_OPAQUE)->integer = (gint64) number;
    return TRUE;
}

gboolean
ts_pickle_op_float(TsPickleMachine *machine, int parameter, GError **error)
{
    const guint8 *bytes = ts_pickle_take(machine, 8, error);
    if (bytes == NULL)
        return FALSE;
    guint64 bits;
    memcpy(&bits, bytes, sizeof bits);
    bits = GUINT64_FROM_BE(bits);
    memcpy(&ts_pickle_push(machine, TS_PICKLE_FLOAT)->number, &bits, sizeof bits);
    return TRUE;
}

static gboolean
push_string(TsPickleMachine *machine, TsPickleKind kind, int n_bytes, GError **error)
{
    guint64 length;
    const guint8 *bytes;
    if (!ts_pickle_take_number(machine, (guint) n_bytes, &length, error) ||
        (bytes = ts_pickle_take(machine, length, error)) == NULL)
        return FALSE;
    TsPickleValue *value = ts_pickle_push(machine, kind);
    value->text = (const char *) bytes;
    value->length = length;
    return TRUE;
}

gboolean
ts_pickle_op_text(TsPickleMachine *machine, int n_bytes, GError **error)
{
    return push_string(machine, TS_PICKLE_TEXT, n_bytes, error);
}

gboolean
ts_pickle_op_bytes(TsPickleMachine *machine, int n_bytes, GError **error)
{
    return push_string(machine, TS_PICKLE_BYTES, n_bytes, error);
}

/* ---- containers ---- */

gboolean
ts_pickle_op_mark(TsPickleMachine *machine, int parameter, GError **error)
{
    g_array_append_val(machine->marks, machine->stack->len);
    return TRUE;
}

/* A tuple of so many from the stack; -1: of all above the mark. */
gboolean
ts_pickle_op_tuple(TsPickleMachine *machine, int n_items, GError **error)
{
    TsPickleValue *tuple = ts_pickle_new_value(machine, TS_PICKLE_TUPLE);
    if (n_items < 0) {
        if (!ts_pickle_move_above_mark(machine, tuple, error))
            return FALSE;
    } else {
        if (ts_pickle_n_above_mark(machine) < (guint) n_items)
            return ts_pickle_fail(machine, error, "the stack is too short");
        guint bottom = machine->stack->len - (guint) n_items;
        for (int i = 0; i < n_items; i++)
            ts_pickle_add_item(tuple, g_ptr_array_index(machine->stack, bottom + (guint) i));
        g_ptr_array_set_size(machine->stack, (gint) bottom);
    }
    g_ptr_array_add(machine->stack, tuple);
    return TRUE;
}

gboolean
ts_pickle_op_container(TsPickleMachine *machine, int kind, GError **error)
{
    TsPickleValue *container = ts_pickle_new_value(machine, (TsPickleKind) kind);
    if (!ts_pickle_move_above_mark(machine, container, error))
        return FALSE;
    if (kind == TS_PICKLE_DICT && ts_pickle_n_items(container) % 2 != 0)
        return ts_pickle_fail(machine, error, "a dict gets a key without a value");
    g_ptr_array_add(machine->stack, container);
    return TRUE;
}

/* Items above the mark go into the container below it. What goes into another kind of value, such
 * as an instance of a user's class, is dropped. */
gboolean
ts_pickle_op_fill(TsPickleMachine *machine, int kind, GError **error)
{
    TsPickleValue *items = ts_pickle_new_value(machine, TS_PICKLE_LIST);
    if (!ts_pickle_move_above_mark(machine, items, error))
        return FALSE;
    TsPickleValue *container = ts_pickle_top(machine, error);
    if (container == NULL)
        return FALSE;
    if (kind == TS_PICKLE_DICT && ts_pickle_n_items(items) % 2 != 0)
        return ts_pickle_fail(machine, error, "a dict gets a key without a value");
    for (guint i = 0; container->kind == (TsPickleKind) kind && i < ts_pickle_n_items(items); i++)
        ts_pickle_add_item(container, g_ptr_array_index(items->items, i));
    return TRUE;
}

gboolean
ts_pickle_op_append(TsPickleMachine *machine, int parameter, GError **error)
{
    TsPickleValue *item = ts_pickle_pop(machine, error);
    TsPickleValue *list = item != NULL ? ts_pickle_top(machine, error) : NULL;
    if (list != NULL && list->kind == TS_PICKLE_LIST)
        ts_pickle_add_item(list, item);
    return list != NULL;
}

gboolean
ts_pickle_op_set_item(TsPickleMachine *machine, int parameter, GError **error)
{
    TsPickleValue *value = ts_pickle_pop(machine, error);
    TsPickleValue *key = value != NULL ? ts_pickle_pop(machine, error) : NULL;
    TsPickleValue *dict = key != NULL ? ts_pickle_top(machine, error) : NULL;
    if (dict != NULL && dict->kind == TS_PICKLE_DICT) {
        ts_pickle_add_item(dict, key);
        ts_pickle_add_item(dict, value);
    }
    return dict != NULL;
}

/* ---- stack and memo ---- */

gboolean
ts_pickle_op_pop(TsPickleMachine *machine, int parameter, GError **error)
{
    return ts_pickle_pop(machine, error) != NULL;
}

gboolean
ts_pickle_op_pop_mark(TsPickleMachine *machine, int parameter, GError **error)
{
    return ts_pickle_move_above_mark(machine, ts_pickle_new_value(machine, TS_PICKLE_LIST), error);
}

gboolean
ts_pickle_op_dup(TsPickleMachine *machine, int parameter, GError **error)
{
    TsPickleValue *value = ts_pickle_top(machine, error);
    if (value != NULL)
        g_ptr_array_add(machine->stack, value);
    return value != NULL;
}

gboolean
ts_pickle_op_put(TsPickleMachine *machine, int n_bytes, GError **error)
{
    guint64 index = g_hash_table_size(machine->memo); /* MEMOIZE has no number of its own */
    TsPickleValue *value = ts_pickle_top(machine, error);
    if (value == NULL ||
        (n_bytes > 0 && !ts_pickle_take_number(machine, (guint) n_bytes, &index, error)))
        return FALSE;
    g_hash_table_insert(machine->memo, GSIZE_TO_POINTER(index), value);
    return TRUE;
}

gboolean
ts_pickle_op_get(TsPickleMachine *machine, int n_bytes, GError **error)
{
    guint64 index;
    if (!ts_pickle_take_number(machine, (guint) n_bytes, &index, error))
        return FALSE;
    TsPickleValue *value = g_hash_table_lookup(machine->memo, GSIZE_TO_POINTER(index));
    if (value == NULL)
        return ts_pickle_fail(machine, error, "a value is asked for that was not remembered");
    g_ptr_array_add(machine->stack, value);
    return TRUE;
}

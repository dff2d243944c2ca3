/* Opcodes that name and call: here is decided that nothing is called. */
#include "store/pickle_machine.h"

#include "base/error.h"

#include <string.h>

static void
push_global(TsPickleMachine *machine, const char *module, gsize n_module, const char *name,
            gsize n_name)
{
    g_autofree char *text =
        g_strdup_printf("%.*s.%.*s", (int) n_module, module, (int) n_name, name);
    TsPickleValue *value = ts_pickle_push(machine, TS_PICKLE_GLOBAL);
    value->text = g_string_chunk_insert_const(machine->pickle->names, text);
    value->length = strlen(value->text);
}

enum { MAX_NAME = 1024 };

/* Up to a line feed, which is passed over. */
static const char *
take_line(TsPickleMachine *machine, gsize *length, GError **error)
{
    const guint8 *begin = machine->data + machine->at;
    gsize most = MIN(machine->n - machine->at, MAX_NAME);
    const guint8 *end = memchr(begin, '\n', most);
    if (end == NULL || !g_utf8_validate((const char *) begin, end - begin, NULL)) {
        ts_pickle_fail(machine, error, "a name does not end, or is not UTF-8");
        return NULL;
    }
    *length = (gsize) (end - begin);
    machine->at += *length + 1;
    return (const char *) begin;
}

gboolean
ts_pickle_op_global(TsPickleMachine *machine, int parameter, GError **error)
{
    gsize n_module, n_name;
    const char *module = take_line(machine, &n_module, error);
    const char *name = module != NULL ? take_line(machine, &n_name, error) : NULL;
    if (name != NULL)
        push_global(machine, module, n_module, name, n_name);
    return name != NULL;
}

gboolean
ts_pickle_op_stack_global(TsPickleMachine *machine, int parameter, GError **error)
{
    const TsPickleValue *name = ts_pickle_pop(machine, error);
    const TsPickleValue *module = name != NULL ? ts_pickle_pop(machine, error) : NULL;
    if (module == NULL)
        return FALSE;
    if (name->kind != TS_PICKLE_TEXT || module->kind != TS_PICKLE_TEXT || name->length > MAX_NAME ||
        module->length > MAX_NAME || !g_utf8_validate_len(name->text, name->length, NULL) ||
        !g_utf8_validate_len(module->text, module->length, NULL))
        return ts_pickle_fail(machine, error, "a global is not named by two short texts");
    push_global(machine, module->text, module->length, name->text, name->length);
    return TRUE;
}

static gboolean
is_dict_class(const TsPickleValue *callable)
{
    return ts_pickle_is_global(callable, "collections.OrderedDict") ||
           ts_pickle_is_global(callable, "collections.defaultdict");
}

/* Python 2 wrote OrderedDict([[key, value], ...]); what defaultdict is given makes later items. */
static gboolean
fill_dict(TsPickleMachine *machine, TsPickleValue *dict, const TsPickleValue *arguments,
          GError **error)
{
    const TsPickleValue *pairs = ts_pickle_item(arguments, 0);
    if (pairs == NULL || pairs->kind != TS_PICKLE_LIST)
        return TRUE;
    for (guint i = 0; i < ts_pickle_n_items(pairs); i++) {
        const TsPickleValue *pair = ts_pickle_item(pairs, i);
        if (ts_pickle_n_items(pair) != 2)
            return ts_pickle_fail(machine, error, "a dict is not made of pairs");
        ts_pickle_add_item(dict, g_ptr_array_index(pair->items, 0));
        ts_pickle_add_item(dict, g_ptr_array_index(pair->items, 1));
    }
    return TRUE;
}

/* REDUCE: the call is noted, not made; a call of a dict's class is a dict. */
gboolean
ts_pickle_op_call(TsPickleMachine *machine, int parameter, GError **error)
{
    TsPickleValue *arguments = ts_pickle_pop(machine, error);
    TsPickleValue *callable = arguments != NULL ? ts_pickle_pop(machine, error) : NULL;
    if (callable == NULL)
        return FALSE;
    if (callable->kind != TS_PICKLE_GLOBAL || arguments->kind != TS_PICKLE_TUPLE)
        return ts_pickle_fail(machine, error, "a call is not one of a named function with a tuple");
    if (!g_strv_contains(machine->callables, callable->text))
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: would call the function '%s', which weights have no need of; "
                            "refused, nothing was run",
                            machine->name, callable->text);
    gboolean is_dict = is_dict_class(callable);
    TsPickleValue *call = ts_pickle_push(machine, is_dict ? TS_PICKLE_DICT : TS_PICKLE_CALL);
    if (is_dict)
        return fill_dict(machine, call, arguments, error);
    ts_pickle_add_item(call, callable);
    ts_pickle_add_item(call, arguments);
    return TRUE;
}

/* NEWOBJ and NEWOBJ_EX: an instance that nothing was called for; so many arguments are dropped. */
gboolean
ts_pickle_op_instance(TsPickleMachine *machine, int n_arguments, GError **error)
{
    for (int i = 0; i < n_arguments; i++)
        if (ts_pickle_pop(machine, error) == NULL)
            return FALSE;
    TsPickleValue *class = ts_pickle_pop(machine, error);
    if (class == NULL)
        return FALSE;
    gboolean is_dict = is_dict_class(class);
    TsPickleValue *instance = ts_pickle_push(machine, is_dict ? TS_PICKLE_DICT : TS_PICKLE_OPAQUE);
    if (!is_dict)
        ts_pickle_add_item(instance, class);
    return TRUE;
}

/* BUILD: the state of an instance, which nobody here looks at. */
gboolean
ts_pickle_op_build(TsPickleMachine *machine, int parameter, GError **error)
{
    return ts_pickle_pop(machine, error) != NULL && ts_pickle_top(machine, error) != NULL;
}

gboolean
ts_pickle_op_persistent(TsPickleMachine *machine, int parameter, GError **error)
{
    TsPickleValue *id = ts_pickle_pop(machine, error);
    if (id == NULL)
        return FALSE;
    TsPickleValue *value = ts_pickle_push(machine, TS_PICKLE_PERSISTENT);
    ts_pickle_add_item(value, id);
    g_ptr_array_add(machine->pickle->persistent, value);
    return TRUE;
}

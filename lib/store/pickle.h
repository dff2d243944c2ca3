/* Pickles, read by a machine that can run nothing.
 *
 * A pickle is a program: its opcodes build values, and may call any function of Python by name.
 * Here a call is only noted (TS_PICKLE_CALL), and one of a function that the reader did not list is
 * an error that names it. Instances of unknown classes are kept as opaque values, since making one
 * calls nothing. Values may be shared and may contain themselves: do not walk them without a bound.
 *
 *     static const char *const allowed[] = {"collections.OrderedDict", NULL};
 *     g_autoptr(TsPickle) pickle = ts_pickle_parse(data, n, allowed, "weights.pkl", error);
 *     const TsPickleValue *weight = ts_pickle_lookup(ts_pickle_root(pickle), "fc.weight");
 *
 * Read are the binary opcodes of protocols 2 to 5, which is what PyTorch writes.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TsPickle TsPickle;
typedef struct _TsPickleValue TsPickleValue;

typedef enum {
    TS_PICKLE_NONE,
    TS_PICKLE_BOOL,       /* integer: 0 or 1 */
    TS_PICKLE_INT,        /* integer; longer ones than 64 bits are opaque */
    TS_PICKLE_FLOAT,      /* number */
    TS_PICKLE_TEXT,       /* text, length: not NUL-terminated, not checked to be UTF-8 */
    TS_PICKLE_BYTES,      /* text, length */
    TS_PICKLE_TUPLE,      /* items; lists and sets likewise */
    TS_PICKLE_LIST,       /* */
    TS_PICKLE_SET,        /* */
    TS_PICKLE_DICT,       /* items: key, value, key, value, ...; OrderedDict and defaultdict too */
    TS_PICKLE_GLOBAL,     /* text: "module.name", NUL-terminated */
    TS_PICKLE_CALL,       /* items: the global, the tuple of arguments */
    TS_PICKLE_PERSISTENT, /* items: the id */
    TS_PICKLE_OPAQUE,     /* items: the class if it is known, else none */
} TsPickleKind;

struct _TsPickleValue {
    TsPickleKind kind;
    const char *text; /* of the parsed bytes, or the pickle's */
    gsize length;
    gint64 integer;
    double number;
    GPtrArray *items; /* of TsPickleValue, borrowed; NULL: none */
};

/* Parse the `n` bytes of `data`, which must outlive the pickle. `callables` are the functions that
 * may be called, as "module.name", NULL-terminated. Memory is bounded by a multiple of `n`.
 * TS_ERROR_FORMAT for anything that is no pickle, is cut off, or calls another function; `name`
 * begins the message. */
TsPickle *ts_pickle_parse(const guint8 *data, gsize n, const char *const *callables,
                          const char *name, GError **error);
void ts_pickle_free(TsPickle *pickle);

/* The value that the pickle describes. Borrowed, as all values. */
const TsPickleValue *ts_pickle_root(const TsPickle *pickle);

/* How many items there are; 0 where there can be none. */
guint ts_pickle_n_items(const TsPickleValue *value);

/* Item `i`; NULL if there are not so many. */
const TsPickleValue *ts_pickle_item(const TsPickleValue *value, guint i);

/* The last value of `key` in a dict; NULL if it is not there or `value` is no dict. */
const TsPickleValue *ts_pickle_lookup(const TsPickleValue *value, const char *key);

/* Bytes from the beginning to the end of the pickle; others may follow it. */
gsize ts_pickle_n_used(const TsPickle *pickle);

/* All persistent ids in it, each once for every place where it stands: value `i`, or NULL behind
 * the last. */
const TsPickleValue *ts_pickle_persistent(const TsPickle *pickle, guint i);

gboolean ts_pickle_is_text(const TsPickleValue *value, const char *text);
gboolean ts_pickle_is_global(const TsPickleValue *value, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsPickle, ts_pickle_free)

G_END_DECLS

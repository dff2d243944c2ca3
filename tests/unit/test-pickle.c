/* The pickle machine: values as Python builds them, and every way in which a program is refused. */
#include "unit.h"

#include "base/error.h"
#include "store/pickle.h"

#include <string.h>

static const char *const callables[] = {"collections.OrderedDict", "a.f", NULL};

#define PARSE(program, error)                                                                      \
    ts_pickle_parse((const guint8 *) (program), sizeof(program) - 1, callables, "x", error)

START_TEST(test_values)
{
    /* {'a': [1, -2, 2.5], 'b': (None, True)} */
    g_autoptr(TsPickle) pickle = PARSE("\x80\x02}q\x00(X\x01\x00\x00\x00"
                                       "a](K\x01J\xfe\xff\xff\xffG\x40\x04\0\0\0\0\0\0eX\x01\0\0\0"
                                       "bN\x88\x86u.",
                                       NULL);
    ck_assert_ptr_nonnull(pickle);
    const TsPickleValue *root = ts_pickle_root(pickle);
    ck_assert_int_eq(root->kind, TS_PICKLE_DICT);
    const TsPickleValue *a = ts_pickle_lookup(root, "a"), *b = ts_pickle_lookup(root, "b");
    ck_assert_int_eq(ts_pickle_item(a, 0)->integer, 1);
    ck_assert_int_eq(ts_pickle_item(a, 1)->integer, -2);
    ck_assert_double_eq(ts_pickle_item(a, 2)->number, 2.5);
    ck_assert_ptr_null(ts_pickle_item(a, 3));
    ck_assert_int_eq(b->kind, TS_PICKLE_TUPLE);
    ck_assert_int_eq(ts_pickle_item(b, 0)->kind, TS_PICKLE_NONE);
    ck_assert_int_eq(ts_pickle_item(b, 1)->integer, 1);
    ck_assert_ptr_null(ts_pickle_lookup(root, "c"));
}
END_TEST

/* LONG1: two's complement of any length. */
START_TEST(test_long)
{
    static const struct {
        const char *program;
        gsize n;
        gint64 value;
    } longs[] = {{"\x8a\x00.", 3, 0},
                 {"\x8a\x01\xff.", 4, -1},
                 {"\x8a\x02\xff\x00.", 5, 255},
                 {"\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80.", 11, G_MININT64}};
    for (gsize i = 0; i < G_N_ELEMENTS(longs); i++) {
        g_autoptr(TsPickle) pickle =
            ts_pickle_parse((const guint8 *) longs[i].program, longs[i].n, callables, "x", NULL);
        ck_assert_int_eq(ts_pickle_root(pickle)->kind, TS_PICKLE_INT);
        ck_assert_int_eq(ts_pickle_root(pickle)->integer, longs[i].value);
    }
    g_autoptr(TsPickle) longer = PARSE("\x8a\x09\0\0\0\0\0\0\0\0\1.", NULL);
    ck_assert_int_eq(ts_pickle_root(longer)->kind, TS_PICKLE_OPAQUE);
}
END_TEST

/* A call is noted, not made; a dict's class gives a dict; an instance is opaque. */
START_TEST(test_calls)
{
    g_autoptr(TsPickle) call = PARSE("ca\nf\nK\x01\x85R.", NULL);
    const TsPickleValue *root = ts_pickle_root(call);
    ck_assert_int_eq(root->kind, TS_PICKLE_CALL);
    ck_assert(ts_pickle_is_global(ts_pickle_item(root, 0), "a.f"));
    g_autoptr(TsPickle) pairs = PARSE("ccollections\nOrderedDict\n](](X\1\0\0\0aK\7ee\x85R.", NULL);
    ck_assert_int_eq(ts_pickle_lookup(ts_pickle_root(pairs), "a")->integer, 7);
    g_autoptr(TsPickle) instance = PARSE("cos\nsystem\n)\x81}b.", NULL);
    ck_assert_int_eq(ts_pickle_root(instance)->kind, TS_PICKLE_OPAQUE);
}
END_TEST

/* A list that holds itself is neither walked nor freed twice. */
START_TEST(test_cycle)
{
    g_autoptr(TsPickle) pickle = PARSE("]q\x05h\x05"
                                       "a.",
                                       NULL);
    const TsPickleValue *root = ts_pickle_root(pickle);
    ck_assert_ptr_eq(ts_pickle_item(root, 0), root);
}
END_TEST

#define REFUSED(program, message)                                                                  \
    {                                                                                              \
        program, sizeof(program) - 1, message                                                      \
    }

static const struct {
    const char *program;
    gsize n;
    const char *message; /* part of the error's */
} refused[] = {
    REFUSED("", "cut off at byte 0"),
    REFUSED("N", "cut off at byte 1"),
    REFUSED("X\x05\0\0\0abc", "cut off"),
    REFUSED("\x8d\xff\xff\xff\xff\xff\xff\xff\xff", "cut off"),
    REFUSED("\x80\x06N.", "protocol"),
    REFUSED("\x80\x01N.", "protocol"),
    REFUSED("I1\n.", "none that PyTorch writes"),
    REFUSED(".", "the stack is empty"),
    REFUSED("(.", "the stack is empty"),
    REFUSED("N(0.", "the stack is empty"),
    REFUSED("t.", "there is no mark"),
    REFUSED("K\1\x86.", "too short"),
    REFUSED("}(K\1u.", "key without a value"),
    REFUSED("(K\1d.", "key without a value"),
    REFUSED("h\x01.", "not remembered"),
    REFUSED("cos\nsystem\nX\2\0\0\0ls\x85R.", "would call the function 'os.system'"),
    REFUSED("\x8c\2os\x8c\6system\x93\x8c\2ls\x85R.", "would call the function 'os.system'"),
    REFUSED("K\1)R.", "not one of a named function"),
    REFUSED("cos", "does not end"),
    REFUSED("c\xff\xfe\nx\n.", "not UTF-8"),
    REFUSED("K\1K\2\x93.", "two short texts"),
};

START_TEST(test_refused)
{
    g_autoptr(GError) error = NULL;
    TsPickle *pickle = ts_pickle_parse((const guint8 *) refused[_i].program, refused[_i].n,
                                       callables, "x", &error);
    ck_assert_ptr_null(pickle);
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
    ck_assert_msg(strstr(error->message, refused[_i].message) != NULL, "%s", error->message);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("pickle");
    TCase *cases = tcase_create("pickle");
    tcase_add_test(cases, test_values);
    tcase_add_test(cases, test_long);
    tcase_add_test(cases, test_calls);
    tcase_add_test(cases, test_cycle);
    tcase_add_loop_test(cases, test_refused, 0, (int) G_N_ELEMENTS(refused));
    suite_add_tcase(suite, cases);
    return unit_run(suite);
}

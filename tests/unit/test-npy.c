/* NumPy's .npy files. */
#include "unit.h"

#include "base/error.h"
#include "store/npy.h"

#include <glib/gstdio.h>
#include <string.h>

/* The bytes of a file with that header and `n_data` zero bytes; g_bytes_unref(). */
static GBytes *
make_file(const char *header, gsize n_data)
{
    g_autoptr(GByteArray) file = g_byte_array_new();
    guint8 length[2] = {strlen(header) & 255, (guint8) (strlen(header) >> 8)};
    g_byte_array_append(file, (const guint8 *) "\x93NUMPY\x01\x00", 8);
    g_byte_array_append(file, length, 2);
    g_byte_array_append(file, (const guint8 *) header, strlen(header));
    gsize n = file->len;
    g_byte_array_set_size(file, n + n_data);
    memset(file->data + n, 0, n_data);
    return g_byte_array_free_to_bytes(g_steal_pointer(&file));
}

#define HEADER(descr, order, shape)                                                                \
    "{'descr': " descr ", 'fortran_order': " order ", 'shape': " shape ", }\n"
#define U1(shape) HEADER("'|u1'", "False", shape)
#define EXACTLY "not exactly descr, fortran_order and shape"
#define TUPLE "not a tuple of at most 8 whole numbers"

static const struct {
    const char *header;
    gsize n_data;
    const char *message; /* part of the error's */
} malformed[] = {
    {"", 0, "not a dictionary"},
    {"[]", 0, "not a dictionary"},
    {"{", 0, EXACTLY},
    {"{}", 0, EXACTLY},
    {"{'descr'", 0, EXACTLY},
    {"{'descr':", 0, "type a structure"},
    {"{'descr': '<f4", 0, "type a structure"},
    {"{'descr': '<f4'", 0, "breaks off"},
    {"{'descr': '<f4' 'shape': ()}", 0, "breaks off"},
    {"{'descr': '<f4', }", 0, EXACTLY},
    {"{'descr': '<f4', 'fortran_order': False, }", 0, EXACTLY},
    {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}", 4, EXACTLY},
    {"{'descr': '|u1', 'fortran_order': False, 'shape': (), 'x': 1}", 1, EXACTLY},
    {"{descr: '|u1', 'fortran_order': False, 'shape': ()}", 1, EXACTLY},
    {U1("()") "x", 1, EXACTLY},
    {HEADER("'>f4'", "False", "()"), 4, "type >f4; little-endian"},
    {HEADER("'|O'", "False", "()"), 8, "type |O; little-endian"},
    {HEADER("'\x1b[2J'", "False", "()"), 4, "type \\033[2J; little-endian"},
    {HEADER("[('x', '<f4')]", "False", "()"), 4, "type a structure"},
    {HEADER("'<f4'", "True", "()"), 4, "Fortran order"},
    {U1("3"), 3, TUPLE},
    {U1("(3)"), 3, TUPLE},
    {U1("(,)"), 1, TUPLE},
    {U1("(3,,)"), 3, TUPLE},
    {U1("(3 4)"), 12, TUPLE},
    {U1("(-3,)"), 3, TUPLE},
    {U1("(3.0,)"), 3, TUPLE},
    {U1("(0x3,)"), 3, TUPLE},
    {U1("(3, 4"), 12, TUPLE},
    {U1("(1, 1, 1, 1, 1, 1, 1, 1, 1)"), 1, TUPLE},
    {U1("(99999999999999999999,)"), 1, TUPLE},
    {U1("(9223372036854775808,)"), 1, TUPLE},
    {U1("(9223372036854775807, 3)"), 1, "product is too large"},
    {HEADER("'<f8'", "False", "(4611686018427387904, 4)"), 0, "product is too large"},
    {U1("(3,)"), 2, "holds 2 bytes of numbers, its shape needs 3"},
    {U1("(3,)"), 4, "holds 4 bytes of numbers, its shape needs 3"},
    {HEADER("'<f4'", "False", "()"), 1, "its shape needs 4"},
};

START_TEST(malformed_headers_are_named)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = make_file(malformed[_i].header, malformed[_i].n_data);
    ck_assert_ptr_null(ts_npy_parse(bytes, "x.npy", &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
    ck_assert_msg(strstr(error->message, malformed[_i].message) != NULL, "%s: '%s' has no '%s'",
                  malformed[_i].header, error->message, malformed[_i].message);
    ck_assert_int_eq(strncmp(error->message, "x.npy: ", 7), 0);
}
END_TEST

START_TEST(cut_files_other_magic_and_other_versions_are_refused)
{
    g_autoptr(GBytes) good = make_file(U1("(3,)"), 3);
    gsize n;
    const guint8 *data = g_bytes_get_data(good, &n);
    for (gsize cut = 0; cut < n; cut++) {
        g_autoptr(GBytes) part = g_bytes_new(data, cut);
        ck_assert_ptr_null(ts_npy_parse(part, "x", NULL));
    }
    for (gsize i = 0; i < 10; i++) {
        g_autofree guint8 *copy = g_memdup2(data, n);
        copy[i] ^= 0x20;
        g_autoptr(GBytes) bytes = g_bytes_new(copy, n);
        ck_assert_ptr_null(ts_npy_parse(bytes, "x", NULL));
    }
    g_autoptr(TsNpy) file = ts_npy_parse(good, "x", NULL);
    ck_assert_ptr_nonnull(file);
}
END_TEST

START_TEST(other_spellings_of_the_dictionary_are_read)
{
    static const char *const headers[] = {
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }       \n",
        "{\"shape\":(2,3,),\"fortran_order\":False,\"descr\":\"<f8\"}",
        " { 'fortran_order' : False , 'shape' : ( 2 , 3 ) , 'descr' : '<f8' } ",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(headers); i++) {
        g_autoptr(GBytes) bytes = make_file(headers[i], 48);
        g_autoptr(TsNpy) file = ts_npy_parse(bytes, "x", NULL);
        ck_assert_msg(file != NULL, "%s", headers[i]);
        const TsTensor *array = ts_npy_get(file);
        ck_assert(array->dtype == TS_DTYPE_F64 && array->rank == 2);
        ck_assert(array->shape[0] == 2 && array->shape[1] == 3 && array->n_bytes == 48);
    }
}
END_TEST

/* What numpy.save() wrote for numpy.arange(3, dtype='<i8'). */
START_TEST(written_bytes_are_numpys)
{
    static const char header[] = "\x93NUMPY\x01\x00v\x00{'descr': '<i8', 'fortran_order': False, "
                                 "'shape': (3,), }";
    static const gint64 numbers[] = {0, 1, 2};
    TsTensor array = {
        .dtype = TS_DTYPE_I64, .rank = 1, .shape = {3}, .data = numbers, .n_bytes = sizeof numbers};
    g_autofree char *folder = g_dir_make_tmp("tessera-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "x.npy", NULL);
    g_autofree char *text = NULL;
    gsize n;
    ck_assert(ts_npy_write(path, &array, FALSE, NULL));
    ck_assert(g_file_get_contents(path, &text, &n, NULL));
    ck_assert_uint_eq(n, 128 + 24);
    ck_assert_mem_eq(text, header, sizeof header - 1);
    for (gsize i = sizeof header - 1; i < 127; i++)
        ck_assert_int_eq(text[i], ' ');
    ck_assert_int_eq(text[127], '\n');
    ck_assert_mem_eq(text + 128, numbers, sizeof numbers);
    g_unlink(path);
    g_rmdir(folder);
}
END_TEST

START_TEST(every_type_and_rank_reads_back)
{
    static const TsDtype dtypes[] = {TS_DTYPE_F32, TS_DTYPE_F64, TS_DTYPE_I64,
                                     TS_DTYPE_U8,  TS_DTYPE_I8,  TS_DTYPE_U16,
                                     TS_DTYPE_I16, TS_DTYPE_U32, TS_DTYPE_I32};
    static const gint64 shapes[][TS_TENSOR_MAX_RANK] = {{0},
                                                        {6},
                                                        {2, 3},
                                                        {0, 3, 1},
                                                        {1, 2, 1, 3},
                                                        {1, 1, 1, 1, 1},
                                                        {1, 1, 1, 1, 1, 1},
                                                        {1, 1, 1, 1, 1, 2, 1},
                                                        {1, 1, 1, 1, 1, 1, 1, 6}};
    guint8 numbers[48];
    for (guint i = 0; i < sizeof numbers; i++)
        numbers[i] = (guint8) (i * 5);
    g_autofree char *folder = g_dir_make_tmp("tessera-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "x.npy", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(dtypes); i++) {
        for (guint rank = 0; rank < G_N_ELEMENTS(shapes); rank++) {
            g_autoptr(GError) error = NULL;
            TsTensor array = {.dtype = dtypes[i], .rank = rank, .data = numbers};
            memcpy(array.shape, shapes[rank], sizeof array.shape);
            ck_assert(ts_tensor_compute_bytes(dtypes[i], rank, array.shape, &array.n_bytes));
            ck_assert(ts_npy_write(path, &array, TRUE, &error));
            g_autoptr(TsNpy) file = ts_npy_read(path, &error);
            ck_assert_msg(file != NULL, "%s", error != NULL ? error->message : "");
            const TsTensor *read = ts_npy_get(file);
            ck_assert(read->dtype == dtypes[i] && read->rank == rank);
            ck_assert_mem_eq(read->shape, array.shape, sizeof array.shape);
            ck_assert_uint_eq(read->n_bytes, array.n_bytes);
            ck_assert_mem_eq(read->data, numbers, array.n_bytes);
        }
    }
    g_unlink(path);
    g_rmdir(folder);
}
END_TEST

START_TEST(what_cannot_be_written_is_refused)
{
    g_autoptr(GError) error = NULL;
    TsTensor half = {.dtype = TS_DTYPE_BF16, .n_bytes = 2, .data = "\0"};
    TsTensor wrong = {.dtype = TS_DTYPE_U8, .n_bytes = 2, .data = "\0"};
    ck_assert(!ts_npy_write("/nonexistent/x.npy", &half, FALSE, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    ck_assert_ptr_nonnull(strstr(error->message, "type BF16"));
    g_clear_error(&error);
    ck_assert(!ts_npy_write("/nonexistent/x.npy", &wrong, FALSE, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "do not fit the shape"));
    g_clear_error(&error);
    ck_assert_ptr_null(ts_npy_read("/nonexistent/x.npy", &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_IO));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("npy");
    TCase *tcase = tcase_create("npy");
    tcase_add_loop_test(tcase, malformed_headers_are_named, 0, G_N_ELEMENTS(malformed));
    tcase_add_test(tcase, cut_files_other_magic_and_other_versions_are_refused);
    tcase_add_test(tcase, other_spellings_of_the_dictionary_are_read);
    tcase_add_test(tcase, written_bytes_are_numpys);
    tcase_add_test(tcase, every_type_and_rank_reads_back);
    tcase_add_test(tcase, what_cannot_be_written_is_refused);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}

/* safetensors files, the tensors in them and 16-bit floats. */
#include "unit.h"

#include "base/error.h"
#include "base/outfile.h"
#include "store/half.h"
#include "store/safetensors.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

/* The bytes of a file with that header and `n_data` zero bytes; g_bytes_unref(). */
static GBytes *
make_file(const char *header, gsize n_data)
{
    g_autoptr(GByteArray) file = g_byte_array_new();
    guint64 length = GUINT64_TO_LE((guint64) strlen(header));
    g_byte_array_append(file, (const guint8 *) &length, sizeof length);
    g_byte_array_append(file, (const guint8 *) header, strlen(header));
    guint8 zero = 0;
    for (gsize i = 0; i < n_data; i++)
        g_byte_array_append(file, &zero, 1);
    return g_byte_array_free_to_bytes(g_steal_pointer(&file));
}

#define GOOD "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}"
#define ENTRY(dtype, shape, begin, end)                                                            \
    "{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" begin "," end "]}"

static const struct {
    const char *header;
    gsize n_data;
    const char *message; /* part of the error's */
} malformed[] = {
    {"", 0, "does not begin with '{'"},
    {"[]", 0, "does not begin with '{'"},
    {" {}", 0, "does not begin with '{'"},
    {"{", 0, "not valid JSON"},
    {GOOD "} x", 8, "not valid JSON"},
    {GOOD "}{}", 8, "not valid JSON"},
    {"{\"\xff\":1}", 0, "not valid JSON"},
    {GOOD ",\"a\":" ENTRY("F32", "[2]", "0", "8") "}", 8, "duplicate"},
    {"{\"a\":{\"dtype\":\"U8\",\"dtype\":\"I8\",\"shape\":[],\"data_offsets\":[0,1]}}", 1,
     "duplicate"},
    {"{\"__metadata__\":{\"k\":\"v\",\"k\":\"w\"}}", 0, "duplicate"},
    {"{\"a\\u0000b\":" ENTRY("F32", "[2]", "0", "8") "}", 8, "not valid JSON"},
    {"{\"a\":[[[[[[[[1]]]]]]]]}", 0, "nested too deep"},
    {"{\"a\":{\"dtype\":{\"x\":{}}}}", 0, "nested too deep"},
    {"{\"a\":" ENTRY("U8", "[1,1,1,1,1,1,1,1,1]", "0", "1") "}", 1, "more than 8 numbers"},
    {"{\"a\":1}", 0, "exactly dtype, shape and data_offsets"},
    {"{\"a\":{}}", 0, "exactly dtype, shape and data_offsets"},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[]}}", 0, "exactly dtype, shape and data_offsets"},
    {"{\"a\":{\"dtype\":8,\"shape\":[],\"data_offsets\":[0,1]}}", 1, "exactly dtype"},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1],\"x\":1}}", 1, "exactly dtype"},
    {"{\"a\":" ENTRY("F8_E4M3", "[1]", "0", "1") "}", 1, "'F8_E4M3' are not supported"},
    {"{\"a\":" ENTRY("u8", "[1]", "0", "1") "}", 1, "'u8' are not supported"},
    {"{\"a\":" ENTRY("U8", "1", "0", "1") "}", 1, "the shape is not a list"},
    {"{\"a\":" ENTRY("U8", "[1.0]", "0", "1") "}", 1, "the shape is not a list"},
    {"{\"a\":" ENTRY("U8", "[\\\"1\\\"]", "0", "1") "}", 1, "not valid JSON"},
    {"{\"a\":" ENTRY("U8", "[-1]", "0", "1") "}", 1, "the shape is not a list"},
    {"{\"a\":" ENTRY("U8", "[null]", "0", "1") "}", 1, "the shape is not a list"},
    {"{\"a\":" ENTRY("F64", "[4611686018427387904,4]", "0", "0") "}", 0, "product can be held"},
    {"{\"a\":" ENTRY("U8", "[99999999999999999999]", "0", "1") "}", 1, "too big integer"},
    {"{\"a\":" ENTRY("U8", "[1]", "0.0", "1") "}", 1, "two whole numbers"},
    {"{\"a\":" ENTRY("U8", "[1]", "-1", "0") "}", 1, "two whole numbers"},
    {"{\"a\":" ENTRY("U8", "[1]", "1", "0") "}", 1, "two whole numbers"},
    {"{\"a\":" ENTRY("U8", "[1]", "0,1", "2") "}", 1, "two whole numbers"},
    {"{\"a\":" ENTRY("U8", "[2]", "0", "2") "}", 1, "beyond the end of the file"},
    {"{\"a\":" ENTRY("U8", "[1]", "0", "9223372036854775807") "}", 1, "beyond the end"},
    {"{\"a\":" ENTRY("U8", "[3]", "0", "2") "}", 2, "its shape needs 3 bytes"},
    {"{\"a\":" ENTRY("F32", "[]", "0", "2") "}", 2, "its shape needs 4 bytes"},
    {"{\"a\":" ENTRY("U8", "[1]", "1", "2") "}", 2, "after a hole"},
    {GOOD ",\"b\":" ENTRY("U8", "[1]", "9", "10") "}", 10, "after a hole"},
    {GOOD ",\"b\":" ENTRY("U8", "[1]", "7", "8") "}", 8, "overlap"},
    {GOOD ",\"b\":" ENTRY("U8", "[8]", "0", "8") "}", 8, "overlap"},
    {GOOD ",\"b\":" ENTRY("U8", "[0]", "4", "4") "}", 8, "overlap"},
    {GOOD "}", 9, "1 bytes behind the last tensor"},
    {"{}", 1, "1 bytes behind the last tensor"},
    {"{\"__metadata__\":[]}", 0, "__metadata__ is not an object"},
    {"{\"__metadata__\":{\"k\":1}}", 0, "__metadata__ 'k' is not a text"},
};

START_TEST(malformed_headers_are_named)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = make_file(malformed[_i].header, malformed[_i].n_data);
    ck_assert_ptr_null(ts_safetensors_parse(bytes, "x.safetensors", &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
    ck_assert_msg(strstr(error->message, malformed[_i].message) != NULL, "%s: '%s' has no '%s'",
                  malformed[_i].header, error->message, malformed[_i].message);
    ck_assert_int_eq(strncmp(error->message, "x.safetensors: ", 15), 0);
}
END_TEST

/* Every way to cut a good file short, and lengths that lie. */
START_TEST(cut_files_and_lying_lengths_are_refused)
{
    static const guint64 lengths[] = {0, 1, 1000, 100000001, G_MAXUINT64, G_MAXINT64};
    g_autoptr(GBytes) good = make_file(GOOD "}", 8);
    gsize n;
    const guint8 *data = g_bytes_get_data(good, &n);
    for (gsize cut = 0; cut < n; cut++) {
        g_autoptr(GBytes) part = g_bytes_new(data, cut);
        ck_assert_ptr_null(ts_safetensors_parse(part, "x", NULL));
    }
    for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_autofree guint8 *copy = g_memdup2(data, n);
        guint64 length = GUINT64_TO_LE(lengths[i]);
        memcpy(copy, &length, sizeof length);
        g_autoptr(GBytes) bytes = g_bytes_new(copy, n);
        ck_assert_ptr_null(ts_safetensors_parse(bytes, "x", NULL));
    }
    g_autoptr(TsSafetensors) file = ts_safetensors_parse(good, "x", NULL);
    ck_assert_ptr_nonnull(file);
}
END_TEST

START_TEST(a_header_of_more_than_100_million_bytes_is_refused)
{
    g_autoptr(GError) error = NULL;
    guint64 length = GUINT64_TO_LE((guint64) TS_SAFETENSORS_MAX_HEADER + 1);
    guint8 *file = g_malloc0(sizeof length + length);
    memcpy(file, &length, sizeof length);
    file[sizeof length] = '{';
    g_autoptr(GBytes) bytes = g_bytes_new_take(file, sizeof length + length);
    ck_assert_ptr_null(ts_safetensors_parse(bytes, "x", &error));
    ck_assert_ptr_nonnull(strstr(error->message, "a header of 100000001 bytes is declared"));
}
END_TEST

START_TEST(a_name_of_more_than_1024_bytes_is_refused)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_strnfill(1025, 'n');
    g_autofree char *header = g_strdup_printf("{\"%s\":" ENTRY("U8", "[0]", "0", "0") "}", name);
    g_autoptr(GBytes) bytes = make_file(header, 0);
    ck_assert_ptr_null(ts_safetensors_parse(bytes, "x", &error));
    ck_assert_ptr_nonnull(strstr(error->message, "more than 1024 bytes"));
}
END_TEST

START_TEST(spaces_rank_0_zero_sizes_and_unaligned_data_are_read)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = make_file(
        "{\"__metadata__\":{\"k\":\"\\\"[[[[]{\"},\"odd\":" ENTRY(
            "U8", "[]", "0", "1") ",\"z.empty\":" ENTRY("I64", "[3,0]", "1",
                                                        "1") ",\"f\":" ENTRY("F32", "[1,1]", "1",
                                                                             "5") "}   ",
        5);
    gsize n;
    guint8 *data = (guint8 *) g_bytes_get_data(bytes, &n);
    static const guint8 one_and_a_half[] = {0, 0, 0xc0, 0x3f};
    memcpy(data + n - 4, one_and_a_half, 4);
    g_autoptr(TsSafetensors) file = ts_safetensors_parse(bytes, "x", &error);
    ck_assert_msg(file != NULL, "%s", error != NULL ? error->message : "");
    ck_assert_uint_eq(ts_safetensors_n(file), 3);
    ck_assert_str_eq(ts_safetensors_metadata(file, "k"), "\"[[[[]{");
    ck_assert_ptr_null(ts_safetensors_metadata(file, "other"));
    ck_assert_ptr_null(ts_safetensors_find(file, "__metadata__"));
    ck_assert_str_eq(ts_safetensors_get(file, 0)->name, "odd");
    ck_assert_str_eq(ts_safetensors_get(file, 1)->name, "z.empty");
    ck_assert_uint_eq(ts_tensor_n(ts_safetensors_find(file, "z.empty")), 0);
    float value = 0;
    ck_assert(ts_tensor_to_f32(ts_safetensors_find(file, "f"), &value, NULL));
    ck_assert(value == 1.5f);
}
END_TEST

static TsTensor
tensor_of(const char *name, TsDtype dtype, gsize n, const void *data)
{
    return (TsTensor){.name = name,
                      .dtype = dtype,
                      .rank = 1,
                      .shape = {(gint64) n},
                      .data = data,
                      .n_bytes = n * ts_dtype_size(dtype)};
}

static char *
scratch_path(const char *name)
{
    g_autofree char *folder = g_dir_make_tmp("tessera-XXXXXX", NULL);
    return g_build_filename(folder, name, NULL);
}

static void
remove_scratch(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_unlink(path);
    g_rmdir(folder);
}

START_TEST(what_was_written_reads_back_sorted_and_aligned)
{
    static const guint8 bytes[] = {1, 2, 3};
    static const float floats[] = {1.5f, -0.f, INFINITY};
    static const gint64 ints[] = {G_MININT64, 5};
    static const char *const metadata[] = {"classes", "a\tb\n\"c\"", "z", "", NULL};
    TsTensor tensors[] = {
        tensor_of("u8", TS_DTYPE_U8, 3, bytes), tensor_of("b.weight", TS_DTYPE_F32, 3, floats),
        tensor_of("a.wei\"ght", TS_DTYPE_F32, 0, NULL), tensor_of("count", TS_DTYPE_I64, 2, ints)};
    static const char *const order[] = {"count", "a.wei\"ght", "b.weight", "u8"};
    g_autoptr(GError) error = NULL;
    g_autofree char *path = scratch_path("x.safetensors");
    ck_assert(ts_safetensors_write(path, metadata, tensors, G_N_ELEMENTS(tensors), FALSE, &error));
    g_autoptr(TsSafetensors) file = ts_safetensors_read(path, &error);
    ck_assert_msg(file != NULL, "%s", error != NULL ? error->message : "");
    ck_assert_uint_eq(ts_safetensors_n(file), 4);
    for (guint i = 0; i < 4; i++) {
        const TsTensor *tensor = ts_safetensors_get(file, i);
        ck_assert_str_eq(tensor->name, order[i]);
        ck_assert_uint_eq((gsize) tensor->data % ts_dtype_size(tensor->dtype), 0);
    }
    ck_assert_mem_eq(ts_safetensors_find(file, "b.weight")->data, floats, sizeof floats);
    ck_assert_mem_eq(ts_safetensors_find(file, "count")->data, ints, sizeof ints);
    ck_assert_mem_eq(ts_safetensors_find(file, "u8")->data, bytes, sizeof bytes);
    ck_assert_str_eq(ts_safetensors_metadata(file, "classes"), "a\tb\n\"c\"");
    ck_assert_str_eq(ts_safetensors_metadata(file, "z"), "");
    ck_assert(!ts_safetensors_write(path, metadata, tensors, 1, FALSE, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_IO));
    remove_scratch(path);
}
END_TEST

/* The whole file, byte for byte: the header is compact, padded to 8, and in the given order. */
START_TEST(written_bytes_are_as_the_format_says)
{
    static const char header[] = "{\"__metadata__\":{\"format\":\"pt\"},\"a\":"
                                 "{\"dtype\":\"I16\",\"shape\":[1],\"data_offsets\":[0,2]}}";
    static const char *const metadata[] = {"format", "pt", NULL};
    static const guint8 data[] = {0x34, 0x12};
    TsTensor tensor = tensor_of("a", TS_DTYPE_I16, 1, data);
    g_autofree char *path = scratch_path("x.safetensors");
    g_autofree char *text = NULL;
    gsize n;
    ck_assert(ts_safetensors_write(path, metadata, &tensor, 1, FALSE, NULL));
    ck_assert(g_file_get_contents(path, &text, &n, NULL));
    gsize padded = (strlen(header) + 7) / 8 * 8;
    ck_assert_uint_eq(n, 8 + padded + 2);
    ck_assert_uint_eq((guint8) text[0], padded);
    ck_assert_mem_eq(text + 8, header, strlen(header));
    for (gsize i = 8 + strlen(header); i < 8 + padded; i++)
        ck_assert_int_eq(text[i], ' ');
    ck_assert_mem_eq(text + n - 2, data, 2);
    remove_scratch(path);
}
END_TEST

START_TEST(headers_of_every_length_are_padded_to_8)
{
    static const guint8 data[] = {7};
    for (guint n_name = 1; n_name <= 8; n_name++) {
        g_autofree char *name = g_strnfill(n_name, 'n');
        g_autofree char *path = scratch_path("x.safetensors");
        g_autofree char *text = NULL;
        gsize n;
        TsTensor tensor = tensor_of(name, TS_DTYPE_U8, 1, data);
        ck_assert(ts_safetensors_write(path, NULL, &tensor, 1, FALSE, NULL));
        ck_assert(g_file_get_contents(path, &text, &n, NULL));
        gsize shortest = strlen("{\"\":" ENTRY("U8", "[1]", "0", "1") "}") + n_name;
        ck_assert_uint_eq((guint8) text[0], (shortest + 7) / 8 * 8);
        remove_scratch(path);
    }
}
END_TEST

START_TEST(a_file_without_tensors_is_written_and_read)
{
    g_autofree char *path = scratch_path("x.safetensors");
    ck_assert(ts_safetensors_write(path, NULL, NULL, 0, FALSE, NULL));
    g_autoptr(TsSafetensors) file = ts_safetensors_read(path, NULL);
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(ts_safetensors_n(file), 0);
    ck_assert_ptr_null(ts_safetensors_metadata(file, "k"));
    remove_scratch(path);
}
END_TEST

static void
check_refused(const char *const *metadata, const TsTensor *tensors, guint n, const char *message)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = scratch_path("x.safetensors");
    ck_assert(!ts_safetensors_write(path, metadata, tensors, n, FALSE, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    ck_assert_msg(strstr(error->message, message) != NULL, "'%s' has no '%s'", error->message,
                  message);
    ck_assert(!g_file_test(path, G_FILE_TEST_EXISTS));
    remove_scratch(path);
}

START_TEST(the_writer_refuses_what_the_reader_would)
{
    static const guint8 data[8];
    static const char *const twice[] = {"k", "v", "k", "w", NULL};
    static const char *const not_text[] = {"k", "\xff", NULL};
    TsTensor same[] = {tensor_of("a", TS_DTYPE_U8, 1, data), tensor_of("a", TS_DTYPE_F32, 1, data)};
    TsTensor reserved = tensor_of("__metadata__", TS_DTYPE_U8, 1, data);
    TsTensor not_utf8 = tensor_of("\xff", TS_DTYPE_U8, 1, data);
    TsTensor nameless = tensor_of(NULL, TS_DTYPE_U8, 1, data);
    TsTensor wrong_size = tensor_of("a", TS_DTYPE_F32, 1, data);
    wrong_size.n_bytes = 3;
    TsTensor too_long = tensor_of("a", TS_DTYPE_U8, 1, data);
    g_autofree char *name = g_strnfill(1025, 'n');
    too_long.name = name;
    check_refused(NULL, same, 2, "'a' is there twice");
    check_refused(NULL, &reserved, 1, "cannot be the name");
    check_refused(NULL, &not_utf8, 1, "cannot be the name");
    check_refused(NULL, &nameless, 1, "cannot be the name");
    check_refused(NULL, &too_long, 1, "cannot be the name");
    check_refused(NULL, &wrong_size, 1, "do not fit its shape");
    check_refused(twice, NULL, 0, "metadata 'k' is there twice");
    check_refused(not_text, NULL, 0, "not UTF-8");
}
END_TEST

START_TEST(files_that_cannot_be_mapped_are_named)
{
    static const char *const paths[] = {"/nonexistent/x", "/", "/dev/null"};
    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GError) error = NULL;
        ck_assert_ptr_null(ts_safetensors_read(paths[i], &error));
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_IO));
        ck_assert_ptr_nonnull(strstr(error->message, paths[i]));
    }
}
END_TEST

/* -2 in each signed type, 254 in each unsigned one. */
START_TEST(every_dtype_becomes_f32)
{
    static const struct {
        TsDtype dtype;
        guint8 bytes[8];
        float value;
    } cases[] = {
        {TS_DTYPE_BOOL, {2}, 1},
        {TS_DTYPE_U8, {0xfe}, 254},
        {TS_DTYPE_I8, {0xfe}, -2},
        {TS_DTYPE_I16, {0xfe, 0xff}, -2},
        {TS_DTYPE_U16, {0xfe, 0}, 254},
        {TS_DTYPE_F16, {0, 0xc0}, -2},
        {TS_DTYPE_BF16, {0, 0xc0}, -2},
        {TS_DTYPE_I32, {0xfe, 0xff, 0xff, 0xff}, -2},
        {TS_DTYPE_U32, {0xfe, 0, 0, 0x80}, 2147483902.f},
        {TS_DTYPE_F32, {0, 0, 0, 0xc0}, -2},
        {TS_DTYPE_F64, {0, 0, 0, 0, 0, 0, 0, 0xc0}, -2},
        {TS_DTYPE_I64, {0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, -2},
        {TS_DTYPE_U64, {0, 0, 0, 0, 0, 0, 0, 0x80}, 9223372036854775808.f},
    };
    ck_assert_uint_eq(G_N_ELEMENTS(cases), TS_DTYPE_N);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        guint8 room[9];
        float value = 0;
        TsDtype dtype;
        memcpy(room + 1, cases[i].bytes, 8); /* never aligned */
        TsTensor tensor = tensor_of("a", cases[i].dtype, 1, room + 1);
        ck_assert(ts_tensor_to_f32(&tensor, &value, NULL));
        ck_assert_msg(value == cases[i].value, "%s", ts_dtype_name(cases[i].dtype));
        ck_assert(ts_dtype_from_name(ts_dtype_name(cases[i].dtype), &dtype));
        ck_assert_int_eq(dtype, cases[i].dtype);
    }
    TsTensor wrong = tensor_of("a", TS_DTYPE_F32, 1, NULL);
    wrong.n_bytes = 8;
    float value;
    ck_assert(!ts_tensor_to_f32(&wrong, &value, NULL));
}
END_TEST

START_TEST(shapes_that_cannot_be_have_no_size)
{
    static const gint64 negative[] = {-1}, both[] = {-1, -1}, large[] = {G_MAXINT64, 3};
    static const gint64 ones[TS_TENSOR_MAX_RANK + 1] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    gsize n_bytes = 0;
    ck_assert(!ts_tensor_compute_bytes(TS_DTYPE_U8, 1, negative, &n_bytes));
    ck_assert(!ts_tensor_compute_bytes(TS_DTYPE_U8, 2, both, &n_bytes));
    ck_assert(!ts_tensor_compute_bytes(TS_DTYPE_U8, 2, large, &n_bytes));
    ck_assert(!ts_tensor_compute_bytes(TS_DTYPE_U8, TS_TENSOR_MAX_RANK + 1, ones, &n_bytes));
    ck_assert(ts_tensor_compute_bytes(TS_DTYPE_F64, TS_TENSOR_MAX_RANK, ones, &n_bytes));
    ck_assert_uint_eq(n_bytes, 8);
    /* Of no numbers, whatever the order of its sizes. */
    static const gint64 none[] = {G_MAXINT64, G_MAXINT64, 0};
    ck_assert(ts_tensor_compute_bytes(TS_DTYPE_I64, 3, none, &n_bytes));
    ck_assert_uint_eq(n_bytes, 0);
}
END_TEST

static guint32
bits_of(float value)
{
    guint32 bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Every f16 goes to f32 and back unchanged, and has the value that its fields say. */
START_TEST(f16_round_trip_is_exact_for_every_number)
{
    for (guint32 i = 0; i < 65536; i++) {
        float value = ts_f16_to_f32((guint16) i);
        int exponent = (int) (i >> 10 & 31);
        if (exponent == 31 && (i & 0x3ff) != 0) {
            ck_assert(isnan(value));
            ck_assert_uint_eq(ts_f32_to_f16(value), i | 0x200);
            continue;
        }
        double expected = exponent == 31  ? INFINITY
                          : exponent == 0 ? ldexp(i & 0x3ff, -24)
                                          : ldexp((i & 0x3ff) | 0x400, exponent - 25);
        ck_assert(value == ((i & 0x8000) != 0 ? -expected : expected));
        ck_assert_uint_eq(ts_f32_to_f16(value), i);
        ck_assert_uint_eq(ts_f32_to_bf16(ts_bf16_to_f32((guint16) i)),
                          isnan(ts_bf16_to_f32((guint16) i)) ? i | 0x40 : i);
    }
}
END_TEST

START_TEST(rounding_to_16_bits_is_to_nearest_even)
{
    static const struct {
        float value;
        guint16 f16, bf16;
    } cases[] = {
        {1.0f, 0x3c00, 0x3f80},
        {1.00048828125f, 0x3c00, 0x3f80}, /* half way, down to even */
        {1.00146484375f, 0x3c02, 0x3f80}, /* half way, up to even */
        {1.00390625f, 0x3c04, 0x3f80},    /* half way of bf16, down to even */
        {1.01171875f, 0x3c0c, 0x3f82},    /* half way of bf16, up to even */
        {65504.f, 0x7bff, 0x4780},        /* largest f16 */
        {65519.96f, 0x7bff, 0x4780},
        {65520.f, 0x7c00, 0x4780}, /* half way to 65536 */
        {3.4e38f, 0x7c00, 0x7f80},
        {5.9604645e-8f, 0x0001, 0x3380}, /* smallest f16 */
        {2.9802322e-8f, 0x0000, 0x3300}, /* half of it: to even, which is 0 */
        {2.9802326e-8f, 0x0001, 0x3300},
        {6.1035e-5f, 0x0400, 0x3880}, /* rounds up to the smallest normal */
        {-1e-30f, 0x8000, 0x8da2},
        {-INFINITY, 0xfc00, 0xff80},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        ck_assert_uint_eq(ts_f32_to_f16(cases[i].value), cases[i].f16);
        ck_assert_uint_eq(ts_f32_to_bf16(cases[i].value), cases[i].bf16);
    }
    ck_assert_uint_eq(bits_of(ts_bf16_to_f32(ts_f32_to_bf16(NAN))) & 0x7fc00000, 0x7fc00000);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("safetensors");
    TCase *tcase = tcase_create("safetensors");
    tcase_add_loop_test(tcase, malformed_headers_are_named, 0, G_N_ELEMENTS(malformed));
    tcase_add_test(tcase, cut_files_and_lying_lengths_are_refused);
    tcase_add_test(tcase, a_header_of_more_than_100_million_bytes_is_refused);
    tcase_add_test(tcase, a_name_of_more_than_1024_bytes_is_refused);
    tcase_add_test(tcase, spaces_rank_0_zero_sizes_and_unaligned_data_are_read);
    tcase_add_test(tcase, what_was_written_reads_back_sorted_and_aligned);
    tcase_add_test(tcase, written_bytes_are_as_the_format_says);
    tcase_add_test(tcase, headers_of_every_length_are_padded_to_8);
    tcase_add_test(tcase, a_file_without_tensors_is_written_and_read);
    tcase_add_test(tcase, the_writer_refuses_what_the_reader_would);
    tcase_add_test(tcase, files_that_cannot_be_mapped_are_named);
    tcase_add_test(tcase, shapes_that_cannot_be_have_no_size);
    tcase_add_test(tcase, every_dtype_becomes_f32);
    tcase_add_test(tcase, f16_round_trip_is_exact_for_every_number);
    tcase_add_test(tcase, rounding_to_16_bits_is_to_nearest_even);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}

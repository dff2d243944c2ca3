/* The .npy format. Its header is a Python dictionary in text; this reads the few forms of it that
 * the format allows: three keys, texts in either quote, a truth value, a tuple of numbers. */
#include "store/npy.h"

#include "base/error.h"
#include "base/outfile.h"
#include "store/mapped.h"

#include <string.h>

enum { PREFIX_BYTES = 10, ALIGNMENT = 64 };

static const char MAGIC[] = "\x93NUMPY\x01";

struct _TsNpy {
    GBytes *bytes;
    TsTensor array;
};

static const struct {
    TsDtype dtype;
    const char *descr;
} descrs[] = {
    {TS_DTYPE_F32, "<f4"}, {TS_DTYPE_F64, "<f8"}, {TS_DTYPE_I64, "<i8"}, {TS_DTYPE_U8, "|u1"},
    {TS_DTYPE_I8, "|i1"},  {TS_DTYPE_U16, "<u2"}, {TS_DTYPE_I16, "<i2"}, {TS_DTYPE_U32, "<u4"},
    {TS_DTYPE_I32, "<i4"}, {TS_DTYPE_F16, "<f2"}, {TS_DTYPE_U64, "<u8"}, {TS_DTYPE_BOOL, "|b1"},
};

/* The header's text that is still to be read. */
typedef struct {
    const char *at;
    const char *end;
} Cursor;

static void
skip_spaces(Cursor *cursor)
{
    while (cursor->at < cursor->end && g_ascii_isspace(*cursor->at))
        cursor->at++;
}

/* Pass over `token`, if it is next. */
static gboolean
accept(Cursor *cursor, const char *token)
{
    gsize n = strlen(token);
    skip_spaces(cursor);
    if ((gsize) (cursor->end - cursor->at) < n || memcmp(cursor->at, token, n) != 0)
        return FALSE;
    cursor->at += n;
    return TRUE;
}

/* A text in quotes, without escapes. */
static char *
read_text(Cursor *cursor)
{
    skip_spaces(cursor);
    if (cursor->at == cursor->end || (*cursor->at != '\'' && *cursor->at != '"'))
        return NULL;
    char quote = *cursor->at;
    const char *begin = cursor->at + 1;
    const char *end = memchr(begin, quote, cursor->end - begin);
    if (end == NULL || memchr(begin, '\0', end - begin) != NULL)
        return NULL;
    cursor->at = end + 1;
    return g_strndup(begin, end - begin);
}

static gboolean
read_number(Cursor *cursor, gint64 *value)
{
    guint64 number = 0;
    skip_spaces(cursor);
    const char *begin = cursor->at;
    for (; cursor->at < cursor->end && g_ascii_isdigit(*cursor->at); cursor->at++) {
        if (!g_uint64_checked_mul(&number, number, 10) ||
            !g_uint64_checked_add(&number, number, g_ascii_digit_value(*cursor->at)) ||
            number > G_MAXINT64)
            return FALSE;
    }
    *value = (gint64) number;
    return cursor->at > begin;
}

/* "()", "(3,)", "(3, 4)". */
static gboolean
read_shape(Cursor *cursor, TsTensor *array)
{
    gboolean comma = TRUE;
    if (!accept(cursor, "("))
        return FALSE;
    while (!accept(cursor, ")")) {
        if (!comma || array->rank == TS_TENSOR_MAX_RANK ||
            !read_number(cursor, &array->shape[array->rank]))
            return FALSE;
        array->rank++;
        comma = accept(cursor, ",");
    }
    return array->rank != 1 || comma; /* "(3)" is a number in Python */
}

static gboolean
read_descr(Cursor *cursor, TsTensor *array, const char *name, GError **error)
{
    g_autofree char *descr = read_text(cursor);
    for (gsize i = 0; descr != NULL && i < G_N_ELEMENTS(descrs); i++) {
        if (strcmp(descr, descrs[i].descr) == 0) {
            array->dtype = descrs[i].dtype;
            return TRUE;
        }
    }
    g_autofree char *shown = descr != NULL ? g_strescape(descr, NULL) : g_strdup("a structure");
    return ts_error_set(
        error, TS_ERROR_FORMAT,
        "%s: holds numbers of type %.40s; little-endian floats of 2, 4 and 8 bytes, "
        "integers of 1 to 8 bytes and truth values can be read",
        name, shown);
}

static gboolean
read_order(Cursor *cursor, const char *name, GError **error)
{
    if (accept(cursor, "False"))
        return TRUE;
    return ts_error_set(error, TS_ERROR_FORMAT,
                        "%s: is in Fortran order; save numpy.ascontiguousarray() of it", name);
}

/* One "key: value"; `seen` has a bit for each key. */
static gboolean
read_item(Cursor *cursor, TsTensor *array, guint *seen, const char *name, GError **error)
{
    static const char *const keys[] = {"descr", "fortran_order", "shape", NULL};
    g_autofree char *key = read_text(cursor);
    guint i = 0;
    while (keys[i] != NULL && g_strcmp0(key, keys[i]) != 0)
        i++;
    if (keys[i] == NULL || (*seen & 1u << i) != 0 || !accept(cursor, ":"))
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: the header has not exactly descr, fortran_order and shape", name);
    *seen |= 1u << i;
    if (i == 0)
        return read_descr(cursor, array, name, error);
    if (i == 1)
        return read_order(cursor, name, error);
    if (!read_shape(cursor, array))
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: the shape is not a tuple of at most 8 whole numbers", name);
    return TRUE;
}

static gboolean
read_dictionary(Cursor *cursor, TsTensor *array, const char *name, GError **error)
{
    guint seen = 0;
    gboolean closed = FALSE;
    if (!accept(cursor, "{"))
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: the header is not a dictionary", name);
    while (!closed) {
        if (!read_item(cursor, array, &seen, name, error))
            return FALSE;
        gboolean comma = accept(cursor, ",");
        closed = accept(cursor, "}");
        if (!comma && !closed)
            return ts_error_set(error, TS_ERROR_FORMAT, "%s: the header breaks off", name);
    }
    skip_spaces(cursor);
    if (seen != 7 || cursor->at != cursor->end)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: the header has not exactly descr, fortran_order and shape", name);
    return TRUE;
}

/* Find the header's text behind magic, version and length. */
static gboolean
find_header(const guint8 *bytes, gsize n, Cursor *cursor, const char *name, GError **error)
{
    if (n < PREFIX_BYTES || memcmp(bytes, MAGIC, 6) != 0)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: is not an .npy file", name);
    if (bytes[6] != 1 || bytes[7] != 0)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: is of version %d.%d of the format; 1.0 can be read", name,
                            bytes[6], bytes[7]);
    gsize length = bytes[8] | (gsize) bytes[9] << 8;
    if (length > n - PREFIX_BYTES)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: ends within its header", name);
    cursor->at = (const char *) bytes + PREFIX_BYTES;
    cursor->end = cursor->at + length;
    return TRUE;
}

TsNpy *
ts_npy_parse(GBytes *bytes, const char *name, GError **error)
{
    gsize n;
    const guint8 *data = g_bytes_get_data(bytes, &n);
    Cursor cursor = {0};
    TsTensor array = {0};
    if (!find_header(data, n, &cursor, name, error) ||
        !read_dictionary(&cursor, &array, name, error))
        return NULL;
    if (!ts_tensor_compute_bytes(array.dtype, array.rank, array.shape, &array.n_bytes)) {
        ts_error_set(error, TS_ERROR_FORMAT, "%s: the shape's product is too large", name);
        return NULL;
    }
    gsize n_data = n - (gsize) (cursor.end - (const char *) data);
    if (n_data != array.n_bytes) {
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s: holds %" G_GSIZE_FORMAT
                     " bytes of numbers, its shape needs %" G_GSIZE_FORMAT,
                     name, n_data, array.n_bytes);
        return NULL;
    }
    array.data = cursor.end;
    TsNpy *self = g_new(TsNpy, 1);
    *self = (TsNpy){.bytes = g_bytes_ref(bytes), .array = array};
    return self;
}

TsNpy *
ts_npy_read(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = ts_map_file(path, error);
    return bytes != NULL ? ts_npy_parse(bytes, path, error) : NULL;
}

const TsTensor *
ts_npy_get(const TsNpy *self)
{
    return &self->array;
}

void
ts_npy_free(TsNpy *self)
{
    if (self == NULL)
        return;
    g_bytes_unref(self->bytes);
    g_free(self);
}

/* The dictionary, padded with spaces and a line end so that the numbers begin at a multiple of 64,
 * and with at least `n` bytes. */
static GString *
make_header(const TsTensor *array, const char *descr, gsize n)
{
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
    for (guint i = 0; i < array->rank; i++)
        g_string_append_printf(text, i == 0 ? "%" G_GINT64_FORMAT : ", %" G_GINT64_FORMAT,
                               array->shape[i]);
    g_string_append(text, array->rank == 1 ? ",), }" : "), }");
    while (text->len + 1 < n || (PREFIX_BYTES + text->len + 1) % ALIGNMENT != 0)
        g_string_append_c(text, ' ');
    return g_string_append_c(text, '\n');
}

/* How the format calls a type; NULL with an error if it is not written. */
static const char *
find_descr(TsDtype dtype, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(descrs); i++)
        if (descrs[i].dtype == dtype)
            return descrs[i].descr;
    ts_error_set(error, TS_ERROR_ARGUMENT, "numbers of type %s cannot be written",
                 ts_dtype_name(dtype));
    return NULL;
}

static gboolean
write_header(TsOutFile *out, const TsTensor *array, gsize at_least, GError **error)
{
    const char *descr = find_descr(array->dtype, error);
    if (descr == NULL)
        return FALSE;
    g_autoptr(GString) header = make_header(array, descr, at_least);
    guint8 prefix[PREFIX_BYTES] = {0};
    memcpy(prefix, MAGIC, 8);
    prefix[8] = header->len & 255;
    prefix[9] = (guint8) (header->len >> 8);
    return ts_out_file_write(out, prefix, sizeof prefix, error) &&
           ts_out_file_write(out, header->str, header->len, error);
}

gboolean
ts_npy_write_header(TsOutFile *out, const TsTensor *array, GError **error)
{
    return write_header(out, array, 0, error);
}

gboolean
ts_npy_write(const char *path, const TsTensor *array, gboolean replace, GError **error)
{
    gsize n_bytes;
    if (find_descr(array->dtype, error) == NULL) {
        g_prefix_error(error, "%s: ", path);
        return FALSE;
    }
    if (!ts_tensor_compute_bytes(array->dtype, array->rank, array->shape, &n_bytes) ||
        n_bytes != array->n_bytes)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "%s: %" G_GSIZE_FORMAT " bytes do not fit the shape", path,
                            array->n_bytes);
    g_autoptr(TsOutFile) out = ts_out_file_new(path, replace, error);
    return out != NULL && ts_npy_write_header(out, array, error) &&
           ts_out_file_write(out, array->data, array->n_bytes, error) &&
           ts_out_file_commit(out, error);
}

/* ---- row by row ---- */

struct _TsNpyWriter {
    TsOutFile *out;
    TsTensor array; /* shape[0]: rows so far */
    gsize header;   /* bytes of the dictionary */
};

/* The header is written twice: with the most rows that there can be, and with those that came. */
TsNpyWriter *
ts_npy_writer_new(const char *path, const TsTensor *row, gboolean replace, GError **error)
{
    g_autoptr(TsNpyWriter) self = g_new0(TsNpyWriter, 1);
    self->array.dtype = row->dtype;
    self->array.rank = row->rank + 1;
    self->array.shape[0] = G_MAXINT64;
    for (guint i = 0; i < row->rank; i++)
        self->array.shape[i + 1] = row->shape[i];
    const char *descr = find_descr(row->dtype, error);
    self->out = descr != NULL ? ts_out_file_new(path, replace, error) : NULL;
    if (self->out == NULL)
        return NULL;
    if (ts_out_file_temporary(self->out) == NULL) {
        ts_error_set(error, TS_ERROR_IO,
                     "%s: is no file; the number of rows stands at the beginning of an array and "
                     "is known at its end",
                     path);
        return NULL;
    }
    g_autoptr(GString) header = make_header(&self->array, descr, 0);
    self->header = header->len;
    if (!write_header(self->out, &self->array, 0, error))
        return NULL;
    self->array.shape[0] = 0;
    return g_steal_pointer(&self);
}

gboolean
ts_npy_writer_append(TsNpyWriter *self, const void *numbers, gsize n_rows, GError **error)
{
    gsize bytes;
    const gboolean fits = ts_tensor_compute_bytes(self->array.dtype, self->array.rank - 1,
                                                  self->array.shape + 1, &bytes) &&
                          g_size_checked_mul(&bytes, bytes, n_rows);
    if (!fits)
        return ts_error_set(error, TS_ERROR_RANGE, "rows of an array are too large");
    self->array.shape[0] += (gint64) n_rows;
    return ts_out_file_write(self->out, numbers, bytes, error);
}

gboolean
ts_npy_writer_commit(TsNpyWriter *self, GError **error)
{
    return ts_out_file_rewind(self->out, error) &&
           write_header(self->out, &self->array, self->header, error) &&
           ts_out_file_commit(self->out, error);
}

void
ts_npy_writer_free(TsNpyWriter *self)
{
    if (self == NULL)
        return;
    ts_out_file_free(self->out);
    g_free(self);
}

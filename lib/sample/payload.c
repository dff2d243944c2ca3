/* Bare samples, NumPy arrays and encoded images as pixels. */
#include "sample/payload.h"

#include "base/error.h"
#include "store/npy.h"

#include <string.h>

static const char *const type_names[] = {
    [TS_U8] = "u8",   [TS_I8] = "i8",   [TS_U16] = "u16", [TS_I16] = "i16",
    [TS_U32] = "u32", [TS_I32] = "i32", [TS_F32] = "f32", [TS_F64] = "f64",
};

static gboolean
parse_type(const char *text, TsSampleType *type)
{
    for (guint i = 0; i < G_N_ELEMENTS(type_names); i++) {
        if (strcmp(text, type_names[i]) != 0)
            continue;
        *type = (TsSampleType) i;
        return TRUE;
    }
    return FALSE;
}

/* A whole number of 1 or more and the character behind it. */
static gboolean
parse_part(const char **text, char behind, int *value)
{
    gint64 number = 0;
    const char *at = *text;
    for (; g_ascii_isdigit(*at) && number <= G_MAXINT; at++)
        number = number * 10 + (*at - '0');
    if (at == *text || *at != behind || number < 1 || number > G_MAXINT)
        return FALSE;
    *value = (int) number;
    *text = at + 1;
    return TRUE;
}

static gboolean
count_bytes(const TsRaw *raw, guint64 *n)
{
    return g_uint64_checked_mul(n, (guint64) raw->width, (guint64) raw->height) &&
           g_uint64_checked_mul(n, *n, (guint64) raw->bands) &&
           g_uint64_checked_mul(n, *n, ts_sample_type_size(raw->type)) && *n <= G_MAXINT64;
}

gboolean
ts_raw_parse(const char *text, TsRaw *raw)
{
    TsRaw read = {0};
    guint64 n;
    if (!parse_part(&text, 'x', &read.width) || !parse_part(&text, 'x', &read.height) ||
        !parse_part(&text, ':', &read.bands) || !parse_type(text, &read.type) ||
        !count_bytes(&read, &n))
        return FALSE;
    *raw = read;
    return TRUE;
}

char *
ts_raw_format(const TsRaw *raw)
{
    return g_strdup_printf("%dx%dx%d:%s", raw->width, raw->height, raw->bands,
                           type_names[raw->type]);
}

guint64
ts_raw_n_bytes(const TsRaw *raw)
{
    guint64 n = 0;
    count_bytes(raw, &n);
    return n;
}

/* Little-endian samples into the machine's order. */
static void
copy_samples(TsImage *image, const guint8 *bytes, gsize n)
{
    memcpy(image->data, bytes, n);
#if G_BYTE_ORDER == G_BIG_ENDIAN
    gsize size = ts_sample_type_size(image->type);
    for (gsize i = 0; i < n; i += size)
        for (gsize k = 0; k < size / 2; k++) {
            guint8 byte = image->data[i + k];
            image->data[i + k] = image->data[i + size - 1 - k];
            image->data[i + size - 1 - k] = byte;
        }
#endif
}

static TsImage *
decode_raw(const guint8 *bytes, gsize n, const TsRaw *raw, const char *name, GError **error)
{
    if (n != ts_raw_n_bytes(raw)) {
        g_autofree char *text = ts_raw_format(raw);
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s: %" G_GSIZE_FORMAT " bytes, samples of %s are %" G_GUINT64_FORMAT, name, n,
                     text, ts_raw_n_bytes(raw));
        return NULL;
    }
    TsImage *image = ts_image_new(raw->width, raw->height, raw->bands, raw->type, error);
    if (image == NULL)
        g_prefix_error(error, "%s: ", name);
    else
        copy_samples(image, bytes, n);
    return image;
}

static gboolean
type_of_array(TsDtype dtype, TsSampleType *type)
{
    static const struct {
        TsDtype dtype;
        TsSampleType type;
    } types[] = {
        {TS_DTYPE_U8, TS_U8},   {TS_DTYPE_I8, TS_I8},   {TS_DTYPE_U16, TS_U16},
        {TS_DTYPE_I16, TS_I16}, {TS_DTYPE_U32, TS_U32}, {TS_DTYPE_I32, TS_I32},
        {TS_DTYPE_F32, TS_F32}, {TS_DTYPE_F64, TS_F64},
    };
    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        if (types[i].dtype != dtype)
            continue;
        *type = types[i].type;
        return TRUE;
    }
    return FALSE;
}

static TsImage *
decode_npy(const guint8 *bytes, gsize n, const char *name, GError **error)
{
    g_autoptr(GBytes) borrowed = g_bytes_new_static(bytes, n);
    g_autoptr(TsNpy) file = ts_npy_parse(borrowed, name, error);
    if (file == NULL)
        return NULL;
    const TsTensor *array = ts_npy_get(file);
    gboolean is_image = array->rank == 2 || array->rank == 3;
    TsRaw raw = {.bands = 1};
    for (guint i = 0; is_image && i < array->rank; i++)
        is_image = array->shape[i] > 0 && array->shape[i] <= G_MAXINT;
    if (!is_image || !type_of_array(array->dtype, &raw.type)) {
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s: is no picture, an array of shape (height, width) or (height, width, "
                     "bands) of numbers of at most 32 bits or doubles was expected",
                     name);
        return NULL;
    }
    raw.height = (int) array->shape[0];
    raw.width = (int) array->shape[1];
    if (array->rank == 3)
        raw.bands = (int) array->shape[2];
    return decode_raw(array->data, array->n_bytes, &raw, name, error);
}

TsImage *
ts_payload_decode(const guint8 *bytes, gsize n, const TsRaw *raw, const char *name, GError **error)
{
    static const char npy[] = "\x93NUMPY";
    if (raw != NULL)
        return decode_raw(bytes, n, raw, name, error);
    if (n >= 6 && memcmp(bytes, npy, 6) == 0)
        return decode_npy(bytes, n, name, error);
    return ts_image_read_bytes(bytes, n, name, error);
}

/* Arrays as images: shapes and types. */
#include "tiling/stitch/npy.h"

#include "base/error.h"

#include <string.h>

/* The type of samples that holds the numbers of `dtype`. */
static TsSampleType
sample_type(TsDtype dtype)
{
    static const TsSampleType types[TS_DTYPE_N] = {
        [TS_DTYPE_BOOL] = TS_U8,  [TS_DTYPE_U8] = TS_U8,   [TS_DTYPE_I8] = TS_I8,
        [TS_DTYPE_I16] = TS_I16,  [TS_DTYPE_U16] = TS_U16, [TS_DTYPE_F16] = TS_F32,
        [TS_DTYPE_BF16] = TS_F32, [TS_DTYPE_I32] = TS_I32, [TS_DTYPE_U32] = TS_U32,
        [TS_DTYPE_F32] = TS_F32,  [TS_DTYPE_F64] = TS_F64, [TS_DTYPE_I64] = TS_I32,
        [TS_DTYPE_U64] = TS_U32,
    };
    return types[dtype];
}

/* 64-bit integers, as labels usually come, to 32 bits. */
static gboolean
narrow(const TsTensor *array, guint8 *out, const char *name, GError **error)
{
    gsize n = ts_tensor_n(array);
    for (gsize i = 0; i < n; i++) {
        gint64 value;
        memcpy(&value, (const guint8 *) array->data + 8 * i, 8);
        gint32 small = (gint32) value;
        guint32 unsigned_small = (guint32) value;
        gboolean is_signed = array->dtype == TS_DTYPE_I64;
        if (is_signed ? value != small : (guint64) value != unsigned_small)
            return ts_error_set(error, TS_ERROR_FORMAT,
                                "%s: holds integers that need 64 bits, 32 can be put into an image",
                                name);
        memcpy(out + 4 * i, is_signed ? (void *) &small : (void *) &unsigned_small, 4);
    }
    return TRUE;
}

static gboolean
copy_numbers(const TsTensor *array, TsImage *image, const char *name, GError **error)
{
    gsize n = (gsize) image->height * ts_image_row_size(image);
    if (array->dtype == TS_DTYPE_I64 || array->dtype == TS_DTYPE_U64)
        return narrow(array, image->data, name, error);
    if (array->dtype == TS_DTYPE_F16 || array->dtype == TS_DTYPE_BF16)
        return ts_tensor_to_f32(array, (float *) (void *) image->data, error);
    memcpy(image->data, array->data, n);
    return TRUE;
}

TsImage *
ts_npy_to_image(const TsTensor *array, const char *name, GError **error)
{
    gint64 height = array->rank >= 2 ? array->shape[0] : 1;
    gint64 width = array->rank >= 2 ? array->shape[1] : 1;
    gint64 bands = array->rank == 3 ? array->shape[2] : array->rank == 1 ? array->shape[0] : 1;
    if (array->rank > 3 || MIN(MIN(width, height), bands) < 1 ||
        MAX(MAX(width, height), bands) > G_MAXINT) {
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s: is no array of (height, width, bands), (height, width) or (bands)", name);
        return NULL;
    }
    g_autoptr(TsImage) image =
        ts_image_new((int) width, (int) height, (int) bands, sample_type(array->dtype), error);
    if (image == NULL || !copy_numbers(array, image, name, error))
        return NULL;
    return g_steal_pointer(&image);
}

GBytes *
ts_npy_header(int width, int height, const TsImage *kind)
{
    static const char *const descrs[] = {"|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<f4", "<f8"};
    enum { PREFIX = 10, ALIGNMENT = 64 };
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_printf(text, "{'descr': '%s', 'fortran_order': False, 'shape': (%d, %d",
                    descrs[kind->type], height, width);
    if (kind->bands > 1)
        g_string_append_printf(text, ", %d", kind->bands);
    g_string_append(text, "), }");
    while ((PREFIX + text->len + 1) % ALIGNMENT != 0)
        g_string_append_c(text, ' ');
    g_string_append_c(text, '\n');
    GByteArray *bytes = g_byte_array_new();
    g_byte_array_append(bytes, (const guint8 *) "\x93NUMPY\x01\x00", 8);
    guint8 length[2] = {(guint8) (text->len & 0xff), (guint8) (text->len >> 8)};
    g_byte_array_append(bytes, length, 2);
    g_byte_array_append(bytes, (const guint8 *) text->str, (guint) text->len);
    return g_byte_array_free_to_bytes(bytes);
}

/* The header of IDX files. */
#include "store/idx.h"

#include "base/error.h"

#include <string.h>

enum { TYPE_U8 = 8 };

static const char *
name_of_type(guint8 type)
{
    switch (type) {
    case 0x09:
        return "signed bytes";
    case 0x0b:
        return "16-bit numbers";
    case 0x0c:
        return "32-bit numbers";
    case 0x0d:
        return "floats";
    case 0x0e:
        return "doubles";
    default:
        return "numbers of an unknown type";
    }
}

static gboolean
parse_magic(const guint8 *bytes, gsize n, const char *name, GError **error)
{
    if (n < 4 || bytes[0] != 0 || bytes[1] != 0)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: is not an IDX file", name);
    if (bytes[2] != TYPE_U8)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: holds %s, unsigned bytes were expected",
                            name, name_of_type(bytes[2]));
    if (bytes[3] != 1 && bytes[3] != 3 && bytes[3] != 4)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: has %d axes; 1 (labels), 3 (grey images) or 4 (images with bands) "
                            "were expected",
                            name, bytes[3]);
    return TRUE;
}

gboolean
ts_idx_parse(const guint8 *bytes, gsize n, const char *name, TsIdx *idx, GError **error)
{
    guint64 n_data;
    if (!parse_magic(bytes, n, name, error))
        return FALSE;
    *idx = (TsIdx){.rank = bytes[3], .offset = 4 + 4 * (gsize) bytes[3], .n_record = 1};
    if (n < idx->offset)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: ends within its header", name);
    gboolean counted = TRUE;
    for (guint i = 0; i < idx->rank; i++) {
        guint32 size;
        memcpy(&size, bytes + 4 + 4 * i, 4);
        idx->shape[i] = GUINT32_FROM_BE(size);
        if (i > 0)
            counted = counted && idx->shape[i] > 0 && idx->shape[i] <= G_MAXINT &&
                      g_uint64_checked_mul(&idx->n_record, idx->n_record, idx->shape[i]);
    }
    if (!counted || !g_uint64_checked_mul(&n_data, idx->n_record, idx->shape[0]))
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: the sizes in its header cannot be", name);
    return n - idx->offset == n_data ||
           ts_error_set(error, TS_ERROR_FORMAT,
                        "%s: has %" G_GSIZE_FORMAT
                        " bytes of data, its header says %" G_GUINT64_FORMAT,
                        name, n - idx->offset, n_data);
}

gsize
ts_idx_header(guint rank, const guint32 *shape, guint8 header[TS_IDX_MAX_HEADER])
{
    g_assert(rank >= 1 && rank <= TS_IDX_MAX_RANK);
    header[0] = header[1] = 0;
    header[2] = TYPE_U8;
    header[3] = (guint8) rank;
    for (guint i = 0; i < rank; i++) {
        guint32 size = GUINT32_TO_BE(shape[i]);
        memcpy(header + 4 + 4 * i, &size, 4);
    }
    return 4 + 4 * (gsize) rank;
}

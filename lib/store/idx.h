/* IDX, the format of MNIST and its kin: a magic number, a size for each axis, the numbers.
 *
 * http://yann.lecun.com/exdb/mnist: two zero bytes, the type, the number of axes, the sizes as
 * big-endian 32-bit numbers, then the data, big-endian, row-major. Images are (N, H, W) or (N, H,
 * W, C), labels (N), both of bytes; nothing else is read.
 *
 *     TsIdx idx;
 *     if (!ts_idx_parse(bytes, n, "train-images-idx3-ubyte", &idx, error))
 *         return FALSE;
 *     const guint8 *second = bytes + idx.offset + idx.n_record;
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

enum { TS_IDX_MAX_RANK = 4, TS_IDX_MAX_HEADER = 4 + 4 * TS_IDX_MAX_RANK };

typedef struct {
    guint rank;
    guint32 shape[TS_IDX_MAX_RANK];
    gsize offset;     /* of the data */
    guint64 n_record; /* bytes of one record: the product of the shape without the first axis */
} TsIdx;

/* Check the header and that exactly as many bytes follow. TS_ERROR_FORMAT; `name` begins messages.
 */
gboolean ts_idx_parse(const guint8 *bytes, gsize n, const char *name, TsIdx *idx, GError **error);

/* Write the header of bytes of that shape; returns its length. */
gsize ts_idx_header(guint rank, const guint32 *shape, guint8 header[TS_IDX_MAX_HEADER]);

G_END_DECLS

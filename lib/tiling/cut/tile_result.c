/* What became of a tile. */
#include "tiling/cut/tile_result.h"

enum { RESULT_BYTES = 512 }; /* of a result that waits, without its members */

void
ts_tile_result_free(TsTileResult *self)
{
    if (self == NULL)
        return;
    g_free(self->name);
    g_free(self->row);
    if (self->members != NULL) {
        for (guint i = 0; i + 1 < self->members->len; i += 2) {
            g_free(g_ptr_array_index(self->members, i));
            g_bytes_unref(g_ptr_array_index(self->members, i + 1));
        }
        g_ptr_array_unref(self->members);
    }
    g_free(self);
}

guint64
ts_tile_result_bytes(const TsTileResult *result)
{
    guint64 n = RESULT_BYTES;
    for (guint i = 1; result->members != NULL && i < result->members->len; i += 2)
        n += g_bytes_get_size(g_ptr_array_index(result->members, i));
    return n;
}

/* Any bytes as an IDX file, or gzip of one: a header whose records lie inside, or an error. */
#include "store/gunzip.h"
#include "store/idx.h"

int LLVMFuzzerTestOneInput(const guint8 *input, gsize n);

int
LLVMFuzzerTestOneInput(const guint8 *input, gsize n)
{
    TsIdx idx;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) packed = g_bytes_new_static(input, n);
    g_autoptr(GBytes) bytes =
        ts_is_gzip(input, n) ? ts_gunzip(packed, 1 << 20, "input", &error) : g_bytes_ref(packed);
    g_assert((bytes == NULL) == (error != NULL));
    if (bytes == NULL)
        return 0;
    gsize n_bytes;
    const guint8 *data = g_bytes_get_data(bytes, &n_bytes);
    gboolean sound = ts_idx_parse(data, n_bytes, "input", &idx, &error);
    g_assert(sound == (error == NULL));
    if (!sound)
        return 0;
    guint8 header[TS_IDX_MAX_HEADER];
    g_assert(ts_idx_header(idx.rank, idx.shape, header) == idx.offset);
    g_assert(idx.offset + idx.n_record * idx.shape[0] == n_bytes);
    return 0;
}

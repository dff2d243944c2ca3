/* Any bytes as a PNG file: not taken, an error, or rows that are the same in one go and in parts.
 * Checksums are not looked at in a build for fuzzing. */
#include "image/png_read.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *input, gsize n);

enum { LARGEST = 1 << 20 };

int
LLVMFuzzerTestOneInput(const guint8 *input, gsize n)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsPngReader) reader = ts_png_reader_open_bytes(input, n, "input");
    TsImageInfo info;
    GBytes *icc;
    if (reader == NULL)
        return 0;
    ts_png_reader_info(reader, &info, &icc);
    gsize row = (gsize) info.width * (gsize) info.bands * ts_sample_type_size(info.type);
    g_assert(info.width > 0 && info.height > 0 && row < G_MAXINT);
    if (row * (gsize) info.height > LARGEST)
        return 0;
    g_autofree guint8 *whole = g_malloc(row * (gsize) info.height), *part = g_malloc(row);
    gboolean done = ts_png_reader_read(reader, 0, info.height, whole, &error);
    g_assert(done == (error == NULL));
    g_autoptr(TsPngReader) again = ts_png_reader_open_bytes(input, n, "input");
    for (int y = 0; done && y < info.height; y++) {
        g_assert(ts_png_reader_read(again, y, 1, part, NULL));
        g_assert(memcmp(part, whole + (gsize) y * row, row) == 0);
    }
    return 0;
}

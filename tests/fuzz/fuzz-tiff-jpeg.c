/* Any tables and stream of a JPEG tile: an error, or a JPEG file of the size that was declared.
 *
 * The first byte: even grey, odd RGB. The next two: bytes of the tables, low one first; then tables
 * and stream. */
#include "image/image.h"
#include "image/tiff_jpeg.h"

int LLVMFuzzerTestOneInput(const guint8 *input, gsize n);

enum { SIDE = 16 };

/* What the file says to a decoder, if it can be decoded. */
static void
check_decoded(const GByteArray *file, int bands)
{
    g_autoptr(TsImage) image = ts_image_read_bytes(file->data, file->len, "merged", NULL);
    if (image != NULL)
        g_assert(image->width == SIDE && image->height == SIDE && image->bands == bands);
}

int
LLVMFuzzerTestOneInput(const guint8 *input, gsize n)
{
    g_autoptr(GError) error = NULL;
    if (n < 3)
        return 0;
    int bands = input[0] % 2 == 0 ? 1 : 3;
    gsize n_tables = MIN(input[1] | (gsize) input[2] << 8, n - 3);
    const guint8 *tables = n_tables > 0 ? input + 3 : NULL, *stream = input + 3 + n_tables;
    TsTiffJpeg jpeg;
    if (!ts_tiff_jpeg_init(&jpeg, SIDE, SIDE, bands, bands == 3, tables, n_tables, NULL, "input",
                           &error)) {
        g_assert(error != NULL);
        return 0;
    }
    g_autoptr(GByteArray) file = g_byte_array_new();
    gboolean done = ts_tiff_jpeg_merge(&jpeg, stream, n - 3 - n_tables, file, "input", &error);
    g_assert(done == (error == NULL));
    if (done) {
        g_assert(file->data[0] == 0xff && file->data[1] == 0xd8);
        g_assert(file->data[file->len - 2] == 0xff && file->data[file->len - 1] == 0xd9);
        check_decoded(file, bands);
    }
    ts_tiff_jpeg_clear(&jpeg);
    return 0;
}

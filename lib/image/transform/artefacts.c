/* Artefacts of JPEG: the picture is encoded and decoded. */
#include "image/transform/artefacts.h"

gboolean
ts_change_jpeg(TsPixels *pixels, int quality, GError **error)
{
    const TsEncodeOptions options = {.quality = quality};
    TsPixels colours = *pixels;
    colours.stride = colours.bands; /* opacity is not encoded */
    g_autoptr(TsImage) image =
        ts_image_new(pixels->width, pixels->height, pixels->bands, pixels->type, error);
    if (image == NULL)
        return FALSE;
    ts_pixels_store(&colours, image);
    gsize n;
    g_autoptr(GBytes) bytes = ts_image_encode(image, ".jpg", "jpeg", &options, error);
    const void *data = bytes != NULL ? g_bytes_get_data(bytes, &n) : NULL;
    g_autoptr(TsImage) decoded = data != NULL ? ts_image_read_bytes(data, n, "jpeg", error) : NULL;
    if (decoded == NULL)
        return FALSE;
    for (gsize i = 0; i < pixels->n; i++)
        pixels->data[i] = (float) decoded->data[i];
    pixels->is_whole = TRUE;
    return TRUE;
}

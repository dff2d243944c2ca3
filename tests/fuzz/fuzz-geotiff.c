/* Any GeoTIFF tags: an error, none, or tags that can be moved, written and read again.
 *
 * An even first byte: the rest is a TIFF file. An odd one: the rest are tags of a file that is made
 * around them, each of a byte for the tag, one for its type, one for its count, and its values. */
#include "../unit/geotiff.h"
#include "image/tiff.h"

int LLVMFuzzerTestOneInput(const guint8 *input, gsize n);

static GByteArray *
make_file(const guint8 *input, gsize n)
{
    static const guint32 tags[] = {33550, 33922, 34264, 34735, 34736, 34737, 42113, 274};
    static const GeoType types[] = {GEO_ASCII, GEO_SHORT, GEO_LONG, GEO_DOUBLE};
    static const gsize sizes[] = {1, 2, 4, 8};
    GeoFile file = geo_file_new(input[0] / 2 % 9);
    for (gsize at = 1; at + 3 <= n && file.n < 60;) {
        guint tag = input[at] % 8, type = input[at + 1] % 4;
        gsize count = MIN(input[at + 2], (n - at - 3) / sizes[type]);
        geo_file_put(&file, tags[tag], types[type], (guint32) count, input + at + 3);
        at += 3 + count * sizes[type];
    }
    return geo_file_end(&file);
}

/* Write a pixel with the tags, and read them. */
static void
write_and_read(const TsGeo *geo)
{
    static guint8 pixel[1];
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) file = g_byte_array_new();
    TsImage like = {.width = 1, .height = 1, .bands = 1, .type = TS_U8, .data = pixel};
    TsTiffTags tags = {.geo = geo};
    g_assert(ts_tiff_encode(&like, pixel, 1, 1, 1, &tags, file, &error));
    /* Numbers that became infinite are refused. */
    g_autoptr(TsGeo) back = ts_geo_read_bytes(file->data, file->len, "written", &error);
    double east, north;
    g_assert(back == NULL || error == NULL);
    if (back != NULL)
        g_assert(ts_geo_map(back, 1, 2, &east, &north) == ts_geo_map(geo, 1, 2, &east, &north));
}

int
LLVMFuzzerTestOneInput(const guint8 *input, gsize n)
{
    g_autoptr(GError) error = NULL;
    if (n == 0)
        return 0;
    g_autoptr(GByteArray) file =
        input[0] % 2 == 1 ? make_file(input, n)
                          : g_byte_array_append(g_byte_array_new(), input + 1, (guint) n - 1);
    g_autoptr(TsGeo) geo = ts_geo_read_bytes(file->data, file->len, "input", &error);
    g_assert(geo == NULL || error == NULL);
    if (geo == NULL)
        return 0;
    g_autoptr(TsGeo) part = ts_geo_translate(geo, 3, 5.5, 2, 2.5);
    write_and_read(geo);
    write_and_read(part);
    return 0;
}

/* Writes TIFFs for Python to read, and says what it reads of Python's.
 *
 *     tiff-peer write OUT WIDTH HEIGHT BANDS TYPE COMPRESSION PYRAMID
 *         sample (x, y, band) is (7 x + 13 y + 29 band) mod 251, floats an eighth of it; numbers of
 *         TsSampleType, TsTiffCompression, TsTiffPyramid
 *     tiff-peer levels FILE                 "width height mpp sum-of-samples" of each level
 *     tiff-peer place FILE X Y SIDE STEP    where the corner of a part at (X, Y), written as a tile
 *                                           of SIDE with STEP pixels in one, lies: "east north"
 *     tiff-peer jpeg FILE COLUMN ROW OUT    a compressed tile
 */
#include "base/error.h"
#include "image/encoder.h"
#include "image/tiff.h"

#include <stdio.h>
#include <string.h>

static int
number(const char *text)
{
    return (int) g_ascii_strtoll(text, NULL, 10);
}

static void
put_sample(TsImage *image, gsize i, int value)
{
    guint8 *at = image->data + i * ts_sample_type_size(image->type);
    float small = (float) value / 8;
    double wide = (double) value / 8;
    gint32 whole = image->type == TS_I8 ? value - 128 : value;
    if (image->type == TS_F32)
        memcpy(at, &small, sizeof small);
    else if (image->type == TS_F64)
        memcpy(at, &wide, sizeof wide);
    else
        memcpy(at, &whole, ts_sample_type_size(image->type)); /* little-endian */
}

static gboolean
write_file(char **argv, GError **error)
{
    int width = number(argv[3]), height = number(argv[4]), bands = number(argv[5]);
    g_autoptr(TsImage) image =
        ts_image_new(width, height, bands, (TsSampleType) number(argv[6]), error);
    if (image == NULL)
        return FALSE;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int band = 0; band < bands; band++)
                put_sample(image,
                           ((gsize) y * (gsize) width + (gsize) x) * (gsize) bands + (gsize) band,
                           (7 * x + 13 * y + 29 * band) % 251);
    TsTiffWriterOptions options = {
        .width = width,
        .height = height,
        .like = image,
        .tile_width = 64,
        .tile_height = 64,
        .pyramid = (TsTiffPyramid) number(argv[8]),
        .tags = {.compression = (TsTiffCompression) number(argv[7]), .mpp_x = 0.5, .mpp_y = 0.5}};
    g_autoptr(TsTiffWriter) writer = ts_tiff_writer_new(argv[2], &options, TRUE, error);
    return writer != NULL && ts_tiff_writer_put_rows(writer, image, error) &&
           ts_tiff_writer_commit(writer, error);
}

static gboolean
print_levels(char **argv, GError **error)
{
    guint n = 1;
    for (guint i = 0; i < n; i++) {
        g_autoptr(TsImageSource) level = ts_image_source_open_level(argv[2], (int) i, error);
        if (level == NULL || (i == 0 && ts_image_source_levels(level, &n, error) == NULL))
            return FALSE;
        const TsImageInfo *info = ts_image_source_info(level);
        g_autoptr(TsImage) image =
            ts_image_source_read_region(level, 0, 0, info->width, info->height, error);
        if (image == NULL)
            return FALSE;
        guint64 sum = 0;
        for (gsize k = 0; k < (gsize) info->height * ts_image_row_size(image); k++)
            sum += image->data[k];
        printf("%d %d %.6g %" G_GUINT64_FORMAT "\n", info->width, info->height, info->mpp_x, sum);
    }
    return TRUE;
}

static gboolean
print_place(char **argv, GError **error)
{
    g_autoptr(TsGeo) geo = ts_geo_read(argv[2], error);
    if (geo == NULL)
        return FALSE;
    int side = number(argv[5]);
    double step = g_ascii_strtod(argv[6], NULL);
    g_autoptr(TsGeo) part = ts_geo_translate(geo, number(argv[3]), number(argv[4]), step, step);
    g_autoptr(TsImage) image = ts_image_new(side, side, 1, TS_U8, error);
    g_autoptr(GByteArray) file = g_byte_array_new();
    TsTiffTags tags = {.geo = part};
    double east, north;
    if (image == NULL ||
        !ts_tiff_encode(image, image->data, (gsize) side, side, side, &tags, file, error) ||
        !g_file_set_contents("part.tif", (const char *) file->data, (gssize) file->len, error))
        return FALSE;
    if (ts_geo_map(part, 0, 0, &east, &north))
        printf("%.17g %.17g\n", east, north);
    return TRUE;
}

static gboolean
copy_jpeg(char **argv, GError **error)
{
    g_autoptr(TsTiffTiles) tiles = ts_tiff_tiles_open(argv[2], 0, error);
    g_autoptr(GByteArray) jpeg = g_byte_array_new();
    return tiles != NULL &&
           ts_tiff_tiles_get_jpeg(tiles, number(argv[3]), number(argv[4]), jpeg, error) &&
           g_file_set_contents(argv[5], (const char *) jpeg->data, (gssize) jpeg->len, error);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int argc;
        gboolean (*run)(char **argv, GError **error);
    } commands[] = {{"write", 9, write_file},
                    {"levels", 3, print_levels},
                    {"place", 7, print_place},
                    {"jpeg", 6, copy_jpeg}};
    g_autoptr(GError) error = NULL;
    for (guint i = 0; argc > 1 && i < G_N_ELEMENTS(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0 && argc == commands[i].argc) {
            if (commands[i].run(argv, &error))
                return 0;
            fprintf(stderr, "%s\n", error != NULL ? error->message : "nothing there");
            return 1;
        }
    return 2;
}

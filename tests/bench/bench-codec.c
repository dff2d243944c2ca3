/* What JPEG and PNG tiles cost to encode and to decode, here and through libvips, in one run.
 *
 *     bench-codec [IMAGE]     (default: a generated picture of 2048 x 2048; a smaller one where
 *                              TESSERA_BENCH_SMOKE is set)
 *
 * Prints measure, milliseconds a megapixel here and in libvips, their ratio and the bytes of a
 * tile. Time is that of the processor, the best of five rounds. Tiles are 256 x 256, RGB. */
#include "bench.h"
#include "image/encoder.h"

#include <vips/vips.h>

enum { SIDE = 256, ROUNDS = 5 };

/* Slow colours, some structure and the noise of a camera. */
static TsImage *
generate(int side)
{
    TsImage *image = ts_image_new(side, side, 3, TS_U8, NULL);
    guint32 state = 1;
    for (int i = 0; i < side * side * 3; i++) {
        int x = i / 3 % side, y = i / 3 / side;
        state = state * 1664525 + 1013904223;
        image->data[i] = (guint8) (60 + x / 16 % 64 + (x * y / 4096) % 48 + (state >> 29));
    }
    return image;
}

/* The tiles of an image, in order, and what each way made of them. */
typedef struct {
    const TsImage *image;
    const char *suffix;
    GPtrArray *files; /* of GBytes: what our encoder made */
    gsize n_bytes;    /* of the last round */
} Tiles;

static void
encode_here(Tiles *tiles)
{
    GError *error = NULL;
    g_autoptr(TsEncoder) encoder = ts_encoder_new(tiles->suffix, NULL, &error);
    fail_on(error);
    const TsImage *image = tiles->image;
    gsize stride = ts_image_row_size(image);
    g_ptr_array_set_size(tiles->files, 0);
    for (int y = 0; y + SIDE <= image->height; y += SIDE)
        for (int x = 0; x + SIDE <= image->width; x += SIDE) {
            const guint8 *bytes;
            gsize n;
            ts_encoder_encode(encoder, image, image->data + (gsize) y * stride + 3 * x, stride,
                              SIDE, SIDE, &bytes, &n, &error);
            fail_on(error);
            tiles->n_bytes += n;
            g_ptr_array_add(tiles->files, g_bytes_new(bytes, n));
        }
}

/* As dzsave does it: a part of the image goes to a saver. */
static void
encode_by_libvips(Tiles *tiles)
{
    const TsImage *image = tiles->image;
    g_autofree char *suffix =
        g_strdup_printf("%s%s", tiles->suffix, strcmp(tiles->suffix, ".jpg") == 0 ? "[Q=90]" : "");
    VipsImage *whole =
        vips_image_new_from_memory(image->data, (gsize) image->height * ts_image_row_size(image),
                                   image->width, image->height, 3, VIPS_FORMAT_UCHAR);
    for (int y = 0; y + SIDE <= image->height; y += SIDE)
        for (int x = 0; x + SIDE <= image->width; x += SIDE) {
            VipsImage *part = NULL;
            void *bytes = NULL;
            size_t n = 0;
            if (vips_extract_area(whole, &part, x, y, SIDE, SIDE, NULL) != 0 ||
                vips_image_write_to_buffer(part, suffix, &bytes, &n, NULL) != 0)
                vips_error_exit(NULL);
            tiles->n_bytes += n;
            g_free(bytes);
            g_object_unref(part);
        }
    g_object_unref(whole);
}

static void
decode_here(Tiles *tiles)
{
    for (guint i = 0; i < tiles->files->len; i++) {
        GError *error = NULL;
        gsize n;
        const void *bytes = g_bytes_get_data(tiles->files->pdata[i], &n);
        ts_image_free(ts_image_read_bytes(bytes, n, "tile", &error));
        fail_on(error);
        tiles->n_bytes += n;
    }
}

static void
decode_by_libvips(Tiles *tiles)
{
    for (guint i = 0; i < tiles->files->len; i++) {
        gsize n, n_pixels;
        const void *bytes = g_bytes_get_data(tiles->files->pdata[i], &n);
        VipsImage *image =
            vips_image_new_from_buffer(bytes, n, "", "access", VIPS_ACCESS_SEQUENTIAL, NULL);
        if (image == NULL)
            vips_error_exit(NULL);
        g_free(vips_image_write_to_memory(image, &n_pixels));
        g_object_unref(image);
        tiles->n_bytes += n;
    }
}

/* Best milliseconds a megapixel; *bytes is the mean size of a file. */
static double
time_of(void (*work)(Tiles *tiles), Tiles *tiles, double *bytes)
{
    const TsImage *image = tiles->image;
    double n = (double) (image->width / SIDE) * (image->height / SIDE), best = G_MAXDOUBLE;
    for (int round = 0; round < ROUNDS; round++) {
        tiles->n_bytes = 0;
        double start = seconds();
        work(tiles);
        best = MIN(best, seconds() - start);
    }
    *bytes = (double) tiles->n_bytes / n;
    return best * 1e3 / (n * SIDE * SIDE / 1e6);
}

static void
compare(const char *measure, void (*ours)(Tiles *tiles), void (*theirs)(Tiles *tiles), Tiles *tiles)
{
    double n_ours, n_theirs;
    double here = time_of(ours, tiles, &n_ours), there = time_of(theirs, tiles, &n_theirs);
    printf("%s %s\t%.2f\t%.2f\t%.2f\t%.0f\t%.0f\n", measure, tiles->suffix + 1, here, there,
           there / here, n_ours, n_theirs);
}

int
main(int argc, char **argv)
{
    GError *error = NULL;
    if (VIPS_INIT(argv[0]) != 0)
        vips_error_exit(NULL);
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    g_autoptr(TsImage) image = argc > 1 ? ts_image_read(argv[1], &error)
                                        : generate(g_getenv("TESSERA_BENCH_SMOKE") ? 512 : 2048);
    fail_on(error);
    if (image->bands != 3 || image->type != TS_U8 || MIN(image->width, image->height) < SIDE) {
        fprintf(stderr, "bench-codec: an RGB image of %d pixels a side or more is needed\n", SIDE);
        return 2;
    }
    const char *const suffixes[] = {".jpg", ".png"};
    printf("measure\there_ms_per_mp\tlibvips_ms_per_mp\tratio\there_bytes\tlibvips_bytes\n");
    for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        Tiles tiles = {image, suffixes[i],
                       g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref), 0};
        compare("encode", encode_here, encode_by_libvips, &tiles);
        compare("decode", decode_here, decode_by_libvips, &tiles);
        g_ptr_array_unref(tiles.files);
    }
    return 0;
}

/* What texture features cost: milliseconds of one core for a million pixels, in tiles of 256 x 256.
 *
 *     bench-texture [IMAGE]      (default: generated noise, smoothed; grey, 8 bits)
 *
 * Prints measure, value, unit. Nothing is decoded while the clock runs. */
#include "bench.h"
#include "image/texture/texture.h"

enum { SIDE = 256, N_TILES = 16 };

/* Each pixel is the mean of its neighbours before it and of something random. */
static TsImage *
generate(void)
{
    GError *error = NULL;
    TsImage *image = ts_image_new(SIDE * N_TILES, SIDE, 1, TS_U8, &error);
    fail_on(error);
    guint32 state = 1;
    for (int i = 0; i < image->width * image->height; i++) {
        state = state * 1664525 + 1013904223;
        int left = i > 0 ? image->data[i - 1] : 128;
        int up = i >= image->width ? image->data[i - image->width] : 128;
        image->data[i] = (guint8) ((3 * left + 3 * up + 2 * (int) (state >> 24)) / 8);
    }
    return image;
}

static void
measure(const char *name, const TsTextureOptions *options, TsImage *const *tiles, guint n)
{
    GError *error = NULL;
    g_autoptr(TsTexture) texture = ts_texture_new(options, &error);
    fail_on(error);
    g_autofree double *values = g_new(double, ts_texture_n(texture) + 1);
    double best = G_MAXDOUBLE;
    for (int round = 0; round < 5; round++) {
        double start = seconds();
        for (guint i = 0; i < n; i++)
            ts_texture_compute(texture, tiles[i], NULL, values, &error);
        fail_on(error);
        best = MIN(best, seconds() - start);
    }
    printf("%-28s\t%10.2f\tms/Mpixel\n", name, best * 1e9 / ((double) n * SIDE * SIDE));
}

int
main(int argc, char **argv)
{
    GError *error = NULL;
    g_autoptr(TsImage) image = argc > 1 ? ts_image_read(argv[1], &error) : generate();
    fail_on(error);
    TsImage *tiles[N_TILES];
    guint n = 0;
    for (int y = 0; y + SIDE <= image->height; y += SIDE)
        for (int x = 0; x + SIDE <= image->width && n < N_TILES; x += SIDE)
            tiles[n++] = ts_image_crop(image, x, y, SIDE, SIDE, &error);
    fail_on(error);
    const struct {
        const char *name, *features;
        int levels;
        TsGlcmConvention convention;
        TsLbpMethod lbp;
    } cases[] = {
        {"first_order", "first_order"},
        {"entropy", "entropy"},
        {"laplacian", "laplacian"},
        {"moments", "moments"},
        {"glcm, 8 levels", "glcm", 8},
        {"glcm, 32 levels", "glcm", 32},
        {"glcm, 64 levels", "glcm", 64},
        {"glcm, 256 levels", "glcm", 256},
        {"glcm, mahotas", "glcm", 256, TS_GLCM_MAHOTAS},
        {"lbp, uniform, 8 points", "lbp", 256, 0, TS_LBP_UNIFORM},
        {"lbp, var, 8 points", "lbp", 256, 0, TS_LBP_VAR},
        {"gabor, 12 filters", "gabor"},
        {"all of these", "first_order,entropy,laplacian,moments,glcm,lbp,gabor", 256, 0,
         TS_LBP_UNIFORM},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        TsTextureOptions options = ts_texture_defaults();
        options.features = cases[i].features;
        options.levels = cases[i].levels > 0 ? cases[i].levels : 256;
        options.convention = cases[i].convention;
        options.lbp = cases[i].lbp;
        options.bands = image->bands - (image->has_alpha ? 1 : 0);
        measure(cases[i].name, &options, tiles, n);
    }
    for (guint i = 0; i < n; i++)
        ts_image_free(tiles[i]);
    return 0;
}

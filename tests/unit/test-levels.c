/* Pyramids and slides: levels found and read, how they are reduced, the size of pixels. */
#include "base/error.h"
#include "image/tiff.h"
#include "pictures.h"

#include <math.h>

static void
write_pyramid(const char *path, const TsImage *image, TsTiffWriterOptions options)
{
    g_autoptr(GError) error = NULL;
    options.width = image->width;
    options.height = image->height;
    options.like = image;
    options.tile_width = options.tile_height = 32;
    g_autoptr(TsTiffWriter) writer = ts_tiff_writer_new(path, &options, TRUE, &error);
    ck_assert_msg(writer != NULL, "%s", message(error));
    ck_assert(ts_tiff_writer_put_rows(writer, image, NULL));
    ck_assert_msg(ts_tiff_writer_commit(writer, &error), "%s", message(error));
}

static TsImage *
read_level(const char *path, int level)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsImageSource) source = ts_image_source_open_level(path, level, &error);
    ck_assert_msg(source != NULL, "%s", message(error));
    const TsImageInfo *info = ts_image_source_info(source);
    TsImage *image = ts_image_source_read_region(source, 0, 0, info->width, info->height, &error);
    ck_assert_msg(image != NULL, "%s", message(error));
    return image;
}

static double
get_sample(const TsImage *image, int x, int y, int band)
{
    gsize i = ((gsize) y * (gsize) image->width + (gsize) x) * (gsize) image->bands + (gsize) band;
    switch (image->type) {
    case TS_U8:
        return image->data[i];
    case TS_I8:
        return ((const gint8 *) image->data)[i];
    case TS_U16:
        return ((const guint16 *) image->data)[i];
    case TS_I16:
        return ((const gint16 *) image->data)[i];
    case TS_U32:
        return ((const guint32 *) image->data)[i];
    case TS_I32:
        return ((const gint32 *) image->data)[i];
    default:
        return ((const float *) image->data)[i];
    }
}

/* What a sample of the next level has to be, the slow way. */
static double
reduce_sample(const TsImage *from, TsReduce how, int x, int y, int band)
{
    double v[4], best = 0, sum = 0;
    int n = 0, best_count = 0;
    for (int dy = 0; dy < 2; dy++)
        for (int dx = 0; dx < 2; dx++)
            if (2 * x + dx < from->width && 2 * y + dy < from->height)
                v[n++] = get_sample(from, 2 * x + dx, 2 * y + dy, band);
    for (int i = 0; i < n; i++) {
        int count = 0;
        for (int k = 0; k < n; k++)
            count += v[k] == v[i];
        sum += v[i];
        if (count > best_count || (count == best_count && v[i] < best)) {
            best = v[i];
            best_count = count;
        }
    }
    if (how == TS_REDUCE_NEAREST)
        return v[0];
    if (how == TS_REDUCE_MODE)
        return best;
    return from->type == TS_F32 ? (float) (sum / n) : floor(sum / n + 0.5);
}

static void
check_reduced(const TsImage *from, const TsImage *to, TsReduce how)
{
    ck_assert_int_eq(to->width, (from->width + 1) / 2);
    ck_assert_int_eq(to->height, (from->height + 1) / 2);
    ck_assert_int_eq(to->type, from->type);
    for (int y = 0; y < to->height; y++)
        for (int x = 0; x < to->width; x++)
            for (int band = 0; band < to->bands; band++) {
                double expected = reduce_sample(from, how, x, y, band);
                double got = get_sample(to, x, y, band);
                ck_assert_msg(fabs(got - expected) <= 1e-6 * fabs(expected),
                              "%d,%d of %s: %.17g instead of %.17g", x, y,
                              ts_sample_type_name(to->type), got, expected);
            }
}

START_TEST(levels_are_halves_reduced_as_asked)
{
    g_autofree char *path = scratch("p.tif");
    for (int type = TS_U8; type <= TS_F32; type++)
        for (int how = TS_REDUCE_MEAN; how <= TS_REDUCE_MODE; how++)
            for (int kind = TS_TIFF_CHAIN; kind <= TS_TIFF_SUBIFD; kind++) {
                g_autoptr(TsImage) image = pattern(83, 131, 1 + 2 * (how % 2), (TsSampleType) type);
                /* Few values, so that some are more frequent. */
                for (gsize i = 0; how == TS_REDUCE_MODE && type <= TS_I8 && i < 83 * 131; i++)
                    image->data[i] = (guint8) (image->data[i] % 3 + 126);
                write_pyramid(path, image,
                              (TsTiffWriterOptions){.pyramid = (TsTiffPyramid) kind,
                                                    .reduce = (TsReduce) how});
                g_autoptr(TsImageSource) source = ts_image_source_open(path, NULL);
                guint n;
                const TsImageLevel *levels = ts_image_source_levels(source, &n, NULL);
                ck_assert_ptr_nonnull(levels);
                ck_assert_uint_eq(n, 4); /* 83 x 131, 42 x 66, 21 x 33, 11 x 17 */
                ck_assert_int_eq(levels[3].width, 11);
                ck_assert_int_eq(levels[3].height, 17);
                g_autoptr(TsImage) above = ts_image_read(path, NULL);
                ck_assert(same_pixels(above, image));
                for (int i = 1; i < 4; i++) {
                    TsImage *level = read_level(path, i);
                    check_reduced(above, level, (TsReduce) how);
                    ts_image_free(above);
                    above = level;
                }
            }
}
END_TEST

START_TEST(other_pages_are_no_levels)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *png = scratch("a.png"), *tiff = scratch("a.tif");
    g_autoptr(TsImage) image = pattern(70, 50, 3, TS_U8);
    const char *const paths[] = {png, tiff};
    ck_assert(ts_image_write(image, png, NULL, TRUE, NULL));
    write_pyramid(tiff, image, (TsTiffWriterOptions){0});
    for (int i = 0; i < 2; i++) {
        guint n;
        g_autoptr(TsImageSource) source = ts_image_source_open(paths[i], NULL);
        ck_assert_ptr_nonnull(ts_image_source_levels(source, &n, NULL));
        ck_assert_uint_eq(n, 1);
        ck_assert_ptr_null(ts_image_source_open_level(paths[i], 1, &error));
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
        ck_assert_ptr_nonnull(strstr(error->message, "has no level 1"));
        g_clear_error(&error);
    }
}
END_TEST

START_TEST(the_level_for_a_factor_is_never_enlarged)
{
    const TsImageLevel levels[] = {{4000, 3000, 1}, {1000, 750, 4.001}, {250, 188, 16}};
    const struct {
        double factor;
        int level;
    } cases[] = {{0.5, 0}, {1, 0}, {3.9, 0}, {4, 1}, {15, 1}, {16, 2}, {100, 2}};
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        ck_assert_int_eq(ts_image_level_for(levels, 3, cases[i].factor), cases[i].level);
}
END_TEST

START_TEST(pixels_have_the_size_that_the_file_says)
{
    const struct {
        double mpp; /* as resolution tags */
        const char *description;
        double expected_x, expected_y;
    } cases[] = {
        {0, NULL, 0, 0},
        {0.25, NULL, 0.25, 0.25},
        {352.78, NULL, 0, 0},
        {0, "Aperio Image Library v10.0\r\n83x131 |AppMag = 20|MPP = 0.5012|Left = 3", 0.5012,
         0.5012},
        {0.3, "<OME><Pixels PhysicalSizeX=\"0.65\" PhysicalSizeY=\"0.7\"/></OME>", 0.65, 0.7},
        {0,
         "<OME><Pixels PhysicalSizeX=\"650\" PhysicalSizeXUnit=\"nm\" PhysicalSizeY=\"0.001\" "
         "PhysicalSizeYUnit=\"mm\"/></OME>",
         0.65, 1},
        {0.3, "MPP = 7", 0.3, 0.3},
    };
    g_autofree char *path = scratch("mpp.tif");
    g_autoptr(TsImage) image = pattern(100, 60, 1, TS_U8);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        TsTiffWriterOptions options = {.pyramid = TS_TIFF_CHAIN,
                                       .tags = {.mpp_x = cases[i].mpp,
                                                .mpp_y = cases[i].mpp,
                                                .description = cases[i].description}};
        write_pyramid(path, image, options);
        for (int level = 0; level < 2; level++) {
            g_autoptr(GError) error = NULL;
            g_autoptr(TsImageSource) source = ts_image_source_open_level(path, level, &error);
            ck_assert_msg(source != NULL, "%s", message(error));
            const TsImageInfo *info = ts_image_source_info(source);
            ck_assert_double_eq_tol(info->mpp_x, cases[i].expected_x * (1 + level), 1e-6);
            ck_assert_double_eq_tol(info->mpp_y, cases[i].expected_y * (1 + level), 1e-6);
        }
    }
}
END_TEST

START_TEST(slides_are_read_once_they_are_allowed)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = scratch("slide.svs");
    g_autoptr(TsImage) image = ramp(200, 160, 3);
    TsTiffWriterOptions options = {
        .pyramid = TS_TIFF_CHAIN,
        .tags = {.compression = TS_TIFF_JPEG,
                 .quality = 80,
                 .description = "Aperio Image Library v10.0\r\n200x160 |AppMag = 20|MPP = 0.5"}};
    write_pyramid(path, image, options);
    g_autoptr(TsImage) as_tiff = ts_image_read(path, NULL);
    ck_assert(!ts_image_allow_loader("raw", &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    g_clear_error(&error);
    if (!ts_image_allow_loader("openslide", &error)) {
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_DEPENDENCY));
        return;
    }
    g_autoptr(TsImageSource) source = ts_image_source_open(path, &error);
    ck_assert_msg(source != NULL, "%s", message(error));
    guint n;
    ck_assert_ptr_nonnull(ts_image_source_levels(source, &n, NULL));
    ck_assert_uint_eq(n, 4);
    ck_assert_double_eq(ts_image_source_info(source)->mpp_x, 0.5);
    ck_assert(ts_image_source_is_random(source));
    for (int i = 0; i < 4; i++) {
        g_autoptr(TsImage) level = read_level(path, i);
        ck_assert_int_eq(level->bands, 3);
        ck_assert_int_eq(level->width, 200 >> i);
        ck_assert(i > 0 || mean_difference(level, as_tiff) < 1);
    }
}
END_TEST

static void
write_ppm(char **path)
{
    *path = scratch("a.ppm");
    ck_assert(g_file_set_contents(*path, "P5\n2 1\n255\nab", 13, NULL));
}

START_TEST(formats_of_lesser_trust_are_named_and_can_be_allowed)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;
    write_ppm(&path);
    ck_assert_ptr_null(ts_image_read(path, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
    ck_assert_ptr_nonnull(strstr(error->message, "TESSERA_ALLOW_LOADERS=ppm"));
    ck_assert(ts_image_allow_loader("ppm", NULL));
    g_autoptr(TsImage) image = ts_image_read(path, NULL);
    ck_assert(image != NULL && image->width == 2 && image->data[1] == 'b');
}
END_TEST

START_TEST(the_environment_allows_loaders)
{
    if (g_strcmp0(g_getenv("CK_FORK"), "no") == 0)
        return; /* it is read when libvips starts */
    g_autofree char *path = NULL;
    write_ppm(&path);
    g_setenv("TESSERA_ALLOW_LOADERS", ", ppm ", TRUE);
    g_autoptr(TsImage) image = ts_image_read(path, NULL);
    ck_assert_ptr_nonnull(image);
}
END_TEST

START_TEST(unknown_loaders_in_the_environment_are_refused)
{
    if (g_strcmp0(g_getenv("CK_FORK"), "no") == 0)
        return; /* it is read when libvips starts */
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;
    write_ppm(&path);
    g_setenv("TESSERA_ALLOW_LOADERS", "ppm,vips", TRUE);
    ck_assert_ptr_null(ts_image_read(path, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    ck_assert_ptr_nonnull(strstr(error->message, "'vips' is no loader that can be allowed"));
}
END_TEST

static void
add_all(TCase *tests)
{
    tcase_add_test(tests, levels_are_halves_reduced_as_asked);
    tcase_add_test(tests, other_pages_are_no_levels);
    tcase_add_test(tests, the_level_for_a_factor_is_never_enlarged);
    tcase_add_test(tests, pixels_have_the_size_that_the_file_says);
    tcase_add_test(tests, slides_are_read_once_they_are_allowed);
    tcase_add_test(tests, formats_of_lesser_trust_are_named_and_can_be_allowed);
    tcase_add_test(tests, the_environment_allows_loaders);
    tcase_add_test(tests, unknown_loaders_in_the_environment_are_refused);
}

int
main(void)
{
    return pictures_run("levels", add_all);
}

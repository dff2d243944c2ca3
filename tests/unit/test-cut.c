/* Cutting: padding against the whole image, places on earth, tiles copied as they are. */
#include "image/tiff.h"
#include "pictures.h"
#include "tiling/cut/cut.h"

enum { N_MODES = TS_PAD_SYMMETRIC + 1 };

/* numpy.pad of 0 1 2 3 by five places on both sides, with mode edge, wrap, reflect, symmetric. */
static const int expected[N_MODES][14] = {
    [TS_PAD_REPLICATE] = {0, 0, 0, 0, 0, 0, 1, 2, 3, 3, 3, 3, 3, 3},
    [TS_PAD_WRAP] = {3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0},
    [TS_PAD_REFLECT] = {1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1, 2},
    [TS_PAD_SYMMETRIC] = {3, 3, 2, 1, 0, 0, 1, 2, 3, 3, 2, 1, 0, 0},
};

START_TEST(places_outside_are_numpys)
{
    for (int mode = TS_PAD_REPLICATE; mode < N_MODES; mode++)
        for (int i = 0; i < 14; i++)
            ck_assert_int_eq(ts_pad_index((TsPadMode) mode, i - 5, 4), expected[mode][i]);
    for (int i = -9; i < 9; i++)
        ck_assert_int_eq(ts_pad_index(TS_PAD_REFLECT, i, 1), 0);
}
END_TEST

/* Cut `path` as `grid` and `padding` say into a new folder, whose path is returned. */
static char *
cut_into(const char *name, const char *path, const TsGridOptions *grid, const TsPadding *padding,
         const char *suffix, gboolean lossless)
{
    g_autoptr(GError) error = NULL;
    char *to = scratch(name);
    TsPlanOptions options = {
        .sizes = grid, .n_sizes = 1, .padded_rows = padding->mode >= TS_PAD_REFLECT};
    g_autoptr(TsPlan) plan = ts_plan_new(&options);
    ck_assert_msg(ts_plan_add(plan, path, NULL, 0, &error), "%s", message(error));
    g_autoptr(TsNames) names = ts_names_new("{col}_{row}", plan, suffix, 0, FALSE, &error);
    ck_assert_msg(names != NULL, "%s", message(error));
    TsCut cut = {.kind = TS_CUT_FOLDER,
                 .plan = plan,
                 .names = names,
                 .output = to,
                 .padding = *padding,
                 .lossless = lossless,
                 .replace = TRUE};
    g_auto(TsCutReport) report = {0};
    ck_assert_msg(ts_cut_run(&cut, &report, &error), "%s", message(error));
    ck_assert_uint_eq(report.n_kept, plan->n_tiles);
    return to;
}

static TsImage *
read_tile(const char *folder_of_tiles, guint64 column, guint64 row, const char *suffix)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path =
        g_strdup_printf("%s/%d_%d%s", folder_of_tiles, (int) column, (int) row, suffix);
    TsImage *tile = ts_image_read(path, &error);
    ck_assert_msg(tile != NULL, "%s", message(error));
    return tile;
}

/* What a padded tile has to show, place by place. */
static void
check_padded(const TsImage *whole, const TsGrid *grid, const TsTile *at, const TsImage *tile,
             const TsPadding *padding)
{
    for (int y = 0; y < tile->height; y++)
        for (int x = 0; x < tile->width; x++) {
            int from_x = at->x - at->pad_left + x, from_y = at->y - at->pad_top + y;
            gboolean outside =
                from_x < 0 || from_y < 0 || from_x >= grid->width || from_y >= grid->height;
            int want = (int) padding->value;
            if (!outside || padding->mode != TS_PAD_CONSTANT)
                want =
                    whole->data[ts_pad_index(padding->mode, from_y, grid->height) * whole->width +
                                ts_pad_index(padding->mode, from_x, grid->width)];
            ck_assert_int_eq(tile->data[y * tile->width + x], want);
        }
}

static void
check_mode(const char *path, const TsImage *whole, int size, int stride, gboolean centred,
           TsPadMode mode)
{
    TsGrid grid;
    TsPadding padding = {mode, mode == TS_PAD_CONSTANT ? 77 : 0};
    TsGridOptions options = {.tile_width = size,
                             .tile_height = size,
                             .stride_x = stride,
                             .stride_y = stride,
                             .edge = TS_EDGE_PAD,
                             .centred = centred};
    ck_assert(ts_grid_init(&grid, &options, whole->width, whole->height, NULL));
    g_autofree char *tiles = cut_into("padded", path, &options, &padding, ".png", FALSE);
    for (guint64 i = 0; i < ts_grid_n_tiles(&grid); i++) {
        TsTile at;
        ts_grid_get_tile(&grid, i % grid.n_columns, i / grid.n_columns, &at);
        g_autoptr(TsImage) tile = read_tile(tiles, at.column, at.row, ".png");
        check_padded(whole, &grid, &at, tile, &padding);
    }
}

START_TEST(padding_is_that_of_the_whole_image)
{
    g_autoptr(TsImage) whole = pattern(37, 41, 1, TS_U8);
    g_autofree char *tiled = scratch("tiled.tif"), *strips = scratch("strips.tif");
    write_tiff(whole, tiled, TRUE, 1);
    write_tiff(whole, strips, FALSE, 1);
    for (int mode = 0; mode < N_MODES; mode++)
        for (int centred = 0; centred < 2; centred++) {
            check_mode(tiled, whole, 16, 16, centred, (TsPadMode) mode);
            check_mode(strips, whole, 16, 16, centred, (TsPadMode) mode);
            check_mode(strips, whole, 20, 9, centred, (TsPadMode) mode);
            check_mode(tiled, whole, 100, 100, centred, (TsPadMode) mode);
            check_mode(strips, whole, 100, 100, centred, (TsPadMode) mode);
        }
}
END_TEST

static void
write_mapped(const TsImage *image, const char *path, const TsTiffTags *tags)
{
    g_autoptr(GError) error = NULL;
    TsTiffWriterOptions options = {.width = image->width,
                                   .height = image->height,
                                   .like = image,
                                   .tags = *tags,
                                   .tile_width = 32,
                                   .tile_height = 32};
    g_autoptr(TsTiffWriter) writer = ts_tiff_writer_new(path, &options, TRUE, &error);
    ck_assert_msg(writer != NULL && ts_tiff_writer_put_rows(writer, image, &error) &&
                      ts_tiff_writer_commit(writer, &error),
                  "%s", message(error));
}

START_TEST(compressed_tiles_are_copied_without_a_change)
{
    g_autoptr(TsImage) made = ramp(100, 70, 3);
    g_autofree char *path = scratch("jpeg.tif");
    TsTiffTags tags = {.compression = TS_TIFF_JPEG, .quality = 95};
    TsPadding none = {0};
    TsGridOptions options = {.tile_width = 32, .tile_height = 32, .edge = TS_EDGE_DROP};
    write_mapped(made, path, &tags);
    g_autoptr(TsImage) whole = ts_image_read(path, NULL);
    g_autofree char *tiles = cut_into("copied", path, &options, &none, ".jpg", TRUE);
    for (int row = 0; row < 2; row++)
        for (int column = 0; column < 3; column++) {
            g_autoptr(TsImage) tile = read_tile(tiles, (guint64) column, (guint64) row, ".jpg");
            g_autoptr(TsImage) part = ts_image_crop(whole, 32 * column, 32 * row, 32, 32, NULL);
            ck_assert(same_pixels(tile, part));
        }
}
END_TEST

static void
add_all(TCase *tests)
{
    tcase_add_test(tests, places_outside_are_numpys);
    tcase_add_test(tests, padding_is_that_of_the_whole_image);
    tcase_add_test(tests, compressed_tiles_are_copied_without_a_change);
}

int
main(void)
{
    return pictures_run("cut", add_all);
}

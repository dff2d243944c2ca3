/* The loader's crops: cut from the source, whatever file it is and whatever is kept of it. */
#include "base/error.h"
#include "image/crop.h"
#include "pictures.h"
#include "sample/loader.h"
#include "sample/render.h"

#include <string.h>

enum { SIDE = 32, BYTES = SIDE * SIDE * 3 };

static const TsPreprocess how = {
    .width = SIDE, .height = SIDE, .channels = 3, .crop_pct = 1, .std = {1, 1, 1}};

static const char table[] = "file_name\tx\ty\twidth\theight\top\n"
                            "a.jpg\t\\N\t\\N\t\\N\t\\N\t\\N\n"
                            "b.png\t\\N\t\\N\t\\N\t\\N\t\\N\n"
                            "grey.jpg\t\\N\t\\N\t\\N\t\\N\t\\N\n"
                            "a.jpg\t20\t30\t100\t80\t\\N\n"
                            "a.jpg\t\\N\t\\N\t\\N\t\\N\td4=r90\n"
                            "small.jpg\t\\N\t\\N\t\\N\t\\N\t\\N\n";
enum { N = 6, PLAIN_JPEGS = 1 << 0 | 1 << 2 | 1 << 5 };

static void
write_picture(const char *name, int width, int height, int bands)
{
    g_autofree char *path = scratch(name);
    g_autoptr(TsImage) image = ramp(width, height, bands);
    ck_assert(ts_image_write(image, path, NULL, TRUE, NULL));
}

static TsManifest *
make_manifest(void)
{
    write_picture("a.jpg", 310, 230, 3);
    write_picture("b.png", 90, 120, 3);
    write_picture("grey.jpg", 150, 200, 1);
    write_picture("small.jpg", 20, 25, 3);
    return ts_manifest_parse(g_strdup(table), strlen(table), "m.tsv", folder, NULL);
}

/* An epoch of the loader: (N, C, H, W) by rows of the manifest, as bytes. */
static guint8 *
read_epoch(TsDataset *dataset, const char *list, guint n_threads, gsize cache_bytes, guint64 epoch)
{
    g_autoptr(GError) error = NULL;
    guint8 *out = g_new0(guint8, N * BYTES);
    TsLoaderOptions options = {.batch_size = 2,
                               .shuffle = TRUE,
                               .seed = 4,
                               .n_threads = n_threads,
                               .cache_bytes = cache_bytes};
    ck_assert_msg(ts_augment_parse(list, &options.augment, &error), "%s", message(error));
    g_autoptr(TsLoader) loader = ts_loader_new(dataset, &how, &options, &error);
    ck_assert_msg(loader != NULL, "%s", message(error));
    for (guint64 e = epoch > 0 ? epoch - 1 : 0; e <= epoch; e++) {
        ck_assert(ts_loader_begin_epoch(loader, e, 0, NULL));
        for (const TsBatch *b; (b = ts_loader_next(loader, &error)) != NULL;)
            for (guint k = 0; k < b->n; k++)
                for (int i = 0; i < BYTES; i++)
                    out[b->rows[k] * BYTES + (guint) i] =
                        (guint8) (b->images[k * BYTES + (guint) i] * 255 + 0.5F);
        ck_assert_msg(error == NULL, "%s", message(error));
    }
    return out;
}

/* Sample `i` from its whole picture, by the changes that are drawn for it. */
static TsImage *
expected_sample(TsDataset *dataset, const char *list, guint64 i, guint64 epoch)
{
    TsAugment augment;
    TsEdits edits;
    g_autoptr(GError) error = NULL;
    g_autoptr(TsImage) image = ts_sample_render(dataset, i, NULL);
    g_autoptr(TsImage) rgb = ts_image_convert_bands(image, 3, NULL);
    ck_assert(ts_augment_parse(list, &augment, NULL));
    ts_augment_set_size(&augment, SIDE, SIDE);
    ck_assert(ts_augment_draw(&augment, 4, epoch * N + i, rgb->width, rgb->height, &edits, &error));
    TsImage *out = ts_edits_apply(rgb, &edits, &error);
    ck_assert_msg(out != NULL, "%s", message(error));
    return out;
}

static double
difference(const TsImage *image, const guint8 *planes)
{
    double sum = 0;
    for (int i = 0; i < BYTES; i++)
        sum += abs(image->data[i] - planes[i % 3 * SIDE * SIDE + i / 3]);
    return sum / BYTES;
}

static const char *const lists[] = {"resized-crop=0.08..1",
                                    "hflip,resized-crop=0.3..1@0.6,erase=0.1",
                                    "rotate=20,resized-crop=0.2..1", "resized-crop=1..1,rotate=20"};

START_TEST(crops_come_from_the_whole_picture)
{
    g_autoptr(TsManifest) manifest = make_manifest();
    const guint64 rows[N] = {0, 1, 2, 3, 4, 5};
    g_autoptr(TsDataset) dataset = ts_dataset_new(manifest, rows, N, NULL, NULL);
    ck_assert_ptr_nonnull(dataset);
    for (guint k = 0; k < G_N_ELEMENTS(lists); k++)
        for (guint64 epoch = 0; epoch < 12; epoch++) {
            g_autofree guint8 *ours = read_epoch(dataset, lists[k], 2, 0, epoch);
            for (guint64 i = 0; i < N; i++) {
                g_autoptr(TsImage) image = expected_sample(dataset, lists[k], i, epoch);
                /* JPEG may be decoded smaller. */
                const double bound = PLAIN_JPEGS >> i & 1 ? 1.2 : 0;
                const double off = difference(image, ours + i * BYTES);
                ck_assert_msg(off <= bound, "%s, row %d, epoch %d: %g", lists[k], (int) i,
                              (int) epoch, off);
            }
        }
}
END_TEST

START_TEST(threads_and_what_is_kept_change_no_crop)
{
    g_autoptr(TsManifest) manifest = make_manifest();
    const guint64 rows[N] = {0, 1, 2, 3, 4, 5};
    g_autoptr(TsDataset) dataset = ts_dataset_new(manifest, rows, N, NULL, NULL);
    const gsize budgets[] = {0, 5000, 40000, 1 << 24};
    for (guint k = 0; k < G_N_ELEMENTS(lists); k++) {
        g_autofree guint8 *reference = read_epoch(dataset, lists[k], 1, 0, 3);
        for (guint b = 0; b < G_N_ELEMENTS(budgets); b++)
            for (guint n_threads = 1; n_threads <= 3; n_threads++) {
                g_autofree guint8 *again = read_epoch(dataset, lists[k], n_threads, budgets[b], 3);
                ck_assert_mem_eq(again, reference, N * BYTES);
            }
    }
}
END_TEST

START_TEST(with_room_for_all_no_file_is_read_twice)
{
    g_autoptr(TsManifest) manifest = make_manifest();
    const guint64 rows[N] = {0, 1, 2, 3, 4, 5};
    g_autoptr(TsDataset) dataset = ts_dataset_new(manifest, rows, N, NULL, NULL);
    for (gsize budget = 0; budget <= 1 << 24; budget += 1 << 24) {
        TsLoaderOptions options = {.batch_size = 4, .cache_bytes = budget};
        ck_assert(ts_augment_parse("resized-crop=0.08..1", &options.augment, NULL));
        g_autoptr(TsLoader) loader = ts_loader_new(dataset, &how, &options, NULL);
        for (guint64 epoch = 0; epoch < 3; epoch++) {
            ck_assert(ts_loader_begin_epoch(loader, epoch, 0, NULL));
            while (ts_loader_next(loader, NULL) != NULL)
                ;
        }
        const TsLoaderCosts costs = ts_loader_costs(loader);
        ck_assert_uint_eq(costs.n_read, budget > 0 ? 3 : 9);
        ck_assert_uint_eq(costs.n_decoded, 3 * N);
        ck_assert_uint_eq(costs.n_augmented, 3 * N);
    }
}
END_TEST

START_TEST(a_damaged_source_is_an_error_that_names_its_row)
{
    g_autoptr(TsManifest) manifest = make_manifest();
    g_autofree char *path = scratch("a.jpg"), *bytes = NULL;
    const guint64 rows[1] = {0};
    g_autoptr(TsDataset) dataset = ts_dataset_new(manifest, rows, 1, NULL, NULL);
    gsize n;
    ck_assert(g_file_get_contents(path, &bytes, &n, NULL));
    for (int gone = 0; gone <= 1; gone++) {
        g_autoptr(GError) error = NULL;
        ck_assert(gone ? unlink(path) == 0
                       : g_file_set_contents(path, bytes, (gssize) n / 3, NULL));
        TsLoaderOptions options = {.batch_size = 1};
        ck_assert(ts_augment_parse("resized-crop=1..1", &options.augment, NULL));
        g_autoptr(TsLoader) loader = ts_loader_new(dataset, &how, &options, NULL);
        ck_assert(ts_loader_begin_epoch(loader, 0, 0, NULL));
        ck_assert_ptr_null(ts_loader_next(loader, &error));
        ck_assert_msg(g_str_has_prefix(message(error), "m.tsv:2: ") &&
                          strstr(error->message, "a.jpg: ") != NULL,
                      "%s", message(error));
    }
}
END_TEST

static void
add_all(TCase *tests)
{
    tcase_add_test(tests, crops_come_from_the_whole_picture);
    tcase_add_test(tests, threads_and_what_is_kept_change_no_crop);
    tcase_add_test(tests, with_room_for_all_no_file_is_read_twice);
    tcase_add_test(tests, a_damaged_source_is_an_error_that_names_its_row);
}

int
main(void)
{
    return pictures_run("crops", add_all);
}

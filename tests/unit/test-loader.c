/* Recipes to pixels, preprocessing, and the loader's promises: order, cache, threads, errors. */
#include "base/error.h"
#include "base/interrupt.h"
#include "image/image.h"
#include "sample/loader.h"
#include "sample/mask.h"
#include "sample/pool.h"
#include "sample/preprocess.h"
#include "sample/recipe.h"
#include "sample/render.h"
#include "unit.h"

#include <glib/gstdio.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { CELL = 10, COLUMNS = 12, ROWS = 9, N = COLUMNS * ROWS };

static char *folder;

static char *
scratch(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static const char *
message(GError *error)
{
    return error != NULL ? error->message : "no error";
}

/* A sheet whose pixel at (x, y) is known. */
static guint8
sheet_pixel(int x, int y)
{
    return (guint8) (x * 7 + y * 13 + x * y);
}

static void
write_sheet(void)
{
    g_autofree char *path = scratch("sheet.png");
    g_autoptr(TsImage) sheet = ts_image_new(COLUMNS * CELL, ROWS * CELL, 1, TS_U8, NULL);
    for (int y = 0; y < sheet->height; y++)
        for (int x = 0; x < sheet->width; x++)
            sheet->data[y * sheet->width + x] = sheet_pixel(x, y);
    ck_assert(ts_image_write(sheet, path, NULL, TRUE, NULL));
}

/* A manifest of `text`, called m.tsv, in the tests' folder. */
static TsManifest *
parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    TsManifest *manifest = ts_manifest_parse(g_strdup(text), strlen(text), "m.tsv", folder, &error);
    ck_assert_msg(manifest != NULL, "%s", message(error));
    return manifest;
}

/* A row for each cell of the sheet; the label is the row of cells. */
static TsManifest *
sheet_manifest(void)
{
    g_autoptr(GString) text = g_string_new("file_name\tx\ty\twidth\theight\tlabel\tweight\n");
    for (int i = 0; i < N; i++)
        g_string_append_printf(text, "sheet.png\t%d\t%d\t%d\t%d\tclass%d\t%d.5\n",
                               i % COLUMNS * CELL, i / COLUMNS * CELL, CELL, CELL, i / COLUMNS, i);
    return parse(text->str);
}

typedef struct {
    TsManifest *manifest;
    TsClasses *classes;
    TsDataset *dataset;
    TsLoader *loader;
} Fixture;

static const TsPreprocess plain = {
    .width = CELL, .height = CELL, .channels = 1, .crop_pct = 1, .mean = {0.5f}, .std = {0.25f}};

static Fixture
fixture(const TsLoaderOptions *options)
{
    g_autoptr(GError) error = NULL;
    Fixture f = {sheet_manifest()};
    guint64 n;
    g_autofree guint64 *rows = ts_manifest_select(f.manifest, NULL, NULL, &n);
    f.classes = ts_classes_new(f.manifest, "label", NULL);
    f.dataset = ts_dataset_new(f.manifest, rows, n, f.classes, &error);
    ck_assert_msg(f.dataset != NULL, "%s", message(error));
    f.loader = ts_loader_new(f.dataset, &plain, options, &error);
    ck_assert_msg(f.loader != NULL, "%s", message(error));
    return f;
}

static void
fixture_free(Fixture *f)
{
    ts_loader_free(f->loader);
    ts_dataset_free(f->dataset);
    ts_classes_free(f->classes);
    ts_manifest_free(f->manifest);
}

/* Add all bytes of what an epoch gives, from `first_batch` on, to `out`. */
static void
read_epoch(TsLoader *loader, guint64 epoch, guint64 first_batch, GByteArray *out)
{
    g_autoptr(GError) error = NULL;
    ck_assert(ts_loader_begin_epoch(loader, epoch, first_batch, NULL));
    for (const TsBatch *b; (b = ts_loader_next(loader, &error)) != NULL;) {
        g_byte_array_append(out, (const guint8 *) b->rows, b->n * (guint) sizeof *b->rows);
        g_byte_array_append(out, (const guint8 *) b->labels, b->n * (guint) sizeof *b->labels);
        g_byte_array_append(out, (const guint8 *) b->weights, b->n * (guint) sizeof *b->weights);
        g_byte_array_append(out, (const guint8 *) b->images,
                            b->n * CELL * CELL * (guint) sizeof *b->images);
    }
    ck_assert_msg(error == NULL, "%s", message(error));
    ck_assert_ptr_null(ts_loader_next(loader, NULL)); /* the end stays the end */
}

static gboolean
same_bytes(const GByteArray *a, const GByteArray *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

START_TEST(batches_hold_the_rows_they_name)
{
    Fixture f = fixture(&(TsLoaderOptions){.batch_size = 16, .shuffle = TRUE, .seed = 5});
    guint8 seen[N] = {0};
    ck_assert_uint_eq(ts_loader_n_batches(f.loader), (N + 15) / 16);
    ck_assert(ts_loader_begin_epoch(f.loader, 0, 0, NULL));
    for (const TsBatch *b; (b = ts_loader_next(f.loader, NULL)) != NULL;)
        for (guint k = 0; k < b->n; k++) {
            int row = (int) b->rows[k];
            seen[row]++;
            ck_assert_int_eq(b->labels[k], row / COLUMNS);
            ck_assert_float_eq(b->weights[k], (float) row + 0.5f);
            for (int i = 0; i < CELL * CELL; i++) {
                int pixel =
                    sheet_pixel(row % COLUMNS * CELL + i % CELL, row / COLUMNS * CELL + i / CELL);
                float expected = ((float) pixel / 255 - 0.5f) / 0.25f;
                if (fabsf(b->images[k * CELL * CELL + (guint) i] - expected) > 1e-5f)
                    ck_abort_msg("row %d: pixel %d is not %g", row, i, (double) expected);
            }
        }
    for (int i = 0; i < N; i++)
        ck_assert_int_eq(seen[i], 1);
    fixture_free(&f);
}
END_TEST

/* Ask each batch for its pictures, last first. */
static void
fetch_pictures(TsLoader *loader, guint64 epoch, GByteArray *out)
{
    ck_assert(ts_loader_begin_epoch(loader, epoch, 0, NULL));
    for (const TsBatch *b; (b = ts_loader_next(loader, NULL)) != NULL;) {
        for (guint k = b->n; k-- > 0;)
            ck_assert_ptr_eq(ts_loader_picture(loader, k, NULL), b->images + k * CELL * CELL);
        g_byte_array_append(out, (const guint8 *) b->images,
                            b->n * CELL * CELL * (guint) sizeof *b->images);
    }
}

START_TEST(without_pictures_they_are_made_when_they_are_asked_for)
{
    Fixture f = fixture(&(TsLoaderOptions){.batch_size = 16, .shuffle = TRUE, .seed = 5});
    g_autoptr(GByteArray) with = g_byte_array_new(), without = g_byte_array_new();
    fetch_pictures(f.loader, 3, with);
    ck_assert_uint_eq(ts_loader_n_decoded(f.loader), N);
    ck_assert(ts_loader_begin_epoch(f.loader, 3, 0, NULL)); /* an epoch is running */
    ts_loader_set_pictures(f.loader, FALSE);
    ck_assert_ptr_null(ts_loader_next(f.loader, NULL));
    ck_assert(ts_loader_begin_epoch(f.loader, 3, 0, NULL));
    guint n = 0;
    for (const TsBatch *b; (b = ts_loader_next(f.loader, NULL)) != NULL; n += b->n)
        ck_assert_int_eq(b->labels[0], (int) b->rows[0] / COLUMNS);
    ck_assert_uint_eq(n, N);
    const guint64 before = ts_loader_n_decoded(f.loader);
    fetch_pictures(f.loader, 3, without);
    ck_assert_uint_eq(ts_loader_n_decoded(f.loader), before + N);
    ck_assert(same_bytes(with, without));
    ts_loader_set_pictures(f.loader, TRUE);
    ck_assert(ts_loader_begin_epoch(f.loader, 3, 0, NULL));
    g_byte_array_set_size(without, 0);
    fetch_pictures(f.loader, 3, without);
    ck_assert(same_bytes(with, without));
    fixture_free(&f);
}
END_TEST

START_TEST(threads_and_cache_change_nothing)
{
    g_autoptr(GByteArray) reference = g_byte_array_new();
    const gsize budgets[] = {0, 1, 37 * CELL * CELL, 1 << 20};
    for (guint n_threads = 1; n_threads <= 4; n_threads *= 2)
        for (guint k = 0; k < G_N_ELEMENTS(budgets); k++) {
            g_autoptr(GByteArray) bytes = g_byte_array_new();
            TsAugment augment;
            ck_assert(ts_augment_parse("rotate=10,hflip", &augment, NULL));
            TsLoaderOptions options = {.batch_size = 7,
                                       .shuffle = TRUE,
                                       .seed = 3,
                                       .cache_bytes = budgets[k],
                                       .augment = augment,
                                       .n_threads = n_threads,
                                       .n_prefetch = n_threads == 2 ? 1 : 0};
            Fixture f = fixture(&options);
            for (guint64 epoch = 0; epoch < 3; epoch++)
                read_epoch(f.loader, epoch, 0, bytes);
            guint64 kept = MIN(N, budgets[k] / (CELL * CELL));
            const TsLoaderCosts costs = ts_loader_costs(f.loader);
            ck_assert_uint_eq(ts_loader_n_decoded(f.loader), N + 2 * (N - kept));
            ck_assert_uint_eq(costs.n_augmented, 3 * N);
            ck_assert_uint_eq(costs.n_filled, 3 * ((N + 6) / 7));
            ck_assert_uint_eq(costs.n_waits, costs.n_filled);
            ck_assert(costs.decode_ns > 0 && costs.augment_ns > 0 && costs.fill_ns > 0);
            fixture_free(&f);
            if (reference->len == 0)
                g_byte_array_append(reference, bytes->data, bytes->len);
            ck_assert(same_bytes(reference, bytes));
        }
}
END_TEST

START_TEST(workers_flush_denormals)
{
    /* Pixels are multiplied by 1 / (255 * std), which no worker may take for more than 0. */
    TsPreprocess faint = plain;
    faint.mean[0] = 0;
    faint.std[0] = 1e37f;
    TsLoaderOptions options = {.batch_size = 5, .n_threads = 4};
    Fixture f = fixture(&options);
    g_autoptr(TsLoader) loader = ts_loader_new(f.dataset, &faint, &options, NULL);
    ck_assert(ts_loader_begin_epoch(loader, 0, 0, NULL));
    for (const TsBatch *b; (b = ts_loader_next(loader, NULL)) != NULL;)
        for (gsize i = 0; i < b->n * CELL * CELL; i++)
            ck_assert(fpclassify(b->images[i]) == FP_ZERO);
    fixture_free(&(Fixture){.loader = g_steal_pointer(&loader)});
    fixture_free(&f);
}
END_TEST

START_TEST(the_second_epoch_decodes_nothing_and_has_another_order)
{
    Fixture f = fixture(
        &(TsLoaderOptions){.batch_size = 10, .shuffle = TRUE, .cache_bytes = N * CELL * CELL});
    g_autoptr(GByteArray) first = g_byte_array_new(), second = g_byte_array_new();
    g_autoptr(GByteArray) again = g_byte_array_new();
    read_epoch(f.loader, 0, 0, first);
    ck_assert_uint_eq(ts_loader_n_decoded(f.loader), N);
    ck_assert_uint_eq(ts_source_pool_n_opened(ts_dataset_pool(f.dataset)), 1);
    read_epoch(f.loader, 1, 0, second);
    ck_assert_uint_eq(ts_loader_n_decoded(f.loader), N);
    ck_assert(!same_bytes(first, second));
    read_epoch(f.loader, 0, 0, again);
    ck_assert(same_bytes(first, again));
    fixture_free(&f);
}
END_TEST

START_TEST(resuming_in_the_middle_equals_not_stopping)
{
    Fixture f = fixture(&(TsLoaderOptions){.batch_size = 9, .shuffle = TRUE, .n_threads = 2});
    g_autoptr(GByteArray) whole = g_byte_array_new(), rest = g_byte_array_new();
    guint batch_bytes = 9 * (8 + 4 + 4 + CELL * CELL * 4);
    read_epoch(f.loader, 4, 0, whole);
    /* Stop another epoch half way, with batches in the making. */
    ck_assert(ts_loader_begin_epoch(f.loader, 1, 0, NULL));
    ck_assert_ptr_nonnull(ts_loader_next(f.loader, NULL));
    read_epoch(f.loader, 4, 5, rest);
    ck_assert_uint_eq(rest->len, whole->len - 5 * batch_bytes);
    ck_assert_mem_eq(rest->data, whole->data + 5 * batch_bytes, rest->len);
    g_autoptr(GByteArray) none = g_byte_array_new();
    read_epoch(f.loader, 4, N / 9, none);
    ck_assert_uint_eq(none->len, 0);
    g_autoptr(GError) error = NULL;
    ck_assert(!ts_loader_begin_epoch(f.loader, 4, N / 9 + 1, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_RANGE));
    fixture_free(&f);
}
END_TEST

START_TEST(epochs_begun_while_batches_are_made_do_not_mix)
{
    /* Samples that take their time, so that workers are at work when the next epoch begins. */
    TsPreprocess large = plain;
    large.width = large.height = 150;
    TsLoaderOptions options = {.batch_size = 2, .shuffle = TRUE, .n_threads = 4, .n_prefetch = 8};
    Fixture f = fixture(&options);
    g_autoptr(TsLoader) busy = ts_loader_new(f.dataset, &large, &options, NULL);
    for (guint64 epoch = 0; epoch < 40; epoch++) {
        ck_assert(ts_loader_begin_epoch(busy, epoch, 0, NULL));
        ck_assert(ts_loader_begin_epoch(f.loader, epoch, 0, NULL));
        for (int k = 0; k < 3; k++) {
            const TsBatch *a = ts_loader_next(busy, NULL), *b = ts_loader_next(f.loader, NULL);
            ck_assert(a != NULL && b != NULL);
            ck_assert_mem_eq(a->rows, b->rows, 2 * sizeof *a->rows);
        }
    }
    fixture_free(&(Fixture){.loader = g_steal_pointer(&busy)});
    fixture_free(&f);
}
END_TEST

START_TEST(order_without_shuffle_is_the_datasets)
{
    Fixture f = fixture(&(TsLoaderOptions){.batch_size = 25, .drop_last = TRUE});
    guint64 row = 0;
    ck_assert_uint_eq(ts_loader_n_batches(f.loader), N / 25);
    ck_assert(ts_loader_begin_epoch(f.loader, 7, 0, NULL));
    for (const TsBatch *b; (b = ts_loader_next(f.loader, NULL)) != NULL;)
        for (guint k = 0; k < b->n; k++)
            ck_assert_uint_eq(b->rows[k], row++);
    ck_assert_uint_eq(row, N / 25 * 25);
    fixture_free(&f);
}
END_TEST

START_TEST(a_loader_may_be_freed_at_any_time)
{
    for (int i = 0; i < 20; i++) {
        Fixture f = fixture(&(TsLoaderOptions){.batch_size = 3, .n_threads = 3});
        if (i % 4 > 0)
            ck_assert(ts_loader_begin_epoch(f.loader, 0, 0, NULL));
        for (int k = 0; k < i % 4 - 1; k++)
            ck_assert_ptr_nonnull(ts_loader_next(f.loader, NULL));
        fixture_free(&f);
    }
}
END_TEST

/* Dataset of all rows of `text`; NULL with its error. */
static TsDataset *
dataset_of(const TsManifest *manifest, GError **error)
{
    guint64 n;
    g_autofree guint64 *rows = ts_manifest_select(manifest, NULL, NULL, &n);
    return ts_dataset_new(manifest, rows, n, NULL, error);
}

START_TEST(an_unreadable_sample_is_an_error_that_names_its_row)
{
    g_autofree char *bad = scratch("bad.png");
    ck_assert(g_file_set_contents(bad, "no image", -1, NULL));
    const struct {
        const char *row, *says;
    } cases[] = {
        {"gone.png\t\\N\t\\N\t\\N\t\\N", "m.tsv:3: "},
        {"bad.png\t\\N\t\\N\t\\N\t\\N", "is not an image"},
        {"bad.png\t0\t0\t5\t5", "is not an image"},
        {"sheet.png\t115\t0\t10\t10", "not inside the image of 120 x 90"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        for (guint n_threads = 1; n_threads < 4; n_threads++) {
            g_autoptr(GError) error = NULL, again = NULL;
            g_autofree char *text =
                g_strdup_printf("file_name\tx\ty\twidth\theight\nsheet.png\t0\t0\t10\t10\n%s\n"
                                "missing.png\t0\t0\t1\t1\n",
                                cases[i].row);
            g_autoptr(TsManifest) manifest = parse(text);
            g_autoptr(TsDataset) dataset = dataset_of(manifest, NULL);
            TsLoaderOptions options = {.batch_size = 1, .n_threads = n_threads};
            g_autoptr(TsLoader) loader = ts_loader_new(dataset, &plain, &options, NULL);
            ck_assert(ts_loader_begin_epoch(loader, 0, 0, NULL));
            ck_assert_ptr_nonnull(ts_loader_next(loader, NULL));
            ck_assert_ptr_null(ts_loader_next(loader, &error));
            ck_assert_msg(g_str_has_prefix(message(error), "m.tsv:3: "), "%s", message(error));
            ck_assert_msg(strstr(error->message, cases[i].says) != NULL, "%s", error->message);
            ck_assert_ptr_null(ts_loader_next(loader, &again)); /* and stays one */
            ck_assert_str_eq(message(again), error->message);
        }
}
END_TEST

START_TEST(rows_that_are_no_recipe_are_refused_before_any_work)
{
    const struct {
        const char *text, *says;
    } cases[] = {
        {"label\na\n", "file_name"},
        {"file_name\tx\ty\na.png\t1\t2\n", "only 2 of the columns"},
        {"file_name\tweight\na.png\t1\na.png\t-1\n", "m.tsv:3: weight is '-1'"},
        {"file_name\tweight\na.png\tnan\n", "m.tsv:2: weight is 'nan'"},
        {"file_name\n\\N\n", "m.tsv:2: file_name"},
        {"file_name\tx\ty\twidth\theight\na.png\t1\t2\t0\t4\n", "m.tsv:2: width is '0'"},
        {"file_name\tx\ty\twidth\theight\na.png\t-1\t2\t3\t4\n", "m.tsv:2: x is '-1'"},
        {"file_name\tx\ty\twidth\theight\na.png\t1\t\\N\t3\t4\n", "a region has four numbers"},
        {"file_name\tx\ty\twidth\theight\na.png\t1\t2\t3\t99999999999\n",
         "height is '99999999999'"},
        {"file_name\tparent_b\na.png\tb.png\n", "no lambda"},
        {"file_name\tparent_b\tlambda\na.png\tb.png\t0.5\n", "parent_b is 'b.png'"},
        {"id\tfile_name\tparent_b\tlambda\na\ta.png\tm\t1\nm\ta.png\tb\t1\nb\tb.png\t\\N\t\\N\n",
         "m.tsv:2: parent_b is 'm'"},
        {"file_name\tparent_b\tlambda\na.png\tb.png\t?\nb.png\t\\N\t\\N\n", "lambda is '?'"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(TsManifest) manifest = parse(cases[i].text);
        ck_assert_ptr_null(dataset_of(manifest, &error));
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_FORMAT));
        ck_assert_msg(strstr(error->message, cases[i].says) != NULL, "%s", error->message);
    }
}
END_TEST

START_TEST(mixtures_lie_within_half_a_grey_of_the_formula)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsManifest) manifest = parse("file_name\tx\ty\twidth\theight\tid\tparent_b\tlambda\n"
                                           "sheet.png\t0\t0\t10\t10\ta\t\\N\t\\N\n"
                                           "sheet.png\t50\t30\t10\t10\tb\t\\N\t\\N\n"
                                           "sheet.png\t0\t0\t10\t10\tmix\tb\t0.37\n"
                                           "sheet.png\t0\t0\t9\t10\tmisfit\tb\t0.37\n");
    g_autoptr(TsDataset) dataset = dataset_of(manifest, &error);
    ck_assert_msg(dataset != NULL, "%s", message(error));
    g_autoptr(TsImage) mixture = ts_sample_render(dataset, 2, NULL);
    for (int i = 0; i < CELL * CELL; i++) {
        double exact = 0.63 * sheet_pixel(i % CELL, i / CELL) +
                       0.37 * sheet_pixel(50 + i % CELL, 30 + i / CELL);
        ck_assert_double_le(fabs(mixture->data[i] - exact), 0.5 + 1e-9);
    }
    ck_assert_ptr_null(ts_sample_render(dataset, 3, &error));
    ck_assert_msg(g_str_has_prefix(message(error), "m.tsv:5: 9 x 10 pixels"), "%s", message(error));
}
END_TEST

START_TEST(a_mixture_may_share_its_derived_id_with_its_parent)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsManifest) manifest = parse("file_name\tx\ty\twidth\theight\tparent_b\tlambda\n"
                                           "sheet.png\t0\t0\t10\t10\tsheet.png#0,0,10,10\t1\n"
                                           "sheet.png\t0\t0\t10\t10\t\\N\t\\N\n");
    g_autoptr(TsDataset) dataset = dataset_of(manifest, &error);
    ck_assert_msg(dataset != NULL, "%s", message(error));
    g_autoptr(TsImage) mixture = ts_sample_render(dataset, 0, NULL);
    ck_assert_int_eq(mixture->data[11], sheet_pixel(1, 1));
}
END_TEST

START_TEST(whole_files_are_rows_too)
{
    g_autoptr(TsManifest) manifest = parse("file_name\nsheet.png\n");
    g_autoptr(TsDataset) dataset = dataset_of(manifest, NULL);
    g_autoptr(TsImage) image = ts_sample_render(dataset, 0, NULL);
    ck_assert_int_eq(image->width, COLUMNS * CELL);
    ck_assert_int_eq(ts_dataset_label(dataset, 0), -1);
    ck_assert_float_eq(ts_dataset_weight(dataset, 0), 1);
}
END_TEST

static void
check_flat(TsSampleType type, double value, int expected)
{
    TsPreprocess how = {
        .width = 3, .height = 5, .channels = 3, .crop_pct = 0.875, .std = {1, 1, 1}};
    guint8 out[45];
    g_autoptr(TsImage) image = ts_image_new(31, 17, 1, type, NULL);
    for (int i = 0; i < 31 * 17; i++) {
        if (type == TS_U16)
            ((guint16 *) image->data)[i] = (guint16) value;
        else if (type == TS_I16)
            ((gint16 *) image->data)[i] = (gint16) value;
        else
            ((float *) image->data)[i] = (float) value;
    }
    ck_assert(ts_preprocess_u8(image, &how, out, NULL));
    for (int i = 0; i < 45; i++)
        ck_assert_int_eq(out[i], expected);
}

START_TEST(scaled_regions_are_parts_of_the_scaled_picture)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *sheet = scratch("sheet.png");
    g_autoptr(TsManifest) manifest =
        parse("file_name\tx\ty\twidth\theight\tgrid_x\tgrid_y\tscaled_width\tscaled_height\t"
              "grid_width\tgrid_height\tmask\nsheet.png\t20\t15\t30\t30\t10\t7\t13\t11\t60\t41\t"
              "sheet.png\nsheet.png\t20\t15\t30\t30\t\\N\t7\t13\t11\t60\t41\tsheet.png\n");
    g_autoptr(TsDataset) dataset = dataset_of(manifest, NULL);
    for (int is_mask = 0; is_mask < 2; is_mask++) {
        g_autoptr(TsImageSource) source = ts_image_source_open_scaled(
            sheet, 60, 41, is_mask ? TS_FILTER_NEAREST : TS_FILTER_LANCZOS, NULL);
        g_autoptr(TsImage) want = ts_image_source_read_region(source, 10, 7, 13, 11, NULL);
        g_autoptr(TsImage) got = is_mask ? ts_sample_render_mask(dataset, 0, &error)
                                         : ts_sample_render(dataset, 0, &error);
        ck_assert_msg(got != NULL, "%s", message(error));
        ck_assert(got->width == 13 && got->height == 11 && got->bands == want->bands);
        ck_assert_mem_eq(got->data, want->data, 11 * ts_image_row_size(want));
    }
    int width, height;
    ck_assert(ts_sample_get_size(dataset, 0, &width, &height, NULL) && width == 13 && height == 11);
    ck_assert(ts_sample_get_size(dataset, 1, &width, &height, NULL) && width == 30 && height == 30);
}
END_TEST

START_TEST(other_types_are_scaled_to_bytes_by_the_documented_rule)
{
    check_flat(TS_U16, 65535, 255);
    check_flat(TS_U16, 128, 0);
    check_flat(TS_U16, 129, 1);
    check_flat(TS_I16, -32768, 0);
    check_flat(TS_I16, 32767, 255);
    check_flat(TS_F32, 0.5, 128);
    check_flat(TS_F32, -3, 0);
    check_flat(TS_F32, 1e30, 255);
}
END_TEST

START_TEST(the_crop_is_the_centre)
{
    /* A dark frame around a bright centre, of which a crop of 0.75 sees the centre alone. */
    TsPreprocess how = {.width = 12, .height = 12, .channels = 1, .crop_pct = 0.75, .std = {1}};
    guint8 out[144];
    g_autoptr(TsImage) image = ts_image_new(128, 64, 1, TS_U8, NULL);
    for (int y = 4; y < 60; y++)
        memset(image->data + y * 128 + 36, 200, 56);
    ck_assert(ts_preprocess_u8(image, &how, out, NULL));
    for (int i = 0; i < 144; i++)
        ck_assert_int_eq(out[i], 200);
    how.crop_pct = 1;
    ck_assert(ts_preprocess_u8(image, &how, out, NULL));
    ck_assert_int_lt(out[0], 50);
}
END_TEST

START_TEST(settings_that_cannot_be_are_refused)
{
    const TsPreprocess bad[] = {
        {.width = 0, .height = 5, .channels = 1, .crop_pct = 1, .std = {1}},
        {.width = 5, .height = 5, .channels = 5, .crop_pct = 1, .std = {1, 1, 1, 1}},
        {.width = 5, .height = 5, .channels = 1, .crop_pct = 0, .std = {1}},
        {.width = 5, .height = 5, .channels = 1, .crop_pct = 1.5, .std = {1}},
        {.width = 5, .height = 5, .channels = 2, .crop_pct = 1, .std = {1, 0}},
        {.width = 5, .height = 5, .channels = 1, .crop_pct = 1, .mean = {NAN}, .std = {1}},
    };
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        ck_assert(!ts_preprocess_check(&bad[i], &error));
        ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
    }
    g_autoptr(TsManifest) manifest = parse("file_name\nsheet.png\n");
    g_autoptr(TsDataset) dataset = dataset_of(manifest, NULL);
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(ts_loader_new(dataset, &plain, &(TsLoaderOptions){0}, &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_ARGUMENT));
}
END_TEST

START_TEST(files_of_a_pool_are_shared_and_bounded)
{
    g_autoptr(TsImage) image = ts_image_new(20, 20, 1, TS_U8, NULL);
    g_autoptr(TsSourcePool) pool = ts_source_pool_new(2, 1 << 20);
    g_autofree char *a = scratch("pa.png"), *b = scratch("pb.png"), *c = scratch("pc.png");
    const char *const paths[] = {a, b, c};
    for (int i = 0; i < 3; i++)
        ck_assert(ts_image_write(image, paths[i], NULL, TRUE, NULL));
    TsImageSource *first = ts_source_pool_get(pool, a, NULL);
    ck_assert_ptr_eq(ts_source_pool_get(pool, a, NULL), first);
    for (int i = 0; i < 6; i++)
        ts_source_pool_put(pool, ts_source_pool_get(pool, paths[1 + i % 2], NULL));
    ck_assert_uint_eq(ts_source_pool_n_opened(pool), 1 + 6); /* a is in use; b and c take turns */
    ts_source_pool_put(pool, first);
    ts_source_pool_put(pool, first);
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(ts_source_pool_get(pool, "/no/such/file.png", &error));
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_IO));
}
END_TEST

/* Last: the signal stays noted for the rest of the process (each test has its own). */
START_TEST(a_signal_ends_the_wait_for_a_batch)
{
    g_autoptr(GError) error = NULL;
    Fixture f = fixture(&(TsLoaderOptions){.batch_size = 5});
    ts_interrupt_install();
    raise(SIGINT);
    ck_assert(ts_loader_begin_epoch(f.loader, 0, 0, NULL));
    while (ts_loader_next(f.loader, &error) != NULL)
        continue;
    ck_assert(g_error_matches(error, TS_ERROR, TS_ERROR_INTERRUPTED));
    fixture_free(&f);
}
END_TEST

static void
add_all(TCase *tests)
{
    tcase_add_test(tests, batches_hold_the_rows_they_name);
    tcase_add_test(tests, without_pictures_they_are_made_when_they_are_asked_for);
    tcase_add_test(tests, threads_and_cache_change_nothing);
    tcase_add_test(tests, the_second_epoch_decodes_nothing_and_has_another_order);
    tcase_add_test(tests, workers_flush_denormals);
    tcase_add_test(tests, resuming_in_the_middle_equals_not_stopping);
    tcase_add_test(tests, epochs_begun_while_batches_are_made_do_not_mix);
    tcase_add_test(tests, order_without_shuffle_is_the_datasets);
    tcase_add_test(tests, a_loader_may_be_freed_at_any_time);
    tcase_add_test(tests, an_unreadable_sample_is_an_error_that_names_its_row);
    tcase_add_test(tests, rows_that_are_no_recipe_are_refused_before_any_work);
    tcase_add_test(tests, mixtures_lie_within_half_a_grey_of_the_formula);
    tcase_add_test(tests, a_mixture_may_share_its_derived_id_with_its_parent);
    tcase_add_test(tests, whole_files_are_rows_too);
    tcase_add_test(tests, scaled_regions_are_parts_of_the_scaled_picture);
    tcase_add_test(tests, other_types_are_scaled_to_bytes_by_the_documented_rule);
    tcase_add_test(tests, the_crop_is_the_centre);
    tcase_add_test(tests, settings_that_cannot_be_are_refused);
    tcase_add_test(tests, files_of_a_pool_are_shared_and_bounded);
    tcase_add_test(tests, a_signal_ends_the_wait_for_a_batch);
}

int
main(void)
{
    folder = g_dir_make_tmp("tessera-loader-XXXXXX", NULL);
    Suite *suite = suite_create("loader");
    TCase *tests = tcase_create("loader");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, write_sheet, NULL);
    add_all(tests);
    suite_add_tcase(suite, tests);
    int status = unit_run(suite);
    const char *const names[] = {"sheet.png", "bad.png", "pa.png", "pb.png", "pc.png"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = scratch(names[i]);
        unlink(path);
    }
    rmdir(folder);
    g_free(folder);
    return status;
}

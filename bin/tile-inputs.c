/* What is cut: images, and the images and regions that the rows of a dataset name. */
#include "tile.h"

#include "base/error.h"

#include <string.h>

static struct {
    char **loaders;
} opt;

const GOptionEntry tile_input_options[] = {
    {"allow-loader", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt.loaders,
     "Read files with a loader that is not trusted with any file, such as openslide", "NAME"},
    {NULL},
};

gboolean
tile_inputs_init(GError **error)
{
    for (char **loader = opt.loaders; loader != NULL && *loader != NULL; loader++)
        if (!ts_image_allow_loader(*loader, error)) {
            g_prefix_error(error, "--allow-loader: ");
            return FALSE;
        }
    return TRUE;
}

/* The regions of one image that rows name. */
typedef struct {
    char *path;
    char *mask;      /* of the whole image, or NULL */
    GArray *regions; /* TsRegion */
} Rows;

static void
rows_free(gpointer data)
{
    Rows *rows = data;
    g_free(rows->path);
    g_free(rows->mask);
    g_array_unref(rows->regions);
    g_free(rows);
}

static gboolean
is_dataset(const char *path)
{
    static const char *const suffixes[] = {".tsv", ".csv", ".jsonl", ".json"};
    for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++)
        if (g_str_has_suffix(path, suffixes[i]))
            return TRUE;
    return strcmp(path, "-") == 0 || g_file_test(path, G_FILE_TEST_IS_DIR);
}

/* A whole number of pixels in `column` of a row; `otherwise` where there is none. */
static gboolean
read_number(const TsManifest *dataset, guint64 row, const char *column, int otherwise, int *value,
            GError **error)
{
    gint64 number = otherwise;
    int at = ts_manifest_find_column(dataset, column);
    TsCell cell = at >= 0 ? ts_manifest_cell(dataset, row, (guint) at) : (TsCell){"\\N", 2};
    if (!ts_cell_is_null(cell) &&
        (!ts_cell_to_int(cell, &number) || number < 0 || number > G_MAXINT)) {
        g_autofree char *where = ts_manifest_where(dataset, row);
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: %s is '%.*s', a whole number of pixels was expected", where,
                            column, (int) cell.length, cell.text);
    }
    *value = (int) number;
    return TRUE;
}

/* What makes a row something else than pixels of an image file. */
static gboolean
check_row(const TsManifest *dataset, guint64 row, GError **error)
{
    static const char *const columns[] = {"parent_b", "op", "offset", "scaled_width"};
    const int n = ts_manifest_find_column(dataset, "x") >= 0 ? 4 : 3; /* else a tile's own file */
    for (int i = 0; i < n; i++) {
        int at = ts_manifest_find_column(dataset, columns[i]);
        if (at < 0 || ts_cell_is_null(ts_manifest_cell(dataset, row, (guint) at)))
            continue;
        g_autofree char *where = ts_manifest_where(dataset, row);
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: has a value of %s; only images and regions of images can be cut",
                            where, columns[i]);
    }
    return TRUE;
}

/* The mask of a row, which has to be the one that other rows of the image have. */
static gboolean
read_mask(const TsManifest *dataset, guint64 row, Rows *rows, GError **error)
{
    int at = ts_manifest_find_column(dataset, "mask");
    if (at < 0)
        return TRUE;
    g_autofree char *mask =
        ts_manifest_resolve(dataset, ts_manifest_cell(dataset, row, (guint) at));
    if (rows->regions->len > 0 && g_strcmp0(mask, rows->mask) != 0) {
        g_autofree char *where = ts_manifest_where(dataset, row);
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: its mask is %s, but that of the rows of %s before it is %s", where,
                            mask != NULL ? mask : "missing", rows->path,
                            rows->mask != NULL ? rows->mask : "missing");
    }
    if (rows->mask == NULL)
        rows->mask = g_steal_pointer(&mask);
    return TRUE;
}

static gboolean
read_row(const TsManifest *dataset, guint64 row, GHashTable *seen, GPtrArray *all, GError **error)
{
    TsRegion region = {.row = row};
    g_autofree char *path = ts_manifest_path(dataset, row);
    if (path == NULL) {
        g_autofree char *where = ts_manifest_where(dataset, row);
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: has no file_name", where);
    }
    if (!check_row(dataset, row, error) || !read_number(dataset, row, "x", 0, &region.x, error) ||
        !read_number(dataset, row, "y", 0, &region.y, error) ||
        !read_number(dataset, row, "width", 0, &region.width, error) ||
        !read_number(dataset, row, "height", 0, &region.height, error))
        return FALSE;
    Rows *rows = g_hash_table_lookup(seen, path);
    if (rows == NULL) {
        rows = g_new0(Rows, 1);
        rows->path = g_steal_pointer(&path);
        rows->regions = g_array_new(FALSE, FALSE, sizeof(TsRegion));
        g_hash_table_insert(seen, rows->path, rows);
        g_ptr_array_add(all, rows);
    }
    if (!read_mask(dataset, row, rows, error))
        return FALSE;
    g_array_append_val(rows->regions, region);
    return TRUE;
}

static gboolean
add_dataset(TsPlan *plan, const TsManifest *dataset, GPtrArray *masks, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(rows_free);
    for (guint64 row = 0; row < ts_manifest_n_rows(dataset); row++)
        if (!read_row(dataset, row, seen, all, error))
            return FALSE;
    for (guint i = 0; i < all->len; i++) {
        Rows *rows = g_ptr_array_index(all, i);
        const TsRegion *regions = (const TsRegion *) (void *) rows->regions->data;
        if (!ts_plan_add(plan, rows->path, regions, rows->regions->len, error))
            return FALSE;
        g_ptr_array_add(masks, g_steal_pointer(&rows->mask));
    }
    return TRUE;
}

gboolean
tile_inputs_add(TsPlan *plan, int n_args, char **args, TsManifest **dataset, GPtrArray *masks,
                GError **error)
{
    for (int i = 0; i < n_args; i++) {
        gboolean is_folder = g_file_test(args[i], G_FILE_TEST_IS_DIR);
        if (!is_dataset(args[i]) || (is_folder && n_args > 1)) {
            if (!ts_plan_add(plan, args[i], NULL, 0, error))
                return FALSE;
            continue;
        }
        if (n_args > 1)
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "%s: a dataset is cut alone, without other arguments", args[i]);
        *dataset = ts_manifest_read(args[i], error);
        if (*dataset == NULL || !add_dataset(plan, *dataset, masks, error))
            return FALSE;
    }
    return TRUE;
}

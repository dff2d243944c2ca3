/* Chosen rows of a manifest: recipes checked, labels, weights and parents looked up. */
#include "sample/dataset.h"

#include "base/error.h"
#include "base/memory.h"
#include "sample/edits.h"
#include "sample/recipe.h"

#include <math.h>
#include <string.h>

enum { MAX_OPEN_FILES = 64 };
static const guint64 MAX_OPEN_BYTES = G_GUINT64_CONSTANT(2) << 30;

struct _TsDataset {
    const TsManifest *manifest;
    guint64 n;
    guint64 *rows;           /* (n) */
    gint32 *labels;          /* (n) */
    float *weights;          /* (n) */
    guint64 *parents;        /* (n), or NULL if no sample is mixed */
    double *lambdas;         /* (n), likewise */
    const TsLabelSets *sets; /* or NULL */
    int file_name, region[4], weight, parent_b, lambda, op, mask; /* columns, -1: absent */
    int range[2], raw, grid[6];                                   /* likewise */
    TsSourcePool *pool;
    TsBytesPool *bytes;
    gboolean pools_are_borrowed;
};

static guint64
max_open_bytes(void)
{
    return MIN(MAX_OPEN_BYTES, ts_memory_get() / 2);
}

TsSourcePool *
ts_dataset_source_pool_new(void)
{
    return ts_source_pool_new(MAX_OPEN_FILES, max_open_bytes());
}

TsBytesPool *
ts_dataset_bytes_pool_new(void)
{
    return ts_bytes_pool_new(MAX_OPEN_FILES, max_open_bytes());
}

void
ts_dataset_prefix_error(const TsDataset *self, guint64 row, GError **error)
{
    g_autofree char *where = ts_manifest_where(self->manifest, row);
    if (error != NULL && *error != NULL && !g_str_has_prefix((*error)->message, where))
        g_prefix_error(error, "%s: ", where);
}

/* Set an error about one cell of a row: "m.tsv:7: weight is 'x', WHAT was expected". */
static gboolean
bad_cell(const TsDataset *self, guint64 row, int column, const char *what, GError **error)
{
    TsCell cell = ts_manifest_cell(self->manifest, row, (guint) column);
    ts_error_set(error, TS_ERROR_FORMAT, "%s is '%.*s', %s was expected",
                 ts_manifest_column_name(self->manifest, (guint) column),
                 (int) MIN(cell.length, 200), cell.text, what);
    ts_dataset_prefix_error(self, row, error);
    return FALSE;
}

static gboolean
is_null(const TsDataset *self, guint64 row, int column)
{
    return column < 0 || ts_cell_is_null(ts_manifest_cell(self->manifest, row, (guint) column));
}

static gboolean
find_columns(TsDataset *self, GError **error)
{
    static const char *const region[] = {"x", "y", "width", "height"};
    static const char *const grid[] = {"grid_x",        "grid_y",     "scaled_width",
                                       "scaled_height", "grid_width", "grid_height"};
    guint file_name;
    if (!ts_manifest_require_column(self->manifest, "file_name", &file_name, error))
        return FALSE;
    self->file_name = (int) file_name;
    int n_present = 0;
    for (int i = 0; i < 4; i++) {
        self->region[i] = ts_manifest_find_column(self->manifest, region[i]);
        n_present += self->region[i] >= 0;
    }
    if (n_present != 0 && n_present != 4)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: has only %d of the columns x, y, width and height, all or none "
                            "were expected",
                            ts_manifest_name(self->manifest), n_present);
    for (int i = 0; i < 6; i++)
        self->grid[i] = ts_manifest_find_column(self->manifest, grid[i]);
    self->range[0] = ts_manifest_find_column(self->manifest, "offset");
    self->range[1] = ts_manifest_find_column(self->manifest, "length");
    if ((self->range[0] < 0) != (self->range[1] < 0))
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: has only one of the columns offset and length",
                            ts_manifest_name(self->manifest));
    self->raw = ts_manifest_find_column(self->manifest, "raw");
    self->weight = ts_manifest_find_column(self->manifest, "weight");
    self->parent_b = ts_manifest_find_column(self->manifest, "parent_b");
    self->lambda = ts_manifest_find_column(self->manifest, "lambda");
    self->op = ts_manifest_find_column(self->manifest, "op");
    self->mask = ts_manifest_find_column(self->manifest, "mask");
    if (self->parent_b >= 0 && self->lambda < 0)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: has a column parent_b, but no lambda",
                            ts_manifest_name(self->manifest));
    return TRUE;
}

/* The bytes of file_name that are the row's file. */
static gboolean
read_range(const TsDataset *self, guint64 row, TsRecipe *recipe, GError **error)
{
    gint64 values[2] = {0, 0};
    recipe->has_range = !is_null(self, row, self->range[0]);
    if (is_null(self, row, self->range[1]) == recipe->has_range)
        return bad_cell(self, row, self->range[1], "offset and length together: one", error);
    for (int i = 0; i < 2 && recipe->has_range; i++) {
        TsCell cell = ts_manifest_cell(self->manifest, row, (guint) self->range[i]);
        if (!ts_cell_to_int(cell, &values[i]) || values[i] < 0)
            return bad_cell(self, row, self->range[i], "a whole number of 0 or more", error);
    }
    recipe->offset = (guint64) values[0];
    recipe->length = (guint64) values[1];
    return TRUE;
}

static gboolean
read_raw(const TsDataset *self, guint64 row, TsRecipe *recipe, GError **error)
{
    recipe->has_raw = !is_null(self, row, self->raw);
    if (!recipe->has_raw)
        return TRUE;
    g_autofree char *text =
        ts_cell_unescape(ts_manifest_cell(self->manifest, row, (guint) self->raw));
    return ts_raw_parse(text, &recipe->raw) ||
           bad_cell(self, row, self->raw, "width x height x bands and a type, as in 28x28x1:u8,",
                    error);
}

/* Where the region lies on the scaled image; see tessera-manifest(5). */
static gboolean
read_grid(const TsDataset *self, guint64 row, TsRecipe *recipe, GError **error)
{
    gint64 values[6];
    recipe->is_scaled = recipe->has_region;
    for (int i = 0; i < 6; i++)
        recipe->is_scaled = recipe->is_scaled && !is_null(self, row, self->grid[i]);
    for (int i = 0; i < 6 && recipe->is_scaled; i++) {
        TsCell cell = ts_manifest_cell(self->manifest, row, (guint) self->grid[i]);
        if (!ts_cell_to_int(cell, &values[i]) || values[i] < (i < 2 ? 0 : 1) ||
            values[i] > G_MAXINT)
            return bad_cell(self, row, self->grid[i],
                            i < 2 ? "a whole number of 0 or more" : "a whole number of 1 or more",
                            error);
    }
    if (!recipe->is_scaled)
        return TRUE;
    if (recipe->has_range || recipe->has_raw) {
        ts_error_set(error, TS_ERROR_FORMAT,
                     "is a scaled region (grid_x, ...) and also bytes of a file (offset, raw)");
        ts_dataset_prefix_error(self, row, error);
        return FALSE;
    }
    recipe->grid_x = (int) values[0];
    recipe->grid_y = (int) values[1];
    recipe->scaled_width = (int) values[2];
    recipe->scaled_height = (int) values[3];
    recipe->grid_width = (int) values[4];
    recipe->grid_height = (int) values[5];
    return TRUE;
}

gboolean
ts_dataset_read_recipe(const TsDataset *self, guint64 row, TsRecipe *recipe, GError **error)
{
    gint64 values[4];
    *recipe = (TsRecipe){.has_region = !is_null(self, row, self->region[0])};
    if (!read_range(self, row, recipe, error) || !read_raw(self, row, recipe, error))
        return FALSE;
    for (int i = 0; i < 4; i++) {
        if (is_null(self, row, self->region[i]) != !recipe->has_region)
            return bad_cell(self, row, self->region[i], "a region has four numbers: one", error);
        if (!recipe->has_region)
            continue;
        TsCell cell = ts_manifest_cell(self->manifest, row, (guint) self->region[i]);
        if (!ts_cell_to_int(cell, &values[i]) || values[i] < (i < 2 ? 0 : 1) ||
            values[i] > G_MAXINT)
            return bad_cell(self, row, self->region[i],
                            i < 2 ? "a whole number of 0 or more" : "a whole number of 1 or more",
                            error);
    }
    if (recipe->has_region) {
        recipe->x = (int) values[0];
        recipe->y = (int) values[1];
        recipe->width = (int) values[2];
        recipe->height = (int) values[3];
    }
    return read_grid(self, row, recipe, error);
}

char *
ts_dataset_read_ops(const TsDataset *self, guint64 row)
{
    return is_null(self, row, self->op)
               ? NULL
               : ts_cell_unescape(ts_manifest_cell(self->manifest, row, (guint) self->op));
}

char *
ts_dataset_read_mask(const TsDataset *self, guint64 row)
{
    return is_null(self, row, self->mask)
               ? NULL
               : ts_manifest_resolve(self->manifest,
                                     ts_manifest_cell(self->manifest, row, (guint) self->mask));
}

static gboolean
check_ops(const TsDataset *self, guint64 row, GError **error)
{
    g_autofree char *ops = ts_dataset_read_ops(self, row);
    if (ops == NULL || ts_edits_check_text(ops, error))
        return TRUE;
    g_prefix_error(error, "op: ");
    ts_dataset_prefix_error(self, row, error);
    return FALSE;
}

static gboolean
read_weight(TsDataset *self, guint64 i, GError **error)
{
    double weight = 1;
    guint64 row = self->rows[i];
    if (!is_null(self, row, self->weight) &&
        (!ts_cell_to_double(ts_manifest_cell(self->manifest, row, (guint) self->weight), &weight) ||
         weight < 0 || !isfinite((float) weight)))
        return bad_cell(self, row, self->weight, "a number of 0 or more", error);
    self->weights[i] = (float) weight;
    return TRUE;
}

/* Row of each id, for rows that are not mixtures themselves. Keys are freed with the table. */
static GHashTable *
index_ids(const TsDataset *self)
{
    GHashTable *ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (guint64 row = 0; row < ts_manifest_n_rows(self->manifest); row++) {
        if (!is_null(self, row, self->parent_b))
            continue;
        char *id = ts_manifest_id(self->manifest, row);
        if (id == NULL || g_hash_table_contains(ids, id)) {
            g_free(id);
            continue;
        }
        guint64 *value = g_new(guint64, 1);
        *value = row;
        g_hash_table_insert(ids, id, value);
    }
    return ids;
}

static gboolean
read_parent(TsDataset *self, GHashTable *ids, guint64 i, GError **error)
{
    guint64 row = self->rows[i];
    TsRecipe recipe;
    self->parents[i] = TS_NO_PARENT;
    if (is_null(self, row, self->parent_b))
        return TRUE;
    g_autofree char *id =
        ts_cell_unescape(ts_manifest_cell(self->manifest, row, (guint) self->parent_b));
    const guint64 *parent = g_hash_table_lookup(ids, id);
    if (parent == NULL)
        return bad_cell(self, row, self->parent_b, "the id of a row that has no parent_b itself",
                        error);
    TsCell lambda = ts_manifest_cell(self->manifest, row, (guint) self->lambda);
    if (!ts_cell_to_double(lambda, &self->lambdas[i]))
        return bad_cell(self, row, self->lambda, "a number", error);
    self->parents[i] = *parent;
    return ts_dataset_read_recipe(self, *parent, &recipe, error) && check_ops(self, *parent, error);
}

static gboolean
read_parents(TsDataset *self, GError **error)
{
    gboolean mixed = FALSE;
    for (guint64 i = 0; self->parent_b >= 0 && i < self->n && !mixed; i++)
        mixed = !is_null(self, self->rows[i], self->parent_b);
    if (!mixed)
        return TRUE;
    self->parents = ts_try_alloc(self->n, sizeof *self->parents, "parents", error);
    self->lambdas =
        self->parents ? ts_try_alloc(self->n, sizeof *self->lambdas, "parents", error) : NULL;
    if (self->lambdas == NULL)
        return FALSE;
    g_autoptr(GHashTable) ids = index_ids(self);
    for (guint64 i = 0; i < self->n; i++)
        if (!read_parent(self, ids, i, error))
            return FALSE;
    return TRUE;
}

static gboolean
read_rows(TsDataset *self, const guint64 *rows, const TsClasses *classes, GError **error)
{
    self->rows = ts_try_alloc(self->n, sizeof *self->rows, "rows", error);
    self->labels = self->rows ? ts_try_alloc(self->n, sizeof *self->labels, "rows", error) : NULL;
    self->weights =
        self->labels ? ts_try_alloc(self->n, sizeof *self->weights, "rows", error) : NULL;
    if (self->weights == NULL)
        return FALSE;
    for (guint64 i = 0; i < self->n; i++) {
        TsRecipe recipe;
        self->rows[i] = rows[i];
        self->labels[i] = classes != NULL ? classes->of_row[rows[i]] : -1;
        if (is_null(self, rows[i], self->file_name))
            return bad_cell(self, rows[i], self->file_name, "an image file", error);
        if (!ts_dataset_read_recipe(self, rows[i], &recipe, error) ||
            !check_ops(self, rows[i], error) || !read_weight(self, i, error))
            return FALSE;
    }
    return read_parents(self, error);
}

TsDataset *
ts_dataset_new(const TsManifest *manifest, const guint64 *rows, guint64 n_rows,
               const TsClasses *classes, GError **error)
{
    g_autoptr(TsDataset) self = g_new0(TsDataset, 1);
    self->manifest = manifest;
    self->n = n_rows;
    if (!find_columns(self, error) || !read_rows(self, rows, classes, error))
        return NULL;
    self->pool = ts_dataset_source_pool_new();
    self->bytes = ts_dataset_bytes_pool_new();
    return g_steal_pointer(&self);
}

void
ts_dataset_set_label_sets(TsDataset *self, const TsLabelSets *sets)
{
    self->sets = sets;
}

guint
ts_dataset_n_targets(const TsDataset *self)
{
    return self->sets != NULL ? self->sets->n : 0;
}

void
ts_dataset_get_targets(const TsDataset *self, guint64 i, float *targets)
{
    const guint64 row = self->rows[i];
    memset(targets, 0, self->sets->n * sizeof *targets);
    for (guint64 at = self->sets->first[row]; at < self->sets->first[row + 1]; at++)
        targets[self->sets->labels[at]] = 1;
}

static void
free_pools(TsDataset *self)
{
    if (self->pools_are_borrowed)
        return;
    ts_source_pool_free(self->pool);
    ts_bytes_pool_free(self->bytes);
}

void
ts_dataset_borrow_pools(TsDataset *self, TsSourcePool *pool, TsBytesPool *bytes)
{
    free_pools(self);
    self->pool = pool;
    self->bytes = bytes;
    self->pools_are_borrowed = TRUE;
}

void
ts_dataset_free(TsDataset *self)
{
    if (self == NULL)
        return;
    free_pools(self);
    g_free(self->rows);
    g_free(self->labels);
    g_free(self->weights);
    g_free(self->parents);
    g_free(self->lambdas);
    g_free(self);
}

guint64
ts_dataset_n(const TsDataset *self)
{
    return self->n;
}

gint32
ts_dataset_label(const TsDataset *self, guint64 i)
{
    return self->labels[i];
}

float
ts_dataset_weight(const TsDataset *self, guint64 i)
{
    return self->weights[i];
}

guint64
ts_dataset_row(const TsDataset *self, guint64 i)
{
    return self->rows[i];
}

guint64
ts_dataset_parent(const TsDataset *self, guint64 i, double *lambda)
{
    if (self->parents == NULL)
        return TS_NO_PARENT;
    *lambda = self->lambdas[i];
    return self->parents[i];
}

const TsManifest *
ts_dataset_manifest(const TsDataset *self)
{
    return self->manifest;
}

TsSourcePool *
ts_dataset_pool(TsDataset *self)
{
    return self->pool;
}

TsBytesPool *
ts_dataset_bytes(TsDataset *self)
{
    return self->bytes;
}

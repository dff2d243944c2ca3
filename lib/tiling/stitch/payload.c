/* What is put back for each row. Each kind is a function from a row to an image. */
#include "tiling/stitch/payload.h"

#include "base/error.h"
#include "manifest/classes.h"
#include "sample/render.h"
#include "tiling/stitch/npy.h"

#include <string.h>

struct _TsPayload {
    const TsManifest *manifest;
    TsImage *kind;
    char **names;
    gboolean constant; /* one pixel stands for a tile */
    TsImage *(*make)(TsPayload *self, guint64 row, GError **error);
    guint column;       /* of files */
    TsDataset *dataset; /* of rows that are more than a file, or NULL */
    TsClasses *classes;
    guint *columns; /* of numbers, one a name */
    TsNpy *array;
};

static TsPayload *
payload_new(const TsManifest *manifest, TsImage *(*make)(TsPayload *, guint64, GError **) )
{
    TsPayload *self = g_new0(TsPayload, 1);
    self->manifest = manifest;
    self->make = make;
    return self;
}

void
ts_payload_free(TsPayload *self)
{
    if (self == NULL)
        return;
    ts_image_free(self->kind);
    g_strfreev(self->names);
    ts_dataset_free(self->dataset);
    ts_classes_free(self->classes);
    g_free(self->columns);
    ts_npy_free(self->array);
    g_free(self);
}

const TsImage *
ts_payload_kind(const TsPayload *self)
{
    return self->kind;
}

char **
ts_payload_names(const TsPayload *self)
{
    return self->names;
}

/* One pixel of the kind of `model`, which it frees. */
static gboolean
take_kind(TsPayload *self, TsImage *model, GError **error)
{
    if (model != NULL)
        self->kind = ts_image_new_like(model, 1, 1, error);
    ts_image_free(model);
    return self->kind != NULL;
}

/* --- files --- */

/* An array of one axis is one pixel. */
static TsImage *
read_array_file(const char *path, GError **error)
{
    g_autoptr(TsNpy) file = ts_npy_read(path, error);
    return file != NULL ? ts_npy_to_image(ts_npy_get(file), path, error) : NULL;
}

static TsImage *
make_from_file(TsPayload *self, guint64 row, GError **error)
{
    TsCell cell = ts_manifest_cell(self->manifest, row, self->column);
    g_autofree char *path = ts_manifest_resolve(self->manifest, cell);
    if (path == NULL) {
        ts_error_set(error, TS_ERROR_FORMAT, "%s is missing, a file was expected",
                     ts_manifest_column_name(self->manifest, self->column));
        return NULL;
    }
    if (self->dataset != NULL)
        return ts_sample_render(self->dataset, row, error);
    return g_str_has_suffix(path, ".npy") ? read_array_file(path, error)
                                          : ts_image_read(path, error);
}

/* Whether rows may be more than a whole file. */
static gboolean
has_recipes(const TsManifest *manifest)
{
    static const char *const columns[] = {"x", "offset", "raw", "parent_b", "op"};
    for (guint i = 0; i < G_N_ELEMENTS(columns); i++)
        if (ts_manifest_find_column(manifest, columns[i]) >= 0)
            return TRUE;
    return FALSE;
}

/* All rows, so that numbers of samples are numbers of rows. */
static TsDataset *
dataset_of_all(const TsManifest *manifest, GError **error)
{
    guint64 n;
    g_autofree guint64 *rows = ts_manifest_select(manifest, NULL, NULL, &n);
    return ts_dataset_new(manifest, rows, n, NULL, error);
}

static void
prefix_row(const TsPayload *self, guint64 row, GError **error)
{
    g_autofree char *where = ts_manifest_where(self->manifest, row);
    if (error != NULL && *error != NULL && !g_str_has_prefix((*error)->message, where))
        g_prefix_error(error, "%s: ", where);
}

TsPayload *
ts_payload_new_images(const TsManifest *manifest, const char *column, guint64 row, GError **error)
{
    g_autoptr(TsPayload) self = payload_new(manifest, make_from_file);
    if (!ts_manifest_require_column(manifest, column, &self->column, error))
        return NULL;
    if (strcmp(column, "file_name") == 0 && has_recipes(manifest)) {
        self->dataset = dataset_of_all(manifest, error);
        if (self->dataset == NULL)
            return NULL;
    }
    if (take_kind(self, make_from_file(self, row, error), error))
        return g_steal_pointer(&self);
    prefix_row(self, row, error);
    return NULL;
}

/* --- classes --- */

static TsImage *
make_class(TsPayload *self, guint64 row, GError **error)
{
    gint32 number = self->classes->of_row[row];
    if (number < 0) {
        ts_error_set(error, TS_ERROR_FORMAT, "has no class");
        return NULL;
    }
    TsImage *pixel = ts_image_new_like(self->kind, 1, 1, error);
    if (pixel != NULL && pixel->type == TS_U8)
        *pixel->data = (guint8) number;
    else if (pixel != NULL)
        *(guint16 *) pixel->data = (guint16) number;
    return pixel;
}

TsPayload *
ts_payload_new_classes(const TsManifest *manifest, const char *column, char **names, GError **error)
{
    g_autoptr(TsPayload) self = payload_new(manifest, make_class);
    self->constant = TRUE;
    self->classes = names != NULL ? ts_classes_new_with(manifest, column, names, error)
                                  : ts_classes_new(manifest, column, error);
    if (self->classes == NULL)
        return NULL;
    if (self->classes->n > G_MAXUINT16) {
        ts_error_set(error, TS_ERROR_RANGE, "%s: column %s has %u classes, a label image holds %d",
                     ts_manifest_name(manifest), column, self->classes->n, G_MAXUINT16);
        return NULL;
    }
    self->names = g_strdupv(self->classes->names);
    TsSampleType type = self->classes->n <= G_MAXUINT8 ? TS_U8 : TS_U16;
    return take_kind(self, ts_image_new(1, 1, 1, type, error), error) ? g_steal_pointer(&self)
                                                                      : NULL;
}

/* --- numbers --- */

static TsImage *
make_numbers(TsPayload *self, guint64 row, GError **error)
{
    g_autoptr(TsImage) pixel = ts_image_new_like(self->kind, 1, 1, error);
    for (int i = 0; pixel != NULL && i < pixel->bands; i++) {
        double value;
        TsCell cell = ts_manifest_cell(self->manifest, row, self->columns[i]);
        if (!ts_cell_to_double(cell, &value)) {
            ts_error_set(error, TS_ERROR_FORMAT, "%s is '%.*s', a number was expected",
                         self->names[i], (int) MIN(cell.length, 200), cell.text);
            return NULL;
        }
        ((float *) pixel->data)[i] = (float) value;
    }
    return g_steal_pointer(&pixel);
}

TsPayload *
ts_payload_new_numbers(const TsManifest *manifest, char **columns, GError **error)
{
    guint n = g_strv_length(columns);
    g_autoptr(TsPayload) self = payload_new(manifest, make_numbers);
    self->constant = TRUE;
    self->names = g_strdupv(columns);
    self->columns = g_new(guint, MAX(n, 1));
    for (guint i = 0; i < n; i++)
        if (!ts_manifest_require_column(manifest, columns[i], &self->columns[i], error))
            return NULL;
    return take_kind(self, ts_image_new(1, 1, (int) n, TS_F32, error), error)
               ? g_steal_pointer(&self)
               : NULL;
}

/* --- arrays --- */

/* The part of `row`: the array without its first axis. */
static TsImage *
make_from_array(TsPayload *self, guint64 row, GError **error)
{
    TsTensor part = *ts_npy_get(self->array);
    part.n_bytes /= (gsize) part.shape[0];
    part.data = (const guint8 *) part.data + row * part.n_bytes;
    part.rank--;
    memmove(part.shape, part.shape + 1, part.rank * sizeof part.shape[0]);
    return ts_npy_to_image(&part, "the array", error);
}

TsPayload *
ts_payload_new_array(const TsManifest *manifest, const char *path, GError **error)
{
    g_autoptr(TsPayload) self = payload_new(manifest, make_from_array);
    self->array = ts_npy_read(path, error);
    if (self->array == NULL)
        return NULL;
    const TsTensor *array = ts_npy_get(self->array);
    guint64 n = ts_manifest_n_rows(manifest);
    if (array->rank < 1 || array->rank > 4 || (guint64) array->shape[0] != n || n == 0) {
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s: has %u axes, the first of %" G_GINT64_FORMAT
                     "; 1 to 4 were expected, the first of %" G_GUINT64_FORMAT ", the rows of %s",
                     path, array->rank, array->rank > 0 ? array->shape[0] : 1, n,
                     ts_manifest_name(manifest));
        return NULL;
    }
    self->constant = array->rank <= 2;
    return take_kind(self, make_from_array(self, 0, error), error) ? g_steal_pointer(&self) : NULL;
}

/* --- all of them --- */

static gboolean
check_kind(const TsPayload *self, const TsImage *image, GError **error)
{
    const TsImage *kind = self->kind;
    if (image->bands == kind->bands && image->type == kind->type &&
        image->has_alpha == kind->has_alpha)
        return TRUE;
    return ts_error_set(error, TS_ERROR_FORMAT, "has %d %s bands%s, those before it %d %s bands%s",
                        image->bands, ts_sample_type_name(image->type),
                        image->has_alpha ? " with opacity" : "", kind->bands,
                        ts_sample_type_name(kind->type), kind->has_alpha ? " with opacity" : "");
}

/* Larger than the real pixels is a tile only by its padding, up to the size of a whole one. */
static gboolean
check_size(const TsImage *image, const TsPiece *piece, GError **error)
{
    if (image->width >= piece->tile_width && image->height >= piece->tile_height &&
        image->width <= piece->max_width && image->height <= piece->max_height)
        return TRUE;
    return ts_error_set(error, TS_ERROR_FORMAT, "is %d x %d pixels, the manifest says %d x %d",
                        image->width, image->height, piece->tile_width, piece->tile_height);
}

gboolean
ts_payload_show(TsPayload *self, const TsPiece *piece, TsShown *shown, GError **error)
{
    g_autoptr(TsImage) image = self->make(self, piece->row, error);
    gboolean one = image != NULL && (self->constant || (image->width == 1 && image->height == 1));
    if (image == NULL || !check_kind(self, image, error) ||
        (!one && !check_size(image, piece, error))) {
        prefix_row(self, piece->row, error);
        return FALSE;
    }
    shown->data = image->data;
    shown->pixel_step = one ? 0 : ts_image_pixel_size(image);
    shown->row_step = one ? 0 : ts_image_row_size(image);
    shown->image = g_steal_pointer(&image);
    return TRUE;
}

void
ts_shown_clear(TsShown *shown)
{
    g_clear_pointer(&shown->image, ts_image_free);
    *shown = (TsShown){0};
}

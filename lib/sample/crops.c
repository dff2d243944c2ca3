/* Random crops from the pixels of the source: what is kept of it, and how little is decoded. */
#include "sample/crops.h"

#include "base/error.h"
#include "image/crop.h"
#include "sample/recipe.h"
#include "sample/render.h"

#include <string.h>

/* What a sample is made from: one of both. */
typedef struct {
    GBytes *file;   /* of a plain JPEG */
    TsImage *image; /* of the network's channels, 8 bits */
} Origin;

struct _TsCropSource {
    TsDataset *dataset;
    const TsPreprocess *how;
    TsAugment augment;
    guint64 seed, n;
    GMutex lock;  /* guards what follows */
    Origin *kept; /* (n); what is there stays there */
    gsize n_left; /* of the budget */
};

static void
origin_clear(Origin *self)
{
    g_clear_pointer(&self->file, g_bytes_unref);
    g_clear_pointer(&self->image, ts_image_free);
}

TsCropSource *
ts_crop_source_new(TsDataset *dataset, const TsPreprocess *how, const TsAugment *augment,
                   guint64 seed, gsize cache_bytes, GError **error)
{
    const guint64 n = ts_dataset_n(dataset);
    Origin *kept = ts_try_alloc(n, sizeof *kept, "cache of samples", error);
    if (kept == NULL)
        return NULL;
    TsCropSource *self = g_new0(TsCropSource, 1);
    *self = (TsCropSource){.dataset = dataset,
                           .how = how,
                           .augment = *augment,
                           .seed = seed,
                           .n = n,
                           .kept = kept,
                           .n_left = cache_bytes};
    g_mutex_init(&self->lock);
    ts_augment_set_size(&self->augment, how->width, how->height);
    return self;
}

void
ts_crop_source_free(TsCropSource *self)
{
    if (self == NULL)
        return;
    for (guint64 i = 0; i < self->n; i++)
        origin_clear(&self->kept[i]);
    g_free(self->kept);
    g_mutex_clear(&self->lock);
    g_free(self);
}

/* ---- what is kept ---- */

/* Of what a caller of ts_crop_source_make() has in hand, what it has to free itself. */
static gsize
size_of(const Origin *origin)
{
    return origin->file != NULL ? g_bytes_get_size(origin->file)
                                : (gsize) origin->image->height * ts_image_row_size(origin->image);
}

/* Keep it, if there is room and nobody else was faster; TRUE if it is kept. */
static gboolean
keep(TsCropSource *self, guint64 i, const Origin *origin)
{
    const gsize size = size_of(origin);
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->lock);
    if (self->kept[i].file != NULL || self->kept[i].image != NULL || size > self->n_left)
        return FALSE;
    self->kept[i] = *origin;
    self->n_left -= size;
    return TRUE;
}

static Origin
find_kept(TsCropSource *self, guint64 i)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->lock);
    return self->kept[i];
}

/* ---- where pixels come from ---- */

/* The path of a row that is a whole JPEG file as it is, by its name; else NULL. */
static char *
find_plain_file(const TsCropSource *self, guint64 i, GError **error)
{
    TsRecipe recipe;
    double lambda;
    const guint64 row = ts_dataset_row(self->dataset, i);
    if (!ts_dataset_read_recipe(self->dataset, row, &recipe, error))
        return NULL;
    g_autofree char *edits = ts_dataset_read_ops(self->dataset, row);
    if (recipe.has_region || recipe.has_range || recipe.has_raw || edits != NULL ||
        ts_dataset_parent(self->dataset, i, &lambda) != TS_NO_PARENT)
        return NULL;
    g_autofree char *path = ts_manifest_path(ts_dataset_manifest(self->dataset), row);
    const char *dot = strrchr(path, '.');
    const gboolean is_jpeg = dot != NULL && (g_ascii_strcasecmp(dot, ".jpg") == 0 ||
                                             g_ascii_strcasecmp(dot, ".jpeg") == 0);
    return is_jpeg ? g_steal_pointer(&path) : NULL;
}

/* The bytes of a JPEG that libjpeg reads in parts; NULL if it is something else, or cannot be read:
 * then the whole picture is made in the usual way, which says what is wrong. */
static GBytes *
read_plain_file(const TsCropSource *self, guint64 i, TsLoaderCosts *costs)
{
    const guint64 from = ts_now_ns();
    g_autofree char *path = find_plain_file(self, i, NULL);
    char *text = NULL;
    gsize n;
    if (path == NULL || !g_file_get_contents(path, &text, &n, NULL))
        return NULL;
    g_autoptr(GBytes) bytes = g_bytes_new_take(text, n);
    ts_count_since(from, &costs->n_read, &costs->read_ns);
    g_autoptr(TsCropReader) reader = ts_crop_reader_open(text, n, path);
    return reader != NULL ? g_steal_pointer(&bytes) : NULL;
}

/* 8 bits of the network's channels. */
static TsImage *
convert(const TsImage *image, int channels, GError **error)
{
    g_autoptr(TsImage) converted = NULL;
    if (image->bands != channels) {
        converted = ts_image_convert_bands(image, channels, error);
        if (converted == NULL)
            return NULL;
        image = converted;
    }
    g_autoptr(TsImage) out = ts_image_new(image->width, image->height, channels, TS_U8, error);
    return out != NULL && ts_image_to_u8(image, out->data, error) ? g_steal_pointer(&out) : NULL;
}

static gboolean
make_origin(TsCropSource *self, guint64 i, Origin *origin, TsLoaderCosts *costs, GError **error)
{
    origin->file = read_plain_file(self, i, costs);
    if (origin->file != NULL)
        return TRUE;
    const guint64 from = ts_now_ns();
    g_autoptr(TsImage) image = ts_sample_render(self->dataset, i, error);
    origin->image = image != NULL ? convert(image, self->how->channels, error) : NULL;
    costs->decode_ns += ts_now_ns() - from;
    return origin->image != NULL;
}

/* ---- a sample ---- */

/* The first change, if it cuts out: then `rest` has the others. */
static gboolean
take_crop(const TsEdits *edits, TsCrop *crop, int *width, int *height, TsEdits *rest)
{
    *rest = *edits;
    const TsEdit *first = &edits->edit[0];
    if (edits->n == 0 || (first->kind != TS_EDIT_CROP && first->kind != TS_EDIT_RESIZED_CROP))
        return FALSE;
    const double *v = first->v;
    const gboolean scales = first->kind == TS_EDIT_RESIZED_CROP;
    *crop = (TsCrop){(int) v[0], (int) v[1], (int) v[2], (int) v[3]};
    *width = (int) v[scales ? 4 : 2];
    *height = (int) v[scales ? 5 : 3];
    rest->n--;
    memmove(rest->edit, rest->edit + 1, rest->n * sizeof *rest->edit);
    return TRUE;
}

/* Draw the changes, and make the first of them if it is a crop; `rest` are the others. */
static TsImage *
cut_out(const TsCropSource *self, guint64 i, const Origin *origin, guint64 key, TsEdits *rest,
        GError **error)
{
    TsEdits edits;
    int width, height;
    gsize n = 0;
    const guint8 *bytes = origin->file != NULL ? g_bytes_get_data(origin->file, &n) : NULL;
    g_autofree char *path =
        ts_manifest_path(ts_dataset_manifest(self->dataset), ts_dataset_row(self->dataset, i));
    g_autoptr(TsCropReader) reader = bytes != NULL ? ts_crop_reader_open(bytes, n, path) : NULL;
    if (reader != NULL)
        ts_crop_reader_get_size(reader, &width, &height);
    else {
        width = origin->image->width;
        height = origin->image->height;
    }
    if (!ts_augment_draw(&self->augment, self->seed, key, width, height, &edits, error))
        return NULL;
    TsCrop crop = {0, 0, width, height};
    (void) take_crop(&edits, &crop, &width, &height, rest);
    if (reader == NULL)
        return ts_image_crop_scaled(origin->image, crop, width, height, error);
    g_autoptr(TsImage) out = ts_crop_reader_read(reader, crop, width, height, error);
    return out == NULL || out->bands == self->how->channels
               ? g_steal_pointer(&out)
               : ts_image_convert_bands(out, self->how->channels, error);
}

static gboolean
make(const TsCropSource *self, guint64 i, const Origin *origin, guint64 key, guint8 *out,
     TsLoaderCosts *costs, GError **error)
{
    TsEdits rest;
    guint64 from = ts_now_ns();
    g_autoptr(TsImage) cut = cut_out(self, i, origin, key, &rest, error);
    if (cut == NULL)
        return FALSE;
    ts_count_since(from, &costs->n_decoded, &costs->decode_ns);
    from = ts_now_ns();
    g_autoptr(TsImage) changed = rest.n > 0 ? ts_edits_apply(cut, &rest, error) : NULL;
    if (rest.n > 0 && changed == NULL)
        return FALSE;
    const TsImage *image = changed != NULL ? changed : cut;
    const gboolean done = image->width == self->how->width && image->height == self->how->height
                              ? ts_image_to_u8(image, out, error)
                              : ts_preprocess_u8(image, self->how, out, error);
    ts_count_since(from, &costs->n_augmented, &costs->augment_ns);
    return done;
}

gboolean
ts_crop_source_make(TsCropSource *self, guint64 i, guint64 key, guint8 *out, TsLoaderCosts *costs,
                    GError **error)
{
    Origin origin = find_kept(self, i);
    const gboolean was_kept = origin.file != NULL || origin.image != NULL;
    const gboolean done = (was_kept || make_origin(self, i, &origin, costs, error)) &&
                          make(self, i, &origin, key, out, costs, error);
    if (!done)
        ts_dataset_prefix_error(self->dataset, ts_dataset_row(self->dataset, i), error);
    if (!was_kept && (!done || !keep(self, i, &origin)))
        origin_clear(&origin);
    return done;
}

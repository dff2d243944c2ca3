/* Tiles worked on: the pixels found, judged, encoded, written. */
#include "tiling/cut/work.h"

#include "base/error.h"
#include "base/outfile.h"
#include "image/encoder.h"
#include "tiling/cut/pad_tile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct _TsWorker {
    const TsCut *cut;
    TsOrder *order;
    TsEncoder *encoder;
    TsEncoder *mask_encoder; /* PNG */
    TsImage *padded;         /* kept from tile to tile while its kind and size stay */
    GByteArray *copied;      /* a tile as it is compressed */
};

TsWorker *
ts_worker_new(const TsCut *cut, TsOrder *order, GError **error)
{
    TsWorker *self = g_new0(TsWorker, 1);
    self->cut = cut;
    self->order = order;
    self->copied = g_byte_array_new();
    if (cut->names == NULL)
        return self;
    TsEncodeOptions fast = {0};
    self->encoder = ts_encoder_new(ts_names_suffix(cut->names), &cut->encode, error);
    self->mask_encoder = self->encoder != NULL ? ts_encoder_new(".png", &fast, error) : NULL;
    if (self->mask_encoder != NULL)
        return self;
    ts_worker_free(self);
    return NULL;
}

void
ts_worker_free(TsWorker *self)
{
    if (self == NULL)
        return;
    ts_encoder_free(self->encoder);
    ts_encoder_free(self->mask_encoder);
    ts_image_free(self->padded);
    g_byte_array_unref(self->copied);
    g_free(self);
}

/* Files of the stage need no care: what the journal does not vouch for is written again. */
static gboolean
write_file(const char *folder, const char *name, const guint8 *bytes, gsize n, GError **error)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 && errno == ENOENT && strchr(name, '/') != NULL) {
        g_autofree char *parent = g_path_get_dirname(path);
        if (g_mkdir_with_parents(parent, 0777) == 0)
            fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    }
    if (fd < 0)
        return ts_error_set_errno(error, errno, "%s: cannot be written", path);
    gboolean written = ts_write_all(fd, bytes, n);
    int errnum = errno;
    if (close(fd) != 0 && written) {
        written = FALSE;
        errnum = errno;
    }
    return written ? TRUE : ts_error_set_errno(error, errnum, "%s: cannot be written", path);
}

/* Keep encoded bytes as a member, or write them to a file. */
static gboolean
store(const TsWorker *self, TsTileResult *result, const char *name, const guint8 *bytes, gsize n,
      GError **error)
{
    if (self->cut->kind == TS_CUT_FOLDER)
        return write_file(ts_order_folder(self->order), name, bytes, n, error);
    if (result->members == NULL)
        result->members = g_ptr_array_new();
    g_ptr_array_add(result->members, g_strdup(name));
    g_ptr_array_add(result->members, g_bytes_new(bytes, n));
    return TRUE;
}

static gboolean
encode_image(TsWorker *self, const TsOpenInput *open, const TsBand *band, const TsTile *tile,
             TsTilePixels *pixels, TsTileResult *result, GError **error)
{
    const guint8 *bytes;
    gsize n;
    if (open->lossless != NULL)
        return store(self, result, result->name, self->copied->data, self->copied->len, error);
    const TsImageInfo *info = &open->input->info;
    double across = (double) open->input->width / info->width;
    double down = (double) open->input->height / info->height;
    g_autoptr(TsGeo) geo = open->geo != NULL
                               ? ts_geo_translate(open->geo, (tile->x - tile->pad_left) * across,
                                                  (tile->y - tile->pad_top) * down, across, down)
                               : NULL;
    ts_encoder_set_place(self->encoder, geo, info->mpp_x, info->mpp_y);
    if (!ts_pad_tile(&self->cut->padding, open, band, tile, pixels, &self->padded, error) ||
        !ts_encoder_encode(self->encoder, pixels->like, pixels->pixels, pixels->stride,
                           tile->full_width, tile->full_height, &bytes, &n, error)) {
        g_prefix_error(error, "%s/%s: ", self->cut->output, result->name);
        return FALSE;
    }
    return store(self, result, result->name, bytes, n, error);
}

/* A mask's padding is what labels call "ignore": the largest value. */
static gboolean
encode_mask(TsWorker *self, const TsTile *tile, const TsImage *mask, const char *name,
            TsTileResult *result, GError **error)
{
    const guint8 *bytes;
    gsize n;
    TsTilePixels from = {.like = mask, .pixels = mask->data, .stride = ts_image_row_size(mask)};
    g_autoptr(TsImage) full = ts_image_new_like(mask, tile->full_width, tile->full_height, error);
    if (full == NULL ||
        !ts_pad_tile_constant(full, &from, tile, mask->type == TS_U16 ? 65535 : 255, error) ||
        !ts_encoder_encode(self->mask_encoder, full, full->data, ts_image_row_size(full),
                           full->width, full->height, &bytes, &n, error)) {
        g_prefix_error(error, "%s/%s: ", self->cut->output, name);
        return FALSE;
    }
    return store(self, result, name, bytes, n, error);
}

/* The parts of the masks that lie under the tile's valid part. */
static GPtrArray *
cut_layers(const TsOpenInput *open, const TsBand *band, const TsTile *tile, GError **error)
{
    g_autoptr(GPtrArray) layers = g_ptr_array_new_with_free_func((GDestroyNotify) ts_image_free);
    for (guint i = 1; i < open->n_sources; i++) {
        TsImage *layer = band != NULL
                             ? ts_image_crop(band->images[i - open->first_read], tile->x,
                                             tile->y - band->y, tile->width, tile->height, error)
                             : ts_image_source_read_region(open->sources[i], tile->x, tile->y,
                                                           tile->width, tile->height, error);
        if (layer == NULL)
            return NULL;
        g_ptr_array_add(layers, layer);
    }
    return g_steal_pointer(&layers);
}

static gboolean
judge(const TsWorker *self, const TsOpenInput *open, const TsTile *tile, const TsTilePixels *pixels,
      const GPtrArray *layers, TsVerdict *verdict, GError **error)
{
    const TsPlanInput *input = open->input;
    double across = (double) input->width / input->info.width;
    double down = (double) input->height / input->info.height;
    TsTileView view = {.like = pixels->like,
                       .pixels = pixels->pixels,
                       .stride = pixels->stride,
                       .x = tile->x * across,
                       .y = tile->y * down,
                       .source_width = tile->width * across,
                       .source_height = tile->height * down,
                       .width = tile->width,
                       .height = tile->height,
                       .pixels_width = pixels->width,
                       .pixels_height = pixels->height,
                       .layers = (const TsImage *const *) layers->pdata,
                       .n_layers = layers->len};
    if (!ts_judge_look(self->cut->judge, open->judged, &view, verdict, error)) {
        g_prefix_error(error, "%s: tile at %d,%d: ", input->path, tile->x, tile->y);
        return FALSE;
    }
    return TRUE;
}

static const char *
find_label(const TsCut *cut, const TsVerdict *verdict)
{
    const char *const *columns = cut->judge != NULL ? ts_judge_columns(cut->judge) : NULL;
    for (guint i = 0; columns != NULL && columns[i] != NULL && i < verdict->n_values; i++)
        if (strcmp(columns[i], "label") == 0)
            return verdict->values[i];
    return NULL;
}

/* Files of the tile and of its masks: KEY.png, KEY.mask.png, KEY.mask_NAME.png. */
static gboolean
make_files(TsWorker *self, const TsOpenInput *open, const TsBand *band, const TsPlanTile *tile,
           TsTilePixels *pixels, const GPtrArray *layers, const TsVerdict *verdict,
           TsTileResult *result, GPtrArray *masks, GError **error)
{
    g_autofree char *key = ts_names_format(self->cut->names, tile, find_label(self->cut, verdict));
    result->name = g_strconcat(key, ts_names_suffix(self->cut->names), NULL);
    if (!encode_image(self, open, band, &tile->tile, pixels, result, error))
        return FALSE;
    for (guint i = 0; i < layers->len; i++) {
        const char *column = i < ts_judge_n_layers(self->cut->judge)
                                 ? ts_judge_layer_column(self->cut->judge, i)
                                 : ts_judge_painted_column(self->cut->judge);
        char *name = g_strdup_printf("%s.%s.png", key, column);
        g_ptr_array_add(masks, name);
        if (!encode_mask(self, &tile->tile, g_ptr_array_index(layers, i), name, result, error))
            return FALSE;
    }
    return TRUE;
}

/* Judge the pixels and make of them what is wanted. */
static gboolean
finish_tile(TsWorker *self, const TsOpenInput *open, const TsBand *band, const TsPlanTile *tile,
            TsTilePixels *pixels, TsTileResult *result, GError **error)
{
    const TsRows *rows = ts_order_rows(self->order);
    g_auto(TsVerdict) verdict = {.keep = TRUE};
    g_autoptr(GPtrArray) layers = cut_layers(open, band, &tile->tile, error);
    g_autoptr(GPtrArray) masks = g_ptr_array_new_with_free_func(g_free);
    if (layers == NULL || (self->cut->judge != NULL &&
                           !judge(self, open, &tile->tile, pixels, layers, &verdict, error)))
        return FALSE;
    if (!verdict.keep) {
        result->reason = verdict.reason;
        result->row = ts_rows_format_reject(rows, tile, &verdict);
        return TRUE;
    }
    if (verdict.painted != NULL)
        g_ptr_array_add(layers, g_steal_pointer(&verdict.painted));
    if (self->cut->names != NULL &&
        !make_files(self, open, band, tile, pixels, layers, &verdict, result, masks, error))
        return FALSE;
    result->row = ts_rows_format(rows, tile, masks->len > 0 ? (char **) masks->pdata : NULL,
                                 self->cut->judge != NULL ? &verdict : NULL);
    return TRUE;
}

/* The part of a preview's side that shows the valid part of a tile, not its padding. */
static int
preview_side(int valid, int full, int preview)
{
    return valid == full ? preview : CLAMP((int) ((gint64) valid * preview / full), 1, preview);
}

/* The tile as it is compressed; if the judge has to see it, a preview of it in `part`. */
static gboolean
copy_tile(TsWorker *self, const TsOpenInput *open, const TsTile *tile, TsImage **part,
          TsTilePixels *pixels, GError **error)
{
    enum { DIVISOR = 4 };
    const TsJudge *judge = self->cut->judge;
    if (!ts_lossless_copy(open->lossless, tile, self->copied, error))
        return FALSE;
    if (judge == NULL || !ts_judge_needs_pixels(judge))
        return TRUE;
    *part = ts_image_read_reduced(self->copied->data, self->copied->len, DIVISOR, open->input->path,
                                  error);
    if (*part == NULL)
        return FALSE;
    pixels->width = preview_side(tile->width, tile->full_width, (*part)->width);
    pixels->height = preview_side(tile->height, tile->full_height, (*part)->height);
    return TRUE;
}

/* Find the tile's pixels: in the band, or decoded into `part`; none where nothing needs them. */
static gboolean
find_pixels(TsWorker *self, const TsOpenInput *open, const TsBand *band, const TsTile *tile,
            TsImage **part, TsTilePixels *pixels, GError **error)
{
    if (open->first_read > 0)
        return TRUE;
    if (band != NULL) {
        const TsImage *rows = band->images[0];
        *pixels = (TsTilePixels){.like = rows,
                                 .pixels = ts_tile_pixel_at(rows, tile->x, tile->y - band->y),
                                 .stride = ts_image_row_size(rows)};
        return TRUE;
    }
    if (open->lossless != NULL) {
        if (!copy_tile(self, open, tile, part, pixels, error))
            return FALSE;
    } else {
        *part = ts_image_source_read_region(open->sources[0], tile->x, tile->y, tile->width,
                                            tile->height, error);
        if (*part == NULL)
            return FALSE;
    }
    if (*part != NULL) {
        pixels->like = *part;
        pixels->pixels = (*part)->data;
        pixels->stride = ts_image_row_size(*part);
    }
    return TRUE;
}

TsTileResult *
ts_worker_do(TsWorker *self, const TsOpenInput *open, const TsBand *band, const TsPlanTile *tile,
             GError **error)
{
    g_autoptr(TsImage) part = NULL;
    TsTilePixels pixels = {0};
    if (!find_pixels(self, open, band, &tile->tile, &part, &pixels, error))
        return NULL;
    TsTileResult *result = g_new0(TsTileResult, 1);
    result->number = tile->number;
    if (finish_tile(self, open, band, tile, &pixels, result, error))
        return result;
    ts_tile_result_free(result);
    return NULL;
}

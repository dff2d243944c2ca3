/* Tiles worked on: the pixels found, judged, padded, encoded, written. */
#include "tiling/work.h"

#include "base/error.h"
#include "image/encoder.h"

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

/* Where the valid part of a tile lies. */
typedef struct {
    const TsImage *like;
    const guint8 *pixels;
    gsize stride;
} Pixels;

/* Padding that wraps shows rows from the other end, which bands do not hold: they are read before.
 */
static gboolean
read_outermost_rows(const TsCut *cut, TsOpenInput *self, GError **error)
{
    const TsImageInfo *info = &self->input->info;
    int before = 0, after = 0;
    for (guint i = 0; i < self->input->groups->len; i++) {
        TsPlanTile tile;
        const TsTileGroup *group = &g_array_index(self->input->groups, TsTileGroup, i);
        ts_plan_get_group_tile(self->input, group, 0, &tile);
        before = MAX(before, tile.tile.pad_top);
        after = MAX(after, tile.tile.full_height - tile.tile.height - tile.tile.pad_top);
    }
    if (cut->padding.mode != TS_PAD_WRAP)
        return TRUE;
    g_autoptr(TsImageSource) source = ts_plan_input_open(self->input, error);
    if (source == NULL)
        return FALSE;
    before = MIN(before, info->height);
    after = MIN(after, info->height);
    if (after > 0) {
        self->first_rows = ts_image_source_new_image(source, info->width, after, error);
        if (self->first_rows == NULL ||
            !ts_image_source_read_rows(source, 0, after, self->first_rows, 0, error))
            return FALSE;
    }
    if (before > 0) {
        self->last_rows = ts_image_source_new_image(source, info->width, before, error);
        if (self->last_rows == NULL ||
            !ts_image_source_read_rows(source, info->height - before, before, self->last_rows, 0,
                                       error))
            return FALSE;
    }
    return TRUE;
}

/* What the output and the judge want beside pixels. */
static gboolean
read_more(const TsCut *cut, TsOpenInput *self, GError **error)
{
    const char *path = self->input->path;
    if (cut->lossless) {
        self->lossless = ts_lossless_open(self->input, error);
        return self->lossless != NULL;
    }
    if (cut->names == NULL || strcmp(ts_names_suffix(cut->names), ".tif") != 0)
        return TRUE;
    GError *bad = NULL;
    self->geo = ts_geo_read(path, &bad);
    if (bad == NULL)
        return TRUE;
    g_propagate_error(error, bad);
    return FALSE;
}

TsOpenInput *
ts_open_input_new(const TsCut *cut, guint index, GError **error)
{
    TsOpenInput *self = g_new0(TsOpenInput, 1);
    gboolean done = TRUE;
    self->input = ts_plan_get_input(cut->plan, index);
    self->index = index;
    self->n_sources = 1 + (cut->judge != NULL ? ts_judge_n_layers(cut->judge) : 0);
    self->sources = g_new0(TsImageSource *, self->n_sources);
    self->first_read =
        cut->kind == TS_CUT_ROWS && cut->judge != NULL && !ts_judge_needs_pixels(cut->judge);
    for (guint i = 0; done && i < self->n_sources; i++) {
        self->sources[i] =
            i == 0 ? ts_plan_input_open(self->input, error)
                   : ts_image_source_open(ts_judge_layer_path(cut->judge, i - 1, index), error);
        done = self->sources[i] != NULL;
        /* Upright images need no more than the band; others have to be kept whole. */
        gboolean in_order = i == 0 || !cut->lossless;
        if (done && in_order && ts_image_source_info(self->sources[i])->orientation < 3)
            ts_image_source_set_memory(self->sources[i], 0);
    }
    done = done && read_more(cut, self, error);
    const TsImageInfo *now = done ? ts_image_source_info(self->sources[0]) : NULL;
    const TsImageInfo *planned = &self->input->info;
    if (done && (now->width != planned->width || now->height != planned->height ||
                 now->bands != planned->bands || now->type != planned->type))
        done = ts_error_set(error, TS_ERROR_FORMAT, "%s: changed while it was read",
                            self->input->path);
    done = done &&
           (cut->judge == NULL || ts_judge_begin_image(cut->judge, index, &self->judged, error)) &&
           (!ts_open_input_wants_bands(self) || read_outermost_rows(cut, self, error));
    if (done)
        return self;
    ts_open_input_free(self);
    return NULL;
}

void
ts_open_input_free(TsOpenInput *self)
{
    if (self == NULL)
        return;
    for (guint i = 0; i < self->n_sources; i++)
        ts_image_source_free(self->sources[i]);
    g_free(self->sources);
    ts_judge_image_free(self->judged);
    ts_lossless_free(self->lossless);
    ts_geo_free(self->geo);
    ts_image_free(self->first_rows);
    ts_image_free(self->last_rows);
    g_free(self);
}

gboolean
ts_open_input_wants_bands(const TsOpenInput *self)
{
    for (guint i = self->first_read; i < self->n_sources && self->lossless == NULL; i++)
        if (!ts_image_source_is_random(self->sources[i]))
            return TRUE;
    return FALSE;
}

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

static const guint8 *
pixel_at(const TsImage *image, int x, int y)
{
    return image->data + (gsize) y * ts_image_row_size(image) +
           (gsize) x * ts_image_pixel_size(image);
}

/* Row `y` of the image: in the band, or among the outermost ones. */
static const guint8 *
find_row(const TsOpenInput *open, const TsBand *band, guint source, int y)
{
    if (y >= band->y && y < band->y + band->height)
        return pixel_at(band->images[source], 0, y - band->y);
    if (open->first_rows != NULL && y < open->first_rows->height)
        return pixel_at(open->first_rows, 0, y);
    g_assert(open->last_rows != NULL);
    return pixel_at(open->last_rows, 0, y - (open->input->info.height - open->last_rows->height));
}

/* The kept image for padded tiles, of the kind of `like`. */
static TsImage *
take_padded(TsWorker *self, const TsImage *like, const TsTile *tile, GError **error)
{
    const TsImage *old = self->padded;
    if (old == NULL || old->width != tile->full_width || old->height != tile->full_height ||
        old->bands != like->bands || old->type != like->type || old->icc != like->icc) {
        g_clear_pointer(&self->padded, ts_image_free);
        self->padded = ts_image_new_like(like, tile->full_width, tile->full_height, error);
    }
    return self->padded;
}

static void
fill_constant(TsImage *image, const guint8 sample[8])
{
    gsize size = ts_sample_type_size(image->type);
    gsize n = (gsize) image->height * ts_image_row_size(image);
    for (gsize i = 0; i < n; i += size)
        memcpy(image->data + i, sample, size);
}

/* The tile around its valid part, with one value. */
static gboolean
pad_constant(TsImage *to, const Pixels *from, const TsTile *tile, double value, GError **error)
{
    guint8 sample[8];
    gsize pixel = ts_image_pixel_size(to);
    if (!ts_pad_sample(value, to->type, sample, error))
        return FALSE;
    fill_constant(to, sample);
    for (int y = 0; y < tile->height; y++)
        memcpy((guint8 *) pixel_at(to, tile->pad_left, tile->pad_top + y),
               from->pixels + (gsize) y * from->stride, (gsize) tile->width * pixel);
    return TRUE;
}

/* One row of the tile, from a full row of the image. */
static void
pad_row(guint8 *to, const guint8 *row, gsize pixel, const TsTile *tile, TsPadMode mode, int width)
{
    int before = tile->pad_left, after = tile->pad_left + tile->width;
    memcpy(to + (gsize) before * pixel, row + (gsize) tile->x * pixel, (gsize) tile->width * pixel);
    for (int i = 0; i < tile->full_width; i++) {
        if (i == before)
            i = after;
        if (i >= tile->full_width)
            break;
        int x = ts_pad_index(mode, (gint64) tile->x - before + i, width);
        memcpy(to + (gsize) i * pixel, row + (gsize) x * pixel, pixel);
    }
}

/* The tile with other parts of the image around its valid part. */
static void
pad_from_band(TsWorker *self, TsImage *to, const TsOpenInput *open, const TsBand *band,
              const TsTile *tile)
{
    TsPadMode mode = self->cut->padding.mode;
    const TsImageInfo *info = &open->input->info;
    gsize pixel = ts_image_pixel_size(to);
    for (int i = 0; i < tile->full_height; i++) {
        int y = ts_pad_index(mode, (gint64) tile->y - tile->pad_top + i, info->height);
        pad_row((guint8 *) pixel_at(to, 0, i), find_row(open, band, 0, y), pixel, tile, mode,
                info->width);
    }
}

/* How many of the `n` places from `from` on show neighbours, one after the other, up or down. */
static int
run_length(TsPadMode mode, gint64 from, int n, int length)
{
    int start = ts_pad_index(mode, from, length), step = 0, i = 1;
    for (int last = start; i < n; i++) {
        int next = ts_pad_index(mode, from + i, length);
        if (i == 1)
            step = next - last;
        if (next - last != step || ABS(step) > 1)
            break;
        last = next;
    }
    return i;
}

/* The same where regions are decoded alone: in pieces that are regions, perhaps mirrored. */
static gboolean
pad_from_source(TsWorker *self, TsImage *to, const TsOpenInput *open, const TsTile *tile,
                GError **error)
{
    TsPadMode mode = self->cut->padding.mode;
    const TsImageInfo *info = &open->input->info;
    gint64 x0 = (gint64) tile->x - tile->pad_left, y0 = (gint64) tile->y - tile->pad_top;
    gsize pixel = ts_image_pixel_size(to);
    for (int i = 0, h; i < tile->full_height; i += h) {
        h = run_length(mode, y0 + i, tile->full_height - i, info->height);
        for (int k = 0, w; k < tile->full_width; k += w) {
            int left, right, top, bottom;
            w = run_length(mode, x0 + k, tile->full_width - k, info->width);
            ts_pad_range(mode, x0 + k, w, info->width, &left, &right);
            ts_pad_range(mode, y0 + i, h, info->height, &top, &bottom);
            g_autoptr(TsImage) part = ts_image_source_read_region(
                open->sources[0], left, top, right - left + 1, bottom - top + 1, error);
            if (part == NULL)
                return FALSE;
            for (int y = 0; y < h; y++)
                for (int x = 0; x < w; x++)
                    memcpy((guint8 *) pixel_at(to, k + x, i + y),
                           pixel_at(part, ts_pad_index(mode, x0 + k + x, info->width) - left,
                                    ts_pad_index(mode, y0 + i + y, info->height) - top),
                           pixel);
        }
    }
    return TRUE;
}

/* The whole tile: its valid part, or that with padding around. */
static gboolean
complete(TsWorker *self, const TsOpenInput *open, const TsBand *band, const TsTile *tile,
         Pixels *pixels, GError **error)
{
    if (tile->full_width == tile->width && tile->full_height == tile->height)
        return TRUE;
    TsImage *padded = take_padded(self, pixels->like, tile, error);
    if (padded == NULL)
        return FALSE;
    if (self->cut->padding.mode == TS_PAD_CONSTANT) {
        if (!pad_constant(padded, pixels, tile, self->cut->padding.value, error))
            return FALSE;
    } else if (band != NULL) {
        pad_from_band(self, padded, open, band, tile);
    } else if (!pad_from_source(self, padded, open, tile, error)) {
        return FALSE;
    }
    *pixels = (Pixels){padded, padded->data, ts_image_row_size(padded)};
    return TRUE;
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
    gssize written = 0;
    for (gsize at = 0; written >= 0 && at < n; at += (gsize) written)
        written = write(fd, bytes + at, n - at);
    int errnum = errno;
    if (close(fd) != 0 && written >= 0) {
        written = -1;
        errnum = errno;
    }
    return written >= 0 ? TRUE : ts_error_set_errno(error, errnum, "%s: cannot be written", path);
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
             Pixels *pixels, TsTileResult *result, GError **error)
{
    const guint8 *bytes;
    gsize n;
    if (open->lossless != NULL)
        return store(self, result, result->name, self->copied->data, self->copied->len, error);
    const TsImageInfo *info = &open->input->info;
    double downsample = (double) open->input->width / info->width;
    g_autoptr(TsGeo) geo =
        open->geo != NULL ? ts_geo_translate(open->geo, (tile->x - tile->pad_left) * downsample,
                                             (tile->y - tile->pad_top) * downsample, downsample)
                          : NULL;
    ts_encoder_set_place(self->encoder, geo, info->mpp_x, info->mpp_y);
    if (!complete(self, open, band, tile, pixels, error) ||
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
    Pixels from = {mask, mask->data, ts_image_row_size(mask)};
    g_autoptr(TsImage) full = ts_image_new_like(mask, tile->full_width, tile->full_height, error);
    if (full == NULL ||
        !pad_constant(full, &from, tile, mask->type == TS_U16 ? 65535 : 255, error) ||
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
judge(const TsWorker *self, const TsOpenInput *open, const TsTile *tile, const Pixels *pixels,
      const GPtrArray *layers, TsVerdict *verdict, GError **error)
{
    TsRegion at = ts_plan_input_to_image(open->input, tile->x, tile->y, tile->width, tile->height);
    TsTileView view = {.like = pixels->like,
                       .pixels = pixels->pixels,
                       .stride = pixels->stride,
                       .x = at.x,
                       .y = at.y,
                       .source_width = at.width,
                       .source_height = at.height,
                       .width = tile->width,
                       .height = tile->height,
                       .layers = (const TsImage *const *) layers->pdata,
                       .n_layers = layers->len};
    if (!ts_judge_look(self->cut->judge, open->judged, &view, verdict, error)) {
        g_prefix_error(error, "%s: tile at %d,%d: ", open->input->path, tile->x, tile->y);
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
           Pixels *pixels, const GPtrArray *layers, const TsVerdict *verdict, TsTileResult *result,
           GPtrArray *masks, GError **error)
{
    g_autofree char *key = ts_names_format(self->cut->names, tile, find_label(self->cut, verdict));
    result->name = g_strconcat(key, ts_names_suffix(self->cut->names), NULL);
    if (!encode_image(self, open, band, &tile->tile, pixels, result, error))
        return FALSE;
    for (guint i = 0; i < layers->len; i++) {
        char *name = g_strdup_printf("%s.%s.png", key, ts_judge_layer_column(self->cut->judge, i));
        g_ptr_array_add(masks, name);
        if (!encode_mask(self, &tile->tile, g_ptr_array_index(layers, i), name, result, error))
            return FALSE;
    }
    return TRUE;
}

/* Judge the pixels and make of them what is wanted. */
static gboolean
finish_tile(TsWorker *self, const TsOpenInput *open, const TsBand *band, const TsPlanTile *tile,
            Pixels *pixels, TsTileResult *result, GError **error)
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
    if (self->cut->names != NULL &&
        !make_files(self, open, band, tile, pixels, layers, &verdict, result, masks, error))
        return FALSE;
    result->row = ts_rows_format(rows, tile, masks->len > 0 ? (char **) masks->pdata : NULL,
                                 self->cut->judge != NULL ? &verdict : NULL);
    return TRUE;
}

/* The tile as it is compressed; decoded too, if the judge has to see it. */
static gboolean
copy_tile(TsWorker *self, const TsOpenInput *open, const TsTile *tile, TsImage **part,
          GError **error)
{
    const TsJudge *judge = self->cut->judge;
    if (!ts_lossless_copy(open->lossless, tile, self->copied, error))
        return FALSE;
    if (judge == NULL || !ts_judge_needs_pixels(judge))
        return TRUE;
    *part = ts_image_read_bytes(self->copied->data, self->copied->len, open->input->path, error);
    return *part != NULL;
}

/* Find the tile's pixels: in the band, or decoded into `part`; none where nothing needs them. */
static gboolean
find_pixels(TsWorker *self, const TsOpenInput *open, const TsBand *band, const TsTile *tile,
            TsImage **part, Pixels *pixels, GError **error)
{
    if (open->first_read > 0)
        return TRUE;
    if (band != NULL) {
        const TsImage *rows = band->images[0];
        *pixels =
            (Pixels){rows, pixel_at(rows, tile->x, tile->y - band->y), ts_image_row_size(rows)};
        return TRUE;
    }
    if (open->lossless != NULL) {
        if (!copy_tile(self, open, tile, part, error))
            return FALSE;
    } else {
        *part = ts_image_source_read_region(open->sources[0], tile->x, tile->y, tile->width,
                                            tile->height, error);
        if (*part == NULL)
            return FALSE;
    }
    if (*part != NULL)
        *pixels = (Pixels){*part, (*part)->data, ts_image_row_size(*part)};
    return TRUE;
}

TsTileResult *
ts_worker_do(TsWorker *self, const TsOpenInput *open, const TsBand *band, const TsPlanTile *tile,
             GError **error)
{
    g_autoptr(TsImage) part = NULL;
    Pixels pixels = {0};
    if (!find_pixels(self, open, band, &tile->tile, &part, &pixels, error))
        return NULL;
    TsTileResult *result = g_new0(TsTileResult, 1);
    result->number = tile->number;
    if (finish_tile(self, open, band, tile, &pixels, result, error))
        return result;
    ts_tile_result_free(result);
    return NULL;
}

/* Regions of image files: which pixels to decode when, and which to keep.
 *
 * Three ways, by what the format allows: a region alone (random access); the whole image once,
 * kept; or, where that is too large, a band of rows that moves down as regions are asked for.
 */
#include "base/error.h"
#include "image/levels.h"

#include "base/error.h"
#include "image/limits.h"
#include "image/scaler.h"

#include <string.h>

struct _TsImageSource {
    char *path;
    TsImageInfo info; /* oriented */
    TsDecoder decoder;
    guint64 memory;      /* at most so many bytes of `kept` as a whole image */
    GMutex lock;         /* guards what follows, and the decoder if it is not random */
    TsImage *kept;       /* decoded rows (stored orientation), or NULL */
    int kept_y;          /* the first of them */
    int next_y;          /* the stored row that the decoder gives next */
    gboolean failed;     /* the decoder met an error and has to be opened again */
    GArray *levels;      /* TsImageLevel, oriented; NULL until asked for */
    TsImageSource *base; /* of an image that is scaled; else NULL, and the decoder counts */
    TsFilter filter;
    TsScaler *scaler; /* of rows that are read in order; NULL until then */
};

/* Pixels of lower levels are turned as those of the image, whatever their pages say. */
static TsImageSource *
open_level(const char *path, int level, const TsImageInfo *first, GError **error)
{
    g_autofree char *copy = g_strdup(path);
    TsDecoder decoder;
    if (!ts_decoder_open_level(&decoder, copy, level, error))
        return NULL;
    TsImageSource *self = g_new0(TsImageSource, 1);
    g_mutex_init(&self->lock);
    self->path = g_steal_pointer(&copy);
    if (first != NULL)
        decoder.info.orientation = first->orientation;
    self->decoder = decoder;
    self->info = decoder.info;
    self->memory = G_MAXUINT64;
    if (ts_orientation_swaps(self->info.orientation)) {
        self->info.width = decoder.info.height;
        self->info.height = decoder.info.width;
        self->info.mpp_x = decoder.info.mpp_y;
        self->info.mpp_y = decoder.info.mpp_x;
    }
    if (first != NULL) {
        self->info.mpp_x = first->mpp_x * first->width / self->info.width;
        self->info.mpp_y = first->mpp_y * first->height / self->info.height;
    }
    return self;
}

TsImageSource *
ts_image_source_open(const char *path, GError **error)
{
    return open_level(path, 0, NULL, error);
}

TsImageSource *
ts_image_source_open_level(const char *path, int level, GError **error)
{
    guint n;
    g_autoptr(TsImageSource) first = ts_image_source_open(path, error);
    if (first == NULL || level == 0)
        return g_steal_pointer(&first);
    if (ts_image_source_levels(first, &n, error) == NULL)
        return NULL;
    if (level < 0 || (guint) level >= n) {
        ts_error_set(error, TS_ERROR_ARGUMENT, "%s: has no level %d, only 0 to %u", path, level,
                     n - 1);
        return NULL;
    }
    return open_level(path, level, &first->info, error);
}

/* The level that is scaled, or is right already. */
static TsImageSource *
open_base(const char *path, int width, int height, GError **error)
{
    guint n;
    g_autoptr(TsImageSource) first = ts_image_source_open(path, error);
    const TsImageLevel *levels = first != NULL ? ts_image_source_levels(first, &n, error) : NULL;
    if (levels == NULL)
        return NULL;
    int level = ts_image_level_for(levels, n, (double) first->info.width / width);
    for (guint i = 0; i < n; i++)
        if (levels[i].width == width && levels[i].height == height)
            level = (int) i;
    return level == 0 ? g_steal_pointer(&first) : open_level(path, level, &first->info, error);
}

TsImageSource *
ts_image_source_open_scaled(const char *path, int width, int height, TsFilter filter,
                            GError **error)
{
    g_assert(width >= 1 && height >= 1);
    g_autoptr(TsImageSource) base = filter == TS_FILTER_NEAREST
                                        ? ts_image_source_open(path, error)
                                        : open_base(path, width, height, error);
    if (base == NULL || (base->info.width == width && base->info.height == height))
        return g_steal_pointer(&base);
    TsImageSource *self = g_new0(TsImageSource, 1);
    g_mutex_init(&self->lock);
    self->path = g_strdup(path);
    self->filter = filter;
    self->info = base->info;
    self->info.mpp_x *= (double) base->info.width / width;
    self->info.mpp_y *= (double) base->info.height / height;
    self->info.width = width;
    self->info.height = height;
    self->base = g_steal_pointer(&base);
    return self;
}

static gboolean
find_levels(TsImageSource *self, GError **error)
{
    if (self->base != NULL) {
        const TsImageLevel only = {self->info.width, self->info.height, 1};
        self->levels = g_array_new(FALSE, FALSE, sizeof(TsImageLevel));
        g_array_append_val(self->levels, only);
        return TRUE;
    }
    g_autoptr(GArray) found =
        ts_levels_find(self->path, self->decoder.loader, &self->decoder, error);
    if (found == NULL)
        return FALSE;
    self->levels = g_array_new(FALSE, FALSE, sizeof(TsImageLevel));
    for (guint i = 0; i < found->len; i++) {
        const TsImageLevel *stored = &g_array_index(found, TsLevelPlace, i).size;
        gboolean swaps = ts_orientation_swaps(self->info.orientation);
        TsImageLevel level = {.width = swaps ? stored->height : stored->width,
                              .height = swaps ? stored->width : stored->height};
        level.downsample = (double) self->info.width / level.width;
        g_array_append_val(self->levels, level);
    }
    return TRUE;
}

const TsImageLevel *
ts_image_source_levels(TsImageSource *self, guint *n, GError **error)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->lock);
    if (self->levels == NULL && !find_levels(self, error))
        return NULL;
    *n = self->levels->len;
    return &g_array_index(self->levels, TsImageLevel, 0);
}

int
ts_image_level_for(const TsImageLevel *levels, guint n, double downsample)
{
    int best = 0;
    /* Sides that were rounded make a factor of 4 one of 3.999 or 4.001. */
    for (guint i = 1; i < n; i++)
        if (levels[i].downsample <= downsample * 1.01)
            best = (int) i;
    return best;
}

void
ts_image_source_free(TsImageSource *self)
{
    if (self == NULL)
        return;
    ts_scaler_free(self->scaler);
    ts_image_source_free(self->base);
    ts_decoder_close(&self->decoder);
    ts_image_free(self->kept);
    g_clear_pointer(&self->levels, g_array_unref);
    g_mutex_clear(&self->lock);
    g_free(self->path);
    g_free(self);
}

const TsImageInfo *
ts_image_source_info(const TsImageSource *self)
{
    return &self->info;
}

const char *
ts_image_source_path(const TsImageSource *self)
{
    return self->path;
}

gboolean
ts_image_source_is_random(const TsImageSource *self)
{
    return self->base != NULL ? ts_image_source_is_random(self->base) : self->decoder.is_random;
}

void
ts_image_source_set_memory(TsImageSource *self, guint64 max_bytes)
{
    self->memory = max_bytes;
    if (self->base != NULL)
        ts_image_source_set_memory(self->base, max_bytes);
}

/* Whether the whole image is within the limits and the source's memory. */
static gboolean
fits_whole(const TsImageSource *self, guint64 *bytes)
{
    const TsImageInfo *info = &self->info;
    return ts_image_check_size(info->width, info->height, info->bands, info->type, bytes, NULL) &&
           *bytes <= self->memory;
}

guint64
ts_image_source_memory(const TsImageSource *self)
{
    guint64 bytes;
    if (self->base != NULL)
        return ts_image_source_memory(self->base);
    return !self->decoder.is_random && fits_whole(self, &bytes) ? bytes : 0;
}

/* Begin again at the top. */
static gboolean
reopen(TsImageSource *self, GError **error)
{
    g_clear_pointer(&self->kept, ts_image_free);
    self->next_y = 0;
    int level = self->decoder.level;
    ts_decoder_close(&self->decoder);
    if (!ts_decoder_open_level(&self->decoder, self->path, level, error))
        return FALSE;
    self->failed = FALSE;
    if (level > 0)
        self->decoder.info.orientation = self->info.orientation;
    const TsImageInfo *now = &self->decoder.info;
    gboolean swaps = ts_orientation_swaps(self->info.orientation);
    if (now->orientation != self->info.orientation || now->type != self->info.type ||
        now->bands != self->info.bands ||
        now->width != (swaps ? self->info.height : self->info.width) ||
        now->height != (swaps ? self->info.width : self->info.height))
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: changed while it was read", self->path);
    return TRUE;
}

/* Decode `n` stored rows from `y` on, in full width, to the rows of `to` from `to_y` on. */
static gboolean
decode_rows(TsImageSource *self, int y, int n, TsImage *to, int to_y, GError **error)
{
    TsRect rect = {0, y, to->width, n};
    self->next_y = y + n;
    if (ts_decoder_read(&self->decoder, rect, to, to_y, error))
        return TRUE;
    self->failed = TRUE;
    return FALSE;
}

/* How many of the stored rows from `y` on are kept. */
static int
count_kept(const TsImageSource *self, int y, int height)
{
    if (self->kept == NULL || y < self->kept_y)
        return 0;
    return CLAMP(self->kept_y + self->kept->height - y, 0, height);
}

/* Bring stored rows y .. y + height - 1 to `to` from its row `to_y` on: from what is kept, then by
 * decoding, from the top if they are behind. */
static gboolean
fetch_rows(TsImageSource *self, int y, int height, TsImage *to, int to_y, GError **error)
{
    int n_old = count_kept(self, y, height);
    if (self->failed || (n_old < height && y + n_old < self->next_y)) {
        if (!reopen(self, error))
            return FALSE;
        n_old = 0;
    }
    if (n_old > 0)
        ts_image_copy_region(self->kept, 0, y - self->kept_y, to->width, n_old, to, 0, to_y);
    return n_old == height || decode_rows(self, y + n_old, height - n_old, to, to_y + n_old, error);
}

/* Move the band of kept rows so that it is rows y .. y + height - 1. */
static gboolean
move_band(TsImageSource *self, int y, int height, GError **error)
{
    g_autoptr(TsImage) band =
        ts_decoder_new_image(&self->decoder, self->decoder.info.width, height, error);
    if (band == NULL || !fetch_rows(self, y, height, band, 0, error))
        return FALSE;
    ts_image_free(self->kept);
    self->kept = g_steal_pointer(&band);
    self->kept_y = y;
    return TRUE;
}

/* Make sure that the stored rows of `rect` are kept. */
static gboolean
keep_rows(TsImageSource *self, TsRect rect, GError **error)
{
    if (!self->failed && self->kept != NULL && rect.y >= self->kept_y &&
        rect.y + rect.height <= self->kept_y + self->kept->height)
        return TRUE;
    guint64 bytes;
    if (fits_whole(self, &bytes))
        return move_band(self, 0, self->decoder.info.height, error);
    if (self->info.orientation >= 3) {
        /* Rows come in another order than regions do; say what the limit is. */
        const TsImageInfo *info = &self->info;
        if (ts_image_check_size(info->width, info->height, info->bands, info->type, &bytes, error))
            ts_error_set(error, TS_ERROR_RANGE, "too large to be turned in memory");
        g_prefix_error(error, "%s: orientation %d: ", self->path, info->orientation);
        return FALSE;
    }
    return move_band(self, rect.y, rect.height, error);
}

static TsImage *
read_kept(TsImageSource *self, TsRect rect, GError **error)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->lock);
    if (!keep_rows(self, rect, error))
        return NULL;
    TsImage *part = ts_decoder_new_image(&self->decoder, rect.width, rect.height, error);
    if (part != NULL)
        ts_image_copy_region(self->kept, rect.x, rect.y - self->kept_y, rect.width, rect.height,
                             part, 0, 0);
    return part;
}

static TsImage *
read_random(TsImageSource *self, TsRect rect, GError **error)
{
    g_autoptr(TsImage) part = ts_decoder_new_image(&self->decoder, rect.width, rect.height, error);
    if (part == NULL || !ts_decoder_read(&self->decoder, rect, part, 0, error))
        return NULL;
    return g_steal_pointer(&part);
}

/* Turn what was read, unless it is right already. */
static TsImage *
orient(TsImage *stored, int orientation, GError **error)
{
    if (stored == NULL || orientation == 1)
        return stored;
    TsImage *turned = ts_image_orient(stored, orientation, error);
    ts_image_free(stored);
    return turned;
}

/* A part of a scaled image. Where parts cannot be decoded alone, its source keeps what fits. */
static TsImage *
scale_region(TsImageSource *self, TsRect rect, GError **error)
{
    const TsImageInfo *info = &self->info;
    g_autoptr(TsImage) part = ts_image_source_new_image(self, rect.width, rect.height, error);
    if (part == NULL)
        return NULL;
    g_autoptr(TsScaler) scaler =
        ts_scaler_new(self->base, self->filter, info->width, info->height, rect.x, rect.width,
                      !ts_image_source_is_random(self), error);
    if (scaler == NULL || !ts_scaler_read(scaler, rect.y, rect.height, FALSE, part, 0, error))
        return NULL;
    return g_steal_pointer(&part);
}

/* Rows of a scaled image, in order. */
static gboolean
scale_rows(TsImageSource *self, int y, int n, TsImage *to, int to_y, GError **error)
{
    const TsImageInfo *info = &self->info;
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->lock);
    if (self->scaler == NULL)
        self->scaler = ts_scaler_new(self->base, self->filter, info->width, info->height, 0,
                                     info->width, FALSE, error);
    return self->scaler != NULL && ts_scaler_read(self->scaler, y, n, TRUE, to, to_y, error);
}

TsImage *
ts_image_source_read_region(TsImageSource *self, int x, int y, int width, int height,
                            GError **error)
{
    const TsImageInfo *info = &self->info;
    if (!ts_image_check_region(info->width, info->height, x, y, width, height, error)) {
        g_prefix_error(error, "%s: ", self->path);
        return NULL;
    }
    if (self->base != NULL)
        return scale_region(self, (TsRect){x, y, width, height}, error);
    gboolean swaps = ts_orientation_swaps(info->orientation);
    TsRect rect = ts_orientation_to_stored(info->orientation, (TsRect){x, y, width, height},
                                           swaps ? info->height : info->width,
                                           swaps ? info->width : info->height);
    TsImage *stored =
        self->decoder.is_random ? read_random(self, rect, error) : read_kept(self, rect, error);
    return orient(stored, info->orientation, error);
}

/* As read_region(), into a part of another image. */
static gboolean
copy_rows(TsImageSource *self, int y, int n, TsImage *to, int to_y, GError **error)
{
    g_autoptr(TsImage) rows = ts_image_source_read_region(self, 0, y, to->width, n, error);
    if (rows == NULL)
        return FALSE;
    ts_image_copy_region(rows, 0, 0, to->width, n, to, 0, to_y);
    return TRUE;
}

gboolean
ts_image_source_read_rows(TsImageSource *self, int y, int n, TsImage *to, int to_y, GError **error)
{
    const TsImageInfo *info = &self->info;
    g_assert(to->width == info->width && to->bands == info->bands && to->type == info->type &&
             to_y >= 0 && n <= to->height - to_y);
    if (!ts_image_check_region(info->width, info->height, 0, y, info->width, n, error)) {
        g_prefix_error(error, "%s: ", self->path);
        return FALSE;
    }
    if (self->base != NULL)
        return scale_rows(self, y, n, to, to_y, error);
    if (info->orientation != 1)
        return copy_rows(self, y, n, to, to_y, error);
    if (self->decoder.is_random)
        return ts_decoder_read(&self->decoder, (TsRect){0, y, info->width, n}, to, to_y, error);
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->lock);
    return fetch_rows(self, y, n, to, to_y, error);
}

/* Decode all of what was opened, and close it. */
static TsImage *
read_whole(TsDecoder *decoder, GError **error)
{
    TsRect all = {0, 0, decoder->info.width, decoder->info.height};
    g_autoptr(TsImage) image = ts_decoder_new_image(decoder, all.width, all.height, error);
    gboolean done = image != NULL && ts_decoder_read(decoder, all, image, 0, error);
    int orientation = decoder->info.orientation;
    ts_decoder_close(decoder);
    return done ? orient(g_steal_pointer(&image), orientation, error) : NULL;
}

TsImage *
ts_image_source_new_image(const TsImageSource *self, int width, int height, GError **error)
{
    return self->base != NULL ? ts_image_source_new_image(self->base, width, height, error)
                              : ts_decoder_new_image(&self->decoder, width, height, error);
}

TsImage *
ts_image_read(const char *path, GError **error)
{
    TsDecoder decoder;
    return ts_decoder_open(&decoder, path, error) ? read_whole(&decoder, error) : NULL;
}

TsImage *
ts_image_read_bytes(gconstpointer bytes, gsize n, const char *name, GError **error)
{
    TsDecoder decoder;
    return ts_decoder_open_bytes(&decoder, bytes, n, name, error) ? read_whole(&decoder, error)
                                                                  : NULL;
}

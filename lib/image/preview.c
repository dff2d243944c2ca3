/* Small versions of large files. Whatever gives the rows (a JPEG with a scaled DCT, a level of a
 * pyramid, the file itself), each pixel of the preview is the mean over the rectangle of the source
 * that it covers, fractions of pixels counting by their area: so it lies exactly where the source
 * does, and one row of sums is all that is kept. */
#include "base/error.h"
#include "image/jpeg_read.h"
#include "image/orient.h"
#include "image/samples.h"

#include <math.h>

enum { BAND_BYTES = 1 << 24 };

typedef struct {
    TsImage *out;
    double width, height;  /* of the source in its own pixels; the last ones may be cut */
    double step_x, step_y; /* source pixels a pixel of the preview */
    double *sums;          /* (width, bands) of the row of the preview that is being made */
    double *means;         /* (width, bands) of the preview: that row done */
    double top;            /* where the next source row begins */
    int y;                 /* the row being made */
} Shrinker;

static void
shrinker_clear(Shrinker *self)
{
    ts_image_free(self->out);
    g_free(self->sums);
    g_free(self->means);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Shrinker, shrinker_clear)

/* `like` has a source row's kind and pixels; `width` and `height` may be less than it has by a
 * fraction of a pixel. */
static gboolean
shrinker_init(Shrinker *self, const TsImage *like, double width, double height, int max_side,
              GError **error)
{
    double scale = MIN(1, max_side / MAX(width, height));
    int to_width = MAX(1, (int) lround(width * scale));
    int to_height = MAX(1, (int) lround(height * scale));
    *self = (Shrinker){.width = width, .height = height};
    self->step_x = width / to_width;
    self->step_y = height / to_height;
    self->out = ts_image_new_like(like, to_width, to_height, error);
    if (self->out == NULL)
        return FALSE;
    self->sums =
        ts_try_alloc((gsize) like->width, (gsize) like->bands * sizeof(double), "preview", error);
    self->means = self->sums == NULL
                      ? NULL
                      : ts_try_alloc((gsize) to_width, (gsize) like->bands * sizeof(double),
                                     "preview", error);
    return self->means != NULL;
}

/* Sum one band over source columns left .. right. */
static double
sum_columns(const double *sums, gsize bands, double left, double right)
{
    double sum = 0;
    for (int i = (int) left; i < right; i++)
        sum += sums[(gsize) i * bands] * (MIN(right, i + 1) - MAX(left, i));
    return sum;
}

static void
finish_row(Shrinker *self, int source_width)
{
    gsize bands = (gsize) self->out->bands, n = (gsize) source_width * bands;
    double area = self->step_x * self->step_y;
    for (int x = 0; x < self->out->width; x++)
        for (gsize b = 0; b < bands; b++)
            self->means[(gsize) x * bands + b] =
                sum_columns(self->sums + b, bands, x * self->step_x,
                            MIN((x + 1) * self->step_x, self->width)) /
                area;
    ts_samples_store(self->out->type, self->means, (gsize) self->out->width * bands,
                     TS_ROUND_HALF_UP,
                     self->out->data + (gsize) self->y * ts_image_row_size(self->out));
    for (gsize i = 0; i < n; i++)
        self->sums[i] = 0;
    self->y++;
}

static void
put_rows(Shrinker *self, const TsImage *rows, int n_rows)
{
    gsize n = (gsize) rows->width * (gsize) rows->bands;
    for (int i = 0; i < n_rows; i++) {
        const guint8 *row = rows->data + (gsize) i * ts_image_row_size(rows);
        double bottom = MIN(self->top + 1, self->height);
        for (double y = self->top; y < bottom && self->y < self->out->height;) {
            gboolean last = self->y == self->out->height - 1;
            double end = last ? self->height : (self->y + 1) * self->step_y;
            ts_samples_add(rows->type, row, n, MIN(bottom, end) - y, self->sums);
            if (end <= bottom)
                finish_row(self, rows->width);
            y = MIN(bottom, end);
        }
        self->top += 1;
    }
}

/* All that the reader gives. */
static TsImage *
read_all(TsJpegReader *reader, TsImageInfo *info, int *divisor, GError **error)
{
    GBytes *icc;
    *divisor = ts_jpeg_reader_info(reader, info, &icc);
    g_autoptr(TsImage) all =
        ts_image_new(info->width, info->height, info->bands, info->type, error);
    if (all == NULL || !ts_jpeg_reader_read(reader, 0, info->height, all->data, error))
        return NULL;
    all->icc = icc != NULL ? g_bytes_ref(icc) : NULL;
    return g_steal_pointer(&all);
}

TsImage *
ts_image_read_reduced(gconstpointer bytes, gsize n, int divisor, const char *name, GError **error)
{
    TsImageInfo info;
    g_autoptr(TsJpegReader) reader = ts_jpeg_reader_open_bytes_reduced(bytes, n, divisor, name);
    if (reader == NULL)
        return ts_image_read_bytes(bytes, n, name, error);
    g_autoptr(TsImage) image = read_all(reader, &info, &divisor, error);
    return image == NULL || info.orientation == 1 ? g_steal_pointer(&image)
                                                  : ts_image_orient(image, info.orientation, error);
}

/* Decode a plain JPEG with its sides divided by 1, 2, 4 or 8; NULL without an error if it is none.
 */
static TsImage *
read_jpeg(const char *path, int max_side, GError **error)
{
    g_autoptr(TsJpegReader) reader = ts_jpeg_reader_open_reduced(path, max_side);
    TsImageInfo info;
    int divisor;
    g_autoptr(TsImage) rows = reader != NULL ? read_all(reader, &info, &divisor, error) : NULL;
    if (rows == NULL)
        return NULL;
    int width, height;
    ts_jpeg_reader_get_size(reader, &width, &height);
    g_auto(Shrinker) shrinker = {0};
    if (!shrinker_init(&shrinker, rows, (double) width / divisor, (double) height / divisor,
                       max_side, error))
        return NULL;
    put_rows(&shrinker, rows, info.height);
    return info.orientation == 1 ? g_steal_pointer(&shrinker.out)
                                 : ts_image_orient(shrinker.out, info.orientation, error);
}

/* The level of a pyramid that need not be enlarged. */
static TsImageSource *
open_level(const char *path, int max_side, GError **error)
{
    g_autoptr(TsImageSource) source = ts_image_source_open(path, error);
    if (source == NULL)
        return NULL;
    const TsImageInfo *info = ts_image_source_info(source);
    guint n;
    const TsImageLevel *levels = ts_image_source_levels(source, &n, error);
    if (levels == NULL)
        return NULL;
    int level = ts_image_level_for(levels, n, (double) MAX(info->width, info->height) / max_side);
    return level == 0 ? g_steal_pointer(&source) : ts_image_source_open_level(path, level, error);
}

static TsImage *
read_any(const char *path, int max_side, GError **error)
{
    g_autoptr(TsImageSource) source = open_level(path, max_side, error);
    if (source == NULL)
        return NULL;
    const TsImageInfo *info = ts_image_source_info(source);
    if (info->orientation < 3) /* the others have to fit: their rows come in another order */
        ts_image_source_set_memory(source, 0);
    g_autoptr(TsImage) first = ts_image_source_read_region(source, 0, 0, info->width, 1, error);
    if (first == NULL)
        return NULL;
    int at_once = (int) CLAMP(BAND_BYTES / ts_image_row_size(first), 1, (gsize) info->height);
    g_autoptr(TsImage) rows = ts_image_new_like(first, info->width, at_once, error);
    g_auto(Shrinker) shrinker = {0};
    if (rows == NULL ||
        !shrinker_init(&shrinker, first, info->width, info->height, max_side, error))
        return NULL;
    for (int y = 0; y < info->height; y += at_once) {
        int n = MIN(at_once, info->height - y);
        if (!ts_image_source_read_rows(source, y, n, rows, 0, error))
            return NULL;
        put_rows(&shrinker, rows, n);
    }
    return g_steal_pointer(&shrinker.out);
}

TsImage *
ts_image_read_preview(const char *path, int max_side, GError **error)
{
    g_assert(max_side >= 1);
    GError *cause = NULL;
    TsImage *preview = read_jpeg(path, max_side, &cause);
    if (preview == NULL && cause == NULL)
        return read_any(path, max_side, error);
    if (preview == NULL)
        g_propagate_error(error, cause);
    return preview;
}

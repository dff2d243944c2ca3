/* CLAHE after Zuiderveld ("Graphics Gems IV", 1994) with OpenCV's conventions. */
#include "image/transform/clahe.h"

#include "base/error.h"
#include "image/transform/tone.h"

#include <math.h>
#include <string.h>

typedef struct {
    int width, height, tiles, n_bins;
    int tile_width, tile_height;
    double limit;
    guint16 *luma;   /* (height, width) */
    guint16 *tables; /* (tiles, tiles, n_bins) */
} Clahe;

static void
clahe_clear(Clahe *self)
{
    g_free(self->luma);
    g_free(self->tables);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Clahe, clahe_clear)

/* Position `i` of a row of n mirrored at its ends, the end itself not repeated. */
static int
mirror(int i, int n)
{
    if (n == 1)
        return 0;
    i %= 2 * (n - 1);
    return i < n ? i : 2 * (n - 1) - i;
}

/* Cut counts at the limit and deal what was cut out over all bins. */
static void
clip(guint32 *counts, int n_bins, guint32 limit)
{
    guint32 cut = 0;
    for (int i = 0; i < n_bins; i++)
        if (counts[i] > limit) {
            cut += counts[i] - limit;
            counts[i] = limit;
        }
    const guint32 each = cut / (guint32) n_bins;
    guint32 rest = cut % (guint32) n_bins;
    for (int i = 0; i < n_bins; i++)
        counts[i] += each;
    const int step = rest > 0 ? MAX(n_bins / (int) rest, 1) : 1;
    for (int i = 0; i < n_bins && rest > 0; i += step, rest--)
        counts[i]++;
}

static void
make_table(const Clahe *self, int column, int row, guint32 *counts, guint16 *table)
{
    const int area = self->tile_width * self->tile_height;
    memset(counts, 0, (gsize) self->n_bins * sizeof *counts);
    for (int y = row * self->tile_height; y < (row + 1) * self->tile_height; y++) {
        const guint16 *line = self->luma + (gsize) mirror(y, self->height) * (gsize) self->width;
        for (int x = column * self->tile_width; x < (column + 1) * self->tile_width; x++)
            counts[line[mirror(x, self->width)]]++;
    }
    if (self->limit > 0)
        clip(counts, self->n_bins, (guint32) MAX(self->limit * area / self->n_bins, 1));
    const float scale = (float) (self->n_bins - 1) / (float) area;
    guint32 sum = 0;
    for (int i = 0; i < self->n_bins; i++) {
        sum += counts[i];
        table[i] = (guint16) MIN(rintf((float) sum * scale), (float) (self->n_bins - 1));
    }
}

/* The two parts around a position and the share of the second. */
static inline void
find_parts(int position, int size, int tiles, int *first, int *second, float *share)
{
    const float at = (float) position * (1.0f / (float) size) - 0.5f;
    const float below = floorf(at);
    *share = at - below;
    *first = MAX((int) below, 0);
    *second = MIN((int) below + 1, tiles - 1);
}

static inline float
equalise(const Clahe *self, int x, int y)
{
    int left, right, upper, lower;
    float sx, sy;
    const gsize value = self->luma[(gsize) y * (gsize) self->width + (gsize) x];
    find_parts(x, self->tile_width, self->tiles, &left, &right, &sx);
    find_parts(y, self->tile_height, self->tiles, &upper, &lower, &sy);
    const guint16 *tables = self->tables + value;
    const gsize n = (gsize) self->n_bins, row0 = (gsize) (upper * self->tiles) * n,
                row1 = (gsize) (lower * self->tiles) * n;
    const float top = (float) tables[row0 + (gsize) left * n] * (1 - sx) +
                      (float) tables[row0 + (gsize) right * n] * sx;
    const float bottom = (float) tables[row1 + (gsize) left * n] * (1 - sx) +
                         (float) tables[row1 + (gsize) right * n] * sx;
    return rintf(top * (1 - sy) + bottom * sy);
}

static gboolean
clahe_init(Clahe *self, const TsPixels *pixels, double limit, int tiles, GError **error)
{
    const gboolean whole = pixels->width % tiles == 0 && pixels->height % tiles == 0;
    const int pad_x = whole ? 0 : tiles - pixels->width % tiles;
    const int pad_y = whole ? 0 : tiles - pixels->height % tiles;
    *self = (Clahe){.width = pixels->width,
                    .height = pixels->height,
                    .tiles = tiles,
                    .n_bins = (int) pixels->white + 1,
                    .tile_width = (pixels->width + pad_x) / tiles,
                    .tile_height = (pixels->height + pad_y) / tiles,
                    .limit = limit};
    self->luma = ts_try_alloc(pixels->n / (gsize) pixels->bands, sizeof *self->luma, "luma", error);
    self->tables = self->luma != NULL ? ts_try_alloc((gsize) tiles * (gsize) tiles,
                                                     (gsize) self->n_bins * sizeof *self->tables,
                                                     "tables of the parts", error)
                                      : NULL;
    return self->tables != NULL;
}

static void
fill_luma(const TsPixels *pixels, guint16 *luma)
{
    const gsize n = pixels->n / (gsize) pixels->bands;
    for (gsize i = 0; i < n; i++) {
        const float *v = pixels->data + i * (gsize) pixels->bands;
        luma[i] = (guint16) (pixels->bands == 1 ? v[0] + 0.5f
                                                : TS_GREY_RED * v[0] + TS_GREY_GREEN * v[1] +
                                                      TS_GREY_BLUE * v[2] + 0.5f);
    }
}

gboolean
ts_change_clahe(TsPixels *pixels, double limit, int tiles, GError **error)
{
    g_auto(Clahe) clahe = {0};
    if (!clahe_init(&clahe, pixels, limit, tiles, error))
        return FALSE;
    g_autofree guint32 *counts = g_new(guint32, (gsize) clahe.n_bins);
    fill_luma(pixels, clahe.luma);
    for (int i = 0; i < tiles * tiles; i++)
        make_table(&clahe, i % tiles, i / tiles, counts,
                   clahe.tables + (gsize) i * (gsize) clahe.n_bins);
    float *v = pixels->data;
    const guint16 *luma = clahe.luma;
    for (int y = 0; y < pixels->height; y++)
        for (int x = 0; x < pixels->width; x++, luma++) {
            const float value = equalise(&clahe, x, y);
            if (pixels->bands == 1)
                *v++ = value;
            else
                for (int b = 0; b < 3; b++)
                    *v++ += value - (float) *luma;
        }
    ts_pixels_clamp(pixels);
    return TRUE;
}

/* The names of scores, and the passes over a tile's rows that measure them. */
#include "tiling/judge/filters.h"

#include "base/error.h"
#include "tiling/judge/units.h"

#include <math.h>
#include <string.h>

static const char *const names[TS_N_SCORES] = {
    "range",     "ink",        "nodata",     "transparent", "tissue", "saturation",
    "greyspace", "whitespace", "brightness", "contrast",    "focus",  "entropy"};

static const double PALE = 0.05;          /* S below this is grey */
static const double BRIGHT = 230.0 / 255; /* a mean above this is white */

const char *
ts_score_name(TsScore score)
{
    return names[score];
}

gboolean
ts_score_find(const char *name, TsScore *score)
{
    for (int i = 0; i < TS_N_SCORES; i++)
        if (strcmp(name, names[i]) == 0) {
            *score = (TsScore) i;
            return TRUE;
        }
    return FALSE;
}

static gboolean
wants(const TsFilters *filters, TsScore score)
{
    for (guint i = 0; i < filters->n; i++)
        if (filters->scores[i] == score)
            return TRUE;
    return FALSE;
}

gboolean
ts_filters_add(TsFilters *filters, TsScore score)
{
    if (wants(filters, score))
        return FALSE;
    filters->scores[filters->n++] = score;
    return TRUE;
}

/* A mean and a variance from differences to the first value, which keeps them small. Four sums run
 * beside each other, always the same ones, so the order of additions is fixed. */
typedef struct {
    guint64 n;
    double first, sum[4], squares[4];
} Moments;

static void
moments_add_row(Moments *moments, const double *values, int n, gboolean may_miss)
{
    int i = 0;
    while (moments->n == 0 && i < n && isnan(values[i]))
        i++;
    if (moments->n == 0 && i < n)
        moments->first = values[i];
    for (; may_miss && i < n; i++) {
        double difference = isnan(values[i]) ? 0 : values[i] - moments->first;
        moments->sum[i & 3] += difference;
        moments->squares[i & 3] += difference * difference;
        moments->n += !isnan(values[i]);
    }
    moments->n += (guint64) (n - i);
    for (; i < n; i++) {
        double difference = values[i] - moments->first;
        moments->sum[i & 3] += difference;
        moments->squares[i & 3] += difference * difference;
    }
}

static double
sum_of(const double four[4])
{
    return (four[0] + four[1]) + (four[2] + four[3]);
}

static double
moments_mean(const Moments *moments)
{
    return moments->n > 0 ? moments->first + sum_of(moments->sum) / (double) moments->n : NAN;
}

static double
moments_variance(const Moments *moments)
{
    double n = (double) moments->n, sum = sum_of(moments->sum);
    return moments->n > 0 ? MAX(0, (sum_of(moments->squares) - sum * sum / n) / n) : NAN;
}

/* What is counted of one tile. */
typedef struct {
    TsUnits units;
    const TsFilters *filters;
    double ink[TS_MAX_BANDS_OF_INK]; /* (colours), in units */
    double *low, *high;              /* (width, bands) of data, for the range */
    guint64 n_ink, n_grey, n_white, n_data, n_pixels, n_nodata, n_transparent;
    guint64 levels[256];
    Moments grey;
    double saturation;
} Tally;

static void
tally_clear(Tally *tally)
{
    ts_units_clear(&tally->units);
    g_free(tally->low);
    g_free(tally->high);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Tally, tally_clear)

static gboolean
prepare_ink(Tally *tally, GError **error)
{
    const TsFilters *filters = tally->filters;
    int colours = tally->units.colours;
    if (!wants(filters, TS_SCORE_INK))
        return TRUE;
    if (colours > TS_MAX_BANDS_OF_INK || (filters->n_ink > 1 && filters->n_ink != (guint) colours))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--ink: %u values for an image of %d bands without opacity",
                            filters->n_ink, colours);
    for (int b = 0; b < colours; b++)
        tally->ink[b] = filters->n_ink == 0   ? (filters->ink_is_black ? 0 : 1)
                        : filters->n_ink == 1 ? filters->ink[0] / tally->units.white
                                              : filters->ink[b] / tally->units.white;
    return TRUE;
}

static TsGreyUse
use_of_grey(const TsFilters *filters)
{
    gboolean row = wants(filters, TS_SCORE_TISSUE) || wants(filters, TS_SCORE_BRIGHTNESS) ||
                   wants(filters, TS_SCORE_CONTRAST) || wants(filters, TS_SCORE_ENTROPY);
    return wants(filters, TS_SCORE_FOCUS) ? TS_GREY_PLANE : row ? TS_GREY_ROW : TS_GREY_NONE;
}

static gboolean
tally_init(Tally *tally, const TsFilters *filters, const TsPixels *pixels, GError **error)
{
    tally->filters = filters;
    if (!ts_units_init(&tally->units, filters, pixels, use_of_grey(filters), error))
        return FALSE;
    gsize n = (gsize) tally->units.width * (gsize) tally->units.bands;
    tally->low = ts_try_alloc(n, sizeof *tally->low, "row", error);
    tally->high = tally->low != NULL ? ts_try_alloc(n, sizeof *tally->high, "row", error) : NULL;
    if (tally->high == NULL)
        return FALSE;
    for (gsize i = 0; i < n; i++) {
        tally->low[i] = INFINITY;
        tally->high[i] = -INFINITY;
    }
    return prepare_ink(tally, error);
}

/* Place by place, which needs no order; the bands are told apart at the end. */
static void
add_range(Tally *tally)
{
    const TsUnits *units = &tally->units;
    gsize bands = (gsize) units->bands, n = (gsize) units->width * bands;
    double *low = tally->low, *high = tally->high;
    const double *row = units->row;
    for (gsize i = 0; i < n && units->may_miss; i++) {
        if (units->state[i / bands] != TS_PIXEL_DATA)
            continue;
        low[i] = MIN(low[i], row[i]);
        high[i] = MAX(high[i], row[i]);
    }
    for (gsize i = 0; i < n && !units->may_miss; i++) {
        low[i] = MIN(low[i], row[i]);
        high[i] = MAX(high[i], row[i]);
    }
}

static void
add_ink(Tally *tally)
{
    const TsUnits *units = &tally->units;
    /* Equal numbers of levels apart are equal to the last bit only in exact arithmetic. */
    double tolerance = tally->filters->tolerance + 1e-9;
    for (int x = 0; x < units->width; x++) {
        const double *pixel = units->row + (gsize) x * (gsize) units->bands;
        gboolean is_ink = units->state[x] == TS_PIXEL_DATA;
        for (int b = 0; b < units->colours && is_ink; b++)
            is_ink = fabs(pixel[b] - tally->ink[b]) <= tolerance;
        tally->n_ink += is_ink;
    }
}

static void
add_colour(Tally *tally)
{
    const TsUnits *units = &tally->units;
    int n = MIN(units->colours, 3);
    for (int x = 0; x < units->width; x++) {
        const double *pixel = units->row + (gsize) x * (gsize) units->bands;
        if (units->state[x] != TS_PIXEL_DATA)
            continue;
        double low = pixel[0], high = pixel[0], sum = pixel[0];
        for (int b = 1; b < n; b++) {
            low = MIN(low, pixel[b]);
            high = MAX(high, pixel[b]);
            sum += pixel[b];
        }
        double saturation = n == 3 && high > 0 ? MIN(1, (high - low) / high) : 0;
        tally->saturation += saturation;
        tally->n_grey += saturation < PALE;
        tally->n_white += sum / n > BRIGHT;
    }
}

static void
add_levels(Tally *tally)
{
    const TsUnits *units = &tally->units;
    for (int x = 0; x < units->width; x++)
        if (units->state[x] == TS_PIXEL_DATA)
            tally->levels[ts_units_level(units, units->grey[x])]++;
}

static void
add_states(Tally *tally)
{
    const TsUnits *units = &tally->units;
    guint64 n[TS_N_PIXEL_STATES] = {0};
    for (int x = 0; x < units->width && units->may_miss; x++)
        n[units->state[x]]++;
    if (!units->may_miss)
        n[TS_PIXEL_DATA] = (guint64) units->width;
    tally->n_pixels += (guint64) units->width;
    tally->n_data += n[TS_PIXEL_DATA];
    tally->n_nodata += n[TS_PIXEL_NODATA];
    tally->n_transparent += n[TS_PIXEL_TRANSPARENT];
}

static void
add_row(Tally *tally, int y)
{
    const TsFilters *filters = tally->filters;
    const TsUnits *units = &tally->units;
    ts_units_read_row(&tally->units, y);
    add_states(tally);
    if (wants(filters, TS_SCORE_TISSUE) || wants(filters, TS_SCORE_ENTROPY))
        add_levels(tally);
    if (wants(filters, TS_SCORE_BRIGHTNESS) || wants(filters, TS_SCORE_CONTRAST))
        moments_add_row(&tally->grey, units->grey, units->width, units->may_miss);
    if (wants(filters, TS_SCORE_RANGE))
        add_range(tally);
    if (wants(filters, TS_SCORE_INK))
        add_ink(tally);
    if (wants(filters, TS_SCORE_SATURATION) || wants(filters, TS_SCORE_GREYSPACE) ||
        wants(filters, TS_SCORE_WHITESPACE))
        add_colour(tally);
}

/* Index of the neighbour of i at `step` in 0 .. n - 1, reflected without repeating the edge. */
static int
reflect(int i, int step, int n)
{
    int at = i + step;
    return n == 1 ? 0 : at < 0 ? 1 : at >= n ? n - 2 : at;
}

/* The Laplacian of row `y` to `out` (width). */
static void
laplacian_row(const TsUnits *units, int y, double *out)
{
    gsize n = (gsize) units->width;
    int height = units->height, last = units->width - 1;
    const double *row = units->plane + (gsize) y * n;
    const double *above = units->plane + (gsize) reflect(y, -1, height) * n;
    const double *below = units->plane + (gsize) reflect(y, 1, height) * n;
    for (int x = 1; x < last; x++)
        out[x] = above[x] + below[x] + row[x - 1] + row[x + 1] - 4 * row[x];
    for (int x = 0; x <= last; x += MAX(last, 1))
        out[x] = above[x] + below[x] + row[reflect(x, -1, units->width)] +
                 row[reflect(x, 1, units->width)] - 4 * row[x];
}

/* A neighbour without data makes the sum not-a-number: such places do not count. The row of units
 * is free by now. */
static double
laplacian_variance(const TsUnits *units)
{
    Moments moments = {0};
    for (int y = 0; y < units->height; y++) {
        laplacian_row(units, y, units->row);
        moments_add_row(&moments, units->row, units->width, units->may_miss);
    }
    return 255.0 * 255.0 * moments_variance(&moments);
}

static double
entropy(const guint64 levels[256], guint64 n)
{
    double sum = 0;
    for (int i = 0; i < 256; i++) {
        double p = n > 0 ? (double) levels[i] / (double) n : NAN;
        if (levels[i] > 0)
            sum -= p * log2(p);
    }
    return n > 0 ? sum + 0.0 : NAN;
}

static double
range(const Tally *tally)
{
    gsize bands = (gsize) tally->units.bands, n = (gsize) tally->units.width * bands;
    double largest = 0;
    for (gsize b = 0; b < (gsize) tally->units.colours; b++) {
        double low = INFINITY, high = -INFINITY;
        for (gsize i = b; i < n; i += bands) {
            low = MIN(low, tally->low[i]);
            high = MAX(high, tally->high[i]);
        }
        largest = MAX(largest, high - low);
    }
    return tally->n_data > 0 ? largest : NAN;
}

/* Pixels of levels up to `otsu`. */
static guint64
n_tissue(const Tally *tally, int otsu)
{
    guint64 n = 0;
    for (int i = 0; i <= otsu; i++)
        n += tally->levels[i];
    return n;
}

static double
part(guint64 n, guint64 of)
{
    return of > 0 ? (double) n / (double) of : NAN;
}

static double
score_of(const Tally *tally, TsScore score, int otsu)
{
    switch (score) {
    case TS_SCORE_RANGE:
        return range(tally);
    case TS_SCORE_INK:
        return part(tally->n_ink, tally->n_data);
    case TS_SCORE_NODATA:
        return part(tally->n_nodata, tally->n_pixels);
    case TS_SCORE_TRANSPARENT:
        return part(tally->n_transparent, tally->n_pixels);
    case TS_SCORE_TISSUE:
        return otsu >= 0 ? part(n_tissue(tally, otsu), tally->n_data) : NAN;
    case TS_SCORE_SATURATION:
        return tally->n_data > 0 ? tally->saturation / (double) tally->n_data : NAN;
    case TS_SCORE_GREYSPACE:
        return part(tally->n_grey, tally->n_data);
    case TS_SCORE_WHITESPACE:
        return part(tally->n_white, tally->n_data);
    case TS_SCORE_BRIGHTNESS:
        return moments_mean(&tally->grey);
    case TS_SCORE_CONTRAST:
        return sqrt(moments_variance(&tally->grey));
    case TS_SCORE_FOCUS:
        return laplacian_variance(&tally->units);
    case TS_SCORE_ENTROPY:
        return entropy(tally->levels, tally->n_data);
    case TS_N_SCORES:
        break;
    }
    return NAN;
}

gboolean
ts_filters_measure(const TsFilters *filters, const TsPixels *pixels, int otsu, double *numbers,
                   GError **error)
{
    g_auto(Tally) tally = {0};
    if (!tally_init(&tally, filters, pixels, error))
        return FALSE;
    for (int y = 0; y < pixels->height; y++)
        add_row(&tally, y);
    for (guint i = 0; i < filters->n; i++)
        numbers[i] = score_of(&tally, filters->scores[i], otsu);
    return TRUE;
}

/* The names of scores, and the passes over a tile's rows that measure them. */
#include "tiling/filters.h"

#include "base/error.h"
#include "tiling/units.h"

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

/* A mean and a variance from differences to the first value, which keeps them small. */
typedef struct {
    guint64 n;
    double first, sum, squares;
} Moments;

static void
moments_add(Moments *moments, double value)
{
    if (moments->n++ == 0)
        moments->first = value;
    double difference = value - moments->first;
    moments->sum += difference;
    moments->squares += difference * difference;
}

static double
moments_mean(const Moments *moments)
{
    return moments->n > 0 ? moments->first + moments->sum / (double) moments->n : NAN;
}

static double
moments_variance(const Moments *moments)
{
    double n = (double) moments->n;
    return moments->n > 0 ? MAX(0, (moments->squares - moments->sum * moments->sum / n) / n) : NAN;
}

/* What is counted of one tile. */
typedef struct {
    TsUnits units;
    const TsFilters *filters;
    double ink[TS_MAX_BANDS_OF_INK]; /* (colours), in units */
    double *low, *high;              /* (colours) of data, for the range */
    guint64 n_ink, n_tissue, n_grey, n_white, n_data, n_pixels, n_nodata, n_transparent;
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

static gboolean
tally_init(Tally *tally, const TsFilters *filters, const TsPixels *pixels, GError **error)
{
    tally->filters = filters;
    if (!ts_units_init(&tally->units, filters, pixels, wants(filters, TS_SCORE_FOCUS), error))
        return FALSE;
    gsize colours = (gsize) tally->units.colours;
    tally->low = g_new(double, colours);
    tally->high = g_new(double, colours);
    for (gsize b = 0; b < colours; b++) {
        tally->low[b] = INFINITY;
        tally->high[b] = -INFINITY;
    }
    return prepare_ink(tally, error);
}

static void
add_range(Tally *tally)
{
    const TsUnits *units = &tally->units;
    for (int x = 0; x < units->width; x++) {
        const double *pixel = units->row + (gsize) x * (gsize) units->bands;
        for (int b = 0; b < units->colours && units->state[x] == TS_PIXEL_DATA; b++) {
            tally->low[b] = MIN(tally->low[b], pixel[b]);
            tally->high[b] = MAX(tally->high[b], pixel[b]);
        }
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
add_grey(Tally *tally, int otsu)
{
    const TsUnits *units = &tally->units;
    for (int x = 0; x < units->width; x++) {
        if (units->state[x] != TS_PIXEL_DATA)
            continue;
        int level = ts_units_level(units, units->grey[x]);
        tally->levels[level]++;
        tally->n_tissue += level <= otsu;
        moments_add(&tally->grey, units->grey[x]);
    }
}

static void
add_states(Tally *tally)
{
    const TsUnits *units = &tally->units;
    guint64 n[TS_N_PIXEL_STATES] = {0};
    for (int x = 0; x < units->width; x++)
        n[units->state[x]]++;
    tally->n_pixels += (guint64) units->width;
    tally->n_data += n[TS_PIXEL_DATA];
    tally->n_nodata += n[TS_PIXEL_NODATA];
    tally->n_transparent += n[TS_PIXEL_TRANSPARENT];
}

static void
add_row(Tally *tally, int y, int otsu)
{
    const TsFilters *filters = tally->filters;
    ts_units_read_row(&tally->units, y);
    add_states(tally);
    add_grey(tally, otsu);
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

/* A neighbour without data makes the sum not-a-number: such places do not count. */
static double
laplacian_variance(const TsUnits *units)
{
    Moments moments = {0};
    for (int y = 0; y < units->height; y++) {
        const double *row = units->plane + (gsize) y * (gsize) units->width;
        const double *above =
            units->plane + (gsize) reflect(y, -1, units->height) * (gsize) units->width;
        const double *below =
            units->plane + (gsize) reflect(y, 1, units->height) * (gsize) units->width;
        for (int x = 0; x < units->width; x++) {
            double sum = above[x] + below[x] + row[reflect(x, -1, units->width)] +
                         row[reflect(x, 1, units->width)] - 4 * row[x];
            if (!isnan(sum))
                moments_add(&moments, sum);
        }
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
    double largest = 0;
    for (int b = 0; b < tally->units.colours; b++)
        largest = MAX(largest, tally->high[b] - tally->low[b]);
    return tally->n_data > 0 ? largest : NAN;
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
        return otsu >= 0 ? part(tally->n_tissue, tally->n_data) : NAN;
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
        add_row(&tally, y, otsu);
    for (guint i = 0; i < filters->n; i++)
        numbers[i] = score_of(&tally, filters->scores[i], otsu);
    return TRUE;
}

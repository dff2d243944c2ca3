/* Size, light, colour and sharpness of an image, and the moments of its channels. */
#include "image/properties.h"

#include "base/error.h"

#include <math.h>

const char *const ts_property_names[TS_N_PROPERTIES] = {
    "width",     "height",  "area", "aspect", "brightness", "contrast",
    "sharpness", "entropy", "red",  "green",  "blue",       "saturation"};

void
ts_moments_add(TsMoments *moments, const TsMoments *more)
{
    if (more->n == 0)
        return;
    if (moments->n == 0) {
        *moments = *more;
        return;
    }
    double n = moments->n + more->n, off = more->mean - moments->mean;
    moments->mean += off * (more->n / n);
    moments->m2 += more->m2 + off * off * (moments->n * more->n / n);
    moments->min = fmin(moments->min, more->min);
    moments->max = fmax(moments->max, more->max);
    moments->n = n;
}

double
ts_moments_sd(const TsMoments *moments)
{
    return moments->n > 0 ? sqrt(moments->m2 / moments->n) : NAN;
}

/* The largest value of a type; 1 for floats. */
static double
full_scale(TsSampleType type)
{
    static const double scale[] = {255, 127, 65535, 32767, 4294967295.0, 2147483647.0, 1, 1};
    return scale[type];
}

/* Exact sums of a band of small integers. */
typedef struct {
    gint64 sum;
    guint64 squares;
    gint64 min, max;
} IntegerSums;

#define SUM_INTEGERS(TYPE)                                                                         \
    do {                                                                                           \
        const TYPE *samples = (const TYPE *) (const void *) image->data;                           \
        for (guint64 i = 0; i < n; i++) {                                                          \
            gint64 v = samples[i * (guint64) image->bands + (guint64) band];                       \
            sums.sum += v;                                                                         \
            sums.squares += (guint64) (v * v);                                                     \
            sums.min = MIN(sums.min, v);                                                           \
            sums.max = MAX(sums.max, v);                                                           \
        }                                                                                          \
    } while (0)

/* The same for bytes, by way of their histogram; two, as adding to one twice in a row waits. */
static void
sum_bytes(const guint8 *samples, guint64 n, gsize bands, IntegerSums *sums)
{
    guint64 even[256] = {0}, odd[256] = {0};
    for (guint64 i = 0; i + 1 < n; i += 2) {
        even[samples[i * bands]]++;
        odd[samples[(i + 1) * bands]]++;
    }
    if (n % 2 == 1)
        even[samples[(n - 1) * bands]]++;
    for (int v = 0; v < 256; v++) {
        guint64 count = even[v] + odd[v];
        if (count == 0)
            continue;
        sums->sum += (gint64) count * v;
        sums->squares += count * (guint64) (v * v);
        sums->min = MIN(sums->min, v);
        sums->max = v;
    }
}

static TsMoments
integer_moments(const TsImage *image, int band, guint64 n)
{
    IntegerSums sums = {.min = G_MAXINT64, .max = G_MININT64};
    if (image->type == TS_U8)
        sum_bytes(image->data + band, n, (gsize) image->bands, &sums);
    else if (image->type == TS_I8)
        SUM_INTEGERS(gint8);
    else if (image->type == TS_U16)
        SUM_INTEGERS(guint16);
    else
        SUM_INTEGERS(gint16);
    /* n squares - sum^2 cancels, so it wants the digits of 128 bits. */
    __int128 spread = (__int128) n * sums.squares - (__int128) sums.sum * sums.sum;
    return (TsMoments){.n = (double) n,
                       .mean = (double) sums.sum / (double) n,
                       .m2 = (double) spread / (double) n,
                       .min = (double) sums.min,
                       .max = (double) sums.max};
}

static double
get_wide(const TsImage *image, guint64 i)
{
    const void *data = image->data;
    switch (image->type) {
    case TS_U32:
        return ((const guint32 *) data)[i];
    case TS_I32:
        return ((const gint32 *) data)[i];
    case TS_F32:
        return (double) ((const float *) data)[i];
    default:
        return ((const double *) data)[i];
    }
}

/* The mean first, then the squares of what is left of each sample. */
static TsMoments
wide_moments(const TsImage *image, int band, guint64 n)
{
    TsMoments moments = {.n = (double) n, .min = INFINITY, .max = -INFINITY};
    double sum = 0, left = 0;
    for (guint64 i = 0; i < n; i++) {
        double v = get_wide(image, i * (guint64) image->bands + (guint64) band);
        sum += v;
        moments.min = fmin(moments.min, v);
        moments.max = fmax(moments.max, v);
    }
    moments.mean = sum / moments.n;
    for (guint64 i = 0; i < n; i++) {
        double off = get_wide(image, i * (guint64) image->bands + (guint64) band) - moments.mean;
        moments.m2 += off * off;
        left += off;
    }
    moments.m2 -= left * left / moments.n;
    return moments;
}

static gboolean
compute_channels(TsImageProperties *self, const TsImage *image, GError **error)
{
    guint64 n = (guint64) image->width * (guint64) image->height;
    gboolean is_small = image->type <= TS_I16;
    double scale = full_scale(image->type);
    for (int band = 0; band < self->n_channels; band++) {
        TsMoments *moments = &self->channels[band];
        *moments = is_small ? integer_moments(image, band, n) : wide_moments(image, band, n);
        if (!isfinite(moments->m2) || !isfinite(moments->mean))
            return ts_error_set(error, TS_ERROR_FORMAT,
                                "samples that are no finite numbers, or too large for their "
                                "variance");
        moments->mean /= scale;
        moments->m2 /= scale * scale;
        moments->min /= scale;
        moments->max /= scale;
    }
    return TRUE;
}

/* Grey of all pixels, in place of their first samples: (height, width). */
static void
fill_grey(const TsImage *image, int n_channels, guint8 *samples)
{
    gsize n = (gsize) image->width * (gsize) image->height, bands = (gsize) image->bands;
    for (gsize i = 0; n_channels == 3 && i < n; i++) {
        const guint8 *pixel = samples + i * bands;
        samples[i] = (guint8) ((299U * pixel[0] + 587U * pixel[1] + 114U * pixel[2] + 500) / 1000);
    }
    for (gsize i = 0; n_channels != 3 && i < n; i++) {
        const guint8 *pixel = samples + i * bands;
        guint sum = 0;
        for (int band = 0; band < n_channels; band++)
            sum += pixel[band];
        samples[i] = (guint8) ((2 * sum + (guint) n_channels) / (2 * (guint) n_channels));
    }
}

static void
compute_colour(const TsImage *image, const guint8 *samples, double *values)
{
    gsize n = (gsize) image->width * (gsize) image->height, bands = (gsize) image->bands;
    guint64 sums[3] = {0};
    guint64 chroma[256] = {0}; /* max - min, summed for each max: no division for each pixel */
    double saturation = 0;
    for (gsize i = 0; i < n; i++) {
        const guint8 *pixel = samples + i * bands;
        guint8 low = MIN(MIN(pixel[0], pixel[1]), pixel[2]);
        guint8 high = MAX(MAX(pixel[0], pixel[1]), pixel[2]);
        for (int band = 0; band < 3; band++)
            sums[band] += pixel[band];
        chroma[high] += (guint64) (high - low);
    }
    for (int high = 1; high < 256; high++)
        saturation += (double) chroma[high] / high;
    double all = (double) (sums[0] + sums[1] + sums[2]);
    for (int band = 0; all > 0 && band < 3; band++)
        values[TS_PROPERTY_RED + band] = (double) sums[band] / all;
    values[TS_PROPERTY_SATURATION] = saturation / (double) n;
}

static void
compute_light(const guint8 *grey, gsize n, double *values)
{
    guint64 histogram[256] = {0};
    for (gsize i = 0; i < n; i++)
        histogram[grey[i]]++;
    double sum = 0, spread = 0, entropy = 0;
    for (int v = 0; v < 256; v++)
        sum += (double) histogram[v] * v;
    double mean = sum / (double) n;
    for (int v = 0; v < 256; v++) {
        double share = (double) histogram[v] / (double) n;
        spread += (double) histogram[v] * (v - mean) * (v - mean);
        entropy -= share > 0 ? share * log2(share) : 0;
    }
    values[TS_PROPERTY_BRIGHTNESS] = mean / 255;
    values[TS_PROPERTY_CONTRAST] = sqrt(spread / (double) n) / 255;
    values[TS_PROPERTY_ENTROPY] = fmax(entropy, 0);
}

static double
compute_sharpness(const guint8 *grey, int width, int height)
{
    if (width < 3 || height < 3)
        return NAN;
    gint64 sum = 0;
    guint64 squares = 0;
    for (int y = 1; y < height - 1; y++) {
        const guint8 *at = grey + (gsize) y * (gsize) width;
        for (int x = 1; x < width - 1; x++) {
            int v = at[x - 1] + at[x + 1] + at[x - width] + at[x + width] - 4 * at[x];
            sum += v;
            squares += (guint64) (v * v);
        }
    }
    guint64 n = (guint64) (width - 2) * (guint64) (height - 2);
    __int128 spread = (__int128) n * squares - (__int128) sum * sum;
    return (double) spread / (double) n / (double) n;
}

static gboolean
compute_values(TsImageProperties *self, const TsImage *image, GError **error)
{
    gsize n = (gsize) image->width * (gsize) image->height;
    double *values = self->values;
    for (int i = 0; i < TS_N_PROPERTIES; i++)
        values[i] = NAN;
    values[TS_PROPERTY_WIDTH] = image->width;
    values[TS_PROPERTY_HEIGHT] = image->height;
    values[TS_PROPERTY_AREA] = (double) n;
    values[TS_PROPERTY_ASPECT] = (double) image->width / image->height;
    g_autofree guint8 *samples = ts_try_alloc(n, (gsize) image->bands, "samples", error);
    if (samples == NULL || !ts_image_to_u8(image, samples, error))
        return FALSE;
    if (self->n_channels == 3)
        compute_colour(image, samples, values);
    fill_grey(image, self->n_channels, samples);
    compute_light(samples, n, values);
    values[TS_PROPERTY_SHARPNESS] = compute_sharpness(samples, image->width, image->height);
    return TRUE;
}

gboolean
ts_image_properties_init(TsImageProperties *self, const TsImage *image, GError **error)
{
    *self = (TsImageProperties){0};
    self->n_channels = image->bands - (image->has_alpha && image->bands > 1 ? 1 : 0);
    self->channels = g_new0(TsMoments, self->n_channels);
    if (compute_channels(self, image, error) && compute_values(self, image, error))
        return TRUE;
    ts_image_properties_clear(self);
    return FALSE;
}

void
ts_image_properties_clear(TsImageProperties *self)
{
    g_clear_pointer(&self->channels, g_free);
}

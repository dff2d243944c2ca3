/* Bands, size, crop, 8 bits; then normalisation. */
#include "sample/preprocess.h"

#include "base/error.h"
#include "base/number.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *name;
    TsFilter filter;
} filters[] = {
    {"bilinear", TS_FILTER_TRIANGLE}, {"bicubic", TS_FILTER_CUBIC}, {"lanczos", TS_FILTER_LANCZOS}};

gboolean
ts_preprocess_parse_filter(const char *name, TsFilter *filter, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(filters); i++)
        if (strcmp(filters[i].name, name) == 0) {
            *filter = filters[i].filter;
            return TRUE;
        }
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "interpolation '%s' is not bilinear, bicubic or lanczos", name);
}

const char *
ts_preprocess_filter_name(TsFilter filter)
{
    for (gsize i = 0; i < G_N_ELEMENTS(filters); i++)
        if (filters[i].filter == filter)
            return filters[i].name;
    g_return_val_if_reached(NULL);
}

gboolean
ts_channel_values_parse(const char *text, const char *what, TsChannelValues *values, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    const guint n = g_strv_length(parts);
    if (n > TS_MAX_CHANNELS)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "%s: '%s' is more than %d numbers, one for each channel", what, text,
                            TS_MAX_CHANNELS);
    for (guint i = 0; i < n; i++)
        if (!ts_parse_double(parts[i], -1e6, 1e6, what, &values->value[i], error))
            return FALSE;
    values->n = (int) n;
    return n > 0 || ts_error_set(error, TS_ERROR_ARGUMENT,
                                 "%s: a number was expected, or one for each channel", what);
}

gboolean
ts_channel_values_apply(const TsChannelValues *values, const char *what, int channels,
                        float *numbers, GError **error)
{
    if (values->n > 1 && values->n != channels)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "%s: %d numbers for %d channels of the input, one for all or one for "
                            "each was expected",
                            what, values->n, channels);
    for (int c = 0; c < channels && values->n > 0; c++)
        numbers[c] = (float) values->value[values->n == 1 ? 0 : c];
    return TRUE;
}

gboolean
ts_preprocess_check(const TsPreprocess *how, GError **error)
{
    gsize bytes;
    if (how->width < 1 || how->height < 1 || how->channels < 1 || how->channels > TS_MAX_CHANNELS ||
        !g_size_checked_mul(&bytes, (gsize) how->width * (gsize) how->height,
                            (gsize) how->channels * sizeof(float)))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "%d x %d pixels of %d channels are no input of a network", how->width,
                            how->height, how->channels);
    if (!(how->crop_pct > 0 && how->crop_pct <= 1))
        return ts_error_set(error, TS_ERROR_ARGUMENT, "crop of %g is outside of 0 to 1",
                            how->crop_pct);
    for (int c = 0; c < how->channels; c++)
        if (!(how->std[c] > 0) || !isfinite(how->std[c]) || !isfinite(how->mean[c]))
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "mean %g and deviation %g cannot normalise channel %d",
                                (double) how->mean[c], (double) how->std[c], c);
    return TRUE;
}

gsize
ts_preprocess_n_bytes(const TsPreprocess *how)
{
    return (gsize) how->width * (gsize) how->height * (gsize) how->channels;
}

/* A size within what an image can have. */
static int
to_size(double size, int at_least)
{
    return (int) fmin(fmax(floor(size), at_least), G_MAXINT / 2);
}

/* Scale so that the box width / crop_pct x height / crop_pct is covered. */
static TsImage *
scale_to_cover(const TsImage *in, const TsPreprocess *how, double crop_pct, GError **error)
{
    double box_width = floor(how->width / crop_pct);
    double box_height = floor(how->height / crop_pct);
    double scale = fmax(box_width / in->width, box_height / in->height);
    int width = to_size(in->width * scale + 1e-6, how->width);
    int height = to_size(in->height * scale + 1e-6, how->height);
    return ts_image_resize_with(in, how->filter, width, height, error);
}

TsImage *
ts_preprocess_scale(const TsImage *in, const TsPreprocess *how, double crop_pct, GError **error)
{
    g_autoptr(TsImage) converted = NULL;
    if (in->bands != how->channels) {
        converted = ts_image_convert_bands(in, how->channels, error);
        if (converted == NULL)
            return NULL;
        in = converted;
    }
    return how->crop_pct < 1
               ? scale_to_cover(in, how, crop_pct, error)
               : ts_image_resize_with(in, how->filter,
                                      to_size(how->width / crop_pct + 1e-6, how->width),
                                      to_size(how->height / crop_pct + 1e-6, how->height), error);
}

TsImage *
ts_preprocess_crop(const TsImage *scaled, const TsPreprocess *how, double x, double y,
                   GError **error)
{
    return ts_image_crop(scaled, (int) rint((scaled->width - how->width) * x),
                         (int) rint((scaled->height - how->height) * y), how->width, how->height,
                         error);
}

/* As torchvision: half of the rest, rounded half to even. */
static TsImage *
scale_and_crop(const TsImage *in, const TsPreprocess *how, GError **error)
{
    g_autoptr(TsImage) scaled = scale_to_cover(in, how, how->crop_pct, error);
    return scaled != NULL ? ts_preprocess_crop(scaled, how, 0.5, 0.5, error) : NULL;
}

static TsImage *
fit(const TsImage *in, const TsPreprocess *how, GError **error)
{
    return how->crop_pct < 1
               ? scale_and_crop(in, how, error)
               : ts_image_resize_with(in, how->filter, how->width, how->height, error);
}

gboolean
ts_preprocess_u8(const TsImage *in, const TsPreprocess *how, guint8 *out, GError **error)
{
    g_autoptr(TsImage) converted = NULL;
    g_autoptr(TsImage) fitted = NULL;
    const TsImage *image = in;
    if (image->bands != how->channels) {
        converted = ts_image_convert_bands(image, how->channels, error);
        if (converted == NULL)
            return FALSE;
        image = converted;
    }
    if (image->width != how->width || image->height != how->height || how->crop_pct < 1) {
        fitted = fit(image, how, error);
        if (fitted == NULL)
            return FALSE;
        image = fitted;
    }
    return ts_image_to_u8(image, out, error);
}

/* One channel of `n` pixels, which lie `stride` bytes apart. */
static inline void
normalise_channel(const guint8 *restrict in, gsize n, gsize stride, float scale, float offset,
                  float *restrict out)
{
    for (gsize i = 0; i < n; i++)
        out[i] = (float) in[i * stride] * scale + offset;
}

void
ts_preprocess_normalise(const guint8 *in, const TsPreprocess *how, float *out)
{
    gsize n = (gsize) how->width * (gsize) how->height, channels = (gsize) how->channels;
    for (gsize c = 0; c < channels; c++, out += n) {
        float scale = (float) (1.0 / 255 / (double) how->std[c]);
        float offset = (float) (-(double) how->mean[c] / (double) how->std[c]);
        /* Strides that the compiler knows are several times faster. */
        if (channels == 1)
            normalise_channel(in, n, 1, scale, offset, out);
        else if (channels == 3)
            normalise_channel(in + c, n, 3, scale, offset, out);
        else
            normalise_channel(in + c, n, channels, scale, offset, out);
    }
}

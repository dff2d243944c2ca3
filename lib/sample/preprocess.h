/* From an image of any kind to the fixed input of a network.
 *
 * Steps, in this order: bands to channels (ts_image_convert_bands()); scaling with the antialiased
 * filter (ts_image_resize_with()); centre crop; 8 bits (ts_image_to_u8()). These bytes are what
 * caches hold. Normalisation, (pixel / 255 - mean) / std, comes last and is done for each batch.
 * A model file keeps these settings, so that training and prediction see the same pixels.
 *
 *     TsPreprocess how = {.width = 224, .height = 224, .channels = 3, .crop_pct = 0.875, ...};
 *     if (!ts_preprocess_check(&how, error) || !ts_preprocess_u8(image, &how, bytes, error))
 *         return FALSE;
 *     ts_preprocess_normalise(bytes, &how, floats);
 */
#pragma once

#include "image/image.h"

G_BEGIN_DECLS

enum { TS_MAX_CHANNELS = 4 };

typedef struct {
    int width, height, channels;
    double crop_pct; /* 1: scale the whole image to width x height, whatever its shape; below: scale
                        so that it covers width / crop_pct x height / crop_pct and cut out the
                        centre, as timm and torchvision do */
    float mean[TS_MAX_CHANNELS], std[TS_MAX_CHANNELS];
    TsFilter filter; /* of scaling: TS_FILTER_TRIANGLE, _CUBIC or _LANCZOS */
} TsPreprocess;

/* Means or deviations as somebody gives them: n is 0 for none, 1 for the same in all channels, or
 * how many channels they are for. */
typedef struct {
    int n;
    double value[TS_MAX_CHANNELS];
} TsChannelValues;

/* Read "0.5" or "0.485,0.456,0.406", finite numbers; `what` begins the message. TS_ERROR_ARGUMENT.
 */
gboolean ts_channel_values_parse(const char *text, const char *what, TsChannelValues *values,
                                 GError **error);

/* Put them over `numbers` of so many channels; none leave these as they are. TS_ERROR_ARGUMENT if
 * they are for another number of channels. */
gboolean ts_channel_values_apply(const TsChannelValues *values, const char *what, int channels,
                                 float *numbers, GError **error);

/* A filter by the name that other software gives the interpolation: "bilinear", "bicubic",
 * "lanczos". TS_ERROR_ARGUMENT for another; and back. */
gboolean ts_preprocess_parse_filter(const char *name, TsFilter *filter, GError **error);
const char *ts_preprocess_filter_name(TsFilter filter);

/* Check that sizes are positive, channels 1 to 4, crop_pct in (0, 1] and std positive.
 * TS_ERROR_ARGUMENT. */
gboolean ts_preprocess_check(const TsPreprocess *how, GError **error);

/* Bytes of one preprocessed sample: height * width * channels. */
gsize ts_preprocess_n_bytes(const TsPreprocess *how);

/* Preprocess `in` to `out`, (height, width, channels). TS_ERROR_ARGUMENT if its bands cannot become
 * the channels, TS_ERROR_NO_MEMORY. */
gboolean ts_preprocess_u8(const TsImage *in, const TsPreprocess *how, guint8 *out, GError **error);

/* The steps of ts_preprocess_u8() apart, for more crops than the centre: `in` with the model's
 * channels, scaled so that width x height is the share `crop_pct` of each side (without crop_pct in
 * `how` whatever its shape, as it is there); and a crop of that, `x` and `y` from 0, left and top,
 * to 1. Free with ts_image_free(). */
TsImage *
ts_preprocess_scale(const TsImage *in, const TsPreprocess *how, double crop_pct, GError **error);
TsImage *ts_preprocess_crop(const TsImage *scaled, const TsPreprocess *how, double x, double y,
                            GError **error);

/* Normalise bytes, (height, width, channels), to floats, (channels, height, width). */
void ts_preprocess_normalise(const guint8 *in, const TsPreprocess *how, float *out);

G_END_DECLS

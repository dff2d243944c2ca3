/* What stands outside of an image: each place there shows a constant or a place inside.
 *
 * Along one axis of length W, of a place i outside of 0 .. W - 1:
 *
 *     replicate   the nearest place inside
 *     wrap        i mod W
 *     reflect     mirrored at the outermost pixel, which is not repeated: period 2 (W - 1), as
 *                 numpy's `reflect` and OpenCV's REFLECT_101; replicate where W is 1
 *     symmetric   mirrored behind it: period 2 W, as numpy's `symmetric`
 *
 * Places are always those of the whole image, over as many periods as it takes, so that padding
 * does not depend on how the image is cut.
 */
#pragma once

#include "image/image.h"

G_BEGIN_DECLS

typedef enum {
    TS_PAD_CONSTANT,
    TS_PAD_REPLICATE,
    TS_PAD_WRAP,
    TS_PAD_REFLECT,
    TS_PAD_SYMMETRIC
} TsPadMode;

typedef struct {
    TsPadMode mode;
    double value; /* of every sample, for TS_PAD_CONSTANT */
} TsPadding;

/* The place inside 0 .. length - 1 that `i` shows; not for TS_PAD_CONSTANT. */
int ts_pad_index(TsPadMode mode, gint64 i, int length);

/* The lowest and the highest place that `from` .. `from + n - 1` show. */
void ts_pad_range(TsPadMode mode, gint64 from, int n, int length, int *low, int *high);

/* Read "constant", "constant:V", "replicate", "wrap", "reflect" or "symmetric". */
gboolean ts_padding_parse(const char *text, TsPadding *padding, GError **error);

/* Write `value` as one sample of `type` to `sample`. TS_ERROR_ARGUMENT if the type does not hold
 * it exactly. */
gboolean ts_pad_sample(double value, TsSampleType type, guint8 sample[8], GError **error);

G_END_DECLS

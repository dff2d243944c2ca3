/* The formats that can be written, inside of lib/image: what each can hold. */
#pragma once

#include "image/image.h"

G_BEGIN_DECLS

typedef enum {
    TS_FORMAT_PNG,
    TS_FORMAT_JPEG,
    TS_FORMAT_TIFF,
    TS_FORMAT_WEBP,
    TS_FORMAT_NPY,
    TS_FORMAT_RAW
} TsFormatKind;

typedef struct {
    const char *name;
    TsFormatKind kind;
    const char *suffixes[2];
    guint bands;          /* bit n: n bands can be held; bit 31: any number */
    guint types;          /* bit n: TsSampleType n can be held */
    int max_side;         /* the format's own limit */
    const char *can_hold; /* for messages */
} TsFormat;

/* Format of ".png", ...; TS_ERROR_ARGUMENT if there is none. */
const TsFormat *ts_format_find(const char *suffix, GError **error);

/* Check that the format can hold such images: TS_ERROR_ARGUMENT. */
gboolean ts_format_check(const TsFormat *format, int bands, TsSampleType type, GError **error);
gboolean ts_format_check_sides(const TsFormat *format, int width, int height, GError **error);

/* The quality and the PNG level that options ask for. */
int ts_encode_quality(const TsEncodeOptions *options);
int ts_encode_level(const TsEncodeOptions *options);

G_END_DECLS

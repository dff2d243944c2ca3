/* Padding: index maps and constant samples. */
#include "tiling/cut/pad.h"

#include "base/error.h"
#include "base/number.h"

#include <math.h>
#include <string.h>

static gint64
modulo(gint64 i, gint64 n)
{
    gint64 rest = i % n;
    return rest < 0 ? rest + n : rest;
}

int
ts_pad_index(TsPadMode mode, gint64 i, int length)
{
    gint64 n = length, k;
    if (i >= 0 && i < n)
        return (int) i;
    switch (mode) {
    case TS_PAD_WRAP:
        return (int) modulo(i, n);
    case TS_PAD_REFLECT:
        if (n == 1)
            return 0;
        k = modulo(i, 2 * (n - 1));
        return (int) (k < n ? k : 2 * (n - 1) - k);
    case TS_PAD_SYMMETRIC:
        k = modulo(i, 2 * n);
        return (int) (k < n ? k : 2 * n - 1 - k);
    case TS_PAD_REPLICATE:
    case TS_PAD_CONSTANT:
        break;
    }
    return i < 0 ? 0 : length - 1;
}

void
ts_pad_range(TsPadMode mode, gint64 from, int n, int length, int *low, int *high)
{
    *low = length - 1;
    *high = 0;
    for (gint64 i = from; i < from + n; i++) {
        int k = ts_pad_index(mode, i, length);
        *low = MIN(*low, k);
        *high = MAX(*high, k);
    }
}

gboolean
ts_padding_parse(const char *text, TsPadding *padding, GError **error)
{
    static const char *const names[] = {"constant", "replicate", "wrap", "reflect", "symmetric"};
    *padding = (TsPadding){0};
    if (g_str_has_prefix(text, "constant:"))
        return ts_parse_double(text + strlen("constant:"), -G_MAXDOUBLE, G_MAXDOUBLE,
                               "--pad constant:V", &padding->value, error);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        padding->mode = (TsPadMode) i;
        if (strcmp(text, names[i]) == 0)
            return TRUE;
    }
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "--pad: '%s' is none of constant, constant:V, replicate, wrap, reflect, "
                        "symmetric",
                        text);
}

/* The range of whole numbers that `type` holds; FALSE for floats. */
static gboolean
integer_range(TsSampleType type, double *low, double *high)
{
    static const double lows[] = {0, -128, 0, -32768, 0, -2147483648.0};
    static const double highs[] = {255, 127, 65535, 32767, 4294967295.0, 2147483647.0};
    if (type > TS_I32)
        return FALSE;
    *low = lows[type];
    *high = highs[type];
    return TRUE;
}

gboolean
ts_pad_sample(double value, TsSampleType type, guint8 sample[8], GError **error)
{
    double low, high;
    float single = (float) value;
    memset(sample, 0, 8);
    if (!integer_range(type, &low, &high)) {
        if (type == TS_F32)
            memcpy(sample, &single, sizeof single);
        else
            memcpy(sample, &value, sizeof value);
        return TRUE;
    }
    if (value < low || value > high || value != floor(value)) {
        char text[TS_NUMBER_MAX];
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--pad: %s samples do not hold %s",
                            ts_sample_type_name(type), ts_format_double(text, value));
    }
    guint32 whole = (guint32) (gint64) value;
    guint16 half = (guint16) whole;
    guint8 byte = (guint8) whole;
    gsize n = ts_sample_type_size(type);
    memcpy(sample, n == 4 ? (void *) &whole : n == 2 ? (void *) &half : (void *) &byte, n);
    return TRUE;
}

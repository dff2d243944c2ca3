/* Numbers as text. g_ascii_* keeps every one of them in the C locale. */
#include "base/number.h"

#include "base/error.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

gboolean
ts_parse_int(const char *text, gint64 min, gint64 max, const char *what, gint64 *value,
             GError **error)
{
    char *end = NULL;
    errno = 0;
    gint64 number = g_ascii_strtoll(text, &end, 10);
    if (end == text || *end != '\0' || g_ascii_isspace(text[0]))
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: '%s' is not a whole number", what, text);
    if (errno == ERANGE || number < min || number > max)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "%s: %s is outside of %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, what,
                            text, min, max);
    *value = number;
    return TRUE;
}

gboolean
ts_parse_double(const char *text, double min, double max, const char *what, double *value,
                GError **error)
{
    char *end = NULL;
    double number = g_ascii_strtod(text, &end);
    if (end == text || *end != '\0' || g_ascii_isspace(text[0]) || !isfinite(number))
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: '%s' is not a number", what, text);
    if (number < min || number > max)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: %s is outside of %g to %g", what, text,
                            min, max);
    *value = number;
    return TRUE;
}

gboolean
ts_parse_size(const char *text, const char *what, int *width, int *height, GError **error)
{
    g_auto(GStrv) part = g_strsplit(text, "x", 2);
    if (part[0] == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: a size such as 256x256 is expected",
                            what);
    gint64 w, h;
    if (!ts_parse_int(part[0], 1, G_MAXINT, what, &w, NULL) ||
        !ts_parse_int(part[1] != NULL ? part[1] : part[0], 1, G_MAXINT, what, &h, NULL))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "%s: '%s' is not a size such as 256x256, of 1 to %d pixels a side",
                            what, text, G_MAXINT);
    *width = (int) w;
    *height = (int) h;
    return TRUE;
}

gboolean
ts_parse_bytes(const char *text, const char *what, guint64 *n_bytes, GError **error)
{
    static const char units[] = "KMGT";
    char *end = NULL;
    double number = g_ascii_strtod(text, &end);
    const char *unit = *end != '\0' ? strchr(units, g_ascii_toupper(*end)) : NULL;
    gboolean is_number = end != text && g_ascii_isdigit(text[0]) &&
                         (*end == '\0' || (unit != NULL && end[1] == '\0'));
    double bytes = is_number ? ldexp(number, unit != NULL ? 10 * (int) (unit - units + 1) : 0) : 0;
    if (!(bytes >= 1 && bytes < 0x1p63))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "%s: '%s' is not an amount of memory such as 512M or 2G", what, text);
    *n_bytes = (guint64) bytes;
    return TRUE;
}

/* 15 or 6 digits are always kept by a decimal round trip; 17 or 9 always suffice. */
char *
ts_format_double(char *buffer, double value)
{
    static const char *const formats[] = {"%.15g", "%.16g", "%.17g"};
    for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_ascii_formatd(buffer, TS_NUMBER_MAX, formats[i], value);
        if (g_ascii_strtod(buffer, NULL) == value)
            break;
    }
    return buffer;
}

char *
ts_format_float(char *buffer, float value)
{
    static const char *const formats[] = {"%.6g", "%.7g", "%.8g", "%.9g"};
    for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_ascii_formatd(buffer, TS_NUMBER_MAX, formats[i], value);
        if ((float) g_ascii_strtod(buffer, NULL) == value)
            break;
    }
    return buffer;
}

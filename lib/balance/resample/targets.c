/* How many rows each class is to have, by explicit numbers. */
#include "balance/resample/class_values.h"
#include "balance/resample/resample.h"
#include "base/error.h"
#include "base/number.h"

#include <math.h>
#include <string.h>

/* VALUE for a class of `count` rows. */
static gboolean
parse_value(const char *text, guint64 count, guint64 *target, GError **error)
{
    gsize n = strlen(text);
    if (n == 0 || text[n - 1] != '%') {
        gint64 rows;
        if (!ts_parse_int(text, G_MININT64, G_MAXINT64, "target", &rows, error))
            return FALSE;
        *target = (guint64) rows;
        return rows >= 0 || ts_error_set(error, TS_ERROR_ARGUMENT, "target %s is below 0", text);
    }
    g_autofree char *number = g_strndup(text, n - 1);
    double percent;
    if (!ts_parse_double(number, -G_MAXDOUBLE, G_MAXDOUBLE, "target", &percent, error))
        return FALSE;
    double rows = floor((double) count * percent / 100 + 0.5);
    if (percent < 0 || rows > 1e15)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "target %s is out of range", text);
    *target = percent > 0 && count > 0 ? MAX(1, (guint64) rows) : (guint64) rows;
    return TRUE;
}

static gboolean
check_target(const char *name, guint64 count, guint64 target, TsResampleMethod method,
             GError **error)
{
    if (count == 0 && target > 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "class '%s' has no row that could be repeated", name);
    if ((method == TS_RESAMPLE_OVER && target < count) ||
        (method == TS_RESAMPLE_UNDER && target > count))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "class '%s' has %" G_GUINT64_FORMAT
                            " rows, its target %" G_GUINT64_FORMAT
                            " is %s; rebalance --method random allows both",
                            name, count, target, target < count ? "less" : "more");
    return TRUE;
}

gboolean
ts_resample_targets(const char *text, TsResampleMethod method, char *const *names,
                    const guint64 *counts, guint n, guint64 *targets, GError **error)
{
    g_autoptr(GPtrArray) values = ts_class_values_parse(text, names, counts, n, error);
    memcpy(targets, counts, n * sizeof *targets);
    for (guint c = 0; values != NULL && c < n; c++)
        if (values->pdata[c] != NULL &&
            (!parse_value(values->pdata[c], counts[c], &targets[c], error) ||
             !check_target(names[c], counts[c], targets[c], method, error)))
            return FALSE;
    return values != NULL;
}

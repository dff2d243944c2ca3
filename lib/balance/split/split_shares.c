/* Names of splits with their shares or counts, read from text. */
#include "balance/split/split.h"

#include "base/error.h"
#include "base/number.h"

#include <math.h>
#include <string.h>

typedef gboolean (*ParseValue)(TsSplitShares *self, const char *name, const char *text,
                               GError **error);

static gboolean
parse_share(TsSplitShares *self, const char *name, const char *text, GError **error)
{
    double *share = &self->shares[self->n];
    if (!ts_parse_double(text, -G_MAXDOUBLE, G_MAXDOUBLE, name, share, error))
        return FALSE;
    return *share > 0 ||
           ts_error_set(error, TS_ERROR_ARGUMENT, "%s: share %s is not above 0", name, text);
}

static gboolean
parse_count(TsSplitShares *self, const char *name, const char *text, GError **error)
{
    gint64 count = 0;
    gboolean rest = strcmp(text, "rest") == 0;
    if (rest && self->rest >= 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: a second split that gets the rest",
                            name);
    if (rest)
        self->rest = (int) self->n;
    else if (!ts_parse_int(text, 1, G_MAXINT32, name, &count, error))
        return FALSE;
    self->totals[self->n] = (guint64) count;
    return TRUE;
}

static gboolean
parse_part(TsSplitShares *self, const char *part, const char *form, ParseValue parse_value,
           GError **error)
{
    const char *equals = strrchr(part, '=');
    if (equals == NULL || equals == part)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "'%s': %s was expected", part, form);
    g_autofree char *name = g_strndup(part, (gsize) (equals - part));
    if (g_strv_contains((const char *const *) self->names, name))
        return ts_error_set(error, TS_ERROR_ARGUMENT, "split '%s' is there twice", name);
    if (!parse_value(self, name, equals + 1, error))
        return FALSE;
    self->names[self->n++] = g_steal_pointer(&name);
    return TRUE;
}

static TsSplitShares *
shares_new(guint n, GError **error)
{
    if (n < 1 || n > TS_SPLITS_MAX) {
        ts_error_set(error, TS_ERROR_ARGUMENT, "%u splits, 1 to %d were expected", n,
                     TS_SPLITS_MAX);
        return NULL;
    }
    TsSplitShares *self = g_new0(TsSplitShares, 1);
    self->names = g_new0(char *, n + 1);
    self->shares = g_new0(double, n);
    self->rest = -1;
    return self;
}

TsSplitShares *
ts_split_shares_parse(const char *text, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    guint n = g_strv_length(parts);
    g_autoptr(TsSplitShares) self = shares_new(n, error);
    double sum = 0;
    for (guint i = 0; self != NULL && i < n; i++) {
        if (!parse_part(self, parts[i], "NAME=SHARE such as train=0.7", parse_share, error))
            return NULL;
        sum += self->shares[i];
    }
    if (self != NULL && fabs(sum - 1) > 1e-6 && fabs(sum - 100) > 1e-4) {
        char number[TS_NUMBER_MAX];
        ts_error_set(error, TS_ERROR_ARGUMENT, "shares add up to %s, 1 (or 100) was expected",
                     ts_format_double(number, sum));
        return NULL;
    }
    /* Shares stay as they are written, so far as doubles can: 0.1 is 0.1, not 0.1 / 1.0...01. */
    double whole = fabs(sum - 1) < 1e-12 ? 1 : fabs(sum - 100) < 1e-10 ? 100 : sum;
    for (guint i = 0; self != NULL && i < n; i++)
        self->shares[i] /= whole;
    return g_steal_pointer(&self);
}

TsSplitShares *
ts_split_counts_parse(const char *text, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    guint n = g_strv_length(parts);
    g_autoptr(TsSplitShares) self = shares_new(n, error);
    if (self == NULL)
        return NULL;
    self->totals = g_new0(guint64, n);
    for (guint i = 0; i < n; i++)
        if (!parse_part(self, parts[i], "NAME=COUNT such as test=1000, or NAME=rest,", parse_count,
                        error))
            return NULL;
    return g_steal_pointer(&self);
}

TsSplitShares *
ts_split_folds_new(guint n, GError **error)
{
    TsSplitShares *self = shares_new(n, error);
    for (guint i = 0; self != NULL && i < n; i++) {
        self->names[i] = g_strdup_printf("%u", i + 1);
        self->shares[i] = 1.0 / n;
        self->n++;
    }
    return self;
}

gboolean
ts_split_shares_fit(TsSplitShares *self, guint64 n_rows, GError **error)
{
    guint64 sum = 0;
    if (self->totals == NULL)
        return TRUE;
    for (guint i = 0; i < self->n; i++)
        sum += (int) i != self->rest ? self->totals[i] : 0;
    if (sum > n_rows)
        return ts_error_set(error, TS_ERROR_RANGE,
                            "counts add up to %" G_GUINT64_FORMAT ", there are %" G_GUINT64_FORMAT
                            " rows",
                            sum, n_rows);
    if (self->rest < 0 && sum < n_rows)
        return ts_error_set(error, TS_ERROR_RANGE,
                            "counts add up to %" G_GUINT64_FORMAT ", there are %" G_GUINT64_FORMAT
                            " rows; NAME=rest takes what is left",
                            sum, n_rows);
    if (self->rest >= 0)
        self->totals[self->rest] = n_rows - sum;
    for (guint i = 0; i < self->n; i++)
        self->shares[i] = n_rows > 0 ? (double) self->totals[i] / (double) n_rows : 0;
    return TRUE;
}

void
ts_split_shares_free(TsSplitShares *self)
{
    if (self == NULL)
        return;
    g_strfreev(self->names);
    g_free(self->shares);
    g_free(self->totals);
    g_free(self);
}

guint64
ts_split_whole_part(double share, guint64 count, double *remainder)
{
    double exact = share * (double) count;
    double whole = floor(exact + 1e-9);
    *remainder = MAX(exact - whole, 0);
    if (*remainder < 1e-9)
        *remainder = 0;
    return (guint64) whole;
}

void
ts_split_totals(const TsSplitShares *shares, guint64 total, guint64 *totals)
{
    double remainder[TS_SPLITS_MAX];
    guint64 given = 0;
    if (shares->totals != NULL) {
        memcpy(totals, shares->totals, shares->n * sizeof *totals);
        return;
    }
    for (guint s = 0; s < shares->n; s++) {
        totals[s] = ts_split_whole_part(shares->shares[s], total, &remainder[s]);
        given += totals[s];
    }
    for (; given < total; given++) {
        guint best = 0;
        for (guint s = 1; s < shares->n; s++)
            if (remainder[s] > remainder[best] + 1e-12)
                best = s;
        totals[best]++;
        remainder[best] = -1;
    }
}

/* The plan of a resampling: what is asked for, within limits, to exact totals. */
#include "balance/resample/resample.h"
#include "base/error.h"
#include "base/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const TsResampleWish *wish;
    char *const *names;
    const guint64 *counts;
    guint n;
    double *wanted;      /* (n) rows, not whole */
    guint64 *low, *high; /* (n) */
} Plan;

static void
plan_clear(Plan *self)
{
    g_free(self->wanted);
    g_free(self->low);
    g_free(self->high);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Plan, plan_clear)

static gboolean
ask_targets(Plan *self, guint64 *rows, GError **error)
{
    if (!ts_resample_targets(self->wish->targets, self->wish->method, self->names, self->counts,
                             self->n, rows, error)) {
        g_prefix_error(error, "target: ");
        return FALSE;
    }
    for (guint c = 0; c < self->n; c++)
        self->wanted[c] = (double) rows[c];
    return TRUE;
}

/* Names of imbalanced-learn have a direction; where both are allowed classes grow. */
static gboolean
ask_strategy(Plan *self, guint64 *rows, GError **error)
{
    const TsResampleWish *wish = self->wish;
    gboolean limited = wish->total != NULL || wish->cap != NULL || wish->floor != NULL;
    const char *strategy = wish->strategy != NULL ? wish->strategy : limited ? "as-is" : "auto";
    gboolean known;
    if (!ts_resample_rule(strategy, wish->method, self->names, self->counts, self->n, self->wanted,
                          &known, error)) {
        g_prefix_error(error, "strategy: ");
        return FALSE;
    }
    if (known)
        return TRUE;
    TsResampleMethod method =
        wish->method == TS_RESAMPLE_UNDER ? TS_RESAMPLE_UNDER : TS_RESAMPLE_OVER;
    if (!ts_resample_strategy(strategy, method, self->counts, self->n, rows, error)) {
        if (g_error_matches(*error, TS_ERROR, TS_ERROR_ARGUMENT))
            g_prefix_error(error, "strategy: ");
        return FALSE;
    }
    for (guint c = 0; c < self->n; c++)
        self->wanted[c] = (double) rows[c];
    return TRUE;
}

static gboolean
read_amount(const Plan *self, const char *what, const char *text, guint64 *rows, GError **error)
{
    if (text == NULL || ts_resample_amount(text, self->counts, self->n, rows, error))
        return TRUE;
    g_prefix_error(error, "%s: ", what);
    return FALSE;
}

/* What each class may come to. */
static gboolean
set_limits(Plan *self, GError **error)
{
    const TsResampleWish *wish = self->wish;
    guint64 cap = G_MAXUINT64, floor_rows = 1;
    if (!read_amount(self, "cap", wish->cap, &cap, error) ||
        !read_amount(self, "floor", wish->floor, &floor_rows, error))
        return FALSE;
    if (wish->cap != NULL && cap == 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "cap: no row would be left");
    if (cap < floor_rows)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "cap: %" G_GUINT64_FORMAT " is below the floor of %" G_GUINT64_FORMAT,
                            cap, floor_rows);
    for (guint c = 0; c < self->n; c++) {
        guint64 count = self->counts[c];
        gboolean empty = count == 0 || !(self->wanted[c] > 0);
        guint64 low = empty ? 0 : MAX(1, floor_rows), high = empty ? 0 : cap;
        if (wish->max_repeats > 0 && (double) high > wish->max_repeats * (double) count)
            high = MAX((guint64) floor(wish->max_repeats * (double) count), empty ? 0 : 1);
        if (wish->method == TS_RESAMPLE_OVER && !empty)
            low = MAX(low, count);
        if (wish->method == TS_RESAMPLE_UNDER)
            high = MIN(high, count);
        self->high[c] = wish->method == TS_RESAMPLE_OVER && !empty ? MAX(high, count) : high;
        self->low[c] = MIN(low, self->high[c]);
    }
    return TRUE;
}

/* The scale s at which the sum of wanted[c] * s, each within its limits, comes to `total`. */
static double
find_scale(const Plan *self, const guint64 *low, const guint64 *high, guint64 total)
{
    double from = 0, to = 1, smallest = INFINITY;
    for (guint c = 0; c < self->n; c++)
        if (self->wanted[c] > 0)
            smallest = fmin(smallest, self->wanted[c]);
    if (isfinite(smallest))
        to = fmax(1, 2 * ((double) total + 1) / smallest);
    for (int step = 0; step < 200 && from < to; step++) {
        double middle = from + (to - from) / 2, sum = 0;
        for (guint c = 0; c < self->n; c++)
            sum += fmin(fmax(self->wanted[c] * middle, (double) low[c]), (double) high[c]);
        if (sum < (double) total)
            from = middle;
        else
            to = middle;
    }
    return to;
}

typedef struct {
    double remainder;
    guint class;
} Part;

static int
compare_parts(const void *a, const void *b)
{
    const Part *x = a, *y = b;
    if (x->remainder != y->remainder)
        return x->remainder < y->remainder ? 1 : -1;
    return (x->class > y->class) - (x->class < y->class);
}

/* Whole rows in proportion to what is wanted, within limits, that sum to `total`: the largest
 * remainders are rounded up, of equal ones those of the first classes. The limits allow it. */
static void
apportion(const Plan *self, const guint64 *low, const guint64 *high, guint64 total, guint64 *rows)
{
    g_autofree Part *parts = g_new(Part, MAX(self->n, 1));
    double scale = find_scale(self, low, high, total);
    guint64 sum = 0;
    for (guint c = 0; c < self->n; c++) {
        double share = fmin(fmax(self->wanted[c] * scale, (double) low[c]), (double) high[c]);
        double whole = floor(share + 1e-9); /* rounding may have put it a hair below */
        rows[c] = MIN((guint64) whole, high[c]);
        parts[c] = (Part){.remainder = rint((share - whole) * 1e9), .class = c};
        sum += rows[c];
    }
    qsort(parts, self->n, sizeof *parts, compare_parts);
    for (guint i = 0; sum < total; i = (i + 1) % self->n)
        if (rows[parts[i].class] < high[parts[i].class]) {
            rows[parts[i].class]++;
            sum++;
        }
    for (guint i = self->n; sum > total; i = i > 1 ? i - 1 : self->n)
        if (rows[parts[i - 1].class] > low[parts[i - 1].class]) {
            rows[parts[i - 1].class]--;
            sum--;
        }
}

static guint64
sum_of(const guint64 *rows, guint n)
{
    guint64 sum = 0;
    for (guint c = 0; c < n; c++)
        sum = sum > G_MAXUINT64 - rows[c] ? G_MAXUINT64 : sum + rows[c];
    return sum;
}

/* "N" or "P%" of the rows there are. */
static gboolean
read_total(const Plan *self, guint64 *total, GError **error)
{
    const char *text = self->wish->total;
    guint64 present = sum_of(self->counts, self->n);
    gsize length = strlen(text);
    if (length > 0 && text[length - 1] == '%') {
        g_autofree char *number = g_strndup(text, length - 1);
        double percent;
        if (!ts_parse_double(number, 0, 1e6, "total", &percent, error))
            return FALSE;
        *total = (guint64) floor((double) present * percent / 100 + 0.5);
        return TRUE;
    }
    gint64 rows;
    if (!ts_parse_int(text, 1, G_GINT64_CONSTANT(1000000000000000), "total", &rows, error))
        return FALSE;
    *total = (guint64) rows;
    return TRUE;
}

static gboolean
meet_total(const Plan *self, guint64 *requested, guint64 *targets, GError **error)
{
    guint64 total, least = sum_of(self->low, self->n), most = sum_of(self->high, self->n);
    g_autofree guint64 *none = g_new0(guint64, MAX(self->n, 1));
    g_autofree guint64 *any = g_new0(guint64, MAX(self->n, 1));
    if (!read_total(self, &total, error))
        return FALSE;
    for (guint c = 0; c < self->n; c++)
        any[c] = self->high[c] > 0 ? total : 0;
    if (total < least || total > most)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "total: %" G_GUINT64_FORMAT
                            " rows cannot be reached: the classes may come to %" G_GUINT64_FORMAT
                            " to %" G_GUINT64_FORMAT
                            " within the limits (a row of each class at least; --cap, --floor, "
                            "--max-repeats, --method)",
                            total, least, most);
    apportion(self, none, any, total, requested);
    apportion(self, self->low, self->high, total, targets);
    return TRUE;
}

/* Without a total: what is wanted, rounded so that the sum is the rounded sum. */
static void
round_wanted(const Plan *self, guint64 *requested, guint64 *targets)
{
    g_autofree Part *parts = g_new(Part, MAX(self->n, 1));
    double sum = 0;
    guint64 whole = 0;
    for (guint c = 0; c < self->n; c++) {
        double wanted = self->counts[c] > 0 ? self->wanted[c] : 0;
        requested[c] = (guint64) floor(wanted + 1e-9);
        parts[c] = (Part){.remainder = rint((wanted - (double) requested[c]) * 1e9), .class = c};
        sum += wanted;
        whole += requested[c];
    }
    qsort(parts, self->n, sizeof *parts, compare_parts);
    for (guint i = 0; i < self->n && (double) whole + 0.5 <= sum + 1e-9; i++, whole++)
        requested[parts[i].class]++;
    for (guint c = 0; c < self->n; c++)
        targets[c] = CLAMP(requested[c], self->low[c], self->high[c]);
}

gboolean
ts_resample_plan(const TsResampleWish *wish, char *const *names, const guint64 *counts, guint n,
                 guint64 *requested, guint64 *targets, GError **error)
{
    g_auto(Plan) self = {.wish = wish,
                         .names = names,
                         .counts = counts,
                         .n = n,
                         .wanted = g_new0(double, MAX(n, 1)),
                         .low = g_new0(guint64, MAX(n, 1)),
                         .high = g_new0(guint64, MAX(n, 1))};
    gboolean asked = wish->targets != NULL ? ask_targets(&self, requested, error)
                                           : ask_strategy(&self, requested, error);
    if (!asked || !set_limits(&self, error))
        return FALSE;
    if (wish->total != NULL)
        return meet_total(&self, requested, targets, error);
    round_wanted(&self, requested, targets);
    return TRUE;
}

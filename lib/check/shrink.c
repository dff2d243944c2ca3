/* Scaling as Pillow does it: two passes of a windowed filter in fixed point. */
#include "check/shrink.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

enum { FIXED_BITS = 22 };

/* How one side is scaled: output pixel i is the sum of n[i] input pixels from first[i] on, with
 * weights from weights + i * max_taps. */
typedef struct {
    int n_out, max_taps;
    int *first, *n;  /* (n_out) */
    gint32 *weights; /* (n_out, max_taps) */
} Taps;

static void
taps_clear(Taps *taps)
{
    g_free(taps->first);
    g_free(taps->n);
    g_free(taps->weights);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Taps, taps_clear)

static double
sinc(double x)
{
    return x == 0 ? 1 : sin(G_PI * x) / (G_PI * x);
}

/* Lanczos with three lobes. */
static double
lanczos(double x)
{
    return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

/* Keys' cubic with a = -1/2. */
static double
bicubic(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x < 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/* The weights of output pixel `i`, normalised and rounded away from zero at halves. */
static void
fill_taps(Taps *taps, int i, int n_in, TsShrinkFilter filter)
{
    const double scale = (double) n_in / taps->n_out, widen = MAX(scale, 1);
    const double support = (filter == TS_SHRINK_LANCZOS ? 3 : 2) * widen;
    const double centre = (i + 0.5) * scale;
    const int first = MAX((int) (centre - support + 0.5), 0);
    const int n = MIN((int) (centre + support + 0.5), n_in) - first;
    gint32 *weights = taps->weights + (gsize) i * (gsize) taps->max_taps;
    g_autofree double *exact = g_new(double, (gsize) MAX(n, 1));
    double sum = 0;
    for (int k = 0; k < n; k++) {
        const double x = (k + first - centre + 0.5) / widen;
        exact[k] = filter == TS_SHRINK_LANCZOS ? lanczos(x) : bicubic(x);
        sum += exact[k];
    }
    for (int k = 0; k < n; k++) {
        const double fixed = exact[k] / (sum != 0 ? sum : 1) * (1 << FIXED_BITS);
        weights[k] = (gint32) (fixed < 0 ? fixed - 0.5 : fixed + 0.5);
    }
    taps->first[i] = first;
    taps->n[i] = n;
}

static gboolean
taps_init(Taps *taps, int n_in, int n_out, TsShrinkFilter filter, GError **error)
{
    const double support = (filter == TS_SHRINK_LANCZOS ? 3 : 2) * MAX((double) n_in / n_out, 1);
    taps->n_out = n_out;
    taps->max_taps = (int) ceil(support) * 2 + 1;
    taps->first = ts_try_alloc((gsize) n_out, sizeof *taps->first, "filter", error);
    taps->n = taps->first ? ts_try_alloc((gsize) n_out, sizeof *taps->n, "filter", error) : NULL;
    taps->weights = taps->n ? ts_try_alloc((gsize) n_out * (gsize) taps->max_taps,
                                           sizeof *taps->weights, "filter", error)
                            : NULL;
    for (int i = 0; taps->weights != NULL && i < n_out; i++)
        fill_taps(taps, i, n_in, filter);
    return taps->weights != NULL;
}

/* One output sample: taps over samples that lie `step` apart. */
static inline guint8
weigh(const guint8 *in, gsize step, const gint32 *weights, int n)
{
    gint32 sum = 1 << (FIXED_BITS - 1);
    for (int k = 0; k < n; k++)
        sum += in[(gsize) k * step] * weights[k];
    return (guint8) CLAMP(sum >> FIXED_BITS, 0, 255);
}

/* (height, n_in, bands) to (height, n_out, bands) */
static void
scale_rows(const guint8 *in, int n_in, int height, int bands, const Taps *taps, guint8 *out)
{
    for (int y = 0; y < height; y++) {
        const guint8 *row = in + (gsize) y * (gsize) n_in * (gsize) bands;
        for (int i = 0; i < taps->n_out; i++) {
            const gint32 *weights = taps->weights + (gsize) i * (gsize) taps->max_taps;
            const guint8 *from = row + (gsize) taps->first[i] * (gsize) bands;
            for (int b = 0; b < bands; b++)
                *out++ = weigh(from + b, (gsize) bands, weights, taps->n[i]);
        }
    }
}

/* (n_in, row bytes) to (n_out, row bytes) */
static void
scale_columns(const guint8 *in, gsize n_row, const Taps *taps, guint8 *out)
{
    for (int i = 0; i < taps->n_out; i++) {
        const gint32 *weights = taps->weights + (gsize) i * (gsize) taps->max_taps;
        for (gsize x = 0; x < n_row; x++)
            *out++ = weigh(in + (gsize) taps->first[i] * n_row + x, n_row, weights, taps->n[i]);
    }
}

/* One pass over `in` (height, width, bands), to a new array. */
static guint8 *
pass_across(const guint8 *in, int width, int height, int bands, TsShrinkFilter filter,
            int out_width, GError **error)
{
    g_auto(Taps) taps = {0};
    const gsize n_row = (gsize) out_width * (gsize) bands;
    g_autofree guint8 *out = ts_try_alloc((gsize) height, n_row, "pixels", error);
    if (out == NULL || !taps_init(&taps, width, out_width, filter, error))
        return NULL;
    scale_rows(in, width, height, bands, &taps, out);
    return g_steal_pointer(&out);
}

static guint8 *
pass_down(const guint8 *in, int width, int height, int bands, TsShrinkFilter filter, int out_height,
          GError **error)
{
    g_auto(Taps) taps = {0};
    const gsize n_row = (gsize) width * (gsize) bands;
    g_autofree guint8 *out = ts_try_alloc((gsize) out_height, n_row, "pixels", error);
    if (out == NULL || !taps_init(&taps, height, out_height, filter, error))
        return NULL;
    scale_columns(in, n_row, &taps, out);
    return g_steal_pointer(&out);
}

gboolean
ts_shrink(const guint8 *in, int width, int height, int bands, TsShrinkFilter filter, guint8 *out,
          int out_width, int out_height, GError **error)
{
    /* Pillow 13's order; earlier ones always go across first */
    const gint64 less_height = (gint64) height - out_height;
    const gboolean down_first = less_height > 0 && less_height > 2 * ((gint64) width - out_width);
    const guint8 *now = in;
    g_autofree guint8 *first = NULL;
    g_autofree guint8 *second = NULL;
    for (int pass = 0; pass < 2; pass++) {
        const gboolean down = down_first == (pass == 0);
        guint8 **made = pass == 0 ? &first : &second;
        if (down ? height == out_height : width == out_width)
            continue;
        *made = down ? pass_down(now, width, height, bands, filter, out_height, error)
                     : pass_across(now, width, height, bands, filter, out_width, error);
        if (*made == NULL)
            return FALSE;
        now = *made;
        width = down ? width : out_width;
        height = down ? out_height : height;
    }
    memcpy(out, now, (gsize) height * (gsize) width * (gsize) bands);
    return TRUE;
}

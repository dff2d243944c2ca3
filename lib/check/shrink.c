/* Scaling as Pillow does it: two passes of a windowed filter in fixed point. */
#include "check/shrink.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

enum { FIXED_BITS = 22, LOW_BITS = 11 };

/* How one side is scaled, from n_in to n_out pixels: output pixel i is the sum of n[i] input pixels
 * from first[i] on, each with its weight. A weight is high * 2^LOW_BITS + low, so that sums need
 * products of 16 bits only. */
typedef struct {
    int n_in, n_out, max_taps;
    TsShrinkFilter filter;
    int *first, *n;     /* (n_out) */
    gint16 *high, *low; /* (n_out, max_taps) */
} Taps;

static void
taps_clear(Taps *taps)
{
    g_free(taps->first);
    g_free(taps->n);
    g_free(taps->high);
    g_free(taps->low);
    *taps = (Taps){0};
}

/* The latest taps of a thread: pictures of a data set are often of one size, and where they are
 * small their sines would take longer than their pixels. */
enum { N_KEPT = 12 };
typedef struct {
    Taps taps[N_KEPT];
    guint next;
} Kept;

static void
kept_free(gpointer data)
{
    Kept *kept = data;
    for (guint i = 0; i < N_KEPT; i++)
        taps_clear(&kept->taps[i]);
    g_free(kept);
}

static GPrivate kept_of_thread = G_PRIVATE_INIT(kept_free);

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
fill_taps(Taps *taps, int i)
{
    const int n_in = taps->n_in;
    const double scale = (double) n_in / taps->n_out, widen = MAX(scale, 1);
    const double support = (taps->filter == TS_SHRINK_LANCZOS ? 3 : 2) * widen;
    const double centre = (i + 0.5) * scale;
    const int first = MAX((int) (centre - support + 0.5), 0);
    const int n = MIN((int) (centre + support + 0.5), n_in) - first;
    const gsize at = (gsize) i * (gsize) taps->max_taps;
    g_autofree double *exact = g_new(double, (gsize) MAX(n, 1));
    double sum = 0;
    for (int k = 0; k < n; k++) {
        const double x = (k + first - centre + 0.5) / widen;
        exact[k] = taps->filter == TS_SHRINK_LANCZOS ? lanczos(x) : bicubic(x);
        sum += exact[k];
    }
    for (int k = 0; k < n; k++) {
        const double fixed = exact[k] / (sum != 0 ? sum : 1) * (1 << FIXED_BITS);
        const gint32 weight = (gint32) (fixed < 0 ? fixed - 0.5 : fixed + 0.5);
        taps->high[at + (gsize) k] = (gint16) (weight >> LOW_BITS);
        taps->low[at + (gsize) k] = (gint16) (weight & ((1 << LOW_BITS) - 1));
    }
    taps->first[i] = first;
    taps->n[i] = n;
}

static gboolean
taps_init(Taps *taps, int n_in, int n_out, TsShrinkFilter filter, GError **error)
{
    const double support = (filter == TS_SHRINK_LANCZOS ? 3 : 2) * MAX((double) n_in / n_out, 1);
    *taps = (Taps){.n_in = n_in, .n_out = n_out, .filter = filter};
    taps->max_taps = (int) ceil(support) * 2 + 1;
    taps->first = ts_try_alloc((gsize) n_out, sizeof *taps->first, "filter", error);
    taps->n = taps->first ? ts_try_alloc((gsize) n_out, sizeof *taps->n, "filter", error) : NULL;
    const gsize n_weights = (gsize) n_out * (gsize) taps->max_taps;
    taps->high = taps->n ? ts_try_alloc(n_weights, sizeof *taps->high, "filter", error) : NULL;
    taps->low = taps->high ? ts_try_alloc(n_weights, sizeof *taps->low, "filter", error) : NULL;
    if (taps->low == NULL) {
        taps_clear(taps);
        return FALSE;
    }
    for (int i = 0; i < n_out; i++)
        fill_taps(taps, i);
    return TRUE;
}

/* The taps of one side; they belong to the thread and stay until N_KEPT others were asked for. */
static const Taps *
get_taps(int n_in, int n_out, TsShrinkFilter filter, GError **error)
{
    Kept *kept = g_private_get(&kept_of_thread);
    if (kept == NULL) {
        kept = g_new0(Kept, 1);
        g_private_set(&kept_of_thread, kept);
    }
    for (guint i = 0; i < N_KEPT; i++)
        if (kept->taps[i].n_in == n_in && kept->taps[i].n_out == n_out &&
            kept->taps[i].filter == filter)
            return &kept->taps[i];
    Taps *taps = &kept->taps[kept->next++ % N_KEPT];
    taps_clear(taps);
    return taps_init(taps, n_in, n_out, filter, error) ? taps : NULL;
}

static guint8
round_sum(gint64 sum)
{
    return (guint8) CLAMP((sum + (1 << (FIXED_BITS - 1))) >> FIXED_BITS, 0, 255);
}

/* The sum over `n` samples, in blocks whose products fit into 32 bits. */
static gint64
weigh(const guint8 *in, const gint16 *high, const gint16 *low, int n)
{
    enum { BLOCK = 2048 };
    gint64 sum = 0;
    for (int from = 0; from < n; from += BLOCK) {
        const int end = MIN(n, from + BLOCK);
        gint32 above = 0, below = 0;
        for (int k = from; k < end; k++) {
            above += (gint16) in[k] * high[k];
            below += (gint16) in[k] * low[k];
        }
        sum += (gint64) above * (1 << LOW_BITS) + below;
    }
    return sum;
}

/* (height, n_in, bands) to (height, n_out, bands); `plane` has room for a row of one band. */
static void
scale_rows(const guint8 *in, int height, int bands, const Taps *taps, guint8 *plane, guint8 *out)
{
    const gsize n_in = (gsize) taps->n_in, n_bands = (gsize) bands;
    for (int y = 0; y < height; y++, in += n_in * n_bands, out += (gsize) taps->n_out * n_bands)
        for (gsize b = 0; b < n_bands; b++) {
            const guint8 *row = n_bands == 1 ? in : plane;
            for (gsize x = 0; n_bands > 1 && x < n_in; x++)
                plane[x] = in[x * n_bands + b];
            for (int i = 0; i < taps->n_out; i++) {
                const gsize at = (gsize) i * (gsize) taps->max_taps;
                out[(gsize) i * n_bands + b] = round_sum(
                    weigh(row + taps->first[i], taps->high + at, taps->low + at, taps->n[i]));
            }
        }
}

/* (n_in, n_row) to (n_out, n_row); `sums` has room for a row. */
static void
scale_columns(const guint8 *in, gsize n_row, const Taps *taps, gint32 *sums, guint8 *out)
{
    for (int i = 0; i < taps->n_out; i++, out += n_row) {
        const gsize at = (gsize) i * (gsize) taps->max_taps;
        const guint8 *row = in + (gsize) taps->first[i] * n_row;
        memset(sums, 0, n_row * sizeof *sums);
        for (gsize k = 0; k < (gsize) taps->n[i]; k++, row += n_row) {
            const gint32 weight = taps->high[at + k] * (1 << LOW_BITS) + taps->low[at + k];
            for (gsize x = 0; x < n_row; x++)
                sums[x] += row[x] * weight;
        }
        for (gsize x = 0; x < n_row; x++)
            out[x] = round_sum(sums[x]);
    }
}

/* One pass over `in` (height, width, bands), to a new array. */
static guint8 *
pass_across(const guint8 *in, int width, int height, int bands, TsShrinkFilter filter,
            int out_width, GError **error)
{
    const Taps *taps = get_taps(width, out_width, filter, error);
    const gsize n_row = (gsize) out_width * (gsize) bands;
    g_autofree guint8 *out =
        taps != NULL ? ts_try_alloc((gsize) height, n_row, "pixels", error) : NULL;
    g_autofree guint8 *plane = out != NULL ? ts_try_alloc((gsize) width, 1, "pixels", error) : NULL;
    if (plane == NULL)
        return NULL;
    scale_rows(in, height, bands, taps, plane, out);
    return g_steal_pointer(&out);
}

static guint8 *
pass_down(const guint8 *in, int width, int height, int bands, TsShrinkFilter filter, int out_height,
          GError **error)
{
    const Taps *taps = get_taps(height, out_height, filter, error);
    const gsize n_row = (gsize) width * (gsize) bands;
    g_autofree guint8 *out =
        taps != NULL ? ts_try_alloc((gsize) out_height, n_row, "pixels", error) : NULL;
    g_autofree gint32 *sums =
        out != NULL ? ts_try_alloc(n_row, sizeof *sums, "pixels", error) : NULL;
    if (sums == NULL)
        return NULL;
    scale_columns(in, n_row, taps, sums, out);
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

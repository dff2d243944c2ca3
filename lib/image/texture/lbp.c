/* Local binary patterns: which neighbours on a circle are at least as bright as the pixel in its
 * middle. Codes, their groups and the rounding of positions are those of scikit-image; between
 * pixels it is interpolated with the same operations, as ties decide bits.
 * T. Ojala et al., Multiresolution gray-scale and rotation invariant texture classification with
 * local binary patterns, 2002. */
#include "image/texture/family.h"

#include "base/error.h"
#include "base/wide.h"
#include "image/texture/spread.h"

#include <math.h>
#include <string.h>

static const char *const method_names[] = {"default", "ror", "uniform", "nri_uniform", "var"};

enum { MAX_POINTS = 24 };

typedef struct {
    TsLbpMethod method;
    int n_points;
    double dx[MAX_POINTS], dy[MAX_POINTS]; /* neighbours */
    int margin;                            /* pixels around the image that are looked at */
    guint n_bins;
    guint16 *bin_of; /* (2^n_points) codes; NULL for var */
} Plan;

static void
free_plan(gpointer plan)
{
    Plan *self = plan;
    g_free(self->bin_of);
    g_free(self);
}

/* As numpy.round(value, 5). */
static double
round_5(double value)
{
    return rint(value * 1e5) / 1e5;
}

static void
place_neighbours(Plan *self, double radius)
{
    for (int i = 0; i < self->n_points; i++) {
        double angle = 2 * G_PI * i / self->n_points;
        self->dy[i] = round_5(-radius * sin(angle));
        self->dx[i] = round_5(radius * cos(angle));
    }
    self->margin = (int) ceil(radius) + 1;
}

/* The least of all rotations. */
static guint32
least_rotation(guint32 code, int n_points)
{
    guint32 least = code;
    for (int i = 1; i < n_points; i++) {
        code = (code >> 1) | ((code & 1) << (n_points - 1));
        least = MIN(least, code);
    }
    return least;
}

static int
n_changes(guint32 code, int n_points)
{
    return __builtin_popcount((code ^ (code >> 1)) & ((1u << (n_points - 1)) - 1));
}

/* Uniform patterns that are rotations of each other stay apart: groups by the number of ones, in
 * them the place of the first. */
static guint
nri_bin(guint32 code, int n_points)
{
    const guint n = (guint) n_points;
    const guint n_ones = (guint) __builtin_popcount(code);
    if (n_changes(code, n_points) > 2)
        return n * (n - 1) + 2;
    if (n_ones == 0)
        return 0;
    if (n_ones == n)
        return n * (n - 1) + 1;
    guint first_one = (guint) __builtin_ctz(code), first_zero = (guint) __builtin_ctz(~code);
    guint turns = first_one == 0 ? n_ones - first_zero : n - first_one;
    return 1 + (n_ones - 1) * n + turns;
}

static guint
bin_of(TsLbpMethod method, guint32 code, int n_points)
{
    if (method == TS_LBP_NRI_UNIFORM)
        return nri_bin(code, n_points);
    if (method == TS_LBP_UNIFORM)
        return n_changes(code, n_points) <= 2 ? (guint) __builtin_popcount(code)
                                              : (guint) n_points + 1;
    return code;
}

static void
name_bin(const char *prefix, guint bin, GPtrArray *columns)
{
    g_ptr_array_add(columns, g_strdup_printf("%s_%u", prefix, bin));
}

/* Bins in the order of their codes. Of rotations, only the least has one, and its name. */
static gboolean
make_bins(Plan *self, const char *prefix, GPtrArray *columns, GError **error)
{
    const guint n = (guint) self->n_points;
    const guint32 n_codes = (guint32) 1 << n;
    self->bin_of = ts_try_alloc(n_codes, sizeof *self->bin_of, "patterns", error);
    if (self->bin_of == NULL)
        return FALSE;
    for (guint32 code = 0; code < n_codes && self->method != TS_LBP_ROR; code++)
        self->bin_of[code] = (guint16) bin_of(self->method, code, self->n_points);
    for (guint32 code = 0; code < n_codes && self->method == TS_LBP_ROR; code++) {
        guint32 least = least_rotation(code, self->n_points);
        self->bin_of[code] = least == code ? (guint16) self->n_bins++ : self->bin_of[least];
        if (least == code)
            name_bin(prefix, code, columns);
    }
    if (self->method == TS_LBP_ROR)
        return TRUE;
    self->n_bins = self->method == TS_LBP_UNIFORM       ? n + 2
                   : self->method == TS_LBP_NRI_UNIFORM ? n * (n - 1) + 3
                                                        : n_codes;
    for (guint bin = 0; bin < self->n_bins; bin++)
        name_bin(prefix, bin, columns);
    return TRUE;
}

static gboolean
check_options(const TsTextureOptions *options, GError **error)
{
    static const int most[] = {12, 16, MAX_POINTS, MAX_POINTS, MAX_POINTS};
    if (options->lbp_points < 2 || options->lbp_points > most[options->lbp])
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--lbp-points: %d is outside of 2 to %d, as method %s allows",
                            options->lbp_points, most[options->lbp], method_names[options->lbp]);
    if (!(options->lbp_radius > 0 && options->lbp_radius <= 1000))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--lbp-radius: %g is not above 0 and at most 1000",
                            options->lbp_radius);
    return TRUE;
}

static gboolean
prepare(const TsTextureOptions *options, GPtrArray *columns, gpointer *plan, GError **error)
{
    Plan *self = g_new0(Plan, 1);
    *plan = self;
    if (!check_options(options, error))
        return FALSE;
    self->method = options->lbp;
    self->n_points = options->lbp_points;
    place_neighbours(self, options->lbp_radius);
    g_autofree char *radius = ts_texture_number(options->lbp_radius);
    g_autofree char *prefix =
        g_strdup_printf("lbp_%s_p%d_r%s", method_names[options->lbp], options->lbp_points, radius);
    if (self->method != TS_LBP_VAR)
        return make_bins(self, prefix, columns, error);
    g_ptr_array_add(columns, g_strconcat(prefix, "_mean", NULL));
    g_ptr_array_add(columns, g_strconcat(prefix, "_std", NULL));
    g_ptr_array_add(columns, g_strconcat(prefix, "_flat", NULL));
    return TRUE;
}

typedef struct {
    const Plan *plan;
    const TsTextureImage *image;
    gsize stride;
    double *padded;  /* the grey image with zeros around it, rows of `stride` */
    double *along;   /* (n_points, width) how far neighbours lie beyond the column left of them */
    double *sampled; /* (width) of one neighbour */
    guint8 *counts;  /* (width) */
    guint64 *codes;  /* (width) */
    double *sums, *squares; /* (width) over the neighbours */
} Work;

static void
work_clear(Work *work)
{
    g_free(work->padded);
    g_free(work->along);
    g_free(work->counts);
    g_free(work->codes);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Work, work_clear)

static gboolean
work_init(Work *work, const Plan *plan, const TsTextureImage *image, GError **error)
{
    const gsize w = (gsize) image->width, h = (gsize) image->height;
    const gsize margin = (gsize) plan->margin, n = (gsize) plan->n_points;
    *work = (Work){.plan = plan, .image = image, .stride = w + 2 * margin};
    work->padded = ts_try_alloc(work->stride * (h + 2 * margin), sizeof(double), "patterns", error);
    work->along =
        work->padded ? ts_try_alloc((n + 3) * w, sizeof(double), "patterns", error) : NULL;
    work->counts = work->along ? ts_try_alloc(w, 1, "patterns", error) : NULL;
    work->codes = work->counts ? ts_try_alloc(w, sizeof(guint64), "patterns", error) : NULL;
    if (work->codes == NULL)
        return FALSE;
    work->sampled = work->along + n * w;
    work->sums = work->sampled + w;
    work->squares = work->sums + w;
    for (gsize y = 0; y < h; y++)
        memcpy(work->padded + (y + margin) * work->stride + margin, image->grey + y * w,
               w * sizeof(double));
    for (gsize i = 0; i < n; i++)
        for (gsize x = 0; x < w; x++) {
            double place = (double) x + plan->dx[i];
            work->along[i * w + x] = place - floor(place);
        }
    return TRUE;
}

/* Pixels of two rows, a and b, mixed `down` of the way; each between two columns, `along` of the
 * way, unless that is NULL. Where a neighbour falls on pixels, none beside them is touched: that
 * one might be not-a-number. */
TS_WIDE static void
interpolate(const double *restrict a, const double *restrict b, const double *restrict along,
            double down, gsize n, double *restrict out)
{
    if (along == NULL && down == 0)
        memcpy(out, a, n * sizeof *out);
    else if (along == NULL)
        for (gsize x = 0; x < n; x++)
            out[x] = (1 - down) * a[x] + down * b[x];
    else if (down == 0)
        for (gsize x = 0; x < n; x++)
            out[x] = (1 - along[x]) * a[x] + along[x] * a[x + 1];
    else
        for (gsize x = 0; x < n; x++) {
            double above = (1 - along[x]) * a[x] + along[x] * a[x + 1];
            double below = (1 - along[x]) * b[x] + along[x] * b[x + 1];
            out[x] = (1 - down) * above + down * below;
        }
}

/* What neighbour `i` of each pixel of row `y` is. */
static void
sample_row(Work *work, int y, int i)
{
    const gsize w = (gsize) work->image->width;
    const double row = y + work->plan->dy[i], column = floor(work->plan->dx[i]);
    const double *along = work->plan->dx[i] != column ? work->along + (gsize) i * w : NULL;
    const double *a = work->padded +
                      (gsize) ((int) floor(row) + work->plan->margin) * work->stride +
                      (gsize) ((int) column + work->plan->margin);
    interpolate(a, a + work->stride, along, row - floor(row), w, work->sampled);
}

/* Codes are as wide as samples, so that comparisons become bits without any packing. */
TS_WIDE static void
add_bits(const double *restrict sampled, const double *restrict centre, gsize n, int place,
         guint64 *restrict codes)
{
    const guint64 bit = (guint64) 1 << place;
    for (gsize x = 0; x < n; x++)
        codes[x] |= sampled[x] >= centre[x] ? bit : 0;
}

static void
add_squares(Work *work)
{
    for (int x = 0; x < work->image->width; x++) {
        work->sums[x] += work->sampled[x];
        work->squares[x] += work->sampled[x] * work->sampled[x];
    }
}

/* Codes of row `y`, or sums and squares; and which pixels count. */
static void
look_around_row(Work *work, int y)
{
    const gsize w = (gsize) work->image->width;
    const guint8 *counts = ts_texture_counts_of_row(work->image, y);
    memset(work->codes, 0, w * sizeof *work->codes);
    memset(work->sums, 0, 2 * w * sizeof *work->sums);
    if (counts != NULL)
        memcpy(work->counts, counts, w);
    for (int i = 0; i < work->plan->n_points; i++) {
        sample_row(work, y, i);
        for (gsize x = 0; counts != NULL && x < w; x++)
            work->counts[x] &= !isnan(work->sampled[x]);
        if (work->plan->method == TS_LBP_VAR)
            add_squares(work);
        else
            add_bits(work->sampled, work->image->grey + (gsize) y * w, w, i, work->codes);
    }
}

static gboolean
compute_histogram(Work *work, double *values, GError **error)
{
    const Plan *self = work->plan;
    g_autofree guint64 *bins = ts_try_alloc(self->n_bins, sizeof *bins, "histogram", error);
    guint64 n = 0;
    if (bins == NULL)
        return FALSE;
    for (int y = 0; y < work->image->height; y++) {
        look_around_row(work, y);
        for (int x = 0; x < work->image->width; x++)
            if (work->image->counts == NULL || work->counts[x])
                bins[self->bin_of[work->codes[x]]]++;
    }
    for (guint bin = 0; bin < self->n_bins; bin++)
        n += bins[bin];
    for (guint bin = 0; bin < self->n_bins; bin++)
        values[bin] = n > 0 ? (double) bins[bin] / (double) n : ts_texture_none();
    return TRUE;
}

/* Variances of neighbours; where it is 0 a place is flat and has none. */
static void
compute_variance(Work *work, double *values)
{
    const double points = work->plan->n_points;
    TsSpread spread = {0};
    double n_flat = 0;
    for (int y = 0; y < work->image->height; y++) {
        gsize n = 0;
        look_around_row(work, y);
        for (int x = 0; x < work->image->width; x++) {
            double sum = work->sums[x];
            double variance = (work->squares[x] - sum * sum / points) / points;
            if (work->image->counts != NULL && !work->counts[x])
                continue;
            if (variance != 0)
                work->sampled[n++] = variance;
            else
                n_flat++;
        }
        ts_spread_add(&spread, work->sampled, n);
    }
    values[0] = ts_spread_mean(&spread);
    values[1] = sqrt(ts_spread_variance(&spread));
    values[2] = spread.n + n_flat > 0 ? n_flat / (spread.n + n_flat) : ts_texture_none();
}

static gboolean
compute(gconstpointer plan, const TsTextureImage *image, double *values, GError **error)
{
    const Plan *self = plan;
    g_auto(Work) work = {0};
    if (!work_init(&work, self, image, error))
        return FALSE;
    if (self->method != TS_LBP_VAR)
        return compute_histogram(&work, values, error);
    compute_variance(&work, values);
    return TRUE;
}

const TsTextureFamily ts_texture_lbp = {
    .name = "lbp",
    .summary = "local binary patterns: the share of pixels with each",
    .prepare = prepare,
    .compute = compute,
    .free_plan = free_plan,
};

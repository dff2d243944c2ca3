/* A bank of Gabor filters: mean and variance of the magnitude of each response. The kernels are
 * those of scikit-image's gabor_kernel(), cut at three deviations, and the image is mirrored about
 * its edges as often as they need.
 *
 * With one deviation in both directions a kernel is a product of a row and a column, complex both:
 * exp(-(x^2 + y^2) / 2 s^2 + 2 pi i f (x cos t + y sin t)). Their real parts are even and their
 * imaginary parts odd, so that values on both sides are taken together. And the filters at t and
 * pi - t differ only in the sign of cos t, so that both come from the same sums. */
#include "image/texture/family.h"

#include "base/error.h"
#include "base/wide.h"
#include "image/texture/spread.h"

#include <math.h>
#include <string.h>

typedef struct {
    int index, mirrored; /* places in the bank: of the filter at t, of that at pi - t or -1 */
    int reach;           /* taps on each side of the middle one */
    double *row_real, *row_imaginary;       /* (reach + 1) from the middle to the right */
    double *column_real, *column_imaginary; /* (reach + 1) from the middle down */
} Filter;

typedef struct {
    guint n_filters;
    int reach; /* the largest */
    Filter filters[];
} Plan;

static void
free_plan(gpointer plan)
{
    Plan *self = plan;
    for (guint i = 0; self != NULL && i < self->n_filters; i++)
        g_free(self->filters[i].row_real);
    g_free(self);
}

static void
filter_init(Filter *self, double frequency, double theta, double bandwidth)
{
    double wide = exp2(bandwidth);
    double sigma = 1 / G_PI * sqrt(G_LN2 / 2) * (wide + 1) / (wide - 1) / frequency;
    double across = cos(theta), down = sin(theta);
    self->reach = (int) ceil(fmax(3 * sigma * fmax(fabs(across), fabs(down)), 1));
    const gsize n = (gsize) self->reach + 1;
    self->row_real = g_new(double, 4 * n);
    self->row_imaginary = self->row_real + n;
    self->column_real = self->row_imaginary + n;
    self->column_imaginary = self->column_real + n;
    for (gsize i = 0; i < n; i++) {
        double x = (double) i, height = exp(-x * x / (2 * sigma * sigma));
        self->row_real[i] = height * cos(2 * G_PI * frequency * across * x);
        self->row_imaginary[i] = height * sin(2 * G_PI * frequency * across * x);
        height /= 2 * G_PI * sigma * sigma;
        self->column_real[i] = height * cos(2 * G_PI * frequency * down * x);
        self->column_imaginary[i] = height * sin(2 * G_PI * frequency * down * x);
    }
}

static gboolean
check_options(const TsTextureOptions *options, GError **error)
{
    for (guint i = 0; i < options->n_frequencies; i++)
        if (!(options->frequencies[i] >= 0.001 && options->frequencies[i] <= 0.5))
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "--frequencies: %g is outside of 0.001 to 0.5 cycles a pixel",
                                options->frequencies[i]);
    if (options->orientations < 1 || options->orientations > 180)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--orientations: %d is outside of 1 to 180",
                            options->orientations);
    if (!(options->gabor_bandwidth >= 0.1 && options->gabor_bandwidth <= 10))
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--bandwidth: %g is outside of 0.1 to 10",
                            options->gabor_bandwidth);
    return TRUE;
}

static void
name_filter(double frequency, double degrees, GPtrArray *columns)
{
    g_autofree char *number = ts_texture_number(frequency);
    g_autofree char *angle = ts_texture_number(degrees);
    g_ptr_array_add(columns, g_strdup_printf("gabor_mean_f%s_a%s", number, angle));
    g_ptr_array_add(columns, g_strdup_printf("gabor_var_f%s_a%s", number, angle));
}

static gboolean
prepare(const TsTextureOptions *options, GPtrArray *columns, gpointer *plan, GError **error)
{
    if (!check_options(options, error))
        return FALSE;                                         /* without a plan */
    const int n = options->orientations, n_pairs = n / 2 + 1; /* t and pi - t are one */
    Plan *self =
        g_malloc0(sizeof *self + options->n_frequencies * (gsize) n_pairs * sizeof(Filter));
    *plan = self;
    for (guint f = 0; f < options->n_frequencies; f++) {
        for (int k = 0; k < n; k++)
            name_filter(options->frequencies[f], 180.0 * k / n, columns);
        for (int k = 0; k < n_pairs; k++) {
            Filter *filter = &self->filters[self->n_filters++];
            filter_init(filter, options->frequencies[f], G_PI * k / n, options->gabor_bandwidth);
            filter->index = (int) f * n + k;
            filter->mirrored = k > 0 && n - k > k ? (int) f * n + n - k : -1;
            self->reach = MAX(self->reach, filter->reach);
        }
    }
    return TRUE;
}

/* The index that `i` has when 0 .. n - 1 is mirrored about its edges: c b a | a b c | c b a. */
static inline gsize
mirror(gint64 i, gint64 n)
{
    gint64 within = i % (2 * n);
    within += within < 0 ? 2 * n : 0;
    return (gsize) (within < n ? within : 2 * n - 1 - within);
}

/* Sums over a column, of the real and the imaginary responses of the rows times the real and the
 * imaginary part of the column; each (width). */
typedef struct {
    double *real_real, *real_imaginary, *imaginary_real, *imaginary_imaginary;
} Sums;

typedef struct {
    const TsTextureImage *image;
    double *line;             /* (width + 2 reach) of a row, mirrored */
    double *real, *imaginary; /* (height, width) after the rows */
    Sums sums;                /* of one row after the columns */
} Work;

static void
work_clear(Work *work)
{
    g_free(work->line);
    g_free(work->real);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Work, work_clear)

static gboolean
work_init(Work *work, int reach, const TsTextureImage *image, GError **error)
{
    const gsize w = (gsize) image->width, n = w * (gsize) image->height;
    *work = (Work){.image = image};
    work->line = ts_try_alloc(5 * w + 2 * (gsize) reach, sizeof(double), "row", error);
    work->real = work->line ? ts_try_alloc(n, 2 * sizeof(double), "responses", error) : NULL;
    if (work->real == NULL)
        return FALSE;
    work->imaginary = work->real + n;
    work->sums.real_real = work->line + w + 2 * (gsize) reach;
    work->sums.real_imaginary = work->sums.real_real + w;
    work->sums.imaginary_real = work->sums.real_imaginary + w;
    work->sums.imaginary_imaginary = work->sums.imaginary_real + w;
    return TRUE;
}

/* One row: real and imaginary responses (n) at `middle`, of which `reach` more lie on each side. */
TS_WIDE static void
filter_row(const double *middle, gsize n, const Filter *filter, double *restrict real,
           double *restrict imaginary)
{
    for (gsize x = 0; x < n; x++) {
        real[x] = filter->row_real[0] * middle[x];
        imaginary[x] = 0;
    }
    for (int i = 1; i <= filter->reach; i++) {
        const double *left = middle - i, *right = middle + i;
        const double even = filter->row_real[i], odd = filter->row_imaginary[i];
        for (gsize x = 0; x < n; x++) {
            real[x] += even * (left[x] + right[x]);
            imaginary[x] += odd * (right[x] - left[x]);
        }
    }
}

static void
filter_rows(Work *work, const Filter *filter)
{
    const gsize w = (gsize) work->image->width, reach = (gsize) filter->reach;
    for (gsize y = 0; y < (gsize) work->image->height; y++) {
        const double *grey = work->image->grey + y * w;
        memcpy(work->line + reach, grey, w * sizeof *grey);
        for (gsize i = 0; i < reach; i++) {
            work->line[i] = grey[mirror((gint64) i - (gint64) reach, (gint64) w)];
            work->line[reach + w + i] = grey[mirror((gint64) (w + i), (gint64) w)];
        }
        filter_row(work->line + reach, w, filter, work->real + y * w, work->imaginary + y * w);
    }
}

/* Add what two rows, the same way up and down, give. */
TS_WIDE static void
add_rows(const double *restrict up_real, const double *restrict up_imaginary,
         const double *restrict down_real, const double *restrict down_imaginary, gsize n,
         double even, double odd, const Sums *sums)
{
    double *restrict real_real = sums->real_real;
    double *restrict real_imaginary = sums->real_imaginary;
    double *restrict imaginary_real = sums->imaginary_real;
    double *restrict imaginary_imaginary = sums->imaginary_imaginary;
    for (gsize x = 0; x < n; x++) {
        real_real[x] += even * (up_real[x] + down_real[x]);
        real_imaginary[x] += odd * (down_real[x] - up_real[x]);
        imaginary_real[x] += even * (up_imaginary[x] + down_imaginary[x]);
        imaginary_imaginary[x] += odd * (down_imaginary[x] - up_imaginary[x]);
    }
}

static void
filter_columns(const Work *work, const Filter *filter, int y)
{
    const gsize w = (gsize) work->image->width, row = (gsize) y * w;
    const gint64 h = work->image->height;
    const Sums *sums = &work->sums;
    for (gsize x = 0; x < w; x++) {
        sums->real_real[x] = filter->column_real[0] * work->real[row + x];
        sums->imaginary_real[x] = filter->column_real[0] * work->imaginary[row + x];
        sums->real_imaginary[x] = sums->imaginary_imaginary[x] = 0;
    }
    for (int i = 1; i <= filter->reach; i++) {
        gsize up = mirror(y - i, h) * w, down = mirror(y + i, h) * w;
        add_rows(work->real + up, work->imaginary + up, work->real + down, work->imaginary + down,
                 w, filter->column_real[i], filter->column_imaginary[i], sums);
    }
}

/* The magnitudes at t, or with `sign` -1 those at pi - t. */
TS_WIDE static void
compute_magnitudes(const Sums *sums, gsize n, double sign, double *restrict out)
{
    for (gsize x = 0; x < n; x++) {
        double real = sums->real_real[x] - sign * sums->imaginary_imaginary[x];
        double imaginary = sums->real_imaginary[x] + sign * sums->imaginary_real[x];
        out[x] = sqrt(real * real + imaginary * imaginary);
    }
}

/* Filter `filter` and its mirror image: mean and variance of both into `values` of the bank. */
static void
compute_filter(Work *work, const Filter *filter, double *values)
{
    const gsize w = (gsize) work->image->width;
    TsSpread spread = {0}, mirrored = {0};
    filter_rows(work, filter);
    for (int y = 0; y < work->image->height; y++) {
        const guint8 *counts = ts_texture_counts_of_row(work->image, y);
        filter_columns(work, filter, y);
        compute_magnitudes(&work->sums, w, 1, work->line);
        ts_spread_add_some(&spread, work->line, counts, w);
        if (filter->mirrored < 0)
            continue;
        compute_magnitudes(&work->sums, w, -1, work->line);
        ts_spread_add_some(&mirrored, work->line, counts, w);
    }
    values[2 * filter->index] = ts_spread_mean(&spread);
    values[2 * filter->index + 1] = ts_spread_variance(&spread);
    if (filter->mirrored >= 0) {
        values[2 * filter->mirrored] = ts_spread_mean(&mirrored);
        values[2 * filter->mirrored + 1] = ts_spread_variance(&mirrored);
    }
}

static gboolean
compute(gconstpointer plan, const TsTextureImage *image, double *values, GError **error)
{
    const Plan *self = plan;
    g_auto(Work) work = {0};
    if (!work_init(&work, self->reach, image, error))
        return FALSE;
    for (guint i = 0; i < self->n_filters; i++)
        compute_filter(&work, &self->filters[i], values);
    return TRUE;
}

const TsTextureFamily ts_texture_gabor = {
    .name = "gabor",
    .summary = "Gabor filters: mean and variance of the magnitude of each response",
    .prepare = prepare,
    .compute = compute,
    .free_plan = free_plan,
};

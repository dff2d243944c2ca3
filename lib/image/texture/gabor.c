/* A bank of Gabor filters: mean and variance of the magnitude of each response. The kernels are
 * those of scikit-image's gabor_kernel(), cut at three deviations, and the image is mirrored about
 * its edges as often as they need.
 *
 * With one deviation in both directions a kernel is a product of a row and a column, complex both:
 * exp(-(x^2 + y^2) / 2 s^2 + 2 pi i f (x cos t + y sin t)). Their real parts are even and their
 * imaginary parts odd, so that values on both sides are taken together. */
#include "image/texture/family.h"

#include "base/error.h"
#include "image/texture/spread.h"

#include <math.h>
#include <string.h>

typedef struct {
    int reach;                              /* taps on each side of the middle one */
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

static gboolean
prepare(const TsTextureOptions *options, GPtrArray *columns, gpointer *plan, GError **error)
{
    if (!check_options(options, error))
        return FALSE; /* without a plan */
    const guint n = options->n_frequencies * (guint) options->orientations;
    Plan *self = g_malloc0(sizeof *self + n * sizeof(Filter));
    *plan = self;
    for (guint f = 0; f < options->n_frequencies; f++)
        for (int k = 0; k < options->orientations; k++) {
            double frequency = options->frequencies[f];
            g_autofree char *number = ts_texture_number(frequency);
            g_autofree char *angle = ts_texture_number(180.0 * k / options->orientations);
            Filter *filter = &self->filters[self->n_filters++];
            filter_init(filter, frequency, G_PI * k / options->orientations,
                        options->gabor_bandwidth);
            self->reach = MAX(self->reach, filter->reach);
            g_ptr_array_add(columns, g_strdup_printf("gabor_mean_f%s_a%s", number, angle));
            g_ptr_array_add(columns, g_strdup_printf("gabor_var_f%s_a%s", number, angle));
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

typedef struct {
    const TsTextureImage *image;
    double *line;                     /* (width + 2 reach) of a row, mirrored */
    double *real, *imaginary;         /* (height, width) after the rows */
    double *sum_real, *sum_imaginary; /* (width) of one row after the columns */
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
    work->line = ts_try_alloc(3 * w + 2 * (gsize) reach, sizeof(double), "row", error);
    work->real = work->line ? ts_try_alloc(n, 2 * sizeof(double), "responses", error) : NULL;
    if (work->real == NULL)
        return FALSE;
    work->sum_real = work->line + w + 2 * (gsize) reach;
    work->sum_imaginary = work->sum_real + w;
    work->imaginary = work->real + n;
    return TRUE;
}

/* real[x] += weight * (left[x] + right[x]); imaginary[x] += odd * (right[x] - left[x]) */
static void
add_pair(const double *left, const double *right, gsize n, double even, double odd,
         double *restrict real, double *restrict imaginary)
{
    for (gsize x = 0; x < n; x++) {
        real[x] += even * (left[x] + right[x]);
        imaginary[x] += odd * (right[x] - left[x]);
    }
}

static void
filter_rows(Work *work, const Filter *filter)
{
    const gsize w = (gsize) work->image->width, reach = (gsize) filter->reach;
    for (int y = 0; y < work->image->height; y++) {
        const double *grey = work->image->grey + (gsize) y * w;
        double *real = work->real + (gsize) y * w, *imaginary = work->imaginary + (gsize) y * w;
        const double *middle = work->line + reach;
        for (gsize x = 0; x < w + 2 * reach; x++)
            work->line[x] = grey[mirror((gint64) x - (gint64) reach, (gint64) w)];
        for (gsize x = 0; x < w; x++) {
            real[x] = filter->row_real[0] * middle[x];
            imaginary[x] = 0;
        }
        for (gsize i = 1; i <= reach; i++)
            add_pair(middle - i, middle + i, w, filter->row_real[i], filter->row_imaginary[i], real,
                     imaginary);
    }
}

/* Add what rows `up` and `down`, the same way off, give to a row. */
static void
add_rows(const Work *work, gsize up, gsize down, double even, double odd)
{
    const gsize w = (gsize) work->image->width;
    const double *up_real = work->real + up * w, *up_imaginary = work->imaginary + up * w;
    const double *down_real = work->real + down * w, *down_imaginary = work->imaginary + down * w;
    double *restrict real = work->sum_real, *restrict imaginary = work->sum_imaginary;
    for (gsize x = 0; x < w; x++) {
        real[x] += even * (up_real[x] + down_real[x]) - odd * (down_imaginary[x] - up_imaginary[x]);
        imaginary[x] +=
            even * (up_imaginary[x] + down_imaginary[x]) + odd * (down_real[x] - up_real[x]);
    }
}

/* The magnitudes of row `y`, in sum_real. */
static void
filter_columns(Work *work, const Filter *filter, int y)
{
    const gsize w = (gsize) work->image->width;
    const gint64 h = work->image->height;
    double *real = work->sum_real, *imaginary = work->sum_imaginary;
    for (gsize x = 0; x < w; x++) {
        real[x] = filter->column_real[0] * work->real[(gsize) y * w + x];
        imaginary[x] = filter->column_real[0] * work->imaginary[(gsize) y * w + x];
    }
    for (int i = 1; i <= filter->reach; i++)
        add_rows(work, mirror(y - i, h), mirror(y + i, h), filter->column_real[i],
                 filter->column_imaginary[i]);
    for (gsize x = 0; x < w; x++)
        real[x] = sqrt(real[x] * real[x] + imaginary[x] * imaginary[x]);
}

static gboolean
compute(gconstpointer plan, const TsTextureImage *image, double *values, GError **error)
{
    const Plan *self = plan;
    g_auto(Work) work = {0};
    if (!work_init(&work, self->reach, image, error))
        return FALSE;
    for (guint i = 0; i < self->n_filters; i++) {
        TsSpread spread = {0};
        filter_rows(&work, &self->filters[i]);
        for (int y = 0; y < image->height; y++) {
            filter_columns(&work, &self->filters[i], y);
            ts_spread_add_some(&spread, work.sum_real, ts_texture_counts_of_row(image, y),
                               (gsize) image->width);
        }
        *values++ = ts_spread_mean(&spread);
        *values++ = ts_spread_variance(&spread);
    }
    return TRUE;
}

const TsTextureFamily ts_texture_gabor = {
    .name = "gabor",
    .summary = "Gabor filters: mean and variance of the magnitude of each response",
    .prepare = prepare,
    .compute = compute,
    .free_plan = free_plan,
};

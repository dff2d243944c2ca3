/* Counting pairs, and the sums that all features follow from.
 *
 * Adding to a cell that has just been added to waits for that addition. So where matrices are small
 * two of them are filled in turn, and added up at the end. */
#include "image/texture/cooccurrence.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

enum { TWO_COPIES_UP_TO = 64 }; /* levels: both still lie in the first cache */

static gsize
n_cells_of_one(int n_levels)
{
    return (gsize) (n_levels + 1) * (gsize) (n_levels + 1);
}

gsize
ts_cooccurrence_n_cells(int n_levels)
{
    return n_cells_of_one(n_levels) * (n_levels <= TWO_COPIES_UP_TO ? 2 : 1);
}

/* Pairs of one row: `from` the levels i, `to` the levels j. */
static inline void
count_row(const guint16 *from, const guint16 *to, int n, gsize stride, guint32 *even, guint32 *odd)
{
    int x = 0;
    for (; x + 1 < n; x += 2) {
        even[from[x] * stride + to[x]]++;
        odd[from[x + 1] * stride + to[x + 1]]++;
    }
    if (x < n)
        even[from[x] * stride + to[x]]++;
}

void
ts_cooccurrence_count(const guint16 *levels, int width, int height, TsOffset offset, int n_levels,
                      guint32 *cells)
{
    guint32 *odd = cells + ts_cooccurrence_n_cells(n_levels) - n_cells_of_one(n_levels);
    const int left = MAX(0, -offset.dx), right = MIN(width, width - offset.dx);
    const int top = MAX(0, -offset.dy), bottom = MIN(height, height - offset.dy);
    for (int y = top; y < bottom && left < right; y++) {
        const guint16 *from = levels + (gsize) y * (gsize) width + left;
        const guint16 *to = levels + (gsize) (y + offset.dy) * (gsize) width + (left + offset.dx);
        count_row(from, to, right - left, (gsize) n_levels + 1, cells, odd);
    }
}

gboolean
ts_cooccurrence_init(TsCooccurrence *self, int n_levels, GError **error)
{
    const gsize n = (gsize) n_levels;
    *self = (TsCooccurrence){.n_levels = n_levels};
    self->row = ts_try_alloc(5 * n, sizeof *self->row, "sums of a matrix", error);
    if (self->row == NULL)
        return FALSE;
    self->column = self->row + n;
    self->difference = self->column + n;
    self->sum = self->difference + n;
    return TRUE;
}

void
ts_cooccurrence_clear(TsCooccurrence *self)
{
    g_clear_pointer(&self->row, g_free);
}

/* Add the transpose, in blocks that stay in the cache. */
static void
add_transpose(guint32 *cells, int n_levels, gsize stride)
{
    enum { BLOCK = 16 };
    for (int top = 0; top < n_levels; top += BLOCK)
        for (int left = 0; left <= top; left += BLOCK)
            for (int i = top; i < MIN(top + BLOCK, n_levels); i++)
                for (int j = left; j < MIN(left + BLOCK, i + 1); j++) {
                    guint32 *lower = &cells[(gsize) i * stride + (gsize) j];
                    guint32 *upper = &cells[(gsize) j * stride + (gsize) i];
                    *lower = *upper = *lower + *upper;
                }
}

enum { N_LOGS = 4096 };

/* n ln n, for the small n that most cells hold. */
static const double *
get_logs(void)
{
    static double logs[N_LOGS];
    static gsize done;
    if (g_once_init_enter(&done)) {
        for (int n = 1; n < N_LOGS; n++)
            logs[n] = n * log(n);
        g_once_init_leave(&done, 1);
    }
    return logs;
}

static inline void
add_cell(TsCooccurrence *self, int i, int j, guint32 n, const double *logs)
{
    const double count = (double) n;
    self->column[j] += n;
    self->difference[i < j ? j - i : i - j] += n;
    self->sum[i + j] += n;
    self->most = MAX(self->most, n);
    self->squares += count * count;
    self->n_log_n += n < N_LOGS ? logs[n] : count * log(count);
}

void
ts_cooccurrence_summarise(TsCooccurrence *self, guint32 *cells, gboolean symmetric)
{
    const int n_levels = self->n_levels;
    const double *logs = get_logs();
    const gsize stride = (gsize) n_levels + 1, one = n_cells_of_one(n_levels);
    if (ts_cooccurrence_n_cells(n_levels) > one)
        for (gsize i = 0; i < one; i++)
            cells[i] += cells[one + i];
    if (symmetric)
        add_transpose(cells, n_levels, stride);
    memset(self->row, 0, 5 * (gsize) n_levels * sizeof *self->row);
    self->n = self->most = 0;
    self->squares = self->n_log_n = 0;
    for (int i = 0; i < n_levels; i++) {
        const guint32 *line = cells + (gsize) i * stride;
        guint64 before = self->n;
        for (int j = 0; j < n_levels; j++)
            if (line[j] > 0) {
                self->n += line[j];
                add_cell(self, i, j, line[j], logs);
            }
        self->row[i] = self->n - before;
    }
}

double
ts_counts_mean(const guint64 *counts, gsize n, guint64 total)
{
    double sum = 0;
    for (gsize i = 0; i < n; i++)
        sum += (double) i * (double) counts[i];
    return sum / (double) total;
}

double
ts_counts_variance(const guint64 *counts, gsize n, guint64 total, double mean)
{
    double sum = 0;
    for (gsize i = 0; i < n; i++)
        sum += ((double) i - mean) * ((double) i - mean) * (double) counts[i];
    return sum / (double) total;
}

double
ts_counts_entropy(const guint64 *counts, gsize n, guint64 total)
{
    double sum = 0;
    for (gsize i = 0; i < n; i++)
        if (counts[i] > 0) {
            double p = (double) counts[i] / (double) total;
            sum -= p * log(p);
        }
    return fmax(sum, 0);
}

double
ts_cooccurrence_contrast(const TsCooccurrence *self)
{
    return ts_counts_variance(self->difference, (gsize) self->n_levels, self->n, 0);
}

double
ts_cooccurrence_asm(const TsCooccurrence *self)
{
    double n = (double) self->n;
    return self->squares / n / n;
}

double
ts_cooccurrence_entropy(const TsCooccurrence *self)
{
    double n = (double) self->n;
    return fmax(log(n) - self->n_log_n / n, 0);
}

/* The covariance follows from the mean square of i - j. */
double
ts_cooccurrence_correlation(const TsCooccurrence *self)
{
    const gsize n = (gsize) self->n_levels;
    double mean_i = ts_counts_mean(self->row, n, self->n);
    double mean_j = ts_counts_mean(self->column, n, self->n);
    double var_i = ts_counts_variance(self->row, n, self->n, mean_i);
    double var_j = ts_counts_variance(self->column, n, self->n, mean_j);
    double apart = mean_i - mean_j;
    double covariance = (var_i + var_j + apart * apart - ts_cooccurrence_contrast(self)) / 2;
    if (sqrt(var_i) < 1e-15 || sqrt(var_j) < 1e-15)
        return 1;
    return covariance / sqrt(var_i * var_j);
}

/* Output rows that are begun, and source rows added to them. */
#include "image/scaler.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "image/kernel.h"
#include "image/samples.h"

#include <math.h>
#include <string.h>

/* Pixels are read in pieces of about so many bytes. Samples are added in blocks, so that sums and
 * pixels stay in the processor's cache. And how many output rows a piece may begin. */
enum { PIECE_BYTES = 4 << 20, BLOCK = 1024, ROWS_AHEAD = 8 };

/* An output row that is begun. */
typedef struct {
    double *sums;    /* (columns of the source, bands) */
    double *weights; /* (count) */
    int first, count;
} Row;

struct _TsScaler {
    TsImageSource *source;
    TsAxis down;
    TsKernel along;
    int x, width;            /* columns of the source that are read */
    gsize bands;             /* of both */
    gboolean at_once;        /* read without pieces */
    gboolean weighs_opacity; /* colours are multiplied by it, and divided in the end */
    TsImage *rows;           /* as read, if all columns are */
    TsImage *weighed;        /* the same in doubles, multiplied by opacity */
    double *line;            /* (output columns, bands) */
    GQueue begun;            /* Row *, from output row `next_y` on */
    GQueue spare;            /* Row *, for their memory */
    int next_y;              /* the output row that is made next */
    int source_y;            /* rows of the source before it were added to those begun */
};

static void
row_free(gpointer data)
{
    Row *row = data;
    g_free(row->sums);
    g_free(row->weights);
    g_free(row);
}

void
ts_scaler_free(TsScaler *self)
{
    if (self == NULL)
        return;
    g_queue_clear_full(&self->begun, row_free);
    g_queue_clear_full(&self->spare, row_free);
    ts_kernel_clear(&self->along);
    ts_image_free(self->rows);
    ts_image_free(self->weighed);
    g_free(self->line);
    g_free(self);
}

TsScaler *
ts_scaler_new(TsImageSource *source, TsFilter filter, int width, int height, int x, int n,
              gboolean at_once, GError **error)
{
    const TsImageInfo *info = ts_image_source_info(source);
    const TsAxis across = {filter, info->width, width};
    g_autoptr(TsScaler) self = g_new0(TsScaler, 1);
    g_queue_init(&self->begun);
    g_queue_init(&self->spare);
    self->source = source;
    self->down = (TsAxis){filter, info->height, height};
    self->bands = (gsize) info->bands;
    self->at_once = at_once;
    self->weighs_opacity = info->has_alpha && info->bands > 1 && filter != TS_FILTER_NEAREST;
    if (!ts_kernel_init(&self->along, &across, x, n, error))
        return NULL;
    self->x = self->along.first[0];
    self->width = self->along.first[n - 1] + self->along.count[n - 1] - self->x;
    self->line = ts_try_alloc((gsize) n * self->bands, sizeof(double), "row", error);
    return self->line != NULL ? g_steal_pointer(&self) : NULL;
}

static void
retire(TsScaler *self)
{
    g_queue_push_tail(&self->spare, g_queue_pop_head(&self->begun));
    self->next_y++;
}

static gboolean
begin_row(TsScaler *self, GError **error)
{
    int y = self->next_y + (int) self->begun.length;
    gsize n = (gsize) self->width * self->bands;
    Row *row = g_queue_pop_head(&self->spare);
    if (row == NULL) {
        row = g_new0(Row, 1);
        g_queue_push_tail(&self->spare, row); /* where it is freed */
        row->sums = ts_try_alloc(n, sizeof(double), "sums of pixels", error);
        row->weights = row->sums != NULL ? ts_try_alloc(ts_axis_max_taps(&self->down),
                                                        sizeof(double), "filter", error)
                                         : NULL;
        if (row->weights == NULL)
            return FALSE;
        g_queue_pop_tail(&self->spare);
    }
    memset(row->sums, 0, n * sizeof(double));
    row->count = ts_axis_taps(&self->down, y, &row->first, row->weights);
    g_queue_push_tail(&self->begun, row);
    return TRUE;
}

/* Colours times opacity, as a part of full opacity. */
static const TsImage *
weigh_opacity(TsScaler *self, const TsImage *rows, int n, GError **error)
{
    if (self->weighed == NULL || self->weighed->height < n) {
        g_clear_pointer(&self->weighed, ts_image_free);
        self->weighed = ts_image_new(rows->width, n, rows->bands, TS_F64, error);
        if (self->weighed == NULL)
            return NULL;
    }
    double *to = (double *) (gpointer) self->weighed->data;
    gsize n_samples = (gsize) rows->width * (gsize) n * self->bands;
    double full = ts_sample_type_white(rows->type);
    memset(to, 0, n_samples * sizeof(double));
    ts_samples_add(rows->type, rows->data, n_samples, 1, to);
    for (gsize i = 0; i < n_samples; i += self->bands)
        for (gsize b = 0; b + 1 < self->bands; b++)
            to[i + b] *= to[i + self->bands - 1] / full;
    return self->weighed;
}

/* Colours as they are, where there is any opacity. */
static void
unweigh_opacity(const TsScaler *self, double full)
{
    for (gsize i = 0; i < (gsize) self->along.n * self->bands; i += self->bands) {
        double part = self->line[i + self->bands - 1] / full;
        for (gsize b = 0; b + 1 < self->bands; b++)
            self->line[i + b] = part > 0 ? self->line[i + b] / part : 0;
    }
}

/* Add `n` rows of the source, of which the first is `source_y`, to the output rows begun. */
static void
add_rows(TsScaler *self, const TsImage *rows, int n)
{
    gsize size = ts_sample_type_size(rows->type), n_samples = (gsize) self->width * self->bands;
    for (gsize at = 0; at < n_samples; at += BLOCK)
        for (GList *it = self->begun.head; it != NULL; it = it->next) {
            const Row *row = it->data;
            int end = MIN(self->source_y + n, row->first + row->count);
            for (int y = MAX(self->source_y, row->first); y < end; y++)
                ts_samples_add(rows->type,
                               rows->data + (gsize) (y - self->source_y) * ts_image_row_size(rows) +
                                   at * size,
                               MIN((gsize) BLOCK, n_samples - at), row->weights[y - row->first],
                               row->sums + at);
        }
}

/* Read rows of the source: all columns into one buffer, others as a region. */
static TsImage *
read_rows(TsScaler *self, int n, GError **error)
{
    const TsImageInfo *info = ts_image_source_info(self->source);
    if (self->at_once || self->width < info->width)
        return ts_image_source_read_region(self->source, self->x, self->source_y, self->width, n,
                                           error);
    TsImage *rows = self->rows;
    self->rows = NULL;
    if (rows == NULL || rows->height < n) {
        ts_image_free(rows);
        rows = ts_image_source_new_image(self->source, info->width, n, error);
    }
    if (rows != NULL && ts_image_source_read_rows(self->source, self->source_y, n, rows, 0, error))
        return rows;
    ts_image_free(rows);
    return NULL;
}

/* How many rows of the source are read next, up to row `end`. */
static int
choose_rows(const TsScaler *self, gboolean goes_on, int end)
{
    const TsImageInfo *info = ts_image_source_info(self->source);
    gsize row = (gsize) self->width * self->bands * ts_sample_type_size(info->type);
    double factor = (double) self->down.from / self->down.to;
    gsize n = MAX(PIECE_BYTES / row, 1);
    if (goes_on)
        n = MIN(n, (gsize) ceil(ROWS_AHEAD * factor));
    return self->at_once ? end - self->source_y : (int) MIN(n, (gsize) (end - self->source_y));
}

/* Read on towards row `end` of the source. Output rows before `end_y` may be begun. */
static gboolean
advance(TsScaler *self, gboolean goes_on, int end, int end_y, GError **error)
{
    int first;
    int y = self->next_y + (int) self->begun.length;
    if (self->begun.length == 0) {
        ts_axis_taps(&self->down, y, &first, NULL);
        self->source_y = MAX(self->source_y, first);
    }
    int n = choose_rows(self, goes_on, end);
    for (; y < end_y; y++) {
        ts_axis_taps(&self->down, y, &first, NULL);
        if (first >= self->source_y + n)
            break;
        if (!begin_row(self, error))
            return FALSE;
    }
    TsImage *rows = ts_interrupt_check(error) ? NULL : read_rows(self, n, error);
    const TsImage *weighed =
        rows != NULL && self->weighs_opacity ? weigh_opacity(self, rows, n, error) : rows;
    if (weighed != NULL) {
        add_rows(self, weighed, n);
        self->source_y += n;
    }
    if (rows != NULL && !self->at_once && rows->width == ts_image_source_info(self->source)->width)
        self->rows = rows;
    else
        ts_image_free(rows);
    return weighed != NULL;
}

static void
finish_row(TsScaler *self, TsImage *to, int to_y)
{
    const Row *row = self->begun.head->data;
    ts_kernel_apply(&self->along, row->sums, self->x, self->bands, self->line);
    if (self->weighs_opacity)
        unweigh_opacity(self, ts_sample_type_white(to->type));
    ts_samples_store(to->type, self->line, (gsize) self->along.n * self->bands, TS_ROUND_HALF_UP,
                     to->data + (gsize) to_y * ts_image_row_size(to));
}

/* Go to output row `y`: on, if rows are begun; else from its first source row. */
static void
seek(TsScaler *self, int y)
{
    while (self->begun.length > 0 && (self->next_y < y || y < self->next_y))
        retire(self);
    if (self->next_y == y)
        return;
    self->source_y = y < self->next_y ? 0 : self->source_y;
    self->next_y = y;
}

static gboolean
make_rows(TsScaler *self, int y, int n, gboolean goes_on, TsImage *to, int to_y, GError **error)
{
    int first;
    int end = ts_axis_taps(&self->down, y + n - 1, &first, NULL);
    end += first;
    for (int i = 0; i < n; i++) {
        const Row *row = g_queue_peek_head(&self->begun);
        while (row == NULL || self->source_y < row->first + row->count) {
            if (!advance(self, goes_on, end, goes_on ? self->down.to : y + n, error))
                return FALSE;
            row = g_queue_peek_head(&self->begun);
        }
        finish_row(self, to, to_y + i);
        retire(self);
    }
    return TRUE;
}

gboolean
ts_scaler_read(TsScaler *self, int y, int n, gboolean goes_on, TsImage *to, int to_y,
               GError **error)
{
    seek(self, y);
    if (make_rows(self, y, n, goes_on, to, to_y, error))
        return TRUE;
    while (self->begun.length > 0)
        retire(self);
    self->next_y = G_MAXINT;
    return FALSE;
}

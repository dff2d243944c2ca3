/* Slab after slab: decode the tiles that begin, merge the patches, give the rows away. */
#include "tiling/stitch/stitch.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "base/threads.h"
#include "tiling/stitch/sweep.h"

#include <string.h>

enum { STRIPE_ROWS = 64 };

typedef struct {
    const TsStitch *job;
    TsSweep sweep;
    TsShown *shown;        /* (n), of the pieces */
    double *across, *down; /* weights along a whole tile */
    double least;
    const TsImage *kind; /* of tiles */
    guint8 *fill;        /* one pixel */
    guint64 n_decoded;   /* pieces */
    TsImage *stripe;     /* being merged */
    TsImage *done;       /* the one before, still to be given away */
    int done_y;
    TsStripeFunc put;
    gpointer data;
} Stitching;

static void
stitching_clear(Stitching *self)
{
    for (guint64 i = 0; self->shown != NULL && i < self->job->canvas->n; i++)
        ts_shown_clear(&self->shown[i]);
    ts_sweep_clear(&self->sweep);
    g_free(self->shown);
    g_free(self->across);
    g_free(self->down);
    g_free(self->fill);
    ts_image_free(self->stripe);
    ts_image_free(self->done);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Stitching, stitching_clear)

static gboolean
check_job(const TsStitch *job, guint8 *fill, GError **error)
{
    const TsImage *kind = ts_payload_kind(job->payload);
    if (!ts_merge_check(job->merge, kind, error))
        return FALSE;
    if (!ts_merge_fill(kind, job->fill, fill))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--missing fill: %g cannot be held by %s samples", job->fill,
                            ts_sample_type_name(kind->type));
    if (job->add_opacity && kind->bands != 1 && kind->bands != 3 && !kind->has_alpha)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--missing transparent: opacity goes with 1 or 3 bands, not with %d",
                            kind->bands);
    return TRUE;
}

TsImage *
ts_stitch_new_kind(const TsStitch *job, GError **error)
{
    const TsImage *kind = ts_payload_kind(job->payload);
    g_autofree guint8 *fill = g_malloc(ts_image_pixel_size(kind));
    if (!check_job(job, fill, error))
        return NULL;
    TsImage model = *kind;
    if (job->add_opacity && !kind->has_alpha) {
        model.bands++;
        model.has_alpha = TRUE;
    }
    return ts_image_new_like(&model, 1, 1, error);
}

static gboolean
stitching_init(Stitching *self, GError **error)
{
    const TsStitch *job = self->job;
    const TsCanvas *canvas = job->canvas;
    self->kind = ts_payload_kind(job->payload);
    self->fill = g_malloc(ts_image_pixel_size(self->kind));
    ts_sweep_init(&self->sweep, canvas, STRIPE_ROWS);
    self->shown = ts_try_alloc(canvas->n, sizeof *self->shown, "tiles in work", error);
    self->across = ts_try_alloc((gsize) canvas->tile_width, sizeof(double), "weights", error);
    self->down = ts_try_alloc((gsize) canvas->tile_height, sizeof(double), "weights",
                              self->across != NULL ? error : NULL);
    if (self->shown == NULL || self->across == NULL || self->down == NULL)
        return FALSE;
    ts_window_fill(&job->window, canvas->tile_width, self->across);
    ts_window_fill(&job->window, canvas->tile_height, self->down);
    self->least = ts_window_floor(&job->window, self->across, canvas->tile_width, self->down,
                                  canvas->tile_height);
    return check_job(job, self->fill, error);
}

/* Item 0 gives the rows before away; the others are the pieces that begin in this slab. */
static gboolean
decode_one(guint64 item, gpointer data, GError **error)
{
    Stitching *self = data;
    if (item == 0)
        return self->done == NULL || self->put(self->done, self->done_y, self->data, error);
    guint64 i = self->n_decoded + item - 1;
    if (!ts_payload_show(self->job->payload, &self->job->canvas->pieces[i], &self->shown[i], error))
        return FALSE;
    if (self->job->progress != NULL)
        ts_progress_add(self->job->progress, 1);
    return TRUE;
}

/* The first pixel that `piece` has of the patch in `row` of the slab. */
static const guint8 *
find_pixels(const Stitching *self, guint64 piece_number, const TsPatch *patch, int row)
{
    const TsPiece *piece = &self->job->canvas->pieces[piece_number];
    const TsShown *shown = &self->shown[piece_number];
    gsize x = (gsize) (patch->x - piece->x + piece->left);
    gsize y = (gsize) (self->sweep.y + row - piece->y + piece->top);
    return shown->data + y * shown->row_step + x * shown->pixel_step;
}

static void
copy_row(const guint8 *from, gsize step, gsize pixel, int width, guint8 *out)
{
    const gsize n = (gsize) width * pixel;
    if (step == pixel) {
        memcpy(out, from, n);
        return;
    }
    /* One pixel over and over: what is there already is copied behind itself. */
    memcpy(out, from, pixel);
    for (gsize done = pixel; done < n; done *= 2)
        memcpy(out + done, out, MIN(done, n - done));
}

static void
merge_row(const Stitching *self, const TsPatch *patch, int row, TsMergeRow *rows, guint8 *out)
{
    const TsCanvas *canvas = self->job->canvas;
    for (guint k = 0; k < patch->n; k++) {
        guint64 number = g_array_index(self->sweep.covers, guint64, patch->first + k);
        const TsPiece *piece = &canvas->pieces[number];
        rows[k] = (TsMergeRow){
            .pixels = find_pixels(self, number, patch, row),
            .pixel_step = self->shown[number].pixel_step,
            .across = self->across + (patch->x - piece->x + piece->left),
            .down = self->down[self->sweep.y + row - piece->y + piece->top],
            .least = self->least,
        };
    }
    ts_merge_rows(self->job->merge, self->kind, rows, patch->n, patch->width, out);
}

/* The piece of the last row of the manifest. */
static guint64
last_of(const Stitching *self, const TsPatch *patch)
{
    guint64 last = g_array_index(self->sweep.covers, guint64, patch->first);
    for (guint k = 1; k < patch->n; k++) {
        guint64 number = g_array_index(self->sweep.covers, guint64, patch->first + k);
        if (self->job->canvas->pieces[number].row > self->job->canvas->pieces[last].row)
            last = number;
    }
    return last;
}

static gboolean
merge_patch(guint64 item, gpointer data, GError **error)
{
    Stitching *self = data;
    const TsPatch *patch = &g_array_index(self->sweep.patches, TsPatch, item);
    const gsize pixel = ts_image_pixel_size(self->kind);
    gboolean one = patch->n == 1 || (patch->n > 1 && self->job->merge == TS_MERGE_LAST);
    guint64 last = one ? last_of(self, patch) : 0;
    g_autofree TsMergeRow *rows = g_new(TsMergeRow, MAX(patch->n, 1));
    for (int row = 0; row < self->sweep.height; row++) {
        guint8 *out = self->stripe->data + (gsize) row * ts_image_row_size(self->stripe) +
                      (gsize) patch->x * pixel;
        if (patch->n == 0)
            copy_row(self->fill, 0, pixel, patch->width, out);
        else if (one)
            copy_row(find_pixels(self, last, patch, row), self->shown[last].pixel_step, pixel,
                     patch->width, out);
        else
            merge_row(self, patch, row, rows, out);
    }
    return TRUE;
}

/* The sample that says "opaque". */
static void
put_full(TsSampleType type, guint8 *out)
{
    static const double full[] = {G_MAXUINT8,  G_MAXINT8,  G_MAXUINT16, G_MAXINT16,
                                  G_MAXUINT32, G_MAXINT32, 1,           1};
    TsImage kind = {.bands = 1, .type = type};
    ts_merge_fill(&kind, full[type], out);
}

/* The stripe with a band of opacity more. */
static TsImage *
add_opacity(const Stitching *self, GError **error)
{
    const TsImage *stripe = self->stripe;
    const gsize sample = ts_sample_type_size(stripe->type), pixel = ts_image_pixel_size(stripe);
    TsImage model = *stripe;
    guint8 full[8];
    model.bands++;
    model.has_alpha = TRUE;
    TsImage *out = ts_image_new_like(&model, stripe->width, stripe->height, error);
    put_full(stripe->type, full);
    for (int row = 0; out != NULL && row < stripe->height; row++) {
        const guint8 *from = stripe->data + (gsize) row * ts_image_row_size(stripe);
        guint8 *to = out->data + (gsize) row * ts_image_row_size(out);
        for (guint i = 0; i < self->sweep.patches->len; i++) {
            const TsPatch *patch = &g_array_index(self->sweep.patches, TsPatch, i);
            for (int x = 0; x < patch->width; x++, from += pixel, to += pixel + sample) {
                memcpy(to, from, pixel);
                if (patch->n > 0)
                    memcpy(to + pixel, full, sample);
            }
        }
    }
    return out;
}

/* Tiles that no later row needs go. */
static void
drop_ended(Stitching *self)
{
    int end = self->sweep.y + self->sweep.height;
    for (guint i = 0; i < self->sweep.active->len; i++) {
        guint64 number = g_array_index(self->sweep.active, guint64, i);
        const TsPiece *piece = &self->job->canvas->pieces[number];
        if (piece->y + piece->height <= end)
            ts_shown_clear(&self->shown[number]);
    }
}

static gboolean
stitch_slab(Stitching *self, GError **error)
{
    guint64 n_new = self->sweep.n_begun - self->n_decoded;
    if (!ts_parallel_for(n_new + 1, decode_one, self, error))
        return FALSE;
    self->n_decoded += n_new;
    g_clear_pointer(&self->done, ts_image_free);
    self->stripe =
        ts_image_new_like(self->kind, self->job->canvas->width, self->sweep.height, error);
    if (self->stripe == NULL ||
        !ts_parallel_for(self->sweep.patches->len, merge_patch, self, error))
        return FALSE;
    gboolean expand = self->job->add_opacity && !self->kind->has_alpha;
    self->done = expand ? add_opacity(self, error) : g_steal_pointer(&self->stripe);
    g_clear_pointer(&self->stripe, ts_image_free);
    self->done_y = self->sweep.y;
    drop_ended(self);
    return self->done != NULL;
}

gboolean
ts_stitch(const TsStitch *job, TsStripeFunc put, gpointer data, GError **error)
{
    g_auto(Stitching) self = {.job = job, .put = put, .data = data};
    if (!stitching_init(&self, error))
        return FALSE;
    while (ts_sweep_next(&self.sweep))
        if (ts_interrupt_check(error) || !stitch_slab(&self, error))
            return FALSE;
    return put(self.done, self.done_y, data, error);
}

gboolean
ts_stitch_coverage(const TsCanvas *canvas, TsStripeFunc put, gpointer data, GError **error)
{
    g_auto(TsSweep) sweep;
    ts_sweep_init(&sweep, canvas, STRIPE_ROWS);
    while (ts_sweep_next(&sweep)) {
        g_autoptr(TsImage) stripe = ts_image_new(canvas->width, sweep.height, 1, TS_U8, error);
        if (stripe == NULL || ts_interrupt_check(error))
            return FALSE;
        for (int row = 0; row < sweep.height; row++)
            for (guint i = 0; i < sweep.patches->len; i++) {
                const TsPatch *patch = &g_array_index(sweep.patches, TsPatch, i);
                memset(stripe->data + (gsize) row * (gsize) canvas->width + patch->x,
                       (int) MIN(patch->n, G_MAXUINT8), (gsize) patch->width);
            }
        if (!put(stripe, sweep.y, data, error))
            return FALSE;
    }
    return TRUE;
}

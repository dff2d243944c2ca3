/* Contact sheets of pairs. */
#include "check/sheet.h"

#include "base/threads.h"
#include "check/plain.h"
#include "sample/render.h"

#include <string.h>

enum {
    ACROSS = 5, /* pairs a row */
    CELL = 96,  /* side of a picture */
    FRAME = 4,  /* of a pair, and between its pictures */
    GAP = 8,    /* between pairs */
    PAIR_WIDTH = 2 * CELL + 3 * FRAME,
    PAIR_HEIGHT = CELL + 2 * FRAME,
};

/* 8-bit RGB that fits into a cell; small pictures are enlarged. */
static TsImage *
make_thumbnail(const TsImage *image, GError **error)
{
    g_auto(TsPlain) pixels = {0};
    if (!ts_plain_init(&pixels, image, error))
        return NULL;
    g_autoptr(TsImage) whole =
        ts_image_new(pixels.width, pixels.height, pixels.bands, TS_U8, error);
    if (whole == NULL)
        return NULL;
    memcpy(whole->data, pixels.data, ts_plain_n(&pixels) * (gsize) pixels.bands);
    const double scale = (double) CELL / MAX(pixels.width, pixels.height);
    g_autoptr(TsImage) fitted = ts_image_resize(whole, MAX((int) (pixels.width * scale), 1),
                                                MAX((int) (pixels.height * scale), 1), error);
    return fitted != NULL ? ts_image_convert_bands(fitted, 3, error) : NULL;
}

static void
fill(TsImage *sheet, int x, int y, int width, int height, const guint8 colour[3])
{
    for (int v = y; v < y + height; v++)
        for (int u = x; u < x + width; u++)
            memcpy(sheet->data + 3 * ((gsize) v * (gsize) sheet->width + (gsize) u), colour, 3);
}

static gboolean
put_picture(TsImage *sheet, int x, int y, TsDataset *dataset, guint64 sample, GError **error)
{
    static const guint8 white[3] = {255, 255, 255};
    g_autoptr(TsImage) image = ts_sample_render(dataset, sample, error);
    g_autoptr(TsImage) small = image != NULL ? make_thumbnail(image, error) : NULL;
    if (small == NULL)
        return FALSE;
    fill(sheet, x, y, CELL, CELL, white);
    ts_image_copy_region(small, 0, 0, small->width, small->height, sheet,
                         x + (CELL - small->width) / 2, y + (CELL - small->height) / 2);
    return TRUE;
}

typedef struct {
    TsDataset *dataset;
    const TsSheetPair *pairs;
    TsImage *sheet;
} Job;

static gboolean
put_pair(guint64 item, gpointer data, GError **error)
{
    const Job *job = data;
    const TsSheetPair *pair = &job->pairs[item];
    const int x = GAP + (int) (item % ACROSS) * (PAIR_WIDTH + GAP);
    const int y = GAP + (int) (item / ACROSS) * (PAIR_HEIGHT + GAP);
    fill(job->sheet, x, y, PAIR_WIDTH, PAIR_HEIGHT, pair->colour);
    return put_picture(job->sheet, x + FRAME, y + FRAME, job->dataset, pair->a, error) &&
           put_picture(job->sheet, x + 2 * FRAME + CELL, y + FRAME, job->dataset, pair->b, error);
}

TsImage *
ts_check_sheet(TsDataset *dataset, const TsSheetPair *pairs, guint n, GError **error)
{
    const int down = (int) ((n + ACROSS - 1) / ACROSS), across = (int) MIN(n, ACROSS);
    g_autoptr(TsImage) sheet = ts_image_new(GAP + across * (PAIR_WIDTH + GAP),
                                            GAP + down * (PAIR_HEIGHT + GAP), 3, TS_U8, error);
    if (sheet == NULL)
        return NULL;
    memset(sheet->data, 255, (gsize) sheet->height * ts_image_row_size(sheet));
    Job job = {.dataset = dataset, .pairs = pairs, .sheet = sheet};
    return ts_parallel_for(n, put_pair, &job, error) ? g_steal_pointer(&sheet) : NULL;
}

/* Contact sheets of random changes. */
#include "sample/augment_sheet.h"

#include "sample/augment_plan.h"
#include "sample/render.h"

#include <string.h>

enum { N_ROWS = 8, N_COLUMNS = 8, CELL = 128, GAP = 4, PITCH = CELL + GAP };

/* As 8-bit grey or RGB that fits into a cell; small pictures are enlarged. */
static TsImage *
make_thumbnail(const TsImage *image, GError **error)
{
    const int bands = image->bands - (image->has_alpha ? 1 : 0) == 1 ? 1 : 3;
    g_autoptr(TsImage) converted = ts_image_convert_bands(image, bands, error);
    if (converted == NULL)
        return NULL;
    double scale = (double) CELL / MAX(image->width, image->height);
    g_autoptr(TsImage) fitted = ts_image_resize(converted, MAX((int) (image->width * scale), 1),
                                                MAX((int) (image->height * scale), 1), error);
    g_autoptr(TsImage) out =
        fitted != NULL ? ts_image_new(fitted->width, fitted->height, 3, TS_U8, error) : NULL;
    if (out == NULL)
        return NULL;
    g_autoptr(TsImage) grey = NULL;
    if (bands == 3)
        return ts_image_to_u8(fitted, out->data, error) ? g_steal_pointer(&out) : NULL;
    grey = ts_image_convert_bands(fitted, 3, error);
    return grey != NULL && ts_image_to_u8(grey, out->data, error) ? g_steal_pointer(&out) : NULL;
}

static gboolean
put_cell(TsImage *sheet, int column, int row, const TsImage *image, GError **error)
{
    g_autoptr(TsImage) small = make_thumbnail(image, error);
    if (small == NULL)
        return FALSE;
    ts_image_copy_region(small, 0, 0, small->width, small->height, sheet,
                         GAP + column * PITCH + (CELL - small->width) / 2,
                         GAP + row * PITCH + (CELL - small->height) / 2);
    return TRUE;
}

static gboolean
put_row(TsImage *sheet, int row, const TsAugmentPlan *plan, guint64 first, const TsAugment *how,
        guint64 seed, GError **error)
{
    for (int column = 0; column < N_COLUMNS; column++) {
        const guint64 entry = first + (guint64) column;
        g_autofree char *step = ts_augment_plan_draw(plan, entry, how, seed, error);
        g_autoptr(TsImage) image =
            step != NULL
                ? ts_sample_render_changed(plan->dataset, plan->entries[entry].sample, step, error)
                : NULL;
        if (image == NULL || !put_cell(sheet, column, row, image, error))
            return FALSE;
    }
    return TRUE;
}

TsImage *
ts_augment_sheet(TsDataset *dataset, const guint8 *chosen, const TsAugment *how, guint64 seed,
                 GError **error)
{
    const guint64 n = ts_dataset_n(dataset);
    guint64 n_chosen = 0, k = 0;
    g_autofree guint8 *shown = g_new0(guint8, n + 1);
    for (guint64 i = 0; i < n; i++)
        n_chosen += chosen[i] != 0;
    const guint64 n_rows = MIN(n_chosen, (guint64) N_ROWS);
    for (guint64 i = 0, row = 0; i < n && row < n_rows; i++)
        if (chosen[i] && k++ == row * n_chosen / n_rows) {
            shown[i] = TRUE;
            row++;
        }
    g_auto(TsAugmentPlan) plan = {0};
    TsAugmentOptions options = {.per_sample = N_COLUMNS - 1, .keep = TRUE};
    g_autoptr(TsImage) sheet =
        ts_image_new(GAP + N_COLUMNS * PITCH, GAP + (int) n_rows * PITCH, 3, TS_U8, error);
    if (sheet == NULL || !ts_augment_plan_init(&plan, dataset, shown, &options, error))
        return NULL;
    memset(sheet->data, 255, (gsize) sheet->height * ts_image_row_size(sheet));
    guint64 first = 0;
    for (int row = 0; row < (int) n_rows; row++, first += N_COLUMNS) {
        while (!shown[plan.entries[first].sample])
            first++;
        if (!put_row(sheet, row, &plan, first, how, seed, error))
            return NULL;
    }
    return g_steal_pointer(&sheet);
}

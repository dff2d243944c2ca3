/* Samples of any type as parts of full scale. */
#include "tiling/judge/units.h"

#include "base/error.h"

#include <math.h>

/* By division, not by a product with 1 / white: only so 8-bit v and 16-bit 257 v are the same. */
#define DIVIDE(T)                                                                                  \
    for (gsize i = 0; i < n; i++)                                                                  \
        out[i] = ((const T *) samples)[i] / white;                                                 \
    break

static void
divide(TsSampleType type, const void *samples, gsize n, double white, double *out)
{
    switch (type) {
    case TS_U8:
        DIVIDE(guint8);
    case TS_I8:
        DIVIDE(gint8);
    case TS_U16:
        DIVIDE(guint16);
    case TS_I16:
        DIVIDE(gint16);
    case TS_U32:
        DIVIDE(guint32);
    case TS_I32:
        DIVIDE(gint32);
    case TS_F32:
        DIVIDE(float);
    case TS_F64:
        DIVIDE(double);
    }
}

static double
full_scale(TsSampleType type)
{
    static const double scales[] = {G_MAXUINT8,  G_MAXINT8,  G_MAXUINT16, G_MAXINT16,
                                    G_MAXUINT32, G_MAXINT32, 1,           1};
    return scales[type];
}

static gboolean
is_float(TsSampleType type)
{
    return type == TS_F32 || type == TS_F64;
}

static double *
make_table(double white)
{
    double *table = g_new(double, 256);
    for (int i = 0; i < 256; i++)
        table[i] = i / white;
    return table;
}

static gboolean
allocate(TsUnits *units, TsGreyUse use, GError **error)
{
    gsize n = (gsize) units->width;
    gsize n_grey = use == TS_GREY_PLANE ? n * (gsize) units->height : n;
    units->state = ts_try_alloc(n, 1, "row", error);
    if (units->state == NULL)
        return FALSE;
    units->row = ts_try_alloc(n * (gsize) units->bands, sizeof *units->row, "row", error);
    if (units->row == NULL)
        return FALSE;
    units->grey = ts_try_alloc(n_grey, sizeof *units->grey, "grey", error);
    units->plane = use == TS_GREY_PLANE ? units->grey : NULL;
    return units->grey != NULL;
}

gboolean
ts_units_init(TsUnits *units, const TsFilters *filters, const TsPixels *pixels, TsGreyUse use,
              GError **error)
{
    const TsImage *like = pixels->like;
    *units = (TsUnits){.pixels = pixels,
                       .filters = filters,
                       .width = pixels->width,
                       .height = pixels->height,
                       .bands = like->bands,
                       .colours = like->bands - (like->has_alpha && like->bands > 1 ? 1 : 0),
                       .with_grey = use != TS_GREY_NONE};
    units->white = filters->white > 0 ? filters->white : full_scale(like->type);
    units->is_signed = like->type == TS_I8 || like->type == TS_I16 || like->type == TS_I32;
    units->may_miss = is_float(like->type) || filters->has_nodata || units->colours < units->bands;
    units->table = like->type == TS_U8 ? make_table(units->white) : NULL;
    return allocate(units, use, error);
}

void
ts_units_clear(TsUnits *units)
{
    g_clear_pointer(&units->state, g_free);
    g_clear_pointer(&units->row, g_free);
    g_clear_pointer(&units->table, g_free);
    if (units->plane != NULL)
        units->grey = units->plane;
    g_clear_pointer(&units->grey, g_free);
    units->plane = NULL;
}

/* Opacity is the last band. */
static TsPixelState
state_of(const TsUnits *units, const double *pixel, double nodata)
{
    gboolean all_nodata = units->filters->has_nodata;
    if (units->colours < units->bands && !(pixel[units->bands - 1] > 0))
        return TS_PIXEL_TRANSPARENT;
    for (int b = 0; b < units->colours; b++) {
        if (!isfinite(pixel[b]))
            return TS_PIXEL_NODATA;
        all_nodata = all_nodata && pixel[b] == nodata;
    }
    return all_nodata ? TS_PIXEL_NODATA : TS_PIXEL_DATA;
}

static void
find_states(TsUnits *units)
{
    double nodata = units->filters->nodata / units->white;
    for (int x = 0; x < units->width; x++)
        units->state[x] =
            (guint8) state_of(units, units->row + (gsize) x * (gsize) units->bands, nodata);
}

static void
find_grey(TsUnits *units)
{
    const double *pixel = units->row;
    gsize n = (gsize) units->width, bands = (gsize) units->bands;
    double *grey = units->grey;
    if (units->colours >= 3)
        for (gsize x = 0; x < n; x++, pixel += bands)
            grey[x] = 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
    else if (units->colours == 2)
        for (gsize x = 0; x < n; x++, pixel += bands)
            grey[x] = (pixel[0] + pixel[1]) / 2;
    else
        for (gsize x = 0; x < n; x++, pixel += bands)
            grey[x] = pixel[0];
    for (gsize x = 0; x < n && units->may_miss; x++)
        if (units->state[x] != TS_PIXEL_DATA)
            grey[x] = NAN;
}

void
ts_units_read_row(TsUnits *units, int y)
{
    const TsPixels *pixels = units->pixels;
    const guint8 *samples = pixels->data + (gsize) y * pixels->stride;
    gsize n = (gsize) units->width * (gsize) units->bands;
    if (units->table != NULL)
        for (gsize i = 0; i < n; i++)
            units->row[i] = units->table[samples[i]];
    else
        divide(pixels->like->type, samples, n, units->white, units->row);
    if (units->plane != NULL)
        units->grey = units->plane + (gsize) y * (gsize) units->width;
    if (units->may_miss)
        find_states(units);
    if (units->with_grey)
        find_grey(units);
}

int
ts_units_level(const TsUnits *units, double grey)
{
    double value = units->is_signed ? (grey + 1) / 2 : grey;
    return (int) (CLAMP(value, 0, 1) * 255 + 0.5);
}

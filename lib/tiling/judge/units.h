/* Rows of a tile as numbers on one scale for all types, with what is data in them; inside of
 * lib/tiling. */
#pragma once

#include "tiling/judge/filters.h"

G_BEGIN_DECLS

typedef enum {
    TS_PIXEL_DATA,
    TS_PIXEL_NODATA,
    TS_PIXEL_TRANSPARENT,
    TS_N_PIXEL_STATES
} TsPixelState;

typedef struct {
    const TsPixels *pixels;
    const TsFilters *filters;
    int width, height, bands, colours; /* colours: bands without opacity */
    double white;                      /* full scale */
    gboolean is_signed;
    gboolean may_miss;  /* whether a pixel can be other than data */
    gboolean with_grey; /* whether grey is computed */
    double *table;      /* (256) of 8-bit samples divided, or NULL */
    double *row;        /* (width, bands) of the row that was read, divided by `white` */
    guint8 *state;      /* (width) TsPixelState */
    double *grey;       /* (width), not-a-number where there is no data */
    double *plane;      /* (height, width) grey of all rows read, or NULL */
} TsUnits;

/* Compute no grey, that of the row, or keep that of all rows in `plane`. TS_ERROR_NO_MEMORY. */
typedef enum { TS_GREY_NONE, TS_GREY_ROW, TS_GREY_PLANE } TsGreyUse;
gboolean ts_units_init(TsUnits *units, const TsFilters *filters, const TsPixels *pixels,
                       TsGreyUse use, GError **error);
void ts_units_clear(TsUnits *units);

/* Fill row, state and grey with row `y`. */
void ts_units_read_row(TsUnits *units, int y);

/* The level, 0 to 255, of a grey. */
int ts_units_level(const TsUnits *units, double grey);

G_END_DECLS

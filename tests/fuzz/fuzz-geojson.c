/* Any bytes as GeoJSON: an error, or areas whose every pixel can be asked for. */
#include "store/geojson.h"
#include "tiling/judge/area.h"

enum { SIDE = 64, MAX_AREAS = 64 };

int LLVMFuzzerTestOneInput(const guint8 *input, gsize n);

int
LLVMFuzzerTestOneInput(const guint8 *input, gsize n)
{
    static guint16 out[SIDE * SIDE];
    TsRaster raster = {.x = 3, .y = -7, .step_x = 1.5, .step_y = 1, .width = SIDE, .height = SIDE};
    g_autoptr(GError) error = NULL;
    g_autoptr(TsGeojson) drawn = ts_geojson_parse((const char *) input, n, "input", &error);
    g_assert((drawn == NULL) == (error != NULL));
    for (guint64 i = 0; drawn != NULL && i < MIN(ts_geojson_n(drawn), MAX_AREAS); i++) {
        const TsArea *area = ts_geojson_get(drawn, i);
        g_assert(area->n_rings >= 1 && area->rings[0].n >= 3);
        g_assert(area->left <= area->right && area->top <= area->bottom);
        g_assert(ts_area_fill(area, &raster, (guint16) i, out, NULL));
    }
    return 0;
}

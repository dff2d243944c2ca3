/* GeoTIFF as arithmetic: checks, parts, turned images.
 *
 * Every change is a map of raster coordinates, old = A * new + t. It is applied to the scale and
 * its tie point where A is positive and diagonal, which most readers like best, and else to the
 * matrix.
 */
#include "image/tiff_geo_tags.h"

#include <math.h>
#include <string.h>

enum { KEY_RASTER_TYPE = 1025, RASTER_IS_POINT = 2, TAG_DOUBLES = 34736, TAG_TEXT = 34737 };

/* old x = xx * x + xy * y + x0, old y = yx * x + yy * y + y0 */
typedef struct {
    double xx, xy, x0, yx, yy, y0;
} Affine;

TsGeo *
ts_geo_new(void)
{
    TsGeo *self = g_new0(TsGeo, 1);
    self->ties = g_array_new(FALSE, FALSE, sizeof(double));
    self->keys = g_array_new(FALSE, FALSE, sizeof(guint16));
    self->doubles = g_array_new(FALSE, FALSE, sizeof(double));
    return self;
}

void
ts_geo_free(TsGeo *self)
{
    if (self == NULL)
        return;
    g_array_unref(self->ties);
    g_array_unref(self->keys);
    g_array_unref(self->doubles);
    g_free(self->text);
    g_free(self->nodata);
    g_free(self);
}

static TsGeo *
copy(const TsGeo *from)
{
    TsGeo *to = g_memdup2(from, sizeof *from);
    to->ties = g_array_copy(from->ties);
    to->keys = g_array_copy(from->keys);
    to->doubles = g_array_copy(from->doubles);
    to->text = g_strdup(from->text);
    to->nodata = g_strdup(from->nodata);
    return to;
}

static double *
get_ties(const TsGeo *self)
{
    return (double *) (gpointer) self->ties->data;
}

static guint
count_ties(const TsGeo *self)
{
    return self->ties->len / 6;
}

static gboolean
all_finite(const double *numbers, guint n)
{
    for (guint i = 0; i < n; i++)
        if (!isfinite(numbers[i]))
            return FALSE;
    return TRUE;
}

/* One key: its number, the tag that holds its value or 0, how many, where. */
static gboolean
check_key(TsGeo *self, const guint16 *key, const char *name, GError **error)
{
    gsize end = (gsize) key[2] + key[3];
    gsize n_text = self->text != NULL ? strlen(self->text) + 1 : 0; /* some count the final zero */
    gboolean inside = (key[1] != TAG_DOUBLES || end <= self->doubles->len) &&
                      (key[1] != TAG_TEXT || end <= n_text);
    if (!inside)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: GeoTIFF key %d points outside of the values of tag %d", name,
                            key[0], key[1]);
    if (key[0] == KEY_RASTER_TYPE && key[1] == 0)
        self->is_point = key[3] == RASTER_IS_POINT;
    return TRUE;
}

static gboolean
check_keys(TsGeo *self, const char *name, GError **error)
{
    const guint16 *keys = (const guint16 *) (gpointer) self->keys->data;
    if (self->keys->len == 0)
        return TRUE;
    if (self->keys->len < 4 || (gsize) 4 + 4 * (gsize) keys[3] > self->keys->len)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: GeoTIFF tag 34735 is shorter than the keys that it declares",
                            name);
    for (guint i = 1; i <= keys[3]; i++)
        if (!check_key(self, keys + 4 * i, name, error))
            return FALSE;
    return TRUE;
}

gboolean
ts_geo_settle(TsGeo *self, const char *name, GError **error)
{
    if (!check_keys(self, name, error))
        return FALSE;
    if (self->ties->len % 6 != 0 || !all_finite(get_ties(self), self->ties->len) ||
        !all_finite(self->scale, 3) || !all_finite(self->matrix, 16))
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: GeoTIFF tie points, scale or matrix are no whole sets of numbers",
                            name);
    if (self->has_scale && (self->scale[0] == 0 || self->scale[1] == 0 || self->ties->len == 0))
        self->has_scale = FALSE;
    if (self->has_scale)
        self->has_matrix = FALSE;
    if (self->has_matrix)
        g_array_set_size(self->ties, 0);
    return TRUE;
}

/* The same place from a matrix instead of a scale and its first tie point. */
static void
use_matrix(TsGeo *self)
{
    const double *tie = get_ties(self), *scale = self->scale;
    if (!self->has_scale)
        return;
    const double matrix[16] = {scale[0], 0,         0,        tie[3] - tie[0] * scale[0], /* */
                               0,        -scale[1], 0,        tie[4] + tie[1] * scale[1], /* */
                               0,        0,         scale[2], tie[5] - tie[2] * scale[2], /* */
                               0,        0,         0,        1};
    memcpy(self->matrix, matrix, sizeof matrix);
    self->has_matrix = TRUE;
    self->has_scale = FALSE;
    g_array_set_size(self->ties, 0);
}

static void
map_matrix(TsGeo *self, const Affine *map)
{
    for (int row = 0; row < 3; row++) {
        double *m = self->matrix + 4 * row, a = m[0], b = m[1];
        m[0] = a * map->xx + b * map->yx;
        m[1] = a * map->xy + b * map->yy;
        m[3] += a * map->x0 + b * map->y0;
    }
}

/* Move tie points to where they lie in the new raster. */
static void
map_ties(TsGeo *self, const Affine *map)
{
    double determinant = map->xx * map->yy - map->xy * map->yx;
    for (guint i = 0; i < count_ties(self); i++) {
        double *tie = get_ties(self) + 6 * i;
        double x = tie[0] - map->x0, y = tie[1] - map->y0;
        tie[0] = (map->yy * x - map->xy * y) / determinant;
        tie[1] = (map->xx * y - map->yx * x) / determinant;
    }
}

/* One tie point: let it be the corner of the new raster. */
static void
map_only_tie(TsGeo *self, const Affine *map)
{
    double *tie = get_ties(self);
    tie[3] += (map->x0 - tie[0]) * self->scale[0];
    tie[4] -= (map->y0 - tie[1]) * self->scale[1];
    tie[0] = tie[1] = 0;
}

static void
change_raster(TsGeo *self, const Affine *map)
{
    gboolean is_plain = map->xy == 0 && map->yx == 0 && map->xx > 0 && map->yy > 0;
    if (self->has_scale && !is_plain)
        use_matrix(self);
    if (self->has_matrix)
        map_matrix(self, map);
    else if (self->has_scale && count_ties(self) == 1)
        map_only_tie(self, map);
    else
        map_ties(self, map);
    if (self->has_scale) {
        self->scale[0] *= map->xx;
        self->scale[1] *= map->yy;
    }
}

void
ts_geo_orient(TsGeo *self, int orientation, int width, int height)
{
    /* Along stored x and y: which of the new axes it is, and whether it runs backward. */
    static const struct {
        gboolean swaps, back_x, back_y;
    } turns[] = {{0, 0, 0}, {0, 0, 0}, {0, 1, 0}, {0, 1, 1}, {0, 0, 1},
                 {1, 0, 0}, {1, 0, 1}, {1, 1, 1}, {1, 1, 0}};
    if (orientation < 2 || orientation > 8)
        return;
    double last_x = width - (self->is_point ? 1 : 0), last_y = height - (self->is_point ? 1 : 0);
    gboolean swaps = turns[orientation].swaps;
    double x = turns[orientation].back_x ? -1 : 1, y = turns[orientation].back_y ? -1 : 1;
    Affine map = {.xx = swaps ? 0 : x,
                  .xy = swaps ? x : 0,
                  .x0 = x < 0 ? last_x : 0,
                  .yx = swaps ? y : 0,
                  .yy = swaps ? 0 : y,
                  .y0 = y < 0 ? last_y : 0};
    change_raster(self, &map);
}

TsGeo *
ts_geo_translate(const TsGeo *self, double x0, double y0, double across, double down)
{
    TsGeo *part = copy(self);
    /* From centre to centre: the first pixel's lies half of a new one inside, less half of an old.
     */
    double half = self->is_point ? 0.5 : 0;
    Affine map = {
        .xx = across, .yy = down, .x0 = x0 + half * (across - 1), .y0 = y0 + half * (down - 1)};
    change_raster(part, &map);
    return part;
}

gboolean
ts_geo_map(const TsGeo *self, double x, double y, double *east, double *north)
{
    double i = x - (self->is_point ? 0.5 : 0), j = y - (self->is_point ? 0.5 : 0);
    const double *m = self->matrix, *tie = get_ties(self);
    if (self->has_matrix) {
        *east = m[0] * i + m[1] * j + m[3];
        *north = m[4] * i + m[5] * j + m[7];
    } else if (self->has_scale) {
        *east = tie[3] + (i - tie[0]) * self->scale[0];
        *north = tie[4] - (j - tie[1]) * self->scale[1];
    }
    return self->has_matrix || self->has_scale;
}

const char *
ts_geo_nodata(const TsGeo *self)
{
    return self->nodata;
}

/* Composition of geometric changes, and the input positions that come of it. */
#include "image/transform/map.h"

#include <math.h>
#include <string.h>

/* Positions behind the horizon of a perspective, or so far away that only the edge is seen. */
static const double FAR_AWAY = 1e9;

static const TsMatrix IDENTITY = {{1, 0, 0, 0, 1, 0, 0, 0, 1}};

/* What `b` and then `a` does to an output position. */
static TsMatrix
multiply(const TsMatrix *a, const TsMatrix *b)
{
    TsMatrix product;
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            product.m[3 * i + k] = a->m[3 * i] * b->m[k] + a->m[3 * i + 1] * b->m[3 + k] +
                                   a->m[3 * i + 2] * b->m[6 + k];
    return product;
}

void
ts_map_init(TsMap *self, int width, int height)
{
    *self = (TsMap){.width = width,
                    .height = height,
                    .in_width = width,
                    .in_height = height,
                    .matrix = IDENTITY};
}

void
ts_map_clear(TsMap *self)
{
    while (self->fields != NULL) {
        TsMapField *field = self->fields;
        self->fields = field->next;
        g_free(field->dx);
        g_free(field->dy);
        g_free(field);
    }
}

/* Append a change whose output positions are at `change` of its input. */
static void
append(TsMap *self, const TsMatrix *change)
{
    self->matrix = multiply(&self->matrix, change);
}

/* Append the linear change (a b; c d) about the middle. */
static void
append_linear(TsMap *self, double a, double b, double c, double d)
{
    const double x = (self->width - 1) / 2.0, y = (self->height - 1) / 2.0;
    append(self, &(TsMatrix){{a, b, x - a * x - b * y, c, d, y - c * x - d * y, 0, 0, 1}});
}

void
ts_map_d4(TsMap *self, TsD4 element)
{
    /* Input (x, y) of output (x, y), signs first: 1 forward, -1 from the other end. */
    static const struct {
        int xx, xy, yx, yy;
    } linear[] = {
        [TS_D4_E] = {1, 0, 0, 1},     [TS_D4_R90] = {0, -1, 1, 0}, [TS_D4_R180] = {-1, 0, 0, -1},
        [TS_D4_R270] = {0, 1, -1, 0}, [TS_D4_H] = {-1, 0, 0, 1},   [TS_D4_V] = {1, 0, 0, -1},
        [TS_D4_T] = {0, 1, 1, 0},     [TS_D4_HVT] = {0, -1, -1, 0}};
    const int xx = linear[element].xx, xy = linear[element].xy;
    const int yx = linear[element].yx, yy = linear[element].yy;
    const double last_x = self->width - 1, last_y = self->height - 1;
    append(self, &(TsMatrix){{xx, xy, xx + xy < 0 ? last_x : 0, yx, yy, yx + yy < 0 ? last_y : 0, 0,
                              0, 1}});
    if (xx == 0) {
        int width = self->width;
        self->width = self->height;
        self->height = width;
    }
}

void
ts_map_rotate(TsMap *self, double degrees)
{
    double turns = degrees / 90;
    double cosine = cos(degrees * G_PI / 180), sine = sin(degrees * G_PI / 180);
    if (turns == rint(turns)) {
        static const double values[] = {1, 0, -1, 0};
        int quarter = (int) (fmod(turns, 4) + 4) % 4;
        cosine = values[quarter];
        sine = values[(quarter + 3) % 4];
    }
    append_linear(self, cosine, -sine, sine, cosine);
}

void
ts_map_scale(TsMap *self, double factor)
{
    append_linear(self, 1 / factor, 0, 0, 1 / factor);
}

void
ts_map_shear(TsMap *self, double degrees)
{
    append_linear(self, 1, tan(degrees * G_PI / 180), 0, 1);
}

void
ts_map_shear_y(TsMap *self, double degrees)
{
    append_linear(self, 1, 0, tan(degrees * G_PI / 180), 1);
}

void
ts_map_shift(TsMap *self, double x, double y)
{
    append(self, &(TsMatrix){{1, 0, -x, 0, 1, -y, 0, 0, 1}});
}

void
ts_map_crop(TsMap *self, int x, int y, int width, int height)
{
    append(self, &(TsMatrix){{1, 0, x, 0, 1, y, 0, 0, 1}});
    self->width = width;
    self->height = height;
}

void
ts_map_resize(TsMap *self, int width, int height)
{
    const double x = (double) self->width / width, y = (double) self->height / height;
    append(self, &(TsMatrix){{x, 0, (x - 1) / 2, 0, y, (y - 1) / 2, 0, 0, 1}});
    self->width = width;
    self->height = height;
}

/* The matrix that takes the unit square's corners (0,0), (1,0), (1,1), (0,1) to `q` (Heckbert,
 * "Fundamentals of texture mapping and image warping", 1989, section 2.2.3). */
static TsMatrix
square_to_quad(const double q[8])
{
    const double dx1 = q[2] - q[4], dx2 = q[6] - q[4], sx = q[0] - q[2] + q[4] - q[6];
    const double dy1 = q[3] - q[5], dy2 = q[7] - q[5], sy = q[1] - q[3] + q[5] - q[7];
    const double det = dx1 * dy2 - dx2 * dy1;
    const double g = (sx * dy2 - dx2 * sy) / det, h = (dx1 * sy - sx * dy1) / det;
    return (TsMatrix){{q[2] - q[0] + g * q[2], q[6] - q[0] + h * q[6], q[0], q[3] - q[1] + g * q[3],
                       q[7] - q[1] + h * q[7], q[1], g, h, 1}};
}

/* The inverse up to a factor, which positions do not see. */
static TsMatrix
adjugate(const TsMatrix *a)
{
    const double *m = a->m;
    return (TsMatrix){
        {m[4] * m[8] - m[5] * m[7], m[2] * m[7] - m[1] * m[8], m[1] * m[5] - m[2] * m[4],
         m[5] * m[6] - m[3] * m[8], m[0] * m[8] - m[2] * m[6], m[2] * m[3] - m[0] * m[5],
         m[3] * m[7] - m[4] * m[6], m[1] * m[6] - m[0] * m[7], m[0] * m[4] - m[1] * m[3]}};
}

/* All turns at the corners go the same way as those of the picture. */
static gboolean
is_convex(const double q[8])
{
    for (int i = 0; i < 4; i++) {
        const double *a = q + 2 * i, *b = q + 2 * ((i + 1) % 4), *c = q + 2 * ((i + 2) % 4);
        if (!((b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0]) > 1e-9))
            return FALSE;
    }
    return TRUE;
}

gboolean
ts_map_perspective(TsMap *self, const double corners[8])
{
    const double width = MAX(self->width - 1, 1), height = MAX(self->height - 1, 1);
    double quad[8];
    gboolean moved = FALSE;
    for (int i = 0; i < 4; i++) {
        quad[2 * i] = (i == 1 || i == 2) + corners[2 * i];
        quad[2 * i + 1] = (i >= 2) + corners[2 * i + 1];
        moved |= corners[2 * i] != 0 || corners[2 * i + 1] != 0;
    }
    if (!is_convex(quad))
        return FALSE;
    if (!moved)
        return TRUE;
    const TsMatrix forward = square_to_quad(quad);
    const TsMatrix back = adjugate(&forward);
    const TsMatrix to_unit = {{1 / width, 0, 0, 0, 1 / height, 0, 0, 0, 1}};
    const TsMatrix to_pixels = {{width, 0, 0, 0, height, 0, 0, 0, 1}};
    TsMatrix change = multiply(&back, &to_unit);
    change = multiply(&to_pixels, &change);
    append(self, &change);
    return TRUE;
}

static gboolean
is_whole(double value)
{
    return value == rint(value);
}

gboolean
ts_map_is_exact(const TsMap *self)
{
    const double *m = self->matrix.m;
    if (self->fields != NULL || m[6] != 0 || m[7] != 0 || m[8] != 1)
        return FALSE;
    gboolean upright = fabs(m[0]) == 1 && fabs(m[4]) == 1 && m[1] == 0 && m[3] == 0;
    gboolean on_side = fabs(m[1]) == 1 && fabs(m[3]) == 1 && m[0] == 0 && m[4] == 0;
    return (upright || on_side) && is_whole(m[2]) && is_whole(m[5]) && fabs(m[2]) < FAR_AWAY &&
           fabs(m[5]) < FAR_AWAY;
}

gboolean
ts_map_is_identity(const TsMap *self)
{
    return self->width == self->in_width && self->height == self->in_height &&
           ts_map_is_exact(self) && self->matrix.m[0] == 1 && self->matrix.m[4] == 1 &&
           self->matrix.m[2] == 0 && self->matrix.m[5] == 0;
}

/* The n positions from (x, y) on, where the matrix is affine. */
static void
affine_positions(const double m[9], double x, double y, int n, double *in_x, double *in_y)
{
    const double a = m[0], b = m[1] * y, c = m[2], d = m[3], e = m[4] * y, f = m[5];
    for (int i = 0; i < n; i++) {
        in_x[i] = a * (x + i) + b + c;
        in_y[i] = d * (x + i) + e + f;
    }
}

static void
transform(const double m[9], double x, double y, double *to_x, double *to_y)
{
    double w = m[6] * x + m[7] * y + m[8];
    double scale = 1 / w;
    *to_x = (m[0] * x + m[1] * y + m[2]) * scale;
    *to_y = (m[3] * x + m[4] * y + m[5]) * scale;
    if (!(w > 1e-12) || !(fabs(*to_x) < FAR_AWAY) || !(fabs(*to_y) < FAR_AWAY))
        *to_x = *to_y = FAR_AWAY;
}

/* The field at a position, bilinear, its edge beyond it. */
static void
displace(const TsMapField *field, double *x, double *y)
{
    const double px = CLAMP(*x, 0, field->width - 1), py = CLAMP(*y, 0, field->height - 1);
    const int x0 = (int) px, y0 = (int) py;
    const int x1 = MIN(x0 + 1, field->width - 1), y1 = MIN(y0 + 1, field->height - 1);
    const double sx = px - x0, sy = py - y0;
    const gsize row0 = (gsize) y0 * (gsize) field->width, row1 = (gsize) y1 * (gsize) field->width;
    const double weights[4] = {(1 - sx) * (1 - sy), sx * (1 - sy), (1 - sx) * sy, sx * sy};
    const gsize at[4] = {row0 + (gsize) x0, row0 + (gsize) x1, row1 + (gsize) x0,
                         row1 + (gsize) x1};
    for (int i = 0; i < 4; i++) {
        *x += weights[i] * (double) field->dx[at[i]];
        *y += weights[i] * (double) field->dy[at[i]];
    }
}

void
ts_map_positions(const TsMap *self, int x, int y, int n, double *in_x, double *in_y)
{
    const double *m = self->matrix.m;
    if (m[6] == 0 && m[7] == 0 && m[8] == 1)
        affine_positions(m, x, y, n, in_x, in_y);
    else
        for (int i = 0; i < n; i++)
            transform(m, x + i, y, &in_x[i], &in_y[i]);
    for (const TsMapField *field = self->fields; field != NULL; field = field->next)
        for (int i = 0; i < n; i++) {
            double px = in_x[i], py = in_y[i];
            displace(field, &px, &py);
            transform(field->after.m, px, py, &in_x[i], &in_y[i]);
        }
}

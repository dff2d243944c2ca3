/* Geometric changes of a picture, composed into one map from output to input positions.
 *
 * Each call appends one change, in the order in which it is seen: flip, then rotate, is a flipped
 * picture that is turned. Nothing is sampled until ts_warp(), which does so once, so ten changes
 * blur no more than one. Positions are those of pixel centres, (0, 0) the top left one; changes
 * turn about the middle of the picture as it is by then, ((w - 1) / 2, (h - 1) / 2). Positive
 * angles turn counterclockwise, as in torchvision.
 *
 *     g_auto(TsMap) map = {0};
 *     ts_map_init(&map, image->width, image->height);
 *     ts_map_rotate(&map, 12.5);
 *     ts_map_shift(&map, 3, 0);
 *     g_autoptr(TsImage) turned = ts_warp(image, &map, error);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The symmetries of the square. */
typedef enum {
    TS_D4_E,    /* nothing */
    TS_D4_R90,  /* a quarter turn counterclockwise, as numpy.rot90 */
    TS_D4_R180, /* two */
    TS_D4_R270, /* three */
    TS_D4_H,    /* left and right exchanged */
    TS_D4_V,    /* top and bottom exchanged */
    TS_D4_T,    /* mirrored at the main diagonal: rows become columns */
    TS_D4_HVT,  /* mirrored at the other diagonal */
} TsD4;

/* Input position of output (x, y), rows of a homogeneous matrix:
 * ((m0 x + m1 y + m2) / w, (m3 x + m4 y + m5) / w) with w = m6 x + m7 y + m8. */
typedef struct {
    double m[9];
} TsMatrix;

/* Displacements in pixels: a position p within it becomes p + (dx, dy)(p), then after(p). */
typedef struct _TsMapField TsMapField;
struct _TsMapField {
    int width, height;
    float *dx, *dy; /* (height, width) */
    TsMatrix after;
    TsMapField *next; /* the one before it in order of the changes */
};

typedef struct {
    int width, height;       /* of the output */
    int in_width, in_height; /* of the input */
    TsMatrix matrix;         /* applied first to an output position, then the fields */
    TsMapField *fields;
} TsMap;

/* The map that changes nothing. */
void ts_map_init(TsMap *map, int width, int height);
void ts_map_clear(TsMap *map);

/* An element of the group; quarter turns and transpositions exchange width and height. Exact: with
 * such changes and crops alone, ts_warp() copies pixels. */
void ts_map_d4(TsMap *map, TsD4 element);

/* Turn by degrees; the canvas stays. Multiples of 90 are exact. */
void ts_map_rotate(TsMap *map, double degrees);

/* Enlarge what is seen by `factor` > 0; the canvas stays. */
void ts_map_scale(TsMap *map, double factor);

/* Shear along x by degrees (-90 to 90, without the ends): the row at distance r below the middle
 * moves left by r tan(degrees). */
void ts_map_shear(TsMap *map, double degrees);

/* Shear along y likewise: the column at distance r right of the middle moves up. */
void ts_map_shear_y(TsMap *map, double degrees);

/* Move right and down by pixels. */
void ts_map_shift(TsMap *map, double x, double y);

/* Cut the rectangle out; it may reach over the edges. */
void ts_map_crop(TsMap *map, int x, int y, int width, int height);

/* Scale to width x height, both at least 1; half-pixel centres, as in Pillow and torchvision, but
 * no filter is widened when shrinking. */
void ts_map_resize(TsMap *map, int width, int height);

/* Move the corners, given in the order top left, top right, bottom right, bottom left as (x, y), by
 * shares of (width - 1) and (height - 1), and the picture with them as a plane in space. FALSE,
 * map unchanged, if the corners are no longer a convex quadrilateral. */
gboolean ts_map_perspective(TsMap *map, const double corners[8]);

/* Add smooth random displacements: uniform ones in -1 .. 1 for each pixel, from a stream keyed by
 * `seed`, smoothed with a Gaussian of `sigma` pixels and multiplied by `alpha` (Simard, Steinkraus,
 * Platt, "Best practices for convolutional neural networks", 2003; torchvision's alpha is twice
 * ours). TS_ERROR_NO_MEMORY. */
gboolean ts_map_elastic(TsMap *map, double alpha, double sigma, guint64 seed, GError **error);

/* TRUE if output pixels lie on input pixels: flips, quarter turns and whole shifts. */
gboolean ts_map_is_exact(const TsMap *map);

/* TRUE if the output is the input. */
gboolean ts_map_is_identity(const TsMap *map);

/* Input positions of the `n` output pixels (x, y), (x + 1, y), ... Where perspective has no
 * position, behind the horizon, they are far outside. */
void ts_map_positions(const TsMap *map, int x, int y, int n, double *in_x, double *in_y);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsMap, ts_map_clear)

G_END_DECLS

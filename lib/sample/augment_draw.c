/* Random changes drawn: each from a stream of its own. */
#include "sample/augment.h"

#include "base/error.h"
#include "base/rng.h"
#include "sample/augment_policy.h"

#include <math.h>
#include <string.h>

/* Instead of a number of values. */
enum { NOT_MADE = -1, FAILED = -2 };

/* Draws of the affine changes and flips, which share one stream, each its own place in it. */
typedef struct {
    double rotate, scale, shear, shift_x, shift_y; /* uniform in -1 .. 1 */
    double hflip, vflip;                           /* uniform in 0 .. 1 */
} Affine;

typedef struct {
    guint64 seed, item;
    Affine affine;
    int width, height; /* of the picture as it is by now */
} Draw;

static double
draw_sign(TsRng *rng)
{
    return 2 * ts_rng_uniform(rng) - 1;
}

/* One bit decides at a probability of a half, the other 31 refine it. */
static double
draw_flip(TsRng *rng)
{
    guint32 word = ts_rng_next(rng);
    return ((word & 1) ? 0 : 0.5) + (word >> 1) / 4294967296.0;
}

static Affine
draw_affine(guint64 seed, guint64 item)
{
    TsRng rng;
    Affine affine;
    ts_rng_init(&rng, seed, "augment", item);
    affine.rotate = draw_sign(&rng);
    affine.scale = draw_sign(&rng);
    affine.shear = draw_sign(&rng);
    affine.shift_x = draw_sign(&rng);
    affine.shift_y = draw_sign(&rng);
    affine.hflip = draw_flip(&rng);
    affine.vflip = draw_flip(&rng);
    return affine;
}

/* A number within the range, where `sign` is uniform in -1 .. 1. */
static double
within(const TsAugmentItem *item, double sign)
{
    double value = item->middle + item->half * sign;
    return item->is_factor ? exp(value) : value;
}

static gboolean
draw_crop(const TsAugmentItem *item, Draw *draw, TsRng *rng, double *v, GError **error)
{
    if (item->width > draw->width || item->height > draw->height)
        return ts_error_set(error, TS_ERROR_RANGE,
                            "crop: %d x %d pixels cannot be cut out of %d x %d", item->width,
                            item->height, draw->width, draw->height);
    v[0] = (double) ts_rng_below(rng, (guint64) (draw->width - item->width) + 1);
    v[1] = (double) ts_rng_below(rng, (guint64) (draw->height - item->height) + 1);
    v[2] = draw->width = item->width;
    v[3] = draw->height = item->height;
    return TRUE;
}

/* A rectangle of a share of the area and an aspect within 1 / ratio .. ratio, both drawn, the
 * aspect uniform in its logarithm; up to ten times, until it fits (torchvision's
 * RandomResizedCrop and RandomErasing). */
static gboolean
draw_rectangle(const TsAugmentItem *item, const Draw *draw, double ratio, TsRng *rng, double *v)
{
    for (int attempt = 0; attempt < 10; attempt++) {
        double area = within(item, draw_sign(rng)) * draw->width * draw->height;
        double aspect = exp(log(ratio) * draw_sign(rng));
        double width = rint(sqrt(area * aspect)), height = rint(sqrt(area / aspect));
        double x = ts_rng_uniform(rng), y = ts_rng_uniform(rng);
        if (width < 1 || height < 1 || width > draw->width || height > draw->height)
            continue;
        v[0] = floor(x * (draw->width - width + 1));
        v[1] = floor(y * (draw->height - height + 1));
        v[2] = width;
        v[3] = height;
        return TRUE;
    }
    return FALSE;
}

/* Scale to the size that is asked for, if any; else to the picture's own. */
static void
set_new_size(const TsAugmentItem *item, Draw *draw, double *v)
{
    if (item->width > 0) {
        draw->width = item->width;
        draw->height = item->height;
    }
    v[4] = draw->width;
    v[5] = draw->height;
}

static void
draw_resized_crop(const TsAugmentItem *item, Draw *draw, TsRng *rng, double *v)
{
    const double ratio = 4.0 / 3;
    if (!draw_rectangle(item, draw, ratio, rng, v)) {
        /* The largest rectangle in the middle whose aspect is allowed. */
        v[2] = fmin(draw->width, fmax(rint(draw->height * ratio), 1));
        v[3] = fmin(draw->height, fmax(rint(draw->width * ratio), 1));
        v[0] = floor((draw->width - v[2]) / 2);
        v[1] = floor((draw->height - v[3]) / 2);
    }
    set_new_size(item, draw, v);
}

/* Where all samples are to have one size, those without a crop are scaled whole. */
static gboolean
leave_out(const TsAugmentItem *item, Draw *draw, TsEdits *edits, GError **error)
{
    double v[TS_EDIT_VALUES] = {0, 0, draw->width, draw->height};
    if (item->kind != TS_EDIT_RESIZED_CROP || item->width == 0)
        return TRUE;
    set_new_size(item, draw, v);
    return ts_edits_add(edits, TS_EDIT_RESIZED_CROP, v, 6, error);
}

/* Each corner moves inward by up to half of the drawn share of each side, as torchvision's
 * RandomPerspective. */
static void
draw_perspective(const TsAugmentItem *item, TsRng *rng, double *v)
{
    const double largest = item->middle + item->half;
    for (int i = 0; i < 4; i++) {
        double right = i == 1 || i == 2, lower = i >= 2;
        v[2 * i] = largest / 2 * ts_rng_uniform(rng) * (1 - 2 * right);
        v[2 * i + 1] = largest / 2 * ts_rng_uniform(rng) * (1 - 2 * lower);
    }
}

static gboolean
draw_d4(Draw *draw, TsRng *rng, double *v)
{
    v[0] = (double) ts_rng_below(rng, 8);
    if (v[0] == 1 || v[0] == 3 || v[0] >= 6) {
        int width = draw->width;
        draw->width = draw->height;
        draw->height = width;
    }
    return v[0] != 0;
}

/* Values of a change that is not geometric, and how many: a number, and what some have behind it.
 */
static int
draw_tone(const TsAugmentItem *item, const Draw *draw, TsRng *rng, double *v)
{
    switch (item->kind) {
    case TS_EDIT_ERASE:
        return draw_rectangle(item, draw, 3.3, rng, v) ? 4 : NOT_MADE;
    case TS_EDIT_STAIN:
        for (int i = 0; i < 6; i++)
            v[i] = within(item, draw_sign(rng));
        return 6;
    case TS_EDIT_NOISE:
    case TS_EDIT_POISSON:
    case TS_EDIT_SALT_PEPPER:
        v[0] = within(item, draw_sign(rng));
        v[1] = ts_rng_next(rng);
        return 2;
    case TS_EDIT_CLAHE:
        v[0] = within(item, draw_sign(rng));
        v[1] = item->extra;
        return 2;
    case TS_EDIT_AUTOCONTRAST:
    case TS_EDIT_EQUALIZE:
        return 0;
    case TS_EDIT_JPEG:
    case TS_EDIT_POSTERIZE:
        v[0] = rint(within(item, draw_sign(rng)));
        return 1;
    default:
        v[0] = within(item, draw_sign(rng));
        return 1;
    }
}

/* Values of an affine change or a flip, which come from the stream that they share. */
static int
draw_from_affine(const TsAugmentItem *item, const Affine *affine, double *v)
{
    switch (item->kind) {
    case TS_EDIT_HFLIP:
        return affine->hflip < item->probability ? 0 : NOT_MADE;
    case TS_EDIT_VFLIP:
        return affine->vflip < item->probability ? 0 : NOT_MADE;
    case TS_EDIT_ROTATE:
        v[0] = within(item, affine->rotate);
        return 1;
    case TS_EDIT_SCALE:
        v[0] = within(item, affine->scale);
        return 1;
    case TS_EDIT_SHEAR:
        v[0] = within(item, affine->shear);
        return 1;
    default:
        v[0] = within(item, affine->shift_x);
        v[1] = within(item, affine->shift_y);
        return 2;
    }
}

/* How many values a change has, now in `v`, or NOT_MADE, or FAILED. */
static int
draw_values(const TsAugmentItem *item, Draw *draw, TsRng *rng, double *v, GError **error)
{
    switch (item->kind) {
    case TS_EDIT_D4:
        return draw_d4(draw, rng, v) ? 1 : NOT_MADE;
    case TS_EDIT_CROP:
        return draw_crop(item, draw, rng, v, error) ? 4 : FAILED;
    case TS_EDIT_RESIZED_CROP:
        draw_resized_crop(item, draw, rng, v);
        return 6;
    case TS_EDIT_SHEAR_Y:
        v[0] = within(item, draw_sign(rng));
        return 1;
    case TS_EDIT_PADDED_CROP:
        v[0] = (double) ts_rng_below(rng, 2 * (guint64) item->middle + 1) - item->middle;
        v[1] = (double) ts_rng_below(rng, 2 * (guint64) item->middle + 1) - item->middle;
        v[2] = item->extra;
        return 3;
    case TS_EDIT_PERSPECTIVE:
        draw_perspective(item, rng, v);
        return 8;
    case TS_EDIT_ELASTIC:
        v[0] = within(item, draw_sign(rng));
        v[1] = item->extra;
        v[2] = ts_rng_next(rng);
        return 3;
    default:
        return item->kind >= TS_EDIT_PHOTOMETRIC ? draw_tone(item, draw, rng, v)
                                                 : draw_from_affine(item, &draw->affine, v);
    }
}

/* Changes whose numbers come from the shared stream. */
static gboolean
is_affine(int kind)
{
    return kind <= TS_EDIT_SHIFT && kind != TS_EDIT_D4;
}

static gboolean
draw_item(const TsAugmentItem *item, Draw *draw, TsEdits *edits, GError **error)
{
    TsRng rng = {0};
    char purpose[32];
    double v[TS_EDIT_VALUES] = {0};
    const gboolean is_flip = item->kind == TS_EDIT_HFLIP || item->kind == TS_EDIT_VFLIP;
    if (!is_affine(item->kind) || (item->probability < 1 && !is_flip)) {
        g_snprintf(purpose, sizeof purpose, "augment %s", ts_augment_name(item->kind));
        ts_rng_init(&rng, draw->seed, purpose, draw->item);
        if (ts_rng_uniform(&rng) >= item->probability)
            return leave_out(item, draw, edits, error);
    }
    if (item->kind >= TS_N_EDITS)
        return ts_policy_draw(item, draw->width, draw->height, &rng, edits, error);
    int n = draw_values(item, draw, &rng, v, error);
    return n < 0 ? n == NOT_MADE
                 : ts_edits_add(edits, (TsEditKind) item->kind, v, (guint) n, error);
}

gboolean
ts_augment_draw(const TsAugment *how, guint64 seed, guint64 item, int width, int height,
                TsEdits *edits, GError **error)
{
    Draw draw = {seed, item, draw_affine(seed, item), width, height};
    edits->n = 0;
    for (int photometric = FALSE; photometric <= TRUE; photometric++)
        for (guint i = 0; i < how->n; i++)
            if ((how->item[i].kind >= TS_EDIT_PHOTOMETRIC) == photometric &&
                !draw_item(&how->item[i], &draw, edits, error))
                return FALSE;
    return TRUE;
}

gboolean
ts_augment_u8(const guint8 *in, int width, int height, int channels, const TsAugment *how,
              guint64 seed, guint64 item, guint8 *out, GError **error)
{
    TsEdits edits;
    /* Only read. */
    TsImage image = {
        .width = width, .height = height, .bands = channels, .type = TS_U8, .data = (guint8 *) in};
    if (!ts_augment_draw(how, seed, item, width, height, &edits, error))
        return FALSE;
    g_autoptr(TsImage) changed = ts_edits_apply(&image, &edits, error);
    if (changed == NULL)
        return FALSE;
    g_assert(changed->width == width && changed->height == height);
    memcpy(out, changed->data, (gsize) height * ts_image_row_size(changed));
    return TRUE;
}

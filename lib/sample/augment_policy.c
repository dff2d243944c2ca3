/* RandAugment's and TrivialAugment's lists, and draws from them. */
#include "sample/augment_policy.h"

#include "base/error.h"

#include <math.h>

/* How the number of a change follows from a magnitude m of 0 .. 1. */
typedef enum {
    ANGLE,     /* atan(most m), in degrees */
    DEGREES,   /* most m */
    SHARE,     /* likewise, the change of a blend */
    ALONG_X,   /* of the width; likewise */
    ALONG_Y,   /* of the height; likewise */
    BITS,      /* 8 - most m, rounded */
    THRESHOLD, /* 1 - m */
    NOTHING,
} Meaning;

typedef struct {
    int kind; /* TsEditKind, -1: none */
    Meaning meaning;
    gboolean either_way;
    double most, most_wide; /* of RandAugment; of TrivialAugment, shifts in pixels */
} Op;

static const Op ops[] = {
    {-1, NOTHING, FALSE, 0, 0},
    {TS_EDIT_SHEAR, ANGLE, TRUE, 0.3, 0.99},
    {TS_EDIT_SHEAR_Y, ANGLE, TRUE, 0.3, 0.99},
    {TS_EDIT_SHIFT, ALONG_X, TRUE, 150.0 / 331, 32},
    {TS_EDIT_SHIFT, ALONG_Y, TRUE, 150.0 / 331, 32},
    {TS_EDIT_ROTATE, DEGREES, TRUE, 30, 135},
    {TS_EDIT_BRIGHTNESS, SHARE, TRUE, 0.9, 0.99},
    {TS_EDIT_SATURATION, SHARE, TRUE, 0.9, 0.99},
    {TS_EDIT_CONTRAST, SHARE, TRUE, 0.9, 0.99},
    {TS_EDIT_SHARPNESS, SHARE, TRUE, 0.9, 0.99},
    {TS_EDIT_POSTERIZE, BITS, FALSE, 4, 6},
    {TS_EDIT_SOLARIZE, THRESHOLD, FALSE, 1, 1},
    {TS_EDIT_AUTOCONTRAST, NOTHING, FALSE, 0, 0},
    {TS_EDIT_EQUALIZE, NOTHING, FALSE, 0, 0},
};

/* Values of a change, and how many. */
static guint
set_values(const Op *op, double most, double m, double sign, double *v)
{
    switch (op->meaning) {
    case ANGLE:
        v[0] = sign * atan(most * m) * 180 / G_PI;
        return 1;
    case ALONG_X:
        v[0] = sign * most * m;
        return 2;
    case ALONG_Y:
        v[1] = sign * most * m;
        return 2;
    case BITS:
        v[0] = 8 - rint(most * m);
        return 1;
    case THRESHOLD:
        v[0] = 1 - m;
        return 1;
    case NOTHING:
        return 0;
    default:
        v[0] = sign * most * m;
        return 1;
    }
}

gboolean
ts_policy_draw(const TsAugmentItem *item, int width, int height, TsRng *rng, TsEdits *edits,
               GError **error)
{
    const gboolean is_wide = item->kind == TS_AUGMENT_TRIVIAL;
    const int n = is_wide ? 1 : (int) item->extra;
    for (int i = 0; i < n; i++) {
        double v[TS_EDIT_VALUES] = {0};
        const Op *op = &ops[ts_rng_below(rng, G_N_ELEMENTS(ops))];
        const double level =
            is_wide ? (double) ts_rng_below(rng, TS_POLICY_MAGNITUDE + 1) : item->middle;
        const double sign = ts_rng_below(rng, 2) == 0 || !op->either_way ? 1 : -1;
        double most = is_wide ? op->most_wide : op->most;
        if (is_wide && op->kind == TS_EDIT_SHIFT)
            most /= op->meaning == ALONG_X ? width : height;
        const guint n_values = set_values(op, most, level / TS_POLICY_MAGNITUDE, sign, v);
        if (op->kind >= 0 && !ts_edits_add(edits, (TsEditKind) op->kind, v, n_values, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
ts_policy_check(int colours, TsSampleType type, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(ops); i++)
        if (ops[i].kind >= 0 && !ts_edit_check((TsEditKind) ops[i].kind, colours, type, error))
            return FALSE;
    return TRUE;
}

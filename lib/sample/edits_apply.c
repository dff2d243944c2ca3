/* Changes of a picture made: geometry in one resample, then the rest on floats. */
#include "sample/edits.h"

#include "base/error.h"
#include "image/crop.h"
#include "image/transform/artefacts.h"
#include "image/transform/blur.h"
#include "image/transform/clahe.h"
#include "image/transform/colour.h"
#include "image/transform/histogram.h"
#include "image/transform/noise.h"
#include "image/transform/pad.h"
#include "image/transform/tone.h"
#include "image/transform/warp.h"

#include <string.h>

/* What a mask has where the picture has nothing. */
enum { IGNORED = 255 };

/* Smoothing takes time in proportion to it. */
enum { SIGMA_MAX = 1000 };

static gboolean
check_type(TsEditKind kind, TsSampleType type, GError **error)
{
    const char *takes = NULL;
    if (kind == TS_EDIT_JPEG || kind == TS_EDIT_POSTERIZE || kind == TS_EDIT_EQUALIZE)
        takes = type == TS_U8 ? NULL : "8-bit samples";
    else if (kind == TS_EDIT_CLAHE)
        takes = type == TS_U8 || type == TS_U16 ? NULL : "8-bit and 16-bit samples";
    else if (kind > TS_EDIT_D4 && kind != TS_EDIT_CROP && kind != TS_EDIT_PADDED_CROP &&
             !ts_pixels_has_type(type))
        takes = "8-bit, 16-bit, signed 16-bit and float samples";
    return takes == NULL || ts_error_set(error, TS_ERROR_FORMAT, "%s takes %s, these are %s ones",
                                         ts_edit_name(kind), takes, ts_sample_type_name(type));
}

static gboolean
check_colours(TsEditKind kind, int colours, GError **error)
{
    const gboolean of_rgb = kind == TS_EDIT_HUE || kind == TS_EDIT_STAIN;
    const gboolean of_grey_or_rgb =
        kind == TS_EDIT_JPEG || kind == TS_EDIT_CLAHE || kind == TS_EDIT_SATURATION;
    if ((!of_rgb && !of_grey_or_rgb) || colours == 3 || (of_grey_or_rgb && colours == 1))
        return TRUE;
    return ts_error_set(error, TS_ERROR_FORMAT, "%s needs %sRGB, this picture has %d band%s",
                        ts_edit_name(kind), of_rgb ? "" : "grey or ", colours,
                        colours == 1 ? "" : "s");
}

gboolean
ts_edit_check(TsEditKind kind, int colours, TsSampleType type, GError **error)
{
    return check_type(kind, type, error) && check_colours(kind, colours, error);
}

static gboolean
append_crop(TsMap *map, const TsEdit *edit, GError **error)
{
    const double *v = edit->v;
    if (v[2] < 1 || v[3] < 1 || v[0] + v[2] > map->width || v[1] + v[3] > map->height)
        return ts_error_set(
            error, TS_ERROR_FORMAT, "%s: %g x %g pixels at %g,%g are not inside of %d x %d",
            ts_edit_name(edit->kind), v[2], v[3], v[0], v[1], map->width, map->height);
    if (edit->kind == TS_EDIT_RESIZED_CROP && (v[4] < 1 || v[5] < 1))
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: to %g x %g pixels",
                            ts_edit_name(edit->kind), v[4], v[5]);
    ts_map_crop(map, (int) v[0], (int) v[1], (int) v[2], (int) v[3]);
    if (edit->kind == TS_EDIT_RESIZED_CROP)
        ts_map_resize(map, (int) v[4], (int) v[5]);
    return TRUE;
}

static gboolean
append_geometry(TsMap *map, const TsEdit *edit, GError **error)
{
    const double *v = edit->v;
    switch (edit->kind) {
    case TS_EDIT_HFLIP:
        ts_map_d4(map, TS_D4_H);
        return TRUE;
    case TS_EDIT_VFLIP:
        ts_map_d4(map, TS_D4_V);
        return TRUE;
    case TS_EDIT_D4:
        ts_map_d4(map, (TsD4) v[0]);
        return TRUE;
    case TS_EDIT_ROTATE:
        ts_map_rotate(map, v[0]);
        return TRUE;
    case TS_EDIT_SCALE:
        ts_map_scale(map, v[0]);
        return TRUE;
    case TS_EDIT_SHEAR:
        ts_map_shear(map, v[0]);
        return TRUE;
    case TS_EDIT_SHEAR_Y:
        ts_map_shear_y(map, v[0]);
        return TRUE;
    case TS_EDIT_PADDED_CROP: /* edges repeat, and masks have nothing outside */
        ts_map_crop(map, (int) v[0], (int) v[1], map->width, map->height);
        return TRUE;
    case TS_EDIT_SHIFT:
        ts_map_shift(map, v[0] * map->width, v[1] * map->height);
        return TRUE;
    case TS_EDIT_PERSPECTIVE:
        return ts_map_perspective(map, v) ||
               ts_error_set(error, TS_ERROR_FORMAT,
                            "perspective: the corners no longer make a convex shape");
    case TS_EDIT_ELASTIC:
        if (v[1] > SIGMA_MAX)
            return ts_error_set(error, TS_ERROR_FORMAT, "elastic: a sigma of %g is above %d", v[1],
                                SIGMA_MAX);
        return ts_map_elastic(map, v[0], v[1], (guint64) v[2], error);
    default:
        return append_crop(map, edit, error);
    }
}

/* A picture, or its mask, with the geometric changes that are not made yet. */
typedef struct {
    const TsImage *now; /* borrowed, or `made` */
    TsImage *made;
    TsMap map;
    gboolean is_mask;
} Geometry;

static void
geometry_clear(Geometry *self)
{
    ts_map_clear(&self->map);
    g_clear_pointer(&self->made, ts_image_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Geometry, geometry_clear)

static void
geometry_begin(Geometry *self, const TsImage *image, gboolean is_mask)
{
    *self = (Geometry){.now = image, .is_mask = is_mask};
    ts_map_init(&self->map, image->width, image->height);
}

/* Go on with `made`, which is taken; FALSE if it is NULL. */
static gboolean
geometry_take(Geometry *self, TsImage *made)
{
    if (made == NULL)
        return FALSE;
    ts_map_clear(&self->map);
    ts_image_free(self->made);
    self->now = self->made = made;
    ts_map_init(&self->map, made->width, made->height);
    return TRUE;
}

/* Make what was composed so far, in one resample. */
static gboolean
geometry_make(Geometry *self, GError **error)
{
    if (self->made != NULL && ts_map_is_identity(&self->map))
        return TRUE;
    return geometry_take(self, self->is_mask ? ts_warp_mask(self->now, &self->map, IGNORED, error)
                                             : ts_warp(self->now, &self->map, error));
}

/* Crops that are scaled have a filter of their own, and so are a resample of their own. */
static gboolean
scale_crop(Geometry *self, const TsEdit *edit, GError **error)
{
    const double *v = edit->v;
    const TsCrop crop = {(int) v[0], (int) v[1], (int) v[2], (int) v[3]};
    if ((!ts_map_is_identity(&self->map) && !geometry_make(self, error)) ||
        !append_crop(&self->map, edit, error))
        return FALSE;
    return self->is_mask ? geometry_make(self, error)
                         : geometry_take(self, ts_image_crop_scaled(self->now, crop, (int) v[4],
                                                                    (int) v[5], error));
}

/* What lies outside of the picture is not what a map shows there. */
static gboolean
pad_crop(Geometry *self, const TsEdit *edit, GError **error)
{
    const double *v = edit->v;
    if (!ts_map_is_identity(&self->map) && !geometry_make(self, error))
        return FALSE;
    return geometry_take(
        self, ts_image_padded_crop(self->now, (int) v[0], (int) v[1], (TsPadding) v[2], error));
}

static gboolean
change_next(Geometry *self, const TsEdit *edit, GError **error)
{
    if (edit->kind == TS_EDIT_RESIZED_CROP)
        return scale_crop(self, edit, error);
    if (edit->kind == TS_EDIT_PADDED_CROP && edit->v[2] != TS_PADDING_EDGE && !self->is_mask)
        return pad_crop(self, edit, error);
    return append_geometry(&self->map, edit, error);
}

/* All geometric changes of a step. */
static TsImage *
change_geometry(const TsImage *image, const TsEdits *edits, gboolean is_mask, GError **error)
{
    g_auto(Geometry) geometry = {0};
    geometry_begin(&geometry, image, is_mask);
    for (guint i = 0; i < edits->n; i++) {
        const TsEdit *edit = &edits->edit[i];
        if (edit->kind >= TS_EDIT_PHOTOMETRIC)
            continue;
        if (!change_next(&geometry, edit, error))
            return NULL;
    }
    return geometry_make(&geometry, error) ? g_steal_pointer(&geometry.made) : NULL;
}

/* Changes that need all samples, more memory, or an encoder. */
static gboolean
change_with_memory(TsPixels *pixels, const TsEdit *edit, GError **error)
{
    const double *v = edit->v;
    switch (edit->kind) {
    case TS_EDIT_POSTERIZE:
        ts_change_bits(pixels, (int) v[0]);
        return TRUE;
    case TS_EDIT_SOLARIZE:
        ts_change_solarize(pixels, v[0]);
        return TRUE;
    case TS_EDIT_AUTOCONTRAST:
        ts_change_autocontrast(pixels);
        return TRUE;
    case TS_EDIT_EQUALIZE:
        ts_change_equalize(pixels);
        return TRUE;
    case TS_EDIT_SHARPNESS:
        return ts_change_enhanced_sharpness(pixels, v[0], error);
    case TS_EDIT_BLUR:
        return ts_change_blur(pixels, v[0], error);
    case TS_EDIT_SHARPEN:
        return ts_change_sharpness(pixels, v[0], error);
    case TS_EDIT_JPEG:
        return ts_change_jpeg(pixels, (int) v[0], error);
    default:
        return ts_change_clahe(pixels, v[0], (int) v[1], error);
    }
}

static gboolean
change_pixels(TsPixels *pixels, const TsEdit *edit, GError **error)
{
    const double *v = edit->v;
    switch (edit->kind) {
    case TS_EDIT_BRIGHTNESS:
        ts_change_brightness(pixels, v[0]);
        return TRUE;
    case TS_EDIT_CONTRAST:
        ts_change_contrast(pixels, v[0]);
        return TRUE;
    case TS_EDIT_GAMMA:
        ts_change_gamma(pixels, v[0]);
        return TRUE;
    case TS_EDIT_SATURATION:
        ts_change_saturation(pixels, v[0]);
        return TRUE;
    case TS_EDIT_HUE:
        ts_change_hue(pixels, v[0]);
        return TRUE;
    case TS_EDIT_NOISE:
        ts_change_noise(pixels, v[0], (guint64) v[1]);
        return TRUE;
    case TS_EDIT_POISSON:
        ts_change_poisson(pixels, v[0], (guint64) v[1]);
        return TRUE;
    case TS_EDIT_SALT_PEPPER:
        ts_change_salt_pepper(pixels, v[0], (guint64) v[1]);
        return TRUE;
    case TS_EDIT_ERASE:
        ts_change_erase(pixels, (int) v[0], (int) v[1], (int) v[2], (int) v[3]);
        return TRUE;
    case TS_EDIT_STAIN:
        ts_change_stains(pixels, v);
        return TRUE;
    default:
        return change_with_memory(pixels, edit, error);
    }
}

/* The changes of colour, in place. */
static gboolean
change_colours(TsImage *image, const TsEdits *edits, GError **error)
{
    g_auto(TsPixels) pixels = {0};
    for (guint i = 0; i < edits->n; i++) {
        if (edits->edit[i].kind < TS_EDIT_PHOTOMETRIC)
            continue;
        if ((pixels.data == NULL && !ts_pixels_load(&pixels, image, error)) ||
            !change_pixels(&pixels, &edits->edit[i], error))
            return FALSE;
    }
    if (pixels.data != NULL)
        ts_pixels_store(&pixels, image);
    return TRUE;
}

TsImage *
ts_edits_apply(const TsImage *image, const TsEdits *edits, GError **error)
{
    const int colours = image->bands - (image->has_alpha ? 1 : 0);
    for (guint i = 0; i < edits->n; i++)
        if (!ts_edit_check(edits->edit[i].kind, colours, image->type, error))
            return NULL;
    g_autoptr(TsImage) out = change_geometry(image, edits, FALSE, error);
    if (out == NULL || !change_colours(out, edits, error))
        return NULL;
    return g_steal_pointer(&out);
}

TsImage *
ts_edits_apply_mask(const TsImage *mask, const TsEdits *edits, GError **error)
{
    return change_geometry(mask, edits, TRUE, error);
}

typedef TsImage *(*Apply)(const TsImage *image, const TsEdits *edits, GError **error);

static TsImage *
apply_steps(const TsImage *image, const char *text, Apply apply, GError **error)
{
    g_auto(GStrv) steps = g_strsplit(text, "|", -1);
    g_autoptr(TsImage) changed = NULL;
    static const TsEdits none;
    TsEdits edits = none;
    if (*steps == NULL)
        return apply(image, &none, error);
    for (char **step = steps; *step != NULL; step++) {
        if (!ts_edits_parse(*step, &edits, error))
            return NULL;
        g_autoptr(TsImage) before = g_steal_pointer(&changed);
        changed = apply(before != NULL ? before : image, &edits, error);
        if (changed == NULL)
            return NULL;
    }
    return g_steal_pointer(&changed);
}

TsImage *
ts_edits_apply_text(const TsImage *image, const char *text, GError **error)
{
    return apply_steps(image, text, ts_edits_apply, error);
}

TsImage *
ts_edits_apply_mask_text(const TsImage *mask, const char *text, GError **error)
{
    return apply_steps(mask, text, ts_edits_apply_mask, error);
}

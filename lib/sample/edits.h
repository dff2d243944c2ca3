/* Changes of a picture as text that says exactly what happens: the column op of a manifest.
 *
 *     rotate=12.31,hflip,brightness=0.08
 *
 * is one step: its geometric changes come first, composed in their order into one resample (a
 * resized crop, whose filter counts every pixel, is one of its own), then the others in their
 * order, rounded once. Steps are separated by "|"; each works on the rounded
 * picture of the one before it, so that adding a step to a row is the same as changing the file
 * that the row makes. Every number that chance has a part in stands in the text, seeds included:
 * the text and the pixels determine the result. tessera-manifest(5) lists the changes.
 *
 *     g_autoptr(TsImage) changed = ts_edits_apply_text(image, "d4=r90|crop=8:8:64:64", error);
 */
#pragma once

#include "image/image.h"

G_BEGIN_DECLS

typedef enum {
    TS_EDIT_HFLIP,
    TS_EDIT_VFLIP,
    TS_EDIT_D4,           /* element */
    TS_EDIT_ROTATE,       /* degrees counterclockwise */
    TS_EDIT_SCALE,        /* factor */
    TS_EDIT_SHEAR,        /* degrees */
    TS_EDIT_SHIFT,        /* shares of width and height */
    TS_EDIT_CROP,         /* x, y, width, height */
    TS_EDIT_RESIZED_CROP, /* x, y, width, height, new width, new height */
    TS_EDIT_PERSPECTIVE,  /* shares that the four corners move by */
    TS_EDIT_ELASTIC,      /* alpha and sigma in pixels, seed */
    TS_EDIT_SHEAR_Y,      /* degrees, along y */
    TS_EDIT_PADDED_CROP,  /* x, y, TsPadding: where a window of the picture's size begins */
    TS_EDIT_BRIGHTNESS,   /* change */
    TS_EDIT_CONTRAST,     /* change */
    TS_EDIT_GAMMA,        /* exponent */
    TS_EDIT_SATURATION,   /* change */
    TS_EDIT_HUE,          /* share of the circle */
    TS_EDIT_BLUR,         /* sigma in pixels */
    TS_EDIT_SHARPEN,      /* amount */
    TS_EDIT_NOISE,        /* deviation as a share of white, seed */
    TS_EDIT_POISSON,      /* counts at white, seed */
    TS_EDIT_SALT_PEPPER,  /* share of the pixels, seed */
    TS_EDIT_JPEG,         /* quality */
    TS_EDIT_ERASE,        /* x, y, width, height */
    TS_EDIT_CLAHE,        /* limit, parts along each side */
    TS_EDIT_STAIN,        /* scale and shift of haematoxylin, eosin, DAB */
    TS_EDIT_POSTERIZE,    /* bits */
    TS_EDIT_SOLARIZE,     /* share of white from which on samples are inverted */
    TS_EDIT_AUTOCONTRAST,
    TS_EDIT_EQUALIZE,
    TS_EDIT_SHARPNESS, /* change */
    TS_N_EDITS,
    TS_EDIT_PHOTOMETRIC = TS_EDIT_BRIGHTNESS, /* this one and those behind it */
} TsEditKind;

enum { TS_EDIT_VALUES = 8, TS_EDITS_MAX = 48 };

typedef struct {
    TsEditKind kind;
    double v[TS_EDIT_VALUES];
} TsEdit;

/* One step. */
typedef struct {
    guint n;
    TsEdit edit[TS_EDITS_MAX];
} TsEdits;

/* The name, such as "rotate"; the kind of a name, -1 if there is none; all names, for messages. */
const char *ts_edit_name(TsEditKind kind);
int ts_edit_find(const char *name);
char *ts_edit_names(void);

/* Append a change with its values. TS_ERROR_RANGE if there are TS_EDITS_MAX already. */
gboolean
ts_edits_add(TsEdits *edits, TsEditKind kind, const double *values, guint n, GError **error);

/* Append the text of a step to `out`. */
void ts_edits_format(const TsEdits *edits, GString *out);

/* Shorten numbers that are not whole to six digits, as a text that people read wants them. */
void ts_edits_round(TsEdits *edits);

/* Read one step. TS_ERROR_FORMAT naming what is wrong and what is known. */
gboolean ts_edits_parse(const char *text, TsEdits *edits, GError **error);

/* Check a text of any number of steps. TS_ERROR_FORMAT. */
gboolean ts_edits_check_text(const char *text, GError **error);

/* Check that a change can be made of pictures with `colours` bands (without opacity) of `type`.
 * TS_ERROR_FORMAT naming it and what it needs. */
gboolean ts_edit_check(TsEditKind kind, int colours, TsSampleType type, GError **error);

/* Set width and height to those after the changes of a text. TS_ERROR_FORMAT. */
gboolean ts_edits_get_size(const char *text, int *width, int *height, GError **error);

/* Make the changes; a new image is returned. TS_ERROR_FORMAT where a change cannot be made of such
 * a picture, TS_ERROR_NO_MEMORY. */
TsImage *ts_edits_apply(const TsImage *image, const TsEdits *edits, GError **error);
TsImage *ts_edits_apply_text(const TsImage *image, const char *text, GError **error);

/* The same for the picture's mask: geometric changes alone, nearest pixels, 255 (the largest number
 * of signed 8-bit masks) where they lie outside of the picture. */
TsImage *ts_edits_apply_mask(const TsImage *mask, const TsEdits *edits, GError **error);
TsImage *ts_edits_apply_mask_text(const TsImage *mask, const char *text, GError **error);

G_END_DECLS

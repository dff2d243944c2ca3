/* What is said of each tile: its label, class counts and scores, and whether it stays.
 *
 * A judge is made once, of what the user asked for and of all images, and is immutable then;
 * threads share it. It finds the masks and annotations of each image, checks their sizes and
 * collects their classes, so that its columns are known before the first tile:
 *
 *     label       by --label rules, if there are any
 *     n_CLASS     pixels of each class in the tile; n_ignored if classes are ignored
 *     SCORE       one column a score, see filters.h
 *
 * Only the valid part of a tile counts, never its padding. A rule that a tile breaks drops it; the
 * verdict still has all numbers. Masks are label images: the caller cuts them in lockstep with the
 * image, at the same places, resampled nearest where there is a scale, and hands them in as layers.
 *
 *     g_autoptr(TsJudge) judge = ts_judge_new(&options, inputs, n_inputs, error);
 *     g_autoptr(TsJudgeImage) state = NULL;
 *     if (judge == NULL || !ts_judge_begin_image(judge, i, &state, error))
 *         return FALSE;
 *     g_auto(TsVerdict) verdict = {0};
 *     if (!ts_judge_look(judge, state, &view, &verdict, error))
 *         return FALSE;
 *     if (!verdict.keep)
 *         count(verdict.reason);
 */
#pragma once

#include "image/image.h"

#include <glib.h>

G_BEGIN_DECLS

/* What the user asked for; all NULL and 0 is a judge without columns. Lists end with NULL. */
typedef struct {
    const char *scores;        /* --score: names of scores, with commas between; see filters.h */
    const char *const *keep;   /* --keep: "NAME OP NUMBER" (or "label=CLASS"); each has to hold */
    const char *const *drop;   /* --drop: the same; none may hold */
    const char *ink;           /* --ink: white (NULL is so too), black or a value a band */
    double tolerance;          /* of ink, as a part of full scale; below 0: 5 / 255 */
    const char *nodata;        /* --nodata: a value, or "none"; NULL: what the file says */
    double white;              /* full scale of samples, in their own units; 0: the type's */
    const char *const *masks;  /* --mask: "[NAME=]WHERE"; the first gives the labels */
    const char *annotations;   /* --annotations: WHERE there is GeoJSON; instead of a first mask */
    gboolean paint;            /* --paint: annotations are a mask of their own, the last one */
    const char *classes;       /* --classes: a file of "ID NAME" or "#rrggbb NAME" lines */
    const char *const *labels; /* --label: rules; the first one that gives a label wins */
    const char *ignore;        /* --ignore: classes that are no data, with commas between */
} TsJudgeOptions;

/* An image that will be cut. */
typedef struct {
    const char *path;
    const TsImageInfo *info; /* of what is cut: the image, orientation applied, or it scaled */
    int width, height;       /* of the image itself; 0: as `info` says */
    const char *mask;        /* the mask that a manifest names for it, or NULL */
} TsJudgeInput;

typedef struct _TsJudge TsJudge;
typedef struct _TsJudgeImage TsJudgeImage;

/* One tile, as it is judged. `pixels` is the first sample of the valid part; it may be NULL where
 * ts_judge_needs_pixels() says so. A smaller preview may stand for the pixels: then pixels_width x
 * pixels_height says its size (0: width x height). */
typedef struct {
    const TsImage *like;  /* bands, type and opacity of the pixels; its data is not looked at */
    const guint8 *pixels; /* (height, width, bands) */
    gsize stride;         /* bytes from one row to the next */
    double x, y;          /* of the valid part, in pixels of the whole image */
    double source_width, source_height; /* what it covers there; 0: width x height */
    int width, height;                  /* of the valid part, in pixels of the tile */
    int pixels_width, pixels_height;    /* see above */
    const TsImage *const *layers;       /* (n_layers), each width x height */
    guint n_layers;                     /* ts_judge_n_layers() */
} TsTileView;

typedef struct {
    gboolean keep;
    const char *reason; /* the rule that drops it, as the user wrote it; the judge's; NULL: stays */
    char **values;      /* (n_values) texts for the columns, unescaped; NULL is \N */
    guint n_values;
    TsImage *painted; /* the annotations as a mask, if they are to be painted; else NULL */
} TsVerdict;

/* Read the options and look at the masks and annotations of all inputs. TS_ERROR_ARGUMENT for what
 * cannot be asked; TS_ERROR_IO, TS_ERROR_FORMAT for a mask that is missing, is damaged, is not of
 * its image's size or has a class without a name. The inputs are not kept. */
TsJudge *ts_judge_new(const TsJudgeOptions *options, const TsJudgeInput *inputs, guint n_inputs,
                      GError **error);
void ts_judge_free(TsJudge *judge);

/* The columns it adds to a manifest, NULL-terminated; borrowed. */
const char *const *ts_judge_columns(const TsJudge *judge);

/* Whether pixels are looked at: FALSE, if only masks and annotations are. */
gboolean ts_judge_needs_pixels(const TsJudge *judge);

/* Whether a rule may drop tiles. */
gboolean ts_judge_may_drop(const TsJudge *judge);

/* Masks to cut along: their number, the manifest's column for the file of each ("mask",
 * "mask_NAME"), and the mask of input `input`; borrowed. */
guint ts_judge_n_layers(const TsJudge *judge);
const char *ts_judge_layer_column(const TsJudge *judge, guint layer);
const char *ts_judge_layer_path(const TsJudge *judge, guint layer, guint input);

/* The mask that is painted, if there is one, and not cut: its column; else NULL. It comes behind
 * those of the layers. */
const char *ts_judge_painted_column(const TsJudge *judge);

/* A checksum of the names, sizes and times of change of all masks, annotations and the file of
 * classes, so that a run that goes on can tell whether they are the same. Free with g_free(). */
char *ts_judge_checksum(const TsJudge *judge);

/* Prepare for the tiles of an input: Otsu's threshold from a thumbnail, annotations. */
gboolean
ts_judge_begin_image(const TsJudge *judge, guint input, TsJudgeImage **state, GError **error);
void ts_judge_image_free(TsJudgeImage *state);

/* Judge a tile. May be called from several threads. Errors: a mask that is none, memory. */
gboolean ts_judge_look(const TsJudge *judge, const TsJudgeImage *state, const TsTileView *view,
                       TsVerdict *verdict, GError **error);
void ts_verdict_clear(TsVerdict *verdict);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsJudge, ts_judge_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsJudgeImage, ts_judge_image_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsVerdict, ts_verdict_clear)

G_END_DECLS

/* What is to be cut: images, regions of them, and the tiles of each, all known before a pixel is.
 *
 * An input is one image file. On it lie layouts: a grid or a list of places, one for each size of
 * tile and each region (the whole image, --roi, or the regions that rows of a dataset name). All
 * tiles of an input have one order, in which they are cut, numbered and listed: by the first row of
 * pixels that they need, so that one pass over the image from the top serves them all. With one
 * layout that is row after row, as one reads.
 *
 *     g_autoptr(TsPlan) plan = ts_plan_new();
 *     if (!ts_plan_add(plan, "slide.tif", NULL, error) || ...)
 *     TsPlanTile tile;
 *     for (guint64 i = 0; i < ts_plan_n_tiles(plan); i++)
 *         ts_plan_get_tile(plan, i, &tile);
 */
#pragma once

#include "image/grid.h"
#include "image/image.h"

G_BEGIN_DECLS

typedef struct {
    int x, y, width, height; /* all of the image, or --roi, if width and height are 0 */
    guint64 row;             /* of the dataset that names it; else 0 */
} TsRegion;

typedef struct {
    int x, y;
} TsPlace;

typedef struct {
    TsGrid grid;     /* over the region; without places */
    TsRegion region; /* of the image */
    guint size;      /* which of the plan's sizes */
    TsPlace *places; /* corners top left, in the image; by y, then x; NULL: the grid counts */
    guint64 n_places;
    guint64 n_tiles;
} TsPlanLayout;

/* Tiles that lie beside one another and need the same rows of the image. */
typedef struct {
    guint layout;
    guint64 row;   /* of the grid, or the place */
    guint64 first; /* tiles of the input before it */
    int y, height; /* rows that have to be decoded */
} TsTileGroup;

typedef struct {
    char *path;
    char *stem;         /* its name without folder and suffix */
    guint64 n_bytes;    /* of the file, */
    gint64 mtime;       /* and when it was changed, in ns: both are looked at again at the end */
    TsImageInfo info;   /* of what is cut: the image, a level of it, or either scaled */
    int level;          /* of a pyramid; 0: the image itself, */
    gboolean is_scaled; /* unless what is nearest is scaled to info.width x info.height */
    int width, height;  /* pixels that the image itself is large */
    GArray *layouts;    /* TsPlanLayout */
    GArray *groups;     /* TsTileGroup, in cutting order */
    guint64 first;      /* tiles of the inputs before it */
    guint64 n_tiles;
} TsPlanInput;

/* Which tiles lie where: the same for all inputs. */
typedef struct {
    const TsGridOptions *sizes; /* one for each size of tile */
    guint n_sizes;
    const TsRegion *roi;   /* of each image; NULL: all of it */
    guint64 n_random;      /* so many places at random instead of a grid; 0: a grid */
    guint64 seed;          /* for those */
    const TsPlace *places; /* or these, centres of tiles; NULL: a grid */
    guint64 n_places;
    const char *const *place_images; /* (n_places) interned canonical paths of the images that they
                                      * lie in; NULL: in each */
    int level;                       /* of a pyramid; -1: by one of these, with a level that has it
                                      * within 2 % or by scaling the next larger one */
    double mpp;                      /* micrometres a pixel, or 0 */
    double scale;                    /* size compared to level 0, or 0 */
    gboolean padded_rows;            /* padding repeats rows of the image (reflect, symmetric) */
} TsPlanOptions;

typedef struct {
    TsTile tile;    /* in the image, not in the region */
    guint input;    /* position in `inputs` */
    guint size;     /* position in the options' sizes */
    guint64 row;    /* of the dataset that names its region */
    guint64 number; /* in the whole plan */
} TsPlanTile;

typedef struct {
    GPtrArray *inputs; /* TsPlanInput * */
    TsPlanOptions options;
    guint64 n_tiles;
    gboolean has_regions; /* some input has several: tiles may lie at one place twice */
} TsPlan;

/* Make an empty plan. `options` with all that they point to must outlive it. */
TsPlan *ts_plan_new(const TsPlanOptions *options);

/* The form in which paths of images are compared; never freed. */
const char *ts_plan_intern_path(const char *path);

/* NULL is allowed. */
void ts_plan_free(TsPlan *plan);

/* Read the header of `path` and lay the tiles over it, or over `regions` of it alone (n_regions; 0:
 * the options' roi or all of it). Errors of reading; TS_ERROR_RANGE for a region that is not inside
 * the image, TS_ERROR_ARGUMENT for more random places than there are, or a place outside. */
gboolean ts_plan_add(TsPlan *plan, const char *path, const TsRegion *regions, guint n_regions,
                     GError **error);

/* The number of the layouts' groups that `input`'s tile `i` lies in, and the tile. */
const TsPlanInput *ts_plan_get_input(const TsPlan *plan, guint i);
void ts_plan_get_tile(const TsPlan *plan, guint64 number, TsPlanTile *tile);

/* The tile `i` of `group` of an input. */
void ts_plan_get_group_tile(const TsPlanInput *input, const TsTileGroup *group, guint64 i,
                            TsPlanTile *tile);
guint64 ts_plan_group_n_tiles(const TsPlanInput *input, const TsTileGroup *group);

/* Open what is cut of the image: a level, or it scaled. */
TsImageSource *ts_plan_input_open(const TsPlanInput *input, GError **error);

/* Whether what is cut has another size than the image itself. */
gboolean ts_plan_input_is_resized(const TsPlanInput *input);

/* Where pixels of what is cut lie in the image itself, whole ones. */
TsRegion ts_plan_input_to_image(const TsPlanInput *input, int x, int y, int width, int height);

/* Bytes of the pixels of all tiles of an input, decoded. */
guint64 ts_plan_input_bytes(const TsPlanInput *input);

/* TS_ERROR_FORMAT if the file of `input` is not the one that was planned with. */
gboolean ts_plan_check_unchanged(const TsPlanInput *input, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsPlan, ts_plan_free)

G_END_DECLS

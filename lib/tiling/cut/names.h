/* Names of tiles, made of a template such as "{stem}_{y}_{x}".
 *
 *     {stem}   name of the image without folder and suffix
 *     {hash}   eight hexadecimal digits of the image's path, as it was given
 *     {x} {y}  place of its first pixel in the image
 *     {w} {h}  size of the tile in pixels, padding included
 *     {row} {col}  place in the grid, from 0
 *     {n}      number in the whole run, from 0
 *     {label}  its label; "none" without one
 *
 * Numbers have zeros in front, as many as the largest in the run needs, so that names sort as
 * images are read. A template may hold '/', which makes folders. Without one, more than 10,000
 * tiles are spread over folders of that many: 000000/, 000001/, ... A template that could give two
 * tiles one name is refused.
 *
 *     g_autoptr(TsNames) names = ts_names_new(NULL, plan, ".png", -1, FALSE, error);
 *     g_autofree char *name = ts_names_format(names, &tile, NULL);
 */
#pragma once

#include "tiling/cut/plan.h"

G_BEGIN_DECLS

enum { TS_NAMES_FAN_OUT = 10000 };

typedef struct _TsNames TsNames;

/* Check a template (NULL: the default) against the tiles of `plan`, which has to outlive it.
 * `fan_out` is the number of tiles in one folder, 0: no folders, -1: by the rule above. With
 * `are_keys`, names are keys of WebDataset's tars: dots in them are written %2e. TS_ERROR_ARGUMENT
 * for an unknown field, or if names could collide. */
TsNames *ts_names_new(const char *pattern, const TsPlan *plan, const char *suffix, int fan_out,
                      gboolean are_keys, GError **error);
void ts_names_free(TsNames *names);

/* The name of a tile without the suffix; with '/' between folders. `label` may be NULL. Free with
 * g_free(). */
char *ts_names_format(const TsNames *names, const TsPlanTile *tile, const char *label);

const char *ts_names_suffix(const TsNames *names);

/* Whether tiles of one label, or none, may share a folder that is named in the template. */
gboolean ts_names_uses_label(const TsNames *names);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsNames, ts_names_free)

G_END_DECLS

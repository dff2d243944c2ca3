/* The parts of tile's command line: each has its options and makes of them what the library takes.
 *
 * tile-inputs.c: what is cut; tile-layout.c: where tiles lie; tile-judge.c: what is said of them;
 * tile-output.c: what is written.
 */
#pragma once

#include "manifest/manifest.h"
#include "tiling/cut/cut.h"

G_BEGIN_DECLS

/* Where tiles lie. */
typedef struct {
    GArray *sizes; /* TsGridOptions */
    TsRegion roi;
    GArray *places;          /* TsPlace */
    GPtrArray *place_images; /* interned paths, one for each place; NULL: without file_name */
    TsPlanOptions options;
    TsPadding padding;
} TileLayout;

/* What is read. */
extern const GOptionEntry tile_input_options[];

/* Let loaders be used that the options name. */
gboolean tile_inputs_init(GError **error);

/* Add the images that arguments are, or that the rows of a dataset among them name; that is then
 * set and has to outlive the plan, and its masks, char * or NULL, one for each image, go to `masks`
 * (which frees them). */
gboolean tile_inputs_add(TsPlan *plan, int n_args, char **args, TsManifest **dataset,
                         GPtrArray *masks, GError **error);

extern const GOptionEntry tile_layout_options[];
gboolean tile_layout_init(TileLayout *layout, GError **error);
/* TS_ERROR_ARGUMENT if a place lies in an image that is not cut. */
gboolean tile_layout_check_images(const TileLayout *layout, const TsPlan *plan, GError **error);
void tile_layout_clear(TileLayout *layout);

/* What is said of tiles, and which stay. `masks` are those that a dataset names, one for each
 * image, or none. `rejects` is where tiles that do not stay are listed, or NULL.
 * `as_rows`: nothing but rows is written. `judge` is NULL if nothing was asked. */
extern const GOptionEntry tile_judge_options[];
gboolean tile_judge_new(const TsPlan *plan, const GPtrArray *masks, const char *rejects,
                        gboolean as_rows, TsJudge **judge, GError **error);

/* What is written, and where. */
typedef struct {
    gboolean plan_only, lossless, check;
    gboolean makes_files; /* as far as a plan goes, also where none are written */
    TsCutKind kind;
    const char *path, *suffix, *name, *rejects;
    int fan_out;
    TsEncodeOptions encode;
    guint64 shard_tiles, shard_bytes;
} TileOutput;

extern const GOptionEntry tile_output_options[];
gboolean tile_output_init(TileOutput *output, GError **error);

/* The position of `text` in `words`, `otherwise` if it was not given. */
gboolean tile_parse_word(const char *text, const char *option, const char *const *words,
                         int otherwise, int *value, GError **error);

/* One line of text that says what `options` are set to. Free with g_free(). */
char *tile_describe_options(const GOptionEntry *options);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TileLayout, tile_layout_clear)

G_END_DECLS

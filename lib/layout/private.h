/* The readers of one layout each, inside of lib/layout. */
#pragma once

#include "manifest/foreign.h"
#include "manifest/manifest.h"
#include "store/table.h"

G_BEGIN_DECLS

/* Make a manifest of a table that has a column file_name; paths start at `folder`. Where not all of
 * x, y, width and height (offset and length) are there, those that are mean something else and get
 * the prefix "meta_". */
TsManifest *
ts_layout_from_table(const TsTable *table, const char *name, const char *folder, GError **error);

/* Read CSV or, if `jsonl`, JSON Lines. */
TsTable *ts_layout_parse_file(const char *path, gboolean jsonl, GError **error);

/* A CSV or JSON Lines file whose rows name pictures. */
TsManifest *ts_layout_read_rows(const char *path, gboolean jsonl, GError **error);

/* Hugging Face's metadata.csv or metadata.jsonl in `folder`, or in its folders named after splits.
 * `found` says whether there is any; NULL without an error then. */
TsManifest *ts_layout_read_metadata(const char *folder, gboolean *found, GError **error);

/* Replace the texts of column `column` by paths of the pictures below `folder` that they name; see
 * join.c for how. `table_name` is the path of the table. */
TsTable *ts_layout_join(const TsTable *table, guint column, const char *folder,
                        const char *table_name, GError **error);

/* A COCO file. */
TsManifest *ts_layout_read_coco(const char *path, GError **error);

/* The COCO files that `folder` is known to hold by their names; `found` says whether there is any,
 * NULL without an error then. */
TsManifest *ts_layout_read_coco_folder(const char *folder, gboolean *found, GError **error);

/* TRUE if `name` is that of an IDX file. */
gboolean ts_layout_is_idx_name(const char *name);

/* One IDX file of images, with its labels if they lie beside it; or the file of labels of a pair.
 */
TsManifest *ts_layout_read_idx(const char *path, GError **error);

/* All pairs of a folder; `names` are the IDX files of images in it, in byte order. */
TsManifest *ts_layout_read_idx_folder(const char *folder, GPtrArray *names, GError **error);

/* TRUE if `name` is an IDX file of images. */
gboolean ts_layout_is_idx_images(const char *name);

/* The files that `pattern` means: {000000..000009}, {a,b}, *, ? and []. NULL-terminated. */
char **ts_layout_expand(const char *pattern, GError **error);

/* WebDataset shards (NULL-terminated, at least one). */
TsManifest *ts_layout_read_shards(const char *name, char **shards, GError **error);

/* The split that the name of a file begins with ("train-000000.tar"), NULL if it begins with none.
 */
const char *ts_layout_split_of_file(const char *path);

G_END_DECLS

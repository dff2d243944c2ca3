/* Tiles in tar shards, PREFIX-000000.tar and so on, each with an index beside it.
 *
 * Tiles come in one fixed order, and a shard ends before the tile that would make it too large, so
 * which tile lies where, and every byte, follows from the tiles alone.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TsShards TsShards;

/* Write shards called `name`-NNNNNN into `folder`, beginning with number `first`. */
TsShards *ts_shards_new(const char *folder, const char *name, guint first, guint64 max_tiles,
                        guint64 max_bytes);

/* Without ts_shards_end() the shard at work is lost. NULL is allowed. */
void ts_shards_free(TsShards *shards);

/* Whether a tile whose members have `n_bytes` begins a shard, ending the one before. */
gboolean ts_shards_is_full(const TsShards *shards, guint64 n_bytes);

/* End the shard at work, if there is one. */
gboolean ts_shards_end(TsShards *shards, GError **error);

/* Begin a tile in the shard at work, or in the next one. Its members follow. */
gboolean ts_shards_begin_tile(TsShards *shards, GError **error);
gboolean
ts_shards_add(TsShards *shards, const char *member, GBytes *bytes, guint64 *offset, GError **error);

/* The file of the shard at work, without the folder; borrowed. */
const char *ts_shards_file(const TsShards *shards);

/* Shards ended so far, those before `first` counted in. */
guint ts_shards_n_ended(const TsShards *shards);

/* Remove the shards from number `first` on that `prefix`.tsv, the manifest of an earlier, longer
 * run, names: they would be taken for some of this one. Others are somebody else's. */
void ts_shards_remove_later(const char *prefix, guint first);

/* "NAME-000012.tar". Free with g_free(). */
char *ts_shards_format(const char *name, guint number, const char *suffix);

G_END_DECLS

/* Tar shards, one after the other. */
#include "tiling/cut/shards.h"

#include "base/error.h"
#include "manifest/manifest.h"
#include "store/tar.h"

#include <glib/gstdio.h>

struct _TsShards {
    char *folder, *name;
    guint number; /* of the shard at work or the next one */
    guint64 max_tiles, max_bytes;
    TsTarWriter *tar; /* NULL: between two shards */
    char *file;
    guint64 n_tiles; /* in it */
};

TsShards *
ts_shards_new(const char *folder, const char *name, guint first, guint64 max_tiles,
              guint64 max_bytes)
{
    TsShards *self = g_new0(TsShards, 1);
    self->folder = g_strdup(folder);
    self->name = g_strdup(name);
    self->number = first;
    self->max_tiles = max_tiles;
    self->max_bytes = max_bytes;
    return self;
}

void
ts_shards_free(TsShards *self)
{
    if (self == NULL)
        return;
    ts_tar_writer_free(self->tar);
    g_free(self->file);
    g_free(self->folder);
    g_free(self->name);
    g_free(self);
}

char *
ts_shards_format(const char *name, guint number, const char *suffix)
{
    return g_strdup_printf("%s-%06u%s", name, number, suffix);
}

gboolean
ts_shards_is_full(const TsShards *self, guint64 n_bytes)
{
    return self->tar != NULL && (self->n_tiles >= self->max_tiles || n_bytes > self->max_bytes ||
                                 ts_tar_writer_n_bytes(self->tar) > self->max_bytes - n_bytes);
}

gboolean
ts_shards_end(TsShards *self, GError **error)
{
    if (self->tar == NULL)
        return TRUE;
    g_autofree char *name = ts_shards_format(self->name, self->number, ".index");
    g_autofree char *index = g_build_filename(self->folder, name, NULL);
    g_autoptr(TsTarWriter) tar = g_steal_pointer(&self->tar);
    self->number++;
    return ts_tar_writer_write_index(tar, index, TRUE, error) && ts_tar_writer_commit(tar, error);
}

gboolean
ts_shards_begin_tile(TsShards *self, GError **error)
{
    if (self->tar == NULL) {
        g_free(self->file);
        self->file = ts_shards_format(self->name, self->number, ".tar");
        g_autofree char *path = g_build_filename(self->folder, self->file, NULL);
        self->tar = ts_tar_writer_new(path, TRUE, error);
        self->n_tiles = 0;
        if (self->tar == NULL)
            return FALSE;
        ts_tar_writer_set_unsynced(self->tar);
    }
    self->n_tiles++;
    return TRUE;
}

gboolean
ts_shards_add(TsShards *self, const char *member, GBytes *bytes, guint64 *offset, GError **error)
{
    gsize n;
    const void *data = g_bytes_get_data(bytes, &n);
    return ts_tar_writer_add(self->tar, member, data, n, offset, error);
}

const char *
ts_shards_file(const TsShards *self)
{
    return self->file;
}

guint
ts_shards_n_ended(const TsShards *self)
{
    return self->number;
}

/* The files that the manifest names. */
static GHashTable *
list_files(const char *manifest)
{
    GHashTable *files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(TsManifest) rows =
        g_file_test(manifest, G_FILE_TEST_IS_REGULAR) ? ts_manifest_read(manifest, NULL) : NULL;
    int column = rows != NULL ? ts_manifest_find_column(rows, "file_name") : -1;
    for (guint64 row = 0; column >= 0 && row < ts_manifest_n_rows(rows); row++) {
        char *name = ts_cell_unescape(ts_manifest_cell(rows, row, (guint) column));
        if (name != NULL)
            g_hash_table_add(files, name);
    }
    return files;
}

void
ts_shards_remove_later(const char *prefix, guint first)
{
    g_autofree char *manifest = g_strconcat(prefix, ".tsv", NULL);
    g_autoptr(GHashTable) files = list_files(manifest);
    for (guint i = first;; i++) {
        g_autofree char *tar = ts_shards_format(prefix, i, ".tar");
        g_autofree char *index = ts_shards_format(prefix, i, ".index");
        g_autofree char *name = g_path_get_basename(tar);
        if (!g_hash_table_contains(files, name) || g_unlink(tar) != 0)
            return;
        g_unlink(index);
    }
}

/* datasplit --hash: the split of a row follows from its key. */
#include "balance/split/split_hash.h"
#include "base/error.h"
#include "base/tool.h"
#include "datasplit.h"

typedef struct {
    int key, file_name; /* columns, -1: none */
    GHashTable *locked; /* key (owned) -> split + 1 of the rows that are locked; may be NULL */
} Keys;

static void
keys_clear(Keys *self)
{
    g_clear_pointer(&self->locked, g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Keys, keys_clear)

/* --key, else the group that a row has, else its file. */
static gboolean
keys_init(Keys *self, const SplitJob *job, GError **error)
{
    guint column;
    self->file_name = ts_manifest_find_column(job->manifest, "file_name");
    self->key = split_options.no_groups ? -1 : ts_manifest_find_column(job->manifest, "group");
    if (split_options.key != NULL) {
        if (!ts_manifest_require_column(job->manifest, split_options.key, &column, error))
            return FALSE;
        self->key = (int) column;
    }
    if (self->key < 0)
        self->key = self->file_name;
    return self->key >= 0 ||
           ts_error_set(error, TS_ERROR_FORMAT,
                        "%s: neither a column group nor file_name; --key COLUMN names another",
                        ts_manifest_name(job->manifest));
}

/* Free with g_free(). */
static char *
key_of(const Keys *self, const SplitJob *job, guint64 row, GError **error)
{
    char *key = ts_cell_unescape(ts_manifest_cell(job->manifest, row, (guint) self->key));
    if (key == NULL && self->file_name >= 0)
        key = ts_cell_unescape(ts_manifest_cell(job->manifest, row, (guint) self->file_name));
    if (key == NULL) {
        g_autofree char *where = ts_manifest_where(job->manifest, row);
        ts_error_set(error, TS_ERROR_FORMAT, "%s: no key and no file name to hash", where);
    }
    return key;
}

/* New rows of a key that has locked rows go where those are. */
static gboolean
lock_keys(Keys *self, const SplitJob *job, GError **error)
{
    self->locked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint64 i = 0; i < job->n; i++) {
        if (job->locked[i] < 0)
            continue;
        char *key = key_of(self, job, job->rows[i], error);
        if (key == NULL)
            return FALSE;
        guint split = (guint) job->locked[i];
        guint before = GPOINTER_TO_UINT(g_hash_table_lookup(self->locked, key));
        if (before > 0 && before - 1 != split) {
            ts_error_set(error, TS_ERROR_FORMAT, "rows of key '%s' are locked to '%s' and to '%s'",
                         key, job->shares->names[before - 1], job->shares->names[split]);
            g_free(key);
            return FALSE;
        }
        g_hash_table_insert(self->locked, key, GUINT_TO_POINTER(split + 1));
    }
    return TRUE;
}

gboolean
split_hash_deal(SplitJob *job, guint64 seed, guint32 *split_of_row, GError **error)
{
    g_auto(Keys) keys = {0};
    if (!keys_init(&keys, job, error) || (job->locked != NULL && !lock_keys(&keys, job, error)))
        return FALSE;
    for (guint64 i = 0; i < job->n; i++) {
        g_autofree char *key = key_of(&keys, job, job->rows[i], error);
        if (key == NULL)
            return FALSE;
        guint locked =
            keys.locked != NULL ? GPOINTER_TO_UINT(g_hash_table_lookup(keys.locked, key)) : 0;
        split_of_row[i] = locked > 0 ? locked - 1 : ts_split_by_hash(job->shares, seed, key);
    }
    return TRUE;
}

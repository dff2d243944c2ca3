/* datasplit --lock: rows that were dealt before stay where they are. */
#include "base/error.h"
#include "base/log.h"
#include "datasplit.h"
#include "layout/layout.h"

#include <string.h>

/* What the rows of a manifest are known by: their id, else the place of their file and region. */
typedef struct {
    const TsManifest *manifest;
    int id;       /* column, -1: none */
    char *folder; /* absolute */
} Names;

static void
names_init(Names *self, const TsManifest *manifest)
{
    self->manifest = manifest;
    self->id = ts_manifest_find_column(manifest, "id");
    self->folder = g_canonicalize_filename(ts_manifest_folder(manifest), NULL);
}

static void
names_clear(Names *self)
{
    g_free(self->folder);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Names, names_clear)

/* Free with g_free(). */
static char *
name_of(const Names *self, guint64 row, GError **error)
{
    g_autofree char *name = ts_manifest_id(self->manifest, row);
    if (name == NULL) {
        g_autofree char *where = ts_manifest_where(self->manifest, row);
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s: --lock knows rows by their id or file_name, this one has neither", where);
        return NULL;
    }
    if (self->id >= 0 && !ts_cell_is_null(ts_manifest_cell(self->manifest, row, (guint) self->id)))
        return g_steal_pointer(&name);
    return g_canonicalize_filename(name, self->folder);
}

/* The number of a split or fold; -1: the row was in none. */
static gboolean
read_split(const SplitJob *job, const TsManifest *old, guint64 row, guint column, int *split,
           GError **error)
{
    TsCell cell = ts_manifest_cell(old, row, column);
    *split = -1;
    if (ts_cell_is_null(cell))
        return TRUE;
    for (guint s = 0; s < job->shares->n; s++)
        if (ts_cell_equal(cell, job->shares->names[s]))
            *split = (int) s;
    if (*split >= 0 || ts_cell_equal(cell, "gap"))
        return TRUE;
    g_autofree char *where = ts_manifest_where(old, row);
    g_autofree char *names = g_strjoinv(", ", job->shares->names);
    return ts_error_set(error, TS_ERROR_FORMAT, "%s: '%.*s' is not among what is dealt: %s", where,
                        (int) MIN(cell.length, 50), cell.text, names);
}

/* Name of a row (owned) -> its split + 1. */
static GHashTable *
read_old(const SplitJob *job, const TsManifest *old, GError **error)
{
    g_autoptr(GHashTable) splits = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_auto(Names) names = {0};
    guint column;
    const char *name_of_column = split_options.folds > 0 ? "fold" : "split";
    if (!ts_manifest_require_column(old, name_of_column, &column, error))
        return NULL;
    names_init(&names, old);
    for (guint64 row = 0; row < ts_manifest_n_rows(old); row++) {
        int split;
        g_autofree char *name = name_of(&names, row, error);
        if (name == NULL || !read_split(job, old, row, column, &split, error))
            return NULL;
        guint before = GPOINTER_TO_UINT(g_hash_table_lookup(splits, name));
        if (split >= 0 && before > 0 && before != (guint) split + 1) {
            g_autofree char *where = ts_manifest_where(old, row);
            ts_error_set(error, TS_ERROR_FORMAT, "%s: the same row was in '%s' before", where,
                         job->shares->names[before - 1]);
            return NULL;
        }
        if (split >= 0)
            g_hash_table_insert(splits, g_steal_pointer(&name), GINT_TO_POINTER(split + 1));
    }
    return g_steal_pointer(&splits);
}

/* Rows that belong together now were not torn apart before. */
static gboolean
check_groups(const SplitJob *job, GError **error)
{
    g_autofree guint64 *first = ts_try_alloc(job->n_groups, sizeof *first, "groups", error);
    if (first == NULL)
        return FALSE;
    for (guint64 i = 0; job->groups != NULL && i < job->n; i++) {
        if (job->groups[i] < 0 || job->locked[i] < 0)
            continue;
        guint64 *seen = &first[job->groups[i]]; /* 1 + row */
        *seen = *seen > 0 ? *seen : i + 1;
        if (job->locked[*seen - 1] == job->locked[i])
            continue;
        g_autofree char *where = ts_manifest_where(job->manifest, job->rows[i]);
        g_autofree char *other = ts_manifest_where(job->manifest, job->rows[*seen - 1]);
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: of one group with %s, but they are '%s' and '%s' in %s", where,
                            other, job->shares->names[job->locked[i]],
                            job->shares->names[job->locked[*seen - 1]], split_options.lock);
    }
    return TRUE;
}

gboolean
split_lock_read(SplitJob *job, GError **error)
{
    if (split_options.lock == NULL)
        return TRUE;
    g_autoptr(TsManifest) old = ts_layout_read(split_options.lock, error);
    g_autoptr(GHashTable) splits = old != NULL ? read_old(job, old, error) : NULL;
    job->locked = splits != NULL ? ts_try_alloc(job->n, sizeof *job->locked, "rows", error) : NULL;
    if (job->locked == NULL)
        return FALSE;
    g_auto(Names) names = {0};
    names_init(&names, job->manifest);
    guint64 n_locked = 0;
    g_autoptr(GHashTable) found = g_hash_table_new(g_direct_hash, g_direct_equal);
    for (guint64 i = 0; i < job->n; i++) {
        g_autofree char *name = name_of(&names, job->rows[i], error);
        gpointer key, split = NULL;
        if (name == NULL)
            return FALSE;
        if (g_hash_table_lookup_extended(splits, name, &key, &split))
            g_hash_table_add(found, key);
        job->locked[i] = GPOINTER_TO_INT(split) - 1;
        n_locked += split != NULL;
    }
    ts_info("%" G_GUINT64_FORMAT " rows stay as in %s, %" G_GUINT64_FORMAT
            " are new, %u of it are gone",
            n_locked, split_options.lock, job->n - n_locked,
            g_hash_table_size(splits) - g_hash_table_size(found));
    return check_groups(job, error);
}

/* Names of pictures: from the row's id or file, made safe, and each given once. */
#include "layout/job.h"

#include "base/error.h"

#include <string.h>

enum { MAX_NAME_BYTES = 150 };

struct _TsJobNames {
    TsJob *job;
    gboolean keyed;
    int id, file_name;
    int digits;        /* of the number of rows */
    GHashTable *taken; /* path -> how often it was asked for */
};

TsJobNames *
ts_job_names_new(TsJob *job, gboolean keyed)
{
    TsJobNames *self = g_new0(TsJobNames, 1);
    self->job = job;
    self->keyed = keyed;
    self->id = ts_manifest_find_column(job->manifest, "id");
    self->file_name = ts_manifest_find_column(job->manifest, "file_name");
    self->taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint64 rest = job->n; rest > 0; rest /= 10)
        self->digits++;
    return self;
}

void
ts_job_names_free(TsJobNames *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->taken);
    g_free(self);
}

/* The base name of the row's file without the suffix of a picture. */
static char *
stem_of_file(const TsJobNames *self, guint64 i)
{
    g_autofree char *file =
        ts_cell_unescape(ts_manifest_cell(self->job->manifest, i, (guint) self->file_name));
    char *base = g_path_get_basename(file);
    const char *dot = strrchr(base, '.');
    if (dot != NULL && dot != base)
        base[dot - base] = '\0';
    return base;
}

/* What tells the row from others of its file. */
static char *
stem_of_row(const TsJobNames *self, guint64 i, gboolean whole, GError **error)
{
    TsRecipe recipe;
    if (!ts_dataset_read_recipe(self->job->dataset, i, &recipe, error))
        return NULL;
    char *id = self->id >= 0 && !whole
                   ? ts_cell_unescape(ts_manifest_cell(self->job->manifest, i, (guint) self->id))
                   : NULL;
    if (id != NULL)
        return id;
    if (recipe.has_raw && recipe.has_range)
        return g_strdup_printf("%0*" G_GUINT64_FORMAT, self->digits, i);
    g_autofree char *file = stem_of_file(self, i);
    GString *stem = g_string_new(file);
    if (recipe.has_range)
        g_string_append_printf(stem, "_%" G_GUINT64_FORMAT, recipe.offset);
    if (recipe.has_region && !whole)
        g_string_append_printf(stem, "_%d_%d_%dx%d", recipe.x, recipe.y, recipe.width,
                               recipe.height);
    return g_string_free(stem, FALSE);
}

/* Without '/', control characters and a dot in front; not longer than file systems like. */
static void
make_safe(char *stem, gboolean keyed)
{
    if (strlen(stem) > MAX_NAME_BYTES)
        *g_utf8_find_prev_char(stem, stem + MAX_NAME_BYTES) = '\0';
    for (char *at = stem; *at != '\0'; at++)
        if ((guchar) *at <= (keyed ? ' ' : 0x1f) || *at == 0x7f || *at == '/' ||
            (*at == '.' && (keyed || at == stem)))
            *at = '_';
}

gboolean
ts_job_names_add(TsJobNames *self, guint64 i, const char *below, gboolean whole, GError **error)
{
    g_autofree char *stem = stem_of_row(self, i, whole, error);
    if (stem == NULL)
        return FALSE;
    make_safe(stem, self->keyed);
    char *name = g_strconcat(below, stem[0] != '\0' ? stem : "sample", NULL);
    guint n = GPOINTER_TO_UINT(g_hash_table_lookup(self->taken, name));
    if (n > 0) {
        g_autofree char *asked = g_steal_pointer(&name);
        do {
            g_free(name);
            name = g_strdup_printf("%s-%u", asked, ++n);
        } while (g_hash_table_contains(self->taken, name));
        g_hash_table_insert(self->taken, g_strdup(asked), GUINT_TO_POINTER(n));
        self->job->n_renamed++;
    }
    g_hash_table_insert(self->taken, g_strdup(name), GUINT_TO_POINTER(1));
    self->job->names[i] = name;
    return TRUE;
}

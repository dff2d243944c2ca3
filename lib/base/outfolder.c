/* Output folders that appear whole or not at all: temporary beside the final one, sync, rename. */
#include "base/outfolder.h"

#include "base/error.h"
#include "base/folder.h"
#include "base/outfile.h"

#include <errno.h>
#include <glib/gstdio.h>

struct _TsOutFolder {
    char *path;
    char *temporary;
    char *kept; /* NULL: nothing */
    gboolean replace;
};

TsOutFolder *
ts_out_folder_new(const char *path, gboolean replace, GError **error)
{
    if (!ts_folder_check_target(path, replace, error))
        return NULL;
    g_autofree char *whole = ts_folder_resolve(path);
    g_autofree char *parent = g_path_get_dirname(whole);
    g_autofree char *name = g_path_get_basename(whole);
    g_autofree char *temporary = g_strdup_printf("%s/.%.200s.XXXXXX", parent, name);
    if (g_mkdtemp_full(temporary, 0777) == NULL) {
        ts_error_set_errno(error, errno, "%s: cannot be written", path);
        return NULL;
    }
    TsOutFolder *self = g_new0(TsOutFolder, 1);
    self->path = g_steal_pointer(&whole);
    self->temporary = g_steal_pointer(&temporary);
    self->replace = replace;
    return self;
}

const char *
ts_out_folder_path(const TsOutFolder *self)
{
    return self->temporary;
}

gboolean
ts_out_folder_commit(TsOutFolder *self, GError **error)
{
    if (!ts_folder_write_list(self->temporary, error) || !ts_sync_folder(self->temporary, error) ||
        !ts_folder_give_name(self->temporary, self->path, self->replace, &self->kept, error))
        return FALSE;
    g_clear_pointer(&self->temporary, g_free);
    return TRUE;
}

const char *
ts_out_folder_kept(const TsOutFolder *self)
{
    return self->kept;
}

void
ts_out_folder_free(TsOutFolder *self)
{
    if (self == NULL)
        return;
    if (self->temporary != NULL)
        ts_folder_remove(self->temporary, NULL);
    g_free(self->temporary);
    g_free(self->path);
    g_free(self->kept);
    g_free(self);
}

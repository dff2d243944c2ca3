/* Loading the module that calls libvips, from beside this library. */
#include "image/vips_module.h"

#include "base/error.h"

#include <dlfcn.h>
#include <string.h>

static const TsVips *table;
static GError *failure; /* why there is no table */

/* The module's path: in the folder that this library was loaded from. */
static char *
find_module(void)
{
    Dl_info here;
    if (dladdr(&table, &here) == 0 || here.dli_fname == NULL)
        return g_strdup(TS_VIPS_MODULE);
    g_autofree char *folder = g_path_get_dirname(here.dli_fname);
    return g_build_filename(folder, TS_VIPS_MODULE, NULL);
}

static gpointer
load(gpointer data)
{
    g_autofree char *path = find_module();
    /* It stays: GLib's types cannot be unloaded. */
    void *module = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    const TsVips *found = module != NULL ? dlsym(module, TS_VIPS_TABLE) : NULL;
    if (found == NULL)
        ts_error_set(&failure, TS_ERROR_DEPENDENCY,
                     "libvips, which reads this kind of picture, cannot be loaded: %s", dlerror());
    else if (strcmp(found->version, TS_VERSION) != 0)
        ts_error_set(&failure, TS_ERROR_DEPENDENCY, "%s: is of tessera %s, not %s", path,
                     found->version, TS_VERSION);
    else
        table = found;
    return NULL;
}

const TsVips *
ts_vips_get(GError **error)
{
    static GOnce once = G_ONCE_INIT;
    g_once(&once, load, NULL);
    if (table == NULL) {
        g_propagate_error(error, g_error_copy(failure));
        return NULL;
    }
    return table->start(error) ? table : NULL;
}

gboolean
ts_image_allow_loader(const char *name, GError **error)
{
    const TsVips *vips = ts_vips_get(error);
    return vips != NULL && vips->allow_loader(name, error);
}

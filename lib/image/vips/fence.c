/* The fence around libvips: start, sample types, errors. */
#include "image/vips/fence.h"

#include "base/threads.h"

#include <string.h>

/* Names for users and the class that libvips lets be blocked. */
static const char *const loaders[][2] = {
    {"openslide", "VipsForeignLoadOpenslide"},
    {"jp2k", "VipsForeignLoadJp2k"},
    {"jxl", "VipsForeignLoadJxl"},
    {"svg", "VipsForeignLoadSvg"},
    {"pdf", "VipsForeignLoadPdf"},
    {"fits", "VipsForeignLoadFits"},
    {"nifti", "VipsForeignLoadNifti"},
    {"openexr", "VipsForeignLoadOpenexr"},
    {"ppm", "VipsForeignLoadPpm"},
    {"magick", "VipsForeignLoadMagick"},
};

static gboolean
allow(const char *name, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(loaders); i++) {
        if (strcmp(name, loaders[i][0]) != 0)
            continue;
        if (g_type_from_name(loaders[i][1]) == 0)
            return ts_error_set(error, TS_ERROR_DEPENDENCY, "libvips was built without %s", name);
        vips_operation_block_set(loaders[i][1], FALSE);
        return TRUE;
    }
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "'%s' is no loader that can be allowed, use openslide, jp2k, jxl, svg, "
                        "pdf, fits, nifti, openexr, ppm or magick",
                        name);
}

static GError *environment_error; /* of what TESSERA_ALLOW_LOADERS says */

static void
allow_environment(void)
{
    const char *list = g_getenv("TESSERA_ALLOW_LOADERS");
    g_auto(GStrv) names = g_strsplit(list != NULL ? list : "", ",", -1);
    for (guint i = 0; names[i] != NULL && environment_error == NULL; i++)
        if (*g_strstrip(names[i]) != '\0' && !allow(names[i], &environment_error))
            g_prefix_error(&environment_error, "TESSERA_ALLOW_LOADERS: ");
}

static gpointer
start(gpointer data)
{
    if (vips_init("tessera") != 0)
        return NULL;
    /* Results are never asked for twice, and a file that changed must not be served stale. */
    vips_cache_set_max(0);
    vips_concurrency_set((int) ts_threads_get());
    vips_block_untrusted_set(TRUE);
    allow_environment();
    return GINT_TO_POINTER(TRUE);
}

gboolean
ts_vips_start(GError **error)
{
    static GOnce once = G_ONCE_INIT;
    g_once(&once, start, NULL);
    if (once.retval == NULL)
        return ts_vips_set_error(error, TS_ERROR_DEPENDENCY, "libvips", "does not start");
    if (environment_error == NULL)
        return TRUE;
    g_propagate_error(error, g_error_copy(environment_error));
    return FALSE;
}

gboolean
ts_vips_allow_loader(const char *name, GError **error)
{
    return ts_vips_start(error) && allow(name, error);
}

/* libvips says one line for each of its layers; the first is the nearest to the cause. */
static char *
first_line(char *text)
{
    char *line = g_strstrip(text);
    line[strcspn(line, "\n")] = '\0';
    return line;
}

gboolean
ts_vips_loader_is_blocked(const char *loader, const char **name)
{
    *name = NULL;
    if (g_type_from_name(loader) == 0)
        return TRUE; /* libvips has none of that name */
    gpointer class = g_type_class_ref(g_type_from_name(loader));
    gboolean blocked = (VIPS_OPERATION_CLASS(class)->flags & VIPS_OPERATION_BLOCKED) != 0;
    g_type_class_unref(class);
    for (guint i = 0; i < G_N_ELEMENTS(loaders) && *name == NULL; i++)
        if (g_str_has_prefix(loader, loaders[i][1]))
            *name = loaders[i][0];
    return blocked;
}

static gboolean
can_load(GType loader, VipsSource *source)
{
    VipsForeignLoadClass *class = g_type_class_ref(loader);
    gboolean can = class->is_a_source != NULL && class->is_a_source(source);
    g_type_class_unref(class);
    return can;
}

const char *
ts_vips_find_blocked(VipsSource *source)
{
    for (guint i = 0; i < G_N_ELEMENTS(loaders); i++) {
        guint n = 0;
        GType type = g_type_from_name(loaders[i][1]);
        g_autofree GType *kinds = type != 0 ? g_type_children(type, &n) : NULL;
        for (guint k = 0; k < n; k++)
            if (can_load(kinds[k], source))
                return loaders[i][0];
    }
    return NULL;
}

gboolean
ts_vips_set_error(GError **error, TsError code, const char *path, const char *what)
{
    g_autofree char *text = vips_error_buffer_copy();
    const char *line = first_line(text);
    return ts_error_set(error, code, "%s: %s%s%s", path, what, *line != '\0' ? ": " : "", line);
}

static const VipsBandFormat formats[] = {
    [TS_U8] = VIPS_FORMAT_UCHAR,  [TS_I8] = VIPS_FORMAT_CHAR,    [TS_U16] = VIPS_FORMAT_USHORT,
    [TS_I16] = VIPS_FORMAT_SHORT, [TS_U32] = VIPS_FORMAT_UINT,   [TS_I32] = VIPS_FORMAT_INT,
    [TS_F32] = VIPS_FORMAT_FLOAT, [TS_F64] = VIPS_FORMAT_DOUBLE,
};

gboolean
ts_sample_type_from_vips(VipsBandFormat format, TsSampleType *type)
{
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (formats[i] != format)
            continue;
        *type = (TsSampleType) i;
        return TRUE;
    }
    return FALSE;
}

VipsBandFormat
ts_sample_type_to_vips(TsSampleType type)
{
    return formats[type];
}

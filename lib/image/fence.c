/* The fence around libvips: start, sample types, errors. */
#include "image/fence.h"

#include "base/threads.h"

#include <string.h>

static gpointer
start(gpointer data)
{
    if (vips_init("tessera") != 0)
        return NULL;
    /* Results are never asked for twice, and a file that changed must not be served stale. */
    vips_cache_set_max(0);
    vips_concurrency_set((int) ts_threads_get());
    vips_block_untrusted_set(TRUE);
    return GINT_TO_POINTER(TRUE);
}

gboolean
ts_image_init(GError **error)
{
    static GOnce once = G_ONCE_INIT;
    g_once(&once, start, NULL);
    if (once.retval == NULL)
        return ts_image_set_vips_error(error, TS_ERROR_DEPENDENCY, "libvips", "does not start");
    return TRUE;
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
ts_image_set_vips_error(GError **error, TsError code, const char *path, const char *what)
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

/* Weights of any format: which one it is, and the calls passed on. */
#include "store/weight_file.h"

#include "store/mapped.h"
#include "store/pth.h"
#include "store/safetensors.h"

#include <string.h>

struct _TsWeightFile {
    TsSafetensors *safetensors; /* either this ... */
    TsPth *pth;                 /* ... or this */
    char *format;
    char *path;
    GBytes *bytes;
};

/* The zip of torch.save(), or the bare pickles that older versions wrote. The length that a
 * safetensors file begins with cannot be either. */
static gboolean
is_pth(GBytes *bytes)
{
    gsize n;
    const guint8 *data = g_bytes_get_data(bytes, &n);
    return n >= 9 && data[8] != '{' && (memcmp(data, "PK\3\4", 4) == 0 || data[0] == 0x80);
}

static char *
describe_pth(const TsPth *pth)
{
    const char *key = ts_pth_key(pth);
    return key != NULL ? g_strdup_printf("PyTorch, %s", key) : g_strdup("PyTorch");
}

TsWeightFile *
ts_weight_file_read(const char *path, GError **error)
{
    g_autofree char *inside = g_file_test(path, G_FILE_TEST_IS_DIR)
                                  ? g_build_filename(path, "model.safetensors", NULL)
                                  : g_strdup(path);
    g_autoptr(GBytes) bytes = ts_map_file(inside, error);
    if (bytes == NULL)
        return NULL;
    g_autoptr(TsWeightFile) self = g_new0(TsWeightFile, 1);
    self->path = g_strdup(inside);
    self->bytes = g_bytes_ref(bytes);
    if (is_pth(bytes)) {
        self->pth = ts_pth_parse(bytes, inside, error);
        self->format = self->pth != NULL ? describe_pth(self->pth) : NULL;
    } else {
        self->safetensors = ts_safetensors_parse(bytes, inside, error);
        self->format = g_strdup("safetensors");
    }
    return self->pth != NULL || self->safetensors != NULL ? g_steal_pointer(&self) : NULL;
}

void
ts_weight_file_free(TsWeightFile *self)
{
    if (self == NULL)
        return;
    ts_safetensors_free(self->safetensors);
    ts_pth_free(self->pth);
    g_clear_pointer(&self->bytes, g_bytes_unref);
    g_free(self->path);
    g_free(self->format);
    g_free(self);
}

const char *
ts_weight_file_path(const TsWeightFile *self)
{
    return self->path;
}

char *
ts_weight_file_compute_sha256(const TsWeightFile *self)
{
    return g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, self->bytes);
}

const char *
ts_weight_file_format(const TsWeightFile *self)
{
    return self->format;
}

guint
ts_weight_file_n_ignored(const TsWeightFile *self)
{
    return self->pth != NULL ? ts_pth_n_ignored(self->pth) : 0;
}

guint
ts_weight_file_n(const TsWeightFile *self)
{
    return self->pth != NULL ? ts_pth_n(self->pth) : ts_safetensors_n(self->safetensors);
}

const TsTensor *
ts_weight_file_get(const TsWeightFile *self, guint i)
{
    return self->pth != NULL ? ts_pth_get(self->pth, i) : ts_safetensors_get(self->safetensors, i);
}

const TsTensor *
ts_weight_file_find(const TsWeightFile *self, const char *name)
{
    return self->pth != NULL ? ts_pth_find(self->pth, name)
                             : ts_safetensors_find(self->safetensors, name);
}

const char *
ts_weight_file_metadata(const TsWeightFile *self, const char *key)
{
    return self->pth != NULL ? NULL : ts_safetensors_metadata(self->safetensors, key);
}

const char **
ts_weight_file_all_metadata(const TsWeightFile *self)
{
    return self->pth != NULL ? g_new0(const char *, 1)
                             : ts_safetensors_all_metadata(self->safetensors);
}

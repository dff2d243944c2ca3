/* Weights of any format: which one it is, and the calls passed on. */
#include "store/weight_file.h"

#include "store/mapped.h"
#include "store/npy_folder.h"
#include "store/pth.h"
#include "store/safetensors.h"

#include <string.h>

struct _TsWeightFile {
    TsSafetensors *safetensors; /* either this ... */
    TsPth *pth;                 /* ... or this ... */
    TsNpyFolder *arrays;        /* ... or this */
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

static gboolean
open_file(TsWeightFile *self, GError **error)
{
    self->bytes = ts_map_file(self->path, error);
    if (self->bytes == NULL)
        return FALSE;
    if (is_pth(self->bytes)) {
        self->pth = ts_pth_parse(self->bytes, self->path, error);
        self->format = self->pth != NULL ? describe_pth(self->pth) : NULL;
    } else {
        self->safetensors = ts_safetensors_parse(self->bytes, self->path, error);
        self->format = g_strdup("safetensors");
    }
    return self->pth != NULL || self->safetensors != NULL;
}

TsWeightFile *
ts_weight_file_read(const char *path, GError **error)
{
    g_autoptr(TsWeightFile) self = g_new0(TsWeightFile, 1);
    const gboolean is_folder = g_file_test(path, G_FILE_TEST_IS_DIR);
    self->path = is_folder ? g_build_filename(path, "model.safetensors", NULL) : g_strdup(path);
    if (is_folder && !g_file_test(self->path, G_FILE_TEST_EXISTS) && ts_npy_folder_is(path)) {
        g_free(self->path);
        self->path = g_strdup(path);
        self->format = g_strdup("arrays of NumPy");
        self->arrays = ts_npy_folder_read(path, error);
        return self->arrays != NULL ? g_steal_pointer(&self) : NULL;
    }
    return open_file(self, error) ? g_steal_pointer(&self) : NULL;
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
    if (self->bytes != NULL)
        return g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, self->bytes);
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    for (guint i = 0; i < ts_npy_folder_n(self->arrays); i++) {
        const TsTensor *tensor = ts_npy_folder_get(self->arrays, i);
        g_checksum_update(sum, (const guchar *) tensor->name, (gssize) strlen(tensor->name) + 1);
        g_checksum_update(sum, tensor->data, (gssize) tensor->n_bytes);
    }
    return g_strdup(g_checksum_get_string(sum));
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
    if (self->arrays != NULL)
        return ts_npy_folder_n(self->arrays);
    return self->pth != NULL ? ts_pth_n(self->pth) : ts_safetensors_n(self->safetensors);
}

const TsTensor *
ts_weight_file_get(const TsWeightFile *self, guint i)
{
    if (self->arrays != NULL)
        return ts_npy_folder_get(self->arrays, i);
    return self->pth != NULL ? ts_pth_get(self->pth, i) : ts_safetensors_get(self->safetensors, i);
}

const TsTensor *
ts_weight_file_find(const TsWeightFile *self, const char *name)
{
    if (self->arrays != NULL)
        return ts_npy_folder_find(self->arrays, name);
    return self->pth != NULL ? ts_pth_find(self->pth, name)
                             : ts_safetensors_find(self->safetensors, name);
}

const char *
ts_weight_file_metadata(const TsWeightFile *self, const char *key)
{
    if (self->arrays != NULL)
        return ts_npy_folder_metadata(self->arrays, key);
    return self->pth != NULL ? NULL : ts_safetensors_metadata(self->safetensors, key);
}

const char **
ts_weight_file_all_metadata(const TsWeightFile *self)
{
    if (self->arrays != NULL)
        return ts_npy_folder_all_metadata(self->arrays);
    return self->pth != NULL ? g_new0(const char *, 1)
                             : ts_safetensors_all_metadata(self->safetensors);
}

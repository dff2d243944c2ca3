/* Weights of any format: which one it is, and a list of its tensors and metadata. */
#include "store/weight_file.h"

#include "store/mapped.h"
#include "store/npy_folder.h"
#include "store/onnx.h"
#include "store/pth.h"
#include "store/safetensors.h"

#include <string.h>

struct _TsWeightFile {
    TsSafetensors *safetensors; /* one of these owns what the list borrows */
    TsPth *pth;
    TsOnnx *onnx;
    TsNpyFolder *arrays;
    GPtrArray *tensors;    /* of const TsTensor, in the file's order */
    GHashTable *by_name;   /* name -> const TsTensor */
    const char **metadata; /* key, value, ..., NULL */
    guint n_ignored;       /* of ONNX */
    char *format;
    char *path;
    GBytes *bytes;
};

/* ---- opening ---- */

static void
add_tensor(TsWeightFile *self, const TsTensor *tensor)
{
    g_ptr_array_add(self->tensors, (gpointer) tensor);
    if (!g_hash_table_contains(self->by_name, tensor->name))
        g_hash_table_insert(self->by_name, (gpointer) tensor->name, (gpointer) tensor);
}

static gboolean
open_arrays(TsWeightFile *self, GError **error)
{
    self->format = g_strdup("arrays of NumPy");
    self->arrays = ts_npy_folder_read(self->path, error);
    if (self->arrays == NULL)
        return FALSE;
    for (guint i = 0; i < ts_npy_folder_n(self->arrays); i++)
        add_tensor(self, ts_npy_folder_get(self->arrays, i));
    self->metadata = ts_npy_folder_all_metadata(self->arrays);
    return TRUE;
}

/* The zip of torch.save(), or the bare pickle that older versions wrote. The length that a
 * safetensors file begins with cannot be either. */
static gboolean
is_pth(GBytes *bytes)
{
    gsize n;
    const guint8 *data = g_bytes_get_data(bytes, &n);
    return n >= 9 && data[8] != '{' && (memcmp(data, "PK\3\4", 4) == 0 || data[0] == 0x80);
}

static gboolean
open_pth(TsWeightFile *self, GError **error)
{
    self->pth = ts_pth_parse(self->bytes, self->path, error);
    if (self->pth == NULL)
        return FALSE;
    const char *key = ts_pth_key(self->pth);
    self->format = key != NULL ? g_strdup_printf("PyTorch, %s", key) : g_strdup("PyTorch");
    for (guint i = 0; i < ts_pth_n(self->pth); i++)
        add_tensor(self, ts_pth_get(self->pth, i));
    self->metadata = g_new0(const char *, 1);
    return TRUE;
}

static gboolean
open_onnx(TsWeightFile *self, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(self->path);
    self->format = g_strdup("ONNX");
    self->onnx = ts_onnx_parse(self->bytes, self->path, folder, error);
    if (self->onnx == NULL)
        return FALSE;
    for (guint i = 0; i < self->onnx->n_tensors; i++) {
        const TsTensor *tensor = &self->onnx->tensors[i];
        if (tensor->rank > 0 && ts_dtype_is_float(tensor->dtype))
            add_tensor(self, tensor);
        else
            self->n_ignored++; /* a shape, or an end of a Clip */
    }
    const gsize n = g_strv_length((char **) self->onnx->metadata) + 1;
    self->metadata = g_memdup2(self->onnx->metadata, n * sizeof *self->metadata);
    return TRUE;
}

static gboolean
open_safetensors(TsWeightFile *self, GError **error)
{
    self->format = g_strdup("safetensors");
    self->safetensors = ts_safetensors_parse(self->bytes, self->path, error);
    if (self->safetensors == NULL)
        return FALSE;
    for (guint i = 0; i < ts_safetensors_n(self->safetensors); i++)
        add_tensor(self, ts_safetensors_get(self->safetensors, i));
    self->metadata = ts_safetensors_all_metadata(self->safetensors);
    return TRUE;
}

static gboolean
open_file(TsWeightFile *self, GError **error)
{
    self->bytes = ts_map_file(self->path, error);
    if (self->bytes == NULL)
        return FALSE;
    if (is_pth(self->bytes))
        return open_pth(self, error);
    return ts_onnx_looks_like(self->bytes) ? open_onnx(self, error) : open_safetensors(self, error);
}

TsWeightFile *
ts_weight_file_read(const char *path, GError **error)
{
    g_autoptr(TsWeightFile) self = g_new0(TsWeightFile, 1);
    const gboolean is_folder = g_file_test(path, G_FILE_TEST_IS_DIR);
    self->tensors = g_ptr_array_new();
    self->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    self->path = is_folder ? g_build_filename(path, "model.safetensors", NULL) : g_strdup(path);
    const gboolean is_arrays =
        is_folder && !g_file_test(self->path, G_FILE_TEST_EXISTS) && ts_npy_folder_is(path);
    if (is_arrays) {
        g_free(self->path);
        self->path = g_strdup(path);
    }
    return (is_arrays ? open_arrays(self, error) : open_file(self, error)) ? g_steal_pointer(&self)
                                                                           : NULL;
}

void
ts_weight_file_free(TsWeightFile *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->tensors);
    g_hash_table_unref(self->by_name);
    g_free(self->metadata);
    ts_safetensors_free(self->safetensors);
    ts_pth_free(self->pth);
    ts_onnx_free(self->onnx);
    ts_npy_folder_free(self->arrays);
    g_clear_pointer(&self->bytes, g_bytes_unref);
    g_free(self->path);
    g_free(self->format);
    g_free(self);
}

/* ---- what is in it ---- */

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
    for (guint i = 0; i < self->tensors->len; i++) {
        const TsTensor *tensor = ts_weight_file_get(self, i);
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
    return self->pth != NULL ? ts_pth_n_ignored(self->pth) : self->n_ignored;
}

guint
ts_weight_file_n(const TsWeightFile *self)
{
    return self->tensors->len;
}

const TsTensor *
ts_weight_file_get(const TsWeightFile *self, guint i)
{
    return g_ptr_array_index(self->tensors, i);
}

const TsTensor *
ts_weight_file_find(const TsWeightFile *self, const char *name)
{
    return g_hash_table_lookup(self->by_name, name);
}

const char *
ts_weight_file_metadata(const TsWeightFile *self, const char *key)
{
    for (guint i = 0; self->metadata[i] != NULL; i += 2)
        if (strcmp(self->metadata[i], key) == 0)
            return self->metadata[i + 1];
    return NULL;
}

const char **
ts_weight_file_all_metadata(const TsWeightFile *self)
{
    const gsize n = g_strv_length((char **) self->metadata) + 1;
    return g_memdup2(self->metadata, n * sizeof *self->metadata);
}

/* The writer of safetensors files. */
#include "store/safetensors.h"

#include "base/error.h"
#include "base/outfile.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 8 };

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

static int
compare_for_file(gconstpointer a, gconstpointer b)
{
    const TsTensor *s = *(const TsTensor *const *) a, *t = *(const TsTensor *const *) b;
    gsize size_of_s = ts_dtype_size(s->dtype), size_of_t = ts_dtype_size(t->dtype);
    if (size_of_s != size_of_t)
        return size_of_s > size_of_t ? -1 : 1;
    return strcmp(s->name, t->name);
}

static gboolean
check_tensor(const TsTensor *tensor, GError **error)
{
    gsize n_bytes;
    if (tensor->name == NULL || strlen(tensor->name) > TS_SAFETENSORS_MAX_NAME ||
        !g_utf8_validate(tensor->name, -1, NULL) || strcmp(tensor->name, "__metadata__") == 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "'%s' cannot be the name of a tensor",
                            tensor->name != NULL ? tensor->name : "");
    if (!ts_tensor_compute_bytes(tensor->dtype, tensor->rank, tensor->shape, &n_bytes) ||
        n_bytes != tensor->n_bytes)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "tensor '%s': %" G_GSIZE_FORMAT " bytes do not fit its shape",
                            tensor->name, tensor->n_bytes);
    return TRUE;
}

/* The tensors in the order of the file; g_free(). */
static const TsTensor **
sort_tensors(const TsTensor *tensors, guint n, GError **error)
{
    g_autofree const TsTensor **sorted = g_new(const TsTensor *, MAX(n, 1));
    for (guint i = 0; i < n; i++) {
        if (!check_tensor(&tensors[i], error))
            return NULL;
        sorted[i] = &tensors[i];
    }
    qsort(sorted, n, sizeof *sorted, compare_for_file);
    return g_steal_pointer(&sorted);
}

static json_t *
describe_tensor(const TsTensor *tensor, gsize begin)
{
    g_autoptr(json_t) shape = json_array();
    for (guint i = 0; i < tensor->rank; i++)
        json_array_append_new(shape, json_integer(tensor->shape[i]));
    return json_pack("{s:s, s:O, s:[I, I]}", "dtype", ts_dtype_name(tensor->dtype), "shape", shape,
                     "data_offsets", (json_int_t) begin, (json_int_t) (begin + tensor->n_bytes));
}

/* Add `value` (stolen) under a new key; `what` names the pair in messages. */
static gboolean
add_new(json_t *object, const char *key, json_t *value, const char *what, GError **error)
{
    if (json_object_get(object, key) != NULL) {
        json_decref(value);
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s '%s' is there twice", what, key);
    }
    if (json_object_set_new(object, key, value) != 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s '%s' is not UTF-8", what, key);
    return TRUE;
}

static gboolean
add_metadata(json_t *header, const char *const *metadata, GError **error)
{
    if (metadata == NULL || metadata[0] == NULL)
        return TRUE;
    json_t *object = json_object();
    json_object_set_new(header, "__metadata__", object);
    for (guint i = 0; metadata[i] != NULL; i += 2) {
        if (!add_new(object, metadata[i], json_string(metadata[i + 1]), "metadata", error))
            return FALSE;
    }
    return TRUE;
}

static char *
make_header(const char *const *metadata, const TsTensor **sorted, guint n, GError **error)
{
    g_autoptr(json_t) header = json_object();
    gsize begin = 0;
    if (!add_metadata(header, metadata, error))
        return NULL;
    for (guint i = 0; i < n; i++) {
        json_t *entry = describe_tensor(sorted[i], begin);
        if (!add_new(header, sorted[i]->name, entry, "tensor", error))
            return NULL;
        if (!g_size_checked_add(&begin, begin, sorted[i]->n_bytes) || begin > G_MAXINT64) {
            ts_error_set(error, TS_ERROR_RANGE, "tensor '%s': the file becomes too large",
                         sorted[i]->name);
            return NULL;
        }
    }
    char *text = json_dumps(header, JSON_COMPACT);
    if (text == NULL || strlen(text) > TS_SAFETENSORS_MAX_HEADER - ALIGNMENT) {
        ts_error_set(error, TS_ERROR_RANGE, "the header of the file has more than %d bytes",
                     TS_SAFETENSORS_MAX_HEADER);
        g_clear_pointer(&text, free);
    }
    return text;
}

static gboolean
write_header(TsOutFile *out, const char *header, GError **error)
{
    static const char spaces[ALIGNMENT] = "        ";
    gsize n = strlen(header);
    gsize n_spaces = (ALIGNMENT - n % ALIGNMENT) % ALIGNMENT;
    guint64 length = GUINT64_TO_LE((guint64) (n + n_spaces));
    return ts_out_file_write(out, &length, sizeof length, error) &&
           ts_out_file_write(out, header, n, error) &&
           ts_out_file_write(out, spaces, n_spaces, error);
}

gboolean
ts_safetensors_write(const char *path, const char *const *metadata, const TsTensor *tensors,
                     guint n, gboolean replace, GError **error)
{
    g_autofree const TsTensor **sorted = sort_tensors(tensors, n, error);
    if (sorted == NULL)
        return FALSE;
    char *header = make_header(metadata, sorted, n, error);
    if (header == NULL) {
        g_prefix_error(error, "%s: ", path);
        return FALSE;
    }
    g_autoptr(TsOutFile) out = ts_out_file_new(path, replace, error);
    gboolean written = out != NULL && write_header(out, header, error);
    free(header);
    for (guint i = 0; written && i < n; i++)
        written = ts_out_file_write(out, sorted[i]->data, sorted[i]->n_bytes, error);
    return written && ts_out_file_commit(out, error);
}

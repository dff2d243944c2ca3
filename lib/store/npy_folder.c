/* Folders of arrays. */
#include "store/npy_folder.h"

#include "base/error.h"
#include "store/npy.h"
#include "store/safetensors.h"

#include <string.h>

struct _TsNpyFolder {
    GPtrArray *files;        /* of TsNpy */
    GPtrArray *names;        /* of the tensors */
    GArray *tensors;         /* of TsTensor */
    TsSafetensors *metadata; /* or NULL */
};

static const char suffix[] = ".npy";

static int
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* The names of the arrays, without suffix, sorted; NULL if the folder cannot be read. */
static GPtrArray *
list_arrays(const char *path, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(GDir) dir = g_dir_open(path, 0, &failure);
    if (dir == NULL) {
        ts_error_set(error, TS_ERROR_IO, "%s", failure->message);
        return NULL;
    }
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;)
        if (g_str_has_suffix(name, suffix))
            g_ptr_array_add(names, g_strndup(name, strlen(name) - strlen(suffix)));
    g_ptr_array_sort(names, compare_names);
    return names;
}

gboolean
ts_npy_folder_is(const char *path)
{
    g_autoptr(GPtrArray) names = list_arrays(path, NULL);
    return names != NULL && names->len > 0;
}

static gboolean
read_arrays(TsNpyFolder *self, const char *path, GError **error)
{
    for (guint i = 0; i < self->names->len; i++) {
        const char *name = g_ptr_array_index(self->names, i);
        g_autofree char *file = g_strconcat(path, G_DIR_SEPARATOR_S, name, suffix, NULL);
        TsNpy *array = ts_npy_read(file, error);
        if (array == NULL)
            return FALSE;
        g_ptr_array_add(self->files, array);
        TsTensor tensor = *ts_npy_get(array);
        tensor.name = name;
        g_array_append_val(self->tensors, tensor);
    }
    return TRUE;
}

TsNpyFolder *
ts_npy_folder_read(const char *path, GError **error)
{
    g_autoptr(TsNpyFolder) self = g_new0(TsNpyFolder, 1);
    self->files = g_ptr_array_new_with_free_func((GDestroyNotify) ts_npy_free);
    self->tensors = g_array_new(FALSE, FALSE, sizeof(TsTensor));
    self->names = list_arrays(path, error);
    if (self->names == NULL || !read_arrays(self, path, error))
        return NULL;
    g_autofree char *metadata = g_build_filename(path, TS_NPY_FOLDER_METADATA, NULL);
    if (g_file_test(metadata, G_FILE_TEST_EXISTS) &&
        (self->metadata = ts_safetensors_read(metadata, error)) == NULL)
        return NULL;
    return g_steal_pointer(&self);
}

void
ts_npy_folder_free(TsNpyFolder *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->files);
    g_array_unref(self->tensors);
    g_clear_pointer(&self->names, g_ptr_array_unref);
    ts_safetensors_free(self->metadata);
    g_free(self);
}

guint
ts_npy_folder_n(const TsNpyFolder *self)
{
    return self->tensors->len;
}

const TsTensor *
ts_npy_folder_get(const TsNpyFolder *self, guint i)
{
    return &g_array_index(self->tensors, TsTensor, i);
}

const char **
ts_npy_folder_all_metadata(const TsNpyFolder *self)
{
    return self->metadata != NULL ? ts_safetensors_all_metadata(self->metadata)
                                  : g_new0(const char *, 1);
}

gboolean
ts_npy_folder_write(const char *path, const char *const *metadata, const TsTensor *tensors, guint n,
                    GError **error)
{
    for (guint i = 0; i < n; i++) {
        const TsTensor *tensor = &tensors[i];
        if (strchr(tensor->name, '/') != NULL || tensor->name[0] == '.')
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "tensor '%s' cannot be the name of a file", tensor->name);
        g_autofree char *file = g_strconcat(path, G_DIR_SEPARATOR_S, tensor->name, suffix, NULL);
        if (!ts_npy_write(file, tensor, FALSE, error)) {
            g_prefix_error(error, "tensor '%s': ", tensor->name);
            return FALSE;
        }
    }
    if (metadata == NULL || metadata[0] == NULL)
        return TRUE;
    g_autofree char *file = g_build_filename(path, TS_NPY_FOLDER_METADATA, NULL);
    return ts_safetensors_write(file, metadata, NULL, 0, FALSE, error);
}

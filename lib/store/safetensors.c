/* The reader of safetensors files: every check before any tensor is handed out. */
#include "store/safetensors.h"

#include "base/error.h"
#include "store/mapped.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH_BYTES = 8, MAX_DEPTH = 3 };

struct _TsSafetensors {
    GBytes *bytes;
    json_t *header; /* owns names and metadata */
    TsTensor *tensors;
    guint n;
    GHashTable *by_name; /* name -> TsTensor, both borrowed */
};

/* What is being parsed, for messages. */
typedef struct {
    const char *file;
    const guint8 *data; /* the numbers, behind the header */
    gsize n_data;
} Context;

static gboolean
format_error(GError **error, const Context *context, const char *tensor, const char *what)
{
    return ts_error_set(error, TS_ERROR_FORMAT, "%s: tensor '%s': %s", context->file, tensor, what);
}

/* Look at the text before the JSON parser builds objects from it: this format needs no nesting
 * deeper than three and no list longer than a shape. What a hostile header can still ask for is
 * about thirty times its own size. */
static const char *
check_shape_of_text(const char *text, gsize n)
{
    guint depth = 0;
    guint commas = 0; /* of the list that is open */
    gboolean in_list = FALSE, in_string = FALSE;
    for (gsize i = 0; i < n; i++) {
        char c = text[i];
        if (in_string) {
            i += c == '\\';
            in_string = c != '"';
            continue;
        }
        in_string = c == '"';
        if (c == '{' || c == '[') {
            if (++depth > MAX_DEPTH)
                return "is nested too deep";
            in_list = c == '[';
            commas = 0;
        } else if (c == '}' || c == ']') {
            depth -= depth > 0;
            in_list = FALSE;
        } else if (in_list && c == ',' && ++commas >= TS_TENSOR_MAX_RANK) {
            return "has a list of more than 8 numbers";
        }
    }
    return NULL;
}

static json_t *
parse_header(const char *text, gsize n, const char *file, GError **error)
{
    const char *wrong = check_shape_of_text(text, n);
    if (wrong != NULL) {
        ts_error_set(error, TS_ERROR_FORMAT, "%s: the header %s", file, wrong);
        return NULL;
    }
    json_error_t where;
    json_t *header = json_loadb(text, n, JSON_REJECT_DUPLICATES, &where);
    if (header == NULL)
        ts_error_set(error, TS_ERROR_FORMAT, "%s: the header is not valid JSON: %s at byte %d",
                     file, where.text, where.position);
    return header;
}

/* Read u64le N and the N bytes behind it. */
static json_t *
read_header(Context *context, GError **error)
{
    guint64 length;
    if (context->n_data < LENGTH_BYTES) {
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s: too short for a safetensors file, which begins with 8 bytes of length",
                     context->file);
        return NULL;
    }
    memcpy(&length, context->data, sizeof length);
    length = GUINT64_FROM_LE(length);
    context->data += LENGTH_BYTES;
    context->n_data -= LENGTH_BYTES;
    const char *text = (const char *) context->data;
    const gboolean too_long = length > TS_SAFETENSORS_MAX_HEADER || length > context->n_data;
    if (too_long && context->n_data > 0 && text[0] != '{') {
        ts_error_set(error, TS_ERROR_FORMAT, "%s: is not a safetensors file", context->file);
        return NULL;
    }
    if (too_long) {
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s: a header of %" G_GUINT64_FORMAT " bytes is declared, %" G_GSIZE_FORMAT
                     " are there and %d are allowed; the file may be cut off",
                     context->file, length, context->n_data, TS_SAFETENSORS_MAX_HEADER);
        return NULL;
    }
    if (length == 0 || text[0] != '{') {
        ts_error_set(error, TS_ERROR_FORMAT, "%s: the header does not begin with '{'",
                     context->file);
        return NULL;
    }
    context->data += length;
    context->n_data -= length;
    return parse_header(text, length, context->file, error);
}

/* A whole number >= 0 that a size can hold. */
static gboolean
get_size(const json_t *json, gint64 *value)
{
    if (!json_is_integer(json) || json_integer_value(json) < 0)
        return FALSE;
    *value = json_integer_value(json);
    return TRUE;
}

static gboolean
parse_shape(const json_t *json, TsTensor *tensor)
{
    if (!json_is_array(json) || json_array_size(json) > TS_TENSOR_MAX_RANK)
        return FALSE;
    tensor->rank = json_array_size(json);
    for (guint i = 0; i < tensor->rank; i++) {
        if (!get_size(json_array_get(json, i), &tensor->shape[i]))
            return FALSE;
    }
    return ts_tensor_compute_bytes(tensor->dtype, tensor->rank, tensor->shape, &tensor->n_bytes);
}

static gboolean
parse_range(const json_t *json, const Context *context, TsTensor *tensor, GError **error)
{
    gint64 b, e;
    if (!json_is_array(json) || json_array_size(json) != 2 ||
        !get_size(json_array_get(json, 0), &b) || !get_size(json_array_get(json, 1), &e) || b > e)
        return format_error(error, context, tensor->name,
                            "data_offsets are not two whole numbers, begin before end");
    if ((guint64) e > context->n_data)
        return format_error(error, context, tensor->name,
                            "data_offsets reach beyond the end of the file, which may be cut off");
    if ((guint64) (e - b) != tensor->n_bytes)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: tensor '%s': its shape needs %" G_GSIZE_FORMAT
                            " bytes, data_offsets span %" G_GINT64_FORMAT,
                            context->file, tensor->name, tensor->n_bytes, e - b);
    tensor->data = context->data + b;
    return TRUE;
}

static gboolean
parse_tensor(json_t *json, const Context *context, TsTensor *tensor, GError **error)
{
    const char *dtype = json_string_value(json_object_get(json, "dtype"));
    const json_t *shape = json_object_get(json, "shape");
    const json_t *range = json_object_get(json, "data_offsets");
    if (dtype == NULL || shape == NULL || range == NULL || json_object_size(json) != 3)
        return format_error(error, context, tensor->name,
                            "exactly dtype, shape and data_offsets were expected");
    if (!ts_dtype_from_name(dtype, &tensor->dtype))
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: tensor '%s': numbers of type '%s' are not supported",
                            context->file, tensor->name, dtype);
    if (!parse_shape(shape, tensor))
        return format_error(error, context, tensor->name,
                            "the shape is not a list of at most 8 whole numbers whose product can "
                            "be held");
    return parse_range(range, context, tensor, error);
}

static gboolean
check_metadata(json_t *metadata, const char *file, GError **error)
{
    const char *key;
    json_t *value;
    if (!json_is_object(metadata))
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: __metadata__ is not an object", file);
    json_object_foreach(metadata, key, value)
    {
        if (!json_is_string(value))
            return ts_error_set(error, TS_ERROR_FORMAT, "%s: __metadata__ '%s' is not a text", file,
                                key);
    }
    return TRUE;
}

/* Order of the data; a tensor without any stands before the one that begins at the same place. */
static int
compare_data(gconstpointer a, gconstpointer b)
{
    const TsTensor *s = a, *t = b;
    const guint8 *p = s->data, *q = t->data;
    if (p != q)
        return p < q ? -1 : 1;
    if (s->n_bytes != t->n_bytes)
        return s->n_bytes < t->n_bytes ? -1 : 1;
    return strcmp(s->name, t->name);
}

/* Every byte of the data belongs to one tensor. */
static gboolean
check_holes(const TsSafetensors *self, const Context *context, GError **error)
{
    const guint8 *next = context->data;
    for (guint i = 0; i < self->n; i++) {
        const guint8 *begin = self->tensors[i].data;
        if (begin != next)
            return format_error(error, context, self->tensors[i].name,
                                begin > next ? "its data begin after a hole"
                                             : "its data overlap those of another tensor");
        next = begin + self->tensors[i].n_bytes;
    }
    if (next != context->data + context->n_data)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: %" G_GSIZE_FORMAT " bytes behind the last tensor", context->file,
                            (gsize) (context->data + context->n_data - next));
    return TRUE;
}

static gboolean
parse_entries(TsSafetensors *self, const Context *context, GError **error)
{
    const char *name;
    json_t *entry;
    json_object_foreach(self->header, name, entry)
    {
        if (strcmp(name, "__metadata__") == 0) {
            if (!check_metadata(entry, context->file, error))
                return FALSE;
            continue;
        }
        if (strlen(name) > TS_SAFETENSORS_MAX_NAME)
            return ts_error_set(error, TS_ERROR_FORMAT,
                                "%s: a tensor's name has more than %d bytes", context->file,
                                TS_SAFETENSORS_MAX_NAME);
        TsTensor *tensor = &self->tensors[self->n++];
        tensor->name = name;
        if (!parse_tensor(entry, context, tensor, error))
            return FALSE;
    }
    return TRUE;
}

TsSafetensors *
ts_safetensors_parse(GBytes *bytes, const char *name, GError **error)
{
    g_autoptr(TsSafetensors) self = g_new0(TsSafetensors, 1);
    Context context = {.file = name};
    self->bytes = g_bytes_ref(bytes);
    context.data = g_bytes_get_data(bytes, &context.n_data);
    self->header = read_header(&context, error);
    if (self->header == NULL)
        return NULL;
    self->tensors = ts_try_alloc(json_object_size(self->header), sizeof(TsTensor), name, error);
    if (self->tensors == NULL || !parse_entries(self, &context, error))
        return NULL;
    qsort(self->tensors, self->n, sizeof(TsTensor), compare_data);
    if (!check_holes(self, &context, error))
        return NULL;
    self->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < self->n; i++)
        g_hash_table_insert(self->by_name, (gpointer) self->tensors[i].name, &self->tensors[i]);
    return g_steal_pointer(&self);
}

TsSafetensors *
ts_safetensors_read(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = ts_map_file(path, error);
    return bytes != NULL ? ts_safetensors_parse(bytes, path, error) : NULL;
}

guint
ts_safetensors_n(const TsSafetensors *self)
{
    return self->n;
}

const TsTensor *
ts_safetensors_get(const TsSafetensors *self, guint i)
{
    return &self->tensors[i];
}

const TsTensor *
ts_safetensors_find(const TsSafetensors *self, const char *name)
{
    return g_hash_table_lookup(self->by_name, name);
}

const char *
ts_safetensors_metadata(const TsSafetensors *self, const char *key)
{
    json_t *metadata = json_object_get(self->header, "__metadata__");
    return json_string_value(json_object_get(metadata, key));
}

const char **
ts_safetensors_all_metadata(const TsSafetensors *self)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(self->header, "__metadata__"), key, value)
    {
        g_ptr_array_add(all, (gpointer) key);
        g_ptr_array_add(all, (gpointer) json_string_value(value));
    }
    g_ptr_array_add(all, NULL);
    return (const char **) g_ptr_array_free(g_steal_pointer(&all), FALSE);
}

void
ts_safetensors_free(TsSafetensors *self)
{
    if (self == NULL)
        return;
    if (self->by_name != NULL)
        g_hash_table_unref(self->by_name);
    g_free(self->tensors);
    json_decref(self->header);
    g_bytes_unref(self->bytes);
    g_free(self);
}

/* Any bytes as a safetensors file: an error, or tensors that can be read whole and written again.
 *
 * An even first byte: the rest is the file. An odd one: the rest up to a line end is the header and
 * what is behind it the data, since the length in front is hard to guess. */
#include "store/safetensors.h"

#include <string.h>

enum { MAX_NUMBERS = 1 << 16 };

int LLVMFuzzerTestOneInput(const guint8 *input, gsize n);

static GBytes *
make_file(const guint8 *input, gsize n)
{
    if (n == 0 || input[0] % 2 == 0)
        return g_bytes_new(n > 0 ? input + 1 : NULL, n > 0 ? n - 1 : 0);
    g_autoptr(GByteArray) file = g_byte_array_new();
    const guint8 *end = memchr(input, '\n', n);
    gsize n_header = (end != NULL ? (gsize) (end - input) : n) - 1;
    guint64 length = GUINT64_TO_LE((guint64) n_header);
    g_byte_array_append(file, (const guint8 *) &length, sizeof length);
    g_byte_array_append(file, input + 1, n_header);
    if (end != NULL)
        g_byte_array_append(file, end + 1, n - n_header - 2);
    return g_byte_array_free_to_bytes(g_steal_pointer(&file));
}

static void
use(const TsSafetensors *file)
{
    static float numbers[MAX_NUMBERS];
    guint n = ts_safetensors_n(file);
    g_autofree TsTensor *copy = g_new(TsTensor, n + 1);
    for (guint i = 0; i < n; i++) {
        const TsTensor *tensor = ts_safetensors_get(file, i);
        g_assert(ts_safetensors_find(file, tensor->name) == tensor);
        if (ts_tensor_n(tensor) <= MAX_NUMBERS)
            g_assert(ts_tensor_to_f32(tensor, numbers, NULL));
        copy[i] = *tensor;
    }
    ts_safetensors_metadata(file, "format");
    g_assert(ts_safetensors_write("/dev/null", NULL, copy, n, TRUE, NULL));
}

int
LLVMFuzzerTestOneInput(const guint8 *input, gsize n)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = make_file(input, n);
    g_autoptr(TsSafetensors) file = ts_safetensors_parse(bytes, "input", &error);
    g_assert((file == NULL) == (error != NULL));
    if (file != NULL)
        use(file);
    return 0;
}

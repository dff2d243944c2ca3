/* Any bytes as an .npy file: an error, or an array that can be read whole and written again.
 *
 * An even first byte: the rest is the file. An odd one: the rest up to a line end is the header's
 * text and what is behind it the data. */
#include "store/npy.h"

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
    guint8 length[2] = {n_header & 255, (guint8) (n_header >> 8)};
    g_byte_array_append(file, (const guint8 *) "\x93NUMPY\x01\x00", 8);
    g_byte_array_append(file, length, sizeof length);
    g_byte_array_append(file, input + 1, n_header);
    if (end != NULL)
        g_byte_array_append(file, end + 1, n - n_header - 2);
    return g_byte_array_free_to_bytes(g_steal_pointer(&file));
}

int
LLVMFuzzerTestOneInput(const guint8 *input, gsize n)
{
    static float numbers[MAX_NUMBERS];
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = make_file(input, n);
    g_autoptr(TsNpy) file = ts_npy_parse(bytes, "input", &error);
    g_assert((file == NULL) == (error != NULL));
    if (file == NULL)
        return 0;
    const TsTensor *array = ts_npy_get(file);
    if (ts_tensor_n(array) <= MAX_NUMBERS)
        g_assert(ts_tensor_to_f32(array, numbers, NULL));
    g_assert(ts_npy_write("/dev/null", array, TRUE, NULL));
    return 0;
}

/* Any bytes as a file of torch.save(): an error, or tensors that can be read whole.
 *
 * An even first byte: the rest is the file. An odd one: the rest is the pickle in it, beside
 * storages of 64 bytes. */
#include "store/pth.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

enum { MAX_NUMBERS = 1 << 16, MAX_PICKLE = 1 << 16 };

int LLVMFuzzerTestOneInput(const guint8 *input, gsize n);

static void
add_member(struct archive *zip, const char *name, const guint8 *data, gsize n)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_size(entry, (la_int64_t) n);
    g_assert(archive_write_header(zip, entry) == ARCHIVE_OK);
    g_assert(archive_write_data(zip, data, n) == (la_ssize_t) n);
    archive_entry_free(entry);
}

static GBytes *
make_file(const guint8 *input, gsize n)
{
    static guint8 file[2 * MAX_PICKLE];
    static const guint8 storage[64];
    if (n == 0 || input[0] % 2 == 0 || n > MAX_PICKLE)
        return g_bytes_new(n > 0 ? input + 1 : NULL, n > 0 ? n - 1 : 0);
    size_t used = 0;
    struct archive *zip = archive_write_new();
    archive_write_set_format_zip(zip);
    archive_write_zip_set_compression_store(zip);
    g_assert(archive_write_open_memory(zip, file, sizeof file, &used) == ARCHIVE_OK);
    add_member(zip, "x/data.pkl", input + 1, n - 1);
    add_member(zip, "x/data/0", storage, sizeof storage);
    add_member(zip, "x/data/1", storage, sizeof storage);
    g_assert(archive_write_close(zip) == ARCHIVE_OK);
    archive_write_free(zip);
    return g_bytes_new(file, used);
}

int
LLVMFuzzerTestOneInput(const guint8 *input, gsize n)
{
    static float numbers[MAX_NUMBERS];
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = make_file(input, n);
    g_autoptr(TsPth) file = ts_pth_parse(bytes, "input", &error);
    g_assert((file == NULL) == (error != NULL));
    for (guint i = 0; file != NULL && i < ts_pth_n(file); i++) {
        const TsTensor *tensor = ts_pth_get(file, i);
        g_assert(ts_pth_find(file, tensor->name) == tensor);
        if (ts_tensor_n(tensor) <= MAX_NUMBERS)
            g_assert(ts_tensor_to_f32(tensor, numbers, NULL));
    }
    return 0;
}

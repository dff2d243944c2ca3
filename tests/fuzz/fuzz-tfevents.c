/* Any bytes as an event file: records, errors and an end.
 *
 * An even first byte: the rest is the file. An odd one: the rest is cut into payloads, each behind
 * a byte of length, and framed, since checksums cannot be guessed. */
#include "store/tfevents.h"
#include "store/tfrecord.h"

#include <string.h>

enum { MAX_ERRORS = 8 };

int LLVMFuzzerTestOneInput(const guint8 *input, gsize n);

static GBytes *
make_file(const guint8 *input, gsize n)
{
    if (n == 0 || input[0] % 2 == 0)
        return g_bytes_new(n > 0 ? input + 1 : NULL, n > 0 ? n - 1 : 0);
    g_autoptr(GByteArray) file = g_byte_array_new();
    for (gsize at = 1; at < n;) {
        gsize length = MIN(input[at], n - at - 1);
        ts_tfrecord_append(file, input + at + 1, length);
        at += 1 + length;
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&file));
}

static gsize
use(const TsEvent *event)
{
    gsize n = event->file_version != NULL ? strlen(event->file_version) : 0;
    for (gsize i = 0; i < event->n_scalars; i++)
        n += strlen(event->scalars[i].tag);
    return n;
}

int
LLVMFuzzerTestOneInput(const guint8 *input, gsize n)
{
    g_autoptr(GBytes) bytes = make_file(input, n);
    g_autoptr(TsEventReader) reader = ts_event_reader_new_for_bytes(bytes, "input");
    for (guint n_errors = 0; n_errors < MAX_ERRORS;) { /* a bad length is an error for ever */
        g_autoptr(GError) error = NULL;
        const TsEvent *event = ts_event_reader_next(reader, &error);
        g_assert(event == NULL || error == NULL);
        if (event == NULL && error == NULL)
            return 0;
        n_errors += error != NULL;
        g_assert(event == NULL || use(event) <= n);
    }
    return 0;
}

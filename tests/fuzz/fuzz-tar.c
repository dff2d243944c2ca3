/* Any bytes as a tar file: members that lie inside of it, or an error. The checksums of headers are
 * put right first, or hardly any input would get past them. */
#include "store/tar.h"

#include "store/tar_block.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *input, gsize n);

static GBytes *
with_checksums(const guint8 *input, gsize n)
{
    guint8 *copy = g_memdup2(input, n);
    for (gsize at = 0; n >= TS_TAR_BLOCK && at <= n - TS_TAR_BLOCK; at += TS_TAR_BLOCK) {
        TsTarHeader *header = (TsTarHeader *) (copy + at);
        if (memcmp(header->magic, "ustar", 5) != 0)
            continue;
        g_snprintf(header->checksum, sizeof header->checksum, "%06o", ts_tar_checksum(header));
        header->checksum[7] = ' ';
    }
    return g_bytes_new_take(copy, n);
}

int
LLVMFuzzerTestOneInput(const guint8 *input, gsize n)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = with_checksums(input, n);
    g_autoptr(TsTarReader) reader = ts_tar_reader_new(bytes, "input", &error);
    g_assert((reader == NULL) == (error != NULL));
    if (reader == NULL)
        return 0;
    const guint8 *data = g_bytes_get_data(bytes, NULL);
    const TsTarMember *member;
    guint64 end = 0;
    gboolean more;
    while ((more = ts_tar_reader_next(reader, &member, &error)) && member != NULL) {
        g_assert(member->name[0] != '\0' &&
                 ts_tar_key_length(member->name) <= strlen(member->name));
        g_assert(member->offset >= end && member->length <= n - member->offset);
        g_assert(member->data == data + member->offset);
        end = member->offset + member->length;
    }
    g_assert(more == (error == NULL));
    return 0;
}

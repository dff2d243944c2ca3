/* The header block of a tar member, shared by the writer and the reader. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

enum { TS_TAR_BLOCK = 512 };

/* POSIX.1-2017, pax, "ustar Interchange Format". */
typedef struct {
    char name[100];
    char mode[8];
    char uid[8];
    char gid[8];
    char size[12];
    char mtime[12];
    char checksum[8];
    char type;
    char link[100];
    char magic[6];
    char version[2];
    char user[32];
    char group[32];
    char major[8];
    char minor[8];
    char prefix[155];
    char unused[12];
} TsTarHeader;

G_STATIC_ASSERT(sizeof(TsTarHeader) == TS_TAR_BLOCK);

/* Sum of all bytes, those of the checksum field taken as spaces. */
static inline guint32
ts_tar_checksum(const TsTarHeader *header)
{
    const guint8 *bytes = (const guint8 *) header;
    const gsize first = G_STRUCT_OFFSET(TsTarHeader, checksum);
    guint32 sum = 0;
    for (gsize i = 0; i < TS_TAR_BLOCK; i++)
        sum += i >= first && i < first + sizeof header->checksum ? ' ' : bytes[i];
    return sum;
}

/* Bytes up to the next whole block. */
static inline guint
ts_tar_padding(guint64 n)
{
    return (guint) ((TS_TAR_BLOCK - n % TS_TAR_BLOCK) % TS_TAR_BLOCK);
}

G_END_DECLS

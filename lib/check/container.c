/* Kinds of image files by their bytes and by their names. */
#include "check/container.h"

#include <string.h>

static const struct {
    const char *name;
    const char *suffixes; /* with a blank behind each */
} KINDS[TS_CONTAINERS] = {
    [TS_CONTAINER_UNKNOWN] = {"unknown", ""},
    [TS_CONTAINER_JPEG] = {"JPEG", ".jpg .jpeg .jpe .jfif "},
    [TS_CONTAINER_PNG] = {"PNG", ".png "},
    [TS_CONTAINER_GIF] = {"GIF", ".gif "},
    [TS_CONTAINER_TIFF] = {"TIFF", ".tif .tiff .svs .ndpi .scn .btf "},
    [TS_CONTAINER_WEBP] = {"WebP", ".webp "},
    [TS_CONTAINER_BMP] = {"BMP", ".bmp .dib "},
    [TS_CONTAINER_NPY] = {"NPY", ".npy "},
    [TS_CONTAINER_HEIF] = {"HEIF", ".heic .heif .avif "},
};

const char *
ts_container_name(TsContainer container)
{
    return KINDS[container].name;
}

static gboolean
begins(const guint8 *bytes, gsize n, const char *magic, gsize n_magic)
{
    return n >= n_magic && memcmp(bytes, magic, n_magic) == 0;
}

#define BEGINS(magic) begins(bytes, n, magic, sizeof(magic) - 1)

TsContainer
ts_container_detect(const guint8 *bytes, gsize n)
{
    if (BEGINS("\xff\xd8\xff"))
        return TS_CONTAINER_JPEG;
    if (BEGINS("\x89PNG\r\n\x1a\n"))
        return TS_CONTAINER_PNG;
    if (BEGINS("GIF87a") || BEGINS("GIF89a"))
        return TS_CONTAINER_GIF;
    if (BEGINS("II*\0") || BEGINS("MM\0*") || BEGINS("II+\0") || BEGINS("MM\0+"))
        return TS_CONTAINER_TIFF;
    if (BEGINS("RIFF") && n >= 12 && memcmp(bytes + 8, "WEBP", 4) == 0)
        return TS_CONTAINER_WEBP;
    if (BEGINS("BM"))
        return TS_CONTAINER_BMP;
    if (BEGINS("\x93NUMPY"))
        return TS_CONTAINER_NPY;
    if (n >= 12 && memcmp(bytes + 4, "ftyp", 4) == 0)
        return TS_CONTAINER_HEIF;
    return TS_CONTAINER_UNKNOWN;
}

/* The kind that the suffix of `path` promises. */
static TsContainer
promised(const char *path)
{
    const char *dot = strrchr(path, '.');
    if (dot == NULL || strchr(dot, '/') != NULL)
        return TS_CONTAINER_UNKNOWN;
    g_autofree char *lower = g_ascii_strdown(dot, -1);
    g_autofree char *wanted = g_strconcat(lower, " ", NULL);
    for (int kind = 1; kind < TS_CONTAINERS; kind++)
        if (strstr(KINDS[kind].suffixes, wanted) != NULL)
            return (TsContainer) kind;
    return TS_CONTAINER_UNKNOWN;
}

gboolean
ts_container_contradicts(TsContainer container, const char *path)
{
    const TsContainer name = promised(path);
    return container != TS_CONTAINER_UNKNOWN && name != TS_CONTAINER_UNKNOWN && name != container;
}

static guint64
read_number(const guint8 *bytes, int n, gboolean big_endian)
{
    guint64 value = 0;
    for (int i = 0; i < n; i++)
        value = value << 8 | bytes[big_endian ? i : n - 1 - i];
    return value;
}

/* Whether `mark` stands among the last `within` bytes. */
static gboolean
ends_with(const guint8 *bytes, gsize n, gsize within, const char *mark, gsize n_mark)
{
    const gsize first = n > within ? n - within : 0;
    for (gsize i = n; i >= first + n_mark; i--)
        if (memcmp(bytes + i - n_mark, mark, n_mark) == 0)
            return TRUE;
    return FALSE;
}

/* The first directory of a TIFF, and all that BigTIFF says, may lie anywhere. */
static gboolean
tiff_is_cut(const guint8 *bytes, gsize n)
{
    const gboolean big_endian = bytes[0] == 'M', big = bytes[big_endian ? 3 : 2] == '+';
    if (n < (big ? 16u : 8u))
        return TRUE;
    const guint64 at =
        big ? read_number(bytes + 8, 8, big_endian) : read_number(bytes + 4, 4, big_endian);
    return at > n - 2;
}

gboolean
ts_container_is_cut(const guint8 *bytes, gsize n)
{
    enum { TRAILING = 1 << 16 }; /* some programs write notes behind the end */
    switch (ts_container_detect(bytes, n)) {
    case TS_CONTAINER_JPEG:
        return !ends_with(bytes, n, TRAILING, "\xff\xd9", 2);
    case TS_CONTAINER_PNG:
        return !ends_with(bytes, n, TRAILING, "IEND", 4);
    case TS_CONTAINER_GIF:
        return !ends_with(bytes, n, 16, ";", 1);
    case TS_CONTAINER_WEBP:
        return read_number(bytes + 4, 4, FALSE) + 8 > n;
    case TS_CONTAINER_BMP:
        return n < 6 || read_number(bytes + 2, 4, FALSE) > n;
    case TS_CONTAINER_TIFF:
        return tiff_is_cut(bytes, n);
    default:
        return n == 0;
    }
}

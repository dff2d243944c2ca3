/* Image files made byte by byte, for tests: what no encoder writes on purpose (orientation tags,
 * palettes, tiles, giant headers).
 *
 *     GByteArray *png = file_png(&(FilePng){.width = 4, .height = 4, .bits = 8}, rows, n);
 *     file_write(path, png);                                 // frees the bytes
 */
#pragma once

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

static inline void
file_write(const char *path, GByteArray *bytes)
{
    if (!g_file_set_contents(path, (const char *) bytes->data, (gssize) bytes->len, NULL))
        g_error("%s: cannot be written", path);
    g_byte_array_unref(bytes);
}

static inline void
file_put(GByteArray *bytes, const void *data, gsize n)
{
    g_byte_array_append(bytes, data, (guint) n);
}

static inline void
file_put_be32(GByteArray *bytes, guint32 value)
{
    guint32 swapped = GUINT32_TO_BE(value);
    file_put(bytes, &swapped, 4);
}

static inline void
file_put_le(GByteArray *bytes, guint32 value, int n)
{
    guint32 swapped = GUINT32_TO_LE(value);
    file_put(bytes, &swapped, (gsize) n);
}

/* CRC-32 of PNG chunks, bit by bit. */
static inline guint32
file_crc32(const guint8 *data, gsize n)
{
    guint32 crc = 0xffffffff;
    for (gsize i = 0; i < n; i++) {
        crc ^= data[i];
        for (int k = 0; k < 8; k++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

static inline void
file_put_chunk(GByteArray *png, const char *type, const guint8 *data, gsize n)
{
    file_put_be32(png, (guint32) n);
    guint start = png->len;
    file_put(png, type, 4);
    file_put(png, data, n);
    file_put_be32(png, file_crc32(png->data + start, n + 4));
}

typedef struct {
    guint32 width, height;
    guint8 bits;
    guint8 colour; /* 0 grey, 2 RGB, 3 palette */
    const guint8 *palette;
    gsize n_palette;     /* bytes */
    gboolean unfinished; /* rows are missing: the zlib stream does not end */
} FilePng;

/* A PNG of `rows`, each with its filter byte in front, stored without compression. */
static inline GByteArray *
file_png(const FilePng *head, const guint8 *rows, gsize n)
{
    GByteArray *png = g_byte_array_new();
    file_put(png, "\x89PNG\r\n\x1a\n", 8);
    g_autoptr(GByteArray) header = g_byte_array_new();
    file_put_be32(header, head->width);
    file_put_be32(header, head->height);
    file_put(header, (guint8[]){head->bits, head->colour, 0, 0, 0}, 5);
    file_put_chunk(png, "IHDR", header->data, header->len);
    if (head->palette != NULL)
        file_put_chunk(png, "PLTE", head->palette, head->n_palette);
    g_autoptr(GByteArray) data = g_byte_array_new();
    file_put(data, "\x78\x01", 2);
    guint32 a = 1, b = 0;
    for (gsize i = 0; i < n; i++) {
        a = (a + rows[i]) % 65521;
        b = (b + a) % 65521;
    }
    for (gsize i = 0; i < n; i += 65535) {
        guint32 size = (guint32) MIN(n - i, 65535);
        guint8 last = i + size == n && !head->unfinished;
        file_put(data, &last, 1);
        file_put_le(data, size, 2);
        file_put_le(data, ~size, 2);
        file_put(data, rows + i, size);
    }
    if (!head->unfinished)
        file_put_be32(data, b << 16 | a);
    file_put_chunk(png, "IDAT", data->data, data->len);
    if (!head->unfinished)
        file_put_chunk(png, "IEND", NULL, 0);
    return png;
}

typedef struct {
    guint32 width, height;
    int bands, bits;
    int photometric;        /* 0 white is zero, 1 grey, 2 RGB, 3 palette */
    int orientation;        /* 0: no tag */
    guint32 tile;           /* side of tiles, a multiple of 16; 0: strips */
    guint32 n_strip;        /* rows a strip */
    const guint16 *palette; /* 3 * 2^bits, or NULL */
    gboolean one_tile;      /* all tiles share the first one's bytes */
} FileTiff;

static inline void
file_put_entry(GByteArray *tiff, guint32 tag, guint32 type, guint32 count, guint32 value)
{
    file_put_le(tiff, tag, 2);
    file_put_le(tiff, type, 2);
    file_put_le(tiff, count, 4);
    file_put_le(tiff, value, 4);
}

/* A little-endian, uncompressed TIFF. `pieces` are its strips or tiles, one behind another, each of
 * `piece` bytes but for a shorter last strip; (n) bytes in all. */
static inline GByteArray *
file_tiff(const FileTiff *head, const guint8 *pieces, gsize n, gsize piece)
{
    enum { SHORT = 3, LONG = 4 };
    GByteArray *tiff = g_byte_array_new();
    guint32 across = head->tile ? (head->width + head->tile - 1) / head->tile : 1;
    guint32 n_pieces = head->one_tile ? across * ((head->height + head->tile - 1) / head->tile)
                                      : (guint32) ((n + piece - 1) / piece);
    file_put(tiff, "II*\0", 4);
    guint32 data_at = 8, lists_at = (guint32) (data_at + n + 1) & ~1u;
    guint32 palette_at = lists_at + 8 * n_pieces;
    guint32 bits_at = palette_at + (head->palette ? 6u << head->bits : 0);
    guint32 directory_at = bits_at + 2 * (guint32) head->bands;
    directory_at += directory_at & 1;
    file_put_le(tiff, directory_at, 4);
    file_put(tiff, pieces, n);
    while (tiff->len < lists_at)
        file_put(tiff, "", 1);
    for (guint32 i = 0; i < n_pieces; i++)
        file_put_le(tiff, data_at + (head->one_tile ? 0 : i * (guint32) piece), 4);
    for (guint32 i = 0; i < n_pieces; i++)
        file_put_le(tiff, head->one_tile ? (guint32) piece : (guint32) MIN(piece, n - i * piece),
                    4);
    for (guint32 i = 0; head->palette != NULL && i < 3u << head->bits; i++)
        file_put_le(tiff, head->palette[i], 2);
    for (int i = 0; i < head->bands; i++)
        file_put_le(tiff, (guint32) head->bits, 2);
    while (tiff->len < directory_at)
        file_put(tiff, "", 1);
    int n_entries = 6 + (head->orientation != 0) + (head->tile ? 4 : 3) + (head->palette != NULL);
    file_put_le(tiff, (guint32) n_entries, 2);
    file_put_entry(tiff, 256, LONG, 1, head->width);
    file_put_entry(tiff, 257, LONG, 1, head->height);
    if (head->bands > 2)
        file_put_entry(tiff, 258, SHORT, (guint32) head->bands, bits_at);
    else
        file_put_entry(tiff, 258, SHORT, (guint32) head->bands,
                       (guint32) (head->bits | head->bits << 16));
    file_put_entry(tiff, 259, SHORT, 1, 1);
    file_put_entry(tiff, 262, SHORT, 1, (guint32) head->photometric);
    if (!head->tile)
        file_put_entry(tiff, 273, LONG, n_pieces, n_pieces == 1 ? data_at : lists_at);
    if (head->orientation)
        file_put_entry(tiff, 274, SHORT, 1, (guint32) head->orientation);
    file_put_entry(tiff, 277, SHORT, 1, (guint32) head->bands);
    if (!head->tile) {
        file_put_entry(tiff, 278, LONG, 1, head->n_strip);
        file_put_entry(tiff, 279, LONG, n_pieces,
                       n_pieces == 1 ? (guint32) n : lists_at + 4 * n_pieces);
    }
    if (head->palette)
        file_put_entry(tiff, 320, SHORT, 3u << head->bits, palette_at);
    if (head->tile) {
        file_put_entry(tiff, 322, LONG, 1, head->tile);
        file_put_entry(tiff, 323, LONG, 1, head->tile);
        file_put_entry(tiff, 324, LONG, n_pieces, n_pieces == 1 ? data_at : lists_at);
        file_put_entry(tiff, 325, LONG, n_pieces,
                       n_pieces == 1 ? (guint32) piece : lists_at + 4 * n_pieces);
    }
    file_put_le(tiff, 0, 4);
    return tiff;
}

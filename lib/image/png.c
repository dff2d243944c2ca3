/* PNG files, written in one go: filter all rows with Up, deflate them whole, put chunks around. Or
 * as rows come: what zlib has ready (through GIO) becomes a chunk, since libdeflate has no streams.
 *
 * Up was measured against None, Sub, Average and Paeth on photographs: it is as fast as any and
 * within a few per cent of the smallest, and it needs no pixel size. Level 1 packs runs and symbols
 * only (png_deflate.h), the others are libdeflate's. ISA-L's level 1 is fast too, but its bytes
 * differ from run to run now and then, for the same pixels. Format: the PNG specification
 * (ISO/IEC 15948), sections 5, 9 and 11. */
#include "image/png.h"

#include "base/error.h"
#include "image/png_deflate.h"

#include <gio/gio.h>
#include <libdeflate.h>
#include <string.h>

enum {
    FILTER_UP = 2,
    ZLIB_FRAME = 6,         /* header and checksum */
    CHUNK_FRAME = 12,       /* length, type and CRC of a chunk */
    LARGEST_IDAT = 1 << 30, /* a chunk holds less than 2^31 bytes; several IDATs are one stream */
};

static const guint8 signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

typedef struct {
    guint8 *data;
    gsize n, size;
} Buffer;

struct _TsPngEncoder {
    struct libdeflate_compressor *deflate;
    TsPngDeflate *fast; /* for pixels at level 1; else NULL */
    Buffer filtered, packed, file;
};

TsPngEncoder *
ts_png_encoder_new(int level, GError **error)
{
    struct libdeflate_compressor *deflate = libdeflate_alloc_compressor(level);
    if (deflate == NULL) {
        ts_error_set(error, TS_ERROR_NO_MEMORY, "no memory for a PNG encoder of level %d", level);
        return NULL;
    }
    TsPngEncoder *self = g_new0(TsPngEncoder, 1);
    self->deflate = deflate;
    self->fast = level == 1 ? ts_png_deflate_new() : NULL;
    return self;
}

void
ts_png_encoder_free(TsPngEncoder *self)
{
    if (self == NULL)
        return;
    libdeflate_free_compressor(self->deflate);
    g_free(self->fast);
    g_free(self->filtered.data);
    g_free(self->packed.data);
    g_free(self->file.data);
    g_free(self);
}

/* Empty `buffer` with room for `n` bytes. What it held is gone. */
static gboolean
make_room(Buffer *buffer, gsize n, GError **error)
{
    buffer->n = 0;
    if (buffer->size >= n)
        return TRUE;
    g_free(buffer->data);
    buffer->size = 0;
    buffer->data = g_try_malloc(n);
    if (buffer->data == NULL)
        return ts_error_set(error, TS_ERROR_NO_MEMORY,
                            "no memory for %" G_GSIZE_FORMAT " bytes of a PNG file", n);
    buffer->size = n;
    return TRUE;
}

static void
append(Buffer *buffer, const void *bytes, gsize n)
{
    memcpy(buffer->data + buffer->n, bytes, n);
    buffer->n += n;
}

static void
append_u32(Buffer *buffer, guint32 value)
{
    guint32 big = GUINT32_TO_BE(value);
    append(buffer, &big, 4);
}

static void
append_chunk(Buffer *file, const char *type, const void *bytes, gsize n)
{
    append_u32(file, (guint32) n);
    gsize start = file->n;
    append(file, type, 4);
    append(file, bytes, n);
    append_u32(file, libdeflate_crc32(0, file->data + start, file->n - start));
}

/* `above` is NULL for the first row, which lies below zeros. */
static void
filter_bytes(guint8 *to, const guint8 *row, const guint8 *above, gsize n)
{
    if (above == NULL)
        memcpy(to, row, n);
    else
        for (gsize i = 0; i < n; i++)
            to[i] = (guint8) (row[i] - above[i]);
}

/* The file holds 16-bit samples high byte first, and each byte is filtered alone. */
static void
filter_words(guint8 *to, const guint16 *row, const guint16 *above, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        guint16 up = above == NULL ? 0 : above[i];
        to[2 * i] = (guint8) ((row[i] >> 8) - (up >> 8));
        to[2 * i + 1] = (guint8) (row[i] - up);
    }
}

/* The rows below `above`, which is NULL for the first ones of an image. */
static void
filter_rows(guint8 *to, const TsImage *like, const guint8 *above, const guint8 *pixels,
            gsize stride, int height, gsize row_size)
{
    for (int y = 0; y < height; y++, to += row_size, pixels += stride) {
        *to++ = FILTER_UP;
        if (like->type == TS_U16)
            filter_words(to, (gconstpointer) pixels, (gconstpointer) above, row_size / 2);
        else
            filter_bytes(to, pixels, above, row_size);
        above = pixels;
    }
}

static void
append_header(Buffer *file, const TsImage *like, int width, int height)
{
    static const guint8 colour_types[] = {0, 0, 4, 2, 6}; /* by bands */
    guint8 header[13] = {0};
    guint32 sides[] = {GUINT32_TO_BE((guint32) width), GUINT32_TO_BE((guint32) height)};
    memcpy(header, sides, sizeof sides);
    header[8] = like->type == TS_U16 ? 16 : 8;
    header[9] = colour_types[like->bands];
    append(file, signature, sizeof signature);
    append_chunk(file, "IHDR", header, sizeof header);
}

/* What the data of an iCCP chunk begin with: a name, and the method 0 (deflate). */
static const char profile_name[] = "icc\0";

static gboolean
append_profile(Buffer *file, struct libdeflate_compressor *deflate, const TsImage *like,
               GError **error)
{
    if (like->icc == NULL)
        return TRUE;
    gsize n;
    const void *profile = g_bytes_get_data(like->icc, &n);
    gsize room = libdeflate_zlib_compress_bound(deflate, n);
    g_autofree char *data = ts_try_alloc(sizeof profile_name + room, 1, "colour profile", error);
    if (data == NULL)
        return FALSE;
    memcpy(data, profile_name, sizeof profile_name);
    gsize packed = libdeflate_zlib_compress(deflate, profile, n, data + sizeof profile_name, room);
    append_chunk(file, "iCCP", data, sizeof profile_name + packed);
    return TRUE;
}

static void
append_pixels(TsPngEncoder *self)
{
    const Buffer *packed = &self->packed;
    for (gsize at = 0; at < packed->n; at += LARGEST_IDAT)
        append_chunk(&self->file, "IDAT", packed->data + at, MIN(LARGEST_IDAT, packed->n - at));
}

static gsize
pixel_room(TsPngEncoder *self, gsize n)
{
    return self->fast != NULL ? ts_png_deflate_bound(n) + ZLIB_FRAME
                              : libdeflate_zlib_compress_bound(self->deflate, n);
}

/* Pack what was filtered as a zlib stream (RFC 1950). */
static void
pack_pixels(TsPngEncoder *self, gsize n, gsize room)
{
    const guint8 *from = self->filtered.data;
    Buffer *packed = &self->packed;
    if (self->fast == NULL) {
        packed->n = libdeflate_zlib_compress(self->deflate, from, n, packed->data, room);
        return;
    }
    append(packed, "\x78\x01", 2); /* deflate, a window of 32 kB, the fastest level */
    packed->n += ts_png_deflate(self->fast, from, n, packed->data + packed->n);
    append_u32(packed, libdeflate_adler32(1, from, n));
}

static gsize
profile_room(struct libdeflate_compressor *deflate, const TsImage *like)
{
    return like->icc == NULL
               ? 0
               : sizeof profile_name +
                     libdeflate_zlib_compress_bound(deflate, g_bytes_get_size(like->icc));
}

gboolean
ts_png_encoder_encode(TsPngEncoder *self, const TsImage *like, const guint8 *pixels, gsize stride,
                      int width, int height, const guint8 **bytes, gsize *n, GError **error)
{
    g_assert(like->bands >= 1 && like->bands <= 4 && (like->type == TS_U8 || like->type == TS_U16));
    gsize row_size = (gsize) width * ts_image_pixel_size(like);
    gsize filtered = (gsize) height * (row_size + 1);
    gsize room = pixel_room(self, filtered);
    if (!make_room(&self->filtered, filtered, error) || !make_room(&self->packed, room, error))
        return FALSE;
    filter_rows(self->filtered.data, like, NULL, pixels, stride, height, row_size);
    pack_pixels(self, filtered, room);
    gsize n_chunks = 3 + self->packed.n / LARGEST_IDAT + 1;
    gsize size = sizeof signature + 13 + n_chunks * CHUNK_FRAME + profile_room(self->deflate, like);
    if (!make_room(&self->file, size + self->packed.n, error))
        return FALSE;
    append_header(&self->file, like, width, height);
    if (!append_profile(&self->file, self->deflate, like, error))
        return FALSE;
    append_pixels(self);
    append_chunk(&self->file, "IEND", "", 0);
    *bytes = self->file.data;
    *n = self->file.n;
    return TRUE;
}

/* --- rows as they come --- */

struct _TsPngRows {
    struct libdeflate_compressor *deflate; /* of the profile */
    GConverter *stream;                    /* of the pixels */
    TsImage *above;                        /* the last row that came, or NULL */
    gboolean has_header;
    int width, height;
    Buffer filtered, file;
    GByteArray *packed;
};

TsPngRows *
ts_png_rows_new(int level, int width, int height, GError **error)
{
    struct libdeflate_compressor *deflate = libdeflate_alloc_compressor(level);
    if (deflate == NULL) {
        ts_error_set(error, TS_ERROR_NO_MEMORY, "no memory for a PNG encoder of level %d", level);
        return NULL;
    }
    TsPngRows *self = g_new0(TsPngRows, 1);
    self->deflate = deflate;
    self->stream = G_CONVERTER(g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_ZLIB, level));
    self->width = width;
    self->height = height;
    self->packed = g_byte_array_new();
    return self;
}

void
ts_png_rows_free(TsPngRows *self)
{
    if (self == NULL)
        return;
    libdeflate_free_compressor(self->deflate);
    g_object_unref(self->stream);
    ts_image_free(self->above);
    g_byte_array_unref(self->packed);
    g_free(self->filtered.data);
    g_free(self->file.data);
    g_free(self);
}

/* What zlib has ready of `n` bytes more, to the end of `packed`. */
static gboolean
pack(TsPngRows *self, const guint8 *bytes, gsize n, GConverterFlags flags, GError **error)
{
    enum { ROOM = 1 << 16 };
    g_autoptr(GError) reason = NULL;
    GConverterResult result = G_CONVERTER_CONVERTED;
    while (n > 0 || (flags != G_CONVERTER_NO_FLAGS && result == G_CONVERTER_CONVERTED)) {
        gsize n_read = 0, n_written = 0, at = self->packed->len;
        if (at > LARGEST_IDAT - ROOM)
            return ts_error_set(error, TS_ERROR_RANGE, "rows of a PNG file are too long");
        g_byte_array_set_size(self->packed, (guint) (at + ROOM));
        result = g_converter_convert(self->stream, bytes, n, self->packed->data + at, ROOM, flags,
                                     &n_read, &n_written, &reason);
        g_byte_array_set_size(self->packed, (guint) (at + n_written));
        if (result == G_CONVERTER_ERROR)
            return ts_error_set(error, TS_ERROR_NO_MEMORY, "a PNG file cannot be compressed: %s",
                                reason->message);
        bytes += n_read;
        n -= n_read;
    }
    return TRUE;
}

/* The header, if it is not there yet, and what was packed as a chunk. */
static gboolean
begin_bytes(TsPngRows *self, const TsImage *like, GError **error)
{
    gsize room = sizeof signature + 13 + 4 * CHUNK_FRAME + self->packed->len +
                 (like != NULL ? profile_room(self->deflate, like) : 0);
    if (!make_room(&self->file, room, error))
        return FALSE;
    if (!self->has_header && like != NULL) {
        append_header(&self->file, like, self->width, self->height);
        if (!append_profile(&self->file, self->deflate, like, error))
            return FALSE;
        self->has_header = TRUE;
    }
    if (self->packed->len > 0)
        append_chunk(&self->file, "IDAT", self->packed->data, self->packed->len);
    g_byte_array_set_size(self->packed, 0);
    return TRUE;
}

gboolean
ts_png_rows_put(TsPngRows *self, const TsImage *rows, const guint8 **bytes, gsize *n,
                GError **error)
{
    g_assert(rows->width == self->width && rows->bands <= 4);
    gsize row_size = ts_image_row_size(rows);
    gsize filtered = (gsize) rows->height * (row_size + 1);
    if (!make_room(&self->filtered, filtered, error))
        return FALSE;
    filter_rows(self->filtered.data, rows, self->above != NULL ? self->above->data : NULL,
                rows->data, row_size, rows->height, row_size);
    if (self->above == NULL)
        self->above = ts_image_new_like(rows, rows->width, 1, error);
    if (self->above == NULL ||
        !pack(self, self->filtered.data, filtered, G_CONVERTER_NO_FLAGS, error) ||
        !begin_bytes(self, rows, error))
        return FALSE;
    memcpy(self->above->data, rows->data + (gsize) (rows->height - 1) * row_size, row_size);
    *bytes = self->file.data;
    *n = self->file.n;
    return TRUE;
}

gboolean
ts_png_rows_finish(TsPngRows *self, const guint8 **bytes, gsize *n, GError **error)
{
    if (!pack(self, NULL, 0, G_CONVERTER_INPUT_AT_END, error) || !begin_bytes(self, NULL, error))
        return FALSE;
    append_chunk(&self->file, "IEND", "", 0);
    *bytes = self->file.data;
    *n = self->file.n;
    return TRUE;
}

/* Decoding of plain PNG: look through the chunks, unpack the stream with libdeflate, undo filters.
 */
#include "image/png_read.h"

#include "base/error.h"
#include "image/png_unfilter.h"

#include <fcntl.h>
#include <libdeflate.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LARGEST = 1 << 26, /* bytes of samples; what is larger is decoded in bands, by libvips */
    LARGEST_PROFILE = 1 << 24,
    SIGNATURE = 8,
    CHUNK_FRAME = 12, /* length, type and CRC */
    ZLIB_HEADER = 2,
    ZLIB_FRAME = 6,    /* header and checksum */
    BEST_RATIO = 1032, /* of DEFLATE */
};

typedef struct {
    const guint8 *type, *data;
    guint32 n;
} Chunk;

struct _TsPngReader {
    const char *name;
    guint8 *owned; /* the file, if this reader has read it */
    const guint8 *bytes;
    gsize n;
    gsize first_idat, end_idat; /* where the chunks of pixels begin and end */
    gsize n_packed;             /* bytes in them */
    TsImageInfo info;
    GBytes *icc;
    gboolean is_srgb; /* says a chunk of its own; a profile beside it is a contradiction */
    guint pixel_size; /* bytes */
    gsize row_size;
    guint8 *rows; /* a row of zeros, then each row behind the byte of its filter; or NULL */
    int n_done;   /* rows that are undone */
};

static guint32
get_u32(const guint8 *at)
{
    return (guint32) at[0] << 24 | (guint32) at[1] << 16 | (guint32) at[2] << 8 | at[3];
}

/* The chunk at `at`, which moves behind it. FALSE at the end of the file. */
static gboolean
next_chunk(const TsPngReader *self, gsize *at, Chunk *chunk)
{
    if (self->n - *at < CHUNK_FRAME)
        return FALSE;
    chunk->n = get_u32(self->bytes + *at);
    chunk->type = self->bytes + *at + 4;
    chunk->data = chunk->type + 4;
    if (chunk->n > self->n - *at - CHUNK_FRAME)
        return FALSE;
    *at += CHUNK_FRAME + (gsize) chunk->n;
    return TRUE;
}

static gboolean
is_whole(const Chunk *chunk)
{
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
    return TRUE; /* chance finds no checksums */
#else
    return libdeflate_crc32(0, chunk->type, 4 + (gsize) chunk->n) ==
           get_u32(chunk->data + chunk->n);
#endif
}

static gboolean
has_type(const Chunk *chunk, const char *type)
{
    return memcmp(chunk->type, type, 4) == 0;
}

static gboolean
take_header(TsPngReader *self, const Chunk *chunk)
{
    static const int bands[] = {1, 0, 3, 0, 2, 0, 4}; /* by colour type */
    const guint8 *data = chunk->data;
    if (!has_type(chunk, "IHDR") || chunk->n != 13)
        return FALSE;
    guint32 width = get_u32(data), height = get_u32(data + 4);
    if (width == 0 || height == 0 || width > LARGEST || height > LARGEST ||
        (data[8] != 8 && data[8] != 16) || data[9] > 6 || bands[data[9]] == 0 || data[10] != 0 ||
        data[11] != 0 || data[12] != 0)
        return FALSE;
    self->info = (TsImageInfo){.width = (int) width,
                               .height = (int) height,
                               .bands = bands[data[9]],
                               .type = data[8] == 16 ? TS_U16 : TS_U8,
                               .has_alpha = data[9] >= 4,
                               .orientation = 1};
    self->pixel_size = (guint) self->info.bands * data[8] / 8;
    self->row_size = (gsize) width * self->pixel_size;
    return self->row_size + 1 <= LARGEST / (gsize) height;
}

/* Pixels a metre, or the shape of a pixel; as libvips reads them, millimetres stand for both. */
static gboolean
take_resolution(TsPngReader *self, const Chunk *chunk)
{
    if (chunk->n != 9)
        return FALSE;
    double unit = chunk->data[8] == 1 ? 1e6 : 1e3;
    guint32 x = get_u32(chunk->data), y = get_u32(chunk->data + 4);
    self->info.mpp_x = x > 0 ? unit / x : 0;
    self->info.mpp_y = y > 0 ? unit / y : 0;
    return TRUE;
}

/* Unpack a zlib stream of exactly `room` bytes, or of at most so many if `n` says how many. */
static gboolean
unpack(const guint8 *packed, gsize n_packed, guint8 *to, gsize room, gsize *n)
{
    if (n_packed < ZLIB_FRAME || packed[0] % 16 != 8 || packed[0] / 16 > 7 ||
        (packed[0] * 256 + packed[1]) % 31 != 0 || (packed[1] & 0x20) != 0)
        return FALSE;
    struct libdeflate_decompressor *inflate = libdeflate_alloc_decompressor();
    gsize n_read, n_written = room;
    if (inflate == NULL)
        return FALSE;
    gboolean done = libdeflate_deflate_decompress_ex(
                        inflate, packed + ZLIB_HEADER, n_packed - ZLIB_FRAME, to, room, &n_read,
                        n != NULL ? &n_written : NULL) == LIBDEFLATE_SUCCESS;
    libdeflate_free_decompressor(inflate);
    if (n != NULL)
        *n = n_written;
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
    return done;
#else
    return done && libdeflate_adler32(1, to, n_written) == get_u32(packed + ZLIB_HEADER + n_read);
#endif
}

/* Whether a profile says its own size and is for such pixels. */
static gboolean
fits_profile(const TsPngReader *self, const guint8 *profile, gsize n)
{
    return n >= 132 && get_u32(profile) == n && memcmp(profile + 36, "acsp", 4) == 0 &&
           memcmp(profile + 16, self->info.bands >= 3 ? "RGB " : "GRAY", 4) == 0;
}

/* A name of 1 to 79 bytes and its end, the method 0, a zlib stream. */
static gboolean
take_profile(TsPngReader *self, const Chunk *chunk)
{
    const guint8 *end = memchr(chunk->data, '\0', MIN(chunk->n, 80));
    if (end == NULL || end == chunk->data || self->icc != NULL)
        return FALSE;
    gsize n_head = (gsize) (end - chunk->data) + 2;
    if (chunk->n <= n_head || end[1] != 0)
        return FALSE;
    gsize n_packed = chunk->n - n_head, n;
    gsize room = MIN(n_packed * BEST_RATIO, LARGEST_PROFILE);
    g_autofree guint8 *profile = g_try_malloc(room);
    if (profile == NULL || !unpack(chunk->data + n_head, n_packed, profile, room, &n) ||
        !fits_profile(self, profile, n))
        return FALSE;
    self->icc = g_bytes_new(profile, n);
    return TRUE;
}

/* FALSE if it is better left to libvips. */
static gboolean
take_chunk(TsPngReader *self, const Chunk *chunk)
{
    static const char *const without_effect[] = {"gAMA", "cHRM", "tEXt", "zTXt", "iTXt",
                                                 "tIME", "bKGD", "sBIT", "hIST", "sPLT"};
    if (has_type(chunk, "pHYs"))
        return take_resolution(self, chunk);
    if (has_type(chunk, "iCCP"))
        return !self->is_srgb && take_profile(self, chunk);
    if (has_type(chunk, "sRGB")) {
        self->is_srgb = TRUE;
        return self->icc == NULL;
    }
    for (guint i = 0; i < G_N_ELEMENTS(without_effect); i++)
        if (has_type(chunk, without_effect[i]))
            return TRUE;
    return FALSE;
}

/* Find the chunks of pixels, which stand in a row. One that the file ends in is left out; the
 * stream is then too short. */
static void
find_pixels(TsPngReader *self, gsize at)
{
    Chunk chunk;
    self->first_idat = self->end_idat = at;
    while (next_chunk(self, &at, &chunk) && has_type(&chunk, "IDAT")) {
        self->n_packed += chunk.n;
        self->end_idat = at;
    }
}

static gboolean
start(TsPngReader *self)
{
    static const guint8 signature[SIGNATURE] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    Chunk chunk;
    if (self->n < SIGNATURE || memcmp(self->bytes, signature, SIGNATURE) != 0)
        return FALSE;
    gsize at = SIGNATURE, last = at;
    for (gboolean first = TRUE;; first = FALSE, last = at) {
        if (!next_chunk(self, &at, &chunk))
            return FALSE;
        if (!first && has_type(&chunk, "IDAT"))
            break;
        if (!is_whole(&chunk) || !(first ? take_header(self, &chunk) : take_chunk(self, &chunk)))
            return FALSE;
    }
    find_pixels(self, last);
    return TRUE;
}

static TsPngReader *
start_or_free(TsPngReader *self)
{
    if (start(self))
        return self;
    ts_png_reader_free(self);
    return NULL;
}

TsPngReader *
ts_png_reader_open_bytes(gconstpointer bytes, gsize n, const char *name)
{
    TsPngReader *self = g_new0(TsPngReader, 1);
    self->name = name;
    self->bytes = bytes;
    self->n = n;
    return start_or_free(self);
}

/* All bytes of the file behind its first ones, which are in `to` already. */
static gboolean
read_rest(int fd, guint8 *to, gsize n)
{
    gsize done = SIGNATURE;
    while (done < n) {
        gssize part = read(fd, to + done, n - done);
        if (part <= 0)
            return FALSE;
        done += (gsize) part;
    }
    return TRUE;
}

/* The bytes of a file that begins as PNG does and is not too large, or NULL. */
static guint8 *
read_file(const char *path, gsize *n)
{
    guint8 head[SIGNATURE];
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    guint8 *bytes = NULL;
    if (read(fd, head, SIGNATURE) == SIGNATURE && memcmp(head, "\x89PNG", 4) == 0 &&
        fstat(fd, &status) == 0 && status.st_size >= SIGNATURE && status.st_size <= LARGEST) {
        *n = (gsize) status.st_size;
        bytes = g_try_malloc(*n);
    }
    if (bytes != NULL) {
        memcpy(bytes, head, SIGNATURE);
        if (!read_rest(fd, bytes, *n))
            g_clear_pointer(&bytes, g_free);
    }
    close(fd);
    return bytes;
}

TsPngReader *
ts_png_reader_open(const char *path)
{
    gsize n = 0;
    guint8 *bytes = read_file(path, &n);
    if (bytes == NULL)
        return NULL;
    TsPngReader *self = g_new0(TsPngReader, 1);
    self->name = path;
    self->bytes = self->owned = bytes;
    self->n = n;
    return start_or_free(self);
}

void
ts_png_reader_free(TsPngReader *self)
{
    if (self == NULL)
        return;
    g_clear_pointer(&self->icc, g_bytes_unref);
    g_free(self->owned);
    g_free(self->rows);
    g_free(self);
}

void
ts_png_reader_info(const TsPngReader *self, TsImageInfo *info, GBytes **icc)
{
    *info = self->info;
    *icc = self->icc;
}

/* The stream of pixels in one piece: `*copy` if it stands in several chunks. NULL if one of them is
 * damaged, or there is no memory. */
static const guint8 *
join_pixels(const TsPngReader *self, guint8 **copy)
{
    Chunk chunk = {NULL, NULL, 0};
    gsize done = 0;
    if (self->n_packed == 0 || (*copy = g_try_malloc(self->n_packed)) == NULL)
        return NULL;
    for (gsize at = self->first_idat; at < self->end_idat; done += chunk.n) {
        if (!next_chunk(self, &at, &chunk) || !is_whole(&chunk))
            return NULL;
        if (chunk.n == self->n_packed)
            return chunk.data;
        memcpy(*copy + done, chunk.data, chunk.n);
    }
    return *copy;
}

static gboolean
unpack_rows(TsPngReader *self, GError **error)
{
    g_autofree guint8 *copy = NULL;
    gsize n = (gsize) self->info.height * (self->row_size + 1);
    /* A file too small for its pixels gets no memory for them. */
    const guint8 *packed = n / BEST_RATIO <= self->n_packed ? join_pixels(self, &copy) : NULL;
    guint8 *rows = packed != NULL ? g_try_malloc(self->row_size + n) : NULL;
    if (rows != NULL && unpack(packed, self->n_packed, rows + self->row_size, n, NULL)) {
        memset(rows, 0, self->row_size);
        self->rows = rows;
        return TRUE;
    }
    g_free(rows);
    return ts_error_set(error, TS_ERROR_FORMAT, "%s: is damaged or truncated", self->name);
}

/* The samples of row `y`, without the byte of its filter; -1: zeros. */
static guint8 *
find_row(const TsPngReader *self, int y)
{
    return y < 0 ? self->rows : self->rows + (gsize) (y + 1) * (self->row_size + 1);
}

static gboolean
undo_rows(TsPngReader *self, int end, GError **error)
{
    for (; self->n_done < end; self->n_done++) {
        guint8 *row = find_row(self, self->n_done);
        if (!ts_png_unfilter(row[-1], row, find_row(self, self->n_done - 1), self->row_size,
                             self->pixel_size))
            return ts_error_set(error, TS_ERROR_FORMAT, "%s: is damaged, row %d has no filter %u",
                                self->name, self->n_done, row[-1]);
    }
    return TRUE;
}

static void
copy_words(guint8 *to, const guint8 *row, gsize n)
{
    guint16 *words = (gpointer) to;
    for (gsize i = 0; i < n / 2; i++)
        words[i] = (guint16) (row[2 * i] << 8 | row[2 * i + 1]);
}

gboolean
ts_png_reader_read(TsPngReader *self, int y, int n, guint8 *to, GError **error)
{
    g_assert(y >= 0 && n >= 0 && n <= self->info.height - y);
    if ((self->rows == NULL && !unpack_rows(self, error)) || !undo_rows(self, y + n, error))
        return FALSE;
    for (int i = 0; i < n; i++, to += self->row_size)
        if (self->info.type == TS_U16)
            copy_words(to, find_row(self, y + i), self->row_size);
        else
            memcpy(to, find_row(self, y + i), self->row_size);
    return TRUE;
}

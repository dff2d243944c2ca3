/* JPEG tables and an abbreviated stream put together: a walk over markers, each length checked. */
#include "image/tiff_jpeg.h"

#include "base/error.h"

#include <string.h>

enum {
    SOF0 = 0xc0, /* baseline */
    SOF1 = 0xc1, /* sequential */
    SOF2 = 0xc2, /* progressive */
    DHT = 0xc4,
    SOF15 = 0xcf,
    SOI = 0xd8,
    EOI = 0xd9,
    SOS = 0xda,
    DQT = 0xdb,
    APP0 = 0xe0,
    APP2 = 0xe2,
    APP14 = 0xee
};

enum { ICC_HEAD = 14, ICC_CHUNK = 65533 - ICC_HEAD };

/* One marker and what belongs to it. */
typedef struct {
    guint8 marker;
    const guint8 *whole, *body;
    gsize n_whole, n_body;
} Segment;

static gboolean
fail(const char *name, const char *what, GError **error)
{
    return ts_error_set(error, TS_ERROR_FORMAT, "%s: JPEG stream %s", name, what);
}

/* Read the segment at *at and step over it. The body of SOS is its header; data follow. */
static gboolean
next_segment(const guint8 *bytes, gsize n, gsize *at, Segment *segment, const char *name,
             GError **error)
{
    gsize i = *at;
    if (i >= n || bytes[i] != 0xff)
        return fail(name, "has no marker where one was expected", error);
    while (i < n && bytes[i] == 0xff)
        i++;
    if (i >= n)
        return fail(name, "ends inside of a marker", error);
    *segment = (Segment){.marker = bytes[i++], .whole = bytes + *at};
    if (segment->marker != SOI && segment->marker != EOI) {
        gsize length = i + 2 <= n ? (gsize) bytes[i] << 8 | bytes[i + 1] : 0;
        if (length < 2 || length > n - i)
            return fail(name, "ends inside of a segment", error);
        segment->body = bytes + i + 2;
        segment->n_body = length - 2;
        i += length;
    }
    segment->n_whole = i - *at;
    *at = i;
    return TRUE;
}

static gboolean
note_quantizers(const Segment *segment, guint32 *defined, const char *name, GError **error)
{
    for (gsize at = 0; at < segment->n_body;) {
        guint8 head = segment->body[at];
        gsize length = 1 + 64 * (gsize) (1 + (head >> 4));
        if (head >> 4 > 1 || (head & 15) > 3 || length > segment->n_body - at)
            return fail(name, "has a damaged quantization table", error);
        *defined |= 1u << (head & 15);
        at += length;
    }
    return TRUE;
}

static gboolean
note_huffmans(const Segment *segment, guint32 *defined, const char *name, GError **error)
{
    for (gsize at = 0; at < segment->n_body;) {
        gsize left = segment->n_body - at, length = 17;
        const guint8 *table = segment->body + at;
        if (left < length || table[0] >> 4 > 1 || (table[0] & 15) > 3)
            return fail(name, "has a damaged Huffman table", error);
        for (int i = 1; i <= 16; i++)
            length += table[i];
        if (length > left)
            return fail(name, "has a damaged Huffman table", error);
        *defined |= 1u << (4 * (table[0] >> 4) + (table[0] & 15));
        at += length;
    }
    return TRUE;
}

static gboolean
note_tables(const Segment *segment, guint32 *quantizers, guint32 *huffmans, const char *name,
            GError **error)
{
    if (segment->marker == DQT)
        return note_quantizers(segment, quantizers, name, error);
    if (segment->marker == DHT)
        return note_huffmans(segment, huffmans, name, error);
    return TRUE;
}

/* Which colours the components are is said by a marker of ours, after the TIFF's photometric tag;
 * others of the stream are left out. */
static gboolean
says_colours(const Segment *segment)
{
    return segment->marker == APP0 || segment->marker == APP14;
}

static void
put_segment(GByteArray *out, guint8 marker, const void *body, gsize n)
{
    const guint8 head[] = {0xff, marker, (guint8) ((n + 2) >> 8), (guint8) (n + 2)};
    g_byte_array_append(out, head, sizeof head);
    g_byte_array_append(out, body, (guint) n);
}

static void
put_profile(GByteArray *out, GBytes *icc)
{
    gsize n;
    const guint8 *profile = g_bytes_get_data(icc, &n);
    gsize n_chunks = (n + ICC_CHUNK - 1) / ICC_CHUNK;
    if (n_chunks > 255)
        return; /* JPEG cannot hold it */
    g_autofree guint8 *body = g_malloc(ICC_HEAD + ICC_CHUNK);
    memcpy(body, "ICC_PROFILE", 12);
    for (gsize i = 0; i < n_chunks; i++) {
        gsize length = MIN(n - i * ICC_CHUNK, ICC_CHUNK);
        body[12] = (guint8) (i + 1);
        body[13] = (guint8) n_chunks;
        memcpy(body + ICC_HEAD, profile + i * ICC_CHUNK, length);
        put_segment(out, APP2, body, ICC_HEAD + length);
    }
}

/* Copy the segments of the tag JPEGTables: between its SOI and EOI, only tables. */
static gboolean
put_tables(TsTiffJpeg *self, const guint8 *tables, gsize n, const char *name, GError **error)
{
    Segment segment;
    gsize at = 0;
    if (!next_segment(tables, n, &at, &segment, name, error))
        return FALSE;
    if (segment.marker != SOI)
        return fail(name, "of tables does not start as one", error);
    while (at < n) {
        if (!next_segment(tables, n, &at, &segment, name, error) ||
            !note_tables(&segment, &self->quantizers, &self->huffmans, name, error))
            return FALSE;
        if (segment.marker == EOI)
            return TRUE;
        if (segment.marker == SOS ||
            (segment.marker >= SOF0 && segment.marker <= SOF15 && segment.marker != DHT))
            return fail(name, "of tables has more than tables", error);
        if (segment.marker == DQT || segment.marker == DHT)
            g_byte_array_append(self->start, segment.whole, (guint) segment.n_whole);
    }
    return TRUE; /* some writers leave the EOI out */
}

gboolean
ts_tiff_jpeg_init(TsTiffJpeg *self, int width, int height, int bands, gboolean is_rgb,
                  const guint8 *tables, gsize n, GBytes *icc, const char *name, GError **error)
{
    static const guint8 jfif[] = {'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0};
    static const guint8 adobe_rgb[] = {'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0};
    *self = (TsTiffJpeg){.width = width, .height = height, .bands = bands};
    self->start = g_byte_array_new();
    g_byte_array_append(self->start, (const guint8[]){0xff, SOI}, 2);
    if (is_rgb)
        put_segment(self->start, APP14, adobe_rgb, sizeof adobe_rgb);
    else
        put_segment(self->start, APP0, jfif, sizeof jfif);
    if (icc != NULL)
        put_profile(self->start, icc);
    if (tables == NULL || put_tables(self, tables, n, name, error))
        return TRUE;
    ts_tiff_jpeg_clear(self);
    return FALSE;
}

void
ts_tiff_jpeg_set_resolution(TsTiffJpeg *self, double x, double y)
{
    enum { UNIT_AT = 13, PER_CM = 2 }; /* behind SOI, marker, length, "JFIF", version */
    if (self->start->data[3] != APP0 || !(x >= 1 && y >= 1 && x < 65536 && y < 65536))
        return;
    guint16 density[] = {(guint16) x, (guint16) y};
    self->start->data[UNIT_AT] = PER_CM;
    for (int i = 0; i < 2; i++) {
        self->start->data[UNIT_AT + 1 + 2 * i] = (guint8) (density[i] >> 8);
        self->start->data[UNIT_AT + 2 + 2 * i] = (guint8) density[i];
    }
}

/* The frame header: precision, lines, samples a line, components and the tables they use. */
static gboolean
check_frame(const TsTiffJpeg *self, const Segment *segment, guint32 quantizers, const char *name,
            GError **error)
{
    const guint8 *body = segment->body;
    if (segment->marker > SOF2)
        return fail(name, "is not baseline, sequential or progressive", error);
    if (segment->n_body < 6 || segment->n_body != 6 + 3 * (gsize) body[5] || body[0] != 8)
        return fail(name, "has a damaged frame header", error);
    int height = body[1] << 8 | body[2], width = body[3] << 8 | body[4];
    if (width != self->width || height != self->height || body[5] != self->bands)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: JPEG stream of %d x %d pixels and %d bands, the TIFF says %d x %d "
                            "and %d",
                            name, width, height, body[5], self->width, self->height, self->bands);
    for (int i = 0; i < self->bands; i++) {
        const guint8 *component = body + 6 + 3 * i;
        int across = component[1] >> 4, down = component[1] & 15;
        if (across < 1 || across > 4 || down < 1 || down > 4)
            return fail(name, "has a damaged frame header", error);
        if (component[2] > 3 || (quantizers >> component[2] & 1) == 0)
            return fail(name, "uses a quantization table that is not there", error);
    }
    return TRUE;
}

/* The first scan's header: components and the tables that they use. */
static gboolean
check_scan(const Segment *segment, guint8 frame, guint32 huffmans, const char *name, GError **error)
{
    const guint8 *body = segment->body;
    if (frame == 0 || segment->n_body < 1 || body[0] < 1 || body[0] > 4 ||
        segment->n_body != 4 + 2 * (gsize) body[0])
        return fail(name, "has a damaged scan header", error);
    for (int i = 0; i < body[0] && frame != SOF2; i++) {
        int dc = body[2 + 2 * i] >> 4, ac = body[2 + 2 * i] & 15;
        if (dc > 3 || ac > 3 || (huffmans >> dc & 1) == 0 || (huffmans >> (4 + ac) & 1) == 0)
            return fail(name, "uses a Huffman table that is not there", error);
    }
    return TRUE;
}

/* Copy the entropy-coded data from `at` to the last EOI; what may follow is padding. */
static gboolean
put_data(const guint8 *stream, gsize n, gsize at, GByteArray *out, const char *name, GError **error)
{
    for (gsize end = n; end >= at + 2; end--)
        if (stream[end - 2] == 0xff && stream[end - 1] == EOI) {
            g_byte_array_append(out, stream + at, (guint) (end - at));
            return TRUE;
        }
    return fail(name, "has no end, it is truncated", error);
}

gboolean
ts_tiff_jpeg_merge(const TsTiffJpeg *self, const guint8 *stream, gsize n, GByteArray *out,
                   const char *name, GError **error)
{
    guint32 quantizers = self->quantizers, huffmans = self->huffmans;
    guint8 frame = 0;
    gsize at = 0;
    Segment segment;
    g_byte_array_set_size(out, 0);
    if (n > G_MAXINT || !next_segment(stream, n, &at, &segment, name, NULL) ||
        segment.marker != SOI)
        return fail(name, "does not start as one", error);
    g_byte_array_append(out, self->start->data, self->start->len);
    do {
        if (!next_segment(stream, n, &at, &segment, name, error) ||
            !note_tables(&segment, &quantizers, &huffmans, name, error))
            return FALSE;
        if (segment.marker == EOI || segment.marker == SOI)
            return fail(name, "has no pixels", error);
        if (segment.marker >= SOF0 && segment.marker <= SOF15 && segment.marker != DHT) {
            if (frame != 0)
                return fail(name, "has two frames", error);
            if (!check_frame(self, &segment, quantizers, name, error))
                return FALSE;
            frame = segment.marker;
        }
        if (!says_colours(&segment))
            g_byte_array_append(out, segment.whole, (guint) segment.n_whole);
    } while (segment.marker != SOS);
    return check_scan(&segment, frame, huffmans, name, error) &&
           put_data(stream, n, at, out, name, error);
}

void
ts_tiff_jpeg_clear(TsTiffJpeg *self)
{
    g_clear_pointer(&self->start, g_byte_array_unref);
}

/* DEFLATE of filtered rows: find runs, count, make codes, write; block after block. */
#include "image/png_deflate.h"

#include "image/huffman.h"

#include <string.h>

enum {
    BLOCK = 1 << 17,        /* bytes that share their codes */
    WORD = 8,               /* runs are sought a word at a time, and are no shorter */
    LONGEST_MATCH = 258,    /* of DEFLATE */
    SHORTEST_MATCH = 3,     /* of DEFLATE */
    LONGEST_STORED = 65535, /* of a block that is not packed */
    LONGEST_CODE = 12,      /* so that four literals fit in a word: 4 x 12 + 7 < 64 */
    END_OF_BLOCK = 256,
    FIRST_LENGTH = 257,
    N_SYMBOLS = 286,
    N_LENGTH_SYMBOLS = 19, /* of the code that the lengths of codes are written in */
    N_COUNTERS = 4,        /* so that equal neighbours do not wait for each other */
};

/* Literals, then a run of the last of them; no run at the end of a block. */
typedef struct {
    guint32 n_literals, run;
} Piece;

typedef struct {
    guint8 *to;
    guint64 bits; /* not written yet, the first lowest */
    guint n_bits;
} Writer;

struct _TsPngDeflate {
    Piece pieces[BLOCK / (WORD + 1) + 2];
    guint n_pieces;
    guint32 literals[N_COUNTERS][256];
    guint32 counts[N_SYMBOLS];
    guint8 lengths[N_SYMBOLS + 1]; /* the last is that of the distance 1, the only one */
    guint16 codes[N_SYMBOLS];
    guint32 entries[N_SYMBOLS];   /* the code, and its length in the highest byte */
    guint8 packed[N_SYMBOLS + 1]; /* symbols that say `lengths` */
    guint8 extra[N_SYMBOLS + 1];  /* the number behind each, for those that have one */
    guint n_packed;
};

TsPngDeflate *
ts_png_deflate_new(void)
{
    return g_new(TsPngDeflate, 1);
}

gsize
ts_png_deflate_bound(gsize n)
{
    /* A block is never written larger than it is stored; writers store a whole word. */
    return n + (n / BLOCK + 1) * (BLOCK / LONGEST_STORED + 1) * 6 + 2 * WORD;
}

static guint64
load(const guint8 *at)
{
    guint64 word;
    memcpy(&word, at, sizeof word);
    return GUINT64_FROM_LE(word);
}

/* Which bytes of a word differ from the ones before them. */
static guint64
changes(const guint8 *at)
{
    return load(at) ^ load(at - 1);
}

/* Divide bytes from .. to - 1 into pieces. */
static void
find_runs(TsPngDeflate *self, const guint8 *bytes, gsize from, gsize to)
{
    gsize at = MAX(from, 1);
    self->n_pieces = 0;
    while (at + WORD <= to) {
        guint64 changed = changes(bytes + at);
        if (changed != 0) {
            at += (gsize) (WORD - __builtin_clzll(changed) / 8); /* equal bytes may begin a run */
            continue;
        }
        gsize stop = at + WORD;
        while (stop + WORD <= to && (changed = changes(bytes + stop)) == 0)
            stop += WORD;
        if (stop + WORD <= to)
            stop += (gsize) (__builtin_ctzll(changed) / 8);
        self->pieces[self->n_pieces++] = (Piece){(guint32) (at - from), (guint32) (stop - at)};
        from = at = stop;
    }
    self->pieces[self->n_pieces++] = (Piece){(guint32) (to - from), 0};
}

/* The next match of a run: no rest is left that is too short for one. */
static guint
next_match(guint run)
{
    guint match = MIN(run, LONGEST_MATCH);
    return run - match > 0 && run - match < SHORTEST_MATCH ? match - SHORTEST_MATCH : match;
}

/* The symbol of a match's length, and the bits that follow it. */
static guint
match_symbol(guint match, guint *n_extra, guint *extra)
{
    guint length = match - SHORTEST_MATCH;
    *n_extra = *extra = 0;
    if (match == LONGEST_MATCH)
        return N_SYMBOLS - 1;
    if (length < 8)
        return FIRST_LENGTH + length;
    *n_extra = g_bit_storage(length) - 3;
    *extra = length & ((1u << *n_extra) - 1);
    return FIRST_LENGTH + 4 * *n_extra + (length >> *n_extra);
}

static void
count_literals(TsPngDeflate *self, const guint8 *bytes, guint n)
{
    guint i = 0;
    for (; i + N_COUNTERS <= n; i += N_COUNTERS)
        for (guint k = 0; k < N_COUNTERS; k++)
            self->literals[k][bytes[i + k]]++;
    for (; i < n; i++)
        self->literals[0][bytes[i]]++;
}

/* Count the symbols of the pieces, of which the first begins at `bytes`; bits that follow matches.
 */
static guint64
count_symbols(TsPngDeflate *self, const guint8 *bytes)
{
    guint64 n_bits = 0;
    memset(self->literals, 0, sizeof self->literals);
    memset(self->counts, 0, sizeof self->counts);
    for (guint i = 0; i < self->n_pieces; i++) {
        Piece piece = self->pieces[i];
        count_literals(self, bytes, piece.n_literals);
        bytes += piece.n_literals + piece.run;
        while (piece.run > 0) {
            guint match = next_match(piece.run), n_extra, extra;
            self->counts[match_symbol(match, &n_extra, &extra)]++;
            n_bits += n_extra + 1; /* the distance has one bit */
            piece.run -= match;
        }
    }
    self->counts[END_OF_BLOCK] = 1;
    for (guint k = 0; k < N_COUNTERS; k++)
        for (guint i = 0; i < 256; i++)
            self->counts[i] += self->literals[k][i];
    return n_bits;
}

static guint64
make_codes(TsPngDeflate *self)
{
    guint64 n_bits = 0;
    ts_huffman_lengths(self->counts, N_SYMBOLS, LONGEST_CODE, self->lengths);
    ts_huffman_codes(self->lengths, N_SYMBOLS, self->codes);
    for (guint i = 0; i < N_SYMBOLS; i++) {
        self->entries[i] = (guint32) self->lengths[i] << 24 | self->codes[i];
        n_bits += (guint64) self->counts[i] * self->lengths[i];
    }
    self->lengths[N_SYMBOLS] = 1;
    return n_bits;
}

/* Zeros in a row have symbols of their own: 17 for 3 to 10, 18 for 11 to 138. */
static void
pack_lengths(TsPngDeflate *self)
{
    self->n_packed = 0;
    for (guint i = 0; i <= N_SYMBOLS;) {
        guint n = 0;
        while (i + n <= N_SYMBOLS && self->lengths[i + n] == 0 && n < 138)
            n++;
        guint symbol = n < 3 ? self->lengths[i] : n < 11 ? 17 : 18;
        self->packed[self->n_packed] = (guint8) symbol;
        self->extra[self->n_packed++] = (guint8) (n < 3 ? 0 : n < 11 ? n - 3 : n - 11);
        i += n < 3 ? 1 : n;
    }
}

static guint
n_extra_bits(guint symbol)
{
    return symbol == 18 ? 7 : symbol == 17 ? 3 : 0;
}

static void
put(Writer *writer, guint64 bits, guint n_bits)
{
    writer->bits |= bits << writer->n_bits;
    writer->n_bits += n_bits;
}

/* Write whole bytes; fewer than eight bits stay. */
static void
flush(Writer *writer)
{
    guint64 word = GUINT64_TO_LE(writer->bits);
    memcpy(writer->to, &word, sizeof word);
    writer->to += writer->n_bits / 8;
    writer->bits >>= writer->n_bits & ~7u;
    writer->n_bits &= 7;
}

/* The head of a block: the lengths of the codes of the lengths of the codes, then those. */
static void
write_head(const TsPngDeflate *self, const guint8 *lengths, Writer *writer)
{
    static const guint8 order[N_LENGTH_SYMBOLS] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                   11, 4,  12, 3, 13, 2, 14, 1, 15};
    guint16 codes[N_LENGTH_SYMBOLS];
    ts_huffman_codes(lengths, N_LENGTH_SYMBOLS, codes);
    put(writer, N_SYMBOLS - 257, 5);
    put(writer, 0, 5); /* one distance */
    put(writer, N_LENGTH_SYMBOLS - 4, 4);
    flush(writer);
    for (guint i = 0; i < N_LENGTH_SYMBOLS; i++) {
        put(writer, lengths[order[i]], 3);
        flush(writer);
    }
    for (guint i = 0; i < self->n_packed; i++) {
        guint symbol = self->packed[i];
        put(writer, codes[symbol], lengths[symbol]);
        put(writer, self->extra[i], n_extra_bits(symbol));
        flush(writer);
    }
}

static void
write_literals(const TsPngDeflate *self, const guint8 *bytes, guint n, Writer *writer)
{
    Writer copy = *writer; /* its fields stay in registers */
    guint i = 0;
    for (; i + 4 <= n; i += 4) {
        guint32 a = self->entries[bytes[i]], b = self->entries[bytes[i + 1]];
        guint32 c = self->entries[bytes[i + 2]], d = self->entries[bytes[i + 3]];
        guint64 first = (a & 0xffff) | (guint64) (b & 0xffff) << (a >> 24);
        guint64 second = (c & 0xffff) | (guint64) (d & 0xffff) << (c >> 24);
        put(&copy, first, (a >> 24) + (b >> 24));
        put(&copy, second, (c >> 24) + (d >> 24));
        flush(&copy);
    }
    for (; i < n; i++) {
        put(&copy, self->entries[bytes[i]] & 0xffff, self->entries[bytes[i]] >> 24);
        flush(&copy);
    }
    *writer = copy;
}

static void
write_run(const TsPngDeflate *self, guint run, Writer *writer)
{
    while (run > 0) {
        guint match = next_match(run), n_extra, extra;
        guint symbol = match_symbol(match, &n_extra, &extra);
        put(writer, self->codes[symbol], self->lengths[symbol]);
        put(writer, extra, n_extra + 1); /* the distance's code is 0 */
        flush(writer);
        run -= match;
    }
}

static void
write_pieces(const TsPngDeflate *self, const guint8 *bytes, Writer *writer)
{
    for (guint i = 0; i < self->n_pieces; i++) {
        Piece piece = self->pieces[i];
        write_literals(self, bytes, piece.n_literals, writer);
        write_run(self, piece.run, writer);
        bytes += piece.n_literals + piece.run;
    }
    put(writer, self->codes[END_OF_BLOCK], self->lengths[END_OF_BLOCK]);
    flush(writer);
}

static void
store(const guint8 *bytes, gsize n, gboolean is_last, Writer *writer)
{
    do {
        guint size = (guint) MIN(n, LONGEST_STORED);
        put(writer, is_last && size == n, 3);
        writer->n_bits = (writer->n_bits + 7) & ~7u;
        flush(writer);
        put(writer, size | (guint64) (size ^ 0xffff) << 16, 32);
        flush(writer);
        memcpy(writer->to, bytes, size);
        writer->to += size;
        bytes += size;
        n -= size;
    } while (n > 0);
}

/* Bytes from .. to - 1 as one block. */
static void
write_block(TsPngDeflate *self, const guint8 *bytes, gsize from, gsize to, gboolean is_last,
            Writer *writer)
{
    guint32 counts[N_LENGTH_SYMBOLS] = {0};
    guint8 lengths[N_LENGTH_SYMBOLS];
    find_runs(self, bytes, from, to);
    guint64 n_bits = count_symbols(self, bytes + from);
    n_bits += make_codes(self);
    pack_lengths(self);
    for (guint i = 0; i < self->n_packed; i++)
        counts[self->packed[i]]++;
    ts_huffman_lengths(counts, N_LENGTH_SYMBOLS, 7, lengths);
    n_bits += 3 + 14 + 3 * N_LENGTH_SYMBOLS;
    for (guint i = 0; i < N_LENGTH_SYMBOLS; i++)
        n_bits += counts[i] * (lengths[i] + n_extra_bits(i));
    if (n_bits / 8 >= to - from) {
        store(bytes + from, to - from, is_last, writer);
        return;
    }
    put(writer, 4 | is_last, 3);
    write_head(self, lengths, writer);
    write_pieces(self, bytes + from, writer);
}

gsize
ts_png_deflate(TsPngDeflate *self, const guint8 *bytes, gsize n, guint8 *to)
{
    Writer writer = {.to = to};
    if (n == 0)
        store(bytes, 0, TRUE, &writer);
    for (gsize from = 0; from < n;) {
        gsize end = n - from > BLOCK ? from + BLOCK : n;
        write_block(self, bytes, from, end, end == n, &writer);
        from = end;
    }
    writer.n_bits = (writer.n_bits + 7) & ~7u;
    flush(&writer);
    return (gsize) (writer.to - to);
}

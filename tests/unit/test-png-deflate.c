/* DEFLATE of filtered rows: what zlib unpacks is what went in, and it fits in the bound. */
#include "base/rng.h"
#include "image/png_deflate.h"
#include "unit.h"

#include <gio/gio.h>
#include <string.h>

static TsPngDeflate *deflate;

static void
check_round_trip(const guint8 *bytes, gsize n)
{
    gsize bound = ts_png_deflate_bound(n);
    g_autofree guint8 *packed = g_malloc(bound + 1), *back = g_malloc(n + 1);
    packed[bound] = 0xa5;
    gsize n_packed = ts_png_deflate(deflate, bytes, n, packed);
    ck_assert(n_packed <= bound && packed[bound] == 0xa5);
    g_autoptr(GZlibDecompressor) zlib = g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_RAW);
    gsize n_read, n_written, read = 0, written = 0;
    GConverterResult result = G_CONVERTER_CONVERTED;
    while (result != G_CONVERTER_FINISHED) {
        result = g_converter_convert(G_CONVERTER(zlib), packed + read, n_packed - read,
                                     back + written, n + 1 - written, G_CONVERTER_INPUT_AT_END,
                                     &n_read, &n_written, NULL);
        ck_assert(result == G_CONVERTER_CONVERTED || result == G_CONVERTER_FINISHED);
        read += n_read;
        written += n_written;
    }
    ck_assert_uint_eq(read, n_packed);
    ck_assert_uint_eq(written, n);
    ck_assert_int_eq(memcmp(back, bytes, n), 0);
}

START_TEST(every_short_length_comes_back)
{
    guint8 bytes[600] = {0};
    for (gsize n = 0; n < sizeof bytes; n++) {
        check_round_trip(bytes, n);
        for (gsize i = 0; i < n; i++)
            bytes[i] = (guint8) (i * i >> 5);
        check_round_trip(bytes, n);
        memset(bytes, (int) n, sizeof bytes);
    }
}
END_TEST

/* Noise of different strength with runs of any length in it, over the borders of blocks. */
START_TEST(noise_and_runs_come_back)
{
    enum { SIZE = 400000 };
    g_autofree guint8 *bytes = g_malloc(SIZE);
    for (guint round = 0; round < 40; round++) {
        TsRng rng;
        ts_rng_init(&rng, 7, "deflate", round);
        guint mask = round % 8 == 0 ? 255 : (1u << round % 8) - 1;
        gsize longest = 1 + ts_rng_below(&rng, 1u << round % 17);
        for (gsize i = 0; i < SIZE;) {
            gsize run = 1 + ts_rng_below(&rng, longest);
            run = MIN(run, SIZE - i);
            guint8 byte = (guint8) (ts_rng_below(&rng, 256) & mask);
            memset(bytes + i, byte, run);
            i += run;
        }
        check_round_trip(bytes, SIZE - round * 997);
    }
}
END_TEST

/* Counts that grow as Fibonacci's numbers want codes longer than there can be. */
START_TEST(codes_are_limited)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    guint a = 1, b = 1;
    for (guint8 symbol = 0; bytes->len < 120000; symbol++) {
        for (guint i = 0; i < a; i++)
            g_byte_array_append(bytes, (guint8[]){symbol, 255}, 2);
        guint sum = a + b;
        a = b;
        b = sum;
    }
    check_round_trip(bytes->data, bytes->len);
}
END_TEST

START_TEST(noise_is_stored)
{
    enum { SIZE = 300000 };
    g_autofree guint8 *bytes = g_malloc(SIZE), *packed = g_malloc(ts_png_deflate_bound(SIZE));
    TsRng rng;
    ts_rng_init(&rng, 7, "deflate", 1000);
    for (gsize i = 0; i < SIZE; i++)
        bytes[i] = (guint8) ts_rng_below(&rng, 256);
    ck_assert_uint_le(ts_png_deflate(deflate, bytes, SIZE, packed), SIZE + 100);
    memset(bytes, 9, SIZE);
    ck_assert_uint_le(ts_png_deflate(deflate, bytes, SIZE, packed), 600);
}
END_TEST

int
main(void)
{
    deflate = ts_png_deflate_new();
    Suite *suite = suite_create("png-deflate");
    TCase *tests = tcase_create("png-deflate");
    tcase_add_test(tests, every_short_length_comes_back);
    tcase_add_test(tests, noise_and_runs_come_back);
    tcase_add_test(tests, codes_are_limited);
    tcase_add_test(tests, noise_is_stored);
    suite_add_tcase(suite, tests);
    int status = unit_run(suite);
    g_free(deflate);
    return status;
}

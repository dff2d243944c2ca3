/* How fast checksums, tensor files and event files are written and read by one core.
 *
 *     bench-store [MEGABYTES]      (default 200; 20 where TESSERA_BENCH_SMOKE is set)
 *
 * Prints measure, value, unit. Files lie in the folder for temporary files. */
#include "base/number.h"
#include "bench.h"
#include "store/crc32c.h"
#include "store/safetensors.h"
#include "store/tfevents.h"

#include <glib/gstdio.h>

enum { N_EVENTS = 200000 };

static void
show(const char *measure, double value, const char *unit)
{
    printf("%-28s\t%10.2f\t%s\n", measure, value, unit);
}

static void
bench_checksums(const void *bytes, gsize n)
{
    double start = seconds();
    guint32 fast = ts_crc32c(0, bytes, n);
    double middle = seconds();
    guint32 plain = ts_crc32c_plain(0, bytes, n);
    double end = seconds();
    g_assert(fast == plain);
    show("CRC-32C", (double) n / 1e6 / (middle - start), "MB/s");
    show("CRC-32C by table", (double) n / 1e6 / (end - middle), "MB/s");
}

static void
bench_tensors(const char *folder, const void *bytes, gsize n)
{
    GError *error = NULL;
    g_autofree char *path = g_build_filename(folder, "x.safetensors", NULL);
    g_autofree float *numbers = g_malloc(n);
    TsTensor tensors[] = {
        {"f32", TS_DTYPE_F32, 1, {(gint64) n / 4}, bytes, n / 4 * 4},
        {"bf16", TS_DTYPE_BF16, 1, {(gint64) n / 4}, bytes, n / 4 * 2},
    };
    double start = seconds();
    ts_safetensors_write(path, NULL, tensors, G_N_ELEMENTS(tensors), FALSE, &error);
    fail_on(error);
    double written = seconds();
    g_autoptr(TsSafetensors) file = ts_safetensors_read(path, &error);
    fail_on(error);
    double mapped = seconds();
    ts_tensor_to_f32(ts_safetensors_find(file, "f32"), numbers, &error);
    double f32 = seconds();
    ts_tensor_to_f32(ts_safetensors_find(file, "bf16"), numbers, &error);
    double bf16 = seconds();
    fail_on(error);
    show("safetensors written", (double) n * 1.5 / 1e6 / (written - start), "MB/s");
    show("safetensors opened", (mapped - written) * 1e3, "ms");
    show("f32 read", (double) n / 1e6 / (f32 - mapped), "MB/s");
    show("bf16 to f32", (double) n / 2e6 / (bf16 - f32), "MB/s");
    g_unlink(path);
}

static void
bench_events(const char *folder)
{
    GError *error = NULL;
    g_autoptr(TsEventWriter) writer = ts_event_writer_new(folder, &error);
    fail_on(error);
    double start = seconds();
    for (gint64 step = 0; step < N_EVENTS; step++)
        ts_event_writer_add_scalar(writer, "loss/train", step, 1.5f, &error);
    ts_event_writer_close(writer, &error);
    fail_on(error);
    double written = seconds();
    g_autoptr(TsEventReader) reader = ts_event_reader_new(ts_event_writer_path(writer), &error);
    guint n = 0;
    while (reader != NULL && ts_event_reader_next(reader, &error) != NULL)
        n++;
    fail_on(error);
    double read = seconds();
    g_assert(n == N_EVENTS + 1);
    show("scalars written", N_EVENTS / (written - start) / 1e3, "thousand/s");
    show("scalars read", N_EVENTS / (read - written) / 1e3, "thousand/s");
    g_unlink(ts_event_writer_path(writer));
}

int
main(int argc, char **argv)
{
    gboolean smoke = g_getenv("TESSERA_BENCH_SMOKE") != NULL;
    gint64 megabytes = smoke ? 20 : 200;
    GError *error = NULL;
    if (argc > 1)
        ts_parse_int(argv[1], 1, 100000, "MEGABYTES", &megabytes, &error);
    fail_on(error);
    gsize n = (gsize) megabytes * 1000000;
    g_autofree guint32 *numbers = g_malloc(n);
    for (gsize i = 0; i < n / 4; i++)
        numbers[i] = (guint32) i * 2654435761u;
    g_autofree char *folder = g_dir_make_tmp("bench-store-XXXXXX", NULL);
    if (folder == NULL)
        return 1;
    bench_checksums(numbers, n);
    bench_tensors(folder, numbers, n);
    bench_events(folder);
    g_rmdir(folder);
    return 0;
}

/* How fast manifests are read and written by one core, and what they cost in memory.
 *
 *     bench-manifest [MEGABYTES]      (default 200; 20 where TESSERA_BENCH_SMOKE is set)
 *
 * Prints measure, value, unit, and the goal where there is one. Files lie in the folder for
 * temporary files. */
#include "bench.h"
#include "manifest/classes.h"
#include "manifest/writer.h"

#include <unistd.h>

static const char *const columns[] = {"file_name", "x",     "y",     "width",
                                      "height",    "label", "split", NULL};

static void
show(const char *measure, double value, const char *unit, const char *goal)
{
    printf("%-28s\t%10.2f\t%s\t%s\n", measure, value, unit, goal);
}

/* Rows as tile writes them, field by field; about `n_bytes` of them. */
static void
write_rows(const char *path, guint64 n_bytes)
{
    GError *error = NULL;
    TsManifestWriter *w = ts_manifest_writer_new(path, columns, TRUE, &error);
    fail_on(error);
    static const char *const labels[] = {"airplane", "cat", "dog", "forest", "zebra"};
    guint64 n_rows = n_bytes / 56;
    for (guint64 i = 0; i < n_rows; i++) {
        ts_manifest_writer_put(w, "images/region_07/sheet_0123.tif");
        ts_manifest_writer_put_int(w, (gint64) (i % 1000) * 20);
        ts_manifest_writer_put_int(w, (gint64) (i / 1000) * 20);
        ts_manifest_writer_put_int(w, 20);
        ts_manifest_writer_put_int(w, 20);
        ts_manifest_writer_put(w, labels[i % G_N_ELEMENTS(labels)]);
        ts_manifest_writer_put(w, i % 5 == 0 ? "test" : "train");
        ts_manifest_writer_end_row(w, &error);
    }
    ts_manifest_writer_commit(w, &error);
    fail_on(error);
    ts_manifest_writer_free(w);
}

static void
copy_rows(const TsManifest *m, const char *path, const char *const *extra)
{
    GError *error = NULL;
    TsManifestWriter *w = ts_manifest_writer_new_like(path, m, extra, TRUE, &error);
    fail_on(error);
    const char *const values[] = {"val"};
    for (guint64 row = 0; row < ts_manifest_n_rows(m); row++)
        ts_manifest_writer_copy_row(w, m, row, values, &error);
    ts_manifest_writer_commit(w, &error);
    fail_on(error);
    ts_manifest_writer_free(w);
}

static double
resident_mb(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file != NULL && fscanf(file, "%ld %ld", &pages, &resident) != 2)
        resident = 0;
    if (file != NULL)
        fclose(file);
    return (double) resident * (double) sysconf(_SC_PAGESIZE) / 1e6;
}

/* The output is a device, so that no disk is measured; its paths start at the working folder. */
static void
bench_copies(TsManifest *m, double mb)
{
    const char *const split[] = {"split", NULL};
    double start = seconds();
    copy_rows(m, "/dev/null", split);
    show("copy rows, paths moved", mb / (seconds() - start), "MB/s", "");
    ts_manifest_set_folder(m, ".");
    start = seconds();
    copy_rows(m, "/dev/null", split);
    show("copy rows, column replaced", mb / (seconds() - start), "MB/s", "");
    start = seconds();
    copy_rows(m, "/dev/null", NULL);
    show("copy rows", mb / (seconds() - start), "MB/s", "");
}

static void
bench(const char *path, guint64 n_bytes)
{
    GError *error = NULL;
    double start = seconds();
    write_rows("/dev/null", n_bytes);
    double wrote = seconds() - start;
    write_rows(path, n_bytes);

    double before = resident_mb();
    start = seconds();
    g_autoptr(TsManifest) m = ts_manifest_read(path, &error);
    fail_on(error);
    double took = seconds() - start;
    double mb = 0;
    for (guint64 row = 0; row < ts_manifest_n_rows(m); row++)
        mb += (double) (ts_manifest_raw_row(m, row).length + 1) / 1e6;
    show("write, field by field", mb / wrote, "MB/s", ">= 500");
    show("file", mb, "MB", "");
    show("rows", (double) ts_manifest_n_rows(m) / 1e6, "million", "");
    show("read and check", mb / took, "MB/s", ">= 500");
    show("memory / file size", (double) ts_manifest_n_bytes(m) / 1e6 / mb, "", "<= 1.5");
    show("resident / file size", (resident_mb() - before) / mb, "", "<= 1.5");

    start = seconds();
    g_autoptr(TsClasses) classes = ts_classes_new(m, "label", &error);
    fail_on(error);
    show("classes", (double) ts_manifest_n_rows(m) / 1e6 / (seconds() - start), "Mrow/s", "");
    show("classes of it", classes->n, "", "");
    bench_copies(m, mb);
}

int
main(int argc, char **argv)
{
    guint64 mb = g_getenv("TESSERA_BENCH_SMOKE") != NULL ? 20 : 200;
    if (argc > 1)
        mb = g_ascii_strtoull(argv[1], NULL, 10);
    g_autofree char *folder = g_dir_make_tmp("tessera-bench-XXXXXX", NULL);
    if (folder == NULL || mb == 0)
        return 1;
    g_autofree char *path = g_build_filename(folder, "bench.tsv", NULL);
    bench(path, mb * 1000000);
    unlink(path);
    rmdir(folder);
    return 0;
}

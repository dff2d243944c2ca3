/* Milliseconds of a forward pass of a frozen net, as predict runs it.
 *
 *     bench-predict [ARCHITECTURE [CxHxW [BATCH [SECONDS [STEPS]]]]]
 *
 * Prints "predict<TAB>ARCHITECTURE<TAB>INPUT<TAB>BATCH<TAB>median milliseconds"; with STEPS, any
 * word, the steps of the program before that. */
#include "bench-net.h"

enum { WARM_UP = 2, MAX_PASSES = 100000 };

static double
median_pass(TsNet *net, double seconds, GError **error)
{
    g_autofree double *times = g_new(double, MAX_PASSES);
    guint n = 0;
    const gint64 begin = g_get_monotonic_time();
    for (guint i = 0; n < 5 || (n < MAX_PASSES && g_get_monotonic_time() - begin < seconds * 1e6);
         i++) {
        const gint64 from = g_get_monotonic_time();
        if (!ts_net_forward(net, 0, error))
            return -1;
        if (i >= WARM_UP)
            times[n++] = (double) (g_get_monotonic_time() - from) / 1e3;
    }
    return bench_median(times, n);
}

static gboolean
run(const char *architecture, const char *input, guint batch, double seconds, gboolean steps,
    GError **error)
{
    g_auto(BenchNet) bench = {NULL};
    if (!bench_net_init(&bench, architecture, input, batch, TS_NET_FROZEN, TS_PRECISION_F32, error))
        return FALSE;
    g_autofree char *text = steps ? ts_net_describe(bench.net) : g_strdup("");
    const double ms = median_pass(bench.net, seconds, error);
    printf("%spredict\t%s\t%s\t%u\t%.3f\n", text, architecture, input, batch, ms);
    return ms >= 0;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    bench_set_up(argv);
    const char *architecture = argc > 1 ? argv[1] : "resnet18";
    const char *input = argc > 2 ? argv[2] : "3x224x224";
    guint batch = argc > 3 ? (guint) g_ascii_strtoull(argv[3], NULL, 10) : 1;
    double seconds = argc > 4 ? g_ascii_strtod(argv[4], NULL) : 1;
    if (run(architecture, input, MAX(batch, 1), seconds, argc > 5, &error))
        return 0;
    fprintf(stderr, "bench-predict: %s\n", error != NULL ? error->message : "CxHxW is expected");
    return 1;
}

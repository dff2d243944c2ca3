/* Milliseconds of a forward pass of a frozen net, as predict runs it.
 *
 *     bench-predict [ARCHITECTURE [CxHxW [BATCH [SECONDS [STEPS]]]]]
 *
 * Prints "predict<TAB>ARCHITECTURE<TAB>INPUT<TAB>BATCH<TAB>median milliseconds"; with STEPS, any
 * word, the steps of the program before that. */
#include "base/number.h"
#include "base/rng.h"
#include "base/threads.h"
#include "nn/models/models.h"
#include "nn/net.h"

#include <stdio.h>
#include <stdlib.h>

enum { CLASSES = 10, WARM_UP = 2, MAX_PASSES = 100000 };

static int
compare_doubles(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

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
    qsort(times, n, sizeof *times, compare_doubles);
    return times[n / 2];
}

static gboolean
run(const char *architecture, const char *input, guint batch, double seconds, gboolean steps,
    GError **error)
{
    g_auto(GStrv) size = g_strsplit(input, "x", -1);
    gint64 c, h, w;
    if (g_strv_length(size) != 3 || !ts_parse_int(size[0], 1, 4, "channels", &c, error) ||
        !ts_parse_int(size[1], 1, 4096, "height", &h, error) ||
        !ts_parse_int(size[2], 1, 4096, "width", &w, error))
        return FALSE;
    g_autoptr(TsGraph) graph =
        ts_model_graph_new(architecture, (int) c, (int) h, (int) w, CLASSES, error);
    g_autoptr(TsParams) params = graph != NULL ? ts_params_new(graph, error) : NULL;
    if (params == NULL)
        return FALSE;
    ts_params_init(params, 1);
    g_autoptr(TsNet) net = ts_net_new(graph, params, batch, TS_NET_FROZEN, error);
    if (net == NULL)
        return FALSE;
    TsRng rng;
    ts_rng_init(&rng, 1, "images", 0);
    for (gsize i = 0; i < (gsize) batch * c * h * w; i++)
        ts_net_input(net)[i] = (float) ts_rng_normal(&rng);
    g_autofree char *text = steps ? ts_net_describe(net) : g_strdup("");
    const double ms = median_pass(net, seconds, error);
    printf("%spredict\t%s\t%s\t%u\t%.3f\n", text, architecture, input, batch, ms);
    return ms >= 0;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    ts_threads_prepare_environment(argv);
    ts_threads_set(0);
    ts_denormals_off();
    const char *architecture = argc > 1 ? argv[1] : "resnet18";
    const char *input = argc > 2 ? argv[2] : "3x224x224";
    guint batch = argc > 3 ? (guint) g_ascii_strtoull(argv[3], NULL, 10) : 1;
    double seconds = argc > 4 ? g_ascii_strtod(argv[4], NULL) : 1;
    if (run(architecture, input, MAX(batch, 1), seconds, argc > 5, &error))
        return 0;
    fprintf(stderr, "bench-predict: %s\n", error != NULL ? error->message : "CxHxW is expected");
    return 1;
}

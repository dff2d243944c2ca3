/* Milliseconds of a training step: forward, loss, backward, update.
 *
 *     bench-train [ARCHITECTURE [CxHxW [BATCH [SECONDS]]]]
 *
 * Prints "train<TAB>ARCHITECTURE<TAB>INPUT<TAB>BATCH<TAB>median milliseconds of a step". */
#include "base/number.h"
#include "base/rng.h"
#include "base/threads.h"
#include "nn/loss.h"
#include "nn/models/models.h"
#include "nn/net.h"
#include "nn/optimizer.h"

#include <stdio.h>
#include <stdlib.h>

enum { CLASSES = 10, WARM_UP = 3, MAX_STEPS = 100000 };

static int
compare_doubles(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

static gboolean
run_step(TsNet *net, TsOptimizer *optimizer, const gint32 *labels, guint step, GError **error)
{
    guint n = ts_net_batch(net);
    TsLossSums sums = {0};
    if (!ts_net_forward(net, step, error))
        return FALSE;
    ts_loss_compute(NULL, ts_net_logits(net), labels, NULL, n, CLASSES, n, ts_net_grad_logits(net),
                    &sums);
    if (!ts_net_backward(net, error))
        return FALSE;
    ts_optimizer_step(optimizer, 0.01);
    return TRUE;
}

static double
median_step(TsNet *net, TsOptimizer *optimizer, double seconds, GError **error)
{
    guint batch = ts_net_batch(net), n = 0;
    g_autofree gint32 *labels = g_new(gint32, batch);
    g_autofree double *times = g_new(double, MAX_STEPS);
    for (guint i = 0; i < batch; i++)
        labels[i] = (gint32) (i % CLASSES);
    gint64 begin = g_get_monotonic_time();
    for (guint step = 0; n < 5 || (n < MAX_STEPS && g_get_monotonic_time() - begin < seconds * 1e6);
         step++) {
        gint64 from = g_get_monotonic_time();
        if (!run_step(net, optimizer, labels, step, error))
            return -1;
        if (step >= WARM_UP)
            times[n++] = (double) (g_get_monotonic_time() - from) / 1e3;
    }
    qsort(times, n, sizeof *times, compare_doubles);
    return times[n / 2];
}

static gboolean
run(const char *architecture, const char *input, guint batch, double seconds, GError **error)
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
    g_autoptr(TsNet) net = ts_net_new(graph, params, batch, TS_NET_TRAIN, error);
    if (net == NULL)
        return FALSE;
    TsRng rng;
    ts_rng_init(&rng, 1, "images", 0);
    for (gsize i = 0; i < (gsize) batch * c * h * w; i++)
        ts_net_input(net)[i] = (float) ts_rng_normal(&rng);
    const TsOptimizerOptions options = ts_optimizer_defaults(TS_OPTIMIZER_SGD);
    g_autoptr(TsOptimizer) optimizer = ts_optimizer_new(&options, params, error);
    double ms = optimizer != NULL ? median_step(net, optimizer, seconds, error) : -1;
    printf("train\t%s\t%s\t%u\t%.3f\n", architecture, input, batch, ms);
    return ms >= 0;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    ts_threads_prepare_environment(argv);
    ts_threads_set(0);
    ts_denormals_off();
    const char *architecture = argc > 1 ? argv[1] : "cnn:dropout=0";
    const char *input = argc > 2 ? argv[2] : "1x20x20";
    guint batch = argc > 3 ? (guint) g_ascii_strtoull(argv[3], NULL, 10) : 64;
    double seconds = argc > 4 ? g_ascii_strtod(argv[4], NULL) : 1;
    if (run(architecture, input, MAX(batch, 1), seconds, &error))
        return 0;
    fprintf(stderr, "bench-train: %s\n", error != NULL ? error->message : "CxHxW is expected");
    return 1;
}

/* Milliseconds of a training step: forward, loss, backward, update.
 *
 *     bench-train [ARCHITECTURE [CxHxW [BATCH [SECONDS [PRECISION]]]]]
 *
 * Prints "train<TAB>ARCHITECTURE<TAB>INPUT<TAB>BATCH<TAB>median milliseconds of a step". Status 77
 * if this processor has no kernels for bf16 and they are asked for. */
#include "bench-net.h"
#include "nn/loss.h"
#include "nn/optimizer.h"

enum { WARM_UP = 3, MAX_STEPS = 100000, SKIPPED = 77 };

static gboolean
run_step(TsNet *net, TsOptimizer *optimizer, const gint32 *labels, guint step, GError **error)
{
    guint n = ts_net_batch(net);
    TsLossSums sums = {0};
    if (!ts_net_forward(net, step, error))
        return FALSE;
    ts_loss_compute(NULL, ts_net_logits(net), labels, NULL, n, BENCH_CLASSES, n,
                    ts_net_grad_logits(net), &sums);
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
        labels[i] = (gint32) (i % BENCH_CLASSES);
    gint64 begin = g_get_monotonic_time();
    for (guint step = 0; n < 5 || (n < MAX_STEPS && g_get_monotonic_time() - begin < seconds * 1e6);
         step++) {
        gint64 from = g_get_monotonic_time();
        if (!run_step(net, optimizer, labels, step, error))
            return -1;
        if (step >= WARM_UP)
            times[n++] = (double) (g_get_monotonic_time() - from) / 1e3;
    }
    return bench_median(times, n);
}

static gboolean
run(const char *architecture, const char *input, guint batch, double seconds, TsPrecision precision,
    GError **error)
{
    g_auto(BenchNet) bench = {NULL};
    if (!bench_net_init(&bench, architecture, input, batch, TS_NET_TRAIN, precision, error))
        return FALSE;
    const TsOptimizerOptions options = ts_optimizer_defaults(TS_OPTIMIZER_SGD);
    g_autoptr(TsOptimizer) optimizer = ts_optimizer_new(&options, bench.params, error);
    double ms = optimizer != NULL ? median_step(bench.net, optimizer, seconds, error) : -1;
    printf("train\t%s\t%s\t%u\t%.3f\n", architecture, input, batch, ms);
    return ms >= 0;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    bench_set_up(argv);
    const char *architecture = argc > 1 ? argv[1] : "cnn:dropout=0";
    const char *input = argc > 2 ? argv[2] : "1x20x20";
    guint batch = argc > 3 ? (guint) g_ascii_strtoull(argv[3], NULL, 10) : 64;
    double seconds = argc > 4 ? g_ascii_strtod(argv[4], NULL) : 1;
    TsPrecision precision = TS_PRECISION_F32;
    if (argc <= 5 || ts_precision_parse(argv[5], &precision, &error)) {
        if (precision == TS_PRECISION_BF16 && !ts_kernel_has_bf16())
            return SKIPPED;
        if (run(architecture, input, MAX(batch, 1), seconds, precision, &error))
            return 0;
    }
    fprintf(stderr, "bench-train: %s\n", error != NULL ? error->message : "CxHxW is expected");
    return 1;
}

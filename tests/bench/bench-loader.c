/* Images a second from JPEG files to batches, or to updated weights.
 *
 *     bench-loader MANIFEST [SIDE [BATCH [SECONDS [ARCHITECTURE]]]]
 *
 * Random resized crops and flips, 3 x SIDE x SIDE, files read anew each time (no cache). Prints
 * "loader<TAB>ARCHITECTURE or -<TAB>SIDE<TAB>BATCH<TAB>images a second"; with
 * TESSERA_BENCH_COSTS set, what the stages took, on standard error. */
#include "base/number.h"
#include "base/threads.h"
#include "nn/loss.h"
#include "nn/models/models.h"
#include "nn/net.h"
#include "nn/optimizer.h"
#include "sample/loader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES = 10, WARM_UP = 3 };

/* A network to train, or none. */
typedef struct {
    TsGraph *graph;
    TsParams *params;
    TsNet *net;
    TsOptimizer *optimizer;
} Learner;

static void
learner_clear(Learner *self)
{
    ts_optimizer_free(self->optimizer);
    ts_net_free(self->net);
    ts_params_free(self->params);
    ts_graph_free(self->graph);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Learner, learner_clear)

static gboolean
learner_init(Learner *self, const char *architecture, int side, guint batch, GError **error)
{
    const TsOptimizerOptions options = ts_optimizer_defaults(TS_OPTIMIZER_SGD);
    self->graph = ts_model_graph_new(architecture, 3, side, side, CLASSES, error);
    self->params = self->graph != NULL ? ts_params_new(self->graph, error) : NULL;
    if (self->params == NULL)
        return FALSE;
    ts_params_init(self->params, 1);
    self->net = ts_net_new(self->graph, self->params, batch, TS_NET_TRAIN, error);
    self->optimizer = self->net != NULL ? ts_optimizer_new(&options, self->params, error) : NULL;
    return self->optimizer != NULL;
}

static gboolean
learn(Learner *self, const TsBatch *batch, gsize n_sample, guint64 step, GError **error)
{
    TsLossSums sums = {0};
    if (self->net == NULL)
        return TRUE;
    memcpy(ts_net_input(self->net), batch->images, batch->n * n_sample * sizeof(float));
    if (!ts_net_forward(self->net, step, error))
        return FALSE;
    ts_loss_compute(NULL, ts_net_logits(self->net), batch->labels, NULL, batch->n, CLASSES,
                    batch->n, ts_net_grad_logits(self->net), &sums);
    if (!ts_net_backward(self->net, error))
        return FALSE;
    ts_optimizer_step(self->optimizer, 0.01);
    return TRUE;
}

/* Batches until the time is over: images a second. */
static double
measure(TsLoader *loader, Learner *learner, gsize n_sample, double seconds, GError **error)
{
    guint64 n = 0, step = 0;
    gint64 begin = 0, now = 0;
    GError *failure = NULL;
    for (guint64 epoch = 0; (double) (now - begin) < seconds * 1e6 || step <= 2 * WARM_UP;
         epoch++) {
        const TsBatch *batch;
        if (!ts_loader_begin_epoch(loader, epoch, 0, error))
            return -1;
        while (((double) (now - begin) < seconds * 1e6 || step <= 2 * WARM_UP) &&
               (batch = ts_loader_next(loader, &failure)) != NULL) {
            if (!learn(learner, batch, n_sample, step, error))
                return -1;
            now = g_get_monotonic_time();
            if (++step <= WARM_UP)
                begin = now;
            else
                n += batch->n;
        }
        if (failure != NULL) {
            g_propagate_error(error, failure);
            return -1;
        }
    }
    return (double) n / ((double) (now - begin) / 1e6);
}

static void
print_costs(TsLoader *loader)
{
    const TsLoaderCosts costs = ts_loader_costs(loader);
    if (g_getenv("TESSERA_BENCH_COSTS") == NULL)
        return;
    fprintf(stderr, "us a sample: read %.0f, decode %.0f, augment %.0f, fill %.0f\n",
            (double) costs.read_ns / 1e3 / (double) MAX(costs.n_read, 1),
            (double) costs.decode_ns / 1e3 / (double) MAX(costs.n_decoded, 1),
            (double) costs.augment_ns / 1e3 / (double) MAX(costs.n_augmented, 1),
            (double) costs.fill_ns / 1e3 / (double) MAX(costs.n_decoded, 1));
}

static gboolean
run(const char *path, int side, guint batch, double seconds, const char *architecture,
    GError **error)
{
    guint64 n;
    g_auto(Learner) learner = {0};
    TsPreprocess how = {.width = side, .height = side, .channels = 3, .crop_pct = 1};
    TsLoaderOptions options = {.batch_size = batch, .shuffle = TRUE, .drop_last = TRUE};
    for (int c = 0; c < 3; c++)
        how.mean[c] = how.std[c] = 0.5F;
    g_autoptr(TsManifest) manifest = ts_manifest_read(path, error);
    g_autoptr(TsClasses) classes =
        manifest != NULL ? ts_classes_new(manifest, "label", error) : NULL;
    if (classes == NULL || !ts_augment_parse("resized-crop=0.08..1,hflip", &options.augment, error))
        return FALSE;
    g_autofree guint64 *rows = ts_manifest_select(manifest, NULL, NULL, &n);
    g_autoptr(TsDataset) dataset = ts_dataset_new(manifest, rows, n, classes, error);
    g_autoptr(TsLoader) loader =
        dataset != NULL ? ts_loader_new(dataset, &how, &options, error) : NULL;
    if (loader == NULL ||
        (architecture != NULL && !learner_init(&learner, architecture, side, batch, error)))
        return FALSE;
    const double speed = measure(loader, &learner, ts_preprocess_n_bytes(&how), seconds, error);
    printf("loader\t%s\t%d\t%u\t%.2f\n", architecture != NULL ? architecture : "-", side, batch,
           speed);
    print_costs(loader);
    return speed >= 0;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    ts_threads_prepare_environment(argv);
    ts_threads_set(0);
    ts_denormals_off();
    const int side = argc > 2 ? (int) g_ascii_strtoll(argv[2], NULL, 10) : 224;
    const guint batch = argc > 3 ? (guint) g_ascii_strtoull(argv[3], NULL, 10) : 32;
    const double seconds = argc > 4 ? g_ascii_strtod(argv[4], NULL) : 2;
    if (argc < 2) {
        fprintf(stderr, "bench-loader: MANIFEST is expected; tests/bench/loader makes one\n");
        return 2;
    }
    if (run(argv[1], side, MAX(batch, 1), seconds, argc > 5 ? argv[5] : NULL, &error))
        return 0;
    fprintf(stderr, "bench-loader: %s\n", error->message);
    return 1;
}

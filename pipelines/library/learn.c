/* A whole job in a C program of one's own: read a manifest, look at a sample, learn for some steps,
 * predict. Every call is one of tessera.h's headers; README.md beside this file says how to build
 * it.
 *
 *     learn MANIFEST STEPS
 *
 * The manifest has the columns label and split; rows with split=train are learned from, those with
 * split=test are predicted.
 */
#include <math.h>
#include <string.h>
#include <tessera.h>

enum { BATCH = 16 };

/* The rows of a split as a data set. */
static TsDataset *
choose_rows(const TsManifest *manifest, const TsClasses *classes, const char *split, GError **error)
{
    guint64 n;
    g_autofree guint64 *rows = ts_manifest_select(manifest, "split", split, &n);
    return ts_dataset_new(manifest, rows, n, classes, error);
}

/* A small CNN for pictures as large as the first sample, with random numbers in it. */
static TsModel *
make_model(TsDataset *samples, const TsClasses *classes, GError **error)
{
    g_autoptr(TsImage) first = ts_sample_render(samples, 0, error);
    if (first == NULL)
        return NULL;
    g_print("the first sample has %d x %d pixels of %d bands\n", first->width, first->height,
            first->bands);
    TsPreprocess how = {.width = first->width,
                        .height = first->height,
                        .channels = first->bands < 3 ? 1 : 3,
                        .crop_pct = 1};
    for (int c = 0; c < how.channels; c++)
        how.mean[c] = how.std[c] = 0.5F;
    TsModel *model = ts_model_new("cnn:width=8", (const char *const *) classes->names, &how, error);
    if (model != NULL)
        ts_params_init(model->params, 1);
    return model;
}

/* One update of the weights: forward, loss, backward, optimizer. Returns the loss, NaN on error. */
static double
train_step(TsModel *model, TsNet *net, TsOptimizer *optimizer, const TsBatch *batch, guint64 step,
           GError **error)
{
    TsLossSums sums = {0};
    memcpy(ts_net_input(net), batch->images, /* (N, C, H, W) */
           batch->n * ts_preprocess_n_bytes(&model->preprocess) * sizeof(float));
    if (!ts_net_forward(net, step, error))
        return NAN;
    ts_loss_compute(NULL, ts_net_logits(net), batch->labels, batch->weights, batch->n,
                    g_strv_length(model->classes), batch->n, ts_net_grad_logits(net), &sums);
    if (!ts_net_backward(net, error))
        return NAN;
    ts_optimizer_step(optimizer, 0.005);
    return ts_loss_mean(&sums);
}

/* So many steps, over as many epochs as that takes. */
static gboolean
train(TsModel *model, TsDataset *samples, guint64 steps, GError **error)
{
    const TsLoaderOptions options = {.batch_size = BATCH,
                                     .shuffle = TRUE,
                                     .drop_last = TRUE, /* the net is for whole batches */
                                     .cache_bytes = 64 << 20};
    const TsOptimizerOptions adam = ts_optimizer_defaults(TS_OPTIMIZER_ADAM);
    g_autoptr(TsLoader) loader = ts_loader_new(samples, &model->preprocess, &options, error);
    if (loader == NULL)
        return FALSE;
    g_autoptr(TsNet) net = ts_net_new(model->graph, model->params, BATCH, TS_NET_TRAIN, error);
    if (net == NULL)
        return FALSE;
    g_autoptr(TsOptimizer) optimizer = ts_optimizer_new(&adam, model->params, error);
    GError *failure = NULL;
    guint64 step = 0;
    for (guint64 epoch = 0; step < steps && ts_loader_n_batches(loader) > 0; epoch++) {
        const TsBatch *batch;
        if (!ts_loader_begin_epoch(loader, epoch, 0, error))
            return FALSE;
        while (step < steps && (batch = ts_loader_next(loader, &failure)) != NULL) {
            double loss = train_step(model, net, optimizer, batch, step++, &failure);
            if (failure != NULL)
                break;
            g_print("step %" G_GUINT64_FORMAT ": loss %.4f\n", step, loss);
        }
        if (failure != NULL) {
            g_propagate_error(error, failure);
            return FALSE;
        }
    }
    return TRUE;
}

typedef struct {
    const TsDataset *samples;
    guint n_classes;
    guint64 right;
} Answers;

static gboolean
count_right(guint64 i, const double *probabilities, gpointer data, GError **error)
{
    (void) error;
    Answers *answers = data;
    guint best = 0;
    for (guint c = 1; c < answers->n_classes; c++)
        if (probabilities[c] > probabilities[best])
            best = c;
    answers->right += (gint32) best == ts_dataset_label(answers->samples, i);
    return TRUE;
}

static gboolean
run(const char *path, guint64 steps, GError **error)
{
    g_autoptr(TsManifest) manifest = ts_manifest_read(path, error);
    if (manifest == NULL)
        return FALSE;
    g_autoptr(TsClasses) classes = ts_classes_new(manifest, "label", error);
    if (classes == NULL)
        return FALSE;
    g_autoptr(TsDataset) train_set = choose_rows(manifest, classes, "train", error);
    g_autoptr(TsDataset) test_set =
        train_set != NULL ? choose_rows(manifest, classes, "test", error) : NULL;
    if (test_set == NULL)
        return FALSE;
    g_autoptr(TsModel) model = make_model(train_set, classes, error);
    if (model == NULL || !train(model, train_set, steps, error))
        return FALSE;
    Answers answers = {.samples = test_set, .n_classes = classes->n};
    if (!ts_predict(model, test_set, BATCH, count_right, &answers, error))
        return FALSE;
    g_print("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " test rows are right\n", answers.right,
            ts_dataset_n(test_set));
    return ts_model_write(model, "model.safetensors", NULL, error);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    if (argc != 3) {
        g_printerr("usage: learn MANIFEST STEPS\n");
        return 2;
    }
    ts_threads_set(0); /* all processors, denormals off */
    if (!run(argv[1], g_ascii_strtoull(argv[2], NULL, 10), &error)) {
        g_printerr("learn: %s\n", error->message);
        return 1;
    }
    return 0;
}

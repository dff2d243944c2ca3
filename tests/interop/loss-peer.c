/* A loss and its gradient, for comparison with PyTorch.
 *
 *     loss-peer LOSS IN
 *
 * IN is a safetensors file: logits (n, classes), labels (n), weights (n) of the rows, class_weights
 * (classes) and counts (classes), all as floats; for mixtures also shares, other_labels and
 * other_weights, (n) each; for label sets targets (n, classes) and pos_weights (classes). Prints
 * the mean loss, then the gradient (n, classes), a number a line.
 */
#include "base/error.h"
#include "nn/loss_sets.h"
#include "store/safetensors.h"

#include <stdio.h>

static float *
read_numbers(const TsSafetensors *file, const char *name, GError **error)
{
    const TsTensor *tensor = ts_safetensors_find(file, name);
    if (tensor == NULL) {
        ts_error_set(error, TS_ERROR_FORMAT, "there is no %s", name);
        return NULL;
    }
    g_autofree float *numbers = g_new(float, ts_tensor_n(tensor));
    return ts_tensor_to_f32(tensor, numbers, error) ? g_steal_pointer(&numbers) : NULL;
}

static gboolean
run(char **args, GError **error)
{
    g_autoptr(TsSafetensors) file = ts_safetensors_read(args[1], error);
    if (file == NULL)
        return FALSE;
    const guint n = (guint) ts_safetensors_find(file, "logits")->shape[0];
    const guint classes = (guint) ts_safetensors_find(file, "logits")->shape[1];
    g_autofree float *logits = read_numbers(file, "logits", error);
    g_autofree float *label_numbers = read_numbers(file, "labels", error);
    g_autofree float *weights = read_numbers(file, "weights", error);
    g_autofree float *class_numbers = read_numbers(file, "class_weights", error);
    g_autofree float *count_numbers = read_numbers(file, "counts", error);
    g_autofree gint32 *labels = g_new(gint32, n);
    g_autofree double *class_weights = g_new(double, classes);
    g_autofree guint64 *counts = g_new(guint64, classes);
    for (guint i = 0; i < n; i++)
        labels[i] = (gint32) label_numbers[i];
    for (guint c = 0; c < classes; c++) {
        class_weights[c] = class_numbers[c];
        counts[c] = (guint64) count_numbers[c];
    }
    TsLoss loss;
    if (!ts_loss_parse(args[0], counts, classes, &loss, error))
        return FALSE;
    loss.class_weights = class_weights;
    TsLossSums sums = {0};
    g_autofree float *grad = g_new(float, (gsize) n *classes);
    g_autofree float *shares = NULL, *other_numbers = NULL, *other_weights = NULL;
    g_autofree gint32 *other_labels = g_new0(gint32, n);
    if (ts_safetensors_find(file, "shares") != NULL) {
        shares = read_numbers(file, "shares", error);
        other_numbers = read_numbers(file, "other_labels", error);
        other_weights = read_numbers(file, "other_weights", error);
        for (guint i = 0; i < n; i++)
            other_labels[i] = (gint32) other_numbers[i];
    }
    g_autofree float *sets = NULL, *pos_numbers = NULL;
    g_autofree double *pos_weights = g_new(double, classes);
    if (ts_safetensors_find(file, "targets") != NULL) {
        sets = read_numbers(file, "targets", error);
        pos_numbers = read_numbers(file, "pos_weights", error);
        for (guint c = 0; c < classes; c++)
            pos_weights[c] = (double) pos_numbers[c];
        loss.pos_weights = pos_weights;
    }
    const TsLossTargets targets = {labels, weights, shares, other_labels, other_weights};
    if (sets != NULL)
        ts_loss_compute_sets(&loss, logits, sets, weights, n, classes, n, grad, &sums);
    else
        ts_loss_compute_targets(&loss, logits, &targets, n, classes, n, grad, &sums);
    ts_loss_clear(&loss);
    printf("%.17g\n", ts_loss_mean(&sums));
    for (gsize i = 0; i < (gsize) n * classes; i++)
        printf("%.9g\n", (double) grad[i]);
    return TRUE;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    if (argc != 3) {
        fprintf(stderr, "usage: loss-peer LOSS IN\n");
        return 2;
    }
    if (run(argv + 1, &error))
        return 0;
    fprintf(stderr, "loss-peer: %s\n", error->message);
    return 1;
}

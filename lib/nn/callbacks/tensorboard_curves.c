/* Precision-recall curves of the validation rows, one a class, for TensorBoard. */
#include "nn/callbacks/tensorboard.h"

#include "nn/loss_sets.h"

#include <string.h>

enum { MOST_CLASSES = 100 };

typedef guint64 Counts[TS_EVENT_THRESHOLDS];

struct _TsPrCurves {
    char **classes;
    guint n;
    Counts *of_class, *of_others; /* n each: samples of the class, and not, by its score */
    double *p;                    /* of one sample */
};

TsPrCurves *
ts_pr_curves_new(const char *const *classes)
{
    const guint n = g_strv_length((char **) classes);
    if (n > MOST_CLASSES)
        return NULL;
    TsPrCurves *self = g_new0(TsPrCurves, 1);
    self->classes = g_strdupv((char **) classes);
    self->n = n;
    self->of_class = g_new0(Counts, n);
    self->of_others = g_new0(Counts, n);
    self->p = g_new0(double, n);
    return self;
}

void
ts_pr_curves_free(TsPrCurves *self)
{
    if (self == NULL)
        return;
    g_strfreev(self->classes);
    g_free(self->of_class);
    g_free(self->of_others);
    g_free(self->p);
    g_free(self);
}

void
ts_pr_curves_add(TsPrCurves *self, const float *logits, const TsBatch *batch)
{
    const float *targets = batch->targets;
    for (guint i = 0; i < batch->n; i++) {
        const gsize at = (gsize) i * self->n;
        if (targets == NULL && batch->labels[i] < 0)
            continue;
        if (targets != NULL)
            ts_sigmoid(logits + at, self->n, self->p);
        else
            ts_softmax(logits + at, self->n, self->p);
        for (guint c = 0; c < self->n; c++) {
            /* What is no number counts as nothing. */
            const double score = self->p[c] >= 0 ? MIN(self->p[c], 1.0) : 0;
            const guint bin = (guint) (score * (TS_EVENT_THRESHOLDS - 1));
            const gboolean is_of_class =
                targets != NULL ? targets[at + c] >= 0.5f : batch->labels[i] == (gint32) c;
            (is_of_class ? self->of_class : self->of_others)[c][bin]++;
        }
    }
}

void
ts_pr_curves_clear(TsPrCurves *self)
{
    memset(self->of_class, 0, self->n * sizeof(Counts));
    memset(self->of_others, 0, self->n * sizeof(Counts));
}

gboolean
ts_pr_curves_write(const TsPrCurves *self, TsEventWriter *writer, gint64 step, GError **error)
{
    for (guint c = 0; c < self->n; c++) {
        g_autofree char *name = g_utf8_make_valid(self->classes[c], -1);
        g_autofree char *tag = g_strconcat("pr/", name, NULL);
        if (!ts_event_writer_add_pr_curve(writer, tag, step, self->of_class[c], self->of_others[c],
                                          error))
            return FALSE;
    }
    return TRUE;
}

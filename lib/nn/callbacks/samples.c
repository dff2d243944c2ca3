/* What each training sample was like to learn, as a table: wrong labels stand out in it.
 *
 * A sample is looked at each time that it comes, before the update that it takes part in, as it is
 * then changed at random. Of all the times it came,
 *
 *   right        times the largest logit was its label's
 *   forgotten    times it was right the time before and is wrong now     (Toneva et al., 2019)
 *   loss         mean of -ln p, p the softmax of its label, without weights and smoothing
 *   confidence   mean of p, and variability, its standard deviation: the axes of "dataset
 *                cartography"                                     (Swayamdipta et al., 2020)
 *   margin       mean of the logit of its label less the largest other one, the area under the
 *                margin                                               (Pleiss et al., 2020)
 *
 * Means are brought up to date as Welford has it, in float: a run that is resumed goes on bit for
 * bit. A batch without a finite loss, and samples that are mixed with others, are left out.
 */
#include "nn/callbacks/callbacks.h"

#include "base/error.h"
#include "base/number.h"
#include "manifest/writer.h"
#include "nn/trainer.h"

#include <math.h>

/* All floats, so that they are a table of a checkpoint. */
typedef struct {
    float label;
    float seen;
    float right;
    float forgotten;
    float is_right; /* the last time */
    float loss, confidence, margin;
    float spread; /* sum of squared distances of p from its mean */
} Sample;

enum { N_NUMBERS = sizeof(Sample) / sizeof(float) };

typedef struct {
    TsCallback callback;
    char *path;
    const TsManifest *manifest; /* borrowed */
    guint64 n;                  /* rows of it */
    Sample *samples;            /* (n) */
} Samples;

/* ---- one sample ---- */

/* The logit of the label less the largest of the others. */
static double
margin_of(const float *logits, guint label, guint classes)
{
    double other = -INFINITY;
    for (guint c = 0; c < classes; c++)
        if (c != label)
            other = MAX(other, logits[c]);
    return logits[label] - other;
}

static void
look_at(Sample *sample, const float *logits, guint label, guint classes)
{
    const double loss = ts_loss_of_sample(logits, label, classes);
    const float p = (float) exp(-loss);
    const float right = ts_loss_predicted_class(logits, classes) == label ? 1.0f : 0.0f;
    sample->label = (float) label;
    sample->seen += 1;
    sample->right += right;
    sample->forgotten += sample->is_right > right ? 1.0f : 0.0f;
    sample->is_right = right;
    sample->loss += ((float) loss - sample->loss) / sample->seen;
    sample->margin += ((float) margin_of(logits, label, classes) - sample->margin) / sample->seen;
    const float distance = p - sample->confidence;
    sample->confidence += distance / sample->seen;
    sample->spread += distance * (p - sample->confidence);
}

static gboolean
refuse_sets(GError **error)
{
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "callback samples is for one label a row; here rows have several");
}

static gboolean
batch_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    Samples *self = (Samples *) callback;
    const TsBatch *batch = trainer->batch_in_hand;
    const guint classes = g_strv_length(trainer->model->classes);
    if (batch->targets != NULL)
        return refuse_sets(error);
    for (guint k = 0; k < batch->n && isfinite(trainer->batch_loss); k++)
        if (batch->labels[k] >= 0 && (batch->shares == NULL || batch->shares[k] == 1))
            look_at(&self->samples[batch->rows[k]], trainer->logits_in_hand + (gsize) k * classes,
                    (guint) batch->labels[k], classes);
    return TRUE;
}

/* ---- the table ---- */

static gboolean
train_begin(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    Samples *self = (Samples *) callback;
    if (self->samples == NULL)
        self->samples = ts_try_alloc(self->n, sizeof *self->samples, "samples", error);
    return self->samples != NULL;
}

static void
put_float(TsManifestWriter *out, float value)
{
    char text[TS_NUMBER_MAX];
    ts_manifest_writer_put(out, ts_format_float(text, value));
}

static gboolean
put_sample(TsManifestWriter *out, const Samples *self, guint64 row, const TsModel *model,
           GError **error)
{
    const Sample *sample = &self->samples[row];
    g_autofree char *id = ts_manifest_id(self->manifest, row);
    ts_manifest_writer_put_int(out, (gint64) ts_manifest_line(self->manifest, row));
    ts_manifest_writer_put(out, id);
    ts_manifest_writer_put(out, model->classes[(guint) sample->label]);
    ts_manifest_writer_put_int(out, (gint64) sample->seen);
    ts_manifest_writer_put_int(out, (gint64) sample->right);
    ts_manifest_writer_put_int(out, (gint64) sample->forgotten);
    put_float(out, sample->loss);
    put_float(out, sample->confidence);
    put_float(out, sqrtf(sample->spread / sample->seen));
    put_float(out, sample->margin);
    return ts_manifest_writer_end_row(out, error);
}

static gboolean
epoch_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    static const char *const columns[] = {"line",        "id",        "label", "seen",
                                          "right",       "forgotten", "loss",  "confidence",
                                          "variability", "margin",    NULL};
    const Samples *self = (const Samples *) callback;
    g_autoptr(TsManifestWriter) out = ts_manifest_writer_new(self->path, columns, TRUE, error);
    for (guint64 row = 0; out != NULL && row < self->n; row++)
        if (self->samples[row].seen > 0 && !put_sample(out, self, row, trainer->model, error))
            return FALSE;
    return out != NULL && ts_manifest_writer_commit(out, error);
}

/* ---- checkpoints ---- */

static gboolean
save(const TsCallback *callback, TsTrainer *trainer, TsState *state, GError **error)
{
    const Samples *self = (const Samples *) callback;
    return ts_state_add_table(state, ts_callback_key(callback), (const float *) self->samples,
                              self->n, N_NUMBERS, error);
}

/* What was written is ours, but a file: a label is an index of what follows. */
static gboolean
check(const Samples *self, guint classes, GError **error)
{
    for (guint64 row = 0; row < self->n; row++) {
        const Sample *sample = &self->samples[row];
        if (!(sample->label >= 0 && sample->label < (float) classes && sample->seen >= 0 &&
              sample->seen <= 1e9f))
            return ts_error_set(error, TS_ERROR_FORMAT,
                                "the checkpoint's %s are out of range in row %" G_GUINT64_FORMAT,
                                ts_callback_key(&self->callback), row + 1);
    }
    return TRUE;
}

static gboolean
load(TsCallback *callback, TsTrainer *trainer, const TsState *state, GError **error)
{
    Samples *self = (Samples *) callback;
    const char *key = ts_callback_key(callback);
    if (!train_begin(callback, trainer, error))
        return FALSE;
    if (!ts_state_has_table(state, key))
        return TRUE; /* the run so far did not look */
    return ts_state_get_table(state, key, (float *) self->samples, self->n, N_NUMBERS, error) &&
           check(self, g_strv_length(trainer->model->classes), error);
}

static void
free_samples(TsCallback *callback)
{
    Samples *self = (Samples *) callback;
    g_free(self->samples);
    g_free(self->path);
    g_free(self);
}

TsCallback *
ts_samples_new(const TsManifest *manifest, const char *path)
{
    Samples *self = g_new0(Samples, 1);
    self->path = g_strdup(path);
    self->manifest = manifest;
    self->n = manifest != NULL ? ts_manifest_n_rows(manifest) : 0;
    self->callback = (TsCallback){.name = "samples",
                                  .train_begin = train_begin,
                                  .batch_end = batch_end,
                                  .epoch_end = epoch_end,
                                  .save = save,
                                  .load = load,
                                  .free = free_samples};
    return &self->callback;
}

TsCallback *
ts_samples_parse(TsSpec *spec, const TsCallbackContext *context, GError **error)
{
    g_autofree char *path = ts_callback_file(spec, context, "samples.tsv");
    if (context->multi_label) {
        refuse_sets(error);
        return NULL;
    }
    return ts_samples_new(context->manifest, path);
}

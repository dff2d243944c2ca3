/* Loss spikes: back to the last good state, on at a lower rate, and the samples named.
 *
 * A batch's loss is a spike if it is not finite, beyond a threshold, or so many standard deviations
 * above the losses of the last batches (llm.c's detector; a spike does not join them). Then
 * weights, optimizer and averages go back to what they were before, the rate is lowered for good,
 * and the run goes on with the next batch: what came between, with the batch in question, is left
 * out.
 *
 * A loss judges the weights before its update. So weights that are put aside are good only once the
 * loss of the next batch is known: until then they are on trial.
 */
#include "nn/callbacks/callbacks.h"

#include "base/error.h"
#include "base/log.h"
#include "base/number.h"
#include "base/outfile.h"
#include "manifest/cell.h"
#include "nn/trainer.h"

#include <math.h>
#include <string.h>

enum { NAMED_IN_MESSAGE = 5 };

typedef struct {
    TsCallback callback;
    TsRollback options;
    char *path;
    double *window; /* of losses, a ring */
    guint64 n;      /* losses seen that were no spikes */
    guint n_rollbacks;
    TsState *good, *trial; /* trial NULL: none */
    GString *table;        /* of the samples, as it lies in the file */
} Rollback;

/* ---- spikes ---- */

/* Standard deviations above the mean of the window; NaN until it is full. */
static double
z_score(const Rollback *self, double loss)
{
    const guint window = self->options.window;
    double mean = 0, sum = 0;
    if (self->n < window)
        return NAN;
    for (guint i = 0; i < window; i++)
        mean += self->window[i] / window;
    for (guint i = 0; i < window; i++)
        sum += (self->window[i] - mean) * (self->window[i] - mean);
    return (loss - mean) / sqrt(sum / window);
}

static gboolean
is_spike(const Rollback *self, double loss, double z)
{
    return !isfinite(loss) || (self->options.threshold > 0 && loss > self->options.threshold) ||
           z > self->options.z;
}

/* ---- samples ---- */

/* The sample's own loss, plain cross-entropy, or BCE of a label set. */
static double
loss_of_sample(const TsTrainer *trainer, guint i)
{
    const guint classes = g_strv_length(trainer->model->classes);
    const TsBatch *batch = trainer->batch_in_hand;
    const float *logits = trainer->logits_in_hand + (gsize) i * classes;
    const gint32 label = batch->labels[i];
    if (batch->targets != NULL)
        return ts_loss_of_set(NULL, logits, batch->targets + (gsize) i * classes, classes);
    return label >= 0 ? ts_loss_of_sample(logits, (guint) label, classes) : NAN;
}

static void
append_number(GString *out, double number)
{
    char text[TS_NUMBER_MAX];
    g_string_append_printf(out, "\t%s", isnan(number) ? "\\N" : ts_format_double(text, number));
}

static void
append_sample(Rollback *self, const TsTrainer *trainer, guint i, double z, GString *names)
{
    const guint64 row = trainer->batch_in_hand->rows[i];
    g_autofree char *where = ts_manifest_where(self->options.manifest, row);
    g_autofree char *id = ts_manifest_id(self->options.manifest, row);
    g_string_append_printf(self->table, "%" G_GUINT64_FORMAT "\t%" G_GUINT64_FORMAT,
                           trainer->epoch + 1, trainer->iteration);
    append_number(self->table, trainer->batch_loss);
    append_number(self->table, z);
    g_string_append_printf(self->table, "\t%" G_GUINT64_FORMAT "\t",
                           ts_manifest_line(self->options.manifest, row));
    ts_escape_append(self->table, id, strlen(id));
    append_number(self->table, loss_of_sample(trainer, i));
    g_string_append_c(self->table, '\n');
    if (i < NAMED_IN_MESSAGE)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", where);
}

static gboolean
name_samples(Rollback *self, const TsTrainer *trainer, double z, GError **error)
{
    const guint n = trainer->batch_in_hand->n;
    g_autoptr(GString) names = g_string_new(NULL);
    if (self->table->len == 0)
        g_string_append(self->table, "epoch\titeration\tbatch_loss\tz\tline\tid\tloss\n");
    for (guint i = 0; i < n; i++)
        append_sample(self, trainer, i, z, names);
    if (n > NAMED_IN_MESSAGE)
        g_string_append_printf(names, " and %u more", n - NAMED_IN_MESSAGE);
    ts_warning("iteration %" G_GUINT64_FORMAT ": loss %g is a spike; samples: %s; see %s",
               trainer->iteration, trainer->batch_loss, names->str, self->path);
    return ts_write_file(self->path, self->table->str, self->table->len, TRUE, error);
}

/* ---- states ---- */

static TsState *
put_aside(TsTrainer *trainer, GError **error)
{
    g_autoptr(TsState) state = ts_state_new();
    return ts_trainer_save_weights(trainer, state, error) ? g_steal_pointer(&state) : NULL;
}

static gboolean
go_back(Rollback *self, TsTrainer *trainer, double z, GError **error)
{
    g_clear_pointer(&self->trial, ts_state_free);
    if (!name_samples(self, trainer, z, error) ||
        !ts_trainer_load_weights(trainer, self->good, error))
        return FALSE;
    if (self->n_rollbacks >= self->options.max)
        return ts_error_set(
            error, TS_ERROR_RANGE,
            "the loss has spiked after %u rollback%s; look at the samples in %s, or "
            "choose a learning rate below %g",
            self->n_rollbacks, self->n_rollbacks == 1 ? "" : "s", self->path,
            ts_trainer_rate(trainer));
    self->n_rollbacks++;
    trainer->rate_scale *= self->options.factor;
    ts_trainer_recover(trainer);
    ts_info("back to the last good state, learning rate %g (rollback %u of %u)",
            ts_trainer_rate(trainer), self->n_rollbacks, self->options.max);
    return TRUE;
}

static gboolean
train_begin(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    Rollback *self = (Rollback *) callback;
    if (self->good == NULL)
        self->good = put_aside(trainer, error);
    return self->good != NULL;
}

static gboolean
batch_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    Rollback *self = (Rollback *) callback;
    const double loss = trainer->batch_loss, z = z_score(self, loss);
    if (is_spike(self, loss, z))
        return go_back(self, trainer, z, error);
    self->window[self->n++ % self->options.window] = loss;
    if (self->trial != NULL) {
        ts_state_free(self->good);
        self->good = g_steal_pointer(&self->trial);
    }
    if (self->n % self->options.every == 0)
        self->trial = put_aside(trainer, error);
    return self->n % self->options.every != 0 || self->trial != NULL;
}

/* ---- checkpoints ---- */

static gboolean
save(const TsCallback *callback, TsTrainer *trainer, TsState *state, GError **error)
{
    const Rollback *self = (const Rollback *) callback;
    ts_state_set_int(state, "rollback.n", (gint64) self->n);
    ts_state_set_int(state, "rollback.count", self->n_rollbacks);
    ts_state_set_int(state, "rollback.window", self->options.window);
    ts_state_set(state, "rollback.table", self->table->str);
    for (guint i = 0; i < MIN(self->n, self->options.window); i++) {
        g_autofree char *key = g_strdup_printf("rollback.loss.%u", i);
        ts_state_set_double(state, key, self->window[i]);
    }
    return ts_state_add_all(state, "rollback.good.", self->good, error) &&
           (self->trial == NULL || ts_state_add_all(state, "rollback.trial.", self->trial, error));
}

static gboolean
load_window(Rollback *self, const TsState *state, GError **error)
{
    gint64 n, window, count;
    if (!ts_state_get_int(state, "rollback.n", &n, error) ||
        !ts_state_get_int(state, "rollback.count", &count, error) ||
        !ts_state_get_int(state, "rollback.window", &window, error))
        return FALSE;
    if (n < 0 || count < 0 || count > G_MAXINT)
        return ts_error_set(error, TS_ERROR_FORMAT, "the checkpoint's rollback is negative");
    self->n_rollbacks = (guint) count;
    if (window != self->options.window)
        return TRUE; /* losses of a window of another length: it fills anew */
    self->n = (guint64) n;
    for (guint i = 0; i < MIN(self->n, self->options.window); i++) {
        g_autofree char *key = g_strdup_printf("rollback.loss.%u", i);
        if (!ts_state_get_double(state, key, &self->window[i], error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
load(TsCallback *callback, TsTrainer *trainer, const TsState *state, GError **error)
{
    Rollback *self = (Rollback *) callback;
    const char *table = ts_state_get(state, "rollback.table");
    if (table == NULL)
        return TRUE; /* the run so far had no rollback */
    g_string_assign(self->table, table);
    self->good = ts_state_get_all(state, "rollback.good.", error);
    if (self->good == NULL || !load_window(self, state, error))
        return FALSE;
    if (ts_state_has_all(state, "rollback.trial."))
        self->trial = ts_state_get_all(state, "rollback.trial.", error);
    return self->trial != NULL || !ts_state_has_all(state, "rollback.trial.");
}

static void
free_rollback(TsCallback *callback)
{
    Rollback *self = (Rollback *) callback;
    ts_state_free(self->good);
    ts_state_free(self->trial);
    g_string_free(self->table, TRUE);
    g_free(self->window);
    g_free(self->path);
    g_free(self);
}

TsCallback *
ts_rollback_new(const TsRollback *options, const char *path)
{
    Rollback *self = g_new0(Rollback, 1);
    self->options = *options;
    self->path = g_strdup(path);
    self->window = g_new0(double, options->window);
    self->table = g_string_new(NULL);
    self->callback = (TsCallback){.name = "rollback",
                                  .train_begin = train_begin,
                                  .batch_end = batch_end,
                                  .save = save,
                                  .load = load,
                                  .free = free_rollback};
    return &self->callback;
}

TsCallback *
ts_rollback_parse(TsSpec *spec, const TsCallbackContext *context, GError **error)
{
    TsRollback options = {.manifest = context->manifest};
    int window, every, max;
    if (!ts_spec_int(spec, "window", 2, 1 << 16, 128, &window, error) ||
        !ts_spec_double(spec, "z", 0, 1e9, 6, &options.z, error) ||
        !ts_spec_double(spec, "threshold", 0, 1e18, 0, &options.threshold, error) ||
        !ts_spec_double(spec, "factor", 1e-9, 1, 0.5, &options.factor, error) ||
        !ts_spec_int(spec, "every", 1, G_MAXINT, 50, &every, error) ||
        !ts_spec_int(spec, "max", 1, G_MAXINT, 3, &max, error))
        return NULL;
    options.window = (guint) window;
    options.every = (guint) every;
    options.max = (guint) max;
    g_autofree char *path = ts_callback_file(spec, context, "spikes.tsv");
    return ts_rollback_new(&options, path);
}

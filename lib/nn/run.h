/* A training run: a data set, a model, the loop and the run folder, put together.
 *
 * `train` is this with an option table in front. The folder holds model.safetensors (the best
 * epoch, or the last without validation), last.ckpt (to go on from), history.csv, run.json and
 * TensorBoard's event file.
 *
 *     g_autoptr(TsRun) run = ts_run_new(&options, error);
 *     if (!ts_run_train(run, error)) ...
 */
#pragma once

#include "nn/callbacks/callbacks.h"
#include "nn/finetune.h"
#include "nn/trainer.h"
#include "stats/report.h"

G_BEGIN_DECLS

typedef struct {
    const char *dataset; /* any DATASET of tessera-manifest(5) */
    const char *root;    /* where relative file names start; NULL: as the manifest says */
    const char *folder;  /* of the run */
    const char *train_split, *val_split; /* val_split NULL: nothing is validated */
    const char *const *command;          /* the command line, for run.json; NULL-terminated */

    const char *from; /* a model file to begin with, which then says architecture, classes and
                         input; NULL: random numbers */
    const TsFineTuneOptions *finetune; /* begin with a model of another task; NULL: no */
    const char *architecture;          /* NULL: cnn, or that of `from` */
    TsConvKernels kernels;
    TsPrecision precision;
    int width, height;         /* of the input; 0: as the first training sample */
    int channels;              /* 0: likewise */
    TsChannelValues mean, std; /* none: 0.5, or those of `from` */

    guint epochs, batch_size;
    guint accumulate;      /* so many batches for one update of the weights; 0 as 1 */
    guint steps;           /* updates after which the run ends, instead of epochs; 0: epochs say */
    guint overfit_batches; /* learn from the first so many batches alone, in order; 0: all */
    guint64 seed;
    gsize cache_bytes;
    TsAugment augment;        /* of training samples */
    const char *augment_text; /* it, as it was given; NULL: none */
    TsMix mix;                /* of those of a batch */
    char *const *mix_texts;   /* it, as it was given; NULL: none */
    TsOptimizerOptions optimizer;
    TsClip clip;
    TsSchedule schedule;        /* the run borrows its factors */
    gboolean schedule_by_batch; /* the rate changes with each batch, not each epoch */
    const char *sampler;        /* as ts_sampler_help() lists them; NULL: shuffle */
    const char *loss;        /* as ts_loss_parse() reads it; NULL: cross-entropy, or bce for sets */
    gboolean multi_label;    /* rows have label sets */
    const char *pos_weights; /* of label sets: "none" or NULL, "positive", or a table (.tsv) */
    const char *class_weights; /* "none", a formula of balance/weights.h, or a table (.tsv) */
    guint class_weights_from;  /* epoch, from 0, from which they count */
    const char *monitor; /* NULL: val_loss, or the last epoch's model is kept where there is no
                            validation */
    guint patience;      /* of early stopping; 0: none */
    double min_delta;
    const char *ema;        /* decay, or keys and values of callback ema; NULL: none */
    const char *swa;        /* keys and values of callback swa; NULL: none */
    guint keep_best;        /* files of so many best epochs beside model.safetensors */
    char *const *callbacks; /* as ts_callback_parse() reads them, or NULL */
    guint histogram_epochs; /* distributions for TensorBoard each so many epochs; 0: none */
    gboolean tensorboard;
    gboolean profile; /* measure where the time goes, write profile.tsv */

    gboolean resume;  /* go on from last.ckpt, if there is one */
    gboolean replace; /* begin anew although the folder holds a run */
} TsRunOptions;

typedef struct _TsRun TsRun;

/* The names of samplers with their keys and defaults, for --help. Borrowed. */
const char *ts_sampler_help(void);

/* Read the data set and build the model; writes nothing. The strings of `options` are borrowed. */
TsRun *ts_run_new(const TsRunOptions *options, GError **error);
void ts_run_free(TsRun *run);

/* Add a list "plan" to `report`: samples, classes, batch size, iterations per epoch, parameters,
 * operations, memory; and a table "schedule" of learning rates over the run. Compiles the model to
 * know. */
gboolean ts_run_describe(TsRun *run, TsReport *report, GError **error);

/* Train. TS_ERROR_IO if the folder holds a run and neither resume nor replace is set. */
gboolean ts_run_train(TsRun *run, GError **error);

/* The profile of a run that had one, for a terminal; else NULL. Free with g_free(). */
char *ts_run_profile_table(const TsRun *run);

const TsRunOptions *ts_run_options(const TsRun *run);

/* TRUE if model.safetensors is the last epoch's, not the best one's. */
gboolean ts_run_keeps_last(const TsRun *run);

/* The loop's state after ts_run_train(); borrowed. */
const TsTrainer *ts_run_trainer(const TsRun *run);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsRun, ts_run_free)

G_END_DECLS

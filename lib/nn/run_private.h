/* The run itself, shared by the files run*.c, dump.c and lrfind/sweep.c. */
#pragma once

#include "nn/features.h"
#include "nn/pretrained/pretrained.h"
#include "nn/run.h"
#include "nn/timed_kernels.h"

G_BEGIN_DECLS

struct _TsRun {
    TsRunOptions options;
    TsManifest *manifest;
    TsClasses *classes; /* with label sets: their names and counts, no row has a class */
    TsLabelSets *sets;  /* NULL: one label a row */
    TsDataset *train_set, *val_set; /* val_set NULL: no validation */
    TsLoader *train, *val;
    TsModel *model;
    TsTrainer *trainer;
    TsTimedKernels *timed;  /* NULL: no kernels are timed */
    TsProfile *profile;     /* NULL: nothing is measured */
    guint64 *counts;        /* of each class, in the training rows, repeats included */
    TsSampler *sampler;     /* NULL: each training row once */
    gboolean equal_weights; /* the sampler has used up the rows' weights */
    TsLoss loss;
    double *class_weights; /* NULL: none */
    double *pos_weights;   /* likewise */
    gboolean keeps_last;   /* nothing judges the epochs */
    char *fingerprint;
    char *model_path, *checkpoint_path, *timed_path;
    guint n_timed_before; /* rows of the table at timed_path when the run began */
    char *mix_text;       /* all of --mix */
    /* Of fine-tuning: */
    TsLoadReport *loaded;
    TsStages *stages;
    GArray *phases; /* of TsPhase */
    TsAnchor *anchor;
    TsFeatures *features; /* of the phase; NULL: none */
    char *finetune_text;
    TsTrainerSetting settings[8]; /* what a checkpoint has to agree with */
};

/* Read the manifest and choose the rows; then, with the model's input known, open the loaders. The
 * cache is shared out by the number of samples. */
gboolean ts_run_open_data(TsRun *run, GError **error);
gboolean ts_run_open_loaders(TsRun *run, GError **error);

/* Read the classes and labels; whether a row has any; add `amount` to the sums (classes) of its
 * labels; its class, of a set the rarest in the training rows, the number of classes for an empty
 * set. */
gboolean ts_run_open_labels(TsRun *run, GError **error);
gboolean ts_run_is_labelled(const TsRun *run, guint64 row);
void ts_run_count_labels(const TsRun *run, guint64 row, double amount, double *sums);
guint ts_run_rarest_label(const TsRun *run, guint64 row);
gboolean ts_run_settle_pos_weights(TsRun *run, GError **error);

/* Settle what an epoch is made of, and count the classes with repeats; before the loaders. */
gboolean ts_run_open_sampler(TsRun *run, GError **error);

/* Fine-tuning: the model, when the data's classes are known, and the phases; the callback that sets
 * them up, when there is a trainer; what they do, as tables. */
gboolean ts_run_load_model(TsRun *run, GError **error);
gboolean ts_run_add_phases(TsRun *run, GError **error);
gboolean ts_run_describe_phases(TsRun *run, TsReport *report, GError **error);

/* What is frozen and at which rate the rest learns, in `phase`. */
void ts_run_set_up_params(TsRun *run, const TsPhase *phase);

/* The features of frozen layers: TS_ERROR_ARGUMENT if the options want them and they cannot be;
 * those of a phase whose parameters are set up, for the trainer; their file, which goes with the
 * end of the run; what is kept in which phase, as a table. */
gboolean ts_run_check_features(TsRun *run, GError **error);
gboolean ts_run_open_features(TsRun *run, const TsPhase *phase, GError **error);
void ts_run_remove_features(TsRun *run);
void ts_run_describe_features(TsRun *run, TsReport *report);

gboolean ts_run_open_trainer(TsRun *run, GError **error);

/* The callbacks that set the learning rate; ts_run_add_callbacks() has them among others. */
gboolean ts_run_add_rates(TsRun *run, GError **error);

/* The schedule with the steps of this run's epochs. */
TsSchedule ts_run_schedule(const TsRun *run);

/* The first numbers and the order of samples again, by another seed; no trainer. */
gboolean ts_run_begin_anew(TsRun *run, guint64 seed, GError **error);

/* Add to the trainer what the options ask for, in the order in which it is to be called. */
gboolean ts_run_add_callbacks(TsRun *run, GError **error);

/* Averages of the weights that are kept beside them. */
guint ts_run_n_averages(const TsRun *run);

/* Make the folder, or clear it of an old run as the options allow. */
gboolean ts_run_prepare_folder(const TsRun *run, GError **error);
gboolean ts_run_write_json(const TsRun *run, GError **error);

/* Write profile.tsv, if there is a profile. */
gboolean ts_run_write_profile(const TsRun *run, GError **error);

/* The command line as it can be given to a shell again, as a block of Markdown. Free with
 * g_free(). */
char *ts_run_command_markdown(const TsRun *run);

G_END_DECLS

/* The parts of train's command line: each has its options and fills its fields of TsRunOptions.
 *
 * train-data.c: which samples, and how they reach the network; train-model.c; train-optimizer.c;
 * train-rate.c: length and learning rate, after the optimizer; train-loss.c; train-watch.c: the
 * run's folder, what decides what is best, callbacks; train-hand.c: runs to look at. lrfind has
 * those that it needs. train-run.c, for train and finetune: all but the model's, and the run
 * itself.
 */
#pragma once

#include "nn/run.h"

G_BEGIN_DECLS

extern const GOptionEntry train_data_options[];
gboolean train_data_fill(TsRunOptions *options, GError **error);

/* The architecture that `text` of --arch names: the description in a file, else the name itself.
 * Errors as of ts_arch_read(). Free with g_free(). */
char *train_read_arch(const char *text, GError **error);

extern const GOptionEntry train_compute_options[];
gboolean train_compute_fill(TsRunOptions *options, GError **error);

/* The model, and train_compute_fill(). */
extern const GOptionEntry train_model_options[];
gboolean train_model_fill(TsRunOptions *options, GError **error);

extern const GOptionEntry train_optimizer_options[];
gboolean train_optimizer_fill(TsRunOptions *options, GError **error);

extern const GOptionEntry train_rate_options[];
gboolean train_rate_fill(TsRunOptions *options, GError **error);

/* TRUE if an option says how the rate changes; what --schedule-by says, or NULL. */
gboolean train_rate_is_scheduled(void);
const char *train_rate_schedule_by(void);

extern const GOptionEntry train_loss_options[];
gboolean train_loss_fill(TsRunOptions *options, GError **error);

extern const GOptionEntry train_watch_options[];
gboolean train_watch_fill(TsRunOptions *options, GError **error);

extern const GOptionEntry train_hand_options[];
gboolean train_hand_fill(TsRunOptions *options, GError **error);

/* Fill all fields but those of train-model.c. */
gboolean train_fill(TsRunOptions *options, GError **error);

/* Describe, dump or make the run, as --dry-run and --dump say. */
gboolean train_run(const TsRunOptions *options, GError **error);

/* --dry-run; the folder of --dump or NULL. */
gboolean train_is_dry_run(void);
const char *train_dump_folder(void);

/* The number of an option that keeps the optimizer's own default. */
#define TRAIN_NOT_GIVEN (-G_MAXDOUBLE)

/* The upper bound of numbers that have no other: the largest int. */
#define TRAIN_MOST 2147483647.0

/* A number that is not below (or, above_min, not equal to) `min`, nor above `max`. */
typedef struct {
    const char *name; /* "--lr" */
    double value, min, max;
    gboolean above_min;
} TrainBounds;

/* TS_ERROR_ARGUMENT for the first that is outside. */
gboolean train_check_bounds(const TrainBounds *checks, gsize n, GError **error);

G_END_DECLS

/* The parts of train's command line: each has its options and fills its fields of TsRunOptions.
 *
 * train-data.c: which samples, and how they reach the network; train-learn.c: model, optimizer,
 * schedule and loss; train-watch.c: the run's folder, what decides what is best, callbacks.
 */
#pragma once

#include "nn/run.h"

G_BEGIN_DECLS

extern const GOptionEntry train_data_options[];
gboolean train_data_fill(TsRunOptions *options, GError **error);

extern const GOptionEntry train_learn_options[];
gboolean train_learn_fill(TsRunOptions *options, GError **error);

extern const GOptionEntry train_watch_options[];
gboolean train_watch_fill(TsRunOptions *options, GError **error);

/* --dry-run. */
gboolean train_is_dry_run(void);

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

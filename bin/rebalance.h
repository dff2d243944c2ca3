/* rebalance: what its files share. Options are read once (rebalance-options.c), then a job goes
 * through reading, planning, choosing and writing. */
#pragma once

#include "balance/resample/resample.h"
#include "balance/space/space.h"
#include "balance/undersample/clean.h"
#include "manifest/classes.h"
#include "manifest/manifest.h"

G_BEGIN_DECLS

typedef enum {
    AS_ROWS,   /* a row stands there as often as it is used */
    AS_REPEAT, /* once, with a column that says how often */
    AS_WEIGHT, /* once, with a weight that makes up for the size of its class */
} OutputForm;

/* How rows are chosen. */
typedef enum {
    BY_CHANCE,
    BY_NEARMISS,
    BY_HARDNESS,
    BY_CENTROIDS,
    BY_CLEANING, /* the method decides how many rows go; strategies say of which classes */
} Approach;

typedef struct {
    const char *name;
    TsResampleMethod direction;
    Approach approach;
    guint version;       /* of NearMiss, or the TsCleanMethod */
    const char *options; /* what it takes beside the common ones, one letter each */
} RebalanceMethod;

typedef enum { VOTING_AUTO, VOTING_HARD, VOTING_SOFT } Voting;

/* The command line. */
typedef struct {
    const char *dataset;
    const RebalanceMethod *method;
    TsResampleWish wish;
    TsSpaceOptions space;
    TsCleanOptions clean;
    guint k3; /* of nearmiss-3 */
    Voting voting;
    OutputForm form;
    gboolean random, compat, all_splits, dry_run, from_array, multi_label;
    const char *scores, *shrinkage, *label, *split, *labels, *labels_out, *output;
} RebalanceOptions;

typedef struct {
    const RebalanceOptions *how;
    TsManifest *manifest; /* NULL: the rows are those of an array */
    TsSpace *array;       /* NULL: those of the manifest */
    guint64 n_rows;
    TsClasses *classes; /* rows that are not to be touched have class -1 */
    guint64 n_untouched;
    double *factors;    /* of each class, where rows have several labels; else NULL */
    gboolean *targeted; /* classes that methods which only leave rows out work on */
    guint64 *requested; /* rows of each class that were asked for; NULL: cleaning asks for none */
    guint64 *targets;   /* within the limits */
    guint64 *delivered; /* and that there are at the end */
    guint32 *repeats;   /* of each row */
    /* features of the rows that have a class, where the method looks at any; NULL: the array's */
    TsSpace *space;
    guint64 *rows; /* (n_points), row of each point */
    gsize n_points;
    gint32 *class_of_point;
    /* rows that were made, class by class */
    guint64 n_new;
    double *new_values;  /* (n_new, d) */
    gint32 *new_classes; /* (n_new) */
    guint32 *new_bases;  /* (n_new) point that each starts from; NULL: they are centroids */
} RebalanceJob;

/* Check all options and put them together. */
gboolean rebalance_read_options(int n_args, char **args, RebalanceOptions *how, GError **error);
const GOptionEntry *rebalance_option_entries(void);

/* Read rows and classes. */
gboolean rebalance_read(RebalanceJob *job, GError **error);

/* Read the labels of rows that have several: a row becomes one of the class that asks for most. */
gboolean rebalance_read_labels(RebalanceJob *job, GError **error);

/* Compute targets. */
gboolean rebalance_plan(RebalanceJob *job, GError **error);

/* Say how often each row is used, and make the rows that are new. */
gboolean rebalance_choose(RebalanceJob *job, GError **error);

/* The points that the job's features are. */
const TsPoints *rebalance_points(const RebalanceJob *job);

/* Write the table, or the array and its labels. */
gboolean rebalance_write_table(const RebalanceJob *job, GError **error);
gboolean rebalance_write_array(const RebalanceJob *job, GError **error);

/* Give every row of the output to `func`: those that stay, in their order, then what is repeated of
 * them, class by class. */
typedef gboolean (*RebalanceRowFunc)(const RebalanceJob *job, guint64 row, gpointer data,
                                     GError **error);
gboolean
rebalance_each_row(const RebalanceJob *job, RebalanceRowFunc func, gpointer data, GError **error);

/* Print the plan: a line a class. */
gboolean rebalance_print_plan(const RebalanceJob *job, GError **error);

/* Say how many rows there were and are. */
void rebalance_report_counts(const RebalanceJob *job);

G_END_DECLS

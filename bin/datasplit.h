/* The parts of datasplit: datasplit-input.c reads the rows, their classes and groups;
 * datasplit-deal.c gives them to splits or folds, datasplit-sklearn.c as scikit-learn does;
 * datasplit-hash.c by a key; datasplit-blocks.c knows where they lie, datasplit-lock.c where they
 * were before;
 * datasplit-output.c writes and datasplit-report.c reports.
 */
#pragma once

#include "balance/split/split_blocks.h"
#include "manifest/classes.h"
#include "manifest/manifest.h"
#include "stats/label_sets.h"

G_BEGIN_DECLS

typedef struct {
    char *ratios, *counts;
    int folds, fold, repeats, repeat;
    gboolean leave_one_group_out;
    char *compat;
    gboolean no_shuffle;
    char *label;
    gboolean no_stratify, multi_label;
    char **group;
    gboolean no_groups;
    char *blocks;
    int gap;
    gboolean drop_gap;
    gboolean hash;
    char *key;
    char *lock;
    char *only;
    gboolean resplit;
    char *output;
    char *residuals;
} SplitOptions;

extern SplitOptions split_options;

/* Rows, and what they are given. Rows that are not dealt (--only) keep what they have. */
typedef struct {
    TsManifest *manifest;
    int split_column;   /* of the input, -1: it has none */
    guint64 *rows;      /* those that are dealt, ascending */
    guint64 n;          /* how many */
    TsClasses *classes; /* NULL: not looked at; of_row has a number per dealt row */
    TsLabelSets *sets;  /* with --multi-label, in place of classes; of the dealt rows */
    gint32 *groups;     /* per dealt row, as in TsSplitRows; NULL: none */
    guint n_groups;
    gint32 *locked;        /* per dealt row the split it stays in, -1: none. NULL: no --lock */
    TsBlocks *blocks;      /* NULL: none */
    TsSplitShares *shares; /* NULL: parts are not of given size */
    guint n_parts;         /* splits or folds */
    char *const *names;    /* of the parts; NULL: they are numbered from 1 */
    guint n_repeats;
    guint32 **part_of_row; /* (n_repeats, n), TS_SPLIT_NONE for rows in a gap */
} SplitJob;

/* TRUE if rows are given numbers of folds, not names of splits. */
gboolean split_job_has_folds(const SplitJob *job);

/* Read `dataset` and choose the rows to deal. */
gboolean split_job_read(SplitJob *job, const char *dataset, GError **error);

/* Give every row a part, once for each repeat. */
gboolean split_job_deal(SplitJob *job, GError **error);

/* --compat sklearn. The job's parts are set up, and so is the room for its rows' numbers. */
gboolean split_sklearn_check(GError **error);
gboolean split_sklearn_deal(SplitJob *job, TsSplitRows rows, GError **error);

/* --blocks: check the options; number the blocks of the dealt rows; take rows out of the gap. */
gboolean split_blocks_new(SplitJob *job, GError **error);
gboolean split_blocks_add_rows(SplitJob *job, gint32 *block_of_row, GError **error);
void split_blocks_guard(SplitJob *job);

/* --hash: the splits of the dealt rows, but for those that are locked. */
gboolean split_hash_deal(SplitJob *job, guint64 seed, guint32 *split_of_row, GError **error);

/* --lock: read where the dealt rows were. */
gboolean split_lock_read(SplitJob *job, GError **error);

gboolean split_job_write(const SplitJob *job, GError **error);

/* Say how large the parts are, warn of classes that one of them lacks, and write --residuals. */
gboolean split_job_report(const SplitJob *job, GError **error);

void split_job_clear(SplitJob *job);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SplitJob, split_job_clear)

G_END_DECLS

/* rebalance: what its files share. */
#pragma once

#include "balance/resample.h"
#include "manifest/classes.h"
#include "manifest/manifest.h"

G_BEGIN_DECLS

typedef enum {
    AS_ROWS,   /* a row stands there as often as it is used */
    AS_REPEAT, /* once, with a column that says how often */
    AS_WEIGHT, /* once, with a weight that makes up for the size of its class */
} OutputForm;

typedef struct {
    TsManifest *manifest;
    TsClasses *classes; /* rows that are not to be touched have class -1 */
    guint64 n_untouched;
    guint64 *requested; /* rows of each class that were asked for */
    guint64 *targets;   /* and that there will be */
    guint32 *repeats;   /* of each row */
    OutputForm form;
} RebalanceJob;

/* Write the manifest to `output` ("-": standard output). */
gboolean rebalance_write(const RebalanceJob *job, const char *output, GError **error);

/* Print the plan: a line a class. */
gboolean rebalance_print_plan(const RebalanceJob *job, GError **error);

/* Say how many rows there were and are. */
void rebalance_report_counts(const RebalanceJob *job);

G_END_DECLS

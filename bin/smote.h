/* smote: what its files share. */
#pragma once

#include "balance/smote/nominal.h"
#include "balance/smote/smote.h"
#include "balance/space/space.h"
#include "manifest/classes.h"
#include "manifest/manifest.h"

G_BEGIN_DECLS

/* Where the rows come from. */
typedef struct {
    const char *dataset;
    const char *labels; /* of an array; NULL: the dataset is a table */
    TsSpaceOptions space;
    const char *split; /* NULL: train */
    gboolean all_splits;
} SmoteInput;

/* Where they go; NULL: nowhere, but a table to standard output if there is no path. */
typedef struct {
    const char *path, *labels, *parents;
} SmoteOutput;

typedef struct {
    TsSmoteOptions how;
    TsManifest *manifest; /* NULL: the rows are those of an array */
    TsClasses *classes;   /* rows that are not to be used have class -1 */
    guint64 *rows;        /* (n) of the manifest */
    gsize n;
    gint32 *class_of_point; /* (n) */
    TsSpace *space;         /* where neighbours are */
    TsSpace *table;         /* what is interpolated, if that is something else */
    guint32 *cluster;       /* (n), of the kind kmeans */
    TsNominal *nominal;     /* categories, of the kinds nc and n */
    guint32 *codes;         /* (new rows, categories) */
    guint64 *requested, *targets, *add, *made;
    GArray *blends;
    guint8 *keep; /* (n + new rows), or NULL: all */
} SmoteJob;

/* Read the rows and their classes. */
gboolean smote_read_rows(SmoteJob *job, const SmoteInput *from, GError **error);

/* Read their features. */
gboolean smote_read_space(SmoteJob *job, const SmoteInput *from, GError **error);

/* Read their categories, and behind them their features if there are any besides. */
gboolean
smote_read_nominal(SmoteJob *job, const SmoteInput *from, gboolean has_numbers, GError **error);

/* Whether rows name pictures. */
gboolean smote_has_pictures(const SmoteJob *job);

/* Write what was made. */
gboolean smote_write(const SmoteJob *job, const SmoteOutput *to, GError **error);

/* How many neighbours there are to go towards in a class of n rows. */
guint64 smote_neighbours_of(const SmoteJob *job, guint64 n);

/* Print the plan: a line a class. */
gboolean smote_print_plan(const SmoteJob *job, GError **error);

/* Say on standard error what was asked for and made. */
void smote_report(const SmoteJob *job);

G_END_DECLS

/* augment's job: what augment.c has read and planned, and augment-output.c writes. */
#pragma once

#include "base/progress.h"
#include "image/image.h"
#include "manifest/classes.h"
#include "sample/augment_plan.h"

G_BEGIN_DECLS

typedef struct {
    TsAugment how;
    const char *suffix;
    TsEncodeOptions encode;
    TsManifest *manifest;
    TsClasses *classes;
    TsDataset *dataset; /* all rows */
    guint8 *chosen;     /* (rows) */
    TsAugmentPlan plan;
    char **steps;       /* (plan.n) */
    const char *folder; /* that pictures are written into */
    char *old_folder;   /* where files lie that others put into a replaced folder; NULL: none */
    TsProgress *progress;
} AugmentJob;

/* Write the rows with their changes in a column op to standard output. */
gboolean augment_write_rows(const AugmentJob *job, GError **error);

/* Write the changed pictures and manifest.tsv as the folder `path`. */
gboolean augment_write_files(AugmentJob *job, const char *path, GError **error);

G_END_DECLS

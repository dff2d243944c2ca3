/* ImageFolder and YOLO's classification folders: SPLIT/LABEL/NAME. */
#include "layout/job.h"

#include "base/error.h"

#include <string.h>

/* YOLO knows train, val and test alone. */
static gboolean
check_yolo(const TsJob *job, GError **error)
{
    for (guint64 i = 0; job->splits != NULL && i < job->n; i++) {
        const char *split = ts_job_split(job, i);
        if (strcmp(split, "train") != 0 && strcmp(split, "val") != 0 && strcmp(split, "test") != 0)
            return ts_job_fail(job, i, error, "the split is not train, val or test");
    }
    return TRUE;
}

gboolean
ts_write_folders(TsJob *job, gboolean yolo, GError **error)
{
    if (!ts_job_check_labels(job, error) || !ts_job_check_splits(job, error) ||
        (yolo && !check_yolo(job, error)))
        return FALSE;
    g_autoptr(TsJobNames) names = ts_job_names_new(job, FALSE);
    for (guint64 i = 0; i < job->n; i++) {
        const char *split = ts_job_split(job, i);
        if (split == NULL && yolo)
            split = "train";
        g_autofree char *below = g_strdup_printf("%s%s%s/", split != NULL ? split : "",
                                                 split != NULL ? "/" : "", ts_job_label(job, i));
        if (!ts_job_names_add(names, i, below, FALSE, error))
            return FALSE;
    }
    return ts_job_place_pictures(job, FALSE, error);
}

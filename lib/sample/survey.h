/* All samples of a data set looked at once: properties of each, channel moments of groups of them.
 *
 * Samples are made in threads, block by block, and joined in the order of the data set, so the
 * numbers are the same for any number of threads. Memory is a few numbers for each sample; pixels
 * go as soon as they were looked at.
 *
 *     TsSurveyOptions how = {.n_groups = 1};
 *     g_autoptr(TsSurvey) survey = ts_survey_new(dataset, &how, error);
 *     if (survey == NULL)
 *         return FALSE;
 *     const TsGroupChannels *all = &g_array_index(survey->channels[0], TsGroupChannels, 0);
 *     printf("mean of red: %g\n", all->channels[0].mean);
 */
#pragma once

#include "image/properties.h"
#include "sample/dataset.h"

G_BEGIN_DECLS

/* Append to `groups` the numbers (guint) of the groups that sample `i` belongs to beside group 0,
 * which all belong to. Called in order. */
typedef void (*TsSurveyGroupFunc)(guint64 i, GArray *groups, gpointer data);

/* A sample that cannot be made is passed over; `error` says why. Called in order. */
typedef void (*TsSurveyRejectFunc)(guint64 i, const GError *error, gpointer data);

typedef struct {
    guint n_groups;              /* at least 1 */
    TsSurveyGroupFunc groups_of; /* NULL: group 0 alone */
    TsSurveyRejectFunc reject;   /* NULL: the first such sample is an error */
    gpointer data;               /* of both */
} TsSurveyOptions;

/* What kind of pixels a sample has. */
typedef struct {
    int n_channels; /* without opacity */
    gboolean has_alpha;
    TsSampleType type;
} TsPixelFormat;

/* The channels of those samples of a group that have `n_channels` of them. */
typedef struct {
    int n_channels;
    guint64 n_images;
    TsMoments *channels; /* (n_channels) */
} TsGroupChannels;

typedef struct {
    guint64 n; /* samples */
    guint64 n_rejected;
    double *values[TS_N_PROPERTIES]; /* (n) each, NaN: not made, or not defined for it */
    double *bytes;                   /* (n): of the file, or of the part of it; NaN: a region */
    gint32 *formats_of;              /* (n): into `formats`, -1: not made */
    TsPixelFormat *formats;          /* (n_formats), in order of appearance */
    guint n_formats;
    guint n_groups;
    GArray **channels; /* (n_groups): of TsGroupChannels, by their number of channels */
} TsSurvey;

/* Look at all samples. Errors are those of ts_sample_render() and ts_image_properties_init(). */
TsSurvey *ts_survey_new(TsDataset *dataset, const TsSurveyOptions *how, GError **error);

/* NULL is allowed. */
void ts_survey_free(TsSurvey *survey);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsSurvey, ts_survey_free)

G_END_DECLS

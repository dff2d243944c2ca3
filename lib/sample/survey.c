/* One pass over the pixels of a data set. */
#include "sample/survey.h"

#include "base/error.h"
#include "base/progress.h"
#include "base/threads.h"
#include "sample/recipe.h"
#include "sample/render.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

enum { BLOCK = 1024 };

/* A sample that was looked at, or why it could not be. */
typedef struct {
    TsImageProperties properties;
    TsPixelFormat format;
    double bytes;
    GError *error;
} Look;

typedef struct {
    TsSurvey *survey;
    TsDataset *dataset;
    const TsSurveyOptions *how;
    TsProgress *progress;
    GArray *formats; /* of TsPixelFormat */
    GArray *groups;  /* of the sample that is joined */
    guint64 first;   /* sample that is item 0 of the block */
    Look looks[BLOCK];
} Pass;

static void
look_clear(Look *look)
{
    ts_image_properties_clear(&look->properties);
    g_clear_error(&look->error);
}

static void
pass_free(Pass *pass)
{
    for (guint i = 0; i < BLOCK; i++)
        look_clear(&pass->looks[i]);
    ts_progress_free(pass->progress);
    g_array_unref(pass->formats);
    g_array_unref(pass->groups);
    g_free(pass);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pass, pass_free)

/* Bytes of the sample's file; of a region there are none of its own. */
static double
count_bytes(const TsDataset *dataset, guint64 i)
{
    TsRecipe recipe;
    guint64 row = ts_dataset_row(dataset, i);
    if (!ts_dataset_read_recipe(dataset, row, &recipe, NULL) || recipe.has_region)
        return NAN;
    if (recipe.has_range)
        return (double) recipe.length;
    GStatBuf file;
    g_autofree char *path = ts_manifest_path(ts_dataset_manifest(dataset), row);
    return path != NULL && g_stat(path, &file) == 0 ? (double) file.st_size : NAN;
}

/* Look at one sample; its error is kept where samples may be passed over. */
static gboolean
look_at(guint64 item, gpointer data, GError **error)
{
    Pass *pass = data;
    Look *look = &pass->looks[item];
    guint64 i = pass->first + item;
    g_autoptr(TsImage) image = ts_sample_render(pass->dataset, i, &look->error);
    if (image != NULL && !ts_image_properties_init(&look->properties, image, &look->error))
        ts_dataset_prefix_error(pass->dataset, ts_dataset_row(pass->dataset, i), &look->error);
    ts_progress_add(pass->progress, 1);
    if (look->error == NULL) {
        look->format = (TsPixelFormat){look->properties.n_channels, image->has_alpha, image->type};
        look->bytes = count_bytes(pass->dataset, i);
        return TRUE;
    }
    if (pass->how->reject != NULL && !g_error_matches(look->error, TS_ERROR, TS_ERROR_INTERRUPTED))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&look->error));
    return FALSE;
}

static gint32
number_format(GArray *formats, const TsPixelFormat *format)
{
    for (guint i = 0; i < formats->len; i++) {
        const TsPixelFormat *known = &g_array_index(formats, TsPixelFormat, i);
        if (known->n_channels == format->n_channels && known->has_alpha == format->has_alpha &&
            known->type == format->type)
            return (gint32) i;
    }
    g_array_append_val(formats, *format);
    return (gint32) formats->len - 1;
}

static void
add_to_group(GArray *group, const TsImageProperties *properties)
{
    TsGroupChannels *found = NULL;
    for (guint i = 0; i < group->len && found == NULL; i++) {
        TsGroupChannels *known = &g_array_index(group, TsGroupChannels, i);
        found = known->n_channels == properties->n_channels ? known : NULL;
    }
    if (found == NULL) {
        TsGroupChannels fresh = {.n_channels = properties->n_channels,
                                 .channels = g_new0(TsMoments, properties->n_channels)};
        g_array_append_val(group, fresh);
        found = &g_array_index(group, TsGroupChannels, group->len - 1);
    }
    found->n_images++;
    for (int c = 0; c < properties->n_channels; c++)
        ts_moments_add(&found->channels[c], &properties->channels[c]);
}

static void
join(Pass *pass, guint64 i, const Look *look)
{
    TsSurvey *survey = pass->survey;
    for (guint k = 0; k < TS_N_PROPERTIES; k++)
        survey->values[k][i] = look->error == NULL ? look->properties.values[k] : NAN;
    survey->bytes[i] = look->error == NULL ? look->bytes : NAN;
    survey->formats_of[i] = -1;
    if (look->error != NULL) {
        survey->n_rejected++;
        pass->how->reject(i, look->error, pass->how->data);
        return;
    }
    survey->formats_of[i] = number_format(pass->formats, &look->format);
    g_array_set_size(pass->groups, 0);
    add_to_group(survey->channels[0], &look->properties);
    if (pass->how->groups_of == NULL)
        return;
    pass->how->groups_of(i, pass->groups, pass->how->data);
    for (guint g = 0; g < pass->groups->len; g++)
        add_to_group(survey->channels[g_array_index(pass->groups, guint, g)], &look->properties);
}

static void
group_channels_clear(gpointer data)
{
    g_free(((TsGroupChannels *) data)->channels);
}

static TsSurvey *
survey_alloc(guint64 n, guint n_groups, GError **error)
{
    g_autoptr(TsSurvey) self = g_new0(TsSurvey, 1);
    self->n = n;
    self->n_groups = n_groups;
    self->channels = g_new0(GArray *, n_groups);
    for (guint g = 0; g < n_groups; g++) {
        self->channels[g] = g_array_new(FALSE, FALSE, sizeof(TsGroupChannels));
        g_array_set_clear_func(self->channels[g], group_channels_clear);
    }
    for (guint k = 0; k < TS_N_PROPERTIES; k++)
        if ((self->values[k] = ts_try_alloc(n + 1, sizeof(double), "properties", error)) == NULL)
            return NULL;
    self->bytes = ts_try_alloc(n + 1, sizeof(double), "properties", error);
    if (self->bytes == NULL)
        return NULL;
    self->formats_of = ts_try_alloc(n + 1, sizeof(gint32), "properties", error);
    return self->formats_of != NULL ? g_steal_pointer(&self) : NULL;
}

TsSurvey *
ts_survey_new(TsDataset *dataset, const TsSurveyOptions *how, GError **error)
{
    guint64 n = ts_dataset_n(dataset);
    g_autoptr(TsSurvey) self = survey_alloc(n, how->n_groups, error);
    if (self == NULL)
        return NULL;
    g_autoptr(Pass) pass = g_new0(Pass, 1);
    pass->survey = self;
    pass->dataset = dataset;
    pass->how = how;
    pass->progress = ts_progress_new("images", n, "images");
    pass->formats = g_array_new(FALSE, FALSE, sizeof(TsPixelFormat));
    pass->groups = g_array_new(FALSE, FALSE, sizeof(guint));
    for (pass->first = 0; pass->first < n; pass->first += BLOCK) {
        guint64 n_now = MIN(BLOCK, n - pass->first);
        if (!ts_parallel_for(n_now, look_at, pass, error))
            return NULL;
        for (guint64 item = 0; item < n_now; item++) {
            join(pass, pass->first + item, &pass->looks[item]);
            look_clear(&pass->looks[item]);
        }
    }
    self->n_formats = pass->formats->len;
    self->formats = g_memdup2(pass->formats->data, self->n_formats * sizeof *self->formats);
    return g_steal_pointer(&self);
}

void
ts_survey_free(TsSurvey *self)
{
    if (self == NULL)
        return;
    for (guint k = 0; k < TS_N_PROPERTIES; k++)
        g_free(self->values[k]);
    for (guint g = 0; g < self->n_groups; g++)
        g_array_unref(self->channels[g]);
    g_free(self->channels);
    g_free(self->bytes);
    g_free(self->formats_of);
    g_free(self->formats);
    g_free(self);
}

/* Inputs opened: sources, masks, and what is read before the first tile. */
#include "tiling/cut/open_input.h"

#include "base/error.h"

#include <string.h>

/* Padding that wraps shows rows from the other end, which bands do not hold: they are read before.
 */
static gboolean
read_outermost_rows(const TsCut *cut, TsOpenInput *self, GError **error)
{
    const TsImageInfo *info = &self->input->info;
    int before = 0, after = 0;
    for (guint i = 0; i < self->input->groups->len; i++) {
        TsPlanTile tile;
        const TsTileGroup *group = &g_array_index(self->input->groups, TsTileGroup, i);
        ts_plan_get_group_tile(self->input, group, 0, &tile);
        before = MAX(before, tile.tile.pad_top);
        after = MAX(after, tile.tile.full_height - tile.tile.height - tile.tile.pad_top);
    }
    if (cut->padding.mode != TS_PAD_WRAP)
        return TRUE;
    g_autoptr(TsImageSource) source = ts_plan_input_open(self->input, error);
    if (source == NULL)
        return FALSE;
    before = MIN(before, info->height);
    after = MIN(after, info->height);
    if (after > 0) {
        self->first_rows = ts_image_source_new_image(source, info->width, after, error);
        if (self->first_rows == NULL ||
            !ts_image_source_read_rows(source, 0, after, self->first_rows, 0, error))
            return FALSE;
    }
    if (before > 0) {
        self->last_rows = ts_image_source_new_image(source, info->width, before, error);
        if (self->last_rows == NULL ||
            !ts_image_source_read_rows(source, info->height - before, before, self->last_rows, 0,
                                       error))
            return FALSE;
    }
    return TRUE;
}

/* What the output and the judge want beside pixels. */
static gboolean
read_more(const TsCut *cut, TsOpenInput *self, GError **error)
{
    const char *path = self->input->path;
    if (cut->lossless) {
        self->lossless = ts_lossless_open(self->input, error);
        return self->lossless != NULL;
    }
    if (cut->names == NULL || strcmp(ts_names_suffix(cut->names), ".tif") != 0)
        return TRUE;
    GError *bad = NULL;
    self->geo = ts_geo_read(path, &bad);
    if (bad == NULL)
        return TRUE;
    g_propagate_error(error, bad);
    return FALSE;
}

/* A mask, brought to the size of what is cut. */
static TsImageSource *
open_layer(const TsCut *cut, const TsOpenInput *self, guint layer, GError **error)
{
    const TsImageInfo *info = &self->input->info;
    return ts_image_source_open_scaled(ts_judge_layer_path(cut->judge, layer, self->index),
                                       info->width, info->height, TS_FILTER_NEAREST, error);
}

TsOpenInput *
ts_open_input_new(const TsCut *cut, guint index, GError **error)
{
    TsOpenInput *self = g_new0(TsOpenInput, 1);
    gboolean done = TRUE;
    self->input = ts_plan_get_input(cut->plan, index);
    self->index = index;
    self->n_sources = 1 + (cut->judge != NULL ? ts_judge_n_layers(cut->judge) : 0);
    self->sources = g_new0(TsImageSource *, self->n_sources);
    self->first_read = cut->kind == TS_CUT_ROWS && !cut->check && cut->judge != NULL &&
                       !ts_judge_needs_pixels(cut->judge);
    for (guint i = 0; done && i < self->n_sources; i++) {
        self->sources[i] =
            i == 0 ? ts_plan_input_open(self->input, error) : open_layer(cut, self, i - 1, error);
        done = self->sources[i] != NULL;
        /* Upright images need no more than the band; others have to be kept whole. */
        gboolean in_order = i == 0 || !cut->lossless;
        if (done && in_order && ts_image_source_info(self->sources[i])->orientation < 3)
            ts_image_source_set_memory(self->sources[i], 0);
    }
    done = done && read_more(cut, self, error);
    const TsImageInfo *now = done ? ts_image_source_info(self->sources[0]) : NULL;
    const TsImageInfo *planned = &self->input->info;
    if (done && (now->width != planned->width || now->height != planned->height ||
                 now->bands != planned->bands || now->type != planned->type))
        done = ts_error_set(error, TS_ERROR_FORMAT, "%s: changed while it was read",
                            self->input->path);
    done = done &&
           (cut->judge == NULL || ts_judge_begin_image(cut->judge, index, &self->judged, error)) &&
           (!ts_open_input_wants_bands(self) || read_outermost_rows(cut, self, error));
    if (done)
        return self;
    ts_open_input_free(self);
    return NULL;
}

void
ts_open_input_free(TsOpenInput *self)
{
    if (self == NULL)
        return;
    for (guint i = 0; i < self->n_sources; i++)
        ts_image_source_free(self->sources[i]);
    g_free(self->sources);
    ts_judge_image_free(self->judged);
    ts_lossless_free(self->lossless);
    ts_geo_free(self->geo);
    ts_image_free(self->first_rows);
    ts_image_free(self->last_rows);
    g_free(self);
}

gboolean
ts_open_input_wants_bands(const TsOpenInput *self)
{
    for (guint i = self->first_read; i < self->n_sources && self->lossless == NULL; i++)
        if (!ts_image_source_is_random(self->sources[i]))
            return TRUE;
    return FALSE;
}

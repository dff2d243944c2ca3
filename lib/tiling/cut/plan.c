/* The plan: headers read, regions, grids and places laid over images, tiles put in order. */
#include "tiling/cut/plan.h"

#include "base/error.h"
#include "base/number.h"
#include "tiling/cut/plan_places.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

static void
layout_clear(gpointer data)
{
    g_free(((TsPlanLayout *) data)->places);
}

static void
input_free(gpointer data)
{
    TsPlanInput *self = data;
    g_array_unref(self->layouts);
    g_array_unref(self->groups);
    g_free(self->path);
    g_free(self->stem);
    g_free(self);
}

TsPlan *
ts_plan_new(const TsPlanOptions *options)
{
    TsPlan *self = g_new0(TsPlan, 1);
    self->inputs = g_ptr_array_new_with_free_func(input_free);
    self->options = *options;
    return self;
}

void
ts_plan_free(TsPlan *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->inputs);
    g_free(self);
}

const TsPlanInput *
ts_plan_get_input(const TsPlan *self, guint i)
{
    return g_ptr_array_index(self->inputs, i);
}

static gboolean
stat_file(const char *path, guint64 *n_bytes, gint64 *mtime, GError **error)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return ts_error_set_errno(error, errno, "%s: cannot be opened", path);
    *n_bytes = (guint64) status.st_size;
    *mtime = (gint64) status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
    return TRUE;
}

gboolean
ts_plan_check_unchanged(const TsPlanInput *input, GError **error)
{
    guint64 n_bytes = 0;
    gint64 mtime = 0;
    if (!stat_file(input->path, &n_bytes, &mtime, error))
        return FALSE;
    if (n_bytes != input->n_bytes || mtime != input->mtime)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: changed while it was read", input->path);
    return TRUE;
}

/* Whether sides are off by no more than whole numbers make them. */
static gboolean
is_about(double at, double want)
{
    enum { PERCENT = 2 };
    return at * 100 > want * (100 - PERCENT) && at * 100 < want * (100 + PERCENT);
}

/* How many pixels of the image make one that is asked for, across and down. */
static gboolean
find_factor(const TsPlanOptions *o, const TsImageSource *source, double want[2], GError **error)
{
    const TsImageInfo *info = ts_image_source_info(source);
    want[0] = want[1] = 1 / o->scale;
    if (o->mpp <= 0)
        return TRUE;
    if (info->mpp_x <= 0 || info->mpp_y <= 0)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: does not say how large its pixels are",
                            ts_image_source_path(source));
    want[0] = o->mpp / info->mpp_x;
    want[1] = o->mpp / info->mpp_y;
    return TRUE;
}

static int
scaled_side(int side, double factor)
{
    return (int) CLAMP(floor(side / factor + 0.5), 1, G_MAXINT);
}

/* The level that has the scale that was asked for, or the size that the image is scaled to. */
static gboolean
find_scale(const TsPlanOptions *o, TsImageSource *source, TsPlanInput *input, GError **error)
{
    enum { LONGEST = 10000000 };
    guint n;
    double want[2];
    const TsImageLevel *levels = ts_image_source_levels(source, &n, error);
    if (levels == NULL || !find_factor(o, source, want, error))
        return FALSE;
    for (guint i = 0; i < n; i++)
        if (is_about(levels[i].downsample, want[0]) &&
            is_about((double) input->height / levels[i].height, want[1])) {
            input->level = (int) i;
            return TRUE;
        }
    input->is_scaled = TRUE;
    input->info.width = scaled_side(input->width, want[0]);
    input->info.height = scaled_side(input->height, want[1]);
    if (MAX(input->info.width, input->info.height) <= LONGEST)
        return TRUE;
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "%s: %s would make it %d x %d pixels, more than %d a side", input->path,
                        o->mpp > 0 ? "--mpp" : "--scale", input->info.width, input->info.height,
                        (int) LONGEST);
}

TsImageSource *
ts_plan_input_open(const TsPlanInput *input, GError **error)
{
    if (input->is_scaled)
        return ts_image_source_open_scaled(input->path, input->info.width, input->info.height,
                                           TS_FILTER_LANCZOS, error);
    return input->level == 0 ? ts_image_source_open(input->path, error)
                             : ts_image_source_open_level(input->path, input->level, error);
}

gboolean
ts_plan_input_is_resized(const TsPlanInput *input)
{
    return input->info.width != input->width || input->info.height != input->height;
}

/* What is cut: the image, a level of it, or either scaled. */
static gboolean
choose_level(const TsPlanOptions *o, TsImageSource *first, TsPlanInput *self, GError **error)
{
    self->level = MAX(o->level, 0);
    if (o->level < 0 && (o->mpp > 0 || o->scale > 0) && !find_scale(o, first, self, error))
        return FALSE;
    if (self->level == 0 && !self->is_scaled)
        return TRUE;
    g_autoptr(TsImageSource) source = ts_plan_input_open(self, error);
    if (source == NULL)
        return FALSE;
    self->info = *ts_image_source_info(source);
    return TRUE;
}

/* `x` parts of `n`, as parts of `of`: rounded down, or up. */
static int
map_down(int x, int n, int of)
{
    return (int) ((gint64) x * of / n);
}

static int
map_up(int x, int n, int of)
{
    return (int) MIN(of, ((gint64) x * of + n - 1) / n);
}

TsRegion
ts_plan_input_to_image(const TsPlanInput *input, int x, int y, int width, int height)
{
    const TsImageInfo *info = &input->info;
    int left = map_down(x, info->width, input->width);
    int top = map_down(y, info->height, input->height);
    return (TsRegion){left, top, map_up(x + width, info->width, input->width) - left,
                      map_up(y + height, info->height, input->height) - top, 0};
}

static TsPlanInput *
read_input(const TsPlan *plan, const char *path, GError **error)
{
    guint64 n_bytes = 0;
    gint64 mtime = 0;
    if (!g_utf8_validate(path, -1, NULL)) {
        ts_error_set(error, TS_ERROR_FORMAT, "%s: the name is not UTF-8, as a manifest has to be",
                     path);
        return NULL;
    }
    if (!stat_file(path, &n_bytes, &mtime, error))
        return NULL;
    g_autoptr(TsImageSource) source = ts_image_source_open(path, error);
    if (source == NULL)
        return NULL;
    g_autofree char *name = g_path_get_basename(path);
    const char *dot = strrchr(name, '.');
    TsPlanInput *self = g_new0(TsPlanInput, 1);
    self->path = g_strdup(path);
    self->stem =
        dot != NULL && dot != name ? g_strndup(name, (gsize) (dot - name)) : g_strdup(name);
    self->n_bytes = n_bytes;
    self->mtime = mtime;
    self->info = *ts_image_source_info(source);
    self->width = self->info.width;
    self->height = self->info.height;
    self->layouts = g_array_new(FALSE, TRUE, sizeof(TsPlanLayout));
    g_array_set_clear_func(self->layouts, layout_clear);
    self->groups = g_array_new(FALSE, TRUE, sizeof(TsTileGroup));
    if (choose_level(&plan->options, source, self, error))
        return self;
    input_free(self);
    return NULL;
}

static gboolean
init_layout(const TsPlan *plan, const TsPlanInput *input, TsPlanLayout *layout, GError **error)
{
    const TsRegion *r = &layout->region;
    if (!ts_grid_init(&layout->grid, &plan->options.sizes[layout->size], r->width, r->height,
                      error))
        return FALSE;
    layout->n_tiles = ts_grid_n_tiles(&layout->grid);
    if (plan->options.n_random == 0 && plan->options.places == NULL)
        return TRUE;
    return ts_plan_make_places(plan, input, layout, error);
}

guint64
ts_plan_group_n_tiles(const TsPlanInput *input, const TsTileGroup *group)
{
    const TsPlanLayout *layout = &g_array_index(input->layouts, TsPlanLayout, group->layout);
    return layout->places != NULL ? 1 : layout->grid.n_columns;
}

static void
get_place(const TsPlanLayout *layout, guint64 i, TsTile *tile)
{
    const TsGridOptions *size = &layout->grid.options;
    *tile = (TsTile){.column = 0,
                     .row = i,
                     .x = layout->places[i].x,
                     .y = layout->places[i].y,
                     .width = size->tile_width,
                     .height = size->tile_height,
                     .full_width = size->tile_width,
                     .full_height = size->tile_height};
}

void
ts_plan_get_group_tile(const TsPlanInput *input, const TsTileGroup *group, guint64 i,
                       TsPlanTile *tile)
{
    const TsPlanLayout *layout = &g_array_index(input->layouts, TsPlanLayout, group->layout);
    tile->size = layout->size;
    tile->row = layout->region.row;
    tile->number = input->first + group->first + i;
    if (layout->places != NULL) {
        get_place(layout, group->row, &tile->tile);
        return;
    }
    ts_grid_get_tile(&layout->grid, i, group->row, &tile->tile);
    tile->tile.x += layout->region.x;
    tile->tile.y += layout->region.y;
}

/* Rows that the tiles of a group show; with mirrored padding also those that it repeats. */
static void
find_rows(const TsPlan *plan, const TsPlanInput *input, TsTileGroup *group)
{
    TsPlanTile tile;
    ts_plan_get_group_tile(input, group, 0, &tile);
    group->y = tile.tile.y;
    group->height = tile.tile.height;
    if (!plan->options.padded_rows || tile.tile.full_height == tile.tile.height)
        return;
    int before = tile.tile.pad_top;
    int after = tile.tile.full_height - tile.tile.height - before;
    int low = MAX(0, tile.tile.y - after), high = tile.tile.y + tile.tile.height + before;
    group->y = low;
    group->height = MIN(high, input->info.height) - low;
}

static int
compare_groups(const void *a, const void *b)
{
    const TsTileGroup *one = a, *other = b;
    if (one->y != other->y)
        return one->y < other->y ? -1 : 1;
    if (one->layout != other->layout)
        return one->layout < other->layout ? -1 : 1;
    return one->row < other->row ? -1 : one->row > other->row;
}

static void
order_tiles(const TsPlan *plan, TsPlanInput *input)
{
    for (guint i = 0; i < input->layouts->len; i++) {
        const TsPlanLayout *layout = &g_array_index(input->layouts, TsPlanLayout, i);
        guint64 n = layout->places != NULL       ? layout->n_places
                    : layout->grid.n_columns > 0 ? layout->grid.n_rows
                                                 : 0;
        for (guint64 row = 0; row < n; row++) {
            TsTileGroup group = {.layout = i, .row = row};
            find_rows(plan, input, &group);
            g_array_append_val(input->groups, group);
        }
    }
    if (input->layouts->len > 1)
        qsort(input->groups->data, input->groups->len, sizeof(TsTileGroup), compare_groups);
    for (guint i = 0; i < input->groups->len; i++) {
        TsTileGroup *group = &g_array_index(input->groups, TsTileGroup, i);
        group->first = input->n_tiles;
        input->n_tiles += ts_plan_group_n_tiles(input, group);
    }
}

/* The region itself, or what stands for none, in pixels of the image. */
static gboolean
choose_region(const TsPlan *plan, const TsPlanInput *input, const TsRegion *given, TsRegion *region,
              GError **error)
{
    const TsRegion *roi = plan->options.roi;
    gboolean is_roi = given->width == 0 && given->height == 0 && roi != NULL;
    *region = is_roi ? *roi : *given;
    if (region->width == 0 && region->height == 0)
        *region = (TsRegion){0, 0, input->width, input->height, 0};
    region->row = given->row;
    if (region->x >= 0 && region->y >= 0 && region->width >= 1 && region->height >= 1 &&
        region->width <= input->width - region->x && region->height <= input->height - region->y)
        return TRUE;
    return ts_error_set(error, is_roi ? TS_ERROR_ARGUMENT : TS_ERROR_RANGE,
                        "%s: %s %d,%d,%dx%d is empty or not inside the image of %d x %d",
                        input->path, is_roi ? "--roi" : "region", region->x, region->y,
                        region->width, region->height, input->width, input->height);
}

/* The same in pixels of what is cut, whole ones. */
static TsRegion
scale_region(const TsPlanInput *input, TsRegion region)
{
    if (!ts_plan_input_is_resized(input))
        return region;
    int left = map_down(region.x, input->width, input->info.width);
    int top = map_down(region.y, input->height, input->info.height);
    return (TsRegion){
        left, top, map_up(region.x + region.width, input->width, input->info.width) - left,
        map_up(region.y + region.height, input->height, input->info.height) - top, region.row};
}

gboolean
ts_plan_add(TsPlan *self, const char *path, const TsRegion *regions, guint n_regions,
            GError **error)
{
    TsPlanInput *input = read_input(self, path, error);
    if (input == NULL)
        return FALSE;
    const TsRegion none = {0};
    for (guint i = 0; i < MAX(n_regions, 1) * self->options.n_sizes; i++) {
        const TsRegion *region = n_regions > 0 ? &regions[i / self->options.n_sizes] : &none;
        TsPlanLayout layout = {.size = i % self->options.n_sizes};
        gboolean done = choose_region(self, input, region, &layout.region, error);
        if (done)
            layout.region = scale_region(input, layout.region);
        done = done && init_layout(self, input, &layout, error);
        g_array_append_val(input->layouts, layout);
        if (!done) {
            input_free(input);
            return FALSE;
        }
    }
    self->has_regions |= n_regions > 1;
    input->first = self->n_tiles;
    order_tiles(self, input);
    self->n_tiles += input->n_tiles;
    g_ptr_array_add(self->inputs, input);
    return TRUE;
}

/* The last of `n` things whose `first` is at most `number`; those without tiles are passed over. */
static guint
find_last(const TsPlan *self, guint64 number)
{
    guint low = 0, high = self->inputs->len;
    while (high - low > 1) {
        guint middle = (low + high) / 2;
        if (ts_plan_get_input(self, middle)->first <= number)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static const TsTileGroup *
find_group(const TsPlanInput *input, guint64 i)
{
    guint low = 0, high = input->groups->len;
    while (high - low > 1) {
        guint middle = (low + high) / 2;
        if (g_array_index(input->groups, TsTileGroup, middle).first <= i)
            low = middle;
        else
            high = middle;
    }
    return &g_array_index(input->groups, TsTileGroup, low);
}

void
ts_plan_get_tile(const TsPlan *self, guint64 number, TsPlanTile *tile)
{
    g_assert(number < self->n_tiles);
    guint at = find_last(self, number);
    const TsPlanInput *input = ts_plan_get_input(self, at);
    const TsTileGroup *group = find_group(input, number - input->first);
    ts_plan_get_group_tile(input, group, number - input->first - group->first, tile);
    tile->input = at;
}

guint64
ts_plan_input_bytes(const TsPlanInput *input)
{
    guint64 pixels = 0;
    for (guint i = 0; i < input->layouts->len; i++) {
        const TsPlanLayout *layout = &g_array_index(input->layouts, TsPlanLayout, i);
        const TsGrid *grid = &layout->grid;
        guint64 width = 0, height = 0;
        TsTile tile;
        if (layout->places != NULL) {
            pixels += layout->n_places * (guint64) grid->options.tile_width *
                      (guint64) grid->options.tile_height;
            continue;
        }
        for (guint64 k = 0; k < grid->n_columns && grid->n_rows > 0; k++) {
            ts_grid_get_tile(grid, k, 0, &tile);
            width += (guint64) tile.full_width;
        }
        for (guint64 k = 0; k < grid->n_rows && grid->n_columns > 0; k++) {
            ts_grid_get_tile(grid, 0, k, &tile);
            height += (guint64) tile.full_height;
        }
        pixels += width * height;
    }
    return pixels * (guint64) input->info.bands * ts_sample_type_size(input->info.type);
}

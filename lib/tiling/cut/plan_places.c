/* Places of tiles: drawn at random, or given. */
#include "tiling/cut/plan_places.h"

#include "base/error.h"
#include "base/number.h"
#include "base/rng.h"

#include <stdlib.h>
#include <string.h>

static int
compare_places(const void *a, const void *b)
{
    const TsPlace *one = a, *other = b;
    if (one->y != other->y)
        return one->y < other->y ? -1 : 1;
    return one->x < other->x ? -1 : one->x > other->x;
}

/* Distinct places: the numbers of all of them are drawn without repetition (Floyd's way: Bentley
 * and Floyd, "A sample of brilliance", 1987). */
static gboolean
draw_places(const TsPlan *plan, const TsPlanInput *input, TsPlanLayout *layout, GError **error)
{
    const TsGridOptions *size = &plan->options.sizes[layout->size];
    gint64 across = (gint64) layout->region.width - size->tile_width + 1;
    gint64 down = (gint64) layout->region.height - size->tile_height + 1;
    guint64 n = plan->options.n_random,
            all = across < 1 || down < 1 ? 0 : (guint64) (across * down);
    if (n > all)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "%s: --random: %d x %d pixels have %" G_GUINT64_FORMAT
                            " places for a tile of %d x %d, %" G_GUINT64_FORMAT " are asked for",
                            input->path, layout->region.width, layout->region.height, all,
                            size->tile_width, size->tile_height, n);
    TsRng rng;
    g_autoptr(GHashTable) drawn = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    guint64 item = (guint64) plan->inputs->len << 32 | input->layouts->len;
    ts_rng_init(&rng, plan->options.seed, "tile places", item);
    layout->places = ts_try_alloc(n, sizeof(TsPlace), "random places", error);
    if (layout->places == NULL)
        return FALSE;
    for (guint64 top = all - n; top < all; top++) {
        gint64 place = (gint64) ts_rng_below(&rng, top + 1);
        if (g_hash_table_contains(drawn, &place))
            place = (gint64) top;
        g_hash_table_add(drawn, g_memdup2(&place, sizeof place));
        layout->places[layout->n_places++] = (TsPlace){layout->region.x + (int) (place % across),
                                                       layout->region.y + (int) (place / across)};
    }
    return TRUE;
}

/* Whether the given place `i` lies in the image with the interned path `image`. */
static gboolean
is_in_image(const TsPlanOptions *o, guint64 i, const char *image)
{
    return o->place_images == NULL || o->place_images[i] == image;
}

const char *
ts_plan_intern_path(const char *path)
{
    g_autofree char *canonical = g_canonicalize_filename(path, NULL);
    return g_intern_string(canonical);
}

/* The given places are centres; each tile lies inside of the image. */
static gboolean
take_places(const TsPlan *plan, const TsPlanInput *input, TsPlanLayout *layout, GError **error)
{
    const TsPlanOptions *o = &plan->options;
    const TsGridOptions *size = &o->sizes[layout->size];
    const char *image = ts_plan_intern_path(input->path);
    guint64 n = 0;
    for (guint64 i = 0; i < o->n_places; i++)
        n += is_in_image(o, i, image);
    layout->places = ts_try_alloc(MAX(n, 1), sizeof(TsPlace), "places", error);
    if (layout->places == NULL)
        return FALSE;
    for (guint64 i = 0; i < o->n_places; i++) {
        if (!is_in_image(o, i, image))
            continue;
        gint64 x = (gint64) o->places[i].x * input->info.width / input->width;
        gint64 y = (gint64) o->places[i].y * input->info.height / input->height;
        x -= size->tile_width / 2;
        y -= size->tile_height / 2;
        if (x < 0 || y < 0 || x + size->tile_width > input->info.width ||
            y + size->tile_height > input->info.height)
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "--points: a tile of %d x %d around %d,%d is not inside of %s "
                                "(%d x %d)",
                                size->tile_width, size->tile_height, o->places[i].x, o->places[i].y,
                                input->path, input->info.width, input->info.height);
        layout->places[layout->n_places++] = (TsPlace){(int) x, (int) y};
    }
    return TRUE;
}

static gboolean
check_distinct(const TsPlanInput *input, const TsPlanLayout *layout, GError **error)
{
    for (guint64 i = 1; i < layout->n_places; i++)
        if (compare_places(&layout->places[i - 1], &layout->places[i]) == 0)
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "--points: %s: the tile at %d,%d is there twice", input->path,
                                layout->places[i].x, layout->places[i].y);
    return TRUE;
}

gboolean
ts_plan_make_places(const TsPlan *plan, const TsPlanInput *input, TsPlanLayout *layout,
                    GError **error)
{
    if (plan->options.n_random > 0 ? !draw_places(plan, input, layout, error)
                                   : !take_places(plan, input, layout, error))
        return FALSE;
    qsort(layout->places, layout->n_places, sizeof(TsPlace), compare_places);
    layout->n_tiles = layout->n_places;
    return check_distinct(input, layout, error);
}

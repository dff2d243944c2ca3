/* Views of a sample: crops, then flips and quarter turns. */
#include "sample/views.h"

#include "base/error.h"
#include "base/nearest.h"
#include "base/spec.h"

#include <string.h>

enum { HFLIP = 1, VFLIP = 2, TRANSPOSE = 4 };

const char *
ts_views_help(void)
{
    return "hflip, flips, d4 or five-crop[:scale=0.875]";
}

guint
ts_views_n(const TsViews *views)
{
    return views->n_crops * views->n_elements;
}

static gboolean
add_elements(TsViews *views, const char *name, guint n, const TsPreprocess *how, GError **error)
{
    if (views->n_elements > 1)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "tta: %s, but flips are asked for already; one of hflip, flips and d4 "
                            "goes",
                            name);
    if (n > TRANSPOSE && how->width != how->height)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "tta: %s turns by 90 degrees, the model's input of %d x %d pixels is "
                            "no square; flips is for it",
                            name, how->width, how->height);
    views->n_elements = n;
    for (guint i = 0; i < n; i++)
        views->elements[i] = i;
    return TRUE;
}

static gboolean
add_crops(TsViews *views, TsSpec *spec, const TsPreprocess *how, GError **error)
{
    static const double x[] = {0.5, 0, 1, 0, 1}, y[] = {0.5, 0, 0, 1, 1};
    const double usual = how->crop_pct < 1 ? how->crop_pct : 0.875;
    if (!ts_spec_double(spec, "scale", 0.1, 1, usual, &views->crop_pct, error))
        return FALSE;
    views->n_crops = TS_MAX_CROPS;
    memcpy(views->x, x, sizeof x);
    memcpy(views->y, y, sizeof y);
    return TRUE;
}

static gboolean
add(TsViews *views, const char *text, const TsPreprocess *how, GError **error)
{
    static const char *const names[] = {"hflip", "flips", "d4", "five-crop", NULL};
    static const guint n_elements[] = {2, 4, 8};
    g_autoptr(TsSpec) spec = ts_spec_parse(text, "tta", error);
    if (spec == NULL)
        return FALSE;
    const char *name = ts_spec_name(spec);
    guint which = 0;
    while (names[which] != NULL && strcmp(names[which], name) != 0)
        which++;
    if (names[which] == NULL) {
        g_autofree char *hint = ts_nearest_hint(name, names);
        return ts_error_set(error, TS_ERROR_ARGUMENT, "tta: '%s' is none of %s%s", name,
                            ts_views_help(), hint);
    }
    const gboolean added = which < G_N_ELEMENTS(n_elements)
                               ? add_elements(views, name, n_elements[which], how, error)
                               : add_crops(views, spec, how, error);
    return added && ts_spec_finish(spec, error);
}

gboolean
ts_views_parse(const char *const *texts, const TsPreprocess *how, TsViews *views, GError **error)
{
    *views =
        (TsViews){.n_crops = 1, .n_elements = 1, .crop_pct = how->crop_pct, .x = {0.5}, .y = {0.5}};
    for (; texts != NULL && *texts != NULL; texts++)
        if (!add(views, *texts, how, error))
            return FALSE;
    return TRUE;
}

/* Element 0 of a crop lies at `view`; make the others behind it. */
static void
add_flips(const TsPreprocess *how, const TsViews *views, guint8 *view)
{
    const gsize width = (gsize) how->width, height = (gsize) how->height,
                channels = (gsize) how->channels;
    for (guint e = 1; e < views->n_elements; e++) {
        guint8 *to = view + e * ts_preprocess_n_bytes(how);
        const guint element = views->elements[e];
        for (gsize y = 0; y < height; y++)
            for (gsize x = 0; x < width; x++, to += channels) {
                gsize from_x = element & HFLIP ? width - 1 - x : x;
                gsize from_y = element & VFLIP ? height - 1 - y : y;
                gsize from =
                    element & TRANSPOSE ? from_x * width + from_y : from_y * width + from_x;
                memcpy(to, view + from * channels, channels);
            }
    }
}

static gboolean
make_crops(const TsImage *in, const TsPreprocess *how, const TsViews *views, guint8 *out,
           GError **error)
{
    const gsize stride = ts_preprocess_n_bytes(how) * views->n_elements;
    g_autoptr(TsImage) scaled = ts_preprocess_scale(in, how, views->crop_pct, error);
    if (scaled == NULL)
        return FALSE;
    for (guint i = 0; i < views->n_crops; i++) {
        g_autoptr(TsImage) crop = ts_preprocess_crop(scaled, how, views->x[i], views->y[i], error);
        if (crop == NULL || !ts_image_to_u8(crop, out + i * stride, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
ts_views_make_u8(const TsImage *in, const TsPreprocess *how, const TsViews *views, guint8 *out,
                 GError **error)
{
    const gsize stride = ts_preprocess_n_bytes(how) * views->n_elements;
    gboolean made = views->n_crops == 1 ? ts_preprocess_u8(in, how, out, error)
                                        : make_crops(in, how, views, out, error);
    for (guint i = 0; made && i < views->n_crops; i++)
        add_flips(how, views, out + i * stride);
    return made;
}

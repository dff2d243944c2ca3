/* Values of label images. */
#include "tiling/judge/label_mask.h"

#include "base/error.h"
#include "base/interrupt.h"

#include <string.h>

/* The name of the file without its folder and the last suffix. */
static char *
stem_of(const char *path)
{
    char *name = g_path_get_basename(path);
    char *dot = strrchr(name, '.');
    if (dot != NULL && dot != name)
        *dot = '\0';
    return name;
}

static char *
find_in_folder(const char *folder, const char *path, const char *const *suffixes,
               const char *option, GError **error)
{
    g_autofree char *stem = stem_of(path);
    g_autofree char *found = NULL;
    for (const char *const *suffix = suffixes; *suffix != NULL; suffix++) {
        g_autofree char *name = g_strconcat(stem, *suffix, NULL);
        g_autofree char *candidate = g_build_filename(folder, name, NULL);
        if (!g_file_test(candidate, G_FILE_TEST_IS_REGULAR))
            continue;
        if (found != NULL) {
            ts_error_set(error, TS_ERROR_IO, "%s: both %s and %s are there for %s", option, found,
                         candidate, path);
            return NULL;
        }
        found = g_steal_pointer(&candidate);
    }
    if (found == NULL) {
        g_autofree char *all = g_strjoinv(", ", (char **) suffixes);
        ts_error_set(error, TS_ERROR_IO, "%s: %s has no file '%s' (%s) for %s", option, folder,
                     stem, all, path);
    }
    return g_steal_pointer(&found);
}

char *
ts_label_find_file(const char *where, const char *path, guint n_images, const char *const *suffixes,
                   const char *option, GError **error)
{
    if (strstr(where, "{stem}") != NULL) {
        g_autofree char *stem = stem_of(path);
        g_auto(GStrv) parts = g_strsplit(where, "{stem}", -1);
        return g_strjoinv(stem, parts);
    }
    if (g_file_test(where, G_FILE_TEST_IS_DIR))
        return find_in_folder(where, path, suffixes, option, error);
    if (n_images > 1) {
        ts_error_set(error, TS_ERROR_ARGUMENT,
                     "%s: one file '%s' for %u images; name a folder, or a pattern such as "
                     "masks/{stem}.png",
                     option, where, n_images);
        return NULL;
    }
    return g_strdup(where);
}

gboolean
ts_label_mask_check(const char *path, const TsImageInfo *info, gboolean *colours, GError **error)
{
    int bands = info->bands - (info->has_alpha && info->bands > 1 ? 1 : 0);
    *colours = bands == 3 && info->type == TS_U8;
    if (*colours || (bands == 1 && info->type != TS_F32 && info->type != TS_F64))
        return TRUE;
    return ts_error_set(error, TS_ERROR_FORMAT,
                        "%s: %d %s bands are no mask, expected one band of whole numbers, or "
                        "8-bit RGB",
                        path, bands, ts_sample_type_name(info->type));
}

#define TAKE(T)                                                                                    \
    for (gsize x = 0; x < n; x++) {                                                                \
        T value = ((const T *) row)[x * step];                                                     \
        values[x] = value < 0 ? G_MAXUINT32 : (guint32) value;                                     \
    }                                                                                              \
    break
#define TAKE_UNSIGNED(T)                                                                           \
    for (gsize x = 0; x < n; x++)                                                                  \
        values[x] = ((const T *) row)[x * step];                                                   \
    break

void
ts_label_mask_row(const TsImage *mask, int y, guint32 *values)
{
    const guint8 *row = mask->data + (gsize) y * ts_image_row_size(mask);
    gsize n = (gsize) mask->width, step = (gsize) mask->bands;
    if (step >= 3) {
        for (gsize x = 0; x < n; x++, row += step)
            values[x] = (guint32) row[0] << 16 | (guint32) row[1] << 8 | row[2];
        return;
    }
    switch (mask->type) {
    case TS_U8:
        TAKE_UNSIGNED(guint8);
    case TS_I8:
        TAKE(gint8);
    case TS_U16:
        TAKE_UNSIGNED(guint16);
    case TS_I16:
        TAKE(gint16);
    case TS_U32:
        TAKE_UNSIGNED(guint32);
    case TS_I32:
        TAKE(gint32);
    case TS_F32:
    case TS_F64:
        memset(values, 0xff, n * sizeof *values);
    }
}

/* Neighbours are mostly alike, so a value is looked up only where it changes. */
static gboolean
add_values(const TsImage *band, guint32 *values, GHashTable *seen, const char *path, GError **error)
{
    for (int y = 0; y < band->height; y++) {
        ts_label_mask_row(band, y, values);
        for (int x = 0; x < band->width; x++) {
            if (x > 0 && values[x] == values[x - 1])
                continue;
            if (values[x] == G_MAXUINT32)
                return ts_error_set(error, TS_ERROR_FORMAT, "%s: a value is negative, or 2^32 - 1",
                                    path);
            if (g_hash_table_add(seen, GUINT_TO_POINTER(values[x])) &&
                g_hash_table_size(seen) > TS_MAX_LABEL_CLASSES)
                return ts_error_set(error, TS_ERROR_FORMAT,
                                    "%s: more than %d different values; a mask has one for each "
                                    "class, not for each object or shade",
                                    path, (int) TS_MAX_LABEL_CLASSES);
        }
    }
    return TRUE;
}

static gboolean
scan_bands(TsImageSource *source, GHashTable *seen, GError **error)
{
    const TsImageInfo *info = ts_image_source_info(source);
    g_autofree guint32 *values = ts_try_alloc((gsize) info->width, sizeof *values, "row", error);
    if (values == NULL)
        return FALSE;
    if (info->orientation < 3)
        ts_image_source_set_memory(source, 0);
    for (int y = 0, n; y < info->height; y += n) {
        if (ts_interrupt_check(error))
            return FALSE;
        n = MIN(128, info->height - y);
        g_autoptr(TsImage) band = ts_image_source_read_region(source, 0, y, info->width, n, error);
        if (band == NULL || !add_values(band, values, seen, ts_image_source_path(source), error))
            return FALSE;
    }
    return TRUE;
}

gboolean
ts_label_mask_scan(const char *path, GHashTable *seen, GError **error)
{
    g_autoptr(TsImageSource) source = ts_image_source_open(path, error);
    return source != NULL && scan_bands(source, seen, error);
}

static gboolean
unknown_value(const TsLabelClasses *classes, guint32 value, GError **error)
{
    g_autofree char *text =
        classes->colours ? g_strdup_printf("#%06x", value) : g_strdup_printf("%u", value);
    if (classes->file != NULL)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "the mask has the value %s, which %s does not "
                            "list",
                            text, classes->file);
    return ts_error_set(error, TS_ERROR_FORMAT,
                        "the mask has the value %s, which it did not have before", text);
}

gboolean
ts_label_mask_count(const TsImage *mask, const TsLabelClasses *classes, guint64 *counts,
                    int *centre, GError **error)
{
    g_autofree guint32 *values = ts_try_alloc((gsize) mask->width, sizeof *values, "row", error);
    if (values == NULL)
        return FALSE;
    int class = -1;
    guint32 last = 0;
    for (int y = 0; y < mask->height; y++) {
        ts_label_mask_row(mask, y, values);
        for (int x = 0; x < mask->width; x++) {
            if (class < 0 || values[x] != last) {
                last = values[x];
                class = ts_label_classes_of(classes, last);
                if (class < 0)
                    return unknown_value(classes, last, error);
            }
            counts[class]++;
            if (y == mask->height / 2 && x == mask->width / 2)
                *centre = class;
        }
    }
    return TRUE;
}

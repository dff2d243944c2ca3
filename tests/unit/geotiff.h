/* GeoTIFF files of one pixel made tag by tag, for tests: also what no writer writes.
 *
 *     GeoFile file = geo_file_new();
 *     geo_file_put(&file, 33550, GEO_DOUBLE, 3, scale);     // in ascending order
 *     g_autoptr(GByteArray) bytes = geo_file_end(&file);
 */
#pragma once

#include "files.h"

typedef enum { GEO_ASCII = 2, GEO_SHORT = 3, GEO_LONG = 4, GEO_DOUBLE = 12 } GeoType;

typedef struct {
    GByteArray *entries, *values; /* the directory; what does not fit into it, from VALUES_AT on */
    guint n;
} GeoFile;

enum { GEO_VALUES_AT = 1024, GEO_DIRECTORY_AT = 8, GEO_PIXEL_AT = 1000 };

static inline void
geo_file_put(GeoFile *file, guint32 tag, GeoType type, guint32 n, const void *values)
{
    const guint32 sizes[] = {[GEO_ASCII] = 1, [GEO_SHORT] = 2, [GEO_LONG] = 4, [GEO_DOUBLE] = 8};
    guint32 n_bytes = n * sizes[type], at = GEO_VALUES_AT + file->values->len;
    if (n_bytes <= 4) {
        at = 0;
        memcpy(&at, values, n_bytes); /* little-endian machines only, as are those that run this */
    } else {
        file_put(file->values, values, n_bytes);
    }
    file_put_entry(file->entries, tag, type, n, at);
    file->n++;
}

static inline GeoFile
geo_file_new(guint32 orientation)
{
    GeoFile file = {g_byte_array_new(), g_byte_array_new(), 0};
    const guint32 one = 1, eight = 8, pixel_at = GEO_PIXEL_AT, side[2] = {30, 20};
    geo_file_put(&file, 256, GEO_LONG, 1, &side[0]);
    geo_file_put(&file, 257, GEO_LONG, 1, &side[1]);
    geo_file_put(&file, 258, GEO_SHORT, 1, &eight);
    geo_file_put(&file, 259, GEO_SHORT, 1, &one);
    geo_file_put(&file, 262, GEO_SHORT, 1, &one);
    geo_file_put(&file, 273, GEO_LONG, 1, &pixel_at);
    geo_file_put(&file, 274, GEO_SHORT, 1, &orientation);
    geo_file_put(&file, 277, GEO_SHORT, 1, &one);
    geo_file_put(&file, 278, GEO_LONG, 1, &side[1]);
    geo_file_put(&file, 279, GEO_LONG, 1, &one);
    return file;
}

static inline GByteArray *
geo_file_end(GeoFile *file)
{
    GByteArray *tiff = g_byte_array_new();
    file_put(tiff, "II*\0", 4);
    file_put_le(tiff, GEO_DIRECTORY_AT, 4);
    file_put_le(tiff, file->n, 2);
    file_put(tiff, file->entries->data, file->entries->len);
    guint directory_end = tiff->len;
    g_byte_array_set_size(tiff, GEO_VALUES_AT);
    memset(tiff->data + directory_end, 0, GEO_VALUES_AT - directory_end);
    file_put(tiff, file->values->data, file->values->len);
    g_byte_array_unref(file->entries);
    g_byte_array_unref(file->values);
    return tiff;
}

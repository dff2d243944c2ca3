/* GeoTIFF tags out of files and into them.
 *
 * libtiff does not know these tags. Read, they come with whatever type the file declares, so that
 * is checked first; to be written, they are made known to the handle. */
#include "image/tiff_geo_tags.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <tiffio.h>
#include <unistd.h>

enum {
    TAG_SCALE = 33550,
    TAG_TIES = 33922,
    TAG_MATRIX = 34264,
    TAG_KEYS = 34735,
    TAG_DOUBLES = 34736,
    TAG_TEXT = 34737,
    TAG_NODATA = 42113
};

/* Tag, numbers read and written, type, kind, may be changed while writing, is set with a count. */
static const TIFFFieldInfo fields[] = {
    {TAG_SCALE, -1, -1, TIFF_DOUBLE, FIELD_CUSTOM, TRUE, TRUE, (char *) "GeoPixelScale"},
    {TAG_TIES, -1, -1, TIFF_DOUBLE, FIELD_CUSTOM, TRUE, TRUE, (char *) "GeoTiePoints"},
    {TAG_MATRIX, -1, -1, TIFF_DOUBLE, FIELD_CUSTOM, TRUE, TRUE, (char *) "GeoTransformationMatrix"},
    {TAG_KEYS, -1, -1, TIFF_SHORT, FIELD_CUSTOM, TRUE, TRUE, (char *) "GeoKeyDirectory"},
    {TAG_DOUBLES, -1, -1, TIFF_DOUBLE, FIELD_CUSTOM, TRUE, TRUE, (char *) "GeoDoubleParams"},
    {TAG_TEXT, -1, -1, TIFF_ASCII, FIELD_CUSTOM, TRUE, FALSE, (char *) "GeoAsciiParams"},
    {TAG_NODATA, -1, -1, TIFF_ASCII, FIELD_CUSTOM, TRUE, FALSE, (char *) "GDALNoDataValue"},
};

/* Get the values of a tag; *n is 0 if it is not there. They have to be of `type`. */
static gboolean
get_values(TsTiffHandle *handle, guint32 tag, TIFFDataType type, guint32 *n, const void **values,
           GError **error)
{
    *n = 0;
    *values = NULL;
    const TIFFField *field = TIFFFindField(handle->tiff, tag, TIFF_ANY);
    if (field == NULL)
        return TRUE;
    if (TIFFFieldDataType(field) != type || !TIFFFieldPassCount(field))
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: GeoTIFF tag %u is not of its type",
                            handle->name, tag);
    if (TIFFGetField(handle->tiff, tag, n, values) != 1 || *values == NULL)
        *n = 0;
    return TRUE;
}

static gboolean
get_array(TsTiffHandle *handle, guint32 tag, TIFFDataType type, GArray *array, GError **error)
{
    guint32 n;
    const void *values;
    if (!get_values(handle, tag, type, &n, &values, error))
        return FALSE;
    if (n > 0)
        g_array_append_vals(array, values, n);
    return TRUE;
}

/* Copy `n` doubles or none. */
static gboolean
get_numbers(TsTiffHandle *handle, guint32 tag, guint32 n_expected, double *to, gboolean *found,
            GError **error)
{
    guint32 n;
    const void *values;
    if (!get_values(handle, tag, TIFF_DOUBLE, &n, &values, error))
        return FALSE;
    *found = n > 0;
    if (n != 0 && n != n_expected)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: GeoTIFF tag %u has %u numbers, %u were expected", handle->name,
                            tag, n, n_expected);
    if (n > 0)
        memcpy(to, values, n * sizeof *to);
    return TRUE;
}

static gboolean
get_text(TsTiffHandle *handle, guint32 tag, char **text, GError **error)
{
    guint32 n;
    const void *values;
    if (!get_values(handle, tag, TIFF_ASCII, &n, &values, error))
        return FALSE;
    if (n > 0)
        *text = g_strndup(values, n);
    return TRUE;
}

static gboolean
get_all(TsGeo *self, TsTiffHandle *handle, GError **error)
{
    return get_numbers(handle, TAG_SCALE, 3, self->scale, &self->has_scale, error) &&
           get_numbers(handle, TAG_MATRIX, 16, self->matrix, &self->has_matrix, error) &&
           get_array(handle, TAG_TIES, TIFF_DOUBLE, self->ties, error) &&
           get_array(handle, TAG_KEYS, TIFF_SHORT, self->keys, error) &&
           get_array(handle, TAG_DOUBLES, TIFF_DOUBLE, self->doubles, error) &&
           get_text(handle, TAG_TEXT, &self->text, error) &&
           get_text(handle, TAG_NODATA, &self->nodata, error);
}

static gboolean
is_empty(const TsGeo *self)
{
    return !self->has_scale && !self->has_matrix && self->ties->len == 0 && self->keys->len == 0 &&
           self->nodata == NULL;
}

static TsGeo *
read_handle(TsTiffHandle *handle, GError **error)
{
    g_autoptr(TsGeo) self = ts_geo_new();
    guint32 width = 0, height = 0;
    guint16 orientation = 1;
    if (!get_all(self, handle, error) || !ts_geo_settle(self, handle->name, error))
        return NULL;
    TIFFGetField(handle->tiff, TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(handle->tiff, TIFFTAG_IMAGELENGTH, &height);
    TIFFGetFieldDefaulted(handle->tiff, TIFFTAG_ORIENTATION, &orientation);
    if (is_empty(self))
        return NULL;
    ts_geo_orient(self, orientation, (int) MIN(width, G_MAXINT), (int) MIN(height, G_MAXINT));
    return g_steal_pointer(&self);
}

static gboolean
is_tiff(const guint8 *start, gsize n)
{
    return n >= 4 && (memcmp(start, "II*\0", 4) == 0 || memcmp(start, "MM\0*", 4) == 0 ||
                      memcmp(start, "II+\0", 4) == 0 || memcmp(start, "MM\0+", 4) == 0);
}

TsGeo *
ts_geo_read_bytes(gconstpointer bytes, gsize n, const char *name, GError **error)
{
    if (!is_tiff(bytes, n))
        return NULL;
    TsTiffMemory memory = {.data = (guint8 *) bytes, .size = n, .capacity = n};
    g_autoptr(TsTiffHandle) handle = ts_tiff_handle_open_memory(&memory, name, "rm", error);
    return handle != NULL ? read_handle(handle, error) : NULL;
}

TsGeo *
ts_geo_read(const char *path, GError **error)
{
    guint8 start[4];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    gssize n = fd >= 0 ? read(fd, start, sizeof start) : -1;
    int errnum = errno;
    if (fd >= 0)
        close(fd);
    if (n < 0) {
        ts_error_set_errno(error, errnum, "%s: cannot be opened", path);
        return NULL;
    }
    if (!is_tiff(start, (gsize) n))
        return NULL;
    g_autoptr(TsTiffHandle) handle = ts_tiff_handle_open(path, path, "rm", error);
    return handle != NULL ? read_handle(handle, error) : NULL;
}

static gboolean
set_array(TIFF *tiff, guint32 tag, const GArray *array)
{
    return array->len == 0 || TIFFSetField(tiff, tag, array->len, array->data) == 1;
}

gboolean
ts_geo_set_tags(const TsGeo *self, TsTiffHandle *handle, GError **error)
{
    TIFF *tiff = handle->tiff;
    gboolean done = TIFFMergeFieldInfo(tiff, fields, G_N_ELEMENTS(fields)) == 0 &&
                    (!self->has_scale || TIFFSetField(tiff, TAG_SCALE, 3, self->scale) == 1) &&
                    (!self->has_matrix || TIFFSetField(tiff, TAG_MATRIX, 16, self->matrix) == 1) &&
                    set_array(tiff, TAG_TIES, self->ties) &&
                    set_array(tiff, TAG_KEYS, self->keys) &&
                    set_array(tiff, TAG_DOUBLES, self->doubles) &&
                    (self->text == NULL || TIFFSetField(tiff, TAG_TEXT, self->text) == 1) &&
                    (self->nodata == NULL || TIFFSetField(tiff, TAG_NODATA, self->nodata) == 1);
    return done || ts_tiff_handle_fail(handle, TS_ERROR_DEPENDENCY,
                                       "GeoTIFF tags cannot be written", error);
}

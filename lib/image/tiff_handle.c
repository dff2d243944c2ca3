/* Handles of libtiff: their errors, files in memory, the tags of a layout. */
#include "image/tiff_handle.h"

#include "image/tiff.h"

#include <errno.h>
#include <string.h>
#include <tiffio.h>

/* Of one block that libtiff allocates for what a file declares. */
#define MAX_ALLOCATION ((tmsize_t) 1 << 30)

static int
keep_error(TIFF *tiff, void *data, const char *module, const char *format, va_list arguments)
{
    TsTiffHandle *handle = data;
    if (handle->said == NULL) {
        handle->errnum = errno;
        handle->said = g_strdup_vprintf(format, arguments);
    }
    return 1; /* the process-wide handler is not asked */
}

static int
drop_warning(TIFF *tiff, void *data, const char *module, const char *format, va_list arguments)
{
    return 1;
}

static TIFFOpenOptions *
make_options(TsTiffHandle *handle)
{
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    TIFFOpenOptionsSetErrorHandlerExtR(options, keep_error, handle);
    TIFFOpenOptionsSetWarningHandlerExtR(options, drop_warning, handle);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, MAX_ALLOCATION);
    return options;
}

static TsTiffHandle *
finish_open(TsTiffHandle *handle, GError **error)
{
    if (handle->tiff != NULL)
        return handle;
    ts_tiff_handle_fail(handle, TS_ERROR_FORMAT, "cannot be opened as TIFF", error);
    ts_tiff_handle_free(handle);
    return NULL;
}

TsTiffHandle *
ts_tiff_handle_open(const char *path, const char *name, const char *mode, GError **error)
{
    TsTiffHandle *handle = g_new0(TsTiffHandle, 1);
    handle->name = g_strdup(name);
    TIFFOpenOptions *options = make_options(handle);
    errno = 0;
    handle->tiff = TIFFOpenExt(path, mode, options);
    TIFFOpenOptionsFree(options);
    return finish_open(handle, error);
}

static tmsize_t
memory_read(thandle_t data, void *to, tmsize_t n)
{
    TsTiffMemory *memory = data;
    gsize left = memory->at < memory->size ? memory->size - memory->at : 0;
    gsize n_read = MIN(left, (gsize) n);
    if (n_read > 0)
        memcpy(to, memory->data + memory->at, n_read);
    memory->at += n_read;
    return (tmsize_t) n_read;
}

static gboolean
memory_grow(TsTiffMemory *memory, gsize size)
{
    if (size > memory->capacity) {
        gsize capacity = MAX(size + size / 2, 4096);
        guint8 *data = g_try_realloc(memory->data, capacity);
        if (data == NULL)
            return FALSE;
        memory->data = data;
        memory->capacity = capacity;
    }
    if (size > memory->size)
        memset(memory->data + memory->size, 0, size - memory->size);
    return TRUE;
}

static tmsize_t
memory_write(thandle_t data, void *from, tmsize_t n)
{
    TsTiffMemory *memory = data;
    gsize end;
    if (!g_size_checked_add(&end, memory->at, (gsize) n) || end > G_MAXSSIZE / 2 ||
        !memory_grow(memory, end)) {
        errno = ENOMEM;
        return -1;
    }
    memcpy(memory->data + memory->at, from, (gsize) n);
    memory->at = end;
    memory->size = MAX(memory->size, end);
    return n;
}

static toff_t
memory_seek(thandle_t data, toff_t to, int whence)
{
    TsTiffMemory *memory = data;
    if (whence == SEEK_CUR)
        to += memory->at;
    if (whence == SEEK_END)
        to += memory->size;
    memory->at = to;
    return to;
}

static int
memory_close(thandle_t data)
{
    return 0;
}

static toff_t
memory_size(thandle_t data)
{
    return ((TsTiffMemory *) data)->size;
}

static int
memory_map(thandle_t data, void **base, toff_t *size)
{
    return 0;
}

static void
memory_unmap(thandle_t data, void *base, toff_t size)
{
}

TsTiffHandle *
ts_tiff_handle_open_memory(TsTiffMemory *memory, const char *name, const char *mode, GError **error)
{
    TsTiffHandle *handle = g_new0(TsTiffHandle, 1);
    handle->name = g_strdup(name);
    TIFFOpenOptions *options = make_options(handle);
    errno = 0;
    handle->tiff = TIFFClientOpenExt(name, mode, memory, memory_read, memory_write, memory_seek,
                                     memory_close, memory_size, memory_map, memory_unmap, options);
    TIFFOpenOptionsFree(options);
    return finish_open(handle, error);
}

gboolean
ts_tiff_handle_fail(TsTiffHandle *handle, TsError code, const char *what, GError **error)
{
    g_autofree char *said = g_steal_pointer(&handle->said);
    int errnum = handle->errnum;
    handle->errnum = 0;
    if (errnum != 0)
        return ts_error_set_errno(error, errnum, "%s: %s", handle->name, what);
    return ts_error_set(error, code, "%s: %s%s%s", handle->name, what, said != NULL ? ": " : "",
                        said != NULL ? said : "");
}

void
ts_tiff_handle_free(TsTiffHandle *handle)
{
    if (handle == NULL)
        return;
    if (handle->tiff != NULL)
        TIFFClose(handle->tiff);
    g_free(handle->said);
    g_free(handle->name);
    g_free(handle);
}

static int
sample_format(TsSampleType type)
{
    switch (type) {
    case TS_I8:
    case TS_I16:
    case TS_I32:
        return SAMPLEFORMAT_INT;
    case TS_F32:
    case TS_F64:
        return SAMPLEFORMAT_IEEEFP;
    default:
        return SAMPLEFORMAT_UINT;
    }
}

/* Bands behind the colours: opacity, if there is any, is the last. */
static gboolean
set_bands(TIFF *tiff, const TsTiffLayout *layout, gboolean is_rgb)
{
    int n_extra = layout->bands - (is_rgb ? 3 : 1);
    g_autofree guint16 *extra = g_new(guint16, MAX(n_extra, 1));
    for (int i = 0; i < n_extra; i++)
        extra[i] = EXTRASAMPLE_UNSPECIFIED;
    if (layout->has_alpha && n_extra > 0)
        extra[n_extra - 1] = EXTRASAMPLE_UNASSALPHA;
    return TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, layout->bands) &&
           TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8 * (int) ts_sample_type_size(layout->type)) &&
           TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, sample_format(layout->type)) &&
           TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) &&
           (n_extra <= 0 || TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, n_extra, extra));
}

/* JPEG stores colours as YCbCr; libtiff converts to and from RGB. */
static gboolean
set_jpeg(TIFF *tiff, const TsTiffLayout *layout)
{
    if (!TIFFSetField(tiff, TIFFTAG_JPEGQUALITY, layout->quality))
        return FALSE;
    if (layout->bands == 1)
        return TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
    float reference[] = {0, 255, 128, 255, 128, 255};
    int subsampling = layout->quality < 90 ? 2 : 1; /* as libvips' jpegsave */
    return TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_YCBCR) &&
           TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB) &&
           TIFFSetField(tiff, TIFFTAG_YCBCRSUBSAMPLING, subsampling, subsampling) &&
           TIFFSetField(tiff, TIFFTAG_REFERENCEBLACKWHITE, reference);
}

static gboolean
set_compression(TIFF *tiff, const TsTiffLayout *layout, gboolean is_rgb)
{
    static const int schemes[] = {[TS_TIFF_DEFLATE] = COMPRESSION_ADOBE_DEFLATE,
                                  [TS_TIFF_NONE] = COMPRESSION_NONE,
                                  [TS_TIFF_LZW] = COMPRESSION_LZW,
                                  [TS_TIFF_JPEG] = COMPRESSION_JPEG};
    if (!TIFFSetField(tiff, TIFFTAG_COMPRESSION, schemes[layout->compression]))
        return FALSE;
    if (layout->compression == TS_TIFF_JPEG)
        return set_jpeg(tiff, layout);
    if (!TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, is_rgb ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK))
        return FALSE;
    if (layout->compression == TS_TIFF_NONE)
        return TRUE;
    /* Differences of floats as integers too: the predictor made for floats saves more, but fewer
     * readers know it. */
    return TIFFSetField(tiff, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL) &&
           (layout->compression != TS_TIFF_DEFLATE ||
            TIFFSetField(tiff, TIFFTAG_ZIPQUALITY, layout->level));
}

gboolean
ts_tiff_set_layout(TsTiffHandle *handle, const TsTiffLayout *layout, int width, int height,
                   GError **error)
{
    TIFF *tiff = handle->tiff;
    gboolean is_rgb = layout->bands - (layout->has_alpha ? 1 : 0) == 3;
    gboolean done = TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, width) &&
                    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, height) &&
                    set_bands(tiff, layout, is_rgb) && set_compression(tiff, layout, is_rgb);
    if (done && layout->strips)
        done = TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, layout->tile_height);
    else if (done)
        done = TIFFSetField(tiff, TIFFTAG_TILEWIDTH, layout->tile_width) &&
               TIFFSetField(tiff, TIFFTAG_TILELENGTH, layout->tile_height);
    return done || ts_tiff_handle_fail(handle, TS_ERROR_DEPENDENCY, "cannot be written", error);
}

/* Rows of plain JPEG files, decoded where they are wanted: without libvips' copies and its bands
 * between. */
#include "image/jpeg_read.h"

#include "image/jpeg_input.h"

enum { ROWS_AT_ONCE = 16 };

/* Colour at half the resolution is smoothed over the edges of what is decoded: so many pixels more
 * on each side keep that away from what is wanted. */
enum { MARGIN = 2 };

struct _TsJpegReader {
    struct jpeg_decompress_struct jpeg;
    TsJpegErrors errors;
    TsJpegInput input;
    const char *name;
    int min_side;     /* 0: by the divisor */
    int divisor;      /* 0: full size */
    gboolean is_part; /* rows above what is wanted need not be decoded */
    int orientation;
    GBytes *icc;
    guint8 *skipped; /* a row that nobody wants */
};

static gboolean
is_plain(const struct jpeg_decompress_struct *jpeg)
{
    gboolean grey = jpeg->num_components == 1 && jpeg->jpeg_color_space == JCS_GRAYSCALE;
    gboolean colour = jpeg->num_components == 3 &&
                      (jpeg->jpeg_color_space == JCS_YCbCr || jpeg->jpeg_color_space == JCS_RGB);
    return (grey || colour) && jpeg->data_precision == 8 &&
           !jpeg_has_multiple_scans((j_decompress_ptr) jpeg);
}

static void
choose_scale(struct jpeg_decompress_struct *jpeg, int min_side)
{
    JDIMENSION side = MAX(jpeg->image_width, jpeg->image_height);
    jpeg->scale_num = jpeg->scale_denom = 1;
    while (jpeg->scale_denom < 8 && side / (2 * jpeg->scale_denom) >= (JDIMENSION) min_side)
        jpeg->scale_denom *= 2;
}

static gboolean
read_header(TsJpegReader *self)
{
    struct jpeg_decompress_struct *jpeg = &self->jpeg;
    jpeg->err = ts_jpeg_errors_init(&self->errors);
    if (setjmp(self->errors.out) != 0)
        return FALSE;
    jpeg_create_decompress(jpeg);
    jpeg->src = &self->input.base;
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xffff);
    jpeg_save_markers(jpeg, JPEG_APP0 + 2, 0xffff);
    jpeg_read_header(jpeg, TRUE);
    if (!is_plain(jpeg))
        return FALSE;
    self->orientation = ts_jpeg_find_orientation(jpeg);
    self->icc = ts_jpeg_find_profile(jpeg);
    jpeg->out_color_space = jpeg->num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    return TRUE;
}

static gboolean
start(TsJpegReader *self)
{
    struct jpeg_decompress_struct *jpeg = &self->jpeg;
    if (!read_header(self))
        return FALSE;
    if (setjmp(self->errors.out) != 0)
        return FALSE;
    if (self->min_side > 0)
        choose_scale(jpeg, self->min_side);
    else if (self->divisor > 0)
        jpeg->scale_denom = (unsigned) self->divisor * jpeg->scale_num;
    jpeg_start_decompress(jpeg);
    return TRUE;
}

static TsJpegReader *
start_or_free(TsJpegReader *self)
{
    if (start(self))
        return self;
    ts_jpeg_reader_free(self);
    return NULL;
}

static TsJpegReader *
open_file(const char *path, int min_side)
{
    TsJpegReader *self = g_new0(TsJpegReader, 1);
    self->name = path;
    self->min_side = min_side;
    if (ts_jpeg_input_open(&self->input, path, NULL))
        return start_or_free(self);
    g_free(self);
    return NULL;
}

TsJpegReader *
ts_jpeg_reader_open(const char *path)
{
    return open_file(path, 0);
}

TsJpegReader *
ts_jpeg_reader_open_reduced(const char *path, int min_side)
{
    return open_file(path, min_side);
}

TsJpegReader *
ts_jpeg_reader_open_bytes(gconstpointer bytes, gsize n, const char *name)
{
    return ts_jpeg_reader_open_bytes_reduced(bytes, n, 1, name);
}

TsJpegReader *
ts_jpeg_reader_open_bytes_reduced(gconstpointer bytes, gsize n, int divisor, const char *name)
{
    TsJpegReader *self = g_new0(TsJpegReader, 1);
    self->name = name;
    self->divisor = divisor;
    ts_jpeg_input_open_bytes(&self->input, bytes, n);
    return start_or_free(self);
}

TsJpegReader *
ts_jpeg_reader_open_part(gconstpointer bytes, gsize n, const char *name)
{
    TsJpegReader *self = g_new0(TsJpegReader, 1);
    self->name = name;
    self->is_part = TRUE;
    ts_jpeg_input_open_bytes(&self->input, bytes, n);
    if (read_header(self))
        return self;
    ts_jpeg_reader_free(self);
    return NULL;
}

static gboolean
begin_part(TsJpegReader *self, int divisor, JDIMENSION *x, JDIMENSION *width)
{
    struct jpeg_decompress_struct *jpeg = &self->jpeg;
    if (setjmp(self->errors.out) != 0)
        return FALSE;
    jpeg->scale_denom = (unsigned) divisor * jpeg->scale_num;
    jpeg_start_decompress(jpeg);
    const JDIMENSION left = *x > MARGIN ? *x - MARGIN : 0;
    const JDIMENSION right = MIN(*x + *width + MARGIN, jpeg->output_width);
    *x = left;
    *width = right - left;
    if (*width < jpeg->output_width)
        jpeg_crop_scanline(jpeg, x, width);
    return TRUE;
}

gboolean
ts_jpeg_reader_begin_part(TsJpegReader *self, int divisor, int *x, int *width, GError **error)
{
    JDIMENSION left = (JDIMENSION) *x, n = (JDIMENSION) *width;
    if (!begin_part(self, divisor, &left, &n))
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: is damaged or truncated: %s", self->name,
                            self->errors.text);
    *x = (int) left;
    *width = (int) n;
    return TRUE;
}

int
ts_jpeg_reader_orientation(const TsJpegReader *self)
{
    return self->orientation;
}

void
ts_jpeg_reader_free(TsJpegReader *self)
{
    if (self == NULL)
        return;
    jpeg_destroy_decompress(&self->jpeg);
    ts_jpeg_input_close(&self->input);
    g_clear_pointer(&self->icc, g_bytes_unref);
    g_free(self->skipped);
    g_free(self);
}

/* JFIF's pixels per inch or centimetre as micrometres a pixel; 0: not said. */
static double
find_mpp(const struct jpeg_decompress_struct *jpeg, UINT16 density)
{
    double unit = jpeg->density_unit == 1 ? 25400 : 10000;
    return jpeg->saw_JFIF_marker && jpeg->density_unit > 0 && density > 0 ? unit / density : 0;
}

int
ts_jpeg_reader_info(const TsJpegReader *self, TsImageInfo *info, GBytes **icc)
{
    const struct jpeg_decompress_struct *jpeg = &self->jpeg;
    *info = (TsImageInfo){.width = (int) jpeg->output_width,
                          .height = (int) jpeg->output_height,
                          .bands = jpeg->num_components,
                          .type = TS_U8,
                          .orientation = self->orientation,
                          .mpp_x = find_mpp(jpeg, jpeg->X_density),
                          .mpp_y = find_mpp(jpeg, jpeg->Y_density)};
    *icc = self->icc;
    return (int) (jpeg->scale_denom / jpeg->scale_num);
}

void
ts_jpeg_reader_get_size(const TsJpegReader *self, int *width, int *height)
{
    *width = (int) self->jpeg.image_width;
    *height = (int) self->jpeg.image_height;
}

/* Decode up to row `end`; rows before `y` go nowhere. */
static gboolean
read_rows(TsJpegReader *self, JDIMENSION y, JDIMENSION end, guint8 *to)
{
    struct jpeg_decompress_struct *jpeg = &self->jpeg;
    gsize stride = (gsize) jpeg->output_width * (gsize) jpeg->output_components;
    JSAMPROW rows[ROWS_AT_ONCE];
    if (setjmp(self->errors.out) != 0)
        return FALSE;
    if (self->is_part && jpeg->output_scanline + MARGIN < y)
        jpeg_skip_scanlines(jpeg, y - MARGIN - jpeg->output_scanline);
    while (jpeg->output_scanline < y)
        jpeg_read_scanlines(jpeg, &self->skipped, 1);
    while (jpeg->output_scanline < end) {
        JDIMENSION n = MIN(ROWS_AT_ONCE, end - jpeg->output_scanline);
        for (JDIMENSION i = 0; i < n; i++)
            rows[i] = to + (jpeg->output_scanline + i - y) * stride;
        jpeg_read_scanlines(jpeg, rows, n);
    }
    return TRUE;
}

gboolean
ts_jpeg_reader_read(TsJpegReader *self, int y, int n, guint8 *to, GError **error)
{
    g_assert(y >= (int) self->jpeg.output_scanline && n <= (int) self->jpeg.output_height - y);
    if (self->skipped == NULL)
        self->skipped =
            g_malloc((gsize) self->jpeg.output_width * (gsize) self->jpeg.output_components);
    if (read_rows(self, (JDIMENSION) y, (JDIMENSION) (y + n), to))
        return TRUE;
    return ts_error_set(error, TS_ERROR_FORMAT, "%s: is damaged or truncated: %s", self->name,
                        self->errors.text);
}

/* Lossless crops of JPEG files: coefficients go from one file to another as they are.
 *
 * libjpeg's own way of reading coefficients keeps those of the whole image. Here it is given arrays
 * of ours in place of its virtual ones (jpeg_memory_mgr is open to that), whose rows of blocks come
 * into being when they are first touched and go when no crop needs them any more; and its input
 * stops after each piece of the file, so that no more is read than a crop wants. The crop is
 * written from the same rows, where they lie. */
#include "image/jpeg.h"

#include "base/interrupt.h"
#include "image/jpeg_input.h"
#include "image/jpeg_output.h"
#include "image/limits.h"

#include <jerror.h>
#include <string.h>

enum { MAX_PLANES = MAX_COMPONENTS };

/* One component's blocks. libjpeg knows only pointers to it. */
struct jvirt_barray_control {
    JDIMENSION n_rows, row_blocks;
    JBLOCKROW *rows;  /* NULL: not touched yet, or dropped */
    GPtrArray *spare; /* dropped rows, to be used again */
    JDIMENSION n_dropped;
    JDIMENSION left, top;               /* where the crop begins, in blocks */
    JBLOCKROW shifted[MAX_SAMP_FACTOR]; /* rows of it, for the writer */
};

struct _TsJpegCrop {
    char *path;
    TsJpegInfo info;
    struct jpeg_decompress_struct in;
    struct jpeg_compress_struct out;
    TsJpegErrors errors; /* of both; one of them runs at a time */
    TsJpegInput input;
    TsJpegOutput output;
    GBytes *icc;
    struct jvirt_barray_control planes[MAX_PLANES];
    guint n_planes;
    int y;             /* rows of pixels above may be gone */
    gboolean complete; /* the file was read to its end */
    gboolean failed;   /* and has to be opened again */
};

static JBLOCKROW
take_row(j_common_ptr jpeg, struct jvirt_barray_control *plane)
{
    gsize n = plane->row_blocks * sizeof(JBLOCK);
    JBLOCKROW row =
        plane->spare->len > 0 ? g_ptr_array_steal_index_fast(plane->spare, 0) : g_try_malloc(n);
    if (row == NULL)
        ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
    memset(row, 0, n);
    return row;
}

static jvirt_barray_ptr
request_plane(j_common_ptr jpeg, int pool, boolean zero, JDIMENSION row_blocks, JDIMENSION n_rows,
              JDIMENSION at_once)
{
    TsJpegCrop *self = jpeg->client_data;
    if (self->n_planes == MAX_PLANES)
        ERREXIT(jpeg, JERR_BAD_VIRTUAL_ACCESS);
    struct jvirt_barray_control *plane = &self->planes[self->n_planes++];
    *plane = (struct jvirt_barray_control){.n_rows = n_rows,
                                           .row_blocks = row_blocks,
                                           .rows = g_new0(JBLOCKROW, n_rows),
                                           .spare = g_ptr_array_new_with_free_func(g_free)};
    return plane;
}

static JBLOCKARRAY
access_plane(j_common_ptr jpeg, jvirt_barray_ptr plane, JDIMENSION start, JDIMENSION n,
             boolean writable)
{
    if (start < plane->n_dropped || start > plane->n_rows || n > plane->n_rows - start)
        ERREXIT(jpeg, JERR_BAD_VIRTUAL_ACCESS);
    for (JDIMENSION i = start; i < start + n; i++)
        if (plane->rows[i] == NULL)
            plane->rows[i] = take_row(jpeg, plane);
    return plane->rows + start;
}

/* The same rows as the crop's writer sees them. */
static JBLOCKARRAY
access_crop(j_common_ptr jpeg, jvirt_barray_ptr plane, JDIMENSION start, JDIMENSION n,
            boolean writable)
{
    JBLOCKARRAY rows = access_plane(jpeg, plane, plane->top + start, n, FALSE);
    for (JDIMENSION i = 0; i < n && i < MAX_SAMP_FACTOR; i++)
        plane->shifted[i] = rows[i] + plane->left;
    return plane->shifted;
}

static void
drop_rows(struct jvirt_barray_control *plane, JDIMENSION end)
{
    for (; plane->n_dropped < end; plane->n_dropped++)
        if (plane->rows[plane->n_dropped] != NULL)
            g_ptr_array_add(plane->spare, g_steal_pointer(&plane->rows[plane->n_dropped]));
}

static void
free_planes(TsJpegCrop *self)
{
    for (guint i = 0; i < self->n_planes; i++) {
        drop_rows(&self->planes[i], self->planes[i].n_rows);
        g_ptr_array_unref(self->planes[i].spare);
        g_free(self->planes[i].rows);
    }
    self->n_planes = 0;
}

static void
fill_info(const struct jpeg_decompress_struct *jpeg, TsJpegInfo *info)
{
    gboolean one = jpeg->num_components == 1; /* then an MCU is a block, whatever its factors */
    *info = (TsJpegInfo){.width = (int) jpeg->image_width,
                         .height = (int) jpeg->image_height,
                         .components = jpeg->num_components,
                         .mcu_width = DCTSIZE * (one ? 1 : jpeg->max_h_samp_factor),
                         .mcu_height = DCTSIZE * (one ? 1 : jpeg->max_v_samp_factor),
                         .progressive = jpeg_has_multiple_scans((j_decompress_ptr) jpeg),
                         .orientation = ts_jpeg_find_orientation(jpeg)};
}

static gboolean
read_header(TsJpegCrop *self)
{
    self->in.err = ts_jpeg_errors_init(&self->errors);
    if (setjmp(self->errors.out) != 0)
        return FALSE;
    jpeg_create_decompress(&self->in);
    self->in.client_data = self;
    self->in.src = &self->input.base;
    self->in.mem->request_virt_barray = request_plane;
    self->in.mem->access_virt_barray = access_plane;
    jpeg_save_markers(&self->in, JPEG_APP0 + 1, 0xffff);
    jpeg_save_markers(&self->in, JPEG_APP0 + 2, 0xffff);
    jpeg_read_header(&self->in, TRUE);
    fill_info(&self->in, &self->info);
    self->icc = ts_jpeg_find_profile(&self->in);
    self->errors.base.num_warnings = 0; /* those of markers that no crop takes over */
    return TRUE;
}

static void
close_input(TsJpegCrop *self)
{
    jpeg_destroy_decompress(&self->in);
    memset(&self->in, 0, sizeof self->in);
    ts_jpeg_input_close(&self->input);
    g_clear_pointer(&self->icc, g_bytes_unref);
    free_planes(self);
}

/* Open the file, at first or again, and read its header. */
static gboolean
open_input(TsJpegCrop *self, GError **error)
{
    close_input(self);
    self->y = 0;
    self->complete = self->failed = FALSE;
    if (!ts_jpeg_input_open(&self->input, self->path, error))
        return FALSE;
    if (read_header(self)) {
        self->input.suspends = TRUE;
        return TRUE;
    }
    return ts_error_set(error, TS_ERROR_FORMAT, "%s: is no JPEG file that can be read: %s",
                        self->path, self->errors.text);
}

static TsJpegCrop *
crop_new(const char *path)
{
    TsJpegCrop *self = g_new0(TsJpegCrop, 1);
    self->path = g_strdup(path);
    self->input.fd = -1;
    return self;
}

gboolean
ts_jpeg_probe(const char *path, TsJpegInfo *info, GError **error)
{
    g_autoptr(TsJpegCrop) self = crop_new(path);
    if (!open_input(self, error))
        return FALSE;
    *info = self->info;
    return TRUE;
}

static gboolean
start_output(TsJpegCrop *self)
{
    self->out.err = ts_jpeg_errors_init(&self->errors);
    if (setjmp(self->errors.out) != 0)
        return FALSE;
    jpeg_create_compress(&self->out);
    ts_jpeg_output_init(&self->output);
    self->out.dest = &self->output.base;
    self->out.mem->access_virt_barray = access_crop;
    return TRUE;
}

static gboolean
check_croppable(const TsJpegCrop *self, GError **error)
{
    const TsJpegInfo *info = &self->info;
    guint64 bytes;
    if (info->orientation != 1)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "%s: is to be turned (EXIF orientation %d), which cannot be done "
                            "without decoding; crops without loss need orientation 1",
                            self->path, info->orientation);
    if (info->progressive &&
        !ts_image_check_size(info->width, info->height, info->components, TS_I16, &bytes, error)) {
        g_prefix_error(error, "%s: progressive: ", self->path);
        return FALSE;
    }
    return TRUE;
}

TsJpegCrop *
ts_jpeg_crop_open(const char *path, GError **error)
{
    g_autoptr(TsJpegCrop) self = crop_new(path);
    if (!open_input(self, error) || !check_croppable(self, error))
        return NULL;
    if (start_output(self))
        return g_steal_pointer(&self);
    ts_error_set(error, TS_ERROR_DEPENDENCY, "libjpeg does not start: %s", self->errors.text);
    return NULL;
}

void
ts_jpeg_crop_free(TsJpegCrop *self)
{
    if (self == NULL)
        return;
    close_input(self);
    jpeg_destroy_compress(&self->out);
    ts_jpeg_output_clear(&self->output);
    g_free(self->path);
    g_free(self);
}

const TsJpegInfo *
ts_jpeg_crop_info(const TsJpegCrop *self)
{
    return &self->info;
}

/* Whether all blocks above pixel row `end` are there. */
static gboolean
has_rows(const TsJpegCrop *self, int end)
{
    if (self->complete || self->info.progressive)
        return self->complete;
    gint64 row = DCTSIZE * self->in.max_v_samp_factor;
    return self->n_planes > 0 && self->in.input_iMCU_row * row >= end;
}

/* Read one more piece of the file. */
static gboolean
read_piece(TsJpegCrop *self)
{
    self->in.err = &self->errors.base;
    if (setjmp(self->errors.out) != 0)
        return FALSE;
    if (self->n_planes > 0) /* what came with the header is decoded first */
        ts_jpeg_input_append(&self->input, &self->in);
    self->complete = jpeg_read_coefficients(&self->in) != NULL;
    return self->errors.base.num_warnings == 0;
}

/* Forget what lies above `self->y`, as far as it was decoded. */
static void
forget_rows(TsJpegCrop *self)
{
    const struct jpeg_decompress_struct *in = &self->in;
    int wanted = self->y / (DCTSIZE * in->max_v_samp_factor);
    int decoded = self->complete ? G_MAXINT : (int) in->input_iMCU_row;
    for (guint i = 0; i < self->n_planes && !self->info.progressive; i++) {
        int end = MIN(wanted, decoded) * in->comp_info[i].v_samp_factor;
        drop_rows(&self->planes[i], MIN(self->planes[i].n_rows, (JDIMENSION) end));
    }
}

static gboolean
read_rows(TsJpegCrop *self, int end, GError **error)
{
    while (!has_rows(self, end)) {
        if (ts_interrupt_check(error))
            return FALSE;
        if (read_piece(self)) {
            forget_rows(self);
            continue;
        }
        self->failed = TRUE;
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: is damaged or truncated: %s", self->path,
                            self->errors.text);
    }
    return TRUE;
}

/* Make sure that what stood in the file when it was opened first stands there still. */
static gboolean
reopen(TsJpegCrop *self, GError **error)
{
    TsJpegInfo old = self->info;
    if (!open_input(self, error))
        return FALSE;
    if (memcmp(&old, &self->info, sizeof old) != 0)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: changed while it was read", self->path);
    return TRUE;
}

static gboolean
write_blocks(TsJpegCrop *self, int x, int y, int width, int height)
{
    struct jpeg_compress_struct *out = &self->out;
    jvirt_barray_ptr planes[MAX_PLANES];
    if (setjmp(self->errors.out) != 0) {
        jpeg_abort_compress(out);
        return FALSE;
    }
    for (guint i = 0; i < self->n_planes; i++) {
        const jpeg_component_info *from = &self->in.comp_info[i];
        planes[i] = &self->planes[i];
        planes[i]->left = (JDIMENSION) (x / self->info.mcu_width * from->h_samp_factor);
        planes[i]->top = (JDIMENSION) (y / self->info.mcu_height * from->v_samp_factor);
    }
    jpeg_copy_critical_parameters(&self->in, out);
    out->image_width = (JDIMENSION) width;
    out->image_height = (JDIMENSION) height;
    if (self->info.components == 1) {
        out->comp_info[0].h_samp_factor = out->comp_info[0].v_samp_factor = 1;
        planes[0]->left = (JDIMENSION) (x / DCTSIZE);
        planes[0]->top = (JDIMENSION) (y / DCTSIZE);
    }
    jpeg_write_coefficients(out, planes);
    if (self->icc != NULL) {
        gsize n;
        const guint8 *profile = g_bytes_get_data(self->icc, &n);
        jpeg_write_icc_profile(out, profile, (unsigned) n);
    }
    jpeg_finish_compress(out);
    return TRUE;
}

static gboolean
check_region(const TsJpegCrop *self, int x, int y, int width, int height, GError **error)
{
    const TsJpegInfo *info = &self->info;
    if (!ts_image_check_region(info->width, info->height, x, y, width, height, error)) {
        g_prefix_error(error, "%s: ", self->path);
        return FALSE;
    }
    if (x % info->mcu_width != 0 || y % info->mcu_height != 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "%s: a crop at %d,%d is not possible without loss, its origin has to "
                            "be a multiple of %d,%d",
                            self->path, x, y, info->mcu_width, info->mcu_height);
    return TRUE;
}

gboolean
ts_jpeg_crop_write(TsJpegCrop *self, int x, int y, int width, int height, const guint8 **bytes,
                   gsize *n, GError **error)
{
    if (!check_region(self, x, y, width, height, error))
        return FALSE;
    if ((self->failed || (y < self->y && !self->info.progressive)) && !reopen(self, error))
        return FALSE;
    self->y = y;
    forget_rows(self);
    if (!read_rows(self, y + height, error))
        return FALSE;
    if (!write_blocks(self, x, y, width, height))
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: is damaged: %s", self->path,
                            self->errors.text);
    *bytes = self->output.buffer;
    *n = ts_jpeg_output_size(&self->output);
    return TRUE;
}

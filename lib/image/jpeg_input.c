/* Bytes for libjpeg, and what markers say: orientation and profile. */
#include "image/jpeg_input.h"

#include <errno.h>
#include <fcntl.h>
#include <jerror.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER = 1 << 16 }; /* bytes; an MCU takes a few thousand at most */

static void
begin_input(j_decompress_ptr jpeg)
{
}

void
ts_jpeg_input_append(TsJpegInput *self, j_decompress_ptr jpeg)
{
    gsize left = self->base.bytes_in_buffer;
    if (left > 0)
        memmove(self->buffer, self->base.next_input_byte, left);
    gssize n;
    do
        n = read(self->fd, self->buffer + left, BUFFER - left);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        ERREXIT(jpeg, JERR_FILE_READ);
    if (n == 0)
        ERREXIT(jpeg, JERR_INPUT_EOF);
    self->base.next_input_byte = self->buffer;
    self->base.bytes_in_buffer = left + (gsize) n;
}

static boolean
fill_from_file(j_decompress_ptr jpeg)
{
    TsJpegInput *self = (TsJpegInput *) jpeg->src;
    if (self->suspends)
        return FALSE;
    self->base.bytes_in_buffer = 0;
    ts_jpeg_input_append(self, jpeg);
    return TRUE;
}

static boolean
fill_from_memory(j_decompress_ptr jpeg)
{
    ERREXIT(jpeg, JERR_INPUT_EOF);
    return FALSE;
}

/* Bytes at once, even where others wait for them. */
static void
fill(j_decompress_ptr jpeg)
{
    TsJpegInput *self = (TsJpegInput *) jpeg->src;
    if (self->fd < 0)
        ERREXIT(jpeg, JERR_INPUT_EOF);
    ts_jpeg_input_append(self, jpeg);
}

static void
skip_input(j_decompress_ptr jpeg, long n)
{
    struct jpeg_source_mgr *from = jpeg->src;
    while (n > 0 && (size_t) n > from->bytes_in_buffer) {
        n -= (long) from->bytes_in_buffer;
        from->bytes_in_buffer = 0;
        fill(jpeg);
    }
    if (n > 0) {
        from->next_input_byte += n;
        from->bytes_in_buffer -= (size_t) n;
    }
}

static void
end_input(j_decompress_ptr jpeg)
{
}

static const struct jpeg_source_mgr manager = {.init_source = begin_input,
                                               .skip_input_data = skip_input,
                                               .resync_to_restart = jpeg_resync_to_restart,
                                               .term_source = end_input};

gboolean
ts_jpeg_input_open(TsJpegInput *self, const char *path, GError **error)
{
    *self = (TsJpegInput){.base = manager, .fd = open(path, O_RDONLY | O_CLOEXEC)};
    if (self->fd < 0)
        return ts_error_set_errno(error, errno, "%s: cannot be opened", path);
    self->base.fill_input_buffer = fill_from_file;
    self->buffer = g_malloc(BUFFER);
    return TRUE;
}

void
ts_jpeg_input_open_bytes(TsJpegInput *self, gconstpointer bytes, gsize n)
{
    *self = (TsJpegInput){.base = manager, .fd = -1};
    self->base.fill_input_buffer = fill_from_memory;
    self->base.next_input_byte = bytes;
    self->base.bytes_in_buffer = n;
}

void
ts_jpeg_input_close(TsJpegInput *self)
{
    if (self->fd >= 0)
        close(self->fd);
    self->fd = -1;
    g_clear_pointer(&self->buffer, g_free);
}

static guint32
get_number(const guint8 *at, gsize n, gboolean little)
{
    guint32 value = 0;
    for (gsize i = 0; i < n; i++)
        value = value << 8 | at[little ? n - 1 - i : i];
    return value;
}

/* Tag 274 of the first directory, a SHORT. Layout: TIFF 6.0, section 2. */
static int
find_in_exif(const guint8 *tiff, gsize n)
{
    enum { HEADER = 8, ENTRY = 12, ORIENTATION = 274, SHORT = 3 };
    if (n < HEADER || (memcmp(tiff, "II*\0", 4) != 0 && memcmp(tiff, "MM\0*", 4) != 0))
        return 1;
    gboolean little = tiff[0] == 'I';
    gsize at = get_number(tiff + 4, 4, little);
    if (at > n - 2)
        return 1;
    gsize n_entries = get_number(tiff + at, 2, little);
    at += 2;
    for (gsize i = 0; i < n_entries && n - at >= ENTRY; i++, at += ENTRY) {
        const guint8 *entry = tiff + at;
        if (get_number(entry, 2, little) != ORIENTATION ||
            get_number(entry + 2, 2, little) != SHORT)
            continue;
        guint32 value = get_number(entry + 8, 2, little);
        return value >= 1 && value <= 8 ? (int) value : 1;
    }
    return 1;
}

int
ts_jpeg_find_orientation(const struct jpeg_decompress_struct *jpeg)
{
    static const char label[] = "Exif\0"; /* and a second zero */
    for (jpeg_saved_marker_ptr m = jpeg->marker_list; m != NULL; m = m->next)
        if (m->marker == JPEG_APP0 + 1 && m->data_length > sizeof label &&
            memcmp(m->data, label, sizeof label) == 0)
            return find_in_exif(m->data + sizeof label, m->data_length - sizeof label);
    return 1;
}

GBytes *
ts_jpeg_find_profile(struct jpeg_decompress_struct *jpeg)
{
    JOCTET *data = NULL;
    unsigned n = 0;
    return jpeg_read_icc_profile(jpeg, &data, &n) ? g_bytes_new_with_free_func(data, n, free, data)
                                                  : NULL;
}

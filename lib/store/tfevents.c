/* The reader of TensorBoard's event files. */
#include "store/tfevents.h"

#include "base/error.h"
#include "store/tensorboard.pb-c.h"
#include "store/tfrecord.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Longest record that is read: the messages that are made from hostile bytes can take some forty
 * times their size. */
enum { MAX_RECORD = 1 << 28 };

struct _TsEventReader {
    char *name;
    GBytes *bytes; /* what is read; NULL: the file */
    int fd;
    guint64 offset; /* of the next record */
    gboolean partial;
    GByteArray *record;
    Tensorboard__Event *message; /* what `event` points into */
    GArray *scalars;
    TsEvent event;
};

static void
free_message(Tensorboard__Event *message)
{
    tensorboard__event__free_unpacked(message, NULL);
}

TsEventReader *
ts_event_reader_new(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        ts_error_set_errno(error, errno, "%s: cannot be read", path);
        return NULL;
    }
    TsEventReader *self = ts_event_reader_new_for_bytes(NULL, path);
    self->fd = fd;
    return self;
}

TsEventReader *
ts_event_reader_new_for_bytes(GBytes *bytes, const char *name)
{
    TsEventReader *self = g_new0(TsEventReader, 1);
    self->name = g_strdup(name);
    self->bytes = bytes != NULL ? g_bytes_ref(bytes) : NULL;
    self->fd = -1;
    self->record = g_byte_array_new();
    self->scalars = g_array_new(FALSE, FALSE, sizeof(TsEventScalar));
    return self;
}

static gboolean
format_error(const TsEventReader *self, const char *what, GError **error)
{
    return ts_error_set(error, TS_ERROR_FORMAT, "%s: record at byte %" G_GUINT64_FORMAT ": %s",
                        self->name, self->offset, what);
}

/* How many bytes there are now. */
static gboolean
get_size(const TsEventReader *self, guint64 *size, GError **error)
{
    struct stat status;
    if (self->bytes != NULL) {
        *size = g_bytes_get_size(self->bytes);
        return TRUE;
    }
    if (fstat(self->fd, &status) != 0)
        return ts_error_set_errno(error, errno, "%s: cannot be read", self->name);
    *size = status.st_size;
    return TRUE;
}

/* Make `record` the `n` bytes from the offset on, fewer if the file ends before. */
static gboolean
fill_record(TsEventReader *self, gsize n, GError **error)
{
    gsize filled = 0;
    g_byte_array_set_size(self->record, n);
    if (self->bytes != NULL) {
        const guint8 *bytes = g_bytes_get_data(self->bytes, NULL);
        memcpy(self->record->data, bytes + self->offset, n);
        return TRUE;
    }
    while (filled < n) {
        gssize got =
            pread(self->fd, self->record->data + filled, n - filled, self->offset + filled);
        if (got < 0 && errno != EINTR)
            return ts_error_set_errno(error, errno, "%s: cannot be read", self->name);
        if (got == 0)
            break;
        filled += MAX(got, 0);
    }
    g_byte_array_set_size(self->record, filled);
    return TRUE;
}

/* Read the header, then the whole record if it is there. FALSE without an error at the end. */
static gboolean
read_record(TsEventReader *self, GError **error)
{
    guint64 size = 0, length = 0;
    if (!get_size(self, &size, error))
        return FALSE;
    guint64 rest = size > self->offset ? size - self->offset : 0;
    self->partial = rest > 0;
    if (rest < TS_TFRECORD_HEADER || !fill_record(self, TS_TFRECORD_HEADER, error))
        return FALSE;
    TsTfrecordState state = ts_tfrecord_check(self->record->data, self->record->len, &length);
    if (state == TS_TFRECORD_BAD_LENGTH)
        return format_error(self, "the checksum of its length is wrong, so the rest is lost",
                            error);
    if (length > MAX_RECORD)
        return format_error(self, "is longer than 256 MiB", error);
    gsize whole = TS_TFRECORD_HEADER + length + TS_TFRECORD_FOOTER;
    if (rest < whole || !fill_record(self, whole, error))
        return FALSE;
    state = ts_tfrecord_check(self->record->data, self->record->len, &length);
    if (state == TS_TFRECORD_SHORT)
        return FALSE;
    self->partial = FALSE;
    if (state == TS_TFRECORD_BAD_DATA) {
        format_error(self, "its checksum is wrong", error);
        self->offset += whole;
        return FALSE;
    }
    return TRUE;
}

static void
collect_scalars(TsEventReader *self, const Tensorboard__Summary *summary)
{
    for (gsize i = 0; i < summary->n_value; i++) {
        const Tensorboard__Value *value = summary->value[i];
        if (value->value_case != TENSORBOARD__VALUE__VALUE_SIMPLE_VALUE)
            continue;
        TsEventScalar scalar = {.tag = value->tag, .value = value->simple_value};
        g_array_append_val(self->scalars, scalar);
    }
}

static void
fill_event(TsEventReader *self)
{
    const Tensorboard__Event *message = self->message;
    TsEvent *event = &self->event;
    *event = (TsEvent){.wall_time = message->wall_time, .step = message->step};
    g_array_set_size(self->scalars, 0);
    if (message->what_case == TENSORBOARD__EVENT__WHAT_FILE_VERSION)
        event->file_version = message->file_version;
    if (message->what_case == TENSORBOARD__EVENT__WHAT_SESSION_LOG)
        event->restart = message->session_log->status == TENSORBOARD__SESSION_LOG__STATUS__START;
    if (message->what_case == TENSORBOARD__EVENT__WHAT_SUMMARY)
        collect_scalars(self, message->summary);
    event->scalars = (const TsEventScalar *) (gpointer) self->scalars->data;
    event->n_scalars = self->scalars->len;
}

const TsEvent *
ts_event_reader_next(TsEventReader *self, GError **error)
{
    if (!read_record(self, error))
        return NULL;
    gsize length = self->record->len - TS_TFRECORD_HEADER - TS_TFRECORD_FOOTER;
    g_clear_pointer(&self->message, free_message);
    self->message =
        tensorboard__event__unpack(NULL, length, self->record->data + TS_TFRECORD_HEADER);
    if (self->message == NULL)
        format_error(self, "is not an event", error);
    self->offset += self->record->len;
    if (self->message == NULL)
        return NULL;
    fill_event(self);
    return &self->event;
}

gboolean
ts_event_reader_at_partial_record(const TsEventReader *self)
{
    return self->partial;
}

void
ts_event_reader_free(TsEventReader *self)
{
    if (self == NULL)
        return;
    g_clear_pointer(&self->message, free_message);
    g_clear_pointer(&self->bytes, g_bytes_unref);
    g_byte_array_unref(self->record);
    g_array_unref(self->scalars);
    if (self->fd >= 0)
        close(self->fd);
    g_free(self->name);
    g_free(self);
}

/* The writer of TensorBoard's event files. The file grows in place, so it is no TsOutFile. */
#include "store/tfevents.h"

#include "base/error.h"
#include "base/outfile.h"
#include "store/tensorboard.pb-c.h"
#include "store/tfevents_graph.h"
#include "store/tfrecord.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PREFIX "events.out.tfevents."

enum { QUEUE_RECORDS = 10, FLUSH_SECONDS = 120, MAX_ATTEMPTS = 1000 };

/* The largest that has ten digits. */
static const gint64 MAX_SECOND = 9999999999;

struct _TsEventWriter {
    char *path;
    int fd;            /* -1: closed */
    goffset n_written; /* bytes of whole records in the file */
    GByteArray *queue; /* records that wait */
    guint n_queued;    /* how many */
    gint64 last_flush; /* monotonic microseconds */
};

/* The second for the name of a new file: now, or the one behind that of the newest file of the
 * folder, since readers take the files in the order of their names. */
static gint64
choose_second(const char *folder)
{
    gint64 second = g_get_real_time() / G_USEC_PER_SEC;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        if (!g_str_has_prefix(name, PREFIX))
            continue;
        gint64 other = g_ascii_strtoll(name + strlen(PREFIX), NULL, 10);
        if (other >= second && other < MAX_SECOND)
            second = other + 1;
    }
    return second;
}

/* A name that no other writer has: O_EXCL decides. */
static gboolean
create_file(TsEventWriter *self, const char *folder, GError **error)
{
    gint64 second = choose_second(folder);
    for (guint i = 0; i < MAX_ATTEMPTS; i++) {
        self->path = g_strdup_printf("%s/" PREFIX "%010" G_GINT64_FORMAT ".%s.%d.%u", folder,
                                     second, g_get_host_name(), (int) getpid(), i);
        self->fd = open(self->path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
        if (self->fd >= 0)
            return TRUE;
        if (errno != EEXIST)
            return ts_error_set_errno(error, errno, "%s: cannot be written", self->path);
        g_clear_pointer(&self->path, g_free);
    }
    return ts_error_set(error, TS_ERROR_IO, "%s: has more event files of this second than %d",
                        folder, MAX_ATTEMPTS);
}

/* Put `event`, stamped with the time, behind the records that wait. */
static void
enqueue(TsEventWriter *self, Tensorboard__Event *event)
{
    event->wall_time = g_get_real_time() / (double) G_USEC_PER_SEC;
    gsize n = tensorboard__event__get_packed_size(event);
    g_autofree guint8 *bytes = g_malloc(n);
    tensorboard__event__pack(event, bytes);
    ts_tfrecord_append(self->queue, bytes, n);
    self->n_queued++;
}

/* Write all of the queue; on failure, how many bytes went is of no interest: the file is cut. */
static int
write_all(int fd, const guint8 *bytes, gsize n)
{
    while (n > 0) {
        gssize written = write(fd, bytes, n);
        if (written < 0 && errno != EINTR)
            return errno;
        if (written > 0) {
            bytes += written;
            n -= written;
        }
    }
    return 0;
}

gboolean
ts_event_writer_flush(TsEventWriter *self, GError **error)
{
    self->last_flush = g_get_monotonic_time();
    int errnum = write_all(self->fd, self->queue->data, self->queue->len);
    if (errnum != 0) {
        /* A partial record would make all that follows unreadable. */
        if (ftruncate(self->fd, self->n_written) != 0)
            return ts_error_set_errno(error, errno, "%s: cannot be cut back", self->path);
        return ts_error_set_errno(error, errnum, "%s: cannot be written", self->path);
    }
    self->n_written += self->queue->len;
    g_byte_array_set_size(self->queue, 0);
    self->n_queued = 0;
    return TRUE;
}

static gboolean
flush_if_due(TsEventWriter *self, GError **error)
{
    gint64 age = g_get_monotonic_time() - self->last_flush;
    if (self->n_queued < QUEUE_RECORDS && age < FLUSH_SECONDS * G_USEC_PER_SEC)
        return TRUE;
    return ts_event_writer_flush(self, error);
}

static void
enqueue_version(TsEventWriter *self)
{
    Tensorboard__Event event = TENSORBOARD__EVENT__INIT;
    event.what_case = TENSORBOARD__EVENT__WHAT_FILE_VERSION;
    event.file_version = (char *) "brain.Event:2";
    enqueue(self, &event);
}

TsEventWriter *
ts_event_writer_new(const char *folder, GError **error)
{
    g_autoptr(TsEventWriter) self = g_new0(TsEventWriter, 1);
    self->fd = -1;
    self->queue = g_byte_array_new();
    if (!ts_make_folder(folder, error) || !create_file(self, folder, error))
        return NULL;
    enqueue_version(self);
    if (!ts_event_writer_flush(self, error))
        return NULL;
    return g_steal_pointer(&self);
}

const char *
ts_event_writer_path(const TsEventWriter *self)
{
    return self->path;
}

/* Put one value, its tag checked, behind the records that wait. */
static gboolean
add_value(TsEventWriter *self, const char *tag, gint64 step, Tensorboard__Value *value,
          GError **error)
{
    if (tag[0] == '\0' || !g_utf8_validate(tag, -1, NULL))
        return ts_error_set(error, TS_ERROR_ARGUMENT, "'%s' cannot be the tag of a curve", tag);
    Tensorboard__Value *values[] = {value};
    Tensorboard__Summary summary = TENSORBOARD__SUMMARY__INIT;
    Tensorboard__Event event = TENSORBOARD__EVENT__INIT;
    value->tag = (char *) tag;
    summary.n_value = 1;
    summary.value = values;
    event.step = step;
    event.what_case = TENSORBOARD__EVENT__WHAT_SUMMARY;
    event.summary = &summary;
    enqueue(self, &event);
    return flush_if_due(self, error);
}

gboolean
ts_event_writer_add_scalar(TsEventWriter *self, const char *tag, gint64 step, float value,
                           GError **error)
{
    Tensorboard__Value point = TENSORBOARD__VALUE__INIT;
    point.value_case = TENSORBOARD__VALUE__VALUE_SIMPLE_VALUE;
    point.simple_value = value;
    return add_value(self, tag, step, &point, error);
}

gboolean
ts_event_writer_add_histogram(TsEventWriter *self, const char *tag, gint64 step,
                              const TsEventHistogram *histogram, GError **error)
{
    Tensorboard__Value value = TENSORBOARD__VALUE__INIT;
    Tensorboard__HistogramProto proto = TENSORBOARD__HISTOGRAM_PROTO__INIT;
    proto.min = histogram->min;
    proto.max = histogram->max;
    proto.num = histogram->n;
    proto.sum = histogram->sum;
    proto.sum_squares = histogram->sum_of_squares;
    proto.n_bucket_limit = proto.n_bucket = histogram->n_bins;
    proto.bucket_limit = (double *) histogram->limit;
    proto.bucket = (double *) histogram->count;
    value.value_case = TENSORBOARD__VALUE__VALUE_HISTO;
    value.histo = &proto;
    return add_value(self, tag, step, &value, error);
}

gboolean
ts_event_writer_add_image(TsEventWriter *self, const char *tag, gint64 step, int width, int height,
                          int samples, const guint8 *png, gsize n, GError **error)
{
    Tensorboard__Value value = TENSORBOARD__VALUE__INIT;
    Tensorboard__Image image = TENSORBOARD__IMAGE__INIT;
    image.width = width;
    image.height = height;
    image.colorspace = samples;
    image.encoded_image_string.data = (guint8 *) png;
    image.encoded_image_string.len = n;
    value.value_case = TENSORBOARD__VALUE__VALUE_IMAGE;
    value.image = &image;
    return add_value(self, tag, step, &value, error);
}

gboolean
ts_event_writer_add_text(TsEventWriter *self, const char *tag, gint64 step, const char *text,
                         GError **error)
{
    g_autofree char *summary_tag = g_strconcat(tag, "/text_summary", NULL);
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    ProtobufCBinaryData string = {strlen(valid), (guint8 *) valid};
    Tensorboard__TensorShape shape = TENSORBOARD__TENSOR_SHAPE__INIT;
    Tensorboard__TensorProto tensor = TENSORBOARD__TENSOR_PROTO__INIT;
    Tensorboard__SummaryMetadata__PluginData plugin =
        TENSORBOARD__SUMMARY_METADATA__PLUGIN_DATA__INIT;
    Tensorboard__SummaryMetadata metadata = TENSORBOARD__SUMMARY_METADATA__INIT;
    Tensorboard__Value value = TENSORBOARD__VALUE__INIT;
    tensor.dtype = TENSORBOARD__TENSOR_PROTO__DATA_TYPE__DT_STRING;
    tensor.tensor_shape = &shape; /* of no dimensions: one string */
    tensor.n_string_val = 1;
    tensor.string_val = &string;
    plugin.plugin_name = (char *) "text";
    metadata.plugin_data = &plugin;
    value.value_case = TENSORBOARD__VALUE__VALUE_TENSOR;
    value.tensor = &tensor;
    value.metadata = &metadata;
    return add_value(self, summary_tag, step, &value, error);
}

gboolean
ts_event_writer_add_tensor(TsEventWriter *self, const char *tag, gint64 step, const char *plugin,
                           const void *content, gsize n_content, guint rows, guint columns,
                           const float *numbers, GError **error)
{
    Tensorboard__TensorShape__Dim sizes[] = {TENSORBOARD__TENSOR_SHAPE__DIM__INIT,
                                             TENSORBOARD__TENSOR_SHAPE__DIM__INIT};
    Tensorboard__TensorShape__Dim *dims[] = {&sizes[0], &sizes[1]};
    Tensorboard__TensorShape shape = TENSORBOARD__TENSOR_SHAPE__INIT;
    Tensorboard__TensorProto tensor = TENSORBOARD__TENSOR_PROTO__INIT;
    Tensorboard__SummaryMetadata__PluginData data =
        TENSORBOARD__SUMMARY_METADATA__PLUGIN_DATA__INIT;
    Tensorboard__SummaryMetadata metadata = TENSORBOARD__SUMMARY_METADATA__INIT;
    Tensorboard__Value value = TENSORBOARD__VALUE__INIT;
    sizes[0].size = rows;
    sizes[1].size = columns;
    shape.n_dim = G_N_ELEMENTS(dims);
    shape.dim = dims;
    tensor.dtype = TENSORBOARD__TENSOR_PROTO__DATA_TYPE__DT_FLOAT;
    tensor.tensor_shape = &shape;
    tensor.n_float_val = (gsize) rows * columns;
    tensor.float_val = (float *) numbers;
    data.plugin_name = (char *) plugin;
    data.content = (ProtobufCBinaryData){n_content, (guint8 *) content};
    metadata.plugin_data = &data;
    value.value_case = TENSORBOARD__VALUE__VALUE_TENSOR;
    value.tensor = &tensor;
    value.metadata = &metadata;
    return add_value(self, tag, step, &value, error);
}

gboolean
ts_event_writer_add_graph(TsEventWriter *self, const TsEventNode *nodes, guint n, GError **error)
{
    g_autoptr(GByteArray) graph = ts_event_graph_pack(nodes, n);
    Tensorboard__Event event = TENSORBOARD__EVENT__INIT;
    event.what_case = TENSORBOARD__EVENT__WHAT_GRAPH_DEF;
    event.graph_def.data = graph->data;
    event.graph_def.len = graph->len;
    enqueue(self, &event);
    return flush_if_due(self, error);
}

gboolean
ts_event_writer_add_restart(TsEventWriter *self, gint64 step, GError **error)
{
    Tensorboard__SessionLog start = TENSORBOARD__SESSION_LOG__INIT;
    Tensorboard__Event event = TENSORBOARD__EVENT__INIT;
    start.status = TENSORBOARD__SESSION_LOG__STATUS__START;
    event.step = step;
    event.what_case = TENSORBOARD__EVENT__WHAT_SESSION_LOG;
    event.session_log = &start;
    /* One of TensorBoard's two readers takes the first mark of a run for its beginning and heeds
     * only those behind it. */
    enqueue(self, &event);
    enqueue(self, &event);
    return flush_if_due(self, error);
}

gboolean
ts_event_writer_close(TsEventWriter *self, GError **error)
{
    if (!ts_event_writer_flush(self, error))
        return FALSE;
    int fd = self->fd;
    self->fd = -1;
    int errnum = fsync(fd) == 0 ? 0 : errno;
    if (close(fd) != 0 && errnum == 0)
        errnum = errno;
    return errnum == 0 ? TRUE
                       : ts_error_set_errno(error, errnum, "%s: cannot be written", self->path);
}

void
ts_event_writer_free(TsEventWriter *self)
{
    if (self == NULL)
        return;
    if (self->fd >= 0) {
        ts_event_writer_flush(self, NULL);
        close(self->fd);
    }
    g_byte_array_unref(self->queue);
    g_free(self->path);
    g_free(self);
}

/* TensorBoard's event files: the curves of a run.
 *
 * A run is a folder; each writer adds one file "events.out.tfevents.SECONDS.HOST.PID.N" to it,
 * whose name stands behind those that are there, since readers go by the names. It grows by whole
 * records and stays readable at any moment, after a kill too. Records wait in memory and are
 * written once ten are there, when one comes 120 s after the last write, at a flush and at the
 * close.
 *
 *     g_autoptr(TsEventWriter) log = ts_event_writer_new("runs/first", error);
 *     if (log == NULL || !ts_event_writer_add_scalar(log, "loss/train", step, loss, error))
 *         return FALSE;
 *     return ts_event_writer_close(log, error);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TsEventWriter TsEventWriter;

/* Make `folder` if need be and begin a new file in it, which holds the version record and reaches
 * the disk at once. TS_ERROR_IO on failure. */
TsEventWriter *ts_event_writer_new(const char *folder, GError **error);

/* The path of the file; borrowed. */
const char *ts_event_writer_path(const TsEventWriter *self);

/* Add a point to the curve `tag`. TS_ERROR_ARGUMENT if the tag is empty or not UTF-8; TS_ERROR_IO
 * if waiting records cannot be written: then the file is cut back to its last whole record, and
 * they wait for the next try. */
gboolean ts_event_writer_add_scalar(TsEventWriter *self, const char *tag, gint64 step, float value,
                                    GError **error);

/* Numbers in bins: limit[i] is the upper end of bin i, which holds count[i] of them. */
typedef struct {
    double min, max, n, sum, sum_of_squares;
    guint n_bins;
    const double *limit, *count;
} TsEventHistogram;

/* Add a distribution to the series `tag`. Errors as add_scalar. */
gboolean ts_event_writer_add_histogram(TsEventWriter *self, const char *tag, gint64 step,
                                       const TsEventHistogram *histogram, GError **error);

/* Add a picture: `n` bytes of a PNG of width x height with 1 or 3 samples a pixel. */
gboolean
ts_event_writer_add_image(TsEventWriter *self, const char *tag, gint64 step, int width, int height,
                          int samples, const guint8 *png, gsize n, GError **error);

/* Add a text, which readers show as Markdown. */
gboolean ts_event_writer_add_text(TsEventWriter *self, const char *tag, gint64 step,
                                  const char *text, GError **error);

/* Add (rows, columns) numbers for one of TensorBoard's plugins, with `content`, a packed message of
 * its own, in the metadata. */
gboolean
ts_event_writer_add_tensor(TsEventWriter *self, const char *tag, gint64 step, const char *plugin,
                           const void *content, gsize n_content, guint rows, guint columns,
                           const float *numbers, GError **error);

/* A setting of the run, for the table of plugin hparams: a text, or a number if `text` is NULL. */
typedef struct {
    const char *name, *text;
    double number;
} TsEventSetting;

/* Add the settings of the run, which begins. The plugin finds the metrics by itself: they are the
 * curves. No list of all runs' settings is written, so that runs with others join the table. */
gboolean ts_event_writer_add_settings(TsEventWriter *self, const TsEventSetting *settings, guint n,
                                      GError **error);

/* Add that the run has ended, well or not. */
gboolean ts_event_writer_add_end(TsEventWriter *self, gboolean success, GError **error);

enum { TS_EVENT_THRESHOLDS = 127 };

/* Add a precision-recall curve: those samples are taken for positive whose score, 0 to 1, is i /
 * 126 or more, i = 0 .. 126. positives[i] and negatives[i] count the samples that are and are not
 * of the class, by floor(score * 126). */
gboolean ts_event_writer_add_pr_curve(TsEventWriter *self, const char *tag, gint64 step,
                                      const guint64 positives[TS_EVENT_THRESHOLDS],
                                      const guint64 negatives[TS_EVENT_THRESHOLDS], GError **error);

/* A node of a graph: what it is called ("stage1/conv1", slashes make groups), what it does
 * ("Conv"), which nodes it takes, its output's shape, and what else is worth telling. */
typedef struct {
    const char *name, *op;
    guint n_inputs;
    const char *const *inputs; /* names */
    guint rank;
    const gint64 *shape;  /* -1: the batch */
    const char *settings; /* "kernel=3, stride=1", or NULL */
} TsEventNode;

/* Add the graph of the run. */
gboolean
ts_event_writer_add_graph(TsEventWriter *self, const TsEventNode *nodes, guint n, GError **error);

/* Tell readers that the run goes on from `step`: points of earlier files of the folder at that step
 * and behind it are void. For a resumed training. */
gboolean ts_event_writer_add_restart(TsEventWriter *self, gint64 step, GError **error);

/* Write all that waits. */
gboolean ts_event_writer_flush(TsEventWriter *self, GError **error);

/* Write all that waits, sync, close. After it, only ts_event_writer_free() may be called. */
gboolean ts_event_writer_close(TsEventWriter *self, GError **error);

/* Free; what still waits is written if it can be. NULL is allowed. */
void ts_event_writer_free(TsEventWriter *self);

/* One point of a curve. */
typedef struct {
    const char *tag;
    float value;
} TsEventScalar;

/* What one record says. */
typedef struct {
    double wall_time; /* seconds since 1970 */
    gint64 step;
    const char *file_version; /* NULL except in the first record of a file */
    gboolean restart;         /* points at `step` and behind it in earlier records are void */
    const TsEventScalar *scalars;
    gsize n_scalars;
} TsEvent;

typedef struct _TsEventReader TsEventReader;

/* Open `path`, which may be growing. */
TsEventReader *ts_event_reader_new(const char *path, GError **error);

/* Read from `bytes`, of which a reference is kept; `name` begins error messages. */
TsEventReader *ts_event_reader_new_for_bytes(GBytes *bytes, const char *name);

/* The next record, borrowed until the next call. NULL without an error at the end of what is whole:
 * call again once the file has grown. NULL with TS_ERROR_FORMAT where a checksum is wrong or a
 * record is no event; the call after it goes on behind a bad record, and fails again where the
 * length itself was bad. */
const TsEvent *ts_event_reader_next(TsEventReader *self, GError **error);

/* Whether the last NULL came in the middle of a record: still being written, or cut off. */
gboolean ts_event_reader_at_partial_record(const TsEventReader *self);

/* NULL is allowed. */
void ts_event_reader_free(TsEventReader *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsEventWriter, ts_event_writer_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsEventReader, ts_event_reader_free)

G_END_DECLS

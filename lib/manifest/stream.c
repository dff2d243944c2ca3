/* Text that arrives on a descriptor, cut into manifests at line ends. */
#include "manifest/stream.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "manifest/folder.h"
#include "manifest/private.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum {
    READ_BYTES = 1 << 16,
    WAIT_MS = 100, /* between looks for a signal */
};

struct _TsRowStream {
    int fd;
    char *name;
    TsManifest *head;
    GString *header; /* its line, with LF */
    GString *text;   /* read and not yet handed out */
    gsize scanned;   /* bytes of it that n_lines counts */
    guint64 n_lines; /* whole lines in it */
    guint64 line;    /* number of its first */
    gboolean at_end;
    gint cancelled; /* atomic */
};

/* Wait until there is something to read, or not at all. */
static gboolean
wait_for_input(TsRowStream *self, gboolean patient, gboolean *ready, GError **error)
{
    struct pollfd poll_fd = {.fd = self->fd, .events = POLLIN};
    for (*ready = FALSE; !*ready;) {
        if (g_atomic_int_get(&self->cancelled))
            return ts_error_set(error, TS_ERROR_INTERRUPTED, "%s: no longer read", self->name);
        if (ts_interrupt_check(error))
            return FALSE;
        int n = poll(&poll_fd, 1, patient ? WAIT_MS : 0);
        if (n < 0 && errno != EINTR)
            return ts_error_set_errno(error, errno, "%s: cannot be read", self->name);
        *ready = n > 0;
        if (!patient)
            return TRUE;
    }
    return TRUE;
}

static gboolean
read_some(TsRowStream *self, GError **error)
{
    const gsize n = self->text->len;
    g_string_set_size(self->text, n + READ_BYTES);
    gssize got = read(self->fd, self->text->str + n, READ_BYTES);
    const int errnum = errno;
    g_string_set_size(self->text, n + (gsize) MAX(got, 0));
    if (got < 0 && errnum != EINTR)
        return ts_error_set_errno(error, errnum, "%s: cannot be read", self->name);
    self->at_end = got == 0;
    for (; self->scanned < self->text->len; self->scanned++)
        self->n_lines += self->text->str[self->scanned] == '\n';
    if (self->at_end && self->text->len > 0 && self->text->str[self->text->len - 1] != '\n')
        self->n_lines++;
    if (self->n_lines == 0 && self->text->len > TS_LINE_MAX)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s:%" G_GUINT64_FORMAT
                            ": line of more than %d bytes (is this a manifest?)",
                            self->name, self->line, TS_LINE_MAX);
    return TRUE;
}

/* Read until there are `wanted` lines, or as many as have arrived, at least one. */
static gboolean
fill(TsRowStream *self, guint64 wanted, GError **error)
{
    while (!self->at_end && self->n_lines < wanted) {
        gboolean ready;
        if (!wait_for_input(self, self->n_lines == 0, &ready, error))
            return FALSE;
        if (!ready)
            return TRUE;
        if (!read_some(self, error))
            return FALSE;
    }
    return TRUE;
}

/* Move the first `n` lines behind the text of `to`. */
static void
take_lines(TsRowStream *self, guint64 n, GString *to)
{
    const char *at = self->text->str, *end = at + self->text->len;
    for (guint64 i = 0; i < n; i++) {
        const char *lf = memchr(at, '\n', (gsize) (end - at));
        at = lf != NULL ? lf + 1 : end;
    }
    const gsize bytes = (gsize) (at - self->text->str);
    g_string_append_len(to, self->text->str, (gssize) bytes);
    g_string_erase(self->text, 0, (gssize) bytes);
    self->scanned -= bytes;
    self->n_lines -= n;
    self->line += n;
}

static TsManifest *
parse(const GString *text, const char *name, const char *folder, guint64 line, GError **error)
{
    return ts_manifest_parse_part(g_memdup2(text->str, text->len + 1), text->len, name, folder,
                                  line, error);
}

TsRowStream *
ts_row_stream_new(int fd, const char *name, GError **error)
{
    g_autoptr(TsRowStream) self = g_new0(TsRowStream, 1);
    g_autofree char *folder = ts_folder_of_descriptor(fd);
    if (isatty(fd)) {
        ts_error_set(error, TS_ERROR_ARGUMENT,
                     "%s is a terminal; name a DATASET or pipe a manifest in", name);
        return NULL;
    }
    self->fd = fd;
    self->name = g_strdup(name);
    self->text = g_string_new(NULL);
    self->header = g_string_new(NULL);
    self->line = 1;
    if (!fill(self, 1, error))
        return NULL;
    take_lines(self, MIN(self->n_lines, 1), self->header);
    self->head = parse(self->header, name, folder, 2, error);
    if (self->head == NULL)
        return NULL;
    if (!g_str_has_suffix(self->header->str, "\n"))
        g_string_append_c(self->header, '\n');
    return g_steal_pointer(&self);
}

const TsManifest *
ts_row_stream_head(const TsRowStream *self)
{
    return self->head;
}

void
ts_row_stream_set_folder(TsRowStream *self, const char *folder)
{
    ts_manifest_set_folder(self->head, folder);
}

static TsManifest *
take_manifest(TsRowStream *self, guint64 n, GError **error)
{
    g_autoptr(GString) text = g_string_new_len(self->header->str, (gssize) self->header->len);
    const guint64 line = self->line;
    take_lines(self, n, text);
    return parse(text, self->name, ts_manifest_folder(self->head), line, error);
}

TsManifest *
ts_row_stream_next(TsRowStream *self, guint64 max_rows, GError **error)
{
    if (!fill(self, max_rows, error) || self->n_lines == 0)
        return NULL;
    return take_manifest(self, MIN(self->n_lines, max_rows), error);
}

TsManifest *
ts_row_stream_rest(TsRowStream *self, GError **error)
{
    gboolean ready;
    while (!self->at_end)
        if (!wait_for_input(self, TRUE, &ready, error) || !read_some(self, error))
            return NULL;
    return take_manifest(self, self->n_lines, error);
}

void
ts_row_stream_cancel(TsRowStream *self)
{
    g_atomic_int_set(&self->cancelled, TRUE);
}

void
ts_row_stream_free(TsRowStream *self)
{
    if (self == NULL)
        return;
    ts_manifest_free(self->head);
    g_free(self->name);
    if (self->header != NULL)
        g_string_free(self->header, TRUE);
    if (self->text != NULL)
        g_string_free(self->text, TRUE);
    g_free(self);
}

/* The stage: its journal, its checkpoints, and the rename at the end. */
#include "tiling/cut/stage.h"

#include "base/error.h"
#include "base/folder.h"
#include "base/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define JOURNAL ".tile-journal"

static const char first_line[] = "tessera tile journal 1\n";
static const char begin_line[] = "begin\n";

struct _TsStage {
    char *name;           /* of the final folder as the caller has it, for messages */
    char *final, *folder; /* absolute */
    char *state;
    int journal; /* appended to, locked */
    gboolean has_checkpoint, is_finished;
};

const char *
ts_stage_folder(const TsStage *self)
{
    return self->folder;
}

const char *
ts_stage_state(const TsStage *self)
{
    return self->state;
}

/* The value of the line `name` in a text of lines NAME\tVALUE; NULL: there is none. */
static char *
find_value(char **lines, const char *name, gsize n_name)
{
    for (; *lines != NULL; lines++)
        if (strncmp(*lines, name, n_name) == 0 && (*lines)[n_name] == '\t')
            return *lines + n_name + 1;
    return NULL;
}

/* The first line of `a` that says something else in `b`, which may lack it; NULL: there is none. */
static char *
describe_difference(char **a, char **b, gboolean is_old)
{
    for (; *a != NULL; a++) {
        const char *tab = strchr(*a, '\t');
        if (tab == NULL)
            continue;
        const int n_name = (int) (tab - *a);
        const char *value = tab + 1, *other = find_value(b, *a, (gsize) n_name);
        if (other == NULL)
            return g_strdup_printf(is_old ? "%.*s was %s, now it is not given"
                                          : "%.*s was not given, now it is %s",
                                   n_name, *a, value);
        if (strcmp(value, other) != 0)
            return g_strdup_printf("%.*s was %s, now it is %s", n_name, *a, is_old ? value : other,
                                   is_old ? other : value);
    }
    return NULL;
}

static gboolean
refuse(const TsStage *self, const char *old, const char *now, GError **error)
{
    g_auto(GStrv) was = g_strsplit(old, "\n", -1);
    g_auto(GStrv) is = g_strsplit(now, "\n", -1);
    g_autofree char *what = describe_difference(was, is, TRUE);
    if (what == NULL)
        what = describe_difference(is, was, FALSE);
    return ts_error_set(error, TS_ERROR_IO,
                        "%s.partial: is an unfinished run with other options or inputs: %s; finish "
                        "it with its own command line, or give --force to begin anew",
                        self->name, what != NULL ? what : "they come in another order");
}

/* Keep the last whole line, and cut off what a full disk or a fallen machine left of another one:
 * the next line would be joined to it. */
static gboolean
take_state(TsStage *self, const char *text, gsize n_head, GError **error)
{
    const char *lines = text + n_head, *end = strrchr(lines, '\n');
    if (end == NULL)
        return FALSE;
    if (ftruncate(self->journal, (off_t) (end + 1 - text)) != 0)
        return ts_error_set_errno(error, errno, "%s/" JOURNAL ": cannot be written", self->folder);
    const char *start = end;
    while (start > lines && start[-1] != '\n')
        start--;
    self->state = g_strndup(start, (gsize) (end - start));
    return TRUE;
}

/* Whether the journal in the folder is that of the same run; FALSE without an error if there is
 * nothing to go on with. `*is_other`: it is that of another run, which the error is about. */
static gboolean
read_journal(TsStage *self, const char *head, gboolean *is_other, GError **error)
{
    g_autofree char *path = g_build_filename(self->folder, JOURNAL, NULL);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return FALSE;
    if (!g_str_has_prefix(text, head)) {
        g_autofree char *old = NULL;
        const char *begin = strstr(text, begin_line);
        if (begin == NULL) /* killed while the journal was begun: nothing depends on it */
            return FALSE;
        old = g_strndup(text, (gsize) (begin - text));
        *is_other = TRUE;
        return refuse(self, old, head, error);
    }
    return take_state(self, text, strlen(head), error);
}

/* Without a journal, whatever is in the folder is not ours to remove, unless it is a finished
 * folder that was being replaced when the process was killed. */
static gboolean
check_is_stage(const TsStage *self, GError **error)
{
    g_autofree char *journal = g_build_filename(self->folder, JOURNAL, NULL);
    if (!g_file_test(self->folder, G_FILE_TEST_EXISTS) || ts_folder_is_empty(self->folder) ||
        g_file_test(journal, G_FILE_TEST_EXISTS) || ts_folder_check_owned(self->folder, NULL))
        return TRUE;
    return ts_error_set(error, TS_ERROR_IO,
                        "%s.partial: is needed for the unfinished tiles, but is there and is no "
                        "unfinished run of tile; move it away",
                        self->name);
}

/* Two runs must not fill one stage. The lock goes with the process. */
static gboolean
lock_journal(TsStage *self, GError **error)
{
    g_autofree char *path = g_build_filename(self->folder, JOURNAL, NULL);
    self->journal = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (self->journal < 0)
        return ts_error_set_errno(error, errno, "%s: cannot be written", path);
    if (flock(self->journal, LOCK_EX | LOCK_NB) != 0)
        return ts_error_set(error, TS_ERROR_IO, "%s.partial: another tile is working in it",
                            self->name);
    return TRUE;
}

static gboolean
append(TsStage *self, const char *text, GError **error)
{
    if (!ts_write_all(self->journal, text, strlen(text)) || fsync(self->journal) != 0)
        return ts_error_set_errno(error, errno, "%s/" JOURNAL ": cannot be written", self->folder);
    return TRUE;
}

/* All but the journal goes, since it is locked; that is emptied. */
static gboolean
begin(TsStage *self, const char *head, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(self->folder, 0, error);
    if (dir == NULL)
        return FALSE;
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(self->folder, name, NULL);
        if (strcmp(name, JOURNAL) != 0 && !ts_folder_remove(path, error))
            return FALSE;
    }
    if (ftruncate(self->journal, 0) != 0)
        return ts_error_set_errno(error, errno, "%s/" JOURNAL ": cannot be written", self->folder);
    return append(self, head, error);
}

TsStage *
ts_stage_open(const char *final, const char *identity, gboolean fresh, GError **error)
{
    g_autoptr(TsStage) self = g_new0(TsStage, 1);
    g_autofree char *head = g_strconcat(first_line, identity, begin_line, NULL);
    self->journal = -1;
    self->name = g_strdup(final);
    self->final = ts_folder_resolve(final);
    self->folder = g_strconcat(self->final, ".partial", NULL);
    self->has_checkpoint = TRUE; /* until it is ours, nothing is removed */
    if (!check_is_stage(self, error) || !ts_make_folder(self->folder, error) ||
        !lock_journal(self, error))
        return NULL;
    GError *refused = NULL;
    gboolean is_other = FALSE;
    if (read_journal(self, head, &is_other, &refused))
        return g_steal_pointer(&self);
    if (refused != NULL && !(fresh && is_other)) {
        g_propagate_error(error, refused);
        return NULL;
    }
    g_clear_error(&refused);
    self->has_checkpoint = FALSE;
    if (!begin(self, head, error))
        return NULL;
    return g_steal_pointer(&self);
}

gboolean
ts_stage_checkpoint(TsStage *self, const char *state, GError **error)
{
    g_autofree char *line = g_strconcat(state, "\n", NULL);
    if (!ts_sync_folder(self->folder, error) || !append(self, line, error))
        return FALSE;
    self->has_checkpoint = TRUE;
    return TRUE;
}

static gboolean
move_out(const TsStage *self, const char *name, gboolean replace, GError **error)
{
    g_autofree char *parent = g_path_get_dirname(self->final);
    g_autofree char *from = g_build_filename(self->folder, name, NULL);
    g_autofree char *to = g_build_filename(parent, name, NULL);
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, replace ? 0 : RENAME_NOREPLACE) == 0)
        return TRUE;
    if (errno == EEXIST)
        return ts_error_set(error, TS_ERROR_IO, "%s: exists already; --force replaces it", to);
    return ts_error_set_errno(error, errno, "%s: cannot be given its name", to);
}

gboolean
ts_stage_finish_files(TsStage *self, const char *last, gboolean replace, GError **error)
{
    g_autoptr(GDir) dir = NULL;
    if (!ts_sync_folder(self->folder, error) || (dir = g_dir_open(self->folder, 0, error)) == NULL)
        return FALSE;
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;)
        if (*name != '.' && strcmp(name, last) != 0 && !move_out(self, name, replace, error))
            return FALSE;
    if (!move_out(self, last, replace, error))
        return FALSE;
    self->is_finished = TRUE;
    return ts_folder_remove(self->folder, error) && ts_sync_folder_of(self->final, error);
}

gboolean
ts_stage_finish(TsStage *self, gboolean replace, char **kept, GError **error)
{
    g_autofree char *journal = g_build_filename(self->final, JOURNAL, NULL);
    if (!ts_folder_check_target(self->name, replace, error) ||
        !ts_folder_write_list(self->folder, error) || !ts_sync_folder(self->folder, error))
        return FALSE;
    g_unlink(journal); /* of a run that was killed at the end: it must not speak for this folder */
    if (!ts_folder_give_name(self->folder, self->final, replace, kept, error))
        return FALSE;
    self->is_finished = TRUE;
    g_unlink(journal);
    return TRUE;
}

void
ts_stage_free(TsStage *self)
{
    if (self == NULL)
        return;
    if (!self->is_finished && !self->has_checkpoint)
        ts_folder_remove(self->folder, NULL);
    if (self->journal >= 0)
        close(self->journal);
    g_free(self->name);
    g_free(self->final);
    g_free(self->folder);
    g_free(self->state);
    g_free(self);
}

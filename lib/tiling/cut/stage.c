/* The stage: its journal, its checkpoints, and the rename at the end. */
#include "tiling/cut/stage.h"

#include "base/error.h"
#include "base/outfile.h"
#include "manifest/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
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

static int
remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void) status;
    (void) type;
    (void) walk;
    return remove(path);
}

gboolean
ts_stage_remove_folder(const char *path, GError **error)
{
    if (nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT)
        return ts_error_set_errno(error, errno, "%s: cannot be removed", path);
    return TRUE;
}

static gboolean
is_empty_folder(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    return dir != NULL && g_dir_read_name(dir) == NULL;
}

gboolean
ts_stage_check_final(const char *final, gboolean replace, GError **error)
{
    struct stat status;
    if (stat(final, &status) != 0 || is_empty_folder(final))
        return TRUE;
    if (!S_ISDIR(status.st_mode))
        return ts_error_set(error, TS_ERROR_IO, "%s: is a file, a folder was expected", final);
    if (!replace)
        return ts_error_set(error, TS_ERROR_IO,
                            "%s: exists already and is not empty; --force "
                            "replaces it",
                            final);
    g_autofree char *manifest = g_build_filename(final, "manifest.tsv", NULL);
    if (!g_file_test(manifest, G_FILE_TEST_EXISTS))
        return ts_error_set(error, TS_ERROR_IO,
                            "%s: holds files but no manifest.tsv, so it is no folder of tiles and "
                            "is not replaced",
                            final);
    return TRUE;
}

/* Where the first difference is, in the words of the line's name. */
static gboolean
refuse(const TsStage *self, const char *old, const char *now, GError **error)
{
    g_auto(GStrv) was = g_strsplit(old, "\n", -1);
    g_auto(GStrv) is = g_strsplit(now, "\n", -1);
    guint i = 0;
    while (was[i] != NULL && is[i] != NULL && strcmp(was[i], is[i]) == 0)
        i++;
    const char *what = was[i] != NULL && *was[i] != '\0' ? was[i] : is[i] != NULL ? is[i] : "";
    return ts_error_set(error, TS_ERROR_IO,
                        "%s.partial: is an unfinished run with other options or inputs (%s); "
                        "finish it with its own command line, remove it, or use --force to start "
                        "anew",
                        self->name, what);
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

/* Without a journal, whatever is in the folder is not ours to remove. */
static gboolean
check_is_stage(const TsStage *self, GError **error)
{
    g_autofree char *journal = g_build_filename(self->folder, JOURNAL, NULL);
    if (!g_file_test(self->folder, G_FILE_TEST_EXISTS) || is_empty_folder(self->folder) ||
        g_file_test(journal, G_FILE_TEST_EXISTS))
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
    gsize n = strlen(text);
    if (write(self->journal, text, n) != (gssize) n || fsync(self->journal) != 0)
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
        if (strcmp(name, JOURNAL) != 0 && !ts_stage_remove_folder(path, error))
            return FALSE;
    }
    if (ftruncate(self->journal, 0) != 0)
        return ts_error_set_errno(error, errno, "%s/" JOURNAL ": cannot be written", self->folder);
    return append(self, head, error);
}

/* The absolute path; of a link to a folder, that folder's, so that the link stays. */
static char *
resolve(const char *path)
{
    g_autofree char *target = realpath(path, NULL);
    return target != NULL ? g_strdup(target) : g_canonicalize_filename(path, NULL);
}

TsStage *
ts_stage_open(const char *final, const char *identity, gboolean fresh, GError **error)
{
    g_autoptr(TsStage) self = g_new0(TsStage, 1);
    g_autofree char *head = g_strconcat(first_line, identity, begin_line, NULL);
    self->journal = -1;
    self->name = g_strdup(final);
    self->final = resolve(final);
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

/* Remove the folders between `folder` and `file` that have nothing in them. */
static void
remove_empty_parents(const char *folder, const char *file)
{
    g_autofree char *parent = g_path_get_dirname(file);
    while (strlen(parent) > strlen(folder) && g_rmdir(parent) == 0) {
        char *above = g_path_get_dirname(parent);
        g_free(parent);
        parent = above;
    }
}

/* Remove the files that the manifest of `folder` names, their folders and itself. */
static void
remove_tiles(const char *folder)
{
    g_autofree char *path = g_build_filename(folder, "manifest.tsv", NULL);
    g_autoptr(TsManifest) manifest = ts_manifest_read(path, NULL);
    int column = manifest != NULL ? ts_manifest_find_column(manifest, "file_name") : -1;
    for (guint64 row = 0; column >= 0 && row < ts_manifest_n_rows(manifest); row++) {
        g_autofree char *name = ts_cell_unescape(ts_manifest_cell(manifest, row, (guint) column));
        if (name == NULL || g_path_is_absolute(name) || strstr(name, "..") != NULL)
            continue;
        g_autofree char *file = g_build_filename(folder, name, NULL);
        g_unlink(file);
        remove_empty_parents(folder, file);
    }
    g_unlink(path);
    g_rmdir(folder);
}

/* Name what is left of the old folder FINAL.old, or FINAL.old.2 and so on if that is there. */
static gboolean
keep_old(const TsStage *self, char **kept, GError **error)
{
    enum { MAX_OLD = 1000 };
    g_autofree char *old = g_strconcat(self->final, ".old", NULL);
    for (int i = 2; renameat2(AT_FDCWD, self->folder, AT_FDCWD, old, RENAME_NOREPLACE) != 0; i++) {
        if ((errno != EEXIST && errno != ENOTEMPTY) || i > MAX_OLD)
            return ts_error_set_errno(error, errno, "%s: cannot be renamed to %s", self->folder,
                                      old);
        g_free(old);
        old = g_strdup_printf("%s.old.%d", self->final, i);
    }
    if (kept != NULL)
        *kept = g_steal_pointer(&old);
    return TRUE;
}

static gboolean
exchange(TsStage *self, char **kept, GError **error)
{
    if (renameat2(AT_FDCWD, self->folder, AT_FDCWD, self->final, RENAME_EXCHANGE) != 0)
        return ts_error_set_errno(error, errno, "%s: cannot be exchanged with %s", self->final,
                                  self->folder);
    self->is_finished = TRUE; /* from here on, the folder of the stage is the old one */
    remove_tiles(self->folder);
    return !g_file_test(self->folder, G_FILE_TEST_EXISTS) || keep_old(self, kept, error);
}

/* What a rename changed. Some file systems have no fsync for folders and say EINVAL. */
static gboolean
sync_parent(const TsStage *self, GError **error)
{
    g_autofree char *parent = g_path_get_dirname(self->final);
    int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    gboolean synced = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);
    int errnum = errno;
    if (fd >= 0)
        close(fd);
    return synced ? TRUE : ts_error_set_errno(error, errnum, "%s: cannot be synced", parent);
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
    return ts_stage_remove_folder(self->folder, error) && sync_parent(self, error);
}

gboolean
ts_stage_finish(TsStage *self, gboolean replace, char **kept, GError **error)
{
    gboolean exists = g_file_test(self->final, G_FILE_TEST_EXISTS) && !is_empty_folder(self->final);
    if (!ts_stage_check_final(self->name, replace, error) || !ts_sync_folder(self->folder, error))
        return FALSE;
    if (exists) {
        if (!exchange(self, kept, error))
            return FALSE;
    } else if (rename(self->folder, self->final) != 0) {
        return ts_error_set_errno(error, errno, "%s: cannot be given its name", self->final);
    }
    self->is_finished = TRUE;
    g_autofree char *journal = g_build_filename(self->final, JOURNAL, NULL);
    g_unlink(journal);
    return sync_parent(self, error);
}

void
ts_stage_free(TsStage *self)
{
    if (self == NULL)
        return;
    if (!self->is_finished && !self->has_checkpoint)
        ts_stage_remove_folder(self->folder, NULL);
    if (self->journal >= 0)
        close(self->journal);
    g_free(self->name);
    g_free(self->final);
    g_free(self->folder);
    g_free(self->state);
    g_free(self);
}

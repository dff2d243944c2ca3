/* Folders that the relative paths of manifests start at, and paths moved from one to another. */
#pragma once

#include "manifest/manifest.h"

#include <glib.h>

G_BEGIN_DECLS

/* The folder of the regular file that `fd` is open on; "." for pipes and terminals. Free with
 * g_free(). */
char *ts_folder_of_descriptor(int fd);

/* The folder of the file `path`, which need not exist; "." if it is a pipe or a device. */
char *ts_folder_of_file(const char *path);

/* Check that no picture or mask of the rows lies in `folder`, links followed, which need not be
 * there: replacing it would remove what the rows are made of. TS_ERROR_ARGUMENT names the first. */
gboolean
ts_manifest_check_elsewhere(const TsManifest *manifest, const char *folder, GError **error);

/* How paths that start at one folder are written so that they start at another. */
typedef struct {
    char *from, *to; /* both absolute, without links, escaped; NULL: the same folder */
    char *prefix;    /* what stands before most paths; NULL where each has to be looked at */
} TsRebase;

void ts_rebase_init(TsRebase *rebase, const char *from, const char *to);
void ts_rebase_clear(TsRebase *rebase);

/* Append the escaped path `raw` (not \N), moved. */
void ts_rebase_append(const TsRebase *rebase, GString *out, TsCell raw);

G_END_DECLS

/* A folder that is being filled: FINAL.partial, a journal in it, and FINAL when all is there.
 *
 * Files in the stage need no temporary names of their own, since the stage is one. The journal says
 * what the run is (its parameters and each input's size and time of change) and, line by line, how
 * far the disk is known to have it. Whoever opens the stage again goes on from the last of those
 * lines, and nothing that came after it is believed. Another run's stage is refused.
 *
 *     g_autoptr(TsStage) stage = ts_stage_open("tiles", identity, FALSE, error);
 *     const char *state = ts_stage_state(stage);             // NULL: from the start
 *     ... write files into ts_stage_folder(stage)
 *     if (!ts_stage_checkpoint(stage, "done 1000", error))   // syncs all files, then notes it
 *     ...
 *     return ts_stage_finish(stage, FALSE, error);           // renames it to "tiles"
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TsStage TsStage;

/* Open or make `final`.partial. `identity` is text of several lines, "NAME\tVALUE" each, that says
 * what is made: a stage with another one is refused with TS_ERROR_IO, which says what the first
 * line that differs was and is, unless `fresh`: then it is removed and begun anew. TS_ERROR_IO if
 * another process has it open, or if a folder of that name is there that is not empty and has no
 * journal. */
TsStage *ts_stage_open(const char *final, const char *identity, gboolean fresh, GError **error);

/* The folder that files go to; borrowed. */
const char *ts_stage_folder(const TsStage *stage);

/* What the last checkpoint of an earlier run said, or NULL. Borrowed. */
const char *ts_stage_state(const TsStage *stage);

/* Wait until all files of the stage are on the disk, then note `state`, one line of text. */
gboolean ts_stage_checkpoint(TsStage *stage, const char *state, GError **error);

/* Give the folder its final name, with a list of its files, as ts_folder_give_name() does. */
gboolean ts_stage_finish(TsStage *stage, gboolean replace, char **kept, GError **error);

/* Give each file of the stage, but hidden ones, its name beside the stage's folder, which is
 * FINAL's, `last` after all others. An existing file is an error unless `replace`. */
gboolean ts_stage_finish_files(TsStage *stage, const char *last, gboolean replace, GError **error);

/* Close. A stage without a checkpoint is removed; others stay, to be gone on with. */
void ts_stage_free(TsStage *stage);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsStage, ts_stage_free)

G_END_DECLS

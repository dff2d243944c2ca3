/* A progress bar: how much is done, how fast, how long to go.
 *
 * Drawn on standard error, only if that is a terminal (or with --progress), at most every 0.1 s.
 * Counting is atomic: any thread may add. The clock and the sink can be replaced by a test.
 *
 *     g_autoptr(TsProgress) progress = ts_progress_new("tile", n_tiles, "tiles");
 *     ts_progress_add(progress, 1);          // from any thread
 *                                            // the end of the scope draws the last state
 */
#pragma once

#include <glib.h>
#include <stdio.h>

G_BEGIN_DECLS

typedef struct _TsProgress TsProgress;

typedef enum {
    TS_PROGRESS_AUTO,   /* draw when standard error is a terminal */
    TS_PROGRESS_ALWAYS, /* --progress */
    TS_PROGRESS_NEVER,  /* --no-progress, --quiet */
} TsProgressMode;

/* What all bars of the process do. */
void ts_progress_set_mode(TsProgressMode mode);

/* Start a bar of `total` steps (0: not known), named `what`, counted in `unit`. */
TsProgress *ts_progress_new(const char *what, guint64 total, const char *unit);

/* Count `n` further steps and draw if it is time. */
void ts_progress_add(TsProgress *progress, guint64 n);

/* Show `note` (a short text such as "loss 0.31", copied) behind the bar. */
void ts_progress_set_note(TsProgress *progress, const char *note);

/* Draw the last state, end the line, free. NULL is allowed. */
void ts_progress_free(TsProgress *progress);

/* Erase the line of the bar that is on the screen, if there is one, so that a message can stand
 * there. The next ts_progress_add() draws it again. */
void ts_progress_clear_line(void);

/* For tests: microseconds from `clock` instead of the system's, drawing to `sink`. */
void ts_progress_set_clock(TsProgress *progress, gint64 (*clock)(void), FILE *sink);

/* The text of the bar at `now` (microseconds of the bar's clock), without control characters:
 * "tile  [#####-----]  50%  1000/2000 tiles  500/s  0:02 left". Free with g_free(). */
char *ts_progress_render(TsProgress *progress, gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsProgress, ts_progress_free)

G_END_DECLS

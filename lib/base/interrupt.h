/* SIGINT, SIGTERM and SIGUSR1 (by which Slurm announces the end) as a flag that long loops look at.
 *
 * The first signal only sets the flag: the loop returns TS_ERROR_INTERRUPTED, destructors remove
 * temporary files, and the tool ends by raising the signal on itself, so that make and the shell
 * see what happened. A second signal ends the process at once.
 *
 *     while (more) {
 *         if (ts_interrupt_check(error))
 *             return FALSE;
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Install the handlers. Called once, by ts_tool_main(). */
void ts_interrupt_install(void);

/* The signal that arrived, or 0. Cheap; may be called from any thread. */
int ts_interrupt_signal(void);

/* TRUE, with TS_ERROR_INTERRUPTED set, once a signal has arrived. */
gboolean ts_interrupt_check(GError **error);

/* End the process by the signal that arrived, as if it had never been handled. */
void ts_interrupt_raise(void) G_GNUC_NORETURN;

G_END_DECLS

/* How many threads work, for OpenMP (oneDNN, OpenBLAS), libvips and our own loops together.
 *
 * One number for the whole process, set once by ts_tool_main() from -j. Loops of our own go through
 * ts_parallel_for(), whose result cannot depend on the number: each item is worked alone, and the
 * error that is reported is that of the lowest item.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Set the number of threads (0: the processors this process may run on) and start OpenMP's with
 * denormals off. */
void ts_threads_set(guint n_threads);

/* The number set, at least 1. */
guint ts_threads_get(void);

/* Flush denormals to zero in the calling thread; they slow arithmetic 5 to 100 times. Every
 * compute thread calls it first. */
void ts_denormals_off(void);

/* TRUE if denormals are flushed in the calling thread; for tests. */
gboolean ts_denormals_are_off(void);

/* Work on one item; may be called from several threads at once. */
typedef gboolean (*TsParallelFunc)(guint64 item, gpointer data, GError **error);

/* Call `func` for items 0 .. n - 1 on up to ts_threads_get() threads. Stops early on an error or a
 * signal; FALSE then. */
gboolean ts_parallel_for(guint64 n, TsParallelFunc func, gpointer data, GError **error);

/* Set what libraries read from the environment before main(), and start the program again so that
 * they see it. Returns where there is nothing to set; what the user has set stays.
 *
 * OPENBLAS_CORETYPE: OpenBLAS 0.3.21 does not know AMD's AVX-512 processors and runs its AVX2
 * kernels on them, at half the speed.
 * GOMP_SPINCOUNT: at the end of each kernel OpenMP's threads wait for each other spinning, for so
 * long that beside other work a training step takes ten times its time. Where there is other work
 * when the program starts, they spin for 4000 turns, which costs a tenth on a quiet machine. */
void ts_threads_prepare_environment(char **argv);

G_END_DECLS

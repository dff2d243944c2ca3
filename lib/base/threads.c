/* Threads of the process, set up once; a parallel loop whose outcome is independent of them. */
#include "base/threads.h"

#include "base/error.h"
#include "base/interrupt.h"

#include <omp.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

static guint threads = 1;

void
ts_threads_set(guint n_threads)
{
    threads = n_threads > 0 ? n_threads : MAX(1, g_get_num_processors());
    /* More threads than processors wait for one another in spin locks, a hundred times slower. */
    omp_set_num_threads((int) MIN(threads, MAX(1, g_get_num_processors())));
#pragma omp parallel
    ts_denormals_off();
}

guint
ts_threads_get(void)
{
    return threads;
}

#if defined(__x86_64__)
enum { FLUSH_TO_ZERO = 0x8000, DENORMALS_ARE_ZERO = 0x0040 };

void
ts_denormals_off(void)
{
    _mm_setcsr(_mm_getcsr() | FLUSH_TO_ZERO | DENORMALS_ARE_ZERO);
}

gboolean
ts_denormals_are_off(void)
{
    guint both = FLUSH_TO_ZERO | DENORMALS_ARE_ZERO;
    return (_mm_getcsr() & both) == both;
}
#elif defined(__aarch64__)
static const guint64 FLUSH_TO_ZERO = 1 << 24;

void
ts_denormals_off(void)
{
    guint64 fpcr;
    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
    __asm__ volatile("msr fpcr, %0" : : "r"(fpcr | FLUSH_TO_ZERO));
}

gboolean
ts_denormals_are_off(void)
{
    guint64 fpcr;
    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
    return (fpcr & FLUSH_TO_ZERO) != 0;
}
#else
void
ts_denormals_off(void)
{
}

gboolean
ts_denormals_are_off(void)
{
    return FALSE;
}
#endif

typedef struct {
    TsParallelFunc func;
    gpointer data;
    guint64 n;
    guint64 next; /* atomic */
    gint stop;    /* atomic */
    GMutex lock;
    GError *first; /* error of the lowest item that failed, guarded by lock */
    guint64 first_item;
} ParallelLoop;

static void
keep_lowest_error(ParallelLoop *loop, guint64 item, GError *error)
{
    g_mutex_lock(&loop->lock);
    if (loop->first == NULL || item < loop->first_item) {
        g_clear_error(&loop->first);
        loop->first = error;
        loop->first_item = item;
    } else {
        g_error_free(error);
    }
    g_mutex_unlock(&loop->lock);
    g_atomic_int_set(&loop->stop, TRUE);
}

static gpointer
parallel_worker(gpointer data)
{
    ParallelLoop *loop = data;
    ts_denormals_off();
    while (!g_atomic_int_get(&loop->stop)) {
        guint64 item = __atomic_fetch_add(&loop->next, 1, __ATOMIC_RELAXED);
        if (item >= loop->n)
            break;
        GError *error = NULL;
        if (ts_interrupt_check(&error) || !loop->func(item, loop->data, &error))
            keep_lowest_error(loop, item, error);
    }
    return NULL;
}

/* Items are handed out in order, so when one fails all lower ones are done or in work, and the
 * lowest failing item is the same for any number of threads. */
gboolean
ts_parallel_for(guint64 n, TsParallelFunc func, gpointer data, GError **error)
{
    ParallelLoop loop = {.func = func, .data = data, .n = n};
    g_mutex_init(&loop.lock);
    guint n_workers = (guint) MIN(n, threads);
    g_autofree GThread **workers = g_new0(GThread *, MAX(n_workers, 1));
    for (guint i = 1; i < n_workers; i++)
        workers[i] = g_thread_new("ts-parallel", parallel_worker, &loop);
    parallel_worker(&loop);
    for (guint i = 1; i < n_workers; i++)
        g_thread_join(workers[i]);
    g_mutex_clear(&loop.lock);
    if (loop.first != NULL) {
        g_propagate_error(error, loop.first);
        return FALSE;
    }
    return TRUE;
}

/* TRUE if OpenBLAS would take a processor for an older one. */
static gboolean
openblas_misjudges_processor(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_is("amd") && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl");
#else
    return FALSE;
#endif
}

/* TRUE if others than this process want a processor at this moment: the fourth field of
 * /proc/loadavg is "running/all". */
static gboolean
machine_has_other_work(void)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents("/proc/loadavg", &text, NULL, NULL))
        return TRUE;
    g_auto(GStrv) fields = g_strsplit(text, " ", -1);
    return g_strv_length(fields) < 4 || g_ascii_strtoull(fields[3], NULL, 10) > 1;
}

/* A process that was begun through /proc/self/exe is called "exe", and top and pkill would not know
 * it. */
static void
take_name(const char *path)
{
    g_autofree char *name = g_path_get_basename(path);
    prctl(PR_SET_NAME, name);
}

void
ts_threads_prepare_environment(char **argv)
{
    gboolean changed = FALSE;
    if (openblas_misjudges_processor() && g_getenv("OPENBLAS_CORETYPE") == NULL)
        changed |= g_setenv("OPENBLAS_CORETYPE", "SkylakeX", TRUE);
    if (machine_has_other_work() && g_getenv("GOMP_SPINCOUNT") == NULL &&
        g_getenv("OMP_WAIT_POLICY") == NULL)
        changed |= g_setenv("GOMP_SPINCOUNT", "4000", TRUE);
    if (changed)
        execv("/proc/self/exe", argv);
    /* Without /proc the same work is done, slower. */
    take_name(argv[0]);
}

/* SIGINT, SIGTERM and SIGUSR1 as a flag; the handler does nothing but set it. */
#include "base/interrupt.h"

#include "base/error.h"

#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t arrived;

static void
note_signal(int signum)
{
    if (arrived != 0)
        _exit(128 + signum);
    arrived = signum;
}

/* Without SA_RESTART: who waits for a pipe or a terminal has to wake up. */
void
ts_interrupt_install(void)
{
    struct sigaction action = {.sa_handler = note_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
}

int
ts_interrupt_signal(void)
{
    return arrived;
}

gboolean
ts_interrupt_check(GError **error)
{
    if (G_LIKELY(arrived == 0))
        return FALSE;
    ts_error_set(error, TS_ERROR_INTERRUPTED, "interrupted by signal %d (%s)", (int) arrived,
                 g_strsignal(arrived));
    return TRUE;
}

void
ts_interrupt_raise(void)
{
    int signum = arrived != 0 ? arrived : SIGTERM;
    signal(signum, SIG_DFL);
    raise(signum);
    _exit(128 + signum);
}

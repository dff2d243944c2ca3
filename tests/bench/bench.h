/* What every benchmark needs: a clock of its own, and an end where something goes wrong. */
#pragma once

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Seconds of processor time of this process: other load on the machine does not count. */
static inline double
seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

/* End the program with the message of `error`, if there is one. */
static inline void
fail_on(const GError *error)
{
    if (error == NULL)
        return;
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, error->message);
    exit(1);
}

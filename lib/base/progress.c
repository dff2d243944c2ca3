/* The progress bar. One line, redrawn in place; `drawn` is the bar that is on the screen. */
#include "base/progress.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

enum { REDRAW_US = 100000, BAR_WIDTH = 20 };

struct _TsProgress {
    char *what;
    char *unit;
    char *note; /* guarded by lock */
    guint64 total;
    guint64 done; /* atomic */
    gint64 started;
    gint64 next_draw; /* atomic */
    gint64 (*clock)(void);
    FILE *sink;
    gboolean shown;
    gboolean touched; /* something was drawn */
    GMutex lock;      /* one thread draws at a time */
};

static TsProgressMode progress_mode = TS_PROGRESS_AUTO;
static TsProgress *drawn; /* atomic pointer */

void
ts_progress_set_mode(TsProgressMode mode)
{
    progress_mode = mode;
}

TsProgress *
ts_progress_new(const char *what, guint64 total, const char *unit)
{
    TsProgress *self = g_new0(TsProgress, 1);
    self->what = g_strdup(what);
    self->unit = g_strdup(unit);
    self->total = total;
    self->clock = g_get_monotonic_time;
    self->sink = stderr;
    self->started = self->clock();
    self->next_draw = self->started + REDRAW_US;
    self->shown = progress_mode == TS_PROGRESS_ALWAYS ||
                  (progress_mode == TS_PROGRESS_AUTO && isatty(STDERR_FILENO));
    g_mutex_init(&self->lock);
    return self;
}

void
ts_progress_set_clock(TsProgress *self, gint64 (*clock)(void), FILE *sink)
{
    self->clock = clock;
    self->sink = sink;
    self->shown = TRUE;
    self->started = clock();
    self->next_draw = self->started + REDRAW_US;
}

static void
append_duration(GString *text, double seconds)
{
    guint64 s = (guint64) ceil(seconds);
    if (s >= 3600)
        g_string_append_printf(text, "%" G_GUINT64_FORMAT ":%02u:%02u", s / 3600,
                               (guint) (s / 60 % 60), (guint) (s % 60));
    else
        g_string_append_printf(text, "%u:%02u", (guint) (s / 60), (guint) (s % 60));
}

static void
append_rate(GString *text, double per_second)
{
    if (per_second >= 1e6)
        g_string_append_printf(text, "  %.1fM/s", per_second / 1e6);
    else if (per_second >= 1e4)
        g_string_append_printf(text, "  %.1fk/s", per_second / 1e3);
    else if (per_second >= 10)
        g_string_append_printf(text, "  %.0f/s", per_second);
    else
        g_string_append_printf(text, "  %.2f/s", per_second);
}

char *
ts_progress_render(TsProgress *self, gint64 now)
{
    guint64 done = __atomic_load_n(&self->done, __ATOMIC_RELAXED);
    double elapsed = MAX(now - self->started, 0) / 1e6;
    double rate = elapsed > 0 ? done / elapsed : 0;
    GString *text = g_string_new(self->what);
    if (self->total > 0) {
        double share = MIN(1.0, (double) done / self->total);
        int filled = (int) (share * BAR_WIDTH);
        g_string_append(text, "  [");
        for (int i = 0; i < BAR_WIDTH; i++)
            g_string_append_c(text, i < filled ? '#' : '-');
        g_string_append_printf(text, "] %3d%%  %" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT " %s",
                               (int) (share * 100), done, self->total, self->unit);
    } else {
        g_string_append_printf(text, "  %" G_GUINT64_FORMAT " %s", done, self->unit);
    }
    if (rate > 0)
        append_rate(text, rate);
    if (rate > 0 && done < self->total) {
        g_string_append(text, "  ");
        append_duration(text, (self->total - done) / rate);
        g_string_append(text, " left");
    } else {
        g_string_append(text, "  ");
        append_duration(text, elapsed);
    }
    if (self->note != NULL)
        g_string_append_printf(text, "  %s", self->note);
    return g_string_free(text, FALSE);
}

/* The caller holds the lock. */
static void
draw(TsProgress *self, gint64 now)
{
    g_autofree char *text = ts_progress_render(self, now);
    fprintf(self->sink, "\r\033[K%s", text);
    fflush(self->sink);
    self->touched = TRUE;
    __atomic_store_n(&drawn, self, __ATOMIC_RELEASE);
}

void
ts_progress_add(TsProgress *self, guint64 n)
{
    __atomic_fetch_add(&self->done, n, __ATOMIC_RELAXED);
    if (!self->shown)
        return;
    gint64 now = self->clock();
    if (now < __atomic_load_n(&self->next_draw, __ATOMIC_RELAXED) || !g_mutex_trylock(&self->lock))
        return;
    __atomic_store_n(&self->next_draw, now + REDRAW_US, __ATOMIC_RELAXED);
    draw(self, now);
    g_mutex_unlock(&self->lock);
}

void
ts_progress_set_note(TsProgress *self, const char *note)
{
    g_mutex_lock(&self->lock);
    g_free(self->note);
    self->note = g_strdup(note);
    g_mutex_unlock(&self->lock);
}

void
ts_progress_clear_line(void)
{
    TsProgress *self = __atomic_exchange_n(&drawn, NULL, __ATOMIC_ACQ_REL);
    if (self == NULL)
        return;
    fputs("\r\033[K", self->sink);
    fflush(self->sink);
}

void
ts_progress_free(TsProgress *self)
{
    if (self == NULL)
        return;
    if (self->touched) {
        draw(self, self->clock());
        fputc('\n', self->sink);
        fflush(self->sink);
        __atomic_store_n(&drawn, NULL, __ATOMIC_RELEASE);
    }
    g_mutex_clear(&self->lock);
    g_free(self->what);
    g_free(self->unit);
    g_free(self->note);
    g_free(self);
}

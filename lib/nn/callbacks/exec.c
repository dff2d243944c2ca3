/* A command of the user's own, run by the shell when training begins, after each epoch and when it
 * ends. It is told what happened in its environment and as JSON on its standard input, and may ask
 * for the end by its status. */
#include "nn/callbacks/callbacks.h"

#include "base/error.h"
#include "base/log.h"
#include "base/number.h"
#include "base/outfile.h"
#include "nn/trainer.h"
#include "store/json.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STATUS_STOP = 3 }; /* as train itself ends when it was stopped */

typedef struct {
    TsCallback callback;
    char *command, *folder;
} Exec;

/* TESSERA_VAL_LOSS=0.25 for each number of the epoch. */
static char **
add_logs(char **environment, const TsLogs *logs)
{
    for (guint i = 0; logs != NULL && i < ts_logs_n(logs); i++) {
        char number[TS_NUMBER_MAX];
        g_autofree char *upper = g_ascii_strup(ts_logs_name(logs, i), -1);
        g_autofree char *name = g_strconcat("TESSERA_", upper, NULL);
        environment = g_environ_setenv(environment, name,
                                       ts_format_double(number, ts_logs_value(logs, i)), TRUE);
    }
    return environment;
}

static const TsLogs *
last_logs(const TsTrainer *trainer)
{
    const guint n = trainer->history->len;
    return n > 0 ? g_ptr_array_index(trainer->history, n - 1) : NULL;
}

static char **
make_environment(const Exec *self, const TsTrainer *trainer, const char *event)
{
    /* Epochs that are done: the one that ends is not counted by the trainer yet. */
    g_autofree char *epoch = g_strdup_printf("%u", trainer->history->len);
    g_autofree char *iteration = g_strdup_printf("%" G_GUINT64_FORMAT, trainer->iteration);
    char **environment = g_get_environ();
    environment = g_environ_setenv(environment, "TESSERA_EVENT", event, TRUE);
    environment = g_environ_setenv(environment, "TESSERA_RUN", self->folder, TRUE);
    environment = g_environ_setenv(environment, "TESSERA_EPOCH", epoch, TRUE);
    environment = g_environ_setenv(environment, "TESSERA_ITERATION", iteration, TRUE);
    return add_logs(environment, last_logs(trainer));
}

/* {"event": "epoch_end", "run": "run", "epoch": 2, "iteration": 40, "loss": 0.5, ...} */
static char *
make_json(const Exec *self, const TsTrainer *trainer, const char *event)
{
    const TsLogs *logs = last_logs(trainer);
    GString *json = g_string_new("{\"event\": ");
    ts_json_append_string(json, event);
    g_string_append(json, ", \"run\": ");
    ts_json_append_string(json, self->folder);
    g_string_append_printf(json, ", \"epoch\": %u, \"iteration\": %" G_GUINT64_FORMAT,
                           trainer->history->len, trainer->iteration);
    if (logs != NULL)
        ts_logs_append_json(logs, json);
    g_string_append(json, "}\n");
    return g_string_free(json, FALSE);
}

/* A file without a name that holds `text`, to be read from its beginning; -1 with errno. */
static int
open_text(const char *text)
{
    const int fd = memfd_create("exec", MFD_CLOEXEC);
    if (fd >= 0 && ts_write_all(fd, text, strlen(text)) && lseek(fd, 0, SEEK_SET) == 0)
        return fd;
    const int errnum = errno;
    if (fd >= 0)
        close(fd);
    errno = errnum;
    return -1;
}

/* Run the command with `json` on its standard input and wait for its status. */
static gboolean
spawn(const Exec *self, char **environment, const char *json, int *status, GError **error)
{
    char *arguments[] = {(char *) "/bin/sh", (char *) "-c", self->command, NULL};
    g_autoptr(GError) failure = NULL;
    GPid child;
    const int in = open_text(json);
    if (in < 0)
        return ts_error_set_errno(error, errno, "exec: the standard input cannot be made");
    const gboolean spawned =
        g_spawn_async_with_fds(NULL, arguments, environment, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                               &child, in, -1, -1, &failure);
    close(in);
    if (!spawned)
        return ts_error_set(error, TS_ERROR_IO, "exec: %s", failure->message);
    while (waitpid(child, status, 0) < 0)
        if (errno != EINTR)
            return ts_error_set_errno(error, errno, "exec: '%s'", self->command);
    return TRUE;
}

static gboolean
run_command(TsCallback *callback, TsTrainer *trainer, const char *event, GError **error)
{
    const Exec *self = (const Exec *) callback;
    g_auto(GStrv) environment = make_environment(self, trainer, event);
    g_autofree char *json = make_json(self, trainer, event);
    g_autoptr(GError) failure = NULL;
    int status = 0;
    if (!spawn(self, environment, json, &status, error))
        return FALSE;
    if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_STOP) {
        g_autofree char *reason = g_strdup_printf("'%s' asked for it", self->command);
        ts_trainer_stop(trainer, reason);
    } else if (!g_spawn_check_wait_status(status, &failure))
        ts_warning("exec: '%s': %s; training goes on", self->command, failure->message);
    return TRUE;
}

static gboolean
train_begin(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    return run_command(callback, trainer, "train_begin", error);
}

static gboolean
epoch_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    return run_command(callback, trainer, "epoch_end", error);
}

static gboolean
train_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    return run_command(callback, trainer, "train_end", error);
}

static void
free_exec(TsCallback *callback)
{
    Exec *self = (Exec *) callback;
    g_free(self->command);
    g_free(self->folder);
    g_free(self);
}

TsCallback *
ts_exec_new(const char *command, const char *folder)
{
    Exec *self = g_new0(Exec, 1);
    self->command = g_strdup(command);
    self->folder = g_strdup(folder);
    self->callback = (TsCallback){.name = "exec",
                                  .train_begin = train_begin,
                                  .epoch_end = epoch_end,
                                  .train_end = train_end,
                                  .free = free_exec};
    return &self->callback;
}

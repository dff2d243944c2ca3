/* A callback plug-in that counts the points it is called at, through stops too: a line in the file
 * that its argument names for each, "COUNT POINT EPOCH ITERATION", counted from 1 over the whole
 * run. */
#include <tessera.h>

#include <stdio.h>

const int tessera_callback_abi = TS_CALLBACK_ABI;

typedef struct {
    TsCallback callback;
    char *path;
    gint64 count;
} Points;

static gboolean
note(TsCallback *callback, const TsTrainer *trainer, const char *point)
{
    Points *self = (Points *) callback;
    FILE *file = fopen(self->path, "a");
    if (file == NULL)
        return FALSE;
    fprintf(file, "%d %s %d %d\n", (int) ++self->count, point, (int) trainer->epoch,
            (int) trainer->iteration);
    return fclose(file) == 0;
}

#define POINT(name)                                                                                \
    static gboolean name(TsCallback *callback, TsTrainer *trainer, GError **error)                 \
    {                                                                                              \
        (void) error;                                                                              \
        return note(callback, trainer, #name);                                                     \
    }

POINT(epoch_begin)
POINT(batch_begin)
POINT(batch_end)
POINT(evaluation_begin)
POINT(validation_batch_end)
POINT(validation_end)
POINT(epoch_end)
POINT(evaluation_end)

/* These come with each start; they are noted without a count. */
static gboolean
train_begin(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    ((Points *) callback)->count--;
    (void) error;
    return note(callback, trainer, "train_begin");
}

static gboolean
train_end(TsCallback *callback, TsTrainer *trainer, GError **error)
{
    ((Points *) callback)->count--;
    (void) error;
    return note(callback, trainer, "train_end");
}

static char *
key_of(const TsCallback *callback)
{
    return g_strdup_printf("%s.count", ts_callback_key(callback));
}

static gboolean
save(const TsCallback *callback, TsTrainer *trainer, TsState *state, GError **error)
{
    (void) trainer, (void) error;
    g_autofree char *key = key_of(callback);
    ts_state_set_int(state, key, ((const Points *) callback)->count);
    return TRUE;
}

static gboolean
load(TsCallback *callback, TsTrainer *trainer, const TsState *state, GError **error)
{
    (void) trainer;
    g_autofree char *key = key_of(callback);
    return ts_state_get_int(state, key, &((Points *) callback)->count, error);
}

static void
free_points(TsCallback *callback)
{
    g_free(((Points *) callback)->path);
    g_free(callback);
}

TsCallback *
tessera_callback_new(const char *arguments, GError **error)
{
    (void) error;
    Points *self = g_new0(Points, 1);
    self->path = g_strdup(arguments);
    self->callback = (TsCallback){.name = "points",
                                  .train_begin = train_begin,
                                  .epoch_begin = epoch_begin,
                                  .batch_begin = batch_begin,
                                  .batch_end = batch_end,
                                  .evaluation_begin = evaluation_begin,
                                  .validation_batch_end = validation_batch_end,
                                  .validation_end = validation_end,
                                  .epoch_end = epoch_end,
                                  .evaluation_end = evaluation_end,
                                  .train_end = train_end,
                                  .save = save,
                                  .load = load,
                                  .free = free_points};
    return &self->callback;
}

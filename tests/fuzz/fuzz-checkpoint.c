/* Any bytes as a checkpoint: an error, or a state with which the run could go on and that is
 * written again.
 *
 * An even first byte: the rest is the file. An odd one: each line of the rest, KEY TAB VALUE,
 * changes a sound checkpoint, whose keys are hard to guess. */
#include "../unit/tiny-trainer.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *input, gsize n);

/* What a run would have saved, with the lines' changes. */
static TsState *
changed_state(const guint8 *input, gsize n)
{
    TsState *state = ts_state_new();
    TinyTrainer tiny = tiny_trainer_new("mlp:hidden=3", NULL);
    tiny_trainer_pretend(&tiny);
    g_assert(ts_trainer_save(tiny.trainer, state, NULL));
    tiny_trainer_free(&tiny);
    g_autofree char *text = g_strndup((const char *) input, n);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        char *tab = strchr(*line, '\t');
        if (tab == NULL || !g_utf8_validate(*line, -1, NULL))
            continue;
        *tab = '\0';
        ts_state_set(state, *line, tab + 1);
    }
    return state;
}

int
LLVMFuzzerTestOneInput(const guint8 *input, gsize n)
{
    if (n == 0)
        return 0;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = g_bytes_new(input + 1, n - 1);
    g_autoptr(TsState) state = input[0] % 2 == 0 ? ts_state_parse(bytes, "input", &error)
                                                 : changed_state(input + 1, n - 1);
    g_assert((state == NULL) == (error != NULL));
    if (state == NULL)
        return 0;
    TinyTrainer tiny = tiny_trainer_new("mlp:hidden=3", NULL);
    gboolean loaded = ts_trainer_load(tiny.trainer, state, &error);
    g_assert(loaded == (error == NULL));
    tiny_trainer_free(&tiny);
    return 0;
}

/* What the journal says of a run: which one it is, and how far it is. */
#include "tiling/cut/order_state.h"

#include "manifest/cell.h"

#include <string.h>

char *
ts_order_identity(const TsCut *cut)
{
    GString *text = g_string_new(cut->options);
    for (guint i = 0; i < cut->plan->inputs->len; i++) {
        const TsPlanInput *input = ts_plan_get_input(cut->plan, i);
        g_autofree char *path = ts_escape(input->path);
        g_string_append_printf(text,
                               "input %s\t%" G_GUINT64_FORMAT " bytes, mtime %" G_GINT64_FORMAT
                               ".%09" G_GINT64_FORMAT "\n",
                               path, input->n_bytes, input->mtime / G_GINT64_CONSTANT(1000000000),
                               input->mtime % G_GINT64_CONSTANT(1000000000));
    }
    return g_string_free(text, FALSE);
}

void
ts_reasons_count(GHashTable *reasons, const char *reason, guint64 n)
{
    guint64 *count = g_hash_table_lookup(reasons, reason);
    if (count == NULL) {
        count = g_new0(guint64, 1);
        g_hash_table_insert(reasons, g_strdup(reason), count);
    }
    *count += n;
}

guint64
ts_reasons_total(GHashTable *reasons)
{
    guint64 n = 0;
    GHashTableIter iter;
    gpointer count;
    g_hash_table_iter_init(&iter, reasons);
    while (g_hash_table_iter_next(&iter, NULL, &count))
        n += *(const guint64 *) count;
    return n;
}

gboolean
ts_order_state_parse(const char *line, TsOrderState *state, GHashTable *reasons)
{
    g_auto(GStrv) words = g_strsplit(line, "\t", -1);
    guint n = g_strv_length(words);
    if (n < 5 || n % 2 == 0 || strcmp(words[0], "done") != 0)
        return FALSE;
    state->n_done = g_ascii_strtoull(words[1], NULL, 10);
    state->n_bytes = g_ascii_strtoull(words[2], NULL, 10);
    state->n_reject_bytes = g_ascii_strtoull(words[3], NULL, 10);
    state->n_shards = (guint) g_ascii_strtoull(words[4], NULL, 10);
    for (guint i = 5; i + 1 < n; i += 2) {
        g_autofree char *reason = ts_cell_unescape((TsCell){words[i], strlen(words[i])});
        ts_reasons_count(reasons, reason, g_ascii_strtoull(words[i + 1], NULL, 10));
    }
    return TRUE;
}

char *
ts_order_state_format(const TsOrderState *state, GHashTable *reasons)
{
    GHashTableIter iter;
    gpointer reason, count;
    GString *line = g_string_new(NULL);
    g_string_printf(line,
                    "done\t%" G_GUINT64_FORMAT "\t%" G_GUINT64_FORMAT "\t%" G_GUINT64_FORMAT "\t%u",
                    state->n_done, state->n_bytes, state->n_reject_bytes, state->n_shards);
    g_hash_table_iter_init(&iter, reasons);
    while (g_hash_table_iter_next(&iter, &reason, &count)) {
        g_autofree char *escaped = ts_escape(reason);
        g_string_append_printf(line, "\t%s\t%" G_GUINT64_FORMAT, escaped, *(guint64 *) count);
    }
    return g_string_free(line, FALSE);
}

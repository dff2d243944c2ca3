/* Text into lines: comments, labels, words, braces. */
#include "nn/arch/private.h"

#include "base/error.h"

#include <string.h>

enum { MAX_TEXT = 1 << 20, MAX_NESTING = 16 };

static void
free_line(gpointer data)
{
    TsArchLine *line = data;
    g_free(line->label);
    g_strfreev(line->words);
    g_free(line);
}

static gboolean
is_label(const char *text)
{
    return text[strspn(text,
                       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")] ==
               '\0' &&
           text[0] != '\0' && text[0] != '.';
}

/* Braces and the label are taken out of the words. */
static gboolean
read_line(TsArchLine *line, GPtrArray *words, const char *name, GError **error)
{
    line->closes = strcmp(words->pdata[0], "}") == 0;
    if (line->closes)
        g_ptr_array_remove_index(words, 0);
    line->opens = words->len > 0 && strcmp(words->pdata[words->len - 1], "{") == 0;
    if (line->opens)
        g_ptr_array_remove_index(words, words->len - 1);
    if (words->len > 0 && g_str_has_suffix(words->pdata[0], ":")) {
        line->label = g_strndup(words->pdata[0], strlen(words->pdata[0]) - 1);
        g_ptr_array_remove_index(words, 0);
        if (!is_label(line->label))
            return ts_error_set(error, TS_ERROR_FORMAT,
                                "%s:%u: '%s' is no name: letters, digits, _, - and . are expected",
                                name, line->number, line->label);
    }
    for (guint i = 0; i < words->len; i++)
        if (strpbrk(words->pdata[i], "{}") != NULL)
            return ts_error_set(error, TS_ERROR_FORMAT,
                                "%s:%u: '%s': { ends a line and } begins one, with a space between",
                                name, line->number, (const char *) words->pdata[i]);
    if (words->len == 0 && (line->opens || line->label != NULL))
        return ts_error_set(error, TS_ERROR_FORMAT, "%s:%u: a layer or block is expected", name,
                            line->number);
    if (line->closes && words->len > 0 && !line->opens)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s:%u: nothing but a block may follow }", name,
                            line->number);
    return TRUE;
}

static GPtrArray *
split_words(char *text)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    text[strcspn(text, "#")] = '\0';
    g_auto(GStrv) parts = g_strsplit_set(text, " \t\r", -1);
    for (char **part = parts; *part != NULL; part++)
        if (**part != '\0')
            g_ptr_array_add(words, g_strdup(*part));
    return words;
}

/* Each { with its }. */
static gboolean
match_blocks(GPtrArray *lines, const char *name, GError **error)
{
    guint open[MAX_NESTING];
    guint depth = 0;
    for (guint i = 0; i < lines->len; i++) {
        const TsArchLine *line = lines->pdata[i];
        if (line->closes && depth == 0)
            return ts_error_set(error, TS_ERROR_FORMAT, "%s:%u: } closes nothing", name,
                                line->number);
        if (line->closes)
            ((TsArchLine *) lines->pdata[open[--depth]])->end = i;
        if (line->opens && depth == MAX_NESTING)
            return ts_error_set(error, TS_ERROR_FORMAT, "%s:%u: more than %d blocks in each other",
                                name, line->number, MAX_NESTING);
        if (line->opens)
            open[depth++] = i;
    }
    return depth == 0 ||
           ts_error_set(error, TS_ERROR_FORMAT, "%s:%u: the block is not closed, } is expected",
                        name, ((TsArchLine *) lines->pdata[open[depth - 1]])->number);
}

GPtrArray *
ts_arch_lines(const char *text, const char *name, GError **error)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(free_line);
    if (strlen(text) > MAX_TEXT) {
        ts_error_set(error, TS_ERROR_FORMAT, "%s: more than %d bytes are no network", name,
                     MAX_TEXT);
        return NULL;
    }
    g_auto(GStrv) parts = g_strsplit(text, "\n", -1);
    for (guint i = 0; parts[i] != NULL; i++) {
        g_autoptr(GPtrArray) words = split_words(parts[i]);
        if (words->len == 0)
            continue;
        TsArchLine *line = g_new0(TsArchLine, 1);
        line->number = i + 1;
        g_ptr_array_add(lines, line);
        if (!read_line(line, words, name, error))
            return NULL;
        g_ptr_array_add(words, NULL);
        line->words = g_strdupv((char **) words->pdata);
    }
    return match_blocks(lines, name, error) ? g_steal_pointer(&lines) : NULL;
}

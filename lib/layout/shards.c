/* Patterns that stand for many files: ranges of numbers, as WebDataset's users write them, and what
 * the shell knows. */
#include "layout/private.h"

#include "base/error.h"

#include <glob.h>
#include <string.h>

enum { MAX_FILES = 1 << 20 };

/* "{LOW..HIGH}" in `pattern`; FALSE if there is none. Numbers have at most nine digits. */
static gboolean
find_range(const char *pattern, const char **begin, const char **end, guint64 *low, guint64 *high,
           int *digits)
{
    g_autoptr(GRegex) regex = g_regex_new("\\{([0-9]{1,9})\\.\\.([0-9]{1,9})\\}", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    int first, last;
    if (!g_regex_match(regex, pattern, 0, &match))
        return FALSE;
    g_autofree char *from = g_match_info_fetch(match, 1);
    g_autofree char *to = g_match_info_fetch(match, 2);
    g_match_info_fetch_pos(match, 0, &first, &last);
    *begin = pattern + first;
    *end = pattern + last;
    *low = g_ascii_strtoull(from, NULL, 10);
    *high = g_ascii_strtoull(to, NULL, 10);
    *digits = (int) strlen(from);
    return TRUE;
}

static gboolean
expand_ranges(const char *pattern, GPtrArray *patterns, GError **error)
{
    const char *begin, *end;
    guint64 low, high;
    int digits;
    if (!find_range(pattern, &begin, &end, &low, &high, &digits)) {
        g_ptr_array_add(patterns, g_strdup(pattern));
        return TRUE;
    }
    if (high < low || high - low >= MAX_FILES - MIN(patterns->len, MAX_FILES))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "%s: the range %.*s is empty, or of more than 2^20 files", pattern,
                            (int) (end - begin), begin);
    for (guint64 i = low; i <= high; i++) {
        g_autofree char *one = g_strdup_printf("%.*s%0*" G_GUINT64_FORMAT "%s",
                                               (int) (begin - pattern), pattern, digits, i, end);
        if (!expand_ranges(one, patterns, error))
            return FALSE;
    }
    return TRUE;
}

/* Add the files of one pattern of the shell; a file that exists is itself. */
static gboolean
expand_glob(const char *pattern, GPtrArray *files, GError **error)
{
    glob_t found = {0};
    if (g_file_test(pattern, G_FILE_TEST_EXISTS)) {
        g_ptr_array_add(files, g_strdup(pattern));
        return TRUE;
    }
    int status = glob(pattern, GLOB_BRACE, NULL, &found);
    for (gsize i = 0; status == 0 && i < found.gl_pathc; i++)
        g_ptr_array_add(files, g_strdup(found.gl_pathv[i]));
    globfree(&found);
    return status == 0 || ts_error_set(error, TS_ERROR_IO, "%s: there is no such file", pattern);
}

char **
ts_layout_expand(const char *pattern, GError **error)
{
    g_autoptr(GPtrArray) patterns = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    if (!expand_ranges(pattern, patterns, error))
        return NULL;
    for (guint i = 0; i < patterns->len; i++)
        if (!expand_glob(patterns->pdata[i], files, error))
            return NULL;
    g_ptr_array_add(files, NULL);
    return (char **) g_ptr_array_steal(files, NULL);
}

const char *
ts_layout_split_of_file(const char *path)
{
    g_autofree char *base = g_path_get_basename(path);
    gsize n = 0;
    while (g_ascii_isalpha(base[n]))
        n++;
    return ts_split_of_name(base, n);
}

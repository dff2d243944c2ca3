/* The one pass over the text of a manifest that checks every line and notes where it begins. */
#include "manifest/private.h"

#include "base/error.h"
#include "base/interrupt.h"

#include <string.h>

enum {
    HAS_NUL = 1,
    HAS_CR = 2,
    HAS_BACKSLASH = 4,
    HAS_NON_ASCII = 8,
    PIECE = 128, /* a count of bytes in a piece fits a byte, so that compilers use wide vectors */
    CACHED = 1 << 16, /* bytes that stay in the processor's cache from one pass to the next */
    ROWS_PER_INTERRUPT_CHECK = 1 << 16,
};

/* Which bytes of `text` need a closer look. */
static guint
find_odd_bytes(const char *text, gsize n)
{
    guint8 odd = 0;
    for (gsize i = 0; i < n; i++) {
        guint8 c = (guint8) text[i];
        odd |= (guint8) ((c == 0 ? HAS_NUL : 0) | (c == '\r' ? HAS_CR : 0) |
                         (c == '\\' ? HAS_BACKSLASH : 0) | (c >= 0x80 ? HAS_NON_ASCII : 0));
    }
    return odd;
}

static guint64
count_bytes(const char *text, gsize n, char wanted)
{
    guint64 count = 0;
    for (gsize from = 0; from < n; from += PIECE) {
        gsize length = MIN(PIECE, n - from);
        guint8 here = 0;
        for (gsize i = 0; i < length; i++)
            here = (guint8) (here + (text[from + i] == wanted));
        count += here;
    }
    return count;
}

/* The number of lines, and whether any byte needs a closer look: most files have none that does. */
static guint64
survey(const char *text, gsize n, gboolean *has_odd)
{
    guint64 lines = n > 0 && text[n - 1] != '\n';
    *has_odd = FALSE;
    for (gsize from = 0; from < n; from += CACHED) {
        gsize length = MIN(CACHED, n - from);
        lines += count_bytes(text + from, length, '\n');
        *has_odd = *has_odd || find_odd_bytes(text + from, length) != 0;
    }
    return lines;
}

/* Every backslash has its letter, and \N stands alone in its cell. */
static gboolean
check_escapes(const char *line, gsize n, const char *name, guint64 number, GError **error)
{
    for (gsize i = 0; i < n; i++) {
        if (line[i] != '\\')
            continue;
        char letter = i + 1 < n ? line[i + 1] : '\t';
        gboolean alone = (i == 0 || line[i - 1] == '\t') && (i + 2 >= n || line[i + 2] == '\t');
        if (letter == 'N' && !alone)
            return ts_error_set(error, TS_ERROR_FORMAT,
                                "%s:%" G_GUINT64_FORMAT ": \\N within text, it stands alone in its "
                                "field; a backslash is written \\\\",
                                name, number);
        if (strchr("tnr\\N", letter) == NULL)
            return ts_error_set(error, TS_ERROR_FORMAT,
                                "%s:%" G_GUINT64_FORMAT
                                ": unknown escape, \\t \\n \\r \\\\ and \\N are known; a backslash "
                                "is written \\\\",
                                name, number);
        i++;
    }
    return TRUE;
}

/* The rare bytes that find_odd_bytes() finds. */
static gboolean
check_odd_bytes(const char *line, gsize n, const char *name, guint64 number, GError **error)
{
    guint has = find_odd_bytes(line, n);
    if (has & HAS_NUL)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s:%" G_GUINT64_FORMAT
                            ": NUL byte, a manifest is UTF-8 text with tabs between its fields",
                            name, number);
    if (has & HAS_CR)
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s:%" G_GUINT64_FORMAT
                            ": carriage return, lines have to end with LF alone; "
                            "sed 's/\\r$//' mends that",
                            name, number);
    if ((has & HAS_NON_ASCII) && !g_utf8_validate(line, (gssize) n, NULL))
        return ts_error_set(error, TS_ERROR_FORMAT, "%s:%" G_GUINT64_FORMAT ": not UTF-8", name,
                            number);
    return !(has & HAS_BACKSLASH) || check_escapes(line, n, name, number, error);
}

static gboolean
check_n_fields(const char *line, gsize n, guint n_columns, const char *name, guint64 number,
               GError **error)
{
    guint64 n_fields = count_bytes(line, n, '\t') + 1;
    if (n_fields == n_columns)
        return TRUE;
    return ts_error_set(error, TS_ERROR_FORMAT,
                        "%s:%" G_GUINT64_FORMAT ": %" G_GUINT64_FORMAT
                        " field%s, the header has %u",
                        name, number, n_fields, n_fields == 1 ? "" : "s", n_columns);
}

static gboolean
check_line_length(gsize n, const char *name, guint64 number, GError **error)
{
    if (n <= TS_LINE_MAX)
        return TRUE;
    return ts_error_set(error, TS_ERROR_FORMAT,
                        "%s:%" G_GUINT64_FORMAT ": line of %" G_GSIZE_FORMAT
                        " bytes, at most %d are allowed (is this a manifest?)",
                        name, number, n, TS_LINE_MAX);
}

static gboolean
check_column_name(const char *column, GHashTable *earlier, const char *name, GError **error)
{
    if (column == NULL || column[0] == '\0')
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s:1: empty column name, the first line has to name every column",
                            name);
    if (g_hash_table_contains(earlier, column))
        return ts_error_set(error, TS_ERROR_FORMAT, "%s:1: column '%s' is there twice", name,
                            column);
    if (ts_is_picture_name(column))
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s:1: '%s' is no column name, the first line has to be a header such "
                            "as file_name, label",
                            name, column);
    return TRUE;
}

char **
ts_index_read_header(const char *text, gsize n, const char *name, gsize *header, GError **error)
{
    if (n == 0 || text[0] == '\n') {
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s:1: %s, a header line such as file_name, label (with a tab between) was "
                     "expected%s",
                     name, n == 0 ? "empty" : "empty line",
                     n == 0 ? "; did the command that writes it fail?" : "");
        return NULL;
    }
    if (n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s:1: byte order mark, plain UTF-8 was expected; "
                     "sed '1s/^\\xEF\\xBB\\xBF//' removes it",
                     name);
        return NULL;
    }
    const char *end = memchr(text, '\n', n);
    *header = end != NULL ? (gsize) (end - text) : n;
    if (!check_line_length(*header, name, 1, error) ||
        !check_odd_bytes(text, *header, name, 1, error))
        return NULL;
    guint64 n_columns = count_bytes(text, *header, '\t') + 1;
    g_auto(GStrv) columns = g_new0(char *, n_columns + 1);
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    const char *at = text;
    for (guint64 i = 0; i < n_columns; i++) {
        const char *tab = memchr(at, '\t', *header - (gsize) (at - text));
        TsCell cell = {at, (gsize) ((tab != NULL ? tab : text + *header) - at)};
        g_autofree char *column = ts_cell_unescape(cell);
        if (!check_column_name(column, names, name, error))
            return NULL;
        columns[i] = g_steal_pointer(&column);
        g_hash_table_add(names, columns[i]);
        at = tab != NULL ? tab + 1 : at;
    }
    return g_steal_pointer(&columns);
}

static gboolean
allocate_index(TsRowIndex *index, guint64 n_rows, const char *name, GError **error)
{
    index->n_rows = n_rows;
    index->base = ts_try_alloc(n_rows / TS_ROWS_PER_BASE + 1, sizeof *index->base, name, error);
    if (index->base == NULL)
        return FALSE;
    index->start = ts_try_alloc(n_rows + 1, sizeof *index->start, name, error);
    return index->start != NULL;
}

gboolean
ts_index_rows(TsRowIndex *index, const char *text, gsize n, gsize from, guint64 line,
              guint n_columns, const char *name, GError **error)
{
    gboolean has_odd;
    if (!allocate_index(index, survey(text + from, n - from, &has_odd), name, error))
        return FALSE;
    for (guint64 row = 0; row < index->n_rows; row++) {
        const char *end = memchr(text + from, '\n', n - from);
        gsize length = end != NULL ? (gsize) (end - text) - from : n - from;
        if (!check_line_length(length, name, line + row, error) ||
            (has_odd && !check_odd_bytes(text + from, length, name, line + row, error)) ||
            !check_n_fields(text + from, length, n_columns, name, line + row, error))
            return FALSE;
        if (row % TS_ROWS_PER_BASE == 0)
            index->base[row / TS_ROWS_PER_BASE] = from;
        index->start[row] = (guint32) (from - index->base[row / TS_ROWS_PER_BASE]);
        from += length + 1;
        if (row % ROWS_PER_INTERRUPT_CHECK == 0 && ts_interrupt_check(error))
            return FALSE;
    }
    guint64 last = index->n_rows / TS_ROWS_PER_BASE;
    if (index->n_rows % TS_ROWS_PER_BASE == 0)
        index->base[last] = from;
    index->start[index->n_rows] = (guint32) (from - index->base[last]);
    return TRUE;
}

void
ts_row_index_clear(TsRowIndex *index)
{
    g_clear_pointer(&index->base, g_free);
    g_clear_pointer(&index->start, g_free);
}

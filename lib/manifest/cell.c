/* Escapes of linear TSV, and cells as numbers. */
#include "manifest/cell.h"

#include <errno.h>
#include <math.h>

/* The letter behind the backslash for bytes that are escaped, 0 for all others. */
static const char escape_letter[256] = {['\t'] = 't', ['\n'] = 'n', ['\r'] = 'r', ['\\'] = '\\'};

static char
unescape_letter(char letter)
{
    switch (letter) {
    case 't':
        return '\t';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    default:
        return letter;
    }
}

char *
ts_cell_unescape(TsCell cell)
{
    if (ts_cell_is_null(cell))
        return NULL;
    char *text = g_malloc(cell.length + 1);
    gsize n = 0;
    for (gsize i = 0; i < cell.length; i++) {
        if (cell.text[i] == '\\' && i + 1 < cell.length)
            text[n++] = unescape_letter(cell.text[++i]);
        else
            text[n++] = cell.text[i];
    }
    text[n] = '\0';
    return text;
}

gboolean
ts_cell_equal(TsCell cell, const char *text)
{
    gsize at = 0;
    for (; *text != '\0'; text++) {
        char letter = escape_letter[(guchar) *text];
        gsize need = letter != 0 ? 2 : 1;
        if (cell.length - at < need || cell.text[at] != (letter != 0 ? '\\' : *text) ||
            (letter != 0 && cell.text[at + 1] != letter))
            return FALSE;
        at += need;
    }
    return at == cell.length;
}

/* The cell as a C string if it is short enough for a number and does not begin with a space, which
 * the C functions would skip. */
static gboolean
copy_number(TsCell cell, char *buffer, gsize size)
{
    if (cell.length == 0 || cell.length >= size || g_ascii_isspace(cell.text[0]))
        return FALSE;
    memcpy(buffer, cell.text, cell.length);
    buffer[cell.length] = '\0';
    return TRUE;
}

gboolean
ts_cell_to_int(TsCell cell, gint64 *value)
{
    char buffer[64], *end;
    if (!copy_number(cell, buffer, sizeof buffer))
        return FALSE;
    errno = 0;
    gint64 number = g_ascii_strtoll(buffer, &end, 10);
    if (*end != '\0' || errno == ERANGE)
        return FALSE;
    *value = number;
    return TRUE;
}

gboolean
ts_cell_to_double(TsCell cell, double *value)
{
    char buffer[512], *end;
    if (!copy_number(cell, buffer, sizeof buffer))
        return FALSE;
    double number = g_ascii_strtod(buffer, &end);
    if (*end != '\0' || !isfinite(number))
        return FALSE;
    *value = number;
    return TRUE;
}

gsize
ts_escape_to(char *out, const char *text, gsize n)
{
    char *at = out;
    for (gsize i = 0; i < n; i++) {
        char letter = escape_letter[(guchar) text[i]];
        if (G_UNLIKELY(letter != 0))
            *at++ = '\\';
        *at++ = letter != 0 ? letter : text[i];
    }
    return (gsize) (at - out);
}

void
ts_escape_append(GString *out, const char *text, gsize n)
{
    gsize before = out->len;
    g_string_set_size(out, before + 2 * n);
    g_string_truncate(out, before + ts_escape_to(out->str + before, text, n));
}

char *
ts_escape(const char *text)
{
    GString *out = g_string_new(NULL);
    ts_escape_append(out, text, strlen(text));
    return g_string_free(out, FALSE);
}

/* FNV-1a. */
guint
ts_cell_hash(TsCell cell)
{
    guint32 hash = 2166136261u;
    for (gsize i = 0; i < cell.length; i++)
        hash = (hash ^ (guchar) cell.text[i]) * 16777619u;
    return hash;
}

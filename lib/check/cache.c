/* The cache of measures: lines of text, each with its checksum. */
#include "check/cache.h"

#include "base/error.h"
#include "base/number.h"
#include "base/outfile.h"
#include "manifest/cell.h"
#include "store/crc32c.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The first column's name tells the version: another is written by other definitions. */
#define MAGIC "datacheck-cache-"
static const char HEADER[] =
    MAGIC "1\tsize\tmtime\trecipe\tcontainer\tconstant\twidth\theight\tdigest\tphash\tdhash\tahash"
          "\tbright_5\tbright_99\tentropy\tedges\tgrey_deviation\tcrc32c\n";

enum { KEY_FIELDS = 4, FIELDS = 13, CRC_DIGITS = 8 };

struct _TsCheckCache {
    char *text;         /* lines and keys within them end with NUL */
    GHashTable *values; /* key: the text behind it; both borrowed from text */
    guint64 n_rejected;
};

char *
ts_check_cache_key(const char *path, guint64 size, gint64 mtime, const char *recipe)
{
    g_autofree char *escaped_path = ts_escape(path);
    g_autofree char *escaped_recipe = ts_escape(recipe);
    return g_strdup_printf("%s\t%" G_GUINT64_FORMAT "\t%" G_GINT64_FORMAT "\t%s", escaped_path,
                           size, mtime, escaped_recipe);
}

/* Exactly n_digits lower-case hexadecimal digits and then the end. */
static gboolean
read_hex(const char *text, gsize n_digits, guint64 *value)
{
    if (strlen(text) != n_digits || strspn(text, "0123456789abcdef") != n_digits)
        return FALSE;
    *value = g_ascii_strtoull(text, NULL, 16);
    return TRUE;
}

static gboolean
read_digest(const char *text, guint8 digest[16])
{
    guint64 high, low;
    if (strlen(text) != 32)
        return FALSE;
    g_autofree char *first = g_strndup(text, 16);
    if (!read_hex(first, 16, &high) || !read_hex(text + 16, 16, &low))
        return FALSE;
    for (int i = 0; i < 8; i++) {
        digest[i] = (guint8) (high >> (56 - 8 * i));
        digest[8 + i] = (guint8) (low >> (56 - 8 * i));
    }
    return TRUE;
}

static gboolean
read_int(const char *text, gint64 low, gint64 high, int *value)
{
    gint64 wide;
    if (!ts_parse_int(text, low, high, "", &wide, NULL))
        return FALSE;
    *value = (int) wide;
    return TRUE;
}

static gboolean
read_values(const char *text, TsMeasures *measures)
{
    int container, constant;
    g_auto(GStrv) fields = g_strsplit(text, "\t", FIELDS + 1);
    if (g_strv_length(fields) != FIELDS)
        return FALSE;
    TsMeasures read = {.look = TS_LOOK_OK};
    if (!read_int(fields[0], 0, TS_CONTAINERS - 1, &container) ||
        !read_int(fields[1], 0, 1, &constant) || !read_int(fields[2], 1, G_MAXINT, &read.width) ||
        !read_int(fields[3], 1, G_MAXINT, &read.height) || !read_digest(fields[4], read.digest))
        return FALSE;
    for (int h = 0; h < TS_HASHES; h++)
        if (!read_hex(fields[5 + h], 16, &read.hashes[h]))
            return FALSE;
    double *const numbers[] = {&read.bright_5, &read.bright_99, &read.entropy, &read.edges,
                               &read.grey_deviation};
    const double largest[] = {1, 1, 10, 255, 1e12};
    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (!ts_parse_double(fields[8 + i], 0, largest[i], "", numbers[i], NULL))
            return FALSE;
    read.container = (TsContainer) container;
    read.constant = constant;
    *measures = read;
    return TRUE;
}

/* Take a line, which ends with NUL: its checksum, then its key apart from its values. */
static gboolean
take_line(TsCheckCache *cache, char *line)
{
    guint64 crc;
    char *last = strrchr(line, '\t');
    if (last == NULL || !read_hex(last + 1, CRC_DIGITS, &crc) ||
        crc != ts_crc32c(0, line, (gsize) (last - line)))
        return FALSE;
    *last = '\0';
    char *at = line;
    for (int i = 0; i < KEY_FIELDS; i++) {
        at = strchr(at, '\t');
        if (at == NULL)
            return FALSE;
        at++;
    }
    TsMeasures measures;
    if (!read_values(at, &measures))
        return FALSE;
    at[-1] = '\0';
    g_hash_table_replace(cache->values, line, at);
    return TRUE;
}

static void
take_lines(TsCheckCache *cache, char *text, char *end)
{
    while (text < end) {
        char *newline = memchr(text, '\n', (gsize) (end - text));
        if (newline != NULL)
            *newline = '\0';
        /* a line without LF was cut, one with NUL is shorter than it looks */
        if (newline == NULL || strlen(text) != (gsize) (newline - text) || !take_line(cache, text))
            cache->n_rejected++;
        text = newline != NULL ? newline + 1 : end;
    }
}

TsCheckCache *
ts_check_cache_parse(char *text, gsize n, const char *name, GError **error)
{
    g_autoptr(TsCheckCache) cache = g_new0(TsCheckCache, 1);
    cache->text = text;
    cache->values = g_hash_table_new(g_str_hash, g_str_equal);
    if (n == 0)
        return g_steal_pointer(&cache);
    if (n < strlen(MAGIC) || memcmp(text, MAGIC, strlen(MAGIC)) != 0) {
        ts_error_set(error, TS_ERROR_FORMAT,
                     "%s: is no cache of datacheck; name another file, or remove it", name);
        return NULL;
    }
    if (n > strlen(HEADER) && memcmp(text, HEADER, strlen(HEADER)) == 0)
        take_lines(cache, text + strlen(HEADER), text + n);
    return g_steal_pointer(&cache);
}

TsCheckCache *
ts_check_cache_read(const char *path, GError **error)
{
    gsize n = 0;
    char *text = NULL;
    g_autoptr(GError) problem = NULL;
    if (!g_file_get_contents(path, &text, &n, &problem) &&
        !g_error_matches(problem, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        ts_error_set(error, TS_ERROR_IO, "%s", problem->message);
        return NULL;
    }
    return ts_check_cache_parse(text, n, path, error);
}

guint64
ts_check_cache_n_rejected(const TsCheckCache *cache)
{
    return cache->n_rejected;
}

guint64
ts_check_cache_n(const TsCheckCache *cache)
{
    return g_hash_table_size(cache->values);
}

gboolean
ts_check_cache_get(const TsCheckCache *cache, const char *key, TsMeasures *measures)
{
    const char *values = g_hash_table_lookup(cache->values, key);
    return values != NULL && read_values(values, measures);
}

void
ts_check_cache_free(TsCheckCache *cache)
{
    if (cache == NULL)
        return;
    g_hash_table_unref(cache->values);
    g_free(cache->text);
    g_free(cache);
}

static void
append_measures(GString *line, const TsMeasures *measures)
{
    g_string_append_printf(line, "\t%d\t%d\t%d\t%d\t", (int) measures->container,
                           measures->constant ? 1 : 0, measures->width, measures->height);
    for (gsize i = 0; i < sizeof measures->digest; i++)
        g_string_append_printf(line, "%02x", measures->digest[i]);
    for (int h = 0; h < TS_HASHES; h++)
        g_string_append_printf(line, "\t%016" G_GINT64_MODIFIER "x", measures->hashes[h]);
    const double numbers[] = {measures->bright_5, measures->bright_99, measures->entropy,
                              measures->edges, measures->grey_deviation};
    char text[TS_NUMBER_MAX];
    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
        g_string_append_printf(line, "\t%s", ts_format_double(text, numbers[i]));
}

gboolean
ts_check_cache_write(const char *path, char *const *keys, const TsMeasures *measures, guint32 n,
                     GError **error)
{
    g_autoptr(TsOutFile) out = ts_out_file_new(path, TRUE, error);
    g_autoptr(GString) line = g_string_new(NULL);
    if (out == NULL || !ts_out_file_write(out, HEADER, strlen(HEADER), error))
        return FALSE;
    for (guint32 i = 0; i < n; i++) {
        if (keys[i] == NULL || measures[i].look != TS_LOOK_OK)
            continue;
        g_string_assign(line, keys[i]);
        append_measures(line, &measures[i]);
        g_string_append_printf(line, "\t%08x\n", ts_crc32c(0, line->str, line->len));
        if (!ts_out_file_write(out, line->str, line->len, error))
            return FALSE;
    }
    return ts_out_file_commit(out, error);
}

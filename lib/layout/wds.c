/* WebDataset: a sample is neighbouring members of a tar whose names are alike up to the first dot
 * of the base name; its picture is a byte range of the shard. */
#include "layout/private.h"

#include "base/error.h"
#include "base/interrupt.h"
#include "store/tar.h"

#include <string.h>

enum { MAX_TEXT_BYTES = 1 << 24 }; /* of a .cls, .txt or .json member */

typedef struct {
    char *key;
    gboolean has_image, is_plain; /* plain: key.jpg, not key.left.jpg */
    guint64 offset, length;
    char *label, *text, *json; /* of .cls, .txt, .json; NULL: none */
} Sample;

static void
sample_clear(Sample *sample)
{
    g_clear_pointer(&sample->key, g_free);
    g_clear_pointer(&sample->label, g_free);
    g_clear_pointer(&sample->text, g_free);
    g_clear_pointer(&sample->json, g_free);
    *sample = (Sample){0};
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sample, sample_clear)

enum { FILE_NAME, OFFSET, LENGTH, LABEL, ID, N_COLUMNS };

static const char *const column_names[N_COLUMNS] = {"file_name", "offset", "length", "label", "id"};

typedef struct {
    TsTable *table;
    const char *shard; /* path, for messages */
    const char *name;  /* as rows have it */
    const char *split; /* or NULL */
    Sample sample;     /* the one that is being read */
} Reader;

static gboolean
fail(const Reader *reader, const char *member, GError **error, const char *what)
{
    return ts_error_set(error, TS_ERROR_FORMAT, "%s: %.400s: %s", reader->shard, member, what);
}

static void
set_text(TsTable *table, guint column, const char *text)
{
    ts_table_set(table, column, text, strlen(text));
}

/* A column that there is only where some sample has it. */
static void
set_other(TsTable *table, guint64 row, const char *name, const char *text)
{
    if (text == NULL)
        return;
    guint column = ts_table_add_column(table, name);
    if (ts_table_get(table, row, column) == NULL)
        set_text(table, column, text);
}

/* The sample that ends here becomes a row. */
static gboolean
flush(Reader *reader, GError **error)
{
    Sample *sample = &reader->sample;
    TsTable *table = reader->table;
    if (sample->key == NULL)
        return TRUE;
    if (!sample->has_image)
        return fail(reader, sample->key, error,
                    "the sample has no picture (jpg, jpeg, png, ppm, bmp, pgm, tif, tiff, webp, "
                    "npy)");
    ts_table_begin_row(table, 0);
    set_text(table, FILE_NAME, reader->name);
    ts_table_set_int(table, OFFSET, (gint64) sample->offset);
    ts_table_set_int(table, LENGTH, (gint64) sample->length);
    set_text(table, ID, sample->key);
    if (sample->json != NULL) {
        g_autofree char *where = g_strdup_printf("%s: %s.json", reader->shard, sample->key);
        if (!ts_table_set_json(table, sample->json, strlen(sample->json), where, error))
            return FALSE;
    }
    guint64 row = ts_table_n_rows(table) - 1;
    if (sample->label != NULL && ts_table_get(table, row, LABEL) == NULL)
        set_text(table, LABEL, sample->label);
    set_other(table, row, "split", reader->split);
    set_other(table, row, "text", sample->text);
    sample_clear(sample);
    return TRUE;
}

/* The text of a small member, white space around it taken off. */
static gboolean
take_text(const Reader *reader, const TsTarMember *member, char **text, GError **error)
{
    if (member->length > MAX_TEXT_BYTES)
        return fail(reader, member->name, error, "is longer than 16 MiB");
    if (!g_utf8_validate_len((const char *) member->data, (gsize) member->length, NULL))
        return fail(reader, member->name, error, "is not UTF-8 text");
    g_free(*text);
    *text = g_strstrip(g_strndup((const char *) member->data, (gsize) member->length));
    return TRUE;
}

static gboolean
is_mask(const char *extension)
{
    return g_str_has_prefix(extension, "mask.") || g_str_has_prefix(extension, "seg.");
}

static gboolean
add_member(Reader *reader, const TsTarMember *member, const char *extension, GError **error)
{
    Sample *sample = &reader->sample;
    g_autofree char *lower = g_ascii_strdown(extension, -1);
    if (strcmp(lower, "cls") == 0)
        return take_text(reader, member, &sample->label, error);
    if (strcmp(lower, "txt") == 0)
        return take_text(reader, member, &sample->text, error);
    if (strcmp(lower, "json") == 0)
        return take_text(reader, member, &sample->json, error);
    gboolean plain = strchr(lower, '.') == NULL;
    gboolean image = ts_is_picture_name(member->name) || g_str_has_suffix(lower, "npy");
    if (!image || is_mask(lower) || (sample->has_image && (sample->is_plain || !plain)))
        return TRUE;
    sample->has_image = TRUE;
    sample->is_plain = plain;
    sample->offset = member->offset;
    sample->length = member->length;
    return TRUE;
}

/* Hidden files, files without extension and notes of writers (__index__) are passed over. */
static gboolean
use_member(Reader *reader, const TsTarMember *member, GError **error)
{
    gsize n = ts_tar_key_length(member->name);
    const char *slash = strrchr(member->name, '/');
    const char *base = slash != NULL ? slash + 1 : member->name;
    if (member->name[n] != '.' || member->name + n == base || g_str_has_prefix(base, "__"))
        return TRUE;
    if (!g_utf8_validate(member->name, -1, NULL))
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: at byte %" G_GUINT64_FORMAT ": a member's name is not UTF-8",
                            reader->shard, member->offset);
    const char *key = reader->sample.key;
    if (key == NULL || strlen(key) != n || memcmp(key, member->name, n) != 0) {
        if (!flush(reader, error))
            return FALSE;
        reader->sample.key = g_strndup(member->name, n);
    }
    return add_member(reader, member, member->name + n + 1, error);
}

static gboolean
read_shard(Reader *reader, GError **error)
{
    const TsTarMember *member;
    guint64 n_before = ts_table_n_rows(reader->table);
    g_autoptr(TsTarReader) tar = ts_tar_reader_open(reader->shard, error);
    if (tar == NULL)
        return FALSE;
    do {
        if (!ts_tar_reader_next(tar, &member, error) || ts_interrupt_check(error))
            return FALSE;
        if (member != NULL && !use_member(reader, member, error))
            return FALSE;
    } while (member != NULL);
    if (!flush(reader, error))
        return FALSE;
    return ts_table_n_rows(reader->table) > n_before ||
           ts_error_set(error, TS_ERROR_FORMAT, "%s: has no member that is part of a sample",
                        reader->shard);
}

/* The folder that all shards lie in; NULL if they lie in several. */
static char *
common_folder(char **shards)
{
    char *folder = g_path_get_dirname(shards[0]);
    for (guint i = 1; shards[i] != NULL; i++) {
        g_autofree char *other = g_path_get_dirname(shards[i]);
        if (strcmp(folder, other) == 0)
            continue;
        g_free(folder);
        return NULL;
    }
    return folder;
}

TsManifest *
ts_layout_read_shards(const char *name, char **shards, GError **error)
{
    g_autoptr(TsTable) table = ts_table_new();
    g_autofree char *folder = common_folder(shards);
    for (guint i = 0; i < N_COLUMNS; i++)
        ts_table_add_column(table, column_names[i]);
    for (guint i = 0; shards[i] != NULL; i++) {
        g_autofree char *base = g_path_get_basename(shards[i]);
        Reader reader = {.table = table,
                         .shard = shards[i],
                         .name = folder != NULL ? base : shards[i],
                         .split = ts_layout_split_of_file(shards[i])};
        gboolean read = read_shard(&reader, error);
        sample_clear(&reader.sample);
        if (!read)
            return NULL;
    }
    return ts_layout_from_table(table, name, folder != NULL ? folder : ".", error);
}

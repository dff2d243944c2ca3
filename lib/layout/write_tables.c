/* Pictures beside a table that names them: Hugging Face's metadata files, Kaggle's CSV, manifest.
 * With splits each of them has its folder. */
#include "layout/job.h"

#include "manifest/writer.h"
#include "store/json.h"

#include <string.h>

/* One table of each split, the last for rows without one. Free with g_ptr_array_unref(). */
static GPtrArray *
new_tables(const TsJob *job)
{
    GPtrArray *tables = g_ptr_array_new();
    for (guint s = 0; s <= (job->splits != NULL ? job->splits->n : 0); s++)
        g_ptr_array_add(tables, g_string_new(NULL));
    return tables;
}

static void
free_tables(GPtrArray *tables)
{
    for (guint s = 0; s < tables->len; s++)
        g_string_free(tables->pdata[s], TRUE);
    g_ptr_array_unref(tables);
}

static GString *
table_of(const TsJob *job, GPtrArray *tables, guint64 i)
{
    return tables->pdata[job->splits != NULL ? job->splits->of_row[i] : 0];
}

/* `format` has the name of the split in it; `otherwise` is the name without splits. */
static gboolean
write_tables(TsJob *job, GPtrArray *tables, const char *before, const char *behind,
             const char *otherwise, GError **error)
{
    for (guint s = 0; s < tables->len; s++) {
        const GString *text = tables->pdata[s];
        const char *split =
            job->splits != NULL && s < job->splits->n ? job->splits->names[s] : NULL;
        g_autofree char *name =
            split != NULL ? g_strconcat(before, split, behind, NULL) : g_strdup(otherwise);
        if (text->len > 0 && !ts_job_write_text(job, name, text, error))
            return FALSE;
    }
    return TRUE;
}

/* Name all pictures SPLIT/NAME, or `otherwise`NAME. */
static gboolean
name_pictures(TsJob *job, const char *otherwise, GError **error)
{
    g_autoptr(TsJobNames) names = ts_job_names_new(job, FALSE);
    if (!ts_job_check_splits(job, error))
        return FALSE;
    for (guint64 i = 0; i < job->n; i++) {
        const char *split = ts_job_split(job, i);
        g_autofree char *below =
            split != NULL ? g_strconcat(split, "/", NULL) : g_strdup(otherwise);
        if (!ts_job_names_add(names, i, below, FALSE, error))
            return FALSE;
    }
    return TRUE;
}

/* The name without its folder. */
static const char *
base_of(const TsJob *job, guint64 i)
{
    const char *slash = strrchr(job->names[i], '/');
    return slash != NULL ? slash + 1 : job->names[i];
}

/* A field by RFC 4180; NULL is an empty one, an empty text has quotes. */
static void
append_field(GString *out, const char *text)
{
    if (text == NULL)
        return;
    gsize n = strlen(text);
    gboolean plain =
        n > 0 && strpbrk(text, ",\"\r\n") == NULL && text[0] != ' ' && text[n - 1] != ' ';
    if (plain) {
        g_string_append_len(out, text, (gssize) n);
        return;
    }
    g_string_append_c(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            g_string_append_c(out, '"');
        g_string_append_c(out, *text);
    }
    g_string_append_c(out, '"');
}

static void
append_csv_header(const TsJob *job, const char *first, const int *kept, GString *out)
{
    g_string_append(out, first);
    g_string_append(out, job->classes != NULL ? ",label" : "");
    for (; *kept >= 0; kept++) {
        g_string_append_c(out, ',');
        append_field(out, ts_manifest_column_name(job->manifest, (guint) *kept));
    }
    g_string_append_c(out, '\n');
}

static void
append_csv_row(const TsJob *job, guint64 i, const char *picture, const int *kept, GString *out)
{
    append_field(out, picture);
    if (job->classes != NULL) {
        g_string_append_c(out, ',');
        append_field(out, ts_job_label(job, i));
    }
    for (; *kept >= 0; kept++) {
        g_autofree char *text = ts_cell_unescape(ts_manifest_cell(job->manifest, i, (guint) *kept));
        g_string_append_c(out, ',');
        append_field(out, text);
    }
    g_string_append_c(out, '\n');
}

/* CSV of all rows; `first` is the column of pictures, `suffixed` whether they are written with
 * their suffix. */
static void
fill_csv(const TsJob *job, GPtrArray *tables, const char *first, gboolean suffixed,
         const char *const *others)
{
    g_autofree int *kept = ts_job_kept_columns(job, others);
    for (guint64 i = 0; i < job->n; i++) {
        GString *out = table_of(job, tables, i);
        g_autofree char *picture =
            g_strconcat(base_of(job, i), suffixed ? job->suffixes[i] : "", NULL);
        if (out->len == 0)
            append_csv_header(job, first, kept, out);
        append_csv_row(job, i, picture, kept, out);
    }
}

static void
fill_jsonl(const TsJob *job, GPtrArray *tables)
{
    g_autofree int *kept = ts_job_kept_columns(job, NULL);
    g_autofree gboolean *is_number = ts_job_find_numbers(job, kept);
    for (guint64 i = 0; i < job->n; i++) {
        GString *out = table_of(job, tables, i);
        g_autofree char *picture = g_strconcat(base_of(job, i), job->suffixes[i], NULL);
        g_string_append(out, "{\"file_name\": ");
        ts_json_append_string(out, picture);
        if (ts_job_label(job, i) != NULL) {
            g_string_append(out, ", \"label\": ");
            ts_json_append_string(out, ts_job_label(job, i));
        }
        ts_job_append_members(job, i, kept, is_number, out);
        g_string_append(out, "}\n");
    }
}

gboolean
ts_write_metadata(TsJob *job, gboolean jsonl, GError **error)
{
    if (!name_pictures(job, "", error) || !ts_job_place_pictures(job, FALSE, error))
        return FALSE;
    GPtrArray *tables = new_tables(job);
    const char *name = jsonl ? "metadata.jsonl" : "metadata.csv";
    g_autofree char *behind = g_strconcat("/", name, NULL);
    if (jsonl)
        fill_jsonl(job, tables);
    else
        fill_csv(job, tables, "file_name", TRUE, NULL);
    gboolean done = write_tables(job, tables, "", behind, name, error);
    free_tables(tables);
    return done;
}

gboolean
ts_write_csv(TsJob *job, GError **error)
{
    static const char *const id[] = {"id", NULL};
    if (!name_pictures(job, "images/", error) || !ts_job_place_pictures(job, FALSE, error))
        return FALSE;
    GPtrArray *tables = new_tables(job);
    fill_csv(job, tables, "id", FALSE, id);
    gboolean done = write_tables(job, tables, "", ".csv", "labels.csv", error);
    free_tables(tables);
    return done;
}

/* file_name, then what the rows had that is no recipe. */
static char **
manifest_columns(const TsJob *job, const int *kept, gboolean mask)
{
    GPtrArray *columns = g_ptr_array_new();
    g_ptr_array_add(columns, g_strdup("file_name"));
    if (job->classes != NULL)
        g_ptr_array_add(columns, g_strdup("label"));
    if (job->splits != NULL)
        g_ptr_array_add(columns, g_strdup("split"));
    if (mask)
        g_ptr_array_add(columns, g_strdup("mask"));
    for (; *kept >= 0; kept++)
        g_ptr_array_add(columns, g_strdup(ts_manifest_column_name(job->manifest, (guint) *kept)));
    g_ptr_array_add(columns, NULL);
    return (char **) g_ptr_array_free(columns, FALSE);
}

static gboolean
put_row(const TsJob *job, TsManifestWriter *writer, guint64 i, const int *kept, int mask,
        GError **error)
{
    g_autofree char *picture = g_strconcat(job->names[i], job->suffixes[i], NULL);
    ts_manifest_writer_put(writer, picture);
    if (job->classes != NULL)
        ts_manifest_writer_put(writer, ts_job_label(job, i));
    if (job->splits != NULL)
        ts_manifest_writer_put(writer, ts_job_split(job, i));
    if (mask >= 0) {
        TsCell cell = ts_manifest_cell(job->manifest, i, (guint) mask);
        g_autofree char *path = ts_manifest_resolve(job->manifest, cell);
        if (path != NULL)
            ts_manifest_writer_put_path(writer, path);
        else
            ts_manifest_writer_put(writer, NULL);
    }
    for (; *kept >= 0; kept++)
        ts_manifest_writer_put_cell(writer, ts_manifest_cell(job->manifest, i, (guint) *kept));
    return ts_manifest_writer_end_row(writer, error);
}

gboolean
ts_write_manifest(TsJob *job, GError **error)
{
    if (!name_pictures(job, "images/", error) || !ts_job_place_pictures(job, FALSE, error))
        return FALSE;
    int mask = ts_manifest_find_column(job->manifest, "mask");
    g_autofree int *kept = ts_job_kept_columns(job, NULL);
    g_auto(GStrv) columns = manifest_columns(job, kept, mask >= 0);
    g_autofree char *path = g_build_filename(job->folder, "manifest.tsv", NULL);
    g_autoptr(TsManifestWriter) writer =
        ts_manifest_writer_new(path, (const char *const *) columns, FALSE, error);
    for (guint64 i = 0; writer != NULL && i < job->n; i++)
        if (!put_row(job, writer, i, kept, mask, error))
            return FALSE;
    if (writer == NULL || !ts_manifest_writer_commit(writer, error))
        return FALSE;
    return ts_manifest_class_list(job->manifest) == NULL || ts_job_write_classes(job, error);
}

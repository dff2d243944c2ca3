/* What the writers of layouts share: labels and columns of rows, small files. */
#include "layout/job.h"

#include "base/error.h"
#include "base/outfile.h"
#include "store/json.h"

#include <string.h>

const char *
ts_job_label(const TsJob *job, guint64 i)
{
    gint32 class = job->classes != NULL ? job->classes->of_row[i] : -1;
    return class >= 0 ? job->classes->names[class] : NULL;
}

const char *
ts_job_split(const TsJob *job, guint64 i)
{
    gint32 split = job->splits != NULL ? job->splits->of_row[i] : -1;
    return split >= 0 ? job->splits->names[split] : NULL;
}

gboolean
ts_job_fail(const TsJob *job, guint64 i, GError **error, const char *what)
{
    g_autofree char *where = ts_manifest_where(job->manifest, i);
    return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: %s", where, what);
}

/* One part of a path that our own readers find again. */
static gboolean
can_be_folder(const char *name)
{
    return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL && strlen(name) <= 255;
}

static gboolean
check_values(const TsJob *job, const TsClasses *values, const char *what, GError **error)
{
    for (guint64 i = 0; i < job->n; i++) {
        gint32 value = values->of_row[i];
        if (value >= 0 && can_be_folder(values->names[value]))
            continue;
        g_autofree char *message =
            value < 0 ? g_strdup_printf("has no %s, which this layout needs", what)
                      : g_strdup_printf("the %s '%.200s' cannot be the name of a folder", what,
                                        values->names[value]);
        return ts_job_fail(job, i, error, message);
    }
    return TRUE;
}

gboolean
ts_job_check_labels(const TsJob *job, GError **error)
{
    if (job->classes == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "%s: has no labels, which this layout needs; --to hf-csv, csv or wds "
                            "can do without",
                            ts_manifest_name(job->manifest));
    return check_values(job, job->classes, "label", error);
}

gboolean
ts_job_check_splits(const TsJob *job, GError **error)
{
    return job->splits == NULL || check_values(job, job->splits, "split", error);
}

int *
ts_job_kept_columns(const TsJob *job, const char *const *others)
{
    static const char *const recipe[] = {
        "file_name",     "x",      "y",          "width",       "height",
        "offset",        "length", "raw",        "mask",        "op",
        "parent_b",      "lambda", "label",      "split",       "scale",
        "grid_x",        "grid_y", "grid_width", "grid_height", "scaled_width",
        "scaled_height", NULL};
    guint n = ts_manifest_n_columns(job->manifest), n_kept = 0;
    int *kept = g_new(int, n + 1);
    for (guint c = 0; c < n; c++) {
        const char *name = ts_manifest_column_name(job->manifest, c);
        if (!g_strv_contains(recipe, name) && (others == NULL || !g_strv_contains(others, name)))
            kept[n_kept++] = (int) c;
    }
    kept[n_kept] = -1;
    return kept;
}

gboolean
ts_job_write_text(TsJob *job, const char *name, const GString *text, GError **error)
{
    g_autofree char *path = g_build_filename(job->folder, name, NULL);
    g_autofree char *folder = g_path_get_dirname(path);
    return ts_make_folder(folder, error) && ts_write_file(path, text->str, text->len, FALSE, error);
}

gboolean
ts_job_write_classes(TsJob *job, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint c = 0; job->classes != NULL && c < job->classes->n; c++) {
        ts_escape_append(text, job->classes->names[c], strlen(job->classes->names[c]));
        g_string_append_c(text, '\n');
    }
    return text->len == 0 || ts_job_write_text(job, "classes.txt", text, error);
}

/* Numbers in the form that JSON has for them. */
static gboolean
is_json_number(TsCell cell)
{
    gint64 whole;
    double number;
    gboolean plain =
        cell.length > 0 && (g_ascii_isdigit(cell.text[0]) || cell.text[0] == '-') &&
        g_ascii_isdigit(cell.text[cell.length - 1]) &&
        (cell.length < 2 || cell.text[0] != '0' || cell.text[1] == '.' || cell.text[1] == 'e');
    return plain && (memchr(cell.text, '.', cell.length) != NULL ||
                             memchr(cell.text, 'e', cell.length) != NULL
                         ? ts_cell_to_double(cell, &number)
                         : ts_cell_to_int(cell, &whole));
}

gboolean *
ts_job_find_numbers(const TsJob *job, const int *kept)
{
    gboolean *is_number = g_new0(gboolean, ts_manifest_n_columns(job->manifest));
    for (; *kept >= 0; kept++) {
        gboolean numbers = TRUE;
        for (guint64 i = 0; i < job->n && numbers; i++) {
            TsCell cell = ts_manifest_cell(job->manifest, i, (guint) *kept);
            numbers = ts_cell_is_null(cell) || is_json_number(cell);
        }
        is_number[*kept] = numbers;
    }
    return is_number;
}

void
ts_job_append_members(const TsJob *job, guint64 i, const int *kept, const gboolean *is_number,
                      GString *out)
{
    for (; *kept >= 0; kept++) {
        TsCell cell = ts_manifest_cell(job->manifest, i, (guint) *kept);
        g_autofree char *text = ts_cell_unescape(cell);
        if (text == NULL)
            continue;
        g_string_append(out, ", ");
        ts_json_append_string(out, ts_manifest_column_name(job->manifest, (guint) *kept));
        g_string_append(out, ": ");
        if (is_number[*kept])
            g_string_append(out, text);
        else
            ts_json_append_string(out, text);
    }
}

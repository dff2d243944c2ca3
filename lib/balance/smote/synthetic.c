/* Synthetic rows written as a table. */
#include "balance/smote/synthetic.h"

#include "balance/smote/synthetic_private.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/number.h"
#include "manifest/writer.h"

#include <string.h>

gboolean
ts_synthetic_is_kept(const TsSynthetic *self, gsize i)
{
    return self->keep == NULL || self->keep[i];
}

const TsBlend *
ts_synthetic_blend(const TsSynthetic *self, gsize i)
{
    return &g_array_index(self->blends, TsBlend, i);
}

guint64
ts_synthetic_row(const TsSynthetic *self, guint32 point)
{
    return self->rows != NULL ? self->rows[point] : point;
}

gboolean
ts_synthetic_copy_originals(const TsSynthetic *self, TsManifestWriter *writer, GError **error)
{
    gsize point = 0;
    for (guint64 row = 0; row < ts_manifest_n_rows(self->manifest); row++) {
        gboolean is_point = point < self->n && ts_synthetic_row(self, (guint32) point) == row;
        if (is_point && !ts_synthetic_is_kept(self, point++))
            continue;
        if (!ts_manifest_writer_copy_row(writer, self->manifest, row, NULL, error))
            return FALSE;
    }
    return TRUE;
}

GPtrArray *
ts_synthetic_columns(const TsSynthetic *self, const char *const *first)
{
    GPtrArray *names = g_ptr_array_new();
    for (; *first != NULL; first++)
        g_ptr_array_add(names, (gpointer) *first);
    if (ts_manifest_find_column(self->manifest, "id") >= 0)
        g_ptr_array_add(names, (gpointer) "id");
    for (gsize j = 0; self->columns != NULL && j < self->values->d; j++)
        g_ptr_array_add(names,
                        (gpointer) ts_manifest_column_name(self->manifest, self->columns[j]));
    for (guint f = 0; self->nominal != NULL && f < self->nominal->n_columns; f++)
        g_ptr_array_add(names, (gpointer) ts_manifest_column_name(self->manifest,
                                                                  self->nominal->column[f].number));
    g_ptr_array_add(names, NULL);
    return names;
}

gboolean
ts_synthetic_put_row(const TsSynthetic *self, TsManifestWriter *writer, gsize i,
                     const GPtrArray *values, guint n_first, GError **error)
{
    const TsBlend *blend = ts_synthetic_blend(self, i);
    guint64 row = ts_synthetic_row(self, blend->a);
    g_autofree char *parent = NULL, *id = NULL;
    guint at = n_first;
    if (ts_manifest_find_column(self->manifest, "id") >= 0) {
        parent = ts_manifest_id(self->manifest, row);
        id = g_strdup_printf("%s~%" G_GSIZE_FORMAT, parent != NULL ? parent : "", i + 1);
        values->pdata[at++] = id;
    }
    gsize d = self->columns != NULL ? self->values->d : 0;
    g_autofree char *texts = g_malloc(MAX(d, 1) * TS_NUMBER_MAX);
    g_autofree double *mixed = g_new(double, MAX(d, 1));
    if (d > 0)
        ts_blend_f64(self->values, blend, mixed);
    for (gsize j = 0; j < d; j++)
        values->pdata[at++] = ts_format_double(texts + j * TS_NUMBER_MAX, mixed[j]);
    for (guint f = 0; self->nominal != NULL && f < self->nominal->n_columns; f++)
        values->pdata[at++] =
            self->nominal->column[f].name[self->codes[i * self->nominal->n_columns + f]];
    return ts_manifest_writer_copy_row(writer, self->manifest, row,
                                       (const char *const *) values->pdata, error);
}

/* A new row, with the names of what it is mixed of if rows are pictures. */
static gboolean
write_new_row(const TsSynthetic *self, TsManifestWriter *writer, gsize i, const GPtrArray *values,
              GError **error)
{
    char lambda[TS_NUMBER_MAX];
    g_autofree char *parent = NULL;
    const TsBlend *blend = ts_synthetic_blend(self, i);
    if (self->has_pictures) {
        parent = ts_manifest_id(self->manifest, ts_synthetic_row(self, blend->b));
        values->pdata[0] = parent;
        values->pdata[1] = ts_format_double(lambda, blend->lambda * blend->scale);
    }
    return ts_synthetic_put_row(self, writer, i, values, self->has_pictures ? 2 : 0, error);
}

gboolean
ts_synthetic_write_table(const TsSynthetic *self, const char *path, gboolean replace,
                         GError **error)
{
    static const char *const of_pictures[] = {"parent_b", "lambda", NULL};
    g_autoptr(GPtrArray) columns =
        ts_synthetic_columns(self, self->has_pictures ? of_pictures : of_pictures + 2);
    g_autoptr(GPtrArray) values = g_ptr_array_sized_new(columns->len);
    g_ptr_array_set_size(values, (gint) columns->len);
    g_autoptr(TsManifestWriter) writer = ts_manifest_writer_new_like(
        path, self->manifest, (const char *const *) columns->pdata, replace, error);
    if (writer == NULL || !ts_synthetic_copy_originals(self, writer, error))
        return FALSE;
    for (gsize i = 0; i < self->blends->len; i++)
        if (ts_synthetic_is_kept(self, self->n + i) &&
            !write_new_row(self, writer, i, values, error))
            return FALSE;
    return ts_manifest_writer_commit(writer, error);
}

gboolean
ts_synthetic_write_parents(const TsSynthetic *self, const char *path, gboolean replace,
                           GError **error)
{
    static const char *const columns[] = {"row", "parent_a", "parent_b", "lambda", NULL};
    g_autoptr(TsManifestWriter) writer = ts_manifest_writer_new(path, columns, replace, error);
    guint64 n_rows = self->manifest != NULL ? ts_manifest_n_rows(self->manifest) : self->n;
    gint64 row = (gint64) n_rows;
    for (gsize i = 0; self->keep != NULL && i < self->n; i++)
        row -= !self->keep[i];
    for (gsize i = 0; writer != NULL && i < self->blends->len; i++) {
        const TsBlend *blend = ts_synthetic_blend(self, i);
        if (!ts_synthetic_is_kept(self, self->n + i))
            continue;
        ts_manifest_writer_put_int(writer, row++);
        ts_manifest_writer_put_int(writer, (gint64) ts_synthetic_row(self, blend->a));
        ts_manifest_writer_put_int(writer, (gint64) ts_synthetic_row(self, blend->b));
        ts_manifest_writer_put_double(writer, blend->lambda * blend->scale);
        if (!ts_manifest_writer_end_row(writer, error))
            return FALSE;
    }
    return writer != NULL && ts_manifest_writer_commit(writer, error);
}

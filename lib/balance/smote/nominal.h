/* Columns of a table that hold categories, not numbers: each value a number of its own, in byte
 * order of the texts; a missing value (\N) is a category too, the last one. Categories that no
 * chosen row has do not exist.
 *
 *     g_autoptr(TsNominal) nominal = ts_nominal_new(manifest, rows, n, columns, 2, error);
 *     if (nominal == NULL)
 *         return FALSE;
 *     name = nominal->column[0].name[nominal->column[0].code[i]];    // of rows[i]; NULL: \N
 */
#pragma once

#include "manifest/manifest.h"

G_BEGIN_DECLS

typedef struct {
    guint number;  /* of the column in the table */
    guint32 *code; /* (n) */
    guint n_categories;
    char **name; /* (n_categories), not escaped */
} TsNominalColumn;

typedef struct {
    gsize n;
    guint n_columns;
    TsNominalColumn *column;
} TsNominal;

/* Number the values that `rows` (n) have in `columns`. TS_ERROR_NO_MEMORY. */
TsNominal *ts_nominal_new(const TsManifest *manifest, const guint64 *rows, gsize n,
                          const guint *columns, guint n_columns, GError **error);

/* NULL is allowed. */
void ts_nominal_free(TsNominal *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsNominal, ts_nominal_free)

G_END_DECLS

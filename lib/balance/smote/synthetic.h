/* Synthetic samples written: behind the rows that they were made of, as rows of a table, as
 * pictures, or as an .npy array.
 *
 * The rows of the table come first, in their order, then the new ones. A new row is a copy of the
 * row it starts from (parent a), but for
 *
 *   parent_b, lambda   where rows are pictures: what it is mixed with, and how far
 *   features           where values were interpolated; numbers read back as they are
 *   id                 the parent's, with ~ and the number of the new row
 *
 *     TsSynthetic made = {.manifest = manifest, .rows = rows, .n = n, .blends = blends, ...};
 *     if (!ts_synthetic_write_table(&made, "-", FALSE, error))
 *         return FALSE;
 */
#pragma once

#include "balance/smote/nominal.h"
#include "balance/smote/smote.h"
#include "balance/space/space.h"

G_BEGIN_DECLS

typedef struct {
    const TsManifest *manifest; /* NULL where the rows are those of an array */
    const guint64 *rows;        /* (n) row of the manifest of each point, ascending; NULL: all */
    gsize n;                    /* points */
    const TsPoints *values;     /* (n, d), what is interpolated; NULL: nothing */
    const guint *columns;       /* (d), where the values stand in the manifest */
    gboolean has_pictures;      /* rows name pictures, which are mixed */
    const GArray *blends;       /* of TsBlend: the new rows */
    const TsNominal *nominal;   /* columns that are categories, or NULL */
    const guint32 *codes;       /* (new rows, n_columns), their values there */
    const guint8 *keep;         /* (n + new rows), which of them are written; NULL: all */
} TsSynthetic;

/* Write the table to `path`, "-" for standard output. With pictures nothing is rendered: rows hold
 * parent_b and lambda. */
gboolean ts_synthetic_write_table(const TsSynthetic *self, const char *path, gboolean replace,
                                  GError **error);

/* Make the folder `path` with the pictures of the new rows, as PNG if that can hold them, else as
 * TIFF or .npy, and manifest.tsv, whose first rows name the pictures that were there. Integer
 * samples are rounded half to even. `kept` becomes where files lie that came into a replaced folder
 * meanwhile, free with g_free(), NULL if there were none. */
gboolean ts_synthetic_write_pictures(const TsSynthetic *self, const char *path, gboolean replace,
                                     char **kept, GError **error);

/* Write the array `model`, which `values` were read from, and the new rows behind its own to the
 * .npy file `path`; integers are rounded half to even. */
gboolean ts_synthetic_write_npy(const TsSynthetic *self, const TsTensor *model, const char *path,
                                gboolean replace, GError **error);

/* Write the class of each of those rows to an .npy file of 64-bit integers; names are numbers. */
gboolean ts_synthetic_write_labels(const TsSynthetic *self, const TsClasses *classes,
                                   const char *path, gboolean replace, GError **error);

/* Write where the new rows come from: a table with the row of the output (row), the rows of the
 * input that it lies between (parent_a, parent_b), all counted from 0, and lambda. */
gboolean ts_synthetic_write_parents(const TsSynthetic *self, const char *path, gboolean replace,
                                    GError **error);

G_END_DECLS

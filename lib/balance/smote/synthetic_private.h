/* What the writers of balance/smote/synthetic.h have in common. */
#pragma once

#include "balance/smote/synthetic.h"
#include "manifest/writer.h"

G_BEGIN_DECLS

/* Whether point i, or behind the n points new row i - n, is written. */
gboolean ts_synthetic_is_kept(const TsSynthetic *self, gsize i);

/* New row i. */
const TsBlend *ts_synthetic_blend(const TsSynthetic *self, gsize i);

/* The row of the table (or of the array) that a point is. */
guint64 ts_synthetic_row(const TsSynthetic *self, guint32 point);

/* Write the rows of the manifest that are kept. */
gboolean
ts_synthetic_copy_originals(const TsSynthetic *self, TsManifestWriter *writer, GError **error);

/* The columns in which a new row differs from its first parent: `first`, then id where there is
 * one, then the features; NULL-terminated, names borrowed. */
GPtrArray *ts_synthetic_columns(const TsSynthetic *self, const char *const *first);

/* Write new row i; the first n_first of `values`, one per column of the above, are filled in. */
gboolean ts_synthetic_put_row(const TsSynthetic *self, TsManifestWriter *writer, gsize i,
                              const GPtrArray *values, guint n_first, GError **error);

G_END_DECLS

/* How far a sample's features are from those of the training data: a score for samples of no known
 * class.
 *
 * Features are divided by their length; the score is the distance to the k-th nearest row of the
 * reference (Sun et al., "Out-of-distribution detection with deep nearest neighbors", ICML 2022).
 * It lies within 0 and 2, larger is stranger.
 *
 *     g_autoptr(TsReference) reference = ts_reference_read("training.npy", 50, error);
 *     if (reference == NULL || !ts_reference_check(reference, n_features, error))
 *         return FALSE;
 *     ts_reference_compute(reference, features, n, distances);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TsReference TsReference;

/* Read an array (rows, ...) of features. TS_ERROR_FORMAT where it has fewer than `k` rows, or
 * numbers that are not finite; errors of ts_npy_read(). */
TsReference *ts_reference_read(const char *path, guint k, GError **error);
void ts_reference_free(TsReference *reference);

/* Check that its rows have `n` numbers. TS_ERROR_FORMAT. */
gboolean ts_reference_check(const TsReference *reference, gsize n, GError **error);

/* distances (n) of features (n, d). TS_ERROR_NO_MEMORY. */
gboolean ts_reference_compute(const TsReference *reference, const float *features, guint n,
                              double *distances, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsReference, ts_reference_free)

G_END_DECLS

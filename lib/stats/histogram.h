/* Distributions of many numbers in bins whose widths grow with the distance from 0.
 *
 * The bins end at 0 and at +-1e-12 1.1^k up to 1e20, as in TensorFlow, so that numbers of any size
 * are told apart to 10 %. A bin holds the numbers above the end of the one below it, up to its own.
 *
 *     g_autoptr(TsHistogram) h = ts_histogram_new();
 *     ts_histogram_add(h, weights, n);
 *     guint n_bins = ts_histogram_bins(h, &limit, &count);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    double n, min, max, sum, sum_of_squares; /* of the finite numbers; min and max 0 if none */
    double n_not_finite;                     /* left out */
    double *limit, *count;                   /* of all bins */
    guint n_bins;
} TsHistogram;

TsHistogram *ts_histogram_new(void);
void ts_histogram_free(TsHistogram *self);

void ts_histogram_add(TsHistogram *self, const float *x, gsize n);

/* The bins from the first to the last that holds a number, and an empty one before them as where
 * the first begins. limit[i] is the upper end of bin i. Returns how many; 0 without numbers.
 * Borrowed. */
guint ts_histogram_bins(const TsHistogram *self, const double **limit, const double **count);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsHistogram, ts_histogram_free)

G_END_DECLS

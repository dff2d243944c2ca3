/* Weights of classes that make up for their sizes.
 *
 *     double weights[n];
 *     if (!ts_class_weights("effnum:0.999", counts, n, weights, error))
 *         return FALSE;
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Compute the weight of each class from `counts` (n of them). `scheme` is one of
 *
 *   balanced   N / (C n_c)                (scikit-learn's class_weight="balanced")
 *   effnum:B   (1 - B) / (1 - B^n_c)      0 <= B < 1; effective number of samples, Cui et al.,
 *                                         "Class-Balanced Loss", CVPR 2019; scaled to sum C
 *   inverse    1 / n_c                    scaled to mean 1
 *   sqrt       1 / sqrt(n_c)              scaled to mean 1
 *   log        1 / ln(1.02 + n_c / N)     ENet, Paszke et al., 2016; scaled to mean 1
 *
 * where N is the number of samples and C the number of classes that have any; a class without
 * samples gets 0 and takes no part in sums and means. TS_ERROR_ARGUMENT for an unknown scheme. */
gboolean ts_class_weights(const char *scheme, const guint64 *counts, guint n, double *weights,
                          GError **error);

G_END_DECLS

/* Weights of classes that make up for their sizes.
 *
 *     double weights[n];
 *     if (!ts_class_weights("effnum:0.999", counts, n, weights, error))
 *         return FALSE;
 */
#pragma once

#include "manifest/classes.h"

G_BEGIN_DECLS

/* Compute the weight of each class from `counts` (n of them). `scheme` is one of
 *
 *   balanced   N / (C n_c)                (scikit-learn's class_weight="balanced")
 *   effnum:B   (1 - B) / (1 - B^n_c)      0 <= B < 1; effective number of samples, Cui et al.,
 *                                         "Class-Balanced Loss", CVPR 2019; scaled to sum C;
 *                         class-balanced:B is another name of it
 *   inverse    1 / n_c                    scaled to mean 1
 *   sqrt       1 / sqrt(n_c)              scaled to mean 1
 *   log        1 / ln(1.02 + n_c / N)     ENet, Paszke et al., 2016; scaled to mean 1
 *
 * where N is the number of samples and C the number of classes that have any; a class without
 * samples gets 0 and takes no part in sums and means. TS_ERROR_ARGUMENT for an unknown scheme. */
gboolean ts_class_weights(const char *scheme, const guint64 *counts, guint n, double *weights,
                          GError **error);

/* Compute any number of a class that follows from its count: the weights above, where N is now
 * `n_samples` (fewer than the sum of the counts where a sample has several labels), and
 *
 *   positive     (N - n_c) / n_c: weight of the positives of a sigmoid, PyTorch's pos_weight
 *   sampling:Q   n_c^Q / sum n^Q: share of the draws, with Q 1 as they are, 0 the same for each
 *                class, 0.5 square root (Kang et al., "Decoupling", ICLR 2020)
 *   repeat:T     max(1, sqrt(T N / n_c)): repeat factor (Gupta et al., "LVIS", CVPR 2019)
 *   margin:M     M (min n / n_c)^(1/4): LDAM's margins, the largest of which is M (Cao et al.,
 *                NeurIPS 2019)
 *   logit:TAU    TAU ln(n_c / N): logit adjustment, with TAU 1 balanced softmax (Menon et al.,
 *                ICLR 2021)
 *
 * A class without samples has the share 0 and otherwise none of these: NaN. TS_ERROR_ARGUMENT for
 * an unknown name. */
gboolean ts_class_terms(const char *name, const guint64 *counts, guint n, guint64 n_samples,
                        double *values, GError **error);

/* Read the weight of each of `classes` from a table (.tsv) with the columns class and weight; other
 * classes in it are passed over. TS_ERROR_ARGUMENT if a class is not in it, TS_ERROR_FORMAT,
 * TS_ERROR_IO. */
gboolean
ts_class_weights_read(const char *path, const TsClasses *classes, double *weights, GError **error);

G_END_DECLS

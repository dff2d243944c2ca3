/* How much a property of samples says about their class.
 *
 * A number: the correlation ratio eta, sqrt(spread between the means of the classes / spread of
 * all), and the F test of one-way analysis of variance. A name: Cramer's V and Pearson's chi-square
 * test. Both lie between 0 and 1 and are above 0 by chance alone, the more so the more classes or
 * names there are; the corrected forms are 0 on average where there is nothing (epsilon squared:
 * Kelley, "An unbiased correlation ratio measure", 1935; V: Bergsma, "A bias-correction for
 * Cramer's V and Tschuprow's T", 2013).
 *
 *     TsAssociation link;
 *     ts_association_of_numbers(&link, brightness, classes->of_row, n_rows, classes->n);
 *     printf("eta %g\n", link.strength);
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    guint64 n;        /* samples with both */
    double strength;  /* eta or V; NaN where it is not defined: one class, or no spread */
    double corrected; /* sqrt(max(0, epsilon^2)), or corrected V */
    double p;         /* of the F or the chi-square test */
} TsAssociation;

/* Of `values`, NaN: none, with classes `of_row` (-1: none) of `n_classes`. */
void ts_association_of_numbers(TsAssociation *link, const double *values, const gint32 *of_row,
                               guint64 n_rows, guint n_classes);

/* Of `names` (-1: none) of `n_names`, likewise. TS_ERROR_NO_MEMORY. */
gboolean
ts_association_of_names(TsAssociation *link, const gint32 *names, guint n_names,
                        const gint32 *of_row, guint64 n_rows, guint n_classes, GError **error);

G_END_DECLS

/* Correlation ratio and Cramer's V between a property and the class. */
#include "stats/association.h"

#include "base/error.h"
#include "stats/drift.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

static gboolean
has_both(const double *values, const gint32 *of_row, guint64 row)
{
    return of_row[row] >= 0 && !isnan(values[row]);
}

void
ts_association_of_numbers(TsAssociation *link, const double *values, const gint32 *of_row,
                          guint64 n_rows, guint n_classes)
{
    *link = (TsAssociation){.strength = NAN, .corrected = NAN, .p = NAN};
    g_autofree double *sums = g_new0(double, (gsize) n_classes + 1);
    g_autofree double *counts = g_new0(double, (gsize) n_classes + 1);
    double n = 0, sum = 0, within = 0, between = 0, present = 0;
    for (guint64 row = 0; row < n_rows; row++) {
        if (!has_both(values, of_row, row))
            continue;
        sums[of_row[row]] += values[row];
        counts[of_row[row]]++;
        sum += values[row];
        n++;
    }
    for (guint64 row = 0; row < n_rows; row++) {
        if (!has_both(values, of_row, row))
            continue;
        double off = values[row] - sums[of_row[row]] / counts[of_row[row]];
        within += off * off;
    }
    for (guint c = 0; c < n_classes; c++) {
        if (counts[c] == 0)
            continue;
        double off = sums[c] / counts[c] - sum / n;
        between += counts[c] * off * off;
        present++;
    }
    link->n = (guint64) n;
    /* Rounding of the means alone leaves some 1e-32 of the squares: that is no spread. */
    double total = within + between, mean = n > 0 ? sum / n : 0;
    if (present < 2 || n <= present || total <= 1e-24 * n * mean * mean)
        return;
    double spread = within / (n - present);
    link->strength = sqrt(between / total);
    link->corrected = sqrt(fmax(0, (between - (present - 1) * spread) / total));
    link->p = within > 0
                  ? gsl_cdf_fdist_Q(between / (present - 1) / spread, present - 1, n - present)
                  : 0;
}

static double
correct_v(const guint64 *table, guint n_rows, guint n_columns, double chi_square)
{
    double n = 0, rows = 0, columns = 0;
    for (guint i = 0; i < n_rows; i++) {
        guint64 sum = 0;
        for (guint j = 0; j < n_columns; j++)
            sum += table[(gsize) i * n_columns + j];
        n += (double) sum;
        rows += sum > 0;
    }
    for (guint j = 0; j < n_columns; j++) {
        gboolean is_used = FALSE;
        for (guint i = 0; i < n_rows && !is_used; i++)
            is_used = table[(gsize) i * n_columns + j] > 0;
        columns += is_used;
    }
    double phi = fmax(0, chi_square / n - (rows - 1) * (columns - 1) / (n - 1));
    double fewer_rows = rows - (rows - 1) * (rows - 1) / (n - 1);
    double fewer_columns = columns - (columns - 1) * (columns - 1) / (n - 1);
    double smaller = fmin(fewer_rows, fewer_columns) - 1;
    return phi > 0 && smaller > 0 ? fmin(1, sqrt(phi / smaller)) : 0;
}

gboolean
ts_association_of_names(TsAssociation *link, const gint32 *names, guint n_names,
                        const gint32 *of_row, guint64 n_rows, guint n_classes, GError **error)
{
    *link = (TsAssociation){.strength = NAN, .corrected = NAN, .p = NAN};
    g_autofree guint64 *table =
        ts_try_alloc((gsize) n_names + 1, ((gsize) n_classes + 1) * sizeof *table,
                     "table of a property by classes", error);
    if (table == NULL)
        return FALSE;
    for (guint64 row = 0; row < n_rows; row++)
        if (names[row] >= 0 && of_row[row] >= 0) {
            table[(gsize) names[row] * n_classes + (gsize) of_row[row]]++;
            link->n++;
        }
    guint df;
    double chi_square = ts_chi_square(table, n_names, n_classes, &df, NULL);
    if (df == 0)
        return TRUE;
    link->strength = ts_cramers_v(table, n_names, n_classes);
    link->corrected = correct_v(table, n_names, n_classes, chi_square);
    link->p = ts_chi_square_p(chi_square, df);
    return TRUE;
}

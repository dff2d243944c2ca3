/* How two files of weights differ, tensor by tensor. */
#include "modelinfo.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

/* Largest distance of two numbers, and the root mean square distance as a share of A's. */
typedef struct {
    double max, relative;
    gboolean not_finite; /* somewhere one is, and the other is not the same */
} Distance;

static gboolean
compute_distance(const TsTensor *a, const TsTensor *b, Distance *distance, GError **error)
{
    const gsize n = ts_tensor_n(a);
    g_autofree float *of_a = ts_try_alloc(n, sizeof *of_a, a->name, error);
    g_autofree float *of_b = of_a != NULL ? ts_try_alloc(n, sizeof *of_b, b->name, error) : NULL;
    if (of_b == NULL || !ts_tensor_to_f32(a, of_a, error) || !ts_tensor_to_f32(b, of_b, error))
        return FALSE;
    double squares = 0, squares_of_a = 0;
    *distance = (Distance){0};
    for (gsize i = 0; i < n; i++) {
        if (of_a[i] == of_b[i] || (isnan(of_a[i]) && isnan(of_b[i]))) {
            squares_of_a += isfinite(of_a[i]) ? (double) of_a[i] * of_a[i] : 0;
            continue;
        }
        double d = (double) of_a[i] - of_b[i];
        distance->not_finite |= !isfinite(d);
        distance->max = fmax(distance->max, fabs(d));
        squares += d * d;
        squares_of_a += (double) of_a[i] * of_a[i];
    }
    distance->relative = squares > 0 ? sqrt(squares / squares_of_a) : 0;
    return TRUE;
}

static void
add_row(TsReport *report, const char *name, const char *difference, const TsTensor *a,
        const TsTensor *b, const Distance *distance)
{
    const TsTensor *const sides[] = {a, b};
    ts_report_text(report, name);
    ts_report_text(report, difference);
    for (gsize i = 0; i < G_N_ELEMENTS(sides); i++) {
        g_autofree char *shape = sides[i] != NULL ? modelinfo_shape_text(sides[i]) : NULL;
        ts_report_text(report, shape);
    }
    ts_report_double(report, distance != NULL ? distance->max : NAN, 8);
    ts_report_double(report, distance != NULL ? distance->relative : NAN, 8);
}

static gboolean
same_shape(const TsTensor *a, const TsTensor *b)
{
    return a->rank == b->rank && memcmp(a->shape, b->shape, a->rank * sizeof a->shape[0]) == 0;
}

/* TRUE in `differs` if a row was added. */
static gboolean
compare(const TsTensor *a, const TsTensor *b, double tolerance, TsReport *report, gboolean *differs,
        GError **error)
{
    Distance distance;
    *differs = TRUE;
    if (!same_shape(a, b)) {
        add_row(report, a->name, "shape", a, b, NULL);
        return TRUE;
    }
    if (!compute_distance(a, b, &distance, error))
        return FALSE;
    if (distance.not_finite || distance.max > tolerance)
        add_row(report, a->name, distance.not_finite ? "not finite" : "numbers", a, b, &distance);
    else
        *differs = FALSE;
    return TRUE;
}

/* What both say about classes and input, and say differently: one row each. */
static guint
add_settings(const TsWeightFile *a, const TsWeightFile *b, TsReport *report)
{
    static const char *const keys[] = {"classes",  "input",         "mean", "std",
                                       "crop_pct", "interpolation", NULL};
    static const char *const columns[] = {"setting", "first", "second", NULL};
    guint n = 0;
    for (guint i = 0; keys[i] != NULL; i++) {
        const char *ours = ts_weight_file_metadata(a, keys[i]);
        const char *theirs = ts_weight_file_metadata(b, keys[i]);
        if (ours == NULL || theirs == NULL || strcmp(ours, theirs) == 0)
            continue;
        if (n++ == 0)
            ts_report_begin(report, "settings", columns);
        ts_report_text(report, keys[i]);
        ts_report_text(report, ours);
        ts_report_text(report, theirs);
    }
    return n;
}

gboolean
modelinfo_add_differences(const TsWeightFile *a, const TsWeightFile *b, double tolerance,
                          TsReport *report, guint *n_different, GError **error)
{
    static const char *const columns[] = {"tensor",  "difference",   "shape_a", "shape_b",
                                          "max_abs", "relative_rms", NULL};
    *n_different = 0;
    ts_report_begin(report, "differences", columns);
    for (guint i = 0; i < ts_weight_file_n(a); i++) {
        const TsTensor *ours = ts_weight_file_get(a, i);
        const TsTensor *theirs = ts_weight_file_find(b, ours->name);
        gboolean differs = TRUE;
        if (theirs == NULL)
            add_row(report, ours->name, "only in the first", ours, NULL, NULL);
        else if (!compare(ours, theirs, tolerance, report, &differs, error))
            return FALSE;
        *n_different += differs;
    }
    for (guint i = 0; i < ts_weight_file_n(b); i++) {
        const TsTensor *theirs = ts_weight_file_get(b, i);
        if (ts_weight_file_find(a, theirs->name) != NULL)
            continue;
        add_row(report, theirs->name, "only in the second", NULL, theirs, NULL);
        (*n_different)++;
    }
    *n_different += add_settings(a, b, report);
    return TRUE;
}

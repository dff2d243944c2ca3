/* What lib/balance computes, for comparison with NumPy and scikit-learn:
 *
 *     balance-peer random SEED        draws of every kind, a line each
 *     balance-peer neighbours FILE K  of the rows of a .npy file: row numbers, a line a row
 *     balance-peer smote KIND FILE LABELS SEED ADD...
 *                                     new rows, values of a line each; LABELS: .npy of int64
 */
#include "balance/neighbours.h"
#include "balance/random_state.h"
#include "balance/smote.h"
#include "store/npy.h"

#include <stdio.h>
#include <string.h>

enum { DRAWS = 700 };

static int
draw(guint32 seed)
{
    static const guint64 below[] = {1, 2, 7, 1000, 65536, 4294967296, 10000000000};
    TsRandomState random;
    guint32 order[DRAWS];
    ts_random_state_init(&random, seed);
    for (guint i = 0; i < DRAWS; i++)
        printf("%.17g\n", ts_random_state_uniform(&random));
    for (guint n = 0; n < G_N_ELEMENTS(below); n++)
        for (guint i = 0; i < DRAWS; i++)
            printf("%" G_GUINT64_FORMAT "\n", ts_random_state_below(&random, below[n]));
    ts_random_state_permutation(&random, order, DRAWS);
    for (guint i = 0; i < DRAWS; i++)
        printf("%u\n", order[i]);
    for (guint i = 0; i < DRAWS; i++)
        printf("%.17g\n", ts_random_state_normal(&random));
    for (guint i = 0; i < DRAWS; i++)
        printf("%.17g\n", ts_random_state_gamma(&random, 1.5));
    for (guint i = 0; i < DRAWS; i++)
        printf("%.17g\n", ts_random_state_beta(&random, 10, 10));
    return 0;
}

static int
fail(const GError *error)
{
    fprintf(stderr, "balance-peer: %s\n", error->message);
    return 1;
}

static TsPoints
points_of(const TsNpy *file)
{
    const TsTensor *array = ts_npy_get(file);
    gboolean single = array->dtype == TS_DTYPE_F32;
    return (TsPoints){.n = (gsize) array->shape[0],
                      .d = (gsize) array->shape[1],
                      .f32 = single ? array->data : NULL,
                      .f64 = single ? NULL : array->data};
}

static int
find_neighbours(const char *path, guint k)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsNpy) file = ts_npy_read(path, &error);
    if (file == NULL)
        return fail(error);
    TsPoints points = points_of(file);
    g_autoptr(TsNeighbours) near = ts_neighbours_new(&points, NULL, 0, NULL, 0, k, &error);
    if (near == NULL)
        return fail(error);
    for (gsize i = 0; i < near->n; i++)
        for (guint j = 0; j < k; j++)
            printf("%u%c", near->index[i * k + j], j + 1 < k ? ' ' : '\n');
    return 0;
}

static void
print_blend(const TsPoints *points, const TsBlend *blend)
{
    g_autofree double *row = g_new(double, points->d);
    if (points->f32 != NULL) {
        g_autofree float *single = g_new(float, points->d);
        ts_blend_f32(points, blend, single);
        for (gsize j = 0; j < points->d; j++)
            row[j] = (double) single[j];
    } else {
        ts_blend_f64(points, blend, row);
    }
    for (gsize j = 0; j < points->d; j++)
        printf("%.17g%c", row[j], j + 1 < points->d ? ' ' : '\n');
}

/* argv: KIND FILE LABELS SEED ADD... */
static int
make_samples(int argc, char **argv)
{
    static const char *const kinds[] = {"smote", "borderline-1", "borderline-2", "adasyn"};
    g_autoptr(GError) error = NULL;
    g_autoptr(TsNpy) values = ts_npy_read(argv[1], &error);
    g_autoptr(TsNpy) labels = values != NULL ? ts_npy_read(argv[2], &error) : NULL;
    if (labels == NULL)
        return fail(error);
    TsPoints points = points_of(values);
    guint n_classes = (guint) argc - 4;
    g_autofree gint32 *class_of_row = g_new(gint32, points.n);
    g_autofree guint64 *add = g_new(guint64, n_classes), *made = g_new(guint64, n_classes);
    for (gsize i = 0; i < points.n; i++)
        class_of_row[i] = (gint32) ((const gint64 *) ts_npy_get(labels)->data)[i];
    for (guint c = 0; c < n_classes; c++)
        add[c] = g_ascii_strtoull(argv[4 + c], NULL, 10);
    TsSmoteOptions how = {
        .k = 5, .m = 10, .seed = g_ascii_strtoull(argv[3], NULL, 10), .compat = TRUE};
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (strcmp(argv[0], kinds[i]) == 0)
            how.kind = (TsSmoteKind) i;
    g_autoptr(GArray) blends = ts_smote(&points, class_of_row, n_classes, add, &how, made, &error);
    if (blends == NULL)
        return fail(error);
    for (guint i = 0; i < blends->len; i++)
        print_blend(&points, &g_array_index(blends, TsBlend, i));
    return 0;
}

int
main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "random") == 0)
        return draw((guint32) g_ascii_strtoull(argv[2], NULL, 10));
    if (argc == 4 && strcmp(argv[1], "neighbours") == 0)
        return find_neighbours(argv[2], (guint) g_ascii_strtoull(argv[3], NULL, 10));
    if (argc > 6 && strcmp(argv[1], "smote") == 0)
        return make_samples(argc - 2, argv + 2);
    return 2;
}

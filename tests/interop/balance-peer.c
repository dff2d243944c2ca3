/* What lib/balance computes, for comparison with NumPy and scikit-learn:
 *
 *     balance-peer random SEED        draws of every kind, a line each
 *     balance-peer neighbours FILE K  of the rows of a .npy file: row numbers, a line a row
 *     balance-peer clean METHOD all|mode FILE LABELS TARGETED...
 *                                     numbers of the rows that stay; LABELS: .npy of int64,
 *                                     TARGETED: 0 or 1 a class
 */
#include "balance/clean.h"
#include "balance/neighbours.h"
#include "balance/random_state.h"
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

static gint32 *
classes_of(const TsNpy *labels)
{
    const TsTensor *array = ts_npy_get(labels);
    gint32 *class_of_row = g_new(gint32, array->shape[0]);
    for (gint64 i = 0; i < array->shape[0]; i++)
        class_of_row[i] = (gint32) ((const gint64 *) array->data)[i];
    return class_of_row;
}

static guint
position(const char *const *words, guint n, const char *word)
{
    guint at = 0;
    while (at < n - 1 && strcmp(words[at], word) != 0)
        at++;
    return at;
}

/* argv: METHOD all|mode FILE LABELS TARGETED... */
static int
clean(int argc, char **argv)
{
    static const char *const methods[] = {"tomek", "enn", "renn", "allknn"};
    g_autoptr(GError) error = NULL;
    g_autoptr(TsNpy) values = ts_npy_read(argv[2], &error);
    g_autoptr(TsNpy) labels = values != NULL ? ts_npy_read(argv[3], &error) : NULL;
    if (labels == NULL)
        return fail(error);
    TsPoints points = points_of(values);
    guint n_classes = (guint) argc - 4;
    g_autofree gint32 *class_of_row = classes_of(labels);
    g_autofree gboolean *targeted = g_new(gboolean, n_classes);
    g_autofree guint8 *keep = g_new(guint8, points.n);
    for (guint c = 0; c < n_classes; c++)
        targeted[c] = strcmp(argv[4 + c], "1") == 0;
    TsCleanOptions how = {.method =
                              (TsCleanMethod) position(methods, G_N_ELEMENTS(methods), argv[0]),
                          .k = 3,
                          .by_mode = strcmp(argv[1], "mode") == 0};
    if (!ts_clean(&points, class_of_row, n_classes, targeted, &how, keep, &error))
        return fail(error);
    for (gsize i = 0; i < points.n; i++)
        if (keep[i])
            printf("%" G_GSIZE_FORMAT "\n", i);
    return 0;
}

int
main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "random") == 0)
        return draw((guint32) g_ascii_strtoull(argv[2], NULL, 10));
    if (argc == 4 && strcmp(argv[1], "neighbours") == 0)
        return find_neighbours(argv[2], (guint) g_ascii_strtoull(argv[3], NULL, 10));
    if (argc > 6 && strcmp(argv[1], "clean") == 0)
        return clean(argc - 2, argv + 2);
    return 2;
}

/* What lib/balance computes, for comparison with NumPy and scikit-learn:
 *
 *     balance-peer random SEED        draws of every kind, a line each
 *     balance-peer neighbours FILE K  of the rows of a .npy file: row numbers, a line a row
 *     balance-peer clusters FILE K SEED batches|all  of the rows: their numbers, a line a row
 */
#include "balance/random_state.h"
#include "balance/space/kmeans_compat.h"
#include "balance/space/neighbours.h"
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

static int
find_clusters(const char *path, gsize k, guint32 seed, gboolean in_batches)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TsNpy) file = ts_npy_read(path, &error);
    if (file == NULL)
        return fail(error);
    TsPoints points = points_of(file);
    g_autoptr(TsKmeans) found = ts_kmeans_compat(&points, NULL, 0, k, seed, in_batches, &error);
    if (found == NULL)
        return fail(error);
    for (gsize i = 0; i < found->n; i++)
        printf("%u\n", found->cluster[i]);
    return 0;
}

int
main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "random") == 0)
        return draw((guint32) g_ascii_strtoull(argv[2], NULL, 10));
    if (argc == 4 && strcmp(argv[1], "neighbours") == 0)
        return find_neighbours(argv[2], (guint) g_ascii_strtoull(argv[3], NULL, 10));
    if (argc == 6 && strcmp(argv[1], "clusters") == 0)
        return find_clusters(argv[2], (gsize) g_ascii_strtoull(argv[3], NULL, 10),
                             (guint32) g_ascii_strtoull(argv[4], NULL, 10),
                             strcmp(argv[5], "batches") == 0);
    return 2;
}

/* Perceptual hashes. */
#include "check/phash.h"

#include "check/shrink.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 32, LOW = 8 };

static const char *const NAMES[TS_HASHES] = {"phash", "dhash", "ahash"};

const char *
ts_hash_name(TsHash hash)
{
    return NAMES[hash];
}

int
ts_hash_find(const char *name)
{
    for (int i = 0; i < TS_HASHES; i++)
        if (strcmp(NAMES[i], name) == 0)
            return i;
    return -1;
}

/* (LOW, SIDE): cos(pi k (2 n + 1) / (2 SIDE)) */
static const double *
cosines(void)
{
    static double table[LOW * SIDE];
    static gsize ready;
    if (g_once_init_enter(&ready)) {
        for (int k = 0; k < LOW; k++)
            for (int n = 0; n < SIDE; n++)
                table[k * SIDE + n] = cos(G_PI * k * (2 * n + 1) / (2 * SIDE));
        g_once_init_leave(&ready, 1);
    }
    return table;
}

/* The LOW x LOW lowest frequencies of `pixels` (SIDE, SIDE), without the factor 4 of the usual
 * definition. */
static void
transform(const guint8 *pixels, double low[LOW * LOW])
{
    const double *table = cosines();
    double columns[LOW * SIDE]; /* (frequency down, x) */
    for (int k = 0; k < LOW; k++)
        for (int x = 0; x < SIDE; x++) {
            double sum = 0;
            for (int y = 0; y < SIDE; y++)
                sum += table[k * SIDE + y] * pixels[y * SIDE + x];
            columns[k * SIDE + x] = sum;
        }
    for (int k = 0; k < LOW; k++)
        for (int l = 0; l < LOW; l++) {
            double sum = 0;
            for (int x = 0; x < SIDE; x++)
                sum += table[l * SIDE + x] * columns[k * SIDE + x];
            low[k * LOW + l] = round(4 * sum * 1024) / 1024;
        }
}

static int
compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

static guint64
phash(const guint8 *pixels)
{
    double low[LOW * LOW], sorted[LOW * LOW - 1];
    transform(pixels, low);
    memcpy(sorted, low + 1, sizeof sorted);
    qsort(sorted, G_N_ELEMENTS(sorted), sizeof *sorted, compare_doubles);
    const double median = sorted[G_N_ELEMENTS(sorted) / 2];
    guint64 hash = 0;
    for (int i = 0; i < LOW * LOW; i++)
        hash = hash << 1 | (low[i] >= median);
    return hash;
}

/* `pixels` (8, 9) */
static guint64
dhash(const guint8 *pixels)
{
    guint64 hash = 0;
    for (int y = 0; y < LOW; y++)
        for (int x = 0; x < LOW; x++)
            hash = hash << 1 | (pixels[y * (LOW + 1) + x + 1] > pixels[y * (LOW + 1) + x]);
    return hash;
}

/* `pixels` (8, 8) */
static guint64
ahash(const guint8 *pixels)
{
    int sum = 0;
    guint64 hash = 0;
    for (int i = 0; i < LOW * LOW; i++)
        sum += pixels[i];
    for (int i = 0; i < LOW * LOW; i++)
        hash = hash << 1 | (pixels[i] * LOW * LOW >= sum);
    return hash;
}

gboolean
ts_hashes_compute(const guint8 *grey, int width, int height, guint64 hashes[TS_HASHES],
                  GError **error)
{
    guint8 large[SIDE * SIDE], wide[LOW * (LOW + 1)], small[LOW * LOW];
    if (!ts_shrink(grey, width, height, 1, TS_SHRINK_LANCZOS, large, SIDE, SIDE, error) ||
        !ts_shrink(grey, width, height, 1, TS_SHRINK_LANCZOS, wide, LOW + 1, LOW, error) ||
        !ts_shrink(grey, width, height, 1, TS_SHRINK_LANCZOS, small, LOW, LOW, error))
        return FALSE;
    hashes[TS_HASH_PHASH] = phash(large);
    hashes[TS_HASH_DHASH] = dhash(wide);
    hashes[TS_HASH_AHASH] = ahash(small);
    return TRUE;
}

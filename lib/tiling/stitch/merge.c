/* Merging rows of pixels, in pieces that stay in the cache, with doubles. */
#include "tiling/stitch/merge.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

enum { SAMPLES = 2048 };

gboolean
ts_merge_parse(const char *text, TsMerge *merge, GError **error)
{
    static const char *const names[] = {"mean", "max", "min", "last", "vote"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(text, names[i]) != 0)
            continue;
        *merge = (TsMerge) i;
        return TRUE;
    }
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "--merge: '%s' is none of mean, max, min, last, vote", text);
}

static gboolean
is_float(TsSampleType type)
{
    return type == TS_F32 || type == TS_F64;
}

gboolean
ts_merge_check(TsMerge merge, const TsImage *kind, GError **error)
{
    if (merge != TS_MERGE_VOTE || (kind->bands == 1 && !is_float(kind->type)))
        return TRUE;
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "--merge vote: tiles have %d %s band%s, a vote wants one band of integers",
                        kind->bands, ts_sample_type_name(kind->type), kind->bands == 1 ? "" : "s");
}

#define LOAD(type)                                                                                 \
    for (int i = 0; i < n; i++, from += step)                                                      \
        for (int b = 0; b < bands; b++)                                                            \
            *out++ = ((const type *) (const void *) from)[b];

/* `n` pixels as doubles. */
static void
load(const TsImage *kind, const guint8 *from, gsize step, int n, double *out)
{
    const int bands = kind->bands;
    switch (kind->type) {
    case TS_U8:
        LOAD(guint8)
        break;
    case TS_I8:
        LOAD(gint8)
        break;
    case TS_U16:
        LOAD(guint16)
        break;
    case TS_I16:
        LOAD(gint16)
        break;
    case TS_U32:
        LOAD(guint32)
        break;
    case TS_I32:
        LOAD(gint32)
        break;
    case TS_F32:
        LOAD(float)
        break;
    case TS_F64:
        LOAD(double)
        break;
    }
}

#define STORE(type)                                                                                \
    for (int i = 0; i < n; i++)                                                                    \
        ((type *) (void *) out)[i] = (type) values[i];

/* `n` samples to their own type; integers are whole by now. */
static void
store(TsSampleType type, const double *values, int n, guint8 *out)
{
    switch (type) {
    case TS_U8:
        STORE(guint8)
        break;
    case TS_I8:
        STORE(gint8)
        break;
    case TS_U16:
        STORE(guint16)
        break;
    case TS_I16:
        STORE(gint16)
        break;
    case TS_U32:
        STORE(guint32)
        break;
    case TS_I32:
        STORE(gint32)
        break;
    case TS_F32:
        STORE(float)
        break;
    case TS_F64:
        STORE(double)
        break;
    }
}

static double
weight_of(const TsMergeRow *row, int i)
{
    return MAX(row->across[i] * row->down, row->least);
}

/* out = sum(w p) / sum(w), rounded. */
static void
add_integers(const TsMergeRow *row, int from, const double *values, int n, int bands, double *sum,
             double *weights)
{
    for (int i = 0; i < n; i++) {
        double w = weight_of(row, from + i);
        weights[i] += w;
        for (int b = 0; b < bands; b++)
            sum[i * bands + b] += w * values[i * bands + b];
    }
}

static void
divide(double *sum, const double *weights, int n, int bands)
{
    for (int i = 0; i < n; i++)
        for (int b = 0; b < bands; b++)
            sum[i * bands + b] = rint(sum[i * bands + b] / weights[i]);
}

/* From mean to mean; equal values change nothing, not even by a rounding. */
static void
add_floats(const TsMergeRow *row, int from, const double *values, int n, int bands, double *mean,
           double *weights)
{
    for (int i = 0; i < n; i++) {
        double w = weight_of(row, from + i), share = w / (weights[i] + w);
        gboolean first = weights[i] == 0;
        weights[i] += w;
        for (int b = 0; b < bands; b++) {
            double value = values[i * bands + b], *m = &mean[i * bands + b];
            if (first)
                *m = value;
            else if (*m != value)
                *m += (value - *m) * share;
        }
    }
}

static void
take_extreme(TsMerge merge, const double *values, int n, double *best)
{
    for (int i = 0; i < n; i++) {
        gboolean better = merge == TS_MERGE_MAX ? values[i] > best[i] : values[i] < best[i];
        if (better || isnan(best[i]))
            best[i] = values[i];
    }
}

static void
merge_mean(const TsImage *kind, const TsMergeRow *rows, guint n_rows, int from, int n, double *out)
{
    double values[SAMPLES], weights[SAMPLES] = {0};
    gboolean floats = is_float(kind->type);
    memset(out, 0, (gsize) n * (gsize) kind->bands * sizeof *out);
    for (guint k = 0; k < n_rows; k++) {
        load(kind, rows[k].pixels + (gsize) from * rows[k].pixel_step, rows[k].pixel_step, n,
             values);
        if (floats)
            add_floats(&rows[k], from, values, n, kind->bands, out, weights);
        else
            add_integers(&rows[k], from, values, n, kind->bands, out, weights);
    }
    if (!floats)
        divide(out, weights, n, kind->bands);
}

static void
merge_extreme(TsMerge merge, const TsImage *kind, const TsMergeRow *rows, guint n_rows, int from,
              int n, double *out)
{
    double values[SAMPLES];
    for (guint k = 0; k < n_rows; k++) {
        load(kind, rows[k].pixels + (gsize) from * rows[k].pixel_step, rows[k].pixel_step, n,
             k == 0 ? out : values);
        if (k > 0)
            take_extreme(merge, values, n * kind->bands, out);
    }
}

/* The value with the greatest sum of weights among the candidates, `n` of them. */
static double
elect(const double *candidates, const double *votes, guint n)
{
    guint best = 0;
    for (guint c = 1; c < n; c++)
        if (votes[c] > votes[best] || (votes[c] == votes[best] && candidates[c] < candidates[best]))
            best = c;
    return candidates[best];
}

/* Count the vote of a tile for `value`. */
static guint
count_vote(double value, double weight, double *candidates, double *votes, guint n)
{
    guint c = 0;
    while (c < n && candidates[c] != value)
        c++;
    if (c == n) {
        candidates[n] = value;
        votes[n++] = 0;
    }
    votes[c] += weight;
    return n;
}

static void
merge_vote(const TsImage *kind, const TsMergeRow *rows, guint n_rows, int from, int n, double *out)
{
    g_autofree double *scratch = g_new(double, 2 * (gsize) n_rows);
    double *candidates = scratch, *votes = scratch + n_rows;
    for (int i = 0; i < n; i++) {
        guint n_candidates = 0;
        for (guint k = 0; k < n_rows; k++) {
            double value = 0;
            load(kind, rows[k].pixels + (gsize) (from + i) * rows[k].pixel_step, 0, 1, &value);
            n_candidates =
                count_vote(value, weight_of(&rows[k], from + i), candidates, votes, n_candidates);
        }
        out[i] = elect(candidates, votes, n_candidates);
    }
}

/* Pixels of many bands are merged some bands at a time: a view of them is a row of its own. */
static void
merge_few_bands(TsMerge merge, const TsImage *kind, const TsMergeRow *rows, guint n_rows, int width,
                gsize out_step, guint8 *out)
{
    const gsize pixel = ts_image_pixel_size(kind);
    const int step = MAX(SAMPLES / kind->bands, 1);
    double merged[SAMPLES];
    for (int from = 0; from < width; from += step) {
        int n = MIN(step, width - from);
        if (merge == TS_MERGE_VOTE)
            merge_vote(kind, rows, n_rows, from, n, merged);
        else if (merge == TS_MERGE_MEAN)
            merge_mean(kind, rows, n_rows, from, n, merged);
        else
            merge_extreme(merge, kind, rows, n_rows, from, n, merged);
        if (out_step == pixel)
            store(kind->type, merged, n * kind->bands, out + (gsize) from * pixel);
        else
            for (int i = 0; i < n; i++)
                store(kind->type, merged + (gsize) i * (gsize) kind->bands, kind->bands,
                      out + (gsize) (from + i) * out_step);
    }
}

void
ts_merge_rows(TsMerge merge, const TsImage *kind, const TsMergeRow *rows, guint n, int width,
              guint8 *out)
{
    const gsize sample = ts_sample_type_size(kind->type), pixel = ts_image_pixel_size(kind);
    g_autofree TsMergeRow *part = g_new(TsMergeRow, n);
    for (int band = 0; band < kind->bands; band += SAMPLES) {
        TsImage few = *kind;
        few.bands = MIN(kind->bands - band, SAMPLES);
        for (guint k = 0; k < n; k++) {
            part[k] = rows[k];
            part[k].pixels += (gsize) band * sample;
        }
        merge_few_bands(merge, &few, part, n, width, pixel, out + (gsize) band * sample);
    }
}

gboolean
ts_merge_fill(const TsImage *kind, double value, guint8 *out)
{
    static const double lowest[] = {0, G_MININT8, 0, G_MININT16, 0, G_MININT32};
    static const double highest[] = {G_MAXUINT8, G_MAXINT8,   G_MAXUINT16,
                                     G_MAXINT16, G_MAXUINT32, G_MAXINT32};
    if (!is_float(kind->type) &&
        (value != rint(value) || value < lowest[kind->type] || value > highest[kind->type]))
        return FALSE;
    for (int b = 0; b < kind->bands; b++)
        store(kind->type, &value, 1, out + (gsize) b * ts_sample_type_size(kind->type));
    return TRUE;
}

double
ts_merge_value(TsSampleType type, const guint8 *sample)
{
    TsImage kind = {.bands = 1, .type = type};
    double value = 0;
    load(&kind, sample, 0, 1, &value);
    return value;
}

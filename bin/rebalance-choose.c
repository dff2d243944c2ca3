/* rebalance: which rows stay, which are repeated, and what is new. */
#include "balance/resample/class_values.h"
#include "balance/undersample/rose.h"
#include "balance/undersample/undersample.h"
#include "base/error.h"
#include "base/log.h"
#include "base/number.h"
#include "base/tool.h"
#include "rebalance.h"

#include <string.h>

const TsPoints *
rebalance_points(const RebalanceJob *job)
{
    return job->space != NULL ? &job->space->points : &job->array->points;
}

/* The rows that have a class are the points. */
static gboolean
choose_points(RebalanceJob *job, GError **error)
{
    job->rows = ts_try_alloc(job->n_rows, sizeof *job->rows, "rows", error);
    job->class_of_point =
        job->rows != NULL ? ts_try_alloc(job->n_rows, sizeof(gint32), "classes", error) : NULL;
    if (job->class_of_point == NULL)
        return FALSE;
    for (guint64 row = 0; row < job->n_rows; row++) {
        if (job->classes->of_row[row] < 0)
            continue;
        job->class_of_point[job->n_points] = job->classes->of_row[row];
        job->rows[job->n_points++] = row;
    }
    return TRUE;
}

static gboolean
read_features(RebalanceJob *job, GError **error)
{
    if (!choose_points(job, error))
        return FALSE;
    const char *space = job->how->space.space;
    if (job->array != NULL) { /* of which every row has a class */
        job->space = space != NULL ? ts_space_new_of_array(&job->array->points, job->how->dataset,
                                                           space, error)
                                   : NULL;
        return space == NULL || job->space != NULL;
    }
    job->space = ts_space_new(job->manifest, job->rows, job->n_points, &job->how->space, error);
    return job->space != NULL;
}

/* New values can be written: they are those of an array, or stand in columns. */
static gboolean
can_make_rows(const RebalanceJob *job)
{
    if (job->array != NULL)
        return job->space == NULL;
    return job->space->columns != NULL && ts_manifest_find_column(job->manifest, "file_name") < 0;
}

/* Fewer neighbours where there are fewer rows. */
static guint
limit_k(guint k, guint64 most, const char *option)
{
    if (k <= most || most == 0)
        return k;
    ts_warning("%s: %" G_GUINT64_FORMAT
               " neighbours are used instead of %u, there are no more rows",
               option, most, k);
    return (guint) most;
}

static void
use_points(RebalanceJob *job, const guint8 *keep)
{
    for (gsize i = 0; i < job->n_points; i++)
        job->repeats[job->rows[i]] = keep[i];
}

static gboolean
clean(RebalanceJob *job, guint8 *keep, GError **error)
{
    TsCleanOptions how = job->how->clean;
    how.strategy = job->how->wish.strategy != NULL ? job->how->wish.strategy : "auto";
    if (strchr(job->how->method->options, 'k') != NULL)
        how.k = limit_k(how.k, job->n_points > 0 ? job->n_points - 1 : 0, "--neighbours");
    return ts_clean(rebalance_points(job), job->class_of_point, job->classes->n, job->targeted,
                    &how, keep, error);
}

static gboolean
choose_near_misses(RebalanceJob *job, const TsUndersample *what, guint8 *keep, GError **error)
{
    const TsClasses *classes = job->classes;
    gint32 smallest = ts_smallest_class(job->class_of_point, job->n_points, classes->n);
    guint64 fewest = G_MAXUINT32;
    for (guint c = 0; c < classes->n; c++)
        if (job->targeted[c] && classes->counts[c] > 0)
            fewest = MIN(fewest, classes->counts[c]);
    guint k = limit_k(job->how->clean.k, classes->counts[smallest], "--neighbours");
    guint k3 = job->how->method->version == 3 ? limit_k(job->how->k3, fewest, "--neighbours-3") : 1;
    return ts_nearmiss(what, job->how->method->version, k, k3, keep, error);
}

/* Centroids where they can be written, real rows elsewhere. */
static gboolean
choose_centroids(RebalanceJob *job, const TsUndersample *what, guint8 *keep, GError **error)
{
    Voting voting = job->how->voting;
    gboolean can_be_soft = can_make_rows(job) && job->how->form == AS_ROWS;
    if (voting == VOTING_SOFT && !can_be_soft)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--voting soft makes new values: for columns of feature tables and for "
                            "arrays, not for pictures or another --space");
    gboolean is_soft = voting == VOTING_SOFT || (voting == VOTING_AUTO && can_be_soft);
    if (!ts_keep_centroids(what, ts_tool_seed(), job->how->compat, keep,
                           is_soft ? &job->new_values : NULL, error))
        return FALSE;
    for (guint c = 0; is_soft && c < job->classes->n; c++)
        job->n_new += job->targeted[c] ? job->targets[c] : 0;
    job->new_classes = ts_try_alloc(job->n_new, sizeof *job->new_classes, "centroids", error);
    guint64 at = 0;
    for (guint c = 0; job->new_classes != NULL && is_soft && c < job->classes->n; c++)
        for (guint64 i = 0; job->targeted[c] && i < job->targets[c]; i++)
            job->new_classes[at++] = (gint32) c;
    return job->new_classes != NULL;
}

/* What iht asks for as it stands in an array: a column a class, or one. */
static gboolean
read_scores_of_array(const RebalanceJob *job, double *score, GError **error)
{
    const char *path = job->how->scores;
    TsSpaceOptions how = {.space = path};
    g_autoptr(TsSpace) scores =
        job->manifest != NULL ? ts_space_new(job->manifest, job->rows, job->n_points, &how, error)
                              : ts_space_read_npy(path, error);
    if (scores == NULL)
        return FALSE;
    const TsPoints *points = &scores->points;
    if (points->n != job->n_points || (points->d != 1 && points->d != job->classes->n))
        return ts_error_set(error, TS_ERROR_FORMAT,
                            "%s: %" G_GSIZE_FORMAT " x %" G_GSIZE_FORMAT
                            " numbers; a line for each of %" G_GSIZE_FORMAT
                            " rows with one number, or one for each of %u classes, was expected",
                            path, points->n, points->d, job->n_points, job->classes->n);
    for (gsize i = 0; i < job->n_points; i++)
        score[i] = ts_points_get(points, i, points->d > 1 ? (gsize) job->class_of_point[i] : 0);
    return TRUE;
}

/* The column that holds the score of rows of class `c`. */
static gboolean
find_score_column(const RebalanceJob *job, guint c, guint *column, GError **error)
{
    const char *name = job->how->scores;
    g_autofree char *own = g_strconcat("p_", job->classes->names[c], NULL);
    if (ts_manifest_require_column(job->manifest, name != NULL ? name : own, column, error))
        return TRUE;
    if (name == NULL)
        g_prefix_error(error, "iht takes the probability of a row's class from predict "
                              "--probabilities, or from --scores COLUMN: ");
    return FALSE;
}

static gboolean
read_scores(const RebalanceJob *job, double *score, GError **error)
{
    const TsClasses *classes = job->classes;
    g_autofree guint *columns = g_new0(guint, classes->n + 1);
    if (job->manifest == NULL && job->how->scores == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--method iht of an array needs --scores "
                            "FILE.npy");
    if (job->manifest == NULL ||
        (job->how->scores != NULL && g_str_has_suffix(job->how->scores, ".npy")))
        return read_scores_of_array(job, score, error);
    for (guint c = 0; c < classes->n; c++)
        if (classes->counts[c] > 0 && !find_score_column(job, c, &columns[c], error))
            return FALSE;
    for (gsize i = 0; i < job->n_points; i++) {
        guint column = columns[job->class_of_point[i]];
        TsCell cell = ts_manifest_cell(job->manifest, job->rows[i], column);
        if (ts_cell_to_double(cell, &score[i]))
            continue;
        g_autofree char *where = ts_manifest_where(job->manifest, job->rows[i]);
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: %s '%.*s' is not a finite number", where,
                            ts_manifest_column_name(job->manifest, column),
                            (int) MIN(cell.length, 80), cell.text);
    }
    return TRUE;
}

static gboolean
choose_easiest(RebalanceJob *job, const TsUndersample *what, guint8 *keep, GError **error)
{
    TsPoints none = {.n = job->n_points};
    TsUndersample how = *what;
    g_autofree double *score = ts_try_alloc(job->n_points, sizeof *score, "scores", error);
    how.points = &none;
    return score != NULL && read_scores(job, score, error) &&
           ts_keep_easiest(&how, score, keep, error);
}

static gboolean
choose_by_features(RebalanceJob *job, GError **error)
{
    Approach approach = job->how->method->approach;
    if (approach == BY_HARDNESS ? !choose_points(job, error) : !read_features(job, error))
        return FALSE;
    g_autofree guint8 *keep = ts_try_alloc(job->n_points, 1, "rows", error);
    if (keep == NULL)
        return FALSE;
    TsUndersample what = {.points = approach == BY_HARDNESS ? NULL : rebalance_points(job),
                          .class_of_row = job->class_of_point,
                          .n_classes = job->classes->n,
                          .targeted = job->targeted,
                          .targets = job->targets};
    gboolean chosen = approach == BY_NEARMISS    ? choose_near_misses(job, &what, keep, error)
                      : approach == BY_HARDNESS  ? choose_easiest(job, &what, keep, error)
                      : approach == BY_CENTROIDS ? choose_centroids(job, &what, keep, error)
                                                 : clean(job, keep, error);
    if (chosen)
        use_points(job, keep);
    return chosen;
}

/* "S" for all classes, or "CLASS=S,...": others get none. */
static gboolean
read_shrinkage(const RebalanceJob *job, double *shrinkage, GError **error)
{
    const TsClasses *classes = job->classes;
    const char *text = job->how->shrinkage;
    g_autoptr(GPtrArray) values =
        strchr(text, '=') != NULL
            ? ts_class_values_parse(text, classes->names, classes->counts, classes->n, error)
            : NULL;
    if (strchr(text, '=') != NULL && values == NULL) {
        g_prefix_error(error, "--shrinkage: ");
        return FALSE;
    }
    for (guint c = 0; c < classes->n; c++) {
        const char *value = values == NULL ? text : values->pdata[c];
        if (value != NULL && !ts_parse_double(value, 0, 1e6, "--shrinkage", &shrinkage[c], error))
            return FALSE;
    }
    return TRUE;
}

/* Repeated rows become bases of new ones: class by class, row by row. */
static void
turn_repeats_into_bases(RebalanceJob *job, const guint64 *add)
{
    g_autofree guint64 *at = g_new0(guint64, job->classes->n + 1);
    for (guint c = 0; c < job->classes->n; c++)
        at[c + 1] = at[c] + add[c];
    for (guint c = 0; c < job->classes->n; c++)
        for (guint64 i = at[c]; i < at[c + 1]; i++)
            job->new_classes[i] = (gint32) c;
    for (gsize i = 0; i < job->n_points; i++) {
        guint32 *repeats = &job->repeats[job->rows[i]];
        for (; *repeats > 1; (*repeats)--)
            job->new_bases[at[job->class_of_point[i]]++] = (guint32) i;
    }
}

static gboolean
allocate_new_rows(RebalanceJob *job, GError **error)
{
    gsize size;
    if (!g_size_checked_mul(&size, job->n_new, rebalance_points(job)->d))
        return ts_error_set(error, TS_ERROR_NO_MEMORY, "new rows are too many");
    job->new_values = ts_try_alloc(size, sizeof *job->new_values, "new rows", error);
    return job->new_values != NULL &&
           (job->new_bases = ts_try_alloc(job->n_new, sizeof(guint32), "new rows", error)) !=
               NULL &&
           (job->new_classes = ts_try_alloc(job->n_new, sizeof(gint32), "new rows", error)) != NULL;
}

/* Rows of classes that grow stay as they are, and what is added to them is noisy. */
static gboolean
add_noisy_rows(RebalanceJob *job, GError **error)
{
    const TsClasses *classes = job->classes;
    g_autofree guint64 *add = g_new0(guint64, classes->n + 1);
    g_autofree double *shrinkage = g_new0(double, classes->n + 1);
    if (!read_shrinkage(job, shrinkage, error) || !read_features(job, error))
        return FALSE;
    if (!can_make_rows(job))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--shrinkage makes new values: for columns of feature tables and for "
                            "arrays, not for pictures or another --space");
    for (guint c = 0; c < classes->n; c++)
        if (job->targets[c] > classes->counts[c])
            job->n_new += add[c] = job->targets[c] - classes->counts[c];
    if (!allocate_new_rows(job, error))
        return FALSE;
    turn_repeats_into_bases(job, add);
    TsRose rose = {.points = rebalance_points(job),
                   .class_of_row = job->class_of_point,
                   .n_classes = classes->n,
                   .add = add,
                   .shrinkage = shrinkage,
                   .compat = job->how->compat,
                   .seed = ts_tool_seed()};
    return ts_rose(&rose, job->new_bases, job->new_values, error);
}

static gboolean
choose_by_chance(RebalanceJob *job, GError **error)
{
    const TsClasses *classes = job->classes;
    gboolean chosen =
        job->how->compat ? ts_resample_repeats_compat(classes->of_row, job->n_rows, classes->counts,
                                                      job->targets, classes->n, job->targeted,
                                                      ts_tool_seed(), job->repeats, error)
                         : ts_resample_repeats(classes->of_row, job->n_rows, classes->counts,
                                               job->targets, classes->n, job->how->random,
                                               ts_tool_seed(), job->repeats, error);
    return chosen && (job->how->shrinkage == NULL || add_noisy_rows(job, error));
}

static void
count_delivered(RebalanceJob *job)
{
    if (job->how->form == AS_WEIGHT) {
        memcpy(job->delivered, job->targets, job->classes->n * sizeof *job->targets);
        return;
    }
    for (guint64 row = 0; row < job->n_rows; row++)
        if (job->classes->of_row[row] >= 0)
            job->delivered[job->classes->of_row[row]] += job->repeats[row];
    for (guint64 i = 0; i < job->n_new; i++)
        job->delivered[job->new_classes[i]]++;
}

gboolean
rebalance_choose(RebalanceJob *job, GError **error)
{
    job->repeats = ts_try_alloc(job->n_rows, sizeof *job->repeats, "repeats", error);
    if (job->repeats == NULL)
        return FALSE;
    for (guint64 row = 0; row < job->n_rows; row++)
        job->repeats[row] = 1;
    if (job->how->method->approach == BY_CHANCE ? !choose_by_chance(job, error)
                                                : !choose_by_features(job, error))
        return FALSE;
    count_delivered(job);
    return TRUE;
}

/* SVM-SMOTE: from the support vectors of a class. */
#include "balance/smote/smote_private.h"

#if __has_include(<libsvm/svm.h>) /* Debian, Fedora */
#include <libsvm/svm.h>
#else
#include <svm.h>
#endif

enum { CACHE_MEGABYTES = 200 };

/* Rows as libsvm takes them: lists of (column, value) without zeros, ended by -1. */
typedef struct {
    struct svm_problem problem;
    struct svm_node *nodes;
    guint32 *row; /* (l), of the points */
} Problem;

static void
problem_clear(Problem *self)
{
    g_free(self->problem.y);
    g_free(self->problem.x);
    g_free(self->nodes);
    g_free(self->row);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Problem, problem_clear)

static gsize
count_nodes(const TsPoints *points, const gint32 *class_of_row, gsize *n_rows)
{
    gsize n = 0;
    *n_rows = 0;
    for (gsize i = 0; i < points->n; i++) {
        if (class_of_row[i] < 0)
            continue;
        (*n_rows)++;
        n++;
        for (gsize j = 0; j < points->d; j++)
            n += ts_points_get(points, i, j) != 0;
    }
    return n;
}

static struct svm_node *
add_row(Problem *self, const TsPoints *points, gsize row, gint32 class, struct svm_node *at)
{
    int l = self->problem.l++;
    self->row[l] = (guint32) row;
    self->problem.y[l] = class;
    self->problem.x[l] = at;
    for (gsize j = 0; j < points->d; j++) {
        double value = ts_points_get(points, row, j);
        if (value != 0)
            *at++ = (struct svm_node){(int) j + 1, value};
    }
    *at++ = (struct svm_node){.index = -1};
    return at;
}

/* Class after class, so that libsvm's order of classes is ours, and scikit-learn's. */
static gboolean
fill(Problem *self, const TsPoints *points, const gint32 *class_of_row, guint n_classes,
     GError **error)
{
    gsize n_rows, n_nodes = count_nodes(points, class_of_row, &n_rows);
    if (n_rows > G_MAXINT || points->d >= G_MAXINT)
        return ts_error_set(error, TS_ERROR_RANGE, "too many rows for a support vector machine");
    const char *what = "rows of the support vector machine";
    self->nodes = ts_try_alloc(n_nodes, sizeof *self->nodes, what, error);
    self->row = self->nodes ? ts_try_alloc(n_rows, sizeof *self->row, what, error) : NULL;
    self->problem.y = self->row ? ts_try_alloc(n_rows, sizeof(double), what, error) : NULL;
    self->problem.x = self->problem.y ? ts_try_alloc(n_rows, sizeof(gpointer), what, error) : NULL;
    if (self->problem.x == NULL)
        return FALSE;
    struct svm_node *at = self->nodes;
    for (guint c = 0; c < n_classes; c++)
        for (gsize i = 0; i < points->n; i++)
            if (class_of_row[i] == (gint32) c)
                at = add_row(self, points, i, (gint32) c, at);
    return TRUE;
}

/* 1 / (d var), the variance over all values of the labelled rows: scikit-learn's gamma="scale". */
static double
scale_gamma(const TsPoints *points, const gint32 *class_of_row)
{
    double mean = 0, m2 = 0, n = 0;
    for (gsize i = 0; i < points->n; i++)
        for (gsize j = 0; j < points->d && class_of_row[i] >= 0; j++) {
            double value = ts_points_get(points, i, j), before = value - mean;
            mean += before / ++n;
            m2 += before * (value - mean);
        }
    double variance = n > 0 ? m2 / n : 0;
    return variance > 0 ? 1 / ((double) points->d * variance) : 1;
}

static void
say_nothing(const char *text)
{
}

guint8 *
ts_smote_find_support(const TsPoints *points, const gint32 *class_of_row, guint n_classes,
                      GError **error)
{
    g_auto(Problem) self = {.nodes = NULL};
    g_autofree guint8 *is_support = ts_try_alloc(points->n, 1, "support vectors", error);
    if (is_support == NULL || !fill(&self, points, class_of_row, n_classes, error))
        return NULL;
    const struct svm_parameter how = {.svm_type = C_SVC,
                                      .kernel_type = RBF,
                                      .gamma = scale_gamma(points, class_of_row),
                                      .cache_size = CACHE_MEGABYTES,
                                      .eps = 1e-3,
                                      .C = 1,
                                      .shrinking = 1};
    const char *wrong = svm_check_parameter(&self.problem, &how);
    if (wrong != NULL) {
        ts_error_set(error, TS_ERROR_DEPENDENCY, "support vector machine: %s", wrong);
        return NULL;
    }
    svm_set_print_string_function(say_nothing);
    struct svm_model *model = svm_train(&self.problem, &how);
    for (int i = 0; i < model->l; i++)
        is_support[self.row[model->sv_indices[i] - 1]] = TRUE;
    svm_free_and_destroy_model(&model);
    return g_steal_pointer(&is_support);
}

/* The support vectors of the class, those in danger and those that are safe; noise, with nothing
 * but others around, is left out. */
typedef struct {
    guint32 *danger, *safe;
    gsize n_danger, n_safe;
} Support;

static void
support_clear(Support *self)
{
    g_free(self->danger);
    g_free(self->safe);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Support, support_clear)

static gboolean
divide_support(const TsSmoteClass *self, Support *support, GError **error)
{
    gsize n = 0;
    g_autofree guint32 *rows = g_new(guint32, self->n_rows);
    support->danger = g_new(guint32, self->n_rows);
    support->safe = g_new(guint32, self->n_rows);
    for (gsize i = 0; i < self->n_rows; i++)
        if (self->is_support[self->rows[i]])
            rows[n++] = self->rows[i];
    if (n == 0)
        return TRUE;
    guint m = self->how->m;
    g_autoptr(TsNeighbours) near = ts_neighbours_new(self->points, NULL, 0, rows, n, m, error);
    if (near == NULL)
        return FALSE;
    for (gsize i = 0; i < n; i++) {
        guint others = ts_smote_count_others(self, near, i);
        if (others == m)
            continue;
        if (2 * others >= m)
            support->danger[support->n_danger++] = rows[i];
        else
            support->safe[support->n_safe++] = rows[i];
    }
    return TRUE;
}

static gboolean
draw_from(TsSmoteClass *self, const guint32 *rows, gsize n_rows, guint64 n, double step,
          const char *purpose, GError **error)
{
    if (n_rows == 0 || n == 0)
        return TRUE;
    g_autoptr(TsNeighbours) near = ts_smote_neighbours_within(self, rows, n_rows, error);
    if (near == NULL)
        return FALSE;
    ts_smote_draw(self, rows, near, n, step, purpose);
    return TRUE;
}

/* The share of rows that start in danger is drawn from beta(10, 10), about a half. */
gboolean
ts_smote_make_svm(TsSmoteClass *self, GError **error)
{
    g_auto(Support) support = {0};
    if (!divide_support(self, &support, error))
        return FALSE;
    if (support.n_danger + support.n_safe == 0)
        return ts_smote_class_error(self, TS_ERROR_FORMAT,
                                    "no support vector has a neighbour of its class; take another "
                                    "--kind",
                                    error);
    double share = ts_random_state_beta(self->random, 10, 10);
    guint64 n_danger = (guint64) (share * ((double) self->add + 1));
    guint64 n_safe = self->add - MIN(n_danger, self->add);
    if (!self->how->compat && support.n_danger == 0)
        n_safe = self->add;
    if (!self->how->compat && support.n_safe == 0)
        n_danger = self->add;
    return draw_from(self, support.danger, support.n_danger, n_danger, 1, "smote", error) &&
           draw_from(self, support.safe, support.n_safe, n_safe, -self->how->out_step,
                     "smote, safe", error);
}

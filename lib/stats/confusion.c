/* Confusion matrix and the scores of a classifier. */
#include "stats/confusion.h"

#include "base/error.h"

#include <string.h>

struct _TsConfusion {
    guint n;
    char **names;
    double *cells; /* (n, n): truth, predicted */
};

static char **
copy_names(guint n, const char *const *names)
{
    char **copy = g_new0(char *, (gsize) n + 1);
    for (guint i = 0; i < n; i++)
        copy[i] = names != NULL ? g_strdup(names[i]) : g_strdup_printf("%u", i);
    return copy;
}

TsConfusion *
ts_confusion_new(guint n_classes, const char *const *names, GError **error)
{
    g_autofree double *cells =
        ts_try_alloc(n_classes, n_classes * sizeof(double), "confusion matrix", error);
    if (cells == NULL)
        return NULL;
    TsConfusion *self = g_new0(TsConfusion, 1);
    self->n = n_classes;
    self->names = copy_names(n_classes, names);
    self->cells = g_steal_pointer(&cells);
    return self;
}

void
ts_confusion_free(TsConfusion *self)
{
    if (self == NULL)
        return;
    g_strfreev(self->names);
    g_free(self->cells);
    g_free(self);
}

void
ts_confusion_add(TsConfusion *self, guint truth, guint predicted, double weight)
{
    g_assert(truth < self->n && predicted < self->n);
    self->cells[(gsize) truth * self->n + predicted] += weight;
}

void
ts_confusion_reset(TsConfusion *self)
{
    memset(self->cells, 0, sizeof(double) * self->n * self->n);
}

guint
ts_confusion_n_classes(const TsConfusion *self)
{
    return self->n;
}

const char *
ts_confusion_name(const TsConfusion *self, guint i)
{
    return self->names[i];
}

double
ts_confusion_get(const TsConfusion *self, guint truth, guint predicted)
{
    return self->cells[(gsize) truth * self->n + predicted];
}

double
ts_confusion_compute_total(const TsConfusion *self)
{
    double sum = 0;
    for (guint i = 0; i < self->n; i++)
        sum += ts_confusion_compute_support(self, i);
    return sum;
}

double
ts_confusion_compute_support(const TsConfusion *self, guint i)
{
    double sum = 0;
    for (guint j = 0; j < self->n; j++)
        sum += ts_confusion_get(self, i, j);
    return sum;
}

double
ts_confusion_compute_predicted(const TsConfusion *self, guint i)
{
    double sum = 0;
    for (guint j = 0; j < self->n; j++)
        sum += ts_confusion_get(self, j, i);
    return sum;
}

static double
divide(double a, double b)
{
    return b > 0 ? a / b : 0;
}

double
ts_confusion_compute_accuracy(const TsConfusion *self)
{
    double right = 0;
    for (guint i = 0; i < self->n; i++)
        right += ts_confusion_get(self, i, i);
    return divide(right, ts_confusion_compute_total(self));
}

double
ts_confusion_compute_balanced_accuracy(const TsConfusion *self)
{
    double sum = 0;
    guint n_present = 0;
    for (guint i = 0; i < self->n; i++) {
        double support = ts_confusion_compute_support(self, i);
        if (support > 0) {
            sum += ts_confusion_get(self, i, i) / support;
            n_present++;
        }
    }
    return divide(sum, n_present);
}

TsScores
ts_confusion_compute_scores(const TsConfusion *self, guint i)
{
    double right = ts_confusion_get(self, i, i);
    double support = ts_confusion_compute_support(self, i);
    double predicted = ts_confusion_compute_predicted(self, i);
    return (TsScores){.precision = divide(right, predicted),
                      .recall = divide(right, support),
                      .f1 = divide(2 * right, support + predicted)};
}

TsScores
ts_confusion_compute_average(const TsConfusion *self, TsAverage average)
{
    TsScores sum = {0};
    double sum_weights = 0;
    for (guint i = 0; i < self->n; i++) {
        double support = ts_confusion_compute_support(self, i);
        gboolean seen = support > 0 || ts_confusion_compute_predicted(self, i) > 0;
        double weight = average == TS_AVERAGE_WEIGHTED ? support : seen;
        TsScores scores = ts_confusion_compute_scores(self, i);
        sum.precision += weight * scores.precision;
        sum.recall += weight * scores.recall;
        sum.f1 += weight * scores.f1;
        sum_weights += weight;
    }
    return (TsScores){.precision = divide(sum.precision, sum_weights),
                      .recall = divide(sum.recall, sum_weights),
                      .f1 = divide(sum.f1, sum_weights)};
}

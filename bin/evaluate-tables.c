/* evaluate: tables of metrics, of classes and of the confusion matrix. */
#include "evaluate.h"

#include <math.h>
#include <string.h>

/* A count, which with weights is no whole number. */
static void
add_count(const Evaluation *self, TsReport *report, double count)
{
    if (self->predictions->weight != NULL)
        ts_report_double(report, count, 2);
    else
        ts_report_int(report, (gint64) count);
}

void
evaluate_add_metrics(const Evaluation *self, TsReport *report)
{
    ts_report_begin_values(report, "metrics");
    if (!self->are_chosen) {
        ts_report_value_int(report, "rows", (gint64) self->predictions->n);
        ts_report_value_int(report, "unlabelled", (gint64) self->predictions->n_unlabelled);
    }
    for (guint i = 0; i < self->metrics->len; i++) {
        const TsMetric *metric = self->metrics->pdata[i];
        ts_report_value_double(report, ts_metric_name(metric),
                               ts_metric_compute(metric, self->card), ts_metric_decimals(metric));
    }
}

void
evaluate_add_classes(const Evaluation *self, TsReport *report)
{
    static const char *const columns[] = {"class",  "support", "predicted",   "precision",
                                          "recall", "f1",      "specificity", "gmean",
                                          "iba",    "auroc",   "ap",          NULL};
    static const TsClassScore scores[] = {TS_SCORE_PRECISION,   TS_SCORE_RECALL, TS_SCORE_F1,
                                          TS_SCORE_SPECIFICITY, TS_SCORE_GMEAN,  TS_SCORE_IBA,
                                          TS_SCORE_AUROC,       TS_SCORE_AP};
    enum { N_OF_PRED = 6 };
    const gboolean has_areas = self->predictions->p != NULL;
    g_autofree char **shown = g_memdup2(columns, sizeof columns);
    if (!has_areas)
        shown[3 + N_OF_PRED] = NULL;
    ts_report_begin(report, "classes", (const char *const *) shown);
    for (guint c = 0; c < self->predictions->n_classes; c++) {
        ts_report_text(report, self->predictions->names[c]);
        add_count(self, report, self->card->support[c]);
        add_count(self, report, self->card->predicted[c]);
        for (guint k = 0; k < (has_areas ? G_N_ELEMENTS(scores) : N_OF_PRED); k++)
            ts_report_double(report, ts_scorecard_of_class(self->card, scores[k], c), 4);
    }
}

/* What a cell is divided by. */
static double
norm_of(const TsConfusion *confusion, const char *normalize, guint truth, guint predicted)
{
    if (strcmp(normalize, "true") == 0)
        return ts_confusion_compute_support(confusion, truth);
    if (strcmp(normalize, "pred") == 0)
        return ts_confusion_compute_predicted(confusion, predicted);
    return ts_confusion_compute_total(confusion);
}

static void
add_row(const Evaluation *self, const TsConfusion *confusion, const char *normalize, guint truth,
        TsReport *report)
{
    ts_report_text(report, ts_confusion_name(confusion, truth));
    for (guint predicted = 0; predicted < ts_confusion_n_classes(confusion); predicted++) {
        double cell = ts_confusion_get(confusion, truth, predicted);
        if (normalize == NULL) {
            add_count(self, report, cell);
            continue;
        }
        double norm = norm_of(confusion, normalize, truth, predicted);
        ts_report_double(report, norm > 0 ? cell / norm : 0, 4);
    }
}

TsConfusion *
evaluate_count_confusion(const Evaluation *self, GError **error)
{
    const TsPredictions *p = self->predictions;
    TsConfusion *confusion = ts_confusion_new(p->n_classes, (const char *const *) p->names, error);
    for (guint64 i = 0; confusion != NULL && i < p->n; i++)
        ts_confusion_add(confusion, (guint) p->truth[i], (guint) p->pred[i],
                         p->weight != NULL ? p->weight[i] : 1);
    return confusion;
}

/* A row for each true class, a column for each predicted one. */
gboolean
evaluate_add_confusion(const Evaluation *self, const char *normalize, TsReport *report,
                       GError **error)
{
    g_autoptr(TsConfusion) confusion = evaluate_count_confusion(self, error);
    if (confusion == NULL)
        return FALSE;
    guint n = ts_confusion_n_classes(confusion);
    g_autoptr(GPtrArray) columns = g_ptr_array_new();
    g_ptr_array_add(columns, (gpointer) "truth/predicted");
    for (guint i = 0; i < n; i++)
        g_ptr_array_add(columns, (gpointer) ts_confusion_name(confusion, i));
    g_ptr_array_add(columns, NULL);
    ts_report_begin(report, "confusion", (const char *const *) columns->pdata);
    for (guint truth = 0; truth < n; truth++)
        add_row(self, confusion, normalize, truth, report);
    return TRUE;
}

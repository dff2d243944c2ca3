/* evaluate: the predictions, from columns of a data set. */
#include "base/error.h"
#include "base/log.h"
#include "evaluate.h"
#include "layout/layout.h"

static struct {
    char *label, *pred, *score, *weight, *split, *positive;
    gboolean multi_label;
} opt;

const GOptionEntry evaluate_input_options[] = {
    {"label", 0, 0, G_OPTION_ARG_STRING, &opt.label, "Column of the truth (default: label)",
     "COLUMN"},
    {"pred", 0, 0, G_OPTION_ARG_STRING, &opt.pred, "Column of the predictions (default: pred)",
     "COLUMN"},
    {"score", 0, 0, G_OPTION_ARG_STRING, &opt.score,
     "Column of their probabilities, used where there are no columns p_CLASS (default: score)",
     "COLUMN"},
    {"multi-label", 0, 0, G_OPTION_ARG_NONE, &opt.multi_label,
     "Both hold several labels, separated by ';'", NULL},
    {"weight", 0, 0, G_OPTION_ARG_STRING, &opt.weight,
     "Count each row as often as this column says (default: once)", "COLUMN"},
    {"positive", 0, 0, G_OPTION_ARG_STRING, &opt.positive,
     "Of two classes, the one that auroc and ap are about (default: the last)", "CLASS"},
    {"split", 0, 0, G_OPTION_ARG_STRING, &opt.split, "Use only the rows of this split", "NAME"},
    G_OPTION_ENTRY_NULL,
};

gboolean
evaluate_is_multi(void)
{
    return opt.multi_label;
}

gboolean
evaluate_check_input(GError **error)
{
    return !opt.multi_label || opt.positive == NULL ||
           ts_error_set(error, TS_ERROR_ARGUMENT,
                        "--positive: with --multi-label every class is one; take ap[%s]",
                        opt.positive);
}

static void
warn(const Evaluation *self)
{
    const TsPredictions *predictions = self->predictions;
    const char *name = ts_manifest_name(self->manifest);
    if (predictions->n_unlabelled > 0)
        ts_warning("%s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                   " rows have no label and are left out",
                   name, predictions->n_unlabelled, predictions->n + predictions->n_unlabelled);
    if (predictions->n_uneven > 0)
        ts_warning("%s: the probabilities of %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                   " rows do not sum to 1; they are used as they are",
                   name, predictions->n_uneven, predictions->n);
}

gboolean
evaluate_read(Evaluation *self, const char *dataset, GError **error)
{
    const TsPredictionColumns columns = {
        .label = opt.label != NULL ? opt.label : "label",
        .pred = opt.pred != NULL ? opt.pred : "pred",
        .score = opt.score != NULL ? opt.score : "score",
        .weight = opt.weight,
        .split = opt.split,
        .is_multi = opt.multi_label,
        .positive = opt.positive,
    };
    self->manifest = ts_layout_read(dataset, error);
    if (self->manifest == NULL)
        return FALSE;
    self->predictions = ts_predictions_read(self->manifest, &columns, error);
    if (self->predictions == NULL)
        return FALSE;
    warn(self);
    return TRUE;
}

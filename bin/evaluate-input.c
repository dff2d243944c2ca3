/* evaluate: the predictions, from columns of a data set. */
#include "base/error.h"
#include "base/log.h"
#include "evaluate.h"
#include "layout/layout.h"
#include "stats/cost.h"

#include <string.h>

static struct {
    char *model, *label, *pred, *score, *weight, *split, *positive, *cost, *tree;
    gboolean multi_label;
} opt;

const GOptionEntry evaluate_input_options[] = {
    {"model", 'm', 0, G_OPTION_ARG_FILENAME, &opt.model,
     "Ask this model, a file or the folder of a run, instead of reading predictions", "MODEL"},
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
    {"cost", 0, 0, G_OPTION_ARG_FILENAME, &opt.cost,
     "What each mistake costs, a table like that of the confusion matrix: adds the metric cost",
     "FILE"},
    {"tree", 0, 0, G_OPTION_ARG_FILENAME, &opt.tree,
     "How bad a mistake is: the classes as a tree, a path such as animal/dog in each line; or the "
     "word labels, if the classes are called so: adds lca_height, tree_f1 and others",
     "FILE|labels"},
    {"split", 0, 0, G_OPTION_ARG_STRING, &opt.split, "Use only the rows of this split", "NAME"},
    G_OPTION_ENTRY_NULL,
};

gboolean
evaluate_is_multi(void)
{
    return opt.multi_label;
}

gboolean
evaluate_asks_model(void)
{
    return opt.model != NULL;
}

gboolean
evaluate_check_input(GError **error)
{
    if (opt.model != NULL &&
        (opt.pred != NULL || opt.score != NULL || opt.weight != NULL || opt.multi_label))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--model: not with --%s; write the predictions with predict first",
                            opt.multi_label      ? "multi-label"
                            : opt.weight != NULL ? "weight"
                            : opt.pred != NULL   ? "pred"
                                                 : "score");
    if (opt.multi_label && opt.cost != NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--cost: not with --multi-label");
    if (opt.multi_label && opt.tree != NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--tree: not with --multi-label");
    return !opt.multi_label || opt.positive == NULL ||
           ts_error_set(error, TS_ERROR_ARGUMENT,
                        "--positive: with --multi-label every class is one; take ap[%s]",
                        opt.positive);
}

/* Figures of rows that were learned from say little. */
static void
warn_of_learned(const TsManifest *manifest, const TsPredictions *predictions)
{
    const int split = ts_manifest_find_column(manifest, "split");
    guint64 n = 0;
    for (guint64 i = 0; split >= 0 && opt.split == NULL && i < predictions->n; i++)
        n +=
            ts_cell_equal(ts_manifest_cell(manifest, predictions->rows[i], (guint) split), "train");
    if (n > 0)
        ts_warning("%s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                   " rows are of split 'train', and a model that learned from them knows them; "
                   "--split NAME judges by others",
                   ts_manifest_name(manifest), n, predictions->n);
}

static void
warn(const TsManifest *manifest, const TsPredictions *predictions)
{
    const char *name = ts_manifest_name(manifest);
    if (predictions->n_unlabelled > 0)
        ts_warning("%s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                   " rows have no label and are left out",
                   name, predictions->n_unlabelled, predictions->n + predictions->n_unlabelled);
    if (predictions->n_uneven > 0)
        ts_warning("%s: the probabilities of %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                   " rows do not sum to 1; they are used as they are",
                   name, predictions->n_uneven, predictions->n);
    warn_of_learned(manifest, predictions);
}

static TsPredictionColumns
choose_columns(void)
{
    return (TsPredictionColumns){
        .label = opt.label != NULL ? opt.label : "label",
        .pred = opt.pred != NULL ? opt.pred : "pred",
        .score = opt.score != NULL ? opt.score : "score",
        .weight = opt.weight,
        .split = opt.split,
        .is_multi = opt.multi_label,
        .positive = opt.positive,
    };
}

gboolean
evaluate_read_table(const char *dataset, TsManifest **manifest, TsPredictions **predictions,
                    GError **error)
{
    const TsPredictionColumns columns = choose_columns();
    *manifest = ts_layout_read(dataset, error);
    if (*manifest != NULL)
        *predictions = ts_predictions_read(*manifest, &columns, error);
    if (*predictions != NULL)
        warn(*manifest, *predictions);
    return *predictions != NULL;
}

static gboolean
ask_model(Evaluation *self, const char *dataset, GError **error)
{
    const TsPredictionColumns columns = choose_columns();
    self->manifest = ts_layout_read(dataset, error);
    if (self->manifest != NULL)
        self->predictions = evaluate_predict(opt.model, self->manifest, &columns, error);
    if (self->predictions != NULL)
        warn(self->manifest, self->predictions);
    return self->predictions != NULL;
}

static gboolean
read_cost(TsPredictions *predictions, GError **error)
{
    if (opt.cost == NULL)
        return TRUE;
    predictions->cost = ts_cost_read(opt.cost, predictions, error);
    if (predictions->cost == NULL)
        g_prefix_error(error, "--cost: ");
    return predictions->cost != NULL;
}

static gboolean
read_tree(TsPredictions *predictions, GError **error)
{
    const char *const *names = (const char *const *) predictions->names;
    if (opt.tree == NULL)
        return TRUE;
    predictions->tree = strcmp(opt.tree, "labels") == 0
                            ? ts_class_tree_new(names, names, "the classes", error)
                            : ts_class_tree_read(opt.tree, names, error);
    if (predictions->tree == NULL)
        g_prefix_error(error, "--tree: ");
    return predictions->tree != NULL;
}

gboolean
evaluate_read(Evaluation *self, const char *dataset, GError **error)
{
    if (!(opt.model != NULL
              ? ask_model(self, dataset, error)
              : evaluate_read_table(dataset, &self->manifest, &self->predictions, error)))
        return FALSE;
    return read_cost(self->predictions, error) && read_tree(self->predictions, error);
}

/* Metrics by name. */
#include "stats/metric.h"

#include "base/error.h"
#include "base/nearest.h"
#include "base/number.h"
#include "stats/row_values.h"

#include <string.h>

typedef enum { ONE_LABEL = 1, SETS = 2, BOTH = 3 } Kind;
typedef enum { NOTHING, PROBABILITIES, CONFIDENCE, TWO_CLASSES, COSTS, TREE } Need;

/* Of all rows. */
typedef enum {
    ACCURACY,
    BALANCED_ACCURACY,
    GMEAN,
    KAPPA,
    MCC,
    AUROC,
    AP,
    ECE,
    MCE,
    COST,
    IN_TREE, /* the TsTreeScore that stands as the row value */
    MEAN,    /* of the row value */
    TOP,
} Whole;

static const struct {
    const char *name;
    Whole which;
    Kind kind;
    Need need;
    guint row_value;
    gboolean is_loss;
} wholes[] = {
    {"accuracy", ACCURACY, ONE_LABEL, NOTHING, 0, FALSE},
    {"balanced_accuracy", BALANCED_ACCURACY, ONE_LABEL, NOTHING, 0, FALSE},
    {"gmean", GMEAN, ONE_LABEL, NOTHING, 0, FALSE},
    {"kappa", KAPPA, ONE_LABEL, NOTHING, 0, FALSE},
    {"mcc", MCC, ONE_LABEL, NOTHING, 0, FALSE},
    {"auroc", AUROC, ONE_LABEL, TWO_CLASSES, 0, FALSE},
    {"ap", AP, ONE_LABEL, TWO_CLASSES, 0, FALSE},
    {"log_loss", MEAN, ONE_LABEL, PROBABILITIES, TS_ROW_LOG_LOSS, TRUE},
    {"brier", MEAN, ONE_LABEL, PROBABILITIES, TS_ROW_BRIER, TRUE},
    {"cost", COST, ONE_LABEL, COSTS, 0, TRUE},
    {"lca_height", IN_TREE, ONE_LABEL, TREE, TS_TREE_LCA_HEIGHT, TRUE},
    {"mistake_height", IN_TREE, ONE_LABEL, TREE, TS_TREE_MISTAKE_HEIGHT, TRUE},
    {"tree_distance", IN_TREE, ONE_LABEL, TREE, TS_TREE_DISTANCE, TRUE},
    {"tree_precision", IN_TREE, ONE_LABEL, TREE, TS_TREE_PRECISION, FALSE},
    {"tree_recall", IN_TREE, ONE_LABEL, TREE, TS_TREE_RECALL, FALSE},
    {"tree_f1", IN_TREE, ONE_LABEL, TREE, TS_TREE_F1, FALSE},
    {"exact_match", MEAN, SETS, NOTHING, TS_ROW_EXACT, FALSE},
    {"hamming_loss", MEAN, SETS, NOTHING, TS_ROW_HAMMING, TRUE},
    {"samples_precision", MEAN, SETS, NOTHING, TS_ROW_PRECISION, FALSE},
    {"samples_recall", MEAN, SETS, NOTHING, TS_ROW_RECALL, FALSE},
    {"samples_f1", MEAN, SETS, NOTHING, TS_ROW_F1, FALSE},
    {"samples_jaccard", MEAN, SETS, NOTHING, TS_ROW_JACCARD, FALSE},
    {"log_loss", MEAN, SETS, PROBABILITIES, TS_ROW_SET_LOG_LOSS, TRUE},
    {"coverage_error", MEAN, SETS, PROBABILITIES, TS_ROW_COVERAGE, TRUE},
    {"ranking_loss", MEAN, SETS, PROBABILITIES, TS_ROW_RANKING_LOSS, TRUE},
    {"lrap", MEAN, SETS, PROBABILITIES, TS_ROW_LRAP, FALSE},
    {"ece", ECE, BOTH, CONFIDENCE, 0, TRUE},
    {"mce", MCE, BOTH, CONFIDENCE, 0, TRUE},
};

/* Of a class, and of means over the classes. */
static const struct {
    const char *name;
    TsClassScore score;
    Need need;
    gboolean has_micro;
} scores[] = {
    {"precision", TS_SCORE_PRECISION, NOTHING, TRUE},
    {"recall", TS_SCORE_RECALL, NOTHING, TRUE},
    {"sensitivity", TS_SCORE_RECALL, NOTHING, TRUE},
    {"f1", TS_SCORE_F1, NOTHING, TRUE},
    {"specificity", TS_SCORE_SPECIFICITY, NOTHING, FALSE},
    {"gmean", TS_SCORE_GMEAN, NOTHING, FALSE},
    {"iba", TS_SCORE_IBA, NOTHING, FALSE},
    {"jaccard", TS_SCORE_JACCARD, NOTHING, TRUE},
    {"auroc", TS_SCORE_AUROC, PROBABILITIES, FALSE},
    {"ap", TS_SCORE_AP, PROBABILITIES, FALSE},
    {"support", TS_SCORE_SUPPORT, NOTHING, FALSE},
    {"predicted", TS_SCORE_PREDICTED, NOTHING, FALSE},
};

enum { N_AVERAGED = 10 }; /* of the scores: not the counts */

/* What --metrics shows by itself, in this order, where there is what it needs. */
static const char *const defaults[] = {
    "accuracy",
    "balanced_accuracy",
    "gmean",
    "kappa",
    "mcc",
    "cost",
    "lca_height",
    "mistake_height",
    "tree_distance",
    "tree_precision",
    "tree_recall",
    "tree_f1",
    "top5",
    "exact_match",
    "hamming_loss",
    "macro_precision",
    "macro_recall",
    "macro_f1",
    "weighted_precision",
    "weighted_recall",
    "weighted_f1",
    "micro_precision",
    "micro_recall",
    "micro_f1",
    "samples_f1",
    "auroc",
    "ap",
    "macro_auroc",
    "weighted_auroc",
    "macro_ap",
    "weighted_ap",
    "log_loss",
    "brier",
    "coverage_error",
    "ranking_loss",
    "lrap",
    "ece",
    "mce",
};

typedef enum { WHOLE, OF_CLASS, MACRO, WEIGHTED, MICRO } Form;

static const char *const prefixes[] = {"", "", "macro_", "weighted_", "micro_"};

struct _TsMetric {
    char *name;
    Form form;
    Whole whole;
    guint row_value;
    TsClassScore score;
    Need need;
    gboolean is_loss;
    char *class_name; /* of OF_CLASS */
    guint class;
    guint k; /* of TOP */
};

/* "recall[cat]" or "recall:cat": the length of "recall", and "cat" (g_free()). */
static gsize
split_class(const char *name, char **class_name)
{
    gsize n = strcspn(name, "[:"), length = strlen(name);
    *class_name = NULL;
    if (name[n] == ':')
        *class_name = g_strdup(name + n + 1);
    else if (name[n] == '[' && name[length - 1] == ']')
        *class_name = g_strndup(name + n + 1, length - n - 2);
    return n;
}

static gboolean
is_score(gsize i, const char *name, gsize n)
{
    return strlen(scores[i].name) == n && strncmp(scores[i].name, name, n) == 0;
}

static gboolean
parse_class(TsMetric *metric)
{
    g_autofree char *class_name = NULL;
    gsize n = split_class(metric->name, &class_name);
    for (gsize i = 0; class_name != NULL && i < G_N_ELEMENTS(scores); i++)
        if (is_score(i, metric->name, n)) {
            metric->form = OF_CLASS;
            metric->score = scores[i].score;
            metric->need = scores[i].need;
            metric->class_name = g_steal_pointer(&class_name);
            return TRUE;
        }
    return FALSE;
}

static gboolean
parse_average(TsMetric *metric, gboolean is_multi)
{
    for (guint form = MACRO; form <= (is_multi ? MICRO : WEIGHTED); form++) {
        if (!g_str_has_prefix(metric->name, prefixes[form]))
            continue;
        const char *name = metric->name + strlen(prefixes[form]);
        for (gsize i = 0; i < N_AVERAGED; i++)
            if (strcmp(scores[i].name, name) == 0 && (form != MICRO || scores[i].has_micro)) {
                metric->form = form;
                metric->score = scores[i].score;
                metric->need = scores[i].need;
                return TRUE;
            }
    }
    return FALSE;
}

static gboolean
parse_whole(TsMetric *metric, gboolean is_multi)
{
    gint64 k;
    for (gsize i = 0; i < G_N_ELEMENTS(wholes); i++)
        if (strcmp(wholes[i].name, metric->name) == 0 &&
            (wholes[i].kind & (is_multi ? SETS : ONE_LABEL)) != 0) {
            metric->whole = wholes[i].which;
            metric->need = wholes[i].need;
            metric->row_value = wholes[i].row_value;
            metric->is_loss = wholes[i].is_loss;
            return TRUE;
        }
    if (is_multi || !g_str_has_prefix(metric->name, "top") ||
        !ts_parse_int(metric->name + 3, 1, G_MAXINT32, "", &k, NULL))
        return FALSE;
    metric->whole = TOP;
    metric->need = PROBABILITIES;
    metric->k = (guint) k;
    return TRUE;
}

/* All names but those of top-k and of classes; NULL-terminated, g_strfreev(). */
static char **
known_names(gboolean is_multi)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (gsize i = 0; i < G_N_ELEMENTS(wholes); i++)
        if ((wholes[i].kind & (is_multi ? SETS : ONE_LABEL)) != 0)
            g_ptr_array_add(names, g_strdup(wholes[i].name));
    if (!is_multi)
        g_ptr_array_add(names, g_strdup("top5"));
    for (guint form = MACRO; form <= (is_multi ? MICRO : WEIGHTED); form++)
        for (gsize i = 0; i < N_AVERAGED; i++)
            if (scores[i].score != TS_SCORE_RECALL || strcmp(scores[i].name, "recall") == 0)
                if (form != MICRO || scores[i].has_micro)
                    g_ptr_array_add(names, g_strconcat(prefixes[form], scores[i].name, NULL));
    g_ptr_array_add(names, NULL);
    return (char **) g_ptr_array_steal(names, NULL);
}

static void
set_unknown(const char *name, gboolean is_multi, GError **error)
{
    g_auto(GStrv) names = known_names(is_multi);
    g_autofree char *known = g_strjoinv(", ", names);
    g_autofree char *hint = ts_nearest_hint(name, (const char *const *) names);
    ts_error_set(error, TS_ERROR_ARGUMENT,
                 "'%s' is no metric%s; there are %s, and precision, recall, f1 and others of a "
                 "class, such as recall[cat]",
                 name, hint, known);
}

TsMetric *
ts_metric_parse(const char *name, gboolean is_multi, GError **error)
{
    g_autoptr(TsMetric) metric = g_new0(TsMetric, 1);
    metric->name = g_strdup(name);
    if (parse_whole(metric, is_multi) || parse_average(metric, is_multi) || parse_class(metric))
        return g_steal_pointer(&metric);
    set_unknown(name, is_multi, error);
    return NULL;
}

const char *
ts_metric_name(const TsMetric *metric)
{
    return metric->name;
}

static gboolean
find_class(TsMetric *metric, const TsPredictions *predictions, GError **error)
{
    int c = ts_predictions_find(predictions, metric->class_name);
    if (c < 0) {
        g_autofree char *hint =
            ts_nearest_hint(metric->class_name, (const char *const *) predictions->names);
        return ts_error_set(error, TS_ERROR_ARGUMENT, "there is no class '%s'%s",
                            metric->class_name, hint);
    }
    metric->class = (guint) c;
    return TRUE;
}

gboolean
ts_metric_bind(TsMetric *metric, const TsPredictions *predictions, GError **error)
{
    if (metric->form == OF_CLASS && !find_class(metric, predictions, error))
        return FALSE;
    if (metric->need == TWO_CLASSES && predictions->n_classes != 2)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "'%s' is of two classes, and there are %u; take macro_%s or %s[CLASS]",
                            metric->name, predictions->n_classes, metric->name, metric->name);
    if (metric->need == CONFIDENCE && predictions->score != NULL)
        return TRUE;
    if (metric->need == COSTS)
        return predictions->cost != NULL ||
               ts_error_set(error, TS_ERROR_ARGUMENT, "'%s' needs a table of costs, --cost FILE",
                            metric->name);
    if (metric->need == TREE)
        return predictions->tree != NULL ||
               ts_error_set(error, TS_ERROR_ARGUMENT, "'%s' needs a tree of classes, --tree FILE",
                            metric->name);
    if (metric->need != NOTHING && predictions->p == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "'%s' needs probabilities, columns p_CLASS such as predict "
                            "--probabilities writes",
                            metric->name);
    return TRUE;
}

GPtrArray *
ts_metric_defaults(const TsPredictions *predictions)
{
    GPtrArray *metrics = g_ptr_array_new_with_free_func((GDestroyNotify) ts_metric_free);
    gboolean is_multi = predictions->truth_sets != NULL;
    gboolean is_binary = !is_multi && predictions->n_classes == 2;
    for (gsize i = 0; i < G_N_ELEMENTS(defaults); i++) {
        g_autoptr(TsMetric) metric = ts_metric_parse(defaults[i], is_multi, NULL);
        if (metric == NULL || !ts_metric_bind(metric, predictions, NULL))
            continue;
        gboolean says_nothing = metric->whole == TOP && metric->k >= predictions->n_classes;
        gboolean is_said = is_binary && metric->form != WHOLE && metric->need == PROBABILITIES;
        if (!says_nothing && !is_said)
            g_ptr_array_add(metrics, g_steal_pointer(&metric));
    }
    return metrics;
}

static double
compute_whole(const TsMetric *metric, TsScorecard *card)
{
    const guint positive = card->predictions->positive;
    switch (metric->whole) {
    case ACCURACY:
        return ts_scorecard_accuracy(card);
    case BALANCED_ACCURACY:
        return ts_scorecard_balanced_accuracy(card);
    case GMEAN:
        return ts_scorecard_gmean(card);
    case KAPPA:
        return ts_scorecard_kappa(card);
    case MCC:
        return ts_scorecard_mcc(card);
    case AUROC:
        return ts_scorecard_of_class(card, TS_SCORE_AUROC, positive);
    case AP:
        return ts_scorecard_of_class(card, TS_SCORE_AP, positive);
    case ECE:
        return ts_scorecard_ece(card);
    case MCE:
        return ts_scorecard_mce(card);
    case COST:
        return ts_scorecard_cost(card);
    case IN_TREE:
        return ts_scorecard_tree(card, metric->row_value);
    case MEAN:
        return ts_scorecard_mean(card, metric->row_value);
    default:
        return ts_scorecard_top(card, metric->k);
    }
}

double
ts_metric_compute(const TsMetric *metric, TsScorecard *card)
{
    switch (metric->form) {
    case WHOLE:
        return compute_whole(metric, card);
    case OF_CLASS:
        return ts_scorecard_of_class(card, metric->score, metric->class);
    case MICRO:
        return ts_scorecard_micro(card, metric->score);
    default:
        return ts_scorecard_average(card, metric->score, metric->form == WEIGHTED);
    }
}

gboolean
ts_metric_is_loss(const TsMetric *metric)
{
    return metric->form == WHOLE && metric->is_loss;
}

int
ts_metric_decimals(const TsMetric *metric)
{
    return metric->score == TS_SCORE_SUPPORT || metric->score == TS_SCORE_PREDICTED ? 0 : 4;
}

void
ts_metric_free(TsMetric *metric)
{
    if (metric == NULL)
        return;
    g_free(metric->name);
    g_free(metric->class_name);
    g_free(metric);
}

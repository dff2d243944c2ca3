/* evaluate: calibration, temperatures, priors and thresholds. */
#include "base/error.h"
#include "base/number.h"
#include "evaluate.h"
#include "layout/layout.h"
#include "manifest/classes.h"
#include "stats/calibration.h"
#include "stats/prior.h"
#include "stats/threshold.h"

#include <math.h>

static struct {
    int bins;
    gboolean fit_temperature;
    char *temperature, *logit_adjust, *tau;
    char **thresholds;
    double temperature_value, tau_value;
} opt = {.bins = TS_CALIBRATION_BINS};

const GOptionEntry evaluate_calibration_options[] = {
    {"bins", 0, 0, G_OPTION_ARG_INT, &opt.bins,
     "Bins of the calibration, also of ece and mce (default: 15)", "N"},
    {"fit-temperature", 0, 0, G_OPTION_ARG_NONE, &opt.fit_temperature,
     "Find the temperature with the lowest log loss, and what it would do", NULL},
    {"temperature", 0, 0, G_OPTION_ARG_STRING, &opt.temperature,
     "Divide the logits by T before anything else", "T"},
    {"logit-adjust", 0, 0, G_OPTION_ARG_FILENAME, &opt.logit_adjust,
     "Take the logarithm of the class's share of the training rows of DATASET from each logit",
     "DATASET"},
    {"tau", 0, 0, G_OPTION_ARG_STRING, &opt.tau, "Times TAU (default: 1)", "TAU"},
    {"thresholds", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt.thresholds,
     "Choose a threshold for each class by a rule: f1, youden, cost:fp=X,fn=Y, recall:at=X or "
     "precision:at=X; may be repeated",
     "RULE"},
    G_OPTION_ENTRY_NULL,
};

guint
evaluate_n_bins(void)
{
    return (guint) opt.bins;
}

guint
evaluate_calibration_tables(void)
{
    return (opt.fit_temperature ? (guint) SHOW_TEMPERATURE : 0) |
           (opt.thresholds != NULL ? (guint) SHOW_THRESHOLDS : 0);
}

static gboolean
check_thresholds(GError **error)
{
    TsThresholdRule rule;
    for (guint i = 0; opt.thresholds != NULL && opt.thresholds[i] != NULL; i++)
        if (!ts_threshold_parse(opt.thresholds[i], &rule, error)) {
            g_prefix_error(error, "--thresholds: ");
            return FALSE;
        }
    return TRUE;
}

gboolean
evaluate_check_calibration(GError **error)
{
    opt.temperature_value = opt.tau_value = 1;
    if (opt.bins < 1 || opt.bins > 10000)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--bins: %d is not 1 to 10000", opt.bins);
    if (opt.tau != NULL && opt.logit_adjust == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--tau needs --logit-adjust");
    if (opt.logit_adjust != NULL && evaluate_is_multi())
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--logit-adjust: not with --multi-label, classes have to share 1");
    return (opt.temperature == NULL ||
            ts_parse_double(opt.temperature, 0.001, 1000, "--temperature", &opt.temperature_value,
                            error)) &&
           (opt.tau == NULL ||
            ts_parse_double(opt.tau, -100, 100, "--tau", &opt.tau_value, error)) &&
           check_thresholds(error);
}

/* Whatever of `option` needs probabilities finds them. */
static gboolean
require_p(const TsPredictions *predictions, const char *option, GError **error)
{
    return predictions->p != NULL ||
           ts_error_set(error, TS_ERROR_ARGUMENT,
                        "%s needs probabilities, columns p_CLASS such as predict --probabilities "
                        "writes",
                        option);
}

/* Rows of each class among the training rows of the data set. */
static gboolean
adjust(TsPredictions *predictions, GError **error)
{
    g_autoptr(TsManifest) manifest = ts_layout_read(opt.logit_adjust, error);
    if (manifest == NULL)
        return FALSE;
    g_autoptr(TsClasses) classes = ts_classes_new(manifest, "label", error);
    if (classes == NULL || !ts_classes_keep_split(classes, manifest, NULL, error))
        return FALSE;
    g_autofree double *share = g_new(double, (gsize) predictions->n_classes + 1);
    for (guint c = 0; c < predictions->n_classes; c++) {
        int found = ts_classes_find(classes, predictions->names[c]);
        if (found < 0 || classes->counts[found] == 0)
            return ts_error_set(error, TS_ERROR_FORMAT, "%s: no training row is of class '%s'",
                                opt.logit_adjust, predictions->names[c]);
        share[c] = (double) classes->counts[found];
    }
    ts_predictions_adjust(predictions, share, opt.tau_value);
    return TRUE;
}

gboolean
evaluate_change_probabilities(TsPredictions *predictions, GError **error)
{
    if (opt.temperature != NULL) {
        if (!require_p(predictions, "--temperature", error))
            return FALSE;
        ts_temperature_apply(predictions, opt.temperature_value);
    }
    if (opt.logit_adjust == NULL)
        return TRUE;
    if (require_p(predictions, "--logit-adjust", error) && adjust(predictions, error))
        return TRUE;
    g_prefix_error(error, "--logit-adjust: ");
    return FALSE;
}

gboolean
evaluate_add_calibration(const Evaluation *self, TsReport *report, GError **error)
{
    static const char *const columns[] = {"low",      "high", "rows", "confidence",
                                          "accuracy", "gap",  NULL};
    const guint n = evaluate_n_bins();
    g_autofree TsCalibrationBin *bins = g_new(TsCalibrationBin, n);
    if (!ts_calibration_bins(self->predictions, self->predictions->weight, n, bins))
        return require_p(self->predictions, "--show calibration", error);
    ts_report_begin(report, "calibration", columns);
    for (guint b = 0; b < n; b++) {
        ts_report_double(report, (double) b / n, 4);
        ts_report_double(report, (b + 1.) / n, 4);
        if (self->predictions->weight != NULL)
            ts_report_double(report, bins[b].weight, 2);
        else
            ts_report_int(report, (gint64) bins[b].weight);
        ts_report_double(report, bins[b].confidence, 4);
        ts_report_double(report, bins[b].accuracy, 4);
        ts_report_double(report, bins[b].accuracy - bins[b].confidence, 4);
    }
    return TRUE;
}

/* The fit changes the probabilities, so a copy is fitted. */
gboolean
evaluate_add_temperature(const Evaluation *self, TsReport *report, GError **error)
{
    TsTemperatureFit fit;
    const TsPredictions *predictions = self->predictions;
    if (!require_p(predictions, "--fit-temperature", error))
        return FALSE;
    g_autofree guint64 *all = ts_try_alloc(predictions->n + 1, sizeof *all, "rows", error);
    for (guint64 i = 0; all != NULL && i < predictions->n; i++)
        all[i] = i;
    g_autoptr(TsPredictions) copy =
        all != NULL ? ts_predictions_select(predictions, all, predictions->n, error) : NULL;
    if (copy == NULL || !ts_temperature_fit(copy, evaluate_n_bins(), &fit, error))
        return FALSE;
    ts_report_begin_values(report, "temperature");
    ts_report_value_double(report, "temperature", fit.temperature, 4);
    ts_report_value_double(report, "log_loss_before", fit.log_loss[0], 4);
    ts_report_value_double(report, "log_loss_after", fit.log_loss[1], 4);
    ts_report_value_double(report, "ece_before", fit.ece[0], 4);
    ts_report_value_double(report, "ece_after", fit.ece[1], 4);
    ts_report_value_double(report, "mce_before", fit.mce[0], 4);
    ts_report_value_double(report, "mce_after", fit.mce[1], 4);
    return TRUE;
}

static void
add_threshold(const Evaluation *self, const char *text, guint c, TsReport *report)
{
    TsThresholdRule rule;
    TsThreshold best;
    ts_threshold_parse(text, &rule, NULL); /* it was checked */
    ts_threshold_choose(&rule, self->predictions, c, self->predictions->weight, &best);
    ts_report_text(report, self->predictions->names[c]);
    ts_report_text(report, text);
    ts_report_double(report, best.threshold, 6);
    ts_report_double(report, best.value, 4);
    ts_report_double(report, best.precision, 4);
    ts_report_double(report, best.recall, 4);
    ts_report_double(report, best.f1, 4);
    ts_report_double(report, best.specificity, 4);
}

/* Of two classes the positive one says it all. */
gboolean
evaluate_add_thresholds(const Evaluation *self, TsReport *report, GError **error)
{
    static const char *const columns[] = {"class",  "rule", "threshold",   "value", "precision",
                                          "recall", "f1",   "specificity", NULL};
    const TsPredictions *predictions = self->predictions;
    if (!require_p(predictions, "--thresholds", error))
        return FALSE;
    gboolean is_binary = predictions->truth != NULL && predictions->n_classes == 2;
    ts_report_begin(report, "thresholds", columns);
    for (guint i = 0; opt.thresholds[i] != NULL; i++)
        for (guint c = 0; c < predictions->n_classes; c++)
            if (!is_binary || c == predictions->positive)
                add_threshold(self, opt.thresholds[i], c, report);
    return TRUE;
}

/* What the files of evaluate share: the options and the data of one run. */
#pragma once

#include "stats/confusion.h"
#include "stats/metric.h"
#include "stats/predictions.h"
#include "stats/report.h"
#include "stats/row_draw.h"

typedef enum {
    SHOW_METRICS = 1 << 0,
    SHOW_CLASSES = 1 << 1,
    SHOW_CONFUSION = 1 << 2,
    SHOW_INTERVALS = 1 << 3,
    SHOW_SLICES = 1 << 4,
    SHOW_COMPARISON = 1 << 5,
    SHOW_CALIBRATION = 1 << 6,
    SHOW_TEMPERATURE = 1 << 7,
    SHOW_THRESHOLDS = 1 << 8,
} ShowTables;

typedef struct {
    guint show;          /* ShowTables */
    GPtrArray *metrics;  /* of TsMetric */
    gboolean are_chosen; /* by --metrics */
    TsManifest *manifest;
    TsPredictions *predictions;
    TsScorecard *card;
    TsBootstrap bootstrap;
} Evaluation;

/* evaluate-input.c: the options of the samples, and reading them. */
extern const GOptionEntry evaluate_input_options[];
gboolean evaluate_is_multi(void);
gboolean evaluate_check_input(GError **error);
gboolean evaluate_asks_model(void);
gboolean evaluate_read(Evaluation *self, const char *dataset, GError **error);
gboolean evaluate_read_table(const char *dataset, TsManifest **manifest,
                             TsPredictions **predictions, GError **error);

/* evaluate-model.c: the answers of the model at `path`. */
TsPredictions *evaluate_predict(const char *path, const TsManifest *manifest,
                                const TsPredictionColumns *columns, GError **error);

/* evaluate-intervals.c: --bootstrap. */
extern const GOptionEntry evaluate_interval_options[];
gboolean evaluate_check_bootstrap(Evaluation *self, GError **error);

/* How to draw rows of `part`, predictions of the same manifest. */
TsRowDraw *evaluate_draw_of(const Evaluation *self, const TsPredictions *part, GError **error);

gboolean evaluate_add_intervals(const Evaluation *self, TsReport *report, GError **error);

/* evaluate-tables.c */
void evaluate_add_metrics(const Evaluation *self, TsReport *report);
void evaluate_add_classes(const Evaluation *self, TsReport *report);
TsConfusion *evaluate_count_confusion(const Evaluation *self, GError **error);
gboolean evaluate_add_confusion(const Evaluation *self, const char *normalize, TsReport *report,
                                GError **error);

/* evaluate-calibration.c: probabilities made into others, and what is said of them. */
extern const GOptionEntry evaluate_calibration_options[];
gboolean evaluate_check_calibration(GError **error);
guint evaluate_n_bins(void);
guint evaluate_calibration_tables(void); /* of ShowTables: what its options ask for */
gboolean evaluate_change_probabilities(TsPredictions *predictions, GError **error);
gboolean evaluate_add_calibration(const Evaluation *self, TsReport *report, GError **error);
gboolean evaluate_add_temperature(const Evaluation *self, TsReport *report, GError **error);
gboolean evaluate_add_thresholds(const Evaluation *self, TsReport *report, GError **error);

/* evaluate-compare.c: --against. */
extern const GOptionEntry evaluate_compare_options[];
gboolean evaluate_check_compare(GError **error);
gboolean evaluate_has_comparison(void);
gboolean evaluate_add_comparison(const Evaluation *self, TsReport *report, GError **error);

/* evaluate-plots.c: --plot. */
gboolean evaluate_check_plots(char **plots, GError **error);
gboolean evaluate_write_plots(const Evaluation *self, char **plots, GError **error);

/* evaluate-slices.c: --by. */
gboolean
evaluate_add_slices(const Evaluation *self, char **columns, TsReport *report, GError **error);

/* evaluate-conditions.c: --fail-if. */
typedef struct _Conditions Conditions;
Conditions *evaluate_parse_conditions(char **texts, GError **error);
gboolean
evaluate_bind_conditions(Conditions *self, const TsPredictions *predictions, GError **error);
void evaluate_check_conditions(const Conditions *self, TsScorecard *card);
void evaluate_free_conditions(Conditions *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Conditions, evaluate_free_conditions)

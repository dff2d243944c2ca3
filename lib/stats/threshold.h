/* From which probability on a row is taken for a class.
 *
 *     TsThresholdRule rule;
 *     TsThreshold best;
 *     if (!ts_threshold_parse("cost:fp=1,fn=5", &rule, error))
 *         return FALSE;
 *     ts_threshold_choose(&rule, predictions, class, NULL, &best);
 */
#pragma once

#include "stats/predictions.h"

G_BEGIN_DECLS

typedef enum {
    TS_THRESHOLD_F1,        /* the largest F1 */
    TS_THRESHOLD_YOUDEN,    /* the largest recall + specificity - 1 (Youden 1950) */
    TS_THRESHOLD_COST,      /* the least fp * false positives + fn * misses */
    TS_THRESHOLD_RECALL,    /* the highest one with a recall of at least `at` */
    TS_THRESHOLD_PRECISION, /* the largest recall with a precision of at least `at` */
} TsThresholdKind;

typedef struct {
    TsThresholdKind kind;
    double fp, fn; /* costs */
    double at;
} TsThresholdRule;

/* What --thresholds says of them, for --help. */
extern const char *const ts_threshold_help;

/* Read f1, youden, cost:fp=X,fn=Y, recall:at=X or precision:at=X. TS_ERROR_ARGUMENT. */
gboolean ts_threshold_parse(const char *text, TsThresholdRule *rule, GError **error);

typedef struct {
    double threshold; /* p of at least this; NaN: never, or there is none */
    double precision, recall, specificity, f1; /* of the class by it */
    double value; /* of what the rule looks at: F1, Youden's J, mean cost of a row, ... */
} TsThreshold;

/* Choose for class `c` of prepared predictions with row weights `weight` (NULL: 1); the highest of
 * equally good ones. Everything is NaN where there are no rows of the class or no others. */
void ts_threshold_choose(const TsThresholdRule *rule, const TsPredictions *predictions, guint c,
                         const double *weight, TsThreshold *best);

G_END_DECLS

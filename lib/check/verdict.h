/* From measures to findings: what is wrong with which picture, and by which threshold.
 *
 *     TsThresholds thresholds = ts_thresholds_defaults();
 *     g_autofree guint32 *found = ts_verdicts_compute(measures, n, duplicates, &thresholds,
 *                                                     TS_ISSUES_ALL, error);
 *     if (found != NULL && (found[0] & 1u << TS_ISSUE_DARK))
 *         puts("dark");
 */
#pragma once

#include "check/duplicates.h"

G_BEGIN_DECLS

/* In the order of a report: what spoils a result first. */
typedef enum {
    TS_ISSUE_LEAK,           /* the same, or nearly, as one in another split */
    TS_ISSUE_LABEL_CONFLICT, /* the same, or nearly, as one with another label */
    TS_ISSUE_MISSING,        /* there is no such file */
    TS_ISSUE_UNREADABLE,     /* damaged, or no image */
    TS_ISSUE_TRUNCATED,      /* the file ends too early */
    TS_ISSUE_EXTENSION,      /* the name promises another kind of file */
    TS_ISSUE_CONSTANT,       /* all pixels are the same */
    TS_ISSUE_DARK,           /* darkness below the threshold, see measures.h; so the next three */
    TS_ISSUE_LIGHT,
    TS_ISSUE_BLURRY,
    TS_ISSUE_LOW_INFORMATION,
    TS_ISSUE_ODD_ASPECT,      /* shorter side / longer side below the threshold */
    TS_ISSUE_ODD_SIZE,        /* sqrt(w h) outside of the quartiles by more than so many times the
                                 distance between these (Tukey's fences) */
    TS_ISSUE_EXACT_DUPLICATE, /* equal to another, pixel by pixel */
    TS_ISSUE_NEAR_DUPLICATE,  /* within the radius of another that is not equal */
    TS_ISSUES
} TsIssue;

#define TS_ISSUES_ALL ((1u << TS_ISSUES) - 1)

typedef struct {
    double dark, light, blurry, low_information, odd_aspect, odd_size;
} TsThresholds;

/* Those of cleanvision: 0.32, 0.05, 0.29, 0.3, 0.35, 3. */
TsThresholds ts_thresholds_defaults(void);

/* "leak", "label-conflict", "dark", ... */
const char *ts_issue_name(TsIssue issue);

/* Read "dark,blurry" as a set of 1 << TsIssue; "all" stands for all. TS_ERROR_ARGUMENT, beginning
 * with `what`. */
gboolean ts_issues_parse(const char *text, const char *what, guint32 *set, GError **error);

/* The smallest and the largest size sqrt(w h) of pictures that is not odd; NAN if none was read.
 * Quartiles are NumPy's. TS_ERROR_NO_MEMORY. */
gboolean ts_size_fences(const TsMeasures *measures, guint32 n, double factor, double fences[2],
                        GError **error);

/* The set of issues, of those in `checks`, of each of `n` pictures. Free with g_free(). */
guint32 *ts_verdicts_compute(const TsMeasures *measures, guint32 n, const TsDuplicates *duplicates,
                             const TsThresholds *thresholds, guint32 checks, GError **error);

G_END_DECLS

/* Classes made equal by repeating and by leaving out rows.
 *
 * Three steps: a target for every class (from a strategy, a rule or explicit numbers, within
 * limits), a number of repeats for every row, the rows written. This file does the first two.
 * Nothing here looks at pictures, so a row that stands there three times is one picture and three
 * lines.
 *
 *     TsResampleWish wish = {.strategy = "power:0.5", .total = "2000", .cap = "500"};
 *     if (!ts_resample_plan(&wish, names, counts, n, requested, targets, error) ||
 *         !ts_resample_repeats(class_of_row, n_rows, counts, targets, n, FALSE, seed, repeats,
 *                              error))
 *         return FALSE;
 *     // row is written repeats[row] times, 0: left out
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    TS_RESAMPLE_ANY,   /* each class as its target wants */
    TS_RESAMPLE_OVER,  /* classes grow */
    TS_RESAMPLE_UNDER, /* classes shrink */
} TsResampleMethod;

/* Compute the target of each class by a strategy of imbalanced-learn
 * (imblearn/utils/_validation.py):
 *
 *   over   auto, not majority: all to the largest count; minority: the smallest class alone;
 *          not minority: all but the smallest; all: all
 *   under  auto, not minority: all to the smallest count; majority: the largest class alone;
 *          not majority: all but the largest; all: all
 *   A      a number in (0, 1], for two classes: the ratio of the smaller to the larger one that is
 *          reached by growing (over) or shrinking (under) one of them
 *
 * The largest class is the first of the largest, the smallest the first of the smallest. Classes
 * without rows keep 0 and are not looked at. TS_ERROR_ARGUMENT for a strategy that does not exist
 * or does not fit the method, TS_ERROR_FORMAT if fewer than two classes have rows. */
gboolean ts_resample_strategy(const char *strategy, TsResampleMethod method, const guint64 *counts,
                              guint n, guint64 *targets, GError **error);

/* Say which classes a strategy that shrinks is about: the names above but the ratio, or
 * "list:CLASS,...". For methods that decide themselves how many rows go. Errors as above. */
gboolean ts_resample_targeted(const char *strategy, char *const *names, const guint64 *counts,
                              guint n, gboolean *targeted, GError **error);

/* Read targets "CLASS=VALUE,...": VALUE is a number of rows, or with % a share of the class's
 * present rows, rounded to the nearest number (but a class that has rows keeps one unless VALUE is
 * 0). The class * is all that are not listed; without it they keep their counts. A backslash takes
 * the next character of a class's name as it is. TS_ERROR_ARGUMENT for what cannot be read, unknown
 * classes, classes that have no row to repeat, and targets that the method cannot reach. */
gboolean ts_resample_targets(const char *text, TsResampleMethod method, char *const *names,
                             const guint64 *counts, guint n, guint64 *targets, GError **error);

/* Compute how many rows, not whole ones for shares, a rule wants of each class:
 *
 *   as-is               what there is
 *   list:A,B            these classes to the largest count (under: the smallest), no other
 *   max*F min*F mean*F median*F   F times the largest, ... count (F and the * may be left out),
 *                       rounded to the nearest number; over: where there are fewer, under: where
 *                       there are more
 *   power:Q             in proportion to n^Q; 1: as they are, 0: even (Kang et al., "Decoupling
 *                       representation and classifier for long-tailed recognition", ICLR 2020)
 *   effnum:B            in proportion to the effective number of samples (1 - B^n) / (1 - B) (Cui
 * et al., "Class-Balanced Loss", CVPR 2019) repeat-factor:T[,CLASS=T...]  n max(1, sqrt(T / f)) to
 * the nearest number, f = n / N (Gupta et al., "LVIS", CVPR 2019), with a threshold T for classes
 * of their own
 *
 * Shares keep the sum (over: no class shrinks and one stays, under: no class grows and one stays).
 * `known` becomes FALSE, `wanted` unset, for a text that is none of these. Classes without rows get
 * 0. TS_ERROR_ARGUMENT. */
gboolean
ts_resample_rule(const char *rule, TsResampleMethod method, char *const *names,
                 const guint64 *counts, guint n, double *wanted, gboolean *known, GError **error);

/* Read "T[,CLASS=T...]" and compute the repeat factor max(1, sqrt(T / (counts[c] / n_rows))) of
 * each class, 0 of one without rows. A row with several labels is used as often as the largest
 * factor of them says. TS_ERROR_ARGUMENT. */
gboolean ts_resample_repeat_factors(const char *text, char *const *names, const guint64 *counts,
                                    guint n, guint64 n_rows, double *factors, GError **error);

/* Read a number of rows: "500", or "max", "min", "mean" or "median" with or without "*FACTOR". */
gboolean
ts_resample_amount(const char *text, const guint64 *counts, guint n, guint64 *rows, GError **error);

/* What a user asks for. */
typedef struct {
    TsResampleMethod method;
    const char *strategy; /* of imbalanced-learn, or a rule; NULL: auto, but as-is where there is a
                             total, a cap or a floor */
    const char *targets;  /* for ts_resample_targets(), instead of a strategy; or NULL */
    const char *total;    /* "N", or "P%" of the rows there are; or NULL */
    const char *cap;      /* no class comes to more; for ts_resample_amount(); or NULL */
    const char *floor;    /* no class that has rows comes to fewer; or NULL */
    double max_repeats;   /* no class grows by more than this factor; 0: as much as is wanted */
} TsResampleWish;

/* Compute the target of each class. Limits act as far as the method lets classes change; a class
 * that has rows keeps one, unless its target is 0. With a total the classes share it in proportion
 * to what the strategy wants, within the limits, and sum to it exactly (largest remainders).
 * `requested` is what would be without limits. Messages begin with the part of the wish that is
 * wrong ("cap: ..."). TS_ERROR_ARGUMENT, also for a total that the limits do not allow;
 * TS_ERROR_FORMAT if a strategy of imbalanced-learn has fewer than two classes with rows. */
gboolean ts_resample_plan(const TsResampleWish *wish, char *const *names, const guint64 *counts,
                          guint n, guint64 *requested, guint64 *targets, GError **error);

/* Say how often each row is to be written: once if its class is -1; so that class c comes to
 * targets[c] otherwise. A class that shrinks loses rows at random. A class that grows uses all its
 * rows evenly: each target / count times, and a random choice of them once more for the remainder;
 * or, if `bootstrap`, each once, and rows drawn at random with replacement for all the others.
 * counts[c] is the number of rows of class c. TS_ERROR_NO_MEMORY, TS_ERROR_RANGE. */
gboolean ts_resample_repeats(const gint32 *class_of_row, guint64 n_rows, const guint64 *counts,
                             const guint64 *targets, guint n, gboolean bootstrap, guint64 seed,
                             guint32 *repeats, GError **error);

/* The same as imbalanced-learn's RandomOverSampler and RandomUnderSampler draw it for random_state
 * = seed (at most 2^32 - 1): with one stream for all classes in their order, rows that are repeated
 * with replacement, rows that stay as a permutation. Classes that shrink draw if `drawn` says so,
 * even if they keep all rows. Errors as above. */
gboolean
ts_resample_repeats_compat(const gint32 *class_of_row, guint64 n_rows, const guint64 *counts,
                           const guint64 *targets, guint n, const gboolean *drawn, guint64 seed,
                           guint32 *repeats, GError **error);

G_END_DECLS

/* Classes made equal by repeating and by leaving out rows.
 *
 * Three steps: a target for every class (from a strategy or from explicit numbers), a number of
 * repeats for every row, the rows written. This file does the first two. Nothing here looks at
 * pictures, so a row that stands there three times is one picture and three lines.
 *
 *     if (!ts_resample_strategy("auto", TS_RESAMPLE_OVER, counts, n, targets, error) ||
 *         !ts_resample_repeats(class_of_row, n_rows, counts, targets, n, FALSE, seed, repeats,
 * error)) return FALSE;
 *     // row is written repeats[row] times, 0: left out
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    TS_RESAMPLE_ANY,   /* each class as its target wants: for explicit targets alone */
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

/* Read targets "CLASS=VALUE,...": VALUE is a number of rows, or with % a share of the class's
 * present rows, rounded to the nearest number (but a class that has rows keeps one unless VALUE is
 * 0). The class * is all that are not listed; without it they keep their counts. A backslash takes
 * the next character of a class's name as it is. TS_ERROR_ARGUMENT for what cannot be read, unknown
 * classes, classes that have no row to repeat, and targets that the method cannot reach. */
gboolean ts_resample_targets(const char *text, TsResampleMethod method, char *const *names,
                             const guint64 *counts, guint n, guint64 *targets, GError **error);

/* Say how often each row is to be written: once if its class is -1; so that class c comes to
 * targets[c] otherwise. A class that shrinks loses rows at random. A class that grows uses all its
 * rows evenly: each target / count times, and a random choice of them once more for the remainder;
 * or, if `bootstrap`, each once, and rows drawn at random with replacement for all the others.
 * counts[c] is the number of rows of class c. TS_ERROR_NO_MEMORY, TS_ERROR_RANGE. */
gboolean ts_resample_repeats(const gint32 *class_of_row, guint64 n_rows, const guint64 *counts,
                             const guint64 *targets, guint n, gboolean bootstrap, guint64 seed,
                             guint32 *repeats, GError **error);

G_END_DECLS

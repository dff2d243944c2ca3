/* Prints what lrfind's rules make of a curve of losses, for comparison with their definitions.
 *
 *     lrfind-peer STEPS LOSS...
 *
 * Losses may be nan and inf. A line for each step that counts, its smoothed loss; then a line for
 * each rule, its name and its rate.
 */
#include "nn/lrfind/sweep.h"

#include "base/number.h"

#include <stdio.h>

int
main(int argc, char **argv)
{
    char number[TS_NUMBER_MAX];
    if (argc < 2)
        return 2;
    const TsRateSweep sweep = {1e-7, 10, (guint) g_ascii_strtoull(argv[1], NULL, 10), FALSE};
    TsRateCurve curve;
    ts_rate_curve_init(&curve, &sweep);
    for (int i = 2; i < argc; i++)
        if (!ts_rate_curve_add(&curve, g_ascii_strtod(argv[i], NULL), FALSE))
            break;
    for (guint i = 0; i < curve.n; i++) {
        ts_format_double(number, curve.smoothed[i]);
        printf("%s\n", number);
    }
    for (int rule = 0; rule < TS_N_SUGGESTIONS; rule++) {
        ts_format_double(number, ts_rate_suggest(&curve, (TsRateSuggestion) rule));
        printf("%s %s\n", ts_rate_suggestion_name((TsRateSuggestion) rule), number);
    }
    ts_rate_curve_clear(&curve);
    return 0;
}

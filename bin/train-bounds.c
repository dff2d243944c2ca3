/* Bounds of numbers on train's command line. */
#include "train.h"

#include "base/error.h"

gboolean
train_check_bounds(const TrainBounds *checks, gsize n, GError **error)
{
    for (const TrainBounds *check = checks; check < checks + n; check++) {
        if (check->value <= check->max &&
            (check->value > check->min || (check->value == check->min && !check->above_min)))
            continue;
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: %.10g is outside of %s%g to %.10g",
                            check->name, check->value, check->above_min ? "more than " : "",
                            check->min, check->max);
    }
    return TRUE;
}

/* Conditions on a named number, such as 'recall:cat<0.8' or 'min_per_class >= 20'.
 *
 *     g_autoptr(TsCondition) condition = ts_condition_parse("min_per_class>=20", error);
 *     if (condition == NULL)
 *         return FALSE;
 *     holds = ts_condition_holds(condition, look_up(ts_condition_name(condition)));
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TsCondition TsCondition;

/* Read NAME, one of < <= > >= == !=, and a number; spaces around them are allowed. A name may hold
 * such signs: the last one counts. TS_ERROR_ARGUMENT. */
TsCondition *ts_condition_parse(const char *text, GError **error);

/* The name; borrowed. What names there are is the caller's matter. */
const char *ts_condition_name(const TsCondition *self);

/* Whether it holds for `value`. For NaN none does. */
gboolean ts_condition_holds(const TsCondition *self, double value);

/* NULL is allowed. */
void ts_condition_free(TsCondition *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsCondition, ts_condition_free)

G_END_DECLS

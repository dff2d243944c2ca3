/* Conditions such as "entropy<3" or "label=tumour", as the user writes them.
 *
 *     TsRule rule;
 *     if (!ts_rule_init(&rule, "tissue>=0.5", "--keep", error))
 *         return FALSE;
 *     if (ts_rule_holds(&rule, 0.7))
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum { TS_LESS, TS_AT_MOST, TS_MORE, TS_AT_LEAST, TS_EQUAL, TS_NOT_EQUAL } TsCompare;

typedef struct {
    char *text;         /* all of it, as written */
    char *name;         /* left of the sign */
    TsCompare sign;     /* < <= > >= = != */
    char *word;         /* right of it */
    gboolean is_number; /* whether `word` is a finite number, `number` */
    double number;
} TsRule;

/* Read a rule; spaces around its parts do not count. TS_ERROR_ARGUMENT if there is no sign, or
 * nothing beside it; `option` begins the message. */
gboolean ts_rule_init(TsRule *rule, const char *text, const char *option, GError **error);
void ts_rule_clear(TsRule *rule);

/* Whether the number fulfils it. Not-a-number, which stands for no value, fulfils none. */
gboolean ts_rule_holds(const TsRule *rule, double value);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsRule, ts_rule_clear)

G_END_DECLS

/* Conditions "NAME SIGN NUMBER". */
#include "tiling/judge/rule.h"

#include "base/error.h"
#include "base/number.h"

#include <math.h>
#include <string.h>

/* Longer signs first, so that "<=" is not "<". */
static const struct {
    const char *text;
    TsCompare sign;
} signs[] = {{"<=", TS_AT_MOST}, {">=", TS_AT_LEAST}, {"!=", TS_NOT_EQUAL},
             {"<", TS_LESS},     {">", TS_MORE},      {"=", TS_EQUAL}};

gboolean
ts_rule_init(TsRule *rule, const char *text, const char *option, GError **error)
{
    *rule = (TsRule){0};
    gsize at = strcspn(text, "<>=!");
    for (gsize i = 0; i < G_N_ELEMENTS(signs) && text[at] != '\0'; i++) {
        if (!g_str_has_prefix(text + at, signs[i].text))
            continue;
        g_auto(TsRule) made = {.text = g_strdup(text), .sign = signs[i].sign};
        made.name = g_strstrip(g_strndup(text, at));
        made.word = g_strstrip(g_strdup(text + at + strlen(signs[i].text)));
        if (made.name[0] == '\0' || made.word[0] == '\0')
            break;
        made.is_number =
            ts_parse_double(made.word, -G_MAXDOUBLE, G_MAXDOUBLE, "", &made.number, NULL);
        *rule = made;
        made = (TsRule){0};
        return TRUE;
    }
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "%s: '%s' is no rule, expected a name, one of < <= > >= = != and a value",
                        option, text);
}

void
ts_rule_clear(TsRule *rule)
{
    g_clear_pointer(&rule->text, g_free);
    g_clear_pointer(&rule->name, g_free);
    g_clear_pointer(&rule->word, g_free);
}

gboolean
ts_rule_holds(const TsRule *rule, double value)
{
    if (isnan(value))
        return FALSE;
    switch (rule->sign) {
    case TS_LESS:
        return value < rule->number;
    case TS_AT_MOST:
        return value <= rule->number;
    case TS_MORE:
        return value > rule->number;
    case TS_AT_LEAST:
        return value >= rule->number;
    case TS_EQUAL:
        return value == rule->number;
    case TS_NOT_EQUAL:
        return value != rule->number;
    }
    return FALSE;
}

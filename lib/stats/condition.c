/* NAME SIGN NUMBER: parsed, and held against values. */
#include "stats/condition.h"

#include "base/error.h"
#include "base/number.h"

#include <float.h>
#include <math.h>
#include <string.h>

typedef enum { LESS, LESS_EQUAL, MORE, MORE_EQUAL, EQUAL, NOT_EQUAL } Sign;

static const char *const signs[] = {"<", "<=", ">", ">=", "==", "!="};

struct _TsCondition {
    char *name;
    Sign sign;
    double limit;
};

/* Find the last sign: the longest one that ends where the last of its characters stands. */
static const char *
find_sign(const char *text, Sign *sign)
{
    for (const char *at = text + strlen(text); at > text; at--)
        for (int length = 2; length >= 1; length--)
            for (gsize i = 0; i < G_N_ELEMENTS(signs); i++)
                if (strlen(signs[i]) == (gsize) length && at - text >= length &&
                    strncmp(at - length, signs[i], (gsize) length) == 0) {
                    *sign = (Sign) i;
                    return at - length;
                }
    return NULL;
}

TsCondition *
ts_condition_parse(const char *text, GError **error)
{
    Sign sign;
    const char *at = find_sign(text, &sign);
    if (at == NULL) {
        ts_error_set(error, TS_ERROR_ARGUMENT,
                     "'%s' is not a condition such as 'NAME<0.9': name, one of < <= > >= == !=, "
                     "number",
                     text);
        return NULL;
    }
    g_autoptr(TsCondition) self = g_new0(TsCondition, 1);
    self->sign = sign;
    self->name = g_strstrip(g_strndup(text, (gsize) (at - text)));
    g_autofree char *limit = g_strstrip(g_strdup(at + strlen(signs[sign])));
    g_autofree char *what = g_strdup_printf("'%s'", text);
    if (!ts_parse_double(limit, -DBL_MAX, DBL_MAX, what, &self->limit, error))
        return NULL;
    return g_steal_pointer(&self);
}

const char *
ts_condition_name(const TsCondition *self)
{
    return self->name;
}

gboolean
ts_condition_holds(const TsCondition *self, double value)
{
    switch (self->sign) {
    case LESS:
        return value < self->limit;
    case LESS_EQUAL:
        return value <= self->limit;
    case MORE:
        return value > self->limit;
    case MORE_EQUAL:
        return value >= self->limit;
    case EQUAL:
        return value == self->limit;
    default:
        return !isnan(value) && value != self->limit;
    }
}

void
ts_condition_free(TsCondition *self)
{
    if (self == NULL)
        return;
    g_free(self->name);
    g_free(self);
}

/* Labels by rule. */
#include "tiling/judge/label_rule.h"

#include "base/error.h"

#include <string.h>

/* The words behind the colon, none of them empty. */
static gboolean
split_names(TsLabelRule *rule, const char *list, GError **error)
{
    rule->names = g_strsplit(list, ",", -1);
    for (char **name = rule->names; *name != NULL; name++)
        if (g_strstrip(*name)[0] == '\0')
            return ts_error_set(error, TS_ERROR_ARGUMENT, "--label: '%s' lacks the name of a class",
                                rule->text);
    if (rule->names[0] == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--label: '%s' lacks classes, as in any:tumour,stroma", rule->text);
    return TRUE;
}

static void
take_name(TsLabelRule *rule, const char *name)
{
    rule->names = g_new0(char *, 2);
    rule->names[0] = g_strdup(name);
}

static gboolean
parse_part(TsLabelRule *rule, GError **error)
{
    if (!ts_rule_init(&rule->part, rule->text, "--label", NULL) || !rule->part.is_number ||
        (rule->part.sign != TS_MORE && rule->part.sign != TS_AT_LEAST))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--label: '%s' is no rule; there are majority, majority-except:CLASS, "
                            "any:CLASS,CLASS, CLASS>=PART, CLASS>PART, centre and =NAME",
                            rule->text);
    if (rule->part.number < 0 || rule->part.number > 1)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--label: '%s': a part lies within 0 and 1",
                            rule->text);
    rule->kind = TS_LABEL_PART;
    take_name(rule, rule->part.name);
    return TRUE;
}

static gboolean
parse(TsLabelRule *rule, GError **error)
{
    const char *text = rule->text;
    rule->kind = TS_LABEL_MAJORITY;
    if (strcmp(text, "majority") == 0)
        return TRUE;
    if (g_str_has_prefix(text, "majority-except:"))
        return split_names(rule, text + strlen("majority-except:"), error);
    rule->kind = TS_LABEL_CENTRE;
    if (strcmp(text, "centre") == 0)
        return TRUE;
    rule->kind = TS_LABEL_ANY;
    if (g_str_has_prefix(text, "any:"))
        return split_names(rule, text + strlen("any:"), error);
    rule->kind = TS_LABEL_ALWAYS;
    if (text[0] == '=' && text[1] != '\0') {
        take_name(rule, text + 1);
        return TRUE;
    }
    return parse_part(rule, error);
}

gboolean
ts_label_rule_init(TsLabelRule *rule, const char *text, GError **error)
{
    *rule = (TsLabelRule){.text = g_strdup(text)};
    if (parse(rule, error))
        return TRUE;
    ts_label_rule_clear(rule);
    return FALSE;
}

void
ts_label_rule_clear(TsLabelRule *rule)
{
    g_clear_pointer(&rule->text, g_free);
    g_clear_pointer(&rule->names, g_strfreev);
    g_clear_pointer(&rule->classes, g_free);
    ts_rule_clear(&rule->part);
}

gboolean
ts_label_rule_bind(TsLabelRule *rule, const TsLabelClasses *classes, GError **error)
{
    if (rule->kind == TS_LABEL_ALWAYS || rule->names == NULL)
        return TRUE;
    rule->n_classes = g_strv_length(rule->names);
    rule->classes = g_new(guint, rule->n_classes);
    for (guint i = 0; i < rule->n_classes; i++) {
        int class = ts_label_classes_find(classes, rule->names[i]);
        if (class < 0 || ts_label_classes_get(classes, (guint) class)->ignored) {
            g_autofree char *known = ts_label_classes_names(classes);
            return ts_error_set(error, TS_ERROR_ARGUMENT, "--label: '%s' is %s%s", rule->names[i],
                                class < 0 ? "none of the classes " : "ignored, by --ignore",
                                class < 0 ? known : "");
        }
        rule->classes[i] = (guint) class;
    }
    return TRUE;
}

static gboolean
is_named(const TsLabelRule *rule, guint class)
{
    for (guint i = 0; i < rule->n_classes; i++)
        if (rule->classes[i] == class)
            return TRUE;
    return FALSE;
}

/* Classes are in order of value, so the first of equals is the lowest. */
static int
majority(const TsLabelRule *rule, const guint64 *counts, guint n)
{
    int best = -1;
    for (guint i = 0; i < n; i++)
        if (counts[i] > (best >= 0 ? counts[best] : 0) && !is_named(rule, i))
            best = (int) i;
    return best;
}

static int
any(const TsLabelRule *rule, const guint64 *counts)
{
    for (guint i = 0; i < rule->n_classes; i++)
        if (counts[rule->classes[i]] > 0)
            return (int) rule->classes[i];
    return -1;
}

static int
part(const TsLabelRule *rule, const guint64 *counts, guint n)
{
    guint64 all = 0;
    for (guint i = 0; i < n; i++)
        all += counts[i];
    guint class = rule->classes[0];
    gboolean holds = all > 0 && ts_rule_holds(&rule->part, (double) counts[class] / (double) all);
    return holds ? (int) class : -1;
}

const char *
ts_label_rule_apply(const TsLabelRule *rule, const TsLabelClasses *classes, const guint64 *counts,
                    int centre)
{
    guint n = ts_label_classes_n(classes);
    int class = -1;
    switch (rule->kind) {
    case TS_LABEL_ALWAYS:
        return rule->names[0];
    case TS_LABEL_MAJORITY:
        class = majority(rule, counts, n);
        break;
    case TS_LABEL_ANY:
        class = any(rule, counts);
        break;
    case TS_LABEL_PART:
        class = part(rule, counts, n);
        break;
    case TS_LABEL_CENTRE:
        class = centre;
        break;
    }
    return class >= 0 ? ts_label_classes_get(classes, (guint) class)->name : NULL;
}

/* How a tile gets its label from the pixels of its classes.
 *
 *     majority              the class with most pixels; of equals, the one of the lowest value
 *     majority-except:A,B   the same, as if A and B had none
 *     any:A,B               the first of these that has a pixel
 *     A>=F, A>F             A, if its part of the data reaches, or is above, F
 *     centre                the class of the pixel at (width / 2, height / 2), rounded down
 *     =NAME                 NAME, always
 *
 * Rules are tried in their order; the first that gives a label ends it. Ignored classes are no
 * data: they have no part in any rule, and a tile without data gets no label but by =NAME.
 */
#pragma once

#include "tiling/judge/label_class.h"
#include "tiling/judge/rule.h"

G_BEGIN_DECLS

typedef enum {
    TS_LABEL_MAJORITY,
    TS_LABEL_ANY,
    TS_LABEL_PART,
    TS_LABEL_CENTRE,
    TS_LABEL_ALWAYS
} TsLabelKind;

typedef struct {
    TsLabelKind kind;
    char *text;     /* as written */
    char **names;   /* of the classes that it names, or what stands behind = */
    guint *classes; /* (n_classes), once they are bound */
    guint n_classes;
    TsRule part; /* A>=F */
} TsLabelRule;

/* Read a rule; classes are not looked up yet. TS_ERROR_ARGUMENT. */
gboolean ts_label_rule_init(TsLabelRule *rule, const char *text, GError **error);
void ts_label_rule_clear(TsLabelRule *rule);

/* Look up its classes. TS_ERROR_ARGUMENT, naming those there are, if one is unknown or ignored. */
gboolean ts_label_rule_bind(TsLabelRule *rule, const TsLabelClasses *classes, GError **error);

/* The label by one rule, NULL if it gives none; borrowed. `counts` has a number for each class, 0
 * for those that are ignored; `centre` is a class, -1 if none. */
const char *ts_label_rule_apply(const TsLabelRule *rule, const TsLabelClasses *classes,
                                const guint64 *counts, int centre);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsLabelRule, ts_label_rule_clear)

G_END_DECLS

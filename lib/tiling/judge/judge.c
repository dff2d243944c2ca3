/* Columns and verdicts: labels, class counts and scores, and the rules that drop tiles. */
#include "tiling/judge/judge.h"

#include "base/error.h"
#include "base/number.h"
#include "image/tiff_geo.h"
#include "tiling/judge/filters.h"
#include "tiling/judge/label.h"
#include "tiling/judge/rule.h"

#include <math.h>
#include <string.h>

typedef enum { LOOK_AT_COLUMN, LOOK_AT_PART, LOOK_AT_LABEL } Look;

/* A rule and what it looks at: a column's number, the part of a class, or the label. */
typedef struct {
    TsRule rule;
    char *reason;
    Look look;
    guint index;   /* of the column or the class */
    gboolean keep; /* it has to hold; else it may not */
} Test;

/* What is known of a tile when rules are looked at. */
typedef struct {
    const char *label; /* NULL: none */
    guint64 *counts;   /* (n classes) */
    double *numbers;   /* (n columns), not-a-number where there is none */
} Facts;

struct _TsJudge {
    TsFilters filters;
    gboolean reads_nodata; /* the value that a file names counts */
    TsLabels *labels;
    GPtrArray *paths;   /* of the inputs */
    GPtrArray *columns; /* names, NULL behind the last: label, counts, scores */
    guint first_score;  /* column */
    GArray *tests;      /* Test */
};

struct _TsJudgeImage {
    TsFilters filters; /* the judge's, with the file's own nodata value */
    int otsu;          /* -1: none */
    TsLabelImage *labels;
};

static void
test_clear(gpointer data)
{
    Test *test = data;
    ts_rule_clear(&test->rule);
    g_free(test->reason);
}

void
ts_judge_free(TsJudge *judge)
{
    if (judge == NULL)
        return;
    ts_labels_free(judge->labels);
    g_ptr_array_unref(judge->paths);
    g_ptr_array_unref(judge->columns);
    g_array_unref(judge->tests);
    g_free(judge);
}

static TsJudge *
judge_alloc(const TsJudgeInput *inputs, guint n_inputs)
{
    TsJudge *judge = g_new0(TsJudge, 1);
    judge->paths = g_ptr_array_new_with_free_func(g_free);
    judge->columns = g_ptr_array_new_with_free_func(g_free);
    judge->tests = g_array_new(FALSE, TRUE, sizeof(Test));
    g_array_set_clear_func(judge->tests, test_clear);
    for (guint i = 0; i < n_inputs; i++)
        g_ptr_array_add(judge->paths, g_strdup(inputs[i].path));
    return judge;
}

static char *
known_names(void)
{
    GString *all = g_string_new(NULL);
    for (int i = 0; i < TS_N_SCORES; i++)
        g_string_append_printf(all, "%s%s", i > 0 ? ", " : "", ts_score_name((TsScore) i));
    return g_string_free(all, FALSE);
}

static gboolean
parse_scores(TsJudge *judge, const char *list, GError **error)
{
    g_auto(GStrv) words = g_strsplit(list, ",", -1);
    for (char **word = words; *word != NULL; word++) {
        TsScore score;
        if (!ts_score_find(g_strstrip(*word), &score)) {
            g_autofree char *known = known_names();
            return ts_error_set(error, TS_ERROR_ARGUMENT, "--score: '%s' is none of %s", *word,
                                known);
        }
        if (!ts_filters_add(&judge->filters, score))
            return ts_error_set(error, TS_ERROR_ARGUMENT, "--score: '%s' stands there twice",
                                *word);
    }
    return TRUE;
}

static gboolean
parse_ink(TsFilters *filters, const char *ink, GError **error)
{
    filters->ink_is_black = g_strcmp0(ink, "black") == 0;
    if (ink == NULL || filters->ink_is_black || strcmp(ink, "white") == 0)
        return TRUE;
    g_auto(GStrv) words = g_strsplit(ink, ",", -1);
    if (g_strv_length(words) > TS_MAX_BANDS_OF_INK)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--ink: more than %d values",
                            (int) TS_MAX_BANDS_OF_INK);
    for (char **word = words; *word != NULL; word++)
        if (!ts_parse_double(*word, -G_MAXDOUBLE, G_MAXDOUBLE, "--ink",
                             &filters->ink[filters->n_ink++], error)) {
            g_prefix_error(error, "--ink takes white, black, or a value for each band; ");
            return FALSE;
        }
    return TRUE;
}

/* Not-a-number is no data without being asked. */
static gboolean
parse_nodata(TsJudge *judge, const char *nodata, GError **error)
{
    TsFilters *filters = &judge->filters;
    judge->reads_nodata = nodata == NULL;
    filters->has_nodata = nodata != NULL && strcmp(nodata, "none") != 0;
    return !filters->has_nodata ||
           ts_parse_double(nodata, -G_MAXDOUBLE, G_MAXDOUBLE, "--nodata", &filters->nodata, error);
}

/* A score that only a rule names is a column too. */
static gboolean
add_test(TsJudge *judge, const char *text, gboolean keep, GError **error)
{
    const char *option = keep ? "--keep" : "--drop";
    TsScore score;
    Test test = {.keep = keep};
    if (!ts_rule_init(&test.rule, text, option, error))
        return FALSE;
    test.reason = g_strdup_printf("%s %s", option, text);
    g_array_append_val(judge->tests, test);
    if (ts_score_find(test.rule.name, &score))
        ts_filters_add(&judge->filters, score);
    return TRUE;
}

static gboolean
add_tests(TsJudge *judge, const TsJudgeOptions *options, GError **error)
{
    for (const char *const *text = options->keep; text != NULL && *text != NULL; text++)
        if (!add_test(judge, *text, TRUE, error))
            return FALSE;
    for (const char *const *text = options->drop; text != NULL && *text != NULL; text++)
        if (!add_test(judge, *text, FALSE, error))
            return FALSE;
    return TRUE;
}

/* A value of ink for each band, known before any work. */
static gboolean
check_ink(const TsJudge *judge, const TsJudgeInput *inputs, guint n_inputs, GError **error)
{
    guint n = judge->filters.n_ink;
    for (guint i = 0; n > 1 && i < n_inputs; i++) {
        const TsImageInfo *info = inputs[i].info;
        int colours = info->bands - (info->has_alpha && info->bands > 1 ? 1 : 0);
        if (n != (guint) colours)
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "--ink: %u values, but %s has %d bands without opacity", n,
                                inputs[i].path, colours);
    }
    return TRUE;
}

/* All that a rule can look at, for its message. */
static char *
known_operands(const TsJudge *judge)
{
    const TsLabelClasses *classes = ts_labels_classes(judge->labels);
    g_autofree char *scores = known_names();
    g_autofree char *names = classes != NULL ? ts_label_classes_names(classes) : NULL;
    return g_strconcat(scores, names != NULL ? "; the classes " : NULL, names, NULL);
}

static int
find_column(const TsJudge *judge, const char *name)
{
    for (guint i = 0; i + 1 < judge->columns->len; i++)
        if (strcmp(g_ptr_array_index(judge->columns, i), name) == 0)
            return (int) i;
    return -1;
}

static gboolean
bind_test(const TsJudge *judge, Test *test, GError **error)
{
    const char *option = test->keep ? "--keep" : "--drop", *name = test->rule.name;
    const TsLabelClasses *classes = ts_labels_classes(judge->labels);
    gboolean is_label = ts_labels_has_rules(judge->labels) && strcmp(name, "label") == 0;
    int index = find_column(judge, name);
    test->look = is_label ? LOOK_AT_LABEL : LOOK_AT_COLUMN;
    if (index < 0 && classes != NULL) {
        index = ts_label_classes_find(classes, name);
        test->look = LOOK_AT_PART;
    }
    if (index < 0) {
        g_autofree char *known = known_operands(judge);
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: '%s' is none of %s", option, name,
                            known);
    }
    test->index = (guint) index;
    if (is_label && test->rule.sign != TS_EQUAL && test->rule.sign != TS_NOT_EQUAL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: '%s': a label is = or != a class",
                            option, test->rule.text);
    if (!is_label && !test->rule.is_number)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: '%s' in '%s' is not a number", option,
                            test->rule.word, test->rule.text);
    return TRUE;
}

static void
add_count_columns(TsJudge *judge)
{
    const TsLabelClasses *classes = ts_labels_classes(judge->labels);
    for (guint i = 0; classes != NULL && i < ts_label_classes_n(classes); i++) {
        const TsLabelClass *class = ts_label_classes_get(classes, i);
        if (!class->ignored)
            g_ptr_array_add(judge->columns, g_strconcat("n_", class->name, NULL));
    }
    if (ts_labels_has_ignored(judge->labels))
        g_ptr_array_add(judge->columns, g_strdup("n_ignored"));
}

/* A class may have the name of another column. */
static gboolean
check_columns(const TsJudge *judge, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i + 1 < judge->columns->len; i++)
        if (!g_hash_table_add(seen, g_ptr_array_index(judge->columns, i)))
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "two columns would be named %s; --classes can give the class "
                                "another name",
                                (const char *) g_ptr_array_index(judge->columns, i));
    return TRUE;
}

static gboolean
set_columns(TsJudge *judge, GError **error)
{
    if (ts_labels_has_rules(judge->labels))
        g_ptr_array_add(judge->columns, g_strdup("label"));
    add_count_columns(judge);
    judge->first_score = judge->columns->len;
    for (guint i = 0; i < judge->filters.n; i++)
        g_ptr_array_add(judge->columns, g_strdup(ts_score_name(judge->filters.scores[i])));
    g_ptr_array_add(judge->columns, NULL);
    if (!check_columns(judge, error))
        return FALSE;
    for (guint i = 0; i < judge->tests->len; i++)
        if (!bind_test(judge, &g_array_index(judge->tests, Test, i), error))
            return FALSE;
    return TRUE;
}

TsJudge *
ts_judge_new(const TsJudgeOptions *options, const TsJudgeInput *inputs, guint n_inputs,
             GError **error)
{
    g_autoptr(TsJudge) judge = judge_alloc(inputs, n_inputs);
    judge->filters.tolerance = options->tolerance >= 0 ? options->tolerance : 5.0 / 255;
    judge->filters.white = options->white;
    if ((options->scores != NULL && !parse_scores(judge, options->scores, error)) ||
        !parse_ink(&judge->filters, options->ink, error) ||
        !parse_nodata(judge, options->nodata, error) ||
        !check_ink(judge, inputs, n_inputs, error) || !add_tests(judge, options, error))
        return NULL;
    judge->labels = ts_labels_new(options, inputs, n_inputs, error);
    return judge->labels != NULL && set_columns(judge, error) ? g_steal_pointer(&judge) : NULL;
}

const char *const *
ts_judge_columns(const TsJudge *judge)
{
    return (const char *const *) judge->columns->pdata;
}

gboolean
ts_judge_needs_pixels(const TsJudge *judge)
{
    return judge->filters.n > 0;
}

gboolean
ts_judge_may_drop(const TsJudge *judge)
{
    return judge->tests->len > 0;
}

guint
ts_judge_n_layers(const TsJudge *judge)
{
    return ts_labels_n_layers(judge->labels);
}

const char *
ts_judge_layer_column(const TsJudge *judge, guint layer)
{
    return ts_labels_layer_column(judge->labels, layer);
}

const char *
ts_judge_layer_path(const TsJudge *judge, guint layer, guint input)
{
    return ts_labels_layer_path(judge->labels, layer, input);
}

const char *
ts_judge_painted_column(const TsJudge *judge)
{
    return ts_labels_paints(judge->labels) ? "mask" : NULL;
}

char *
ts_judge_checksum(const TsJudge *judge)
{
    return ts_labels_checksum(judge->labels);
}

/* GDAL's tag; what is no finite number there names no value of a pixel. */
static gboolean
read_nodata(const TsJudge *judge, const char *path, TsFilters *filters, GError **error)
{
    GError *bad = NULL;
    if (!judge->reads_nodata || filters->n == 0)
        return TRUE;
    g_autoptr(TsGeo) geo = ts_geo_read(path, &bad);
    if (bad != NULL) {
        g_propagate_error(error, bad);
        return FALSE;
    }
    const char *text = geo != NULL ? ts_geo_nodata(geo) : NULL;
    g_autofree char *value = text != NULL ? g_strstrip(g_strdup(text)) : NULL;
    filters->has_nodata = value != NULL && ts_parse_double(value, -G_MAXDOUBLE, G_MAXDOUBLE, "",
                                                           &filters->nodata, NULL);
    return TRUE;
}

gboolean
ts_judge_begin_image(const TsJudge *judge, guint input, TsJudgeImage **state, GError **error)
{
    g_autoptr(TsJudgeImage) made = g_new0(TsJudgeImage, 1);
    const char *path = g_ptr_array_index(judge->paths, input);
    made->otsu = -1;
    made->filters = judge->filters;
    if (!read_nodata(judge, path, &made->filters, error))
        return FALSE;
    for (guint i = 0; i < judge->filters.n; i++)
        if (judge->filters.scores[i] == TS_SCORE_TISSUE &&
            !ts_otsu_of_image(path, &made->filters, &made->otsu, error))
            return FALSE;
    if (!ts_labels_begin_image(judge->labels, input, &made->labels, error))
        return FALSE;
    *state = g_steal_pointer(&made);
    return TRUE;
}

void
ts_judge_image_free(TsJudgeImage *state)
{
    if (state == NULL)
        return;
    ts_label_image_free(state->labels);
    g_free(state);
}

static gboolean
measure(const TsJudge *judge, const TsJudgeImage *state, const TsTileView *view, double *numbers,
        GError **error)
{
    TsPixels pixels = {.like = view->like,
                       .data = view->pixels,
                       .stride = view->stride,
                       .width = view->pixels_width > 0 ? view->pixels_width : view->width,
                       .height = view->pixels_height > 0 ? view->pixels_height : view->height};
    return judge->filters.n == 0 ||
           ts_filters_measure(&state->filters, &pixels, state->otsu, numbers, error);
}

static double
part_of(const TsJudge *judge, const guint64 *counts, guint class)
{
    const TsLabelClasses *classes = ts_labels_classes(judge->labels);
    guint64 all = 0;
    for (guint i = 0; i < ts_label_classes_n(classes); i++)
        if (!ts_label_classes_get(classes, i)->ignored)
            all += counts[i];
    return all > 0 ? (double) counts[class] / (double) all : NAN;
}

/* No label is "none" here, so that rules can tell it. */
static gboolean
holds(const TsJudge *judge, const Test *test, const Facts *facts)
{
    const char *label = facts->label != NULL ? facts->label : "none";
    switch (test->look) {
    case LOOK_AT_LABEL:
        return (strcmp(label, test->rule.word) == 0) == (test->rule.sign == TS_EQUAL);
    case LOOK_AT_PART:
        return ts_rule_holds(&test->rule, part_of(judge, facts->counts, test->index));
    case LOOK_AT_COLUMN:
        break;
    }
    return ts_rule_holds(&test->rule, facts->numbers[test->index]);
}

/* The first rule that is broken is the reason; a rule to keep is broken by a missing number. */
static void
decide(const TsJudge *judge, const Facts *facts, TsVerdict *verdict)
{
    verdict->keep = TRUE;
    for (guint i = 0; i < judge->tests->len && verdict->keep; i++) {
        const Test *test = &g_array_index(judge->tests, Test, i);
        verdict->keep = holds(judge, test, facts) == test->keep;
        if (!verdict->keep)
            verdict->reason = test->reason;
    }
}

/* Counts in the order of their columns. */
static void
put_counts(const TsJudge *judge, const guint64 *counts, double *numbers)
{
    const TsLabelClasses *classes = ts_labels_classes(judge->labels);
    guint column = ts_labels_has_rules(judge->labels) ? 1 : 0;
    guint64 ignored = 0;
    for (guint i = 0; classes != NULL && i < ts_label_classes_n(classes); i++)
        if (ts_label_classes_get(classes, i)->ignored)
            ignored += counts[i];
        else
            numbers[column++] = (double) counts[i];
    if (ts_labels_has_ignored(judge->labels))
        numbers[column] = (double) ignored;
}

static void
put_values(const TsJudge *judge, const Facts *facts, TsVerdict *verdict)
{
    guint n = judge->columns->len - 1;
    guint first = ts_labels_has_rules(judge->labels) ? 1 : 0;
    char text[TS_NUMBER_MAX];
    verdict->values = g_new0(char *, n + 1);
    verdict->n_values = n;
    if (first == 1)
        verdict->values[0] = g_strdup(facts->label);
    for (guint i = first; i < n; i++)
        if (!isnan(facts->numbers[i]))
            verdict->values[i] = g_strdup(ts_format_double(text, facts->numbers[i]));
}

gboolean
ts_judge_look(const TsJudge *judge, const TsJudgeImage *state, const TsTileView *view,
              TsVerdict *verdict, GError **error)
{
    const TsLabelClasses *classes = ts_labels_classes(judge->labels);
    g_autofree double *numbers = g_new0(double, judge->columns->len);
    g_autofree guint64 *counts =
        g_new0(guint64, 1 + (classes != NULL ? ts_label_classes_n(classes) : 0));
    Facts facts = {.counts = counts, .numbers = numbers};
    *verdict = (TsVerdict){.keep = TRUE};
    if (!ts_labels_look(judge->labels, state->labels, view, counts, &facts.label, &verdict->painted,
                        error) ||
        !measure(judge, state, view, numbers + judge->first_score, error))
        return FALSE;
    put_counts(judge, counts, numbers);
    put_values(judge, &facts, verdict);
    decide(judge, &facts, verdict);
    return TRUE;
}

void
ts_verdict_clear(TsVerdict *verdict)
{
    for (guint i = 0; i < verdict->n_values; i++)
        g_free(verdict->values[i]);
    g_free(verdict->values);
    ts_image_free(verdict->painted);
    *verdict = (TsVerdict){0};
}

/* Columns and verdicts: scores, and the rules that drop tiles. */
#include "tiling/judge.h"

#include "base/error.h"
#include "base/number.h"
#include "tiling/filters.h"
#include "tiling/rule.h"

#include <math.h>
#include <string.h>

/* A rule and the column that it looks at. */
typedef struct {
    TsRule rule;
    char *reason;
    guint column;
    gboolean keep; /* it has to hold; else it may not */
} Test;

struct _TsJudge {
    TsFilters filters;
    GPtrArray *paths;   /* of the inputs */
    GPtrArray *columns; /* names, NULL behind the last */
    guint first_score;  /* column */
    GArray *tests;      /* Test */
};

struct _TsJudgeImage {
    int otsu; /* -1: none */
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
parse_nodata(TsFilters *filters, const char *nodata, GError **error)
{
    filters->has_nodata = nodata != NULL && g_ascii_strcasecmp(nodata, "nan") != 0;
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

static gboolean
find_column(const TsJudge *judge, Test *test, GError **error)
{
    const char *option = test->keep ? "--keep" : "--drop";
    guint n = judge->columns->len - 1;
    for (test->column = 0; test->column < n; test->column++)
        if (strcmp(g_ptr_array_index(judge->columns, test->column), test->rule.name) == 0)
            break;
    if (test->column == n) {
        g_autofree char *known = known_names();
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: '%s' is none of %s", option,
                            test->rule.name, known);
    }
    if (!test->rule.is_number)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "%s: '%s' in '%s' is not a number", option,
                            test->rule.word, test->rule.text);
    return TRUE;
}

static gboolean
set_columns(TsJudge *judge, GError **error)
{
    judge->first_score = judge->columns->len;
    for (guint i = 0; i < judge->filters.n; i++)
        g_ptr_array_add(judge->columns, g_strdup(ts_score_name(judge->filters.scores[i])));
    g_ptr_array_add(judge->columns, NULL);
    for (guint i = 0; i < judge->tests->len; i++)
        if (!find_column(judge, &g_array_index(judge->tests, Test, i), error))
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
        !parse_nodata(&judge->filters, options->nodata, error) ||
        !add_tests(judge, options, error) || !set_columns(judge, error))
        return NULL;
    return g_steal_pointer(&judge);
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
    return 0;
}

gboolean
ts_judge_begin_image(const TsJudge *judge, guint input, TsJudgeImage **state, GError **error)
{
    g_autoptr(TsJudgeImage) made = g_new0(TsJudgeImage, 1);
    const char *path = g_ptr_array_index(judge->paths, input);
    made->otsu = -1;
    for (guint i = 0; i < judge->filters.n; i++)
        if (judge->filters.scores[i] == TS_SCORE_TISSUE &&
            !ts_otsu_of_image(path, &judge->filters, &made->otsu, error))
            return FALSE;
    *state = g_steal_pointer(&made);
    return TRUE;
}

void
ts_judge_image_free(TsJudgeImage *state)
{
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
           ts_filters_measure(&judge->filters, &pixels, state->otsu, numbers, error);
}

/* The first rule that is broken is the reason; a rule to keep is broken by a missing number. */
static void
decide(const TsJudge *judge, const double *numbers, TsVerdict *verdict)
{
    verdict->keep = TRUE;
    for (guint i = 0; i < judge->tests->len && verdict->keep; i++) {
        const Test *test = &g_array_index(judge->tests, Test, i);
        verdict->keep = ts_rule_holds(&test->rule, numbers[test->column]) == test->keep;
        if (!verdict->keep)
            verdict->reason = test->reason;
    }
}

gboolean
ts_judge_look(const TsJudge *judge, const TsJudgeImage *state, const TsTileView *view,
              TsVerdict *verdict, GError **error)
{
    guint n = judge->columns->len - 1;
    g_autofree double *numbers = g_new(double, n + 1);
    char text[TS_NUMBER_MAX];
    *verdict = (TsVerdict){.keep = TRUE};
    if (!measure(judge, state, view, numbers + judge->first_score, error))
        return FALSE;
    verdict->values = g_new0(char *, n + 1);
    verdict->n_values = n;
    for (guint i = 0; i < n; i++)
        if (!isnan(numbers[i]))
            verdict->values[i] = g_strdup(ts_format_double(text, numbers[i]));
    decide(judge, numbers, verdict);
    return TRUE;
}

void
ts_verdict_clear(TsVerdict *verdict)
{
    for (guint i = 0; i < verdict->n_values; i++)
        g_free(verdict->values[i]);
    g_free(verdict->values);
    *verdict = (TsVerdict){0};
}

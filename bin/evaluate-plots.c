/* evaluate --plot: pictures. */
#include "base/error.h"
#include "base/nearest.h"
#include "base/outfile.h"
#include "base/tool.h"
#include "evaluate.h"
#include "stats/plot_judge.h"

#include <string.h>

static const char *const names[] = {"confusion", "reliability", "roc", "pr", NULL};

typedef enum { CONFUSION, RELIABILITY, ROC, PR } Picture;

/* Divide NAME:FILE; `file` is borrowed from `text`. */
static gboolean
parse(const char *text, Picture *picture, const char **file, GError **error)
{
    const char *colon = strchr(text, ':');
    g_autofree char *name =
        colon != NULL ? g_strndup(text, (gsize) (colon - text)) : g_strdup(text);
    for (guint i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], name) == 0) {
            *picture = (Picture) i;
            *file = colon != NULL ? colon + 1 : "";
            return **file != '\0' ||
                   ts_error_set(error, TS_ERROR_ARGUMENT,
                                "--plot: to which file? such as %s:%s.svg", name, name);
        }
    g_autofree char *hint = ts_nearest_hint(name, names);
    return ts_error_set(error, TS_ERROR_ARGUMENT,
                        "--plot: '%s' is no picture%s; there are confusion, reliability, roc and "
                        "pr, such as roc:roc.svg",
                        name, hint);
}

gboolean
evaluate_check_plots(char **plots, GError **error)
{
    for (guint i = 0; plots != NULL && plots[i] != NULL; i++) {
        Picture picture;
        const char *file;
        if (!parse(plots[i], &picture, &file, error))
            return FALSE;
        if (!ts_tool_check_output(file, error))
            return FALSE;
        if (picture == CONFUSION && evaluate_is_multi())
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "--plot: rows with several labels have no confusion matrix");
    }
    return TRUE;
}

static char *
draw_confusion(const Evaluation *self, const char *title, GError **error)
{
    if (self->predictions->n_classes > TS_PLOT_MAX_CLASSES) {
        ts_error_set(error, TS_ERROR_RANGE, "%u classes are too many to draw, at most %d",
                     self->predictions->n_classes, TS_PLOT_MAX_CLASSES);
        return NULL;
    }
    g_autoptr(TsConfusion) confusion = evaluate_count_confusion(self, error);
    return confusion != NULL ? ts_confusion_svg(confusion, title) : NULL;
}

static char *
draw(const Evaluation *self, Picture picture, GError **error)
{
    const TsPredictions *predictions = self->predictions;
    const char *title = ts_manifest_name(self->manifest);
    if (picture == CONFUSION)
        return draw_confusion(self, title, error);
    char *svg = NULL;
    if (picture == RELIABILITY)
        svg = ts_reliability_svg(predictions, title);
    else if (predictions->p != NULL)
        svg = picture == ROC ? ts_roc_svg(predictions, title) : ts_pr_svg(predictions, title);
    if (svg == NULL)
        ts_error_set(error, TS_ERROR_ARGUMENT,
                     "%s needs probabilities, columns p_CLASS such as predict --probabilities "
                     "writes",
                     names[picture]);
    return svg;
}

gboolean
evaluate_write_plots(const Evaluation *self, char **plots, GError **error)
{
    for (guint i = 0; plots != NULL && plots[i] != NULL; i++) {
        Picture picture;
        const char *file;
        if (!parse(plots[i], &picture, &file, error))
            return FALSE;
        g_autofree char *svg = draw(self, picture, error);
        if (svg == NULL) {
            g_prefix_error(error, "--plot: ");
            return FALSE;
        }
        if (!ts_write_file(file, svg, strlen(svg), ts_tool_force(), error))
            return FALSE;
    }
    return TRUE;
}

/* The options of predict that have to be understood: layers, views, scores, lists of classes. */
#include "predict.h"

#include "base/error.h"
#include "base/log.h"
#include "base/number.h"
#include "base/spec.h"
#include "manifest/foreign.h"

#include <string.h>

gboolean
predict_parse_layer(const TsModel *model, const char *layer, const char *pool, gboolean is_wanted,
                    TsPredictorOptions *options, GError **error)
{
    static const char *const pools[] = {"mean", "max", "none", NULL};
    static const TsFeaturesKind kinds[] = {TS_FEATURES_MEAN, TS_FEATURES_MAX, TS_FEATURES_WHOLE};
    guint which = 0;
    while (pool != NULL && pools[which] != NULL && strcmp(pools[which], pool) != 0)
        which++;
    if (pools[which] == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--pool: '%s' is none of mean, max, none",
                            pool);
    if (!is_wanted)
        return pool == NULL || ts_error_set(error, TS_ERROR_ARGUMENT,
                                            "--pool: is about --features, which is not given");
    options->features = kinds[which];
    options->layer = ts_graph_features_layer(model->graph);
    return layer == NULL || ts_graph_find_layer(model->graph, layer, &options->layer, error);
}

/* answers.tsv: answers.npy */
char *
predict_features_path(const char *given, const char *output, GError **error)
{
    if (given != NULL)
        return g_strdup(given);
    if (output == NULL || strcmp(output, "-") == 0) {
        ts_error_set(error, TS_ERROR_ARGUMENT,
                     "--features: into which file? name it with --features-out FILE.npy, or the "
                     "table beside it with -o");
        return NULL;
    }
    const gsize n = strlen(output) - (g_str_has_suffix(output, ".tsv") ? strlen(".tsv") : 0);
    return g_strdup_printf("%.*s.npy", (int) n, output);
}

/* The column threshold of the row of each class. */
static gboolean
read_threshold_table(const char *path, char **classes, double *thresholds, GError **error)
{
    guint of_class, of_threshold;
    g_autoptr(TsManifest) table = ts_manifest_read(path, error);
    if (table == NULL || !ts_manifest_require_column(table, "class", &of_class, error) ||
        !ts_manifest_require_column(table, "threshold", &of_threshold, error))
        return FALSE;
    for (guint c = 0; classes[c] != NULL; c++) {
        g_autofree char *name = ts_escape(classes[c]);
        guint64 row = 0;
        while (row < ts_manifest_n_rows(table) &&
               !ts_cell_equal(ts_manifest_cell(table, row, of_class), name))
            row++;
        if (row == ts_manifest_n_rows(table))
            return ts_error_set(error, TS_ERROR_FORMAT, "%s: there is no threshold of class '%s'",
                                path, classes[c]);
        if (!ts_cell_to_double(ts_manifest_cell(table, row, of_threshold), &thresholds[c]))
            return ts_error_set(error, TS_ERROR_FORMAT,
                                "%s:%" G_GUINT64_FORMAT
                                ": the threshold of class '%s' is no number",
                                path, ts_manifest_line(table, row), classes[c]);
    }
    return TRUE;
}

double *
predict_read_thresholds(const TsModel *model, const char *text, GError **error)
{
    const guint n = g_strv_length(model->classes);
    g_autofree double *thresholds = g_new(double, n);
    double all = 0.5;
    if (!model->multi_label) {
        if (text != NULL)
            ts_error_set(error, TS_ERROR_ARGUMENT,
                         "--threshold: the model answers with one class, not with label sets");
        return NULL;
    }
    if (text != NULL && g_str_has_suffix(text, ".tsv"))
        return read_threshold_table(text, model->classes, thresholds, error)
                   ? g_steal_pointer(&thresholds)
                   : NULL;
    if (text != NULL && !ts_parse_double(text, 0, 1, "--threshold", &all, error))
        return NULL;
    for (guint c = 0; c < n; c++)
        thresholds[c] = all;
    return g_steal_pointer(&thresholds);
}

static gboolean
parse_knn(TsSpec *spec, TsReference **reference, GError **error)
{
    int k;
    const char *path = ts_spec_text(spec, "reference");
    if (!ts_spec_int(spec, "k", 1, 1 << 20, 50, &k, error) || !ts_spec_finish(spec, error))
        return FALSE;
    if (path == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--open-set knn: of which features? give the .npy of the training "
                            "rows, knn:reference=FILE");
    g_clear_pointer(reference, ts_reference_free);
    *reference = ts_reference_read(path, (guint) k, error);
    return *reference != NULL;
}

gboolean
predict_parse_scores(char **scores, gboolean *energy, double *temperature, TsReference **reference,
                     GError **error)
{
    *temperature = 1;
    for (; scores != NULL && *scores != NULL; scores++) {
        g_autoptr(TsSpec) spec = ts_spec_parse(*scores, "--open-set", error);
        if (spec == NULL)
            return FALSE;
        const char *name = ts_spec_name(spec);
        if (strcmp(name, "knn") == 0) {
            if (!parse_knn(spec, reference, error))
                return FALSE;
            continue;
        }
        if (strcmp(name, "energy") != 0)
            return ts_error_set(error, TS_ERROR_ARGUMENT,
                                "--open-set: '%s' is none of energy[:temperature=1], "
                                "knn:reference=FILE[,k=50]",
                                name);
        *energy = TRUE;
        if (!ts_spec_double(spec, "temperature", 1e-6, 1e6, 1, temperature, error) ||
            !ts_spec_finish(spec, error))
            return FALSE;
    }
    return TRUE;
}

/* What two lists of classes differ in; NULL if in nothing. g_free() */
static char *
find_difference(char **ours, const char *const *theirs, const char *name)
{
    const guint n = g_strv_length(ours), m = g_strv_length((char **) theirs);
    for (guint i = 0; i < MIN(n, m); i++)
        if (strcmp(ours[i], theirs[i]) != 0)
            return g_strdup_printf("class %u of the model is '%s', that of %s '%s'", i + 1, ours[i],
                                   name, theirs[i]);
    return n != m ? g_strdup_printf("the model has %u classes, %s %u", n, name, m) : NULL;
}

gboolean
predict_check_classes(const TsModel *model, const char *path, GError **error)
{
    GError *bad = NULL;
    g_auto(GStrv) names = ts_class_list_read(path, &bad);
    if (bad != NULL) {
        g_propagate_error(error, bad);
        return FALSE;
    }
    if (names == NULL)
        return ts_error_set(error, TS_ERROR_IO, "%s: is not there, a list of classes was expected",
                            path);
    g_autofree char *difference =
        find_difference(model->classes, (const char *const *) names, path);
    return difference == NULL ||
           ts_error_set(error, TS_ERROR_FORMAT, "--class-list: %s", difference);
}

void
predict_warn_of_classes(const TsModel *model, const TsManifest *manifest)
{
    const char *const *names = ts_manifest_class_list(manifest);
    if (names == NULL)
        return;
    g_autofree char *difference =
        find_difference(model->classes, names, "classes.txt of the data set");
    if (difference != NULL)
        ts_warning("%s: %s; the answers are the model's classes", ts_manifest_name(manifest),
                   difference);
}

/* What predict says of each row: columns of a table, and rows of an array beside it. */
#include "predict.h"

#include "base/error.h"
#include "base/log.h"
#include "base/number.h"
#include "base/tool.h"

struct _Answers {
    const TsModel *model;
    const TsPredictor *predictor;
    AnswerOptions options;
    guint n_classes, n_columns;
    TsManifestWriter *writer, *rejects;
    TsNpyWriter *features;
    gsize n_features;
    char (*text)[TS_NUMBER_MAX]; /* (n_columns) of the numbers */
    const char **values;         /* (n_columns) of a row */
    double *distances;           /* of a batch */
    GString *set;                /* of labels */
    guint64 n_rows, n_rejected;
};

/* The names of what is added. NULL-terminated, free with g_strfreev(). */
static char **
name_columns(const TsModel *model, const AnswerOptions *options)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    g_strv_builder_add_many(names, "pred", "score", NULL);
    for (int k = 2; k <= options->top_k; k++) {
        g_autofree char *pred = g_strdup_printf("pred_%d", k);
        g_autofree char *score = g_strdup_printf("score_%d", k);
        g_strv_builder_add_many(names, pred, score, NULL);
    }
    for (char **name = model->classes; options->probabilities && *name != NULL; name++) {
        g_autofree char *column = g_strconcat("p_", *name, NULL);
        g_strv_builder_add(names, column);
    }
    if (options->energy)
        g_strv_builder_add(names, "energy");
    if (options->reference != NULL)
        g_strv_builder_add(names, "knn_distance");
    return g_strv_builder_end(names);
}

static gboolean
open_features(Answers *self, GError **error)
{
    TsTensor row = {.dtype = TS_DTYPE_F32};
    row.rank = ts_predictor_features_shape(self->predictor, row.shape);
    row.n_bytes = sizeof(float);
    for (guint i = 0; i < row.rank; i++)
        row.n_bytes *= (gsize) row.shape[i];
    self->n_features = row.n_bytes / sizeof(float);
    if (self->options.reference != NULL &&
        !ts_reference_check(self->options.reference, self->n_features, error))
        return FALSE;
    if (self->options.features == NULL)
        return TRUE;
    self->features = ts_npy_writer_new(self->options.features, &row, ts_tool_force(), error);
    return self->features != NULL;
}

Answers *
answers_new(const char *path, const TsManifest *head, const TsModel *model,
            const TsPredictor *predictor, const AnswerOptions *options, GError **error)
{
    g_autoptr(Answers) self = g_new0(Answers, 1);
    g_auto(GStrv) columns = name_columns(model, options);
    self->model = model;
    self->predictor = predictor;
    self->options = *options;
    self->set = g_string_new(NULL);
    self->n_classes = g_strv_length(model->classes);
    self->n_columns = g_strv_length(columns);
    self->text = g_malloc_n(self->n_columns, TS_NUMBER_MAX);
    self->values = g_new0(const char *, self->n_columns);
    self->distances = g_new0(double, ts_predictor_max_samples(predictor));
    if (!open_features(self, error))
        return NULL;
    self->writer = ts_manifest_writer_new_like(path, head, (const char *const *) columns,
                                               ts_tool_force(), error);
    if (self->writer != NULL && options->rejects != NULL)
        self->rejects =
            ts_manifest_writer_new_like(options->rejects, head, NULL, ts_tool_force(), error);
    const gboolean is_open =
        self->writer != NULL && (options->rejects == NULL || self->rejects != NULL);
    return is_open ? g_steal_pointer(&self) : NULL;
}

/* ---- a row ---- */

/* The class of the largest probability that is not below `than` in the order of (probability, class
 * number); the first of equals. */
static guint
next_best(const double *p, guint n, int than)
{
    int best = -1;
    for (int c = 0; c < (int) n; c++) {
        const gboolean is_behind =
            than < 0 || p[c] < p[than] || (p[c] <= p[than] && p[c] >= p[than] && c > than);
        if (is_behind && (best < 0 || p[c] > p[best]))
            best = c;
    }
    return (guint) best;
}

static void
put_number(Answers *self, guint column, double value)
{
    self->values[column] = ts_format_float(self->text[column], (float) value);
}

/* The labels whose probability reaches their threshold. Borrowed until the next row. */
static const char *
name_set(Answers *self, const double *p)
{
    g_string_truncate(self->set, 0);
    for (guint c = 0; c < self->n_classes; c++)
        if (p[c] >= self->options.thresholds[c])
            g_string_append_printf(self->set, "%s%s", self->set->len > 0 ? ";" : "",
                                   self->model->classes[c]);
    return self->set->str;
}

static void
put_values(Answers *self, const TsAnswers *answers, guint i)
{
    const double *p = answers->probabilities + (gsize) i * self->n_classes;
    guint at = 0;
    int best = -1;
    if (self->options.thresholds != NULL) {
        self->values[at++] = name_set(self, p);
        put_number(self, at++, p[next_best(p, self->n_classes, -1)]);
    }
    for (int k = 0; self->options.thresholds == NULL && k < self->options.top_k; k++) {
        best = (int) next_best(p, self->n_classes, best);
        self->values[at++] = self->model->classes[best];
        put_number(self, at++, p[best]);
    }
    for (guint c = 0; self->options.probabilities && c < self->n_classes; c++)
        put_number(self, at++, p[c]);
    if (self->options.energy)
        put_number(self, at++, answers->energies[i]);
    if (self->options.reference != NULL)
        put_number(self, at++, self->distances[i]);
    g_assert(at == self->n_columns);
}

static gboolean
pass_over(Answers *self, const TsFeedBatch *batch, guint i, GError **error)
{
    if (!self->options.keep_going) {
        g_propagate_error(error, g_error_copy(batch->errors[i]));
        return FALSE;
    }
    ts_warning("%s", batch->errors[i]->message);
    self->n_rejected++;
    return self->rejects == NULL ||
           ts_manifest_writer_copy_row(self->rejects, batch->manifest, batch->rows[i], NULL, error);
}

static gboolean
add_row(Answers *self, const TsFeedBatch *batch, const TsAnswers *answers, guint i, GError **error)
{
    if (batch->errors[i] != NULL)
        return pass_over(self, batch, i, error);
    if (!ts_answers_are_finite(answers, self->n_classes, i)) {
        g_autofree char *where = ts_manifest_where(batch->manifest, batch->rows[i]);
        return ts_error_set(error, TS_ERROR_RANGE,
                            "%s: the model's answer is no number: its weights are damaged, or it "
                            "diverged in training",
                            where);
    }
    put_values(self, answers, i);
    return ts_manifest_writer_copy_row(self->writer, batch->manifest, batch->rows[i], self->values,
                                       error) &&
           (self->features == NULL ||
            ts_npy_writer_append(self->features, answers->features + i * self->n_features, 1,
                                 error));
}

gboolean
answers_add(Answers *self, const TsFeedBatch *batch, const TsAnswers *answers, GError **error)
{
    if (self->options.reference != NULL &&
        !ts_reference_compute(self->options.reference, answers->features, answers->n,
                              self->distances, error))
        return FALSE;
    for (guint i = 0; i < batch->n; i++)
        if (!add_row(self, batch, answers, i, error))
            return FALSE;
    self->n_rows += batch->n;
    return ts_manifest_writer_flush(self->writer, error);
}

guint64
answers_n_rows(const Answers *self)
{
    return self->n_rows;
}

gboolean
answers_commit(Answers *self, GError **error)
{
    if ((self->features != NULL && !ts_npy_writer_commit(self->features, error)) ||
        (self->rejects != NULL && !ts_manifest_writer_commit(self->rejects, error)) ||
        !ts_manifest_writer_commit(self->writer, error))
        return FALSE;
    if (self->n_rejected > 0) {
        ts_log(TS_LOG_ERROR, "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " samples passed over",
               self->n_rejected, self->n_rows);
        ts_tool_set_status(1);
    }
    return TRUE;
}

void
answers_free(Answers *self)
{
    if (self == NULL)
        return;
    ts_manifest_writer_free(self->writer);
    ts_manifest_writer_free(self->rejects);
    ts_npy_writer_free(self->features);
    g_string_free(self->set, TRUE);
    g_free(self->text);
    g_free(self->values);
    g_free(self->distances);
    g_free(self);
}

/* predict: add a model's answer to every row of a data set. */
#include "predict.h"

#include "base/error.h"
#include "base/progress.h"
#include "base/tool.h"
#include "layout/layout.h"

#include <string.h>
#include <unistd.h>

static struct {
    char *model, *output, *root, *split, *class_list, *rejects;
    char *features, *features_out, *pool, *threshold;
    char **tta, **open_set;
    int batch_size, top_k;
    gboolean probabilities, keep_going;
} opt = {.batch_size = 16, .top_k = 1};

static const GOptionEntry entries[] = {
    {"model", 'm', 0, G_OPTION_ARG_FILENAME, &opt.model,
     "Model file that train wrote, or the folder of its run", "MODEL"},
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &opt.output,
     "Write the manifest to FILE (default: standard output)", "FILE"},
    {"root", 0, 0, G_OPTION_ARG_FILENAME, &opt.root, "Where relative file names start", "DIR"},
    {"split", 0, 0, G_OPTION_ARG_STRING, &opt.split, "Only rows with this value of column split",
     "NAME"},
    {"probabilities", 'p', 0, G_OPTION_ARG_NONE, &opt.probabilities,
     "Add a column p_CLASS for each class", NULL},
    {"top-k", 'k', 0, G_OPTION_ARG_INT, &opt.top_k,
     "Add pred_2, score_2 and so on to pred_K, score_K: the next classes (default: 1)", "K"},
    {"threshold", 0, 0, G_OPTION_ARG_STRING, &opt.threshold,
     "Of a model of label sets: pred has the labels of this probability or more, X or a table "
     "FILE.tsv with columns class and threshold (default: 0.5)",
     "X"},
    {"features", 0, 0, G_OPTION_ARG_STRING, &opt.features,
     "Write the activations of LAYER, as modelinfo --layers names it, to a .npy, a row each "
     "(default: what the classifier reads)",
     "LAYER"},
    {"features-out", 0, 0, G_OPTION_ARG_FILENAME, &opt.features_out,
     "Write the features to FILE (default: the output's name with .npy)", "FILE"},
    {"pool", 0, 0, G_OPTION_ARG_STRING, &opt.pool,
     "Features with height and width become their mean, their max, or none of it (default: mean)",
     "HOW"},
    {"tta", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt.tta,
     "Average over views: hflip, flips, d4, five-crop[:scale=0.875]; may be repeated", "VIEWS"},
    {"open-set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt.open_set,
     "Add how strange a sample is: energy[:temperature=1], knn:reference=FILE[,k=50]; may be "
     "repeated",
     "SCORE"},
    {"class-list", 0, 0, G_OPTION_ARG_FILENAME, &opt.class_list,
     "Fail unless the model's classes are the lines of FILE", "FILE"},
    {"keep-going", 0, 0, G_OPTION_ARG_NONE, &opt.keep_going,
     "Pass over samples that cannot be made, name each, and end with status 1", NULL},
    {"rejects", 0, 0, G_OPTION_ARG_FILENAME, &opt.rejects, "Write the rows of these to FILE",
     "FILE"},
    {"batch-size", 'b', 0, G_OPTION_ARG_INT, &opt.batch_size,
     "Images that go through the network together (default: 16)", "N"},
    G_OPTION_ENTRY_NULL,
};

/* Where the rows come from. */
typedef struct {
    TsRowStream *stream; /* standard input, or NULL */
    TsManifest *manifest;
    guint64 n; /* rows; 0: not known */
} Input;

static void
input_clear(Input *input)
{
    ts_row_stream_free(input->stream);
    ts_manifest_free(input->manifest);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Input, input_clear)

static gboolean
open_input(const char *dataset, Input *input, GError **error)
{
    if (strcmp(dataset, "-") == 0) {
        input->stream = ts_row_stream_new(STDIN_FILENO, "standard input", error);
        if (input->stream != NULL && opt.root != NULL)
            ts_row_stream_set_folder(input->stream, opt.root);
        return input->stream != NULL;
    }
    input->manifest = ts_layout_read(dataset, error);
    if (input->manifest == NULL)
        return FALSE;
    if (opt.root != NULL)
        ts_manifest_set_folder(input->manifest, opt.root);
    g_free(ts_manifest_select(input->manifest, "split", opt.split, &input->n));
    return TRUE;
}

/* What reads the rows, what asks the model, and what writes the answers. */
typedef struct {
    TsModel *model;
    TsReference *reference;
    char *features;
    double *thresholds;
    TsPredictor *predictor;
    TsFeed *feed;
    Answers *answers;
} Job;

static void
job_clear(Job *job)
{
    answers_free(job->answers);
    ts_feed_free(job->feed);
    ts_predictor_free(job->predictor);
    ts_reference_free(job->reference);
    ts_model_free(job->model);
    g_free(job->features);
    g_free(job->thresholds);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Job, job_clear)

static gboolean
open_model(Job *job, guint64 n_rows, TsViews *views, TsPredictorOptions *how, AnswerOptions *what,
           GError **error)
{
    if (!predict_parse_scores(opt.open_set, &what->energy, &how->temperature, &job->reference,
                              error))
        return FALSE;
    what->reference = job->reference;
    const gboolean writes = opt.features != NULL || opt.features_out != NULL;
    if (writes &&
        (job->features = predict_features_path(opt.features_out, opt.output, error)) == NULL)
        return FALSE;
    what->features = job->features;
    job->model = ts_model_map(opt.model, error);
    if (job->model == NULL ||
        (opt.class_list != NULL && !predict_check_classes(job->model, opt.class_list, error)) ||
        !ts_views_parse((const char *const *) opt.tta, &job->model->preprocess, views, error) ||
        !predict_parse_layer(job->model, opt.features, opt.pool, writes || job->reference != NULL,
                             how, error))
        return FALSE;
    GError *failure = NULL;
    what->thresholds = job->thresholds =
        predict_read_thresholds(job->model, opt.threshold, &failure);
    if (failure != NULL) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    if (job->model->multi_label && opt.top_k != 1)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--top-k: the model answers with label sets, -p shows them all");
    if (opt.top_k < 1 || opt.top_k > (int) g_strv_length(job->model->classes))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--top-k: %d is outside of 1 to %u, the classes of the model",
                            opt.top_k, g_strv_length(job->model->classes));
    how->n_views = ts_views_n(views);
    how->batch_size = (guint) opt.batch_size;
    if (n_rows > 0) /* a net for fewer samples costs less */
        how->batch_size = (guint) MIN(how->batch_size, n_rows * how->n_views);
    return TRUE;
}

/* The first pictures are read while the net is compiled. */
static gboolean
open_job(Job *job, const Input *input, GError **error)
{
    TsViews views;
    TsPredictorOptions model_how = {0};
    AnswerOptions what = {.top_k = opt.top_k,
                          .probabilities = opt.probabilities,
                          .rejects = opt.rejects,
                          .keep_going = opt.keep_going};
    if (!open_model(job, input->n, &views, &model_how, &what, error))
        return FALSE;
    const TsFeedOptions how = {.batch_size = ts_predictor_samples_of(&model_how),
                               .views = &views,
                               .split = opt.split,
                               .keep_going = opt.keep_going};
    const TsManifest *head =
        input->stream != NULL ? ts_row_stream_head(input->stream) : input->manifest;
    predict_warn_of_classes(job->model, head);
    job->feed = input->stream != NULL
                    ? ts_feed_new_stream(input->stream, &job->model->preprocess, &how, error)
                    : ts_feed_new_table(input->manifest, &job->model->preprocess, &how, error);
    if (job->feed == NULL ||
        (job->predictor = ts_predictor_new(job->model, &model_how, error)) == NULL)
        return FALSE;
    job->answers = answers_new(opt.output != NULL ? opt.output : "-", head, job->model,
                               job->predictor, &what, error);
    return job->answers != NULL;
}

static gboolean
answer_all(Job *job, const Input *input, GError **error)
{
    g_autoptr(TsProgress) progress = ts_progress_new("predict", input->n, "samples");
    const TsFeedBatch *batch;
    GError *failure = NULL;
    while ((batch = ts_feed_next(job->feed, &failure)) != NULL) {
        const TsAnswers *answers = ts_predictor_run(job->predictor, batch->pixels, batch->n, error);
        if (answers == NULL || !answers_add(job->answers, batch, answers, error))
            return FALSE;
        ts_progress_add(progress, batch->n);
    }
    if (failure != NULL) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    return TRUE;
}

static gboolean
check_options(GError **error)
{
    if (opt.model == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "with which model? give its file or the folder of a run with -m MODEL");
    if (opt.batch_size < 1)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--batch-size: %d is below 1",
                            opt.batch_size);
    if (opt.rejects != NULL && !opt.keep_going)
        return ts_error_set(error, TS_ERROR_ARGUMENT, "--rejects: needs --keep-going");
    return TRUE;
}

static gboolean
run(int n_args, char **args, GError **error)
{
    g_auto(Input) input = {0};
    g_auto(Job) job = {0};
    const char *dataset = n_args > 0 ? args[0] : "-";
    if (!check_options(error) || !open_input(dataset, &input, error) ||
        !open_job(&job, &input, error) || !answer_all(&job, &input, error))
        return FALSE;
    if (opt.split != NULL && answers_n_rows(job.answers) == 0)
        return ts_error_set(error, TS_ERROR_FORMAT, "%s: no row has split '%s'",
                            input.stream != NULL ? "standard input" : dataset, opt.split);
    return answers_commit(job.answers, error);
}

int
main(int argc, char **argv)
{
    static const TsTool tool = {
        .name = "predict",
        .arguments = "[DATASET]",
        .summary = "Add a model's answer to every row of a data set.",
        .description =
            "DATASET is a manifest (.tsv), a folder of pictures, another layout of\n"
            "tessera-manifest(5), or - for a manifest on standard input (the default), whose\n"
            "rows are answered as they arrive. They come out with the columns pred (the class)\n"
            "and score (its probability). Classes, input size and normalisation come from the\n"
            "model file.",
        .examples =
            "  predict -m run/model.safetensors pictures/ >answers.tsv\n"
            "  predict -m run/model.safetensors --split test tiles.tsv | evaluate\n"
            "  predict -m run/model.safetensors --features-out f.npy tiles.tsv >answers.tsv\n"
            "  tile --virtual big.tif | predict -m run/model.safetensors -p - |\n"
            "      untile --heatmap tumour -o heat.png",
        .flags =
            TS_TOOL_THREADS | TS_TOOL_PROGRESS | TS_TOOL_FORCE | TS_TOOL_COMPUTE | TS_TOOL_MEMORY,
        .min_args = 0,
        .max_args = 1,
        .options = entries,
        .run = run,
    };
    return ts_tool_main(&tool, argc, argv);
}

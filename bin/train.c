/* train: learn a classifier from a data set, into a run folder. */
#include "train.h"

#include "base/tool.h"
#include "nn/models/models.h"

static const TsToolPart parts[] = {{"Samples:", train_data_options},
                                   {"Model:", train_model_options},
                                   {"Computation:", train_compute_options},
                                   {"Optimizer:", train_optimizer_options},
                                   {"Length and learning rate:", train_rate_options},
                                   {"Loss and imbalance:", train_loss_options},
                                   {"The run:", train_watch_options},
                                   {"By hand:", train_hand_options},
                                   {NULL, NULL}};

static char **command_line;

static gboolean
run(int n_args, char **args, GError **error)
{
    TsRunOptions options = {.dataset = n_args > 0 ? args[0] : "-",
                            .command = (const char *const *) command_line,
                            .seed = ts_tool_seed()};
    return train_fill(&options, error) && train_model_fill(&options, error) &&
           train_run(&options, error);
}

static const char description_text[] =
    "DATASET is a manifest (.tsv), a folder with a folder for each class, another layout\n"
    "of tessera-manifest(5), or - for a manifest on standard input (the default).\n"
    "Rows with split=train are learned from,\n"
    "rows with split=val are validated on after each epoch; without a split column all\n"
    "rows are learned from. An iteration is one update of the weights by one batch, an\n"
    "epoch is one pass over the training rows.\n\n"
    "RUN then holds model.safetensors (best epoch), last.ckpt (for --resume), history.csv,\n"
    "run.json and events for TensorBoard. A signal saves the run and ends with status 3.\n\n"
    "Models, with their options and defaults:\n";

int
main(int argc, char **argv)
{
    g_autofree char *models = ts_model_graph_help();
    g_autofree char *optimizers = ts_optimizer_help();
    g_autofree char *description = g_strconcat(
        description_text, models, "\n\nOptimizers, with the learning rates that they begin with:\n",
        optimizers, "\n\nSchedules:\n", ts_schedule_help(), "\n\nLosses:\n", ts_loss_help(),
        "\n\nSamplers:\n", ts_sampler_help(), "\n\nMixes:\n", ts_mix_help(), "\n\nCallbacks:\n",
        ts_callback_help(), NULL);
    const TsTool tool = {
        .name = "train",
        .arguments = "[DATASET]",
        .summary = "Learn a classifier from a data set, into a run folder.",
        .description = description,
        .examples = "  train --dry-run tiles.tsv\n"
                    "  train -o run --epochs 30 --early-stopping 5 tiles.tsv\n"
                    "  rebalance tiles.tsv | train -o run --optimizer adam --lr 0.002",
        .flags = TS_TOOL_THREADS | TS_TOOL_SEED | TS_TOOL_PROGRESS | TS_TOOL_FORCE |
                 TS_TOOL_FORMAT | TS_TOOL_COMPUTE,
        .min_args = 0,
        .max_args = 1,
        .parts = parts,
        .run = run,
    };
    command_line = g_strdupv(argv);
    int status = ts_tool_main(&tool, argc, argv);
    g_strfreev(command_line);
    return status;
}

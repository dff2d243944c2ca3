"""train --dump: the step of the files, computed again with PyTorch from index.tsv alone."""

import csv
import json

import numpy as np
import pytest
import torch
from conftest import BUILD
from torch.nn import functional

MODELS = ["cnn:width=4,dropout=0.3", "mlp:hidden=9", "resnet18:stem=small,width=8"]


def read_settings(text):
    return dict(pair.split("=") for pair in text.split(",")) if text else {}


class Step:
    """The folder of a step: arrays by name, layers in their order."""

    def __init__(self, folder):
        self.folder = folder
        with open(folder / "index.tsv", encoding="utf-8", newline="") as file:
            self.rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
        for row in self.rows:
            if row["file"] == r"\N":
                assert row["op"] in ("norm", "add")
                continue
            array = np.load(folder / row["file"])
            assert "x".join(map(str, array.shape)) == row["shape"]
        self.settings = json.loads((folder / "step.json").read_text())

    def array(self, file):
        return np.load(self.folder / (file + ".npy"))

    def part(self, what):
        prefix = len(what) + 1
        return {row["file"][prefix:-4]: np.load(self.folder / row["file"])
                for row in self.rows if row["what"] == what and row["file"] != r"\N"}

    def layers(self):
        return [row for row in self.rows if row["what"] == "activations"]


def compute(layer, inputs, params, out):
    """One layer by PyTorch's functions; dropout's mask is taken from what was dumped."""
    op, how = layer["op"], read_settings(layer["settings"])
    name = layer["layer"].split("-", 1)[1]
    if op == "conv":
        return functional.conv2d(inputs[0], params[name + ".weight"], params.get(name + ".bias"),
                                 int(how["stride"]), int(how["pad"]), 1, int(how["groups"]))
    if op == "norm":
        return functional.batch_norm(
            inputs[0], params[name + ".running_mean"], params[name + ".running_var"],
            params[name + ".weight"], params[name + ".bias"], True, float(how["momentum"]),
            float(how["epsilon"]))
    if op == "pool":
        if how["kernel"] == "all":
            return inputs[0].mean((2, 3), keepdim=True)
        pool = {"max": functional.max_pool2d, "avg": functional.avg_pool2d}[how["kind"]]
        return pool(inputs[0], int(how["kernel"]), int(how["stride"]), int(how["pad"]))
    if op == "dropout":
        return inputs[0] * torch.tensor(out != 0) / (1 - float(how["rate"]))
    if op == "linear":
        return functional.linear(inputs[0].flatten(1), params[name + ".weight"],
                                 params[name + ".bias"])
    return {"relu": lambda: torch.relu(inputs[0]), "add": lambda: inputs[0] + inputs[1],
            "flatten": lambda: inputs[0].flatten(1)}[op]()


def close(ours, theirs, name, bound=1e-4):
    """Within a bound of the whole array's length."""
    difference = np.linalg.norm((ours - theirs.reshape(ours.shape)).astype(np.float64))
    assert difference <= bound * np.linalg.norm(theirs.astype(np.float64)) + 1e-7, name


def write_sets(path):
    """The shapes with a set of labels each, the empty one too."""
    rows = (BUILD / "sample_data" / "shapes.tsv").read_text().splitlines()
    sets = ["disc", "square;disc", "", "triangle;square;disc"]
    rows[1:] = ["\t".join([row.split("\t")[0], sets[i % 4], "x"]) for i, row in enumerate(rows[1:])]
    path.write_text("\n".join(rows) + "\n")


def write_weighted(path):
    """The shapes with a weight each, none too."""
    rows = (BUILD / "sample_data" / "shapes.tsv").read_text().splitlines()
    weights = ["weight", *[str(i % 5 / 2) for i in range(len(rows) - 1)]]
    path.write_text("".join(f"{row}\t{weight}\n"
                            for row, weight in zip(rows, weights, strict=True)))


@pytest.mark.parametrize("kind", ["classes", "weighted", "sets"])
@pytest.mark.parametrize("architecture", MODELS)
def test_pytorch_computes_the_same_step(architecture, kind, tool, tmp_path):
    lr = 0.05
    dataset = BUILD / "sample_data" / "shapes.tsv"
    more = []
    if kind == "weighted":
        more = ["--root", str(dataset.parent)]
        dataset = tmp_path / "weighted.tsv"
        write_weighted(dataset)
    if kind == "sets":
        more = ["--multi-label", "--pos-weights", "positive", "--root", str(dataset.parent)]
        dataset = tmp_path / "sets.tsv"
        write_sets(dataset)
    tool("train", "-q", "--dump", str(tmp_path / "step"), "-m", architecture, "-s", "16x16", "-b",
         "8", "--optimizer", "sgd", "--lr", str(lr), "--weight-decay", "0.01", "--kernels", "direct",
         "--schedule", "constant", *more, str(dataset))
    step = Step(tmp_path / "step")
    params = {name: torch.tensor(value, requires_grad="running" not in name)
              for name, value in step.part("before").items()}
    values = {}
    for layer in step.layers():
        name = layer["layer"]
        shown = layer["file"] != r"\N"
        out = np.load(tmp_path / "step" / layer["file"]) if shown else None
        if layer["op"] == "input":
            values[name] = torch.tensor(step.array("input"))
        else:
            inputs = [values[i] for i in layer["inputs"].split(",")]
            values[name] = compute(layer, inputs, params, out)
            if values[name].requires_grad:
                values[name].retain_grad()
        if shown:
            close(out, values[name].detach().numpy(), name)
    logits = values[step.layers()[-1]["layer"]]
    if kind == "sets":
        counts = np.array([32, 21, 10])  # of 42 rows: disc, square, triangle
        weight = torch.tensor((42 - counts) / counts)
        criterion = torch.nn.BCEWithLogitsLoss(pos_weight=weight.float())
        loss = criterion(logits.flatten(1), torch.tensor(step.array("targets")))
    else:
        losses = functional.cross_entropy(logits.flatten(1),
                                          torch.tensor(step.array("labels")).long(),
                                          reduction="none")
        weights = torch.tensor(step.array("sample_weights"))
        assert (weights.unique().numel() > 1) == (kind == "weighted")
        loss = (losses * weights).sum() / weights.sum()
    assert step.array("loss")[0] == pytest.approx(loss.item(), rel=1e-5)
    loss.backward()
    gradients, layers = step.part("gradients"), step.part("activation_gradients")
    shown = {layer["layer"] for layer in step.layers() if layer["file"] != r"\N"}
    assert set(layers) == {name for name in shown if values[name].requires_grad}
    for name, gradient in gradients.items():
        close(gradient, params[name].grad.numpy(), name)
    for name, gradient in layers.items():
        close(gradient, values[name].grad.numpy(), name)
    # The first step of SGD: the velocity is the gradient, and weights alone decay.
    for name, after in step.part("after").items():
        before = params[name].detach().numpy()
        if name in gradients:
            decay = 0.01 * before if before.ndim > 1 else 0
            before = before - lr * (params[name].grad.numpy() + decay)
        close(after, before, name)
    assert step.settings["learning_rate"] == lr
    assert np.all(np.diff(np.sort(step.array("rows"))) > 0)


@pytest.mark.parametrize("mix", ["mixup:alpha=1", "cutmix", "remix:tau=0.3,kappa=1.5"])
def test_a_mixed_step_is_dumped_with_its_shares(mix, tool, tmp_path):
    """Pictures are mixed with those of the batch in reverse, and the loss follows the shares."""
    def dump(name, *more):
        tool("train", "-q", "--dump", str(tmp_path / name), "-m", "mlp:hidden=9", "-s", "16x16",
             "-b", "8", *more, str(BUILD / "sample_data" / "shapes.tsv"))
        return Step(tmp_path / name)
    plain, mixed = dump("plain"), dump("mixed", "--mix", mix)
    assert np.array_equal(plain.array("rows"), mixed.array("rows"))
    own, got = plain.array("input"), mixed.array("input")
    other, labels = own[::-1], torch.tensor(mixed.array("labels")).long()
    assert np.array_equal(mixed.array("other_labels"), labels.numpy()[::-1])
    shares = mixed.array("shares")
    if mix.startswith("cutmix"):
        pasted = np.any(got != own, axis=(0, 1))
        assert np.array_equal(got, np.where(pasted, other, own))
        ys, xs = np.nonzero(pasted)
        area = (np.ptp(ys) + 1) * (np.ptp(xs) + 1)
        assert shares == pytest.approx(np.full(8, 1 - area / 256), abs=1e-6)
    else:
        flat = (own - other).ravel()
        share = np.dot((got - other).ravel(), flat) / np.dot(flat, flat)
        assert np.allclose(got, share * own + (1 - share) * other, atol=1e-5)
        assert 0 < share < 1 and (mix.startswith("remix") or np.allclose(shares, share, atol=1e-6))
        assert all(np.isclose(s, share, atol=1e-6) or s in (0, 1) for s in shares)
    logits = torch.tensor(mixed.part("activations")[mixed.layers()[-1]["layer"]]).flatten(1)
    each = [functional.cross_entropy(logits, torch.tensor(target.copy()).long(), reduction="none")
            for target in (labels.numpy(), mixed.array("other_labels"))]
    share = torch.tensor(shares)
    loss = (share * each[0] + (1 - share) * each[1]).mean()
    assert mixed.array("loss")[0] == pytest.approx(loss.item(), rel=1e-5)

"""A whole run, small, from pictures to the numbers that other programs read from its folder."""

import csv
import shutil
import subprocess

import numpy as np
import pytest
import safetensors
from conftest import BUILD
from sklearn import metrics

EPOCHS_BEFORE, EPOCHS = 2, 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the sample pictures are, and split.tsv, every third row of it for validation."""
    folder = tmp_path_factory.mktemp("run")
    shutil.copytree(BUILD / "sample_data" / "shapes", folder / "shapes")
    lines = (BUILD / "sample_data" / "shapes.tsv").read_text().splitlines()
    split = ["split"] + ["val" if i % 3 == 0 else "train" for i in range(1, len(lines))]
    (folder / "split.tsv").write_text(
        "".join(f"{line}\t{name}\n" for line, name in zip(lines, split, strict=True)))
    return folder


@pytest.fixture(scope="module")
def history(folder):
    """Train, go on in a second process, and read history.csv: a dict of numbers for each epoch."""
    for epochs in [EPOCHS_BEFORE, EPOCHS]:
        subprocess.run([BUILD / "bin" / "train", "-q", "-o", "run", "-b", "8", "--seed", "1",
                        "--resume", "-e", str(epochs), "split.tsv"], cwd=folder, check=True)
    with open(folder / "run" / "history.csv", newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def test_the_model_file_opens_in_the_safetensors_package(folder, history):
    with safetensors.safe_open(folder / "run" / "model.safetensors", "np") as file:
        assert file.metadata()["classes"].split("\t") == ["disc", "square", "triangle"]
        best = min(history, key=lambda row: row["val_loss"])
        assert float(file.metadata()["val_loss"]) == best["val_loss"]
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    assert tensors["fc.bias"].shape == (3,)
    assert all(np.isfinite(tensor).all() for tensor in tensors.values())


def test_tensorboard_shows_the_run_each_point_once(folder, history, board_at):
    board = board_at(folder)
    assert [row["epoch"] for row in history] == list(range(1, EPOCHS + 1))
    curves = {"loss/train": "loss", "accuracy/train": "accuracy", "loss/val": "val_loss",
              "accuracy/val": "val_accuracy", "balanced_accuracy/val": "val_balanced_accuracy",
              "learning_rate": "learning_rate"}
    for tag, column in curves.items():
        points = board.ask_until(lambda answer: len(answer) == EPOCHS, "plugin/scalars/scalars",
                                 run="run", tag=tag)
        assert [value for _, _, value in points] == pytest.approx(
            [row[column] for row in history], rel=1e-6)
    steps = [step for _, step, _ in points]
    batches = board.ask("plugin/scalars/scalars", run="run", tag="batch/loss")
    assert [step for _, step, _ in batches] == list(range(1, steps[-1] + 1))


def test_evaluate_behind_predict_gives_the_accuracy_of_the_best_epoch(folder, history, tool):
    answers = tool("predict", "-q", "-m", folder / "run" / "model.safetensors", "--split", "val",
                   folder / "split.tsv")
    rows = list(csv.DictReader(answers.splitlines(), delimiter="\t"))
    truth, predicted = [row["label"] for row in rows], [row["pred"] for row in rows]
    table = tool("evaluate", "--metrics", "accuracy,balanced_accuracy", stdin=answers)
    ours = [float(line.split("\t")[1]) for line in table.splitlines()[1:]]
    best = min(history, key=lambda row: row["val_loss"])
    assert ours == pytest.approx([best["val_accuracy"], best["val_balanced_accuracy"]])
    assert ours == pytest.approx([metrics.accuracy_score(truth, predicted),
                                  metrics.balanced_accuracy_score(truth, predicted)])

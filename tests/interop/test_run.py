"""A whole run, small, from pictures to the numbers that other programs read from its folder."""

import csv
import io
import shutil
import subprocess

import numpy as np
import pytest
import safetensors
from conftest import BUILD
from PIL import Image
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


def parameter_names(folder):
    with safetensors.safe_open(folder / "run" / "model.safetensors", "np") as file:
        return sorted(name for name in file.keys() if "running" not in name)


def test_tensorboard_shows_distributions_of_weights_and_gradients(folder, history, board_at):
    board = board_at(folder)
    tags = board.ask_until(lambda answer: answer.get("run"), "plugin/histograms/tags")["run"]
    expected = {f"{kind}/{name}" for kind in ["weights", "gradients"]
                for name in parameter_names(folder)}
    assert set(tags) == expected
    answer = board.ask("plugin/histograms/histograms", run="run", tag="weights/fc.weight")
    assert [step for _, step, _ in answer] == [4 * epoch for epoch in range(1, EPOCHS + 1)]
    with safetensors.safe_open(folder / "run" / "last.ckpt", "np") as file:
        weights = file.get_tensor("fc.weight")
    bins = np.array(answer[-1][2])
    assert bins[:, 2].sum() == pytest.approx(weights.size)
    assert bins[0, 0] <= weights.min() and bins[-1, 1] >= weights.max()
    np.testing.assert_allclose(
        np.cumsum(bins[:, 2]), [np.count_nonzero(weights <= right) for right in bins[:, 1]])
    answer = board.ask_until(lambda answer: len(answer) == EPOCHS, "plugin/histograms/histograms",
                             run="run", tag="gradients/fc.weight")
    gradients = np.array(answer[-1][2])
    assert gradients[:, 2].sum() == pytest.approx(weights.size)
    assert gradients[0, 0] < 0 < gradients[-1, 1]
    assert gradients[:, 2].max() < weights.size / 2


def test_tensorboard_shows_the_graph(folder, history, board_at):
    board = board_at(folder)
    answer = board.ask_until(lambda answer: answer.get("run"), "plugin/graphs/info")
    assert answer["run"]["run_graph"]
    graph = board.ask_text("plugin/graphs/graph", run="run")
    nodes = [part for part in graph.split("node {")[1:]]
    names = [part.split('name: "')[1].split('"')[0] for part in nodes]
    assert "stage1/conv1" in names and names[-1] == "fc" and len(set(names)) == len(names)
    for part in nodes:
        inputs = [text.split('"')[0] for text in part.split('input: "')[1:]]
        assert all(name in names for name in inputs)
    assert "kernel=3 stride=1 pad=1" in graph


def picture(board, tag, index):
    answers = board.ask_until(lambda answer: len(answer) > 0, "plugin/images/images",
                              run="run", tag=tag, sample=0)
    png = board.ask_bytes("plugin/images/individualImage?" + answers[index]["query"])
    return answers, np.array(Image.open(io.BytesIO(png)))


def test_tensorboard_shows_samples_mistakes_and_the_confusion_matrix(folder, history, board_at):
    board = board_at(folder)
    answers, samples = picture(board, "samples/train", 0)
    # The eight samples of the first batch, three in a row.
    height, width = (side // 3 for side in samples.shape[:2])
    tiles = [samples[y * height:(y + 1) * height, x * width:(x + 1) * width].tobytes()
             for y in range(3) for x in range(3)]
    sources = set()
    for path in (folder / "shapes").rglob("*.png"):
        sources.add(np.array(Image.open(path)).tobytes())
    assert len(answers) == 1 and sum(tile in sources for tile in tiles) == 8

    # Its picture shows each class's row of shares: the darkest cell is the most frequent answer.
    answers, matrix = picture(board, "confusion/val", -1)
    assert len(answers) == EPOCHS
    subprocess.run([BUILD / "bin" / "predict", "-q", "-m", "run/last.ckpt", "--force", "-o",
                    "last.tsv", "split.tsv"], cwd=folder, check=True)
    with open(folder / "last.tsv", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["split"] == "val"]
    classes = ["disc", "square", "triangle"]
    counts = metrics.confusion_matrix([row["label"] for row in rows],
                                      [row["pred"] for row in rows], labels=classes)
    cell = matrix.shape[0] // 3
    shares = (255 - matrix[cell // 2::cell, cell // 2::cell, 0].astype(float)) / 247
    np.testing.assert_allclose(shares, counts / counts.sum(1, keepdims=True), atol=0.003)

    wrong = sum(row["label"] != row["pred"] for row in rows)
    text = board.ask("plugin/text/text", run="run", tag="mistakes/val/text_summary")[-1]["text"]
    assert text.count("<tr>") - 1 == min(wrong, 36)
    if wrong > 0:
        _, mistakes = picture(board, "mistakes/val", -1)
        files = [row["file_name"] for row in rows if row["label"] != row["pred"]]
        first = np.array(Image.open(folder / files[0]))
        height, width = first.shape[:2]
        shown = [mistakes[y:y + height, x:x + width]
                 for y in range(0, mistakes.shape[0] - height + 1, height)
                 for x in range(0, mistakes.shape[1] - width + 1, width)]
        assert any(np.array_equal(tile, first) for tile in shown)


def test_tensorboard_shows_the_command_line(folder, history, board_at):
    board = board_at(folder)
    answer = board.ask_until(lambda answer: len(answer) > 0, "plugin/text/text", run="run",
                             tag="command/text_summary")
    assert "-q -o run -b 8 --seed 1 --resume -e 2 split.tsv" in answer[0]["text"]


def test_tensorboard_shows_the_settings_in_a_table_of_runs(folder, history, board_at):
    board = board_at(folder)
    query = {"experimentName": "", "allowedStatuses": [], "sliceSize": 10, "startIndex": 0}
    experiment = board.ask_until(lambda answer: answer.get("hparamInfos"),
                                 "plugin/hparams/experiment", post={})
    names = {info["name"] for info in experiment["hparamInfos"]}
    assert {"model", "optimizer", "learning_rate", "batch_size", "schedule", "loss"} <= names
    metrics = {info["name"]["tag"] for info in experiment["metricInfos"]}
    assert {"loss/val", "accuracy/val"} <= metrics
    query["allowedStatuses"] = ["STATUS_SUCCESS", "STATUS_RUNNING", "STATUS_UNKNOWN"]
    query["colParams"] = [{"metric": {"tag": "loss/val"}, "includeInResult": True}]
    query["colParams"] += [{"hparam": name, "includeInResult": True}
                           for name in ["batch_size", "optimizer", "learning_rate"]]
    (group,) = board.ask("plugin/hparams/session_groups", post=query)["sessionGroups"]
    assert group["hparams"]["batch_size"] == 8 and group["hparams"]["optimizer"] == "sgd"
    assert group["hparams"]["learning_rate"] == 0.05
    (session,) = group["sessions"]
    assert session["status"] == "STATUS_SUCCESS" and session["startTimeSecs"] > 0
    (metric,) = (metric for metric in group["metricValues"]
                 if metric["name"]["tag"] == "loss/val")
    assert metric["value"] == pytest.approx(history[-1]["val_loss"], rel=1e-6)


def test_tensorboard_shows_precision_and_recall_of_each_class(folder, history, board_at):
    board = board_at(folder)
    tags = board.ask_until(lambda answer: answer.get("run"), "plugin/pr_curves/tags")["run"]
    assert set(tags) == {"pr/disc", "pr/square", "pr/triangle"}
    subprocess.run([BUILD / "bin" / "predict", "-q", "-m", "run/last.ckpt", "--force", "-o",
                    "curves.tsv", "--probabilities", "split.tsv"], cwd=folder, check=True)
    with open(folder / "curves.tsv", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["split"] == "val"]
    for name in ["disc", "square", "triangle"]:
        curves = board.ask("plugin/pr_curves/pr_curves", run="run", tag=f"pr/{name}")["run"]
        assert len(curves) == EPOCHS
        truth = np.array([row["label"] == name for row in rows])
        scores = np.array([float(row[f"p_{name}"]) for row in rows])
        for precision, recall, threshold in zip(
                curves[-1]["precision"], curves[-1]["recall"], curves[-1]["thresholds"],
                strict=True):
            taken = scores >= threshold
            assert recall == pytest.approx(truth[taken].sum() / truth.sum(), abs=1e-6)
            if taken.any():
                assert precision == pytest.approx(truth[taken].mean(), abs=1e-6)

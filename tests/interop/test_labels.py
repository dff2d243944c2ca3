"""Label sets: what train and predict say of them against scikit-learn."""

import csv

import numpy as np
import pytest
from conftest import BUILD
from sklearn import metrics
from test_dump import write_sets


def read(path, delimiter):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter, quoting=csv.QUOTE_NONE))


def test_metrics_of_validation_equal_scikit_learn(tool, tmp_path):
    write_sets(tmp_path / "sets.tsv")
    rows = (tmp_path / "sets.tsv").read_text().splitlines()
    rows = [row + "\t" + ("split" if i == 0 else "val" if i % 3 == 0 else "train")
            for i, row in enumerate(rows)]
    (tmp_path / "sets.tsv").write_text("\n".join(rows) + "\n")
    run, root = str(tmp_path / "run"), str(BUILD / "sample_data")
    tool("train", "-q", "--multi-label", "-o", run, "--epochs", "1", "-b", "8", "-m", "mlp:hidden=9",
         "-s", "16x16", "--lr", "0.02", "--root", root, str(tmp_path / "sets.tsv"))
    tool("predict", "-p", "-m", run + "/model.safetensors", "-o", str(tmp_path / "answers.tsv"),
         "--split", "val", "--root", root, str(tmp_path / "sets.tsv"))
    logged = read(tmp_path / "run" / "history.csv", ",")[-1]
    answers = read(tmp_path / "answers.tsv", "\t")
    names = ["disc", "square", "triangle"]
    p = np.array([[float(row["p_" + name]) for name in names] for row in answers])
    truth = np.array([[name in row["label"].split(";") for name in names] for row in answers])
    said = p >= 0.5
    assert [row["pred"] for row in answers] == [
        ";".join(np.array(names)[row]) for row in said]
    expected = {
        "val_loss": metrics.log_loss(truth.ravel(), p.ravel()),
        "val_accuracy": metrics.accuracy_score(truth, said),
        "val_macro_f1": metrics.f1_score(truth, said, average="macro", zero_division=0),
        "val_micro_f1": metrics.f1_score(truth, said, average="micro", zero_division=0),
        "val_map": metrics.average_precision_score(truth, p, average="macro"),
    }
    for name, value in expected.items():
        assert float(logged[name]) == pytest.approx(value, rel=1e-4), name

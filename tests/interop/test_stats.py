"""Metrics, class weights and resampling against scikit-learn and imbalanced-learn."""

import collections
import csv
import io
import json

import numpy as np
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler
from sklearn import metrics
from sklearn.utils.class_weight import compute_class_weight

NAMES = ["ant", "bee", "cat's ear", "dog", "Eel", "été", "fox", "猫"]


def manifest(**columns):
    """Columns of texts as a manifest."""
    rows = [columns.keys(), *zip(*columns.values(), strict=True)]
    return "".join("\t".join(row) + "\n" for row in rows)


def predictions(seed):
    """Truth and predictions of a classifier that is right for a share of the rows.

    The classes are uneven, and some seeds leave out classes in one of the two."""
    rng = np.random.default_rng(seed)
    n, n_classes = int(rng.integers(1, 400)), int(rng.integers(1, len(NAMES) + 1))
    shares = rng.dirichlet(np.full(n_classes, 0.5))
    truth = rng.choice(n_classes, n, p=shares)
    guess = rng.integers(0, rng.integers(1, n_classes + 1), n)
    predicted = np.where(rng.random(n) < rng.random(), truth, guess)
    names = np.array(NAMES)
    return names[truth], names[predicted]


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@pytest.mark.filterwarnings("ignore:A single label was found")
@pytest.mark.parametrize("seed", range(25))
def test_metrics_are_scikit_learns(tool, seed):
    truth, predicted = predictions(seed)
    report = json.loads(tool("evaluate", "--format", "json", "--confusion",
                             stdin=manifest(label=truth, pred=predicted)))
    ours = report["metrics"]
    assert ours["rows"] == len(truth)
    assert ours["accuracy"] == pytest.approx(metrics.accuracy_score(truth, predicted), abs=1e-15)
    assert ours["balanced_accuracy"] == pytest.approx(
        metrics.balanced_accuracy_score(truth, predicted), abs=1e-14)
    for average in ["macro", "weighted"]:
        theirs = metrics.precision_recall_fscore_support(
            truth, predicted, average=average, zero_division=0)
        for name, value in zip(["precision", "recall", "f1"], theirs):
            assert ours[f"{average}_{name}"] == pytest.approx(value, abs=1e-14)

    labels = sorted(set(truth) | set(predicted), key=lambda name: name.encode())
    assert [row["class"] for row in report["classes"]] == labels
    theirs = metrics.precision_recall_fscore_support(
        truth, predicted, labels=labels, zero_division=0)
    for name, values in zip(["precision", "recall", "f1", "support"], theirs, strict=True):
        assert [row[name] for row in report["classes"]] == pytest.approx(list(values), abs=1e-15)
    matrix = [[row[label] for label in labels] for row in report["confusion"]]
    assert matrix == metrics.confusion_matrix(truth, predicted, labels=labels).tolist()


@pytest.mark.parametrize("seed", range(5))
def test_balanced_class_weights_are_scikit_learns(tool, seed):
    truth, _ = predictions(seed)
    table = tool("classstats", "--show", "classes", "--weights", "balanced", "--format", "tsv",
                 stdin=manifest(label=truth))
    ours = {row["class"]: float(row["balanced"])
            for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE)}
    classes = np.unique(truth)
    theirs = compute_class_weight("balanced", classes=classes, y=truth)
    assert ours == pytest.approx(dict(zip(classes, theirs)), rel=1e-14)


def labels_after_rebalance(tool, truth, *options):
    names = [str(i) for i in range(len(truth))]
    table = tool("rebalance", *options, stdin=manifest(file_name=names, label=truth))
    return collections.Counter(line.split("\t")[1] for line in table.splitlines()[1:])


def labels_after(sampler, truth):
    _, labels = sampler.fit_resample(np.zeros((len(truth), 1)), truth)
    return collections.Counter(labels.tolist())


STRATEGIES = {"over": ["auto", "all", "minority", "not minority", "not majority"],
              "under": ["auto", "all", "majority", "not minority", "not majority"]}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("method, strategy", [(method, strategy) for method in STRATEGIES
                                              for strategy in STRATEGIES[method]])
def test_classes_grow_and_shrink_to_imbalanced_learns_sizes(tool, method, strategy, seed):
    truth, _ = predictions(seed + 100)
    assert len(set(truth)) >= 2  # imbalanced-learn wants two classes
    sampler = RandomOverSampler if method == "over" else RandomUnderSampler
    theirs = labels_after(sampler(sampling_strategy=strategy, random_state=0), truth)
    assert labels_after_rebalance(tool, truth, "-m", method, "-s", strategy) == theirs


@pytest.mark.parametrize("method", ["over", "under"])
@pytest.mark.parametrize("counts", [(10, 90), (33, 100), (7, 1000)])
@pytest.mark.parametrize("ratio", ["0.5", "0.77", "1"])
def test_a_ratio_of_two_classes_is_imbalanced_learns(tool, method, counts, ratio):
    truth = np.repeat(["few", "many"], counts)
    sampler = RandomOverSampler if method == "over" else RandomUnderSampler
    theirs = labels_after(sampler(sampling_strategy=float(ratio), random_state=0), truth)
    assert labels_after_rebalance(tool, truth, "-m", method, "-s", ratio) == theirs

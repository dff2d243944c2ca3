"""evaluate's metrics against scikit-learn's and imbalanced-learn's, on random tables."""

import json
import warnings

import numpy as np
import pytest
from imblearn import metrics as imbalanced
from scipy import optimize, special, stats
from sklearn import metrics

NAMES = ["ant", "bee", "cat's ear", "dog", "Eel", "été", "fox", "猫"]

pytestmark = [
    pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true"),
    pytest.mark.filterwarnings("ignore:A single label was found"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning"),
    pytest.mark.filterwarnings("ignore:The y_prob values do not sum to one"),
    pytest.mark.filterwarnings("ignore:The number of unique classes is greater than 50%"),
]


def near(value):
    return pytest.approx(value, abs=1e-12, nan_ok=True)


class Table:
    """Random predictions of up to eight classes. Probabilities are rounded, so that there are ties;
    classes may be missing in truth or in predictions; every third table has weights."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        self.seed = seed
        self.n, self.n_classes = int(rng.integers(3, 300)), int(rng.integers(2, len(NAMES) + 1))
        self.names = NAMES[:self.n_classes]
        shares = rng.dirichlet(np.full(self.n_classes, 0.5))
        self.truth = rng.choice(self.n_classes, self.n, p=shares)
        logits = rng.normal(size=(self.n, self.n_classes))
        logits[np.arange(self.n), self.truth] += rng.random() * 3
        if seed % 4 == 1:
            logits[:, -1] -= 9  # never predicted
        p = np.exp(logits)
        self.p = p / p.sum(axis=1, keepdims=True)
        if seed % 2 == 0:  # multiples of 1/16: ties, also within a row
            self.p = np.floor(self.p * 16)
            self.p[np.arange(self.n), self.p.argmax(axis=1)] += 16 - self.p.sum(axis=1)
            self.p /= 16
        self.pred = self.p.argmax(axis=1)
        self.weight = rng.gamma(1, size=self.n) if seed % 3 == 0 else None
        self.kwargs = {} if self.weight is None else {"sample_weight": self.weight}

    def text(self, columns=()):
        head = ["label", "pred", "weight", *columns, *(f"p_{name}" for name in self.names)]
        lines = ["\t".join(head)]
        for i in range(self.n):
            weight = 1 if self.weight is None else self.weight[i]
            lines.append("\t".join([self.names[self.truth[i]], self.names[self.pred[i]],
                                    repr(float(weight)), *(str(v[i]) for v in dict(columns).values()),
                                    *(repr(float(v)) for v in self.p[i])]))
        return "\n".join(lines) + "\n"

    def evaluate(self, tool, *options):
        weight = [] if self.weight is None else ["--weight", "weight"]
        return json.loads(tool("evaluate", "--format", "json", *weight, *options,
                               stdin=self.text()))

    def one_vs_rest(self, function):
        """A value for each class, NaN where it has none."""
        values = []
        for c in range(self.n_classes):
            is_class = self.truth == c
            undefined = not is_class.any() or (function is metrics.roc_auc_score and is_class.all())
            values.append(np.nan if undefined
                          else function(is_class, self.p[:, c], **self.kwargs))
        return np.array(values)


def mean_of(values, weights):
    ok = ~np.isnan(values)
    return np.average(values[ok], weights=weights[ok]) if weights[ok].sum() > 0 else np.nan


def no_nan(value):
    """JSON's null."""
    return np.nan if value is None else value


def tree_errors(paths, truth, pred, weight):
    """Hierarchical errors from their definitions: sets of ancestors, and the farthest leaf below."""
    def nodes(path):
        parts = path.split("/")
        return ["/".join(parts[:i]) for i in range(len(parts) + 1)]  # from the root, ""

    def height(node):
        below = [p for p in paths if node in nodes(p)]
        return max(nodes(p)[::-1].index(node) for p in below)

    rows = []
    for t, p in zip(truth, pred):
        above_t, above_p = set(nodes(t)), set(nodes(p))
        lca = max(above_t & above_p, key=len)
        rows.append([0 if t == p else height(lca), t != p, len(above_t ^ above_p),
                     len(above_t & above_p) - 1, len(above_p) - 1, len(above_t) - 1])
    heights, wrong, edges, common, n_pred, n_truth = np.average(rows, axis=0, weights=weight)
    precision, recall = common / n_pred, common / n_truth
    return {"lca_height": heights, "mistake_height": heights / wrong if wrong > 0 else np.nan,
            "tree_distance": edges, "tree_precision": precision, "tree_recall": recall,
            "tree_f1": 2 * precision * recall / (precision + recall) if common > 0 else 0}


@pytest.mark.parametrize("seed", range(8))
def test_hierarchical_errors(tool, seed, tmp_path):
    t = Table(seed)
    rng = np.random.default_rng(seed)
    # Leaves at random depths below a few groups, one of them a class itself.
    groups = ["g", "g/h", "g/h/i", "k", "k/l"]
    paths = [f"{rng.choice(groups)}/{name}" for name in NAMES]
    paths[1] = f"{paths[0]}/{NAMES[1]}"
    (tmp_path / "tree.txt").write_text("\n".join(paths) + "\n", encoding="utf-8")
    got = t.evaluate(tool, "--tree", str(tmp_path / "tree.txt"))["metrics"]
    wanted = tree_errors(paths, [paths[c] for c in t.truth], [paths[c] for c in t.pred], t.weight)
    assert len(wanted) == 6
    for name, value in wanted.items():
        assert no_nan(got[name]) == near(value), name


@pytest.mark.parametrize("seed", range(12))
def test_metrics_of_predicted_classes(tool, seed):
    t = Table(seed)
    report = t.evaluate(tool)
    ours, classes = report["metrics"], report["classes"]
    truth, pred = np.array(t.names)[t.truth], np.array(t.names)[t.pred]
    assert ours["balanced_accuracy"] == near(
        metrics.balanced_accuracy_score(truth, pred, **t.kwargs))
    assert ours["gmean"] == near(imbalanced.geometric_mean_score(truth, pred, **t.kwargs))
    kappa = metrics.cohen_kappa_score(truth, pred, **t.kwargs)
    assert no_nan(ours["kappa"]) == near(kappa)
    assert ours["mcc"] == near(metrics.matthews_corrcoef(truth, pred, **t.kwargs))
    for average in "macro", "weighted":
        theirs = metrics.precision_recall_fscore_support(
            truth, pred, average=average, zero_division=0, **t.kwargs)
        for name, value in zip(["precision", "recall", "f1"], theirs):
            assert ours[f"{average}_{name}"] == near(value)
    theirs = metrics.precision_recall_fscore_support(
        truth, pred, labels=t.names, zero_division=0, **t.kwargs)
    for name, values in zip(["precision", "recall", "f1", "support"], theirs, strict=True):
        assert [row[name] for row in classes] == pytest.approx(list(values), abs=1e-9)


@pytest.mark.parametrize("seed", range(12))
def test_specificity_gmean_and_iba_are_imbalanced_learns(tool, seed):
    t = Table(seed)
    # imbalanced-learn counts negatives as rows, not as weights: equal where the weights sum to n
    if t.weight is not None:
        t.weight *= t.n / t.weight.sum()
    classes = t.evaluate(tool)["classes"]
    names = np.array(t.names)
    theirs = imbalanced.classification_report_imbalanced(
        names[t.truth], names[t.pred], labels=names, output_dict=True, zero_division=0, **t.kwargs)
    for row in classes:
        for ours, key in ("specificity", "spe"), ("gmean", "geo"), ("iba", "iba"):
            assert row[ours] == pytest.approx(theirs[row["class"]][key], abs=1e-9)
    ours = t.evaluate(tool, "--metrics", "weighted_specificity,weighted_gmean,weighted_iba")
    for name, key in ("specificity", "spe"), ("gmean", "geo"), ("iba", "iba"):
        assert ours["metrics"][f"weighted_{name}"] == pytest.approx(theirs[f"avg_{key}"], abs=1e-9)


@pytest.mark.parametrize("seed", range(12))
def test_metrics_of_probabilities(tool, seed):
    t = Table(seed)
    names = ["log_loss", "brier", "top1", "top2", "macro_auroc", "weighted_auroc", "macro_ap",
             "weighted_ap"]
    report = t.evaluate(tool, "--metrics", ",".join(names), "--show", "metrics,classes")
    ours, classes = report["metrics"], report["classes"]
    labels = np.arange(t.n_classes)
    assert ours["log_loss"] == near(
        metrics.log_loss(t.truth, y_proba=t.p, labels=labels, **t.kwargs))
    assert ours["brier"] == near(
        metrics.brier_score_loss(t.truth, t.p, labels=labels, **t.kwargs))
    auroc, ap = t.one_vs_rest(metrics.roc_auc_score), t.one_vs_rest(metrics.average_precision_score)
    assert [no_nan(row["auroc"]) for row in classes] == near(auroc)
    assert [no_nan(row["ap"]) for row in classes] == near(ap)
    support = np.bincount(t.truth, weights=t.weight, minlength=t.n_classes)
    for name, values in ("auroc", auroc), ("ap", ap):
        assert no_nan(ours[f"macro_{name}"]) == near(mean_of(values, np.ones(t.n_classes)))
        assert no_nan(ours[f"weighted_{name}"]) == near(mean_of(values, support))
    for k in [1, 2] if t.n_classes > 2 else []:
        assert ours[f"top{k}"] == near(
            metrics.top_k_accuracy_score(t.truth, t.p, k=k, labels=labels, **t.kwargs))
    if t.n_classes > 2 and len(set(t.truth)) == t.n_classes:
        for average in "macro", "weighted":
            theirs = metrics.roc_auc_score(t.truth, t.p, multi_class="ovr", average=average,
                                           **t.kwargs)
            if t.weight is None or average == "macro":
                assert ours[f"{average}_auroc"] == near(theirs)


@pytest.mark.parametrize("seed", range(60, 68))
def test_two_classes(tool, seed):
    t = Table(seed)
    keep = [0, 1]
    rows = np.isin(t.truth, keep)
    if len(set(t.truth[rows])) < 2:
        pytest.skip("one class")
    t.names, t.n_classes, t.truth = t.names[:2], 2, t.truth[rows]
    t.n, t.p = len(t.truth), t.p[rows][:, :2] + 1e-9
    t.p /= t.p.sum(axis=1, keepdims=True)
    t.pred = t.p.argmax(axis=1)
    t.weight = None if t.weight is None else t.weight[rows]
    t.kwargs = {} if t.weight is None else {"sample_weight": t.weight}
    for positive in 0, 1:
        ours = t.evaluate(tool, "--positive", t.names[positive])["metrics"]
        is_positive, score = t.truth == positive, t.p[:, positive]
        assert ours["auroc"] == near(metrics.roc_auc_score(is_positive, score, **t.kwargs))
        assert ours["ap"] == near(metrics.average_precision_score(is_positive, score, **t.kwargs))
        assert ours["brier"] == near(metrics.brier_score_loss(is_positive, score, **t.kwargs))
        assert ours["log_loss"] == near(metrics.log_loss(
            t.truth, y_proba=t.p, labels=[0, 1], **t.kwargs))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("normalize", [None, "true", "pred", "all"])
def test_confusion_matrix(tool, seed, normalize):
    t = Table(seed)
    options = ["--normalize", normalize] if normalize else []
    report = t.evaluate(tool, "--confusion", *options)
    ours = [[row[name] for name in t.names] for row in report["confusion"]]
    with warnings.catch_warnings(action="ignore"):
        theirs = metrics.confusion_matrix(t.truth, t.pred, labels=np.arange(t.n_classes),
                                          normalize=normalize, **t.kwargs)
    assert np.array(ours) == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("seed", range(12))
def test_calibration_errors_are_guos(tool, seed):
    t = Table(seed)
    ours = t.evaluate(tool)["metrics"]
    confidence, right = t.p.max(axis=1), t.pred == t.truth
    weight = np.ones(t.n) if t.weight is None else t.weight
    gaps, shares = [], []
    for low in np.arange(15) / 15:
        inside = np.isclose(np.ceil(confidence * 15) - 1, low * 15)
        if weight[inside].sum() > 0:
            gaps.append(abs(np.average(confidence[inside] - right[inside], weights=weight[inside])))
            shares.append(weight[inside].sum() / weight.sum())
    assert ours["ece"] == near(np.dot(gaps, shares))
    assert ours["mce"] == near(max(gaps))


def as_sets(matrix):
    return [";".join(np.array(NAMES)[:matrix.shape[1]][row == 1]) for row in matrix]


@pytest.mark.parametrize("seed", range(16))
def test_several_labels(tool, seed):
    rng = np.random.default_rng(seed)
    n, n_classes = int(rng.integers(2, 200)), int(rng.integers(2, len(NAMES) + 1))
    truth = (rng.random((n, n_classes)) < rng.random(n_classes) * 0.8).astype(int)
    p = np.clip(rng.normal(0.35 + 0.3 * truth, 0.25), 0.001, 0.999)
    if seed % 2 == 0:
        p = np.round(p * 8) / 8
    pred = (p >= 0.5).astype(int)
    weight = rng.gamma(1, size=n) if seed % 3 == 0 else None
    kwargs = {} if weight is None else {"sample_weight": weight}
    head = ["label", "pred", "w", *(f"p_{name}" for name in NAMES[:n_classes])]
    rows = [[a, b, repr(float(w)), *map(repr, map(float, q))] for a, b, w, q in
            zip(as_sets(truth), as_sets(pred), np.ones(n) if weight is None else weight, p)]
    text = "".join("\t".join(row) + "\n" for row in [head, *rows])
    names = [f"{average}_{score}" for average in ("micro", "macro", "weighted", "samples")
             for score in ("precision", "recall", "f1", "jaccard")]
    more = ["exact_match", "hamming_loss", "macro_ap", "weighted_ap", "macro_auroc",
            "coverage_error", "ranking_loss", "lrap", "log_loss"]
    ours = json.loads(tool("evaluate", "--multi-label", "--format", "json", "--weight", "w",
                           "--metrics", ",".join(names + more), stdin=text))["metrics"]
    functions = {"precision": metrics.precision_score, "recall": metrics.recall_score,
                 "f1": metrics.f1_score, "jaccard": metrics.jaccard_score}
    for name in names:
        average, score = name.split("_")
        assert ours[name] == near(functions[score](
            truth, pred, average=average, zero_division=0, **kwargs)), name
    assert ours["exact_match"] == near(metrics.accuracy_score(truth, pred, **kwargs))
    assert ours["hamming_loss"] == near(metrics.hamming_loss(truth, pred, **kwargs))
    assert ours["coverage_error"] == near(metrics.coverage_error(truth, p, **kwargs))
    assert ours["ranking_loss"] == near(metrics.label_ranking_loss(truth, p, **kwargs))
    assert ours["lrap"] == near(
        metrics.label_ranking_average_precision_score(truth, p, **kwargs))
    present = truth.any(axis=0)
    ap = metrics.average_precision_score(truth[:, present], p[:, present], average=None, **kwargs)
    support = (truth * (1 if weight is None else weight[:, None])).sum(axis=0)[present]
    if present.any():
        assert ours["macro_ap"] == near(np.mean(ap))
        assert ours["weighted_ap"] == near(np.average(ap, weights=support))
    mixed = present & ~truth.all(axis=0)
    if mixed.any():
        assert ours["macro_auroc"] == near(
            metrics.roc_auc_score(truth[:, mixed], p[:, mixed], **kwargs))


def test_the_bootstrap_is_the_same_for_any_number_of_threads(tool):
    t = Table(5)
    one, two = (t.evaluate(tool, "--bootstrap", "100", "-j", j) for j in "12")
    assert one == two
    other = t.evaluate(tool, "--bootstrap", "100", "--seed", "1")
    assert one["metrics"] == other["metrics"] and one["intervals"] != other["intervals"]


def test_bootstrap_intervals_of_the_accuracy_are_binomial(tool):
    t = Table(3)
    t.weight, t.kwargs = None, {}
    row = t.evaluate(tool, "--metrics", "accuracy", "--bootstrap", "4000")["intervals"][0]
    share = np.mean(t.truth == t.pred)
    draws = np.random.default_rng(0).binomial(t.n, share, 400000) / t.n
    low, high = np.quantile(draws, [0.025, 0.975])
    assert row["low"] == pytest.approx(low, abs=1.5 / t.n)
    assert row["high"] == pytest.approx(high, abs=1.5 / t.n)


def test_weights_repeat_rows(tool):
    t = Table(7)
    times = np.random.default_rng(1).integers(0, 4, t.n)
    t.weight = times.astype(float)
    weighted = t.evaluate(tool)["metrics"]
    rows = np.repeat(np.arange(t.n), times)
    t.truth, t.pred, t.p, t.n, t.weight = t.truth[rows], t.pred[rows], t.p[rows], len(rows), None
    plain = t.evaluate(tool)["metrics"]
    for name in set(plain) - {"rows"}:
        assert weighted[name] == near(plain[name]), name


def other_answers(table, seed):
    """Another classifier's table of the same truth."""
    other = Table(table.seed)
    rng = np.random.default_rng(seed + 1000)
    z = np.log(table.p + 1e-3) * 0.7 + rng.normal(size=table.p.shape) * 0.7
    other.p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    other.pred = other.p.argmax(axis=1)
    return other


def write_pair(tmp_path, a, b, rng):
    """Both tables with ids; the rows of the second in another order."""
    paths = tmp_path / "a.tsv", tmp_path / "b.tsv"
    for path, table, order in zip(paths, (a, b), (np.arange(a.n), rng.permutation(a.n))):
        head, *rows = table.text().splitlines()
        path.write_text("\n".join([f"id\t{head}", *(f"r{i}\t{rows[i]}" for i in order)]) + "\n")
    return paths


@pytest.mark.parametrize("seed", range(6))
def test_comparison_of_two_models(tool, tmp_path, seed):
    a = Table(seed)
    b = other_answers(a, seed)
    a.weight = b.weight = None
    paths = write_pair(tmp_path, a, b, np.random.default_rng(seed))
    names = ["accuracy", "macro_auroc", "log_loss"]
    report = json.loads(tool(
        "evaluate", "--format", "json", "--metrics", ",".join(names), "--permutations", "2000",
        "--bootstrap", "200", "--against", paths[1], paths[0]))
    right_a, right_b = a.pred == a.truth, b.pred == b.truth
    only_a, only_b = int(np.sum(right_a & ~right_b)), int(np.sum(~right_a & right_b))
    ours = report["mcnemar"]
    assert (ours["only_this_right"], ours["only_against_right"]) == (only_a, only_b)
    assert (ours["both_right"], ours["both_wrong"]) == (
        np.sum(right_a & right_b), np.sum(~right_a & ~right_b))
    if only_a + only_b > 0:
        assert ours["p_exact"] == near(stats.binomtest(only_a, only_a + only_b).pvalue)
        chi_square = max(0, abs(only_a - only_b) - 1) ** 2 / (only_a + only_b)
        assert ours["chi_square"] == near(chi_square)
        assert ours["p_chi_square"] == near(stats.chi2.sf(chi_square, 1))
    rows = {row["metric"]: row for row in report["comparison"]}
    for row, table in ("this", a), ("against", b):
        assert rows["accuracy"][row] == near(np.mean(table.truth == table.pred))
        assert rows["log_loss"][row] == near(
            metrics.log_loss(table.truth, y_proba=table.p, labels=np.arange(table.n_classes)))
    losses = [-np.log(np.clip(t.p[np.arange(t.n), t.truth], 2.2e-16, 1)) for t in (a, b)]
    test = stats.permutation_test(
        losses, lambda x, y, axis: np.mean(x, axis=axis) - np.mean(y, axis=axis),
        permutation_type="samples", n_resamples=2000, rng=np.random.default_rng(0), vectorized=True)
    assert rows["log_loss"]["p"] == pytest.approx(test.pvalue, abs=0.05)
    for row in rows.values():
        if row["difference"] is not None:
            assert row["low"] <= row["difference"] <= row["high"] or row["low"] == row["high"]


@pytest.mark.parametrize("seed", range(8))
def test_the_temperature_has_the_lowest_log_loss(tool, seed):
    t = Table(seed)
    ours = json.loads(tool("evaluate", "--format", "json", "--fit-temperature", "--show",
                           "temperature", *(["--weight", "weight"] if t.weight is not None else []),
                           stdin=t.text()))["temperature"]
    z = np.log(np.maximum(t.p, np.finfo(np.float32).tiny))
    weight = np.ones(t.n) if t.weight is None else t.weight

    def loss(inverse):
        logits = z * inverse
        logs = special.log_softmax(logits, axis=1)[np.arange(t.n), t.truth]
        return -np.average(logs, weights=weight)

    best = optimize.minimize_scalar(loss, bounds=(0.01, 100), method="bounded",
                                    options={"xatol": 1e-10})
    assert ours["log_loss_before"] == near(loss(1))
    assert ours["log_loss_after"] <= best.fun + 1e-9
    assert ours["log_loss_after"] == pytest.approx(loss(1 / ours["temperature"]), abs=1e-9)
    applied = t.evaluate(tool, "--temperature", str(ours["temperature"]))["metrics"]
    if seed % 2 == 1:  # no probability of 0, which log_loss clips elsewhere
        assert applied["log_loss"] == pytest.approx(ours["log_loss_after"], abs=1e-9)
    assert applied["accuracy"] == t.evaluate(tool)["metrics"]["accuracy"]


@pytest.mark.parametrize("seed", range(8))
def test_thresholds_are_the_best_of_scikit_learns_curves(tool, seed):
    t = Table(seed)
    rules = ["f1", "youden", "cost:fp=1,fn=3", "recall:at=0.8", "precision:at=0.6"]
    options = [option for rule in rules for option in ("--thresholds", rule)]
    report = t.evaluate(tool, "--show", "thresholds", *options)
    for row in report["thresholds"]:
        is_class, score = t.truth == t.names.index(row["class"]), t.p[:, t.names.index(row["class"])]
        if is_class.all() or not is_class.any():
            assert row["threshold"] is None
            continue
        fpr, tpr, at = metrics.roc_curve(is_class, score, drop_intermediate=False, **t.kwargs)
        weight = np.ones(t.n) if t.weight is None else t.weight
        positive, negative = weight[is_class].sum(), weight[~is_class].sum()
        tp, fp = tpr * positive, fpr * negative
        precision = np.divide(tp, tp + fp, out=np.zeros_like(tp), where=tp + fp > 0)
        values = {
            "f1": 2 * tp / (tp + fp + positive),
            "youden": tpr - fpr,
            "cost:fp=1,fn=3": -(fp + 3 * (positive - tp)) / (positive + negative),
            "recall:at=0.8": np.where(tpr >= 0.8 - 1e-12, at, -1),
            "precision:at=0.6": np.where(precision >= 0.6, tpr, -1),
        }[row["rule"]]
        if values.max() <= 0 and row["threshold"] is None:
            continue
        if row["threshold"] is None:
            assert np.argmax(values) == 0  # never is best
            continue
        mine = np.flatnonzero(np.isclose(at, row["threshold"], rtol=0, atol=1e-15))
        assert len(mine) == 1
        assert values[mine[0]] == pytest.approx(values.max(), abs=1e-9)
        assert row["recall"] == pytest.approx(tpr[mine[0]], abs=1e-9)
        assert row["specificity"] == pytest.approx(1 - fpr[mine[0]], abs=1e-9)


def test_logit_adjustment(tool, tmp_path):
    t = Table(11)
    counts = np.arange(1, t.n_classes + 1)
    train = tmp_path / "train.tsv"
    train.write_text("label\n" + "".join(f"{name}\n" * n for name, n in zip(t.names, counts)))
    ours = t.evaluate(tool, "--logit-adjust", str(train), "--tau", "1.5")["metrics"]
    p = t.p * counts ** -1.5
    p /= p.sum(axis=1, keepdims=True)
    assert ours["accuracy"] == near(np.mean(p.argmax(axis=1) == t.truth))
    assert ours["log_loss"] == near(
        metrics.log_loss(t.truth, y_proba=p, labels=np.arange(t.n_classes)))

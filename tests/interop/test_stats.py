"""Metrics, class weights and resampling against scikit-learn and imbalanced-learn."""

import collections
import csv
import io
import json

import numpy as np
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler
from PIL import Image
from scipy import signal, special, stats
from scipy.spatial import distance
from skimage.color import rgb2hsv
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


def classstats(tool, *args, stdin=None):
    """The report of classstats as tables of dictionaries."""
    return json.loads(tool("classstats", "--format", "json", *args, stdin=stdin))


def long_tail(seed):
    """Labels of a long tail, most frequent class first."""
    rng = np.random.default_rng(seed)
    counts = np.geomspace(500, 3, int(rng.integers(2, 30))).astype(int)
    return np.repeat([f"c{i:02}" for i in range(len(counts))], counts), counts


@pytest.mark.parametrize("seed", range(5))
def test_imbalance_is_numpys_and_scipys(tool, seed):
    labels, n = long_tail(seed)
    report = classstats(tool, stdin=manifest(label=labels))
    ours, p = report["summary"][0], n / n.sum()
    assert ours["ratio"] == pytest.approx(n.max() / n.min(), rel=1e-14)
    assert ours["entropy"] == pytest.approx(stats.entropy(n, base=2), rel=1e-13)
    assert ours["evenness"] == pytest.approx(stats.entropy(n) / np.log(len(n)), rel=1e-13)
    assert ours["effective"] == pytest.approx(np.exp(stats.entropy(n)), rel=1e-13)
    assert ours["gini"] == pytest.approx(
        np.abs(n[:, None] - n).mean() / (2 * n.mean()), rel=1e-12)
    assert ours["impurity"] == pytest.approx(1 - (p ** 2).sum(), rel=1e-13)
    tiers = ["head" if c > 100 else "tail" if c < 20 else "medium" for c in n]
    assert [row["tier"] for row in report["classes"]] == tiers
    assert [ours[tier] for tier in ["head", "medium", "tail"]] == [
        tiers.count(tier) for tier in ["head", "medium", "tail"]]


@pytest.mark.parametrize("seed", range(3))
def test_terms_of_losses_and_samplers_are_the_papers(tool, seed):
    """Formulas as the reference code of each paper has them, in numpy."""
    labels, n = long_tail(seed)
    c, total = len(n), n.sum()
    effective = (1 - 0.999) / (1 - 0.999 ** n)  # vandit15/Class-balanced-loss-pytorch
    margins = 1 / np.sqrt(np.sqrt(n))  # kaidic/LDAM-DRW
    expected = {
        "effnum:0.999": effective / effective.sum() * c,
        "inverse": (1 / n) / (1 / n).mean(),
        "sqrt": n ** -0.5 / (n ** -0.5).mean(),
        "log": (w := 1 / np.log(1.02 + n / total)) / w.mean(),
        "positive": (total - n) / n,
        "sampling:0.5": n ** 0.5 / (n ** 0.5).sum(),
        "repeat:0.05": np.maximum(1, np.sqrt(0.05 / (n / total))),
        "margin:0.5": margins * (0.5 / margins.max()),
        "logit:1": np.log(n / total),
    }
    rows = classstats(tool, "--weights", ",".join(expected), stdin=manifest(label=labels))
    for name, values in expected.items():
        assert [row[name] for row in rows["classes"]] == pytest.approx(list(values), rel=1e-11)


@pytest.mark.parametrize("seed", range(5))
def test_sets_of_labels_are_as_the_matrix_says(tool, seed):
    rng = np.random.default_rng(seed)
    matrix = rng.random((200, 6)) < [0.5, 0.3, 0.2, 0.1, 0.05, 0.02]
    names = np.array(NAMES[:6])
    cells = [";".join(rng.permutation(names[row])) for row in matrix]
    report = classstats(tool, "--multi-label", "--show", "classes,labels,pairs",
                        stdin=manifest(file_name=[str(i) for i in range(200)], labels=cells))
    matrix = matrix[:, np.argsort([name.encode() for name in names])]
    n = matrix.sum(0)
    irlbl = n.max() / n
    assert [row["count"] for row in report["classes"]] == n.tolist()
    assert [row["irlbl"] for row in report["classes"]] == pytest.approx(list(irlbl), rel=1e-14)
    ours, used = report["labels"], matrix[matrix.any(1)]
    assert ours["cardinality"] == pytest.approx(matrix.sum(1).mean(), rel=1e-14)
    assert ours["label_sets"] == len(np.unique(matrix, axis=0))
    assert ours["mean_ir"] == pytest.approx(irlbl.mean(), rel=1e-14)
    assert ours["cvir"] == pytest.approx(irlbl.std(ddof=1) / irlbl.mean(), rel=1e-13)
    scumble = [1 - stats.gmean(irlbl[row]) / irlbl[row].mean() for row in used]
    assert ours["scumble"] == pytest.approx(np.mean(scumble), rel=1e-12)
    pairs = [list(row.values())[1:] for row in report["pairs"]]
    assert pairs == (matrix.T.astype(int) @ matrix.astype(int)).tolist()


@pytest.mark.parametrize("seed", range(6))
def test_drift_is_scipys(tool, seed):
    rng = np.random.default_rng(seed)
    k = int(rng.integers(2, 20))
    a, b = (rng.multinomial(rng.integers(50, 5000), rng.dirichlet(np.full(k, 2))) for _ in "ab")
    names = np.array([f"c{i:02}" for i in range(k)])
    labels = np.concatenate([np.repeat(names, a), np.repeat(names, b)])
    splits = np.repeat(["a", "b"], [a.sum(), b.sum()])
    drift, = classstats(tool, "--show", "drift", stdin=manifest(label=labels, split=splits))["drift"]
    p, q = a / a.sum(), b / b.sum()
    assert drift["l_inf"] == pytest.approx(np.abs(p - q).max(), rel=1e-12)
    assert drift["jsd"] == pytest.approx(distance.jensenshannon(p, q, base=2) ** 2, rel=1e-10)
    p1, q1 = np.where(p > 0, p, 1e-4), np.where(q > 0, q, 1e-4)
    seen = a + b > 0
    assert drift["psi"] == pytest.approx(((p1 - q1) * np.log(p1 / q1))[seen].sum(), rel=1e-11)
    table = np.array([a, b])[:, seen]
    test = stats.chi2_contingency(table, correction=False)
    assert drift["chi2"] == pytest.approx(test.statistic, rel=1e-12)
    assert drift["df"] == test.dof
    assert drift["p"] == pytest.approx(test.pvalue, rel=1e-9, abs=1e-300)
    assert drift["min_expected"] == pytest.approx(test.expected_freq.min(), rel=1e-13)
    assert drift["cramers_v"] == pytest.approx(stats.contingency.association(table), rel=1e-12)


def test_bootstrap_intervals_are_those_of_resampled_rows(tool):
    """Against rows drawn by NumPy: the same within the noise of 4000 replicates."""
    labels, n = long_tail(1)
    rows = classstats(tool, "--bootstrap", "4000", stdin=manifest(label=labels))
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(n.sum(), n / n.sum(), size=4000)
    low, high = np.quantile(drawn / n.sum(), [0.025, 0.975], axis=0)
    assert [row["share_low"] for row in rows["classes"]] == pytest.approx(list(low), abs=2e-3)
    assert [row["share_high"] for row in rows["classes"]] == pytest.approx(list(high), abs=2e-3)
    entropy = stats.entropy(drawn, base=2, axis=1)
    ours = next(row for row in rows["intervals"] if row["metric"] == "entropy")
    assert [ours["low"], ours["high"]] == pytest.approx(
        list(np.quantile(entropy, [0.025, 0.975])), abs=5e-3)
    assert ours["bias"] == pytest.approx(entropy.mean() - ours["value"], abs=2e-3)


def test_bootstrap_intervals_of_sets_of_labels_are_those_of_resampled_rows(tool):
    rng = np.random.default_rng(2)
    has = rng.random((400, 4)) < [0.6, 0.3, 0.1, 0.04]
    has[:, 1] |= has[:, 2]  # labels of a row go together
    cells = [";".join(f"c{c}" for c in np.flatnonzero(row)) for row in has]
    rows = classstats(tool, "--multi-label", "--bootstrap", "3000", stdin=manifest(labels=cells))
    drawn = has[rng.integers(0, 400, (3000, 400))].sum(axis=1)
    low, high = np.quantile(drawn / 400, [0.025, 0.975], axis=0)
    assert [row["share_low"] for row in rows["classes"]] == pytest.approx(list(low), abs=6e-3)
    assert [row["share_high"] for row in rows["classes"]] == pytest.approx(list(high), abs=6e-3)
    ours = {row["metric"]: row for row in rows["intervals"]}
    size, ir = drawn.sum(axis=1) / 400, (drawn.max(axis=1)[:, None] / drawn).mean(axis=1)
    for name, values, off in [("cardinality", size, 8e-3), ("density", size / 4, 2e-3),
                              ("mean_ir", ir, 0.5)]:
        assert [ours[name]["low"], ours[name]["high"]] == pytest.approx(
            list(np.quantile(values, [0.025, 0.975])), abs=off)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Pictures of three classes and a manifest of them: RGB, sizes and brightness by class."""
    rng, folder, rows = np.random.default_rng(0), tmp_path_factory.mktemp("pictures"), []
    for i in range(60):
        label = int(rng.integers(3))
        size = tuple(rng.integers(8, 12 + 8 * label, 2))
        pixels = np.clip(rng.normal(90 + 20 * label, 40, (*size, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
        rows.append((f"{i}.png", f"c{label}"))
    names, labels = zip(*rows)
    (folder / "m.tsv").write_text(manifest(file_name=names, label=labels))
    images = [np.asarray(Image.open(folder / name)) for name in names]
    return folder / "m.tsv", images, np.array(labels)


def properties_of(image):
    """What classstats says of an image, from scikit-image, SciPy and numpy."""
    rgb = image.astype(float)
    # Pillow's grey truncates differently, so BT.601 is rounded here as documented.
    grey = (image.astype(int) @ [299, 587, 114] + 500) // 1000
    kernel = [[0, 1, 0], [1, -4, 1], [0, 1, 0]]
    return {"width": image.shape[1], "height": image.shape[0],
            "area": image.shape[0] * image.shape[1], "aspect": image.shape[1] / image.shape[0],
            "brightness": grey.mean() / 255, "contrast": grey.std() / 255,
            "sharpness": signal.convolve2d(grey, kernel, mode="valid").var(),
            "entropy": stats.entropy(np.bincount(grey.ravel()), base=2),
            "red": rgb[..., 0].sum() / rgb.sum(), "green": rgb[..., 1].sum() / rgb.sum(),
            "blue": rgb[..., 2].sum() / rgb.sum(), "saturation": rgb2hsv(image)[..., 1].mean()}


def test_channels_and_sizes_are_numpys(tool, pictures):
    path, images, labels = pictures
    report = classstats(tool, "--images", str(path))
    for by, name, chosen in [("all", None, images)] + [
            ("class", c, [x for x, l in zip(images, labels) if l == c]) for c in np.unique(labels)]:
        pixels = np.concatenate([x.reshape(-1, 3) for x in chosen]) / 255
        rows = [r for r in report["channels"] if (r["by"], r["name"]) == (by, name)]
        assert [r["channel"] for r in rows] == ["red", "green", "blue"]
        assert [r["mean"] for r in rows] == pytest.approx(list(pixels.mean(0)), rel=1e-13)
        assert [r["std"] for r in rows] == pytest.approx(list(pixels.std(0)), rel=1e-12)
        assert [r["max"] for r in rows] == list(pixels.max(0))
        size, = [r for r in report["sizes"] if (r["by"], r["name"]) == (by, name)]
        widths = [x.shape[1] for x in chosen]
        assert [size["width_min"], size["width_median"], size["width_max"]] == [
            min(widths), np.median(widths), max(widths)]
        common = collections.Counter(x.shape[:2] for x in chosen).most_common(1)[0][1]
        assert size["common_share"] == pytest.approx(common / len(chosen))
        assert size["sizes"] == len({x.shape for x in chosen})


def test_properties_and_what_they_tell_are_scipys(tool, pictures):
    path, images, labels = pictures
    report = classstats(tool, "--images", str(path))
    ours = {row["property"]: row for row in report["properties"]}
    values = [properties_of(image) for image in images]
    for name in values[0]:
        x, row = np.array([v[name] for v in values]), ours[name]
        groups = [x[labels == c] for c in np.unique(labels)]
        assert row["mean"] == pytest.approx(x.mean(), rel=1e-12)
        assert row["std"] == pytest.approx(x.std(), rel=1e-9)
        between = sum(len(g) * (g.mean() - x.mean()) ** 2 for g in groups)
        assert row["association"] == pytest.approx(
            np.sqrt(between / ((x - x.mean()) ** 2).sum()), rel=1e-9)
        assert row["p"] == pytest.approx(stats.f_oneway(*groups).pvalue, rel=1e-7)
        means = [m[name] for m in report["means"]]
        assert means == pytest.approx([g.mean() for g in groups], rel=1e-12)
    assert ours["bytes"]["max"] == max((path.parent / f"{i}.png").stat().st_size for i in range(60))
    sizes = [f"{x.shape}" for x in images]
    table = stats.contingency.crosstab(sizes, labels).count
    assert ours["size"]["association"] == pytest.approx(
        stats.contingency.association(table), rel=1e-12)
    assert ours["size"]["p"] == pytest.approx(
        stats.chi2_contingency(table, correction=False).pvalue, rel=1e-9)


def test_properties_tell_of_each_of_several_labels(tool, pictures, tmp_path):
    """The label that a property says most about, one test a label."""
    path, images, labels = pictures
    rng = np.random.default_rng(4)
    has = np.stack([labels == "c2", rng.random(60) < 0.5, labels != "c0"], axis=1)
    cells = [";".join(f"l{c}" for c in np.flatnonzero(row)) for row in has]
    names = [str(path.parent / f"{i}.png") for i in range(60)]
    (tmp_path / "m.tsv").write_text(manifest(file_name=names, labels=cells))
    report = classstats(tool, "--multi-label", "--images", str(tmp_path / "m.tsv"))
    ours = {row["property"]: row for row in report["properties"]}
    for name in properties_of(images[0]):
        x = np.array([properties_of(image)[name] for image in images])
        eta = np.abs([stats.pointbiserialr(of, x).statistic for of in has.T])
        best = int(eta.argmax())
        assert ours[name]["label"] == f"l{best}"
        assert ours[name]["association"] == pytest.approx(eta[best], rel=1e-9)
        p = stats.f_oneway(x[has[:, best]], x[~has[:, best]]).pvalue
        assert ours[name]["p"] == pytest.approx(min(1, 3 * p), rel=1e-7)


def test_shift_between_splits_is_scipys(tool, pictures, tmp_path):
    path, images, _ = pictures
    splits = np.array(["train", "test"])[(np.arange(len(images)) % 3 == 0).astype(int)]
    table = manifest(file_name=[f"{i}.png" for i in range(len(images))], split=splits,
                     label=["x"] * len(images))
    (path.parent / "split.tsv").write_text(table)
    rows = classstats(tool, "--images", "--show", "shift", str(path.parent / "split.tsv"))["shift"]
    values = [properties_of(image) for image in images]
    assert {(row["a"], row["b"]) for row in rows} == {("train", "test")}
    for row in rows[:-1]:
        x = np.array([v[row["property"]] for v in values])
        a, b = x[splits == "train"], x[splits == "test"]
        assert [row["mean_a"], row["mean_b"]] == pytest.approx([a.mean(), b.mean()], rel=1e-12)
        test = stats.ks_2samp(a, b, method="asymp")
        assert row["ks"] == pytest.approx(test.statistic, abs=1e-12)
        scale = np.sqrt(len(a) * len(b) / len(x))
        assert row["p"] == pytest.approx(special.kolmogorov(test.statistic * scale), abs=1e-12)


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

"""smote against imbalanced-learn: new rows bit for bit, from arrays and from tables."""

import numpy as np
import pytest
from imblearn.combine import SMOTEENN, SMOTETomek
from imblearn.over_sampling import (ADASYN, SMOTE, SMOTEN, SMOTENC, SVMSMOTE, BorderlineSMOTE,
                                    KMeansSMOTE)
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.datasets import (load_breast_cancer, load_digits, load_iris, load_wine,
                              make_classification)
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors


def imbalanced():
    """Tables with classes of different sizes and without ties."""
    rng = np.random.default_rng(3)
    labels = np.repeat([0, 1, 2], [600, 150, 40])
    table = rng.standard_normal((labels.size, 20)) + labels[:, None] * 0.4
    yield "normal, three classes", table, labels
    data = load_breast_cancer()
    keep = np.concatenate([np.flatnonzero(data.target == 1), np.flatnonzero(data.target == 0)[:60]])
    yield "breast cancer", data.data[keep], data.target[keep]
    data = load_wine()
    yield "wine", data.data, data.target
    data = load_digits()  # many classes; noise unties its integers
    keep = np.flatnonzero((data.target % 3 > 0) | (np.arange(data.target.size) % 4 == 0))
    noise = rng.standard_normal((keep.size, 64)) * 1e-3
    yield "digits", data.data[keep] + noise, data.target[keep]


def tables():
    yield from imbalanced()
    rng = np.random.default_rng(5)
    data = load_iris()
    keep = np.concatenate([np.arange(50), np.arange(50, 75), np.arange(100, 112)])
    yield "iris", data.data[keep] + rng.standard_normal((keep.size, 4)) * 1e-3, data.target[keep]
    table, labels = make_classification(1500, 24, n_informative=16, n_classes=15, random_state=2,
                                        n_clusters_per_class=1, weights=[0.4] + [0.6 / 14] * 14)
    yield "fifteen classes", table, labels


SAMPLERS = {
    "smote": lambda seed, **how: SMOTE(random_state=seed, **how),
    "borderline-1": lambda seed, **how: BorderlineSMOTE(random_state=seed, kind="borderline-1",
                                                        **how),
    "borderline-2": lambda seed, **how: BorderlineSMOTE(random_state=seed, kind="borderline-2",
                                                        **how),
    "adasyn": lambda seed, **how: ADASYN(random_state=seed, **how),
    "svm": lambda seed, **how: SVMSMOTE(random_state=seed, **how),
    "enn": lambda seed: SMOTEENN(random_state=seed),
    "tomek": lambda seed: SMOTETomek(random_state=seed),
}


@pytest.fixture
def resample(tool, tmp_path):
    """Run smote on arrays."""

    def run(table, labels, *options, status=0):
        np.save(tmp_path / "x.npy", table)
        np.save(tmp_path / "y.npy", labels)
        tool("smote", "-q", "--compat", "imblearn", "--labels", tmp_path / "y.npy", "-o",
             tmp_path / "x2.npy", "--labels-out", tmp_path / "y2.npy", "--force", *options,
             tmp_path / "x.npy", status=status)
        return np.load(tmp_path / "x2.npy"), np.load(tmp_path / "y2.npy")

    return run


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", SAMPLERS)
@pytest.mark.parametrize("name, table, labels", list(tables()))
def test_new_rows_are_those_of_imbalanced_learn(resample, kind, dtype, name, table, labels):
    table = table.astype(dtype)
    try:
        wanted, wanted_labels = SAMPLERS[kind](11).fit_resample(table, labels)
    except (RuntimeError, ValueError):  # ADASYN of a class that lies apart, SVM where all is noise
        with pytest.raises(FileNotFoundError):
            resample(table, labels, "--kind", kind, "--seed", "11", status=1)
        return
    mine, mine_labels = resample(table, labels, "--kind", kind, "--seed", "11")
    if kind == "enn":  # imbalanced-learn sorts the rows by class, smote keeps their order
        order = np.argsort(mine_labels, kind="stable")
        mine, mine_labels = mine[order], mine_labels[order]
    assert mine.dtype == dtype and len(mine) != len(table)
    assert (mine == wanted).all()
    assert (mine_labels == wanted_labels).all()


@pytest.mark.parametrize("clustering", [
    lambda: MiniBatchKMeans(4, random_state=1),
    lambda: KMeans(7, n_init=1, random_state=1)], ids=["minibatch", "kmeans"])
@pytest.mark.parametrize("name, table, labels", list(tables()))
def test_rows_of_clusters_are_those_of_imbalanced_learn(resample, tmp_path, clustering, name,
                                                        table, labels):
    """Given the same clusters, whoever found them."""
    np.save(tmp_path / "c.npy", clustering().fit_predict(table))
    how = {"cluster_balance_threshold": 0.02}
    options = ["-K", "kmeans", "--clusters", tmp_path / "c.npy", "--cluster-threshold", "0.02",
               "--seed", "6"]
    try:
        wanted, _ = KMeansSMOTE(kmeans_estimator=clustering(), random_state=6,
                                **how).fit_resample(table, labels)
    except RuntimeError:
        with pytest.raises(FileNotFoundError):
            resample(table, labels, *options, status=1)
        return
    mine, _ = resample(table, labels, *options)
    assert mine.shape == wanted.shape and (mine == wanted).all()


@pytest.mark.parametrize("n_clusters, dtype", [(None, np.float64), (20, np.float64),
                                               (None, np.float32)])
@pytest.mark.parametrize("name, table, labels", list(tables()))
def test_clusters_are_those_of_imbalanced_learn(resample, name, table, labels, n_clusters, dtype):
    """Found by each itself: one stream of random numbers, the same mini batches."""
    table = table.astype(dtype)
    options = ["-K", "kmeans", "--cluster-threshold", "0.02", "--seed", "6"]
    if n_clusters is not None:
        options += ["--clusters", str(n_clusters)]
    try:
        wanted, _ = KMeansSMOTE(kmeans_estimator=n_clusters, cluster_balance_threshold=0.02,
                                random_state=6).fit_resample(table, labels)
    except RuntimeError:
        with pytest.raises(FileNotFoundError):
            resample(table, labels, *options, status=1)
        return
    mine, _ = resample(table, labels, *options)
    assert mine.shape == wanted.shape and (mine == wanted).all()


def test_clusters_of_a_large_set_are_those_of_imbalanced_learn(resample):
    """More rows than three batches: centres start from a part of the rows."""
    rng = np.random.default_rng(12)
    labels = np.repeat([0, 1], [9000, 900])
    table = rng.standard_normal((labels.size, 6)) + 3 * rng.integers(0, 4, (labels.size, 1))
    for seed in range(3):
        wanted, _ = KMeansSMOTE(cluster_balance_threshold=0.02,
                                random_state=seed).fit_resample(table, labels)
        mine, _ = resample(table, labels, "-K", "kmeans", "--cluster-threshold", "0.02", "--seed",
                           str(seed))
        assert mine.shape == wanted.shape and (mine == wanted).all()


@pytest.mark.parametrize("strategy", ["minority", "not minority", "not majority", "all"])
def test_strategies_are_those_of_imbalanced_learn(resample, strategy):
    _, table, labels = next(imbalanced())
    wanted, wanted_labels = SMOTE(random_state=3, k_neighbors=4,
                                  sampling_strategy=strategy).fit_resample(table, labels)
    mine, mine_labels = resample(table, labels - 7, "--strategy", strategy, "-k", "4", "--seed",
                                 "3")
    assert (mine == wanted).all() and (mine_labels == wanted_labels - 7).all()


def test_ratios_and_targets_are_those_of_imbalanced_learn(resample):
    _, table, labels = list(imbalanced())[1]
    for how, options in [(0.5, ["-s", "0.5"]), ({0: 100, 1: 400}, ["-t", "0=100,1=400"])]:
        wanted, _ = SMOTE(random_state=0, sampling_strategy=how).fit_resample(table, labels)
        assert (resample(table, labels, *options)[0] == wanted).all()


def test_a_table_gives_the_numbers_that_an_array_gives(tool, tmp_path):
    _, table, labels = next(imbalanced())
    lines = ["\t".join(["kind", *(f"f{j}" for j in range(table.shape[1]))])]
    for row, label in zip(table, labels):
        lines.append("\t".join([f"class {label}", *map(repr, map(float, row))]))
    (tmp_path / "t.tsv").write_text("\n".join(lines) + "\n")
    wanted, _ = SMOTE(random_state=9).fit_resample(table, labels)
    out = tool("smote", "-q", "--label", "kind", "--compat", "imblearn", "--seed", "9",
               tmp_path / "t.tsv").splitlines()
    assert out[:len(lines)] == lines
    cells = [line.split("\t") for line in out[1:]]
    assert (np.array([row[1:] for row in cells], dtype=float) == wanted).all()


def test_bytes_are_rounded_not_wrapped(resample):
    """imbalanced-learn's own new rows of bytes are up to 242 grey levels wrong."""
    data = load_digits()
    keep = np.concatenate([np.flatnonzero(data.target == 3), np.flatnonzero(data.target == 8)[:40]])
    table = (data.data[keep] * 15.9).astype(np.uint8)
    table ^= np.random.default_rng(0).integers(0, 3, table.shape, dtype=np.uint8)  # no ties
    labels = data.target[keep]
    exact, _ = SMOTE(random_state=4).fit_resample(table.astype(np.float64), labels)
    mine, _ = resample(table, labels, "--seed", "4")
    assert mine.dtype == np.uint8
    assert np.abs(mine - exact).max() <= 0.5 + 1e-4


def test_components_are_those_of_scikit_learn(tool, tmp_path):
    """Rows are mixed with one of their nearest in the space of PCA."""
    _, table, labels = next(imbalanced())
    lines = ["\t".join(["label", *(f"f{j}" for j in range(table.shape[1]))])]
    for row, label in zip(table * np.arange(1, 21), labels):
        lines.append("\t".join([f"c{label}", *map(repr, map(float, row))]))
    (tmp_path / "t.tsv").write_text("\n".join(lines) + "\n")
    tool("smote", "-q", "--space", "pca:6", "-k", "3", "--parents", tmp_path / "p.tsv",
         tmp_path / "t.tsv")
    parents = np.loadtxt(tmp_path / "p.tsv", skiprows=1)[:, 1:3].astype(int)
    scores = PCA(6, svd_solver="full").fit_transform(table * np.arange(1, 21))
    for label in (1, 2):
        rows = np.flatnonzero(labels == label)
        near = rows[NearestNeighbors(n_neighbors=3).fit(scores[rows]).kneighbors()[1]]
        for a, b in parents[labels[parents[:, 0]] == label]:
            assert b in near[np.flatnonzero(rows == a)[0]]


def write_table(path, columns, labels):
    """A table of numbers and texts; what stands in it reads back the same."""
    lines = ["\t".join(["label", *columns])]
    for i, label in enumerate(labels):
        lines.append("\t".join([f"c{label}", *(
            value[i] if isinstance(value[i], str) else repr(float(value[i]))
            for value in columns.values())]))
    path.write_text("\n".join(lines) + "\n")


def mixed_table(seed, n_numbers):
    """Numbers and categories of three classes."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat([0, 1, 2], [150, 40, 12]))
    columns = {f"n{j}": rng.standard_normal(labels.size) * 10.0**j for j in range(n_numbers)}
    for j, size in enumerate([2, 5, 9] if n_numbers > 0 else [7, 9, 8, 6, 9, 5]):
        texts = np.array([f"{chr(99 - i % 3)}{i}" for i in range(size)], dtype=object)
        columns[f"t{j}"] = texts[np.minimum((rng.random(labels.size)**(1 + labels / 3) * size)
                                            .astype(int), size - 1)]
    return columns, labels


def new_rows(tool, path, kind, seed, n_before):
    out = tool("smote", "-q", "-K", kind, "--compat", "imblearn", "--seed", str(seed), path)
    return [line.split("\t") for line in out.splitlines()[1 + n_before:]]


@pytest.mark.parametrize("n_numbers", [1, 2, 4])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_rows_of_numbers_and_categories_are_those_of_smotenc(tool, tmp_path, seed, n_numbers):
    columns, labels = mixed_table(seed, n_numbers)
    write_table(tmp_path / "t.tsv", columns, labels)
    table = np.array(list(columns.values()), dtype=object).T
    nominal = [j for j, name in enumerate(columns) if name[0] == "t"]
    wanted, wanted_labels = SMOTENC(nominal, random_state=seed).fit_resample(table, labels)
    mine = new_rows(tool, tmp_path / "t.tsv", "nc", seed, labels.size)
    assert [row[0] for row in mine] == [f"c{y}" for y in wanted_labels[labels.size:]]
    for row, other in zip(mine, wanted[labels.size:]):
        assert [float(v) for v in row[1:1 + n_numbers]] == list(other[:n_numbers])
        assert row[1 + n_numbers:] == list(other[n_numbers:])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_rows_of_categories_are_those_of_smoten(tool, tmp_path, seed):
    columns, labels = mixed_table(seed, 0)
    write_table(tmp_path / "t.tsv", columns, labels)
    table = np.array(list(columns.values()), dtype=object).T
    wanted, wanted_labels = SMOTEN(random_state=seed).fit_resample(table, labels)
    mine = new_rows(tool, tmp_path / "t.tsv", "n", seed, labels.size)
    assert [row[0] for row in mine] == [f"c{y}" for y in wanted_labels[labels.size:]]
    assert [row[1:] for row in mine] == wanted[labels.size:].tolist()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_neighbours_of_an_array_elsewhere(resample, tmp_path, dtype):
    """In another array, in some columns, in components: bases and steps stay, neighbours change."""
    _, table, labels = next(imbalanced())
    table = (table * np.arange(1, 21)).astype(dtype)
    other = np.random.default_rng(8).standard_normal((labels.size, 3))
    np.save(tmp_path / "other.npy", other)
    scores = PCA(4, svd_solver="full").fit_transform(table.astype(np.float64))
    for space, where in [(tmp_path / "other.npy", other), ("columns:3,17-19", table[:, [3, 17, 18, 19]]),
                         ("pca:4", scores)]:
        wanted = [table]
        for c, n in enumerate(np.bincount(labels)[1:], 1):
            of_class = np.flatnonzero(labels == c)
            near = NearestNeighbors(n_neighbors=5).fit(where[of_class]).kneighbors(
                return_distance=False)
            random = np.random.RandomState(4)
            at = random.randint(0, n * 5, 600 - n)
            step = random.uniform(size=at.size)[:, None]
            a, b = table[of_class[at // 5]], table[of_class[near[at // 5, at % 5]]]
            wanted.append((a + step * (b - a)).astype(dtype))
        mine, mine_labels = resample(table, labels, "--space", space, "--seed", "4")
        assert mine.dtype == dtype and (np.bincount(mine_labels) == 600).all()
        assert (mine == np.concatenate(wanted)).all(), space


def made_of(tool, folder, table, labels, *options):
    """New rows of class 1 as recipes: (parent_a, parent_b, lambda), and their values."""
    np.save(folder / "x.npy", table)
    np.save(folder / "y.npy", labels)
    tool("smote", "-q", "--labels", folder / "y.npy", "-o", folder / "x2.npy", "--labels-out",
         folder / "y2.npy", "--parents", folder / "p.tsv", "--force", *options, folder / "x.npy")
    recipes = np.loadtxt(folder / "p.tsv", skiprows=1, ndmin=2)
    return recipes[:, 1:3].astype(int), recipes[:, 3], np.load(folder / "x2.npy")[labels.size:]


def overlapping(seed):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat([0, 1], [400, 60]))
    table = rng.standard_normal((labels.size, 3)) + labels[:, None] * np.array([1.2, 0.4, 0])
    return table, labels


def check_even_use(bases, allowed):
    """Every base that may be one is one, as often as the others or once more."""
    use = np.bincount(bases, minlength=allowed.size)
    assert (use[~allowed] == 0).all()
    assert use[allowed].max() - use[allowed].min() <= 1


@pytest.mark.parametrize("seed, k", [(0, 5), (1, 3), (2, 5)])
def test_safe_levels_are_those_of_the_paper(tool, tmp_path, seed, k):
    """Bunkhumpornpat, Sinapiromsaran & Lursinsap (2009), written down plainly.

    sl is how many of the k nearest rows are of the class. Of a base p and a neighbour n: where both
    are 0 nothing is made; sl_p > 0 = sl_n repeats p; a ratio of 1 draws the gap from [0, 1], above
    1 from [0, 1 / ratio], below 1 from [1 - ratio, 1].
    """
    table, labels = overlapping(seed)
    pairs, gap, new = made_of(tool, tmp_path, table, labels, "-K", "safe-level", "-k", str(k),
                              "--seed", str(seed), "-t", "1=4060")
    near = NearestNeighbors(n_neighbors=k).fit(table).kneighbors(return_distance=False)
    level = (labels[near] == 1).sum(axis=1)
    rows = np.flatnonzero(labels == 1)
    within = np.full((labels.size, k), -1)
    within[rows] = rows[NearestNeighbors(n_neighbors=k).fit(table[rows]).kneighbors(
        return_distance=False)]
    can_be = np.zeros(labels.size, bool)
    can_be[rows] = (level[rows] > 0) | (level[within[rows]] > 0).any(axis=1)
    check_even_use(pairs[:, 0], can_be)
    met = set()
    widest, lowest = {}, {}
    for (p, n), g in zip(pairs, gap):
        assert n in within[p]
        assert level[p] > 0 or level[n] > 0
        ratio = np.inf if level[n] == 0 else level[p] / level[n]
        low, high = (0, 1) if ratio == 1 else (0, 1 / ratio) if ratio > 1 else (1 - ratio, 1)
        assert low - 1e-12 <= g <= high + 1e-12
        met.add("none" if ratio == np.inf else np.sign(ratio - 1))
        if high > low:  # and all of the interval is used
            at = (g - low) / (high - low)
            widest[ratio] = max(at, widest.get(ratio, 0))
            lowest[ratio] = min(at, lowest.get(ratio, 1))
    assert {-1, 0, 1} <= met
    common = [r for r in widest if r == 1]
    assert common and all(widest[r] > 0.95 and lowest[r] < 0.05 for r in common)
    wanted = table[pairs[:, 0]] + gap[:, None] * (table[pairs[:, 1]] - table[pairs[:, 0]])
    assert np.allclose(new, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("seed, m", [(0, 4), (1, 10), (2, 10)])
def test_enemies_are_those_of_the_paper(tool, tmp_path, seed, m):
    """EOS of Dablain, Bellinger, Krawczyk & Chawla (2022): of the m nearest rows those of other
    classes, towards one of which a row goes by a share drawn from [0, 1]."""
    table, labels = overlapping(seed)
    pairs, gap, new = made_of(tool, tmp_path, table, labels, "-K", "eos", "-m", str(m), "--seed",
                              str(seed), "-t", "1=4060")
    near = NearestNeighbors(n_neighbors=m).fit(table).kneighbors(return_distance=False)
    enemies = [set(near[i][labels[near[i]] != labels[i]]) for i in range(labels.size)]
    can_be = np.array([labels[i] == 1 and len(enemies[i]) > 0 for i in range(labels.size)])
    check_even_use(pairs[:, 0], can_be)
    assert all(n in enemies[p] for p, n in pairs)
    for p in np.flatnonzero(can_be):  # all enemies are met, at 40 draws and more a base
        if len(enemies[p]) <= 4:
            assert set(pairs[pairs[:, 0] == p, 1]) == enemies[p]
    share, _ = np.histogram(gap, 10, (0, 1))
    assert gap.min() >= 0 and gap.max() < 1 and np.abs(share / gap.size - 0.1).max() < 0.03
    wanted = table[pairs[:, 0]] + gap[:, None] * (table[pairs[:, 1]] - table[pairs[:, 0]])
    assert np.allclose(new, wanted, rtol=0, atol=1e-12)

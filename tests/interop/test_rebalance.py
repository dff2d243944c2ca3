"""rebalance against imbalanced-learn: which rows stay, which are repeated, and what is new."""

import json

import numpy as np
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.under_sampling import (AllKNN, ClusterCentroids, CondensedNearestNeighbour,
                                     EditedNearestNeighbours, InstanceHardnessThreshold, NearMiss,
                                     NeighbourhoodCleaningRule, OneSidedSelection,
                                     RandomUnderSampler, RepeatedEditedNearestNeighbours,
                                     TomekLinks)
from scipy.spatial.distance import cdist
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.cluster import KMeans
from sklearn.datasets import (load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine,
                              make_blobs)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SEED = 11


def thinned(labels, factor):
    """Rows that make classes unequal: class c keeps a share factor^c."""
    rng = np.random.default_rng(5)
    keep = [rng.permutation(np.flatnonzero(labels == c))[:max(8, int((labels == c).sum() * factor**i))]
            for i, c in enumerate(np.unique(labels))]
    return np.sort(np.concatenate(keep))


def data_sets():
    """Tables without equal distances: name, features, classes from 0."""
    rng = np.random.default_rng(3)
    labels = np.repeat([1, 0, 2], [150, 600, 40])
    yield "normal", rng.standard_normal((labels.size, 20)) + labels[:, None] * 0.4, labels
    for name, load in [("iris", load_iris), ("wine", load_wine),
                       ("breast cancer", load_breast_cancer), ("digits", load_digits)]:
        data = load()
        keep = thinned(data.target, 0.8 if name == "digits" else 0.5)
        noise = rng.standard_normal((keep.size, data.data.shape[1])) * 1e-3
        yield name, data.data[keep] + noise, data.target[keep]
    data = load_diabetes()  # the disease's progress in eight classes
    labels = np.digitize(data.target, [45, 75, 95, 130, 180, 240, 290])
    yield "diabetes", data.data + rng.standard_normal(data.data.shape) * 1e-4, labels


DATA = {name: (table, labels) for name, table, labels in data_sets()}


@pytest.fixture(params=DATA)
def data(request, tmp_path):
    table, labels = DATA[request.param]
    write(tmp_path, table, labels)
    return table, labels


def write(folder, table, labels, scores=None):
    """A manifest of ids and classes, and the features beside it."""
    np.save(folder / "x.npy", table)
    names = [f"p_c{c:02}" for c in range(scores.shape[1])] if scores is not None else []
    with open(folder / "m.tsv", "w") as out:
        print("id", "label", *names, sep="\t", file=out)
        for i, label in enumerate(labels):
            numbers = [repr(float(p)) for p in scores[i]] if scores is not None else []
            print(i, f"c{label:02}", *numbers, sep="\t", file=out)


def rows(tool, folder, *options, features=True):
    space = ["--space", folder / "x.npy"] if features else []
    out = tool("rebalance", "-q", *map(str, space), "--seed", str(SEED), *options,
               str(folder / "m.tsv"))
    return [int(line.split("\t")[0]) for line in out.splitlines()[1:]]


def strategies(labels):
    """What both understand: our option, theirs."""
    counts = np.bincount(labels)
    yield ["--strategy", "auto"], "auto"
    yield ["--strategy", "majority"], "majority"
    yield ["--strategy", "not majority"], "not majority"
    targets = {c: int(n * 0.6) + 1 for c, n in enumerate(counts) if c != counts.argmin()}
    yield ["--target", ",".join(f"c{c:02}={n}" for c, n in targets.items())], targets
    if counts.size == 2:
        ratio = float(counts.min() / counts.max() + 1) / 2
        yield ["--strategy", repr(ratio)], ratio


@pytest.mark.parametrize("version", [1, 2, 3])
def test_near_misses(tool, tmp_path, data, version):
    table, labels = data
    for mine, theirs in strategies(labels):
        peer = NearMiss(version=version, sampling_strategy=theirs)
        peer.fit_resample(table, labels)
        assert rows(tool, tmp_path, "-m", f"nearmiss-{version}", *mine) == sorted(
            peer.sample_indices_), mine


CLEANERS = {
    "tomek": ([], TomekLinks),
    "enn": ([], EditedNearestNeighbours),
    "enn mode": (["--agreement", "mode"], lambda **how: EditedNearestNeighbours(kind_sel="mode",
                                                                               **how)),
    "enn 5": (["-k", "5"], lambda **how: EditedNearestNeighbours(n_neighbors=5, **how)),
    "renn": ([], RepeatedEditedNearestNeighbours),
    "renn mode": (["--agreement", "mode"],
                  lambda **how: RepeatedEditedNearestNeighbours(kind_sel="mode", **how)),
    "renn 2": (["--rounds", "2"], lambda **how: RepeatedEditedNearestNeighbours(max_iter=2, **how)),
    "allknn": ([], AllKNN),
    "allknn mode": (["--agreement", "mode"], lambda **how: AllKNN(kind_sel="mode", **how)),
    "ncr": ([], NeighbourhoodCleaningRule),
    "ncr 2": (["--threshold", "2"],
              lambda **how: NeighbourhoodCleaningRule(threshold_cleaning=2.0, **how)),
    "cnn": (["--compat", "imblearn"],
            lambda **how: CondensedNearestNeighbour(random_state=SEED, **how)),
    "cnn 3": (["--compat", "imblearn", "--seeds", "3"],
              lambda **how: CondensedNearestNeighbour(random_state=SEED, n_seeds_S=3, **how)),
    "oss": ([], lambda **how: OneSidedSelection(random_state=SEED, **how)),
}


@pytest.mark.parametrize("which, on", [("auto", name) for name in DATA] + [
    ("all", "wine"), ("majority", "diabetes"), ("not majority", "normal"), ("list", "digits")])
@pytest.mark.parametrize("name", CLEANERS)
def test_cleaning(tool, tmp_path, name, which, on):
    table, labels = DATA[on]
    write(tmp_path, table, labels)
    options, make = CLEANERS[name]
    if name[:3] in ("cnn", "oss") and which in ("all", "not majority"):
        return  # leaves one row of the smallest class; rebalance leaves them all
    if which == "list":
        two = np.argsort(np.bincount(labels), kind="stable")[-2:]
        mine, theirs = "list:" + ",".join(f"c{c:02}" for c in two), [int(c) for c in two]
    else:
        mine = theirs = which
    peer = make(sampling_strategy=theirs)
    peer.fit_resample(table, labels)
    found = rows(tool, tmp_path, "-m", name.split()[0], *options, "--strategy", mine)
    assert found == sorted(set(peer.sample_indices_))


def test_cleaning_removes(tool, tmp_path):
    """The comparison above would also hold if no row went."""
    table, labels = DATA["normal"]
    write(tmp_path, table, labels)
    for name, (options, _) in CLEANERS.items():
        assert len(rows(tool, tmp_path, "-m", name.split()[0], *options)) < len(labels), name


def test_cnn_without_the_slip(tool, tmp_path):
    """Without --compat no row is passed over: one after the other, each that the rows so far judge
    wrong stays."""
    table, labels = DATA["normal"]
    write(tmp_path, table, labels)
    kept = rows(tool, tmp_path, "-m", "cnn", "--strategy", "majority")
    of_class = np.flatnonzero(labels == 0)
    first = of_class[np.random.RandomState(SEED).randint(0, of_class.size, 1)[0]]
    stay = [first]
    for i in of_class:
        base = np.concatenate([np.flatnonzero(labels == 2), stay])
        nearest = base[((table[base] - table[i]) ** 2).sum(axis=1).argmin()]
        if labels[nearest] != 0:
            stay.append(i)
    assert kept == sorted(np.concatenate([np.flatnonzero(labels != 0), stay]))
    assert kept != rows(tool, tmp_path, "-m", "cnn", "--strategy", "majority", "--compat",
                        "imblearn")


class Fixed(ClassifierMixin, BaseEstimator):
    """Gives every row of a table the probabilities that it is known to have."""

    known = {}

    def fit(self, table, labels):
        self.classes_ = np.unique(labels)
        return self

    def predict_proba(self, table):
        return np.array([self.known[row.tobytes()] for row in np.ascontiguousarray(table)])


def test_hardness(tool, tmp_path, data):
    table, labels = data
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    scores = cross_val_predict(model, table, labels, cv=5, method="predict_proba")
    Fixed.known = {row.tobytes(): p for row, p in zip(np.ascontiguousarray(table), scores)}
    assert len(Fixed.known) == len(table)
    write(tmp_path, table, labels, scores)
    for mine, theirs in strategies(labels):
        peer = InstanceHardnessThreshold(estimator=Fixed(), sampling_strategy=theirs, random_state=SEED)
        peer.fit_resample(table, labels)
        assert rows(tool, tmp_path, "-m", "iht", *mine, features=False) == sorted(
            peer.sample_indices_), mine


@pytest.mark.parametrize("which", ["auto", "all", "not minority", "majority", "not majority"])
def test_random_rows_stay(tool, tmp_path, data, which):
    table, labels = data
    peer = RandomUnderSampler(random_state=SEED, sampling_strategy=which)
    peer.fit_resample(table, labels)
    found = rows(tool, tmp_path, "-m", "under", "-s", which, "--compat", "imblearn", features=False)
    assert found == sorted(peer.sample_indices_)


@pytest.mark.parametrize("which", ["auto", "all", "not minority", "minority", "not majority"])
def test_random_rows_are_repeated(tool, tmp_path, data, which):
    table, labels = data
    peer = RandomOverSampler(random_state=SEED, sampling_strategy=which)
    peer.fit_resample(table, labels)
    found = rows(tool, tmp_path, "-m", "over", "-s", which, "--compat", "imblearn", features=False)
    assert sorted(found) == sorted(peer.sample_indices_)


def array(tool, folder, table, labels, *options):
    """Through .npy files: features and classes that come out."""
    np.save(folder / "x.npy", table)
    np.save(folder / "y.npy", labels.astype(np.int64))
    tool("rebalance", "-q", "--force", "--seed", str(SEED), *options, "--labels",
         str(folder / "y.npy"), "-o", str(folder / "x2.npy"), "--labels-out",
         str(folder / "y2.npy"), str(folder / "x.npy"))
    return np.load(folder / "x2.npy"), np.load(folder / "y2.npy")


def test_rows_of_an_array_stay_by_neighbours_elsewhere(tool, tmp_path):
    table, labels = DATA["normal"]
    other = np.random.default_rng(8).standard_normal((labels.size, 3))
    np.save(tmp_path / "other.npy", other)
    for space, where in [(tmp_path / "other.npy", other), ("columns:0,5-7", table[:, [0, 5, 6, 7]])]:
        peer = EditedNearestNeighbours()
        peer.fit_resample(where, labels)
        kept = np.sort(peer.sample_indices_)
        mine, classes = array(tool, tmp_path, table, labels, "-m", "enn", "--space", str(space))
        assert (mine == table[kept]).all() and (classes == labels[kept]).all()


@pytest.mark.parametrize("shrinkage", ["1", "0.25", "0=0.5,*=2"])
def test_noisy_rows(tool, tmp_path, data, shrinkage):
    table, labels = data
    own = {c: 0.5 if c == 0 else 2.0 for c in np.unique(labels)}
    peer = RandomOverSampler(random_state=SEED,
                             shrinkage=own if "=" in shrinkage else float(shrinkage),
                             sampling_strategy={int(c): int(np.bincount(labels).max())
                                                for c in np.unique(labels)})
    wanted, classes = peer.fit_resample(table, labels)
    mine, mine_classes = array(tool, tmp_path, table, labels, "-m", "over", "--shrinkage",
                               shrinkage, "--compat", "imblearn", "--strategy", "all")
    assert (mine_classes == classes).all()
    assert (mine == wanted).all()


def test_noise_has_the_width_it_should(tool, tmp_path):
    """Without --compat too, with all rows used evenly."""
    rng = np.random.default_rng(1)
    labels = np.repeat([0, 1], [20000, 500])
    table = rng.standard_normal((labels.size, 3)) * [1, 5, 0]
    mine, classes = array(tool, tmp_path, table, labels, "--shrinkage", "1")
    new = mine[labels.size:]
    assert (classes == np.repeat([0, 1, 1], [20000, 500, 19500])).all()
    h = (4 / (5 * labels.size)) ** (1 / 7)
    spread = table[labels == 1].std(axis=0)
    assert np.allclose(new.std(axis=0), np.sqrt(1 + h * h) * spread, rtol=0.02)
    assert (new[:, 2] == 0).all()


def test_centroids_of_blobs(tool, tmp_path):
    """Where the clusters are plain, both find them."""
    table, blob = make_blobs([60] * 12, 5, cluster_std=0.01, random_state=2, center_box=(-100, 100))
    table = np.concatenate([table, np.random.default_rng(2).normal(300, 1, (12, 5))])
    labels = np.concatenate([np.zeros(blob.size, int), np.ones(12, int)])
    wanted, _ = ClusterCentroids(estimator=KMeans(n_init=20, random_state=0)).fit_resample(
        table, labels)
    best = None
    for seed in range(5):
        mine, classes = array(tool, tmp_path, table, labels, "-m", "centroids", "--seed", str(seed))
        assert (np.sort(classes) == np.repeat([0, 1], 12)).all()
        new = mine[classes == 0]
        error = np.abs(np.sort(new, axis=0) - np.sort(wanted[:12], axis=0)).max()
        best = error if best is None else min(best, error)
    assert best < 1e-9


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", DATA)
def test_centroids_are_those_of_imbalanced_learn(tool, tmp_path, name, dtype):
    """The same stream, the same labels, the same sums: no bit of a centre differs.

    Centres are few: two rows that are alone are equally good centres but for the rounding of BLAS,
    and equally near to the middle between them.
    """
    table, labels = DATA[name]
    table = table.astype(dtype)
    targets = {c: 2 + n // 10 for c, n in enumerate(np.bincount(labels))}
    options = ["-m", "centroids", "--compat", "imblearn", "--target",
               ",".join(f"{c}={n}" for c, n in targets.items())]
    wanted, classes_wanted = ClusterCentroids(
        sampling_strategy=targets, random_state=SEED).fit_resample(table, labels)
    mine, classes = array(tool, tmp_path, table, labels, *options)
    order = np.argsort(classes, kind="stable")
    assert mine.dtype == dtype and (classes[order] == classes_wanted).all()
    assert (mine[order] == wanted).all()
    mine, classes = array(tool, tmp_path, table, labels, *options, "--voting", "hard")
    for c in targets:  # of each centre the nearest row, or of a pair any
        center = wanted[classes_wanted == c].astype(float)
        far = cdist(center, table[labels == c]).min(axis=1)
        near = np.isclose(cdist(center, mine[classes == c]), far[:, None], rtol=1e-4)
        assert near.any(axis=0).all() and near.any(axis=1).all()


@pytest.mark.parametrize("name", ["digits", "breast cancer"])
def test_centroids_are_as_good(tool, tmp_path, name):
    table, labels = DATA[name]
    counts = np.bincount(labels)
    mine, classes = array(tool, tmp_path, table, labels, "-m", "centroids")
    assert (np.bincount(classes) == counts.min()).all()
    for c in np.flatnonzero(counts > counts.min()):
        rows_of_class = table[labels == c]

        def inertia(centers, points=rows_of_class):
            return ((points[:, None] - centers[None]) ** 2).sum(axis=2).min(axis=1).sum()

        peers = [inertia(KMeans(counts.min(), random_state=s).fit(rows_of_class).cluster_centers_)
                 for s in range(5)]
        assert inertia(mine[classes == c]) < 1.1 * np.mean(peers)
    kept = []
    write(tmp_path, table, labels)
    kept = rows(tool, tmp_path, "-m", "centroids", "--voting", "hard")
    assert len(set(kept)) == len(kept)
    assert (np.bincount(labels[kept]) == counts.min()).all()


@pytest.mark.parametrize("method", ["nearmiss-1", "nearmiss-2", "nearmiss-3", "centroids", "tomek",
                                    "enn", "renn", "allknn", "ncr", "cnn", "oss"])
def test_equal_distances_go_by_row_number_for_any_number_of_threads(tool, tmp_path, method):
    """8-bit data, many distances equal, some rows too."""
    rng = np.random.default_rng(9)
    labels = np.repeat([0, 1, 2], [400, 150, 60])
    table = (rng.integers(0, 4, (labels.size, 4)) * 60 + labels[:, None] * 20).astype(np.uint8)
    write(tmp_path, table, labels)
    found = [rows(tool, tmp_path, "-m", method, "-j", str(j)) for j in (1, 2, 4)]
    assert found[0] == found[1] == found[2]
    assert len(found[0]) < labels.size
    if method == "tomek":
        assert found[0] == tomek_by_row_number(table.astype(int), labels)
    if method == "nearmiss-1":
        assert found[0] == near_misses_by_row_number(table.astype(int), labels)


def tomek_by_row_number(table, labels):
    d2 = ((table[:, None] - table[None]) ** 2).sum(axis=2).astype(float)
    np.fill_diagonal(d2, np.inf)
    nearest = d2.argmin(axis=1)  # of equal ones the first
    return [i for i in range(len(labels)) if labels[i] == 2 or labels[nearest[i]] == labels[i]
            or nearest[nearest[i]] != i]


def near_misses_by_row_number(table, labels):
    d = np.sqrt(((table[:, None] - table[labels == 2][None]) ** 2).sum(axis=2))
    score = np.sort(d, axis=1)[:, :3]
    score = score[:, 0] + score[:, 1] + score[:, 2]
    kept = [i for i in range(len(labels)) if labels[i] == 2]
    for c in (0, 1):
        of_class = np.flatnonzero(labels == c)
        kept += list(of_class[np.argsort(score[of_class], kind="stable")[:60]])
    return sorted(kept)


def test_plans_of_dictionaries(tool, tmp_path):
    """A dry run says what imbalanced-learn would come to."""
    table, labels = DATA["digits"]
    write(tmp_path, table, labels)
    wanted = RandomOverSampler().fit_resample(table, labels)[1]
    plan = json.loads(tool("rebalance", "-q", "-n", "--format", "json", str(tmp_path / "m.tsv")))
    assert [row["delivered"] for row in plan["plan"]] == list(np.bincount(wanted))

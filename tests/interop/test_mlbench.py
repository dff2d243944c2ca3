"""smote, rebalance and datasplit on the tables of mlbench: many classes, integers, equal rows.

Where distances are equal, neighbours are unspecified in scikit-learn and go by row number here; so
tables with such distances are compared with imbalanced-learn after a noise of a hundred-thousandth
of each column's width, and as they are with a few lines of NumPy, for 1, 2 and 4 threads."""

import numpy as np
import pytest
from imblearn.over_sampling import SMOTENC, RandomOverSampler
from imblearn.under_sampling import InstanceHardnessThreshold, NearMiss, RandomUnderSampler
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, train_test_split

from mlbench import frame, numbers
from test_rebalance import CLEANERS, SEED, Fixed, rows, write
from test_smote import SAMPLERS

TABLES = {
    "Vowel": lambda seed: numbers("Vowel", "Class", ["V1"], seed, shares=0.85),  # 11 classes
    "Glass": lambda seed: numbers("Glass", "Type", seed=seed),  # 6
    "Satellite": lambda seed: numbers("Satellite", "classes", seed=seed, size=800),  # 6
    "LetterRecognition": lambda seed: numbers("LetterRecognition", "lettr", seed=seed, size=1200,
                                              shares=0.93),  # 26
    "Vehicle": lambda seed: numbers("Vehicle", "Class", seed=seed, shares=0.6),  # 4
    "Sonar": lambda seed: numbers("Sonar", "Class", seed=seed, shares=0.5),
    "Ionosphere": lambda seed: numbers("Ionosphere", "Class", seed=seed),
    "PimaIndiansDiabetes": lambda seed: numbers("PimaIndiansDiabetes", "diabetes", seed=seed),
}
EVERY = pytest.mark.parametrize("name", TABLES)


@pytest.fixture
def resample(tool, tmp_path):
    """Run smote or rebalance on arrays."""

    def run(program, table, labels, *options, status=0):
        np.save(tmp_path / "x.npy", table)
        np.save(tmp_path / "y.npy", labels.astype(np.int64))
        tool(program, "-q", "--labels", tmp_path / "y.npy", "-o", tmp_path / "x2.npy",
             "--labels-out", tmp_path / "y2.npy", "--force", *map(str, options),
             tmp_path / "x.npy", status=status)
        return (np.load(tmp_path / "x2.npy"), np.load(tmp_path / "y2.npy")) if status == 0 else None

    return run


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", SAMPLERS)
@EVERY
def test_new_rows(resample, name, kind, dtype):
    if kind == "svm" and name not in ("Vowel", "Glass", "Vehicle", "Sonar"):
        return  # a model for each class takes long
    table, labels = TABLES[name](1)
    table = table.astype(dtype)
    options = ["-K", kind, "--compat", "imblearn", "--seed", 3]
    try:
        wanted, wanted_labels = SAMPLERS[kind](3).fit_resample(table, labels)
    except (RuntimeError, ValueError) as error:  # ADASYN of a class that lies apart, SVM of noise
        nothing = "No samples will be generated" in str(error)  # all shares are rounded to 0
        resample("smote", table, labels, *options, status=0 if nothing else 1)
        return
    mine, mine_labels = resample("smote", table, labels, *options)
    if kind == "enn":  # imbalanced-learn sorts the rows by class, smote keeps their order
        order = np.argsort(mine_labels, kind="stable")
        mine, mine_labels = mine[order], mine_labels[order]
    assert mine.dtype == dtype
    assert mine.shape == wanted.shape and (mine == wanted).all()
    assert (mine_labels == wanted_labels).all()


def test_numbers_and_categories(tool, tmp_path):
    """Vowel has the speaker as a category."""
    table = frame("Vowel")
    labels = table.pop("Class")
    keep = [i for i in range(len(labels)) if labels[i] < "hO" or i % 3 == 0]
    labels = [labels[i] for i in keep]
    table = {name: [column[i] for i in keep] for name, column in table.items()}
    lines = ["\t".join(["label", *table])]
    lines += ["\t".join([label, *map(str, row)]) for label, *row in zip(labels, *table.values())]
    (tmp_path / "t.tsv").write_text("\n".join(lines) + "\n")
    features = np.array(list(table.values()), dtype=object).T
    wanted, wanted_labels = SMOTENC([0], random_state=5).fit_resample(features, np.array(labels))
    out = tool("smote", "-q", "-K", "nc", "--categorical", "V1", "--compat", "imblearn", "--seed",
               "5", tmp_path / "t.tsv").splitlines()
    cells = [line.split("\t") for line in out[1:]]
    assert [row[0] for row in cells] == list(wanted_labels)
    assert [row[1] for row in cells] == list(wanted[:, 0])
    assert (np.array([row[2:] for row in cells], dtype=float) == wanted[:, 1:].astype(float)).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@EVERY
def test_rows_that_stay(tool, tmp_path, name, dtype):
    table, labels = TABLES[name](2)
    table = table.astype(dtype)
    write(tmp_path, table, labels)
    for cleaner, (options, make) in CLEANERS.items():
        if cleaner[:3] == "cnn" and labels.size > 400:
            continue  # imbalanced-learn searches anew for every row
        peer = make(sampling_strategy="auto")
        peer.fit_resample(table, labels)
        found = rows(tool, tmp_path, "-m", cleaner.split()[0], *options)
        assert found == sorted(set(peer.sample_indices_)), cleaner
    for version in (1, 2, 3):
        peer = NearMiss(version=version)
        peer.fit_resample(table, labels)
        assert rows(tool, tmp_path, "-m", f"nearmiss-{version}") == sorted(peer.sample_indices_)


@EVERY
def test_rows_drawn_by_chance_and_by_hardness(tool, tmp_path, name):
    table, labels = TABLES[name](3)
    scores = np.random.default_rng(4).dirichlet(np.ones(labels.max() + 1), labels.size)
    write(tmp_path, table, labels, scores)
    compat = ["--compat", "imblearn"]
    for method, make in [("under", RandomUnderSampler), ("over", RandomOverSampler)]:
        peer = make(random_state=SEED)
        peer.fit_resample(table, labels)
        found = rows(tool, tmp_path, "-m", method, *compat, "-s", "auto", features=False)
        assert sorted(found) == sorted(peer.sample_indices_)
    Fixed.known = {row.tobytes(): p for row, p in zip(np.ascontiguousarray(table), scores)}
    peer = InstanceHardnessThreshold(estimator=Fixed(), random_state=SEED)
    peer.fit_resample(table, labels)
    assert rows(tool, tmp_path, "-m", "iht", features=False) == sorted(peer.sample_indices_)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@EVERY
def test_noisy_rows(resample, name, dtype):
    table, labels = TABLES[name](None)
    table = table.astype(dtype)
    wanted, _ = RandomOverSampler(random_state=6, shrinkage=0.7).fit_resample(table, labels)
    mine, _ = resample("rebalance", table, labels, "-m", "over", "--shrinkage", 0.7, "--seed", 6,
                       "--compat", "imblearn")
    assert mine.dtype == dtype
    if dtype == np.float64:
        assert (mine == wanted).all()
    else:
        assert np.allclose(mine, wanted, rtol=1e-6, atol=1e-6 * np.ptp(table, axis=0).max())


@EVERY
@pytest.mark.filterwarnings("ignore:The least populated class")
def test_splits(tool, tmp_path, name):
    _, labels = TABLES[name](None)
    groups = np.random.default_rng(7).integers(0, labels.size // 6, labels.size)
    groups = np.array([f"g{g}" for g in groups])
    text = "label\tpatient\n" + "".join(f"c{y:02}\t{g}\n" for y, g in zip(labels, groups))
    (tmp_path / "t.tsv").write_text(text)

    def split(*options):
        out = tool("datasplit", "-q", "--compat", "sklearn", "--seed", "8", *options,
                   tmp_path / "t.tsv")
        return np.array([line.split("\t")[2] for line in out.splitlines()[1:]])

    train, test = train_test_split(np.arange(labels.size), test_size=0.3, random_state=8,
                                   stratify=labels)
    mine = split("--ratios", "train=0.7,test=0.3")
    assert (np.flatnonzero(mine == "train") == np.sort(train)).all()
    assert (np.flatnonzero(mine == "test") == np.sort(test)).all()
    for options, cv in [([], StratifiedKFold(5, shuffle=True, random_state=8)),
                        (["--group", "patient"],
                         StratifiedGroupKFold(5, shuffle=True, random_state=8))]:
        mine = split("--folds", "5", *options)
        for i, (_, test) in enumerate(cv.split(labels, labels, groups)):
            assert (np.flatnonzero(mine == str(i + 1)) == test).all()


TIED = ["Vehicle", "PimaIndiansDiabetes"]


def smote_by_row_number(table, labels, seed, k=5):
    """imbalanced-learn's draws between the k nearest by (distance, row number)."""
    new = []
    counts = np.bincount(labels)
    for c in np.flatnonzero(counts < counts.max()):
        of_class = np.flatnonzero(labels == c)
        own = table[of_class].astype(int)
        d2 = ((own[:, None] - own[None]) ** 2).sum(axis=2)
        np.fill_diagonal(d2, -1)
        near = np.argsort(d2, axis=1, kind="stable")[:, 1:k + 1]
        random = np.random.RandomState(seed)
        n = counts.max() - counts[c]
        at = random.randint(0, own.shape[0] * k, n)
        step = random.uniform(size=n)[:, None]
        a, b = own[at // k], own[near[at // k, at % k]]
        new.append(np.clip(np.rint(a + step * (b - a)), 0, 255).astype(np.uint8))
    return np.concatenate([table, *new])


@pytest.mark.parametrize("name", TIED)
def test_equal_distances_go_by_row_number_for_any_number_of_threads(tool, tmp_path, resample, name):
    """Bytes as they are, many rows equal: all kinds and methods."""
    table, labels = TABLES[name](None)
    table = np.clip(np.rint(table), 0, 255).astype(np.uint8)
    distinct = np.unique(((table[:1].astype(int) - table[1:]) ** 2).sum(axis=1)).size
    assert distinct < labels.size - 1  # there are ties
    for kind in [*SAMPLERS, "kmeans", "safe-level", "eos"]:
        how = ["-K", kind, "--seed", 2, "--cluster-threshold", 0.02][:None if kind == "kmeans" else 4]
        found = [resample("smote", table, labels, *how, "-j", j) for j in (1, 2, 4)]
        for other in found[1:]:
            assert all((a == b).all() and a.shape == b.shape for a, b in zip(found[0], other)), kind
    mine, _ = resample("smote", table, labels, "--compat", "imblearn", "--seed", 2)
    assert (mine == smote_by_row_number(table, labels, 2)).all()
    write(tmp_path, table, labels)
    for method in ("nearmiss-1", "nearmiss-2", "nearmiss-3", "centroids", "tomek", "enn", "renn",
                   "allknn", "ncr", "cnn", "oss"):
        found = [rows(tool, tmp_path, "-m", method, "-j", str(j)) for j in (1, 2, 4)]
        assert found[0] == found[1] == found[2], method

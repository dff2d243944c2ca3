"""datasplit --compat sklearn against scikit-learn, index for index, and --hash against hashlib."""

import hashlib

import numpy as np
import pytest
from sklearn.model_selection import (GroupKFold, GroupShuffleSplit, KFold, RepeatedKFold,
                                     RepeatedStratifiedKFold, ShuffleSplit, StratifiedGroupKFold,
                                     StratifiedKFold, StratifiedShuffleSplit, train_test_split)

CASES = range(15)


class Table:
    """Rows with labels and groups: few or many classes, small ones, names that sort oddly."""

    def __init__(self, case, path):
        rng = np.random.default_rng(case)
        n = int(rng.integers(20, 400)) * (1 + 9 * (case % 5 == 0))
        n_classes = int(rng.integers(1, 30)) if case % 3 else 2
        n_groups = int(rng.integers(12, max(13, n // 2)))
        names = np.array([f"{'kKé ß7'[i % 6]}{i}" for i in range(n_classes)])
        share = rng.dirichlet(np.full(n_classes, 0.7))
        self.labels = rng.permutation(names)[rng.choice(n_classes, n, p=share)]
        self.groups = np.array([f"g{i}" for i in rng.integers(0, n_groups, n)])
        self.seed = int(rng.integers(0, 2**32)) if case else 0
        self.path = path / "rows.tsv"
        rows = zip(self.labels, self.groups)
        self.path.write_text("label\tpatient\n" + "".join(f"{y}\t{g}\n" for y, g in rows))
        self.x = np.zeros(n)

    def frequent(self):
        """Only rows of classes with 30 rows at least, so that scikit-learn takes them."""
        names, counts = np.unique(self.labels, return_counts=True)
        keep = np.isin(self.labels, names[counts >= 30])
        self.labels, self.groups, self.x = self.labels[keep], self.groups[keep], self.x[keep]
        rows = zip(self.labels, self.groups)
        self.path.write_text("label\tpatient\n" + "".join(f"{y}\t{g}\n" for y, g in rows))
        return keep.any()


@pytest.fixture
def table(request, tmp_path):
    return Table(request.param, tmp_path)


@pytest.fixture
def split(tool):
    """Columns that datasplit adds, as arrays of text."""

    def run(table, *options):
        text = tool("datasplit", "-q", "--compat", "sklearn", "--seed", str(table.seed), *options,
                    str(table.path))
        rows = [line.split("\t")[2:] for line in text.splitlines()]
        return np.array(rows[1:]).T

    return run


def folds_of(splits, n, k):
    """Fold numbers of rows, one array for each repeat."""
    folds = []
    for i, (_, test) in enumerate(splits):
        if i % k == 0:
            folds.append(np.zeros(n, dtype=int))
        assert (folds[-1][test] == 0).all()
        folds[-1][test] = i % k + 1
    return [fold.astype(str) for fold in folds]


def sides_of(splits, n):
    for train, test in splits:
        side = np.full(n, "neither")
        side[train], side[test] = "train", "test"
        yield side


def same(mine, wanted):
    wanted = list(wanted)
    assert len(mine) == len(wanted)
    assert all((a == b).all() for a, b in zip(mine, wanted))


def random_state(table, shuffle):
    return {"shuffle": shuffle, "random_state": table.seed if shuffle else None}


SHUFFLE = pytest.mark.parametrize("shuffle", [True, False])
TABLES = pytest.mark.parametrize("table", CASES, indirect=True)


@TABLES
@SHUFFLE
def test_kfold(table, split, shuffle):
    k = 2 + table.seed % 9
    wanted = KFold(k, **random_state(table, shuffle)).split(table.x)
    options = [] if shuffle else ["--no-shuffle"]
    same(split(table, "--folds", str(k), "--no-stratify", *options),
         folds_of(wanted, table.x.size, k))


@TABLES
@SHUFFLE
@pytest.mark.filterwarnings("ignore:The least populated class")
def test_stratified_kfold(table, split, shuffle):
    k = 2 + table.seed % 9
    cv = StratifiedKFold(k, **random_state(table, shuffle))
    try:
        wanted = folds_of(cv.split(table.x, table.labels), table.x.size, k)
    except ValueError:
        pytest.skip("no class has so many rows")
    options = [] if shuffle else ["--no-shuffle"]
    same(split(table, "--folds", str(k), *options), wanted)


@TABLES
@SHUFFLE
def test_group_kfold(table, split, shuffle):
    k = 2 + table.seed % 9
    cv = GroupKFold(k, **random_state(table, shuffle))
    options = [] if shuffle else ["--no-shuffle"]
    same(split(table, "--folds", str(k), "--no-stratify", "--group", "patient", *options),
         folds_of(cv.split(table.x, groups=table.groups), table.x.size, k))


@TABLES
@SHUFFLE
@pytest.mark.filterwarnings("ignore:The least populated class")
def test_stratified_group_kfold(table, split, shuffle):
    k = 2 + table.seed % 11
    cv = StratifiedGroupKFold(k, **random_state(table, shuffle))
    try:
        wanted = folds_of(cv.split(table.x, table.labels, table.groups), table.x.size, k)
    except ValueError:
        pytest.skip("too few rows for so many folds")
    options = [] if shuffle else ["--no-shuffle"]
    same(split(table, "--folds", str(k), "--group", "patient", *options), wanted)


def deviation(folds, k, table):
    """Sum of squared deviations from 1/k of all rows and of every class."""
    parts = [np.full(table.x.size, True), *(table.labels == y for y in np.unique(table.labels))]
    shares = [[np.mean(folds[part] == f"{i + 1}") for i in range(k)] for part in parts]
    return np.sum((np.array(shares) - 1 / k) ** 2)


@pytest.mark.filterwarnings("ignore:The least populated class")
def test_grouped_folds_are_more_even_than_those_of_scikit_learn(tool, tmp_path):
    mine, theirs = [], []
    for case in CASES:
        table = Table(case, tmp_path)
        if np.unique(table.labels, return_counts=True)[1].max() < 5:
            continue
        text = tool("datasplit", "-q", "--folds", "5", "--group", "patient", str(table.path))
        folds = np.array([line.split("\t")[2] for line in text.splitlines()[1:]])
        cv = StratifiedGroupKFold(5, shuffle=True, random_state=case)
        wanted = folds_of(cv.split(table.x, table.labels, table.groups), table.x.size, 5)
        mine.append(deviation(folds, 5, table))
        theirs.append(deviation(wanted[0], 5, table))
    assert len(mine) > 10
    print("of scikit-learn's:", *(f"{m / max(t, 1e-12):.2f}" for m, t in zip(mine, theirs)))
    assert (np.array(mine) <= np.array(theirs) + 1e-9).all()
    assert np.median(np.array(mine) / np.maximum(theirs, 1e-9)) < 0.9


@TABLES
@pytest.mark.filterwarnings("ignore:The least populated class")
def test_repeated_folds(table, split):
    wanted = RepeatedKFold(n_splits=3, n_repeats=4, random_state=table.seed).split(table.x)
    same(split(table, "--folds", "3", "--repeats", "4", "--no-stratify"),
         folds_of(wanted, table.x.size, 3))
    cv = RepeatedStratifiedKFold(n_splits=3, n_repeats=4, random_state=table.seed)
    same(split(table, "--folds", "3", "--repeats", "4"),
         folds_of(cv.split(table.x, table.labels), table.x.size, 3))


SHARES = [("0.75", "0.25"), ("0.9", "0.1"), ("0.35", "0.65"), ("67", "33"), ("0.58", "0.42")]


@TABLES
def test_train_test_split(table, split, tmp_path):
    n = table.x.size
    train, test = SHARES[table.seed % 5]
    size = float(test) if float(test) < 1 else float(test) / 100
    ratios = f"train={train},test={test}"
    rows = train_test_split(np.arange(n), test_size=size, random_state=table.seed)
    same(split(table, "--ratios", ratios, "--no-stratify"), sides_of([rows], n))
    rows = train_test_split(np.arange(n), test_size=n // 3, random_state=table.seed)
    same(split(table, "--counts", f"train=rest,test={n // 3}", "--no-stratify"),
         sides_of([rows], n))
    rows = train_test_split(np.arange(n), test_size=size, shuffle=False)
    same(split(table, "--ratios", ratios, "--no-stratify", "--no-shuffle"), sides_of([rows], n))


@TABLES
def test_stratified_train_test_split(table, split):
    if not table.frequent():
        pytest.skip("no class of 30 rows")
    n = table.x.size
    train, test = SHARES[table.seed % 5]
    size = float(test) if float(test) < 1 else float(test) / 100
    ratios = f"train={train},test={test}"
    rows = train_test_split(np.arange(n), test_size=size, random_state=table.seed,
                            stratify=table.labels)
    same(split(table, "--ratios", ratios), sides_of([rows], n))
    cv = StratifiedShuffleSplit(n_splits=5, test_size=size, random_state=table.seed)
    same(split(table, "--ratios", ratios, "--repeats", "5"),
         sides_of(cv.split(table.x, table.labels), n))


@TABLES
def test_shuffle_splits(table, split):
    n = table.x.size
    cv = ShuffleSplit(n_splits=3, test_size=0.3, random_state=table.seed)
    same(split(table, "--ratios", "train=70,test=30", "--repeats", "3", "--no-stratify"),
         sides_of(cv.split(table.x), n))
    cv = GroupShuffleSplit(n_splits=3, test_size=0.3, random_state=table.seed)
    same(split(table, "--ratios", "train=70,test=30", "--repeats", "3", "--no-stratify", "--group",
               "patient"),
         sides_of(cv.split(table.x, groups=table.groups), n))


def test_a_list_of_classes_does_not_change_the_split(tool, tmp_path):
    labels = np.random.default_rng(1).choice(["b", "a", "c"], 100)
    (tmp_path / "classes.txt").write_text("c\nb\na\nd\n")
    (tmp_path / "rows.tsv").write_text("label\n" + "".join(f"{y}\n" for y in labels))
    text = tool("datasplit", "-q", "--compat", "sklearn", "--seed", "5", "--ratios",
                "train=80,test=20", str(tmp_path / "rows.tsv"))
    mine = np.array([line.split("\t")[1] for line in text.splitlines()[1:]])
    rows = train_test_split(np.arange(100), test_size=0.2, random_state=5, stratify=labels)
    same([mine], sides_of([rows], 100))


def test_hash_split_is_that_of_sha256(tool, tmp_path):
    names = [f"Größe/{i:03d}.png" for i in range(500)]
    (tmp_path / "rows.tsv").write_text("file_name\n" + "".join(f"{name}\n" for name in names))
    text = tool("datasplit", "-q", "--hash", "--seed", "9223372036854775807", "--ratios",
                "a=20,b=50,c=30", str(tmp_path / "rows.tsv"), "-o", str(tmp_path / "split.tsv"))
    assert text == ""
    lines = (tmp_path / "split.tsv").read_text().splitlines()[1:]
    for name, line in zip(names, lines, strict=True):
        digest = hashlib.sha256(f"{2**63 - 1}:{name}".encode()).hexdigest()
        u = int(digest[:16], 16) / 2**64
        assert line == f"{name}\t{'a' if u < 0.2 else 'b' if u < 0.7 else 'c'}"

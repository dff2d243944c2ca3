"""Random numbers and neighbours of lib/balance against NumPy and scikit-learn."""

import numpy as np
import pytest
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.datasets import load_breast_cancer, load_iris, load_wine
from sklearn.neighbors import NearestNeighbors

DRAWS = 700


@pytest.mark.parametrize("seed", [0, 1, 42, 4357, 2**32 - 1])
def test_draws_are_those_of_randomstate(helper, seed):
    lines = helper("balance-peer", "random", seed).decode().split()
    random = np.random.RandomState(seed)
    wanted = [
        *random.random_sample(DRAWS),
        *(i for n in (1, 2, 7, 1000, 65536, 2**32, 10**10) for i in random.randint(0, n, DRAWS)),
        *random.permutation(DRAWS),
        *random.standard_normal(DRAWS),
        *random.standard_gamma(1.5, DRAWS),
        *random.beta(10, 10, DRAWS),
    ]
    assert len(lines) == len(wanted)
    assert all(float(line) == float(value) for line, value in zip(lines, wanted))


def tables():
    rng = np.random.default_rng(7)
    yield "normal f32", rng.standard_normal((1500, 40)).astype(np.float32)
    yield "normal f64, far from 0", rng.standard_normal((1100, 8)) + 1e6
    yield "wine", load_wine().data
    yield "breast cancer", load_breast_cancer().data


@pytest.mark.parametrize("name, table", list(tables()))
def test_neighbours_are_those_of_scikit_learn(helper, tmp_path, name, table):
    np.save(tmp_path / "x.npy", table)
    mine = helper("balance-peer", "neighbours", tmp_path / "x.npy", 6).decode()
    mine = np.array([line.split() for line in mine.splitlines()], dtype=int)
    exact = NearestNeighbors(n_neighbors=7, algorithm="kd_tree").fit(table.astype(np.float64))
    distance, index = exact.kneighbors()
    untied = (np.diff(distance, axis=1) > 1e-9 * distance[:, 1:]).all(axis=1)
    assert untied.mean() > 0.9
    assert (mine[untied] == index[untied, :6]).all()


def test_ties_go_by_row_number(helper, tmp_path):
    table = load_iris().data  # many equal rows and distances
    np.save(tmp_path / "x.npy", table)
    mine = helper("balance-peer", "neighbours", tmp_path / "x.npy", 5).decode()
    mine = np.array([line.split() for line in mine.splitlines()], dtype=int)
    for i, row in enumerate(table):
        d2 = ((table - row) ** 2).sum(axis=1)
        d2[i] = np.inf
        assert np.allclose(d2[mine[i]], np.sort(d2)[:5], rtol=1e-12)


def clusters_of(helper, folder, table, k, seed, how):
    np.save(folder / "x.npy", table)
    lines = helper("balance-peer", "clusters", folder / "x.npy", k, seed, how).decode().split()
    return np.array(lines, dtype=int)


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_centres_of_mini_batches_are_drawn_anew_as_by_scikit_learn(helper, tmp_path, capfd, seed):
    """Groups of four rows lie far out: centres that begin there stand for few.

    Not of two: either would do equally well as a centre, and rounding decides.
    """
    rng = np.random.default_rng(seed)
    table = rng.standard_normal((2500, 4))
    table[:32] += np.repeat(rng.standard_normal((8, 4)) * 30, 4, axis=0)
    wanted = MiniBatchKMeans(40, random_state=seed, verbose=1).fit_predict(table)
    assert "Reassigning" in capfd.readouterr().out
    assert (clusters_of(helper, tmp_path, table, 40, seed, "batches") == wanted).all()


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_clusters_that_stay_empty_are_those_of_scikit_learn(helper, tmp_path, seed):
    """Fewer points than clusters: several get no row, and no row is far from its centre."""
    points = np.random.default_rng(seed).integers(0, 64, (9, 4)).astype(float)
    table = points[np.arange(90) % 9]
    table -= table.mean(axis=0).round()
    wanted = KMeans(15, random_state=seed).fit_predict(table)
    mine = clusters_of(helper, tmp_path, table, 15, seed, "all")
    for one, other in [(mine, wanted), (wanted, mine)]:  # the same rows are together
        assert all(np.unique(one[other == c]).size == 1 for c in np.unique(other))
    assert np.unique(mine).size == 9

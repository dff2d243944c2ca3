"""Random numbers and neighbours of lib/balance against NumPy and scikit-learn."""

import numpy as np
import pytest
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

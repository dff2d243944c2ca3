"""lrfind's sweep and rules, against fastai's definitions written with NumPy."""

import io

import numpy as np
import pytest
from conftest import BUILD

RULES = ["valley", "slide", "minimum", "steep"]


def rates(steps):
    return 1e-7 * (10 / 1e-7) ** (np.arange(steps) / steps)


def sweep(losses, steps):
    """The smoothed losses that the sweep records: it stops by itself, never at a NaN."""
    average, best, recorded = 0.0, np.inf, []
    for i, loss in enumerate(losses[:steps]):
        average = loss + 0.98 * (average - loss) if np.isfinite(loss) else loss + average
        recorded.append(average / (1 - 0.98 ** (i + 1)))
        best = min(best, recorded[-1]) if not np.isnan(recorded[-1]) else best
        if recorded[-1] > 4 * best:
            break
    return np.array(recorded)


def trim(recorded, steps):
    """What the rules see."""
    y = recorded[steps // 10 : -5]
    x = rates(steps)[: len(recorded)][steps // 10 : -5]
    bad = np.flatnonzero(np.isnan(y))
    end = bad[0] if len(bad) else len(y)
    return x[:end], y[:end]


def valley(x, y):
    longest, start, end = [1] * len(y), 0, 0
    for i in range(len(y)):
        for j in range(i):
            if y[i] < y[j]:
                longest[i] = max(longest[i], longest[j] + 1)
            if longest[i] > longest[end]:
                end = i
                start = i - longest[i]
    third = (end - start) / 3
    return x[start + int(third) + int(third / 2)]


def slide(x, y):
    if len(y) < 16:
        return np.nan
    slopes = np.gradient(y)
    right, left, found = -1, -16, x[-16]
    while left >= -len(y) and abs(slopes[right] - slopes[left]) > 0.005:
        found = x[left]
        right, left = right - 1, left - 1
    return found


def minimum(x, y):
    return x[np.argmin(y)] / 10


def steep(x, y):
    return x[np.argmin(np.diff(y) / np.diff(np.log(x)))] if len(y) > 1 else np.nan


def suggestions(recorded, steps):
    x, y = trim(recorded, steps)
    return {name: globals()[name](x, y) if len(y) else np.nan for name in RULES}


def curve(seed, steps):
    """Losses that fall and explode, or one of the odd things that losses do."""
    rng = np.random.default_rng(seed)
    at = np.linspace(0, 1, steps)
    losses = 2.3 + rng.normal(0, rng.choice([0, 0.02, 0.3]), steps)
    losses -= rng.uniform(0, 2) / (1 + np.exp(-(at - rng.uniform(0.3, 0.7)) * 20))
    losses = np.abs(losses) + np.exp((at - rng.uniform(0.6, 1.1)) * 40)
    odd = seed % 7
    if odd == 1:
        losses[rng.integers(0, steps) :] = np.nan
    if odd == 2:
        losses[rng.integers(5, steps) :] = np.inf
    if odd == 3:
        losses = np.linspace(3, 1, steps)
    if odd == 4:
        losses = np.linspace(1, 2, steps)
    return losses


@pytest.mark.parametrize("steps", [100, 30, 6])
def test_the_rules_are_fastais(helper, steps):
    told = 0
    for seed in range(70):
        losses = curve(seed, steps)
        recorded = sweep(losses, steps)
        lines = helper("lrfind-peer", steps, *map(repr, map(float, losses))).decode().split("\n")
        n = int(np.count_nonzero(~np.isnan(recorded)))
        np.testing.assert_allclose([float(line) for line in lines[:n]], recorded[:n], rtol=1e-12)
        ours = {name: float(rate) for name, rate in (line.split() for line in lines[n:-1])}
        for name, rate in suggestions(recorded, steps).items():
            np.testing.assert_allclose(ours[name], rate, rtol=1e-12, err_msg=f"{seed} {name}")
            told += not np.isnan(rate)
    assert told > 60


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_tool_smooths_and_suggests_so(tool, optimizer):
    out = tool("lrfind", "-q", "-m", "mlp", "-b", "8", "-s", "16x16", "--optimizer", optimizer,
               "--show", "suggestions,curve", str(BUILD / "sample_data" / "shapes.tsv"))
    first, second = out.split("\n\n")
    table = np.genfromtxt(io.StringIO(second), names=True, delimiter="\t")
    assert 20 < len(table) <= 100
    np.testing.assert_allclose(table["rate"], rates(100)[: len(table)], rtol=1e-12)
    recorded = sweep(table["loss"], 100)
    np.testing.assert_allclose(table["smoothed"], recorded, rtol=1e-12)
    ours = dict(line.split("\t")[:2] for line in first.split("\n")[1:])
    for name, rate in suggestions(recorded, 100).items():
        np.testing.assert_allclose(float(ours[name]), rate, rtol=1e-12, err_msg=name)

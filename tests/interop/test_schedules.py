"""The learning rate of every step of a run, against PyTorch's schedulers."""

import numpy as np
import pytest
import torch
from torch.optim import lr_scheduler as lr

RATE = 0.4


def ours(helper, schedule, epochs, steps=1, warmup=0, values=()):
    out = helper("schedule-peer", schedule, RATE, epochs, steps, warmup, *values)
    return np.array(out.split(), float)


def theirs(make, n):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=RATE)
    scheduler, rates = make(optimizer), []
    for _ in range(n):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return np.array(rates)


BY_EPOCH = {
    "step:every=7,gamma=0.3": lambda o: lr.StepLR(o, 7, 0.3),
    "multistep:at=5+20+21,gamma=0.5": lambda o: lr.MultiStepLR(o, [5, 20, 21], 0.5),
    "exponential:gamma=0.9": lambda o: lr.ExponentialLR(o, 0.9),
    "cosine": lambda o: lr.CosineAnnealingLR(o, 50),
    "cosine:min=0.01": lambda o: lr.CosineAnnealingLR(o, 50, 0.01),
    "restarts:cycle=7,min=0.001": lambda o: lr.CosineAnnealingWarmRestarts(o, 7, 1, 0.001),
    "restarts:cycle=3,mult=2": lambda o: lr.CosineAnnealingWarmRestarts(o, 3, 2),
    "restarts:cycle=2,mult=3": lambda o: lr.CosineAnnealingWarmRestarts(o, 2, 3),
    "poly": lambda o: lr.PolynomialLR(o, 50),
    "poly:power=0.9": lambda o: lr.PolynomialLR(o, 50, 0.9),
    "onecycle": lambda o: lr.OneCycleLR(o, RATE, total_steps=50),
    "onecycle:pct=0.25,div=10,final_div=100": lambda o: lr.OneCycleLR(
        o, RATE, total_steps=50, pct_start=0.25, div_factor=10, final_div_factor=100
    ),
}


@pytest.mark.parametrize("schedule", BY_EPOCH)
def test_rates_by_epoch_equal_pytorch(schedule, helper):
    expected = theirs(BY_EPOCH[schedule], 49)
    np.testing.assert_allclose(ours(helper, schedule, 50)[:49], expected, rtol=1e-9, atol=1e-15)


BY_BATCH = {
    "cosine": lambda o: lr.CosineAnnealingLR(o, 60),
    "poly:power=2": lambda o: lr.PolynomialLR(o, 60, 2),
    "onecycle": lambda o: lr.OneCycleLR(o, RATE, total_steps=60),
    "restarts:cycle=2": lambda o: lr.CosineAnnealingWarmRestarts(o, 24),
    "restarts:cycle=1,mult=2": lambda o: lr.CosineAnnealingWarmRestarts(o, 12, 2),
}


@pytest.mark.parametrize("schedule", BY_BATCH)
def test_rates_by_batch_equal_pytorch(schedule, helper):
    expected = theirs(BY_BATCH[schedule], 59)
    np.testing.assert_allclose(
        ours(helper, schedule, 5, 12)[:59], expected, rtol=1e-9, atol=1e-15
    )


def test_factors_of_a_file_are_those_of_a_lambda(helper, tmp_path):
    factors = np.random.default_rng(1).random(20)
    path = tmp_path / "factors.txt"
    path.write_text("".join(f"{factor!r}\n" for factor in factors.tolist()))
    expected = theirs(lambda o: lr.LambdaLR(o, lambda t: factors[min(t, 19)]), 24)
    for epochs, steps in (24, 1), (6, 4):
        rates = ours(helper, f"file:path={path}", epochs, steps)
        np.testing.assert_allclose(rates, expected, rtol=1e-12)


def test_warm_up_is_a_line_within_the_run(helper):
    rates = ours(helper, "constant", 8, warmup=4)
    np.testing.assert_allclose(rates, RATE * np.array([0, 0.25, 0.5, 0.75, 1, 1, 1, 1]))
    cosine = ours(helper, "cosine", 50)
    np.testing.assert_allclose(ours(helper, "cosine", 50, warmup=10)[10:], cosine[10:])


PLATEAUS = {
    "rule=pytorch,patience=2": {"patience": 2},
    "rule=pytorch,patience=0,factor=0.5": {"patience": 0, "factor": 0.5},
    "rule=pytorch,patience=1,cooldown=3,delta=0.05": {
        "patience": 1, "cooldown": 3, "threshold": 0.05
    },
    "rule=pytorch,patience=1,min=0.003": {"patience": 1, "min_lr": 0.003},
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("keys", PLATEAUS)
def test_plateau_equals_pytorch(keys, seed, helper):
    values = np.maximum.accumulate(np.random.default_rng(seed).random(40))[::-1].round(2)
    values = values + np.random.default_rng(seed + 9).random(40).round(1) / 10
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=RATE)
    scheduler = lr.ReduceLROnPlateau(optimizer, **PLATEAUS[keys])
    expected = []
    for value in values:
        expected.append(optimizer.param_groups[0]["lr"])
        scheduler.step(value)
    rates = ours(helper, "plateau:" + keys, 40, values=values)
    np.testing.assert_allclose(rates, expected, rtol=1e-9)
    assert len(set(expected)) > 1

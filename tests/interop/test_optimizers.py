"""Fifty steps of every optimizer that PyTorch has, and of those that timm added by the formulas of
their papers, in double; clipping."""

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from torch import nn

STEPS, SHAPE = 50, (7, 300)
RATES = [0.01 * (1 + np.sin(step / 5) / 2) for step in range(STEPS)]


def ours(helper, tmp_path, optimizer, decay, clip="none", scale=1.0):
    """The gradients that were made up, the layer before and after our steps."""
    random = np.random.default_rng(3)
    before = {
        "fc.weight": random.normal(size=SHAPE).astype(np.float32),
        "fc.bias": random.normal(size=SHAPE[:1]).astype(np.float32),
    }
    grads = {
        "steps.weight": (scale * random.normal(size=(STEPS, *SHAPE))).astype(np.float32),
        "steps.bias": (scale * random.normal(size=(STEPS, *SHAPE[:1]))).astype(np.float32),
    }
    rates = {"rates": np.array(RATES, np.float32)}
    save_file(before | grads | rates, tmp_path / "in.safetensors")
    helper("optimizer-peer", optimizer, decay, clip, tmp_path / "in.safetensors",
           tmp_path / "out.safetensors")
    return before, grads, rates["rates"].astype(float), load_file(tmp_path / "out.safetensors")


def torch_layer(before):
    layer = nn.Linear(SHAPE[1], SHAPE[0]).double()
    layer.load_state_dict({k[3:]: torch.tensor(v).double() for k, v in before.items()})
    return layer


def check(after, weight, bias, tolerance=3e-6):
    np.testing.assert_allclose(after["fc.weight"], weight, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(after["fc.bias"], bias, rtol=tolerance, atol=tolerance)


PYTORCH = {
    "sgd": lambda p: torch.optim.SGD(p, momentum=0.9),
    "sgd:momentum=0": lambda p: torch.optim.SGD(p),
    "sgd:momentum=0.8,dampening=0.3": lambda p: torch.optim.SGD(p, momentum=0.8, dampening=0.3),
    "nesterov": lambda p: torch.optim.SGD(p, momentum=0.9, nesterov=True),
    "nesterov:momentum=0.6": lambda p: torch.optim.SGD(p, momentum=0.6, nesterov=True),
    "adam": torch.optim.Adam,
    "adam:beta1=0.8,beta2=0.9,epsilon=1e-4": lambda p: torch.optim.Adam(
        p, betas=(0.8, 0.9), eps=1e-4
    ),
    "adamw": torch.optim.AdamW,
    "adamw:beta1=0.7,beta2=0.95,epsilon=1e-3": lambda p: torch.optim.AdamW(
        p, betas=(0.7, 0.95), eps=1e-3
    ),
    "nadam": torch.optim.NAdam,
    "nadam:beta1=0.8,beta2=0.95,momentum_decay=0.05,epsilon=1e-3": lambda p: torch.optim.NAdam(
        p, betas=(0.8, 0.95), eps=1e-3, momentum_decay=0.05
    ),
    "rmsprop": torch.optim.RMSprop,
    "rmsprop:alpha=0.9,momentum=0.7,epsilon=1e-3": lambda p: torch.optim.RMSprop(
        p, alpha=0.9, momentum=0.7, eps=1e-3
    ),
}


@pytest.mark.parametrize("decay", [0, 0.05])
@pytest.mark.parametrize("optimizer", PYTORCH)
def test_fifty_steps_equal_pytorch(optimizer, decay, helper, tmp_path):
    before, grads, rates, after = ours(helper, tmp_path, optimizer, decay)
    layer = torch_layer(before)
    theirs = PYTORCH[optimizer]([
        {"params": [layer.weight], "weight_decay": decay},
        {"params": [layer.bias], "weight_decay": 0},
    ])
    for step, rate in enumerate(rates):
        for group in theirs.param_groups:
            group["lr"] = rate
        layer.weight.grad = torch.tensor(grads["steps.weight"][step]).double()
        layer.bias.grad = torch.tensor(grads["steps.bias"][step]).double()
        theirs.step()
    check(after, layer.weight.detach().numpy(), layer.bias.detach().numpy())


def rmsprop_tf(state, p, g, rate, decay, t, *, alpha=0.9, momentum=0.9, epsilon=1e-10):
    s, b = state.setdefault("s", np.ones_like(p)), state.setdefault("b", np.zeros_like(p))
    g = g + decay * p
    s += (1 - alpha) * (g * g - s)
    b[:] = momentum * b + rate * g / np.sqrt(s + epsilon)
    return p - b


def lion(state, p, g, rate, decay, t, *, beta1=0.9, beta2=0.99):
    m = state.setdefault("m", np.zeros_like(p))
    p = p * (1 - rate * decay) - rate * np.sign(beta1 * m + (1 - beta1) * g)
    m[:] = beta2 * m + (1 - beta2) * g
    return p


def lamb(state, p, g, rate, decay, t, *, beta1=0.9, beta2=0.999, epsilon=1e-6):
    m, v = state.setdefault("m", np.zeros_like(p)), state.setdefault("v", np.zeros_like(p))
    m[:] = beta1 * m + (1 - beta1) * g
    v[:] = beta2 * v + (1 - beta2) * g * g
    update = m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + epsilon) + decay * p
    trust = np.linalg.norm(p) / np.linalg.norm(update) if decay else 1
    return p - rate * trust * update


def lars(state, p, g, rate, decay, t, *, momentum=0.9, trust=1e-3, epsilon=1e-8):
    b = state.setdefault("b", np.zeros_like(p))
    w, n = np.linalg.norm(p), np.linalg.norm(g)
    b[:] = momentum * b + (g + decay * p) * (trust * w / (n + decay * w + epsilon) if decay else 1)
    return p - rate * b


RULES = {
    rmsprop_tf: [{}, {"alpha": 0.7, "momentum": 0.5, "epsilon": 1e-3}, {"momentum": 0}],
    lion: [{}, {"beta1": 0.6, "beta2": 0.8}],
    lamb: [{}, {"beta1": 0.8, "beta2": 0.9, "epsilon": 1e-2, "max_norm": 5}, {"max_norm": 0}],
    lars: [{}, {"momentum": 0.5, "trust": 0.02, "epsilon": 1}, {"momentum": 0}],
}


@pytest.mark.parametrize("decay", [0, 0.05])
@pytest.mark.parametrize(
    "rule, keys",
    [(rule, keys) for rule, sets in RULES.items() for keys in sets],
    ids=lambda value: value.__name__ if callable(value) else ",".join(value) or "defaults",
)
def test_fifty_steps_equal_the_formulas(rule, keys, decay, helper, tmp_path):
    name = rule.__name__.replace("_", "")
    spec = name + ":" * bool(keys) + ",".join(f"{k}={v}" for k, v in keys.items())
    before, grads, rates, after = ours(helper, tmp_path, spec, decay)
    keys = dict(keys)
    most = keys.pop("max_norm", 1) if rule is lamb else 0  # of all gradients together
    weight, bias = (before[f"fc.{k}"].astype(float) for k in ("weight", "bias"))
    of_weight, of_bias = {}, {}
    for t, rate in enumerate(rates, 1):
        g, h = (grads[f"steps.{k}"][t - 1].astype(float) for k in ("weight", "bias"))
        norm = np.sqrt((g**2).sum() + (h**2).sum())
        scale = min(1, most / norm) if most else 1
        weight = rule(of_weight, weight, g * scale, rate, decay, t, **keys)
        bias = rule(of_bias, bias, h * scale, rate, 0, t, **keys)
    check(after, weight, bias, 1e-5)


@pytest.mark.parametrize("scale", [1e-3, 1])
@pytest.mark.parametrize("clip", ["norm:2", "value:0.5", "agc:0.01"])
def test_clipped_gradients_equal_pytorch(clip, scale, helper, tmp_path):
    # The only layer is the head, which agc leaves alone.
    before, grads, rates, after = ours(helper, tmp_path, "sgd", 0, clip, scale)
    layer = torch_layer(before)
    theirs = torch.optim.SGD(layer.parameters(), momentum=0.9)
    for step, rate in enumerate(rates):
        theirs.param_groups[0]["lr"] = rate
        layer.weight.grad = torch.tensor(grads["steps.weight"][step]).double()
        layer.bias.grad = torch.tensor(grads["steps.bias"][step]).double()
        if clip.startswith("norm"):
            nn.utils.clip_grad_norm_(layer.parameters(), 2)
        if clip.startswith("value"):
            nn.utils.clip_grad_value_(layer.parameters(), 0.5)
        theirs.step()
    check(after, layer.weight.detach().numpy(), layer.bias.detach().numpy())

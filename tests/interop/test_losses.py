"""Losses and their gradients against PyTorch's, or against the papers' formulas in PyTorch."""

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from torch.nn import functional

N, CLASSES = 40, 7


def cross_entropy(smoothing):
    return lambda z, y, w, v, n: functional.cross_entropy(
        z, y, weight=v, label_smoothing=smoothing, reduction="none"
    )


def adjusted(tau):
    return lambda z, y, w, v, n: functional.cross_entropy(
        z + tau * torch.log(n / n.sum()), y, weight=v, reduction="none"
    )


def focal(gamma):
    def loss(z, y, w, v, n):
        cost = functional.cross_entropy(z, y, reduction="none")
        return v[y] * (1 - torch.exp(-cost)) ** gamma * cost

    return loss


def ldam(margin, scale):
    """The authors' LDAMLoss."""

    def loss(z, y, w, v, n):
        margins = n**-0.25
        margins = margins * (margin / margins.max())
        hot = functional.one_hot(y, CLASSES).bool()
        z = torch.where(hot, z - margins, z)
        return functional.cross_entropy(scale * z, y, weight=v, reduction="none")

    return loss


def bce(smoothing, pos_weight):
    def loss(z, y, w, v, n):
        hot = functional.one_hot(y, CLASSES).double()
        return functional.binary_cross_entropy_with_logits(
            z,
            hot * (1 - smoothing) + smoothing / CLASSES,
            weight=v,
            pos_weight=torch.tensor(float(pos_weight)),
            reduction="none",
        ).mean(1)

    return loss


LOSSES = {
    "cross-entropy": cross_entropy(0),
    "cross-entropy:smoothing=0.1": cross_entropy(0.1),
    "focal": focal(2),
    "focal:gamma=0.5": focal(0.5),
    "focal:gamma=0": cross_entropy(0),
    "balanced-softmax": adjusted(1),
    "logit-adjusted:tau=1.7": adjusted(1.7),
    "ldam": ldam(0.5, 30),
    "ldam:margin=0.3,scale=2": ldam(0.3, 2),
    "bce": bce(0, 1),
    "bce:smoothing=0.1,pos-weight=3": bce(0.1, 3),
}


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", LOSSES)
def test_losses_and_gradients_equal_pytorch(name, weighted, mixed, helper, tmp_path):
    random = np.random.default_rng(len(name))
    data = {
        "logits": 2 * random.normal(size=(N, CLASSES)),
        "labels": random.integers(CLASSES, size=N),
        "weights": random.random(N) if weighted else np.ones(N),
        "class_weights": 2 * random.random(CLASSES) if weighted else np.ones(CLASSES),
        "counts": random.integers(1, 1000, size=CLASSES),
    }
    if mixed:
        data["shares"] = random.random(N)
        data["shares"][:2] = 0, 1
        data["other_labels"] = random.integers(CLASSES, size=N)
        data["other_weights"] = random.random(N) if weighted else np.ones(N)
    data = {key: value.astype(np.float32) for key, value in data.items()}
    save_file(data, tmp_path / "in.safetensors")
    out = np.array(helper("loss-peer", name, tmp_path / "in.safetensors").split(), float)

    z, w, v, n = (
        torch.tensor(data[k]).double() for k in ("logits", "weights", "class_weights", "counts")
    )
    y = torch.tensor(data["labels"]).long()
    z.requires_grad_()
    parts = [(w, y)]
    if mixed:
        share, others = (torch.tensor(data[k]).double() for k in ("shares", "other_weights"))
        other_labels = torch.tensor(data["other_labels"]).long()
        parts = [(share * w, y), ((1 - share) * others, other_labels)]
    loss = sum((r * LOSSES[name](z, label, w, v, n)).sum() for r, label in parts)
    counted = torch.ones_like(v) if name.startswith("bce") else v
    loss = loss / sum((r * counted[label]).sum() for r, label in parts)
    loss.backward()
    assert out[0] == pytest.approx(loss.item(), rel=1e-12)
    np.testing.assert_allclose(
        out[1:].reshape(N, CLASSES), z.grad.numpy(), rtol=1e-6, atol=1e-9
    )


@pytest.mark.parametrize("name", ["cross-entropy", "bce"])
def test_mixtures_are_soft_targets(name, helper, tmp_path):
    random = np.random.default_rng(1)
    ones = np.ones(N, np.float32)
    data = {
        "logits": random.normal(size=(N, CLASSES)).astype(np.float32),
        "labels": random.integers(CLASSES, size=N).astype(np.float32),
        "other_labels": random.integers(CLASSES, size=N).astype(np.float32),
        "shares": random.random(N).astype(np.float32),
        "weights": ones,
        "other_weights": ones,
        "class_weights": ones[:CLASSES],
        "counts": ones[:CLASSES],
    }
    save_file(data, tmp_path / "in.safetensors")
    out = np.array(helper("loss-peer", name, tmp_path / "in.safetensors").split(), float)
    z = torch.tensor(data["logits"]).double().requires_grad_()
    share = torch.tensor(data["shares"]).double()[:, None]
    hot, other = (
        functional.one_hot(torch.tensor(data[k]).long(), CLASSES)
        for k in ("labels", "other_labels")
    )
    soft = share * hot + (1 - share) * other
    if name == "bce":
        loss = torch.nn.BCEWithLogitsLoss()(z, soft)
    else:
        loss = functional.cross_entropy(z, soft)
    loss.backward()
    assert out[0] == pytest.approx(loss.item(), rel=1e-12)
    np.testing.assert_allclose(
        out[1:].reshape(N, CLASSES), z.grad.numpy(), rtol=1e-6, atol=1e-9
    )


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("name, smoothing", [("bce", 0), ("bce:smoothing=0.2,pos-weight=3", 0.2)])
def test_bce_of_label_sets_equals_pytorch(name, smoothing, soft, helper, tmp_path):
    random = np.random.default_rng(2)
    targets = random.random((N, CLASSES))
    data = {
        "logits": 4 * random.normal(size=(N, CLASSES)),
        "labels": np.zeros(N),
        "counts": np.ones(CLASSES),
        "targets": targets if soft else targets < 0.3,
        "weights": random.random(N),
        "class_weights": 2 * random.random(CLASSES),
        "pos_weights": 5 * random.random(CLASSES),
    }
    data["targets"][0] = 0
    data = {key: value.astype(np.float32) for key, value in data.items()}
    save_file(data, tmp_path / "in.safetensors")
    out = np.array(helper("loss-peer", name, tmp_path / "in.safetensors").split(), float)
    z, t, r, w, q = (
        torch.tensor(data[k]).double()
        for k in ("logits", "targets", "weights", "class_weights", "pos_weights")
    )
    z.requires_grad_()
    scale = 3 if "pos-weight" in name else 1
    criterion = torch.nn.BCEWithLogitsLoss(weight=w, pos_weight=scale * q, reduction="none")
    rows = criterion(z, (1 - smoothing) * t + smoothing / 2).mean(1)
    loss = (r * rows).sum() / r.sum()
    loss.backward()
    assert out[0] == pytest.approx(loss.item(), rel=1e-12)
    np.testing.assert_allclose(
        out[1:].reshape(N, CLASSES), z.grad.numpy(), rtol=1e-6, atol=1e-9
    )

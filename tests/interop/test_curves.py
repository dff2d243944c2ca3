"""The loss of ResNet-18 over 200 steps, tessera's over PyTorch's.

Both begin with the same numbers and see the same batches. Rounding grows from step to step, so that
the curves part; they stay nearer than PyTorch's own curve is to that of another order of the same
samples. With momentum 0.8 instead of 0.9 they do not."""

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import save_file
from test_models import CLASSES, MODELS, state_of
from torch import nn

STEPS, BATCH, SAMPLES, SIDE, RATE, MOMENTUM = 200, 16, 160, 32, 0.0005, 0.9
WINDOW = SAMPLES // BATCH  # steps that are averaged: an epoch, so that each mean is of all samples

# How far running means of PyTorch's with other orders are from those of order_by(0), at most and in
# the mean: 0.095 and 0.0123 with order_by(1), 0.107 and 0.0112 with order_by(2). Measured once, for
# time; tessera's with momentum 0.8 is 0.070 and 0.0311 from them, with 0.9 0.029 and 0.0030.
NOISE = 0.095, 0.0112


def draw_samples():
    """Pictures of noise around a pattern of their class; one in ten has another's label, so that
    there is something left to fit at the end."""
    draw = np.random.default_rng(17)
    patterns = draw.normal(size=(CLASSES, 3, SIDE, SIDE))
    labels = draw.integers(CLASSES, size=SAMPLES)
    images = 0.5 * patterns[labels] + draw.normal(size=(SAMPLES, 3, SIDE, SIDE))
    wrong = draw.random(SAMPLES) < 0.1
    labels[wrong] = draw.integers(CLASSES, size=wrong.sum())
    return images.astype(np.float32), labels


def order_by(seed):
    """Rows of each batch: every epoch shuffles all samples."""
    draw = np.random.default_rng(seed)
    epochs = STEPS * BATCH // SAMPLES
    return np.concatenate([draw.permutation(SAMPLES) for _ in range(epochs)]).reshape(STEPS, BATCH)


def losses_of_pytorch(start, images, labels, order):
    model = MODELS["resnet18"][0]().train()
    model.load_state_dict(start)
    optimizer = torch.optim.SGD(model.parameters(), RATE, momentum=MOMENTUM)
    losses = []
    for rows in order:
        loss = nn.functional.cross_entropy(model(torch.from_numpy(images[rows])),
                                           torch.from_numpy(labels[rows]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return np.array(losses)


def losses_of_tessera(start, images, labels, order, folder, helper):
    source, out = folder / "in.safetensors", folder / "out.safetensors"
    inputs = {"images": images[order], "labels": labels[order].astype(np.float32)}
    save_file(start | inputs, source)
    helper("nn-peer", "resnet18", f"sgd:momentum={MOMENTUM}", RATE, 0, source, out)
    with safe_open(out, "np") as file:
        return np.array([float(file.metadata()[f"loss.{step}"]) for step in range(STEPS)])


def test_curves_lie_within_the_noise_of_seeds(tmp_path, helper):
    torch.manual_seed(4)
    images, labels = draw_samples()
    model = MODELS["resnet18"][0]()
    start = {name: value.clone() for name, value in model.state_dict().items()}
    order = order_by(0)
    ours = losses_of_tessera(state_of(model), images, labels, order, tmp_path, helper)
    theirs = losses_of_pytorch(start, images, labels, order)

    # Rounding is all that differs at first; after eight steps losses of single batches part.
    assert ours[0] == pytest.approx(theirs[0], rel=1e-5)
    np.testing.assert_allclose(ours[:5], theirs[:5], rtol=5e-3)
    assert theirs[:WINDOW].mean() > 1.2 and theirs[-WINDOW:].mean() < 0.1
    apart = np.abs(np.convolve(ours - theirs, np.ones(WINDOW) / WINDOW, "valid"))
    print("apart", apart.max(), apart.mean())
    assert apart.max() < NOISE[0] and apart.mean() < NOISE[1]

"""Forward pass, gradients, optimizer steps and running statistics against PyTorch."""

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
from torch import nn

CLASSES, STEPS = 4, 5


class Cnn(nn.Module):
    """The architecture cnn with its names, by PyTorch's own modules."""

    def __init__(self, channels, width):
        super().__init__()
        for stage in (1, 2, 3):
            block = nn.Module()
            for i in (1, 2):
                block.add_module(f"conv{i}", nn.Conv2d(channels, width, 3, padding=1, bias=False))
                block.add_module(f"bn{i}", nn.BatchNorm2d(width))
                channels = width
            self.add_module(f"stage{stage}", block)
            width *= 2
        self.fc = nn.Linear(channels, CLASSES)

    def forward(self, x):
        for stage in (1, 2, 3):
            block = getattr(self, f"stage{stage}")
            for i in (1, 2):
                x = torch.relu(getattr(block, f"bn{i}")(getattr(block, f"conv{i}")(x)))
            if stage < 3:
                x = nn.functional.max_pool2d(x, 2)
        return self.fc(x.mean((2, 3)))


class Mlp(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.fc1 = nn.Linear(inputs, hidden)
        self.fc2 = nn.Linear(hidden, CLASSES)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x.flatten(1))))


MODELS = {
    "cnn:width=8,dropout=0": (lambda: Cnn(3, 8), (3, 13, 12)),
    "cnn:width=5,dropout=0": (lambda: Cnn(1, 5), (1, 20, 20)),
    "mlp:hidden=33": (lambda: Mlp(2 * 6 * 7, 33), (2, 6, 7)),
}


def make_optimizer(kind, model, lr, decay):
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in model.parameters() if p.ndim <= 1], "weight_decay": 0},
    ]
    if kind == "sgd":
        return torch.optim.SGD(groups, lr=lr, momentum=0.9)
    return {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[kind](groups, lr=lr)


def state_of(model):
    return {
        name: value.detach().numpy().copy()
        for name, value in model.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }


@pytest.mark.parametrize("kind,lr", [("sgd", 0.05), ("adam", 0.002), ("adamw", 0.002)])
@pytest.mark.parametrize("architecture", MODELS)
def test_training_steps_equal_pytorch(architecture, kind, lr, tmp_path, helper):
    make, shape = MODELS[architecture]
    decay = 0.01
    torch.manual_seed(1)
    model = make().train()
    images = torch.randn(STEPS, 6, *shape)
    labels = torch.randint(CLASSES, (STEPS, 6))
    save_file(
        state_of(model) | {"images": images.numpy(), "labels": labels.numpy().astype(np.float32)},
        tmp_path / "in.safetensors",
    )
    out = tmp_path / "out.safetensors"
    helper("nn-peer", architecture, kind, lr, decay, tmp_path / "in.safetensors", out)
    ours = load_file(out)
    with safe_open(out, "np") as file:
        metadata = file.metadata()

    optimizer = make_optimizer(kind, model, lr, decay)
    for step in range(STEPS):
        logits = model(images[step])
        loss = nn.functional.cross_entropy(logits, labels[step])
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            for name, parameter in model.named_parameters():
                scale = parameter.grad.abs().max().item()
                np.testing.assert_allclose(
                    ours["grad." + name], parameter.grad.numpy(), rtol=1e-4, atol=2e-6 + 1e-5 * scale
                )
        # Rounding grows from step to step.
        np.testing.assert_allclose(
            np.array(metadata[f"logits.{step}"].split(), float).reshape(6, CLASSES),
            logits.detach().numpy(),
            rtol=1e-4,
            atol=1e-5 * 10**step,
        )
        assert float(metadata[f"loss.{step}"]) == pytest.approx(loss.item(), rel=1e-5 * 5**step)
        optimizer.step()
    if kind == "sgd":
        for name, value in state_of(model).items():
            np.testing.assert_allclose(ours[name], value, rtol=1e-2, atol=2e-3, err_msg=name)

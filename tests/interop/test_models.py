"""One training step of every model against PyTorch: loss, logits, gradients, running statistics.

Each model starts from PyTorch's numbers, so the names of the parameters are compared too. A ReLU or
a maximum whose inputs lie within rounding of their kink sends the gradient another way, in PyTorch
as in tessera; so the numbers are chosen away from kinks, and the reference says that they are."""

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
from torch import nn
from vision import torchvision

CLASSES, BATCH = 4, 6


def vision(name, **options):
    return lambda: getattr(torchvision.models, name)(num_classes=CLASSES, **options)


def small_stem(model):
    """ResNet for small pictures: a 3x3 convolution and no pooling."""
    model.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    model.maxpool = nn.Identity()
    return model


# Description: reference, (channels, height, width).
MODELS = {
    "resnet18": (vision("resnet18"), (3, 64, 48)),
    "resnet34": (vision("resnet34"), (3, 40, 64)),
    "resnet50": (vision("resnet50"), (3, 48, 32)),
    "resnet18:stem=small": (lambda: small_stem(vision("resnet18")()), (3, 16, 24)),
}


def set_norms(model):
    """Batch norms give +-1 and a quarter of their input, so that what a ReLU sees keeps its sign; those
    before a residual sum give 1."""
    for name, module in model.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            sign = torch.randint(2, module.bias.shape) * 2.0 - 1
            is_summed = isinstance(model, torchvision.models.ResNet) and not name.endswith("bn1")
            module.weight.data.uniform_(0.2, 0.3)
            module.bias.data.copy_(torch.ones_like(sign) if is_summed else sign)
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)


def distance_to_kinks(model, images):
    """The least distance of a ReLU's input to 0 (and 6), and between the two largest numbers that a
    maximum is taken of, where they are not 0."""
    least = []

    def see_relu(module, args):
        least.append(args[0].detach().abs().min().item())
        if isinstance(module, nn.ReLU6):
            least.append((args[0].detach() - 6).abs().min().item())

    def see_pool(module, args):
        x = args[0].detach().flatten(0, 1).unsqueeze(1)
        x = nn.functional.pad(x, (module.padding,) * 4, value=-1.0)
        windows = nn.functional.unfold(x, module.kernel_size, stride=module.stride)
        two = windows.topk(2, dim=1).values
        least.append((two[:, 0] - two[:, 1])[two[:, 0] > 0].min().item())

    hooks = [
        module.register_forward_pre_hook(see_pool if isinstance(module, nn.MaxPool2d) else see_relu)
        for module in model.modules()
        if isinstance(module, (nn.ReLU, nn.ReLU6, nn.MaxPool2d))
    ]
    with torch.no_grad():
        model(images)
    for hook in hooks:
        hook.remove()
    return min(least)


def draw_images(model, shape):
    state = {name: value.clone() for name, value in model.state_dict().items()}
    for _ in range(100):
        images = torch.randn(BATCH, *shape)
        distance = distance_to_kinks(model, images)
        model.load_state_dict(state)  # running statistics are as before
        if distance > 2e-6:
            return images
    raise AssertionError("no images without kinks were found")


def state_of(model):
    return {
        name: value.detach().numpy().copy()
        for name, value in model.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }


def relative(ours, theirs, floor=0.0):
    difference = np.linalg.norm((ours - theirs).astype(np.float64))
    return difference / max(np.linalg.norm(theirs.astype(np.float64)), floor, 1e-30)


@pytest.mark.parametrize("description", MODELS)
def test_one_training_step_equals_pytorch(description, tmp_path, helper):
    make, shape = MODELS[description]
    torch.manual_seed(3)
    model = make().train()
    set_norms(model)
    images = draw_images(model, shape)
    labels = torch.randint(CLASSES, (1, BATCH))
    start = state_of(model)
    source, out = tmp_path / "in.safetensors", tmp_path / "out.safetensors"
    inputs = {"images": images[None].numpy(), "labels": labels.numpy().astype(np.float32)}
    save_file(start | inputs, source)
    helper("nn-peer", description, "sgd", 0.01, 0, source, out)
    ours = load_file(out)
    with safe_open(out, "np") as file:
        metadata = file.metadata()

    logits = model(images)
    loss = nn.functional.cross_entropy(logits, labels[0])
    loss.backward()
    assert float(metadata["loss.0"]) == pytest.approx(loss.item(), rel=1e-5)
    got = np.array(metadata["logits.0"].split(), np.float32).reshape(BATCH, CLASSES)
    assert relative(got, logits.detach().numpy()) < 1e-5
    gradients = {name: p.grad.numpy() for name, p in model.named_parameters()}
    # Biases before a batch norm have no gradient but rounding: compared with all gradients' length.
    floor = 1e-3 * np.sqrt(sum(np.linalg.norm(g) ** 2 for g in gradients.values()))
    for name, gradient in gradients.items():
        assert relative(ours["grad." + name], gradient, floor) < 1e-4, name
    assert set(start) == {name for name in ours if not name.startswith("grad.")}
    for name, value in state_of(model).items():
        if "running" in name:
            assert relative(ours[name], value) < 1e-5, name

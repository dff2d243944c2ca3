"""One training step of every model against PyTorch: loss, logits, gradients, running statistics.

Gradients have to be within 1e-4 of PyTorch's in float32 or in float64: the former are up to 8e-5 from
the latter themselves, so that two sides which both are right may be further from each other.

Each model starts from PyTorch's numbers, so the names of the parameters are compared too. A ReLU or
a maximum whose inputs lie within rounding of their kink sends the gradient another way, in PyTorch
as in tessera; so the numbers are chosen away from kinks, and the reference says that they are."""

import copy

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
from torch import nn
from vision import torchvision

CLASSES, BATCH = 4, 6
torch.set_num_threads(1)  # of small models


def vision(name, **options):
    return lambda: getattr(torchvision.models, name)(num_classes=CLASSES, **options)


def small_stem(model):
    """ResNet for small pictures: a 3x3 convolution and no pooling."""
    model.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    model.maxpool = nn.Identity()
    return model


def without_dropout(model):
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return model


def vgg(name, hidden):
    """With narrow hidden layers: wide ones are as slow to compare as they are alike."""
    model = vision(name)()
    model.classifier[0] = nn.Linear(512 * 49, hidden)
    model.classifier[3] = nn.Linear(hidden, hidden)
    model.classifier[6] = nn.Linear(hidden, CLASSES)
    return without_dropout(model)


def densenet_bc(depth, growth):
    """The paper's for small pictures: a 3x3 convolution and nothing else before the first block."""
    layers = ((depth - 4) // 6,) * 3
    model = torchvision.models.DenseNet(growth, layers, 2 * growth, num_classes=CLASSES)
    model.features.conv0 = nn.Conv2d(3, 2 * growth, 3, padding=1, bias=False)
    for name in "norm0", "relu0", "pool0":
        delattr(model.features, name)
    return model


class Lenet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(400, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, CLASSES)
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(2)

    def forward(self, x):
        x = self.pool(self.relu(self.conv1(x)))
        x = self.pool(self.relu(self.conv2(x))).flatten(1)
        return self.fc3(self.relu(self.fc2(self.relu(self.fc1(x)))))


class WideBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.convShortcut = (
            nn.Conv2d(inputs, outputs, 1, stride, bias=False) if inputs != outputs else None
        )
        self.relu = nn.ReLU()

    def forward(self, x):
        active = self.relu(self.bn1(x))
        if self.convShortcut is not None:
            x = self.convShortcut(active)
        return x + self.conv2(self.relu(self.bn2(self.conv1(active))))


class WideResnet(nn.Module):
    def __init__(self, depth, widening):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        inputs = 16
        for stage in range(3):
            block, width = nn.Module(), 16 * 2**stage * widening
            block.layer = nn.Sequential()
            for i in range((depth - 4) // 6):
                stride = 2 if stage > 0 and i == 0 else 1
                block.layer.append(WideBlock(inputs, width, stride))
                inputs = width
            self.add_module(f"block{stage + 1}", block)
        self.bn1 = nn.BatchNorm2d(inputs)
        self.relu = nn.ReLU()
        self.fc = nn.Linear(inputs, CLASSES)

    def forward(self, x):
        x = self.block3.layer(self.block2.layer(self.block1.layer(self.conv1(x))))
        return self.fc(self.relu(self.bn1(x)).mean((2, 3)))


class SameConv(nn.Conv2d):
    """TensorFlow's padding: ceil(size / stride) outputs, an odd zero behind."""

    def forward(self, x):
        pads = []
        sizes = map(int, x.shape[:1:-1])
        for size, kernel, stride in zip(sizes, self.kernel_size[::-1], self.stride[::-1]):
            zeros = max((-(size // -stride) - 1) * stride + kernel - size, 0)
            pads += [zeros // 2, zeros - zeros // 2]
        x = nn.functional.pad(x, pads)
        return nn.functional.conv2d(x, self.weight, self.bias, self.stride, 0, 1, self.groups)


class InvertedResidual(nn.Module):
    """timm's block: conv_pw, conv_dw, conv_pwl; the first of all has conv_dw and conv_pw alone."""

    def __init__(self, conv, norm, inputs, expansion, kernel, stride, outputs):
        super().__init__()
        inner = inputs * expansion
        self.adds = stride == 1 and inputs == outputs
        layers = [("dw", inputs, inner, kernel), ("pw", inner, outputs, 1)]
        if expansion > 1:
            layers = [("pw", inputs, inner, 1), ("dw", inner, inner, kernel), ("pwl", inner, outputs, 1)]
        self.names = [name for name, *_ in layers]
        for i, (name, a, b, k) in enumerate(layers):
            groups, s = (a, stride) if name == "dw" else (1, 1)
            self.add_module(f"conv_{name}", conv(a, b, k, s, k // 2, groups=groups, bias=False))
            self.add_module(f"bn{i + 1}", norm(b))
        self.relu = nn.ReLU6()

    def forward(self, x):
        y = x
        for i, name in enumerate(self.names):
            y = getattr(self, f"bn{i + 1}")(getattr(self, f"conv_{name}")(y))
            if i + 1 < len(self.names):
                y = self.relu(y)
        return x + y if self.adds else y


# Blocks, kernel, stride, expansion, channels of each stage.
LITE0 = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
MOBILENETV2 = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (3, 3, 2, 6, 32),
    (4, 3, 2, 6, 64),
    (3, 3, 1, 6, 96),
    (3, 3, 2, 6, 160),
    (1, 3, 1, 6, 320),
)


class Inverted(nn.Module):
    """timm's MobileNetV2 and EfficientNet-Lite0."""

    def __init__(self, stages, conv=nn.Conv2d, epsilon=1e-5):
        super().__init__()

        def norm(channels):
            return nn.BatchNorm2d(channels, eps=epsilon)

        self.conv_stem = conv(3, 32, 3, 2, 1, bias=False)
        self.bn1 = norm(32)
        self.blocks = nn.Sequential()
        inputs = 32
        for n, kernel, stride, expansion, outputs in stages:
            stage = nn.Sequential()
            for i in range(n):
                s = stride if i == 0 else 1
                stage.append(InvertedResidual(conv, norm, inputs, expansion, kernel, s, outputs))
                inputs = outputs
            self.blocks.append(stage)
        self.conv_head = conv(320, 1280, 1, bias=False)
        self.bn2 = norm(1280)
        self.relu = nn.ReLU6()
        self.classifier = nn.Linear(1280, CLASSES)

    def forward(self, x):
        x = self.blocks(self.relu(self.bn1(self.conv_stem(x))))
        return self.classifier(self.relu(self.bn2(self.conv_head(x))).mean((2, 3)))


def mobilenetv2():
    """timm's, which is torchvision's by other names."""
    model, peer = Inverted(MOBILENETV2), vision("mobilenet_v2")()
    model.load_state_dict(dict(zip(model.state_dict(), peer.state_dict().values(), strict=True)))
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(model.eval()(images), peer.eval()(images))
    return model


def alive(model):
    """No channel that is nearly always 0: a batch norm with an epsilon of 1e-5 makes 300 times as much
    of its rounding, and PyTorch's own gradients are then 2e-3 from those in float64."""
    model.is_alive = True
    return model


# Description: reference, (channels, height, width).
MODELS = {
    "lenet": (Lenet, (1, 28, 28)),
    "resnet18": (vision("resnet18"), (3, 64, 48)),
    # With 2x2 pixels in the last stage, PyTorch's own gradients are 1e-4 from those in float64.
    "resnet34": (vision("resnet34"), (3, 72, 64)),
    "resnet50": (vision("resnet50"), (3, 48, 32)),
    "resnet18:stem=small": (lambda: small_stem(vision("resnet18")()), (3, 16, 24)),
    "wrn-16-2": (lambda: WideResnet(16, 2), (3, 12, 16)),
    "vgg11_bn:hidden=24,dropout=0": (lambda: vgg("vgg11_bn", 24), (3, 32, 40)),
    "vgg16_bn:hidden=24,dropout=0": (lambda: vgg("vgg16_bn", 24), (3, 32, 32)),
    "mobilenetv2:dropout=0": (mobilenetv2, (3, 48, 64)),
    "efficientnet_lite0:dropout=0,drop_path=0": (lambda: alive(Inverted(LITE0)), (3, 48, 64)),
    "tf_efficientnet_lite0:dropout=0,drop_path=0": (
        lambda: Inverted(LITE0, SameConv, 1e-3),
        (3, 41, 48),
    ),
    "densenet121": (vision("densenet121"), (3, 64, 64)),
    "densenet-bc:depth=22,growth=12": (lambda: densenet_bc(22, 12), (3, 16, 20)),
}

def set_norms(model):
    """Batch norms give +-1 and a quarter of their input, so that what a ReLU sees keeps its sign; those
    before a residual sum give 1."""
    for name, module in model.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            sign = torch.randint(2, module.bias.shape) * 2.0 - 1
            if getattr(model, "is_alive", False):
                sign = torch.ones_like(sign)
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
        if distance > (2e-5 if isinstance(model, Inverted) else 4e-7):
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


def gradients_of(model, images, labels):
    model.zero_grad()
    nn.functional.cross_entropy(model(images), labels).backward()
    return {name: p.grad.numpy() for name, p in model.named_parameters()}


def take_our_step(helper, tmp_path, description, model, images, labels, *precision):
    """From the model's numbers; the file with what came out."""
    source, out = tmp_path / "in.safetensors", tmp_path / "out.safetensors"
    inputs = {"images": images[None].numpy(), "labels": labels.numpy().astype(np.float32)}
    save_file(state_of(model) | inputs, source)
    helper("nn-peer", description, "sgd", 0.01, 0, source, out, *precision)
    return out


@pytest.mark.parametrize("description", MODELS)
def test_one_training_step_equals_pytorch(description, tmp_path, helper):
    make, shape = MODELS[description]
    torch.manual_seed(3)
    model = make().train()
    set_norms(model)
    images = draw_images(model, shape)
    labels = torch.randint(CLASSES, (1, BATCH))
    start = state_of(model)
    exact = gradients_of(copy.deepcopy(model).double(), images.double(), labels[0])
    out = take_our_step(helper, tmp_path, description, model, images, labels)
    ours = load_file(out)
    with safe_open(out, "np") as file:
        metadata = file.metadata()

    logits = model(images)
    loss = nn.functional.cross_entropy(logits, labels[0])
    loss.backward()
    assert float(metadata["loss.0"]) == pytest.approx(loss.item(), rel=1e-5)
    got = np.array(metadata["logits.0"].split(), np.float32).reshape(BATCH, CLASSES)
    assert relative(got, logits.detach().numpy()) < 5e-5
    gradients = {name: p.grad.numpy() for name, p in model.named_parameters()}
    # Biases before a batch norm have no gradient but rounding: compared with all gradients' length.
    floor = 1e-3 * np.sqrt(sum(np.linalg.norm(g) ** 2 for g in gradients.values()))
    for name, gradient in gradients.items():
        got = ours["grad." + name]
        assert min(relative(got, gradient, floor), relative(got, exact[name], floor)) < 1e-4, name
    assert set(start) == {name for name in ours if not name.startswith("grad.")}
    for name, value in state_of(model).items():
        if "running" in name:
            assert relative(ours[name], value) < 1e-5, name


@pytest.mark.parametrize("description", ["resnet18", "resnet18:stem=small", "wrn-16-2",
                                         "mobilenetv2:dropout=0"])
def test_a_step_in_bf16_is_as_exact_as_pytorchs(description, tmp_path, helper):
    """Measured by the gradients in float64; autocast rounds what lies between the layers too."""
    make, shape = MODELS[description]
    torch.manual_seed(3)
    model = make().train()
    set_norms(model)
    images, labels = torch.randn(BATCH, *shape), torch.randint(CLASSES, (1, BATCH))
    ours = load_file(take_our_step(helper, tmp_path, description, model, images, labels, "bf16"))
    exact = gradients_of(copy.deepcopy(model).double(), images.double(), labels[0])
    with torch.autocast("cpu", torch.bfloat16):
        theirs = gradients_of(model, images, labels[0])

    def error(gradients):
        differences = (np.linalg.norm(gradients[n].astype(float) - exact[n]) for n in exact)
        return np.linalg.norm(list(differences))

    length = np.linalg.norm([np.linalg.norm(gradient) for gradient in exact.values()])
    got = error({name: ours["grad." + name] for name in exact})
    # Which numbers are rounded depends on the processor's kernels.
    assert 1e-4 * length < got < 1.2 * error(theirs), (got / length, error(theirs) / length)

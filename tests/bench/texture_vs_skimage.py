"""Texture features of tessera and of scikit-image, SciPy or mahotas, on one core each.

    TESSERA_BUILD=BUILD ~/.cache/tessera/venv-*/bin/python tests/bench/texture_vs_skimage.py [TILES]

The tiles are regions of 256 x 256 pixels of one image of brick, grass and gravel. For each family of
features it prints the processor milliseconds a tile of both and the ratio peer / tessera (above 1:
tessera is faster), the median of three rounds. Tessera's time is that of the whole program: start,
decoding, manifest. The peer has the tiles in memory, and measures 20 of them, 3 with Gabor filters.
"""

import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import mahotas.features
import numpy as np
import scipy.ndimage
import scipy.stats
import skimage.data
import skimage.feature
import skimage.filters
import skimage.measure
import tifffile

TEXTURE = pathlib.Path(os.environ["TESSERA_BUILD"]) / "bin" / "texture"
ANGLES = np.deg2rad([0, 45, 90, 135])
PROPERTIES = ["contrast", "dissimilarity", "homogeneity", "ASM", "energy", "correlation"]
LAPLACIAN = [[0, 1, 0], [1, -4, 1], [0, 1, 0]]


def glcm(levels):
    def features(tile):
        matrices = skimage.feature.graycomatrix(tile // (256 // levels), [1], ANGLES, levels)
        for prop in PROPERTIES:
            skimage.feature.graycoprops(matrices, prop)

    return features


def first_order(tile):
    flat = tile.ravel().astype(float)
    flat.mean(), flat.std(), scipy.stats.skew(flat), scipy.stats.kurtosis(flat)
    np.percentile(flat, [0, 10, 25, 50, 75, 90, 100])


def lbp(tile):
    np.bincount(skimage.feature.local_binary_pattern(tile, 8, 1, "uniform").astype(int).ravel())


def laplacian(tile):
    scipy.ndimage.convolve(tile.astype(float), LAPLACIAN, mode="mirror").var()


def gabor(tile):
    for frequency in [0.1, 0.2, 0.4]:
        for angle in ANGLES:
            real, imaginary = skimage.filters.gabor(tile.astype(float), frequency, angle)
            magnitude = np.hypot(real, imaginary)
            magnitude.mean(), magnitude.var()


CASES = [
    ("first_order", first_order, "scipy", []),
    ("entropy", skimage.measure.shannon_entropy, "scikit-image", []),
    ("laplacian", laplacian, "scipy", []),
    ("glcm", glcm(32), "scikit-image", ["--levels", "32"]),
    ("glcm", glcm(64), "scikit-image", ["--levels", "64"]),
    ("glcm", glcm(256), "scikit-image", []),
    ("glcm", mahotas.features.haralick, "mahotas", ["--convention", "mahotas"]),
    ("lbp", lbp, "scikit-image", []),
    ("gabor", gabor, "scikit-image", []),
]


def make_image():
    return np.hstack([getattr(skimage.data, name)() for name in ("brick", "grass", "gravel")])


def make_places(n):
    places = [(x, y) for x in range(0, 1280 + 1, 64) for y in range(0, 256 + 1, 64)]
    return [places[i % len(places)] for i in range(n)]


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def tessera_ms(table, family, options, n):
    before = processor_seconds()
    subprocess.run([TEXTURE, "-q", "-j1", "-f", family, *options, table], check=True,
                   stdout=subprocess.DEVNULL)
    return (processor_seconds() - before) / n * 1e3


def peer_ms(features, tiles):
    before = time.process_time()
    for tile in tiles:
        features(tile)
    return (time.process_time() - before) / len(tiles) * 1e3


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    image, places = make_image(), make_places(n)
    tiles = [np.ascontiguousarray(image[y:y + 256, x:x + 256]) for x, y in places[:100:5]]
    print("features\toptions\tpeer\ttessera_ms\tpeer_ms\tratio")
    with tempfile.TemporaryDirectory() as folder:
        tifffile.imwrite(f"{folder}/image.tif", image, tile=(256, 256))
        table = pathlib.Path(folder) / "tiles.tsv"
        rows = [f"image.tif\t{x}\t{y}\t256\t256" for x, y in places]
        table.write_text("\n".join(["file_name\tx\ty\twidth\theight", *rows]) + "\n")
        for family, features, peer, options in CASES:
            some = tiles[:3] if family == "gabor" else tiles
            pairs = [(tessera_ms(table, family, options, n), peer_ms(features, some))
                     for _ in range(3)]
            ours, theirs = (statistics.median(column) for column in zip(*pairs))
            ratio = statistics.median(b / a for a, b in pairs)
            print(f"{family}\t{' '.join(options) or '-'}\t{peer}\t{ours:.2f}\t{theirs:.2f}\t"
                  f"{ratio:.1f}", flush=True)


if __name__ == "__main__":
    main()

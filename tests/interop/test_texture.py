"""Texture features against scikit-image, SciPy and mahotas, and IBSI's published values."""

import csv
import math

import mahotas.features
import numpy as np
import PIL.Image
import pytest
import scipy.ndimage
import scipy.stats
import skimage.color
import skimage.data
import skimage.feature
import skimage.filters
import skimage.measure
import skimage.util
import tifffile

ANGLES = [0, 45, 90, 135]
SKIMAGE = ["contrast", "dissimilarity", "homogeneity", "ASM", "energy", "correlation", "mean",
           "variance", "std", "entropy"]


def photograph(name):
    return getattr(skimage.data, name)()


def noise(shape, dtype, high, seed=7):
    return np.random.default_rng(seed).integers(0, high, shape, endpoint=True).astype(dtype)


IMAGES = {
    "brick": photograph("brick")[:200, :256],
    "grass": photograph("grass")[100:228, 50:178],
    "gravel": photograph("gravel")[3:90, 9:208],
    "noise": noise((31, 47), np.uint8, 255),
    "few": noise((64, 64), np.uint8, 3),
    "row": noise((1, 40), np.uint8, 255),
    "column": noise((40, 1), np.uint8, 255),
    "small": noise((2, 2), np.uint8, 255),
}
every_image = pytest.mark.parametrize("name", IMAGES)


@pytest.fixture
def measure(tool, tmp_path):
    """The features of images, a dict of numbers each; NaN for a missing one."""

    def run(images, *options, masks=None):
        rows = []
        for i, image in enumerate(images):
            tifffile.imwrite(tmp_path / f"{i}.tif", image)
            rows.append(f"{i}.tif")
            if masks is not None:
                tifffile.imwrite(tmp_path / f"mask{i}.tif", masks[i])
                rows[-1] += f"\tmask{i}.tif"
        table = tmp_path / "images.tsv"
        head = "file_name" if masks is None else "file_name\tmask"
        table.write_text("\n".join([head, *rows]) + "\n")
        text = tool("texture", *map(str, options), str(table))
        return [{name: math.nan if cell == "\\N" else float(cell)
                 for name, cell in row.items() if name not in ("file_name", "mask")}
                for row in csv.DictReader(text.splitlines(), delimiter="\t")]

    return run


def close(ours, theirs):
    """Equal to 1e-10, relative to the larger of the value and 1e-4; NaN where the other is."""
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-14, equal_nan=True)


def graycomatrix(image, distances, levels, symmetric):
    return skimage.feature.graycomatrix(image, distances, np.deg2rad(ANGLES), levels=levels,
                                        symmetric=symmetric)


@every_image
@pytest.mark.parametrize("symmetric", [False, True])
def test_glcm_is_scikit_images(measure, name, symmetric):
    image, distances = IMAGES[name], [1, 2, 5]
    ours = measure([image], "-f", "glcm", "--properties", "all", "--distances", "1,2,5",
                   *["--symmetric"] * symmetric)[0]
    matrices = graycomatrix(image, distances, 256, symmetric)
    for prop in SKIMAGE:
        theirs = skimage.feature.graycoprops(matrices, prop)
        # No pair has no value here; there it is 0, or 1.
        theirs[matrices.sum((0, 1)) == 0] = math.nan
        close([[ours[f"glcm_{prop}_d{d}_a{a}"] for a in ANGLES] for d in distances], theirs)


@pytest.mark.parametrize("dtype,high,options,low,span", [
    (np.uint8, 255, [], 0, 256),
    (np.uint8, 255, ["--range", "10,199"], 10, 190),
    (np.uint16, 65535, [], 0, 65536),
    (np.uint16, 4095, ["--range", "0,4095"], 0, 4096),
    (np.uint16, 65535, ["--range", "100,40000"], 100, 39901),
])
@pytest.mark.parametrize("levels", [8, 10, 32, 64, 65, 300])
def test_levels_divide_the_range_evenly(measure, dtype, high, options, low, span, levels):
    image = noise((40, 50), dtype, high)
    ours = measure([image], "-f", "glcm", "--levels", levels, *options)[0]
    quantised = np.clip((image.astype(int) - low) * levels // span, 0, levels - 1)
    matrices = graycomatrix(quantised, [1], levels, False)
    for prop in SKIMAGE[:6]:
        theirs = skimage.feature.graycoprops(matrices, prop)[0]
        close([ours[f"glcm_{prop}_l{levels}_d1_a{a}"] for a in ANGLES], theirs)


@pytest.mark.parametrize("dtype", [np.float32])
def test_levels_of_floats_divide_the_given_range(measure, dtype):
    image = np.random.default_rng(3).normal(0, 1, (40, 50)).astype(dtype)
    image[0, 0] = 2  # the upper end belongs to the last level
    ours = measure([image], "-f", "glcm", "--levels", 16, "--range", "-2,2")[0]
    quantised = np.clip(np.floor((image.astype(float) + 2) * 16 / 4), 0, 15).astype(np.uint8)
    theirs = skimage.feature.graycoprops(graycomatrix(quantised, [1], 16, False), "contrast")[0]
    close([ours[f"glcm_contrast_l16_d1_a{a}"] for a in ANGLES], theirs)


def test_masked_glcm_counts_pairs_of_which_both_pixels_count(measure):
    image, mask = noise((40, 50), np.uint8, 6), noise((40, 50), np.uint8, 2, seed=9)
    ours = measure([image], "-f", "glcm", "--properties", "all", "--levels", 8, "--range", "0,7",
                   "--mask", masks=[mask])[0]
    # Pixels that do not count get a level of their own, which is then taken out.
    matrices = graycomatrix(np.where(mask > 0, image, 8), [1], 9, False)[:8, :8]
    for prop in SKIMAGE:
        close([ours[f"glcm_{prop}_l8_d1_a{a}"] for a in ANGLES],
              skimage.feature.graycoprops(matrices, prop)[0])


def test_merged_directions_are_one_matrix_and_mean_ones_four(measure):
    image = IMAGES["grass"]
    matrices = graycomatrix(image, [1], 256, False)
    merged = measure([image], "-f", "glcm", "--directions", "merge")[0]
    mean = measure([image], "-f", "glcm", "--directions", "mean")[0]
    for prop in SKIMAGE[:6]:
        close(merged[f"glcm_{prop}_d1_merged"],
              skimage.feature.graycoprops(matrices.sum(3, keepdims=True), prop)[0, 0])
        close(mean[f"glcm_{prop}_d1_mean"], skimage.feature.graycoprops(matrices, prop).mean())


HARALICK = ["asm", "contrast", "correlation", "variance", "inverse_difference_moment",
            "sum_average", "sum_variance", "sum_entropy", "entropy", "difference_variance",
            "difference_entropy", "imc1", "imc2"]


@pytest.mark.parametrize("name", [name for name in IMAGES if name not in ("row", "column")])
@pytest.mark.parametrize("distance", [1, 3])
def test_haralick_is_mahotas(measure, name, distance):
    image = IMAGES[name]
    if min(image.shape) <= distance:
        pytest.skip("mahotas refuses it")
    ours = measure([image], "-f", "glcm", "--convention", "mahotas", "--distances", distance)[0]
    theirs = mahotas.features.haralick(image, distance=distance)
    for f, feature in enumerate(HARALICK):
        column = [ours[f"glcm_mahotas_{feature}_d{distance}_a{a}"] for a in ANGLES]
        # mahotas takes differences of large numbers for variances, hence the absolute part.
        np.testing.assert_allclose(column, theirs[:, f], rtol=1e-10, atol=1e-10, err_msg=feature)


# IBSI's digital phantom, slice by slice; 0 is outside of the region of interest.
PHANTOM = np.array([
    [[1, 4, 4, 1, 1], [1, 4, 6, 1, 1], [4, 1, 6, 4, 1], [4, 4, 6, 4, 1]],
    [[1, 4, 4, 1, 1], [1, 1, 6, 1, 1], [0, 1, 3, 1, 1], [4, 4, 6, 1, 1]],
    [[1, 4, 4, 0, 0], [1, 1, 1, 1, 1], [1, 1, 0, 1, 1], [1, 1, 6, 1, 1]],
    [[1, 4, 4, 0, 0], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 6, 1, 1]]], dtype=np.uint8)
# The manual's values for it: averaged over slices and directions, and with directions merged.
IBSI = {
    "joint_maximum": (0.519, 0.512), "joint_average": (2.14, 2.14), "joint_variance": (2.69, 2.71),
    "joint_entropy": (2.05, 2.24), "difference_average": (1.42, 1.40),
    "difference_variance": (2.90, 3.06), "difference_entropy": (1.40, 1.49),
    "sum_average": (4.28, 4.29), "sum_variance": (5.47, 5.66), "sum_entropy": (1.60, 1.79),
    "asm": (0.368, 0.352), "contrast": (5.28, 5.19), "dissimilarity": (1.42, 1.40),
    "inverse_difference": (0.678, 0.683), "inverse_difference_normalised": (0.851, 0.854),
    "inverse_difference_moment": (0.619, 0.625),
    "inverse_difference_moment_normalised": (0.899, 0.901), "inverse_variance": (0.0567, 0.0553),
    "correlation": (-0.0121, 0.0173), "autocorrelation": (5.09, 5.14),
    "cluster_tendency": (5.47, 5.66), "cluster_shade": (7.00, 6.98),
    "cluster_prominence": (79.1, 80.4), "imc1": (-0.155, -0.0341), "imc2": (0.487, 0.263),
}


@pytest.mark.parametrize("rule,suffix,which", [("mean", "mean", 0), ("merge", "merged", 1)])
def test_the_phantom_of_ibsi_has_its_published_values(measure, rule, suffix, which):
    slices = measure(list(PHANTOM), "-f", "glcm", "--convention", "ibsi", "--levels", 6, "--range",
                     "1,6", "--directions", rule, "--mask", masks=list(PHANTOM))
    for feature, published in IBSI.items():
        values = [row[f"glcm_ibsi_{feature}_l6_d1_{suffix}"] for row in slices]
        rounded = f"{np.mean(values):.3g}"
        assert float(rounded) == published[which], feature


def lbp(image, points, radius, method):
    """scikit-image's codes of all pixels, as counts of each."""
    codes = skimage.feature.local_binary_pattern(image, points, radius, method).astype(int)
    return np.bincount(codes.ravel(), minlength=2 ** min(points, 16)) / codes.size


@every_image
@pytest.mark.parametrize("points,radius", [(8, 1), (8, 2), (12, 1.5), (16, 3.3), (24, 3), (5, 0.4)])
@pytest.mark.parametrize("method", ["uniform", "nri_uniform"])
def test_uniform_patterns_are_scikit_images(measure, name, points, radius, method):
    ours = measure([IMAGES[name]], "-f", "lbp", "--lbp", method, "--lbp-points", points,
                   "--lbp-radius", radius)[0]
    bins = points + 2 if method == "uniform" else points * (points - 1) + 3
    theirs = lbp(IMAGES[name], points, radius, method)[:bins]
    assert list(ours) == [f"lbp_{method}_p{points}_r{radius}_{b}" for b in range(bins)]
    np.testing.assert_array_equal(list(ours.values()), theirs)


@every_image
@pytest.mark.parametrize("points,radius", [(8, 1), (10, 2.5)])
@pytest.mark.parametrize("method", ["default", "ror"])
def test_patterns_by_code_are_scikit_images(measure, name, points, radius, method):
    ours = measure([IMAGES[name]], "-f", "lbp", "--lbp", method, "--lbp-points", points,
                   "--lbp-radius", radius)[0]
    theirs = lbp(IMAGES[name], points, radius, method)
    codes = [int(column.rsplit("_", 1)[1]) for column in ours]
    np.testing.assert_array_equal(list(ours.values()), theirs[codes])
    assert theirs[codes].sum() == pytest.approx(1)  # no code is without a column


@every_image
@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:Degrees of freedom")
@pytest.mark.parametrize("points,radius", [(8, 1), (24, 3)])
def test_variance_of_neighbours_is_scikit_images(measure, name, points, radius):
    image = IMAGES[name]
    ours = measure([image], "-f", "lbp", "--lbp", "var", "--lbp-points", points, "--lbp-radius",
                   radius)[0]
    theirs = skimage.feature.local_binary_pattern(image, points, radius, "var")
    close(list(ours.values()),
          [np.nanmean(theirs), np.nanstd(theirs), np.isnan(theirs).mean()])


@pytest.mark.filterwarnings("ignore:Applying `local_binary_pattern` to floating-point")
@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.float32])
def test_patterns_of_other_types_are_scikit_images(measure, dtype):
    image = (np.random.default_rng(1).normal(0, 1, (30, 40)) * 100).astype(dtype)
    ours = measure([image], "-f", "lbp", "--lbp", "nri_uniform")[0]
    np.testing.assert_array_equal(list(ours.values()), lbp(image, 8, 1, "nri_uniform")[:59])


def magnitude(image, frequency, theta, bandwidth=1):
    real, imaginary = skimage.filters.gabor(image.astype(float), frequency, theta, bandwidth)
    return np.sqrt(real ** 2 + imaginary ** 2)


def mirrored_magnitude(image, frequency, theta):
    """The same, mirrored by NumPy: SciPy takes wrong pixels where a kernel reaches over the image
    more than four times."""
    inside = tuple(slice(40, 40 + side) for side in image.shape)
    return magnitude(np.pad(image, 40, mode="symmetric"), frequency, theta)[inside]


@pytest.mark.parametrize("name,peer", [
    ("grass", magnitude), ("noise", magnitude), ("row", magnitude), ("column", magnitude),
    ("noise", mirrored_magnitude), ("small", mirrored_magnitude)])
def test_gabor_is_scikit_images(measure, name, peer):
    image = IMAGES[name][:64, :64]
    ours = measure([image], "-f", "gabor", "--frequencies", "0.07,0.25", "--orientations", 5)[0]
    for frequency in [0.07, 0.25]:
        for k in range(5):
            theirs = peer(image, frequency, np.pi * k / 5)
            suffix = f"f{frequency}_a{180 * k // 5}"
            close([ours["gabor_mean_" + suffix], ours["gabor_var_" + suffix]],
                  [theirs.mean(), theirs.var()])


def test_gabor_takes_floats_masks_and_bandwidths(measure):
    image = np.random.default_rng(1).normal(0, 1, (30, 40)).astype(np.float32)
    mask = noise((30, 40), np.uint8, 1)
    ours = measure([image], "-f", "gabor", "--frequencies", "0.3", "--orientations", 2,
                   "--bandwidth", 1.5, "--mask", masks=[mask])[0]
    for angle in [0, 90]:
        theirs = magnitude(image, 0.3, np.deg2rad(angle), 1.5)[mask > 0]
        close([ours[f"gabor_mean_f0.3_a{angle}"], ours[f"gabor_var_f0.3_a{angle}"]],
              [theirs.mean(), theirs.var()])


@every_image
def test_first_order_is_scipys_and_numpys(measure, name):
    image = IMAGES[name].astype(float)
    ours = measure([IMAGES[name]], "-f", "first_order", "--percentiles", "0,2.5,50,99,100")[0]
    flat = image.ravel()
    close(ours["first_order_mean"], flat.mean())
    close(ours["first_order_std"], flat.std())
    close(ours["first_order_skewness"], scipy.stats.skew(flat))
    np.testing.assert_allclose(ours["first_order_kurtosis"], scipy.stats.kurtosis(flat),
                               rtol=1e-10, atol=1e-13)
    assert [ours["first_order_min"], ours["first_order_max"]] == [flat.min(), flat.max()]
    close([ours[f"first_order_p{p}"] for p in ["0", "2.5", "50", "99", "100"]],
          np.percentile(flat, [0, 2.5, 50, 99, 100]))


@every_image
def test_entropy_is_scikit_images(measure, name):
    ours = measure([IMAGES[name]], "-f", "entropy")[0]
    close(ours["entropy"], skimage.measure.shannon_entropy(IMAGES[name]))


@every_image
def test_laplacian_is_that_of_the_mirrored_image(measure, name):
    kernel = [[0, 1, 0], [1, -4, 1], [0, 1, 0]]
    image = IMAGES[name].astype(float)
    if min(image.shape) > 1:
        theirs = scipy.ndimage.convolve(image, kernel, mode="mirror").var()
    else:  # the one row or column is its own mirror image
        line = image.ravel()
        theirs = (scipy.ndimage.convolve(line, [1, -2, 1], mode="mirror")).var()
    close(measure([IMAGES[name]], "-f", "laplacian")[0]["laplacian_variance"], theirs)


@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.float32])
def test_other_types_have_first_order_entropy_and_focus(measure, dtype):
    image = (np.random.default_rng(1).normal(0, 1, (30, 40)) * 100).astype(dtype)
    ours = measure([image], "-f", "first_order,entropy,laplacian")[0]
    flat = image.astype(float)
    close(ours["first_order_mean"], flat.mean())
    close(ours["first_order_skewness"], scipy.stats.skew(flat.ravel()))
    close(ours["first_order_p10"], np.percentile(flat, 10))
    close(ours["entropy"], skimage.measure.shannon_entropy(image))
    kernel = [[0, 1, 0], [1, -4, 1], [0, 1, 0]]
    close(ours["laplacian_variance"],
          scipy.ndimage.convolve(flat, kernel, mode="mirror").var())


def test_colour_moments_are_of_each_band(measure):
    image = photograph("astronaut")[:90, :80]
    ours = measure([image], "-f", "moments")[0]
    for band in range(3):
        flat = image[..., band].astype(float).ravel()
        close(ours[f"moments_mean_b{band}"], flat.mean())
        close(ours[f"moments_std_b{band}"], flat.std())
        close(ours[f"moments_skew_b{band}"], np.cbrt(((flat - flat.mean()) ** 3).mean()))


def test_grey_is_scikit_images_or_pillows(measure):
    image = photograph("astronaut").copy()
    # Where the weighted sum lies half-way, the error of the weights decides: not here.
    image[(image.astype(int) @ [2125, 7154, 721]) % 10000 == 5000] = 0
    grey = skimage.util.img_as_ubyte(skimage.color.rgb2gray(image))
    features = ["-f", "first_order,entropy,laplacian"]
    assert measure([image], *features) == measure([grey], *features)
    # Pillow weighs in 2^-16ths.
    pillows = np.asarray(PIL.Image.fromarray(image).convert("L"))
    differs = pillows != (image.astype(int) @ [299, 587, 114] + 500) // 1000
    assert differs.mean() < 0.001
    image[differs] = 0
    pillows = np.where(differs, 0, pillows)
    assert measure([image], *features, "--grey", "bt601") == measure([pillows], *features)


def test_masked_statistics_are_of_the_pixels_that_count(measure):
    image, mask = IMAGES["grass"], noise((128, 128), np.uint8, 2, seed=9)
    ours = measure([image], "-f", "first_order,entropy,laplacian", "--mask-class", 2,
                   masks=[mask])[0]
    inside = image[mask == 2].astype(float)
    close(ours["first_order_mean"], inside.mean())
    close(ours["first_order_p25"], np.percentile(inside, 25))
    close(ours["entropy"], skimage.measure.shannon_entropy(image[mask == 2]))
    kernel = [[0, 1, 0], [1, -4, 1], [0, 1, 0]]
    responses = scipy.ndimage.convolve(image.astype(float), kernel, mode="mirror")
    close(ours["laplacian_variance"], responses[mask == 2].var())

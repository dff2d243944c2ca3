"""datacheck beside imagehash, imagededup and cleanvision, on the pictures of Fashion-MNIST.

    TESSERA_BUILD=BUILD ~/.cache/tessera/venv-*/bin/python tests/bench/datacheck_vs_python.py IDX [N]

IDX is train-images-idx3-ubyte.gz (sample_data/get-fashion-mnist brings it). The first N pictures
(default: 60,000) are hashed and all pairs within 4 bits of phash found, imagededup's on the first
3,000 only, as its search compares all with all; datacheck measures quality and exact duplicates too.
Then quality: 2,000 pictures as PNG files, against cleanvision. For each it prints seconds of
processor time, peak memory and the ratio peer / datacheck; one process each, one thread.
"""

import gzip
import multiprocessing
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

import numpy as np

DATACHECK = pathlib.Path(os.environ["TESSERA_BUILD"]) / "bin" / "datacheck"
RADIUS = 4


def read(idx, n):
    with gzip.open(idx) as lines:
        return np.frombuffer(lines.read(), np.uint8, offset=16).reshape(-1, 28, 28)[:n]


def near(pairs):
    return f"{pairs} pictures have a near one"


def run_tool(idx, n):
    with tempfile.TemporaryDirectory() as folder:
        table = pathlib.Path(folder) / "images.tsv"
        rows = (f"{idx}\t{16 + 784 * i}\t784\t28x28x1:u8\n" for i in range(n))
        table.write_text("file_name\toffset\tlength\traw\n" + "".join(rows))
        report = subprocess.run([DATACHECK, "-q", "-j1", "--hash", "phash", "-r", str(RADIUS),
                                 "--show", "summary", table], check=True, capture_output=True,
                                text=True).stdout
    values = dict(line.split("\t") for line in report.splitlines()[1:])
    return near(values["near-duplicate"])


def run_imagehash(idx, n):
    import imagehash
    from PIL import Image

    hashes = np.array([int(str(imagehash.phash(Image.fromarray(image))), 16)
                       for image in read(idx, n)], np.uint64)
    # imagehash has no search; the shortest way in NumPy is to compare all with all
    found = np.zeros(n, bool)
    for i in range(n):
        close = np.bitwise_count(hashes[i + 1:] ^ hashes[i]) <= RADIUS
        found[i + 1:] |= close
        found[i] |= close.any()
    return near(found.sum())


def run_imagededup(idx, n):
    from vision import torchvision  # noqa: F401  imagededup imports it

    import imagededup.methods
    hasher = imagededup.methods.PHash(verbose=False)
    codes = {str(i): hasher.encode_image(image_array=image)
             for i, image in enumerate(read(idx, n))}
    found = hasher.find_duplicates(encoding_map=codes, max_distance_threshold=RADIUS,
                                   num_enc_workers=0, num_dist_workers=0)
    return near(sum(bool(others) for others in found.values()))


def run_tool_quality(folder, n):
    report = subprocess.run([DATACHECK, "-q", "-j1", "--show", "summary", folder], check=True,
                            capture_output=True, text=True).stdout
    values = dict(line.split("\t") for line in report.splitlines()[1:])
    return f"{values['dark']} dark, {values['blurry']} blurry"


def run_cleanvision(folder, n):
    import cleanvision

    lab = cleanvision.Imagelab(data_path=str(folder), verbose=False)
    lab.find_issues(n_jobs=1, verbose=False)
    return f"{lab.issues.is_dark_issue.sum()} dark, {lab.issues.is_blurry_issue.sum()} blurry"


def measure(run, *args):
    """What it says, processor seconds and peak MB of it, in a process of its own."""

    def work(pipe):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        said = run(*args)
        usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        tool = usage[1].ru_maxrss if usage[1].ru_maxrss and run.__name__.startswith("run_tool") else 0
        pipe.send((said, sum(u.ru_utime + u.ru_stime for u in usage), (tool or usage[0].ru_maxrss) / 1024))

    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=work, args=(theirs,))
    process.start()
    result = ours.recv()
    process.join()
    return result


def compare(title, tool, peers, *args):
    said, seconds, megabytes = measure(tool, *args)
    print(f"{title}\n  datacheck    {seconds:8.2f} s {megabytes:7.0f} MB           {said}", flush=True)
    for peer in peers:
        said, theirs, megabytes = measure(peer, *args)
        name = peer.__name__.removeprefix("run_")
        print(f"  {name:12} {theirs:8.2f} s {megabytes:7.0f} MB  {theirs / seconds:5.1f} x  {said}",
              flush=True)


def main(idx, n):
    from PIL import Image

    sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "interop"))
    idx = os.path.abspath(idx)
    pairs = f"pictures, pairs within {RADIUS} bits of phash"
    compare(f"{n} {pairs}", run_tool, [run_imagehash], idx, n)
    compare(f"3000 {pairs}", run_tool, [run_imagededup], idx, 3000)
    with tempfile.TemporaryDirectory() as folder:
        for i, image in enumerate(read(idx, 2000)):
            Image.fromarray(image).save(f"{folder}/{i:04}.png")
        compare("2000 PNG files, quality and duplicates", run_tool_quality, [run_cleanvision],
                folder, 2000)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 60000)

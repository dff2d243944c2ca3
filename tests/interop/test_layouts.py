"""What dataconv writes, loaded by the libraries that own the layouts; what they write, read."""

import csv
import gzip
import io
import json
import os
import pathlib
import subprocess
import tarfile

os.environ["HF_HUB_OFFLINE"] = os.environ["HF_DATASETS_OFFLINE"] = "1"

import datasets
import numpy as np
import pandas
import pytest
import webdataset
from conftest import BUILD
from PIL import Image
from pycocotools.coco import COCO
from vision import torchvision

datasets.disable_progress_bars()
SAMPLES = BUILD / "sample_data"


def read_rows(path):
    with open(path, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def pixels(image):
    return np.asarray(image).tobytes()


@pytest.fixture
def shapes(tmp_path):
    """shapes.tsv with splits and a column of numbers; the path, and the rows by split, each as
    sorted (pixels, label, number)."""
    path = tmp_path / "split.tsv"
    expected = {"train": [], "test": []}
    with open(path, "w", encoding="utf-8") as out:
        print("file_name", "label", "split", "note", "number", sep="\t", file=out)
        for i, row in enumerate(read_rows(SAMPLES / "shapes.tsv")):
            picture = SAMPLES / row["file_name"]
            split = "test" if i % 3 == 0 else "train"
            print(picture, row["label"], split, 'a, "b"', i, sep="\t", file=out)
            expected[split].append((pixels(Image.open(picture)), row["label"], i))
    return path, {split: sorted(rows) for split, rows in expected.items()}


@pytest.mark.parametrize("layout", ["imagefolder", "yolo"])
def test_torchvision_loads_class_folders(tool, tmp_path, shapes, layout):
    path, expected = shapes
    tool("dataconv", str(path), "--to", layout, "-o", tmp_path / "out")
    for split, rows in expected.items():
        folder = torchvision.datasets.ImageFolder(tmp_path / "out" / split)
        assert folder.classes == ["disc", "square", "triangle"]
        found = sorted((pixels(image), folder.classes[label]) for image, label in folder)
        assert found == [row[:2] for row in rows]


def test_hugging_face_loads_class_folders(tool, tmp_path, shapes):
    path, expected = shapes
    tool("dataconv", str(path), "--to", "imagefolder", "-o", tmp_path / "out")
    loaded = datasets.load_dataset("imagefolder", data_dir=str(tmp_path / "out"),
                                   cache_dir=str(tmp_path / "cache"))
    for split, rows in expected.items():
        names = loaded[split].features["label"].names
        found = sorted((pixels(row["image"]), names[row["label"]]) for row in loaded[split])
        assert found == [row[:2] for row in rows]


@pytest.mark.parametrize("layout", ["hf-csv", "hf-jsonl"])
def test_hugging_face_loads_metadata(tool, tmp_path, shapes, layout):
    path, expected = shapes
    tool("dataconv", str(path), "--to", layout, "-o", tmp_path / "out")
    loaded = datasets.load_dataset("imagefolder", data_dir=str(tmp_path / "out"),
                                   cache_dir=str(tmp_path / "cache"))
    for split, rows in expected.items():
        found = sorted((pixels(row["image"]), row["label"], row["number"]) for row in loaded[split])
        assert found == rows
        assert set(loaded[split]["note"]) == {'a, "b"'}


def test_webdataset_loads_shards_and_the_index_is_right(tool, tmp_path, shapes):
    path, expected = shapes
    out = tmp_path / "out"
    tool("dataconv", str(path), "--to", "wds", "--shard-samples", "10", "-o", out)
    names = (out / "classes.txt").read_text().split()
    for split, rows in expected.items():
        shards = sorted(map(str, out.glob(f"{split}-*.tar")))
        loaded = webdataset.WebDataset(shards, shardshuffle=False).decode("pil", "torch")
        found = []
        for sample in loaded:
            assert sample["json"]["label"] == names[sample["cls"]]
            assert sample["json"]["note"] == 'a, "b"'
            picture = sample["png"]
            picture = picture if isinstance(picture, Image.Image) else (
                picture.permute(1, 2, 0) * 255).round().byte().numpy()
            found.append((pixels(picture), names[sample["cls"]], sample["json"]["number"]))
        assert sorted(found) == rows
        for shard in shards:
            check_index(shard)


def check_index(shard):
    """DALI's index names the offsets that Python's tarfile finds."""
    with open(shard.removesuffix(".tar") + ".index", encoding="utf-8") as lines:
        first, *samples = lines.read().splitlines()
    assert first == f"v1.2 {len(samples)}"
    found = {}
    for line in samples:
        words = line.split(" ")
        for extension, offset, size, name in zip(*[iter(words)] * 4, strict=True):
            assert name.endswith("." + extension)
            found[name] = int(offset), int(size)
    with tarfile.open(shard) as tar:
        assert found == {m.name: (m.offset_data, m.size) for m in tar}
        assert all((m.mtime, m.uid, m.gid, m.mode) == (0, 0, 0, 0o444) for m in tar)


def test_torchvision_loads_idx(tool, tmp_path):
    cells = tool("tile", "--virtual", "-s", "20", str(SAMPLES / "sheet.png")).splitlines()
    rows = [line.split("\t") for line in cells[1:]]
    table = tmp_path / "cells.tsv"
    with open(table, "w", encoding="utf-8") as out:
        print(cells[0], "label", "split", sep="\t", file=out)
        for i, (line, row) in enumerate(zip(cells[1:], rows, strict=True)):
            path = os.path.abspath(row[0])
            print(path, *row[1:], int(row[2]) // 20, "test" if i % 4 == 0 else "train", sep="\t",
                  file=out)
    tool("dataconv", str(table), "--to", "idx", "-o", tmp_path / "out")
    (tmp_path / "MNIST").mkdir()
    (tmp_path / "out").rename(tmp_path / "MNIST" / "raw")
    sheet = np.asarray(Image.open(SAMPLES / "sheet.png"))
    for train in True, False:
        mnist = torchvision.datasets.MNIST(tmp_path, train=train, download=False)
        chosen = [r for i, r in enumerate(rows) if (i % 4 != 0) == train]
        assert len(mnist) == len(chosen)
        for image, label, (_, x, y, *_rest) in zip(mnist.data, mnist.targets, chosen, strict=True):
            x, y = int(x), int(y)
            assert int(label) == y // 20
            assert np.array_equal(image.numpy(), sheet[y : y + 20, x : x + 20])


def test_pycocotools_loads_boxes(tool, tmp_path):
    table = "file_name\tx\ty\twidth\theight\tlabel\n"
    boxes = [(0, 0, 20, 30, "a"), (5, 6, 7, 8, "b"), (380, 190, 20, 10, "a")]
    for box in boxes:
        table += "\t".join([str(SAMPLES / "sheet.png"), *map(str, box)]) + "\n"
    tool("dataconv", "--to", "coco", "-o", tmp_path / "out", stdin=table)
    coco = COCO(tmp_path / "out" / "annotations" / "instances_default.json")
    names = {c["id"]: c["name"] for c in coco.loadCats(coco.getCatIds())}
    found = [(*a["bbox"], names[a["category_id"]]) for a in coco.loadAnns(coco.getAnnIds())]
    assert found == boxes
    (image,) = coco.loadImgs(coco.getImgIds())
    assert (image["width"], image["height"]) == (400, 200)
    loaded = torchvision.datasets.CocoDetection(
        tmp_path / "out" / "default", tmp_path / "out" / "annotations" / "instances_default.json")
    assert len(loaded) == 1 and len(loaded[0][1]) == 3


def test_pandas_reads_csv(tool, tmp_path, shapes):
    path, expected = shapes
    tool("dataconv", str(path), "--to", "csv", "-o", tmp_path / "out")
    for split, rows in expected.items():
        table = pandas.read_csv(tmp_path / "out" / f"{split}.csv")
        assert list(table.columns) == ["id", "label", "note", "number"]
        found = sorted((pixels(Image.open(tmp_path / "out" / split / f"{row.id}.png")), row.label,
                        row.number) for row in table.itertuples())
        assert found == rows


def test_shards_of_webdataset_are_read(tool, tmp_path):
    with webdataset.TarWriter(str(tmp_path / "train-000000.tar")) as writer:
        for i in range(5):
            picture = Image.fromarray(np.full((4, 5, 3), i * 10, np.uint8))
            writer.write({"__key__": f"s{i}", "png": picture, "cls": i % 2, "json": {"n": i}})
    table = tool("dataconv", str(tmp_path / "train-000000.tar"), "--to", "manifest", "-o", "-")
    rows = list(csv.DictReader(io.StringIO(table), delimiter="\t"))
    assert [(r["id"], r["label"], r["split"], r["n"]) for r in rows] == [
        (f"s{i}", str(i % 2), "train", str(i)) for i in range(5)]
    tool("dataconv", str(tmp_path / "train-000000.tar"), "--to", "csv", "-o", tmp_path / "out")
    for i in range(5):
        picture = np.asarray(Image.open(tmp_path / "out" / "train" / f"s{i}.png"))
        assert picture.shape == (4, 5, 3) and (picture == i * 10).all()


def test_tables_of_pandas_are_read(tool, tmp_path):
    notes = ['plain', 'a "quoted", text', "two\nlines", "tab\there", " spaces ", None, "é猫"]
    table = pandas.DataFrame({"file_name": [f"{i}.png" for i in range(len(notes))],
                              "label": ["x"] * len(notes), "note": notes,
                              "score": np.linspace(0, 1, len(notes))})
    table.to_csv(tmp_path / "metadata.csv", index=False)
    table.to_json(tmp_path / "rows.jsonl", orient="records", lines=True, double_precision=15)
    for name in "metadata.csv", "rows.jsonl":
        rows = tool("dataconv", str(tmp_path / name), "--to", "manifest", "-o", "-").splitlines()
        assert rows[0].split("\t") == list(table.columns)
        for line, note, score in zip(rows[1:], notes, table["score"], strict=True):
            cells = line.split("\t")
            expected = "\\N" if note is None else note.replace("\n", "\\n").replace("\t", "\\t")
            assert cells[2] == expected
            assert float(cells[3]) == pytest.approx(score, abs=1e-15)


def test_json_of_any_text_is_json(tool, tmp_path):
    texts = ["\x01control\x7f", 'quote " and \\', "é猫🙂", "\u2028", "007", "-", "1e5x"]
    table = "file_name\tlabel\tnote\n"
    for text in texts:
        escaped = text.replace("\\", "\\\\")
        table += f"{SAMPLES / 'sheet.png'}\tx\t{escaped}\n"
    tool("dataconv", "--to", "hf-jsonl", "-o", tmp_path / "out", stdin=table)
    lines = (tmp_path / "out" / "metadata.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    assert [json.loads(line)["note"] for line in lines] == texts


def test_fashion_mnist_is_read(tool, tmp_path):
    """Real data, as Debian packs it: 6,000 training and 1,000 test pictures of each class."""
    source = pathlib.Path(__file__).parents[2]
    got = subprocess.run([source / "sample_data" / "get-fashion-mnist", tmp_path / "fashion"])
    if got.returncode != 0:
        pytest.skip("the package dataset-fashion-mnist cannot be had")
    table = tool("classstats", "--show", "splits", "--format", "tsv", tmp_path / "fashion")
    rows = list(csv.DictReader(io.StringIO(table), delimiter="\t"))
    assert [(r["class"], r["train"], r["test"]) for r in rows] == [
        (str(i), "6000", "1000") for i in range(10)]
    packed = tmp_path / "fashion" / "t10k-images-idx3-ubyte.gz"
    few = "".join(tool("dataconv", packed, "--to", "manifest", "-o", "-").splitlines(True)[:21])
    tool("dataconv", "--to", "manifest", "-o", tmp_path / "out", stdin=few)
    with gzip.open(packed) as images:
        images.seek(16)
        pictures = np.frombuffer(images.read(20 * 784), np.uint8).reshape(20, 28, 28)
    for row, picture in zip(read_rows(tmp_path / "out" / "manifest.tsv"), pictures, strict=True):
        assert np.array_equal(np.asarray(Image.open(tmp_path / "out" / row["file_name"])), picture)

"""EMA and SWA of a run against PyTorch's torch.optim.swa_utils, given the weights that the run went
through, which callback checkpoint writes."""

import shutil

import numpy as np
import pytest
import torch
from conftest import BUILD
from PIL import Image
from safetensors.torch import load_file
from test_torch import Cnn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, update_bn

EPOCHS, FROM, MODEL = 4, 1, "cnn:width=4,dropout=0"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The sample pictures: 42 training rows of three classes, and none to validate on."""
    folder = tmp_path_factory.mktemp("averages")
    shutil.copytree(BUILD / "sample_data" / "shapes", folder / "shapes")
    shutil.copy(BUILD / "sample_data" / "shapes.tsv", folder / "rows.tsv")
    return folder


def train(tool, folder, name, batch, *options):
    tool("train", "-q", "-o", folder / name, "-m", MODEL, "-e", str(EPOCHS), "-b", str(batch), "-j",
         "1", "--lr", "0.02", "--no-tensorboard", *options, folder / "rows.tsv")


def torch_model(path):
    model = Cnn(3, 4)
    model.fc = torch.nn.Linear(model.fc.in_features, 3)
    model.load_state_dict(load_file(path), strict=False)
    return model


def compare(ours, model, names, tolerance):
    theirs = model.module.state_dict()
    assert names
    for name in names:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=tolerance, atol=tolerance)


def test_ema_equals_pytorch_and_is_what_is_kept(tool, folder):
    decay = 0.8
    train(tool, folder, "ema", 21, "--ema", str(decay), "--callback",
          "checkpoint:unit=batch,file=e{epoch}-b{batch}.safetensors")
    steps = [folder / "ema" / f"e{epoch}-b{batch}.safetensors"
             for epoch in range(1, EPOCHS + 1) for batch in [1, 2]]
    average = AveragedModel(torch_model(steps[0]), use_buffers=True,
                            multi_avg_fn=get_ema_multi_avg_fn(decay))
    for step in steps:
        average.update_parameters(torch_model(step))
    kept = load_file(folder / "ema" / "model.safetensors")
    compare(kept, average, list(kept), 1e-6)
    last = load_file(folder / "ema" / "last.ckpt")
    compare({name: last["ema." + name] for name in kept}, average, list(kept), 1e-6)
    np.testing.assert_array_equal(last["fc.weight"], load_file(steps[-1])["fc.weight"])


def test_swa_equals_pytorch_with_statistics_of_batch_norm(tool, folder):
    train(tool, folder, "swa", 42, "--swa", f"from={FROM},lr=0.01,anneal=2", "--callback",
          "checkpoint:file=e{epoch}.safetensors")
    average = AveragedModel(torch_model(folder / "swa" / "e1.safetensors"))
    for epoch in range(FROM + 1, EPOCHS + 1):
        average.update_parameters(torch_model(folder / "swa" / f"e{epoch}.safetensors"))
    rows = [line.split("\t") for line in (folder / "rows.tsv").read_text().splitlines()]
    column = rows[0].index("file_name")
    pixels = np.stack([np.array(Image.open(folder / row[column])) for row in rows[1:]])
    batch = torch.tensor(pixels / 255.0).float().permute(0, 3, 1, 2)
    update_bn([(batch - 0.5) / 0.5], average)
    kept = load_file(folder / "swa" / "swa.safetensors")
    compare(kept, average, [name for name in kept if "running" not in name], 1e-6)
    compare(kept, average, [name for name in kept if "running" in name], 1e-4)

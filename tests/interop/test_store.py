"""Our file formats against the libraries they come from: safetensors, NumPy, TensorBoard."""

import math
import pathlib
import struct
import time

import numpy as np
import pytest
import safetensors
import safetensors.numpy
import safetensors.torch
import torch

DTYPES = {
    "BOOL": torch.bool, "U8": torch.uint8, "I8": torch.int8, "I16": torch.int16,
    "U16": torch.uint16, "F16": torch.float16, "BF16": torch.bfloat16, "I32": torch.int32,
    "U32": torch.uint32, "F32": torch.float32, "F64": torch.float64, "I64": torch.int64,
    "U64": torch.uint64,
}  # fmt: skip


def random_tensor(name, shape):
    """Random bits of that type: with NaN, infinities and subnormal numbers among them."""
    dtype = DTYPES[name]
    generator = torch.Generator().manual_seed(sum(shape) + 1)
    if dtype == torch.bool:
        return torch.rand(shape, generator=generator) < 0.5
    n = math.prod(shape) * dtype.itemsize
    data = torch.randint(0, 256, (n,), dtype=torch.uint8, generator=generator)
    return data.view(dtype).reshape(shape) if n > 0 else torch.zeros(shape, dtype=dtype)


def all_tensors():
    shapes = [(), (1,), (0, 3), (257,), (3, 2, 5, 7)]
    return {f"{name}.{i}": random_tensor(name, shape)
            for name in DTYPES for i, shape in enumerate(shapes)}


def bits_of(tensor):
    return tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes()


def parse_dump(text):
    """The lines of `store-peer dump` as name -> (dtype, shape, f32 numbers)."""
    lines = [line.split("\t") for line in text.decode().splitlines()]
    return {line[0]: (line[1], [int(n) for n in line[2].split(",") if n],
                      np.array(line[3:], dtype=np.float32)) for line in lines}


def test_we_read_what_the_safetensors_package_writes(helper, tmp_path):
    path = tmp_path / "x.safetensors"
    tensors = all_tensors()
    safetensors.torch.save_file(tensors, path, metadata={"format": "pt"})
    ours = parse_dump(helper("store-peer", "dump", path))
    assert ours.keys() == tensors.keys()
    for name, tensor in tensors.items():
        dtype, shape, numbers = ours[name]
        assert dtype == name.split(".")[0] and shape == list(tensor.shape)
        np.testing.assert_array_equal(numbers, tensor.flatten().to(torch.float32).numpy(), name)


def test_the_safetensors_package_reads_what_we_write(helper, tmp_path):
    source, copy = tmp_path / "x.safetensors", tmp_path / "y.safetensors"
    tensors = all_tensors()
    safetensors.torch.save_file(tensors, source, metadata={"format": "pt"})
    helper("store-peer", "copy-safetensors", source, copy)
    theirs = safetensors.torch.load_file(copy)
    assert theirs.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert theirs[name].dtype == tensor.dtype and theirs[name].shape == tensor.shape
        assert bits_of(theirs[name]) == bits_of(tensor), name
    with safetensors.safe_open(copy, "np") as file:
        assert file.metadata() == {"format": "pt"}


def test_files_without_tensors_pass_both_ways(helper, tmp_path):
    source, copy = tmp_path / "x.safetensors", tmp_path / "y.safetensors"
    safetensors.numpy.save_file({}, source)
    helper("store-peer", "copy-safetensors", source, copy)
    assert safetensors.numpy.load_file(copy) == {}


def test_we_refuse_every_header_that_the_safetensors_package_refuses(helper, tmp_path):
    """One change at a time to the header of a good file. Where they differ, we are the stricter."""
    header = '{"a":{"dtype":"I16","shape":[2],"data_offsets":[0,4]},' \
             '"b":{"dtype":"U8","shape":[],"data_offsets":[4,5]}}'
    refused = []
    for at in range(len(header)):
        for change in ["", "0", "9", ",", '"', "}", "]", " ", "-", "é"]:
            text = (header[:at] + change + header[at + 1:]).encode()
            path = tmp_path / f"{at}-{ord(change or '.')}"
            path.write_bytes(struct.pack("<Q", len(text)) + text + b"12345")
            try:
                safetensors.deserialize(path.read_bytes())
            except safetensors.SafetensorError:
                refused.append(path)
    ours = helper("store-peer", "check-weights", *refused).decode().splitlines()
    assert len(refused) > 500
    for path, line in zip(refused, ours, strict=True):
        assert line.startswith(f"{path}: "), path.read_bytes()


def test_f32_becomes_f16_and_bfloat16_as_pytorch_does(helper):
    """All bit patterns that differ in the upper 20 bits, rounding ties among them."""
    bits = np.arange(0, 2**32, 2**12, dtype=np.uint64).astype(np.uint32)
    numbers = torch.from_numpy(bits.view(np.float32).copy())
    out = np.frombuffer(helper("store-peer", "halves"), dtype=np.uint16)
    ours = torch.from_numpy(out.reshape(2, -1).copy())
    for row, dtype in enumerate([torch.float16, torch.bfloat16]):
        theirs, mine = numbers.to(dtype), ours[row].view(dtype)
        assert torch.equal(theirs.isnan(), mine.isnan())
        known = ~theirs.isnan()
        assert torch.equal(theirs.view(torch.uint16)[known].int(), ours[row][known].int())


@pytest.mark.parametrize("dtype", ["<f4", "<f8", "<i8", "|u1"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (2, 1, 3, 4)])
def test_npy_is_numpys_in_both_directions(helper, tmp_path, dtype, shape):
    source, copy = tmp_path / "x.npy", tmp_path / "y.npy"
    array = np.random.default_rng(1).integers(0, 200, shape).astype(dtype)
    np.save(source, array)
    (_, ours_shape, numbers), = parse_dump(helper("store-peer", "dump", source)).values()
    assert ours_shape == list(shape)
    np.testing.assert_array_equal(numbers, array.flatten().astype(np.float32))
    helper("store-peer", "copy-npy", source, copy)
    assert copy.read_bytes() == source.read_bytes()


def steps_and_values(answer):
    return [(step, value) for _, step, value in answer]


def expected_points(tag, steps):
    function = {"sine": lambda x: np.sin(np.float32(x)), "runs/a b": lambda x: np.float32(x / 3)}[tag]
    return [(step, pytest.approx(float(function(step)), rel=1e-6)) for step in steps]


def test_tensorboard_shows_our_scalars(helper, tmp_path, tensorboard):
    begin = time.time()
    helper("store-peer", "write-events", tmp_path / "first", *range(100))
    helper("store-peer", "write-events", tmp_path / "second", 7)
    tags = tensorboard.ask_until(lambda answer: len(answer) == 2, "plugin/scalars/tags")
    assert {run: sorted(names) for run, names in tags.items()} == {
        "first": ["runs/a b", "sine"], "second": ["runs/a b", "sine"]}
    for tag in ["sine", "runs/a b"]:
        answer = tensorboard.ask("plugin/scalars/scalars", run="first", tag=tag)
        assert steps_and_values(answer) == expected_points(tag, range(100))
        assert all(begin - 1 < wall_time < time.time() + 1 for wall_time, _, _ in answer)


def test_tensorboard_drops_the_points_behind_a_restart(helper, tmp_path, tensorboard):
    """A run that was killed behind its checkpoint of step 10 goes on in a second file."""
    helper("store-peer", "write-events", tmp_path, *range(20))
    helper("store-peer", "write-events", tmp_path, -10, *range(10, 15))
    answer = tensorboard.ask_until(
        lambda points: len(points) == 15, "plugin/scalars/scalars", run=".", tag="sine")
    assert answer is not None and steps_and_values(answer) == expected_points("sine", range(15))


def test_we_read_what_pytorch_writes(helper, tmp_path):
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(tmp_path) as writer:
        for step in range(5):
            writer.add_scalar("loss", 1 / (step + 3), step)
            writer.add_histogram("passed over", np.arange(10), step)
            writer.add_text("passed over too", "text", step)
    path, = tmp_path.glob("*tfevents*")
    lines = [line.split("\t") for line in
             helper("store-peer", "dump-events", path).decode().splitlines()]
    assert [(int(step), tag) for step, tag, _ in lines] == [(step, "loss") for step in range(5)]
    assert [np.float32(value) for _, _, value in lines] == [
        np.float32(1 / (step + 3)) for step in range(5)]


def test_tensorboards_own_reader_finds_every_record_whole(helper, tmp_path):
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    path = pathlib.Path(helper("store-peer", "write-events", tmp_path, 1, -2, 3).decode().strip())
    events = list(EventFileLoader(str(path)).Load())
    assert events[0].file_version == "brain.Event:2"
    assert [event.step for event in events[1:]] == [1, 1, 2, 2, 3, 3]
    assert [event.session_log.status for event in events] == [0, 0, 0, 1, 1, 0, 0]

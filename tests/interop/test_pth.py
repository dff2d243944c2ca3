"""Weights of torch.save(): read like PyTorch reads them, and refused where they would do more."""

import argparse
import collections
import io
import os
import pathlib
import pickle
import zipfile

import numpy as np
import pytest
import torch
from test_store import DTYPES, all_tensors, parse_dump


# Without a class of storages in the form from before PyTorch 1.6.
UNTYPED = {torch.uint16, torch.uint32, torch.uint64}


def read(helper, path):
    return parse_dump(helper("store-peer", "dump", path))


def check(helper, *paths):
    """What is said of each file: "good" or the error."""
    return helper("store-peer", "check-weights", *paths).decode().splitlines()


def assert_same(ours, tensors):
    assert list(ours) == list(tensors)
    names = {dtype: name for name, dtype in DTYPES.items()}
    for name, tensor in tensors.items():
        dtype, shape, numbers = ours[name]
        assert dtype == names[tensor.dtype] and shape == list(tensor.shape), name
        expected = tensor.detach().flatten().to(torch.float32).numpy()
        np.testing.assert_array_equal(numbers, expected, name)


def small_net():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8),
                               torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(8, 4))


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_type_and_shape(helper, tmp_path, protocol):
    path = tmp_path / "x.pth"
    torch.save(all_tensors(), path, pickle_protocol=protocol)
    assert_same(read(helper, path), all_tensors())


@pytest.mark.parametrize("protocol", [2, 4])
def test_the_form_from_before_pytorch_1_6(helper, tmp_path, protocol):
    path = tmp_path / "x.pth"
    tensors = {k: v for k, v in all_tensors().items() if v.dtype not in UNTYPED}
    base = torch.arange(12.0).reshape(3, 4)
    tensors |= {"base": base, "part": base[1:, ::2].T}
    checkpoint = {"epoch": 3, "state_dict": tensors, "optimizer": {"step": torch.ones(5)}}
    torch.save(checkpoint, path, pickle_protocol=protocol, _use_new_zipfile_serialization=False)
    assert_same(read(helper, path), tensors)


def test_a_damaged_file_from_before_pytorch_1_6_is_refused(helper, tmp_path):
    path = tmp_path / "x.pth"
    torch.save(small_net().state_dict(), path, _use_new_zipfile_serialization=False)
    whole = path.read_bytes()
    cut = []
    for n in [*range(0, len(whole), 31), len(whole) - 1]:
        cut.append(tmp_path / f"file-{n}.pth")
        cut[-1].write_bytes(whole[:n])
    assert "good" not in check(helper, *cut)
    torch.save({"w": torch.ones(4)}, path, _use_new_zipfile_serialization=False)
    whole = path.read_bytes()
    length = (4).to_bytes(8, "little")
    changes = [(b"M\xe9\x03.", b"M\xea\x03.", "another version"),
               (b"little_endianq\x02\x88", b"little_endianq\x02\x89", "big-endian"),
               (length, b"\xff" * 8, "length of a storage"),
               (length, (3).to_bytes(8, "little"), "reaches over the end")]  # fmt: skip
    for old, new, said in changes:
        assert whole.count(old) == 1
        path.write_bytes(whole.replace(old, new))
        (line,) = check(helper, path)
        assert said in line
    torch.save({"w": torch.ones(1), "x": Evil(os.system, "touch ran")}, path,
               _use_new_zipfile_serialization=False)
    (line,) = check(helper, path)
    assert "would call the function" in line and not pathlib.Path("ran").exists()


def test_views_of_one_storage(helper, tmp_path):
    base = torch.arange(120, dtype=torch.float32).reshape(4, 5, 6)
    views = {"whole": base, "transposed": base.permute(2, 0, 1), "slice": base[1:3, ::2, 1:],
             "row": base[2, 3], "number": base[3, 4, 5], "expanded": base[0, 0].expand(3, 6),
             "empty": base[:, 5:], "one": base[1:2, 1:2, 1:2]}  # fmt: skip
    path = tmp_path / "x.pt"
    torch.save(views, path)
    assert_same(read(helper, path), views)


def test_a_state_dict_with_its_metadata(helper, tmp_path):
    state = small_net().state_dict()
    path = tmp_path / "x.pth"
    torch.save(state, path)
    assert_same(read(helper, path), state)


@pytest.mark.parametrize("keys, chosen", [(["state_dict"], 0), (["model"], 0),
                                          (["state_dict", "state_dict_ema"], 1),
                                          (["model", "model_ema", "state_dict"], 1)])
def test_a_checkpoint_with_everything_else_in_it(helper, tmp_path, keys, chosen):
    net = small_net()
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.ones(2, 3, 3, 3)).sum().backward()
    optimizer.step()
    checkpoint = {
        "epoch": 7, "arch": "resnet", "big": 2**80, "metric": np.float64(0.5), "none": None,
        "args": argparse.Namespace(lr=0.1, path=pathlib.PurePosixPath("/x")),
        "optimizer": optimizer.state_dict(), "set": {1, 2}, "device": torch.device("cpu"),
        "numbers": collections.defaultdict(list, a=[1]), "array": np.arange(3),
    }  # fmt: skip
    states = [{f"module._orig_mod.{k}": v + i for k, v in net.state_dict().items()}
              for i in range(len(keys))]
    checkpoint.update(dict(zip(keys, states, strict=True)))
    path = tmp_path / "x.pth"
    torch.save(checkpoint, path)
    expected = {k.removeprefix("module._orig_mod."): v for k, v in states[chosen].items()}
    assert_same(read(helper, path), expected)


def test_parameters_with_gradients(helper, tmp_path):
    tensors = dict(small_net().named_parameters())
    path = tmp_path / "x.pth"
    torch.save(tensors, path)
    assert_same(read(helper, path), tensors)


class Evil:
    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("function, arguments", [
    (os.system, ("touch ran",)), (eval, ("open('ran', 'w')",)), (exec, ("open('ran', 'w')",)),
    (getattr, ("x", "y")), (open, ("ran", "w")), (torch.load, ("x",)),
])  # fmt: skip
def test_a_pickle_that_calls_is_refused_by_name(helper, tmp_path, function, arguments):
    path = tmp_path / "x.pth"
    torch.save({"w": torch.ones(1), "x": Evil(function, *arguments)}, path)
    (line,) = check(helper, path)
    name = f"{function.__module__}.{function.__qualname__}"
    assert f"would call the function '{name}'" in line.replace("__builtin__", "builtins")
    assert not pathlib.Path("ran").exists()


def test_what_is_no_weights_is_told_apart(helper, tmp_path):
    net = small_net()
    torch.save(net, tmp_path / "module.pth")
    (tmp_path / "pickle.pth").write_bytes(pickle.dumps({"w": [1.0]}))
    torch.jit.trace(net.eval(), torch.ones(2, 3, 3, 3)).save(tmp_path / "script.pt")
    torch.save({"a": 1}, tmp_path / "nothing.pth")
    torch.save([torch.ones(2)], tmp_path / "list.pth")
    (tmp_path / "text.pth").write_text("no weights at all")
    with zipfile.ZipFile(tmp_path / "zip.pth", "w") as file:
        file.writestr("a.txt", "b")
    names = ["module", "pickle", "nothing", "list", "text", "zip"]
    lines = check(helper, *(tmp_path / f"{name}.pth" for name in names), tmp_path / "script.pt")
    said = ["state_dict() instead of the model", "written by pickle", "no dict of tensors",
            "no dict of tensors", "not a safetensors file", "without data.pkl", "TorchScript"]  # fmt: skip
    for line, part in zip(lines, said, strict=True):
        assert part in line


def rewritten(path, **changes):
    """The members of a file with some replaced, as a new zip beside it."""
    out = path.with_suffix(".changed.pth")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            key = name.split("/", 1)[1]
            new.writestr(name, changes.get(key, old.read(name)))
    return out


def test_sizes_that_do_not_fit_are_refused(helper, tmp_path):
    path = tmp_path / "x.pth"
    torch.save({"w": torch.ones(2, 3)}, path)
    with zipfile.ZipFile(path) as file:
        program = file.read("x/data.pkl")
    assert b"K\x02K\x03\x86" in program
    changes = {
        "K\x02K\x04\x86": "reaches over the end",
        "J\xff\xff\xff\xffK\x03\x86": "not whole numbers from 0",
        "J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86": "reaches over the end",
        "\x8a\x08" + "\xff" * 7 + "\x7fK\x03\x86": "sizes overflow",
        "G" + "\0" * 8 + "K\x03\x86": "not whole numbers from 0",
    }
    for change, said in changes.items():
        changed = program.replace(b"K\x02K\x03\x86", change.encode("latin-1"), 1)
        (line,) = check(helper, rewritten(path, **{"data.pkl": changed}))
        assert said in line
    (line,) = check(helper, rewritten(path, **{"data/0": b"\0" * 23}))
    assert "reaches over the end" in line
    (line,) = check(helper, rewritten(path, byteorder=b"big"))
    assert "big-endian" in line


def test_a_cut_pickle_or_file_is_refused_at_every_byte(helper, tmp_path):
    path = tmp_path / "x.pth"
    torch.save(small_net().state_dict(), path)
    with zipfile.ZipFile(path) as file:
        program = file.read("x/data.pkl")
    cut = []
    for n in range(0, len(program), 7):
        out = rewritten(path, **{"data.pkl": program[:n]})
        cut.append(out.rename(tmp_path / f"pickle-{n}.pth"))
    whole = path.read_bytes()
    for n in range(0, len(whole), 101):
        cut.append(tmp_path / f"file-{n}.pth")
        cut[-1].write_bytes(whole[:n])
    lines = check(helper, *cut)
    assert len(lines) == len(cut) > 50
    assert "good" not in lines


def test_a_dict_that_holds_itself(helper, tmp_path):
    state = {"w": torch.ones(2)}
    state["self"] = state
    path = tmp_path / "x.pth"
    torch.save(state, path)
    assert_same(read(helper, path), {"w": torch.ones(2)})


def test_our_reader_accepts_no_global_that_pickle_would_run(helper, tmp_path):
    """Whatever is pickled by reference alone is a name and nothing else."""
    path = tmp_path / "x.pth"
    torch.save({"w": torch.ones(2), "function": os.system, "class": io.StringIO}, path)
    assert_same(read(helper, path), {"w": torch.ones(2)})
    assert pickle.loads(pickle.dumps(os.system)) is os.system

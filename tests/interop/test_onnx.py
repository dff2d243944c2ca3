"""ONNX from PyTorch's exporters into tessera and back: the logits of all three agree.

PyTorch exports in two ways. The older folds batch norms into convolutions and forgets the names of
their weights, unless it exports for training; the newer keeps the names, folds as it optimizes, and
writes numbers into a file of their own when told to."""

import re
import subprocess
import warnings

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from conftest import BUILD
from onnx import TensorProto
from onnx import helper as make
from PIL import Image
from safetensors.numpy import load_file
from test_models import MODELS, set_norms
from torch import nn

warnings.filterwarnings("ignore", module="torch.*|onnxscript.*")


class Small(nn.Module):
    """For the newer exporter, which takes half a minute for a resnet18."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8))
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(8, 10))

    def forward(self, x):
        x = self.pool(nn.functional.relu6(self.bn1(self.conv1(x))))
        x = nn.functional.relu(self.layer1(x) + x)
        return self.head(torch.flatten(nn.functional.adaptive_avg_pool2d(x, 1), 1))


MODELS = {**MODELS, "small": (Small, (3, 20, 24))}


def export(model, images, path, way):
    if way == "folded":
        torch.onnx.export(model, (images,), path, dynamo=False, input_names=["x"],
                          dynamic_axes={"x": {0: "n"}})
    elif way == "training":
        torch.onnx.export(model, (images,), path, dynamo=False, input_names=["x"],
                          dynamic_axes={"x": {0: "n"}}, do_constant_folding=False,
                          training=torch.onnx.TrainingMode.TRAINING)
        model.eval()
    else:
        program = torch.onnx.export(model, (images,), dynamo=True, verbose=False,
                                    optimize=way == "optimized")
        program.save(path, external_data=way == "plain")


def logits_of(path, images):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: images})[0]


def layers_of(text):
    """{layer: [parameters]} of those that have some."""
    return {line.split()[0]: line.split()[2:] for line in text.splitlines() if line.split()[2:]}


CASES = [(name, way) for name in (
    "lenet", "resnet18", "mobilenetv2:dropout=0", "tf_efficientnet_lite0:dropout=0,drop_path=0",
    "densenet-bc:depth=22,growth=12") for way in ("folded", "training")] + [
    ("resnet50", "folded"), ("wrn-16-2", "folded"), ("lenet", "plain"),
    ("small", "optimized"), ("small", "plain")]


@pytest.mark.parametrize("description,way", CASES)
def test_import_and_export(description, way, tmp_path, helper):
    torch.manual_seed(7)
    build, shape = MODELS[description]
    model = build()
    set_norms(model)
    model.eval()
    images = torch.randn(2, *shape)
    source = tmp_path / "model.onnx"
    export(model, images, str(source), way)
    model.eval()
    with torch.no_grad():
        theirs = model(images).numpy()
    np.save(tmp_path / "images.npy", images.numpy())
    path = tmp_path / "ours.onnx"
    text = helper("onnx-peer", source, tmp_path / "images.npy", tmp_path / "logits.npy", path)
    ours = np.load(tmp_path / "logits.npy")
    scale = np.abs(theirs).max()
    assert np.abs(ours - theirs).max() <= 1e-5 * scale
    onnx.checker.check_model(str(path), full_check=True)
    again = logits_of(str(path), images.numpy())
    assert np.abs(again - theirs).max() <= 1e-5 * scale
    helper("onnx-peer", path, tmp_path / "images.npy", tmp_path / "twice.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "twice.npy"), ours)

    # The names are PyTorch's: all where they were kept, else those of the layers that are left.
    layers, names = layers_of(text.decode()), dict(model.named_modules())
    for layer, params in layers.items():
        # The paths of nodes follow calls, and WideResnet calls what lies in its blocks.
        assert layer in names or description == "wrn-16-2", layer
        if way in ("training", "plain"):
            wanted = set(names[layer].state_dict()) - {"num_batches_tracked"}
            assert set(params) == {f"{layer}.{p}" for p in wanted}
    if way in ("training", "plain"):
        assert {p.rsplit(".", 1)[0] for p in model.state_dict()} == set(layers)


# ---- files that are refused ----

def small_file(path, nodes, tensors=(), shape=("n", 3, 8, 8), opset=17):
    graph = make.make_graph(
        nodes, "g", [make.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [make.make_tensor_value_info("y", TensorProto.FLOAT, None)], tensors)
    onnx.save(make.make_model(graph, opset_imports=[make.make_opsetid("", opset)]), path)


def tensor(name, *shape):
    values = np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32)
    return make.make_tensor(name, TensorProto.FLOAT, shape, values)


WEIGHTS = [tensor("w", 4, 3, 3, 3), tensor("c", 5, 4), tensor("d", 5)]


def conv(**options):
    return make.make_node("Conv", ["x", "w"], ["a"], "first", **options)


REST = [make.make_node("GlobalAveragePool", ["a"], ["p"], "pool"),
        make.make_node("Flatten", ["p"], ["f"], "flatten"),
        make.make_node("Gemm", ["f", "c", "d"], ["y"], "fc", transB=1)]

REFUSED = {
    "unknown": ([make.make_node("Erf", ["x"], ["a"], "odd")],
                r"node 'odd' \(Erf\): this operation is not known"),
    "domain": ([make.make_node("Conv", ["x", "w"], ["a"], "odd", domain="com.example")],
               r"node 'odd' \(Conv\): this operation of com.example is not known"),
    "dilated": ([conv(dilations=[2, 2])], r"node 'first' \(Conv\): dilation 2 is not known"),
    "oblong": ([conv(strides=[1, 2])], r"'strides' has to be one number"),
    "huge": ([conv(pads=[1 << 40] * 4)], r"'pads' has to be from 0"),
    "skewed": ([conv(pads=[2, 0, 0, 0])], r"padding \(2, 0, 0, 0\) is neither"),
    "groups": ([conv(group=3)], r"does not fit a 3x3 kernel, 3 channels and 3 groups"),
    "order": ([make.make_node("Relu", ["later"], ["a"], "r")],
              r"its input 'later' is computed nowhere"),
    "scaled": ([make.make_node("Mul", ["x", "x"], ["a"], "m")], r"its own sigmoid only"),
    "added": ([make.make_node("Add", ["x", "w"], ["a"], "plus")],
              r"node 'plus' \(Add\): a constant"),
    "clipped": ([make.make_node("Clip", ["x"], ["a"], "clip")],
                r"limits of -inf and inf are not known"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_had_is_named(name, tmp_path, tool):
    nodes, message = REFUSED[name]
    path = tmp_path / "model.onnx"
    small_file(path, nodes + REST, WEIGHTS)
    refuse(path, message)


def refuse(path, message):
    peer = BUILD / "tests" / "interop" / "onnx-peer"
    done = subprocess.run([peer, path, "none.npy", "none.npy"], capture_output=True, text=True)
    assert done.returncode == 1
    assert re.search(message, done.stderr), done.stderr


def test_shapes_that_cannot_be(tmp_path):
    path = tmp_path / "model.onnx"
    small_file(path, [conv()] + REST, WEIGHTS, shape=("n", 3, "h", "w"))
    refuse(path, "its input 'x' has no fixed size")
    small_file(path, [conv()] + REST, WEIGHTS, shape=("n", 3))
    refuse(path, "is no batch of pictures")
    small_file(path, [conv()] + REST, WEIGHTS[:2] + [tensor("d", 4)])
    refuse(path, "'d' has 4 numbers for 5 channels")


def test_external_data_stays_in_the_folder(tmp_path):
    torch.manual_seed(1)
    build, shape = MODELS["lenet"]
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "model.onnx"
    export(build().eval(), torch.randn(1, *shape), str(path), "plain")
    data = path.with_name("model.onnx.data")
    whole, numbers = path.read_bytes(), data.read_bytes()
    (tmp_path / "model.onnx.dat2").write_bytes(numbers)
    for other in (b"../model.onnx.da", b"/odel.onnx.data "):
        path.write_bytes(whole.replace(b"model.onnx.data", other[:15]))
        refuse(path, "does not lie in the model's folder|cannot be opened")
    path.write_bytes(whole)
    data.unlink()
    refuse(path, "cannot be opened: No such file")
    data.symlink_to(tmp_path / "model.onnx.dat2")
    refuse(path, "does not lie in the model's folder")
    data.unlink()
    data.write_bytes(numbers[:-4])
    refuse(path, "does not fit into its place")


def test_every_cut_is_refused_or_read(tmp_path, helper):
    path = tmp_path / "model.onnx"
    small_file(path, [conv()] + REST, WEIGHTS)
    whole = path.read_bytes()
    cut = tmp_path / "cut.onnx"
    for n in range(0, len(whole), 29):
        cut.write_bytes(whole[:n])
        refuse(cut, "cut.onnx: |none.npy")


def test_types_of_numbers(tmp_path, helper):
    """Lists and bytes, halves and doubles: the same numbers."""
    types = {TensorProto.FLOAT: "f4", TensorProto.DOUBLE: "f8", TensorProto.FLOAT16: "f2"}
    images = np.random.default_rng(3).normal(size=(2, 3, 8, 8)).astype(np.float32)
    np.save(tmp_path / "x.npy", images)
    wanted = None
    values = np.round(np.linspace(-1, 1, 108) * 64) / 64
    for kind in (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16):
        for raw in (False, True):
            if kind == TensorProto.BFLOAT16 and raw:
                bits = (values.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
                w = make.make_tensor("w", kind, (4, 3, 3, 3), bits.tobytes(), raw=True)
            elif raw:
                data = values.astype(types[kind]).tobytes()
                w = make.make_tensor("w", kind, (4, 3, 3, 3), data, raw=True)
            else:
                w = make.make_tensor("w", kind, (4, 3, 3, 3), values)
            path = tmp_path / "model.onnx"
            small_file(path, [conv()] + REST, [w] + WEIGHTS[1:])
            helper("onnx-peer", path, tmp_path / "x.npy", tmp_path / "y.npy")
            ours = np.load(tmp_path / "y.npy")
            wanted = ours if wanted is None else wanted
            np.testing.assert_array_equal(ours, wanted)


def test_other_spellings(tmp_path, helper):
    """MatMul and Add for Gemm, a Reshape computed from the shape, Pad before a convolution, SiLU and
    hard swish by products, a softmax at the end."""
    nodes = [
        make.make_node("Pad", ["x", "pads"], ["padded"], "pad"),
        make.make_node("Conv", ["padded", "w"], ["a"], "first"),
        make.make_node("Sigmoid", ["a"], ["s"]), make.make_node("Mul", ["s", "a"], ["b"]),
        make.make_node("HardSigmoid", ["b"], ["h"], alpha=1 / 6, beta=0.5),
        make.make_node("Mul", ["b", "h"], ["e"]),
        make.make_node("Concat", ["e", "b"], ["g"], axis=1),
        make.make_node("AveragePool", ["g"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        make.make_node("Shape", ["p"], ["shape"]),
        make.make_node("Constant", [], ["zero"], value_int=0),
        make.make_node("Gather", ["shape", "zero"], ["n"]),
        make.make_node("Constant", [], ["axes"], value_ints=[0]),
        make.make_node("Unsqueeze", ["n", "axes"], ["n1"]),
        make.make_node("Constant", [], ["rest"], value_ints=[-1]),
        make.make_node("Concat", ["n1", "rest"], ["target"], axis=0),
        make.make_node("Reshape", ["p", "target"], ["f"]),
        make.make_node("MatMul", ["f", "m"], ["q"], "/head/head.0/MatMul"),
        make.make_node("Add", ["d", "q"], ["z"]),
        make.make_node("Softmax", ["z"], ["y"], axis=1),
    ]
    tensors = [WEIGHTS[0], WEIGHTS[2], tensor("m", 128, 5),
               make.make_tensor("pads", TensorProto.INT64, (8,), [0, 0, 1, 1, 0, 0, 1, 1])]
    path = tmp_path / "model.onnx"
    small_file(path, nodes, tensors)
    x = np.random.default_rng(5).normal(size=(2, 3, 8, 8)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    text = helper("onnx-peer", path, tmp_path / "x.npy", tmp_path / "y.npy").decode()
    logits = np.load(tmp_path / "y.npy")
    softmax = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    # onnxruntime's are 2e-5 from those in float64, ours 2e-6.
    np.testing.assert_allclose(softmax, logits_of(str(path), x), rtol=5e-5)
    assert layers_of(text) == {"first": ["first.weight"], "head.0": ["head.0.weight", "head.0.bias"]}


def test_a_product_used_without_its_bias(tmp_path):
    """Its layer would get the bias that only one of its users sees."""
    nodes = [conv()] + REST[:2] + [
        make.make_node("MatMul", ["f", "m"], ["q"], "product"),
        make.make_node("Add", ["q", "d"], ["z"]),
        make.make_node("Add", ["q", "z"], ["y"], "late")]
    path = tmp_path / "model.onnx"
    small_file(path, nodes, [WEIGHTS[0], WEIGHTS[2], tensor("m", 4, 5)])
    refuse(path, r"node 'late' \(Add\): input 0 is used without its bias here")


def test_a_bias_after_the_product_was_used_in_a_sum(tmp_path):
    """As above, though the first user is an Add too."""
    nodes = [conv()] + REST[:2] + [
        make.make_node("MatMul", ["f", "m"], ["q"], "product"),
        make.make_node("MatMul", ["f", "n"], ["r"], "other"),
        make.make_node("Add", ["q", "r"], ["s"]),
        make.make_node("Add", ["q", "d"], ["t"], "late"),
        make.make_node("Add", ["s", "t"], ["y"])]
    path = tmp_path / "model.onnx"
    small_file(path, nodes, [WEIGHTS[0], WEIGHTS[2], tensor("m", 4, 5), tensor("n", 4, 5)])
    refuse(path, r"node 'late' \(Add\): a constant can be added to a product of matrices only")


# ---- through the tools ----

@pytest.fixture
def pictures(tmp_path):
    """Two classes of small colour pictures."""
    draw = np.random.default_rng(11)
    for name, level in ("dark", 80), ("light", 170):
        folder = tmp_path / "pictures" / name
        folder.mkdir(parents=True)
        for i in range(6):
            noise = draw.integers(-60, 60, (32, 32, 3))
            Image.fromarray((level + noise).astype(np.uint8)).save(folder / f"{i}.png")
    return tmp_path / "pictures"


def probabilities(logits):
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def check_model(model, path, pictures, tool, mean=0.4, std=0.3):
    """What predict answers with our model is what onnxruntime answers with `path`."""
    table = tool("predict", "-q", "-p", "-m", str(model), str(pictures))
    header, *rows = (line.split("\t") for line in table.splitlines())
    columns = [i for i, name in enumerate(header) if name.startswith("p_")]
    ours = np.array([[float(row[c]) for c in columns] for row in rows])
    files = [row[header.index("file_name")] for row in rows]
    images = np.stack([np.asarray(Image.open(name), np.float32) for name in files])
    logits = logits_of(str(path), ((images / 255 - mean) / std).transpose(0, 3, 1, 2))
    np.testing.assert_allclose(ours, probabilities(logits), atol=2e-4)


@pytest.mark.parametrize("fold", (False, True))
def test_what_train_made_runs_elsewhere(fold, pictures, tmp_path, tool):
    run, path = tmp_path / "run", tmp_path / "model.onnx"
    tool("train", "-q", "-o", str(run), "--model", "resnet18:stem=small", "--epochs", "1",
         "--batch-size", "4", "--mean", "0.4", "--std", "0.3", str(pictures))
    tool("modelinfo", "--onnx", str(path), *(["--fold"] if fold else []), str(run))
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    norms = [node for node in model.graph.node if node.op_type == "BatchNormalization"]
    assert len(norms) == (0 if fold else 20)
    assert {p.key: p.value for p in model.metadata_props}["classes"] == "dark\tlight"

    check_model(run / "model.safetensors", path, pictures, tool)


@pytest.mark.parametrize("description,way", [
    ("resnet18", "folded"), ("mobilenetv2:dropout=0", "training"),
    ("tf_efficientnet_lite0:dropout=0,drop_path=0", "folded")])
def test_there_and_back(description, way, pictures, tmp_path, tool):
    """PyTorch exports; tessera takes the network as it is, tunes it for two classes and exports it;
    onnxruntime agrees with tessera before and after."""
    torch.manual_seed(5)
    model = MODELS[description][0]()
    set_norms(model)
    source, whole = tmp_path / "source.onnx", tmp_path / "whole.safetensors"
    model.eval()
    export(model, torch.randn(2, 3, 32, 32), str(source), way)
    tool("modelinfo", "-q", "--load-into", "onnx", "--mean", "0.4", "--std", "0.3", "-o", str(whole),
         str(source))
    plain = tmp_path / "plain.onnx"
    export(model.eval(), torch.randn(2, 3, 32, 32), str(plain), "folded")
    check_model(whole, plain, pictures, tool)

    run, tuned = tmp_path / "run", tmp_path / "tuned.onnx"
    tool("finetune", "-q", "--from", str(whole), "-o", str(run), "--epochs", "1", "--batch-size", "4",
         str(pictures))
    tool("modelinfo", "-q", "--onnx", str(tuned), "--fold", str(run))
    check_model(run / "model.safetensors", tuned, pictures, tool)


def test_weights_of_an_export_become_a_model(tmp_path, tool):
    """With the names kept, the initializers are weights like any others."""
    torch.manual_seed(2)
    build, shape = MODELS["resnet18"]
    model = build()
    path, out = tmp_path / "resnet18.onnx", tmp_path / "model.safetensors"
    export(model, torch.randn(1, *shape), str(path), "training")
    tool("modelinfo", "-q", "--load-into", "auto", "--size", "64", "--mean", "0.5", "--std", "0.5",
         "-o", str(out), str(path))
    ours = load_file(out)
    theirs = {n: t for n, t in model.state_dict().items() if not n.endswith("num_batches_tracked")}
    assert set(ours) == set(theirs)
    stats = ("running_mean", "running_var")  # exporting moved PyTorch's
    for name in (n for n in ours if not n.endswith(stats)):
        np.testing.assert_array_equal(ours[name], theirs[name].numpy())
    export(model, torch.randn(1, *shape), str(path), "folded")
    done = subprocess.run([BUILD / "bin" / "modelinfo", "--load-into", "resnet18", path],
                          capture_output=True, text=True)
    assert done.returncode == 1  # norms and names are gone

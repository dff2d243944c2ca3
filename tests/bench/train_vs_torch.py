"""A training step of tessera and of PyTorch on the same processors, turn by turn.

    TESSERA_BUILD=BUILD ~/.cache/tessera/venv-*/bin/python tests/bench/train_vs_torch.py [ROUNDS]

Prints for each case the median milliseconds of both and the ratio tessera / PyTorch (below 1:
tessera is faster), each the median over the rounds.
"""

import os
import pathlib
import statistics
import subprocess
import sys
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "interop"))
from test_torch import Cnn  # noqa: E402

BENCH = pathlib.Path(os.environ["TESSERA_BUILD"]) / "tests" / "bench" / "bench-train"
CASES = [(16, (1, 20, 20), 64), (32, (3, 32, 32), 64), (32, (3, 64, 64), 32)]
SECONDS = 2


def torch_step_ms(width, shape, batch):
    model = Cnn(shape[0], width).train()
    model.fc = torch.nn.Linear(4 * width, 10)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    images, labels = torch.randn(batch, *shape), torch.arange(batch) % 10
    times, begin = [], time.monotonic()
    while len(times) < 8 or time.monotonic() - begin < SECONDS:
        start = time.perf_counter()
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times[3:])


def tessera_step_ms(width, shape, batch):
    arguments = [f"cnn:width={width},dropout=0", "x".join(map(str, shape)), batch, SECONDS]
    done = subprocess.run([BENCH, *map(str, arguments)], capture_output=True, text=True, check=True)
    return float(done.stdout.split("\t")[-1])


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    torch.set_num_threads(os.cpu_count())
    torch.set_flush_denormal(True)
    print("width\tinput\tbatch\ttessera_ms\ttorch_ms\tratio")
    for width, shape, batch in CASES:
        pairs = [(tessera_step_ms(width, shape, batch), torch_step_ms(width, shape, batch))
                 for _ in range(rounds)]
        ours, theirs = (statistics.median(column) for column in zip(*pairs))
        ratio = statistics.median(a / b for a, b in pairs)
        print(f"{width}\t{'x'.join(map(str, shape))}\t{batch}\t{ours:.2f}\t{theirs:.2f}\t{ratio:.3f}")


if __name__ == "__main__":
    main()

"""Tables of R's package mlbench, read from R's files (XDR serialization, R Internals, 1.8)."""

import lzma
import os
import pathlib
import struct

import numpy as np
import pytest

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
FOLDER = CACHE / "tessera" / "mlbench"  # filled by tests/interop/run


class Reader:
    """Objects of a stream as Python's: vectors become lists, pairlists and attributes dicts."""

    def __init__(self, data):
        assert data[:7] == b"RDX2\nX\n" or data[:7] == b"RDX3\nX\n"
        self.data, self.at, self.symbols = data, 7, []
        if self.numbers("i", 3)[0] == 3:  # format, versions of R; then an encoding
            self.take(self.numbers("i", 1)[0])

    def take(self, n):
        self.at += n
        return self.data[self.at - n:self.at]

    def numbers(self, code, n):
        return list(struct.unpack(f">{n}{code}", self.take(n * struct.calcsize(code))))

    def length(self):
        return self.numbers("i", 1)[0]

    def pairs(self, flags):
        """A list of (tag, value); the rest of it follows its first element."""
        found = {}
        while flags & 0xFF == 2:
            assert not flags & 0x200
            tag = self.read() if flags & 0x400 else len(found)
            found[tag] = self.read()
            flags = self.numbers("i", 1)[0]
        assert flags & 0xFF == 254, flags
        return found

    def vector(self, kind):
        if kind in (10, 13):
            return self.numbers("i", self.length())
        if kind == 14:
            return self.numbers("d", self.length())
        assert kind in (16, 19), kind
        return [self.read() for _ in range(self.length())]

    def read(self):
        flags = self.numbers("i", 1)[0]
        kind = flags & 0xFF
        if kind == 254:
            return None
        if kind == 1:
            self.symbols.append(self.read())
            return self.symbols[-1]
        if kind == 255:
            return self.symbols[(flags >> 8 or self.length()) - 1]
        if kind == 9:
            n = self.length()
            return None if n < 0 else self.take(n).decode("latin-1")
        if kind == 2:
            return self.pairs(flags)
        value = self.vector(kind)
        return (value, self.pairs(self.numbers("i", 1)[0])) if flags & 0x200 else value


def frame(name):
    """The columns of a table by name: floats, or texts where R has a factor; None where R has NA."""
    path = FOLDER / f"{name}.rda"
    if not FOLDER.exists():
        pytest.skip("the package r-cran-mlbench cannot be had")
    columns, attributes = Reader(lzma.decompress(path.read_bytes())).read()[name]
    table = {}
    for column, value in zip(attributes["names"], columns, strict=True):
        value, own = value if isinstance(value, tuple) else (value, {})
        levels = own.get("levels")
        value = [None if v == -2**31 or v != v else v for v in value]
        table[column] = [None if v is None else levels[v - 1] for v in value] if levels else value
    return table


def numbers(name, label, without=(), seed=None, size=None, shares=None):
    """Features (n, d) and classes from 0 by name; `size` rows of them, drawn; class c keeps a
    share shares^c, but no two small classes are equal. With a seed no two distances are equal: a hundred-thousandth of the width of
    each column is added as noise."""
    table = frame(name)
    names, labels = np.unique(table.pop(label), return_inverse=True)
    features = np.array([v for k, v in table.items() if k not in without], dtype=float).T
    rng = np.random.default_rng(0)
    keep = rng.permutation(labels.size)[:size]
    if shares is not None:
        of = [keep[labels[keep] == c] for c in range(names.size)]
        keep = np.concatenate([r[:max(12 + len(of) - c, int(r.size * shares**c))] for c, r in enumerate(of)])
    keep.sort()
    features, labels = features[keep], labels[keep]
    if seed is not None:
        noise = np.random.default_rng(seed).standard_normal(features.shape)
        features = features + noise * (1e-5 * np.ptp(features, axis=0))
    return features, labels

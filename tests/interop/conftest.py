"""Where the programs under test are, and how to run them."""

import os
import pathlib
import subprocess

import pytest

BUILD = pathlib.Path(os.environ["TESSERA_BUILD"])


@pytest.fixture
def tool():
    """Run a tool of bin/; give back its standard output. Another exit status than `status` fails."""

    def run(name, *args, stdin=None, status=0):
        program = BUILD / "bin" / name
        done = subprocess.run([program, *args], input=stdin, capture_output=True, text=True)
        assert done.returncode == status, done.stderr
        return done.stdout

    return run


@pytest.fixture
def helper():
    """Run a helper program of tests/interop; give back its standard output as bytes."""

    def run(name, *args):
        program = BUILD / "tests" / "interop" / name
        done = subprocess.run([program, *map(str, args)], capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    return run

"""The programs under test and the real TensorBoard, and how to run them."""

import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

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


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class TensorBoard:
    """The real TensorBoard, asked over HTTP."""

    def __init__(self, logdir, *options):
        self.address = f"http://127.0.0.1:{(port := free_port())}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tensorboard.main", "--logdir", str(logdir), "--host",
             "127.0.0.1", "--port", str(port), "--reload_interval", "1", *options],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def ask_bytes(self, path_and_query, post=None):
        request = urllib.request.Request(
            f"{self.address}/data/{path_and_query}", headers={"Content-Type": "application/json"},
            data=None if post is None else json.dumps(post).encode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read()

    def ask_text(self, path, post=None, **query):
        return self.ask_bytes(f"{path}?{urllib.parse.urlencode(query)}", post).decode()

    def ask(self, path, **query):
        """The answer as JSON; `post` is sent as the body."""
        return json.loads(self.ask_text(path, **query))

    def ask_until(self, accept, path, **query):
        """Ask again until `accept` likes the answer; the last answer after a minute."""
        answer, end = None, time.monotonic() + 60
        while time.monotonic() < end:
            if self.process.poll() is not None:
                pytest.fail(f"tensorboard ended: {self.process.stderr.read()}")
            try:
                answer = self.ask(path, **query)
            except (urllib.error.URLError, ConnectionError):
                answer = None
            if answer is not None and accept(answer):
                break
            time.sleep(0.2)
        return answer

    def close(self):
        self.process.terminate()
        self.process.communicate(timeout=30)


@pytest.fixture(params=["true", "false"], ids=["rust-loader", "python-loader"])
def board_at(request):
    """Start TensorBoard on a folder, with each of its two readers."""
    boards = []

    def start(logdir):
        boards.append(TensorBoard(logdir, "--load_fast", request.param))
        return boards[-1]

    yield start
    for board in boards:
        board.close()


@pytest.fixture
def tensorboard(board_at, tmp_path):
    return board_at(tmp_path)

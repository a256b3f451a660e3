"""What the tests of faults share: their sizes, a line of figures, and children that are forked when all is imported.

FOOTNOTE_STRESS=1 (`make stress`) sets the full sizes.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from conftest import StandInEncoder

from rag.catalog import Source
from rag.documents import Loaded, load, readers
from rag.index import Index
from rag.lock import write_lock
from rag.passages import PassageParser
from rag.types import Document

STRESS = bool(os.environ.get("FOOTNOTE_STRESS"))
REFUSED = 3  # what a child exits with that has written a RagError to standard error


def figures(what: str, began: float, **numbers: object) -> None:
    """Tell in a line what was counted; `pytest -s` shows it."""
    said = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in numbers.items())
    sys.stdout.write(f"\n{what}: {said} ({time.monotonic() - began:.0f} s)\n")


class Direct:
    """Reads files in this process: its own costs a second, and is tested elsewhere."""

    def __init__(self, settings: object) -> None:
        pass

    def __enter__(self) -> Direct:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def load(self, path: Path, *, stop: object = None) -> Loaded:
        return load(path)


def put_file(index: Index, path: str, documents: Sequence[Document]) -> None:
    """Index a file that holds several documents, as an update does."""
    sha256 = hashlib.sha256(repr(documents).encode()).hexdigest()
    with write_lock(index.folder):
        index._work(1, None, None)._store([Source(path, sha256, readers(30), documents)])
        index.finish()


class Children:
    """Children of a test's own file, which ends in `serve(…)`: they have everything imported, and have opened nothing.

    Each is stopped before it begins, so that it can be traced, until `go()`.
    """

    def __init__(self, file: str) -> None:
        here = Path(file).resolve()
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(here.parent.parent), str(here.parent)])}
        self._server = subprocess.Popen(
            [sys.executable, str(here)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self.pid = 0

    def __enter__(self) -> Children:
        return self

    def __exit__(self, *_: object) -> None:
        with self._server:
            if self.pid:  # left alone by a test that failed
                self.kill()
            assert self._server.stdin
            self._server.stdin.close()
            assert self._server.wait(60) == 0

    def begin(self, order: Any) -> int:
        """Fork a child for this order; return its pid."""
        assert self._server.stdin
        self._server.stdin.write(json.dumps(order) + "\n")
        self._server.stdin.flush()
        self.pid = self._told()
        return self.pid

    def go(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        with suppress(ProcessLookupError):  # it has ended by itself: its status says how
            os.kill(self.pid, signal.SIGKILL)

    def ended(self) -> int:
        """Wait for the child; return its exit status, negative where a signal ended it."""
        status = self._told()
        self.pid = 0
        return status

    def _told(self) -> int:
        assert self._server.stdout
        return int(self._server.stdout.readline())


def serve(work: Callable[[Any], int | None], *, seconds: int, also: Sequence[str] = ()) -> None:
    """Fork a child for each line of standard input and tell its pid, then how it ended; SIGALRM ends one that hangs."""
    for module in ("faiss", *also):
        __import__(module)
    warm = StandInEncoder()
    PassageParser(warm).parse(Document(text="A word. Another.", path="", title="", sha256=""))
    warm.encode(["word"])
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            _work(work, json.loads(line), seconds)
        os.waitpid(pid, os.WUNTRACED)
        os.write(1, f"{pid}\n".encode())
        os.write(1, f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}\n".encode())


def _work(work: Callable[[Any], int | None], order: Any, seconds: int) -> None:
    status: int | None = 1
    try:
        os.kill(os.getpid(), signal.SIGSTOP)
        signal.alarm(seconds)
        status = work(order)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status or 0)

"""Reading a file, or drawing a page of it, in a process with limits: whatever a parser does, this process goes on."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

import rag
from rag.documents import Loaded, printable
from rag.documents.child import OUT_OF_MEMORY, Ending, receive, send, understood
from rag.documents.pdf_image import SIZE
from rag.errors import RagError, UnreadableDocument

if TYPE_CHECKING:
    from rag.config import DocumentSettings
    from rag.documents.pdf_view import Rect

Stop = Callable[[], bool]

_FORKS = hasattr(os, "fork")
_LOOK = 0.05  # seconds between two looks at `stop`
_GRACE = 5.0  # seconds after which the server is late with saying that a file took too long
_START = 60.0  # seconds for the server to start
# Secrets stay with us: the environment of parsers holds what Python and the libraries need.
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR",
                "TESSDATA_PREFIX", "PYTHONHOME", "PYTHONUTF8")  # fmt: skip
_SPLIT = "Split it, or raise {} in rag.toml."


class Stopped(Exception):
    """Reading was given up because `stop` asked for it."""


class Usage(NamedTuple):
    """What reading a file took: seconds, and bytes of memory at most (0: not measured on this system)."""

    seconds: float
    memory: int


class PageImage(NamedTuple):
    """A page as WebP, and its width and height in points as it is shown."""

    webp: bytes
    width: float
    height: float


class Sandbox:
    """Reads files as `rag.documents.load` does, each in a process with limits; not for several threads at once.

    As a context manager it ends its processes; they also end when this process does, however it ends.
    """

    def __init__(self, settings: DocumentSettings) -> None:
        self._settings = settings
        self._server: _Server | None = None
        self.last_usage = Usage(0.0, 0)

    def load(self, path: str | Path, *, stop: Stop | None = None) -> Loaded:
        """Read a file; raises the DocumentError that says why it gives no document, or Stopped soon after `stop()`.

        Raises RagError where the process that reads cannot be started.
        """
        return understood(self._given({"path": path}, stop))

    def page(self, path: str | Path, *, number: int, sha256: str, boxes: Sequence[Rect] = ()) -> PageImage:
        """A page of a PDF, with `boxes` marked; raises the DocumentError that says why it is not drawn.

        Raises RagError where the process that draws cannot be started.
        """
        page = {"number": number, "sha256": sha256, "boxes": boxes}
        result = self._given({"path": path, "page": page}, None)
        size, image = result[: SIZE.size], result[SIZE.size :]
        if not image.startswith(b"RIFF"):
            understood(result)
            raise self._rejected(path, "its page cannot be drawn")
        return PageImage(image, *SIZE.unpack(size))

    def _given(self, wanted: dict[str, Any], stop: Stop | None) -> bytes:
        path = wanted["path"]
        self.last_usage = Usage(0.0, 0)
        began = time.monotonic()
        try:
            ending, result = self._ask(wanted, stop)
        except (EOFError, BrokenPipeError) as error:
            raise self._rejected(path, "the process that read it was ended from outside") from error
        except TimeoutError as error:
            self.last_usage = Usage(time.monotonic() - began, 0)
            raise self._rejected(path, *self._late()) from error
        self.last_usage = Usage(ending["seconds"], ending["bytes"])
        if ending["cut"] or ending["exit"]:
            raise self._rejected(path, *self._reason(ending))
        return result

    def close(self) -> None:
        """End the processes; the next file starts them again."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _ask(self, wanted: dict[str, Any], stop: Stop | None) -> tuple[Ending, bytes]:
        request = {
            **wanted,
            "path": os.path.join(os.getcwd(), wanted["path"]),
            "seconds": self._settings.seconds,
            "megabytes": self._settings.megabytes,
        }
        try:
            if self._server is None or self._server.ended():
                self.close()
                self._server = _Server(stop)
            self._server.ask(json.dumps(request).encode())
            deadline = time.monotonic() + self._settings.seconds + (_GRACE if _FORKS else 0.0)
            answered = json.loads(self._server.reply(deadline, stop)), self._server.reply(deadline, stop)
        except BaseException:  # whatever it is, the server's next reply would be that to an earlier request
            self.close()
            raise
        if not _FORKS:
            self.close()
        return answered

    def _reason(self, ending: Ending) -> tuple[str, str]:
        """What went wrong in the process, and what to do about it."""
        code = ending["exit"]
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        if ending["cut"] == "late" or name == "SIGXCPU":
            return self._late()
        if ending["cut"] == "large":
            return "what it holds is too much to take in", "Split it."
        most = self._settings.megabytes
        if code == OUT_OF_MEMORY or ending["bytes"] > (most << 20) // 2:
            return f"reading it needs more than {most:,} MB of memory", _SPLIT.format("documents.megabytes")
        if name == "SIGKILL":
            return "the system ended the process that read it, as it does where memory runs out", ""
        return f"its parser crashed ({name})", "It may be damaged: open it in its program and save it anew."

    def _late(self) -> tuple[str, str]:
        return f"it took longer than {self._settings.seconds:,} s to read", _SPLIT.format("documents.seconds")

    def _rejected(self, path: str | Path, reason: str, remedy: str = "") -> UnreadableDocument:
        return UnreadableDocument(printable(path), reason, remedy=remedy)


class _Server:
    """The process that forks one for each file, and the thread that listens to it; close it to end both."""

    def __init__(self, stop: Stop | None) -> None:
        once = [] if _FORKS else ["once"]
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "rag.documents.child", *once],  # -P: files beside us are no modules
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=_environment(),
            start_new_session=True,  # Ctrl-C in a terminal is for us
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._output = self._process.stdin, self._process.stdout
        self._replies: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        try:
            self.reply(time.monotonic() + _START, stop)
        except (EOFError, TimeoutError):
            self.close()
            raise RagError(
                "the process that reads documents does not start.",
                remedy=f"Run {sys.executable} -m rag.documents.child to see why.",
            ) from None
        except BaseException:
            self.close()
            raise

    def ended(self) -> bool:
        return self._process.poll() is not None

    def ask(self, request: bytes) -> None:
        send(self._requests.fileno(), request)

    def reply(self, deadline: float, stop: Stop | None) -> bytes:
        """The next frame; raises Stopped, TimeoutError, or EOFError where the process has ended."""
        while True:
            if stop is not None and stop():
                raise Stopped
            with contextlib.suppress(queue.Empty):
                frame = self._replies.get(timeout=_LOOK)
                if frame is None:
                    raise EOFError
                return frame
            if time.monotonic() > deadline:
                raise TimeoutError

    def close(self) -> None:
        self._requests.close()  # at which it kills what it has started
        try:
            self._process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join(timeout=1.0)
        self._output.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while (frame := receive(self._output.fileno())) is not None:
                self._replies.put(frame)
        self._replies.put(None)


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in _ENVIRONMENT or name.startswith("LC_")}
    places = [place for place in sys.path if os.path.isabs(place)]
    return kept | {"PYTHONPATH": os.pathsep.join([*places, str(Path(rag.__file__).parent.parent)])}

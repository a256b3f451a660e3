"""Footnote's readers, markitdown and llama-index's SimpleDirectoryReader, each in a process that reads when asked.

    python -m eval.extractors NAME < requests

A request is a line of JSON, `{"path", "rounds"}`, and so is its answer: `{"text", "seconds"}` or `{"error"}`. A process
of its own lets the parent live through crashes and hangs, and lets a system stand in another Python than Footnote's.
`footnote` reads without the sandbox, for the others have none; `sandbox` is Footnote as it reads when it indexes.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {
    "footnote": ("footnote",),
    "sandbox": ("footnote",),
    "markitdown": ("markitdown", "magika", "mammoth", "pandas", "pdfminer.six", "pdfplumber", "python-pptx"),
    "simple": ("llama-index-core", "llama-index-readers-file", "docx2txt", "EbookLib", "pandas", "pypdf",
               "python-pptx"),
}  # fmt: skip
TIMEOUT = 60.0  # seconds that a system is given for a file, all rounds together

Read = Callable[[str], str]


class Extraction(NamedTuple):
    """What a system gave for a file: text and the seconds of each round, or why it gave none."""

    text: str = ""
    seconds: tuple[float, ...] = ()
    error: str | None = None


class Extractor:
    """A process that reads files with one system, started when first asked and again after a crash or a hang."""

    def __init__(self, name: str, *, python: str = sys.executable, timeout: float = TIMEOUT) -> None:
        self.name = name
        self._command = [python, "-m", "eval.extractors", name]
        self._timeout = timeout
        self._process: subprocess.Popen[bytes] | None = None
        self._lines = bytearray()

    def versions(self) -> dict[str, str]:
        """Of the packages that read; raises RuntimeError with what stands in the way of using them."""
        found = self._ask({"versions": True})
        if "versions" not in found:
            raise RuntimeError(f"{self.name}: {found['error']}")
        versions: dict[str, str] = found["versions"]
        return versions

    def read(self, path: Path, *, rounds: int) -> Extraction:
        path = path.resolve()
        found = self._ask({"path": str(path), "rounds": rounds})
        error = found.get("error")
        if error is not None:
            error = " ".join(error.replace(f"{path}: ", "").replace(str(path), path.name).split())
        if error is None and not found["text"].strip():
            error = "it gave no text"
        return Extraction(found.get("text", ""), tuple(found.get("seconds", ())), error)

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        self._process = None
        self._lines.clear()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        process = self._started()
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            line = self._line(process)
        except BrokenPipeError:
            line = b""
        if line:
            found: dict[str, Any] = json.loads(line)
            return found
        hung = line is None
        self.close()
        return {"error": f"no answer within {self._timeout:.0f} seconds" if hung else "its process died"}

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        return self._process

    def _line(self, process: subprocess.Popen[bytes]) -> bytes | None:
        """The next line, b"" where the process has ended, None where it takes too long."""
        assert process.stdout is not None
        until = time.monotonic() + self._timeout
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._lines:
                if not selector.select(max(0.0, until - time.monotonic())):
                    return None
                more = os.read(process.stdout.fileno(), 1 << 20)
                if not more:
                    return b""
                self._lines += more
        line, _, rest = bytes(self._lines).partition(b"\n")
        self._lines[:] = rest
        return line


def _footnote() -> Read:
    from rag.documents import load

    return lambda path: "\n\n".join(document.text for document in load(path).documents)


def _sandbox() -> Read:
    from rag.config import Config
    from rag.documents.sandbox import Sandbox

    sandbox = Sandbox(Config().documents)
    return lambda path: "\n\n".join(document.text for document in sandbox.load(path).documents)


def _markitdown() -> Read:
    from markitdown import MarkItDown

    converter = MarkItDown(enable_plugins=False)
    return lambda path: str(converter.convert_local(path).text_content)


def _simple() -> Read:
    import llama_index.readers.file  # noqa: F401  # without it every format is read as though it were text
    from llama_index.core import SimpleDirectoryReader

    def read(path: str) -> str:
        documents = SimpleDirectoryReader(input_files=[path], raise_on_error=True).load_data()
        return "\n\n".join(document.text for document in documents)

    return read


SYSTEMS: dict[str, Callable[[], Read]] = {
    "footnote": _footnote,
    "markitdown": _markitdown,
    "simple": _simple,
    "sandbox": _sandbox,
}


def _answer(read: Read, request: dict[str, Any]) -> dict[str, Any]:
    seconds = []
    text = ""
    for _ in range(request["rounds"]):
        begun = time.perf_counter()
        try:
            text = read(request["path"])
        except Exception as error:  # whatever a reader raises is its failure on this file
            return {"error": f"{type(error).__name__}: {error}"[:300]}
        seconds.append(time.perf_counter() - begun)
    return {"text": text, "seconds": seconds}


def main(name: str) -> int:
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not come between the answers
    try:
        read = SYSTEMS[name]()
    except ImportError as error:
        answers.write(json.dumps({"error": f"{error}; it is not installed in this Python"}).encode() + b"\n")
        return 1
    for line in sys.stdin:
        request = json.loads(line)
        if request.get("versions"):
            found: dict[str, Any] = {"versions": {one: metadata.version(one) for one in PACKAGES[name]}}
        else:
            found = _answer(read, request)
        answers.write(json.dumps(found).encode() + b"\n")
        answers.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

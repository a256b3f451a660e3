"""The process in which files are parsed: a clean server that forks one process with limits for each file.

It is started by `rag.documents.sandbox` and speaks with it in frames over stdin and stdout: a request is the path and
its limits, and which page is to be drawn if that is all; a reply is how reading ended, then what it gave. Results are
JSON, or an image, so that nothing a parser says is run.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import select
import signal
import struct
import sys
import threading
import time
from dataclasses import fields
from typing import Any, NoReturn

from rag import errors
from rag.documents import Loaded, load, printable
from rag.documents.extract import Rejected
from rag.errors import DocumentError
from rag.types import Box, Document

_LARGEST_RESULT = 500_000_000  # bytes
_OPEN_FILES = 64
OUT_OF_MEMORY = 3  # exit code
_LENGTH = struct.Struct(">Q")
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4

# Of a reply, how reading ended: the exit code, or minus the signal; why it was cut off, "late" or "large"; how many
# seconds it took and bytes of memory.
Ending = dict[str, Any]


def main() -> None:
    """Serve until stdin ends; with the argument "once", where processes cannot be forked, one request."""
    requests, replies = _taken(0, os.O_RDONLY), _taken(1, os.O_WRONLY)
    os.dup2(1, 2)
    send(replies, b"ready")
    if sys.argv[1:] == ["once"]:
        _serve_once(requests, replies)
    else:
        while (request := receive(requests)) is not None:
            ending, result = _parsed_apart(json.loads(request), requests)
            send(replies, json.dumps(ending).encode())
            send(replies, result)


def _taken(standard: int, mode: int) -> int:
    """Keep a standard stream for ourselves: parsers that print or ask get an empty one."""
    ours = os.dup(standard)
    nothing = os.open(os.devnull, mode)
    os.dup2(nothing, standard)
    os.close(nothing)
    return ours


def send(descriptor: int, frame: bytes) -> None:
    _write(descriptor, _LENGTH.pack(len(frame)))
    _write(descriptor, frame)


def receive(descriptor: int) -> bytes | None:
    """The next frame, or None where the other side has ended."""
    length = _exactly(descriptor, _LENGTH.size)
    return None if length is None else _exactly(descriptor, *_LENGTH.unpack(length))


def _exactly(descriptor: int, count: int) -> bytes | None:
    data = bytearray()
    while len(data) < count:
        part = os.read(descriptor, min(count - len(data), 1 << 20))
        if not part:
            return None
        data += part
    return bytes(data)


def _parsed_apart(request: dict[str, Any], requests: int) -> tuple[Ending, bytes]:
    """Parse in a child with limits, and import for the next one what this one had to import."""
    began = time.monotonic()
    reading, writing = os.pipe()
    gc.freeze()  # what exists stays in pages that both processes share
    child = os.fork()
    if child == 0:
        _parse(request, writing)
    os.close(writing)
    cut = "gone"
    try:
        result, cut = _collected(reading, requests, began + request["seconds"])
    finally:
        _kill_group(child)  # what it may have started outlives it otherwise
        _, status, usage = os.wait4(child, 0)
        os.close(reading)
    if cut == "gone":
        sys.exit()
    names, complete, result = result.partition(b"\n")
    code = os.waitstatus_to_exitcode(status) or (0 if complete or cut else 1)  # a parser may exit by itself
    for name in json.loads(names) if complete else ():
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    ending = {"exit": code, "cut": cut, "seconds": time.monotonic() - began, "bytes": _bytes(usage.ru_maxrss)}
    return ending, result


def _collected(reading: int, requests: int, deadline: float) -> tuple[bytes, str]:
    """What the child writes, and why it was cut off, if it was: "late", "large", or "gone" is who asked."""
    data = bytearray()
    while True:
        ready, _, _ = select.select([reading, requests], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return b"", "late"
        if requests in ready:
            return b"", "gone"
        part = os.read(reading, 1 << 20)
        if not part:
            return bytes(data), ""
        data += part
        if len(data) > _LARGEST_RESULT:
            return b"", "large"


def _kill_group(child: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)  # where it had no time to make its group


def _parse(request: dict[str, Any], writing: int) -> NoReturn:
    """Be the child: never return."""
    code = 1
    server = os.getppid()
    try:
        os.setsid()
        _die_with(server)
        _limit(request)
        before = set(sys.modules)
        result = given(request)
        fresh = [name for name in sys.modules if name not in before]
        _write(writing, json.dumps(fresh).encode() + b"\n")
        _write(writing, result)
        code = 0
    except MemoryError:
        code = OUT_OF_MEMORY
    finally:
        os._exit(code)


def _die_with(server: int) -> None:
    """Let the system end this process when the server ends, and keep no image of it when it crashes."""
    if sys.platform == "linux":
        prctl = ctypes.CDLL(None).prctl
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        prctl(_PR_SET_DUMPABLE, 0)
    if os.getppid() != server:
        os._exit(1)


def _limit(request: dict[str, Any]) -> None:
    import resource

    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,  # it writes no file
        resource.RLIMIT_NOFILE: _OPEN_FILES,
        resource.RLIMIT_CPU: request["seconds"],
        resource.RLIMIT_AS: request["megabytes"] << 20,
    }
    for limit, most in limits.items():
        hard = resource.getrlimit(limit)[1]
        kill = most + (limit == resource.RLIMIT_CPU)  # a second after the signal that names the limit
        kill = kill if hard == resource.RLIM_INFINITY else min(kill, hard)
        with contextlib.suppress(ValueError, OSError):  # a system that does not know this limit has the others
            resource.setrlimit(limit, (min(most, kill), kill))


def _serve_once(requests: int, replies: int) -> None:
    """Parse in this process; the one that asked stops it where it takes too long."""
    request = receive(requests)
    if request is None:
        return
    threading.Thread(target=_end_with, args=(requests,), daemon=True).start()
    began = time.monotonic()
    code, result = 0, b""
    try:
        result = given(json.loads(request))
    except MemoryError:
        code = OUT_OF_MEMORY
    ending = {"exit": code, "cut": "", "seconds": time.monotonic() - began, "bytes": 0}
    send(replies, json.dumps(ending).encode())
    send(replies, result)


def _end_with(requests: int) -> None:
    receive(requests)
    os._exit(1)


def given(request: dict[str, Any]) -> bytes:
    return image(request["path"], request["page"]) if "page" in request else answer(request["path"])


def image(path: str, page: dict[str, Any]) -> bytes:
    """The page drawn, or why it is not, as JSON; raises MemoryError where that is why."""
    from rag.documents.pdf_image import page_image

    try:
        return page_image(path, **page)
    except Rejected as rejected:
        error = rejected.kind(printable(path), rejected.reason, remedy=rejected.remedy)
        error.__cause__ = rejected.__cause__
        return _refused(error)


def answer(path: str) -> bytes:
    """What `load` gives or why it gives nothing, as JSON; raises MemoryError where that is why."""
    try:
        loaded = load(path)
    except DocumentError as error:
        return _refused(error)
    documents = [{name: getattr(document, name) for name in _FIELDS} for document in loaded.documents]
    return _dumped({"sha256": loaded.sha256, "documents": documents})


def _refused(error: DocumentError) -> bytes:
    if _short_of_memory(error):
        raise MemoryError from error
    reason = error.message.removeprefix(f"{error.path}: ")
    return _dumped({"error": [type(error).__name__, error.path, reason, error.remedy]})


def understood(result: bytes) -> Loaded:
    """The inverse of `answer`: raises the DocumentError that it holds."""
    said = json.loads(result.decode("utf-8", "surrogatepass"))
    if "error" in said:
        kind, path, reason, remedy = said["error"]
        raise getattr(errors, kind)(path, reason, remedy=remedy)
    return Loaded(said["sha256"], tuple(map(_document, said["documents"])))


_FIELDS = tuple(field.name for field in fields(Document) if field.init)


def _document(said: dict[str, Any]) -> Document:
    pairs = {name: tuple(map(tuple, said[name])) for name in ("parts", "headings")}
    boxes = tuple(Box(*box) for box in said["boxes"])
    return Document(**{**said, **pairs, "boxes": boxes, "pages": tuple(said["pages"]), "gaps": tuple(said["gaps"])})


def _dumped(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _short_of_memory(error: BaseException | None) -> bool:
    """Whether memory ran out below: some parsers say so in an error of their own."""
    while error is not None:
        if isinstance(error, MemoryError) or "memory alloc" in str(error).lower() or "bad_alloc" in str(error):
            return True
        error = error.__cause__
    return False


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view[: 1 << 20]) :]


def _bytes(maxrss: int) -> int:
    return maxrss if sys.platform == "darwin" else maxrss * 1024


if __name__ == "__main__":
    main()

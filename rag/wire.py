"""One request to an endpoint: what it may carry there, what may come back, what went wrong, and how to end it at once.

The client libraries of the providers each hide failures in their own way; here they are seen where they happen.
"""

from __future__ import annotations

import importlib
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import Any, Literal
from urllib.parse import urlsplit

LONGEST_LINE = 256 * 1024  # bytes of one event; those of real servers have some hundreds
_MOST = 4 * 1024 * 1024  # bytes of an answer, and as many again for each token as an event may have:
_BYTES_PER_TOKEN = 4096
_OF_AN_ERROR = 16 * 1024  # bytes of a refusal that are read
_HEADERS = frozenset(
    "accept anthropic-version connection content-length content-type host user-agent".split()
)  # all others, and whatever the environment adds, stay here
_LOOPBACK = ("127.0.0.1", "::1", "localhost")

Kind = Literal["unreachable", "unknown", "insecure", "broken", "status", "packed", "page", "whole", "line", "flood"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What went wrong first, with the HTTP status, the seconds that the server asks to wait, and what it says."""

    kind: Kind
    status: int = 0
    wait: float | None = None
    said: str = ""


class Ended(Exception):
    """The request is over; `Wire.trouble` says why."""


class Wire:
    """Guards the HTTP client of one request: bare headers, the key, no redirects, few bytes. `cut` is thread-safe."""

    def __init__(
        self, *, url: str, key: str = "", header: str = "authorization", tokens: int = 0,
        stream: bool = False, events: bool = False,
    ) -> None:  # fmt: skip
        """`tokens` are the most that may come; `stream`: piece by piece, and `events`: as server-sent events."""
        self.trouble: Trouble | None = None
        self.answered = False
        self._url, self._events = url, events
        self._longest = LONGEST_LINE if stream else _MOST
        self._secret = {header: f"Bearer {key}" if header == "authorization" else key} if key else {}
        self._most = _MOST + tokens * _BYTES_PER_TOKEN
        self._came = self._line = 0
        self._streams: list[Any] = []
        self._is_cut = False
        self._lock = Lock()

    def options(self) -> dict[str, Any]:
        """What an `httpx` client is made with."""
        return {
            "event_hooks": {"request": [self._leave], "response": [self._arrive]},
            "follow_redirects": False,
            "trust_env": urlsplit(self._url).hostname not in _LOOPBACK,
        }

    def cut(self) -> None:
        """End whatever is under way: the server sees the connection close, and whoever reads from it wakes up."""
        with self._lock:
            self._is_cut = True
            streams, self._streams = self._streams, []
        for stream in streams:
            _shut(stream)

    def count(self, chunk: bytes) -> None:
        """Take account of what came; raises Ended where it is too much."""
        self._came += len(chunk)
        end = chunk.rfind(b"\n")
        self._line = len(chunk) - end - 1 if end >= 0 else self._line + len(chunk)
        if self._line > self._longest or self._came > self._most:
            self._note(Trouble(kind="line" if self._line > self._longest else "flood"))
            raise Ended

    def _leave(self, request: Any) -> None:
        own, there = type(request.url)(self._url), request.url
        if (there.scheme, there.host, there.port) != (own.scheme, own.host, own.port):
            raise Ended  # neither question nor key goes anywhere else
        for name in set(request.headers) - _HEADERS:
            del request.headers[name]
        request.headers["accept-encoding"] = "identity"  # what is small when packed can be endless
        request.headers.update({"user-agent": "footnote", **self._secret})  # theirs tell of the machine
        request.extensions["trace"] = self._trace

    def _arrive(self, response: Any) -> None:
        self.answered = True
        response.stream = _counted(response, self)
        if not 200 <= response.status_code < 300:
            self._note(Trouble(kind="status", status=response.status_code, wait=_wait(response.headers)))
            self._read_refusal(response)
            raise Ended
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            self._note(Trouble(kind="packed"))
        elif kind in ("text/html", "application/xhtml+xml"):
            self._note(Trouble(kind="page"))
        elif kind == "application/json" and self._events:
            self._note(Trouble(kind="whole"))
        if self.trouble:
            raise Ended

    def _read_refusal(self, response: Any) -> None:
        body = b""
        with suppress(Exception):
            for chunk in response.stream:
                body += chunk
                if len(body) > _OF_AN_ERROR:
                    break
        if self.trouble and self.trouble.kind == "status":
            self.trouble = replace(self.trouble, said=_said(body))

    def _note(self, trouble: Trouble) -> None:
        if self.trouble is None and not self._is_cut:
            self.trouble = trouble

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            with self._lock:
                self._streams.append(info["return_value"])
                late = self._is_cut
            if late:
                _shut(info["return_value"])
        elif event.endswith(".failed") and isinstance(error := info.get("exception"), Exception):
            if event.endswith("connect_tcp.failed"):
                unknown = isinstance(error.__cause__, socket.gaierror)
                self._note(Trouble(kind="unknown" if unknown else "unreachable"))
            elif event.endswith("start_tls.failed"):
                self._note(Trouble(kind="insecure"))
            elif not isinstance(error, Ended):
                self._note(Trouble(kind="broken"))


class _Counted:
    """The bytes of an answer, each chunk counted before it is handed on."""

    def __init__(self, stream: Any, wire: Wire) -> None:
        self._stream, self._wire = stream, wire

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            self._wire.count(chunk)
            yield chunk

    def close(self) -> None:
        self._stream.close()


def _counted(response: Any, wire: Wire) -> Any:
    """The stream of a response of `httpx`, or of the library that took its place, which each know their own kind."""
    library = importlib.import_module(type(response).__module__.partition(".")[0])
    return type("_Counted", (_Counted, library.SyncByteStream), {})(response.stream, wire)


def _shut(stream: Any) -> None:
    """Close both ways at once: closing alone would wait for whoever reads."""
    raw = stream.get_extra_info("socket")
    with suppress(OSError, TypeError):
        socket.socket.shutdown(raw, socket.SHUT_RDWR)  # not the method of a TLS socket, which forgets its state


def _wait(headers: Mapping[str, str]) -> float | None:
    """Seconds after which the server asks to be asked again: Retry-After, RFC 9110 section 10.2.3."""
    with suppress(ValueError):
        return max(0.0, float(headers["retry-after-ms"]) / 1000) if "retry-after-ms" in headers else _after(headers)
    return None


def _after(headers: Mapping[str, str]) -> float | None:
    given = headers.get("retry-after", "").strip()
    if not given:
        return None
    if given.replace(".", "", 1).isdigit():
        return float(given)
    when = parsedate_to_datetime(given)
    return max(0.0, ((when if when.tzinfo else when.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds())


def _said(body: bytes) -> str:
    """What a refusal says in words, where it is JSON in one of the usual forms."""
    try:
        found = json.loads(body)
    except ValueError:
        return ""
    for name in ("error", "message", "detail"):
        if isinstance(found, dict) and name in found:
            found = found[name]
    return found if isinstance(found, str) else ""

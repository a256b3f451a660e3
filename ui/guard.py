"""ASGI middleware in front of everything: allowed hosts and origins, body limits, no remote files, headers."""

from __future__ import annotations

import ipaddress
import json
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.errors import ConfigError

HEADERS = {
    "content-security-policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
        "object-src 'none'; base-uri 'self'; frame-src 'none'; frame-ancestors 'none'; form-action 'self'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
}
LOOPBACK = ("127.0.0.1", "localhost", "::1")
BODY_BYTES = 1_000_000  # any request but an upload
BUSY = "Busy: too many questions are waiting. Try again in a moment."
RETRY_AFTER = 5  # seconds, where the server is busy
_MB = 1_000_000
_UPLOADS = ("/gradio_api/upload", "/upload")
_SERVED_FILE = re.compile(r"(?:^|/)(?:file|proxy)(?:=|/)", re.IGNORECASE)  # the page needs none of them
# Routes of Gradio that the page does not use; some write files, one tells the token that scripts must not see.
_UNUSED = re.compile(
    r"/gradio_api/(?:deep_link|stream/|vibe-|undo-vibe-|process_recording|custom_component/|run-history/|token|dev/)"
)
_FOR_PROGRAMS = re.compile(r"/gradio_api/(?:mcp|(?:run|api|call|call/v2)/(?:ask|search|documents))(?:/|$)")
# Gradio would believe these of anybody; the guard says itself where the chat is reached.
_HEARSAY = (b"forwarded", b"x-forwarded-", b"x-real-ip", b"x-gradio-")
_FORWARDED_FOR = b"x-forwarded-for"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where the chat is reached: by which Host headers, and behind a reverse proxy under which address.

    `port` is that of this server: an address of this machine with it is a host too. `url` is empty without a proxy.
    """

    hosts: frozenset[str]
    port: int
    url: str = ""

    @property
    def public(self) -> SplitResult:
        return urlsplit(self.url)

    @property
    def secure(self) -> bool:
        return self.public.scheme == "https"

    @property
    def prefix(self) -> str:
        return self.public.path

    def knows(self, host: str | None, scope: Scope) -> bool:
        """Whether a Host header names this server: by a name of its own, or by the address that was connected to."""
        address = str((scope.get("server") or ("",))[0]).removeprefix("::ffff:")
        return host in self.hosts or (host is not None and host in with_port([address], self.port))

    def origin(self, host: str) -> str:
        """The only Origin that requests to `host` may come from."""
        return f"{self.public.scheme}://{self.public.netloc}" if self.url else f"http://{host}"


def site(host: str, port: int, *, url: str = "") -> Site:
    """Where a server is reached that is bound to `host`. Raises ConfigError where `url` is no such address."""
    public = _checked(url)
    names = [*LOOPBACK, host]
    if not is_loopback(host):
        own = socket.gethostname().lower()
        names += [own, f"{own.partition('.')[0]}.local"]
    hosts = with_port(names, port) | ({public.netloc} if url else set())
    return Site(hosts=frozenset(hosts), port=port, url=public.geturl())


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.rstrip("/"))
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit("://"), None, None
    if not url:
        return parts
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.query or parts.fragment:
        raise ConfigError(
            f"chat.url is not an address of a page: {url!r}.", remedy="Such as https://example.org/footnote"
        )
    standard = port is None or port == (443 if parts.scheme == "https" else 80)
    netloc = bracketed(host) if standard else f"{bracketed(host)}:{port}"  # as browsers write Host and Origin
    return SplitResult(parts.scheme, netloc, parts.path, "", "")


def with_port(names: list[str], port: int) -> set[str]:
    """Host headers that name a server at `port`."""
    hosts = {bracketed(name) for name in names if name}
    return {f"{host}:{port}" for host in hosts} | (hosts if port == 80 else set())


def bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def is_loopback(host: str) -> bool:
    try:
        return host in LOOPBACK or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Guard:
    """Refuses what the application must not see, and tells it by which address it is reached."""

    def __init__(self, app: ASGIApp, *, site: Site, upload_bytes: int, most_calls: int = 100) -> None:
        self.app = app
        self.site = site
        self.upload_bytes = upload_bytes
        self.most_calls = most_calls
        self.calls = 0  # of programs, that are not answered yet

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        if scope["type"] != "http":
            return await send({"type": "websocket.close", "code": 1008})
        send = _with_headers(send)
        path = _without(self.site.prefix, scope["path"])
        if path is None:
            return await reply(send, 308, "The page is there.", location=f"{self.site.url}/")
        uploads = scope["method"] == "POST" and path.rstrip("/") in _UPLOADS
        limit = self.upload_bytes if uploads else BODY_BYTES
        if refusal := self._refusal(scope, path, limit=limit):
            return await reply(send, *refusal)
        scope = self._placed(scope, path)
        if not uploads:
            body = await _read(receive, limit=limit)
            if body is None:
                return await reply(send, *_too_large(limit))
            files = files_named(body)
            if any(file.lower().startswith(("http:", "https:")) for file in files):
                return await reply(send, 403, "Only uploaded files can be added.")
            scope["footnote.files"] = files
            receive = replayed(body, then=receive)
        if scope["method"] != "POST" or not _FOR_PROGRAMS.match(path):
            return await _limited(self.app, scope, receive, send, limit=limit)
        if self.calls >= self.most_calls:
            return await reply(send, 503, BUSY)
        self.calls += 1
        try:
            return await _limited(self.app, scope, receive, send, limit=limit)
        finally:
            self.calls -= 1

    def _refusal(self, scope: Scope, path: str, *, limit: int) -> tuple[int, str] | None:
        """Return status and message where a request must not reach the application."""
        host, origin, length, site = (
            header(scope, name) for name in (b"host", b"origin", b"content-length", b"sec-fetch-site")
        )
        if host is None or not self.site.knows(host, scope):
            return 421, "This chat is not served under that host name: rag chat --url names another."
        if origin is not None and origin != self.site.origin(host):
            return 403, "Requests from other sites are refused."
        if site in ("cross-site", "same-site") and path not in ("", "/"):
            return 403, "Requests from other sites are refused."  # a link to the page is none
        if _SERVED_FILE.search(path):
            return 403, "No files are served."
        if _UNUSED.match(path):
            return 404, "There is nothing here."
        if length is not None and (not length.isdecimal() or int(length) > limit):
            return _too_large(limit)
        return None

    def _placed(self, scope: Scope, path: str) -> Scope:
        """The request as if it had come to the public address itself, whatever proxies said and made of it."""
        headers = [(name, value) for name, value in scope["headers"] if not name.startswith(_HEARSAY)]
        if not self.site.url:
            return {**scope, "headers": headers}
        host = self.site.public.netloc.encode()
        whole = f"{self.site.prefix}{path}"
        return {
            **scope,
            "scheme": self.site.public.scheme,
            "root_path": self.site.prefix,
            "path": whole,
            "raw_path": quote(whole).encode(),
            "client": self._client(scope),
            "headers": [*((name, value) for name, value in headers if name != b"host"), (b"host", host)],
        }

    @staticmethod
    def _client(scope: Scope) -> tuple[str, int] | None:
        """Who asks: a proxy on this machine is believed about who came to it, and says so last."""
        peer: tuple[str, int] | None = scope.get("client")
        if peer is None or not is_loopback(peer[0]):
            return peer
        said = [value.decode("latin-1") for name, value in scope["headers"] if name == _FORWARDED_FOR]
        last = ",".join(said).rpartition(",")[2].strip()
        return (last[:64], 0) if last else peer


def own_path(scope: Scope) -> str:
    """The path of a request below the address of the page."""
    return _without(scope.get("root_path", ""), scope["path"]) or "/"


def _without(prefix: str, path: str) -> str | None:
    """`path` below the prefix, which a proxy may have kept or taken away; None where it is the prefix without "/"."""
    if not prefix or not f"{path}/".startswith(f"{prefix}/"):
        return path
    return path[len(prefix) :] or None


def header(scope: Scope, name: bytes) -> str | None:
    """Return a header's value in lower case; one that is given twice fits nothing."""
    found = [value for key, value in scope["headers"] if key == name]
    return b"|".join(found).decode("latin-1").lower() if found else None


def _with_headers(send: Send) -> Send:
    own = [(name.encode(), value.encode()) for name, value in HEADERS.items()]

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [(k, v) for k, v in message.get("headers", []) if k.lower().decode("latin-1") not in HEADERS]
            if message["status"] == 503:
                kept = [*kept, (b"retry-after", str(RETRY_AFTER).encode())]
            message = {**message, "headers": kept + own}
        await send(message)

    return sending


async def _read(receive: Receive, *, limit: int) -> bytes | None:
    """Return the whole body, or None where it passes `limit` bytes."""
    body, more = bytearray(), True
    while more and len(body) <= limit:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body) if len(body) <= limit else None


def replayed(body: bytes, *, then: Receive) -> Receive:
    ahead: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receiving() -> Message:
        return ahead.pop() if ahead else await then()

    return receiving


def files_named(body: bytes) -> set[str]:
    """The files that a JSON body passes, which Gradio would read, or look up and fetch; one nested too deep has any."""
    found: set[str] = set()

    def look(pairs: list[tuple[str, Any]]) -> None:
        found.update(str(value).lstrip() for name, value in pairs if name == "path" and value is not None)

    try:
        json.loads(body, object_pairs_hook=look)
    except RecursionError:
        return {"http:"}
    except ValueError:
        pass  # not JSON: the application refuses it
    return found


async def _limited(app: ASGIApp, scope: Scope, receive: Receive, send: Send, *, limit: int) -> None:
    """Run the application, and end its request with 413 once the body has passed `limit` bytes."""
    received, started = 0, False

    async def receiving() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise _BodyTooLarge
        return message

    async def sending(message: Message) -> None:
        nonlocal started
        if received > limit and not started:
            return  # what the application makes of the broken body is replaced below
        started = True
        await send(message)

    try:
        await app(scope, receiving, sending)
    except Exception:
        if received <= limit:
            raise
    if received > limit and not started:
        await reply(send, *_too_large(limit))


class _BodyTooLarge(Exception):
    pass


def _too_large(limit: int) -> tuple[int, str]:
    return 413, f"The request is larger than {limit // _MB} MB."


async def reply(send: Send, status: int, text: str, *, kind: str = "text/plain", **more: str) -> None:
    """Answer with a text; `more` are further headers, with "_" for "-"."""
    body = text.encode()
    headers = {"content-type": f"{kind}; charset=utf-8", "content-length": str(len(body)), **more}
    named: Iterator[tuple[bytes, bytes]] = (
        (name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()
    )
    await send({"type": "http.response.start", "status": status, "headers": list(named)})
    await send({"type": "http.response.body", "body": body})

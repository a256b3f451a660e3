"""Serves the page on this machine: who may talk to it, how much they may send, what a browser may load."""

from __future__ import annotations

import errno
import json
import logging
import os
import re
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import gradio as gr
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.errors import ConfigError, RagError
from ui.app import CSS, HEAD, THEME, build_app

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.config import ChatSettings

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
_FORM_BYTES = 100_000  # what a multipart form adds to its files
_MB = 1_000_000
_UPLOADS = ("/gradio_api/upload", "/upload")
_SERVED_FILE = re.compile(r"(?:^|/)(?:file|proxy)(?:=|/)", re.IGNORECASE)  # the page needs none of them


class Guard:
    """ASGI middleware in front of everything: allowed hosts and origins, body limits, no remote files, headers."""

    def __init__(self, app: ASGIApp, *, hosts: frozenset[str], upload_bytes: int) -> None:
        self.app = app
        self.hosts = hosts
        self.upload_bytes = upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        if scope["type"] != "http":
            return await send({"type": "websocket.close", "code": 1008})
        send = _with_headers(send)
        uploads = scope["method"] == "POST" and scope["path"].rstrip("/") in _UPLOADS
        limit = self.upload_bytes if uploads else BODY_BYTES
        if refusal := self._refusal(scope, limit=limit):
            return await _reply(send, *refusal)
        if not uploads:
            body = await _read(receive, limit=limit)
            if body is None:
                return await _reply(send, *_too_large(limit))
            if _names_address(body):
                return await _reply(send, 403, "Only uploaded files can be added.")
            receive = _replayed(body, then=receive)
        return await _limited(self.app, scope, receive, send, limit=limit)

    def _refusal(self, scope: Scope, *, limit: int) -> tuple[int, str] | None:
        """Return status and message where a request must not reach the application."""
        host, origin, length = (_header(scope, name) for name in (b"host", b"origin", b"content-length"))
        if host not in self.hosts:
            return 421, "This chat is not served under that host name."
        if origin is not None and origin != f"http://{host}":
            return 403, "Requests from other sites are refused."
        if _SERVED_FILE.search(scope["path"]):
            return 403, "No files are served."
        if length is not None and (not length.isdecimal() or int(length) > limit):
            return _too_large(limit)
        return None


class ChatServer:
    """The chat bound to its address: `url` is known at once, `run()` serves until `stop()`, Ctrl-C or SIGTERM.

    Raises ConfigError where the host is not this machine's own or the port is taken.
    """

    def __init__(self, assistant: Assistant, *, host: str | None = None, port: int | None = None) -> None:
        self.assistant = assistant
        self.socket, self.host = _bind(assistant.config.chat, host, port)
        self.port: int = self.socket.getsockname()[1]
        self.url = f"http://{_bracketed(self.host)}:{self.port}"
        self._server: _Uvicorn | None = None

    def run(self, *, ready: Callable[[str], None] | None = None) -> None:
        with tempfile.TemporaryDirectory(prefix="footnote-") as folder:
            os.environ["GRADIO_TEMP_DIR"] = folder  # read by Gradio: uploads on their way into the index
            hosts = allowed_hosts(self.host, self.port)
            # A factory, because Gradio makes event loops that nobody closes where none is running.
            config = uvicorn.Config(
                lambda: create_app(self.assistant, hosts=hosts), factory=True, log_config=None, access_log=False,
                proxy_headers=False, server_header=False, timeout_graceful_shutdown=1,
            )  # fmt: skip

            def answering() -> None:
                threading.Thread(target=self._load, daemon=True).start()
                if ready:
                    ready(self.url)

            self._server = _Uvicorn(config, ready=answering)
            self._server.run(sockets=[self.socket])

    def _load(self) -> None:
        """Load the encoder while the user still reads the page."""
        with suppress(RagError):  # the first question meets it again, and shows it
            self.assistant.load()

    def stop(self) -> None:
        if self._server:
            self._server.should_exit = True


def serve(
    assistant: Assistant,
    *,
    host: str | None = None,
    port: int | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the chat until Ctrl-C; host and port default to the configuration; `ready(url)`: it answers."""
    ChatServer(assistant, host=host, port=port).run(ready=ready)


def create_app(assistant: Assistant, *, hosts: frozenset[str]) -> ASGIApp:
    """Return the whole application behind its guard."""
    upload_bytes = assistant.config.chat.max_upload_mb * _MB
    inner = FastAPI(openapi_url=None)

    @inner.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    page = build_app(assistant)
    gr.mount_gradio_app(
        inner, page, path="/", theme=THEME, css=CSS, head=HEAD, show_error=False, footer_links=[],
        run_history=False, max_file_size=upload_bytes, enable_monitoring=False, pwa=False, ssr_mode=False,
        mcp_server=False, app_kwargs={"openapi_url": None},
    )  # fmt: skip
    # Only `launch()` sets this. Without it Gradio takes any path of this machine for an uploaded file.
    page.has_launched = True
    return Guard(inner, hosts=hosts, upload_bytes=upload_bytes + _FORM_BYTES)


def allowed_hosts(host: str, port: int) -> frozenset[str]:
    """Return the Host header values under which the chat is reached."""
    names = {_bracketed(name) for name in (*LOOPBACK, host)}
    return frozenset({f"{name}:{port}" for name in names} | (names if port == 80 else set()))


class _Uvicorn(uvicorn.Server):
    """Tells when it answers, and leaves signals at rest once it has stopped."""

    def __init__(self, config: uvicorn.Config, *, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        log = logging.getLogger("uvicorn.error")
        log.addFilter(self._worth_telling)
        try:
            super().run(sockets)
        finally:
            log.removeFilter(self._worth_telling)

    def _worth_telling(self, _: logging.LogRecord) -> bool:
        # Every open tab holds a stream, and cutting it would be reported as an error with a traceback.
        return not self.should_exit

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own raises the signal again at the end, which would skip everybody's clean-up.
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, previous in before.items():
                signal.signal(number, previous)


def check_address(settings: ChatSettings, *, host: str | None = None, port: int | None = None) -> None:
    """Raise ConfigError where the chat cannot be served there: better before long work than after it."""
    bound, _ = _bind(settings, host, port)
    bound.close()


def _bind(settings: ChatSettings, host: str | None, port: int | None) -> tuple[socket.socket, str]:
    host = (settings.host if host is None else host).strip("[]").lower()
    port = settings.port if port is None else port
    if host not in LOOPBACK:
        raise ConfigError(
            f"the chat has no passwords yet, so it is not served to other machines: host {host!r}.",
            remedy="Use --host 127.0.0.1.",
        )
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere this option would let two servers share the port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        found = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        raise ConfigError(f"port {port} on {host} {found}.", remedy="Choose another with --port, 0 for any.") from None
    return bound, host


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _header(scope: Scope, name: bytes) -> str | None:
    """Return a header's value in lower case; one that is given twice fits nothing."""
    found = [value for key, value in scope["headers"] if key == name]
    return b"|".join(found).decode("latin-1").lower() if found else None


def _with_headers(send: Send) -> Send:
    own = [(name.encode(), value.encode()) for name, value in HEADERS.items()]

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [(k, v) for k, v in message.get("headers", []) if k.lower().decode("latin-1") not in HEADERS]
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


def _replayed(body: bytes, *, then: Receive) -> Receive:
    ahead: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receiving() -> Message:
        return ahead.pop() if ahead else await then()

    return receiving


def _names_address(body: bytes) -> bool:
    """Tell whether a JSON body passes an address as a file, which Gradio would look up and fetch."""
    found = False

    def look(values: dict[str, object]) -> None:
        nonlocal found
        found = found or str(values.get("path")).lstrip().lower().startswith(("http:", "https:"))

    try:
        json.loads(body, object_hook=look)
    except RecursionError:
        return True
    except ValueError:
        return False  # not JSON: the application refuses it
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
        await _reply(send, *_too_large(limit))


class _BodyTooLarge(Exception):
    pass


def _too_large(limit: int) -> tuple[int, str]:
    return 413, f"The request is larger than {limit // _MB} MB."


async def _reply(send: Send, status: int, text: str) -> None:
    body = text.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

"""Serves the page: where, to whom, and until when."""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import anyio.to_thread
import gradio as gr
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.routing import Mount
from starlette.types import ASGIApp

from rag.assistant import Assistant
from rag.config import ChatSettings
from rag.errors import ConfigError, RagError
from ui import api
from ui.access import Access, Login, Sessions, Uploads, accounts, accounts_in
from ui.app import CSS, HEAD, THEME, build_app
from ui.collections import Collections
from ui.guard import Guard, Site, bracketed, is_loopback, site

_FORM_BYTES = 100_000  # what a multipart form adds to its files
_MB = 1_000_000
_HEALTHY = 2.0  # seconds for which the index is not looked at again
_SESSIONS = 1000  # of Gradio's; the one longest unused goes first


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """Where the chat is served and who may log in: the settings, and what the command line says instead."""

    host: str
    port: int
    url: str
    accounts: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(
        cls,
        settings: ChatSettings,
        *,
        host: str | None = None,
        port: int | None = None,
        auth: str | Path | None = None,
        url: str | None = None,
    ) -> Serving:
        """Raises ConfigError where other machines would be served without a password, or nobody could log in."""
        host = (settings.host if host is None else host).strip("[]").lower()
        url = settings.url if url is None else url
        written = settings.auth.get_secret_value()
        known = accounts_in(auth) if auth else accounts(written, where="chat.auth") if written else {}
        if not host or (not known and not is_loopback(host)):
            raise ConfigError(
                f"without a password the chat is not served to other machines: host {host!r}.",
                remedy="Name a file of passwords with --auth FILE, or use --host 127.0.0.1.",
            )
        site(host, 0, url=url)
        return cls(host=host, port=settings.port if port is None else port, url=url, accounts=known)

    def bound(self) -> socket.socket:
        """A socket at this address. Raises ConfigError where it is taken or not this machine's."""
        host, port = self.host, self.port
        opened = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        try:
            if os.name == "posix":  # elsewhere this option would let two servers share the port
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind((host, port))
        except OSError as error:
            opened.close()
            found = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
            raise ConfigError(
                f"port {port} on {host} {found}.", remedy="Choose another with --port, 0 for any."
            ) from None
        return opened

    @property
    def warnings(self) -> list[str]:
        """What whoever starts the chat should know."""
        found = []
        if self.url and not self.accounts:
            found.append("nobody is asked for a password: see to it that the reverse proxy asks, or give --auth FILE.")
        if self.accounts and not self.url.startswith("https:") and (self.url or not is_loopback(self.host)):
            found.append(
                "passwords and documents travel unencrypted over http. Put a reverse proxy with TLS in front and name "
                "its address: --host 127.0.0.1 --url https://… (README.md shows how)."
            )
        return found


class ChatServer:
    """The chat bound to its address: `url` is known at once, `run()` serves until `stop()`, Ctrl-C or SIGTERM.

    `options` are those of `Serving.of`, whose errors it raises.
    """

    def __init__(self, chat: Assistant | Collections, **options: Any) -> None:
        self.collections = chat if isinstance(chat, Collections) else Collections(chat)
        self.assistant = self.collections.get(self.collections.first)
        self.serving = Serving.of(self.collections.config.chat, **options)
        self.socket = self.serving.bound()
        self.host = self.serving.host
        self.port: int = self.socket.getsockname()[1]
        self.site = site(self.host, self.port, url=self.serving.url)
        everywhere = self.host in ("0.0.0.0", "::")
        own = f"http://{socket.gethostname() if everywhere else bracketed(self.host)}:{self.port}"
        self.url = f"{self.site.url}/" if self.site.url else own
        self._server: _Uvicorn | None = None

    def run(self, *, ready: Callable[[str], None] | None = None) -> None:
        with tempfile.TemporaryDirectory(prefix="footnote-", ignore_cleanup_errors=True) as folder:
            os.environ["GRADIO_TEMP_DIR"] = folder  # read by Gradio: uploads on their way into the index
            # A factory, because Gradio makes event loops that nobody closes where none is running.
            config = uvicorn.Config(
                self._app, factory=True, log_config=None, access_log=False,
                proxy_headers=False, server_header=False, timeout_graceful_shutdown=1,
            )  # fmt: skip

            def answering() -> None:
                threading.Thread(target=self._load, daemon=True).start()
                if ready:
                    ready(self.url)

            self._server = _Uvicorn(config, ready=answering)
            try:
                self._server.run(sockets=[self.socket])
            finally:
                self.collections.close()  # whatever is being added is kept as far as it is

    def _app(self) -> ASGIApp:
        return create_app(
            self.collections, site=self.site, accounts=self.serving.accounts, stopping=lambda: self.stopping
        )

    @property
    def stopping(self) -> bool:
        return self._server is not None and self._server.should_exit

    def _load(self) -> None:
        """Load the encoder while the user still reads the page."""
        with suppress(RagError):  # the first question meets it again, and shows it
            self.assistant.load()

    def stop(self) -> None:
        if self._server:
            self._server.should_exit = True


def serve(chat: Assistant | Collections, *, ready: Callable[[str], None] | None = None, **options: Any) -> None:
    """Serve the chat until Ctrl-C; `options` as `Serving.of` takes them; `ready(url)`: it answers."""
    ChatServer(chat, **options).run(ready=ready)


def create_app(
    chat: Assistant | Collections,
    *,
    site: Site,
    accounts: Mapping[str, str] | None = None,
    stopping: Callable[[], bool] = bool,
) -> ASGIApp:
    """Return the whole application behind its guard."""
    collections = chat if isinstance(chat, Collections) else Collections(chat)
    settings = collections.config.chat
    upload_bytes = settings.max_upload_mb * _MB
    inner = FastAPI(openapi_url=None)
    inner.add_api_route("/health", _health(collections, stopping))
    inner.add_api_route("/gradio_api/heartbeat/{session}", _alive)
    page = build_app(collections)
    page.state_session_capacity = _SESSIONS
    page.queue(max_size=settings.waiting, api_open=False)
    access = Access(accounts) if accounts else None
    gr.mount_gradio_app(
        inner, page, path="/", theme=THEME, css=CSS, head=HEAD, show_error=False, footer_links=[],
        run_history=False, max_file_size=upload_bytes, enable_monitoring=False, pwa=False, ssr_mode=False,
        mcp_server=True, app_kwargs={"openapi_url": None},
        auth=access.accepts if access else None,
    )  # fmt: skip
    if page.mcp_error:  # Gradio would go on without
        raise RuntimeError(page.mcp_error)
    api.speak_json(page)
    # Only `launch()` sets this. Without it Gradio takes any path of this machine for an uploaded file.
    page.has_launched = True
    app: ASGIApp = Uploads(inner)
    if access:
        (gradio,) = (route.app for route in inner.routes if isinstance(route, Mount))
        app = Login(app, access=access, sessions=cast(Sessions, gradio))
    return Guard(app, site=site, upload_bytes=upload_bytes + _FORM_BYTES, most_calls=api.most_calls(settings))


async def _alive() -> PlainTextResponse:
    """Answer what Gradio would hold open as long as a tab is.

    A browser has six connections to one host. With one for each tab, and another while it is answered, the fifth tab
    would make all of them wait.
    """
    return PlainTextResponse("data: ALIVE\n\n", media_type="text/event-stream", headers={"cache-control": "no-store"})


def _health(collections: Collections, stopping: Callable[[], bool]) -> Callable[[Request], Any]:
    """Whether the index can be read: for whoever watches over the server. How much it holds is for who may ask it."""
    seen: dict[str, Any] = {"until": 0.0, "documents": None}

    def look() -> None:
        try:
            seen["documents"] = len(collections.get(collections.first).index.documents())
        except Exception as error:
            seen["documents"] = None
            if not isinstance(error, RagError):
                logging.getLogger(__name__).exception("the index cannot be read")

    async def health(request: Request) -> JSONResponse:
        if stopping():
            return JSONResponse({"status": "stopping"}, 503)
        if time.monotonic() >= seen["until"]:
            seen["until"] = time.monotonic() + _HEALTHY
            await anyio.to_thread.run_sync(look)
        if seen["documents"] is None:
            return JSONResponse({"status": "the index cannot be read"}, 503)
        more = {"documents": seen["documents"]} if request.scope.get("footnote.known", True) else {}
        return JSONResponse({"status": "ok", **more})

    return health


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


def check_address(settings: ChatSettings, **options: Any) -> list[str]:
    """Raise ConfigError where the chat cannot be served so, better before long work than after it; return warnings."""
    serving = Serving.of(settings, **options)
    serving.bound().close()
    return serving.warnings

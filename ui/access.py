"""Who may use the chat: accounts with passwords, a login whose failures cost time, and uploads for who made them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import ipaddress
import json
import os
import secrets
import stat
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.errors import ConfigError
from ui.guard import own_path, replayed, reply

FAILURES = 5  # wrong passwords until the wait begins
FIRST_WAIT, LONGEST_WAIT = 15, 15 * 60  # seconds; each further failure doubles it
_FORGOTTEN = 60 * 60  # seconds after the last failure
_REMEMBERED = 10_000  # callers, and uploads
_OPEN = ("/health",)
_FOR_PROGRAMS = ("/gradio_api/mcp", "/gradio_api/call/", "/gradio_api/run/", "/gradio_api/info")
_PAGE = Path(__file__).with_name("login.html").read_text(encoding="utf-8")
_VISITOR = "footnote-visitor"


def accounts(text: str, *, where: str) -> dict[str, str]:
    """Passwords by name, of lines "name:password". Raises ConfigError, which never shows what stands there."""
    found: dict[str, str] = {}
    remedy = "Write one line of name:password for each who may log in."
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        line = line.removesuffix("\r")
        name, colon, password = line.partition(":")
        if not line.strip():
            continue
        if not (name.strip() == name != "" and colon and password):
            raise ConfigError(f"{where}: line {number} is not of the form name:password.", remedy=remedy)
        if name in found:
            raise ConfigError(f"{where}: line {number} names somebody a second time.", remedy=remedy)
        found[name] = password
    if not found:
        raise ConfigError(f"{where} names nobody.", remedy=remedy)
    return found


def accounts_in(file: str | Path) -> dict[str, str]:
    """The accounts of a file that nobody else can read. Raises ConfigError."""
    path = Path(file).expanduser()
    try:
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise ConfigError(f"{path} can be read by others.", remedy=f"Make it yours alone: chmod 600 {path}")
        return accounts(path.read_text(encoding="utf-8"), where=str(path))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.", remedy="Name a file of passwords.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not a text in UTF-8.", remedy="Write it as one.") from None


class Access:
    """Checks names and passwords; who fails often has to wait, longer each time."""

    def __init__(self, accounts: Mapping[str, str], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._digests = {name: _digest(password) for name, password in accounts.items()}
        self._clock = clock
        self._failed: dict[tuple[str, str], tuple[int, float]] = {}  # how often, and when last

    def accepts(self, name: str, password: str) -> bool:
        """Whether this is somebody's password, found out in a time that does not tell."""
        expected = self._digests.get(name, _digest(""))
        return hmac.compare_digest(expected, _digest(password)) and name in self._digests

    def wait(self, client: str, name: str) -> int:
        """Seconds until a caller may try this name again; 0: now."""
        count, last = self._failed.get(_caller(client, name), (0, 0.0))
        if count < FAILURES:
            return 0
        until = last + min(FIRST_WAIT * 2.0 ** (count - FAILURES), LONGEST_WAIT)
        return max(0, -int(-(until - self._clock()) // 1))

    def admits(self, client: str, name: str, password: str) -> bool:
        """Check a password of a caller that need not wait, and remember how it went."""
        caller, now = _caller(client, name), self._clock()
        if self.accepts(name, password):
            self._failed.pop(caller, None)
            return True
        count, last = self._failed.pop(caller, (0, now))
        if len(self._failed) >= _REMEMBERED:
            self._forget(now)
        self._failed[caller] = (count + 1 if now - last < _FORGOTTEN else 1, now)
        return False

    def _forget(self, now: float) -> None:
        """Make room: what is long ago goes, then whoever has failed least, so that a flood frees nobody who waits."""
        for caller in [one for one, (_, last) in self._failed.items() if now - last >= _FORGOTTEN]:
            del self._failed[caller]
        while len(self._failed) >= _REMEMBERED:
            del self._failed[min(self._failed, key=lambda one: self._failed[one])]


def _digest(password: str) -> bytes:
    return hashlib.sha256(password.encode("utf-8", "surrogatepass")).digest()


def _caller(client: str, name: str) -> tuple[str, str]:
    """Whose failures count together: of IPv6, which gives everybody many addresses, those of one network."""
    try:
        address = ipaddress.ip_address(client)
        client = str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else client
    except ValueError:
        pass
    return client, hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


class Sessions(Protocol):
    """What Gradio knows of who is logged in: names by the token in their cookie."""

    tokens: dict[str, str]
    cookie_id: str


class Login:
    """ASGI middleware: lets nobody in without a session of Gradio's or HTTP Basic, and asks browsers to log in."""

    def __init__(self, app: ASGIApp, *, access: Access, sessions: Sessions) -> None:
        self.app = app
        self.access = access
        self.sessions = sessions
        self._basic: dict[str, str] = {}  # name to the session that its programs share

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        path = own_path(scope)
        if path.rstrip("/") == "/login" and scope["method"] == "POST":
            return await self._login(scope, receive, send)
        sessions = self.sessions
        jar = cookies(scope)
        known = any(
            jar.get(f"access-token-{kind}{sessions.cookie_id}", "") in sessions.tokens for kind in ("", "unsecure-")
        )
        if not known and (given := _basic(scope)):
            name, password = given
            if refused := self._refused(scope, name, password):
                return await _refuse(scope, send, *refused)
            scope = self._with_session(scope, name)
            known = True
        if known or path in _OPEN:
            scope["footnote.known"] = known
            return await self.app(scope, receive, send)
        if path in ("/", "/login") and scope["method"] in ("GET", "HEAD"):
            return await _ask(scope, send)
        return await _refuse(scope, send, 401, "Log in first.")

    async def _login(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let Gradio begin a session where name and password are right."""
        request = Request(scope, receive)
        body = await request.body()
        try:
            async with request.form() as form:
                name, password = str(form.get("username", "")).strip(), str(form.get("password", ""))
        except (HTTPException, MultiPartException):
            return await _refuse(scope, send, 400, "This is no login.")
        if refused := self._refused(scope, name, password):
            return await _refuse(scope, send, *refused)
        return await self.app(scope, replayed(body, then=receive), _session_begun(scope, send))

    def _refused(self, scope: Scope, name: str, password: str) -> tuple[int, str, int] | None:
        """Status, message and seconds to wait where a password does not open."""
        client = str((scope.get("client") or ("",))[0])
        wait = self.access.wait(client, name)
        if not wait and self.access.admits(client, name, password):
            return None
        if wait:
            return 429, f"Too many wrong passwords. Try again in {_told(wait)}.", wait
        return 401, "The name or the password is wrong.", 0

    def _with_session(self, scope: Scope, name: str) -> Scope:
        """The request of a program that sent its password along, with the session that Gradio asks for."""
        sessions = self.sessions
        token = self._basic.get(name, "")
        if token not in sessions.tokens:
            token = self._basic[name] = secrets.token_urlsafe(16)
            sessions.tokens[token] = name
        others = [(key, value) for key, value in scope["headers"] if key != b"cookie"]
        jar = cookies(scope) | {f"access-token-unsecure-{sessions.cookie_id}": token}
        line = "; ".join(f"{key}={value}" for key, value in jar.items())
        return {**scope, "headers": [*others, (b"cookie", line.encode("latin-1"))]}


def _told(seconds: int) -> str:
    number, unit = (seconds, "second") if seconds <= 90 else (-(-seconds // 60), "minute")
    return f"{number} {unit}{'s' * (number != 1)}"


def _basic(scope: Scope) -> tuple[str, str] | None:
    """Name and password of HTTP Basic."""
    given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    scheme, _, encoded = given.partition(b" ")
    try:
        name, colon, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
    except ValueError:
        return None
    return (name, password) if scheme.lower() == b"basic" and colon else None


async def _refuse(scope: Scope, send: Send, status: int, message: str, wait: int = 0) -> None:
    more = {"retry_after": str(wait)} if wait else {}
    if b"text/html" in dict(scope["headers"]).get(b"accept", b""):
        return await _ask(scope, send, status, message, **more)
    if status == 401 and own_path(scope).startswith(_FOR_PROGRAMS):
        more["www_authenticate"] = 'Basic realm="Footnote", charset="UTF-8"'
    return await reply(send, status, message, **more)


async def _ask(scope: Scope, send: Send, status: int = 200, message: str = "", **more: str) -> None:
    """Show the page that asks for name and password, with what was wrong with the last ones."""
    alert = f'<p id="alert" role="alert">{html.escape(message)}</p>' if message else ""
    page = _PAGE.replace("{action}", html.escape(f"{scope.get('root_path', '')}/login")).replace("{alert}", alert)
    return await reply(send, status, page, kind="text/html", cache_control="no-store", **more)


def _session_begun(scope: Scope, send: Send) -> Send:
    """Send a browser that has logged in on to the page; its session is for this site alone, encrypted where that is."""
    browser = b"text/html" in dict(scope["headers"]).get(b"accept", b"")
    secure = scope["scheme"] == "https"

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [
                (key, value.replace(b"SameSite=none", b"SameSite=lax"))
                for key, value in message["headers"]
                if not (secure and key == b"set-cookie" and value.startswith(b"access-token-unsecure-"))
            ]
            message = {**message, "headers": kept}
            if browser and message["status"] == 200:
                kept.append((b"location", f"{scope.get('root_path', '')}/".encode()))
                message["status"] = 303
        await send(message)

    return sending


def cookies(scope: Scope) -> dict[str, str]:
    """The cookies of a request."""
    line = "; ".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie")
    return {name: value for name, _, value in (part.strip().partition("=") for part in line.split(";")) if name}


class Uploads:
    """ASGI middleware: an uploaded file can be used by nobody but the browser, or program, that uploaded it.

    Gradio takes whatever path lies in its folder, so that knowing one would do.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._whose: dict[str, set[str]] = {}  # paths, oldest first, and the visitors who have uploaded them

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        visitor = cookies(scope).get(_VISITOR, "")
        if any(visitor not in self._whose.get(path, ()) for path in scope.get("footnote.files", ())):
            return await reply(send, 403, "Only files that you have uploaded can be added.")
        path = own_path(scope)
        uploads = scope["method"] == "POST" and path.rstrip("/") == "/gradio_api/upload"
        if not visitor and (uploads or path == "/"):
            visitor = secrets.token_urlsafe(16)
            send = _introduced(scope, send, visitor)
        if uploads:
            send = self._noted(send, visitor)
            plain = [(key, value) for key, value in scope["headers"] if key != b"accept-encoding"]
            scope = {**scope, "headers": plain}
        return await self.app(scope, receive, send)

    def _noted(self, send: Send, visitor: str) -> Send:
        """Remember whose the paths are that the answer to an upload names."""
        said = bytearray()

        async def sending(message: Message) -> None:
            said.extend(message.get("body", b""))
            if message["type"] == "http.response.body" and not message.get("more_body"):
                with suppress(ValueError):  # a refusal
                    for path in filter(_is_text, json.loads(said)):
                        self._whose[path] = self._whose.pop(path, set()) | {visitor}
                while len(self._whose) > _REMEMBERED:
                    del self._whose[next(iter(self._whose))]
            await send(message)

        return sending


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _introduced(scope: Scope, send: Send, visitor: str) -> Send:
    """Give a browser the cookie by which its uploads are known."""
    cookie = f"{_VISITOR}={visitor}; HttpOnly; SameSite=Lax; Path={scope.get('root_path') or '/'}"
    if scope["scheme"] == "https":
        cookie += "; Secure"

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], (b"set-cookie", cookie.encode())]}
        await send(message)

    return sending

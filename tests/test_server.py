"""Serving the chat: who may talk to it, how much they may send, and what a browser may load."""

from __future__ import annotations

import asyncio
import html.parser
import logging
import os
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from gradio_client import Client
from pydantic import SecretStr
from serving import HARVEST, WHERE, chromium, opened, served
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from rag.assistant import Assistant
from rag.config import ChatSettings
from rag.errors import ConfigError, IndexDamaged
from ui.access import Access, accounts, accounts_in
from ui.collections import Collections
from ui.guard import HEADERS, Guard, site
from ui.server import ChatServer, Serving, check_address, create_app

pytestmark = [
    # Gradio leaves the handle of a temporary file to the garbage collector for every upload.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    # Gradio sums up its own events with what the installed pandas deprecates.
    pytest.mark.filterwarnings("ignore:.*(no_silent_downcasting|copy keyword).* is deprecated"),
]


class Loaded(html.parser.HTMLParser):
    """The addresses that a page loads from."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "link", "img"):
            self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]


@pytest.fixture
def assistant(tmp_path: Path, encoder: Any) -> Iterator[Assistant]:
    with opened(tmp_path, encoder) as assistant:
        yield assistant


@pytest.fixture
def chat(assistant: Assistant) -> Iterator[ChatServer]:
    with served(assistant) as server:
        yield server


# The guard


async def _echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{request.url.path} {len(await request.body())}")


HERE = site("127.0.0.1", 7860)


@pytest.fixture
def guarded() -> TestClient:
    echo = Starlette(routes=[Route("/{path:path}", _echo, methods=["GET", "POST"])])
    return TestClient(Guard(echo, site=HERE, upload_bytes=3_000_000), base_url="http://127.0.0.1:7860")


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "LOCALHOST:7860", "[::1]:7860"])
def test_the_machine_itself_is_an_allowed_host(guarded: TestClient, host: str) -> None:
    assert guarded.get("/config", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7860", "127.0.0.1", "127.0.0.1:80", "localhost:7860.evil.example", ""]
)
def test_other_hosts_are_refused(guarded: TestClient, host: str) -> None:
    assert guarded.get("/config", headers={"host": host}).status_code == 421


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1:7860", 200),
        ("http://localhost:7860", 403),
        ("http://evil.example", 403),
        ("https://127.0.0.1:7860", 403),
        ("null", 403),
    ],
)
def test_uploads_come_from_the_page_itself(guarded: TestClient, origin: str, status: int) -> None:
    sent = guarded.post("/gradio_api/upload", headers={"origin": origin}, files={"files": ("a.txt", b"x")})
    assert sent.status_code == status
    assert sent.headers["content-security-policy"] == HEADERS["content-security-policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=https://foreign.example/x", "/file=http://foreign.example/x",
        "/gradio_api/file=HTTPS:/x.example", "/gradio_api/file=%68ttps%3A%2F%2Fforeign.example", "/gradio_api/file=//https://x.example",
        "/gradio_api/proxy=https://x.hf.space/y", "/gradio_api/file=ftp://x.example",
        "/gradio_api/file=/tmp/gradio/1/report.txt", "/gradio_api/file/tmp/report.txt",
    ],
)  # fmt: skip
def test_the_server_fetches_nothing_for_anybody(guarded: TestClient, path: str) -> None:
    assert guarded.get(path).status_code == 403


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/gradio_api/queue/join", 1_000_000, 200),
        ("/gradio_api/queue/join", 1_000_001, 413),
        ("/gradio_api/upload", 3_000_000, 200),
        ("/gradio_api/upload", 3_000_001, 413),
        ("/gradio_api/upload/", 3_000_001, 413),
        ("/gradio_api/run/upload", 1_000_001, 413),
        ("/x/upload", 1_000_001, 413),
    ],
)
@pytest.mark.parametrize("chunked", [False, True], ids=["whole", "chunked"])
def test_bodies_are_limited(guarded: TestClient, path: str, size: int, status: int, chunked: bool) -> None:
    pieces = (b"x" * min(65536, size - at) for at in range(0, size, 65536))
    answer = guarded.post(path, content=pieces if chunked else b"x" * size)
    assert answer.status_code == status
    assert answer.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    "body", [b'{"data":[[{"path":"http://x.example"}]]}', b'{"\\u0070ath":" HTTPS:\\/\\/x.example"}', b"[" * 100_000]
)
def test_a_file_named_by_address_is_refused(guarded: TestClient, body: bytes) -> None:
    assert guarded.post("/gradio_api/queue/join", content=body).status_code == 403
    question = b'{"data":["what is the path: http://x.example"]}'
    assert guarded.post("/gradio_api/queue/join", content=question).text.endswith(f" {len(question)}")


def test_a_dishonest_length_does_not_pass(guarded: TestClient) -> None:
    assert guarded.post("/x", content=b"x", headers={"content-length": "-1"}).status_code == 413


def test_ports_and_hosts_that_cannot_be_served_say_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ConfigError, match=r"is taken.*--port"):
            check_address(ChatSettings(), port=taken.getsockname()[1])
    for host in ("0.0.0.0", "192.168.1.5", "example.org", ""):
        with pytest.raises(ConfigError, match=r"--auth FILE, or use --host 127\.0\.0\.1"):
            check_address(ChatSettings(), host=host, port=0)


# The whole application


def test_the_served_page_is_guarded_and_names_no_foreign_host_to_load_from(assistant: Assistant) -> None:
    async def created() -> Any:
        return create_app(assistant, site=HERE)

    app = asyncio.run(created())
    with TestClient(app, base_url="http://127.0.0.1:7860") as client:
        assert client.get("/health").json() == {"status": "ok", "documents": 2}
        page = client.get("/")
        assert page.status_code == 200
        assert {name: page.headers[name] for name in HEADERS} == HEADERS
        loaded = Loaded(page.text).addresses
        assert loaded
        assert not [address for address in loaded if address.startswith(("http:", "https:", "//"))]
        for host in ("googleapis", "gstatic", "cdnjs", "api.gradio.app", "huggingface.co"):
            assert host not in page.text
        for path in ("/docs", "/openapi.json", "/redoc"):
            assert client.get(path).status_code == 404
        config = client.get("/config").json()
        assert config["footer_links"] == []
        assert not config["run_history"]
        assert not config["show_error"]
        public = {one["api_name"] for one in config["dependencies"] if one["api_visibility"] != "private"}
        assert public == {"ask", "search", "documents"}


def files_given(client: httpx.Client, path: str, *, session: str = "s") -> httpx.Response:
    """What the page answers to a file that is handed in as an upload."""
    events = client.get("/config").json()["dependencies"]
    number = next(event["id"] for event in events if event["targets"][0][1] == "upload")
    file = {"path": path, "meta": {"_type": "gradio.FileData"}}
    joined = {"data": [[file], "index"], "fn_index": number, "session_hash": session}
    return client.post("/gradio_api/queue/join", json=joined)


def test_a_request_cannot_pass_a_path_or_an_address_for_an_upload(chat: ChatServer, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text(HARVEST)
    with httpx.Client(base_url=chat.url, trust_env=False) as client:
        for path in (str(outside), "/etc/hostname", "/nowhere", "http://127.0.0.1:9/x.txt", "HTTPS://x.example/x.txt"):
            assert files_given(client, path).status_code == 403
    assert outside.read_text() == HARVEST
    assert not (chat.assistant.index.folder / "uploads").exists()


def test_an_upload_is_for_the_browser_that_made_it_and_nobody_can_read_it(chat: ChatServer) -> None:
    with (
        httpx.Client(base_url=chat.url, trust_env=False) as mine,
        httpx.Client(base_url=chat.url, trust_env=False) as other,
    ):
        for client in (mine, other):
            assert client.get("/").cookies["footnote-visitor"]
        (path,) = mine.post("/gradio_api/upload", files={"files": ("harvest.txt", HARVEST.encode())}).json()
        assert Path(path).read_text() == HARVEST
        assert mine.get(f"/gradio_api/file={path}").status_code == 403
        refused, absent = files_given(other, path), files_given(other, f"{path}x")
        assert (refused.status_code, refused.text) == (absent.status_code, absent.text)
        assert refused.status_code == 403
        other.cookies.clear()
        assert files_given(other, path).status_code == 403
        assert files_given(mine, path).status_code == 200
        (again,) = other.post("/gradio_api/upload", files={"files": ("other.txt", b"Another.")}).json()
        assert files_given(other, again, session="t").status_code == 200  # known by the upload itself


# Who may log in


@pytest.fixture
def passwords(tmp_path: Path) -> Path:
    file = tmp_path / "passwords"
    file.write_text("anna:correct horse: battery\nbö:x\r\n\n")
    file.chmod(0o600)
    return file


def test_passwords_are_read_from_a_file_that_nobody_else_can_read(passwords: Path) -> None:
    assert accounts_in(passwords) == {"anna": "correct horse: battery", "bö": "x"}
    for mode in (0o640, 0o604, 0o660):
        passwords.chmod(mode)
        with pytest.raises(ConfigError, match=r"passwords can be read by others\. Make it yours alone: chmod 600 "):
            accounts_in(passwords)
    with pytest.raises(ConfigError, match=r"nobody: No such file|cannot be read"):
        accounts_in(passwords.with_name("nobody"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "names nobody"),
        ("\n \n", "names nobody"),
        ("anna\n", "line 1 is not of the form"),
        ("anna:\n", "line 1 is not of the form"),
        (":secret\n", "line 1 is not of the form"),
        ("b:x\n anna:secret\n", "line 2 is not of the form"),
        ("anna:x\nanna:secret\n", "line 2 names somebody a second time"),
    ],
)
def test_a_file_of_passwords_that_is_none_is_refused_and_shows_nothing(text: str, found: str) -> None:
    with pytest.raises(ConfigError, match=found) as caught:
        accounts(text, where="passwords")
    assert "secret" not in str(caught.value)
    assert "one line of name:password" in caught.value.remedy


def test_the_password_of_the_settings_is_shown_nowhere() -> None:
    settings = ChatSettings(auth=SecretStr("anna:secret"))
    serving = Serving.of(settings, host="0.0.0.0")
    assert serving.accounts == {"anna": "secret"}
    assert "secret" not in f"{settings!r}{serving!r}{serving.warnings}{settings.model_dump_json()}"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_after_five_wrong_passwords_each_further_one_doubles_the_wait_up_to_a_quarter_of_an_hour() -> None:
    clock = Clock()
    access = Access({"anna": "right"}, clock=clock)
    waits = []
    for _ in range(13):
        assert not access.admits("10.0.0.1", "anna", "wrong")
        waits.append(access.wait("10.0.0.1", "anna"))
        clock.now += waits[-1]
    assert waits == [0, 0, 0, 0, 15, 30, 60, 120, 240, 480, 900, 900, 900]
    assert access.wait("10.0.0.1", "anna") == 0
    assert [access.wait("10.0.0.2", "anna"), access.wait("10.0.0.1", "bo")] == [0, 0]
    assert access.admits("10.0.0.1", "anna", "right")
    assert not access.admits("10.0.0.1", "anna", "wrong")
    assert access.wait("10.0.0.1", "anna") == 0  # the success has wiped it out


def test_failures_are_forgotten_after_an_hour_and_count_together_for_one_network() -> None:
    clock = Clock()
    access = Access({"anna": "right"}, clock=clock)
    for number in range(5):
        access.admits(f"2001:db8::{number}", "anna", "wrong")
    assert access.wait("2001:db8::ffff", "anna") == 15
    assert access.wait("2001:db8:0:1::1", "anna") == 0
    clock.now += 3600
    access.admits("2001:db8::1", "anna", "wrong")
    assert access.wait("2001:db8::1", "anna") == 0


def test_a_flood_of_names_frees_nobody_who_waits_and_fills_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.access._REMEMBERED", 10)
    access = Access({"anna": "right"}, clock=Clock())
    for _ in range(5):
        access.admits("10.0.0.1", "anna", "wrong")
    for number in range(100):
        access.admits("10.0.0.1", f"name {number}", "wrong")
    assert access.wait("10.0.0.1", "anna") == 15
    assert len(access._failed) == 10


def test_an_unknown_name_has_no_password_not_even_an_empty_one() -> None:
    access = Access({"anna": "right"})
    assert access.accepts("anna", "right")
    assert not any(
        access.accepts(name, password) for name, password in (("bo", ""), ("", ""), ("anna", ""), ("", "right"))
    )


@pytest.fixture
def locked(assistant: Assistant, passwords: Path) -> Iterator[ChatServer]:
    with served(assistant, auth=passwords) as server:
        yield server


FORM = {"accept": "text/html"}


def test_nothing_but_the_login_and_a_bare_health_is_open(locked: ChatServer) -> None:
    with httpx.Client(base_url=locked.url, trust_env=False) as client:
        assert client.get("/health").json() == {"status": "ok"}
        page = client.get("/")
        assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
        assert {name: page.headers[name] for name in HEADERS} == HEADERS
        for path in (
            "/config", "/theme.css", "/gradio_api/info", "/gradio_api/queue/data?session_hash=s", "/login_check",
            "/gradio_api/heartbeat/s", "/gradio_api/mcp/", "/gradio_api/mcp/schema", "/gradio_api/app_id",
        ):  # fmt: skip
            assert client.get(path).status_code == 401, path
        for path in ("/gradio_api/upload", "/gradio_api/queue/join", "/gradio_api/reset", "/gradio_api/run/ask"):
            assert client.post(path, json={}).status_code == 401, path
        given = {"username": "anna", "password": "correct horse: battery"}
        entered = client.post("/login", data=given, headers=FORM)
        assert (entered.status_code, entered.headers["location"]) == (303, "/")
        assert client.get("/health").json() == {"status": "ok", "documents": 2}
        config = client.get("/config")
        assert config.status_code == 200
        assert "battery" not in config.text


def test_who_guesses_is_made_to_wait_and_told_so(locked: ChatServer) -> None:
    with httpx.Client(base_url=locked.url, trust_env=False, headers=FORM) as client:
        for _ in range(5):
            wrong = client.post("/login", data={"username": "anna", "password": "battery"})
            assert (wrong.status_code, "The name or the password is wrong." in wrong.text) == (401, True)
            assert "battery" not in wrong.text
        right = {"username": "anna", "password": "correct horse: battery"}
        refused = client.post("/login", data=right)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 15
        assert "Too many wrong passwords. Try again in " in refused.text
        assert client.post("/login", data={"username": "bö", "password": "x"}).status_code == 303


# Behind a reverse proxy


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("example.org/footnote", "not an address"),
        ("ftp://example.org", "not an address"),
        ("https://anna:secret@example.org", "not an address"),
        ("https://example.org/?x", "not an address"),
        ("https://example.org:99999", "not an address"),
        ("https://", "not an address"),
    ],
)
def test_an_address_that_no_page_has_is_refused(url: str, found: str) -> None:
    with pytest.raises(ConfigError, match=found):
        check_address(ChatSettings(), port=0, url=url)


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("example.org", "https://example.org", 200),
        ("127.0.0.1:7860", "https://example.org", 200),  # as proxies ask that do not pass Host on
        ("example.org", "http://example.org", 403),
        ("example.org", "http://127.0.0.1:7860", 403),
        ("example.org", "https://example.org:444", 403),
        ("example.org:7860", None, 421),
        ("evil.example", "https://example.org", 421),
    ],
)
def test_behind_a_proxy_its_address_is_the_allowed_host_and_origin(host: str, origin: str | None, status: int) -> None:
    there = site("127.0.0.1", 7860, url="https://Example.org:443/footnote/")
    echo = Starlette(routes=[Route("/{path:path}", _echo, methods=["POST"])])
    client = TestClient(Guard(echo, site=there, upload_bytes=1), base_url="http://127.0.0.1:7860")
    headers = {"host": host} | ({"origin": origin} if origin else {})
    for path in ("/config", "/footnote/config"):
        answer = client.post(path, headers=headers)
        assert answer.status_code == status
        assert status != 200 or answer.text == "/footnote/config 0"
    if status == 200:
        moved = client.post("/footnote", headers=headers, follow_redirects=False)
        assert (moved.status_code, moved.headers["location"]) == (308, "https://example.org/footnote/")


@pytest.mark.parametrize(
    ("peer", "url", "client"),
    [
        ("127.0.0.1", "https://example.org", "9.9.9.9"),
        ("10.0.0.7", "https://example.org", "10.0.0.7"),  # not a proxy of this machine
        ("127.0.0.1", "", "127.0.0.1"),
    ],
)
def test_only_a_proxy_of_this_machine_is_believed_about_who_asks(peer: str, url: str, client: str) -> None:
    async def told(request: Request) -> PlainTextResponse:
        assert not [name for name in request.headers if name.startswith("x-")]
        return PlainTextResponse(request.client.host if request.client else "")

    app = Guard(Starlette(routes=[Route("/", told)]), site=site("127.0.0.1", 7860, url=url), upload_bytes=1)
    headers = {"host": "127.0.0.1:7860", "x-forwarded-for": "1.1.1.1, 9.9.9.9", "x-forwarded-host": "evil.example"}
    asking = TestClient(app, base_url="http://127.0.0.1:7860", client=(peer, 1))
    assert asking.get("/", headers=headers).text == client


def test_on_a_public_host_the_machine_is_reached_by_its_name_and_the_address_that_was_connected_to() -> None:
    everywhere = site("0.0.0.0", 7860)
    for host, server, known in (
        ("192.168.1.5:7860", "192.168.1.5", True),
        ("192.168.1.5:7860", "::ffff:192.168.1.5", True),
        ("[fe80::1]:7860", "fe80::1", True),
        ("192.168.1.6:7860", "192.168.1.5", False),
        (f"{socket.gethostname().lower()}:7860", "192.168.1.5", True),
        ("evil.example:7860", "192.168.1.5", False),
        ("192.168.1.5", "192.168.1.5", False),
    ):
        assert everywhere.knows(host, {"server": (server, 7860)}) is known, host


def test_whoever_starts_a_public_chat_is_told_that_passwords_travel_unencrypted(passwords: Path) -> None:
    def warned(**options: Any) -> str:
        return " ".join(check_address(ChatSettings(), port=0, **options))

    assert "unencrypted over http. Put a reverse proxy with TLS in front" in warned(host="0.0.0.0", auth=passwords)
    assert "unencrypted" in warned(url="http://example.org", auth=passwords)
    assert warned(url="https://example.org", auth=passwords) == ""
    assert warned(auth=passwords) == ""
    assert "nobody is asked for a password" in warned(url="https://example.org")


@contextmanager
def proxy(*, prefix: str, strips: bool) -> Iterator[tuple[str, dict[str, str]]]:
    """A small reverse proxy on a port of its own: its address, and where it passes requests on to ("to")."""
    target: dict[str, str] = {}
    begun = threading.Event()

    async def passed(request: Request) -> StreamingResponse:
        path = request.url.path.removeprefix(prefix) if strips else request.url.path
        headers = {name: value for name, value in request.headers.items() if name != "host"}
        headers["x-forwarded-for"] = "9.9.9.9"
        client = httpx.AsyncClient(base_url=target["to"], timeout=None, trust_env=False)
        asked = client.build_request(
            request.method, f"{path}?{request.url.query}", headers=headers, content=await request.body()
        )
        answer = await client.send(asked, stream=True)

        async def body() -> AsyncIterator[bytes]:
            async for piece in answer.aiter_raw():
                yield piece

        given = StreamingResponse(body(), answer.status_code, background=BackgroundTask(client.aclose))
        given.raw_headers = answer.headers.raw
        return given

    routes = [Route(f"{prefix}/{{path:path}}", passed, methods=["GET", "POST", "HEAD"])]
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(Starlette(routes=routes), log_config=None, timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        logging.getLogger("uvicorn.error").addFilter(quiet := lambda _: False)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])), daemon=True)
        thread.start()
        while not server.started:
            begun.wait(0.02)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}{prefix}", target
        server.should_exit = True
        thread.join(20)
        logging.getLogger("uvicorn.error").removeFilter(quiet)


@pytest.mark.parametrize("strips", [True, False], ids=["stripped", "kept"])
def test_a_page_behind_a_reverse_proxy_logs_in_asks_and_stays_there(
    assistant: Assistant, passwords: Path, strips: bool
) -> None:
    with (
        proxy(prefix="/deep/footnote", strips=strips) as (address, target),
        served(assistant, url=address, auth=passwords) as server,
        chromium() as browser,
    ):
        target["to"] = f"http://127.0.0.1:{server.port}"
        assert server.url == f"{address}/"
        page, wrong = browser.new_page(), []
        own = (f"{address}/", "data:", f"blob:{address.removesuffix('/deep/footnote')}/")
        page.on("request", lambda request: None if request.url.startswith(own) else wrong.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.set_default_timeout(30_000)
        page.goto(server.url)
        page.fill("#username", "anna")
        page.fill("#password", "wrong")
        page.keyboard.press("Enter")
        page.wait_for_selector("#alert")
        page.fill("#username", "anna")
        page.fill("#password", "correct horse: battery")
        page.keyboard.press("Enter")
        page.get_by_text("Delegations meet in Riyadh").first.wait_for(state="attached")  # the page has filled itself
        page.fill("#question textarea", WHERE)
        page.click("#ask")
        page.wait_for_selector("#chat .fn-question")
        page.wait_for_selector("#chat .fn-answer")
        assert "Riyadh" in page.inner_text("#chat .fn-answer")
        assert page.url == server.url
        program = Client(server.url, auth=("anna", "correct horse: battery"), verbose=False, analytics_enabled=False)
        assert program.predict(WHERE, api_name="/ask")["short"] == assistant.ask(WHERE).short
        page.close()
    assert wrong == []


# The end


def test_a_server_that_stops_waits_for_what_is_added_and_takes_its_temporary_files_along(
    assistant: Assistant,
) -> None:
    collections = Collections(assistant)
    adding, ended = threading.Event(), []

    def add() -> None:
        with collections.working(collections.first):
            adding.set()
            collections.closing.wait(30)
            ended.append("kept")

    with served(collections) as server:
        folder = Path(os.environ["GRADIO_TEMP_DIR"])
        assert folder.is_dir()
        worker = threading.Thread(target=add)
        worker.start()
        assert adding.wait(30)
        server.stop()
    worker.join(30)
    assert ended == ["kept"]
    assert not folder.exists()


@pytest.mark.parametrize("url", ["", "https://example.org/footnote"])
def test_a_tab_holds_no_connection_open(assistant: Assistant, url: str) -> None:
    async def created() -> Any:
        return create_app(assistant, site=site("127.0.0.1", 7860, url=url))

    app = asyncio.run(created())
    client = TestClient(app, base_url="http://127.0.0.1:7860")
    for path in ("/gradio_api/heartbeat/s", "/footnote/gradio_api/heartbeat/s" if url else "/gradio_api/heartbeat/t"):
        answer = client.get(path)  # it would never return
        assert (answer.status_code, answer.text) == (200, "data: ALIVE\n\n")
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"


def test_health_tells_that_the_server_stops_and_that_the_index_cannot_be_read(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopping = False

    async def created() -> Any:
        return create_app(assistant, site=HERE, stopping=lambda: stopping)

    app = asyncio.run(created())
    monkeypatch.setattr("ui.server._HEALTHY", 0.0)
    client = TestClient(app, base_url="http://127.0.0.1:7860")
    assert client.get("/health").json() == {"status": "ok", "documents": 2}

    def damaged() -> Any:
        raise IndexDamaged("index", "secret detail")

    monkeypatch.setattr(assistant.index, "documents", damaged)
    answer = client.get("/health")
    assert (answer.status_code, answer.json()) == (503, {"status": "the index cannot be read"})
    stopping = True
    answer = client.get("/health")
    assert (answer.status_code, answer.json()) == (503, {"status": "stopping"})

"""Serving the chat: who may talk to it, how much they may send, and what a browser may load."""

from __future__ import annotations

import asyncio
import html.parser
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from serving import HARVEST, opened, served
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from rag.assistant import Assistant
from rag.config import ChatSettings
from rag.errors import ConfigError
from ui.guard import HEADERS, Guard, site
from ui.server import ChatServer, check_address, create_app

pytestmark = [
    # Gradio leaves the handle of a temporary file to the garbage collector for every upload.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
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

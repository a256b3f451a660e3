"""The same answers elsewhere: `gradio_client` and an MCP client really ask the chat, with and without a password."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError, AuthenticationError
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from serving import NEWS, WHERE, opened, served

from rag.assistant import Assistant
from rag.config import Config
from rag.types import hit_as_dict
from ui import api
from ui.server import ChatServer

NAME, PASSWORD = "anna", "correct horse: battery"

pytestmark = [
    # Gradio's client leaves its event loop, and its server the handle of a temporary file, to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def assistant(tmp_path: Any, encoder: Any) -> Iterator[Assistant]:
    with opened(tmp_path, encoder) as assistant:
        yield assistant


@pytest.fixture(params=[False, True], ids=["open", "password"])
def chat(request: pytest.FixtureRequest, assistant: Assistant, tmp_path: Any) -> Iterator[ChatServer]:
    passwords = tmp_path / "passwords"
    passwords.write_text(f"{NAME}:{PASSWORD}\n")
    passwords.chmod(0o600)
    with served(assistant, auth=passwords if request.param else None) as server:
        yield server


def client_of(chat: ChatServer) -> Client:
    who = (NAME, PASSWORD) if chat.serving.accounts else None
    return Client(chat.url, auth=who, verbose=False, analytics_enabled=False)


def tools(chat: ChatServer, *calls: tuple[str, dict[str, Any]], password: str = PASSWORD) -> list[Any]:
    """What an MCP client is told of the tools, and what each call gives."""
    basic = base64.b64encode(f"{NAME}:{password}".encode()).decode()
    headers = {"authorization": f"Basic {basic}"} if chat.serving.accounts else {}

    async def calling() -> list[Any]:
        address = f"{chat.url}/gradio_api/mcp/"
        async with (
            httpx.AsyncClient(headers=headers, trust_env=False, timeout=30) as client,
            streamable_http_client(address, http_client=client) as (receive, send, _),
            ClientSession(receive, send) as session,
        ):
            await session.initialize()
            listed = (await session.list_tools()).tools
            return [listed, *[await session.call_tool(name, given) for name, given in calls]]

    return asyncio.run(calling())


def test_gradios_client_gets_the_answer_the_passages_and_the_list(chat: ChatServer) -> None:
    client, assistant = client_of(chat), chat.assistant
    assert client.predict(WHERE, api_name="/ask") == api.told(assistant.ask(WHERE).as_dict())
    found = client.predict("raise of four percent", k=2, api_name="/search")
    assert found == [api.told(hit_as_dict(hit)) for hit in assistant.index.search("raise of four percent", k=2)]
    assert [one["title"] for one in client.predict(api_name="/documents")] == [
        "Dockworkers end their strike",
        "Delegations meet in Riyadh",
    ]
    port = str(assistant.index.documents()[0].path)
    within = client.predict(WHERE, within=[port], api_name="/ask")
    assert within["abstained"]
    assert {hit["document"] for hit in within["nearest"]} == {port}
    history = [{"question": "Who met in Riyadh?", "answer": "The foreign ministers met in Riyadh."}]
    assert client.predict("And in March?", history=history, api_name="/ask")["question"] == (
        "Who met in Riyadh? And in March?"
    )


def test_an_mcp_client_calls_all_three(chat: ChatServer) -> None:
    listed, said, found, documents = tools(
        chat, ("ask", {"question": WHERE}), ("search", {"query": "raise of four percent", "k": 1}), ("documents", {})
    )
    assert {tool.name: tool.inputSchema.get("required", []) for tool in listed} == {
        "ask": ["question"],
        "search": ["query"],
        "documents": [],
    }
    assert "do not make up an answer" in listed[0].description
    assert listed[0].inputSchema["properties"]["within"]["description"].startswith("Paths of indexed documents")
    assert not any(result.isError for result in (said, found, documents))
    assert json.loads(said.content[0].text) == api.told(chat.assistant.ask(WHERE).as_dict())
    assert json.loads(found.content[0].text)[0]["text"].endswith("a raise of four percent.")
    assert len(json.loads(documents.content[0].text)) == len(NEWS)


def test_what_a_program_asks_wrongly_is_told_with_the_remedy(chat: ChatServer) -> None:
    client = client_of(chat)
    for given, said in (
        ({"api_name": "/ask", "question": "  "}, "the question is empty. Ask something about the documents."),
        ({"api_name": "/ask", "question": "x" * 2001}, "the question has 2,001 characters. Ask in at most 2,000."),
        ({"api_name": "/search", "query": "x", "k": 0}, "k: Input should be greater than or equal to 1. "),
        ({"api_name": "/search", "query": "x", "k": 101}, "k: Input should be less than or equal to 100. "),
        (
            {"api_name": "/ask", "question": "x", "history": [{"question": "y"}]},
            "history[0]['answer']: Field required. ",
        ),
        ({"api_name": "/ask", "question": "x", "within": "all"}, "within: Input should be a valid list. "),
        ({"api_name": "/documents", "collection": "../other"}, "other"),
    ):
        with pytest.raises(AppError) as caught:
            client.predict(**given)
        assert said in str(caught.value)
        assert "Traceback" not in str(caught.value)
    (_, refused) = tools(chat, ("search", {"query": "x", "k": 0}))
    assert refused.isError
    assert refused.content[0].text.startswith("k: Input should be greater than or equal to 1. Call it as")


def test_an_unexpected_error_shows_programs_no_details(chat: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> Any:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(type(chat.assistant), "ask", fails)
    (_, refused) = tools(chat, ("ask", {"question": WHERE}))
    assert (refused.isError, refused.content[0].text) == (
        True, "An unexpected error stopped this. The details are in the program's log."
    )  # fmt: skip


def test_programs_need_the_password_as_people_do(chat: ChatServer) -> None:
    if not chat.serving.accounts:
        pytest.skip("there is none")
    with pytest.raises(AuthenticationError):
        Client(chat.url, verbose=False, analytics_enabled=False)
    with pytest.raises(AuthenticationError):
        Client(chat.url, auth=(NAME, "wrong"), verbose=False, analytics_enabled=False)
    with httpx.Client(base_url=chat.url, trust_env=False) as client:
        answer = client.post("/gradio_api/mcp/", json={}, headers={"accept": "application/json, text/event-stream"})
        assert (answer.status_code, answer.headers["www-authenticate"][:5]) == (401, "Basic")
        for _ in range(4):
            assert client.post("/gradio_api/run/ask", json={"data": [WHERE]}, auth=(NAME, "no")).status_code == 401
        locked = client.post("/gradio_api/run/ask", json={"data": [WHERE]}, auth=(NAME, PASSWORD))
        assert (locked.status_code, 0 < int(locked.headers["retry-after"]) <= 15) == (429, True)


def test_the_guard_stands_before_programs_too(chat: ChatServer) -> None:
    auth = (NAME, PASSWORD) if chat.serving.accounts else None
    with httpx.Client(base_url=chat.url, trust_env=False, auth=auth) as client:
        for path in ("/gradio_api/mcp/", "/gradio_api/run/ask"):
            assert client.post(path, json={}, headers={"host": "evil.example"}).status_code == 421
            assert client.post(path, json={}, headers={"origin": "http://evil.example"}).status_code == 403
            assert client.post(path, content=b"x" * 1_000_001).status_code == 413
        answer = client.post("/gradio_api/run/ask", json={"data": [WHERE, [], [], ""]})
        assert answer.json()["data"][0]["short"] == chat.assistant.ask(WHERE).short
        assert answer.headers["x-frame-options"] == "DENY"


def test_programs_are_told_that_the_chat_is_busy(tmp_path: Any, encoder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    held = threading.Event()

    def waits(*_: object, **__: object) -> Any:
        assert held.wait(30)
        return []

    settings = Config(chat={"waiting": 1})  # type: ignore[arg-type]
    with opened(tmp_path, encoder, config=settings) as assistant, served(assistant) as chat:
        monkeypatch.setattr(type(assistant.index), "search", waits)

        def search(_: int) -> httpx.Response:
            given = {"data": ["x", 1, [], ""]}
            return httpx.post(f"{chat.url}/gradio_api/run/search", json=given, timeout=30, trust_env=False)

        with ThreadPoolExecutor() as pool:  # two are answered at once and one waits
            asking = as_completed([pool.submit(search, number) for number in range(api.AT_ONCE + 2)])
            refused = next(asking).result()
            held.set()
            assert [one.result().status_code for one in asking] == [200] * (api.AT_ONCE + 1)
    assert (refused.status_code, refused.text) == (503, "Busy: too many questions are waiting. Try again in a moment.")
    assert refused.headers["retry-after"] == "5"

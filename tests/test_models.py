"""Each provider over HTTP: what is asked in its own protocol, what comes back, and that the key stays a secret."""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from llm_server import (
    Endpoint,
    Reply,
    failure,
    reply,
    said,
    said_by_anthropic,
    said_by_ollama,
)
from pydantic import SecretStr
from test_generator import hit

from rag import models
from rag.config import Config, LLMSettings
from rag.errors import ConfigError, LLMError
from rag.generator import Generator
from rag.writing import Draft

KEY = "sk-canary-7f3a9b21"
PROMPTS = Config().prompts
TEXT = "Ana Silva resigned on Monday [1]. She did not say why she went so soon [1]."
PATHS = {"openai": "/v1/chat/completions", "ollama": "/api/chat", "anthropic": "/v1/messages"}
SAID: dict[str, Callable[..., Reply]] = {"openai": said, "ollama": said_by_ollama, "anthropic": said_by_anthropic}
ENOUGH = {"openai": "length", "ollama": "length", "anthropic": "max_tokens"}


def _absent(name: str) -> bool:
    return importlib.util.find_spec(f"llama_index.llms.{name}") is None


PROVIDERS = [
    pytest.param(name, marks=pytest.mark.skipif(_absent(of), reason=f".venv/bin/pip install -e '.[{name}]'"))
    for name, of in (("openai", "openai_like"), ("ollama", "ollama"), ("anthropic", "anthropic"))
]
every_provider = pytest.mark.parametrize("provider", PROVIDERS)


def settings(provider: str, endpoint: Endpoint, **changes: Any) -> LLMSettings:
    url = endpoint.url if provider == "openai" else f"http://127.0.0.1:{endpoint.port}"
    given = {"provider": provider, "model": "of-no-known-name", "base_url": url, "api_key": SecretStr(KEY)}
    return LLMSettings(**{**given, **changes})


def drafts(provider: str, endpoint: Endpoint, **changes: Any) -> list[Draft]:
    return list(Generator(settings(provider, endpoint, **changes), prompts=PROMPTS).stream("Who resigned?", [hit()]))


@every_provider
@pytest.mark.parametrize("stream", [True, False])
def test_a_draft_comes_whole_from_every_provider(provider: str, stream: bool) -> None:
    with Endpoint(SAID[provider](TEXT)) as endpoint:
        assert drafts(provider, endpoint, stream=stream)[-1] == Draft(text=TEXT)
        ((path, _, body),) = endpoint.requests
    assert path == PATHS[provider]
    assert body["model"] == "of-no-known-name"
    assert body.get("stream", False) is stream
    assert "Question: Who resigned?" in json.dumps(body["messages"])
    if provider == "ollama":
        assert body["options"] == {"temperature": 0.0, "num_ctx": 8192, "num_predict": 600}
    else:
        assert (body["temperature"], body["max_tokens"]) == (0.0, 600)


@every_provider
@pytest.mark.parametrize("stream", [True, False])
def test_every_provider_says_that_it_was_cut_off(provider: str, stream: bool) -> None:
    with Endpoint(SAID[provider]("Ana Silva resigned [1]. She was", ENOUGH[provider])) as endpoint:
        last = drafts(provider, endpoint, stream=stream)[-1]
    assert last == Draft(text="Ana Silva resigned [1].", cut="it reached llm.max_tokens or the end of its window")


def test_the_thoughts_of_ollama_are_not_shown() -> None:
    with Endpoint(said_by_ollama(TEXT, thinking="She was there all the time [1]. Or was she? No.")) as endpoint:
        assert all(TEXT.startswith(draft.text) for draft in drafts("ollama", endpoint))


@every_provider
def test_only_the_request_and_the_key_leave_this_machine(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for vendor in ("OPENAI", "OLLAMA", "ANTHROPIC"):
        for name in ("API_KEY", "AUTH_TOKEN", "ADMIN_KEY", "ORG_ID", "PROJECT_ID"):
            monkeypatch.setenv(f"{vendor}_{name}", "someone-elses")
        monkeypatch.setenv(f"{vendor}_CUSTOM_HEADERS", "Authorization: someone-elses\nX-Corp: someone-elses")
        monkeypatch.setenv(f"{vendor}_BASE_URL", "http://elsewhere.invalid")
    monkeypatch.setenv("OLLAMA_HOST", "http://elsewhere.invalid")
    monkeypatch.setenv("ALL_PROXY", "http://proxy.invalid:3128")
    with Endpoint(SAID[provider](TEXT)) as endpoint:
        drafts(provider, endpoint)
        drafts(provider, endpoint, api_key=SecretStr(""))
        keyed, bare = (headers for _, headers, _ in endpoint.requests)
    header = models.provider(LLMSettings(provider=provider)).header  # type: ignore[arg-type]
    assert keyed.pop(header) == (KEY if provider == "anthropic" else f"Bearer {KEY}")
    assert "anthropic-version" in keyed if provider == "anthropic" else "anthropic-version" not in keyed
    for headers in (keyed, bare):
        assert set(headers) <= {
            "accept", "accept-encoding", "anthropic-version", "connection", "content-length", "content-type", "host",
            "user-agent",
        }  # fmt: skip
        assert (headers["user-agent"], headers["accept-encoding"]) == ("footnote", "identity")
        assert "someone-elses" not in str(headers)


@every_provider
def test_a_redirect_is_not_followed_by_any(provider: str) -> None:
    with Endpoint(said(TEXT)) as elsewhere:
        moved = reply(b"", status=307, location=elsewhere.url + "/chat/completions")
        with Endpoint(moved) as endpoint, pytest.raises(LLMError, match="redirects elsewhere"):
            drafts(provider, endpoint)
        assert elsewhere.requests == []


@every_provider
@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("status", "words"), [(401, "refused the key"), (404, "knows no such"), (500, "failed (HTTP")])
def test_a_refusal_reads_the_same_from_all(provider: str, stream: bool, status: int, words: str) -> None:
    with Endpoint(failure(status, f"no model for {KEY}", retry_after_ms="1")) as endpoint:
        with pytest.raises(LLMError) as caught:
            drafts(provider, endpoint, stream=stream)
        assert words in caught.value.message
        assert len(endpoint.requests) == (2 if status == 500 else 1)
    assert KEY not in str(caught.value)
    assert caught.value.__context__ is None


@every_provider
def test_the_key_is_in_no_log_and_no_event(provider: str, caplog: pytest.LogCaptureFixture) -> None:
    from llama_index.core.instrumentation import get_dispatcher
    from llama_index.core.instrumentation.event_handlers import BaseEventHandler

    seen: list[str] = []

    class Watching(BaseEventHandler):
        @classmethod
        def class_name(cls) -> str:
            return "Watching"

        def handle(self, event: Any, **_: Any) -> None:
            seen.append(f"{type(event).__name__} {event.model_dump()}")

    root = get_dispatcher("root")
    before = list(root.event_handlers)
    root.add_event_handler(Watching())
    caplog.set_level(logging.DEBUG)
    for name in ("openai", "anthropic", "httpx", "httpx2", "httpcore", "httpcore2", "ollama", "llama_index"):
        caplog.set_level(logging.DEBUG, logger=name)
    try:
        with Endpoint(SAID[provider](TEXT), failure(401, f"bad key {KEY}")) as endpoint:
            drafts(provider, endpoint)
            with pytest.raises(LLMError) as caught:
                drafts(provider, endpoint)
    finally:
        root.event_handlers = before
    logged = " ".join(f"{record.getMessage()} {record.exc_info}" for record in caplog.records)
    assert f"127.0.0.1:{endpoint.port}" in logged or "127.0.0.1" in logged
    assert any("LLMChatStartEvent" in event for event in seen)
    for text in (logged, " ".join(seen), repr(caught.value), repr(settings(provider, endpoint))):
        assert KEY not in text
        assert "canary" not in text


@pytest.mark.parametrize("provider", ["ollama", "anthropic"])
def test_an_absent_package_is_named_with_the_command_that_brings_it(
    provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "_is_installed", lambda name: not name.startswith("llama_index"))
    with pytest.raises(ConfigError) as caught:
        Generator(LLMSettings(provider=provider, model="m", api_key=SecretStr(KEY)), prompts=PROMPTS)  # type: ignore[arg-type]
    assert caught.value.remedy == f"Run in the folder of Footnote: .venv/bin/pip install -e '.[{provider}]'"
    assert KEY not in str(caught.value)


def test_each_provider_has_its_usual_address_and_only_anthropic_wants_a_key_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(models, "_is_installed", lambda name: True)
    ollama, anthropic = (LLMSettings(provider=name, model="m") for name in ("ollama", "anthropic"))  # type: ignore[arg-type]
    assert models.endpoint(ollama) == "http://127.0.0.1:11434"
    assert models.endpoint(anthropic) == "https://api.anthropic.com"
    assert models.endpoint(LLMSettings(model="m")) == ""
    models.check(ollama)
    with pytest.raises(ConfigError, match=r"llm\.api_key is empty"):
        models.check(anthropic)
    models.check(anthropic.model_copy(update={"base_url": "http://127.0.0.1:8080"}))
    with pytest.raises(ConfigError, match=r"llm\.base_url is not"):
        models.check(LLMSettings(model="m"))


def test_no_client_is_imported_before_it_is_needed() -> None:
    code = "import sys, rag.generator; print(sorted({'openai', 'ollama', 'anthropic', 'httpx'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ))
    assert run.stdout.strip() == "[]"

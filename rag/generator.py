"""Question and passages to a draft, by one call to a language model behind an OpenAI-compatible endpoint."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextvars import copy_context
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rag.config import LLMSettings
from rag.errors import ConfigError, LLMError
from rag.prompts import DECLINED, defused, fenced, load
from rag.types import Hit

if TYPE_CHECKING:
    import httpx
    from llama_index.core.base.llms.types import ChatResponse
    from llama_index.core.llms import LLM
    from llama_index.core.prompts import PromptTemplate

RETRIES = 1  # after a refused connection, a 429 or a 5xx, within the same time limit

_VARIABLES = frozenset({"question", "passages", "not_found"})
_RESERVE = 64  # tokens that chat templates put around a message
_BYTES_PER_TOKEN = 3  # fewer than any common tokenizer needs for prose
_CHARACTERS_PER_TOKEN = 16  # a server that sends more of them has ignored the limit
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_HEADERS = {"accept", "accept-encoding", "connection", "content-length", "content-type", "host", "user-agent"}
_THOUGHTS = re.compile(r"^\s*<think>.*?(?:</think>|\Z)", re.DOTALL)
_QUOTES = r"[\"'”’»)]*"
_CLOSED = re.compile(  # before white space, with marks after or before the full stop; a last "3." may have been 3.5
    rf"[.!?…]{_QUOTES}(?:(?:\s*[\[【][\d,;–\s-]+[\]】])+|(?=\s+\S))|[\]】][.!?…]{_QUOTES}|(?<!\d)[.!?…]{_QUOTES}$"
)


class Generator:
    """Writes drafts. Holds no connection: each draft opens its own and closes it."""

    def __init__(self, settings: LLMSettings, *, prompts: Path, llm: LLM | None = None) -> None:
        """Check the settings and the prompt; `llm` takes the place of the endpoint.

        Raises ConfigError for an endpoint that is no address or a key that is none, PromptError for a prompt that
        does not fit.
        """
        if llm is None and _address(settings.base_url) is None:
            raise ConfigError(
                "llm.base_url is not an http or https address.",
                remedy='Set it in rag.toml, such as base_url = "http://127.0.0.1:8000/v1".',
            )
        self._settings = settings
        if not (self._key().isascii() and self._key().isprintable()):
            raise ConfigError("llm.api_key holds characters that no key has.", remedy="Copy it again, on one line.")
        self._llm = llm
        self._template: PromptTemplate = load("answer", prompts, variables=_VARIABLES)

    @property
    def name(self) -> str:
        return self._settings.model or (str(self._llm.metadata.model_name) if self._llm else "")

    @property
    def endpoint(self) -> str:
        """Where drafts come from, without any secret."""
        return _address(self._settings.base_url) or self.name

    def fitting(self, question: str, hits: Sequence[Hit]) -> list[Hit]:
        """Return the first hits, as many as are shown to the model: their numbers are 1, 2, … in a draft."""
        room = self._room()
        for count in range(min(len(hits), self._settings.passages), 0, -1):
            if len(self._prompt(question, hits[:count]).encode()) <= room:
                return list(hits[:count])
        return []

    def draft(self, question: str, hits: Sequence[Hit]) -> str:
        """Return what the model writes about `fitting(question, hits)`: never empty, not yet checked.

        A draft that was cut off ends with its last whole sentence. Raises LLMError for any failure, and where
        the question leaves no room for a passage.
        """
        shown = self.fitting(question, hits)
        if not shown:
            what = "the question does not fit the model's window with a passage" if hits else "there is no passage"
            raise LLMError(
                f"{self.endpoint}: nothing was sent: {what}.", remedy="Ask shorter or raise llm.context_window."
            )
        answered = self._answered(self._prompt(question, shown))
        if isinstance(answered, LLMError):
            raise answered  # outside of any handler: the first error, which holds the key, is not chained to it
        return answered

    def _prompt(self, question: str, hits: Sequence[Hit]) -> str:
        passages = "\n\n".join(fenced(number, hit) for number, hit in enumerate(hits, start=1))
        return self._template.format(question=defused(question), passages=passages, not_found=DECLINED)

    def _room(self) -> int:
        return (self._settings.context_window - self._settings.max_tokens - _RESERVE) * _BYTES_PER_TOKEN

    def _answered(self, prompt: str) -> str | LLMError:
        from llama_index.core.llms import ChatMessage, MessageRole

        message = ChatMessage(role=MessageRole.USER, content=prompt)
        client = None
        try:
            if self._llm is not None:
                llm = self._llm
            else:
                client = self._client()
                llm = _openai_like(self._settings, client)
            return self._whole(_within(self._settings.timeout, lambda: llm.chat([message])))
        except Exception as error:  # whatever a client library raises, the caller hears of one kind of failure
            return self._fault(error)
        finally:
            if client is not None:
                client.close()  # ends a call that is still running, too

    def _client(self) -> httpx.Client:
        """An HTTP client that goes to the endpoint only, and takes it nothing but the request and our key."""
        import httpx

        key = self._key()

        def bare(request: httpx.Request) -> None:
            for header in set(request.headers) - _HEADERS:
                del request.headers[header]
            if key:
                request.headers["authorization"] = f"Bearer {key}"

        local = urlsplit(self._settings.base_url).hostname in _LOOPBACK
        return httpx.Client(event_hooks={"request": [bare]}, follow_redirects=False, trust_env=not local)

    def _key(self) -> str:
        return self._settings.api_key.get_secret_value().strip()

    def _whole(self, response: ChatResponse) -> str:
        text = _THOUGHTS.sub("", response.message.content or "").strip()
        most = self._settings.max_tokens * _CHARACTERS_PER_TOKEN
        if len(text) > most or _finish(response.raw) in ("length", "content_filter"):
            text = _whole_sentences(text[:most])
            if not text:
                raise self._error("stopped before the first whole sentence.", "Raise llm.max_tokens.")
        if not text:
            raise self._error("answered with nothing.", "Ask again, or try another llm.model.")
        return text

    def _fault(self, error: Exception) -> LLMError:
        """Return the failure in plain words; what the endpoint itself says is repeated only where it holds no key."""
        import httpx
        import openai

        if isinstance(error, LLMError):
            return error
        if isinstance(error, TimeoutError | openai.APITimeoutError | httpx.TimeoutException):
            return self._error(f"no answer within {self._settings.timeout:g} s.", "Raise llm.timeout or ask later.")
        if isinstance(error, openai.APIStatusError):
            return self._error(*_status(error.status_code, self._quotable(error.body)))
        if isinstance(error, openai.APIConnectionError | httpx.TransportError):
            refused = isinstance(error.__cause__ or error, httpx.ConnectError)
            what = "cannot be reached." if refused else "the connection broke."
            return self._error(what, "Start the server there, or correct llm.base_url.")
        if isinstance(error, openai.APIError | TypeError | ValueError | AttributeError | LookupError):
            what = "answered with something that is not a chat completion."
            return self._error(what, "Check that llm.base_url is OpenAI-compatible; it usually ends in /v1.")
        return self._error(f"failed ({type(error).__name__}).", "See the server's log.")

    def _error(self, what: str, remedy: str) -> LLMError:
        return LLMError(f"{self.endpoint}: {what}", remedy=remedy)

    def _quotable(self, body: object) -> str:
        said = body.get("message") if isinstance(body, dict) else None
        line = " ".join(defused(said).split())[:200] if isinstance(said, str) else ""
        key = self._key()
        return "" if key and key[:6] in line else line


def _openai_like(settings: LLMSettings, client: httpx.Client) -> LLM:
    """The model behind the endpoint. The key is not given here: the HTTP client adds it, and no event can hold it."""
    import openai
    from llama_index.llms.openai_like import OpenAILike  # type: ignore[import-untyped]

    sdk = openai.OpenAI(
        api_key="none",
        base_url=settings.base_url,
        timeout=settings.timeout,
        max_retries=RETRIES,
        http_client=client,
    )
    model: LLM = OpenAILike(
        model=settings.model,
        api_base=settings.base_url,
        api_key="none",
        openai_client=sdk,
        is_chat_model=True,
        temperature=0.0,
        max_tokens=settings.max_tokens,
        context_window=settings.context_window,
        timeout=settings.timeout,
        max_retries=0,  # the client above retries; both together would multiply
    )
    return model


def _within(seconds: float, work: Callable[[], ChatResponse]) -> ChatResponse:
    """Return `work()`, or raise TimeoutError: a client's own limit starts anew with each byte that arrives."""
    result: Future[ChatResponse] = Future()

    def run() -> None:
        try:
            result.set_result(work())
        except Exception as error:
            result.set_exception(error)

    Thread(target=copy_context().run, args=(run,), daemon=True).start()
    return result.result(seconds)


def _whole_sentences(text: str) -> str:
    """Return a text that was cut off, up to the end of its last whole sentence."""
    ends = [match.end() for match in _CLOSED.finditer(text)]
    return text[: ends[-1]] if ends else ""


def _finish(raw: Any) -> str:
    """Return why the model stopped, where its answer says so."""
    choices = raw.get("choices") if isinstance(raw, dict) else getattr(raw, "choices", None)
    first = choices[0] if choices else None
    return str((first.get("finish_reason") if isinstance(first, dict) else getattr(first, "finish_reason", "")) or "")


def _status(status: int, said: str) -> tuple[str, str]:
    """Return what an HTTP status means and what to do about it."""
    if status in (401, 403):
        return f"refused the key (HTTP {status}).", "Set llm.api_key, or RAG_LLM__API_KEY in the environment."
    if status == 404:
        return "knows no such path or model (HTTP 404).", "Check llm.model, and llm.base_url: it usually ends in /v1."
    if status == 429:
        return "is busy, or the quota is spent (HTTP 429).", "Ask again later."
    if status < 400:
        return f"redirects elsewhere (HTTP {status}), which is not followed.", "Correct llm.base_url."
    if status < 500:
        return (
            f"refused the request (HTTP {status}){': ' if said else ''}{said.rstrip('.')}.",
            "Check the settings under [llm].",
        )
    return f"failed (HTTP {status}).", "Ask again later, or see the server's log."


def _address(base_url: str) -> str | None:
    """Return scheme, host and path of an http(s) address, without user or query; None where it is none."""
    try:
        parts = urlsplit(base_url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}{parts.path}" if parts.scheme in ("http", "https") and host else None

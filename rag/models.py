"""Which llama-index class speaks to the language model, over which HTTP client, and where that is."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rag.config import LLMSettings
from rag.errors import ConfigError
from rag.wire import Wire

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

_UNUSED = "none"  # stands where a client library wants a key: the wire adds the real one, so that no event holds it


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A language model that can be asked once; `close` gives its connections back."""

    llm: LLM
    close: Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One protocol: where its server usually is, the header of the key, and the modules that speak it."""

    make: Callable[[LLMSettings, str, Wire], Model]
    base_url: str = ""
    header: str = "authorization"
    modules: tuple[str, ...] = ()
    needs_key: bool = False  # at its usual address
    streams_json: bool = False


def provider(settings: LLMSettings) -> Provider:
    return _PROVIDERS[settings.provider]


def endpoint(settings: LLMSettings) -> str:
    """Scheme, host and path of where the model is; empty where that is no address."""
    return address(settings.base_url or provider(settings).base_url) or ""


def secret(settings: LLMSettings) -> str:
    return settings.api_key.get_secret_value().strip()


def check(settings: LLMSettings) -> None:
    """Raise ConfigError where the settings lead to no model: address, key or package. Connects nowhere."""
    chosen, key = provider(settings), secret(settings)
    if not endpoint(settings):
        raise ConfigError(
            "llm.base_url is not an http or https address.",
            remedy='Set it in rag.toml, such as base_url = "http://127.0.0.1:8000/v1".',
        )
    parts = urlsplit(settings.base_url)
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ConfigError(
            "llm.base_url holds a user, a password or a query, which are not sent.",
            remedy="Leave the bare address, and give a key as llm.api_key.",
        )
    if not (key.isascii() and key.isprintable()):
        raise ConfigError("llm.api_key holds characters that no key has.", remedy="Copy it again, on one line.")
    if chosen.needs_key and not settings.base_url and not key:
        raise ConfigError(
            f"llm.api_key is empty, and {chosen.base_url} answers nobody without one.",
            remedy="Set RAG_LLM__API_KEY in the environment.",
        )
    if absent := [name for name in chosen.modules if not _is_installed(name)]:
        raise ConfigError(
            f"llm.provider {settings.provider} needs a package that is not installed ({absent[0]}).",
            remedy=f"Run in the folder of Footnote: .venv/bin/pip install -e '.[{settings.provider}]'",
        )


def wire(settings: LLMSettings, *, tokens: int = 0, stream: bool = False) -> Wire:
    """A guard for one request to the endpoint."""
    chosen = provider(settings)
    return Wire(
        url=endpoint(settings), key=secret(settings), header=chosen.header, tokens=tokens,
        stream=stream, events=stream and not chosen.streams_json,
    )  # fmt: skip


def model(settings: LLMSettings, guard: Wire) -> Model:
    """The model that the settings name, for one request over a wire."""
    return provider(settings).make(settings, endpoint(settings), guard)


def address(url: str) -> str | None:
    """Return scheme, host and path of an http(s) address, without user or query; None where it is none."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}{parts.path}" if parts.scheme in ("http", "https") and host else None


def _is_installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _openai(settings: LLMSettings, url: str, guard: Wire) -> Model:
    import httpx
    import openai
    from llama_index.llms.openai_like import OpenAILike

    client = httpx.Client(**guard.options())
    sdk = openai.OpenAI(api_key=_UNUSED, base_url=url, timeout=settings.timeout, max_retries=0, http_client=client)
    made = OpenAILike(
        model=settings.model,
        api_base=url,
        api_key=_UNUSED,
        openai_client=sdk,
        is_chat_model=True,
        temperature=0.0,
        max_tokens=settings.max_tokens,
        context_window=settings.context_window,
        timeout=settings.timeout,
        max_retries=0,
    )
    assert sdk.chat.completions  # imports what the first question would wait for
    return Model(llm=made, close=client.close)


def _ollama(settings: LLMSettings, url: str, guard: Wire) -> Model:
    import ollama
    from llama_index.llms.ollama import Ollama

    client = ollama.Client(host=url, timeout=settings.timeout, **guard.options())
    made = Ollama(
        model=settings.model,
        base_url=url,
        client=client,
        temperature=0.0,
        context_window=settings.context_window,
        request_timeout=settings.timeout,
        additional_kwargs={"num_predict": settings.max_tokens},
    )
    return Model(llm=made, close=client.close)


def _anthropic(settings: LLMSettings, url: str, guard: Wire) -> Model:
    import anthropic
    import httpx
    from llama_index.core.base.llms.types import LLMMetadata
    from llama_index.llms.anthropic import Anthropic

    class AnyAnthropic(Anthropic):  # type: ignore[misc]
        """Of any name: the class itself knows only models that are older than it."""

        @property
        def metadata(self) -> LLMMetadata:
            window, longest = settings.context_window, settings.max_tokens
            return LLMMetadata(model_name=self.model, context_window=window, num_output=longest, is_chat_model=True)

    client = httpx.Client(**guard.options())  # its own kind of client asks the proxy for this machine, too
    made = AnyAnthropic(
        model=settings.model, base_url=url, api_key=_UNUSED, temperature=0.0, max_tokens=settings.max_tokens,
        timeout=settings.timeout, max_retries=0,
    )  # fmt: skip
    # The class takes no client, and those that it makes would send more than the request, wherever they are led.
    made._client = anthropic.Anthropic(
        api_key=_UNUSED, base_url=url, timeout=settings.timeout, max_retries=0, http_client=client
    )
    return Model(llm=made, close=client.close)


_PROVIDERS: dict[str, Provider] = {
    "openai": Provider(make=_openai),
    "ollama": Provider(
        make=_ollama, base_url="http://127.0.0.1:11434", modules=("llama_index.llms.ollama", "ollama"),
        streams_json=True,
    ),
    "anthropic": Provider(
        make=_anthropic, base_url="https://api.anthropic.com", header="x-api-key",
        modules=("llama_index.llms.anthropic", "anthropic"), needs_key=True,
    ),
}  # fmt: skip

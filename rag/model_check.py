"""Whether the configured language model answers, what its server says of it, and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rag import models, troubles
from rag.config import LLMSettings
from rag.drafting import Reply
from rag.errors import ConfigError
from rag.pump import Pump
from rag.writing import fault, responses

if TYPE_CHECKING:
    from rag.doctor import Finding, State

QUESTION = "Reply with one short sentence: the bridge is open."
_LISTED = 12  # models that are named where ours is not among them
_LISTS = {"openai": "/models", "ollama": "/api/tags", "anthropic": "/v1/models"}
_VERSION = {"anthropic-version": "2023-06-01"}


def examine(settings: LLMSettings) -> tuple[list[Finding], dict[str, Any]]:
    """Ask the endpoint for its models and for one sentence; return the findings and what is known of the model."""
    known: dict[str, Any] = {
        "provider": settings.provider, "model": settings.model, "endpoint": models.endpoint(settings),
    }  # fmt: skip
    try:
        models.check(settings)
    except ConfigError as error:
        return [_finding("missing", error.message, error.remedy)], known
    findings = [
        _finding("fine", f"is to be {settings.model} at {known['endpoint']} ({settings.provider})."),
        *_listing(settings, known),
    ]
    if any(finding.state == "missing" for finding in findings):
        return findings, known
    return [*findings, _window(settings, known), *_round_trip(settings, known)], known


def _finding(state: State, says: str, remedy: str = "") -> Finding:
    from rag.doctor import Finding

    return Finding(subject="language model", state=state, says=says, remedy=remedy)


def _listing(settings: LLMSettings, known: dict[str, Any]) -> Iterator[Finding]:
    """Which models the server has, and whether ours is one of them."""
    try:
        body = _fetched(settings, _LISTS[settings.provider])
    except _NoAnswer as error:
        known["answers"] = False
        if error.is_final:
            yield _finding("missing", error.message, error.remedy)
            return
        body = None
    known["answers"] = True
    entries = _entries(body)
    known["listed"] = names = sorted(entries)
    ours = next((name for name in names if name in (settings.model, f"{settings.model}:latest")), None)
    known["entry"] = entries.get(ours or "", {})
    if not names:
        yield _finding("note", "its server answers, and does not say which models it has.")
    elif ours:
        yield _finding("fine", f"its server answers, and has it{f' among {len(names)}' if len(names) > 1 else ''}.")
    else:
        some = ", ".join(names[:_LISTED]) + (", …" if len(names) > _LISTED else "")
        pull = f"Run `ollama pull {settings.model}`, or set" if settings.provider == "ollama" else "Set"
        yield _finding(
            "missing", f"its server answers, and has no model {settings.model}; it has {some}.", f"{pull} llm.model."
        )


def _entries(body: Any) -> dict[str, dict[str, Any]]:
    """What is said of each model, by name, in a list of either form."""
    listed = (body.get("data") or body.get("models") or []) if isinstance(body, dict) else []
    named = ((one.get("id") or one.get("name"), one) for one in listed if isinstance(one, dict))
    return {name: one for name, one in named if isinstance(name, str)}


def _window(settings: LLMSettings, known: dict[str, Any]) -> Finding:
    """How many tokens the model takes, by its server or by the setting."""
    entry = known.pop("entry", {})
    if settings.provider == "ollama":
        try:
            entry = _fetched(settings, "/api/show", {"model": settings.model})
        except _NoAnswer:
            entry = {}
    said = _tokens(entry)
    known["context_window"], known["context_window_from"] = (
        (said, "server") if said else (settings.context_window, "setting")
    )
    if said is None:
        return _finding(
            "fine", f"its server does not say its window; llm.context_window says {settings.context_window:,}."
        )
    if said < settings.context_window:
        return _finding(
            "missing", f"its window is {said:,} tokens, and llm.context_window says {settings.context_window:,}.",
            f"Set llm.context_window = {said}.",
        )  # fmt: skip
    more = (
        f"; {settings.context_window:,} of them are used (llm.context_window)" if said > settings.context_window else ""
    )
    return _finding("fine", f"its window is {said:,} tokens by its server{more}.")


def _tokens(entry: Any) -> int | None:
    """The window where a server names it: vLLM, llama.cpp, LM Studio and others, Ollama, Anthropic."""
    if not isinstance(entry, dict):
        return None
    of_ollama = [value for name, value in (entry.get("model_info") or {}).items() if name.endswith(".context_length")]
    for holder in (entry, entry.get("meta") or {}, {"n_ctx": next(iter(of_ollama), 0)}):
        for name in ("max_model_len", "n_ctx", "n_ctx_train", "max_context_length", "context_length", "context_window",
                     "max_input_tokens"):  # fmt: skip
            if isinstance(value := holder.get(name), int) and value > 0:
                return value
    return None


def _round_trip(settings: LLMSettings, known: dict[str, Any]) -> Iterator[Finding]:
    """One short question, asked as real ones are."""
    guard = models.wire(settings, tokens=settings.max_tokens, stream=settings.stream)
    reply, first = Reply(), 0.0
    made = models.model(settings.model_copy(update={"max_tokens": min(settings.max_tokens, 200)}), guard)
    began = time.monotonic()
    pump = Pump(lambda: responses(made.llm, QUESTION, stream=settings.stream, close=made.close))
    try:
        while not pump.ended:
            due = began + (settings.first_token if settings.stream and not first else settings.timeout)
            if (left := due - time.monotonic()) <= 0:
                limit = "timeout" if first or not settings.stream else "first_token"
                seconds = getattr(settings, limit)
                says = f"it did not {'end' if first else 'begin'} its answer within {seconds:g} s."
                yield _finding("missing", says, f"Raise llm.{limit}, or see why its server is slow.")
                return
            for response in pump.take(left):
                first = first or time.monotonic() - began
                reply.add(response)
    finally:
        guard.cut()
        pump.close()
    if pump.error:
        what, remedy = fault(pump.error, guard, settings)
        yield _finding("missing", f"asked for a sentence, it {what}", remedy)
    elif not reply.text and reply.finish != "length":
        yield _finding("missing", "asked for a sentence, it answered with nothing.", "Try another llm.model.")
    else:
        seconds = time.monotonic() - began
        known |= {"first_token_seconds": round(first, 2), "seconds": round(seconds, 2)}
        yield _finding("fine", f"it wrote a sentence in {seconds:.1f} s, its first word after {first:.1f} s.")


def _fetched(settings: LLMSettings, path: str, body: dict[str, Any] | None = None) -> Any:
    """What the server answers to a GET, or to a POST of `body`, within the time for a first token."""
    import httpx

    guard = models.wire(settings)
    url = f"{models.endpoint(settings).rstrip('/')}{path}"
    headers = _VERSION if settings.provider == "anthropic" else {}

    def answers() -> Iterator[Any]:
        with httpx.Client(timeout=settings.first_token, headers=headers, **guard.options()) as client:
            yield (client.get(url) if body is None else client.post(url, json=body)).json()

    pump = Pump(answers)
    try:
        found = pump.take(settings.first_token)
    finally:
        guard.cut()
        pump.close()
    if found:
        return found[0]
    if guard.trouble:
        what, remedy = troubles.described(guard.trouble, models.secret(settings))
    elif pump.error is None:
        what, remedy = f"does not answer within {settings.first_token:g} s.", "See whether the server is well."
    else:
        what, remedy = "answers with something that is not JSON.", troubles.NOT_A_CHAT[1]
    status = guard.trouble.status if guard.trouble else 0
    raise _NoAnswer(f"{models.endpoint(settings)}: {what}", remedy=remedy, status=status)


class _NoAnswer(Exception):
    """The endpoint did not answer such a request; others it may answer where a server alone refused this one."""

    def __init__(self, message: str, *, remedy: str, status: int) -> None:
        super().__init__(message)
        self.message, self.remedy = message, remedy
        self.is_final = status in (0, 401, 403)
